"""Versions are made again from their archives, byte for byte, and what is not believed is told with its reason."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from include.adapters.remote import listing_of, put_version, remote_at
from include.contracts.columns import TableSchema
from include.rebuild.outside import offline
from include.tables import parquet
from include.tables.content import content_hash
from include.versions import worktree
from include.versions.pins import Pins, Withdrawn, parse
from tests.rebuild.author import ROWS, SCHEMA, Author, begin, files, fresh

PAGED = """\
def addresses(start, end, last):
    assert start.tzinfo and start == end
    seen = last["rows"] if last else 0
    return [
        {"url": f"https://example.org/pages?after={seen}", "page": "page", "records": "rows"},
        "https://example.org/last.json",
    ]


def extract(tables):
    import polars as pl

    return pl.concat(list(tables.values()), how="diagonal_relaxed")
"""
CHANCE = """\
import random


def extract(tables):
    import polars as pl

    (table,) = tables.values()
    return table.with_columns(depth_m=pl.lit(str(random.random())))
"""
ONLINE = """\
import socket


def extract(tables):
    import polars as pl

    try:
        socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
        depth = "1"
    except OSError:
        depth = "2"
    (table,) = tables.values()
    return table.with_columns(depth_m=pl.lit(depth))
"""
PLOTS = SCHEMA + '    well_id: int = pa.Field(description="Well")\n'
READS = [{"columns": ["well_id"], "dataset": "wells", "to": ["id"]}]
PARTS = SCHEMA + '    country: str = pa.Field(isin=["DE", "FR"], description="Country")\n'


class Listener:
    """A server of this machine that counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.count = self.socket.getsockname()[1], 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.count += 1


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.socket.close()


def page(start: int) -> str:
    rows = ",".join(
        f'{{"id": {n}, "depth_m": {n}.5, "country": "{"DE" if n % 2 else "FR"}"}}' for n in range(start, start + 3)
    )
    return f'{{"rows": [{rows}]}}'


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Author:
    """Two commits with data: `first`, and one in which `wells` and `plots` follow their versions there."""
    one = begin(tmp_path_factory.mktemp("rebuild"))
    one.write("wells")
    one.write("plots", "id,depth_m,well_id\n1,2.5,3\n2,3.5,99\n", PLOTS,
              expect={"references": READS, "quarantine_pct": 60, "rows_change_pct": 100})  # fmt: skip
    texts = "name,text\ndepth_m,How deep it is\n"
    one.write("pages", texts, PARTS, PAGED, partition="country", source={"format": "json", "path": "rows[]"},
              dictionary={"url": "https://example.org/texts.csv", "column": "name", "description": "text"})  # fmt: skip
    one.serve("https://example.org/texts.csv", texts)
    for number, start in ((1, 1), (2, 4)):
        one.serve(f"https://example.org/pages?after=0&page={number}", page(start))
    one.serve("https://example.org/pages?after=0&page=3", '{"rows": []}')
    one.serve("https://example.org/last.json", page(7))
    one.write("chance", extract=CHANCE)
    one.write("online", extract=ONLINE.replace("PORT", str(listener.port)))
    one.commit("Five datasets")
    one.run("wells", "plots", "pages", "chance", "online")
    one.commit()
    one.git("tag", "first")
    one.write("wells", ROWS + "21,4.5\n", expect={"rows_change_pct": 10, "drift": {"depth_m": 0.5}})
    one.write("plots", "id,depth_m,well_id\n1,2.5,3\n2,3.5,21\n", PLOTS,
              expect={"references": READS, "quarantine_pct": 60, "rows_change_pct": 100})  # fmt: skip
    one.run("wells", "plots")
    one.commit()
    return one


@pytest.mark.timeout(600)
def test_pages_dictionary_partitions_references_and_followers_come_back_byte_for_byte(author: Author) -> None:
    before = files(author.root)
    names = ("wells", "plots", "pages")
    for revision, plots in (("first", 1), ("HEAD", 2)):
        code, done = author.rebuild(*names, "--at", revision)
        assert code == 0, done
        assert {name: done[name]["status"] for name in names} == dict.fromkeys(names, "identical")
        assert all(done[name]["built"] == done[name]["pinned"] for name in names)
        assert done["plots"]["rows"] == plots  # well 21 came with the second version of wells only
        assert done["pages"]["rows"] == 9
    assert files(author.root) == before
    assert author.git("status", "--porcelain") == ""


def test_code_that_makes_other_bytes_each_time_is_found_out(author: Author) -> None:
    code, done = author.rebuild("chance")
    assert (code, done["chance"]["status"]) == (1, "differs")
    assert "table/part-00000.parquet: column depth_m, row 1 (id 1): pinned 0." in done["chance"]["differences"][0]
    assert "run twice, it makes other bytes each time" in done["chance"]["causes"][0]


def test_a_rebuild_has_no_network(author: Author, listener: Listener) -> None:
    if not offline():
        pytest.skip("this machine can't take the network away from a process (unshare)")
    came = listener.count
    assert came >= 1
    code, done = author.rebuild("online")
    assert (code, listener.count) == (1, came)
    assert "column depth_m, row 1 (id 1): pinned 1.0, made 2.0" in done["online"]["differences"][0]


