"""The report of matching for people, as Markdown and as one page that needs nothing else: no script, no network."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..contracts.foreign import code_span, plain_words, printable
from .parts import Bar, Value, headline, parts, remarks

_TEMPLATES = Path(__file__).parent / "templates"
_BLOCKS = 20
"""Signs of a full bar in Markdown."""


def markdown(report: dict[str, Any], dataset: str) -> str:
    """The report of match.json of a `dataset` for terminals and pull requests."""
    return _environment("md").get_template("match.md.j2").render(_content(report, dataset))


def page(report: dict[str, Any], dataset: str) -> str:
    """The same for browsers."""
    style = (_TEMPLATES / "match.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment("html").get_template("match.html.j2").render(_content(report, dataset), style=style, digest=digest)
    )


def _content(report: dict[str, Any], dataset: str) -> dict[str, Any]:
    return {
        "title": f"Names of {dataset} matched to {report['register']['dataset']}",
        "lead": " ".join([headline(report), *remarks(report)]),
        "parts": parts(report, dataset),
    }


@cache
def _environment(kind: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=kind == "html",  # noqa: S701 - Markdown's filters neutralise foreign text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"printable": printable, "words": plain_words, "cell": _cell}
    environment.tests |= {"bar": lambda cell: isinstance(cell, Bar), "value": lambda cell: isinstance(cell, Value)}
    return environment


def _cell(cell: str | Value | Bar) -> str:
    """A cell of a table in Markdown."""
    if isinstance(cell, Bar):
        return "█" * round(cell.share * _BLOCKS)
    return code_span(cell.text) if isinstance(cell, Value) else plain_words(cell)
