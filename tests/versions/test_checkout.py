"""All datasets of one commit in a folder: as `dvc pull` gives them, with their records, also after a kill."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.adapters.remote import listing_of
from include.catalogue.files import FILES
from include.errors import DataError, EnvironmentFault
from include.versions import checkout, reading, worktree
from include.versions.pins import Withdrawn, render
from include.versions.publication import Published
from tests.versions.house import House, facts, git, house, version
from tests.versions.test_dvc import dvc

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


@pytest.fixture
def four(deployment: House, tmp_path: Path) -> list[Published]:
    """Two versions of `shares`, one each of `others` and of `secret` between them, whose contracts can't be read."""
    one = deployment.publish(contracted(version(tmp_path / "1", {"a": 1.0, "é": None}, kept=2)), facts(2, 2))
    two = deployment.publish(version(tmp_path / "2", {"z": 9.0}), facts(1, name="others"))
    three = deployment.publish(version(tmp_path / "3", {"s": 9.0}), facts(1, name="secret", access="restricted"))
    four = deployment.publish(
        contracted(version(tmp_path / "4", {"a": 3.0})), facts(1, run="manual__4", base=one.entry.md5)
    )
    return [one, two, three, four]


def contracted(folder: Path) -> Path:
    """The version in `folder` with a contract that can be read."""
    said = "title: Shares\ndescription: By code.\nowner: shares@example.org\nlicence: CC0-1.0\naccess: public\n"
    (folder / "contract.yaml").write_text(f"{said}key: [code]\n")
    return folder


