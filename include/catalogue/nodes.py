"""The parts of lineage: what data lie in, and by which step, column by column, one thing is made of another."""

from dataclasses import dataclass
from typing import Literal

from ..contracts.layout import Verb

Kind = Literal["source", "raw", "table", "matches", "rollup"]
TABLES: tuple[Kind, ...] = ("table", "matches", "rollup")
"""What a version publishes as tables: the rows, the links of its names, its quantities by owner."""


@dataclass(frozen=True, order=True)
class Node:
    """Something that data lie in: a public address, a dataset's archived bytes, or one of its tables."""

    kind: Kind
    name: str
    """The address of a source; of all others, the dataset."""

    def __str__(self) -> str:
        return self.name if self.kind in ("source", "table") else f"{self.name}: {self.kind}"


@dataclass(frozen=True)
class ColumnEdge:
    """One column made of another."""

    upstream: str
    """The column there; of raw, its heading in the source."""
    downstream: str
    how: str
    """What was done to it: "renamed, read as float64"."""
    derives: bool = True
    """False where its values are only compared with those there: they decide, and are not what it is made of."""


@dataclass(frozen=True)
class Edge:
    """One thing made of another by a task of a dataset's DAG."""

    upstream: Node
    downstream: Node
    dataset: str
    """Whose DAG."""
    task: Verb
    how: str
    """In words: "fetched", "names looked up"."""
    columns: tuple[ColumnEdge, ...] = ()
    """Empty where the step doesn't know: extract.py is any function."""
    whole: bool = False
    """All columns go through as they are: bytes archived as they came."""
