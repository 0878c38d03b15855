# ruff: noqa: S608 -- names are those of slots, values are numbers and paths of our own
"""Keys that map one to one to new ones while the rest of the row stays, among rows that seem removed and added.

Candidates share values, with the same other parts of the key, that nobody else has. They are accepted by the weight of
all their cells: log2(m/u) for those that agree, log2((1-m)/(1-u)) for those that don't, where u is how often two cells
of a column are equal by chance. Source: Fellegi and Sunter, A Theory for Record Linkage (1969).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..tables.database import connect, literal
from .model import LISTED
from .spool import Spool

_AGREE = 0.9
"""m: how often cells of the same thing agree."""
_STAY = 0.75
"""Share of the weight of its cells that stays where a key moved."""
_ODDS = 19.0
"""Odds of being true from which a pair is accepted: 95 %."""
_SIGNALS = 6
_ROWS = ("removed", "added")
_BOTH = "moved JOIN all_removed r ON r._row = i JOIN all_added a ON a._row = j"


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
        self, removed: Spool, added: Spool, chance: Mapping[str, float], repeated: bool, scratch: Path, memory_mb: int
    ) -> None:
        """`chance` is u by column; `repeated` whether keys repeat."""
        scratch.mkdir(parents=True, exist_ok=True)
        self._chance, self._repeated, self._looks = chance, repeated, 0
        self.db = connect(scratch, memory_mb)
        self.db.execute("CREATE TABLE moved (i BIGINT, j BIGINT, look INTEGER)")
        for name, spool, place in zip(_ROWS, (removed, added), "ij", strict=True):
            files = ", ".join("'" + literal(file).replace("'", "''") + "'" for file in spool.files)
            self.db.execute(f"CREATE VIEW all_{name} AS FROM read_parquet([{files}], hive_partitioning = false)")
            self.db.execute(f"CREATE VIEW {name} AS FROM all_{name} ANTI JOIN moved ON _row = {place}")

    def look(
        self, part: Sequence[str], rest: Sequence[str], gone: tuple[pl.DataFrame, pl.DataFrame] | None
    ) -> MovedKeys:
        """Values of `part` that moved while the `rest` of the key stayed.

        `gone` are the values that only before has, and only after; None where those of all rows are, one row each.
        """
        for name, values in zip(_ROWS, gone or (None, None), strict=True):
            self._number(name, part, values)
        self._looks += 1
        self.db.execute("CREATE OR REPLACE TABLE accepted (v BIGINT, w BIGINT)")
        signals = sorted(self._chance, key=lambda name: self._chance[name])[:_SIGNALS]
        for stage in ([f"hash({', '.join(self._chance)})"], signals) if signals else ():
            self._vote(stage, rest)
            self._judge(rest)
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

    def _judge(self, rest: Sequence[str]) -> None:
        """Accept candidates by their weight; put their rows into `moved`."""
        most = max(self._count(f"(SELECT DISTINCT v FROM of_{name})") for name in _ROWS)
        share = self._count("candidates") / (most + 1)
        if not share:
            return
        least = math.log2(_ODDS) + math.log2(max(most, 1)) - math.log2(share / (1 - share))
        equal = "".join(f" AND r.{name} IS NOT DISTINCT FROM a.{name}" for name in rest)
        self.db.execute(
            f"""CREATE OR REPLACE TABLE aligned AS
            SELECT c.v, c.w, r._row AS i, a._row AS j, {self._weights("=", _for)} AS agreed,
                   {self._weights("<>", _for)} AS lost, {self._weights("<>", _against)} AS against
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
            WHERE weight >= {least} AND agreed >= {_STAY} * (agreed + lost)
              AND 2 * n >= greatest(removed_rows, added_rows)"""
        )
        self.db.execute(f"INSERT INTO moved SELECT i, j, {self._looks} FROM aligned SEMI JOIN taken USING (v, w)")
        self.db.execute("INSERT INTO accepted SELECT v, w FROM taken")
        for name, value in zip(_ROWS, "vw", strict=True):
            self.db.execute(f"DELETE FROM of_{name} WHERE v IN (SELECT {value} FROM taken)")

    def _weights(self, operator: str, weight: Callable[[float], float]) -> str:
        """The sum, over the columns whose cells compare so, of their weights; a missing cell says nothing."""
        return " + ".join(
            f"CASE WHEN r.{name} {operator} a.{name} THEN {weight(u)} ELSE 0 END" for name, u in self._chance.items()
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


def _for(u: float) -> float:
    """Weight of cells that agree."""
    return max(math.log2(_AGREE / u), 0.0)


def _against(u: float) -> float:
    """Weight of cells that don't."""
    return max(math.log2((1 - u) / (1 - _AGREE)), 0.0) if u < 1 else 0.0
