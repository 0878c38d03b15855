"""Verification: what is pinned is there and whole, or it is named; repair brings it back and deletes nothing."""

import os
import shutil
from pathlib import Path

import pytest

from include.adapters.objects import QUARANTINE
from include.adapters.remote import listing_of
from include.adapters.store import Store
from include.errors import DataError
from include.versions import census, derived, heads, verifying
from include.versions.findings import Problem
from include.versions.pins import Withdrawn, parse
from include.versions.settling import Published
from tests.versions.house import House, facts, git, house, version
from tests.versions.keeper import places, series, whole

TABLE = "table/part-00000.parquet"


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


def objects(deployment: House, published: Published, scratch: Path) -> dict[str, Path]:
    """Where the files of a version lie on its remote, by their paths; the listing under ""."""
    where = deployment.remote(published.entry.remote)
    files = listing_of(scratch).files
    assert listing_of(scratch).md5 == published.entry.md5
    return {path: Path(where.path(oid)) for path, oid in {**files, "": published.entry.md5}.items()}


def flip(file: Path, at: int = -3) -> bytes:
    """Change one bit of a file as a failing disk does; what it held before."""
    content = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    return content


def test_what_is_whole_is_read_once_whoever_needs_it(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0, 2.0, 3.0])
    there = places(deployment.clone())
    looked = verifying.look(census.chosen(deployment.root / "clone", (), every=True), there)
    told: list[int] = []
    report = verifying.read(looked, told.append)
    kept = [file for file in (deployment.root / "remotes/public/files").rglob("*") if file.is_file()]
    assert (report.versions, report.datasets, report.problems, report.exit_code) == (3, 1, [], 0)
    assert report.objects == len(told) == len(kept) > 10
    assert report.bytes == report.read == sum(told) == sum(file.stat().st_size for file in kept)
    uses = [use for of_object in looked.contents.uses["public"].values() for use in of_object]
    assert len(uses) > len(kept), "some files belong to several versions"


def test_a_flipped_bit_is_found_named_and_mended(deployment: House, tmp_path: Path) -> None:
    """Fault 10: in a stored file that three versions share, with a whole copy in the cache."""
    done = series(deployment, tmp_path, [1.0, 2.0, 3.0])
    clone = deployment.clone()
    schema = objects(deployment, done[0], tmp_path / "shares-0")["schema.json"]
    shutil.copytree(deployment.root / "remotes/public/files", clone / ".dvc/cache/files")
    good = flip(schema)
    (problem,) = whole(clone).problems
    assert (problem.kind, problem.remote, problem.files) == ("damaged", "public", ("data/shares/schema.json",))
    assert problem.object == schema.parent.name + schema.name
    assert [label.split(" ")[1] for label in problem.versions] == [one.entry.md5[:12] for one in done]
    assert f"commit {done[1].commit[:12]}, run run_1" in str(problem)

    report = whole(clone, repair=True, cached=True)
    assert report.exit_code == 0
    assert report.problems[0].repaired.startswith("cache (")
    assert schema.read_bytes() == good
    (aside,) = [path for path in (deployment.root / "remotes/public" / QUARANTINE).rglob("*") if path.is_file()]
    assert aside.read_bytes() != good, "what was damaged is moved aside, never deleted"
    assert whole(clone, cached=True).problems == []


def test_a_flipped_bit_in_the_cache_is_moved_aside_and_the_remote_is_used(deployment: House, tmp_path: Path) -> None:
    """Fault 10: in the DVC cache."""
    done = series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    shutil.copytree(deployment.root / "remotes/public/files", clone / ".dvc/cache/files")
    name = objects(deployment, done[0], tmp_path / "shares-0")[TABLE].relative_to(deployment.root / "remotes/public")
    flip(clone / ".dvc/cache" / name)
    assert whole(clone).problems == [], "the remote is whole"
    assert [(p.kind, p.remote) for p in whole(clone, cached=True).problems] == [("damaged", "cache")]
    report = whole(clone, repair=True, cached=True)
    assert report.exit_code == 0
    assert not (clone / ".dvc/cache" / name).exists()
    assert len([path for path in (clone / ".dvc/cache" / QUARANTINE).rglob("*") if path.is_file()]) == 1
    assert whole(clone, cached=True).problems == []


def _from_cache(deployment: House, clone: Path, lost: Path, good: bytes) -> None:
    target = clone / ".dvc/cache" / lost.relative_to(deployment.root / "remotes/public")
    target.parent.mkdir(parents=True)
    target.write_bytes(good)


