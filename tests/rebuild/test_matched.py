"""Versions with matched names come back byte for byte, also where they followed one of an older register."""

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest

from include.versions import worktree
from include.versions.pins import Entry, Withdrawn, parse
from tests.rebuild.author import Author, begin

HEAD = "import pandera.polars as pa\n\n\nclass Schema(pa.DataFrameModel):\n"
FORMS = "id,country_code,name,abbreviations,abbreviations_transliterated\n1,US,limited liability company,LLC,LLC\n"
REGISTER = {"id": "id", "name": "legal_name", "country": "country_code", "status": "status", "legal_forms": "forms"}
MATCH = {"register": "companies", "entity": "owner", "country": "US", "weight": "capacity_mw"}
WORDS = [f"{first}{last}" for first in ("Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Grove", "Heron")
         for last in ("field", "crest", "haven", "stone", "march", "water", "brook", "thorn")]  # fmt: skip


def schema(*columns: str) -> str:
    fields = (f'    {name}: {kind} = pa.Field(nullable={null}, description="{name}")\n'
              for name, kind, null in (column.split(":") for column in columns))  # fmt: skip
    return HEAD + "".join(fields)


def companies(**renamed: str) -> str:
    """The register: an entity a word, some under another name or with another status."""
    rows = (f"E{n:03d},{renamed.get(word, word + ' Power LLC')},US,ACTIVE" for n, word in enumerate(WORDS))
    return "id,legal_name,country_code,status\n" + "\n".join(rows) + "\n"


def owners(*more: str) -> str:
    names = [*(f"{word.upper()} POWER, L.L.C." for word in WORDS[:40]), "NA", "", *more]
    return "id,owner,capacity_mw\n" + "".join(f'{n},"{name}",{n}.5\n' for n, name in enumerate(names))


def write_register(author: Author, **renamed: str) -> None:
    columns = ("id:str:False", "legal_name:str:False", "country_code:str:True", "status:str:True")
    author.write("companies", companies(**renamed), schema(*columns), register=REGISTER)


def write_owners(author: Author, *more: str) -> None:
    author.write(
        "owners", owners(*more), schema("id:int:False", "owner:str:True", "capacity_mw:float:True"), match=MATCH
    )


def report(author: Author) -> dict[str, Any]:
    return dict(json.loads(author.object("owners", "match.json").read_text()))


def matches(author: Author) -> pl.DataFrame:
    return pl.read_parquet(author.object("owners", "matches.parquet").read_bytes())


def pins(author: Author, revision: str) -> dict[str, Entry]:
    return parse(author.git("show", f"{revision}:data.dvc")).entries


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """Four commits: `first`; `renamed`, with a renamed entity; `nothing`, with a renamed one that no name is like, so
    that owners stay; `grown`, where owners follow a version that was matched against an older register."""
    one = begin(tmp_path_factory.mktemp("matched"))
    forms = ("id:int:False", "country_code:str:True", "name:str:True", "abbreviations:str:True")
    one.write("forms", FORMS, schema(*forms, "abbreviations_transliterated:str:True"))
    write_register(one)
    write_owners(one)
    one.commit("Three datasets")
    one.run("owners", "companies", "forms")
    one.commit()
    one.git("tag", "first")
    write_register(one, Ambercrest="Zebra Quarry LLC")
    one.run("companies", "owners")
    one.commit()
    one.git("tag", "renamed")
    write_register(one, Ambercrest="Zebra Quarry LLC", Heronthorn="Quokka Mill LLC")
    one.run("companies", "owners")
    one.commit()
    one.git("tag", "nothing")
    write_owners(one, "Zebra Quarry LLC")
    one.run("owners")
    one.commit()
    one.git("tag", "grown")
    return one


@pytest.mark.timeout(600)
def test_versions_come_back_byte_for_byte_whichever_register_they_followed(author: Author) -> None:
    for revision in ("first", "grown"):
        code, done = author.rebuild("owners", "--at", revision)
        assert code == 0, done
        assert done["owners"]["status"] == "identical"


