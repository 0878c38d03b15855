"""What it takes to make a version again, as Git tells it: its pin, the version that it followed, those that it read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from ..adapters import git
from ..errors import DataError
from ..versions import worktree
from ..versions.pins import FILE, Entry, parse
from ..versions.reading import Version, entry_at, history
from ..versions.revisions import resolve


@dataclass(frozen=True)
class Order:
    """A version to be made again."""

    entry: Entry
    commit: str | None
    """The commit that pinned it first; None where only the working tree does."""
    base: Entry | None = None
    """The version that it followed; None where it followed none, or one that no commit pins (`entry.meta.base`)."""
    inputs: Mapping[str, Entry] = field(default_factory=dict)
    withdrawn: Entry | None = None
    """The register that `base` was matched against, where it was withdrawn before this version was made."""
    first: Entry | None = None
    """Of a rollback: the version that came back."""
    lacking: tuple[str, ...] = ()
    """What it takes and no commit pins."""

    @property
    def name(self) -> str:
        """The dataset."""
        return self.entry.name


def orders(repository: Path, names: Sequence[str], revision: str | None) -> list[Order]:
    """Of `names` (all by default) at a revision, or in the working tree; what others read comes before them.

    Raises DataError where one has no version there, EnvironmentFault where there is no such revision.
    """
    commit = resolve(repository, revision) if revision else None
    text = git.texts_at(repository, FILE, [commit])[0] if commit else worktree.text(repository)
    pinned = parse(text, f"{revision or repository}:{FILE}").entries
    if problems := [_absent(repository, name, revision) for name in names if name not in pinned]:
        raise DataError(*problems)
    return [order(repository, pinned[name], commit) for name in _sorted({one: pinned[one] for one in names or pinned})]


def _sorted(entries: Mapping[str, Entry]) -> list[str]:
    """Names of versions, each behind those that it read; by name where an edited data.dvc makes that impossible."""
    reads = {name: set(entries[name].meta.inputs) & entries.keys() for name in sorted(entries)}
    try:
        return list(TopologicalSorter(reads).static_order())
    except CycleError:
        return sorted(entries)


def pinned_as(repository: Path, entry: Entry, commit: str | None) -> Entry:
    """The version that Git pins with the bytes of `entry`, as known at `commit`; `entry` where none does."""
    here = worktree.pins(repository).entries.get(entry.name) if commit is None else None
    known = [*([here] if here else []), *(version.entry for version in _known(repository, entry.name, commit))]
    return next((one for one in known if one.md5 == entry.md5), entry)


def _absent(repository: Path, name: str, revision: str | None) -> str:
    """Why a dataset has no version there."""
    try:
        entry_at(repository, name, revision)
    except DataError as error:
        return str(error)
    return f"{name}: was published just now. Try again."


def order(repository: Path, entry: Entry, commit: str | None) -> Order:
    """Of one version, as it is known at `commit`, or in the working tree."""
    known = _known(repository, entry.name, commit)
    at = next((number for number in reversed(range(len(known))) if known[number].entry == entry), None)
    before = [version.entry for version in (known if at is None else known[at + 1 :])]
    pinned_by = known[at].commit if at is not None else None
    inputs = {name: _read(repository, name, content, pinned_by) for name, content in entry.meta.inputs.items()}
    back = entry.meta.rolled_back
    return Order(
        entry,
        pinned_by,
        base=next((older for older in before if older.md5 == entry.meta.base), None),
        inputs={name: found for name, found in inputs.items() if found},
        first=next((older for older in reversed(before) if older.md5 == back.to), None) if back else None,
        lacking=tuple(_lacking(entry, inputs)),
    )


def _known(repository: Path, name: str, commit: str | None) -> list[Version]:
    """The versions on the way to a commit, newest first; none where there is no Git."""
    return history(repository, name, commit or "HEAD") if (repository / ".git").exists() else []


def _read(repository: Path, name: str, content: str, commit: str | None) -> Entry | None:
    """The newest version of `name` with that content, as it was known at `commit` or in the working tree."""
    here = worktree.pins(repository).entries.get(name) if commit is None else None
    known = [*([here] if here else []), *(version.entry for version in _known(repository, name, commit))]
    return next((entry for entry in known if entry.meta.content == content), None)


def _lacking(entry: Entry, inputs: Mapping[str, Entry | None]) -> Iterator[str]:
    for name, found in inputs.items():
        if found is None:
            yield (
                f"it read version {entry.meta.inputs[name][:12]} of {name}, which no commit pins. "
                "Run it again, and commit both together."
            )
