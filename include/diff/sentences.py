"""What a report says of a dataset's difference in sentences; foreign text in them is kept apart from words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..contracts.words import counted
from .links import Links
from .model import Coverage, DatasetDiff, Origin, TableDiff

_HASH = re.compile(r"\b[0-9a-f]{40,}\b")
_NAMED = 10
"""Values that a sentence names."""


@dataclass(frozen=True)
class Value:
    """Text from data, an author or a source: shown as it is, never read as markup. None: missing."""

    text: str | None


Text = tuple[str | Value, ...]


def short(said: str) -> str:
    """A text with its commits and hashes as people write them."""
    return _HASH.sub(lambda found: found[0][:12], said)


def headline(diff: DatasetDiff) -> str:
    """What happened to a dataset, in one sentence."""
    if diff.status == "withdrawn":
        return "A version is withdrawn; its bytes leave the remotes."
    if diff.status == "removed":
        return f"No longer pinned: its {_rows(diff.before)} can be read at the commit before only."
    if diff.table is None:
        return f"{_rows(diff.before)} before, {_rows(diff.after)} after."
    counts = diff.table.counts
    if diff.status == "added":
        return f"New: {counted(counts.after, 'row')}, {counted(len(diff.table.columns), 'column')}."
    parts = [f"{n:,} {what}" for what, n in tallies(diff.table).items() if n] or ["no row differs"]
    return f"{counted(counts.before, 'row')} before, {counts.after:,} after: {', '.join(parts)}."


def tallies(table: TableDiff) -> dict[str, int]:
    """How many rows went which way."""
    counts = table.counts
    return {"added": counts.added, "removed": counts.removed, "changed": counts.changed, "moved": counts.moved}


def alarms(diff: DatasetDiff) -> list[Text]:
    """What a reviewer must not overlook."""
    return list(_alarms(diff))


def _alarms(diff: DatasetDiff) -> Iterator[Text]:
    if diff.problem:
        yield (diff.problem if diff.table else f"Not compared. {diff.problem}",)
    if diff.links and diff.links.problem:
        yield (f"Links: {diff.links.problem}",)
    if diff.unexplained:
        yield ("Unexplained: the data changed, and neither source, code, environment nor inputs did.",)
    if diff.table is None:
        return
    if breaking := sum(change.breaking for change in diff.table.schema_changes):
        yield (f"Breaks readers: {counted(breaking, 'change')} of the schema.",)
    yield from (_lost(coverage) for coverage in lost(diff.table))
    repeated = diff.table.repeated
    if repeated.before or repeated.after:
        yield (
            f"The key repeats: {counted(repeated.before, 'row')} before and {repeated.after:,} after share theirs with "
            "another, and are compared as a multiset within it.",
        )


def notes(diff: DatasetDiff) -> list[Text]:
    """What explains the change, and what else it brought."""
    table = diff.table
    says: list[Text] = [(cause[:1].upper() + cause[1:] + ".",) for cause in diff.causes]
    if diff.before and diff.after and diff.before.kept != diff.after.kept:
        was, now = diff.before.kept, diff.after.kept
        says.append((f"Who may read it: its files are on the remote '{now}' now, and were on '{was}'.",))
    if diff.links:
        says.append((_links(diff.links),))
    if table is None or diff.status != "changed":
        return says
    if table.by == "rows":
        says.append(("There is no key: a row that changed counts as one removed and one added.",))
    for moved in table.moved:
        what = f": {counted(moved.values, 'value')} moved one to one, in {counted(moved.rows, 'row')}."
        says.append((*several(moved.columns), what))
    return says


def _links(links: Links) -> str:
    """How many names are linked, and how many links are otherwise."""
    totals = [
        f"{side.linked:,} of {counted(side.names, 'name')} {when} ({side.review:,} for a person to decide)"
        for side, when in ((links.before, "before"), (links.after, "after"))
        if side
    ]
    changed = f"; {links.changed:,} changed" if links.before and links.after else ""
    return f"Links: {', '.join(totals)}{changed}."


def _rows(origin: Origin | None) -> str:
    return counted(origin.rows, "row") if origin else "no row"


def lost(table: TableDiff) -> list[Coverage]:
    """Coverage that is lost with its rows: in a column that is no part of the key, values may only have changed."""
    cells = {column.name: column.cells + column.moved_cells for column in table.columns}
    return [one for one in table.coverage if one.lost_values and (one.key or one.lost_rows > cells.get(one.column, 0))]


def _lost(coverage: Coverage) -> Text:
    shown = several([part.value for part in coverage.lost], coverage.lost_values)
    what = f"Lost {coverage.lost_values:,} of "
    return (what, Value(coverage.column), f" ({counted(coverage.lost_rows, 'row')}): ", *shown, ".")


def several(values: Sequence[str | None], count: int | None = None, most: int = _NAMED) -> Text:
    """The first `most` of the values; `count` is how many there are, where `values` are but some of them."""
    found: Text = ()
    for value in values[:most]:
        found = (*found, *((", ",) if found else ()), Value(value))
    rest = (count or len(values)) - len(values[:most])
    return (*found, f" and {rest:,} more") if rest > 0 else found