def _from_other_remote(deployment: House, clone: Path, lost: Path, good: bytes) -> None:
    target = deployment.root / "backup" / lost.relative_to(deployment.root / "remotes/public")
    target.parent.mkdir(parents=True)
    target.write_bytes(good)
    with (clone / ".dvc/config").open("a") as config:
        config.write(f"['remote \"backup\"']\n    url = {deployment.root}/backup\n")


def _from_quarantine(deployment: House, clone: Path, lost: Path, good: bytes) -> None:
    aside = deployment.root / "remotes/public" / QUARANTINE / "20260101T000000.000000Z/unused"
    aside.mkdir(parents=True)
    (aside / (lost.parent.name + lost.name)).write_bytes(good)


def _from_working_tree(deployment: House, clone: Path, lost: Path, good: bytes) -> None:
    (clone / "data/shares/table").mkdir(parents=True)
    (clone / "data/shares" / TABLE).write_bytes(good)


@pytest.mark.parametrize("harm", ["deleted", "damaged", "cut"])
@pytest.mark.parametrize(
    ("put", "source"),
    [
        (_from_cache, "cache"), (_from_other_remote, "backup"), (_from_quarantine, "public"),
        (_from_working_tree, "working tree"),
    ],
    ids=["cache", "backup", "quarantine", "working tree"],
)  # fmt: skip
def test_a_good_copy_is_found_wherever_it_is(
    put: object, source: str, harm: str, deployment: House, tmp_path: Path
) -> None:
    done = series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    lost = objects(deployment, done[0], tmp_path / "shares-0")[TABLE]
    good = lost.read_bytes()
    put(deployment, clone, lost, good)  # type: ignore[operator]
    if harm == "deleted":
        lost.unlink()
    elif harm == "damaged":
        flip(lost)
    else:
        lost.chmod(0o644)
        lost.write_bytes(good[:-1])
    (problem,) = whole(clone, repair=True, cached=True).problems
    assert problem.kind == ("absent" if harm == "deleted" else "damaged")
    assert problem.repaired.startswith(f"{source} (")
    assert lost.read_bytes() == good
    assert whole(clone, cached=True).exit_code == 0


def test_a_damaged_copy_is_no_source_and_where_there_is_none_it_is_said(deployment: House, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    lost = objects(deployment, done[0], tmp_path / "shares-0")[TABLE]
    good = flip(lost)
    _from_cache(deployment, clone, lost, good[:-1] + b"?")
    _from_working_tree(deployment, clone, lost, b"edited by hand")
    report = whole(clone, repair=True, cached=True)
    kinds = {(problem.remote, problem.kind, bool(problem.repaired)) for problem in report.problems}
    assert kinds == {("public", "damaged", False), ("cache", "damaged", True)}
    assert report.exit_code == 1
    assert "No good copy is known here. `commons rebuild --restore`" in str(report.problems[-1])
    assert not lost.exists(), "what is damaged is not left where readers would take it for good"
    assert (clone / "data/shares" / TABLE).read_bytes() == b"edited by hand"
    (clone / "data/shares" / TABLE).write_bytes(good)
    assert whole(clone, repair=True).exit_code == 0
    assert lost.read_bytes() == good


def test_a_listing_that_is_lost_is_found_elsewhere_and_its_files_are_still_looked_at(
    deployment: House, tmp_path: Path
) -> None:
    done = series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    files = objects(deployment, done[0], tmp_path / "shares-0")
    _from_cache(deployment, clone, files[""], files[""].read_bytes())
    files[""].unlink()
    files[TABLE].unlink()
    found = {(problem.kind, problem.files) for problem in whole(clone, cached=True).problems}
    assert found == {("absent", ("the listing of data/shares",)), ("absent", (f"data/shares/{TABLE}",))}
    without = whole(clone)
    assert [problem.kind for problem in without.problems] == ["unlisted"]
    assert "which files it names is not known" in str(without.problems[0])
    assert without.exit_code == 1


def test_one_dataset_one_revision_or_all(deployment: House, tmp_path: Path) -> None:
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    series(deployment, tmp_path, [3.0], name="others")
    clone = deployment.clone()

    def asked(*names: str, at: str | None = None, every: bool = False) -> list[str]:
        return sorted(one.entry.md5 for one in census.chosen(clone, names, at, every=every))

    assert asked("shares") == [second.entry.md5]
    assert asked("shares", at=first.commit) == [first.entry.md5]
    assert asked("shares", every=True) == sorted([first.entry.md5, second.entry.md5])
    assert len(asked()) == 2
    assert len(asked(every=True)) == 3
    with pytest.raises(DataError, match=r"nothing: no version here\. `commons list`"):
        asked("shares", "nothing")


def test_a_version_on_a_tag_or_an_open_proposal_counts_and_one_of_a_branch_does_not(
    deployment: House, tmp_path: Path
) -> None:
    """Somebody's branch may pin what nobody has uploaded yet; a proposal's content is there before it is."""
    series(deployment, tmp_path, [1.0])
    folder = version(tmp_path / "secret", {"b": 1.0})
    proposed = deployment.publish(folder, facts(1, name="secret", access="restricted"), proposal=True)
    assert proposed.outcome == "proposed"
    clone = deployment.clone()
    git("checkout", "-q", "-b", "mine", at=clone)
    (clone / "data.dvc").write_text((clone / "data.dvc").read_text().replace("md5: ", "md5: f", 1))
    assert {one.entry.name for one in census.announced(clone).versions.values()} == {"shares", "secret"}
    assert parse(git("show", "HEAD:data.dvc", at=clone)).entries.keys() == {"shares"}


def test_a_sample_reads_its_share_and_the_days_together_read_all() -> None:
    oids = [f"{number * 0x9E3779B1 % 2**32:08x}" + "0" * 24 for number in range(2000)]
    for share, days in ((0.1, 10), (0.15, 7), (1.0, 1)):
        read = [{oid for oid in oids if verifying.sampled(oid, share, 739_000 + day)} for day in range(days)]
        assert set.union(*read) == set(oids)
        assert all(abs(len(day) / len(oids) - share) < 0.03 for day in read)


def test_what_is_not_sampled_is_looked_for_all_the_same(deployment: House, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0])
    objects(deployment, done[0], tmp_path / "shares-0")[TABLE].unlink()
    report = whole(deployment.clone(), share=1e-9)
    assert [problem.kind for problem in report.problems] == ["absent"]
    assert report.read == 0


