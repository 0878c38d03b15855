"""Why a version differs from the one before: its source, code, environment and inputs, as Git and the pins tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..adapters import git
from ..contracts.words import counted
from ..diff.model import RuleChange
from ..diff.sentences import short
from .evidence import Rules
from .pins import Entry, Meta

_HOLDS = (0, "pass")
_UNKNOWN = (frozenset[str](), frozenset[str]())
# What a pod runs; a change anywhere else can't change a row.
ENGINE = tuple(
    f"include/{part}"
    for part in (
        *("adapters", "contracts", "extraction", "matching", "tables", "tasks", "validation", "versions"),
        *("errors.py", "settings.py"),
    )
)


@dataclass(frozen=True)
class Pinned:
    """An entry, and the commit that pins it; None where that is the working tree."""

    entry: Entry
    commit: str | None
    who: str = ""


@dataclass(frozen=True)
class Causes:
    """Sentences, and whether one of them explains that the data differ."""

    says: tuple[str, ...]
    explained: bool


def causes(
    repository: Path, before: Pinned, after: Pinned, raw: tuple[frozenset[str], frozenset[str]] = _UNKNOWN
) -> Causes:
    """What is otherwise in how two versions of a dataset were made; `raw` are the SHA-256s of their raw bytes.

    A commit that touched neither the dataset's folder nor what pods run explains nothing, and is said to.
    """
    was, now = before.entry.meta, after.entry.meta
    found = [*_source(was, now, raw), *_code(repository, before, after), *_environment(was, now), *_inputs(was, now)]
    if now.why and now.why != was.why:
        found.append((f"reason given: {now.why}", True))
    if before.entry.md5 == after.entry.md5:
        found.append(("the bytes are the same; only what data.dvc says of them differs", True))
    return Causes(tuple(said for said, _ in found), any(explains for _, explains in found))


def rule_changes(before: Rules, after: Rules) -> tuple[RuleChange, ...]:
    """The rules that judge otherwise, in the order of their names; one that is not there judges as one that holds."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if (was or _HOLDS) != (now or _HOLDS):
            (failed, was_judged), (fails, judged) = was or (None, None), now or (None, None)
            found.append(RuleChange(rule=name, before=failed, after=fails, was=was_judged, verdict=judged))
    return tuple(found)


def _source(was: Meta, now: Meta, raw: tuple[frozenset[str], frozenset[str]]) -> Iterator[tuple[str, bool]]:
    if was.source_version != now.source_version:
        yield f"source: version {short(was.source_version)} became {short(now.source_version)}", True
    elif raw[0] != raw[1]:
        yield f"source: other bytes, though it still says version {short(now.source_version)}", True


def _environment(was: Meta, now: Meta) -> Iterator[tuple[str, bool]]:
    if was.environment != now.environment:
        yield f"environment: lock file {was.environment[:12]} became {now.environment[:12]}", True


def _inputs(was: Meta, now: Meta) -> Iterator[tuple[str, bool]]:
    for name in sorted(was.inputs.keys() | now.inputs.keys()):
        old, new = was.inputs.get(name), now.inputs.get(name)
        if old is None:
            yield f"input {name}: read for the first time, content {(new or '')[:12]}", True
        elif new is None:
            yield f"input {name}: no longer read", True
        elif old != new:
            yield f"input {name}: content {old[:12]} became {new[:12]}", True


def _code(repository: Path, before: Pinned, after: Pinned) -> Iterator[tuple[str, bool]]:
    was, now = before.entry.meta.code, after.entry.meta.code
    if was == now:
        return
    what = f"code: {short(was)} became {short(now)}"
    name = after.entry.name
    folder = f"include/datasets/{name}/"
    files = _changed(repository, _files_of(before), _files_of(after), (folder, *ENGINE))
    if files is None:
        yield f"{what}; one of them is no commit of this clone, so what changed is not known", True
        return
    own = [file.removeprefix(folder) for file in files if file.startswith(folder)]
    engine = len(files) - len(own)
    told = ([f"the dataset's {', '.join(own)}"] if own else []) + (
        [f"{counted(engine, 'file')} of the engine"] if engine else []
    )
    if told:
        yield f"{what}: {' and '.join(told)} changed", True
    else:
        yield f"{what}: neither the dataset's folder nor the engine changed", False


def _files_of(pinned: Pinned) -> str | None:
    """A commit with the files that ran; of files that no commit holds, those committed with the pin stand for them."""
    code = pinned.entry.meta.code
    return pinned.commit if "+" in code else code


def _changed(repository: Path, before: str | None, after: str | None, paths: tuple[str, ...]) -> list[str] | None:
    """Files below `paths` that differ between two commits; a single None is the working tree. None: not known."""
    sides = [side for side in (before, after) if side is not None]
    if not sides:
        return None
    options = ("--name-only", "--no-renames", "--end-of-options")
    try:
        named = git.run("diff", *options, *sides, "--", *paths, at=repository).splitlines()
        if len(sides) < 2:
            named += git.run("ls-files", "--others", "--exclude-standard", "--", *paths, at=repository).splitlines()
    except git.GitError:
        return None
    return named
