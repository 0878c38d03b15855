"""What a report says of a dataset's difference, table by table, whoever draws it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..contracts.words import counted
from .links import Linked, Links
from .model import ColumnDiff, DatasetDiff, Origin, Part, Profile, Sample, SchemaChange, TableDiff
from .sentences import Text, Value, lost, several, short

_FEW = 5
"""Values that a table of coverage names a side."""
_CELLS = 6
"""Cells of an added or removed row that a sample shows; a whole row is for `commons open`."""
_TOLD = ("changed", "moved", "removed", "added")
"""Examples in this order: a changed cell tells most in one line, and a short report ends early."""
_ORIGIN: tuple[tuple[str, Callable[[Origin], str | None]], ...] = (
    ("commit", lambda origin: short(origin.commit)),
    ("published", lambda origin: origin.published),
    ("by", lambda origin: origin.who),
    ("run", lambda origin: origin.run),
    ("code", lambda origin: short(origin.code)),
    ("environment", lambda origin: short(origin.environment)),
    ("source", lambda origin: short(origin.source_version)),
    ("source's date", lambda origin: origin.source_date),
    ("inputs", lambda origin: ", ".join(f"{name} {content[:12]}" for name, content in origin.inputs.items())),
    ("quarantined", lambda origin: f"{origin.quarantined:,}"),
    ("rejected", lambda origin: f"{origin.rejected:,}"),
    ("access", lambda origin: origin.access),
    ("remote", lambda origin: origin.kept),
)


@dataclass(frozen=True)
class Shape:
    """A column's bins on both sides, to be drawn."""

    column: str
    before: Profile | None
    after: Profile | None
    ordered: bool
    """Bins are ranges in their order, not values."""


Cell = Text | Shape


@dataclass(frozen=True)
class Section:
    """One table of a report."""

    kind: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()
    """Which columns of the table hold numbers."""
    after: str = ""
    """A sentence below the table."""
    loud: bool = False


_FACTS: tuple[Callable[[Profile], Value | str | None], ...] = (
    lambda profile: f"{profile.nulls:,}",
    lambda profile: f"~{profile.distinct:,}" if profile.estimated else _figures(profile.distinct),
    lambda profile: _bound(profile.minimum),
    lambda profile: _bound(profile.maximum),
    lambda profile: _figures(profile.mean),
)


def sections(diff: DatasetDiff) -> list[Section]:
    """All else that there is to say of a dataset, the most important first; empty sections are left out."""
    table = diff.table
    first = (
        [_schema(table), _moved(table), _coverage(table), _columns(table, diff.status), _samples(table)]
        if table
        else []
    )
    links = [_link_counts(diff.links), _links(diff.links)] if diff.links else []
    return [_trimmed(section) for section in (*first, *links, _quality(diff), _origins(diff)) if section.rows]


