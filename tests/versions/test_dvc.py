"""What is published is an ordinary DVC repository: dvc itself, and dvc.api, agree byte for byte."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from include.adapters.cache import cache_folder
from include.adapters.remote import listing_of
from include.versions import checkout, reading, rollback
from include.versions.pins import parse
from include.versions.publication import WorkingTree, git_target, pin, publish
from include.versions.settling import Published
from tests.versions.house import SCHEMA, House, facts, git, house, version


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


def dvc(*arguments: str, at: Path) -> str:
    """What dvc's own command line prints; its user-wide configuration and cache are the test's own."""
    environment = os.environ | {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(at.parent / "site")}
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=at, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_objects_are_those_of_dvc_add_and_push(deployment: House, tmp_path: Path) -> None:
    folder = version(tmp_path / "v", {"a": 1.0, "é": None}, kept=2)
    done = deployment.publish(folder, facts(2, 2))
    clone = deployment.clone("theirs")
    (clone / "mine").mkdir()
    folder.rename(clone / "mine" / "shares")
    dvc("remote", "modify", "public", "url", str(tmp_path / "theirs"), at=clone)
    dvc("add", "-q", "mine/shares", at=clone)
    dvc("push", "-q", "mine/shares.dvc", at=clone)
    ours = files(deployment.root / "remotes" / "public" / "files")
    assert ours == files(tmp_path / "theirs" / "files")
    assert len(ours) == done.entry.nfiles + 1
    out = (clone / "mine" / "shares.dvc").read_text()
    for fact in (f"md5: {done.entry.md5}", f"size: {done.entry.size}", f"nfiles: {done.entry.nfiles}"):
        assert fact in out


def test_dvc_pulls_and_is_content(deployment: House, tmp_path: Path) -> None:
    folder = version(tmp_path / "v", {"a": 1.0})
    deployment.publish(folder, facts(1))
    deployment.publish(version(tmp_path / "w", {"b": 1.0}), facts(1, name="secret", access="restricted"))
    clone = deployment.clone()
    dvc("pull", "-q", "data/shares", at=clone)
    assert files(clone / "data" / "shares") == files(folder)
    assert not (clone / "data" / "secret").exists()
    dvc("pull", "-q", at=clone)
    assert files(clone / "data" / "secret") == files(tmp_path / "w")
    assert "up to date" in dvc("status", at=clone)
    assert git("status", "--porcelain", at=clone) == ""


def test_dvc_api_reads_every_revision(deployment: House, tmp_path: Path) -> None:
    import dvc.api

    first = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    deployment.publish(version(tmp_path / "w", {"a": 2.0}), facts(1, run="manual__2", base=first.entry.md5))
    clone = str(deployment.clone())
    for revision, value in ((first.commit, 1.0), ("main", 2.0)):
        with dvc.api.open("data/shares/table/part-00000.parquet", repo=clone, rev=revision, mode="rb") as file:
            assert pl.read_parquet(file.read())["share"].to_list() == [value]
    assert dvc.api.read("data/shares/contract.yaml", repo=clone) == "title: Shares\n"


def test_a_working_tree_checks_out_without_any_remote(deployment: House, tmp_path: Path) -> None:
    clone = deployment.clone()
    folder = version(tmp_path / "v", {"a": 1.0})
    publish(folder, SCHEMA, facts(1), WorkingTree(clone), deployment.remote)
    (deployment.root / "remotes").rename(deployment.root / "away")
    dvc("checkout", "-q", at=clone)
    assert files(clone / "data" / "shares") == files(folder)
    written = clone / "data" / "shares" / "quality.json"
    written.chmod(0o644)
    written.write_text("changed")
    cached = listing_of(folder).files["quality.json"]
    assert (clone / ".dvc" / "cache" / "files" / "md5" / cached[:2] / cached[2:]).read_text() == "{}\n"
    assert (folder / "quality.json").read_text() == "{}\n"


def listed(clone: Path, commit: str) -> dict[str, str]:
    """What a commit pins, as we read it: the md5 of each file, and of each dataset, by its path."""
    found: dict[str, str] = {}
    for entry in parse(git("show", f"{commit}:data.dvc", at=clone)).entries.values():
        _, files_of = reading.located(entry, cache_folder(clone), clone)
        found |= {f"{entry.path}/": entry.md5} | {f"{entry.path}/{path}": oid for path, oid in files_of.items()}
    return found


def agree(clone: Path, before: str | None, commit: str, place: Path) -> None:
    """All that plain DVC says of a commit, and of what changed since the one before, is what we say."""
    import dvc.api
    from dvc.repo import Repo

    git("checkout", "-q", commit, at=clone)
    with Repo(str(clone)) as repo:
        repo.pull()
        status = repo.data_status(granular=True, not_in_remote=True, remote_refresh=True)
        assert {kind: status[kind] for kind in ("not_in_cache", "not_in_remote", "uncommitted")} == {
            "not_in_cache": [], "not_in_remote": [], "uncommitted": {},
        }  # fmt: skip
        placed = list(checkout.fill(checkout.begin(clone, commit, place / commit), lambda _: None))
        ours = {
            path: content
            for path, content in files(place / commit).items()
            if path.count("/") and "/version.json" not in path
        }
        assert ours == files(clone / "data")
        assert len(ours) == sum(one.entry.nfiles for one in placed) > 0
        for one in placed:
            path = f"{one.entry.path}/table/part-00000.parquet"
            theirs = pl.read_parquet(dvc.api.read(path, repo=str(clone), rev=commit, mode="rb"))
            assert theirs.equals(reading.open_version(one.entry.name, commit, clone).collect())
        if before:
            was, now = listed(clone, before), listed(clone, commit)
            said = {kind: {item["path"] for item in items} for kind, items in repo.diff(before, commit).items()}
            assert said["added"] == now.keys() - was.keys()
            assert said["deleted"] == was.keys() - now.keys()
            assert said["modified"] == {path for path in was.keys() & now.keys() if was[path] != now[path]}


def rolled_back(deployment: House, commit: str, cache: Path) -> Published:
    target = git_target(str(deployment.origin), "main", "Jane", "jane@example.org")
    clone = deployment.clone("roller")
    pins = rollback.published_there(clone, commit, target)
    plan = rollback.plan(clone, "shares", commit, "The shares were doubled.", pins, "public", deployment.remote, cache)
    assert plan is not None
    return pin(plan.entry, plan.base, target, plan.store, lambda: rollback.bring(plan, cache))


def test_dvc_and_we_agree_after_each_step(deployment: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Published, published again, another dataset, only the quarantine changed, rolled back; and the old commit."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    first = deployment.publish(version(tmp_path / "1", {"a": 1.0}), facts(1))
    again = deployment.publish(
        version(tmp_path / "2", {"a": 2.0, "é": None}, kept=1), facts(2, 1, run="manual__2", base=first.entry.md5)
    )
    other = deployment.publish(version(tmp_path / "3", {"z": 1.0}), facts(1, name="others", access="internal"))
    last = deployment.publish(
        version(tmp_path / "4", {"a": 2.0, "é": None}, kept=3), facts(2, 3, run="manual__4", base=again.entry.md5)
    )
    back = rolled_back(deployment, first.commit or "", tmp_path / "cache")
    clone = deployment.clone()
    commits = [done.commit or "" for done in (first, again, other, last, back)]
    for before, commit in zip([None, *commits], commits, strict=False):
        agree(clone, before, commit, tmp_path / "out")
    agree(clone, commits[-1], commits[0], tmp_path / "back")
