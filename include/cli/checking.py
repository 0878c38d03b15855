"""What is wrong with contracts and schemas, without network, Airflow or data."""

from pathlib import Path

from ..contracts import authors, loader
from ..errors import ContractError
from ..settings import settings
from ..validation import schema as schemas
from ..validation.render import render
from .local import dataset_folder


def problems_of(names: list[str]) -> dict[str, list[str]]:
    """Every problem by dataset, none for a good one; all datasets where `names` is empty.

    Raises EnvironmentFault for a name that is no dataset.
    """
    wanted = names or loader.names(Path(settings().datasets))
    return {name: _problems(dataset_folder(name)) for name in wanted}


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
        # A codebook comes with the data, so every column counts as described here.
        texts = dict.fromkeys(schema.columns, "in the codebook") if contract.dictionary else {}
        try:
            render(schema, contract, None, texts)
        except ContractError as error:
            found += error.problems
    return found
