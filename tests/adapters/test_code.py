"""Code archives: the working tree under its Git tree hash, and the pod's start that unpacks only what it is."""

import json
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from include.adapters import code
from include.contracts import layout
from include.errors import EnvironmentFault
from include.settings import REPOSITORY

START = REPOSITORY / "include/images/commons-task"
VERB = """\
import json, os, signal, sys
print("says", *sys.argv[1:], flush=True)
print(json.dumps({"code": os.environ["COMMONS_CODE"], "here": os.getcwd()}), flush=True)
if "--left" in sys.argv:
    place = os.environ["COMMONS_RECEIPTS"].removeprefix("file://").replace("*", "0")
    os.makedirs(os.path.dirname(place))
    open(place, "w").close()
if "wait" in sys.argv:
    signal.pause()
sys.exit(int(os.environ.get("END", "0")))
"""


def git(repository: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", *who, *arguments], cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose include.tasks says what it was asked."""
    place = tmp_path / "repository"
    (place / "include/tasks").mkdir(parents=True)
    (place / "include/tasks/__main__.py").write_text(VERB)
    (place / "include-notes").write_text("sorts before the folder include/, as Git sorts")
    (place / "run").write_text("#!/bin/sh\n")
    (place / "run").chmod(0o755)
    (place / "link").symlink_to("run")
    (place / ".gitignore").write_text("ignored\n")
    (place / "ignored").write_text("never leaves this machine")
    git(place, "init", "-q")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "first")
    return place


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


def start(store: str, wanted: str, tmp_path: Path, *more: str, **variables: str) -> subprocess.Popen[bytes]:
    """commons-task as a pod runs it."""
    arguments = ["validate", "elf_codes", "--run", "manual__2026-01-01T00:00:00+00:00", "--attempt", "0003"]
    own = ("elf_codes", "manual__2026-01-01T00:00:00+00:00", "validate", "0003")
    place = {"COMMONS_ARCHIVE": f"{store}/{layout.code('{tree}')}"}
    place |= {"COMMONS_LOG": f"{store}/{layout.log(*own, '{writer}')}"}
    place |= {"COMMONS_RECEIPTS": f"{store}/{layout.receipt(*own, '*')}"}
    place |= {"COMMONS_WORK": str(tmp_path / "work"), "HOME": str(tmp_path / "home")}
    return subprocess.Popen(
        [sys.executable, str(START), *arguments, "--code", wanted, *more],
        env={"PATH": os.environ["PATH"]} | place | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def logs(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "store/logs/elf_codes/manual__2026-01-01T00%3A00%3A00%2B00%3A00/validate").glob("*"))


def test_an_archive_is_named_by_commit_and_tree(repository: Path, store: str, tmp_path: Path) -> None:
    commit, tree = git(repository, "rev-parse", "HEAD", "HEAD^{tree}").split()
    assert code.push(store, repository) == f"{commit}:{tree}"
    with tarfile.open(tmp_path / f"store/code/{tree}.tar") as archive:
        names = {member.name for member in archive if not member.isdir()}
    assert names == {".gitignore", "include-notes", "include/tasks/__main__.py", "link", "run"}


def test_uncommitted_files_are_in_it_and_the_repository_is_left_alone(repository: Path, store: str) -> None:
    before = code.push(store, repository)
    (repository / "new file").write_text("new")
    (repository / "run").write_text("changed")
    status = git(repository, "status", "--porcelain")
    objects = git(repository, "count-objects")
    pushed = code.push(store, repository)
    commit, tree = pushed.split(":")
    assert commit == f"{git(repository, 'rev-parse', 'HEAD')}+dirty"
    assert tree != before.rpartition(":")[2]
    assert (git(repository, "status", "--porcelain"), git(repository, "count-objects")) == (status, objects)
    assert code.push(store, repository) == pushed


def test_files_without_git_are_an_archive_too(repository: Path, store: str) -> None:
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    (repository / ".git").rename(repository.parent / "elsewhere")
    assert code.push(store, repository) == f"unversioned:{tree}"
    assert code.push(store, repository, "abc") == f"abc:{tree}"


