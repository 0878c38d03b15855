"""A file of judgements changes one decision at a time, whole at every moment, and loses nobody's line."""

import datetime as dt
import multiprocessing
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from include.cli.matching import judging
from include.errors import ContractError, EnvironmentFault
from include.matching.judgements import Judgement, to_text
from tests.cli.matching.waiting import ENEL, ENEL_X, SHELL

# A process that has used Polars can't be forked, one that has only imported it can.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["include.cli.matching.judging", __name__])
TODAY = dt.date.today().isoformat()


def judgement(name: str, lei: str = ENEL, verdict: str = "match", by: str = "Ann") -> Judgement:
    return Judgement(name, "IT", lei, verdict, by, TODAY, "known")  # type: ignore[arg-type]


def add(file: Path, *new: Judgement, seen: tuple[Judgement, ...] = ()) -> object:
    return judging.change(file, new, [], seen)


def test_decisions_are_added_replaced_and_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "judgements.csv"
    first, second = judgement("Enel"), judgement("Enel", ENEL_X)
    assert judging.read(file) == ()
    assert add(file, first) == ((), ())
    assert add(file, judgement("Shell", SHELL), seen=(first,)) == ((), ())
    gone, against = judging.change(file, [second], [], [first])
    assert (gone, against) == ((first,), ())
    assert judging.read(file) == (second, judgement("Shell", SHELL))
    assert judging.change(file, gone, [second], judging.read(file)) == ((), ())
    assert judging.read(file) == (first, judgement("Shell", SHELL))
    assert list(tmp_path.iterdir()) == [file]


def test_what_somebody_else_decided_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "judgements.csv"
    theirs = judgement("Enel", ENEL_X, by="Bob")
    add(file, theirs)
    assert judging.change(file, [judgement("Enel")], [], seen=[]) == ((), (theirs,))
    assert judging.read(file) == (theirs,)


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    """Fault: a judgement file with the markers of a merge."""
    file = tmp_path / "judgements.csv"
    text = f"<<<<<<< HEAD\n{to_text([judgement('Enel')])}=======\n>>>>>>> theirs\n"
    file.write_text(text)
    with pytest.raises(ContractError, match=r"judgements.csv:1: conflict markers .* lines 1, 4, 5"):
        add(file, judgement("Shell", SHELL))
    assert file.read_text() == text


def test_a_full_volume_leaves_the_file_as_it_was(small_volume: Path) -> None:
    file = small_volume / "judgements.csv"
    add(file, judgement("Enel"))
    before = file.read_bytes()
    (small_volume / "rest").write_bytes(b"x" * 190_000)
    with pytest.raises(EnvironmentFault, match="No space left"):
        add(file, *(judgement(f"{number} {'x' * 2_000}") for number in range(100)))
    assert file.read_bytes() == before


def test_a_volume_that_became_read_only_is_told_and_the_file_stays(small_volume: Path) -> None:
    file = small_volume / "judgements.csv"
    add(file, judgement("Enel"))
    judging.check_place(file)
    subprocess.run(["mount", "-o", "remount,ro", str(small_volume)], check=True)
    with pytest.raises(EnvironmentFault, match="can't be written"):
        add(file, judgement("Shell", SHELL))
    assert judging.read(file) == (judgement("Enel"),)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="gone: there is no such folder"):
        add(tmp_path / "gone" / "judgements.csv", judgement("Enel"))


def test_a_link_stays_a_link_and_who_may_read_the_file_stays_as_it_was(tmp_path: Path) -> None:
    file, link = tmp_path / "there" / "shared.csv", tmp_path / "judgements.csv"
    file.parent.mkdir()
    link.symlink_to(file)
    add(link, judgement("Enel"))
    file.chmod(0o660)
    add(link, judgement("Shell", SHELL))
    assert (link.is_symlink(), stat.S_IMODE(file.stat().st_mode)) == (True, 0o660)
    assert len(judging.read(file)) == 2
    assert sorted(tmp_path.rglob("*")) == sorted([file.parent, file, link])


def _many(file: Path, who: str, count: int) -> None:
    for number in range(count):
        add(file, judgement(f"{who} {number:03}", by=who))


def test_two_at_once_do_not_lose_each_others_lines(tmp_path: Path) -> None:
    file = tmp_path / "judgements.csv"
    people = [PROCESSES.Process(target=_many, args=(file, who, 20)) for who in ("Ann", "Bob")]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert [one.exitcode for one in people] == [0, 0]
    assert {one.name for one in judging.read(file)} == {f"{who} {n:03}" for who in ("Ann", "Bob") for n in range(20)}


def test_a_process_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    """Fault: killed with -9 while it writes, ten times; what it had written stays, and the next one goes on."""
    file = tmp_path / "judgements.csv"
    seen = 0
    for attempt in range(10):
        child = PROCESSES.Process(target=_many, args=(file, f"try{attempt}", 1_000))
        child.start()
        while not file.exists() or len(judging.read(file)) < seen + 2:
            assert child.is_alive()
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert len(judging.read(file)) >= seen + 2
        seen = len(judging.read(file))
    add(file, judgement("Shell", SHELL))
    assert len(judging.read(file)) == seen + 1
    assert list(tmp_path.iterdir()) == [file]
