"""A register made searchable: once a version, the same bytes in every way, and never a damaged one."""

import datetime as dt
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from include.adapters.store import Store
from include.contracts.columns import Column, TableSchema
from include.contracts.matching import Register as RegisterColumns
from include.errors import DataError
from include.matching.match import Matcher, compare
from include.settings import REPOSITORY
from include.versions import collecting, indexes, proof, registers
from include.versions.contents import Places, contents
from include.versions.pins import Entry, Withdrawn
from tests.matching.elf import few, listed
from tests.versions.house import House, facts, house, version

COLUMNS = ("code", "legal_name", "land", "form", "isin")
ROWS = [
    ("L1", "Acme GmbH", "DE", "2HBR", "DE0007164600"),
    ("L2", "Banca di Roma S.p.A.", "IT", "P418", None),
    ("L3", "Zeta Aktiengesellschaft", "DE", None, None),
    ("L4", "株式会社トヨタ", "JP", None, None),
]


def columns(**others: str | None) -> RegisterColumns:
    """As a contract's `register:` says it."""
    said = {"id": "code", "name": "legal_name", "country": "land", "legal_form": "form", "legal_forms": "forms"}
    return RegisterColumns.model_validate(said | others | {"identifiers": {"isin": "isin"}})


def table(names: Sequence[str], key: str) -> TableSchema:
    fields = (Column(name=name, id=n, type="string", nullable=name != key) for n, name in enumerate(names, 1))
    return TableSchema(columns=tuple(fields), key=(key,))


@dataclass
class Registers:
    """A deployment that publishes versions of a register, and of the list of legal forms."""

    house: House
    scratch: Path
    clone: Path = field(init=False)
    forms: Entry = field(init=False)
    last: str | None = None

    def __post_init__(self) -> None:
        self.forms = self._publish("forms", few(), "elf_code")
        self.clone = self.house.clone()

    def publish(self, rows: Sequence[tuple[str | None, ...]]) -> Entry:
        frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
        entry = self._publish("entities", frame, "code", base=self.last)
        self.last = entry.md5
        return entry

    def _publish(self, name: str, frame: pl.DataFrame, key: str, base: str | None = None) -> Entry:
        schema = table(frame.columns, key)
        folder = self.scratch / f"{name}-{len(list(self.scratch.iterdir()))}"
        version(folder, {}, schema=schema, frame=frame.sort(key).lazy())
        told = facts(frame.height, name=name, run=folder.name, base=base)
        return self.house.publish(folder, told, schema).entry

    def matcher(self, entry: Entry, folder: Path, asked: RegisterColumns | None = None) -> Matcher:
        return registers.matcher(entry, self.forms, asked or columns(), folder, self.clone)


@pytest.fixture
def deployed(tmp_path: Path) -> Registers:
    (tmp_path / "scratch").mkdir()
    return Registers(house(tmp_path / "house"), tmp_path / "scratch")


