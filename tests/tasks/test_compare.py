"""compare: names in ranges, each in a process of its own; whatever happens to one, what comes out is the same."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.tasks.conftest import Forks
from tests.tasks.matched import OWNERS, Matched


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Matched:
    return Matched(tmp_path_factory.mktemp("matched") / "begun", forks).begin()


@pytest.fixture
def matched(begun: Matched, tmp_path: Path) -> Matched:
    return begun.copy(tmp_path / "matched")


def pairs(matched: Matched, shard: int, run: str = "r1") -> pl.DataFrame:
    receipt = matched.receipt(f"compare-{shard:04d}", run)
    assert receipt.verb == "compare"
    assert receipt.inputs["shard"] == [shard, matched.shards]
    return pl.read_parquet(matched.store.local(f"{receipt.folder}/pairs.parquet", Path()))


def test_each_shard_leaves_the_pairs_of_its_range_and_match_takes_all(matched: Matched) -> None:
    assert matched.run() == [0] * 7
    ranges = [pairs(matched, shard)["mention"] for shard in range(3)]
    assert all(part.len() > 0 for part in ranges)
    assert ranges[0].max() < ranges[1].min() < ranges[1].max() < ranges[2].min()  # type: ignore[operator]
    match = matched.receipt("match")
    assert match.inputs["compare"] == [matched.receipt(f"compare-{shard:04d}").sha256 for shard in range(3)]
    links = pl.read_parquet(matched.store.local(f"{match.folder}/matches.parquet", Path()))
    assert links.height == len({owner["owner"] for owner in OWNERS})
    assert links["entity_id"].count() > 30


def test_the_same_bytes_for_one_shard_three_and_seven(begun: Matched, tmp_path: Path) -> None:
    left = set()
    for shards in (1, 3, 7):
        one = begun.copy(tmp_path / str(shards), shards)
        codes = [one.verb(verb, shard=shard)["code"] for verb, shard in one.verbs() if verb != "publish"]
        assert codes == [0] * (3 if shards == 1 else 3 + shards)
        outputs = one.receipt("match").outputs
        left.add(tuple(outputs[name].sha256 for name in ("matches.parquet", "review.parquet", "match.json")))
    assert len(left) == 1


def test_a_shard_killed_anywhere_and_retried_changes_nothing(begun: Matched, tmp_path: Path) -> None:
    """Fault 1: kill -9 while a shard is compared; its retry leaves the same bytes, and match the same version."""
    calm = begun.copy(tmp_path / "calm")
    for verb, shard in calm.verbs()[:2]:
        calm.verb(verb, shard=shard)
    events = calm.verb("compare", shard=1)["events"]
    assert events > 6
    for shard in (0, 2):
        calm.verb("compare", shard=shard)
    assert [calm.verb(verb)["code"] for verb in ("match", "publish")] == [0, 0]
    wanted, links = calm.pinned(), calm.receipt("match").outputs
    assert wanted is not None

    hit = begun.copy(tmp_path / "hit")
    for verb in ("extract", "validate"):
        assert hit.verb(verb)["code"] == 0
    points = [1, 3, events // 3, events // 2, events - 8, events - 4, events - 2]
    killed = [hit.verb("compare", shard=1, kill_at=at) == {} for at in points]
    assert sum(killed) >= 5, killed
    for shard in (2, 1, 0):
        assert hit.verb("compare", shard=shard)["code"] == 0
    assert [hit.verb(verb)["code"] for verb in ("match", "publish")] == [0, 0]
    assert {name: hit.receipt("match").outputs[name] for name in links} == links
    again = hit.pinned()
    assert again is not None
    assert again.meta.content == wanted.meta.content


@pytest.mark.server
def test_a_full_disk_at_the_merge_is_named_and_room_lets_it_go_on(matched: Matched, small_volume: Path) -> None:
    """Fault 8: no room for the index, which numpy tells without errno, nor for anything else."""
    *before, match, _ = matched.verbs()
    assert [matched.verb(verb, shard=shard)["code"] for verb, shard in before] == [0] * 5
    stopped = matched.verb(match[0], work=small_volume)
    assert stopped["code"] == 2
    assert f"{small_volume}/commons-" in stopped["said"]
    assert "the volume of the scratch folder is full. Nothing was published." in stopped["said"]
    assert "Traceback" not in stopped["said"]
    assert list(small_volume.iterdir()) == []
    assert matched.verb(match[0])["code"] == 0


def test_a_shard_that_is_done_is_adopted_and_clearing_it_does_it_again(matched: Matched) -> None:
    for verb in ("extract", "validate"):
        matched.verb(verb)
    first = matched.verb("compare", shard=0)
    before = matched.receipt("compare-0000")
    again = matched.verb("compare", shard=0)
    assert matched.receipt("compare-0000") == before
    assert again["events"] < first["events"] / 2
    assert matched.verb("compare", shard=0, attempt=1)["code"] == 0
    cleared = matched.receipt("compare-0000")
    assert (cleared.attempt, cleared.outputs) == ("0001", before.outputs)


def test_match_refuses_shards_that_miss_or_compared_something_else(matched: Matched) -> None:
    for verb, shard in (("extract", None), ("validate", None), ("compare", 0), ("compare", 2)):
        assert matched.verb(verb, shard=shard)["code"] == 0
    assert matched.verb("match")["code"] == 2
    matched.verb("compare", shard=1)
    matched.owners(OWNERS[:-5])
    matched.verb("extract", attempt=1)
    assert matched.verb("validate", attempt=1)["code"] == 0
    assert matched.verb("match")["code"] == 2
    for shard in range(3):
        assert matched.verb("compare", shard=shard, attempt=1)["code"] == 0
    assert matched.verb("match")["code"] == 0


def test_a_table_without_any_name_is_counted_and_the_next_run_goes_on(matched: Matched) -> None:
    """All shards are empty; no row is lost."""
    matched.owners([owner | {"owner": ""} for owner in OWNERS])
    assert matched.run() == [0] * 7
    match = matched.receipt("match")
    told = json.loads(matched.store.local(f"{match.folder}/match.json", Path()).read_text())
    assert (told["rows"], told["decisions"], told["coverage"]["mentions"]) == ({"no name": len(OWNERS)}, {}, None)
    assert matched.pinned().meta.rows == len(OWNERS)  # type: ignore[union-attr]
    matched.owners(OWNERS[:2])
    assert matched.run(run="r2") == [0] * 7
    assert sum(pairs(matched, shard, "r2").height for shard in range(3)) > 0


def test_another_number_of_shards_than_the_contract_s_is_refused(matched: Matched) -> None:
    for verb in ("extract", "validate"):
        matched.verb(verb)
    matched.shards = 4
    assert matched.verb("compare", shard=0)["code"] == 1


def test_sync_makes_the_index_that_shards_read(matched: Matched) -> None:
    assert matched.verb("sync")["code"] == 0
    key = matched.receipt("sync").facts["index"]
    assert matched.store.get(f"indexes/companies/{key}/manifest.json")
    assert matched.run() == [0] * 7


def test_without_a_version_of_the_register_sync_stops_the_run(matched: Matched) -> None:
    shutil.copytree(matched.room / "companies", matched.room / "other")
    contract = matched.room / "owners/contract.yaml"
    contract.write_text(contract.read_text().replace("register: companies", "register: other"))
    assert matched.verb("sync")["code"] == 1
