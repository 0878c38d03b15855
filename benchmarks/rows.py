"""`python -m benchmarks.rows FILE ROWS [shuffled]`: a CSV of twenty columns, the same bytes each time."""

import sys
from pathlib import Path

import polars as pl

FLOATS, TEXTS = 10, 5
STEP = 1_000_000


def generate(file: Path, rows: int, in_order: bool) -> None:
    """Ids, a day, a country, a year, a flag, ten measurements and five texts a row."""
    countries = pl.Series(["DE", "FR", "NA", "US", "BR"])
    with file.open("wb") as out:
        for start in range(0, rows, STEP):
            number = pl.int_range(start, min(start + STEP, rows), eager=True)
            # A multiplicative permutation: every id once, none beside its neighbour.
            ids = number if in_order else (number * 7_368_787 + 11) % rows
            frame = pl.DataFrame({"id": ids}).with_columns(
                day=pl.date(2000, 1, 1) + pl.duration(days=pl.col("id") % 9_000),
                country_code=pl.lit(countries).gather(pl.col("id") % 5),
                year=1990 + pl.col("id") % 30,
                is_estimated=pl.col("id") % 3 == 0,
                **{f"value_{n}_mw": _value(n) for n in range(FLOATS)},
                **{f"text_{n}": _text(n) for n in range(TEXTS)},
            )
            frame.write_csv(out, include_header=start == 0)


def _value(number: int) -> pl.Expr:
    return ((pl.col("id") * (number + 3) * 7919) % 1_000_003) / 1000


def _text(number: int) -> pl.Expr:
    return pl.lit(f"name{number} ") + ((pl.col("id") * (number + 1)) % 99_991).cast(pl.String)


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]), len(sys.argv) < 4)
