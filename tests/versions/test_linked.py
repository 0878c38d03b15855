"""The diff of two versions whose names are matched: which links changed and why, for whom, and what can't be read."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from include.cli.differences import drawn
from include.contracts.columns import Column, TableSchema
from include.diff.audience import shown_to
from include.diff.links import Links, LinkTotals
from include.diff.markdown import markdown
from include.diff.model import DatasetDiff
from include.diff.page import page
from include.matching import links as reasons
from include.tables import parquet
from include.versions.causes import Pinned
from include.versions.comparing import compared
from include.versions.pins import Entry
from tests.matching.test_links import matches, mention
from tests.versions.house import facts, house, version

CONTRACT = """title: Plants
description: Plants and their owners.
owner: data@example.org
licence: CC0-1.0
access: public
key: [plant]
source: {url: "https://example.org/plants.csv"}
"""
MATCH = "match: {register: entities, entity: owner, country: land, weight: mw}\n"
REGISTER = "register: {id: lei, name: legal_name, country: land, status: state, legal_forms: forms}\n"


def columns(*names: str, key: str, **sensitivity: Any) -> TableSchema:
    made = (
        Column(
            name=name, id=number, type="float64" if name == "mw" else "string", nullable=name != key,
            sensitivity=sensitivity.get(name, "public"),
        )
        for number, name in enumerate(names, 1)
    )  # fmt: skip
    return TableSchema(columns=tuple(made), key=(key,))


class Room:
    """A deployment with a register `entities` and a dataset `plants` whose owners are matched to it."""

    def __init__(self, place: Path) -> None:
        self.place, self.house = place, house(place / "house")
        self.heads: dict[str, str] = {}
        self.count = 0

    def _publish(self, name: str, folder: Path, schema: TableSchema, rows: int) -> Entry:
        self.count += 1
        told = facts(rows, name=name, run=f"manual__{self.count}", base=self.heads.get(name))
        done = self.house.publish(folder, told, schema).entry
        self.heads[name] = done.md5
        return done

    def register(self, status: dict[str, str] | None = None, **entities: str) -> Entry:
        """A version of the register: entities by LEI, all issued unless `status` says otherwise."""
        schema = columns("lei", "legal_name", "land", "state", key="lei")
        states = dict.fromkeys(entities, "ISSUED") | (status or {})
        values = {
            "lei": sorted(entities),
            "legal_name": [entities[lei] for lei in sorted(entities)],
            "land": ["US"] * len(entities),
            "state": [states[lei] for lei in sorted(entities)],
        }
        folder = version(self.place / f"r{self.count}", {}, schema=schema, frame=pl.LazyFrame(values))
        (folder / "contract.yaml").write_text(CONTRACT.replace("plant]", "lei]") + REGISTER)
        return self._publish("entities", folder, schema, len(entities))

    def plants(
        self, owners: dict[str, str], links: pl.DataFrame | None, register: Entry | None = None, **others: Any
    ) -> Entry:
        """A version of the plants; `others`: sensitivity of columns, settings (digest), report (match.json's text)."""
        settings, report = others.pop("settings", "s1"), others.pop("report", None)
        schema = columns("plant", "owner", "land", "mw", key="plant", **others)
        plants = sorted(owners)
        values = {"plant": plants, "owner": [owners[plant] for plant in plants], "land": "US", "mw": 7.0}
        folder = version(self.place / f"p{self.count}", {}, schema=schema, frame=pl.LazyFrame(values))
        (folder / "contract.yaml").write_text(CONTRACT + (MATCH if links is not None else ""))
        if links is not None:
            parquet.write(links, folder / "matches.parquet")
            queue = dict.fromkeys(("name", "entity_id"), pl.String)
            parquet.write(pl.DataFrame(schema=queue), folder / "review.parquet")
            told = {"dataset": "entities", "content": register.meta.content if register else ""}
            told |= {"md5": register.md5, "remote": register.remote} if register else {}
            text = json.dumps({"format": 1, "register": told, "settings_digest": settings})
            (folder / "match.json").write_text(report or text)
        return self._publish("plants", folder, schema, len(plants))

    def diff(self, before: Entry | None, after: Entry) -> DatasetDiff:
        self.count += 1
        clone = self.house.clone(f"clone{self.count}")
        old = Pinned(before, None) if before else None
        return compared(clone, old, Pinned(after, None), self.place / f"cache{self.count}")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def links_of(diff: DatasetDiff) -> Links:
    assert diff.links is not None
    assert diff.problem is None
    return diff.links


def changed(found: Links) -> list[tuple[str, str, str, str | None]]:
    return [(one.name, one.change, one.reason, one.detail) for one in found.heaviest]


OWNERS = {"p1": "Acme", "p2": "Bolt", "p3": "Cole"}


def linked(name: str, lei: str | None, decision: str = "accept", **others: Any) -> dict[str, Any]:
    return mention(name, lei, decision, **{"candidate_name": lei and f"{name} Inc", "weight": 7.0, **others})


def test_each_link_that_changed_is_told_with_its_reason_from_both_registers(room: Room) -> None:
    old = room.register(L1="Acme Inc", L2="Bolt Inc", L3="Cole Inc")
    new = room.register({"L2": "MERGED"}, L2="Bolt Inc", L3="Cole Group Inc", L4="Acme Holding")
    owners = OWNERS | {"p4": "Dune"}
    before = room.plants(
        owners, matches(*(linked(name, lei) for name, lei in (("Acme", "L1"), ("Bolt", "L2"), ("Cole", "L3"))),
                        linked("Dune", None, "none", weight=50.0)), old,
    )  # fmt: skip
    after = room.plants(
        owners,
        matches(
            linked("Acme", "L4", "review", score=0.61, register_version="r2"),
            linked("Bolt", "L2", "reject", weight=90.0, register_version="r2"),
            linked("Cole", "L3", "review", register_version="r2"),
            linked("Dune", "L4", weight=50.0, register_version="r2"),
        ),
        new,
    )
    diff = room.diff(before, after)
    found = links_of(diff)
    assert diff.status == "changed"
    assert (found.before, found.after) == (
        LinkTotals(names=4, linked=3, review=0), LinkTotals(names=4, linked=1, review=2)
    )  # fmt: skip
    assert (found.changed, found.problem) == (4, None)
    assert changed(found) == [
        ("Bolt", "went", reasons.MERGED, "ISSUED → MERGED"),
        ("Dune", "appeared", reasons.NEW_CANDIDATE, "L4"),
        ("Acme", "to review", reasons.LEFT, "L1"),
        ("Cole", "to review", reasons.RENAMED, "Cole Inc → Cole Group Inc"),
    ]
    assert [(count.change, count.links) for count in found.counts] == [
        ("went", 1),
        ("to review", 1),
        ("to review", 1),
        ("appeared", 1),
    ]
    acme = found.heaviest[2]
    assert (acme.before.entity, acme.before.state, acme.after.entity, acme.after.score) == ("L1", "linked", "L4", 0.61)


def test_a_cell_with_another_name_is_one_link_that_changed(room: Room) -> None:
    register = room.register(L1="Acme Inc", L2="Zenith Inc")
    before = room.plants(OWNERS, matches(linked("Acme", "L1"), linked("Bolt", None, "none")), register)
    after = room.plants(
        OWNERS | {"p1": "Zenith"}, matches(linked("Zenith", "L2"), linked("Bolt", None, "none")), register
    )
    assert changed(links_of(room.diff(before, after))) == [
        ("Zenith", "changed", "name as published changed", "Acme → Zenith")
    ]


def test_other_settings_explain_a_link_where_nothing_else_does(room: Room) -> None:
    register = room.register(L1="Acme Inc")
    before = room.plants(OWNERS, matches(linked("Acme", "L1")), register)
    after = room.plants(OWNERS, matches(linked("Acme", "L1", "review")), register, settings="s2")
    assert changed(links_of(room.diff(before, after))) == [("Acme", "to review", reasons.SETTINGS, None)]


def test_versions_with_and_without_links_and_the_first_one(room: Room) -> None:
    register = room.register(L1="Acme Inc")
    without = room.plants(OWNERS, None)
    with_links = room.plants(OWNERS, matches(linked("Acme", "L1"), linked("Bolt", "L1", "review")), register)
    again = room.plants(OWNERS | {"p9": "Acme"}, None)
    first = links_of(room.diff(without, with_links))
    assert (first.before, first.after) == (None, LinkTotals(names=2, linked=1, review=1))
    assert {one.reason for one in first.heaviest} == {reasons.FIRST}
    assert {one.reason for one in links_of(room.diff(with_links, again)).heaviest} == {reasons.NO_LONGER}
    assert room.diff(without, again).links is None
    new = links_of(room.diff(None, with_links))
    assert (new.after, new.changed, new.heaviest) == (LinkTotals(names=2, linked=1, review=1), 0, ())


def test_a_register_or_a_report_that_is_gone_is_told_and_the_links_all_the_same(room: Room) -> None:
    """Fault 10: bytes that a pin names are absent on the remote."""
    old, new = room.register(L1="Acme Inc"), room.register(L2="Acme Group")
    before = room.plants(OWNERS, matches(linked("Acme", "L1")), old)
    after = room.plants(OWNERS, matches(linked("Acme", "L2", register_version="r2")), new)
    Path(room.house.remote("public").path(new.md5)).unlink()
    found = room.diff(before, after).links
    assert found
    assert found.problem
    assert "entities" in found.problem
    assert "is absent" in found.problem
    assert changed(found) == [("Acme", "changed", reasons.NEW_CANDIDATE, "L2")]
    torn = room.plants(OWNERS, matches(linked("Acme", "L1", register_version="r2")), new, report="no report")
    found = room.diff(before, torn).links
    assert found
    assert "match.json" in str(found.problem)
    moved = room.plants(
        OWNERS, matches(linked("Acme", "L2", register_version="r2")), report='{"register": {"dataset": "../x"}}'
    )
    assert "match.json" in str(getattr(room.diff(before, moved).links, "problem", ""))


def test_matches_that_no_publication_wrote_are_told_not_raised(room: Room) -> None:
    register = room.register(L1="Acme Inc")
    before = room.plants(OWNERS, matches(linked("Acme", "L1")), register)
    strange = pl.DataFrame({"name": ["Acme"], "weight": ["heavy"], "score": [0.1]})
    diff = room.diff(before, room.plants(OWNERS, strange, register))
    assert diff.table
    assert diff.links
    assert str(diff.links.problem).startswith("not compared. plants: matches.parquet of version ")


@pytest.mark.parametrize(("guarded", "level"), [("owner", "internal"), ("mw", "internal"), ("land", "restricted")])
def test_who_may_not_see_the_names_sees_counts_only(room: Room, guarded: str, level: Any) -> None:
    register = room.register(L1="Acme Inc", L2="Secret Holding")
    before = room.plants(OWNERS, matches(linked("Acme", "L1", weight=4711.0)), register, **{guarded: level})
    after = room.plants(
        OWNERS,
        matches(linked("Acme", "L2", weight=4711.0, candidate_name="Secret Holding")),
        register,
        **{guarded: level},
    )
    diff = shown_to_all(room.diff(before, after), "public")
    for text in diff.values():
        assert [secret for secret in ("Secret Holding", "L2", "4,711", "4711") if secret in text] == []
        assert reasons.UNKNOWN in text
    for text in shown_to_all(room.diff(before, after), "restricted").values():
        assert "Secret Holding" in text
        assert "Links: 1 of 1 name before (0 for a person to decide), 1 of 1 name after" in text or '"linked":1' in text


def shown_to_all(one: DatasetDiff, audience: Any) -> dict[str, str]:
    """Every report of the difference, for an audience."""
    from tests.diff.records import diff

    record = shown_to(diff(one), audience)
    console = Console(file=StringIO(), width=200)
    for part in drawn(record, 200):
        console.print(part)
    terminal: str = console.file.getvalue()  # type: ignore[attr-defined]
    return {"terminal": terminal, "markdown": markdown(record), "page": page(record), "json": record.model_dump_json()}
