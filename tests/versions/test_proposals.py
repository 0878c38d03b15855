"""Proposals: merging one publishes, an unmerged one can be opened, and expires."""

import datetime as dt
from pathlib import Path

import pytest

from include.adapters.store import Store
from include.versions import heads, reading
from include.versions.proposals import DAYS, expire, expired, proposals
from include.versions.publication import git_target
from include.versions.pushing import GitTarget, pins_at_tip
from include.versions.settling import Published
from tests.versions.house import House, facts, git, house, version

RUN = "scheduled__2026-01-01T00:00:00+00:00"
BRANCH = "proposal/shares/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00"
LATER = dt.timedelta(days=DAYS)


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


@pytest.fixture
def proposed(deployment: House, tmp_path: Path) -> Published:
    first = deployment.publish(version(tmp_path / "one", {"a": 1.0}), facts(1))
    folder = version(tmp_path / "two", {"a": 2.0})
    done = deployment.publish(folder, facts(1, run=RUN, base=first.entry.md5, why="They revised it."), proposal=True)
    assert (done.outcome, done.branch) == ("proposed", BRANCH)
    return done


def target(deployment: House) -> GitTarget:
    return git_target(str(deployment.origin), "main", "Data Commons", "commons@example.org")


@pytest.mark.parametrize("how", ["--no-ff", "--ff-only", "--squash"])
def test_merging_it_publishes(deployment: House, proposed: Published, tmp_path: Path, how: str) -> None:
    """As a person does with a real bare repository: history, the head that pods read, and the rows are those."""
    store = Store(f"file://{tmp_path}/store")
    heads.sync(store, "main", pins_at_tip(target(deployment)))
    clone = deployment.clone("reviewer")
    if how == "--no-ff":
        git("commit", "-q", "--allow-empty", "-m", "Something else", at=clone)
    git("merge", "-q", how, f"origin/{BRANCH}", *(["-m", "Merge it"] if how == "--no-ff" else []), at=clone)
    if how == "--squash":
        git("commit", "-q", "-m", "Publish shares (#1)", at=clone)
    git("push", "-q", "origin", "main", at=clone)
    known = reading.history(clone, "shares")
    assert [v.entry.meta.content for v in known] == [proposed.entry.meta.content, known[1].entry.meta.content]
    assert len(known) == 2
    assert heads.sync(store, "main", pins_at_tip(target(deployment))) == ["shares"]
    head = heads.read(store, "main", "shares")
    assert head is not None
    assert head.entry == proposed.entry
    assert head.sources == {}, "what is not known of the source is asked for again"
    next_run = deployment.publish(version(tmp_path / "three", {"a": 3.0}), facts(1, run="r3", base=head.entry.md5))
    assert next_run.outcome == "published"


@pytest.mark.parametrize("name", [BRANCH, f"proposal/shares/{RUN}", f"origin/{BRANCH}"])
def test_an_unmerged_one_is_opened_by_its_name(deployment: House, proposed: Published, name: str) -> None:
    clone = deployment.clone("reader")
    assert reading.open_version("shares", name, clone).collect().rows() == [("a", 2.0)]
    assert reading.open_version("shares", "main", clone).collect().rows() == [("a", 1.0)]


def test_the_version_stays_unpublished_until_somebody_merges(deployment: House, proposed: Published) -> None:
    assert pins_at_tip(target(deployment)).entries["shares"] != proposed.entry
    (open_one,) = proposals(target(deployment))
    assert (open_one.branch, open_one.dataset, open_one.run, open_one.commit) == (
        BRANCH, "shares", RUN, proposed.commit,
    )  # fmt: skip


def test_it_expires_after_a_month_and_not_before(deployment: House, proposed: Published) -> None:
    (known,) = proposals(target(deployment))
    assert expired([known], known.made + LATER - dt.timedelta(seconds=1)) == []
    assert expire(target(deployment), known.made + LATER - dt.timedelta(seconds=1)) == []
    assert git("branch", "--list", "proposal/*", at=deployment.origin).split() == [BRANCH]
    assert expire(target(deployment), known.made + LATER) == [known]
    assert git("branch", "--list", "proposal/*", at=deployment.origin) == ""
    assert expire(target(deployment), known.made + LATER) == []


def test_a_person_who_adds_to_it_keeps_it_alive(deployment: House, proposed: Published) -> None:
    (known,) = proposals(target(deployment))
    clone = deployment.clone("reviewer")
    git("checkout", "-q", "--track", f"origin/{BRANCH}", at=clone)
    day = f"{known.made + dt.timedelta(days=20):%Y-%m-%dT%H:%M:%S}Z"
    git("commit", "-q", "--allow-empty", "-m", "We wait for an answer", at=clone, GIT_COMMITTER_DATE=day)
    git("push", "-q", "origin", "HEAD", at=clone)
    assert expire(target(deployment), known.made + LATER) == []
    (still,) = expire(target(deployment), known.made + LATER + dt.timedelta(days=20))
    assert still.branch == BRANCH


def test_several_are_listed_the_oldest_first_and_only_the_old_ones_go(deployment: House, proposed: Published) -> None:
    (old,) = proposals(target(deployment))
    clone = deployment.clone("other")
    git("checkout", "-q", "-b", "proposal/shares/later", at=clone)
    day = f"{old.made + dt.timedelta(days=10):%Y-%m-%dT%H:%M:%S}Z"
    git("commit", "-q", "--allow-empty", "-m", "Another", at=clone, GIT_COMMITTER_DATE=day)
    git("push", "-q", "origin", "HEAD", at=clone)
    git("push", "-q", "origin", "HEAD:refs/heads/proposal-of-a-person", at=clone)
    assert [one.branch for one in proposals(target(deployment))] == [BRANCH, "proposal/shares/later"]
    assert [one.branch for one in expire(target(deployment), old.made + LATER)] == [BRANCH]
    left = git("branch", "--list", "proposal*", at=deployment.origin).split()
    assert left == ["proposal-of-a-person", "proposal/shares/later"]


def test_one_that_moved_while_it_expired_stays(deployment: House, proposed: Published) -> None:
    """The branch is deleted only at the commit that was looked at."""
    (known,) = proposals(target(deployment))
    hook = deployment.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ngit update-ref refs/heads/{BRANCH} main\n")
    hook.chmod(0o755)
    assert expire(target(deployment), known.made + LATER) == []
    assert git("rev-parse", BRANCH, at=deployment.origin) == git("rev-parse", "main", at=deployment.origin)


def test_there_may_be_none(deployment: House) -> None:
    assert proposals(target(deployment)) == []
    assert expire(target(deployment), dt.datetime.now(dt.UTC)) == []
