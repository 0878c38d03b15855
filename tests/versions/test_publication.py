"""Publishing: one commit a version, nothing for equal content, nobody overwritten, nothing half done."""

import json
from pathlib import Path

import pytest

from include.contracts.columns import Column
from include.errors import ConflictError, DataError, EnvironmentFault
from include.versions import reading, worktree
from include.versions.pins import parse
from include.versions.publication import WorkingTree, git_target, publish
from tests.versions.house import SCHEMA, House, facts, git, house, version


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


def test_a_version_becomes_one_commit_that_changes_data_dvc_only(deployment: House, tmp_path: Path) -> None:
    done = deployment.publish(
        version(tmp_path / "v", {"a": 1.0, "b": None}, kept=1), facts(2, 1, inputs={"x": "9" * 64})
    )
    assert done.outcome == "published"
    assert deployment.log("%H") == [done.commit, deployment.log("%H")[-1]]
    assert git("show", "--format=", "--name-only", "main", at=deployment.origin) == "data.dvc"
    assert deployment.log("%cn <%ce>")[0] == "Data Commons <commons@example.org>"
    trailers = dict(
        line.split(": ", 1)
        for line in git("log", "-1", "--format=%(trailers)", "main", at=deployment.origin).splitlines()
    )
    assert trailers == {
        "Dataset": "shares", "Rows": "2", "Quarantined": "1", "Rejected": "0",
        "Content": done.entry.meta.content, "Source-Version": "1",
        "Dag-Run": "manual__1", "Code-Commit": "c" * 40, "Environment": "e" * 64, "Inputs": "x@" + "9" * 64,
    }  # fmt: skip
    pins = parse(git("show", "main:data.dvc", at=deployment.origin) + "\n")
    assert pins.entries == {"shares": done.entry}
    meta = done.entry.meta
    assert (meta.rows, meta.records, meta.quarantined, done.entry.nfiles, done.entry.remote) == (2, 3, 1, 8, "public")


def test_a_list_of_blocks_that_came_with_the_folder_is_not_believed(deployment: House, tmp_path: Path) -> None:
    """Whoever ran the author's code may have left one, and its hash with it."""
    folder = version(tmp_path / "v", {"a": 1.0})
    (folder / "blocks.json").write_text("{}")
    target = git_target(str(deployment.origin), "main", "A", "a@example.org")
    done = publish(folder, SCHEMA, facts(1), target, deployment.remote, {"blocks.json": "0" * 32})
    assert reading.open_version("shares", done.commit, deployment.clone()).collect()["share"].to_list() == [1.0]


def test_equal_content_writes_nothing(deployment: House, tmp_path: Path) -> None:
    first = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    folder = version(tmp_path / "w", {"a": 1.0})
    (folder / "contract.yaml").write_text("title: Shares, said better\n")
    objects = sorted((deployment.root / "remotes").rglob("*"))
    again = deployment.publish(folder, facts(1, run="manual__2", base=first.entry.md5))
    assert (again.outcome, again.entry) == ("unchanged", first.entry)
    assert len(deployment.log()) == 2
    assert sorted((deployment.root / "remotes").rglob("*")) == objects


