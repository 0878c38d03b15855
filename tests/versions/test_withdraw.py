"""Withdrawal: a tombstone stays in Git, the bytes leave every remote after the grace, and verification proves it."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from include.adapters.objects import QUARANTINE
from include.adapters.partial import sparse
from include.adapters.remote import listing_of
from include.adapters.store import Store
from include.errors import DataError
from include.versions import collecting, heads, presence, proof, reading, timeline, withdrawal
from include.versions.contents import contents
from include.versions.findings import Problem
from include.versions.pins import parse
from tests.versions.house import House, facts, git, house, version
from tests.versions.keeper import collect, older, places, push, series, whole, withdraw
from tests.versions.test_gc import aside, held

WHY = "Its licence forbids it"


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


def proven(deployment: House, clone: Path, days: float = 0.0) -> list[Problem | str]:
    """What verification says of withdrawn versions, in so many days."""
    there, store = places(clone, cached=True), Store(f"file://{deployment.root}/store/dev")
    live = collecting.pinned((deployment.origin, clone), "refs/heads/main", there).contents
    now = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    return list(proof.prove(withdrawal.entries(clone), live, there, store, now))


def later(deployment: House, clone: Path, days: float) -> None:
    """Let time pass: what was withdrawn and what lies anywhere grows older."""
    older(deployment.root, days)
    text = (clone / "data.dvc").read_text()
    for entry in parse(text).withdrawn:
        at = entry.meta.withdrawn.at if entry.meta.withdrawn else ""
        then = dt.datetime.fromisoformat(at) - dt.timedelta(days=days)
        text = text.replace(at, f"{then:%Y-%m-%dT%H:%M:%SZ}")
    (clone / "data.dvc").write_text(text)
    git("commit", "-q", "-am", "Time passes", at=clone)
    git("push", "-q", "origin", "main", at=clone)


def test_an_older_version_goes_and_what_it_shares_stays(deployment: House, tmp_path: Path) -> None:
    """The whole life of a withdrawal: announced, aside, gone, proven; the versions around it are untouched."""
    first, second, third = series(deployment, tmp_path, [1.0, 2.0, 3.0])
    clone = deployment.clone()
    own = {oid for path, oid in listing_of(tmp_path / "shares-1").files.items() if path.startswith(("table/", "raw/"))}
    commit = withdraw(deployment, clone, second, WHY)
    assert commit == deployment.log("%H")[0]
    message = git("log", "-1", "--format=%B", "main", at=deployment.origin)
    assert f"Withdraw shares: {WHY}\n\nDataset: shares\nWithdrawn: {second.entry.md5}\n" in message

    with pytest.raises(DataError, match=rf"withdrawn by Owner <owner@example\.org> on 20.*{WHY}"):
        reading.open_version("shares", str(second.commit), clone)
    for published, value in ((first, 1.0), (third, 3.0)):
        frame = reading.open_version("shares", str(published.commit), clone)
        assert frame.collect()["share"].to_list() == [value]
    said = [bool(one.withdrawn) for one in timeline.versions(clone, "shares")]
    assert said == [False, True, False]

    (note,) = proven(deployment, clone)
    assert isinstance(note, str)
    assert "files with its bytes stay until" in note
    gone = collect(deployment, clone)["move"]
    assert aside(deployment) >= {second.entry.md5, *own}
    assert len(aside(deployment)) == gone
    assert whole(clone).exit_code == 0, "a withdrawn version is not missed"

    (problem,) = proven(deployment, clone, days=8)
    assert isinstance(problem, Problem)
    assert "were to go by" in str(problem)
    assert "still there" in str(problem)
    later(deployment, clone, 8)
    assert collect(deployment, clone) == {"delete": gone}
    assert not aside(deployment)
    assert not (held(deployment) & {second.entry.md5, *own})
    assert [str(said).endswith("its bytes are gone.") for said in proven(deployment, clone)] == [True]
    assert presence.missing([first.entry, third.entry], deployment.remote, tmp_path / "cache") == []


def test_the_newest_version_can_go_and_another_can_follow(deployment: House, tmp_path: Path) -> None:
    _, second = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    withdraw(deployment, clone, second, WHY)
    pins = parse(git("show", "main:data.dvc", at=deployment.origin))
    assert pins.entries["shares"].meta.withdrawn is not None
    assert pins.withdrawn == ()
    with pytest.raises(DataError, match="withdrawn"):
        reading.open_version("shares", None, clone)
    again = facts(1, run="manual__2", base=second.entry.md5)
    assert deployment.publish(version(tmp_path / "again", {"a": 2.0}), again).outcome == "unchanged"
    third = deployment.publish(version(tmp_path / "v", {"a": 3.0}), again)
    assert third.outcome == "published"
    pins = parse(git("show", "main:data.dvc", at=deployment.origin))
    assert [entry.md5 for entry in pins.withdrawn] == [second.entry.md5]
    git("pull", "-q", "--rebase", at=clone)
    with pytest.raises(DataError, match="withdrawn"):
        reading.open_version("shares", str(second.commit), clone)
    assert reading.open_version("shares", None, clone).collect()["share"].to_list() == [3.0]


def test_a_source_that_still_says_so_does_not_bring_it_back(deployment: House, tmp_path: Path) -> None:
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    withdraw(deployment, deployment.clone(), first, WHY)
    before = held(deployment)
    back = facts(1, run="manual__4", base=second.entry.md5)
    with pytest.raises(DataError, match=rf"this content was withdrawn.*{WHY}"):
        deployment.publish(version(tmp_path / "back", {"a": 1.0}), back)
    assert held(deployment) == before


def test_the_last_version_leaves_its_place_so_that_the_dataset_can_begin_anew(
    deployment: House, tmp_path: Path
) -> None:
    (only,) = series(deployment, tmp_path, [1.0])
    series(deployment, tmp_path, [5.0], name="others")
    clone = deployment.clone()
    withdraw(deployment, clone, only, WHY)
    pins = parse(git("show", "main:data.dvc", at=deployment.origin))
    assert set(pins.entries) == {"others"}
    assert [entry.md5 for entry in pins.withdrawn] == [only.entry.md5]
    with pytest.raises(DataError, match="this content was withdrawn"):
        deployment.publish(version(tmp_path / "again", {"a": 1.0}), facts(1, run="manual__2"))
    anew = deployment.publish(version(tmp_path / "v", {"a": 2.0}), facts(1, run="manual__3"))
    assert anew.outcome == "published"


def test_runs_stop_while_the_newest_version_is_a_withdrawn_one(deployment: House, tmp_path: Path) -> None:
    """Field ids that it gave are not known any more, so nothing may follow it unseen."""
    _, second = series(deployment, tmp_path, [1.0, 2.0])
    store = Store(f"file://{deployment.root}/store/dev")
    clone = deployment.clone()
    withdraw(deployment, clone, second, WHY)
    heads.sync(store, "main", parse(git("show", "main:data.dvc", at=deployment.origin)))
    with pytest.raises(DataError, match=rf"was withdrawn by Owner .*{WHY}.*commons rollback shares --to COMMIT"):
        heads.base(store, "main", "shares")
    assert heads.base(store, "main", "others") is None


def test_withdrawn_twice_is_withdrawn_once(deployment: House, tmp_path: Path) -> None:
    first, _ = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    assert withdraw(deployment, clone, first, WHY)
    assert withdraw(deployment, clone, first, "Another reason") is None
    (entry,) = withdrawal.entries(clone)
    assert entry.meta.withdrawn is not None
    assert entry.meta.withdrawn.why == WHY


def test_two_versions_that_share_all_but_one_file_go_one_after_the_other(deployment: House, tmp_path: Path) -> None:
    """What the second shared with the first alone goes with the second."""
    one, two = series(deployment, tmp_path, [1.0, 2.0])
    series(deployment, tmp_path, [5.0], name="others")
    each = [set(listing_of(tmp_path / f"shares-{number}").files.values()) for number in range(2)]
    shared = each[0] & each[1]
    clone = deployment.clone()
    withdraw(deployment, clone, one)
    withdraw(deployment, clone, two)
    first, second = sorted(withdrawal.entries(clone), key=lambda entry: entry.md5 != one.entry.md5)
    assert first.meta.withdrawn and second.meta.withdrawn  # noqa: PT018 - for the type checker
    assert not shared & set(first.meta.withdrawn.objects or ())
    others = set(listing_of(tmp_path / "others-0").files.values())
    assert set(second.meta.withdrawn.objects or ()) >= shared - others
    assert collect(deployment, clone)["move"] == len(aside(deployment))
    assert held(deployment) == others | {parse((clone / "data.dvc").read_text()).entries["others"].md5}


def test_public_bytes_go_though_a_restricted_version_has_the_same(deployment: House, tmp_path: Path) -> None:
    """A column was public by mistake: the class was raised, and the public copy withdrawn."""
    public = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    raised = facts(1, access="restricted", run="manual__2", base=public.entry.md5)
    hidden = deployment.publish(version(tmp_path / "w", {"a": 1.0}), raised)
    assert (hidden.entry.md5, hidden.entry.remote) == (public.entry.md5, "restricted")
    clone = deployment.clone()
    withdraw(deployment, clone, public)
    later(deployment, clone, 8)
    assert collect(deployment, clone) == {"delete": len(held(deployment, "restricted"))}
    assert held(deployment) == set()
    assert reading.open_version("shares", None, clone).collect()["share"].to_list() == [1.0]
    assert [str(said).endswith("its bytes are gone.") for said in proven(deployment, clone)] == [True]


def test_caches_backups_and_run_folders_are_cleaned_too(deployment: House, tmp_path: Path) -> None:
    first, _ = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    with (clone / ".dvc/config.local").open("w") as config:
        config.write(f"['remote \"backup\"']\n    url = {deployment.root}/backup\n")
    for place in (deployment.root / "backup", clone / ".dvc/cache"):
        shutil.copytree(deployment.root / "remotes/public/files", place / "files")
    store = Store(f"file://{deployment.root}/store/dev")
    store.put("runs/shares/run_0/extract/0000/w/raw/abc", b"the bytes as fetched")
    store.put("runs/others/run_0/extract/0000/w/raw/abc", b"another dataset's")
    _, files = reading.located(first.entry, clone / ".dvc/cache", clone)
    part, other = (sparse(oid, clone / ".dvc/cache") for oid in (files["table/part-00000.parquet"], "0" * 32))
    for file in (part, other):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"some of its blocks")
    withdraw(deployment, clone, first)
    later(deployment, clone, 8)
    (problem,) = proven(deployment, clone)
    assert isinstance(problem, Problem)
    collect(deployment, clone, cached=True)
    assert (part.exists(), other.exists()) == (False, True)
    for place in (deployment.root / "remotes/public", deployment.root / "backup", clone / ".dvc/cache"):
        left = {path.parent.name + path.name for path in (place / "files/md5").glob("*/*")}
        assert first.entry.md5 not in left
        assert len(left) >= 8
        assert not list((place / QUARANTINE).rglob("*.dir"))
    assert store.list("runs") == ["runs/others/run_0/extract/0000/w/raw/abc"]
    assert [str(said).endswith("its bytes are gone.") for said in proven(deployment, clone)] == [True]


def test_a_withdrawal_that_is_taken_back_in_time_brings_all_of_it_back(deployment: House, tmp_path: Path) -> None:
    first, _ = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    commit = withdraw(deployment, clone, first)
    moved = collect(deployment, clone)["move"]
    git("revert", "-n", str(commit), at=clone)
    git("commit", "-q", "-m", "It was an error", at=clone)
    git("push", "-q", "origin", "main", at=clone)
    assert collect(deployment, clone) == {"restore": moved}
    assert reading.open_version("shares", str(first.commit), clone).collect()["share"].to_list() == [1.0]


def test_a_clone_of_before_learns_of_it_when_it_fetches(deployment: House, tmp_path: Path) -> None:
    first, _ = series(deployment, tmp_path, [1.0, 2.0])
    stale = deployment.clone("stale")
    withdraw(deployment, deployment.clone(), first)
    assert withdrawal.tombstone(stale, first.entry) is None
    git("fetch", "-q", at=stale)
    known = withdrawal.tombstone(stale, first.entry)
    assert known is not None
    assert known.why == "A licence"


def test_what_is_lost_can_be_withdrawn_so_that_the_rest_can_be_collected(deployment: House, tmp_path: Path) -> None:
    first, _ = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    Path(deployment.remote("public").path(first.entry.md5)).unlink()
    assert whole(clone).exit_code == 1
    withdraw(deployment, clone, first, "Its listing was lost with a disk")
    assert whole(clone).exit_code == 0
    older(deployment.root / "remotes", 8)
    assert collect(deployment, clone)["move"] == 4, "its table, its blocks, its raw bytes and where they came from"


def test_a_push_to_a_second_home_leaves_it_out(deployment: House, tmp_path: Path) -> None:
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    withdraw(deployment, clone, first)
    assert push(clone, tmp_path / "backup").versions == 1
    there = {path.parent.name + path.name for path in (tmp_path / "backup/public/files/md5").glob("*/*")}
    assert second.entry.md5 in there
    assert first.entry.md5 not in there


def test_the_files_of_a_version_are_told_before_it_goes(deployment: House, tmp_path: Path) -> None:
    from include.versions import withdrawing
    from include.versions.census import Pinned, census

    first, second = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    live = contents(census(deployment.origin).versions.values(), places(clone))
    planned = withdrawing.plan(Pinned(first.entry), live, places(clone), "me", WHY)
    own = ("table", "raw", "blocks")
    assert set(planned.gone) == {path for path in listing_of(tmp_path / "shares-0").files if path.startswith(own)}
    assert planned.kept["schema.json"][0].startswith(f"shares {second.entry.md5[:12]} ")
