"""Keys that moved, looked for in what was removed and added: each part of the key by itself, then the whole."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from ..errors import EnvironmentFault
from .moves import MovedKeys, Moves, Odds
from .sides import Table
from .spool import Spool
from .tally import Tally

_MOST_VALUES = 1_000_000
"""So many values of a part are looked at."""


@contextmanager
def moves(
    tally: Tally, tables: Sequence[Table], samples: Sequence[pl.DataFrame], scratch: Path, memory_mb: int
) -> Iterator[Moves | None]:
    """Where moved keys can be looked for; None without a key or values beside it, or with rows on one side only.

    Raises EnvironmentFault where memory or `scratch` does not suffice.
    """
    if not (tally.values and tally.removed.rows and tally.added.rows):
        yield None
        return
    import duckdb

    try:
        with closing(Moves(tally, tables, _odds(tally, tables, samples), scratch, memory_mb)) as found:
            yield found
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise EnvironmentFault(
            f"looking for keys that moved: {str(error).splitlines()[0]}. "
            "Give it more memory (COMMONS_MEMORY_MB) or scratch space (COMMONS_WORK)."
        ) from error


def look(found: Moves, tally: Tally, tables: Sequence[Table], samples: Sequence[pl.DataFrame]) -> Iterator[MovedKeys]:
    """All keys that moved."""
    key, spools = tally.order, (tally.removed, tally.added)
    for part in key if len(key) > 1 else ():
        gone = _gone(spools, tables, [part])
        if gone and all(values.height for values in gone):
            rest = [name for name in key if name != part]
            chance = max(_least(tables), *(_collision(rows.select(pl.struct(rest)).to_series()) for rows in samples))
            yield found.look([part], rest, chance, gone)
    whole = _gone(spools, tables, key) if any(tally.repeated) else None
    yield found.look(key, [], 1.0, whole)


def _odds(tally: Tally, tables: Sequence[Table], samples: Sequence[pl.DataFrame]) -> dict[str, Odds]:
    """By column beside the key; in what was removed or added, chance may be higher than in all."""
    some = *samples, tally.removed.sample(), tally.added.sample()
    return {
        name: Odds(_stays(tally, name), max(_least(tables), *(_collision(rows[name]) for rows in some)))
        for name in tally.values
    }


def _stays(tally: Tally, name: str) -> float:
    """The share of rows that stay whose cell does, with nine such rows and one other added to them."""
    rows = tally.changed + tally.unchanged
    return (rows - tally.cells[name] + 9) / (rows + 10)


def _least(tables: Sequence[Table]) -> float:
    """What chance is taken to be of what was never seen twice."""
    return 1 / sum(table.rows() for table in tables)


def _gone(
    spools: Sequence[Spool], tables: Sequence[Table], part: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Values of `part` that only one side has, before and after; None where they are too many."""
    found = []
    for spool, other in zip(spools, tables[::-1], strict=True):
        values = spool.scan().select(part).unique().collect(engine="streaming")
        if values.height > _MOST_VALUES:
            return None
        still = other.scan().select(part).join(values.lazy(), on=part, how="semi", nulls_equal=True)
        left = still.unique().collect(engine="streaming")
        found.append(values.join(left, on=part, how="anti", nulls_equal=True).sort(part))
    return found[0], found[1]


def _collision(values: pl.Series) -> float:
    """How often two cells, present both, are equal by chance."""
    counts = values.drop_nulls().value_counts(name="n")["n"].cast(pl.Float64)
    total = float(counts.sum())
    return float((counts * (counts - 1)).sum()) / (total * (total - 1)) if total > 1 else 0.0
