"""Which datasets differ between two revisions, and how; equal pins cost nothing."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from ..adapters import git
from ..adapters.cache import cache_folder
from ..diff.model import Diff
from ..errors import DataError
from . import worktree
from .comparing import Watch, buried, compared, pinned, unwatched
from .pins import FILE, FOLDER, Entry, parse, parse_withdrawn
from .revisions import resolve

_TOP = "meta:\n  format: 1"
_OUTS = "\nouts:\n"
_ITEM = re.compile(r"^(?=- )", re.MULTILINE)
_PATH = re.compile(rf"- path: {FOLDER}/([a-z][a-z0-9_]*)\n")
_OTHER = re.compile(r"^[^ -]", re.MULTILINE)
_PROPOSAL = re.compile(r"(?:origin/)?proposal/([a-z][a-z0-9_]*)/.+")


class Revision(NamedTuple):
    """A side of the comparison: what the reader called it, its commit (None: the working tree), its data.dvc."""

    said: str
    commit: str | None
    text: str


def changes(
    repository: Path,
    before: str,
    after: str | None = None,
    names: Collection[str] = (),
    watch: Watch = unwatched,
) -> Diff:
    """How the datasets differ between two revisions, all of them or those named; `after` None is the working tree.

    A proposal is about its own dataset. Values are those of the data: `diff.audience.shown_to` masks them for a reader.
    Raises EnvironmentFault where there is no such revision, DataError where its data.dvc can't be read or neither side
    knows a name.
    """
    one, other = revision(repository, before), revision(repository, after)
    old, new, equal = differing(one, other)
    wanted = _wanted(names, one, other, {*old, *new, *equal})
    differ = sorted((old.keys() | new.keys()) & wanted)
    found = [
        compared(
            repository,
            pinned(repository, old.get(name), one.commit),
            pinned(repository, new.get(name), other.commit),
            cache_folder(repository),
            watch,
        )
        for name in differ
    ]
    gone = [buried(repository, entry, one.commit) for entry in _buried(one, other) if entry.name in wanted]
    return Diff(before=one.said, after=other.said, datasets=(*found, *gone), same=len(equal & wanted))


def revision(repository: Path, said: str | None) -> Revision:
    """The side of a comparison that `said` names; None is the working tree. Raises EnvironmentFault as `resolve`."""
    if said is None:
        return Revision("the working tree", None, worktree.text(repository))
    commit = resolve(repository, said)
    return Revision(said, commit, git.texts_at(repository, FILE, [commit])[0])


def differing(before: Revision, after: Revision) -> tuple[dict[str, Entry], dict[str, Entry], set[str]]:
    """The entries whose text differs, of both sides, and the names of those that are equal; only the first are parsed.

    Raises DataError as `parse`.
    """
    old, new = _blocks(before.text), _blocks(after.text)
    if old is None or new is None:  # laid out by another hand than ours
        was, now = _parsed(before.text, before), _parsed(after.text, after)
        equal = {name for name, entry in was.items() if entry == now.get(name)}
    else:
        equal = {name for name, block in old.items() if block == new.get(name)}
        was = _parsed(_TOP + _OUTS + "".join(block for name, block in old.items() if name not in equal), before)
        now = _parsed(_TOP + _OUTS + "".join(block for name, block in new.items() if name not in equal), after)
    return {n: e for n, e in was.items() if n not in equal}, {n: e for n, e in now.items() if n not in equal}, equal


def _blocks(text: str) -> dict[str, str] | None:
    """The text of each entry by its dataset; None where the file is not laid out as ours are."""
    top, _, outs = text.partition(_OUTS)
    if not text or top == f"{_TOP}\nouts: []\n":
        return {}
    if not top.startswith(_TOP) or _OTHER.search(outs):
        return None
    found = {}
    blocks = _ITEM.split(outs)[1:]
    for block in blocks:
        path = _PATH.match(block)
        found[path[1] if path else ""] = block
    return found if len(found) == len(blocks) and "" not in found else None


def _parsed(text: str, side: Revision) -> dict[str, Entry]:
    return parse(text, f"{side.said}:{FILE}").entries


def _wanted(names: Collection[str], before: Revision, after: Revision, known: set[str]) -> set[str]:
    proposed = {found[1] for side in (before, after) if (found := _PROPOSAL.fullmatch(side.said))}
    wanted = set(names) or proposed or known
    if unknown := sorted(wanted - known):
        there = ", ".join(sorted(known)) or "none"
        raise DataError(
            *(f"{name}: neither {before.said} nor {after.said} pins it. They pin {there}." for name in unknown)
        )
    return wanted


def _buried(before: Revision, after: Revision) -> Iterator[Entry]:
    """Versions of which only the second side knows that they are withdrawn, its newest ones left out."""
    known = {entry.md5 for entry in parse_withdrawn(before.text, f"{before.said}:{FILE}")}
    for entry in parse_withdrawn(after.text, f"{after.said}:{FILE}"):
        if entry.md5 not in known and f"md5: {entry.md5}\n" not in after.text.partition(_OUTS)[2]:
            yield entry