def bytes_of(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(found) > 15
    return found


def test_a_register_is_searched_by_the_columns_that_its_contract_names(deployed: Registers, tmp_path: Path) -> None:
    matcher = deployed.matcher(deployed.publish(ROWS), tmp_path / "i")
    held = pl.DataFrame(matcher.index.entities).sort("id")
    assert held.select("id", "name", "country", "legal_form", "isin").rows() == ROWS
    assert not {"category", "status"} & set(held.columns)
    assert held["core"].to_list()[:3] == ["acme", "banca di roma", "zeta"]
    assert held["form"].to_list()[0] == "gmbh"


def test_it_is_opened_again_and_not_built(
    deployed: Registers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "commons")
    entry = deployed.publish(ROWS)
    first = deployed.matcher(entry, tmp_path / "i").index
    assert "index of entities: built of 4 rows" in caplog.text
    caplog.clear()
    again = deployed.matcher(entry, tmp_path / "i").index
    assert (
        again.folder
        == first.folder
        == tmp_path / "i" / registers.key(entry, registers.forms_of(deployed.forms, deployed.clone), columns())
    )
    assert not caplog.records


def test_a_register_that_grew_extends_its_last_index_to_the_same_bytes(
    deployed: Registers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "commons")
    deployed.matcher(deployed.publish(ROWS), tmp_path / "i")
    grown = deployed.publish(
        [ROWS[0], ("L2", "Banca d'Italia", "IT", None, None), *ROWS[2:], ("L5", "Neu AG", "DE", None, None)]
    )
    extended = deployed.matcher(grown, tmp_path / "i").index
    assert "index of entities: extended by 2 rows, new or changed" in caplog.text
    built = deployed.matcher(grown, tmp_path / "other").index
    assert bytes_of(extended.folder) == bytes_of(built.folder)


def test_other_columns_are_another_index(deployed: Registers, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "commons")
    entry = deployed.publish(ROWS)
    one = deployed.matcher(entry, tmp_path / "i").index
    two = deployed.matcher(entry, tmp_path / "i", columns(legal_form=None)).index
    assert one.folder != two.folder
    assert "extended" not in caplog.text
    assert "legal_form" not in two.entities.column_names


@pytest.mark.parametrize("damage", ["cut", "gone", "header", "manifest", "nested", "types"])
def test_a_damaged_index_is_told_and_built_again(
    deployed: Registers, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    entry = deployed.publish(ROWS)
    folder = deployed.matcher(entry, tmp_path / "i").index.folder
    whole = bytes_of(folder)
    match damage:
        case "cut":
            (folder / "trigrams" / "rows.npy").write_bytes(whole["trigrams/rows.npy"][:-1])
        case "gone":
            (folder / "entities.arrow").unlink()
        case "header":
            (folder / "index.json").write_text('{"format": 1}')
        case "manifest":
            (folder / "manifest.json").write_text("[]")
        case "nested":
            (folder / "manifest.json").write_text("[" * 100_000)
        case _:
            told = json.loads(whole["manifest.json"])
            (folder / "manifest.json").write_text(json.dumps(told | {"files": 5}))
    found = deployed.matcher(entry, tmp_path / "i").index
    assert "It is built again." in caplog.text
    assert caplog.text.count(str(folder)) == 1
    assert bytes_of(found.folder) == whole


def test_rows_that_cannot_be_searched_are_told_and_counted(
    deployed: Registers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    entry = deployed.publish([*ROWS, ("L9", "  ", "DE", None, None), ("L8", "Nowhere Ltd", None, None, None)])
    folder = deployed.matcher(entry, tmp_path / "i").index.folder
    assert "entities: 1 row: no name (L9)" in caplog.text
    told = indexes.manifest(folder)
    assert (told.dataset, told.content, told.rows) == ("entities", entry.meta.content, 6)
    assert told.left_out == {"no name": 1, "no country": 1}


def test_a_column_that_is_not_there_is_told_with_those_that_are(deployed: Registers, tmp_path: Path) -> None:
    entry = deployed.publish(ROWS)
    with pytest.raises(
        DataError, match=r"entities: its version .* has no column kind, state, .*found code, legal_name"
    ):
        deployed.matcher(entry, tmp_path / "i", columns(category="kind", status="state"))
    assert not list(tmp_path.glob("i/*"))


def test_two_processes_at_once_make_one_index(deployed: Registers, tmp_path: Path) -> None:
    entry = deployed.publish(ROWS)
    code = (
        "import sys; from pathlib import Path; from include.versions import reading, registers;"
        "from tests.versions.test_registers import columns;"
        "clone = Path(sys.argv[1]); at = lambda name: reading.entry_at(clone, name, 'origin/main');"
        "index = registers.matcher(at('entities'), at('forms'), columns(), Path(sys.argv[2]), clone).index;"
        "print(index.folder.name, len(index.entities))"
    )
    subprocess.run(["git", "fetch", "-q"], cwd=deployed.clone, check=True)
    command = [sys.executable, "-c", code, str(deployed.clone), str(tmp_path / "i")]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda _: subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True), "ab"))
    (place,) = (tmp_path / "i").iterdir()
    assert [one.stdout.decode().split() for one in said] == [[place.name, "4"]] * 2
    assert bytes_of(place) == bytes_of(deployed.matcher(entry, tmp_path / "other").index.folder)


