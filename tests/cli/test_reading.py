"""The commands of a reader, typed in a clone: history, open and checkout, with their exit codes."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from include.cli.export import export
from include.errors import EnvironmentFault
from include.settings import REPOSITORY
from include.versions import worktree
from include.versions.pins import Withdrawn, parse, render
from include.versions.publication import Published
from tests.clone import environment
from tests.versions.house import House, facts, house, version


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house(tmp_path_factory.mktemp("reader") / "house")


@pytest.fixture(scope="module")
def done(deployment: House, tmp_path_factory: pytest.TempPathFactory) -> list[Published]:
    """Three versions of `shares`: of 2020, of 2023 with 2 rows kept back, then an older one with its reason."""
    place = tmp_path_factory.mktemp("versions")
    made: list[Published] = []
    for number, (rows, kept, date) in enumerate(
        [(1200, 0, "2020-01-01"), (2400, 2, "2023-01-01"), (1300, 0, "2021-01-01")]
    ):
        told = facts(
            rows, kept, run=f"run_{number}", source_date=f"{date}T00:00:00Z",
            base=made[-1].entry.md5 if made else None, why="Asked for." if number == 2 else None,
        )  # fmt: skip
        folder = version(place / str(number), {f"row{row:05d}": float(number) for row in range(rows)}, kept=kept)
        made.append(deployment.publish(folder, told))
    return made


@pytest.fixture(scope="module")
def clone(deployment: House, done: list[Published]) -> Path:
    """A reader's clone with this code in it, which acts on the clone that it lies in."""
    root = deployment.clone("reader")
    shutil.copytree(REPOSITORY / "include", root / "include", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def commons(clone: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What the command does, typed in the clone; it ends with `code`."""
    command = [str(REPOSITORY / ".venv/bin/python"), "-m", "include.cli", *words]
    done = subprocess.run(command, cwd=clone, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("words", ["history shares", "history shares --json", "--help"])
def test_output_that_nobody_reads_to_the_end_ends_the_command_as_a_pipe_does(
    clone: Path, done: list[Published], words: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [str(REPOSITORY / ".venv/bin/python"), "-m", "include.cli", *words.split()]
    ended = subprocess.run(command, cwd=clone, env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_history_as_a_table_and_for_machines(clone: Path, done: list[Published]) -> None:
    table = commons(clone, "history", "shares").stdout.splitlines()
    assert table[0].split() == ["commit", "date", "rows", "change", "quality", "source", "code", "run", "who", "note"]
    assert [line.split()[0] for line in table[1:]] == [one.commit[:12] for one in reversed(done) if one.commit]
    assert [" ".join(line.split()[3:6]) for line in table[1:]] == [
        "1,300 -1,100 clean", "2,400 +1,200 2", "1,200 - clean",
    ]  # fmt: skip
    assert "2 quarantined" in table[2]
    assert "Asked for." in table[1]
    found = json.loads(commons(clone, "history", "shares", "--json").stdout)
    assert [(v["rows"], v["change"], v["quarantined"], v["why"]) for v in found] == [
        (1300, -1100, 0, "Asked for."), (2400, 1200, 2, None), (1200, None, 0, None),
    ]  # fmt: skip
    assert found[0]["commit"] == done[2].commit
    assert found[0]["code"] == "c" * 40


@pytest.mark.parametrize(
    ("width", "kept"), [(80, []), (110, ["source", "who"]), (200, ["source", "code", "run", "who"])]
)
def test_a_narrow_terminal_cuts_no_word_of_a_history(
    clone: Path, done: list[Published], width: int, kept: list[str]
) -> None:
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        pytest.skip("no pseudo-terminal on this machine")
    typed = f"stty cols {width}; {REPOSITORY / '.venv/bin/python'} -m include.cli history shares"
    shown = subprocess.run(
        ["script", "-qec", typed, "/dev/null"], cwd=clone, env=environment(), capture_output=True, text=True, check=True
    ).stdout
    lines = re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", shown).split("\r\n")
    assert [name for name in lines[0].split() if name in ("source", "code", "run", "who")] == kept
    for one, quality in zip(reversed(done), ("clean", "2 quarantined", "clean"), strict=True):
        line = next(line for line in lines if str(one.commit)[:12] in line)
        assert quality in line
    assert ("For want of room" in shown) == (width < 200)
    assert "…" not in shown


def test_a_dataset_without_a_version_has_an_empty_history(clone: Path) -> None:
    assert json.loads(commons(clone, "history", "owid_co2", "--json").stdout) == []
    said = commons(clone, "history", "owid_co2").stdout
    assert said == "owid_co2 has no version on this branch: `commons run owid_co2` makes one.\n"


def test_what_is_not_there(clone: Path) -> None:
    for command in ("history", "open"):
        said = " ".join(commons(clone, command, "nothing", code=2).stderr.split())
        assert "nothing: no such dataset" in said
        assert "`commons list` names all" in said


def test_open_by_revision_and_by_the_sources_own_date(clone: Path, done: list[Published]) -> None:
    def share(*words: str) -> float:
        (row,) = json.loads(commons(clone, "open", "shares", "--rows", "1", "--json", *words).stdout)
        return float(row["share"])

    assert [share(), share("--at", "HEAD~1"), share("--at", done[0].commit or "")] == [2.0, 1.0, 0.0]
    assert share("--at", "2100-01-01") == 2.0
    assert [share("--source-date", date) for date in ("2020-06-01", "2022-06-01", "2024-06-01")] == [0.0, 2.0, 1.0]
    assert "nothing was committed by 1999" in commons(clone, "open", "shares", "--at", "1999-01-01", code=2).stderr
    assert (
        "the first is of 2020-01-01" in commons(clone, "open", "shares", "--source-date", "1999-01-01", code=1).stderr
    )
    assert "wrote 2,400 rows" in commons(clone, "open", "shares", "--at", "HEAD~1", "--to", "shares.csv").stdout


def test_a_flipped_byte_is_one_sentence(clone: Path, deployment: House, done: list[Published]) -> None:
    from include.adapters.cache import cache_folder
    from include.versions import reading

    source, files = reading.located(done[0].entry, cache_folder(clone), clone)
    part = Path(source.path(files["table/part-00000.parquet"]))
    good = part.read_bytes()
    part.chmod(0o644)
    part.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    said = commons(clone, "open", "shares", "--at", "HEAD~2", code=2).stderr
    part.write_bytes(good)
    assert f"object {part.parent.name}{part.name} is damaged" in " ".join(said.split())
    assert len(said.strip().splitlines()) == 1
    commons(clone, "open", "shares", "--at", "HEAD~2")


def test_checkout_tells_what_it_placed_and_what_it_could_not(
    clone: Path, done: list[Published], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (row,) = json.loads(commons(clone, "checkout", "HEAD~1", "--to", str(out), "--json").stdout)
    assert row.pop("note").startswith("shares: only version.json beside its files. include/datasets/shares/contract")
    assert row == {
        "dataset": "shares", "rows": 2400, "files": done[1].entry.nfiles, "bytes": done[1].entry.size,
        "withdrawn": False, "problem": None,
    }  # fmt: skip
    table = commons(clone, "checkout", "HEAD~1", "shares", "--to", str(out)).stdout.splitlines()
    assert table[1].split()[:2] + table[1].split()[-1:] == ["shares", "2,400", "whole"]
    assert "holds a checkout of" in commons(clone, "checkout", "HEAD", "--to", str(out), code=2).stderr
    assert (
        "no version at revision" in commons(clone, "checkout", "HEAD", "no", "--to", str(tmp_path / "x"), code=1).stderr
    )


def test_withdrawn_versions_are_told(clone: Path, done: list[Published], tmp_path: Path) -> None:
    """Last: it changes the clone."""
    gone = Withdrawn(by="owner@example.org", at="2026-02-01T00:00:00Z", why="It names a person.")
    entry = done[1].entry.model_copy(update={"meta": done[1].entry.meta.model_copy(update={"withdrawn": gone})})
    (clone / "data.dvc").write_text(render(parse(worktree.text(clone)).withdrawing(entry, last=False)))
    table = commons(clone, "history", "shares").stdout.splitlines()
    assert "withdrawn by owner@example.org: It names a person." in table[2]
    long = Withdrawn(by=f"{'owner' * 40}@example.org", at=gone.at, why="x")
    meta = done[0].entry.meta.model_copy(update={"withdrawn": long})
    pins = parse(worktree.text(clone)).withdrawing(done[0].entry.model_copy(update={"meta": meta}), last=False)
    (clone / "data.dvc").write_text(render(pins))
    assert done[0].entry.meta.run in commons(clone, "history", "shares").stdout, "what is piped lacks no column"
    assert json.loads(commons(clone, "history", "shares", "--json").stdout)[1]["withdrawn"]["why"] == gone.why
    said = commons(clone, "open", "shares", "--at", "HEAD~1", code=1).stderr
    assert "was withdrawn by owner@example.org on 2026-02-01T00:00:00Z: It names a person" in " ".join(said.split())
    listed = commons(clone, "checkout", "HEAD~1", "--to", str(tmp_path / "out"))
    assert listed.stdout.splitlines()[1].split() == ["shares", "2,400", "0", "0", "withdrawn"]
    assert "was withdrawn by owner@example.org" in " ".join(listed.stderr.split())
    assert (tmp_path / "out" / "shares" / "version.json").exists()
    assert not (tmp_path / "out" / "shares" / "table").exists()


@pytest.mark.server
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_volume_that_is_full_is_named(clone: Path, done: list[Published], small_volume: Path) -> None:
    """Fault 8: not a traceback, and nothing that looks whole."""
    trees = small_volume / "trees.csv"
    trees.write_text("id,height\n1,2.5\n")
    (small_volume / "datasets").mkdir()
    (small_volume / "filler").write_bytes(bytes(shutil.disk_usage(small_volume).free))
    for words in (("checkout", "HEAD", "--to", "all"), ("open", "shares", "--to", "s.csv")):
        said = " ".join(commons(clone, *words[:-1], f"{small_volume}/{words[-1]}", code=2).stderr.split())
        assert f"{small_volume}/" in said
        assert "can't be written: No space left on device" in said
    with pytest.raises(EnvironmentFault, match=r"s\.xlsx: can't be written: .*No space left"):
        export(pl.LazyFrame({"a": ["x" * 20_000] * 20}), small_volume / "s.xlsx")
    (clone / "include/datasets").rename(clone / "include/before")
    (clone / "include/datasets").symlink_to(small_volume / "datasets")
    assert "no room is left on the volume" in commons(clone, "new", "trees", "--from", str(trees), code=2).stderr
    assert sorted(path.name for path in small_volume.glob("s*")) == []
