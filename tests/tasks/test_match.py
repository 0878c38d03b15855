"""match: whatever happens to it, the same links; rows that nothing can have changed stand as they are."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.versions import heads
from tests.tasks.conftest import Forks
from tests.tasks.matched import COMPANIES, OWNERS, REGISTER, Matched, write
from tests.versions.house import git

LINKS = ("matches.parquet", "review.parquet", "match.json")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Matched:
    """A deployment with one version of owners, compared by match itself."""
    one = Matched(tmp_path_factory.mktemp("match") / "begun", forks, shards=1).begin()
    assert one.run() == [0, 0, 0, 0]
    return one


@pytest.fixture
def matched(begun: Matched, tmp_path: Path) -> Matched:
    return begun.copy(tmp_path / "matched", shards=1)


def links(matched: Matched, run: str) -> pl.DataFrame:
    return pl.read_parquet(_left(matched, run, "matches.parquet"))


def told(matched: Matched, run: str) -> dict[str, Any]:
    return dict(json.loads(_left(matched, run, "match.json").read_text()))


def _left(matched: Matched, run: str, name: str) -> Path:
    return matched.store.local(f"{matched.receipt('match', run).folder}/{name}", Path())


def files(matched: Matched) -> dict[str, str]:
    """The files of the published version, and their md5."""
    entry = matched.pinned()
    assert entry
    listing = matched.root / "remotes" / entry.remote / "files/md5" / entry.md5[:2] / entry.md5[2:]
    return {item["relpath"]: item["md5"] for item in json.loads(listing.read_bytes())}


def companies(matched: Matched, run: str, **names: str) -> None:
    """Another version of the register, in which some entities have other names."""
    rows = [row | {"legal_name": names.get(row["code"], row["legal_name"])} for row in COMPANIES]
    write(matched.room, "companies", rows, "code", REGISTER)
    assert matched.run("companies", run) == [0, 0, 0]


def test_links_are_published_with_the_version_and_pinned_by_what_they_were_made_with(begun: Matched) -> None:
    entry, there = begun.pinned(), files(begun)
    assert entry
    assert {"matches.parquet", "review.parquet", "match.json"} <= there.keys()
    assert not {"rollup.parquet", "report.md", "report.html"} & there.keys()
    assert entry.meta.inputs == {
        name: pinned.meta.content for name in ("companies", "forms") if (pinned := begun.pinned(name))
    }
    rows = links(begun, "r1")
    names = dict(zip((row["code"] for row in COMPANIES), (row["legal_name"] for row in COMPANIES), strict=True))
    linked = dict(rows.drop_nulls("entity_id").select("name", "entity_id").iter_rows())
    assert len(linked) > 30
    assert all(names[code].upper().startswith(name.upper()) for name, code in linked.items())
    assert rows.filter(pl.col("name") == "Nobody Knows Ltd")["entity_id"].to_list() == [None]
    assert told(begun, "r1")["register"]["md5"] == begun.pinned("companies").md5  # type: ignore[union-attr]


def test_a_match_killed_anywhere_and_retried_leaves_the_same_links(matched: Matched, tmp_path: Path) -> None:
    """Fault 1: kill -9 while names are matched."""
    calm, hit = matched.copy(tmp_path / "calm", shards=1), matched.copy(tmp_path / "hit", shards=1)
    for one in (calm, hit):
        assert [one.verb(verb, "r2")["code"] for verb in ("extract", "validate")] == [0, 0]
    events = calm.verb("match", "r2")["events"]
    points = [1, events // 3, events - 8, events - 3]
    assert sum(hit.verb("match", "r2", kill_at=at) == {} for at in points) >= 3
    assert hit.verb("match", "r2")["code"] == 0
    wanted = calm.receipt("match", "r2").outputs
    assert {name: hit.receipt("match", "r2").outputs[name] for name in LINKS} == {name: wanted[name] for name in LINKS}


def test_a_retry_adopts_clearing_redoes_and_publish_asks_for_the_links_of_what_was_validated(matched: Matched) -> None:
    for verb in ("extract", "validate", "match"):
        assert matched.verb(verb, "r2")["code"] == 0
    first = matched.receipt("match", "r2")
    assert matched.verb("match", "r2")["code"] == 0
    assert matched.receipt("match", "r2") == first
    assert matched.verb("match", "r2", attempt=1)["code"] == 0
    assert matched.receipt("match", "r2").attempt == "0001"
    assert matched.verb("validate", "r2", attempt=1)["code"] == 0
    assert matched.verb("publish", "r2")["code"] == 2  # validate was done again after match
    assert matched.verb("match", "r2", attempt=2)["code"] == 0
    assert matched.verb("publish", "r2")["code"] == 0


def test_without_match_nothing_is_published(matched: Matched) -> None:
    before = matched.pinned()
    for verb in ("extract", "validate"):
        assert matched.verb(verb, "r2")["code"] == 0
    assert matched.verb("publish", "r2")["code"] == 2
    assert matched.pinned() == before


def test_a_register_without_a_version_is_a_clear_error(matched: Matched) -> None:
    shutil.copytree(matched.room / "companies", matched.room / "other")
    contract = matched.room / "owners/contract.yaml"
    contract.write_text(contract.read_text().replace("register: companies", "register: other"))
    assert [matched.verb(verb, "r2")["code"] for verb in ("extract", "validate", "match")] == [0, 0, 1]


def test_a_register_that_changes_nothing_makes_no_version_and_one_that_does_compares_what_it_can_affect(
    matched: Matched,
) -> None:
    before, rows = matched.pinned(), links(matched, "r1")
    companies(matched, "r2", C054="Zebra Quarry AG")
    named = dict(rows.select("name", "candidate_id").iter_rows())
    affected = {name for name, code in named.items() if code == "C054"}
    assert matched.run(run="r2") == [0, 0, 0, 0]
    changed, report = links(matched, "r2"), told(matched, "r2")
    compared = changed.filter(pl.col("register_version") != rows["register_version"][0])["name"].to_list()
    assert affected
    assert affected <= set(compared)
    assert 0 < report["compared"] == len(compared) < rows.height / 4
    stood = rows.filter(~pl.col("name").is_in(compared))
    assert changed.filter(~pl.col("name").is_in(compared)).equals(stood)
    assert matched.pinned() != before

    after = matched.pinned()
    write(matched.room, "companies", _with_stranger(), "code", REGISTER)
    assert matched.run("companies", "r3") == [0, 0, 0]
    assert matched.run(run="r3") == [0, 0, 0, 0]
    assert told(matched, "r3")["compared"] == 0
    assert matched.receipt("publish", "r3").outcome == "unchanged"
    assert matched.pinned() == after


def _with_stranger() -> list[dict[str, str]]:
    """The register of before, and an entity that is like no name."""
    rows = [row | ({"legal_name": "Zebra Quarry AG"} if row["code"] == "C054" else {}) for row in COMPANIES]
    return [*rows, {"code": "C999", "legal_name": "Quxly Vwpmz", "country_code": "BR"}]


def test_a_register_that_is_searched_by_another_column_compares_all_names_again(matched: Matched) -> None:
    """No version of the register is new, and yet every link may be another."""
    names = [row["legal_name"] for row in COMPANIES]
    rows = [row | {"trade_name": name} for row, name in zip(COMPANIES, [*names[10:], *names[:10]], strict=True)]
    write(matched.room, "companies", rows, "code", REGISTER)
    assert matched.run("companies", "r2") == [0, 0, 0]
    matched.owners(OWNERS[:-1])
    assert matched.run(run="r2") == [0, 0, 0, 0]
    contract = matched.room / "companies/contract.yaml"
    contract.write_text(contract.read_text().replace("name: legal_name", "name: trade_name"))
    assert matched.run(run="r3") == [0, 0, 0, 0]
    before, after = (links(matched, run).drop_nulls("entity_id").select("name", "entity_id") for run in ("r2", "r3"))
    assert after.height > 30
    assert not set(before.rows()) & set(after.rows())
    assert told(matched, "r3")["carried_over"] == 0


def test_a_base_whose_register_is_damaged_stops_match_and_nothing_is_published(matched: Matched) -> None:
    """Fault 10: the older version of the register has bytes that aren't those of its hash."""
    old, before = matched.pinned("companies"), matched.pinned()
    assert old
    companies(matched, "r2", C054="Zebra Quarry AG")
    folder = matched.root / "remotes" / old.remote / "files/md5"
    listing = json.loads((folder / old.md5[:2] / old.md5[2:]).read_bytes())
    table = next(item["md5"] for item in listing if item["relpath"].startswith("table/"))
    there = folder / table[:2] / table[2:]
    there.chmod(0o644)
    there.write_bytes(there.read_bytes()[:-1] + b"X")
    assert [matched.verb(verb, "r2")["code"] for verb in ("extract", "validate", "match")] == [0, 0, 2]
    assert matched.pinned() == before


