"""`commons review` in a real terminal: what a person decides is kept at once, and nothing is asked twice."""

import json
import subprocess
import sys
from pathlib import Path

from include.cli.matching import beside, judging
from include.settings import REPOSITORY
from tests.cli.matching.terminal import PROMPT, terminal
from tests.cli.matching.waiting import ENEL, ENEL_X, SHELL, THREE, candidate, result
from tests.clone import environment


def test_keys_decide_and_a_kill_loses_nothing(tmp_path: Path) -> None:
    """Fault: the process is killed with -9 between two decisions; the next session goes on after the last one."""
    file = result(tmp_path, *THREE)
    judgements = beside.judgements(file)
    with terminal("review", "matched.csv", at=tmp_path) as person:
        first = person.until(PROMPT)
        assert "3 to go" in first
        assert "7 rows" in first
        assert "Shell PLC" in first or "SHELL PLC" in first
        assert "Aral" in person.answer("1 same group")
        (kept,) = judging.read(judgements)
        assert (kept.name, kept.country, kept.lei, kept.judgement) == ("Shell", "IT", SHELL, "match")
        assert (kept.by, kept.why) == ("reader@example.org <reader@example.org>", "same group")
        assert "Enel" in person.answer("s")
        person.kill()
        assert person.code() == -9
    assert judging.read(judgements) == (kept,)
    with terminal("review", "matched.csv", at=tmp_path) as person:
        assert "2 to go" in person.until(PROMPT)
        assert "Enel" in person.answer("n")
        again = person.answer("r1")
        assert ENEL_X in again
        assert f"{ENEL} " not in again
        assert ENEL in person.answer("u")
        refused = person.answer("3")
        assert "There is no candidate 3: 1, 2 can be chosen." in refused
        assert "1, 2 …: it is this one." in refused
        person.type("2")
        end = person.rest()
        assert "2 decisions kept in matched.judgements.csv; 0 names left." in end
        assert "Then match again: commons match names.csv --column name" in end
        assert person.code() == 0
    said = {(one.name, one.country, one.lei, one.judgement, one.why) for one in judging.read(judgements)}
    assert said == {
        ("Shell", "IT", SHELL, "match", "same group"),
        ("Aral", "", "none", "match", "none of the candidates"),
        ("Enel", "IT", ENEL_X, "match", "seen in review: some words"),
    }
    with terminal("review", "matched.csv", at=tmp_path) as person:
        assert "Nothing is left to review of 3 doubtful names." in person.rest()
        assert person.code() == 0


def test_two_people_at_once_see_what_the_other_decided(tmp_path: Path) -> None:
    file = result(tmp_path, *THREE)
    with terminal("review", "matched.csv", at=tmp_path) as ann, terminal("review", "matched.csv", at=tmp_path) as bob:
        assert "Shell" in ann.until(PROMPT)
        assert "Shell" in bob.until(PROMPT)
        ann.answer("1")
        assert "judged it meanwhile: match" in bob.answer("n")
        assert "Aral" in bob.screen
        bob.answer("n")
        for one in (ann, bob):
            one.type("q")
            assert "1 decision kept" in one.rest()
    assert [(one.name, one.lei) for one in judging.read(beside.judgements(file))] == [
        ("Aral", "none"),
        ("Shell", SHELL),
    ]


def test_names_cannot_command_the_terminal(tmp_path: Path) -> None:
    evil = "Enel\x1b]0;owned\x07\x1b[2J\u202e[red]"
    result(tmp_path, candidate(evil, 1, ENEL, evil, 0.6, reasons=evil, entity_category=evil, given_lei="\x1b[31mX"))
    with terminal("review", "matched.csv", at=tmp_path) as person:
        shown = person.until(PROMPT)
        assert shown.count("Enel\\x1b]0;owned\\x07\\x1b[2J\\u202e[red]") >= 2
        assert not {"\x1b", "\x07", "\u202e"} & set(shown.replace("\r", "").replace("\n", ""))
        person.type("q")
        person.rest()


def review(at: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "include.cli", "review", *arguments]
    known = environment() | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=at, env=known, capture_output=True, text=True, check=False)


def test_machines_get_the_queue(tmp_path: Path) -> None:
    result(tmp_path, *THREE)
    done = review(tmp_path, "matched.csv")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [one["name"] for one in rows] == ["Shell", "Aral", "Enel"]
    assert rows[2]["candidates"][1] == {
        "entity_id": ENEL_X, "score": 0.3, "method": "fuzzy", "reasons": "some words", "entity_name": "ENEL X S.R.L.",
        "entity_country": "IT", "entity_category": "GENERAL", "entity_legal_form": None, "entity_status": None,
    }  # fmt: skip
    assert not beside.judgements(tmp_path / "matched.csv").exists()


def test_what_cannot_be_reviewed_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("name\n")
    for name, code, said in (
        ("other.csv", 1, "no other.review.parquet beside it"),
        ("absent.csv", 2, "there is no such file"),
        ("elf_code", 2, "Did you mean 'elf_codes'?"),
    ):
        done = review(tmp_path, name)
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
