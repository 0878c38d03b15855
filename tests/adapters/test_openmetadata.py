"""OpenMetadata told of datasets: all of what is known, once; what people wrote stays; and it fails in words."""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from include.adapters.openmetadata import client as api
from include.adapters.openmetadata.agreeing import Memories, Report, Sync, differences
from include.adapters.openmetadata.catalogued import Catalogued
from include.adapters.store import Store
from include.catalogue.entities import claimed_once, entry
from include.catalogue.lineage import graph
from include.catalogue.model import Described
from include.catalogue.naming import pipeline, place
from include.catalogue.nodes import Node
from include.contracts.columns import Column, TableSchema
from include.errors import DataError, EnvironmentFault
from include.settings import REPOSITORY
from tests.catalogue import made
from tests.openmetadata.deployed import Deployed, deployed
from tests.openmetadata.server import Fault

SMALL = TableSchema(columns=(Column(name="code", id=1, type="string", nullable=False),), key=("code",))
ROW = (
    {column.name: None for column in made.SCHEMA.columns}
    | {"code": "a", "share": 1.0, "b": "x"}
    | {"plant": "Alpha", "country": "DE", "owner": made.CANARY}
)
SOURCE = Node("source", made.ADDRESS)


@dataclass
class Told:
    """A server, and what was remembered of what it was told."""

    server: Deployed
    store: Store

    def sync(
        self, *datasets: Described, known: Sequence[str] = (), many: bool = False, whole: bool = True, **lineage: Any
    ) -> Report:
        where = self.server.lineage(**lineage)
        entries, problems = self.entries(*datasets)
        with api.speaking(where):
            run = Sync(Catalogued(api.connect(where)), self.memories(), self.dag, whole)
            report = run.run(entries, {*known, *(one.name for one in datasets)}, many)
        report.problems[:0] = problems
        return report

    def diff(self, *datasets: Described) -> list[dict[str, Any]]:
        there = Catalogued(api.connect(self.server.lineage()))
        names = [one.name for one in datasets]
        return differences(there, self.entries(*datasets)[0], self.memories(), names, whole=True)

    def entries(self, *datasets: Described) -> Any:
        known = graph(datasets)
        return claimed_once([entry(one, known, self.server.names, lambda: [ROW]) for one in datasets])

    def memories(self) -> Memories:
        return Memories(self.store, self.server.endpoint)

    def dag(self, name: str) -> str:
        return pipeline("airflow", self.server.names.dag_id(name))

    def fqn(self, kind: Any, name: str) -> str:
        return place(Node(kind, name), self.server.names).fqn

    def table(self, name: str = "plants", kind: str = "table") -> dict[str, Any]:
        return self.server.named("tables", self.fqn(kind, name), fields="owners,tags,domains,extension,columns")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with deployed() as server:
        yield Told(server, Store(f"file://{tmp_path}/store/dev"))


def small(name: str, more: str = "", **others: Any) -> Described:
    """A dataset of one column."""
    said = made.contract(more, references="[]")
    known = {"record": made.record(inputs=[]), "schema": SMALL, "quality": {}, "addresses": (made.ADDRESS,)}
    return Described(name, said, **{**known, **others})


def others() -> tuple[Described, Described]:
    """What made.plants() is checked against and matched with."""
    return small("countries"), small("companies")


def with_description(one: Described, text: str) -> Described:
    return replace(one, contract=one.contract.model_copy(update={"description": text}))


def tags(entity: dict[str, Any]) -> set[str]:
    return {tag["tagFQN"] for tag in entity["tags"]}