def test_a_remote_that_nobody_configured_is_a_fault_of_the_machine(deployment: House, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    config = (clone / ".dvc/config").read_text()
    (clone / ".dvc/config").write_text(config.replace("'remote \"public\"'", "'remote \"elsewhere\"'"))
    report = whole(clone)
    assert [(problem.kind, problem.remote) for problem in report.problems] == [("unreadable", "public")]
    assert "dvc remote add public" in str(report.problems[0])
    assert report.exit_code == 2


def test_heads_that_do_not_agree_are_named_and_a_store_without_any_is_not(deployment: House, tmp_path: Path) -> None:
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    store = Store(f"file://{tmp_path}/store/dev")
    pins = parse(git("show", "main:data.dvc", at=deployment.origin))
    assert derived.disagreements(store, "main", pins) == []
    heads.write(store, "main", first.entry, {})
    (problem,) = derived.disagreements(store, "main", pins)
    assert isinstance(problem, Problem)
    assert str(problem).startswith(
        f"store: head of shares on main: expected {second.entry.md5} as Git pins, found {first.entry.md5}"
    )
    edited = second.entry.model_copy(update={"size": 7, "meta": second.entry.meta.model_copy(update={"rows": 8})})
    heads.write(store, "main", edited, {})
    (problem,) = derived.disagreements(store, "main", pins)
    assert f"head of shares on main: is {second.entry.md5} as Git pins, with another rows, size." in str(problem)
    assert heads.sync(store, "main", pins) == ["shares"]
    assert derived.disagreements(store, "main", pins) == []
    gone = Withdrawn(by="jane", at="2026-01-05T00:00:00Z", why="Names a person")
    old = first.entry.model_copy(update={"meta": first.entry.meta.model_copy(update={"withdrawn": gone})})
    pins = pins.model_copy(update={"withdrawn": (old,)})
    (problem,) = derived.disagreements(store, "main", pins)
    assert "head of shares on main: knows other versions as withdrawn than Git" in str(problem)
    assert heads.sync(store, "main", pins) == ["shares"]
    assert heads.read(store, "main", "shares") == heads.Head(second.entry, withdrawn=(old,))
    assert derived.disagreements(store, "main", pins) == []


def test_a_working_trees_links_lead_nowhere(deployment: House, tmp_path: Path) -> None:
    """A listing is a stranger's text: no file outside of the working tree is taken for a copy."""
    from include.versions.contents import Use
    from include.versions.repairing import _copies

    done = series(deployment, tmp_path, [1.0])
    use = Use(census.Pinned(done[0].entry), "../../../../etc/passwd")
    found = [path for _, path in _copies("0" * 32, [use], places(deployment.clone()), deployment.root / "clone")]
    assert found
    assert not any("passwd" in path for path in found)
    assert os.path.lexists("/etc/passwd")