def test_the_names_of_a_version_whose_register_was_withdrawn_are_all_compared_again(matched: Matched) -> None:
    """The version of before stays; nothing can say any more what of the register changed since."""
    old = matched.pinned("companies")
    assert old
    companies(matched, "r2", C054="Zebra Quarry AG")
    matched.withdraw(old, newest=False)
    assert matched.verb("sync", "r2")["code"] == 0
    assert matched.run(run="r2") == [0, 0, 0, 0]
    rows, report = links(matched, "r2"), told(matched, "r2")
    assert (report["compared"], report["carried_over"]) == (rows.height, 0)
    assert set(rows["register_version"]) == {matched.pinned("companies").meta.content}  # type: ignore[union-attr]
    companies(matched, "r3", C054="Zebra Quarry AG", C053="Yonder Kelp AG")
    assert matched.run(run="r3") == [0, 0, 0, 0]
    assert told(matched, "r3")["carried_over"] > 0
    assert matched.verb("sync", "r4")["code"] == 0
    head = heads.read(matched.store, "main", "companies")
    assert head
    assert [gone.md5 for gone in head.withdrawn] == [old.md5]


def test_by_a_register_whose_newest_version_was_withdrawn_nothing_is_matched(matched: Matched) -> None:
    register, before = matched.pinned("companies"), matched.pinned()
    assert register
    matched.withdraw(register, newest=True)
    assert matched.verb("sync", "r2")["code"] == 1
    assert [matched.verb(verb, "r2")["code"] for verb in ("extract", "validate")] == [0, 0]
    stopped = matched.verb("match", "r2")
    assert stopped["code"] == 1
    assert matched.pinned() == before
    said = stopped["said"]
    assert "companies: its newest version was withdrawn by jane on 2026-01-05T00:00:00Z (Names a person)" in said
    assert "`commons rollback companies --to COMMIT` makes an older one the newest" in said


