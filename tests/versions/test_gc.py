"""Garbage: only what no ref pins goes, aside first and for good after the grace; whoever publishes or reads is safe."""

import datetime as dt
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from include.adapters import lease
from include.adapters.objects import QUARANTINE
from include.adapters.store import Store
from include.errors import EnvironmentFault
from include.versions import collecting, presence
from include.versions.pins import parse
from include.versions.publication import WorkingTree, publish
from tests.versions.house import SCHEMA, House, facts, git, house, version
from tests.versions.keeper import collect, older, places, series, whole


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


def held(deployment: House, remote: str = "public") -> set[str]:
    """All objects of a remote."""
    found = (deployment.root / "remotes" / remote / "files/md5").glob("*/*")
    return {path.parent.name + path.name for path in found}


def aside(deployment: House, remote: str = "public") -> set[str]:
    """All objects in its quarantine."""
    return {path.name for path in (deployment.root / "remotes" / remote / QUARANTINE).rglob("*") if path.is_file()}


def add_objects(source: House, target: House) -> None:
    """Copy the objects of one remote to another that may have some of them; they can't be written to."""

    def unless_there(found: str, place: str) -> str:
        return place if Path(place).exists() else shutil.copy2(found, place)

    folders = (where.root / "remotes/public/files" for where in (source, target))
    shutil.copytree(*folders, dirs_exist_ok=True, copy_function=unless_there)


def orphans(deployment: House, scratch: Path) -> set[str]:
    """The objects of a version that was uploaded and never pinned: its publisher was killed before its commit."""
    before = held(deployment)
    other = house(scratch / "other")
    series(other, scratch, [77.0], name="orphan")
    add_objects(other, deployment)
    left = held(deployment) - before
    assert len(left) > 2
    return left