def test_another_parquet_writer_makes_no_version(deployment: House, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    first = deployment.publish(version(tmp_path / "v", {"a": 1.0, "b": 2.0}), facts(2))
    part = version(tmp_path / "w", {"a": 1.0, "b": 2.0}) / "table" / "part-00000.parquet"
    before = part.read_bytes()
    pq.write_table(pq.read_table(part), part, compression="snappy")
    assert part.read_bytes() != before
    again = deployment.publish(tmp_path / "w", facts(2, run="manual__2", base=first.entry.md5))
    assert again.outcome == "unchanged"


def test_the_class_is_that_of_the_most_sensitive_column_or_the_contracts(deployment: House, tmp_path: Path) -> None:
    secret = Column(name="code", id=1, type="string", nullable=False, sensitivity="restricted")
    schema = SCHEMA.model_copy(update={"columns": (secret, SCHEMA.columns[1])})
    one = deployment.publish(version(tmp_path / "v", {"a": 1.0}, schema=schema), facts(1, name="one"), schema=schema)
    two = deployment.publish(version(tmp_path / "w", {"a": 1.0}), facts(1, name="two", access="internal"))
    assert (one.entry.remote, two.entry.remote) == ("restricted", "internal")
    assert {p.name for p in (deployment.root / "remotes").iterdir()} == {"restricted", "internal"}


def test_a_new_class_is_a_new_version_though_the_content_is_equal(deployment: House, tmp_path: Path) -> None:
    first = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    moved = facts(1, access="internal", run="manual__2", base=first.entry.md5)
    again = deployment.publish(version(tmp_path / "w", {"a": 1.0}), moved)
    assert (again.outcome, again.entry.remote) == ("published", "internal")


def test_the_loser_of_a_race_is_told_and_overwrites_nothing(deployment: House, tmp_path: Path) -> None:
    first = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    second = deployment.publish(version(tmp_path / "w", {"a": 2.0}), facts(1, run="manual__2", base=first.entry.md5))
    with pytest.raises(
        ConflictError, match=f"shares: expected to follow version {first.entry.md5}, found {second.entry.md5}"
    ):
        deployment.publish(version(tmp_path / "x", {"a": 3.0}), facts(1, run="manual__3", base=first.entry.md5))
    assert len(deployment.log()) == 3


def test_a_retry_adopts_what_its_run_published_even_when_others_followed(deployment: House, tmp_path: Path) -> None:
    folder = version(tmp_path / "v", {"a": 1.0})
    first = deployment.publish(folder, facts(1))
    assert deployment.publish(folder, facts(1)) == first
    for number in (2, 3):
        base = parse(git("show", "main:data.dvc", at=deployment.origin)).entries["shares"].md5
        new = version(tmp_path / str(number), {"a": float(number)})
        deployment.publish(new, facts(1, run=f"manual__{number}", base=base))
    adopted = deployment.publish(folder, facts(1))
    assert (adopted.outcome, adopted.commit) == ("published", first.commit)
    assert len(deployment.log()) == 4


def test_a_folder_that_is_no_whole_version_is_refused_with_all_reasons(deployment: House, tmp_path: Path) -> None:
    folder = version(tmp_path / "v", {"a": 1.0}, kept=1)
    (raw,) = (p for p in (folder / "raw").iterdir() if p.suffix != ".json")
    for gone in (folder / "quality.json", folder / "quarantine.parquet", raw):
        gone.unlink()
    (folder / "report.md").touch()
    with pytest.raises(DataError) as caught:
        deployment.publish(folder, facts(5, 1))
    said = str(caught.value)
    for name in (
        "quality.json: is missing",
        "quarantine.parquet: is missing",
        f"raw/{raw.name}: is missing",
        "report.md: is no part",
    ):
        assert f"{folder}/{name}" in said
    assert "table: holds 1 rows, expected 5" in said
    assert not (deployment.root / "remotes").exists()
    assert len(deployment.log()) == 1


def test_a_proposal_is_a_branch_and_is_made_once(deployment: House, tmp_path: Path) -> None:
    folder = version(tmp_path / "v", {"a": 1.0})
    run = "scheduled__2026-01-01T00:00:00+00:00"
    done = deployment.publish(folder, facts(1, run=run), proposal=True)
    branch = "proposal/shares/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00"
    assert done.outcome == "proposed"
    assert git("rev-parse", branch, at=deployment.origin) == done.commit
    assert len(deployment.log()) == 1
    assert deployment.publish(folder, facts(1, run=run), proposal=True).commit == done.commit
    next_run = deployment.publish(folder, facts(1, run="scheduled__2026-02"), proposal=True)
    assert (next_run.outcome, next_run.commit) == ("proposed", done.commit)
    assert git("branch", "--list", "proposal/*", at=deployment.origin).split() == [branch]
    git("update-ref", "refs/heads/main", done.commit, at=deployment.origin)
    assert deployment.publish(folder, facts(1, run="scheduled__2026-03"), proposal=True).outcome == "unchanged"


def test_a_proposal_that_somebody_else_changed_is_left_alone(deployment: House, tmp_path: Path) -> None:
    done = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1), proposal=True)
    clone = deployment.clone()
    git("checkout", "-q", "proposal/shares/manual__1", at=clone)
    git("rm", "-q", "data.dvc", at=clone)
    git("commit", "-q", "-m", "No", at=clone)
    git("push", "-q", "origin", "HEAD", at=clone)
    with pytest.raises(ConflictError, match="proposal/shares/manual__1: somebody else committed"):
        deployment.publish(version(tmp_path / "w", {"a": 2.0}), facts(1), proposal=True)
    assert git("rev-parse", "proposal/shares/manual__1^", at=deployment.origin) == done.commit


