# ruff: noqa: S608 -- names are those of slots, values are numbers and paths of our own
"""Keys that map one to one to new ones while the rest of the row stays, among rows that seem removed and added.

Candidates share values, with the same other parts of the key, that nobody else has. They are accepted by the weight of
all their cells: log2(m/u) for those that agree, log2((1-m)/(1-u)) for those that don't.
Source: Fellegi and Sunter, A Theory for Record Linkage (1969).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ..tables.database import connect, literal
from .model import LISTED
from .sides import Table
from .tally import Tally

_STAY = 0.75
"""Share of the weight of its cells that stays where a key moved; half of it where most keys did."""
_ODDS = 19.0
"""Odds of being true from which a pair is accepted: 95 %."""
_SIGNALS = 6
_TWINS = 100_000
"""Of so many rows at most it is looked whether they are like others; where more moved, chance has no part in it."""
_ROWS = ("removed", "added")
_BOTH = "moved JOIN all_removed r ON r._row = i JOIN all_added a ON a._row = j"


class Odds(NamedTuple):
    """How often two cells of a column agree: `m` in rows that are the same thing, `u` in any two, by chance."""

    m: float
    u: float

    def agree(self) -> float:
        """Weight of cells that agree."""
        return max(math.log2(self.m / self.u), 0.0)

    def expected(self) -> float:
        """What cells of the same thing weigh on average, where they agree."""
        return self.m * self.agree()

    def differ(self) -> float:
        """Weight, against, of cells that don't."""
        return max(math.log2((1 - self.u) / (1 - self.m)), 0.0) if self.u < 1 else 0.0


@dataclass(frozen=True)
class MovedKeys:
    """Values of key columns `part` that moved: how many, in how many rows, and those with most rows."""

    part: tuple[str, ...]
    values: int
    rows: int
    listed: pl.DataFrame
    """Columns `before_PART` and `after_PART` for each of the part, and `rows`."""
    gone: tuple[pl.DataFrame, pl.DataFrame] | None
    """All of them, before and after; None where they are those of single rows."""


