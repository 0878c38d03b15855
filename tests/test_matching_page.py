"""The page about matching is true: its commands run in a newcomer's clone, on the page's own file."""

import csv
import datetime as dt
import json
import re
from pathlib import Path

import pytest

from include.matching import judgements
from include.settings import REPOSITORY
from tests.cli.matching.terminal import PROMPT, terminal
from tests.clone import make_clone, run

PAGE = (REPOSITORY / "docs" / "matching.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMPANIES, JUDGEMENTS = (text for kind, text in BLOCKS if kind == "csv")
(MATCH,) = (text for kind, text in BLOCKS if kind == "yaml")
COMMANDS = [line.partition("  #")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
RESTORE, FIRST, EXPLAIN, REVIEW, AGAIN, NEW, CHECK, RUN, QUEUE = COMMANDS


@pytest.fixture(scope="module")
def clone(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newcomer's clone with the register's bytes, and the page's file."""
    root = make_clone(tmp_path_factory.mktemp("newcomer"))
    (root / "companies.csv").write_text(COMPANIES, encoding="utf-8")
    said(f"env COMMONS_MIRROR={shared} {RESTORE}", root)
    return root


def said(command: str, clone: Path) -> str:
    done = run(command, clone)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def result(clone: Path) -> list[dict[str, str]]:
    with (clone / "companies-matched.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_one_command_matches_a_file(clone: Path) -> None:
    told = said(FIRST, clone)
    rows = result(clone)
    given = list(csv.DictReader(COMPANIES.splitlines(), delimiter=";"))
    assert [{key: row[key] for key in given[0]} for row in rows] == given
    by_name = {row["Company"]: row for row in rows}
    assert (by_name["RWE Power AG"]["entity_id"], by_name["RWE Power AG"]["method"]) == (
        "5299007MJJF7J8B4RS60",
        "identifier",
    )
    assert by_name["Enel Green Power Spa"]["entity_id"] == "549300VLR4TEG8VILM36"
    assert by_name["Aurora Infrastructure Oy"]["decision"] == "review"
    assert by_name["Aurora Infrastructure Oy"]["tied"] == "1"
    assert by_name[""]["reasons"] == "no name"
    assert by_name["Roadrunner Traps and Anvils"]["entity_id"] == ""
    named = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)))
    assert len(named) == 13
    assert [name for name in named if name not in rows[0]] == []
    assert "wrote companies-matched.csv" in told
    assert "Next: commons review companies-matched.csv" in told
    assert "No name has a known country" not in told


def test_who_says_no_country_or_no_column_is_told_what_to_say(clone: Path) -> None:
    told = said(".venv/bin/commons match companies.csv --column Company --to bare.xlsx", clone)
    assert "No name has a known country" in told
    assert "--country US is for all rows" in told
    done = run(".venv/bin/commons match companies.csv", clone)
    assert done.returncode == 2
    assert "--column: say which column holds the names. The file has No, Company, Country, LEI, Revenue." in done.stderr


def test_one_name_is_explained(clone: Path) -> None:
    told = said(EXPLAIN, clone)
    assert "compared as: rwe power" in told
    assert "legal form ag, as written in DE" in told
    assert "5299007MJJF7J8B4RS60" in told
    data = json.loads(said(f"{EXPLAIN} --json", clone))
    best = data["candidates"][0]
    assert best["entity_id"] == data["candidate_id"] == "5299007MJJF7J8B4RS60"
    odds = sum(best["added"].values())
    assert 1 / (1 + 2.718281828459045**-odds) == pytest.approx(best["score"], abs=1e-6)


@pytest.mark.timeout(900)
def test_a_person_reviews_and_the_next_match_goes_by_it(clone: Path) -> None:
    said(FIRST, clone)
    waiting = json.loads(said(f"{REVIEW} --json", clone))
    (aurora,) = (one for one in waiting if one["name"] == "Aurora Infrastructure Oy")
    assert len(aurora["candidates"]) >= 2
    with terminal(*REVIEW.split()[1:], at=clone) as person:
        shown = person.until(PROMPT)
        while "Aurora Infrastructure Oy" not in shown:
            shown = person.answer("s")
        person.type("2 asked them")
        person.type("q")
        assert "1 decision kept in companies-matched.judgements.csv" in person.rest()
    said(AGAIN, clone)
    (row,) = (row for row in result(clone) if row["Company"] == "Aurora Infrastructure Oy")
    assert (row["decision"], row["method"]) == ("accept", "reviewed")
    assert row["entity_id"] == aurora["candidates"][1]["entity_id"]
    assert row["judged_by"] == "reader@example.org <reader@example.org>"


@pytest.mark.timeout(900)
def test_the_model_learns_from_what_people_judged(clone: Path, tmp_path: Path) -> None:
    """Names of the register that lost their legal form are right, those with another first word are not."""
    said(f".venv/bin/commons open lei_entities --to {tmp_path / 'register.csv'}", clone)
    with (tmp_path / "register.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["country_code"] == "DE"]
    judged = {}
    for number, row in enumerate(rows[:: len(rows) // 90]):
        right = number % 3 > 0
        name = row["legal_name"].removesuffix(" GmbH") if right else f"Zweite {row['legal_name']}"
        found = "match" if right else "no match"
        judged[name] = judgements.Judgement(name, "DE", row["lei"], found, "Ann", "2026-11-20", "looked it up")
    assert len(judged) >= 80
    (tmp_path / "judgements.csv").write_text(judgements.to_text(judged.values()), encoding="utf-8")
    train = f".venv/bin/commons match --train --judgements {tmp_path / 'judgements.csv'}"
    told = json.loads(said(f"{train} --json", clone))
    whole = {row["model"]: row for row in told["worth"] if row["scores"] == "all"}
    assert whole["before"]["names"] == whole["after"]["names"] >= 80
    assert all(0.5 < whole["after"][what] <= 1 for what in ("precision", "recall"))
    assert told["before"] != told["after"]
    model = "git status --porcelain include/matching/model.json"
    assert (told["replaced"], said(model, clone)) == (False, "")
    assert f"Model {told['before']} before, {told['after']} after" in said(f"{train} --replace", clone)
    assert said(model, clone).split() == ["M", "include/matching/model.json"]
    run("git checkout -q include/matching/model.json", clone)
    done = run(f"{train} companies.csv", clone)
    assert done.returncode == 2
    assert "leave out companies.csv" in " ".join(done.stderr.split())


@pytest.mark.timeout(900)
def test_a_dataset_of_ones_own_is_matched_and_judged(clone: Path) -> None:
    said(NEW, clone)
    folder = clone / "include" / "datasets" / "my_companies"
    with (folder / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write(MATCH)
    assert "✓ my_companies" in said(CHECK, clone)
    told = said(RUN, clone)
    assert "a new version" in told
    assert re.search(r"of 6 names linked: .* wait for a person. `commons review my_companies` asks.", told)
    uncommitted = said(".venv/bin/commons history my_companies", clone)
    assert "my_companies has a version that is not committed: `git add" in " ".join(uncommitted.split())
    assert "Aurora Infrastructure Oy" in {one["name"] for one in json.loads(said(QUEUE, clone))}
    with terminal("review", "my_companies", at=clone) as person:
        shown = person.until(PROMPT)
        while "Aurora Infrastructure Oy" not in shown:
            shown = person.answer("s")
        person.type("n no such company")
        person.type("q")
        assert "commons run my_companies" in person.rest()
    file = folder / "judgements.csv"
    (judged,) = judgements.parse(file.read_bytes(), "file", dt.date.today())
    assert (judged.name, judged.country, judged.lei, judged.why) == (
        *("Aurora Infrastructure Oy", "FI"),
        *("none", "no such company"),
    )
    file.write_text(JUDGEMENTS, encoding="utf-8")
    assert "✓ my_companies" in said(CHECK, clone)
    assert "a new version" in said(RUN, clone)
    waiting = {one["name"] for one in json.loads(said(QUEUE, clone))}
    assert "Aker Offshore Wind" not in waiting
    assert "Roadrunner Traps and Anvils" not in waiting
    lines = list(csv.DictReader(JUDGEMENTS.splitlines()))
    assert len(judgements.parse(JUDGEMENTS.encode(), "page", dt.date(2026, 2, 1))) == len(lines) == 3
    file.write_text("<<<<<<< HEAD\n" + JUDGEMENTS, encoding="utf-8")
    done = run(CHECK, clone)
    assert done.returncode == 1
    assert "conflict markers of a merge" in done.stdout


def test_a_register_whose_bytes_are_elsewhere_says_how_to_bring_them(clone: Path, tmp_path: Path) -> None:
    done = run(f"env COMMONS_REMOTE=file://{tmp_path}/empty {FIRST}", clone)
    assert done.returncode == 2
    assert "commons rebuild --from-source --restore lei_entities elf_codes" in done.stderr
    assert "Traceback" not in done.stderr
