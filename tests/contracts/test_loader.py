"""contract.yaml: what an author means is what is read; everything wrong is told at once, with its line."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from include.contracts import loader
from include.contracts.columns import Column, TableSchema
from include.errors import ContractError

REPOSITORY = Path(__file__).resolve().parents[2]
BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
GOOD = """\
title: Power plants
description: Plants of the world.
owner: energy@example.org
licence: CC-BY-4.0
source:
  url: https://example.org/plants.csv
"""


def write(root: Path, text: str | bytes, name: str = "plants") -> Path:
    folder = root / name
    folder.mkdir()
    (folder / "contract.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def message(folder: Path) -> str:
    with pytest.raises(ContractError) as error:
        loader.load(folder)
    return str(error.value)


def test_there_are_bad_contracts_each_with_its_message() -> None:
    assert len(BAD) >= 25
    assert sorted(p.stem for p in Path(BAD[0]).parent.glob("*.txt")) == [p.stem for p in BAD]


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_bad_contract_is_refused_in_the_words_beside_it(path: Path) -> None:
    """Fault 21: the corpus of contracts as weapons and as mistakes."""
    with pytest.raises(ContractError) as error:
        loader.loads(path.read_bytes(), "contract.yaml")
    assert str(error.value) == path.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")


def test_defaults_of_the_smallest_contract(tmp_path: Path) -> None:
    contract = loader.load(write(tmp_path, GOOD))
    assert contract.source.url == ("https://example.org/plants.csv",)
    assert (contract.access, contract.publish, contract.schedule) == ("internal", "commit", None)
    assert contract.source.missing == ("",)


@pytest.mark.parametrize(
    "word", ["no", "on", "off", "yes", "NO", "2023-09-28", "1.50", "012", "12:30:00", "0x1F", "1e3"]
)
def test_text_stays_as_written_where_text_is_expected(tmp_path: Path, word: str) -> None:
    contract = loader.load(write(tmp_path, GOOD.replace("Power plants", word) + f"  missing: [{word}]\n"))
    assert contract.title == word
    assert contract.source.missing == (word,)


def test_null_is_a_word_in_a_list_and_nothing_as_a_value(tmp_path: Path) -> None:
    contract = loader.load(
        write(tmp_path, GOOD + '  missing: [null, ~, NA, ""]\n  sheet: null\nexpect: {rows_change_pct: null}\n')
    )
    assert contract.source.missing == ("null", "~", "NA", "")
    assert contract.source.sheet is None
    assert contract.expect.rows_change_pct is None


def test_numbers_dates_and_lists_where_they_are_expected(tmp_path: Path) -> None:
    contract = loader.load(
        write(
            tmp_path,
            GOOD
            + "  header: [2, 3]\n  footer: 1\nkey: [plant_id]\nexpect: {rows: [3, 5], quarantine_pct: 0.5}\n"
            + "waive: [{rule: rows, until: 2026-12-31, why: a strike, by: jane}]\n",
        )
    )
    assert contract.source.header == (2, 3)
    assert contract.source.footer == 1
    assert contract.key == ("plant_id",)
    assert contract.expect.rows == (3, 5)
    assert contract.expect.quarantine_pct == 0.5
    assert contract.waive[0].until == dt.date(2026, 12, 31)


def test_a_waiver_ends_after_its_last_day(tmp_path: Path) -> None:
    waiver = "waive: [{rule: rows, until: 2020-01-31, why: a strike, by: jane}]\n"
    waived = loader.load(write(tmp_path, GOOD + waiver)).waive[0]
    assert not waived.expired(dt.date(2020, 1, 31))
    assert waived.expired(dt.date(2020, 2, 1))


def test_one_alias_is_honest(tmp_path: Path) -> None:
    text = GOOD + "key: &id [plant_id]\nexpect: {unique: [{columns: *id}]}\n"
    assert loader.load(write(tmp_path, text)).expect.unique[0].columns == ("plant_id",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD.encode("utf-16"), ":1: expected UTF-8, found UTF-16 or UTF-32"),
        (GOOD.encode("utf-16-le"), ":1: expected UTF-8, found UTF-16 or UTF-32"),
        (
            GOOD.replace("the world", "Århus").encode("latin-1"),
            ":2: expected UTF-8, found byte 0xC5 ('Å' in Windows-1252)",
        ),
        (GOOD.replace("the world", "the\0world").encode(), ":2: expected text, found the invisible character U+0000"),
        (
            GOOD.replace("the world", "the\u2028world").encode(),
            ":2: expected text, found the invisible character U+2028",
        ),
    ],
)
def test_wrong_encodings_are_refused_with_the_line(tmp_path: Path, content: bytes, words: str) -> None:
    """Fault 21: wrong encodings and NUL."""
    assert words in message(write(tmp_path, content))


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + (GOOD + "acces: public\n").replace("\n", "\r\n").encode()
    assert message(write(tmp_path, content)).endswith(
        "contract.yaml:7: unknown key 'acces' (did you mean 'access'?). Correct it."
    )
    assert loader.loads(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).title == "Power plants"


@pytest.mark.parametrize("name", ["Plants", "1plants", "power-plants", "pl\u0430nts", "x" * 64, "p;drop table x"])
def test_folders_must_be_snake_case(tmp_path: Path, name: str) -> None:
    """Fault 21: homoglyph names, SQL in names."""
    assert "expected a folder in snake case, found" in message(write(tmp_path, GOOD, name))


def test_a_missing_contract_says_how_to_draft_one(tmp_path: Path) -> None:
    assert "contract.yaml: can't be read (No such file or directory). Draft one" in message(tmp_path / "plants")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    (tmp_path / "plants").mkdir()
    (tmp_path / "plants" / "contract.yaml").symlink_to(tmp_path / "secret.yaml")
    assert "found a link or device" in message(tmp_path / "plants")


@pytest.mark.parametrize(("size", "shown"), [(1_000_001, "1.0"), (50_000_000, "50.0")])
def test_a_file_over_a_megabyte_is_refused_by_its_size(tmp_path: Path, size: int, shown: str) -> None:
    """Fault 21: a 50 MB file. It would be a sound contract otherwise."""
    folder = write(tmp_path, GOOD + "#" * (size - len(GOOD)))
    assert message(folder).endswith(f"expected a file under 1 MB, found {shown} MB. Take the data out of it.")


def test_an_address_may_come_from_extract_py(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD.partition("source:")[0])
    assert "missing key 'url' in source" in message(folder)
    (folder / "extract.py").write_text("def addresses(start, end, last): return []\n")
    assert loader.load(folder).source.url == ()


def test_references_name_other_datasets(tmp_path: Path) -> None:
    reference = "expect: {{references: [{{columns: [country], dataset: {}, to: [code]}}]}}\n"
    write(tmp_path, GOOD, "countries")
    assert "'contries' is not known (did you mean 'countries'?)" in message(
        write(tmp_path, GOOD + reference.format("contries"), "plants")
    )
    assert "refers to itself" in message(write(tmp_path, GOOD + reference.format("units"), "units"))
    known = loader.load(write(tmp_path, GOOD + reference.format("countries"), "owners"))
    assert known.expect.references[0].dataset == "countries"


REGISTER = "register: {id: lei, name: legal_name, country: country_code, legal_forms: forms}\n"
MATCH = "match: {register: companies, entity: owner, identifiers: {lei: owner_lei}}\n"
PARENTS = "match: {register: companies, entity: owner, parents: {relations: related, exceptions: excused}}\n"


def test_matching_names_a_dataset_that_is_a_register(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "forms")
    write(tmp_path, GOOD, "countries")
    assert "plants/contract.yaml:7: dataset 'companies' is not known" in message(write(tmp_path, GOOD + MATCH))
    write(tmp_path, GOOD + REGISTER, "companies")
    assert loader.load(tmp_path / "plants").match.register == "companies"  # type: ignore[union-attr]
    forms = message(write(tmp_path, GOOD + REGISTER.replace("forms}", "form}"), "funds"))
    assert "funds/contract.yaml:7: dataset 'form' is not known (did you mean 'forms'?)" in forms
    wrong = MATCH.replace("companies", "countries").replace("}}", "}, parents: {relations: owners, exceptions: what}}")
    assert [
        said.partition("contract.yaml:")[2] for said in message(write(tmp_path, GOOD + wrong, "owners")).split("\n")
    ] == [
        "7: dataset 'countries' has no key `register:`, so it can't be searched. Add it there.",
        "7: dataset 'owners' refers to itself. Name another dataset.",
        "7: dataset 'what' is not known. Name one of `commons list`.",
    ]


def test_identifiers_are_of_kinds_that_the_register_has(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "forms")
    write(tmp_path, GOOD + REGISTER.replace("}", ", identifiers: {isin: isin}}"), "companies")
    both = MATCH.replace("owner_lei", "owner_lei, isin: code, cik: cik")
    assert message(write(tmp_path, GOOD + both)).endswith(
        ":7: register 'companies' has no identifiers of kind 'cik'. Take it out, or add it there."
    )


def test_what_matching_takes_is_read_like_references(tmp_path: Path) -> None:
    for name in ("forms", "countries", "related", "excused"):
        write(tmp_path, GOOD, name)
    reference = "expect: {references: [{columns: [country], dataset: countries, to: [code]}]}\n"
    write(tmp_path, GOOD + REGISTER, "companies")
    plants = loader.load(write(tmp_path, GOOD + reference + PARENTS))
    assert loader.inputs(tmp_path, plants) == ["companies", "countries", "excused", "forms", "related"]
    assert loader.consumers(tmp_path, "forms") == ["plants"]
    assert loader.consumers(tmp_path, "companies") == ["plants"]
    assert loader.consumers(tmp_path, "plants") == []


def test_datasets_run_in_waves_behind_what_they_read(tmp_path: Path) -> None:
    for name in ("forms", "related", "excused"):
        write(tmp_path, GOOD, name)
    write(tmp_path, GOOD + REGISTER, "companies")
    write(tmp_path, GOOD + PARENTS)
    assert loader.waves(tmp_path, ["plants", "forms", "companies"]) == [["companies", "forms"], ["plants"]]
    assert loader.waves(tmp_path, ["plants"]) == [["plants"]]
    circle = "expect: {references: [{columns: [country], dataset: plants, to: [code]}]}\n"
    (tmp_path / "forms" / "contract.yaml").write_text(GOOD + circle)
    with pytest.raises(ContractError, match="they read each other in a circle"):
        loader.waves(tmp_path, ["plants", "forms"])


def test_columns_that_matching_names_fit_with_their_lines(tmp_path: Path) -> None:
    for name in ("forms", "companies"):
        write(tmp_path, GOOD + (REGISTER if name == "companies" else ""), name)
    more = "  weight: owner\n  country: land\n  ownership: {facility: id, by: [yeer], share: pct, quantity: owner}\n"
    folder = write(tmp_path, GOOD + "match:\n  register: companies\n  entity: id\n" + more)
    types = {"id": "int64", "owner": "string", "land": "string", "year": "int32", "pct": "float64"}
    columns = tuple(
        Column(name=name, id=number, type=kind, nullable=True) for number, (name, kind) in enumerate(types.items(), 1)
    )
    told = loader.unfit(folder, loader.load(folder), TableSchema(columns=columns))
    assert [said.partition("contract.yaml:")[2] for said in told] == [
        "9: match.entity: column 'id' is int64, expected text. Name another column, or read it as that.",
        "10: match.weight: column 'owner' is string, expected a number. Name another column, or read it as that.",
        "12: match.ownership.by: no column 'yeer' in schema.py (did you mean 'year'?). Name one of its columns.",
        "12: match.ownership.quantity: column 'owner' is string, expected a number. "
        "Name another column, or read it as that.",
    ]


def test_names_are_the_folders_with_a_contract_sorted(tmp_path: Path) -> None:
    for name in ("zinc", "amber", ".hidden", "_draft"):
        write(tmp_path, GOOD, name)
    (tmp_path / "empty").mkdir()
    assert loader.names(tmp_path) == ["amber", "zinc"]


def test_every_dataset_of_the_house_is_sound() -> None:
    root = REPOSITORY / "include" / "datasets"
    names = loader.names(root)
    assert len(names) >= 8
    assert all(loader.load(root / name).title for name in names)


def test_messages_name_the_file_below_the_repository() -> None:
    assert message(REPOSITORY / "include" / "datasets" / "nowhere").startswith(
        "include/datasets/nowhere/contract.yaml: "
    )


def _run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout


HOSTILE = {
    "big": lambda p: p.write_bytes(b"a: b\n" * 10_000_000),
    "nested": lambda p: p.write_bytes(b"[" * 999_000),
    "items": lambda p: p.write_bytes(b"a:\n" + b"- x\n" * 240_000),
    "keys": lambda p: p.write_bytes(b"".join(b"k%d: 1\n" % i for i in range(4_900))),
    "addresses": lambda p: p.write_bytes(b"key: [" + b",".join(b"k%d" % i for i in range(9_900)) + b"]"),
    "quote": lambda p: p.write_bytes(b"a: '" + b"\n" * 990_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_within_a_second_of_cpu_and_100_mb(tmp_path: Path, kind: str) -> None:
    """Fault 21: YAML bombs and a 50 MB file, under kernel limits on processor time and memory."""
    (tmp_path / "plants").mkdir()
    HOSTILE[kind](tmp_path / "plants" / "contract.yaml")
    code = (
        "import resource, sys, time; from pathlib import Path; from include.contracts import loader\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (round(time.process_time()) + 1,) * 2)\n"
        "try: loader.load(Path(sys.argv[1]))\n"
        "except loader.ContractError as error: print(str(error).splitlines()[0])\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])\n"
    )
    told, kilobytes = _run(code, str(tmp_path / "plants")).splitlines()
    assert "contract.yaml:" in told
    assert 10_000 < int(kilobytes) < 100_000


def test_loading_contracts_is_light() -> None:
    """DAG parsing imports this; heavy modules would be paid in every task."""
    code = (
        "import sys; from pathlib import Path\n"
        "from include.contracts import loader, names, authors, columns, requests, units\n"
        "loader.load(Path('include/datasets/elf_codes'))\n"
        "heavy = {'polars', 'pandera', 'pint', 'duckdb', 'pandas', 'pyarrow', 'dvc', 'airflow'}\n"
        "print(len(sys.modules), *heavy & set(sys.modules))"
    )
    count, *heavy = _run(code).split()
    assert int(count) > 50
    assert heavy == []


def test_the_words_of_a_thousand_problems_are_few() -> None:
    with pytest.raises(ContractError) as error:
        loader.loads(b"".join(b"k%d: 1\n" % i for i in range(1000)))
    assert len(error.value.problems) == loader.MOST + 1
    assert error.value.problems[-1] == "contract.yaml: 904 more problems. Correct these first."
