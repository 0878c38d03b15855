"""What people call a revision: commits, tags, branches, proposals and dates, in whole and in shallow clones."""

from pathlib import Path

import pytest

from include.errors import EnvironmentFault
from include.versions.revisions import proposal_branch, resolve
from tests.versions.house import ENVIRONMENT, House, facts, git, house, version


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An origin whose main has commits of the first of January, February and March at noon, tagged v1 to v3."""
    made = house(tmp_path / "house")
    clone = made.clone("seeder")
    for month in (1, 2, 3):
        noon = f"2026-0{month}-01T12:00:00Z"
        monkeypatch.setitem(ENVIRONMENT, "GIT_COMMITTER_DATE", noon)
        monkeypatch.setitem(ENVIRONMENT, "GIT_AUTHOR_DATE", noon)
        git("commit", "-q", "--allow-empty", "-m", f"Month {month}", at=clone)
        git("tag", f"v{month}", at=clone)
    git("push", "-q", "--tags", "origin", "main", at=clone)
    return made


def test_whatever_git_resolves(deployment: House) -> None:
    clone = deployment.clone()
    head = git("rev-parse", "HEAD", at=clone)
    for text in ("HEAD", "main", "v3", "origin/main", head, head[:12]):
        assert resolve(clone, text) == head
    assert resolve(clone, "HEAD~2") == resolve(clone, "v1") == git("rev-parse", "v1", at=clone)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("2026-02-01", "v2"),
        ("2026-01-31", "v1"),
        ("2026-02-01T12:00Z", "v2"),
        ("2026-02-01T11:59Z", "v1"),
        ("2026-02-01 11:59", "v1"),
        ("2026-02-01T12:30+01:00", "v1"),
        ("2026-02-01T13:00+01:00", "v2"),
        ("2030-01-01", "v3"),
    ],
)
def test_a_date_is_the_newest_commit_by_then(deployment: House, text: str, tag: str) -> None:
    clone = deployment.clone()
    assert resolve(clone, text) == git("rev-parse", tag, at=clone)


def test_what_a_merge_brought_is_not_on_the_line(deployment: House) -> None:
    """A commit of the side branch lies between two dates of main, and was not on main then."""
    clone = deployment.clone()
    for branch, day in (("side", "2026-03-10T00:00:00Z"), ("main", "2026-03-20T00:00:00Z")):
        git("checkout", "-q", "-B", branch, "v3", at=clone)
        ENVIRONMENT["GIT_COMMITTER_DATE"] = day
        git("commit", "-q", "--allow-empty", "-m", branch, at=clone)
    git("merge", "-q", "--no-ff", "-m", "Merge", "side", at=clone)
    assert resolve(clone, "2026-03-15") == git("rev-parse", "v3", at=clone)


@pytest.mark.parametrize("text", ["2020-01-01", "1960-01-01", "2026-13-01", "nowhere", "", "--all", "HEAD:data.dvc"])
def test_what_names_nothing_is_refused(deployment: House, text: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"(no revision .*or a date such as|nothing was committed by)"):
        resolve(deployment.clone(), text)


def test_a_branch_and_a_proposal_that_only_the_remote_has(
    deployment: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = deployment.clone("before")
    run = "scheduled__2026-01-01T00:00:00+00:00"
    done = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1, run=run), proposal=True)
    after = deployment.clone("after")
    branch = proposal_branch("shares", run)
    assert "%" in branch
    for clone in (before, after):
        for text in (f"proposal/shares/{run}", branch, f"origin/{branch}"):
            assert resolve(clone, text) == done.commit
        assert "can't be fetched" not in caplog.text
    git("push", "-q", "origin", "HEAD:refs/heads/team", at=after)
    again = deployment.clone("again")
    assert resolve(again, "team") == git("rev-parse", "origin/team", at=again)
    with pytest.raises(EnvironmentFault, match="no revision 'proposal/shares/absent'"):
        resolve(before, "proposal/shares/absent")


def test_a_shallow_clone_is_deepened_once_and_says_so(deployment: House, caplog: pytest.LogCaptureFixture) -> None:
    git("clone", "-q", "--depth=1", deployment.origin.as_uri(), "shallow", at=deployment.root)
    shallow = deployment.root / "shallow"
    assert resolve(shallow, "2026-03-01") == git("rev-parse", "HEAD", at=shallow)
    assert caplog.text == ""
    assert resolve(shallow, "2026-01-15") == git("rev-parse", "HEAD~2", at=shallow)
    assert "a shallow clone; fetched 3 earlier commits" in caplog.text
    assert resolve(shallow, "v1") == git("rev-parse", "HEAD~2", at=shallow)


def test_a_shallow_clone_without_its_remote_says_what_it_lacks(
    deployment: House, caplog: pytest.LogCaptureFixture
) -> None:
    git("clone", "-q", "--depth=2", deployment.origin.as_uri(), "shallow", at=deployment.root)
    shallow = deployment.root / "shallow"
    deployment.origin.rename(deployment.root / "away.git")
    assert resolve(shallow, "2026-02-15") == git("rev-parse", "HEAD^", at=shallow)
    with pytest.raises(EnvironmentFault, match=r"nothing was committed by 2026-01-15.*This clone is shallow"):
        resolve(shallow, "2026-01-15")
    assert "its earlier commits can't be fetched" in caplog.text
