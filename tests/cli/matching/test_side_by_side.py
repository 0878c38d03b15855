"""A name above its candidates: the register's names stand as they are, and a newcomer sees how they differ."""

import io

from rich.console import Console

from include.cli.matching.queue import Candidate
from include.cli.matching.side_by_side import ONLY_HERE, ONLY_THERE, drawn, marked
from tests.cli.matching.waiting import ENEL, ENEL_X


def parts(published: str, registered: str) -> list[tuple[str, str]]:
    text = marked(published, registered)
    assert text.plain.split("  without ")[0] == registered
    return [(text.plain[span.start : span.end].strip(), str(span.style)) for span in text.spans]


def test_the_register_s_name_is_shown_as_it_is_and_then_what_it_lacks() -> None:
    assert parts("Sonoco Products Co", "SONOCO CONSUMER PRODUCTS GREEN CAN") == [
        *((word, ONLY_THERE) for word in ("CONSUMER", "GREEN", "CAN")),
        ("without Co", ONLY_HERE),
    ]
    assert parts("mass. water res. auth", "Mass. Clean Water Trust")[-1] == ("without res auth", ONLY_HERE)
    assert parts("ENEL, SPA", "Enel Spa") == []


def screen(*candidates: Candidate) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(drawn("Enel", "IT", dict(enumerate(candidates, 1))))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def entity(lei: str, category: str | None, **facts: str) -> Candidate:
    known = {"name": "ENEL SPA", "country": "IT", "category": category} | facts
    return Candidate(lei, 0.5, "fuzzy", "some words", known)


def test_columns_are_called_what_they_hold_and_those_that_tell_nothing_are_left_out() -> None:
    heading, given, first = screen(entity(ENEL, "GENERAL")).splitlines()[:3]
    assert heading.split() == ["score", "name", "country", "id"]
    assert given.split() == ["given", "Enel", "IT"]
    assert first.split() == ["1", "0.500", "ENEL", "SPA", "IT", ENEL]
    text = screen(entity(ENEL, "GENERAL"), entity(ENEL_X, "FUND", status="RETIRED"))
    assert text.splitlines()[0].split() == ["score", "name", "country", "kind", "status", "id"]
    assert "GENERAL" not in text
    assert text.count("FUND") == text.count("RETIRED") == 1
