"""The report of matching for people: what it says, in Markdown and a real browser; foreign text stays text."""

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, sync_playwright

from include.matching.page import markdown, page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "a|b `c` <script>alert(1)</script>\n@everyone [x](https://evil.example) \u202e www.evil.example"
DIALECT = MarkdownIt("gfm-like")


def size(mentions: int, records: int, weight: float) -> dict[str, float]:
    return {"mentions": mentions, "records": records, "weight": weight}


def name(**facts: Any) -> dict[str, Any]:
    known = {"name": "VISTRA CORP", "country": "US", "records": 3, "weight": 95e6, "decision": "review", "score": 0.81}
    known |= {"candidate_id": "L1", "candidate_name": "Vistra Energy Corp.", "reasons": "same country"}
    return known | facts


def report(**facts: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "format": 1,
        "register": {
            "dataset": "lei_entities",
            "content": "e" * 64,
            "rows": 69_668,
            "left_out": {"no id": 3, "no country": 5},
        },
        "legal_forms": {"dataset": "elf_codes", "content": "5" * 64},
        "model": "ab12",
        "folding": "ff00",
        "settings": {"accept": 0.95, "review": 0.3},
        "settings_digest": "0123456789abcdef",
        "rows": {"no name": 4, "country not in ISO 3166-1": 7},
        "examples": {"country not in ISO 3166-1": ["XX", "UK"]},
        "decisions": {
            "accept": size(60, 130, 750.0),
            "review": size(15, 20, 150.0),
            "reject": size(20, 30, 100.0),
            "none": size(5, 5, 0.0),
        },
        "methods": {"exact": size(50, 100, 700.0), "fuzzy": size(45, 80, 300.0), "none": size(5, 5, 0.0)},
        "coverage": {"mentions": 0.6, "records": 0.702703, "weight": 0.75},
        "unresolved": [name(), name(name="NOBODY", country=None, candidate_name=None, score=None, decision="none")],
        "compared": 30,
        "carried_over": 70,
        "identifiers": {
            "lei": {"sound": 10, "repaired": 2, "examples": {"repaired": ["5493]", "x"]}},
            "conflicting": 1,
            "conflicts": ["BOLT"],
        },
        "judgements": {"used": 2, "orphaned": [{"name": "Acme", "lei": "GONE"}]},
        "changes": {"went: entity left the register": 3, "appeared: name new in the data": 12},
        "parents": {"relations": {"used": 900, "expired": 20}},
        "ownership": {
            "quantity": "emissions_tco2e",
            "rest": "unallocated",
            "facilities": 8_156,
            "companies": 2_508,
            "given": "2601995333.1920619210765",
            "allocated": "2563963055.2082309210765",
            "linked": "1466287458.3898559724095",
            "unallocated": "38032277.983831",
            "unallocated_by": {"no_share": "37930859.023"},
            "findings": {"no_share": 81},
        },
    }
    return known | facts


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not on PATH (Debian: apt install chromium)")
    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


def test_it_says_what_is_linked_what_waits_and_why_links_changed() -> None:
    text = markdown(report(), "my_companies")
    for said in (
        "60 of 100 names linked: 60.0 % of the names, 70.3 % of the rows, 75.0 % of the weight. 15 names wait",
        "| linked | ███████████████ | 75.0 % | 60 | 130 | 750 |",
        "| same words | ██████████████ | 70.0 % | 50 | 100 | 700 |",
        "Linked from a probability of 0.95 on; from 0.3 on a person decides: commons review my\\_companies.",
        "# Names of my\\_companies matched to lei\\_entities",
        "30 names compared, 70 carried over from the last version.",
        "| `VISTRA CORP` | `US` | 95,000,000 | for a person to decide | `Vistra Energy Corp.` | 0.81 | same country |",
        "| `NOBODY` |  | 95,000,000 | no candidate |  |  | same country |",
        "| lei sound | 10 |  |",
        "| lei repaired | 2 | `5493], x` |",
        "| conflicts | 1 | `BOLT` |",
        "| rows: country not in ISO 3166-1 | 7 | `XX, UK` |",
        "| orphaned | 1 | `Acme GONE` |",
        "| relations expired | 20 |",
        "| unallocated |  | 1.5 % | 38,032,277.983831 |",
        "| of it, to linked entities | ███████████ | 56.4 % | 1,466,287,458.3898559724095 |",
        "| register: no id | 3 |",
        "| register: entities of no country, compared without | 5 |",
        "`lei_entities eeeeeeeeeeee, 69,668 rows`",
    ):
        assert said in text, said
    assert text.index("appeared: name new in the data") < text.index("went: entity left the register")


