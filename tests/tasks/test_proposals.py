"""A run that may not publish by itself ends as a branch and a pull request, and the next one does not pile up more."""

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest

from include.contracts.layout import VERIFICATION
from include.tasks.receipts import Receipt, found
from include.versions.proposals import DAYS, proposals
from include.versions.publication import git_target
from tests.adapters.github import TOKEN, Host, host
from tests.tasks.conftest import CONTRACT, ROWS, SCHEMA, Wells
from tests.versions.house import git

PROPOSES = CONTRACT + "publish: proposal\n"


@pytest.fixture
def forge(wells: Wells) -> Iterator[Host]:
    with host() as server:
        wells.more |= {"COMMONS_FORGE": server.address, "COMMONS_SECRET_FORGE_TOKEN": TOKEN}
        yield server


def receipt(wells: Wells, run: str) -> Receipt:
    made = found(wells.store, "wells", run, "publish")
    assert made is not None
    return made


def test_a_dataset_that_proposes_ends_as_a_pull_request_that_merging_publishes(wells: Wells, forge: Host) -> None:
    wells.write(contract=PROPOSES)
    assert wells.run("r1") == [0, 0, 0]
    assert receipt(wells, "r1").outcome == "proposed"
    assert wells.pinned() is None
    (pull,) = forge.pulls
    assert (pull["title"], pull["head"]["ref"], pull["base"]["ref"]) == (
        "Publish wells: 20 rows", "proposal/wells/r1", "main",
    )  # fmt: skip
    assert "`commons open wells --at proposal/wells/r1`" in pull["body"]
    assert "expires after 30 days" in pull["body"]
    seed = wells.root / "seed"
    git("fetch", "-q", "origin", at=seed)
    git("merge", "-q", "--no-ff", "-m", "Merge", "origin/proposal/wells/r1", at=seed)
    git("push", "-q", "origin", "HEAD:main", at=seed)
    merged = wells.pinned()
    assert merged is not None
    assert merged.meta.run == "r1"
    assert wells.verb("sync", "r2")["code"] == 0
    assert wells.run("r2") == [0, 0, 0]
    assert receipt(wells, "r2").outcome == "unchanged", "the merged version is known to the next run"


def test_runs_that_bring_the_same_do_not_pile_up(wells: Wells, forge: Host) -> None:
    wells.write(contract=PROPOSES)
    for run in ("r1", "r2"):
        assert wells.run(run) == [0, 0, 0]
        assert receipt(wells, run).outcome == "proposed"
        assert receipt(wells, run).facts["branch"] == "proposal/wells/r1"
    target = git_target(str(wells.origin), "main", "A", "a@example.org")
    (proposal,) = proposals(target)
    forge.commits[proposal.branch] = proposal.commit
    assert len(forge.pulls) == 1
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"), PROPOSES)
    assert wells.run("r3") == [0, 0, 0]
    assert [pull["head"]["ref"] for pull in forge.pulls] == ["proposal/wells/r1", "proposal/wells/r3"]


def test_a_breaking_change_says_why_and_what_in_its_pull_request(wells: Wells, forge: Host) -> None:
    wells.run("r1")
    last = wells.pinned()
    assert last is not None
    allowed = f'breaking:\n  - {{after: "{last.meta.content}", why: The source writes fractions., by: Jane}}\n'
    wells.write(
        contract=CONTRACT + allowed, schema=SCHEMA.replace("depth_m: float", "depth_m: str").replace("ge=0, ", "")
    )
    assert wells.run("r2") == [0, 0, 0]
    assert receipt(wells, "r2").outcome == "proposed"
    (pull,) = forge.pulls
    assert "Reason: The source writes fractions. (Jane)" in pull["body"]
    assert "depth_m" in pull["body"], "the difference is in it"
    assert "float64" in pull["body"]


def test_a_host_that_refuses_leaves_the_branch_and_the_retry_opens_the_pull_request(wells: Wells, forge: Host) -> None:
    wells.write(contract=PROPOSES)
    forge.failing = [403]
    assert wells.run("r1") == [0, 0, 2], "the environment is at fault, so it is tried again"
    assert git("branch", "--list", "proposal/*", at=wells.origin).split() == ["proposal/wells/r1"]
    assert forge.pulls == []
    assert wells.verb("publish", "r1")["code"] == 0
    assert [pull["head"]["ref"] for pull in forge.pulls] == ["proposal/wells/r1"]


def test_the_daily_upkeep_deletes_those_that_nobody_merged(wells: Wells) -> None:
    wells.write(contract=PROPOSES)
    assert wells.run("r1") == [0, 0, 0]
    seed, branch = wells.root / "seed", "proposal/wells/r1"
    upkeep = dataclasses.replace(wells, name=VERIFICATION)
    assert upkeep.verb("verify", "v1")["code"] == 0
    assert git("branch", "--list", "proposal/*", at=wells.origin).split() == [branch]
    git("fetch", "-q", "origin", at=seed)
    git("checkout", "-q", branch, at=seed)
    month_ago = f"{dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS, minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    git("commit", "-q", "--amend", "--no-edit", at=seed, GIT_COMMITTER_DATE=month_ago)
    git("push", "-q", "--force", "origin", branch, at=seed)
    assert upkeep.verb("verify", "v2")["code"] == 0
    assert git("branch", "--list", "proposal/*", at=wells.origin) == ""
    said = found(wells.store, VERIFICATION, "v2", "verify")
    assert said is not None
    assert said.facts["expired"] == [branch]


def test_without_a_host_it_stays_a_branch(wells: Wells) -> None:
    wells.write(contract=PROPOSES)
    assert wells.run("r1") == [0, 0, 0]
    assert receipt(wells, "r1").outcome == "proposed"
    assert git("branch", "--list", "proposal/*", at=wells.origin).split() == ["proposal/wells/r1"]