def _trimmed(section: Section) -> Section:
    """Without the columns, after the first, that are empty in all rows."""
    kept = [at for at in range(len(section.headings)) if at == 0 or any(row[at] for row in section.rows)]
    return replace(
        section,
        headings=tuple(section.headings[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in section.rows),
        numbers=frozenset(number for number, at in enumerate(kept) if at in section.numbers),
    )


def _schema(table: TableDiff) -> Section:
    rows = tuple(
        (
            (change.kind,),
            (Value(change.column),) if change.column else ("the table",),
            _fact(change.before),
            _fact(change.after),
            tuple([", ".join(said)] if (said := _remarks(change)) else []),
        )
        for change in sorted(table.schema_changes, key=lambda change: not change.breaking)
    )
    loud = any(change.breaking for change in table.schema_changes)
    return Section("schema", "Schema", ("change", "column", "before", "after", ""), rows, loud=loud)


def _remarks(change: SchemaChange) -> list[str]:
    return ["breaking"] * change.breaking + ["proposed from the values"] * change.proposed


def _moved(table: TableDiff) -> Section:
    rows = tuple(
        (several(moved.columns), several(move.before), several(move.after), (f"{move.rows:,}",))
        for moved in table.moved
        for move in moved.moves
    )
    return Section("moved", "Moved keys", ("key", "before", "after", "rows"), rows, frozenset({3}))


def _coverage(table: TableDiff) -> Section:
    rows = tuple(
        (
            (Value(one.column), *((" key",) if one.key else ())),
            *_values(one.lost, one.lost_values, one.lost_rows),
            *_values(one.gained, one.gained_values, one.gained_rows),
        )
        for one in table.coverage
    )
    headings = ("column", "no longer there", "rows", "new", "rows")
    return Section("coverage", "Coverage", headings, rows, frozenset({2, 4}), loud=bool(lost(table)))


def _values(parts: Sequence[Part], values: int, rows: int) -> tuple[Cell, Cell]:
    if not values:
        return (), ()
    return (f"{values:,}: ", *several([part.value for part in parts], values, _FEW)), (f"{rows:,}",)


def _columns(table: TableDiff, status: str) -> Section:
    if status == "added":  # a side without rows has nothing to compare with
        shown = [column.model_copy(update={"before": None}) for column in table.columns]
    else:
        shown = [column for column in table.columns if _tells(column)]
    both = table.counts.changed + table.counts.moved + table.counts.unchanged
    headings = ("column", "cells changed", "shape", "missing", "distinct", "least", "greatest", "mean", "drift")
    rows = tuple(_column(column, both, status) for column in shown)
    same = len(table.columns) - len(shown)
    after = f"{counted(same, 'column')} more with the same values." if same else ""
    return Section("columns", "Columns", headings, rows, frozenset({1, 3, 4, 7, 8}), after=after)


def _tells(column: ColumnDiff) -> bool:
    return bool(column.cells or column.moved_cells) or column.before != column.after or column.was is not None


def _column(column: ColumnDiff, both: int, status: str) -> tuple[Cell, ...]:
    before, after = column.before, column.after
    name: Text = (Value(column.name), *((" was ", Value(column.was)) if column.was else ()))
    if status != "added" and (before is None or after is None):
        name = (*name, " added" if before is None else " dropped")
    if column.masked:
        name = (*name, " masked")
    return (
        name,
        _cells(column, both),
        shape(column),
        *(_both(fact(before) if before else None, fact(after) if after else None) for fact in _FACTS),
        (f"{column.psi:.2f}{' shifted' if column.drifted else ''}",) if column.psi else (),
    )


def _cells(column: ColumnDiff, both: int) -> Text:
    """How many differ, with their share of the rows on both sides; those of rows whose key moved apart."""
    share = f" ({100 * column.cells / both:.1f} %)" if both else ""
    said = [f"{column.cells:,}{share}"] if column.cells else []
    said += [f"{column.moved_cells:,} in moved rows"] if column.moved_cells else []
    return (", ".join(said),) if said else ()


def shape(column: ColumnDiff) -> Shape:
    """What there is to draw of a column."""
    return Shape(column.name, column.before, column.after, column.type not in ("string", "boolean"))


def _samples(table: TableDiff) -> Section:
    told = sorted(table.samples, key=lambda sample: _TOLD.index(sample.kind))
    rows = tuple(row for sample in told for row in _sample(sample))
    return Section("samples", "Examples", ("row", "key", "column", "before", "after"), rows)


def _sample(sample: Sample) -> Iterator[tuple[Cell, ...]]:
    key: Text = ()
    for name, value in sample.key.items():
        key = (*key, *((", ",) if key else ()), f"{name} ", Value(value))
    cells = list(sample.cells.items())
    if sample.kind in ("added", "removed"):
        cells = [(column, pair) for column, pair in cells if pair != (None, None)][:_CELLS]
    for at, (column, (was, now)) in enumerate(cells):
        before = () if sample.kind == "added" else (Value(was),)
        after = () if sample.kind == "removed" else (Value(now),)
        yield ((sample.kind,) if at == 0 else (), key if at == 0 else (), (Value(column),), before, after)
    if not cells:
        yield ((sample.kind,), key, (), (), ())


def _link_counts(links: Links) -> Section:
    rows = tuple(
        ((one.change,), (one.reason,), (f"{one.links:,}",), (f"{one.records:,}",), _weight(one.weight))
        for one in links.counts
    )
    after = "Which ones is not shown here." if links.masked else ""
    return Section("links", "Links", ("link", "why", "links", "rows", "weight"), rows, frozenset({2, 3, 4}), after)


def _links(links: Links) -> Section:
    rows = tuple(
        (
            (one.change,),
            (Value(one.name), *((" was ", Value(one.was_name)) if one.was_name is not None else ())),
            _fact(one.country),
            _linked(one.before),
            _linked(one.after),
            (one.reason, *((": ", Value(one.detail)) if one.detail else ())),
            (f"{one.records:,}",),
            _weight(one.weight),
        )
        for one in links.heaviest
    )
    headings = ("link", "name", "country", "before", "after", "why", "rows", "weight")
    rest = links.changed - len(links.heaviest)
    after = f"The heaviest; {rest:,} more." if rest else ""
    return Section("linked", "Links that changed", headings, rows, frozenset({6, 7}), after)


def _linked(side: Linked) -> Text:
    if side.state in ("absent", "none"):
        return (side.state,) if side.state == "none" else ()
    said = (Value(side.name), " ") if side.name else ()
    score = "" if side.score is None else f" {side.score:.2f}"
    return ("review: " if side.state == "review" else "", *said, Value(side.entity), score)


def _weight(weight: float | None) -> Text:
    if weight is None:
        return ()
    return (f"{weight:,.0f}" if abs(weight) >= 1_000 or weight == round(weight) else f"{weight:,.4g}",)


def _quality(diff: DatasetDiff) -> Section:
    rows = tuple(
        ((Value(rule.rule),), _number(rule.before), _number(rule.after), _fact(rule.was), _fact(rule.verdict))
        for rule in diff.quality
    )
    headings = ("rule", "failures before", "after", "verdict before", "after")
    return Section("quality", "Rules that judge otherwise", headings, rows, frozenset({1, 2}))


def _origins(diff: DatasetDiff) -> Section:
    facts = ((what, *(fact(side) if side else None for side in (diff.before, diff.after))) for what, fact in _ORIGIN)
    rows = tuple(((str(what),), _fact(was), _fact(now)) for what, was, now in facts if was or now)
    return Section("origin", "Where they come from", ("", "before", "after"), rows)


def _both(before: Value | str | None, after: Value | str | None) -> Text:
    """A fact of both sides, once where they agree."""
    if before == after or before is None or after is None:
        return tuple(side for side in (after or before,) if side is not None)
    return (before, " → ", after)


def _fact(text: str | None) -> Text:
    return (Value(text),) if text else ()


def _number(count: int | None) -> Text:
    return () if count is None else (f"{count:,}",)


def _figures(number: float | None) -> str | None:
    return None if number is None else f"{number:,}" if isinstance(number, int) else f"{number:,.4g}"


def _bound(text: str | None) -> Value | None:
    return None if text is None else Value(text)