@pytest.mark.timeout(600)
def test_rows_that_a_change_can_not_affect_are_carried_over_with_the_version_they_were_compared_at(
    author: Author,
) -> None:
    told, rows = report(author), matches(author)
    assert (told["carried_over"], told["compared"]) == (41, 1)
    compared = {
        version: set(part["name"]) for (version,), part in rows.partition_by("register_version", as_dict=True).items()
    }
    new, renamed, first = sorted(compared.values(), key=lambda some: ("Zebra Quarry LLC" not in some, len(some)))
    assert new == {"Zebra Quarry LLC"}
    assert "AMBERCREST POWER, L.L.C." in renamed
    assert len(renamed) < 4 < 38 < len(first) + len(renamed)
    assert rows.filter(pl.col("name") == "Zebra Quarry LLC")["entity_id"].to_list() == ["E001"]
    assert rows.filter(pl.col("name") == "AMBERCREST POWER, L.L.C.")["entity_id"].to_list() == [None]


def test_a_register_version_that_changes_nothing_makes_no_version(author: Author) -> None:
    before, after = (pins(author, revision) for revision in ("renamed", "nothing"))
    assert after["companies"] != before["companies"]
    assert after["owners"] == before["owners"]


@pytest.mark.timeout(600)
def test_an_older_register_whose_bytes_are_lost_is_made_again_first(author: Author) -> None:
    """It is no input of the version, but the one that this followed was matched against it."""
    old = pins(author, "renamed")["companies"]
    assert old.meta.content not in pins(author, "grown")["owners"].meta.inputs.values()
    folders = (author.root / ".commons/remote/public/files/md5", author.root / ".dvc/cache/files/md5")
    listing = json.loads((folders[0] / old.md5[:2] / old.md5[2:]).read_bytes())
    lost = next(item["md5"] for item in listing if item["relpath"].startswith("table/"))
    for folder in folders:
        (folder / lost[:2] / lost[2:]).unlink()
    code, done = author.rebuild("owners")
    assert (code, done["owners"]["status"]) == (0, "identical")


def withdraw(author: Author, entry: Entry) -> Withdrawn:
    """A version that others followed gets its tombstone, and loses its listing."""
    gone = Withdrawn(by="jane", at=f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}", why="Names a person")
    buried = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
    now = worktree.pins(author.root)
    worktree.write(author.root, now.model_copy(update={"withdrawn": (*now.withdrawn, buried)}))
    for folder in (author.root / ".commons/remote/public/files/md5", author.root / ".dvc/cache/files/md5"):
        (folder / entry.md5[:2] / entry.md5[2:]).unlink(missing_ok=True)
    return gone


@pytest.mark.timeout(600)
def test_a_version_that_looked_at_a_register_withdrawn_since_says_so(author: Author) -> None:
    old = pins(author, "renamed")["companies"]
    gone = withdraw(author, old)
    code, done = author.rebuild("owners", "--at", "grown")
    assert (code, done["owners"]["status"]) == (2, "impossible")
    (said,) = done["owners"]["causes"]
    assert f"version {old.md5} of companies, which was withdrawn since, by jane on {gone.at}: Names a person" in said
    assert said.endswith("The next run of owners does without it.")


@pytest.mark.timeout(600)
def test_a_version_that_did_without_a_register_withdrawn_before_comes_back(author: Author) -> None:
    old = author.entry("companies")
    write_register(author, Ambercrest="Zebra Quarry LLC", Birchfield="Yonder Kelp LLC")
    author.run("companies")
    withdraw(author, old)
    author.run("owners")
    author.commit()
    assert report(author)["carried_over"] == 0
    assert set(matches(author)["register_version"]) == {author.entry("companies").meta.content}
    code, done = author.rebuild("owners")
    assert (code, done["owners"]["status"]) == (0, "identical")
