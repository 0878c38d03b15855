"""What is left to do for a publication, judged from what the tip pins now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import ConflictError, DataError
from .pins import Entry, Pins, same

Outcome = Literal["published", "unchanged", "proposed"]


@dataclass(frozen=True)
class Published:
    """What came of a publication. `commit` pins the version; None in a working tree, or where it is not known.

    `branch` is that of a proposal.
    """

    outcome: Outcome
    entry: Entry
    commit: str | None = None
    branch: str | None = None


def settled(
    pins: Pins, entry: Entry, base: str | None, own: Callable[[], str | None] = lambda: None
) -> Published | None:
    """The outcome where there is nothing left to do, None where `entry` is to be published on top of `base`.

    `own` looks for the commit that this very run made earlier: after a lost reply, or before a crash.
    Raises ConflictError where another run moved the dataset, DataError where the content was withdrawn or rolled back.
    """
    head = pins.entries.get(entry.name)
    if head and same(head, entry):
        ours = head.meta.run == entry.meta.run
        return Published("published", head, own()) if ours else Published("unchanged", head)
    if (head.md5 if head else None) == base:
        _refuse_withdrawn(pins, entry)
        if head and not entry.meta.rolled_back:
            _refuse_rolled_back(head, entry)
        return None
    if commit := own():
        return Published("published", entry, commit)
    raise ConflictError(
        f"{entry.name}: expected to follow version {base or 'none'}, found "
        f"{f'{head.md5} of run {head.meta.run}' if head else 'none'}: another run published meanwhile. "
        "Nothing was overwritten. Run it again; it will start from the new version."
    )


def _refuse_withdrawn(pins: Pins, entry: Entry) -> None:
    """A source that still says what had to go must not bring it back by itself."""
    known = pins.tombstone(entry)
    if known and (gone := known.meta.withdrawn):
        raise DataError(
            f"{entry.name}: this content was withdrawn by {gone.by} on {gone.at} ({gone.why}), as version {known.md5}. "
            "Nothing was published; the last version stays. Change the source or the contract so that it differs."
        )


def _refuse_rolled_back(head: Entry, entry: Entry) -> None:
    """A source that still says what a person rolled back must not undo that without a word."""
    back = head.meta.rolled_back
    if back and entry.meta.content in back.instead_of:
        raise DataError(
            f"{entry.name}: this is the content that was rolled back at {head.meta.published} ({head.meta.why}). "
            "Nothing was published; the last version stays. Change the source or the contract so that it differs. If "
            f"it was right after all, publish it again: `commons history {entry.name}` names its commit for "
            f"`commons rollback {entry.name} --to COMMIT --why REASON`."
        )
