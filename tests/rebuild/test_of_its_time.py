"""A version is made again as it was made: the code, environment, waivers and predecessor of its time, or it is said."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.rebuild.author import SCHEMA, Author, begin

SETUP = """\
#!/bin/sh
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
cp -r TASK/bin "$1/bin" && cp TASK/pyvenv.cfg "$1/" && ln -s TASK/lib "$1/lib"
echo made >> "$1/times"
"""


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    return begin(tmp_path_factory.mktemp("time"))


def code_of(value: str) -> str:
    """An extract.py that gives every row the depth `value`."""
    return f"""\
import polars as pl


def extract(tables):
    (table,) = tables.values()
    return table.with_columns(depth_m=pl.lit("{value}"))
"""


def identical(author: Author, *arguments: str) -> list[str]:
    """What is noted of a version that came out identical."""
    code, done = author.rebuild(*arguments)
    (one,) = [one for name, one in done.items() if name == arguments[0]]
    assert (code, one["status"], one["differences"]) == (0, "identical", []), done
    return list(one["notes"])


def test_an_author_who_runs_twice_before_the_first_commit(author: Author) -> None:
    """The version follows a draft that no commit pins, made of files that no commit held: both are found again."""
    author.write("drafts", schema=SCHEMA + '    note: str = pa.Field(nullable=True, description="Note")\n',
                 rows="id,depth_m,note\n" + "".join(f"{n},{n * 1.5},x\n" for n in range(1, 21)))  # fmt: skip
    author.run("drafts")
    draft = author.entry("drafts")
    author.write("drafts", schema=SCHEMA, breaking=[{"after": draft.meta.content[:12], "why": "A draft", "by": "A"}])
    author.run("drafts")
    entry = author.entry("drafts")
    assert entry.meta.base == draft.md5
    assert "+dirty." in entry.meta.code
    assert identical(author, "drafts") == []
    author.commit()
    author.write("drafts", extract=code_of("7"))
    author.commit("Other code, not run yet")
    assert identical(author, "drafts", "--at", "HEAD") == []


def test_code_that_nobody_ever_committed_is_kept_in_the_store(author: Author) -> None:
    author.write("shelf", extract=code_of("1"))
    assert author.commons("push-code").returncode == 0
    author.run("shelf")
    author.write("shelf", extract=code_of("2"))
    author.commit()
    assert identical(author, "shelf") == []
    tree = author.entry("shelf").meta.code.rpartition(".")[2]
    (author.root / f".commons/store/dev/code/{tree}.tar").unlink()
    code, done = author.rebuild("shelf")
    assert (code, done["shelf"]["status"]) == (1, "differs")
    assert f"its code {author.entry('shelf').meta.code} is not to be had" in done["shelf"]["notes"][0]
    assert any(said.startswith("not as pinned: its code") for said in done["shelf"]["causes"])


def test_a_commit_that_is_gone_is_stood_in_for_and_said(author: Author) -> None:
    """As after a squashed pull request."""
    author.write("squashed")
    author.commit("A dataset")
    author.run("squashed")
    author.edit("squashed", code="a" * 40)
    commit = author.commit()
    (note,) = identical(author, "squashed", "--at", "HEAD")
    assert note == f"its code {'a' * 40} is not to be had, so that of commit {commit[:12]} ran"


def test_waivers_count_as_of_the_day_that_they_were_judged_by(author: Author) -> None:
    waiver = {"rule": "rows", "until": "2020-01-31", "why": "Known", "by": "A"}
    author.write("waived", expect={"rows": [30, 40]}, waive=[waiver])
    author.commit("A dataset")
    for verb in ("extract", "validate", "publish"):
        command = [str(author.root / ".venv-task/bin/python"), "-m", "include.tasks", verb, "waived", "--run", "r"]
        command += ["--as-of", "2020-01-15"] if verb == "validate" else []
        done = subprocess.run(
            command, cwd=author.root, env={"PATH": "/usr/bin:/bin", "COMMONS_MIRROR": str(author.mirror)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert author.entry("waived").meta.as_of == "2020-01-15"
    author.commit()
    assert identical(author, "waived") == []
    author.edit("waived", as_of="2020-02-01")
    code, done_ = author.rebuild("waived")
    author.git("checkout", "data.dvc")
    assert (code, done_["waived"]["status"]) == (1, "differs")
    assert "validate stopped (exit 1)" in done_["waived"]["differences"][0]
    assert "expected 30 to 40" in "\n".join(done_["waived"]["differences"])


def test_an_older_environment_is_made_once_of_its_own_lock_file(author: Author) -> None:
    author.write("older")
    lock, setup = (author.root / "include/images" / name for name in ("requirements.txt", "setup.sh"))
    now, task = lock.read_text(), Path(author.root / ".venv-task").resolve()
    lock.write_text(now + "# another environment\n")
    old_setup = setup.read_text()
    setup.write_text(SETUP.replace("TASK", str(task)))
    author.commit("Another environment")
    author.run("older")
    environment = hashlib.sha256(lock.read_bytes()).hexdigest()
    assert author.entry("older").meta.environment == environment
    then = author.commit()
    lock.write_text(now)
    setup.write_text(old_setup)
    author.commit("The environment of today")
    for _ in range(2):
        assert identical(author, "older", "--at", then) == []
    made = author.root / ".commons/environments" / environment[:16]
    assert (made / "times").read_text() == "made\n"


def test_a_rollback_is_the_version_that_it_brings_back(author: Author) -> None:
    author.write("rolled")
    author.commit("A dataset")
    author.run("rolled")
    first = author.commit()
    more = SCHEMA + '    note: str = pa.Field(nullable=True, description="Note")\n'
    author.write("rolled", "id,depth_m,note\n" + "".join(f"{n},{n * 2.5},x\n" for n in range(1, 21)), more)
    author.run("rolled")
    author.commit()
    back = author.commons("rollback", "rolled", "--to", first, "--why", "The notes were wrong")
    assert back.returncode == 0, back.stdout + back.stderr
    entry = author.entry("rolled")
    assert entry.meta.rolled_back
    author.commit()
    assert identical(author, "rolled", "--at", "HEAD") == []
    author.edit("rolled", rows=4)
    code, done = author.rebuild("rolled")
    author.git("checkout", "data.dvc")
    assert (code, done["rolled"]["status"]) == (1, "differs")
    assert "rows 4, the rebuild has 20" in done["rolled"]["differences"][0]
