"""Tombstones in data.dvc: in the entry while it is its dataset's newest, above the entries ever after."""

from pathlib import Path

import pytest
import yaml

from include.errors import DataError
from include.versions.pins import Entry, Pins, Withdrawn, parse, parse_one, parse_withdrawn, render
from include.versions.settling import settled
from tests.versions.test_pins import entry, pins

GOLDEN = Path(__file__).parents[1] / "golden" / "data-withdrawn.dvc"
GONE = Withdrawn(by="owner@example.org", at="2026-02-01T09:00:00Z", why="Names a person: Zoë", objects=("a" * 32,))


def withdrawn(known: Entry) -> Entry:
    return known.model_copy(update={"meta": known.meta.model_copy(update={"withdrawn": GONE})})


def follower(known: Entry, content: str = "f" * 64) -> Entry:
    meta = known.meta.model_copy(update={"content": content, "withdrawn": None, "run": "manual__2"})
    return known.model_copy(update={"md5": "9" * 32 + ".dir", "meta": meta})


def both() -> Pins:
    """One version that was withdrawn and followed, one that was withdrawn and is the newest."""
    before = pins(withdrawn(entry("a")), withdrawn(entry("b")), entry("c"))
    return before.having(follower(entry("a")))


def test_golden_file() -> None:
    assert render(both()) == GOLDEN.read_text(encoding="utf-8")
    assert parse(GOLDEN.read_text(encoding="utf-8")) == both()


def test_a_tombstone_stays_when_another_version_follows() -> None:
    after = both()
    assert after.withdrawn == (withdrawn(entry("a")),)
    assert after.entries["a"].meta.withdrawn is None
    again = after.having(entry("c", run="manual__3")).having(after.entries["a"])
    assert again.withdrawn == after.withdrawn
    assert both().having(entry("c")).entries["b"] == withdrawn(entry("b"))


def test_all_tombstones_are_read_without_the_other_entries() -> None:
    text = render(both())
    assert parse_withdrawn(text) == [withdrawn(entry("a")), withdrawn(entry("b"))]
    lines = text.replace("- path: data/c\n  hash: md5", "- path: data/c\n  hash: sha1")
    assert lines != text
    assert parse_withdrawn(lines) == parse_withdrawn(text), "an entry that is not asked for is not looked at"
    assert parse_withdrawn(render(pins(entry("a")))) == parse_withdrawn("") == []
    only = Pins(withdrawn=(withdrawn(entry("a")),))
    assert parse_withdrawn(render(only)) == [withdrawn(entry("a"))]
    by_dvc = yaml.safe_dump(yaml.safe_load(text), sort_keys=True, allow_unicode=True)
    assert parse_withdrawn(by_dvc) == parse_withdrawn(text)


def test_one_entry_is_found_below_its_own_tombstone() -> None:
    assert parse_one(render(both()), "a") == follower(entry("a"))
    assert parse_one(render(both()), "b") == withdrawn(entry("b"))


def test_withdrawn_content_does_not_come_back_by_itself() -> None:
    """A source that is fetched again every day still says what had to go."""
    head = follower(entry("a"))
    again = entry("a", run="manual__4")
    with pytest.raises(
        DataError, match=r"withdrawn by owner@example\.org on 2026-02-01.*Names a person: Zoë.*0000\.dir"
    ):
        settled(both(), again, head.md5)
    moved = again.model_copy(update={"remote": "restricted"})
    assert settled(both(), moved, head.md5) is None, "kept from the public, it may be published"
    done = settled(both(), entry("b", run="manual__4"), entry("b").md5)
    assert done is not None
    assert done.outcome == "unchanged"


def test_dvc_itself_accepts_the_file(tmp_path: Path) -> None:
    from dvc.dvcfile import load_file
    from dvc.repo import Repo

    from tests.versions.house import house

    clone = house(tmp_path / "house").clone()
    (clone / "data.dvc").write_text(render(both()))
    with Repo(str(clone)) as repo:
        outs = load_file(repo, str(clone / "data.dvc")).stage.outs
    assert [out.def_path for out in outs] == ["data/a", "data/b", "data/c"]
