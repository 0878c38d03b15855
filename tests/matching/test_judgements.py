"""Judgements as people write, merge and spoil them."""

import datetime as dt
import subprocess
from pathlib import Path

import polars as pl
import pytest

from include.errors import ContractError
from include.matching.judgements import Judgement, frame, orphans, parse, stripped, to_text, with_judgement

APPLE, BAYER = "HWUPKR0MPOU8FGXBT394", "549300J4U55H3WP1XT59"
TODAY = dt.date(2026, 3, 1)
GOOD = Judgement("Apple, Inc.", "US", APPLE, "match", "ana@example.org", "2026-02-01", 'its 10-K says "Apple"')
NOT = Judgement("Appel GmbH", "DE", APPLE, "no match", "ana@example.org", "2026-02-01", "a bakery")
NONE = Judgement("Bahçeşehir", "", "none", "match", "bo@example.org", "2026-02-02", "a town")
HEAD = "name,country,lei,judgement,by,on,why\n"


def test_what_is_written_is_read_again() -> None:
    text = to_text([NONE, GOOD, NOT, GOOD])
    assert text.splitlines()[0] == "name,country,lei,judgement,by,on,why"
    assert [line[:5] for line in text.splitlines()[1:]] == ["Appel", '"Appl', "Bahçe"]
    assert parse(text.encode(), "x.csv", TODAY) == (NOT, GOOD, NONE)
    assert parse(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), "x.csv", TODAY) == (NOT, GOOD, NONE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"A,US,{APPLE},match,ana,2026-02-01", "2: 6 values, expected 7"),
        (f"A,US,{APPLE},mach,ana,2026-02-01,x", "judgement 'mach': expected 'match' or 'no match' (did you mean"),
        (f"A,US,{APPLE[:-1]}5,match,ana,2026-02-01,x", "is no LEI (ISO 17442)"),
        (f"A,US,{APPLE.lower()},match,ana,2026-02-01,x", f"read as {APPLE}"),
        ("A,US,,match,ana,2026-02-01,x", "lei is missing; or write 'none'"),
        ("A,US,none,no match,ana,2026-02-01,x", "says nothing"),
        (f"A,USA,{APPLE},match,ana,2026-02-01,x", "country 'USA': expected two capital letters"),
        (f"A,US,{APPLE},match,ana,1.2.2026,x", "on '1.2.2026': expected a day such as 2026-03-01"),
        (f"A,US,{APPLE},match,ana,2062-02-01,x", "lies in the future"),
        (f"A,US,{APPLE},match,,2026-02-01,", "2: no by. Fill it in.\nx.csv:2: no why. Fill it in."),
        (f"A,US,{APPLE},match,ana,2026-02-01,x\nA,US,none,match,bo,2026-02-01,y", "3: contradicts line 2 about 'A'"),
        (f"A,US,{APPLE},match,ana,2026-02-01,x\nA,US,{APPLE},no match,bo,2026-02-01,y", "3: contradicts line 2"),
        (f'A,US,{APPLE},match,ana,2026-02-01,"x', "unexpected end of data"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(line: str, said: str) -> None:
    with pytest.raises(ContractError) as error:
        parse((HEAD + line + "\n").encode(), "x.csv", TODAY)
    assert said in str(error.value)
    assert str(error.value).startswith("x.csv:")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ContractError) as error:
        parse(f"{HEAD},US,{APPLE},match,ana,2026-02-01,x\nA,us,{APPLE},x,ana,today,x\n".encode(), "x.csv", TODAY)
    assert [problem.split(":")[1] for problem in error.value.problems] == ["2", "3", "3", "3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x.csv:1: expected the columns name, country"),
        (b"name;country\n", "found name;country"),
        (HEAD.encode() + b"Caf\xe9,,none,match,a,2026-02-01,x\n", "x.csv:2: not UTF-8"),
    ],
)
def test_another_file_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        parse(content, "x.csv", TODAY)


def test_two_people_s_judgements_merge_and_a_conflict_is_named(tmp_path: Path) -> None:
    """Both add to one file in Git: of different names without a conflict, of one name with one that is told."""

    def git(*command: str) -> int:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        return subprocess.run(["git", *who, *command], cwd=tmp_path, check=False, capture_output=True).returncode

    file = tmp_path / "judgements.csv"
    old = [Judgement(f"Name {n:02}", "US", "none", "match", "a", "2026-02-01", "x") for n in range(9)]
    git("init", "-q", "-b", "main")
    for branch, new in (("main", []), ("ana", [GOOD]), ("bo", [NONE, *[]])):
        git("checkout", "-q", "-B", branch, *(["main"] if branch != "main" else []))
        file.write_text(to_text([*old, *new]))
        git("add", "."), git("commit", "-qm", branch)
    git("checkout", "-q", "ana")
    file.write_text(to_text([*old[3:], GOOD, Judgement("Name 20", "", "none", "match", "a", "2026-02-01", "x")]))
    git("commit", "-qam", "more")
    git("checkout", "-q", "bo")
    assert git("merge", "-q", "main") == 0
    assert parse(file.read_bytes(), "judgements.csv", TODAY) == tuple(sorted([*old, NONE]))
    file.write_text(to_text([*old[3:], NONE, Judgement("Name 20", "", APPLE, "match", "b", "2026-02-01", "y")]))
    git("commit", "-qam", "more")
    assert git("merge", "-q", "ana") != 0
    with pytest.raises(ContractError, match=r"judgements.csv:\d+: conflict markers of a merge, in lines"):
        parse(file.read_bytes(), "judgements.csv", TODAY)


def test_a_new_judgement_takes_the_place_of_what_it_contradicts() -> None:
    later = Judgement("Apple, Inc.", "US", BAYER, "match", "bo", "2026-02-09", "no")
    assert with_judgement([GOOD, NOT], later) == (NOT, later)
    rejected = Judgement("Appel GmbH", "DE", BAYER, "no match", "bo", "2026-02-09", "no")
    assert with_judgement([GOOD, NOT], rejected) == tuple(sorted([NOT, rejected, GOOD]))
    assert (
        with_judgement([GOOD, NOT], Judgement("Appel GmbH", "DE", APPLE, "match", "b", "2026-02-09", "x"))[0].by == "b"
    )


def test_judgements_of_entities_that_are_gone_are_told() -> None:
    assert orphans([GOOD, NOT, NONE], pl.Series([BAYER])) == (GOOD, NOT)
    assert orphans([GOOD, NOT, NONE], pl.Series([APPLE])) == ()


def test_as_a_table() -> None:
    found = frame([GOOD, NONE])
    assert found["country"].to_list() == ["US", None]
    assert found["lei"].to_list() == [APPLE, "none"]


def test_white_space_is_what_polars_takes_for_it() -> None:
    """Else a judgement is about another name than the one that was reviewed."""
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    assert [stripped(one) for one in every] == pl.Series(every).str.strip_chars().to_list()