def test_a_pin_edited_by_hand_is_not_believed(author: Author) -> None:
    """Counts, hashes and the environment: each is made again, none is taken from the pin."""
    author.edit("wells", rows=22, size=5)
    author.edit("plots", records=9, rejected=7)
    author.edit("pages", content="0" * 64, environment="1" * 64)
    try:
        code, done = author.rebuild("wells", "plots", "pages")
    finally:
        author.git("checkout", "data.dvc")
    assert (code, {one["status"] for one in done.values()}) == (1, {"differs"})
    said = {name: "\n".join(one["differences"]) for name, one in done.items()}
    assert "rows 22, the rebuild has 21" in said["wells"]
    assert "size 5, the rebuild has" in said["wells"]
    assert "rejected 7, the rebuild has 0" in said["plots"]
    assert "content 0000" in said["pages"]
    assert "environment 1111" in said["pages"]
    assert all("edited by hand" in one["causes"][0] for one in done.values())


def test_rows_written_by_hand_are_found_where_they_part(author: Author, tmp_path: Path) -> None:
    """A whole version was put together by hand, on the remote and in data.dvc: only its source does not say so."""
    kept = tmp_path / "kept"
    assert author.commons("rebuild", "wells", "--to", str(kept)).returncode == 0
    folder, entry = kept / "wells", author.entry("wells")
    schema = TableSchema.from_json((folder / "schema.json").read_text())
    table = pl.read_parquet(folder / "table/part-00000.parquet")
    shutil.rmtree(folder / "table")
    forged = table.with_columns(depth_m=pl.when(pl.col("id") == 7).then(99.5).otherwise("depth_m"))
    parquet.sink(forged.lazy(), schema, folder / "table")
    listing = listing_of(folder)
    put_version(folder, listing, remote_at("public", str(author.root / ".commons/remote/public")))
    author.edit("wells", md5=listing.md5, size=listing.size, content=content_hash(folder, schema))
    try:
        code, done = author.rebuild("wells")
    finally:
        author.git("checkout", "data.dvc")
    assert code == 1
    assert done["wells"]["built"]["md5"] == entry.md5
    said = done["wells"]["differences"]
    assert said[0] == "table/part-00000.parquet: column depth_m, row 7 (id 7): pinned 99.5, made 10.5"
    assert not any("blocks.json" in one for one in said)
    assert "the pin does not come from them" in done["wells"]["causes"][0]


def test_a_pin_with_the_bytes_of_the_version_before_is_found(author: Author) -> None:
    """As a data.dvc merged wrongly has it."""
    old = parse(author.git("show", "first:data.dvc")).entries["wells"]
    author.edit("wells", md5=old.md5)
    try:
        code, done = author.rebuild("wells")
    finally:
        author.git("checkout", "data.dvc")
    assert code == 1
    said = "\n".join(done["wells"]["differences"])
    assert "its content is that of the version that it followed" in said
    assert "rows 21, the rebuild has 20" in said


@pytest.mark.timeout(600)
def test_on_an_empty_machine_the_archives_give_all_back_and_the_rest_is_listed(author: Author, tmp_path: Path) -> None:
    """Fault 32: fresh clone, empty stores; the remote has kept raw bytes only, and of one version not even these."""
    names = ("wells", "plots", "pages")
    machine = fresh(author, tmp_path / "machine")
    kept = tmp_path / "remote"
    for name in names:
        for revision in ("first", "HEAD"):
            _keep_raw(author, machine, name, revision, kept)
    variables = {"COMMONS_REMOTE": str(kept), "COMMONS_MIRROR": ""}
    code, done = machine.rebuild(*names, "chance", "--restore", **variables)
    assert {name: done[name]["status"] for name in names} == dict.fromkeys(names, "identical")
    assert all(done[name]["restored"] for name in names)
    assert done["chance"]["status"] == "impossible"
    assert "--from-source" in "\n".join(done["chance"]["causes"])
    assert code == 2
    pulled = machine.commons("open", "plots", "--json", **variables)
    assert [row["id"] for row in json.loads(pulled.stdout)] == [1, 2]
    assert machine.commons("open", "wells", "--at", "first", **variables).returncode == 0
    assert machine.git("status", "--porcelain") == ""


def _keep_raw(author: Author, machine: Author, name: str, revision: str, remote: Path) -> None:
    entry = parse(author.git("show", f"{revision}:data.dvc")).entries[name]
    source = author.root / ".commons/remote" / entry.remote / "files/md5"
    items = json.loads((source / entry.md5[:2] / entry.md5[2:]).read_bytes())
    oids = [entry.md5, *(item["md5"] for item in items if item["relpath"].startswith("raw/"))]
    for oid in oids:
        target = remote / entry.remote / "files/md5" / oid[:2] / oid[2:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(source / oid[:2] / oid[2:], target)


def test_a_withdrawn_version_is_listed_and_is_no_fault(author: Author, tmp_path: Path) -> None:
    machine = fresh(author, tmp_path / "machine")
    entry = machine.entry("wells")
    gone = Withdrawn(by="owner@example.org", at="2026-02-01", why="A person's name")
    marked = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
    (machine.root / ".commons").mkdir()
    worktree.write(machine.root, Pins(entries={"wells": marked}))
    code, done = machine.rebuild()
    assert (code, done["wells"]["status"]) == (0, "withdrawn")
    assert "A person's name" in done["wells"]["notes"][0]
    code, done = machine.rebuild("--at", "HEAD", "wells")
    assert (code, done["wells"]["status"]) == (0, "withdrawn")


def test_wrong_use_is_told(author: Author, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("")
    for arguments, code, says in (
        (["nothing"], 1, "nothing: no version at"),
        (["--at", "no-such-revision"], 2, "no revision 'no-such-revision'"),
        (["wells", "--to", str(tmp_path / "full")], 2, "is not empty"),
    ):
        done = author.commons("rebuild", *arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False)
        assert says in done.stderr
