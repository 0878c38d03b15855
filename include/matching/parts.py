"""What the report of matching says, table by table, whoever draws it; match.json is all that it knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..contracts.words import counted
from .register import NO_CODE, NO_COUNTRY
from .shortfall import said

_DECISIONS = ("accept", "review", "reject", "none")
_CALLED = {"accept": "linked", "review": "for a person to decide", "reject": "too unlikely", "none": "no candidate"}
_METHODS = ("identifier", "exact", "fuzzy", "reviewed", "none")
_HOW = {
    "identifier": "by an identifier as published",
    "exact": "same words",
    "fuzzy": "by likeness",
    "reviewed": "by a judgement",
    "none": "no candidate",
}
_EXAMPLES = 5


@dataclass(frozen=True)
class Value:
    """Text from data, an author or a source: shown as it is, never read as markup. None: missing."""

    text: str | None


@dataclass(frozen=True)
class Bar:
    """A share to be drawn, in the colour of its kind."""

    share: float
    kind: str
    told: str


Cell = str | Value | Bar


@dataclass(frozen=True)
class Part:
    """One table of the report."""

    title: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    numbers: frozenset[int] = frozenset()
    """Which of its columns hold numbers."""
    after: str = ""
    """A sentence below it."""


def headline(report: Mapping[str, Any]) -> str:
    """How much is linked, in one sentence."""
    coverage, decisions = report["coverage"], report["decisions"]
    linked, waiting = (decisions.get(name, {}).get("mentions", 0) for name in ("accept", "review"))
    names = sum(size["mentions"] for size in decisions.values())
    said = ", ".join(f"{_percent(coverage[what])} {of}" for what, of in _SHARES if coverage.get(what) is not None)
    wait = f"{counted(waiting, 'name')} wait{'s' * (waiting == 1)} for a person."
    return f"{linked:,} of {counted(names, 'name')} linked{': ' * bool(said)}{said}. {wait}"


_SHARES = (("mentions", "of the names"), ("records", "of the rows"), ("weight", "of the weight"))


def remarks(report: Mapping[str, Any]) -> list[str]:
    """What a person should know besides: why so few are linked, and which judgements to look at."""
    register, judged = report["register"], report.get("judgements", {})
    found = said(
        report["coverage"]["mentions"], register["dataset"], register.get("countries", {}), report.get("reasons", {})
    )
    if against := {(one["name"], one["country"], one["lei"]) for one in judged.get("disagreeing", ())}:
        found.append(f"New evidence speaks against {counted(len(against), 'judgement')}; the report names them.")
    if gone := judged.get("orphaned"):
        found.append(f"{register['dataset']} no longer has the entity of {counted(len(gone), 'judgement')}.")
    return found


def parts(report: Mapping[str, Any], dataset: str) -> list[Part]:
    """All tables about a `dataset`, what a reviewer looks at first before the rest; empty ones are left out."""
    found = [
        _sizes("Decisions", report["decisions"], _DECISIONS, _CALLED, _bands(report, dataset)),
        _sizes("How the best candidates were found, linked or not", report["methods"], _METHODS, _HOW),
        _changes(report),
        _unresolved(report),
        _told("Judgements", report.get("judgements", {})),
        _told("Identifiers", report.get("identifiers", {})),
        _told("Parents", report.get("parents", {})),
        _ownership(report.get("ownership")),
        _told("Rows and entities that lack something", _left(report)),
        _origin(report),
    ]
    return [part for part in found if part.rows or part.after]


def _sizes(
    title: str, sizes: Mapping[str, Any], order: Sequence[str], called: Mapping[str, str], after: str = ""
) -> Part:
    """Names, rows and weight of each kind, with a bar of the greatest of what it weighs: the weight, else the rows."""
    weighed = any(size.get("weight") for size in sizes.values())
    drawn = "weight" if weighed else "records"
    parts = {kind: abs(size[drawn] or 0) for kind, size in sizes.items()}
    total = sum(parts.values()) or 1
    kinds = [*(kind for kind in order if kind in sizes), *sorted(sizes.keys() - set(order))]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            called.get(kind, kind),
            _bar(kind, parts[kind] / total, drawn),
            f"{100 * parts[kind] / total:.1f} %",
            f"{sizes[kind]['mentions']:,}",
            f"{sizes[kind]['records']:,}",
            *((_number(sizes[kind]["weight"]),) if weighed else ()),
        )
        for kind in kinds
    )
    measures = ("weight", "rows")[not weighed :]
    headings = ("", f"share of {measures[0]}", "", "names", "rows", *measures[:weighed])
    return Part(title, headings, rows, frozenset({2, 3, 4, 5}), after)


def _bar(kind: str, share: float, of: str) -> Bar:
    return Bar(
        share,
        kind if kind in _CALLED else "plain",
        f"{100 * share:.1f} percent of the {'weight' if of == 'weight' else 'rows'}",
    )


def _bands(report: Mapping[str, Any], dataset: str) -> str:
    accept, review = (report.get("settings", {}).get(name) for name in ("accept", "review"))
    if accept is None or review is None:
        return ""
    return f"Linked from a probability of {accept:g} on; from {review:g} on a person decides: commons review {dataset}."


def _changes(report: Mapping[str, Any]) -> Part:
    changes = report.get("changes") or {}
    rows = tuple(
        (reason, f"{count:,}") for reason, count in sorted(changes.items(), key=lambda item: (-item[1], item[0]))
    )
    carried = f"{report['carried_over']:,} carried over from the last version"
    after = f"{counted(report['compared'], 'name')} compared, {carried}."
    title = "Changes against the last version" if "changes" in report else "Compared"
    return Part(title, ("why a link changed", "links"), rows, frozenset({1}), after)


def _unresolved(report: Mapping[str, Any]) -> Part:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Value(name["name"]),
            Value(name["country"]) if name["country"] else "",
            _number(name["weight"]) if name["weight"] is not None else f"{name['records']:,} rows",
            _CALLED.get(name["decision"], name["decision"]),
            Value(name["candidate_name"]) if name["candidate_name"] else "",
            "" if name["score"] is None else f"{name['score']:.2f}",
            name["reasons"] or "",
        )
        for name in report["unresolved"]
    )
    headings = ("name", "country", "weight", "", "best candidate", "probability", "why")
    return Part("Heaviest names without a link", headings, rows, frozenset({2, 5}))


def _ownership(totals: Mapping[str, Any] | None) -> Part:
    if not totals:
        return Part("Ownership")
    given = float(totals["given"]) or 1.0
    shares = (("allocated", "plain"), ("linked", "accept"), ("unallocated", "reject"))
    called = {"allocated": "allocated to companies", "linked": "of it, to linked entities"}
    rows: list[tuple[Cell, ...]] = [("given", "", "", _exact(totals["given"]))]
    for part, kind in shares:
        share = float(totals[part]) / given
        bar = Bar(min(max(share, 0.0), 1.0), kind, f"{100 * share:.1f} percent")
        rows.append((called.get(part, part), bar, f"{100 * share:.1f} %", _exact(totals[part])))
    rows += [
        (f"unallocated: {_words(reason)}", "", "", _exact(amount))
        for reason, amount in totals["unallocated_by"].items()
    ]
    found = ", ".join(f"{_words(reason)} {count:,}" for reason, count in totals["findings"].items())
    said = (
        f"{totals['facilities']:,} facilities, {totals['companies']:,} companies; what no owner has: {totals['rest']}."
    )
    after = f"{said} Findings: {found}." if found else said
    return Part(
        f"Ownership of {totals['quantity']}", ("", "", "", totals["quantity"]), tuple(rows), frozenset({2, 3}), after
    )


def _left(report: Mapping[str, Any]) -> dict[str, Any]:
    rows, left = {**report.get("rows", {}), "examples": report.get("examples", {})}, report["register"].get("left_out")
    stays = {
        NO_COUNTRY: "entities of no country, compared without",
        NO_CODE: "entities of a country that is no ISO 3166-1 code",
    }
    return {"rows:": rows, "register:": {stays.get(why, why): count for why, count in (left or {}).items()}}


def _origin(report: Mapping[str, Any]) -> Part:
    register, forms = report["register"], report.get("legal_forms") or {}
    facts = (
        ("register", f"{register['dataset']} {register['content'][:12]}, {register.get('rows', 0):,} rows"),
        ("legal forms", f"{forms.get('dataset', '')} {str(forms.get('content', ''))[:12]}"),
        ("model", report["model"]),
        ("folding", report["folding"]),
        ("settings", report["settings_digest"]),
    )
    return Part("By what", ("", ""), tuple((what, Value(said.strip())) for what, said in facts if said.strip()))


def _told(title: str, said: Mapping[str, Any]) -> Part:
    """Counts by what they are of, however deep they lie; of lists their length and the first ones."""
    rows = tuple(_flat("", said))
    wide = any(row[2] for row in rows)
    return Part(
        title,
        ("", "count", "such as") if wide else ("", "count"),
        rows if wide else tuple(r[:2] for r in rows),
        frozenset({1}),
    )


def _flat(place: str, said: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    """Name, count and a few of them: those of a list, or what `examples` beside the count has under its name."""
    for name, value in said.items():
        called = f"{place} {_words(name)}".strip()
        if name == "examples":
            continue
        if isinstance(value, Mapping):
            yield from _flat(called, value)
        elif isinstance(value, list | tuple):
            if value:
                yield called, f"{len(value):,}", _some(value)
        else:
            yield called, f"{value:,}", _some(said.get("examples", {}).get(name, ()))


def _some(found: Sequence[Any]) -> Cell:
    return Value(", ".join(_example(one) for one in found[:_EXAMPLES])) if found else ""


def _example(one: Any) -> str:
    values = one.values() if isinstance(one, Mapping) else one if isinstance(one, list | tuple) else [one]
    return " ".join(str(value) for value in values if value not in (None, ""))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _exact(number: str) -> str:
    return f"{Decimal(number):,}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1_000 or number == round(number) else f"{number:,.4g}"
