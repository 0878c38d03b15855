"""The site of all datasets: what its pages say, what they never show, and that the same facts give the same bytes."""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from include.catalogue.lineage import Graph, graph
from include.catalogue.model import Described
from include.catalogue.site.build import build
from include.catalogue.site.citation import bibtex, citation
from include.catalogue.site.network import dependents, network
from include.catalogue.site.pages import LONGEST, Page, pages
from include.catalogue.site.picture import HEIGHT, MOST, WIDTH, Picture, pictures
from include.catalogue.site.shown import columns, rules
from include.catalogue.site.trend import HEIGHT as FULL
from include.catalogue.site.trend import trends
from include.contracts import loader
from tests.catalogue.made import CANARY, CONTENT, hostile, past, planned, plants


def derived(name: str, *upstream: str) -> Described:
    """A dataset without a version that refers to others."""
    references = "".join(f"    - {{columns: [id], dataset: {other}, to: [id]}}\n" for other in upstream)
    said = f"title: {name}\ndescription: d\nowner: {name}@example.org\nlicence: CC0-1.0\n"
    said += f"source: {{url: 'https://example.org/{name}.csv'}}\n"
    said += f"expect:\n  references:\n{references}" if references else ""
    contract = loader.loads(said.encode())
    return Described(name, contract, addresses=contract.source.url)


def site(folder: Path, datasets: Sequence[Described]) -> Path:
    """The folder of the site."""
    build(pages(datasets), folder / "sources", folder / "site")
    return folder / "site"


def page(name: str, *datasets: Described) -> Page:
    return next(one for one in pages(datasets) if one.name == f"datasets/{name}")


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def section(page: Page, id_: str) -> str:
    return text(next(part.html for part in page.sections if part.id == id_))


def test_a_page_says_what_the_dataset_is_and_how_to_cite_and_open_it() -> None:
    one = page("plants", plants())
    assert one.title == "Power plants"
    for said in (
        "Plants and their owners.",
        "Rows 40",
        "Columns 11",
        "2026-02-01",
        "@monthly",
        "plants@example.org",
        "Domain Energy",
    ):
        assert said in text(one.lead), said
    assert "capacity_mw restricted decimal(18,3) MW Term: Energy.Installed capacity" in section(one, "columns")
    assert "In the source: Plant name" in section(one, "columns")
    assert "1" * 40 in section(one, "cite")
    assert CONTENT in section(one, "cite")
    assert "CC-BY-4.0" in section(one, "cite")
    assert f"--at {'1' * 12} --to plants.parquet" in section(one, "open")
    assert "https://example.org/data/plants%202024.csv?year=2024" in section(one, "record")


def test_a_dataset_without_a_version_says_so_on_its_page() -> None:
    one = page("plants", planned())
    assert "No version is published yet." in one.lead
    assert "commons run plants" in section(one, "open")
    assert "no version to cite" in section(one, "cite")
    assert "None is committed yet." in section(one, "versions")


def test_a_withdrawn_version_is_told_at_the_top() -> None:
    gone = {"by": "jane@example.org", "at": "2026-03-01", "why": "Wrong units."}
    one = page("plants", plants(record=plants().record | {"withdrawn": gone}))
    assert "Withdrawn by jane@example.org on 2026-03-01: Wrong units." in text(one.lead)


def test_values_are_shown_of_public_columns_only() -> None:
    open_ = replace(plants(), contract=plants().contract.model_copy(update={"access": "public"}))
    open_ = replace(open_, record=plants().record | {"access": "public"})
    shown = {column.name: column for column in columns(open_)}
    assert shown["country"].values == ("DE", "FR")
    assert shown["capacity_mw"].spread == (0.5, 1234.5)
    assert (shown["owner"].sensitivity, shown["owner"].values, shown["owner"].spread) == ("restricted", (), None)
    assert (shown["share_pct"].sensitivity, shown["share_pct"].spread) == ("internal", None)
    guarded = columns(plants())
    assert guarded
    assert [column for column in guarded if column.values or column.spread or column.sensitivity == "public"] == []