def test_what_a_person_should_know_is_said_above_all() -> None:
    against = {"name": "Acme", "country": None, "lei": "L1", "by": "ana", "on": "2026-01-31"}
    judged = {"disagreeing": [{**against, "evidence": said} for said in ("one", "other")], "orphaned": [against]}
    few = {"mentions": 0.1, "records": 0.1, "weight": None}
    register = {"dataset": "lei_entities", "content": "e", "countries": {"US": 20, "DE": 1}}
    for text in (
        markdown(report(judgements=judged, coverage=few, register=register, reasons={"no word in common": 9}), "x"),
        page(report(judgements=judged, coverage=few, register=register, reasons={"no word in common": 9}), "x"),
    ):
        lead = html.unescape(text).replace("\\_", "_")
        for said in (
            "it has entities of 2 countries, most of US 20, DE 1.",
            "Without a link, most often: no word in common (9 names).",
            "New evidence speaks against 1 judgement; the report names them.",
            "lei_entities no longer has the entity of 1 judgement.",
        ):
            assert said in lead
    assert "New evidence" not in markdown(report(judgements={}), "x")
    assert "Few are linked" not in markdown(report(), "x")


def test_without_weight_rows_are_what_counts() -> None:
    nothing = {"accept": size(1, 3, 0.0), "review": size(1, 1, 0.0)}
    text = markdown(report(decisions=nothing, coverage={"mentions": 0.5, "records": 0.75, "weight": None}), "x")
    assert "1 of 2 names linked: 50.0 % of the names, 75.0 % of the rows. 1 name waits for a person." in text
    assert "| linked | ███████████████ | 75.0 % | 1 | 3 |\n" in text


def test_a_first_report_of_nothing_at_all_can_be_drawn() -> None:
    bare = report(decisions={}, methods={}, coverage=dict.fromkeys(("mentions", "records", "weight")), unresolved=[])
    for later in ("changes", "parents", "ownership", "identifiers", "judgements"):
        del bare[later]
    assert "0 of 0 names linked. 0 names wait for a person." in markdown(bare, "x")
    assert "Ownership" not in page(bare, "x")


def test_foreign_text_is_no_markup_in_markdown() -> None:
    drawn = DIALECT.render(markdown(hostile(), "x"))
    assert re.findall(r"<(?:script|a|img)\b", drawn) == []
    assert "\u202e" not in drawn
    assert drawn.count("alert(1)") > 3


def hostile() -> dict[str, Any]:
    names = [name(name=HOSTILE, country=HOSTILE, candidate_name=HOSTILE, reasons=HOSTILE)]
    examples = {"country not in ISO 3166-1": [HOSTILE]}
    return report(unresolved=names, examples=examples, judgements={"orphaned": [{"name": HOSTILE}]})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_shows_it_within_its_width_and_it_asks_for_nothing(
    browser: Browser, tmp_path: Path, width: int, scheme: Any
) -> None:
    (tmp_path / "match.html").write_text(page(hostile(), "x"), encoding="utf-8")
    shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    told: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: told.append(message.text))
    shown.on("dialog", lambda dialog: told.append(f"dialog: {dialog.message}"))
    shown.goto((tmp_path / "match.html").as_uri())
    assert (asked, told) == ([(tmp_path / "match.html").as_uri()], [])
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    text = re.sub(r"\s+", " ", shown.inner_text("body"))
    assert "linked 75.0 % 60 130 750" in text
    assert "<script>alert(1)</script>" in text
    assert shown.locator("script, a, img, [style]").count() == 0
    bars = shown.locator("svg rect:not(.ground)")
    widths = [round(bars.nth(at).bounding_box()["width"], 1) for at in range(3)]  # type: ignore[index]
    assert widths[0] == pytest.approx(5 * widths[1], rel=0.05)
    assert widths[1] == pytest.approx(1.5 * widths[2], rel=0.05)
    colours = {bars.nth(at).evaluate("bar => getComputedStyle(bar).fill") for at in range(3)}
    assert len(colours - {"rgb(0, 0, 0)"}) == 3
