"""A name beside its candidates, with the words marked in which they differ."""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby

from rapidfuzz.distance import Indel
from rich.table import Table
from rich.text import Text

from ...contracts.foreign import printable
from .queue import Candidate

Facts = Mapping[str, str | None]
LONGEST = 160
ONLY_THERE, ONLY_HERE = "bold green underline", "red strike"
"""How words are marked that only the register's name has, and those that it lacks."""
LEGEND = Text.assemble("words that ", ("only the register has", ONLY_THERE), ", that ", ("it lacks", ONLY_HERE))


def marked(published: str, registered: str) -> Text:
    """The register's name, with what it has more and what it lacks; letters' case makes no difference."""
    one, two = (_words(printable(text, LONGEST)) for text in (published, registered))
    steps = Indel.opcodes([word.casefold() for word in one], [word.casefold() for word in two])
    told = Text()
    for equal, some in groupby(steps, lambda step: step.tag == "equal"):
        parts = list(some)
        here = "".join("".join(one[step.src_start : step.src_end]) for step in parts)
        there = "".join("".join(two[step.dest_start : step.dest_end]) for step in parts)
        if equal:
            told.append(there)
            continue
        told.append(here, ONLY_HERE if here.strip() else None)
        told.append(" " if here.strip() and there.strip() and not here.endswith(" ") else "")
        told.append(there, ONLY_THERE if there.strip() else None)
    return told


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def drawn(name: str, country: str | None, numbered: Mapping[int, Candidate]) -> Table:
    """The name above its candidates, a line a fact that one of them has, and why they are likely or not."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    candidates = numbered.values()
    told = {key: [one.facts.get(key) for one in candidates] for key in ("country", "legal_form", "category", "status")}
    facts = [key for key, values in told.items() if any(values)]
    table.add_row("", "", Text(printable(name, LONGEST), "bold"), *_facts(facts, {"country": country}, {}))
    for number, one in numbered.items():
        table.add_row(
            Text(str(number), "bold cyan"),
            f"{one.score:.3f}",
            marked(name, one.facts.get("name") or ""),
            *_facts(facts, one.facts, {"country": country}),
            Text(printable(one.id, 40), "dim"),
        )
        table.add_row("", "", Text(printable(one.reasons, 600), "dim"))
    return table


def _facts(keys: Iterable[str], values: Facts, given: Facts) -> list[Text]:
    return [
        Text(printable(values.get(key) or "", 40), ONLY_THERE if given.get(key) not in (None, values.get(key)) else "")
        for key in keys
    ]