def test_a_table_says_all_that_contract_schema_and_version_say(told: Told) -> None:
    report = told.sync(made.plants(), *others())
    assert (report.problems, report.kept) == ([], [])
    table = told.table()
    columns = {column["name"]: column for column in table["columns"]}
    assert list(columns) == [column.name for column in made.SCHEMA.columns]
    assert (table["displayName"], table["description"]) == ("Power plants", "Plants and their owners.")
    assert tags(table) == {"Sensitivity.public", 'Licence."CC-BY-4.0"', "Tier.Tier2"}
    assert [owner["name"] for owner in table["owners"]] == ["plants@example.org"]
    assert [domain["name"] for domain in table["domains"]] == ["Energy"]
    assert "10" in json.dumps(table["retentionPeriod"])
    capacity = columns["capacity_mw"]
    assert (capacity["dataType"], capacity["dataTypeDisplay"], capacity["precision"]) == (
        "DECIMAL",
        "decimal(18,3)",
        18,
    )
    assert capacity["description"] == "Unit: MW."
    assert tags(capacity) == {"Energy.Installed capacity"}
    assert (columns["plant"]["constraint"], columns["plant"]["description"]) == ("PRIMARY_KEY", "Its name.")
    assert [name for name, column in columns.items() if column.get("tags")] == ["owner", "capacity_mw", "share_pct"]
    assert tags(columns["owner"]) == {"Sensitivity.restricted"}
    facts = table["extension"]
    assert (facts["commons_commit"], facts["commons_content"]) == ("1" * 40, made.CONTENT)
    assert facts["commons_versions"].count("\n| 2026-01-") == 3
    assert "Asked for." in facts["commons_versions"]


def test_links_of_names_and_quantities_by_owner_are_tables_too(told: Told) -> None:
    told.sync(made.plants(), *others())
    links, rollup = (told.table("plants", kind) for kind in ("matches", "rollup"))
    assert [column["name"] for column in links["columns"]][:4] == ["name", "given_country", "country", "records"]
    assert tags(links["columns"][0]) == {"Sensitivity.restricted"}
    assert [column["name"] for column in rollup["columns"]] == [
        "company", "linked", "name", "ultimate_parent", "capacity_mw", "facilities",
    ]  # fmt: skip


def test_edges_are_those_of_the_lineage_with_their_columns(told: Told) -> None:
    datasets = (made.plants(), *others())
    told.sync(*datasets)
    known, checked = graph(datasets), 0
    for node in known.nodes() - {node for node in known.nodes() if node.kind == "source"}:
        at = place(node, told.server.names)
        asked = {"upstreamDepth": 1, "downstreamDepth": 0}
        answer = told.server.ask("GET", f"/lineage/{at.type}/name/{api.quote(at.fqn, safe='')}", **asked)
        names = {one["id"]: one["fullyQualifiedName"] for one in answer["nodes"]}
        above = {place(edge.upstream, told.server.names).fqn for edge in known.next(node, "up")}
        assert {names[edge["fromEntity"]] for edge in answer["upstreamEdges"]} == above
        checked += len(above)
    assert checked >= 8
    at = told.fqn("table", "plants")
    answer = told.server.ask("GET", f"/lineage/table/name/{at}", upstreamDepth=1, downstreamDepth=0)
    pairs = [p for edge in answer["upstreamEdges"] for p in edge["lineageDetails"].get("columnsLineage") or []]
    raw = told.fqn("raw", "plants")
    made_of = {pair["toColumn"]: (pair["fromColumns"], pair["function"]) for pair in pairs}
    assert made_of[f"{at}.plant"] == ([f"{raw}.Plant name"], "renamed, read as string")


def test_everything_is_made_before_an_edge_needs_it(told: Told) -> None:
    told.sync(made.plants(), *others())
    wrote = [one.route for one in told.server.told.asked if one.method != "GET"]
    first = wrote.index("PUT /lineage")
    made_after = [route for route in wrote[first:] if route.startswith(("PUT /tables", "PUT /containers"))]
    assert {*made_after} <= {"PUT /tables/{id}/tableProfile", "PUT /tables/{id}/sampleData"}
    assert not [one.route for one in told.server.told.asked if one.status >= 400 and one.status != 404]


def test_rules_are_test_cases_and_each_version_adds_a_result(told: Told) -> None:
    told.sync(made.plants(), *others())
    run = made.record()["run"] | {"published": "2026-03-01T00:03:20Z"}
    worse = [rule | {"failures": 7, "verdict": "warning"} for rule in made.QUALITY["rules"]]
    second = made.plants(record=made.record(content="9" * 64, run=run), quality={**made.QUALITY, "rules": worse})
    assert told.sync(second, *others()).problems == []
    case = f"{told.fqn('table', 'plants')}.owner.{'owner.isin'!r}".replace("'", '"')
    spans = {"startTs": 0, "endTs": 2_000_000_000_000}
    path = f"/dataQuality/testCases/testCaseResults/{api.quote(case, safe='')}"
    results = told.server.ask("GET", path, **spans)["data"]
    values = sorted((one["timestamp"], one["testResultValue"][0]["value"]) for one in results)
    assert [value for _, value in values] == ["3", "7"]
    assert values[1][0] == 1772323400000  # 2026-03-01T00:03:20Z
    whole = told.server.named("dataQuality/testCases", f"{told.fqn('table', 'plants')}.rejected_pct")
    assert whole["entityLink"] == f"<#E::table::{told.fqn('table', 'plants')}>"


