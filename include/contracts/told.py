"""The columns that `lineage:` names are there, on both sides: nothing else would ever notice that one isn't."""

from collections.abc import Collection, Iterator, Mapping

from .document import Place
from .model import Contract
from .words import nearest


def problems(contract: Contract, name: str, columns: Mapping[str, Collection[str]]) -> list[tuple[Place, str]]:
    """What is wrong with the columns of `lineage:` of dataset `name`, each with its place in the document.

    `columns` are those of each dataset as far as they are known; of others nothing is said.
    """
    return [*_problems(contract, name, columns)]


def _problems(contract: Contract, name: str, columns: Mapping[str, Collection[str]]) -> Iterator[tuple[Place, str]]:
    for number, also in enumerate(contract.lineage):
        for here, there in also.columns.items():
            place = ("lineage", number, "columns", here)
            if text := _missing(here, name, columns):
                yield place, text
            for item, column in enumerate(there):
                if also.dataset and (text := _missing(column, also.dataset, columns)):
                    yield (*place, item), text


def _missing(column: str, dataset: str, columns: Mapping[str, Collection[str]]) -> str | None:
    known = columns.get(dataset, (column,))
    if column in known:
        return None
    return f"lineage: no column {column!r} in {dataset}/schema.py{nearest(column, known)}. Name one of its columns."
