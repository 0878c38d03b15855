"""contract.yaml to Contract: everything that is wrong with it at once, each problem with its line."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import ValidationError

from ..errors import ContractError
from . import matched, told
from .columns import TableSchema
from .document import Document, Place, Refused, parse, read
from .layout import RESERVED
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


def alone(folder: Path) -> Contract:
    """The contract in `folder` by itself, whatever is around it; raises as `load`."""
    where = shown(folder / FILE)
    contract, wrong = _contract(_document(where, lambda: read(folder / FILE)))
    return _sound(contract, where, wrong)


def loads(content: bytes, where: str = FILE) -> Contract:
    """A contract from bytes, such as an old commit holds; raises ContractError, which begins with `where`."""
    contract, wrong = _contract(_document(where, lambda: parse(content)))
    return _sound(contract, where, wrong)


def names(root: Path) -> list[str]:
    """The datasets below `root`, sorted: every folder that holds a contract.yaml, whatever it is called."""
    return sorted(f.parent.name for f in root.glob(f"[!._]*/{FILE}"))


def inputs(root: Path, contract: Contract) -> list[str]:
    """The datasets below `root` that a run of the contract reads, sorted: references, and what matching takes."""
    references = {reference.dataset for reference in contract.expect.references}
    return sorted({*references, *matching_inputs(root, contract)})


def matching_inputs(root: Path, contract: Contract) -> list[str]:
    """The datasets by which the contract's names are matched, sorted; none without `match:`.

    The register's own contract names the dataset of legal forms; where it can't be read, that is passed over.
    """
    if contract.match is None:
        return []
    known = registers(root, contract).values()
    forms = {register.register.legal_forms for register in known if register.register}
    return sorted({*contract.match.reads().values(), *forms})


def registers(root: Path, contract: Contract) -> dict[str, Contract]:
    """The contract of the register that the contract's names are matched by; none where it can't be read."""
    found = _known(root / contract.match.register) if contract.match else None
    return {contract.match.register: found} if contract.match and found else {}


def waves(root: Path, names: Iterable[str]) -> list[list[str]]:
    """`names` in the order in which they can run: each wave reads only what stands in waves before it, or not here.

    Raises ContractError where one of the contracts is broken, or they read each other in a circle.
    """
    asked = set(names)
    order = TopologicalSorter({name: asked.intersection(inputs(root, load(root / name))) for name in sorted(asked)})
    try:
        order.prepare()
    except CycleError as error:
        raise ContractError(f"{' -> '.join(error.args[1])}: they read each other in a circle. Take one out.") from error
    found = []
    while wave := sorted(order.get_ready()):
        found.append(wave)
        order.done(*wave)
    return found


def consumers(root: Path, name: str) -> list[str]:
    """The datasets below `root` that read dataset `name`, sorted; broken contracts are passed over."""
    found = []
    for other in names(root):
        with suppress(ContractError):
            if name in inputs(root, load(root / other)):
                found.append(other)
    return found


def unfit(folder: Path, contract: Contract, schema: TableSchema) -> list[str]:
    """What is wrong with the columns of `schema` that `register:` and `match:` name, each with its line."""
    return _lines(folder, matched.problems(contract, schema))


def mistold(folder: Path, contract: Contract, columns: Mapping[str, Collection[str]]) -> list[str]:
    """What is wrong with the columns that `lineage:` names, each with its line; `columns` of each known dataset."""
    return _lines(folder, told.problems(contract, folder.absolute().name, columns))


def _lines(folder: Path, problems: list[tuple[Place, str]]) -> list[str]:
    where = shown(folder / FILE)
    document = _document(where, lambda: read(folder / FILE))
    return [f"{where}:{line}: {text}" for line, text in sorted(_placed(document, problems))]


def _placed(document: Document, problems: list[tuple[Place, str]]) -> list[tuple[int, str]]:
    return [(document.line(place), text) for place, text in problems]


def _known(folder: Path) -> Contract | None:
    """The contract in `folder`, looked at by itself; None where it can't be read."""
    with suppress(OSError, ContractError):
        return loads((folder / FILE).read_bytes())
    return None


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
        return None, wrong + _placed(document, problems(error, Contract))


def _folder(folder: Path) -> list[str]:
    name = folder.absolute().name
    if does := RESERVED.get(name):
        return [f"{shown(folder)}: {name!r} is the name of the DAG that {does}. Choose another one."]
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
    if found := [*_references(folder, contract), *_lineage(folder, contract), *_matching(folder, contract)]:
        wrong += _placed(document, found)
    return wrong


def _references(folder: Path, contract: Contract) -> Iterator[tuple[Place, str]]:
    for number, reference in enumerate(contract.expect.references):
        yield from _other(folder, ("expect", "references", number, "dataset"), reference.dataset)


def _lineage(folder: Path, contract: Contract) -> Iterator[tuple[Place, str]]:
    for number, also in enumerate(contract.lineage):
        if also.dataset:
            yield from _other(folder, ("lineage", number, "dataset"), also.dataset)


def claimed(root: Path, name: str) -> str | None:
    """That dataset `name` is called like a table that another one below `root` publishes; None where it isn't."""
    base, _, kind = name.rpartition("__")
    other = _known(root / base) if base and kind in ("matches", "rollup") else None
    if other and other.match and (kind == "matches" or other.match.ownership):
        return (
            f"{shown(root / name)}: dataset {base!r} has `match:`, so a table of its versions is called {name!r} in "
            "catalogues and query engines. Rename this folder: two tables can't have one name."
        )
    return None


def _matching(folder: Path, contract: Contract) -> Iterator[tuple[Place, str]]:
    """What is wrong with the datasets by which names are matched."""
    if contract.register:
        yield from _other(folder, ("register", "legal_forms"), contract.register.legal_forms)
    if match := contract.match:
        for place, name in match.reads().items():
            yield from _other(folder, ("match", *place), name)
        register = _known(folder.parent / match.register)
        if register and register.register is None:
            said = f"dataset {match.register!r} has no key `register:`, so it can't be searched. Add it there."
            yield ("match", "register"), said
        elif register and register.register:
            known = {"lei", *register.register.identifiers}
            for kind in match.identifiers.keys() - known:
                said = f"register {match.register!r} has no identifiers of kind {kind!r}. Take it out, or add it there."
                yield ("match", "identifiers", kind), said


def _other(folder: Path, place: Place, name: str) -> Iterator[tuple[Place, str]]:
    """Whether `name` is another dataset beside `folder`."""
    if name == folder.absolute().name:
        yield place, f"dataset {name!r} refers to itself. Name another dataset."
    elif not (folder.parent / name / FILE).exists():
        near = nearest(name, names(folder.parent))
        yield place, f"dataset {name!r} is not known{near}. Name one of `commons list`."
