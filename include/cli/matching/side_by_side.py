"""A name above its candidates, with what each has more and what it lacks."""

import re
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import Indel
from rich.table import Table
from rich.text import Text

from ...contracts.foreign import printable
from .queue import Candidate

Facts = Mapping[str, str | None]
LONGEST = 160
FACTS = {"country": "country", "legal_form": "legal form", "category": "kind", "status": "status"}
"""What is shown of an entity besides its name, and what it is called."""
ORDINARY = "GENERAL"
"""GLEIF's category of what is no fund, branch, government and so on: it tells nothing."""
ONLY_THERE, ONLY_HERE = "bold green underline", "red"
"""How words are marked that only the register's name has, and those that it lacks."""
LEGEND = Text.assemble(
    ("green", ONLY_THERE), ": only the register has it; ", ("without …", ONLY_HERE), ": only the name as given has it"
)


def marked(published: str, registered: str) -> Text:
    """The register's name, what it has more marked, and behind it what it lacks; letters' case makes no difference."""
    one, two = (_words(printable(text, LONGEST)) for text in (published, registered))
    told, lacking = Text(), list[str]()
    for step in Indel.opcodes([word.casefold() for word in one], [word.casefold() for word in two]):
        same = step.tag == "equal"
        for word in two[step.dest_start : step.dest_end]:
            told.append(word, None if same or word.isspace() else ONLY_THERE)
        lacking += [] if same else [word for word in one[step.src_start : step.src_end] if re.match(r"\w", word)]
    return told.append(f"  without {' '.join(lacking)}", ONLY_HERE) if lacking else told


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def drawn(name: str, country: str | None, numbered: Mapping[int, Candidate]) -> Table:
    """The name above its candidates, a column a fact that one of them has, and why they are likely or not."""
    candidates = numbered.values()
    facts = [key for key in FACTS if any(_fact(one.facts, key) for one in candidates)]
    table = Table("", "score", "name", *(FACTS[key] for key in facts), "id", box=None, padding=(0, 2, 0, 0))
    given = {"country": country}
    table.add_row("", "given", Text(printable(name, LONGEST), "bold"), *_facts(facts, given, {}))
    for number, one in numbered.items():
        table.add_row(
            Text(str(number), "bold cyan"),
            f"{one.score:.3f}",
            marked(name, one.facts.get("name") or ""),
            *_facts(facts, one.facts, given),
            Text(printable(one.id, 40), "dim"),
        )
        table.add_row("", "", Text(printable(one.reasons, 600), "dim"))
    return table


def _fact(facts: Facts, key: str) -> str:
    value = facts.get(key) or ""
    return "" if key == "category" and value == ORDINARY else printable(value, 40)


def _facts(keys: Iterable[str], values: Facts, given: Facts) -> list[Text]:
    return [
        Text(_fact(values, key), ONLY_THERE if given.get(key) not in (None, values.get(key)) else "") for key in keys
    ]