def test_profile_sample_and_contract_hang_on_the_table(told: Told) -> None:
    told.sync(made.plants(), *others())
    state, table = told.server.told.state, told.table()
    sample = state.samples[table["id"]]
    shown = dict(zip(sample["columns"], sample["rows"][0], strict=True))
    assert (shown["plant"], shown["owner"], shown["share_pct"]) == ("Alpha", "masked", "masked")
    (profile,) = state.profiles[table["id"]].values()
    assert profile["tableProfile"]["rowCount"] == 40
    columns = {one["name"]: one for one in profile["columnProfile"]}
    assert (columns["capacity_mw"]["min"], columns["capacity_mw"]["max"], columns["owner"]["nullCount"]) == (
        0.5,
        1234.5,
        2,
    )
    assert not {"min", "max", "mean"} & ({*columns["owner"]} | {*columns["share_pct"]})
    asked = {"entityId": table["id"], "entityType": "table"}
    contract = told.server.ask("GET", "/dataContracts/entity", **asked)
    assert [column["name"] for column in contract["schema"]] == [column.name for column in made.SCHEMA.columns]
    assert "CC-BY-4.0" in contract["termsOfUse"]["content"]


def test_what_did_not_change_is_only_read(told: Told) -> None:
    told.sync(made.plants(), *others())
    before = len(told.server.told.asked)
    report = told.sync(made.plants(), *others())
    assert not any(vars(report).values())
    assert {one.method for one in told.server.told.asked[before:]} == {"GET"}
    assert told.diff(made.plants(), *others()) == []


def test_one_dataset_alone_is_told_and_nothing_else_is_taken_away(told: Told) -> None:
    told.sync(made.plants(), *others())
    report = told.sync(with_description(made.plants(), "Plants."), known=["countries", "companies"], whole=False)
    assert (report.changed, report.deleted) == ([f"{told.fqn('table', 'plants')}: description"], [])
    assert told.table()["description"] == "Plants."
    assert told.server.there("tables", told.fqn("table", "countries"))


