"""contract.yaml to Contract: everything that is wrong with it at once, each problem with its line."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from ..errors import ContractError
from .document import Document, Refused, parse, read
from .layout import VERIFICATION
from .model import Contract
from .names import is_snake
from .places import shown
from .words import nearest, problems

FILE = "contract.yaml"
MOST = 100


def load(folder: Path) -> Contract:
    """The contract of the dataset whose folder this is; the folder's name is the dataset's.

    Raises ContractError with all problems, each as `FILE:LINE: what is wrong. What to do next.`
    """
    where = shown(folder / FILE)
    document = _document(where, lambda: read(folder / FILE))
    contract, wrong = _contract(document)
    wrong += _outside(folder, contract, document) if contract else []
    return _sound(contract, where, wrong, *_folder(folder))


def loads(content: bytes, where: str = FILE) -> Contract:
    """A contract from bytes, such as an old commit holds; raises ContractError, which begins with `where`."""
    contract, wrong = _contract(_document(where, lambda: parse(content)))
    return _sound(contract, where, wrong)


def names(root: Path) -> list[str]:
    """The datasets below `root`, sorted: every folder that holds a contract.yaml, whatever it is called."""
    return sorted(f.parent.name for f in root.glob(f"[!._]*/{FILE}"))


def consumers(root: Path, name: str) -> list[str]:
    """The datasets below `root` whose contracts refer to dataset `name`, sorted; broken contracts are passed over."""
    found = []
    for other in names(root):
        with suppress(ContractError):
            if any(reference.dataset == name for reference in load(root / other).expect.references):
                found.append(other)
    return found


def _document(where: str, opened: Callable[[], Document]) -> Document:
    try:
        return opened()
    except Refused as refused:
        raise ContractError(f"{where}:{refused.line}: {refused.reason}") from refused
    except OSError as error:
        raise ContractError(
            f"{where}: can't be read ({error.strerror}). Draft one with `commons new NAME --from FILE`."
        ) from error


def _sound(contract: Contract | None, where: str, wrong: list[tuple[int, str]], *other: str) -> Contract:
    """`contract`, unless something is wrong."""
    if other or wrong or contract is None:
        told = [f"{where}:{line}: {text}" for line, text in sorted(wrong)[:MOST]]
        more = [f"{where}: {len(wrong) - MOST:,} more problems. Correct these first."] if len(wrong) > MOST else []
        raise ContractError(*other, *told, *more)
    return contract


def _contract(document: Document) -> tuple[Contract | None, list[tuple[int, str]]]:
    """The contract, if there are no problems of its own, and the problems with their lines."""
    wrong = list(document.problems)
    try:
        return Contract.model_validate(document.value), wrong
    except ValidationError as error:
        return None, wrong + [(document.line(place), text) for place, text in problems(error, Contract)]


def _folder(folder: Path) -> list[str]:
    name = folder.absolute().name
    if name == VERIFICATION:
        return [f"{shown(folder)}: {name!r} is the name of the DAG that verifies all datasets. Choose another one."]
    if is_snake(name):
        return []
    return [f"{shown(folder)}: expected a folder in snake case, found {name!a}. Rename it: it is the dataset's name."]


def _outside(folder: Path, contract: Contract, document: Document) -> list[tuple[int, str]]:
    """What is wrong between the contract and the files around it."""
    wrong = []
    if not contract.source.url and not (folder / "extract.py").exists():
        wrong.append(
            (document.line(("source",)), "missing key 'url' in source. Add it, or write `addresses()` in extract.py.")
        )
    others = names(folder.parent) if contract.expect.references else []
    for number, reference in enumerate(contract.expect.references):
        line = document.line(("expect", "references", number, "dataset"))
        if reference.dataset == folder.absolute().name:
            wrong.append((line, f"dataset {reference.dataset!r} refers to itself. Name another dataset."))
        elif reference.dataset not in others:
            near = nearest(reference.dataset, others)
            wrong.append((line, f"dataset {reference.dataset!r} is not known{near}. Name one of `commons list`."))
    return wrong
