"""What a report says of a dataset's difference, section by section, whoever draws it: words, and values kept apart."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .model import ColumnDiff, Coverage, DatasetDiff, Origin, Profile, Sample, TableDiff

_NAMED = 10
"""Values that a sentence names."""
_CELLS = 6
"""Cells of an added or removed row that a sample shows; a whole row is for `commons open`."""
_ORIGIN: tuple[tuple[str, Callable[[Origin], str | None]], ...] = (
    ("commit", lambda origin: short(origin.commit)),
    ("published", lambda origin: origin.published),
    ("by", lambda origin: origin.who),
    ("run", lambda origin: origin.run),
    ("code", lambda origin: short(origin.code)),
    ("environment", lambda origin: short(origin.environment)),
    ("source", lambda origin: origin.source_version),
    ("source's date", lambda origin: origin.source_date),
    ("inputs", lambda origin: ", ".join(f"{name} {content[:12]}" for name, content in origin.inputs.items())),
    ("quarantined", lambda origin: f"{origin.quarantined:,}"),
    ("rejected", lambda origin: f"{origin.rejected:,}"),
    ("access", lambda origin: origin.access),
)


@dataclass(frozen=True)
class Value:
    """Text from data, an author or a source: shown as it is, never read as markup. None: missing."""

    text: str | None


@dataclass(frozen=True)
class Shape:
    """A column's bins on both sides, to be drawn."""

    column: str
    before: Profile | None
    after: Profile | None
    ordered: bool
    """Bins are ranges in their order, not values."""


Text = tuple[str | Value, ...]
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
    lambda profile: _figures(profile.distinct),
    lambda profile: _bound(profile.minimum),
    lambda profile: _bound(profile.maximum),
    lambda profile: _figures(profile.mean),
)


def short(code: str) -> str:
    """A commit or hash as people write it; what is beside it, such as `+dirty`, stays."""
    commit, plus, rest = code.partition("+")
    return commit[:12] + plus + rest.partition(".")[0]


