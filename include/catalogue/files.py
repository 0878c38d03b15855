"""The record of a dataset as files, in the standards that other catalogues read."""

from collections.abc import Iterable

from ..contracts.names import Names
from . import dcat, odcs, openlineage
from .lineage import Graph
from .model import Described

FILES = ("odcs.yaml", "dcat.jsonld", "openlineage.ndjson")
CATALOGUE = "catalog.jsonld"
TITLE = "Data Commons"


def files(one: Described, graph: Graph, names: Names) -> dict[str, str]:
    """The text of each of FILES; the same for the same record. `graph` is that of all datasets that it reads."""
    texts = (
        odcs.to_yaml(one, graph, names),
        dcat.to_json(dcat.document(one, graph, names)),
        openlineage.to_ndjson(one, graph, names),
    )
    return dict(zip(FILES, texts, strict=True))


def catalogue(datasets: Iterable[Described], graph: Graph, names: Names) -> str:
    """The text of CATALOGUE, which holds all `datasets`."""
    return dcat.to_json(dcat.catalogue(datasets, graph, names, TITLE))
