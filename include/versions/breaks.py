"""Whether a version may follow the last one: what breaks its readers stops it, unless a person allowed that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..contracts.columns import TableSchema
from ..contracts.evolution import Change, changes
from ..contracts.model import Break, Contract
from .pins import Entry

SHOWN = 12


@dataclass(frozen=True)
class Judgement:
    """What of a schema's changes breaks readers, whether it was allowed, and why the version may not be published."""

    breaking: tuple[Change, ...] = ()
    allowed: Break | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def why(self) -> str | None:
        """The person's reason, for the history."""
        return f"{self.allowed.why} ({self.allowed.by})" if self.allowed and self.breaking else None


def judge(
    head: Entry, last: TableSchema, new: TableSchema, contract: Contract, consumers: Sequence[str] = ()
) -> Judgement:
    """Judge `new`, which is to follow the version `head` of schema `last`; `consumers` are datasets that read it.

    An entry of the contract's `breaking` counts for the version that follows the one it names, and for no other.
    """
    every = changes(new, last)
    found = tuple(change for change in every if change.breaking)
    allowed = next((entry for entry in contract.breaking if head.meta.mark.startswith(entry.after)), None)
    others = tuple(_used_up(head, entry) for entry in contract.breaking if entry is not allowed)
    if found and allowed is None:
        return Judgement(found, None, (*_said(head, found, (*_renamed(every), readers(consumers))), *others))
    return Judgement(found, allowed, (), others)


def readers(consumers: Sequence[str]) -> str:
    """Who has to be told, in a sentence."""
    if not consumers:
        return "No other dataset's contract refers to it."
    return f"It is read by {', '.join(consumers)}: tell their owners."


def _renamed(every: Sequence[Change]) -> Iterator[str]:
    """For each column that went what to write if it only has another name: one of its type came."""
    for gone in every:
        came = [f"'{change.column}'" for change in every if change.kind == "added" and change.after == gone.before]
        if gone.kind == "dropped" and came:
            yield (
                f"if '{gone.column}' has another name now ({' or '.join(came)}?), say so in schema.py, in the field of "
                f'the new one: metadata={{"was": "{gone.column}"}}. It keeps its field id then.'
            )


def _said(head: Entry, found: tuple[Change, ...], more: Sequence[str]) -> tuple[str, ...]:
    name, mark = head.name, head.meta.mark[:SHOWN]
    what = "a change breaks" if len(found) == 1 else f"{len(found)} changes break"
    back = f" It is a rollback: {head.meta.why}." if head.meta.rolled_back else ""
    return (
        f"{name}: {what} whoever reads the last version ({mark}, published {head.meta.published} by run "
        f"{head.meta.run}).{back}",
        *(f"{name}: {change}." for change in found),
        *(f"{name}: {sentence}" for sentence in more),
        f"{name}: the report of publish shows how the data differ, as `commons diff` does.",
        f"{name}: if this is not meant, correct schema.py or contract.yaml. If it is, allow it for this one version in "
        f"contract.yaml, and run again:\n"
        f'breaking:\n  - after: "{mark}"\n    why: the reason\n    by: who decided',
    )


def _used_up(head: Entry, entry: Break) -> str:
    return (
        f"{head.name}/contract.yaml: breaking: the entry after {entry.after[:SHOWN]} doesn't count, since the last "
        f"version is {head.meta.mark[:SHOWN]}. An entry is used up by one version; take it out."
    )