def whole(folder: Path) -> dict[str, bytes]:
    """All files below `folder` by path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def files(folder: Path) -> dict[str, bytes]:
    """Those without the records and marks of a checkout."""
    ours = (checkout.RECORD, checkout.MARK, *FILES)
    return {path: content for path, content in whole(folder).items() if not path.endswith(ours)}


def check_out(clone: Path, revision: str, folder: Path, *names: str) -> list[checkout.Placed]:
    return list(checkout.fill(checkout.begin(clone, revision, folder, names), lambda _: None))


def test_all_datasets_of_an_old_commit_as_dvc_pulls_them(
    deployment: House, four: list[Published], tmp_path: Path
) -> None:
    clone = deployment.clone()
    old = four[2].commit or ""
    told: list[int] = []
    placed = list(checkout.fill(checkout.begin(clone, old, tmp_path / "out"), told.append))
    assert [(p.entry, p.files, p.problem) for p in placed] == [
        (four[n].entry, four[n].entry.nfiles, None) for n in (1, 2, 0)
    ]
    assert sum(told) == sum(four[n].entry.size for n in (0, 1, 2))
    git("checkout", "-q", old, at=clone)
    dvc("pull", "-q", at=clone)
    assert files(tmp_path / "out") == files(clone / "data")
    assert len(files(tmp_path / "out")) == sum(p.files for p in placed)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"shares", "others", "secret", checkout.MARK}
    record = json.loads((tmp_path / "out" / "shares" / "version.json").read_text())
    assert (record["dataset"], record["md5"], record["commit"]["id"]) == ("shares", four[0].entry.md5, four[0].commit)


def test_the_record_lies_there_as_catalogues_read_it_as_of_that_commit(
    deployment: House, four: list[Published], tmp_path: Path
) -> None:
    clone = deployment.clone()
    texts, versions = [], []
    for at, folder in ((four[0].commit or "", tmp_path / "old"), ("HEAD", tmp_path / "new")):
        placed = {p.entry.name: p for p in check_out(clone, at, folder)}
        assert placed["shares"].note is None
        contract = yaml.safe_load((folder / "shares" / "odcs.yaml").read_text())
        assert [column["name"] for column in contract["schema"][0]["properties"]] == ["code", "share"]
        dataset = json.loads((folder / "shares" / "dcat.jsonld").read_text())
        versions.append((contract["version"], dataset["dcat:version"], len(dataset["dcat:hasVersion"])))
        texts.append((folder / "shares" / "openlineage.ndjson").read_text())
    assert versions == [
        (four[n].entry.meta.content, four[n].entry.meta.content, known) for n, known in ((0, 1), (3, 2))
    ]
    assert four[0].entry.meta.content in texts[0]
    assert four[3].entry.meta.content not in texts[0]
    assert placed["secret"].note
    assert "secret: only version.json beside its files. include/datasets/secret/contract.yaml" in placed["secret"].note
    assert sorted(p.name for p in (tmp_path / "new" / "secret").glob("*.*")) == [
        "blocks.json", "contract.yaml", "quality.json", "quarantine.parquet", "schema.json", "version.json",
    ]  # fmt: skip


def test_some_datasets_and_by_any_name_of_a_revision(deployment: House, four: list[Published], tmp_path: Path) -> None:
    clone = deployment.clone()
    git("tag", "v1", four[1].commit or "", at=clone)
    assert [p.entry.name for p in check_out(clone, "v1", tmp_path / "some", "shares")] == ["shares"]
    assert not (tmp_path / "some" / "others").exists()
    assert [p.entry.name for p in check_out(clone, "v1", tmp_path / "some", "others")] == ["others"]
    assert listing_of(tmp_path / "some" / "others").files.keys() > {"version.json", "schema.json"}
    with pytest.raises(DataError, match=r"secret: no version at revision v1. It pins others, shares") as caught:
        check_out(clone, "v1", tmp_path / "none", "secret", "nothing", "shares")
    assert len(caught.value.problems) == 2
    assert not (tmp_path / "none").exists()


def test_a_folder_with_other_files_is_left_alone(deployment: House, four: list[Published], tmp_path: Path) -> None:
    clone = deployment.clone()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("Mine.\n")
    with pytest.raises(EnvironmentFault, match="holds files that no checkout made, expected an empty folder"):
        check_out(clone, "HEAD", mine)
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]
    with pytest.raises(EnvironmentFault, match="expected an empty folder"):
        check_out(clone, "HEAD", mine / "thesis.txt")
    check_out(clone, "HEAD", tmp_path / "out")
    with pytest.raises(EnvironmentFault, match=f"holds a checkout of {four[3].commit[:12]}"):  # type: ignore[index]
        check_out(clone, "HEAD~1", tmp_path / "out")


def test_what_was_changed_in_the_folder_is_put_right_and_what_is_whole_stays(
    deployment: House, four: list[Published], tmp_path: Path
) -> None:
    clone = deployment.clone()
    check_out(clone, "HEAD", tmp_path / "out")
    wanted = files(tmp_path / "out")
    kept = (tmp_path / "out" / "shares" / "schema.json").stat().st_mtime_ns
    (tmp_path / "out" / "others" / "quality.json").write_text("changed")
    (tmp_path / "out" / "secret" / "contract.yaml").unlink()
    check_out(clone, "HEAD", tmp_path / "out")
    assert files(tmp_path / "out") == wanted
    assert (tmp_path / "out" / "shares" / "schema.json").stat().st_mtime_ns == kept


def test_withdrawn_and_damaged_ones_are_told_and_the_others_come(
    deployment: House, four: list[Published], tmp_path: Path
) -> None:
    clone = deployment.clone()
    gone = Withdrawn(by="owner@example.org", at="2026-02-01T00:00:00Z", why="It names a person.")
    entry = four[2].entry.model_copy(update={"meta": four[2].entry.meta.model_copy(update={"withdrawn": gone})})
    (clone / "data.dvc").write_text(render(worktree.pins(clone).withdrawing(entry, last=False)))
    _, listed = reading.located(four[1].entry, tmp_path / "cache", clone)
    raw = next(oid for path, oid in listed.items() if path.startswith("raw/") and not path.endswith(".json"))
    object_ = Path(deployment.remote("public").path(raw))
    object_.chmod(0o644)
    object_.write_bytes(b"rotten")
    others, secret, shares = check_out(clone, "HEAD", tmp_path / "out")
    assert f"object {raw} is damaged" in (others.problem or "")
    assert (secret.withdrawn, "was withdrawn by owner@example.org" in (secret.problem or "")) == (True, True)
    assert (shares.problem, shares.files) == (None, four[3].entry.nfiles)
    record = json.loads((tmp_path / "out" / "secret" / "version.json").read_text())
    assert record["withdrawn"]["why"] == "It names a person."
    assert not list((tmp_path / "out" / "others").rglob("raw/[0-9a-f]*"))


@pytest.fixture
def checker() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.versions.checker"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate()


def test_killed_anywhere_and_run_again_completes(
    deployment: House, four: list[Published], checker: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """Fault 1: kill -9 at the step boundaries of a checkout."""
    clone = deployment.clone()

    def run(folder: Path, kill_at: int) -> dict[str, Any]:
        job = {"clone": str(clone), "revision": "HEAD", "folder": str(folder), "kill_at": kill_at}
        assert checker.stdin
        assert checker.stdout
        checker.stdin.write(json.dumps(job) + "\n")
        checker.stdin.flush()
        return dict(json.loads(checker.stdout.readline()))

    calm = run(tmp_path / "calm", 0)
    assert calm["placed"] == 3
    wanted = whole(tmp_path / "calm")
    assert {f"shares/{name}" for name in FILES} < {*wanted}
    points = range(1, calm["events"], max(calm["events"] // 6, 1))
    assert len(points) > 5
    for at in points:
        folder = tmp_path / f"killed{at}"
        killed = run(folder, at)
        assert killed == {} or killed["events"] < at
        there = {path: content for path, content in whole(folder).items() if not path.startswith(checkout.SCRATCH)}
        assert there.items() <= wanted.items(), "half a file is visible"
        assert run(folder, 0)["placed"] == 3
        assert whole(folder) == wanted
