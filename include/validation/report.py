"""The owner's report of a run, as Markdown and as one HTML page that needs nothing else."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from .quality import Quality

_TEMPLATES = Path(__file__).parent / "templates"


def markdown(quality: Quality) -> str:
    """The report for terminals and pull requests."""
    return _environment().get_template("report.md.j2").render(_content(quality))


def html(quality: Quality) -> str:
    """The report for browsers."""
    return _environment().get_template("report.html.j2").render(_content(quality))


def _content(quality: Quality) -> dict[str, Any]:
    failed = sorted((t for t in quality.tallies if t.failures), key=lambda tally: (-tally.failures, tally.rule.id))
    return {
        "quality": quality,
        "failed": failed,
        "passed": len(quality.tallies) - len(failed),
        "total": max(quality.counts["records"] + quality.counts["added"], 1),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment


def _cell(value: object) -> str:
    """A value inside a Markdown table, with nothing that Markdown or HTML would read."""
    text = " ".join(str(value).split())
    for sign in "\\`*_[]|":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
