"""What the version that is followed says of matching is believed only where a publication can have written it."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from include.contracts.matching import Register
from include.errors import DataError
from include.settings import settings
from include.tasks.following import Last, last
from include.versions.pins import Entry
from tests.matching.test_links import matches, mention
from tests.versions.test_linked import OWNERS, Room

COLUMNS = Register(id="lei", name="legal_name", country="land", legal_forms="forms")
LACKING = dict.fromkeys(("candidate_category", "candidate_legal_form"), pl.lit(None, pl.String))
GOOD = matches(mention("Acme", "L1", "accept")).with_columns(**LACKING)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    room = Room(tmp_path)
    monkeypatch.setenv("COMMONS_REMOTE", str(room.house.root / "remotes"))
    settings.cache_clear()
    yield room
    monkeypatch.undo()
    settings.cache_clear()


def followed(room: Room, base: Entry, register: Entry) -> Last | None:
    return last(base, register, COLUMNS, (), room.place / "cache")


def test_links_are_those_of_the_version_and_its_register(room: Room) -> None:
    register = room.register(L1="Acme Inc")
    found = followed(room, room.plants(OWNERS, GOOD, register), register)
    assert found
    assert found.matches["entity_id"].to_list() == ["L1"]
    assert found.register is not None
    assert found.register["name"].to_list() == ["Acme Inc"]
    assert followed(room, room.plants(OWNERS, None), register) is None


@pytest.mark.parametrize("report", ["no report", "[" * 100_000, "[]", json.dumps({"register": {"dataset": "../x"}})])
def test_a_report_that_no_publication_wrote_is_told(room: Room, report: str) -> None:
    register = room.register(L1="Acme Inc")
    base = room.plants(OWNERS, GOOD, register, report=report)
    with pytest.raises(DataError, match=r"plants: match\.json of version .* is not what a publication writes"):
        followed(room, base, register)


def test_matches_that_no_publication_wrote_are_told(room: Room) -> None:
    register = room.register(L1="Acme Inc")
    strange = pl.DataFrame({"name": ["Acme"], "weight": ["heavy"], "score": [0.1]})
    with pytest.raises(DataError, match=r"plants: matches\.parquet of version .*commons rollback plants --to COMMIT"):
        followed(room, room.plants(OWNERS, strange, register), register)
