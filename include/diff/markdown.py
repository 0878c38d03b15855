"""A difference as Markdown for a pull request: below a limit whatever there is to say, whole sections at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..contracts.foreign import code_span, plain_words
from .charts import sparklines
from .model import DatasetDiff, Diff
from .sections import Shape, sections
from .sentences import Value, alarms, headline, lost, notes, tallies

LIMIT = 60_000
"""Bytes; a hosted comment holds a little more."""
_ROWS, _DATASETS = 50, 200
_SENTENCE = 1_000
"""Bytes kept for the sentence that says what was left out."""
_RANKS = ("", "head", "schema", "moved", "coverage", "links", "samples", "linked", "columns", "quality", "origin")


@dataclass(frozen=True)
class Piece:
    """A part of the report that is there whole or not at all; kinds matter in the order of _RANKS."""

    kind: str
    title: str
    dataset: str
    text: str


def markdown(diff: Diff, limit: int = LIMIT) -> str:
    """The report, at most `limit` bytes of UTF-8; what did not fit is named at its end.

    Takes what matters most of every dataset before the details of any. Values are shown as they are: mask them first.
    """
    pieces = list(_pieces(diff))
    kept = _fitting(pieces, limit - _SENTENCE)
    left = [piece for piece in pieces if piece not in kept]
    return "".join(piece.text for piece in pieces if piece in kept) + _left_out(left)


def _pieces(diff: Diff) -> Iterator[Piece]:
    """All parts in their order."""
    template = _template()
    yield Piece("", "", "", template.opening(diff))
    for one in diff.datasets:
        yield Piece("head", "all", one.dataset, template.head(one))
        for part in sections(one):
            yield Piece(part.kind, part.title.lower(), one.dataset, template.section(part, _ROWS))
    yield Piece("", "", "", template.closing(diff))


def _fitting(pieces: Sequence[Piece], left: int) -> set[Piece]:
    """Those that fit `left` bytes together; none of a dataset whose head does not."""
    kept, heads = set[Piece](), {""}
    for piece in sorted(pieces, key=lambda piece: _RANKS.index(piece.kind)):
        size = len(piece.text.encode())
        if size > left or (piece.kind != "head" and piece.dataset not in heads):
            continue
        left -= size
        kept.add(piece)
        heads.add(piece.dataset)
    return kept


def _left_out(pieces: Sequence[Piece]) -> str:
    if not pieces:
        return ""
    whole = [piece.dataset for piece in pieces if piece.kind == "head"]
    parts: dict[str, list[str]] = {}
    for piece in pieces:
        if piece.dataset not in whole:
            parts.setdefault(piece.title, []).append(piece.dataset)
    said = [f"all of {_few(whole)}"] if whole else []
    said += [f"{title} of {_few(names)}" for title, names in parts.items()]
    return f"\nLeft out, as this would be too long: {'; '.join(said)}. `commons diff` shows all of it.\n"


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(code_span(name) for name in names[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown


def _line(one: DatasetDiff) -> dict[str, Any]:
    """A dataset in the table of all: counts, and what to look at."""
    before, after = (f"{side.rows:,}" if side else "" for side in (one.before, one.after))
    counts = [f"{n:,}" for n in tallies(one.table).values()] if one.table else [""] * 4
    table = one.table
    flags = {
        "unexplained": one.unexplained,
        "not compared": bool(one.problem) and table is None,
        "breaking": table is not None and any(change.breaking for change in table.schema_changes),
        "lost coverage": table is not None and bool(lost(table)),
    }
    return {"counts": [before, after, *counts], "flags": [f"**{flag}**" for flag, raised in flags.items() if raised]}


def _shown(part: str | Value) -> str:
    return code_span(part.text) if isinstance(part, Value) else plain_words(part)


def _cell(cell: tuple[str | Value, ...] | Shape) -> str:
    if isinstance(cell, Shape):
        return " → ".join(sparklines(cell))
    return "".join(map(_shown, cell))


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # noqa: S701 - Markdown; its filters neutralise foreign text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell": _cell,
        "code": code_span,
        "words": plain_words,
        "headline": headline,
        "alarms": alarms,
        "notes": notes,
        "line": _line,
    }
    return environment.get_template("diff.md.j2").module
