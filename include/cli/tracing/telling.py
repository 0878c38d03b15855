"""The answer to what is asked of lineage, for people or machines."""

import sys

from ...catalogue.impact import affected
from ...contracts.foreign import printable
from ..console import out, plain, print_json
from ..progress import progress
from . import said
from .asking import asked, gaps
from .drawing import consequences, drawn

_FILES = 20


def told(name: str, column: str | None, *, up: bool, down: bool, impact: bool, as_json: bool) -> None:
    """Prints the lineage of dataset `name` (or of its column), or who a change of it hits. Raises as `asked`."""
    with progress("Reading contracts and versions"):
        question = asked(name, column)
    if impact:
        hit = affected(question.graph, question.known, question.nodes, column)
        missing = gaps(question, question.down())
        if as_json:
            return print_json(said.impact(question, hit, missing))
        tree = consequences(question, hit)
    else:
        above, below = question.up() if up else None, question.down() if down else None
        missing = gaps(question, [*(above or ()), *(below or ())])
        if as_json:
            return print_json(said.lineage(question, above, below, missing))
        tree = drawn(question, up, down, _FILES if out.is_terminal else sys.maxsize)
    whole = not out.is_terminal  # what is piped has its lines whole
    out.print(tree, no_wrap=whole, crop=not whole, overflow="ignore" if whole else None)
    for sentence in missing:
        out.print(plain(printable(sentence, 2000)), highlight=False, soft_wrap=True, style="dim")
    return None