def test_the_last_used_two_stay_and_what_a_killed_process_left_goes(deployed: Registers, tmp_path: Path) -> None:
    folder = tmp_path / "i"
    places = []
    for size in (2, 3, 4):
        places.append(deployed.matcher(deployed.publish(ROWS[:size]), folder).index.folder)
        os.utime(places[-1], (size, size))
        (folder / ".partial-1").mkdir(exist_ok=True)
    os.utime(folder / ".partial-1", (1, 1))
    (folder / ".partial-2").mkdir()
    last = deployed.matcher(deployed.publish([*ROWS, ("L5", "Neu AG", "DE", None, None)]), folder).index.folder
    assert {one.name for one in folder.iterdir()} == {places[-1].name, last.name, ".partial-2"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store")


def known(deployed: Registers, entry: Entry) -> registers.Register:
    return registers.Register(entry, deployed.forms, columns())


def test_the_store_s_index_is_used_and_not_built(
    deployed: Registers, tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "commons")
    entry = deployed.publish(ROWS)
    key = registers.keep(known(deployed, entry), store, tmp_path / "sync", deployed.clone)
    assert "built of 4 rows" in caplog.text
    caplog.clear()
    assert registers.keep(known(deployed, entry), store, tmp_path / "again", deployed.clone) == key
    found = registers.matcher(entry, deployed.forms, columns(), tmp_path / "i", deployed.clone, store).index
    assert not caplog.records
    assert found.folder == tmp_path / "i" / key
    assert (
        bytes_of(found.folder)
        == bytes_of(tmp_path / "sync" / key)
        == bytes_of(tmp_path / "store/indexes/entities" / key)
    )


@pytest.mark.parametrize("damage", ["flipped", "gone", "manifest", "elsewhere"])
def test_a_damaged_index_in_the_store_is_never_used_and_the_next_sync_mends_it(
    deployed: Registers, tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """Fault 10: bytes change where they lie. What is searched is verified before."""
    entry = deployed.publish(ROWS)
    key = registers.keep(known(deployed, entry), store, tmp_path / "sync", deployed.clone)
    there = tmp_path / "store/indexes/entities" / key
    whole = bytes_of(there)
    match damage:
        case "flipped":
            rows = whole["entities.arrow"]
            (there / "entities.arrow").write_bytes(rows.replace(b"Acme", b"Bcme"))
        case "gone":
            (there / "words/rows.npy").unlink()
        case "manifest":
            (there / "manifest.json").write_text("{")
        case _:
            (there / "manifest.json").write_bytes(whole["manifest.json"].replace(b'"rank.npy"', b'"../rank.npy"'))
    found = registers.matcher(entry, deployed.forms, columns(), tmp_path / "i", deployed.clone, store).index
    assert str(there) in caplog.text
    assert "The index is built here instead." in caplog.text
    assert bytes_of(found.folder) == whole
    assert bytes_of(there) != whole
    registers.keep(known(deployed, entry), store, tmp_path / "again", deployed.clone)
    assert bytes_of(there) == whole


def test_the_store_s_newest_index_is_extended_and_the_newest_two_stay(
    deployed: Registers, tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "commons")
    keys = []
    for size in (2, 3, 4):
        entry = deployed.publish(ROWS[:size])
        keys.append(registers.keep(known(deployed, entry), store, tmp_path / f"sync{size}", deployed.clone))
    assert caplog.text.count("extended by 1 row, new or changed") == 2
    left = {path.split("/")[2] for path in store.list("indexes/entities")}
    assert left == set(keys[1:])
    assert (
        registers.matcher(entry, deployed.forms, columns(), tmp_path / "i", deployed.clone).index.header.entities == 4
    )
    assert bytes_of(tmp_path / "i" / keys[2]) == bytes_of(tmp_path / "store/indexes/entities" / keys[2])


def test_what_a_withdrawn_register_left_goes(deployed: Registers, tmp_path: Path, store: Store) -> None:
    """Its index holds its names; seven days after it was withdrawn nothing of it may be left."""
    entry = deployed.publish(ROWS)
    registers.keep(known(deployed, entry), store, tmp_path / "sync", deployed.clone)
    gone = Withdrawn(by="steward@example.org", at="2026-01-01T00:00:00Z", why="by mistake")
    withdrawn = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
    with pytest.raises(DataError, match="was withdrawn by steward"):
        deployed.matcher(withdrawn, tmp_path / "sync")
    files = set(store.list("indexes/entities"))
    assert len(files) > 15
    for path in files:
        os.utime(tmp_path / "store" / path, (0, 0))
    now = dt.datetime(2026, 1, 9, tzinfo=dt.UTC)
    places = Places({}, None)
    (said,) = proof.prove([withdrawn], contents([], places), places, store, now)
    assert "are still there" in str(said)
    planned = list(collecting.plan_store(store, [withdrawn], now))
    assert {item.name for item in planned} == files
    for item in planned:
        item.do()
    assert store.list("indexes/entities") == []
    own = deployed.matcher(entry, deployed.clone / indexes.KEPT_HERE).index.folder
    assert not list(collecting.plan_indexes(deployed.clone, [withdrawn], now - dt.timedelta(days=2)))
    (item,) = collecting.plan_indexes(deployed.clone, [withdrawn], now)
    item.do()
    assert not own.exists()
    assert str(next(iter(proof.prove([withdrawn], contents([], places), places, store, now)))).endswith("are gone.")


def test_a_register_without_a_version_is_told_with_what_to_run_first(tmp_path: Path, store: Store) -> None:
    write = tmp_path / "room" / "entities"
    write.mkdir(parents=True)
    said = "title: a\ndescription: b\nowner: a@b.org\nlicence: MIT\nsource: {url: https://a.org/b}\n"
    (write / "contract.yaml").write_text(said)
    with pytest.raises(DataError, match="no key `register:`"):
        registers.newest(store, "main", "entities", tmp_path / "room")
    shutil.copytree(write, tmp_path / "room" / "forms")
    (write / "contract.yaml").write_text(f"{said}register: {{id: a, name: b, country: c, legal_forms: forms}}\n")
    with pytest.raises(DataError, match="`commons run forms entities` first"):
        registers.newest(store, "main", "entities", tmp_path / "room")


def test_without_a_list_of_legal_forms_those_known_everywhere_count(deployed: Registers, tmp_path: Path) -> None:
    matcher = registers.matcher(deployed.publish(ROWS), None, columns(), tmp_path / "i", deployed.clone)
    held = pl.DataFrame(matcher.index.entities).sort("id")
    assert held["core"].to_list()[:3] == ["acme", "banca di roma", "zeta"]


def test_the_real_register_finds_real_names(shared: Path, deployed: Registers, tmp_path: Path) -> None:
    """Three sectors of GLEIF's golden copy, which the dataset lei_entities is made of, and the list of 2023-09-28."""
    files = sorted((shared / "gleif_lei").glob("gleif_*.parquet"))
    assert len(files) == 3
    wanted = {"code": "LEI", "legal_name": "Entity.LegalName", "land": "Entity.LegalAddress.Country"}
    rows = pl.concat(
        pl.read_parquet(file).select(**{name: pl.col(was) for name, was in wanted.items()}) for file in files
    )
    whole = rows.drop_nulls("code").unique("code").with_columns(form=pl.lit(None, str), isin=pl.lit(None, str))
    deployed.forms = deployed._publish("elf_codes", listed(shared).drop_nulls().unique("elf_code"), "elf_code")
    matcher = deployed.matcher(deployed.publish(whole.rows()), tmp_path / "i")
    told = indexes.manifest(matcher.index.folder)
    assert told.rows == whole.height > 69_000
    some = whole.filter(pl.col("legal_name").is_unique()).sort("code").gather_every(1_000).with_row_index("mention")
    asked = some.select("mention", pl.col("legal_name").alias("name"), pl.col("land").alias("country"), "code")
    found = compare(asked, matcher, review=0.3).join(asked, on="mention").sort("score").group_by("mention").last()
    assert found.height == asked.height > 60
    assert found.filter(pl.col("entity_id") == pl.col("code")).height > 0.95 * found.height