def test_what_no_ref_pins_goes_aside_and_for_good_after_the_grace(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    pinned, garbage = held(deployment), orphans(deployment, tmp_path)
    assert collect(deployment, clone) == {}, "an upload of today may be pinned tomorrow"
    older(deployment.root / "remotes", 6.9)
    assert collect(deployment, clone) == {}
    older(deployment.root / "remotes", 0.2)
    assert collect(deployment, clone) == {"move": len(garbage)}
    assert (held(deployment), aside(deployment)) == (pinned, garbage)
    older(deployment.root / "remotes", 6.9)
    assert collect(deployment, clone) == {}
    older(deployment.root / "remotes", 0.2)
    assert collect(deployment, clone) == {"delete": len(garbage)}
    assert (held(deployment), aside(deployment)) == (pinned, set())
    assert whole(clone).exit_code == 0


def test_a_draft_that_a_pinned_version_followed_stays(deployment: House, tmp_path: Path) -> None:
    """Its author ran twice before the first commit: without the first, the second can't be made again."""
    clone = deployment.clone()
    last = None
    for number in (1, 2):
        folder = version(tmp_path / str(number), {"DE": float(number)})
        done = publish(folder, SCHEMA, facts(1, base=last), WorkingTree(clone), deployment.remote)
        last = done.entry.md5
    git("add", "data.dvc", at=clone)
    git("commit", "-qm", "The second one", at=clone)
    git("push", "-q", at=clone)
    pinned = held(deployment)
    older(deployment.root / "remotes", 8)
    assert collect(deployment, clone) == {}
    assert held(deployment) == pinned


def test_a_dry_run_says_what_and_why_and_changes_nothing(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    pinned, garbage = held(deployment), orphans(deployment, tmp_path)
    older(deployment.root / "remotes", 8)
    there = places(clone)
    known = collecting.roots((deployment.origin, clone), "refs/heads/main", there)
    before = sorted((deployment.root / "remotes").rglob("*"))
    items = collecting.plan(known, there, dt.datetime.now(dt.UTC))
    said = {(item.act, item.why): {i.name for i in items if (i.act, i.why) == (item.act, item.why)} for item in items}
    assert said == {("keep", "pinned"): pinned, ("move", "pinned by no ref"): garbage}
    assert sorted((deployment.root / "remotes").rglob("*")) == before


REFS = ("refs/heads/main", "refs/heads/anything", "refs/tags/v1", "refs/pull/7/head")


@pytest.mark.parametrize("where", [*REFS, "working tree", "only in the clone"])
def test_every_ref_counts(where: str, deployment: House, tmp_path: Path) -> None:
    """The publication ref went back to its beginning; the versions are only pinned from elsewhere."""
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    before = held(deployment)
    (begin,) = git("rev-list", "--max-parents=0", "main", at=deployment.origin).split()
    git("update-ref", "refs/heads/main", begin, at=deployment.origin)
    git("checkout", "-q", "--detach", at=clone)
    git("branch", "-q", "-f", "main", begin, at=clone)
    git("update-ref", "-d", "refs/remotes/origin/main", at=clone)
    if where in REFS:
        git("update-ref", where, str(second.commit), at=deployment.origin)
    if where != "only in the clone":
        git("checkout", "-q", "main", at=clone)
    if where == "working tree":
        (clone / "data.dvc").write_text(git("show", f"{second.commit}:data.dvc", at=clone) + "\n")
    older(deployment.root / "remotes", 8)
    assert collect(deployment, clone) == {}, "the second is pinned, and was made on top of the first"
    assert held(deployment) == before
    assert presence.missing([first.entry, second.entry], deployment.remote, tmp_path / "cache") == []


def test_an_open_proposal_keeps_its_content_and_loses_it_when_it_is_gone(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    folder = version(tmp_path / "secret", {"b": 1.0})
    proposed = deployment.publish(folder, facts(1, name="secret", access="restricted"), proposal=True)
    kept = held(deployment, "restricted")
    older(deployment.root / "remotes", 8)
    assert collect(deployment, clone) == {}
    (branch,) = git("branch", "--list", "proposal/*", "--format=%(refname:short)", at=deployment.origin).split()
    assert parse(git("show", f"{branch}:data.dvc", at=deployment.origin)).entries["secret"] == proposed.entry
    git("branch", "-q", "-D", branch, at=deployment.origin)
    assert collect(deployment, clone) == {"move": len(kept)}


def test_what_is_pinned_again_comes_back(deployment: House, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    pinned = held(deployment)
    git("update-ref", "refs/heads/main", str(done[0].commit), at=deployment.origin)
    git("reset", "-q", "--hard", str(done[0].commit), at=clone)
    git("fetch", "-q", at=clone)
    older(deployment.root / "remotes", 8)
    moved = collect(deployment, clone)["move"]
    assert 0 < moved < len(pinned)
    git("update-ref", "refs/heads/main", str(done[1].commit), at=deployment.origin)
    assert collect(deployment, clone) == {"restore": moved}
    assert held(deployment) == pinned
    assert whole(clone).exit_code == 0


def test_a_publisher_that_finds_its_content_aside_uploads_it_again(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    garbage = orphans(deployment, tmp_path)
    older(deployment.root / "remotes", 8)
    collect(deployment, clone)
    assert garbage == aside(deployment)
    again = series(deployment, tmp_path / "again", [77.0], name="orphan")
    assert presence.missing([again[0].entry], deployment.remote, tmp_path / "cache") == []


def test_files_that_dvc_alone_pins_are_kept(deployment: House, tmp_path: Path) -> None:
    """Somebody's own .dvc file, and a data.dvc that nobody can read any more, still say what is needed."""
    done = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    garbage = orphans(deployment, tmp_path)
    named = sorted(oid for oid in garbage if not oid.endswith(".dir"))[0]
    (clone / "notes").mkdir()
    (clone / "notes/model.bin.dvc").write_text(f"outs:\n- md5: {named}\n  path: model.bin\n")
    git("add", ".", at=clone)
    git("commit", "-q", "-m", "A file of DVC's", at=clone)
    broken = (clone / "data.dvc").read_text().replace(done[1].entry.md5, done[0].entry.md5)
    (clone / "data.dvc").write_text(f"<<<<<<< HEAD\n{broken}")
    git("commit", "-q", "-am", "Conflict markers", at=clone)
    git("checkout", "-q", "HEAD~1", "data.dvc", at=clone)
    git("push", "-q", "origin", "main", at=clone)
    older(deployment.root / "remotes", 8)
    assert collect(deployment, clone) == {"move": len(garbage) - 1}
    assert named in held(deployment)


def test_a_shallow_clone_or_a_lost_listing_stops_it(deployment: House, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0, 2.0])
    git("clone", "-q", "--depth=1", deployment.origin.as_uri(), "shallow", at=deployment.root)
    orphans(deployment, tmp_path)
    older(deployment.root / "remotes", 8)
    before = held(deployment)
    with pytest.raises(EnvironmentFault, match=r"a shallow clone.*Nothing was changed.*git fetch --unshallow"):
        collect(deployment, deployment.root / "shallow")
    clone = deployment.clone()
    Path(deployment.remote("public").path(done[0].entry.md5)).unlink()
    with pytest.raises(EnvironmentFault, match=rf"shares {done[0].entry.md5[:12]} .*nobody knows its files") as caught:
        collect(deployment, clone)
    assert "--lost" in str(caught.value)
    assert held(deployment) == before - {done[0].entry.md5}
    assert not aside(deployment)
    known = collecting.roots((deployment.origin, clone), "refs/heads/main", places(clone), lost=True)
    assert [version.entry.md5 for version in known.contents.unlisted] == [done[0].entry.md5]


def test_a_pull_request_that_pins_what_was_never_uploaded_does_not_stop_it(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    git("checkout", "-q", "-b", "work", at=clone)
    text = (clone / "data.dvc").read_text()
    (clone / "data.dvc").write_text(text.replace(parse(text).entries["shares"].md5, "0" * 32 + ".dir"))
    git("commit", "-q", "-am", "Mine", at=clone)
    git("push", "-q", "origin", "HEAD:refs/pull/1/head", at=clone)
    git("checkout", "-q", "main", at=clone)
    git("branch", "-q", "-D", "work", at=clone)
    older(deployment.root / "remotes", 8)
    assert collect(deployment, clone) == {}


def test_nothing_that_is_pinned_anywhere_means_a_wrong_address(deployment: House, tmp_path: Path) -> None:
    orphans(deployment, tmp_path)
    clone = deployment.clone()
    older(deployment.root / "remotes", 8)
    with pytest.raises(EnvironmentFault, match="No ref pins any version"):
        collect(deployment, clone)


def test_it_refuses_while_somebody_publishes_and_a_publisher_waits_for_it(deployment: House, tmp_path: Path) -> None:
    """Fault 12: collection during a publication, whose content is there and not yet pinned."""
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    garbage = orphans(deployment, tmp_path)
    older(deployment.root / "remotes", 8)
    store = deployment.remote("public")
    with lease.publishing(store), pytest.raises(EnvironmentFault, match=r"publishes to it since .*Nothing was moved"):
        collect(deployment, clone)
    assert garbage <= held(deployment)

    entered = threading.Event()

    def publish() -> None:
        with lease.publishing(store):
            entered.set()

    with lease.collecting(store):
        publisher = threading.Thread(target=publish)
        publisher.start()
        assert not entered.wait(0.3), "a publisher must not look for objects that are being moved"
        with pytest.raises(EnvironmentFault, match="collects its garbage since"), lease.collecting(store):
            pass
    publisher.join(timeout=30)
    assert entered.is_set()
    assert collect(deployment, clone) == {"move": len(garbage)}
    assert list((deployment.root / "remotes/public" / lease.FOLDER).iterdir()) == []


def test_a_mark_of_a_process_that_is_gone_counts_no_more(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    program = (
        "import os, sys, signal\nfrom include.adapters import lease\nfrom include.adapters.remote import remote_at\n"
        "with lease.publishing(remote_at('public', sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", program, str(deployment.root / "remotes/public")]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -9
    (mark,) = (deployment.root / "remotes/public" / lease.FOLDER).iterdir()
    other = mark.with_name("publishing-1.json")
    other.write_text(mark.read_text().replace('"host": "', '"host": "another-'))
    with pytest.raises(EnvironmentFault, match=r"it counts until .*, or you delete .*publishing-1\.json"):
        collect(deployment, clone)
    then = other.stat().st_mtime - 13 * 3600
    os.utime(other, (then, then))
    assert collect(deployment, clone) == {}
    assert list(mark.parent.iterdir()) == []


def test_a_long_read_ends_well_while_garbage_is_collected(deployment: House, tmp_path: Path) -> None:
    """Fault 12: collection and publications during a long read; what was announced stays readable."""
    rows = {f"k{number:05d}": float(number) for number in range(20_000)}
    published = deployment.publish(version(tmp_path / "big", rows), facts(len(rows)))
    clone = deployment.clone()
    where, files = deployment.remote("public"), places(clone)
    known = collecting.roots((deployment.origin, clone), "refs/heads/main", files).contents
    table = next(oid for oid, uses in known.uses["public"].items() if uses[0].path.startswith("table/"))
    with Path(where.path(table)).open("rb") as reader:
        begun = reader.read(1000)
        lazy = pl.scan_parquet(where.path(table))
        for number in range(3):
            orphans(deployment, tmp_path / str(number))
            series(deployment, tmp_path / str(number), [float(number)], name=f"other{number}")
            older(deployment.root / "remotes", 8)
            collect(deployment, clone)
        assert lazy.select(pl.col("share").sum()).collect().item() == sum(rows.values())
        assert len(begun + reader.read()) == Path(where.path(table)).stat().st_size
    pins = parse(git("show", "main:data.dvc", at=deployment.origin))
    assert len(pins.entries) == 4
    assert pins.entries["shares"] == published.entry
    assert presence.missing(pins.entries.values(), deployment.remote, tmp_path / "cache") == []
    assert whole(clone).exit_code == 0


def test_runs_and_unfinished_uploads_go_after_the_time_they_are_kept(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    store = Store(f"file://{deployment.root}/store/dev")
    gone = [
        "runs/shares/r1/extract/0000/w/raw/a",
        "published/shares/r1/publish/0000/receipt-1.json",
        "logs/shares/x.log",
    ]
    for path in (*gone, "heads/main/shares.json", "code/0.tar"):
        store.put(path, b"x")
    part = deployment.root / "remotes/public/tmp/half"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half of an upload")
    older(deployment.root / "store", 89)
    older(deployment.root / "remotes", 6)
    assert collect(deployment, clone) == {}
    older(deployment.root / "store", 2)
    older(deployment.root / "remotes", 2)
    assert collect(deployment, clone) == {"delete": 4}
    assert store.list("") == ["code/0.tar", "heads/main/shares.json"]
    assert not part.exists()
