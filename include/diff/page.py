"""A difference as one page that needs nothing else: no script, no network, and readable in light and dark."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..contracts.foreign import printable
from .charts import HEIGHT, WIDTH, histogram, ranked
from .model import Diff
from .sections import Shape, sections, shape
from .sentences import Value, alarms, headline, notes, tallies

_TEMPLATES = Path(__file__).parent / "templates"
ROWS = 1_000
"""Rows of a table that the page holds."""


def page(diff: Diff) -> str:
    """The HTML of the report. Values are shown as they are: mask them first."""
    style = (_TEMPLATES / "diff.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _environment().get_template("diff.html.j2").render(diff=diff, style=style, digest=digest)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "alarms": alarms,
        "headline": headline,
        "histogram": histogram,
        "notes": notes,
        "printable": printable,
        "ranked": ranked,
        "sections": sections,
        "shape": shape,
        "tallies": tallies,
    }
    environment.tests |= {"value": lambda part: isinstance(part, Value), "shape": lambda cell: isinstance(cell, Shape)}
    environment.globals |= {"HEIGHT": HEIGHT, "WIDTH": WIDTH, "ROWS": ROWS}
    return environment
