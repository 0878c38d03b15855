"""`commons catalogue export`: the records of datasets as files for other catalogues, each whole or as it was before."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...contracts.names import Names
from ...errors import ContractError, EnvironmentFault
from ...settings import REPOSITORY, settings
from ...versions import describing, origins, worktree
from ..local import dataset_folder
from ..progress import progress


def exported(to: Path, names: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Writes the files of `names` (of all datasets where empty) below `to`, and one catalogue of these.

    One item a dataset, and what is wrong with those that are left out: their contract can't be read, or another one has
    a table of that name. Raises
    ContractError where such a one was asked for, EnvironmentFault for a name that is none and where `to` can't be
    written.
    """
    from ...catalogue import files, lineage
    from ...catalogue.telling import claimed_once

    for name in names:
        dataset_folder(name)
    room, pins = Path(settings().datasets), worktree.pins(REPOSITORY)
    here = Names(settings().environment, settings().developer)
    with progress("Reading what is known of the datasets"):
        around = origins.origins(REPOSITORY, room, pins)
        asked = describing.described(REPOSITORY, room, pins, names)
        described, problems = claimed_once(asked, here)
        graph = lineage.graph((around.datasets | {one.name: one for one in described}).values())
    with progress("Writing", len(described)) as told:
        for one in described:
            for name, text in files.files(one, graph, here).items():
                write(to / one.name / name, text)
            told(1)
    write(to / files.CATALOGUE, files.catalogue(described, graph, here))
    left = sorted(set(around.broken) - {one.name for one in asked})
    return [_item(one, to / one.name) for one in described], [
        *problems,
        *_problems([around.broken[name] for name in left]),
    ]


def _item(one: Any, folder: Path) -> dict[str, Any]:
    record = one.record
    return {
        "dataset": one.name,
        "folder": str(folder),
        "version": record and record["content"],
        "rows": record and record["rows"]["published"],
        "columns": one.schema and len(one.schema.columns),
        "lacking": one.lacking,
    }


def stated(item: dict[str, Any]) -> dict[str, Any]:
    """An item of `exported` as a line of a table."""
    return {key: item[key] for key in ("dataset", "rows", "columns", "folder")} | {
        "version": item["version"] and item["version"][:12]
    }


def _problems(errors: Sequence[ContractError]) -> list[str]:
    return [problem for error in errors for problem in error.problems]


def write(file: Path, text: str) -> None:
    """Put `text` into the place of the file when it is whole. Raises EnvironmentFault where that can't be."""
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        why = error.strerror or str(error)
        raise EnvironmentFault(f"{file}: can't be written: {why}. Choose another place, or make room.") from error
    finally:
        with suppress(OSError):
            part.unlink()