def test_a_store_that_cant_be_written_is_told_by_the_command(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "include.adapters.code", f"file://{tmp_path}/file/store", str(repository)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "can't write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_not_there_is_told(store: str, tmp_path: Path) -> None:
    with pytest.raises((EnvironmentFault, FileNotFoundError)):
        code.push(store, tmp_path / "absent")


def test_a_pod_runs_its_verb_from_the_archive_and_keeps_its_log(repository: Path, store: str, tmp_path: Path) -> None:
    wanted = code.push(store, repository)
    process = start(store, wanted, tmp_path, "--start", "2026-01-01T00:00:00Z", END="1")
    said, _ = process.communicate(timeout=60)
    first, second = said.decode().splitlines()
    assert process.returncode == 1
    assert first == (
        "says validate elf_codes --run manual__2026-01-01T00:00:00+00:00 --attempt 0003 --start 2026-01-01T00:00:00Z"
    )
    assert json.loads(second) == {"code": wanted, "here": str(tmp_path / "work/code")}
    assert stat.S_IMODE((tmp_path / "work/code/run").stat().st_mode) & stat.S_IXUSR
    assert (tmp_path / "work/code/link").readlink() == Path("run")
    (log,) = logs(tmp_path)
    assert log.name.startswith("0003-")
    assert log.read_bytes() == said


def test_a_verb_that_left_its_receipt_has_succeeded(repository: Path, store: str, tmp_path: Path) -> None:
    process = start(store, code.push(store, repository), tmp_path, "--left")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_an_end_with_code_0_and_no_receipt_is_a_failure(repository: Path, store: str, tmp_path: Path) -> None:
    """Fault 3: the program says success, and nothing was written."""
    process = start(store, code.push(store, repository), tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"ended with exit code 0, expected a receipt there, found none" in said
    assert b"Does extract.py or schema.py call os._exit?" in logs(tmp_path)[0].read_bytes()


def test_a_missing_archive_is_told_and_its_log_kept(store: str, tmp_path: Path) -> None:
    process = start(store, "c:" + "0" * 40, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"there is no such code archive" in said
    assert b"Traceback" not in said
    assert logs(tmp_path)[0].read_bytes() == said


def test_a_changed_archive_is_not_run(repository: Path, store: str, tmp_path: Path) -> None:
    wanted = code.push(store, repository)
    other = repository.parent / "other"
    other.mkdir()
    (other / "include/tasks").mkdir(parents=True)
    (other / "include/tasks/__main__.py").write_text("print('evil')")
    with tarfile.open(tmp_path / f"store/code/{wanted.rpartition(':')[2]}.tar", "w") as archive:
        archive.add(other, arcname=".")
    process = start(store, wanted, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"somebody changed it. Nothing ran." in said
    assert b"evil" not in said
    assert not (tmp_path / "work/code").exists()


def test_an_archive_that_leads_outside_is_not_unpacked(store: str, tmp_path: Path) -> None:
    """Fault 16: a Git tree can't hold such a name, so its hash never fits."""
    (tmp_path / "store/code").mkdir(parents=True)
    with tarfile.open(tmp_path / f"store/code/{'1' * 40}.tar", "w") as archive:
        member = tarfile.TarInfo("../outside")
        archive.addfile(member)
    process = start(store, "c:" + "1" * 40, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "work/outside").exists()


def test_a_link_that_leads_outside_is_told(repository: Path, store: str, tmp_path: Path) -> None:
    """Fault 16."""
    (repository / "absolute").symlink_to("/etc/passwd")
    (repository / "include/up").symlink_to("../../x")
    (repository / "include/fine").symlink_to("../run")
    process = start(store, code.push(store, repository), tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"absolute, include/up would lead outside of the code" in said
    assert b"Traceback" not in said


def test_the_log_is_in_the_store_while_the_verb_runs_and_complete_when_told_to_end(
    repository: Path, store: str, tmp_path: Path
) -> None:
    """Fault 2: a pod that vanishes has not lost its log."""
    process = start(store, code.push(store, repository), tmp_path, "wait")
    end = time.monotonic() + 60
    while not (logs(tmp_path) and b"says" in logs(tmp_path)[0].read_bytes()) and time.monotonic() < end:
        time.sleep(0.05)
    assert process.poll() is None
    assert b"says validate" in logs(tmp_path)[0].read_bytes()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert said.endswith(b"The verb was ended by SIGTERM.\n")
    assert logs(tmp_path)[0].read_bytes() == said


def test_a_store_that_takes_no_log_does_not_stop_the_verb(repository: Path, store: str, tmp_path: Path) -> None:
    wanted = code.push(store, repository)
    (tmp_path / "store/logs").write_text("a file where the folder should be")
    process = start(store, wanted, tmp_path, "--left")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"the log can't be kept in the store" in said