def counted(number: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


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
    if diff.unexplained:
        yield ("Unexplained: the data changed, and neither source, code, environment nor inputs did.",)
    if diff.table is None:
        return
    if breaking := sum(change.breaking for change in diff.table.schema_changes):
        yield (f"Breaks readers: {counted(breaking, 'change')} of the schema.",)
    yield from (_gone(coverage) for coverage in diff.table.coverage if coverage.lost_values)
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
    if table is None or diff.status != "changed":
        return says
    if table.by == "rows":
        says.append(("There is no key: a row that changed counts as one removed and one added.",))
    for moved in table.moved:
        what = f": {counted(moved.values, 'value')} moved one to one, in {counted(moved.rows, 'row')}."
        says.append((*_several(moved.columns), what))
    says += [_came(coverage) for coverage in table.coverage if coverage.gained_values]
    return says


def sections(diff: DatasetDiff) -> list[Section]:
    """All else that there is to say of a dataset, the most important first; empty sections are left out."""
    table = diff.table
    first = (
        [_schema(table), _moved(table), _coverage(table), _columns(table, diff.status), _samples(table)]
        if table
        else []
    )
    return [section for section in (*first, _quality(diff), _origins(diff)) if section.rows]


def _rows(origin: Origin | None) -> str:
    return counted(origin.rows, "row") if origin else "no row"


def _gone(coverage: Coverage) -> Text:
    what = f"Lost {coverage.lost_values:,} of "
    shown = _several([part.value for part in coverage.lost], coverage.lost_values)
    return (what, Value(coverage.column), f" ({counted(coverage.lost_rows, 'row')}): ", *shown, ".")


def _came(coverage: Coverage) -> Text:
    what = f"{coverage.gained_values:,} new of "
    shown = _several([part.value for part in coverage.gained], coverage.gained_values)
    return (what, Value(coverage.column), f" ({counted(coverage.gained_rows, 'row')}): ", *shown, ".")


def _schema(table: TableDiff) -> Section:
    rows = tuple(
        (
            (change.kind,),
            (Value(change.column),) if change.column else ("the table",),
            _fact(change.before),
            _fact(change.after),
            (", ".join(["breaking"] * change.breaking + ["proposed from the values"] * change.proposed),),
        )
        for change in sorted(table.schema_changes, key=lambda change: not change.breaking)
    )
    loud = any(change.breaking for change in table.schema_changes)
    return Section("schema", "Schema", ("change", "column", "before", "after", ""), rows, loud=loud)


def _moved(table: TableDiff) -> Section:
    rows = tuple(
        (_several(moved.columns), _several(move.before), _several(move.after), (f"{move.rows:,}",))
        for moved in table.moved
        for move in moved.moves
    )
    return Section("moved", "Moved keys", ("key", "before", "after", "rows"), rows, frozenset({3}))


def _coverage(table: TableDiff) -> Section:
    """What a sentence could not name."""
    rows = tuple(
        ((Value(coverage.column),), (what,), (Value(part.value),), (f"{part.rows:,}",))
        for coverage in table.coverage
        for what, parts in (("lost", coverage.lost), ("new", coverage.gained))
        if len(parts) > _NAMED
        for part in parts
    )
    loud = any(coverage.lost_values for coverage in table.coverage)
    return Section("coverage", "Coverage", ("column", "", "value", "rows"), rows, frozenset({3}), loud=loud)


def _columns(table: TableDiff, status: str) -> Section:
    shown = [column for column in table.columns if status == "added" or _tells(column)]
    both = table.counts.changed + table.counts.moved + table.counts.unchanged
    headings = ("column", "cells changed", "missing", "distinct", "least", "greatest", "mean", "drift", "shape")
    rows = tuple(_column(column, both) for column in shown)
    same = len(table.columns) - len(shown)
    after = f"{counted(same, 'column')} more with the same values." if same else ""
    return Section("columns", "Columns", headings, rows, frozenset({1, 2, 3, 4, 5, 6, 7}), after=after)


def _tells(column: ColumnDiff) -> bool:
    return bool(column.cells) or column.before != column.after or column.was is not None


def _column(column: ColumnDiff, both: int) -> tuple[Cell, ...]:
    before, after = column.before, column.after
    share = f" ({100 * column.cells / both:.1f} %)" if column.cells and both else ""
    name: Text = (Value(column.name), *((" was ", Value(column.was)) if column.was else ()))
    if before is None or after is None:
        name = (*name, " added" if before is None else " dropped")
    if column.masked:
        name = (*name, " masked")
    return (
        name,
        (f"{column.cells:,}{share}" if column.cells else "",),
        *(_both(fact(before) if before else None, fact(after) if after else None) for fact in _FACTS),
        (f"{column.psi:.2f}{' shifted' if column.drifted else ''}" if column.psi else "",),
        shape(column),
    )


def shape(column: ColumnDiff) -> Shape:
    """What there is to draw of a column."""
    return Shape(column.name, column.before, column.after, column.type not in ("string", "boolean"))


def _samples(table: TableDiff) -> Section:
    rows = tuple(row for sample in table.samples for row in _sample(sample))
    return Section("samples", "Examples", ("row", "key", "column", "before", "after"), rows)


def _sample(sample: Sample) -> Iterator[tuple[Cell, ...]]:
    key: Text = ()
    for name, value in sample.key.items():
        key = (*key, *((", ",) if key else ()), f"{name} ", Value(value))
    cells = list(sample.cells.items())
    shown = cells if sample.kind in ("changed", "moved") else cells[:_CELLS]
    for at, (column, (was, now)) in enumerate(shown):
        before = () if sample.kind == "added" else (Value(was),)
        after = () if sample.kind == "removed" else (Value(now),)
        yield ((sample.kind,) if at == 0 else (), key if at == 0 else (), (Value(column),), before, after)
    if not shown:
        yield ((sample.kind,), key, (), (), ())


def _quality(diff: DatasetDiff) -> Section:
    rows = tuple(
        ((Value(rule.rule),), _number(rule.before), _number(rule.after), (rule.was or "",), (rule.verdict or "",))
        for rule in diff.quality
    )
    headings = ("rule", "failures before", "after", "verdict before", "after")
    return Section("quality", "Rules that judge otherwise", headings, rows, frozenset({1, 2}))


def _origins(diff: DatasetDiff) -> Section:
    facts = ((what, *(fact(side) if side else None for side in (diff.before, diff.after))) for what, fact in _ORIGIN)
    rows = tuple(((str(what),), _fact(was), _fact(now)) for what, was, now in facts if was or now)
    return Section("origin", "Where they come from", ("", "before", "after"), rows)


def _several(values: Sequence[str | None], count: int | None = None) -> Text:
    """The first few of the values; `count` is how many there are, where `values` are but some of them."""
    found: Text = ()
    for value in values[:_NAMED]:
        found = (*found, *((", ",) if found else ()), Value(value))
    rest = (count or len(values)) - len(values[:_NAMED])
    return (*found, f" and {rest:,} more") if rest > 0 else found


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