class Moves:
    """Looks for moved keys among two spools of rows; each look takes away what it found."""

    def __init__(
        self, tally: Tally, tables: Sequence[Table], odds: Mapping[str, Odds], scratch: Path, memory_mb: int
    ) -> None:
        """`tally` has what was removed from and added to the `tables`; `odds` are those of columns beside the key."""
        scratch.mkdir(parents=True, exist_ok=True)
        self._tables, self._odds, self._repeated, self._looks = tables, odds, any(tally.repeated), 0
        self.db = connect(scratch, memory_mb // 2)  # the other half is of what reads
        self.db.execute("CREATE TABLE moved (i BIGINT, j BIGINT, look INTEGER)")
        for name, spool, place in zip(_ROWS, (tally.removed, tally.added), "ij", strict=True):
            files = ", ".join("'" + literal(file).replace("'", "''") + "'" for file in spool.files)
            self.db.execute(f"CREATE VIEW all_{name} AS FROM read_parquet([{files}], hive_partitioning = false)")
            self.db.execute(f"CREATE VIEW {name} AS FROM all_{name} ANTI JOIN moved ON _row = {place}")

    def look(
        self,
        part: Sequence[str],
        rest: Sequence[str],
        chance: float,
        gone: tuple[pl.DataFrame, pl.DataFrame] | None,
    ) -> MovedKeys:
        """Values of `part` that moved while the `rest` of the key stayed; `chance` is how often that is equal by it.

        `gone` are the values that only before has, and only after; None where those of all rows are, one row each.
        """
        for name, values in zip(_ROWS, gone or (None, None), strict=True):
            self._number(name, part, values)
        self._looks += 1
        self.db.execute("CREATE OR REPLACE TABLE accepted (v BIGINT, w BIGINT)")
        signals = sorted(self._odds, key=lambda name: self._odds[name].u)[:_SIGNALS]
        for stage in ([f"hash({', '.join(self._odds)})"], signals) if signals else ():
            if not all(self._count(f"of_{name}") for name in _ROWS):
                break
            self._vote(stage, rest)
            self._judge(rest, chance)
        return self._found(part, gone)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()

    def cells(self, names: Sequence[str]) -> dict[str, int]:
        """Moved rows whose cells differ, by column."""
        counts = (f"count(*) FILTER (r.{name} IS DISTINCT FROM a.{name}) AS {name}" for name in names)
        return self._frame(f"SELECT {', '.join(counts)} FROM {_BOTH}").row(0, named=True)

    def rows(self, most: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The first moved rows, before and after."""
        tables = (f"SELECT {side}.* FROM {_BOTH} ORDER BY i LIMIT {most}" for side in "ra")
        return self._frame(next(tables)), self._frame(next(tables))

    def left(self, name: str, most: int) -> pl.DataFrame:
        """The first rows of `removed` or `added` that did not move."""
        return self._frame(f"SELECT * FROM {name} ORDER BY _row LIMIT {most}")

    def _number(self, name: str, part: Sequence[str], values: pl.DataFrame | None) -> None:
        """Table `of_NAME`: `_row`, and `v`, the number of its value of `part`."""
        if values is None:
            self.db.execute(f"CREATE OR REPLACE TABLE of_{name} AS SELECT _row, _row AS v FROM {name}")
            return
        self.db.register("gone", values.with_row_index("v").to_arrow())
        equal = " AND ".join(f"s.{column} IS NOT DISTINCT FROM g.{column}" for column in part)
        self.db.execute(f"CREATE OR REPLACE TABLE of_{name} AS SELECT s._row, g.v FROM {name} s JOIN gone g ON {equal}")
        self.db.unregister("gone")

    def _vote(self, signals: Sequence[str], rest: Sequence[str]) -> None:
        """Table `candidates`: values before and after that share most of what, on each side, only one of them has."""
        self.db.execute("CREATE OR REPLACE TABLE votes (v BIGINT, w BIGINT)")
        for signal in signals:
            said = [f"SELECT hash({', '.join([*rest, signal])}) AS h, v FROM {name} JOIN of_{name} USING (_row) "
                    f"WHERE {signal} IS NOT NULL" for name in _ROWS]  # fmt: skip
            alone = [f"SELECT h, any_value(v) AS v FROM ({one} ) GROUP BY h HAVING count(*) = 1" for one in said]
            self.db.execute(f"INSERT INTO votes SELECT x.v, y.v FROM ({alone[0]}) x JOIN ({alone[1]}) y USING (h)")
        self.db.execute(
            """CREATE OR REPLACE TABLE candidates AS
            WITH counted AS (SELECT v, w, count(*) AS n FROM votes GROUP BY v, w),
                 best AS (SELECT v, w, n FROM counted
                          QUALIFY n = max(n) OVER (PARTITION BY v) AND n = max(n) OVER (PARTITION BY w))
            SELECT v, w FROM best QUALIFY count(*) OVER (PARTITION BY v) = 1 AND count(*) OVER (PARTITION BY w) = 1"""
        )

    def _judge(self, rest: Sequence[str], chance: float) -> None:
        """Accept candidates by their weight; put their rows into `moved`."""
        values = max(self._count(f"(SELECT DISTINCT v FROM of_{name})") for name in _ROWS)
        before = self._count("accepted")
        share = (before + self._count("candidates")) / (before + values + 1)
        if not share or not values:
            return
        least = math.log2(_ODDS) + math.log2(values) - math.log2(share / (1 - share))
        stay = _STAY / 2 if before > values else _STAY
        equal = "".join(f" AND r.{name} IS NOT DISTINCT FROM a.{name}" for name in rest)
        self.db.execute(
            f"""CREATE OR REPLACE TABLE aligned AS
            SELECT c.v, c.w, r._row AS i, a._row AS j, {self._weights("=", Odds.agree)} AS agreed,
                   {self._weights("<>", Odds.expected)} AS lost, {self._weights("<>", Odds.differ)} AS against
            FROM candidates c
            JOIN (SELECT * FROM removed JOIN of_removed USING (_row)) r ON r.v = c.v
            JOIN (SELECT * FROM added JOIN of_added USING (_row)) a ON a.v = c.w{equal}"""
        )
        if self._repeated:
            alone = " AND ".join(f"count(*) OVER (PARTITION BY {place}) = 1" for place in "ij")
            self.db.execute(f"CREATE OR REPLACE TABLE aligned AS SELECT * FROM aligned QUALIFY {alone}")
        sizes = " ".join(
            f"JOIN (SELECT v AS {value}, count(*) AS {name}_rows FROM of_{name} GROUP BY 1) USING ({value})"
            for name, value in zip(_ROWS, "vw", strict=True)
        )
        self.db.execute(
            f"""CREATE OR REPLACE TABLE taken AS
            SELECT v, w FROM (SELECT v, w, count(*) AS n, sum(agreed - against) AS weight,
                                     sum(agreed) AS agreed, sum(lost) AS lost FROM aligned GROUP BY v, w) {sizes}
            WHERE weight - n * log2(least(1, {chance} * added_rows)) >= {least} AND agreed >= {stay} * (agreed + lost)
              AND 2 * n >= greatest(removed_rows, added_rows)"""
        )
        self._drop_twins(rest)
        self.db.execute(f"INSERT INTO moved SELECT i, j, {self._looks} FROM aligned SEMI JOIN taken USING (v, w)")
        self.db.execute("INSERT INTO accepted SELECT v, w FROM taken")
        for name, value in zip(_ROWS, "vw", strict=True):
            self.db.execute(f"DELETE FROM of_{name} WHERE v IN (SELECT {value} FROM taken)")

    def _drop_twins(self, rest: Sequence[str]) -> None:
        """Leave out single rows that equal others of their table in all but `part`: nobody could tell which moved."""
        names = [*rest, *self._odds]
        for name, value, table in zip(_ROWS, "vw", self._tables, strict=True):
            if not 0 < self._count("taken") <= _TWINS:
                return
            single = f"SELECT v AS {value}, any_value(_row) AS _row FROM of_{name} GROUP BY 1 HAVING count(*) = 1"
            rows = self._frame(f"FROM {name} JOIN ({single}) USING (_row) SEMI JOIN taken USING ({value})")
            whole = pl.struct(names).hash().alias("hash")
            mine = rows.cast({n: t for n, t in table.types.items() if n in names}).select(value, whole)
            likes = table.scan().select(whole).join(mine.lazy(), on="hash", how="semi").group_by("hash").len()
            twins = likes.filter(pl.col("len") > 1).collect(engine="streaming")
            self.db.register("twins", mine.join(twins, on="hash", how="semi").to_arrow())
            self.db.execute(f"DELETE FROM taken WHERE {value} IN (SELECT {value} FROM twins)")
            self.db.unregister("twins")

    def _weights(self, operator: str, weight: Callable[[Odds], float]) -> str:
        """The sum, over the columns whose cells compare so, of their weights; a missing cell says nothing."""
        return " + ".join(
            f"CASE WHEN r.{name} {operator} a.{name} THEN {weight(odds)} ELSE 0 END"
            for name, odds in self._odds.items()
        )

    def _found(self, part: Sequence[str], gone: tuple[pl.DataFrame, pl.DataFrame] | None) -> MovedKeys:
        names = [f"{side}.{name} AS {said}_{name}" for side, said in (("r", "before"), ("a", "after")) for name in part]
        rows = f"SELECT {', '.join(names)}, i FROM {_BOTH} WHERE look = {self._looks}"
        grouped = f"SELECT * EXCLUDE i, count(*) AS rows, min(i) AS i FROM ({rows}) GROUP BY ALL"
        listed = f"{grouped if gone else f'SELECT *, 1 AS rows FROM ({rows})'} ORDER BY rows DESC, i LIMIT {LISTED}"
        accepted = self._frame("FROM accepted")
        return MovedKeys(
            part=tuple(part),
            values=accepted.height,
            rows=self._count(f"(FROM moved WHERE look = {self._looks})"),
            listed=self._frame(listed),
            gone=(gone[0][accepted["v"]], gone[1][accepted["w"]]) if gone else None,
        )

    def _count(self, table: str) -> int:
        return int(self._frame(f"SELECT count(*) AS n FROM {table}").item())

    def _frame(self, query: str) -> pl.DataFrame:
        return pl.DataFrame(pl.from_arrow(self.db.sql(query).to_arrow_table()))
