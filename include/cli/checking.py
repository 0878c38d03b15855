"""What is wrong with contracts, schemas and judgements, without network, Airflow or data."""

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..contracts import authors, loader
from ..contracts.places import shown
from ..errors import ContractError
from ..matching import judgements
from ..settings import settings
from ..validation import schema as schemas
from ..validation.render import promised
from .local import dataset_folder


def problems_of(names: list[str]) -> dict[str, list[str]]:
    """Every problem by dataset, none for a good one; all datasets where `names` is empty.

    Authors' files are run in a process of their own: one that ends it is that dataset's problem.
    Raises EnvironmentFault for a name that is no dataset.
    """
    wanted = list(dict.fromkeys(names or loader.names(Path(settings().datasets))))
    for name in wanted:
        dataset_folder(name)
    found: dict[str, list[str]] = {}
    while left := [name for name in wanted if name not in found]:
        answered = _in_a_child(left)
        found |= answered
        if len(answered) < len(left):
            culprit = next(name for name in left if name not in answered)
            found[culprit] = [f"{culprit}: its schema.py or extract.py ends the process that loads it. Take that out."]
    for name in wanted:
        taken = loader.claimed(Path(settings().datasets), name)
        found[name] += [*_circle(name), *([taken] if taken else [])]
    return {name: found[name] for name in wanted}


def _in_a_child(names: list[str]) -> dict[str, list[str]]:
    """What a child process found before it ended, by dataset; what authors' files print goes nowhere."""
    with tempfile.TemporaryDirectory() as place:
        answers = Path(place) / "answers"
        answers.touch()
        command = [sys.executable, "-P", "-c", f"from {__name__} import child; child()", str(answers), *names]
        root = str(Path(__file__).resolve().parents[2])
        subprocess.run(command, env=os.environ | {"PYTHONPATH": root}, capture_output=True, check=False)
        return {name: problems for line in answers.read_text().splitlines() for name, problems in [json.loads(line)]}


def child() -> None:
    """Writes a line of JSON for each dataset named on the command line to the file named first."""
    with Path(sys.argv[1]).open("a") as answers:
        for name in sys.argv[2:]:
            answers.write(json.dumps([name, _problems(dataset_folder(name))]) + "\n")
            answers.flush()


def _circle(name: str) -> list[str]:
    """A circle of datasets that read each other, in which each waits for the others."""
    way = _way_back(name, name, ())
    said = f"{name}/contract.yaml: what is read goes in a circle: {' -> '.join((name, *way))}" if way else ""
    return [f"{said}. None could ever be published first; take one of them out."] if said else []


def _way_back(goal: str, at: str, seen: tuple[str, ...]) -> tuple[str, ...]:
    room = Path(settings().datasets)
    try:
        read = loader.inputs(room, loader.load(room / at))
    except ContractError:
        return ()
    for other in read:
        if other == goal:
            return (*seen, other)
        if other not in seen and (way := _way_back(goal, other, (*seen, other))):
            return way
    return ()


def unfinished(folder: Path) -> list[str]:
    """What a draft left for its author to say; nothing that stops a run."""
    file = folder / "contract.yaml"
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    left = {
        "LicenseRef-ask-the-publisher": "the licence: ask the publisher, write an SPDX identifier",
        "Say what one row is": "the description: what one row is, who compiled it, when",
        "file:": "the source: a file: address is for this machine only",
    }
    return [f"{folder.name}/contract.yaml: {what}." for mark, what in left.items() if mark in text]


def lost_entities(name: str) -> list[str]:
    """Judgements whose entity the register no longer has, where that is known here; nothing that stops a run."""
    if not (Path(settings().datasets) / name / "judgements.csv").exists():
        return []
    from .matching.orphaned import orphaned  # only where there are judgements: it takes the matcher's libraries

    return orphaned(name)


def _problems(folder: Path) -> list[str]:
    found: list[str] = []
    contract = schema = None
    try:
        contract = loader.load(folder)
    except ContractError as error:
        found += error.problems
    try:
        schema = schemas.load(folder)
    except ContractError as error:
        found += error.problems
    if (folder / "extract.py").exists():
        try:
            module = authors.load_module(folder / "extract.py")
            if not (hasattr(module, "extract") or hasattr(module, "addresses")):
                found.append(
                    f"{folder.name}/extract.py: has neither extract() nor addresses(). Write one, or delete the file."
                )
        except ContractError as error:
            found += error.problems
    if contract and schema:
        try:
            found += loader.unfit(folder, contract, promised(schema, contract))
        except ContractError as error:
            found += error.problems
        known = {folder.name: list(schema.columns), **_columns(folder.parent, {a.dataset for a in contract.lineage})}
        found += loader.mistold(folder, contract, known)
    return [*found, *_judgements(folder)]


def _columns(room: Path, names: Iterable[str | None]) -> dict[str, list[str]]:
    """The columns of these datasets, as far as their schema.py can be read."""
    found = {}
    for name in filter(None, names):
        with suppress(ContractError):
            found[name] = list(schemas.load(room / name).columns)
    return found


def _judgements(folder: Path) -> tuple[str, ...]:
    """What is wrong with what people decided about names."""
    file = folder / "judgements.csv"
    if file.exists():
        try:
            judgements.parse(file.read_bytes(), shown(file), dt.datetime.now(dt.UTC).date())
        except ContractError as error:
            return error.problems
    return ()