def test_a_guarded_value_is_nowhere_in_the_folder(tmp_path: Path) -> None:
    """Contracts and records name the column; its values lie in profile, samples, allowed values, reasons and links."""
    assert CANARY in repr(plants())
    made = site(tmp_path, [plants(), planned("empty")])
    files = [file for file in made.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == []
    assert "owner" in (made / "datasets/plants.html").read_text()


def test_rules_that_do_not_hold_are_told_by_name_and_failures() -> None:
    found = rules(plants())
    assert found
    assert (found.total, found.held) == (4, 2)
    assert found.others == (("owner.isin", "warning", 3), ("rejected_pct", "waived", 1))


def test_versions_tell_what_changed_since_the_one_before() -> None:
    history = (
        past("c" * 64, 9, rows=50, quarantined=0, source_version="2"),
        past("b" * 64, 5, rows=40, why="Asked for.", code="3" * 40, withdrawn="jane on 2026-01-06: wrong"),
        past("a" * 64, 1, rows=40),
    )
    said = section(page("plants", plants(history=history)), "versions")
    assert "+10 rows; -3 quarantined; newer source" in said
    assert "as many rows; other code" in said
    assert "Withdrawn by jane on 2026-01-06: wrong" in said
    assert "the first" in said
    assert f"commons diff {5:040d}"[:24] in said


def test_a_difference_that_was_written_is_linked_from_its_version() -> None:
    known = plants()
    commit = known.history[0].commit
    one = next(iter(pages([known], {"plants": {commit: "../differences/plants.html"}})))
    assert '<a href="../differences/plants.html">all that differs</a>' in "".join(s.html for s in one.sections)


def test_quality_is_drawn_to_one_scale_from_the_oldest_version_on() -> None:
    rows, kept = trends(
        [past("c", 9, rows=50, quarantined=50, rejected=0), past("b", 5, rows=100, quarantined=0, rejected=0)]
    )
    assert [bar.height for bar in rows.bars] == [FULL, FULL / 2]
    assert rows.ends == ("2026-01-05", "2026-01-09")
    assert [(bar.part, bar.told) for bar in kept.bars] == [("quarantined", "2026-01-09: 50 % quarantined")]
    assert trends([past("b", 5)]) == ()


def test_a_citation_holds_version_commit_and_content_hash() -> None:
    said = citation(plants())
    assert said == (
        f"Data Commons (2026): Power plants (plants). Version of 2026-02-01, commit {'1' * 40}, content "
        f"sha256:{CONTENT}. Data set. Licence: CC-BY-4.0. From https://example.org/data/plants%202024.csv?year=2024."
    )
    odd = plants(contract=plants().contract.model_copy(update={"title": r"50 % of A&B_{x}\ "}))
    entry = bibtex(odd)
    assert entry
    assert r"title = {{50 \% of A\&B\_\{x\}\textbackslash{} }}" in entry
    assert (citation(planned()), bibtex(planned())) == (None, None)


# ---- lineage


def drawn(name: str, *datasets: Described) -> Picture:
    return pictures(network(graph(datasets)), name)[0]


def boxes(picture: Picture) -> dict[str, tuple[float, float]]:
    return {placed.box.id: (placed.x, placed.y) for placed in picture.boxes}


def test_the_picture_leads_from_the_address_to_the_datasets_made_of_it() -> None:
    picture = drawn("b", derived("a"), derived("b", "a"), derived("c", "b"))
    at = boxes(picture)
    assert set(at) == {"source example.org", "raw", "table", "dataset a", "dataset c"}
    assert at["source example.org"][0] < at["raw"][0] < at["table"][0] < at["dataset c"][0]
    assert at["dataset a"][0] < at["table"][0]
    links = {placed.box.id: placed.box.href for placed in picture.boxes}
    assert links["dataset a"] == "a.html"
    assert links["source example.org"] == "https://example.org/b.csv"
    assert len(picture.arrows) == 4


def test_boxes_of_a_picture_do_not_overlap_and_lie_in_its_frame() -> None:
    many = [derived(f"u{number}") for number in range(6)]
    middle = derived("middle", *(one.name for one in many))
    users = [derived(f"d{number}", "middle", "u0") for number in range(5)]
    for picture in pictures(network(graph([*many, middle, *users])), "middle"):
        placed = picture.boxes
        assert len(placed) == 14
        for at, one in enumerate(placed):
            assert one.x >= 0
            assert one.y >= 0
            assert one.x + WIDTH <= picture.width
            assert one.y + HEIGHT <= picture.height
            for other in placed[at + 1 :]:
                assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT


def test_datasets_in_a_circle_are_drawn_and_told() -> None:
    made = [derived("a", "c"), derived("b", "a"), derived("c", "b")]
    assert {"dataset b", "dataset c", "table"} < set(boxes(drawn("a", *made)))
    net = network(graph(made))
    assert [one.name for one in dependents(net, "a", {})] == ["b", "c"]


def test_a_picture_of_too_many_datasets_says_how_many_it_leaves_out() -> None:
    made = [derived("a"), *(derived(f"d{number:02}", "a") for number in range(MOST + 3))]
    picture = drawn("a", *made)
    assert len([id_ for id_ in boxes(picture) if id_.startswith("dataset")]) == MOST
    assert picture.left_out == "Not drawn: 3 datasets further down."


def test_whoever_depends_on_it_is_named_with_owner_and_way() -> None:
    known: Graph = graph([derived("a"), derived("b", "a"), derived("c", "b")])
    found = dependents(network(known), "a", known.owners)
    assert [(one.name, one.owner, one.how) for one in found] == [
        ("b", "b@example.org", "checked against"),
        ("c", "c@example.org", "through b"),
    ]


# ---- the folder


def test_the_same_datasets_give_the_same_bytes(tmp_path: Path) -> None:
    made = [site(tmp_path / name, [plants(), hostile_named(), derived("a", "plants")]) for name in ("one", "other")]
    first, second = (
        {file.relative_to(at): file.read_bytes() for file in at.rglob("*") if file.is_file()} for at in made
    )
    assert len(first) > 20
    assert first == second


def hostile_named() -> Described:
    return replace(hostile(), name="hostile")


def test_texts_of_any_kind_break_no_page(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "commons"):
        made = site(tmp_path, [hostile_named()])
    assert caplog.messages == []
    html = (made / "datasets/hostile.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ x }}" in html
    assert "Cut after 2,000 of 1,000,000 characters" in html
    assert len(html) < 40 * LONGEST


def test_the_search_reads_what_tells_datasets_apart(tmp_path: Path) -> None:
    script = (site(tmp_path, [plants(), derived("a", "plants")]) / "searchindex.js").read_text()
    assert "capacity_mw" in script
    assert CONTENT[:12] not in script
    assert "misc" not in script


def test_no_link_leads_to_a_page_or_place_that_is_not_there(tmp_path: Path) -> None:
    """`plants` refers to datasets that have no page: their contracts are broken, or left the repository."""
    made = site(tmp_path, [plants(), hostile_named(), derived("a", "plants"), derived("b", "a", "gone")])
    inside = re.compile(r'href="(?!https?:|pkg:)([^"]*)"')
    found = [(file, link) for file in made.rglob("*.html") for link in inside.findall(file.read_text())]
    assert len(found) > 100
    for file, link in found:
        path, _, anchor = link.partition("?")[0].partition("#")
        target = file.parent / path if path else file
        assert target.is_file(), (file, link)
        assert not anchor or anchor.startswith("svg-") or f'id="{anchor}"' in target.read_text(), (file, link)
    assert "countries" in (made / "datasets/plants.html").read_text()


def test_no_dataset_gives_a_site_that_says_so(tmp_path: Path) -> None:
    assert "There is no dataset yet" in (site(tmp_path, []) / "index.html").read_text()