def test_what_people_wrote_stays_and_is_told(told: Told) -> None:
    told.sync(made.plants(), *others())
    table = told.fqn("table", "plants")
    told.server.by_hand("tables", table, "/description", "Better words.")
    told.server.by_hand("tables", table, "/columns/2/description", "ISO code.")
    tier = {"tagFQN": "Tier.Tier1", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    told.server.by_hand("tables", table, "/columns/0/tags", [tier])
    report = told.sync(with_description(made.plants(), "The contract's new words."), *others())
    assert told.table()["description"] == "Better words."
    assert told.table()["columns"][2]["description"] == "ISO code."
    assert tags(told.table()["columns"][0]) == {"Tier.Tier1"}
    (words, tag) = sorted(report.kept, key=lambda said: "tags" in said)
    assert words == (
        f"{table}: description stays as people wrote it: 'Better words.'; "
        'the contract says "The contract\'s new words."'
    )
    assert "columns/plant/tags" in tag
    differing = told.diff(with_description(made.plants(), "The contract's new words."), *others())
    assert [(one["what"], one["state"]) for one in differing] == [
        ("description", "by hand"), ("columns/plant/tags", "by hand"),
    ]  # fmt: skip


def test_what_nobody_touched_follows_the_contract(told: Told) -> None:
    told.sync(small("shares", made.CATALOGUE.replace("capacity_mw", "code")))
    told.server.by_hand("tables", told.fqn("table", "shares"), "/columns/0/description", "A code.")
    later = with_description(small("shares"), "New words.")
    assert [one["what"] for one in told.diff(later)] == ["description", "tags", "columns/code/tags"]
    assert told.sync(later).kept == []
    table = told.table("shares")
    assert table["description"] == "New words."
    assert tags(table) == {"Sensitivity.public", 'Licence."CC-BY-4.0"'}
    assert (table["columns"][0]["description"], table["columns"][0].get("tags") or []) == ("A code.", [])


def test_a_tag_that_people_took_away_stays_away(told: Told) -> None:
    told.sync(small("shares"))
    told.server.by_hand("tables", told.fqn("table", "shares"), "/tags", [])
    report = told.sync(small("shares"))
    assert told.table("shares").get("tags") or [] == []
    assert len(report.kept) == 1
    assert 'Licence."CC-BY-4.0"' in report.kept[0].replace("\\", "")


def test_without_a_memory_what_differs_is_taken_for_what_people_wrote(told: Told, tmp_path: Path) -> None:
    told.sync(small("shares"))
    told.store = Store(f"file://{tmp_path}/another/dev")
    report = told.sync(with_description(small("shares"), "New words."))
    assert told.table("shares")["description"] == "Plants and their owners."
    assert len(report.kept) == 1


def test_columns_that_come_and_go_keep_what_people_wrote_of_the_others(told: Told) -> None:
    told.sync(small("shares"))
    told.server.by_hand("tables", told.fqn("table", "shares"), "/columns/0/description", "A code.")
    more = (Column(name="share", id=2, type="float64", nullable=True, unit="percent"), *SMALL.columns)
    told.sync(small("shares", schema=TableSchema(columns=more, key=("code",))))
    columns = told.table("shares")["columns"]
    assert [(one["name"], one.get("description")) for one in columns] == [
        ("share", "Unit: percent."),
        ("code", "A code."),
    ]


def test_a_table_that_somebody_deleted_by_hand_is_made_again_and_told(told: Told) -> None:
    told.sync(made.plants(), *others())
    table = told.fqn("table", "plants")
    told.server.ask("DELETE", f"/tables/{told.table()['id']}", recursive="true", hardDelete="true")
    assert [one["state"] for one in told.diff(made.plants(), *others()) if one["entity"] == table] == [
        "deleted by hand"
    ]
    report = told.sync(made.plants(), *others())
    assert report.recreated == [table]
    asked = {"upstreamDepth": 1, "downstreamDepth": 1}
    assert len(told.server.ask("GET", f"/lineage/table/name/{table}", **asked)["upstreamEdges"]) == 2
    assert told.diff(made.plants(), *others()) == []
    assert told.table()["id"] in told.server.told.state.profiles


def test_a_dataset_that_left_the_repository_is_deleted_softly(told: Told) -> None:
    datasets = [small(f"d{number:02d}") for number in range(11)]
    told.sync(*datasets)
    report = told.sync(*datasets[1:])
    assert sorted(report.deleted) == sorted([told.fqn("raw", "d00"), told.fqn("table", "d00")])
    gone = told.server.named("tables", told.fqn("table", "d00"), include="all")
    assert gone["deleted"] is True
    assert not any(vars(told.sync(*datasets[1:])).values())


def test_more_than_a_tenth_is_deleted_only_when_a_person_says_so(told: Told) -> None:
    datasets = [small(f"d{number:02d}") for number in range(11)]
    told.sync(*datasets)
    with pytest.raises(DataError, match=r"2 tables would be deleted and 0 emptied, of 11: .* add --many"):
        told.sync(*datasets[2:])
    assert told.server.there("tables", told.fqn("table", "d00"))
    assert len(told.sync(*datasets[2:], many=True).deleted) == 4


def test_more_than_a_tenth_is_emptied_only_when_a_person_says_so(told: Told) -> None:
    datasets = [small(f"d{number:02d}") for number in range(11)]
    told.sync(*datasets)
    rows = made.record()["rows"] | {"published": 0}
    empty = [small(one.name, record=made.record(content="8" * 64, rows=rows)) for one in datasets[:2]]
    with pytest.raises(DataError, match="0 tables would be deleted and 2 emptied"):
        told.sync(*empty, *datasets[2:])
    assert told.sync(empty[0], *datasets[1:]).problems == []


def test_what_is_broken_or_not_at_hand_loses_nothing(told: Told) -> None:
    told.sync(small("a"), small("b"))
    lacking = small("a", schema=None, quality=None, lacking="its bytes are not to be had")
    report = told.sync(lacking, known=["a", "b"])  # of b, the contract can't be read
    assert report.deleted == []
    assert report.waiting[0] == "a: nothing is told of its tables: its bytes are not to be had"
    assert all(told.server.there("tables", told.fqn("table", name)) for name in ("a", "b"))


def test_links_leave_with_the_contracts_match(told: Told) -> None:
    fill = [small(f"d{number:02d}") for number in range(20)]
    told.sync(made.plants(), *others(), *fill)
    report = told.sync(made.plants(contract=made.contract()), *others(), *fill)
    assert sorted(report.deleted) == [told.fqn("matches", "plants"), told.fqn("rollup", "plants")]
    at = told.fqn("table", "plants")
    assert (
        told.server.ask("GET", f"/lineage/table/name/{at}", upstreamDepth=0, downstreamDepth=1)["downstreamEdges"] == []
    )


def test_of_two_datasets_that_claim_one_table_the_second_is_not_told_of(told: Told) -> None:
    report = told.sync(made.plants(), small("plants__matches"), *others())
    assert report.problems == [
        f"plants__matches: {told.fqn('matches', 'plants')} is a table of plants already. Rename one of the datasets."
    ]
    assert len(told.table("plants", "matches")["columns"]) > 20


def test_datasets_that_use_each_other_are_told_both_ways(told: Told) -> None:
    def uses(name: str, other: str) -> Described:
        return small(name, f"lineage: [{{dataset: {other}, note: copied from there}}]\n")

    assert told.sync(uses("a", "b"), uses("b", "a")).problems == []
    answer = told.server.ask("GET", f"/lineage/table/name/{told.fqn('table', 'a')}", upstreamDepth=3, downstreamDepth=0)
    tables = {told.fqn("table", name) for name in ("a", "b")}
    assert tables <= {answer["entity"]["fullyQualifiedName"], *(n["fullyQualifiedName"] for n in answer["nodes"])}


def test_an_edge_names_the_dag_once_openmetadata_knows_it(told: Told) -> None:
    told.sync(small("a"))
    told.server.ask("PUT", "/services/pipelineServices", {"name": "airflow", "serviceType": "Airflow"})
    dag = told.server.names.dag_id("a")
    known = told.server.ask("PUT", "/pipelines", {"name": dag, "service": "airflow", "tasks": [{"name": "extract"}]})
    told.sync(small("a"), whole=False)
    at = told.fqn("table", "a")
    (edge,) = told.server.ask("GET", f"/lineage/table/name/{at}", upstreamDepth=1, downstreamDepth=0)["upstreamEdges"]
    assert edge["lineageDetails"]["pipeline"]["id"] == known["id"]
    assert len(edge["lineageDetails"]["columnsLineage"]) == 1


def test_a_user_with_the_owners_address_is_the_owner(told: Told) -> None:
    told.server.ask("PUT", "/users", {"name": "plants", "email": "plants@example.org"})
    told.sync(small("shares"))
    assert [(owner["type"], owner["name"]) for owner in told.table("shares")["owners"]] == [("user", "plants")]


def test_no_guarded_value_is_in_any_request(told: Told) -> None:
    guarded = made.contract(made.MATCH, access="restricted")
    for one in (made.plants(), made.plants(contract=guarded, record=made.record(content="7" * 64))):
        told.sync(one, *others())
    asked = told.server.told.asked
    assert len(asked) > 50
    assert made.CANARY not in json.dumps([[one.path, one.query, one.body] for one in asked], ensure_ascii=False)
    assert told.server.told.state.samples.get(told.table()["id"]) is None  # taken back when access was restricted


def test_hostile_texts_are_text(told: Told) -> None:
    one = made.hostile()
    assert told.sync(one, *others()).problems == []
    table = told.table()
    assert "<script>" not in json.dumps({**table, "displayName": ""})  # all but the display name is Markdown
    assert table["description"].startswith("&lt;script>alert(1)")
    first = table["columns"][0]["description"]
    assert first.endswith("Cut here; the contract has the rest.")
    assert 50_000 < len(first) < 51_000
    raw = told.server.named("containers", told.fqn("raw", "plants"), fields="dataModel")
    assert raw["dataModel"]["columns"][0]["displayName"].startswith("<script>")
    assert not any(vars(told.sync(one, *others())).values())


def test_an_address_of_300_characters_with_dots_quotes_and_emoji_is_found_again(told: Told) -> None:
    address = 'https://example.org/"🌍"/' + "a.b::c>" * 45
    assert len(address) > 300
    told.sync(small("shares", addresses=(address,)))
    node = place(Node("source", address), told.server.names)
    assert len(node.name) == 256
    assert told.server.named("containers", node.fqn)["fullPath"] == address
    assert not any(vars(told.sync(small("shares", addresses=(address,)))).values())


def test_each_call_is_one_of_those_that_the_page_lists(told: Told) -> None:
    fill = [small(f"d{number:02d}") for number in range(30)]
    told.sync(made.plants(), *others(), *fill)
    told.server.by_hand("containers", told.fqn("raw", "d00"), "/displayName", "")
    told.sync(made.plants(contract=made.contract(access="internal")), *others(), *fill)
    told.diff(*others())
    page = (REPOSITORY / "docs/openmetadata.md").read_text(encoding="utf-8")
    listed = {*re.findall(r"`((?:GET|PUT|POST|PATCH|DELETE) /[^`]+)`", page)}
    ours = {re.sub(r"/(table|container)/\{id\}", "/{type}/{id}", one.route) for one in told.server.told.asked}
    assert len(ours) > 40
    assert ours <= listed
    assert version("openmetadata-ingestion") in page


# It fails


def test_what_is_refused_of_one_dataset_stops_no_other(told: Told) -> None:
    told.server.told.faults = [Fault(400, where='"name": "bad"')]
    report = told.sync(small("bad"), small("good"))
    assert report.problems == ["bad: OpenMetadata refuses it: told to fail with 400"]
    assert told.server.there("tables", told.fqn("table", "good"))
    told.server.told.faults = []
    assert told.sync(small("bad"), small("good")).problems == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(401, where="/metadata"), "the token is expired or wrong (401). Set AIRFLOW__LINEAGE__JWT_TOKEN anew."),
        (Fault(403, where="/metadata"), "the bot may not do this (403)."),
        (Fault(429, where="/metadata", retry_after=1), "it asks to wait (429). Run this again in a minute"),
        (Fault(503, where="/metadata"), "told to fail with 503. Run this again later."),
        (Fault(0, where="/metadata"), "can't be reached"),
        (Fault(drop=True, where="/metadata"), "can't be reached"),
    ],
)
def test_a_server_that_fails_is_told_in_one_sentence(told: Told, fault: Fault, words: str) -> None:
    told.server.told.faults = [fault]
    with pytest.raises(EnvironmentFault) as error:
        told.sync(small("shares"))
    assert words in str(error.value)
    assert told.server.token not in str(error.value)
    assert str(error.value).startswith(f"OpenMetadata at {told.server.endpoint}: ")


