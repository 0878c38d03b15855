"""Reading back: history, any revision, and never a byte that is not the published one."""

import json
from pathlib import Path

import polars as pl
import pytest

import include
from include.adapters.cache import cache_folder, listing
from include.adapters.remote import Listing, listing_of, put_bytes, put_version
from include.adapters.store import Store
from include.errors import DataError, EnvironmentFault
from include.versions import heads, presence, reading
from include.versions.pins import Pins, Withdrawn, render
from include.versions.publication import Published
from tests.versions.house import House, facts, git, house, version


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


@pytest.fixture
def three(deployment: House, tmp_path: Path) -> list[Published]:
    """Two versions of `shares`, with one of `others` between them."""
    one = deployment.publish(version(tmp_path / "1", {"a": 1.0}), facts(1))
    two = deployment.publish(version(tmp_path / "2", {"z": 9.0}), facts(1, name="others"))
    three = deployment.publish(version(tmp_path / "3", {"a": 3.0}), facts(1, run="manual__3", base=one.entry.md5))
    return [one, two, three]


def test_history_is_newest_first_with_the_commit_of_each(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    found = reading.history(clone, "shares")
    assert [(v.commit, v.entry) for v in found] == [(p.commit, p.entry) for p in (three[2], three[0])]
    assert found[0].author == "Data Commons"
    assert [v.commit for v in reading.history(clone, "others")] == [three[1].commit]
    assert reading.history(clone, "nothing") == []
    with pytest.raises(EnvironmentFault, match="no revision 'nowhere'"):
        reading.history(clone, "shares", "nowhere")


def test_history_shows_commits_by_hand_and_merged_proposals(
    deployment: House, three: list[Published], tmp_path: Path
) -> None:
    told = facts(1, run="manual__4", base=three[2].entry.md5)
    proposed = deployment.publish(version(tmp_path / "4", {"a": 4.0}), told, proposal=True)
    clone = deployment.clone()
    (clone / "README.md").write_text("Other work on main.\n")
    git("commit", "-q", "-am", "Other work", at=clone)
    git("merge", "-q", "--no-ff", "-m", "Merge it", proposed.commit or "", at=clone)
    mine = proposed.entry.model_copy(update={"md5": "1" * 32 + ".dir"})
    (clone / "data.dvc").write_text(render(Pins(entries={"shares": mine})))
    git("commit", "-q", "-am", "By hand", at=clone)
    found = reading.history(clone, "shares")
    assert [v.entry.md5 for v in found] == [mine.md5, proposed.entry.md5, three[2].entry.md5, three[0].entry.md5]
    assert [v.commit for v in found[:2]] == [git("rev-parse", r, at=clone) for r in ("HEAD", "HEAD^")]


def test_one_damaged_commit_does_not_hide_the_history(
    deployment: House, three: list[Published], caplog: pytest.LogCaptureFixture
) -> None:
    clone = deployment.clone()
    file = clone / "data.dvc"
    sound = file.read_bytes()
    for damage in (b"<<<<<<< HEAD\n" + sound, sound + b"# \xff\n"):
        file.write_bytes(damage)
        git("commit", "-q", "-am", "By hand", at=clone)
    file.write_bytes(sound)
    git("commit", "-q", "-am", "Mended", at=clone)
    assert [v.commit for v in reading.history(clone, "shares")] == [three[2].commit, three[0].commit]
    assert "conflict markers" in caplog.text
    with pytest.raises(DataError, match=r"HEAD~2:data.dvc: conflict markers of a merge at line 1\."):
        reading.entry_at(clone, "shares", "HEAD~2")


def test_history_of_a_shallow_clone_shows_what_it_holds(deployment: House, three: list[Published]) -> None:
    git("clone", "-q", "--depth=2", deployment.origin.as_uri(), "shallow", at=deployment.root)
    found = reading.history(deployment.root / "shallow", "shares")
    assert [v.entry for v in found] == [three[2].entry, three[0].entry]


def test_any_revision_opens(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    now = reading.open_version("shares", repository=clone).collect()
    then = reading.open_version("shares", three[0].commit, clone).select("share").collect()
    assert (now.to_dict(as_series=False), then["share"].to_list()) == ({"code": ["a"], "share": [3.0]}, [1.0])
    (address,) = reading.path_at(clone, "shares", three[0].commit)
    assert address == reading.table_files(three[0].entry, cache_folder(clone), clone)[0].as_posix()
    with pytest.raises(DataError, match="others: no version at revision HEAD~2"):
        reading.entry_at(clone, "others", "HEAD~2")
    with pytest.raises(DataError, match=r"absent: no version at .*data.dvc. `commons history absent`"):
        reading.open_version("absent", repository=clone)
    with pytest.raises(DataError, match=r"share: no version at revision HEAD. Did you mean 'shares'\?"):
        reading.entry_at(clone, "share", "HEAD")


def test_a_folder_that_is_no_clone_is_said_to_be_none(tmp_path: Path) -> None:
    for opens in (include.open, include.dataset):
        with pytest.raises(EnvironmentFault, match=f"{tmp_path}: no clone of the datasets"):
            opens("shares", repository=tmp_path)


def test_a_version_older_than_blocks_json_opens_whole(
    deployment: House, three: list[Published], tmp_path: Path
) -> None:
    clone = deployment.clone()
    folder = version(tmp_path / "old", {"a": 7.0, "b": None})
    assert not (folder / "blocks.json").exists()
    old = listing_of(folder)
    put_version(folder, old, deployment.remote("public"))
    entry = three[2].entry.model_copy(update={"md5": old.md5, "nfiles": len(old.files)})
    assert reading.table_of(entry, clone) is None
    assert reading.rows_of(entry, clone).collect().rows() == [("a", 7.0), ("b", None)]
    dataset = reading.dataset_of(entry, ["share"], pl.col("share") > 1, clone)
    assert (dataset.schema.names, dataset.to_table()["share"].to_pylist()) == (["share"], [7.0, None])
    with pytest.raises(DataError, match=r"shares: no column nothing\. It has code, share"):
        reading.dataset_of(entry, ["nothing", "code"], None, clone)
    with pytest.raises(DataError, match=r"shares: no column nothing\. It has code, share"):
        reading.dataset_of(three[2].entry, ["nothing", "code"], None, clone)
    with pytest.raises(DataError, match=r"shares: no column other\. It has code, share"):
        reading.dataset_of(three[2].entry, None, pl.col("other") == 1, clone)


def test_a_part_without_its_blocks_is_told(deployment: House, three: list[Published], tmp_path: Path) -> None:
    folder = version(tmp_path / "odd", {"a": 7.0})
    (folder / "blocks.json").write_text('{"format": 1, "size": 1048576, "files": {}}')
    put_version(folder, odd := listing_of(folder), deployment.remote("public"))
    entry = three[2].entry.model_copy(update={"md5": odd.md5})
    with pytest.raises(DataError, match=r"blocks.json lacks table/part-00000.parquet\. Publish the version again"):
        reading.rows_of(entry, deployment.clone())


@pytest.mark.parametrize("path", ["../../outside", "/etc/outside", "table/../../outside", "a//b", "."])
def test_a_listing_that_leads_out_of_its_folder_is_refused(deployment: House, tmp_path: Path, path: str) -> None:
    bad = Listing({path: "0" * 32}, {})
    put_bytes(bad.to_bytes(), bad.md5, deployment.remote("public"))
    with pytest.raises(EnvironmentFault, match="which leads out of its folder: not used"):
        listing(bad.md5, deployment.remote("public"), tmp_path / "cache")


def test_a_damaged_object_on_the_remote_is_refused_by_name(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    (path,) = map(Path, reading.path_at(clone, "shares"))
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    with pytest.raises(EnvironmentFault, match=f"object {path.parent.name}{path.name} is damaged"):
        reading.open_version("shares", repository=clone).collect()
    with pytest.raises(EnvironmentFault, match=f"it has {len(good):,} bytes"):
        reading.table_files(three[2].entry, cache_folder(clone), clone)
    path.write_bytes(good[:100])
    with pytest.raises(EnvironmentFault, match="is damaged in the"):
        reading.open_version("shares", repository=clone).collect()
    path.write_bytes(good)
    assert reading.open_version("shares", repository=clone).collect()["share"].to_list() == [3.0]


def test_a_damaged_copy_in_the_cache_is_moved_aside_and_replaced(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    cache = cache_folder(clone)
    (path,) = map(Path, reading.path_at(clone, "shares"))
    cached = cache / "files" / "md5" / path.parent.name / path.name
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.write_bytes(b"rotten")
    cached.chmod(0o444)
    assert reading.open_version("shares", repository=clone).collect()["share"].to_list() == [3.0]
    (aside,) = (cache / "corrupt").iterdir()
    assert (aside.read_bytes(), aside.name.startswith(path.parent.name + path.name)) == (b"rotten", True)


def test_what_the_shared_remote_lacks_is_named(deployment: House, three: list[Published], tmp_path: Path) -> None:
    entries = [three[1].entry, three[2].entry]
    assert presence.missing(entries, deployment.remote, tmp_path / "cache") == []
    public = deployment.remote("public")
    files = listing(three[2].entry.md5, public, tmp_path / "cache").files
    Path(public.path(files["table/part-00000.parquet"])).unlink()
    Path(public.path(three[1].entry.md5)).unlink()
    whole, part = presence.missing(entries, deployment.remote, tmp_path / "cache")
    assert f"data/others pins {three[1].entry.md5}, which remote 'public'" in whole
    assert "lacks table/part-00000.parquet. Push it from the machine that made it: `dvc push data/shares`" in part


def test_a_withdrawn_version_says_who_and_why(deployment: House, three: list[Published]) -> None:
    gone = Withdrawn(by="owner@example.org", at="2026-02-01", why="names a person")
    entry = three[2].entry.model_copy(update={"meta": three[2].entry.meta.model_copy(update={"withdrawn": gone})})
    with pytest.raises(DataError, match=r"withdrawn by owner@example.org on 2026-02-01: names a person"):
        reading.table_files(entry, cache_folder(deployment.clone()), deployment.root / "clone")
    assert presence.missing([entry], deployment.remote, deployment.root) == []


def test_heads_follow_git(deployment: House, three: list[Published], tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}/store")
    assert heads.read(store, "team/main", "shares") is None
    heads.write(store, "team/main", three[0].entry, {"https://example.org": {"etag": "x"}})
    assert heads.read(store, "team/main", "shares") == heads.Head(
        three[0].entry, {"https://example.org": {"etag": "x"}}
    )
    pins = Pins(entries={"shares": three[2].entry, "others": three[1].entry})
    assert heads.sync(store, "team/main", pins) == ["others", "shares"]
    assert heads.sync(store, "team/main", pins) == []
    assert heads.read(store, "team/main", "shares") == heads.Head(three[2].entry)
    assert heads.sync(store, "team/main", Pins()) == ["others", "shares"]
    assert heads.read(store, "team/main", "others") is None
    assert heads.sync(store, "team/main", Pins()) == []


@pytest.mark.parametrize(
    "garbage", [b"\xff", b"{", b"[]", b"5", b"null", b'{"entry": 5}', b'{"format": 1}', b'{"format": 1, "entry": {}}']
)
def test_a_damaged_head_is_absent_until_it_is_mended(
    deployment: House, three: list[Published], tmp_path: Path, garbage: bytes
) -> None:
    store = Store((tmp_path / "store").as_uri())
    entry = three[2].entry
    store.put("heads/main/shares.json", garbage)
    assert heads.read(store, "main", "shares") is None
    assert heads.sync(store, "main", Pins(entries={"shares": entry})) == ["shares"]
    assert heads.read(store, "main", "shares") == heads.Head(entry)


def test_a_head_of_a_newer_format_asks_for_an_upgrade(three: list[Published], tmp_path: Path) -> None:
    store = Store((tmp_path / "store").as_uri())
    document = three[2].entry.document()
    newer = [
        {"format": 2, "head": "other"},
        {"format": 1, "entry": document | {"meta": {**document["meta"], "format": 2}}, "sources": {}},
    ]
    for head in newer:
        store.put("heads/main/shares.json", json.dumps(head).encode())
        with pytest.raises(EnvironmentFault, match=r"heads/main/shares.json: format 2, expected 1.* upgrade"):
            heads.read(store, "main", "shares")