def test_another_version_published_meanwhile_stops_match(matched: Matched) -> None:
    for verb in ("extract", "validate"):
        assert matched.verb(verb, "r2")["code"] == 0
    matched.owners(OWNERS[:-3])
    assert matched.run(run="r3") == [0, 0, 0, 0]
    assert matched.verb("match", "r2")["code"] == 1
    assert matched.receipt("publish", "r3").outcome == "done"


@pytest.mark.parametrize("runs", [("r2", "r3"), ("r2", "r2")])
def test_two_runs_at_once_leave_one_version_with_the_links_of_its_rows(matched: Matched, runs: tuple[str, str]) -> None:
    """Fault 5: of the same dataset, by two processes; also of the same run."""
    matched.owners(OWNERS[:-3])
    others = [Matched(matched.root, Forks(), shards=1) for _ in runs]
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda one, run: one.run(run=run), others, runs))
    for one in others:
        one.forks.process.communicate()
    assert [0, 0, 0, 0] in codes
    assert {code for run in codes for code in run} <= {0, 1}  # 1: the other was first, and nothing was overwritten
    entry = matched.pinned()
    assert entry
    assert entry.meta.rows == len(OWNERS) - 3
    published = pl.read_parquet(matched.root / "remotes" / entry.remote / "files/md5" / _path(files(matched)))
    assert set(published["name"]) == {owner["owner"] for owner in OWNERS[:-3]}
    tip = git("log", "--format=%s", "main", at=matched.root / "origin.git").splitlines()
    assert sum("owners" in subject for subject in tip) == 2


def _path(there: dict[str, str]) -> str:
    return f"{there['matches.parquet'][:2]}/{there['matches.parquet'][2:]}"


def test_the_order_of_the_rows_makes_no_difference_to_the_links(begun: Matched, tmp_path: Path) -> None:
    other = begun.copy(tmp_path / "other", shards=1)
    other.owners(OWNERS[::-1])
    assert [other.verb(verb, "r2")["code"] for verb in ("extract", "validate", "match")] == [0, 0, 0]
    assert links(other, "r2").equals(links(begun, "r1"))


def test_a_judgement_overrides_and_one_with_a_conflict_is_refused(matched: Matched) -> None:
    head = "name,country,lei,judgement,by,on,why\n"
    name = OWNERS[0]["owner"]
    file = matched.room / "owners/judgements.csv"
    file.write_text(head + f'"{name}",DE,none,match,jane,2026-01-05,Another company of that name\n')
    assert matched.run(run="r2") == [0, 0, 0, 0]
    row = links(matched, "r2").filter(pl.col("name") == name).row(0, named=True)
    assert (row["entity_id"], row["method"], row["judged_by"]) == (None, "reviewed", "jane")
    assert links(matched, "r1").filter(pl.col("name") == name)["entity_id"].to_list() == ["C000"]
    assert told(matched, "r2")["compared"] == 1
    file.write_text(head + "<<<<<<< HEAD\n")
    assert [matched.verb(verb, "r3")["code"] for verb in ("extract", "validate", "match")] == [0, 0, 1]
