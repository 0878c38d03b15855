"""The record of a version says who made it, of what, by what, and what became of every row."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.errors import DataError
from include.settings import settings
from include.versions import worktree
from include.versions.pins import Pins, Source, Withdrawn
from include.versions.record import record, version_at
from tests.versions.house import House, facts, git, house, version


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("COMMONS_REMOTE", str(tmp_path / "remotes"))
    settings.cache_clear()
    yield house(tmp_path)
    settings.cache_clear()


def published(deployment: House, rows: dict[str, float | None], name: str = "shares", **told: object) -> str:
    """The commit that publishes `rows`, with the rules of a quality.json."""
    folder = version(deployment.root / f"{name}-{len(deployment.log())}", rows)
    rules = [("a.ge", "pass", 0), ("b.le", "warning", 3), ("c.isin", "waived", 1)]
    said = [{"rule": rule, "verdict": verdict, "failures": n} for rule, verdict, n in rules]
    (folder / "quality.json").write_text(json.dumps({"rules": said, "reasons": {"rejected": {"no code": 2}}}))
    done = deployment.publish(folder, facts(len(rows), name=name, **told))
    assert done.commit
    return done.commit


def test_it_ties_commit_code_sources_inputs_rows_and_quality_together(deployment: House) -> None:
    first = published(deployment, {"DE": 0.5}, "codes")
    second = published(deployment, {"DE": 0.25}, "codes", base=version_at(deployment.clone("a"), "codes").entry.md5)
    read = version_at(deployment.clone("b"), "codes", first).entry.meta.content
    address = "https://example.org/rows.json"
    commit = published(
        deployment,
        {"DE": 0.5, "FR": None},
        inputs={"codes": read, "absent": "0" * 64},
        image="registry.example.org/task@sha256:1",
        interval=("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        as_of="2026-02-03",
        sources={address: Source(etag='"5f"')},
    )
    clone = deployment.clone()
    said = record(version_at(clone, "shares", "HEAD"), clone)
    assert said["commit"]["id"] == commit
    assert said["commit"]["author"] == "Data Commons"
    assert said["code"] == {"commit": "c" * 40, "environment": "e" * 64, "image": "registry.example.org/task@sha256:1"}
    assert (said["run"]["as_of"], said["run"]["interval"][0]) == ("2026-02-03", "2026-01-01T00:00:00Z")
    (source,) = said["source"]["files"]
    assert (source["address"], source["etag"], source["last_modified"]) == (address, '"5f"', None)
    assert source["bytes"] == len((clone.parent / f"shares-3/raw/{source['sha256']}").read_bytes())
    assert {one["dataset"]: one["commit"] for one in said["inputs"]} == {"absent": None, "codes": first}
    assert second not in str(said["inputs"])
    assert (said["rows"]["published"], said["rows"]["reasons"]) == (2, {"rejected": {"no code": 2}})
    assert said["quality"] == {
        "held": 1, "quarantined": {}, "warning": {"b.le": 3}, "waived": {"c.isin": 1}, "blocked": {},
    }  # fmt: skip
    assert (said["schema"]["columns"], said["schema"]["key"]) == (2, ["code"])
    assert said["lacking"] is None


def test_an_older_version_names_the_commit_that_pinned_it_first(deployment: House) -> None:
    first = published(deployment, {"DE": 0.5})
    published(deployment, {"FR": 0.5}, "others")
    assert version_at(deployment.clone(), "shares", "HEAD").commit == first


def test_what_the_remote_lacks_is_said_and_the_rest_is_shown(deployment: House) -> None:
    published(deployment, {"DE": 0.5})
    clone = deployment.clone()
    shutil.rmtree(deployment.root / "remotes")
    said = record(version_at(clone, "shares", "HEAD"), clone)
    assert "absent from remote" in said["lacking"]
    assert (said["quality"], said["source"]["files"], said["rows"]["published"]) == (None, None, 1)


def test_a_tombstone_that_came_later_is_shown_at_the_old_commit_too(deployment: House) -> None:
    first = published(deployment, {"DE": 0.5})
    clone = deployment.clone()
    entry = version_at(clone, "shares", first).entry
    gone = Withdrawn(by="owner@example.org", at="2026-02-01", why="A person's name")
    marked = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
    (clone / ".commons").mkdir()
    worktree.write(clone, Pins(withdrawn=(marked,)))
    said = record(version_at(clone, "shares", first), clone)
    assert said["withdrawn"]["why"] == "A person's name"
    assert (said["quality"], said["lacking"]) == (None, None)


def test_a_version_that_nobody_committed_yet_has_no_commit(deployment: House) -> None:
    published(deployment, {"DE": 0.5})
    clone = deployment.clone()
    pins = worktree.pins(clone)
    (clone / ".commons").mkdir()
    worktree.write(clone, pins.having(pins.entries["shares"].model_copy(update={"path": "data/others"})))
    assert record(version_at(clone, "others"), clone)["commit"] is None
    git("add", "data.dvc", at=clone)
    git("commit", "-qm", "Add others", at=clone)
    assert record(version_at(clone, "others"), clone)["commit"]["author"] == "A"
    with pytest.raises(DataError, match="no version"):
        version_at(clone, "nothing")