def test_a_server_that_is_down_is_told(told: Told) -> None:
    told.server.told.stop()
    with pytest.raises(EnvironmentFault, match=r"can't be reached \(refused\)"):
        told.sync(small("shares"))


def test_a_server_that_is_slow_is_told(told: Told) -> None:
    never = threading.Event()
    told.server.told.faults = [Fault(until=never, where="/metadata")]
    with pytest.raises(EnvironmentFault, match=r"can't be reached \(no answer in time\)"):
        told.sync(small("shares"), timeout=1)
    never.set()


def test_a_server_of_another_version_is_refused_with_what_to_install(told: Told) -> None:
    told.server.told.version = "1.9.3"
    with pytest.raises(EnvironmentFault, match=r"Server version is 1\.9\.3 vs\. Client version .* Install"):
        told.sync(small("shares"))


def test_no_address_is_told_with_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT", raising=False)
    with pytest.raises(EnvironmentFault, match=r"Set AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT"):
        api.connect()


@contextmanager
def failing(told: Told, fault: Fault) -> Iterator[None]:
    told.server.told.faults = [fault]
    with pytest.raises(EnvironmentFault):
        yield
    told.server.told.faults = []


@pytest.mark.parametrize("after", [1, 6, 12, 20, 30, 45])
def test_a_token_that_expires_in_the_middle_leads_to_the_same_end(told: Told, after: int) -> None:
    with failing(told, Fault(401, after=after)):
        told.sync(made.plants(), *others())
    assert told.sync(made.plants(), *others()).kept == []
    assert told.diff(made.plants(), *others()) == []
    state = told.server.told.state
    assert (len(state.results), len(state.samples), len(state.profiles)) == (4, 3, 3)


def test_a_server_that_flaps_is_asked_again(told: Told) -> None:
    told.server.told.faults = [Fault(503, every=3)]
    assert told.sync(small("shares"), retry=2, retry_wait=0).problems == []
    told.server.told.faults = []
    assert told.diff(small("shares")) == []


def test_the_token_is_not_shown(told: Told) -> None:
    assert told.server.token not in repr(told.server.lineage())
