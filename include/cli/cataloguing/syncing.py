"""`commons catalogue sync`, `diff` and `open`: OpenMetadata and Git compared, and made to agree."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...adapters.openmetadata import client as openmetadata
from ...adapters.store import Store, own_store
from ...contracts import loader
from ...contracts.names import Names
from ...contracts.words import counted
from ...errors import DataCommonsError, DataError
from ...settings import REPOSITORY, Lineage, settings
from ...versions.pins import Entry as Pin
from ..local import dataset_folder
from ..progress import progress

if TYPE_CHECKING:
    from ...adapters.openmetadata.agreeing import Report
    from ...catalogue.entities import Entry
    from ...catalogue.model import Described


def connected() -> Any:
    """A client of the OpenMetadata that `[lineage]` names. Raises as `openmetadata.connect`."""
    return openmetadata.connect(openmetadata.configured())


def synced(client: Any, name: str) -> None:
    """Makes OpenMetadata agree with Git about one dataset; one that left the repository is passed over.

    Raises DataError for what the server refuses, and the client's errors where it is away or refuses us.
    """
    if name not in loader.names(Path(settings().datasets)):
        return
    entries, problems = planned([name])
    problems += _sync(client, openmetadata.configured(), own_store(), entries, whole=False).problems
    if problems:
        raise DataError(*problems)


def sync(names: Sequence[str], many: bool) -> "tuple[Report, int]":
    """Makes OpenMetadata agree with Git about `names`, or all; what was done, and of how many datasets.

    Raises EnvironmentFault where OpenMetadata is not to be had, or somebody else tells it something now; DataError
    where more than a tenth of the tables would go.
    """
    from ...adapters.turns import turn

    where, store = openmetadata.configured(), own_store()
    with progress("Reading what is known of the datasets"):
        entries, problems = planned(names)
    with openmetadata.speaking(where), turn(store):
        with progress("Connecting to OpenMetadata"):
            client = openmetadata.connect(where)
        with progress("Telling OpenMetadata", 3 * len(entries)) as told:
            report = _sync(client, where, store, entries, whole=not names, many=many, tell=told)
    report.problems[:0] = problems
    return report, len(entries)


def stated(report: "Report", datasets: int) -> list[str]:
    """The report in words, a sentence a line; its problems are told apart."""
    done = {"created": "made", "recreated": "made again, somebody had deleted it", "changed": "changed"}
    lines = [f"{words}: {one}" for key, words in done.items() for one in getattr(report, key)]
    lines += [f"deleted, no dataset has it any more: {one}" for one in report.deleted]
    lines += [f"kept: {one}" for one in report.kept] + [f"later: {one}" for one in report.waiting]
    agrees = "" if report.problems else " OpenMetadata agrees with Git."
    return [*lines, f"{counted(datasets, 'dataset')} told of.{agrees}"]


def different(names: Sequence[str]) -> list[dict[str, Any]]:
    """What OpenMetadata has against what Git says, an item a difference. Raises as `sync`."""
    where = openmetadata.configured()
    with progress("Reading what is known of the datasets"):
        entries, problems = planned(names)
    if problems:
        raise DataError(*problems)
    with openmetadata.speaking(where), progress("Reading what OpenMetadata has"):
        from ...adapters.openmetadata.agreeing import Memories, differences
        from ...adapters.openmetadata.catalogued import Catalogued

        memories = Memories(own_store(), where.openmetadata_api_endpoint)
        known = loader.names(Path(settings().datasets))
        return differences(Catalogued(openmetadata.connect(where)), entries, memories, known, whole=not names)


def page(name: str) -> str:
    """The address of a dataset's page."""
    from urllib.parse import quote

    from ...catalogue.naming import place
    from ...catalogue.nodes import Node

    dataset_folder(name)
    endpoint = openmetadata.configured().openmetadata_api_endpoint.removesuffix("/api")
    return f"{endpoint}/table/{quote(place(Node('table', name), _names()).fqn, safe='')}"


def planned(names: Sequence[str]) -> "tuple[list[Entry], list[str]]":
    """What OpenMetadata is to be told of `names`, or of all, and what can't be told.

    Raises EnvironmentFault for a name that is none, ContractError where one that was asked for can't be read.
    """
    from ...catalogue.entities import claimed_once, entry
    from ...catalogue.lineage import graph
    from ...tasks.sync import pinned
    from ...versions import describing, origins

    for name in names:
        dataset_folder(name)
    room, pins = Path(settings().datasets), pinned()
    around = origins.origins(REPOSITORY, room, pins)
    described = describing.described(REPOSITORY, room, pins, names)
    whole = graph((around.datasets | {one.name: one for one in described}).values())
    rows = {one.name: partial(_rows, one, pins.entries.get(one.name)) for one in described}
    return claimed_once([entry(one, whole, _names(), rows[one.name]) for one in described])


def _rows(one: "Described", pin: Pin | None) -> Sequence[Mapping[str, Any]]:
    """The first rows of a dataset's newest version, of the columns only that everybody may see."""
    from ...catalogue.judged import ROWS
    from ...catalogue.telling import shows_values
    from ...versions import reading

    shown = [column.name for column in one.schema.columns if shows_values(one, column)] if one.schema else []
    if pin is None or not shown:
        return []
    with suppress(DataCommonsError):
        return reading.rows_of(pin).select(shown).head(ROWS).collect().to_dicts()
    return []


def _sync(
    client: Any,
    where: Lineage,
    store: Store,
    entries: "list[Entry]",
    whole: bool,
    many: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> "Report":
    from ...adapters.openmetadata.agreeing import Memories, Sync
    from ...adapters.openmetadata.catalogued import Catalogued
    from ...catalogue.naming import pipeline

    def dag(name: str) -> str:
        return pipeline(where.airflow_service_name, _names().dag_id(name))

    memories = Memories(store, where.openmetadata_api_endpoint)
    known = loader.names(Path(settings().datasets))
    run = Sync(Catalogued(client), memories, dag, whole, tell)
    return run.run(entries, known, many)


def _names() -> Names:
    return Names(settings().environment, settings().developer)