def test_a_working_tree_gets_the_pin_and_the_bytes_and_no_commit(deployment: House, tmp_path: Path) -> None:
    clone = deployment.clone()
    folder = version(tmp_path / "v", {"a": 1.0})
    done = publish(folder, SCHEMA, facts(1), WorkingTree(clone), deployment.remote)
    assert (done.outcome, done.commit) == ("published", None)
    assert worktree.pins(clone).entries == {"shares": done.entry}
    assert git("status", "--porcelain", at=clone) == "?? data.dvc"
    assert (
        publish(folder, SCHEMA, facts(1, run="manual__2"), WorkingTree(clone), deployment.remote).outcome == "unchanged"
    )
    other = version(tmp_path / "w", {"a": 2.0})
    with pytest.raises(ConflictError):
        publish(other, SCHEMA, facts(1, run="manual__2"), WorkingTree(clone), deployment.remote)


@pytest.mark.parametrize(
    ("address", "ref", "said"),
    [("origin.git", "prod", "can't read branch 'prod'"), ("nowhere.git", "main", "can't read branch 'main'")],
)
def test_an_address_or_branch_that_is_not_there(
    deployment: House, tmp_path: Path, address: str, ref: str, said: str
) -> None:
    target = git_target(str(deployment.root / address), ref, "A", "a@example.org")
    with pytest.raises(EnvironmentFault, match=said):
        publish(version(tmp_path / "v", {"a": 1.0}), SCHEMA, facts(1), target, deployment.remote)


def test_a_push_that_the_host_forbids_is_told_in_its_words(deployment: House, tmp_path: Path) -> None:
    hook = deployment.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'main is protected' >&2; exit 1\n")
    hook.chmod(0o755)
    with pytest.raises(EnvironmentFault, match=r"(?s)refuses the push.*main is protected.*Nothing was published"):
        deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    assert len(deployment.log()) == 1
    assert json.loads(next((deployment.root / "remotes").rglob("*.dir")).read_bytes())


def test_a_version_has_the_links_that_its_contract_asks_for_and_no_others(deployment: House, tmp_path: Path) -> None:
    said = "title: a\ndescription: b\nowner: a@b.org\nlicence: MIT\nsource: {url: https://a.org/b}\n"
    match = said + "match: {register: companies, entity: owner}\n"
    owned = match.replace("owner}", "owner, ownership: {facility: a, share: b, quantity: c}}")
    all_files = ("match.json", "matches.parquet", "review.parquet", "rollup.parquet")
    for number, (contract, there, wrong) in enumerate([
        (said, ("matches.parquet",), {"matches.parquet: is no part of a version"}),
        (match, (), {f"{name}: is missing" for name in all_files[:3]}),
        (match, all_files, {"rollup.parquet: is no part of a version"}),
        (owned, all_files[:3], {"rollup.parquet: is missing"}),
    ]):  # fmt: skip
        folder = version(tmp_path / str(number), {"a": 1.0})
        (folder / "contract.yaml").write_text(contract)
        for name in there:
            (folder / name).write_text("x")
        with pytest.raises(DataError) as refused:
            deployment.publish(folder, facts(1))
        told = refused.value.problems[:-1]
        assert len(told) == len(wrong)
        assert all(any(f"/{one}" in said for said in told) for one in wrong), told
