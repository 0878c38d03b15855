"""`commons new`: a draft is accepted at once, its data pass it, and what it says of them is right."""

import datetime as dt
import json
import random
import re
import sqlite3
import string
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
import yaml

from include.adapters.fetch import fetch_all
from include.cli.checking import problems_of
from include.cli.draft import address_of, draft
from include.cli.drafting import rows
from include.cli.drafting.checks import pattern_of
from include.cli.drafting.files import look
from include.contracts import loader
from include.contracts.columns import TableSchema
from include.contracts.matching import Match
from include.contracts.model import Contract
from include.errors import ContractError, EnvironmentFault, SourceError
from include.extraction import author
from include.extraction.raw import RawFile
from include.extraction.read import read
from include.settings import REPOSITORY, settings
from include.validation import schema as schemas
from include.validation.render import render
from include.validation.run import validate
from include.validation.verdict import Counted, Verdict
from tests.conftest import SHARED

LEIS = [
    "529900T8BM49AURSDO55",
    "5493001KJTIIGC8Y1R12",
    "HWUPKR0MPOU8FGXBT394",
    "INR2EJN1ERAN0W5ZP974",
    "7LTWFZYICNSX8D621K86",
]


def drafted(
    file: Path, tmp_path: Path, name: str = "my_data", failing: int = 0
) -> tuple[Contract, TableSchema, Verdict]:
    """A draft from `file`, and what `commons try` would make of the same data."""
    folder = tmp_path / "datasets" / name
    assert [path.name for path in draft(name, str(file), folder)] == ["contract.yaml", "schema.py"]
    assert sorted(path.name for path in folder.iterdir()) == ["contract.yaml", "schema.py"]
    contract, schema = loader.load(folder), schemas.load(folder)
    table = render(schema, contract)
    fetched = fetch_all(contract.source.url, tmp_path / "raw")
    raw = [RawFile(f.address, f.name, f.path, f.sha256, f.bytes) for f in fetched if f.path]
    reading = read(raw, contract.source, tmp_path / "frames")
    frames = {place: pl.scan_parquet(path) for place, path in reading.frames.items()}
    author.apply(None, frames).table.sink_parquet(tmp_path / "extracted.parquet")
    counted = Counted(reading.records, rejected=reading.rejected)
    into, today = tmp_path / "out", dt.date(2026, 1, 1)
    verdict = validate(
        tmp_path / "extracted.parquet", schema, table, contract, None, {}, into, today=today, counted=counted
    )
    assert verdict.outcome == "done", verdict.problems
    assert verdict.counts["quarantined"] == failing
    return contract, table, verdict


def types(table: TableSchema) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


def nullable(table: TableSchema) -> set[str]:
    return {column.name for column in table.columns if column.nullable}


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def checks(tmp_path: Path, column: str, name: str = "my_data") -> dict[str, object]:
    schema = schemas.load(tmp_path / "datasets" / name)
    return {str(check.name): dict(check.statistics or {}) for check in schema.columns[column].checks}


OFFICE = (
    "Statistisches Amt: Kraftwerke;;;;\nStand: Oktober 2020;;;;\n\n"
    "Anlage-Nr.;Größe (MW);Inbetriebnahme;Straße;PLZ\n"
    "A1;1.234,5;01.02.2003;Königsallee 1;01067\nA2;12,25;17.11.1999;Süd;10115\nA3;0,5;30.06.2010;;80331\n"
    "Summe;1.247,25;;;\n\nQuelle: Amt für Statistik\n"
)


def test_a_csv_of_a_european_office(tmp_path: Path) -> None:
    contract, table, verdict = drafted(written(tmp_path / "amt.csv", OFFICE, "windows-1252"), tmp_path)
    source = contract.source
    assert (source.encoding, source.header, source.footer) == ("windows-1252", 4, 3)
    assert (source.decimal, source.thousands) == (",", ".")
    assert verdict.counts["published"] == 3
    assert types(table) == {
        "anlage_nr": "string", "grosse_mw": "float64", "inbetriebnahme": "date", "strasse": "string", "plz": "string",
    }  # fmt: skip
    assert table.column("grosse_mw").unit == "MW"
    assert nullable(table) == {"strasse"}
    assert contract.key == ("anlage_nr",)
    published = pl.read_parquet(tmp_path / "out/table/part-00000.parquet")
    assert published["grosse_mw"].to_list() == [1234.5, 12.25, 0.5]
    assert published["inbetriebnahme"][0] == dt.date(2003, 2, 1)
    assert published["plz"][0] == "01067"


def test_several_header_rows_become_one_heading(tmp_path: Path) -> None:
    text = "Region;Leistung;;Jahr\n;MW;Anzahl;\n" + "".join(f"R{i};{i},5;{i};{2000 + i}\n" for i in range(9))
    contract, table, verdict = drafted(written(tmp_path / "a.csv", text), tmp_path)
    assert contract.source.header == (1, 2)
    assert list(types(table)) == ["region", "leistung_mw", "leistung_anzahl", "jahr"]
    assert verdict.counts["published"] == 9
    assert table.column("leistung_mw").unit == "MW"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("titles", [0, 2])
def test_any_encoding_delimiter_and_title(encoding: str, delimiter: str, titles: int, tmp_path: Path) -> None:
    lines = ["Ein Titel über der Tabelle", "noch einer"][:titles]
    lines += [
        delimiter.join(cells)
        for cells in (("Id", "Name", "Wert"), ("1", "Zoë", "0.5"), ("2", "Ärger", "7"), ("3", "é", "8"))
    ]
    contract, table, verdict = drafted(written(tmp_path / "a.txt", "\r\n".join(lines) + "\r\n", encoding), tmp_path)
    assert types(table) == {"id": "int64", "name": "string", "wert": "float64"}
    assert (verdict.counts["published"], verdict.counts["rejected"], contract.key) == (3, 0, ("id",))
    assert pl.read_parquet(tmp_path / "out/table/part-00000.parquet")["name"].to_list() == ["Zoë", "Ärger", "é"]


def test_missing_texts_are_proposed_and_never_applied(tmp_path: Path) -> None:
    text = "country,capacity_mw\nNA,1\nDE,2\nFR,..\nIT,3\n"
    contract, table, _ = drafted(written(tmp_path / "a.csv", text), tmp_path)
    assert contract.source.missing == ("",)
    assert types(table) == {"country": "string", "capacity_mw": "string"}
    assert nullable(table) == set()
    assert '# missing: ["", ".."]' in (tmp_path / "datasets/my_data/contract.yaml").read_text()
    assert "whole numbers but for '..' once" in (tmp_path / "datasets/my_data/schema.py").read_text()
    assert pl.read_parquet(tmp_path / "out/table/part-00000.parquet")["country"].to_list() == ["DE", "FR", "IT", "NA"]


def test_the_proposal_on_missing_texts_warns_of_namibia(tmp_path: Path) -> None:
    drafted(written(tmp_path / "a.csv", "id,x\n1,NA\n2,5\n"), tmp_path)
    assert "NA is Namibia" in (tmp_path / "datasets/my_data/contract.yaml").read_text()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "-3"], "int64"),
        (["01", "02", "11"], "string"),
        (["1", "2.5"], "float64"),
        (["1.0", "2.0"], "float64"),
        (["99999999999999999999", "1"], "string"),
        (["1E5", "2E6"], "string"),
        (["+49", "+1"], "string"),
        (["true", "false"], "boolean"),
        (["Y", "N"], "boolean"),
        (["N", "N"], "string"),
        (["2020-01-31", "2021-02-01"], "date"),
        (["31.01.2020", "1.2.2021"], "date"),
        (["01/31/2020", "02/01/2021"], "date"),
        (["01/02/2020", "02/01/2021"], "string"),
        (["2020-01-31T10:00:00Z", "2020-01-31T10:00:00+02:00"], "timestamp"),
        (["2020-01-31 10:00", "2020-01-31 11:30"], "timestamp_naive"),
        (["31.01.2020 10:00", "01.02.2020 11:30"], "timestamp_naive"),
        (["10:30", "23:59"], "time"),
        (["a", "b"], "string"),
        (["5 MW", "6 MW"], "string"),
        (["NaN", "NaN"], "string"),
        (["null", "None"], "string"),
    ],
)
def test_types_of_texts(values: list[str], kind: str, tmp_path: Path) -> None:
    text = "id,when\n" + "".join(f'{i},"{value}"\n' for i, value in enumerate(values))
    assert types(drafted(written(tmp_path / "a.csv", text), tmp_path)[1])["when"] == kind


def test_postcodes_without_zeros_stay_text(tmp_path: Path) -> None:
    _, table, _ = drafted(written(tmp_path / "a.csv", "id,ZIP Code,zipper\n1,10115,1\n2,80331,2\n"), tmp_path)
    assert types(table) == {"id": "int64", "zip_code": "string", "zipper": "int64"}


def test_a_date_that_could_be_two_says_so(tmp_path: Path) -> None:
    drafted(written(tmp_path / "a.csv", "id,when\n1,01/02/2020\n2,03/04/2020\n"), tmp_path)
    assert "no value tells day from month" in (tmp_path / "datasets/my_data/schema.py").read_text()


def test_units_from_headings(tmp_path: Path) -> None:
    text = "id,Capacity (MW),Share (%),Speed [km/h],Latitude,Name (kV)\n1,1.5,50,3,48.1,x\n2,2,60,4,-12,y\n"
    _, table, _ = drafted(written(tmp_path / "a.csv", text), tmp_path)
    assert {column.name: column.unit for column in table.columns} == {
        "id": None, "capacity_mw": "MW", "share_pct": "percent", "speed_km_h": "km/h", "latitude": "degree",
        "name_kv": "kV",
    }  # fmt: skip
    assert checks(tmp_path, "latitude")["less_than_or_equal_to"] == {"max_value": 90}


def test_checks_worth_having(tmp_path: Path) -> None:
    codes = [a + b for a in "ABCD" for b in "XYZW"]
    lines = ["lei,country,kind,note"] + [
        f"{LEIS[i % 5]},{codes[i % 16]},{('on', 'off')[i % 2]},some words {i}" for i in range(100)
    ]
    drafted(written(tmp_path / "a.csv", "\n".join(lines)), tmp_path)
    assert checks(tmp_path, "lei") == {"lei": {"wanted": True}}
    assert checks(tmp_path, "kind")["isin"] == {"allowed_values": ["off", "on"]}
    assert checks(tmp_path, "country")["str_matches"] == {"pattern": "^[A-Z]{2}$"}
    assert checks(tmp_path, "note") == {}


def draft_of(tmp_path: Path, name: str = "my_data") -> tuple[str, str]:
    folder = tmp_path / "datasets" / name
    return (folder / "contract.yaml").read_text(), (folder / "schema.py").read_text()


def test_a_column_of_mostly_leis_is_one_and_the_wrong_ones_are_counted(tmp_path: Path) -> None:
    broken = [*LEIS[:4], LEIS[4][:-1] + "7"]
    file = written(tmp_path / "a.csv", "lei,n\n" + "".join(f"{lei},{i}\n" for i, lei in enumerate(broken)))
    contract, _, verdict = drafted(file, tmp_path, failing=1)
    assert checks(tmp_path, "lei") == {"lei": {"wanted": True}}
    assert (contract.expect.quarantine_pct, verdict.counts["published"]) == (20, 4)
    assert f"1 of 5 values is no LEI, such as '{broken[4]}'" in draft_of(tmp_path)[1]


def test_codes_that_only_look_like_leis_have_no_check(tmp_path: Path) -> None:
    broken = [f"{lei[:-2]}{(int(lei[-2:]) + 1) % 100:02}" for lei in LEIS]
    drafted(written(tmp_path / "a.csv", "lei,n\n" + "".join(f"{lei},{i}\n" for i, lei in enumerate(broken))), tmp_path)
    assert checks(tmp_path, "lei") == {}


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (["DE", "FR", "IT", "ES", "NL"], "^[A-Z]{2}$"),
        ([f"A-{i:02}" for i in range(20)], r"^[A-Z]\-\d{2}$"),
        ([f"{i:05}" for i in range(0, 99999, 999)], r"^\d{5}$"),
        (["8888", "6QQB", "2XIK", "VYAX", "X0SD"] * 4, None),
        (["8888", "6QQB", "2XIK", "VYAX", "X0SD", *(f"{a}{i}{a}9" for a in "AB" for i in range(9))], "^[A-Z0-9]{4}$"),
        ([f"{lei[:-4]}{i}" for lei in LEIS for i in range(1000, 1009)], None),
        (["DE1", "FR2", "IT3", "ES4", "NL5"], None),
        ([f"A-{i}" for i in range(10, 60)], None),
        (["ab", "cd", "ef", "gh", "ij"], None),
        (["A", "B", "C", "D", "E"], None),
        (["AB", "CD"], None),
    ],
)
def test_patterns_of_codes(values: list[str], pattern: str | None) -> None:
    found = pattern_of(pl.Series(values).unique())
    assert found == pattern
    if found:
        assert pl.Series(values).str.contains(found).all()


@pytest.mark.parametrize(
    ("name", "values", "often"),
    [
        ("kind", ["X"], 100),
        ("kind", ["Coal", "Natural gas"], 100),
        ("kind", ["on", "off"], 30),
        ("country", ["DE", "FR", "IT"], 100),
    ],
)
def test_few_values_that_may_become_more_are_only_proposed(
    name: str, values: list[str], often: int, tmp_path: Path
) -> None:
    text = f"id,{name}\n" + "".join(f"{i},{values[i % len(values)]}\n" for i in range(len(values) * often))
    drafted(written(tmp_path / "a.csv", text), tmp_path)
    told = f"# only {len(values)} value{'s' if len(values) > 1 else ''} seen: isin={json.dumps(sorted(values))} if"
    if often < 50:
        assert checks(tmp_path, name) == {}
    else:
        assert told in draft_of(tmp_path)[1]
    assert "isin" not in checks(tmp_path, name)


def test_keys_prefer_identifiers_and_then_few_columns(tmp_path: Path) -> None:
    text = "name,plant_id,year\n" + "".join(f"n{i},{i},2020\n" for i in range(20))
    assert drafted(written(tmp_path / "a.csv", text), tmp_path)[0].key == ("plant_id",)
    (two := tmp_path / "two").mkdir()
    text = "value,country,year\n" + "".join(
        f"{i % 7},{c},{y}\n" for i, (c, y) in enumerate((c, y) for c in "ABC" for y in range(9))
    )
    assert drafted(written(two / "a.csv", text), two)[0].key == ("country", "year")


def test_a_date_or_measure_unique_by_chance_is_no_key(tmp_path: Path) -> None:
    lines = [f"{1000 - 7 * i},2020-01-{i:02},{site},{2000 + i // 2}" for i, site in enumerate("ABABABAB", 1)]
    text = "output,day,site_id,year\n" + "\n".join(lines)
    assert drafted(written(tmp_path / "a.csv", text), tmp_path)[0].key == ("output",)
    (second := tmp_path / "second").mkdir()
    text = "site,output,day\n" + "\n".join(f"{s},{1000 - 7 * i},2020-01-{i:02}" for i, s in enumerate("ABABABAB", 1))
    assert drafted(written(second / "a.csv", text), second)[0].key == ("site", "day")


def test_an_identifier_that_repeats_a_little_is_told_and_no_odd_pair_chosen(tmp_path: Path) -> None:
    numbers = [*range(1, 42), 7, 9]
    text = "plant_id,owner,output\n" + "".join(f"{n},o{i % 5},{i * 3}\n" for i, n in enumerate(numbers))
    contract, _, _ = drafted(written(tmp_path / "a.csv", text), tmp_path)
    assert contract.key == ()
    told = "# key: [plant_id] but for 2 of 43 records that repeat the plant_id of another (7, 9)"
    assert told in draft_of(tmp_path)[0]


def test_repeated_records_are_kept_or_folded(tmp_path: Path) -> None:
    contract, _, verdict = drafted(written(tmp_path / "a.csv", "id,x\n1,2\n1,2\n2,3\n"), tmp_path)
    assert (contract.key, contract.repeats) == (("id",), "merge")
    assert (verdict.counts["published"], verdict.counts["merged"]) == (2, 1)
    (other := tmp_path / "other").mkdir()
    contract, _, verdict = drafted(written(other / "a.csv", "x,y\n0.5,\n0.5,\n0.5,1\n"), other)
    assert (contract.key, contract.repeats, verdict.counts["published"]) == ((), "keep", 3)


def test_a_column_that_is_empty_throughout(tmp_path: Path) -> None:
    contract, table, _ = drafted(written(tmp_path / "a.csv", "id,nothing\n1,\n2,\n"), tmp_path)
    assert contract.expect.nulls_pct == {"nothing": 100}
    assert nullable(table) == {"nothing"}


def test_words_of_python_pandera_and_the_engine_are_no_names(tmp_path: Path) -> None:
    headings = [
        "class",
        "from",
        "datetime",
        "float",
        "validate",
        "record",
        "Größe",
        "Größe",
        "",
        "a" * 80,
        "\u56fd",
        "1st",
    ]
    text = ",".join(headings) + "\n" + ",".join("2020-01-01" for _ in headings) + "\n"
    _, table, _ = drafted(written(tmp_path / "a.csv", text), tmp_path)
    assert len(table.columns) == len(headings)
    assert types(table)["class_value"] == "date"
    assert table.column("datetime_value").source == "datetime"


def test_hostile_headings_and_values_stay_data(tmp_path: Path) -> None:
    headings = [
        '"); import os; x = ("',
        "a\\",
        "{{ x }}",
        "line\nbreak",
        "# no comment",
        "'''",
        "\u2028sep",
        "tab\there",
    ]
    rows_ = [headings, ["=1", '"', "\\", "\x85", ": y", "- z", "\u2029", "*"]]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows_) + "\n"
    _, table, _ = drafted(written(tmp_path / "we ird # name.csv", text), tmp_path)
    assert len(table.columns) == len(headings)


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(cells):
                for column, cell in enumerate(row):
                    sheet.write_datetime(at, column, cell, day) if isinstance(cell, dt.date) else sheet.write(
                        at, column, cell
                    )
    return path


def test_a_workbook_with_the_header_in_row_2_and_several_sheets(tmp_path: Path) -> None:
    plants = [[i, f"plant {i}", i + 0.5, dt.date(2020, 1, i)] for i in range(1, 20)]
    sheets = {
        "Read me": [["Some words"]],
        "Plants": [
            ["Title over all"],
            ["Plant Code", "Name", "Capacity (MW)", "Since"],
            *plants,
            ["Total", None, 199.5],
        ],
    }
    contract, table, verdict = drafted(workbook(tmp_path / "a.xlsx", sheets), tmp_path)
    assert (contract.source.sheet, contract.source.header, contract.source.footer) == ("Plants", 2, 1)
    assert types(table) == {"plant_code": "int64", "name": "string", "capacity_mw": "float64", "since": "date"}
    assert (verdict.counts["published"], contract.key) == (19, ("plant_code",))


def test_json_with_the_records_inside(tmp_path: Path) -> None:
    records = [{"id": i, "fields": {"code": f"c{i}", "value": i / 2, "ok": True}} for i in range(5)]
    file = written(tmp_path / "a.json", json.dumps({"meta": {"n": 5}, "records": records}))
    contract, table, _ = drafted(file, tmp_path)
    assert contract.source.path == "records[].fields"
    assert types(table) == {"code": "string", "value": "float64", "ok": "boolean"}


def test_json_lines_and_arrays(tmp_path: Path) -> None:
    records = [{"id": i, "name": "x"} for i in range(5)]
    file = written(tmp_path / "a.jsonl", "\n".join(map(json.dumps, records)))
    assert drafted(file, tmp_path)[0].key == ("id",)
    (other := tmp_path / "other").mkdir()
    contract = drafted(written(other / "a.json", json.dumps(records)), other)[0]
    assert (contract.key, contract.source.path) == (("id",), None)


def test_xml(tmp_path: Path) -> None:
    rows_ = "".join(f'<row id="{i}"><name>n{i}</name><value>{i}.5</value></row>' for i in range(5))
    contract, table, _ = drafted(written(tmp_path / "a.xml", f"<data><info/>{rows_}</data>"), tmp_path)
    assert contract.source.path == "data/row"
    assert types(table) == {"id": "int64", "name": "string", "value": "float64"}


def test_sqlite(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as base:
        base.execute("CREATE TABLE small (x)")
        base.execute('CREATE TABLE "big one" (id INTEGER, since TEXT)')
        base.executemany('INSERT INTO "big one" VALUES (?, ?)', [(i, f"2020-01-0{i}") for i in range(1, 9)])
    base.close()
    contract, table, _ = drafted(tmp_path / "a.db", tmp_path)
    assert contract.source.table == "big one"
    assert types(table) == {"id": "int64", "since": "date"}


def test_parquet_keeps_its_types_and_counts_nan_as_missing(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": pl.Series([1, 2, 3], dtype=pl.Int32),
            "code": ["01", "2", "NaN"],
            "x": [1.5, float("nan"), None],
            "when": pl.Series([dt.datetime(2020, 1, 1)] * 3, dtype=pl.Datetime("ns")),
            "price": pl.Series(["1.10", "2.20", "3.30"]).cast(pl.Decimal(10, 2)),
            "nested": [[1], [2], [3]],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    contract, table, _ = drafted(tmp_path / "a.parquet", tmp_path)
    assert types(table) == {
        "id": "int32", "code": "string", "x": "float64", "when": "timestamp_naive", "price": "decimal(10,2)",
    }  # fmt: skip
    assert contract.source.ignore == ("nested",)
    assert contract.source.missing == ("", "NaN")
    assert nullable(table) == {"code", "x"}


def test_a_zip_names_the_member_that_is_the_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("README.txt", "words " * 1000)
        archive.writestr("manual.pdf", b"%PDF-1.4 \x00\x01")
        archive.writestr("data/plants [1].csv", "id,x\n1,2\n2,3\n")
        archive.writestr("data/small.csv", "a\n1\n")
    contract, table, verdict = drafted(tmp_path / "a.zip", tmp_path)
    assert verdict.counts["published"] == 2
    assert list(types(table)) == ["id", "x"]
    assert contract.source.member is not None
    assert "plants" in contract.source.member


def test_files_of_one_shape_in_a_zip_are_one_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for year in (2019, 2020):
            archive.writestr(f"{year}.csv", f"id,year\n1,{year}\n2,{year}\n")
    contract, _, verdict = drafted(tmp_path / "a.zip", tmp_path)
    assert (contract.source.member, verdict.counts["published"], contract.key) == (None, 4, ("id", "year"))


def test_a_file_without_header(tmp_path: Path) -> None:
    contract, table, verdict = drafted(written(tmp_path / "a.csv", "1,a,2.5\n2,b,3.5\n3,c,4.5\n"), tmp_path)
    assert (contract.source.header, verdict.counts["published"]) == (0, 3)
    assert types(table) == {"column_1": "int64", "column_2": "string", "column_3": "float64"}


def test_years_as_headings_are_a_header(tmp_path: Path) -> None:
    contract, table, _ = drafted(written(tmp_path / "a.csv", "country,2019,2020\nDE,1,2\nFR,3,4\n"), tmp_path)
    assert contract.source.header is None
    assert list(types(table)) == ["country", "column_2019", "column_2020"]


def test_sparse_last_records_and_a_company_called_total_are_no_footer() -> None:
    body = [(at, [f"Firm {at}", "5", "6", "7"]) for at in range(2, 40)]
    header = (1, ["name", "a", "b", "c"])
    assert rows.find([header, *body], [*body, (40, ["Firm 40", "", "", ""])]).footer == 0
    assert rows.find([header, *body], [*body, (40, ["TotalEnergies SE", "5", "6", "7"])]).footer == 0
    assert (
        rows.find([header, *body], [*body, (40, ["Total", "5", "6", "7"]), (42, ["Source: us", "", "", ""])]).footer
        == 3
    )


CUT_OFF = "id,name,x,kind\n" + "".join(f"{i},x{i},{i * 2},k\n" for i in range(1, 21))


@pytest.mark.parametrize(
    "end", ["21,x21\n", "21\n", '21,"x21,5,y\n22,x22,6,y\n', '"21,x21,5,y\n', '21,"x21\nNote: n\n']
)
def test_a_record_cut_off_at_the_end_is_no_footer(end: str, tmp_path: Path) -> None:
    found = look(raw_file(written(tmp_path / "a.csv", CUT_OFF + end)), tmp_path)
    assert "footer" not in found.keys


def test_names_cut_off_are_no_footer_and_notes_are(tmp_path: Path) -> None:
    text = "name,x,y,z\n" + "".join(f"Plant {'North' * (i % 3)} {i},{i},2,3\n" for i in range(1, 21))
    assert "footer" not in look(raw_file(written(tmp_path / "a.csv", text + "Plant NorthNorth\n")), tmp_path).keys
    notes = "Total,210,2,3\n\nSource: the office of statistics, 2020\nAll values as of the last day of the year.\n"
    found = look(raw_file(written(tmp_path / "b.csv", text + notes)), tmp_path)
    assert found.keys["footer"] == 4
    assert "'Total 210 2 3', 'Source: the office of statistics 2020', 'All values" in found.notes["footer"]


def raw_file(path: Path) -> RawFile:
    return RawFile(path.as_uri(), path.name, path, "", path.stat().st_size)


GROUPED: list[list[object]] = [
    ["Emissions and energy by facility"],
    ["", "", "Emissions (t CO2e)", "", "Energy (MWh)", ""],
    ["Facility ID", "Country", "2022", "2023", "2022", "2023"],
    *([f"F{i}", "DE", 1950 + i, 1960.5 + i, 20 * i, 30 * i] for i in range(1, 12)),
]


@pytest.mark.parametrize("kind", ["text", "numbers", "csv"])
def test_years_below_merged_groups_are_a_header_in_two_rows(kind: str, tmp_path: Path) -> None:
    cells = [row[:2] + [int(str(c)) for c in row[2:]] if at == 2 and kind == "numbers" else row
             for at, row in enumerate(GROUPED)]  # fmt: skip
    if kind == "csv":
        file = written(tmp_path / "a.csv", "\n".join(",".join(map(str, row)) for row in cells))
    else:
        file = tmp_path / "a.xlsx"
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate(cells):
                sheet.write_row(at, 0, row)
            sheet.merge_range(1, 2, 1, 3, "Emissions (t CO2e)")
            sheet.merge_range(1, 4, 1, 5, "Energy (MWh)")
    contract, table, verdict = drafted(file, tmp_path)
    assert contract.source.header == (2, 3)
    assert list(types(table))[2:] == [
        "emissions_t_co2e_2022", "emissions_t_co2e_2023", "energy_mwh_2022", "energy_mwh_2023",
    ]  # fmt: skip
    assert verdict.counts["published"] == 11


def test_years_in_the_rows_of_a_header() -> None:
    body = [(at, [f"F{at}", "a", "5", "6"]) for at in range(3, 9)]
    below = [(1, ["Plant", "Kind", "Output", "Input"]), (2, ["", "", "2022", "2023"])]
    assert rows.find([*below, *body], body).header == (1, 2)
    built = [(at, ["F", "DE", "1990", str(1950 + at)]) for at in range(2, 9)]
    assert rows.find([(1, ["name", "country", "built", "closed"]), *built], built).header == (1,)
    above = [(1, ["", "2022", "2023", ""]), (2, ["Plant", "Kind", "Output", "Input"])]
    assert rows.find([*above, *body], body).header == (1, 2)
    told = [(1, ["Year", "2022", "", ""]), (2, ["Plant", "Kind", "Output", "Input"])]
    assert rows.find([*told, *body], body).header == (2,)


def test_columns_without_heading_make_the_header_doubtful(tmp_path: Path) -> None:
    drafted(written(tmp_path / "a.csv", "id,name,\n1,a,5\n2,b,6\n"), tmp_path)
    assert "  # some columns have no heading: is the header row right?" in draft_of(tmp_path)[0]


def test_header_and_sheet_as_given(tmp_path: Path) -> None:
    cells: list[list[object]] = [["x", "y"], ["id", "name"], *([i, f"n{i}"] for i in range(9))]
    file = workbook(tmp_path / "a.xlsx", {"Big": [["a", "b"]] * 99, "Small": cells})
    folder = tmp_path / "my_data"
    draft("my_data", str(file), folder, header=(2,), sheet="Small")
    contract = loader.load(folder)
    assert (contract.source.sheet, contract.source.header, contract.key) == ("Small", 2, ("id",))
    draft("my_data", str(file), folder, header=(1, 2), sheet="Small", replace=True)
    assert loader.load(folder).source.header == (1, 2)
    assert list(schemas.load(folder).columns) == ["x_id", "y_name"]
    draft("my_data", str(written(tmp_path / "a.csv", "id,a\n1,2\n")), folder, header=(0,), replace=True)
    assert loader.load(folder).source.header == 0
    assert sorted(path.name for path in folder.iterdir()) == ["contract.yaml", "schema.py"]


def test_a_header_or_sheet_that_cannot_be_is_refused(tmp_path: Path) -> None:
    book = str(workbook(tmp_path / "a.xlsx", {"One": [["a"], [1]], "Two": [["a"], [1]]}))
    array = str(written(tmp_path / "a.json", '[{"a": 1}]'))
    with pytest.raises(SourceError, match="no sheet 'Three', found 'One', 'Two'"):
        draft("my_data", book, tmp_path / "my_data", sheet="Three")
    with pytest.raises(SourceError, match="json has no header rows"):
        draft("my_data", array, tmp_path / "my_data", header=(2,))
    with pytest.raises(SourceError, match="json has no sheets"):
        draft("my_data", array, tmp_path / "my_data", sheet="One")
    with pytest.raises(EnvironmentFault, match="row numbers from 1 in ascending order"):
        draft("my_data", book, tmp_path / "my_data", header=(3, 2))
    with pytest.raises(SourceError, match="no header in row 9"):
        draft("my_data", book, tmp_path / "my_data", header=(9,))
    assert not (tmp_path / "my_data").exists()


def test_geometry_beside_properties_is_told(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [8.5, 50.1]}
    features = [{"type": "Feature", "geometry": point, "properties": {"id": i}} for i in range(5)]
    file = written(tmp_path / "a.json", json.dumps({"type": "FeatureCollection", "features": features}))
    contract, table, _ = drafted(file, tmp_path)
    assert (contract.source.path, list(types(table))) == ("features[].properties", ["id"])
    assert "# geometry is not read; to have it, and properties, as JSON text: path: features[]" in draft_of(tmp_path)[0]


def test_runs_of_spaces_make_the_delimiter_doubtful(tmp_path: Path) -> None:
    lines = ["id   name     x"] + [f"{i:<4} plant {i:<5} {i * 3}" for i in range(9)]
    drafted(written(tmp_path / "a.txt", "\n".join(lines)), tmp_path)
    assert "# the delimiter may be wrong: runs of spaces seem to separate the fields" in draft_of(tmp_path)[0]
    (other := tmp_path / "other").mkdir()
    drafted(written(other / "a.csv", "id,name\n1,two  words\n2,b\n"), other)
    assert "runs of spaces" not in draft_of(other)[0]


def test_one_of_each_is_told_in_the_singular(tmp_path: Path) -> None:
    drafted(written(tmp_path / "a.csv", "id\n7\n"), tmp_path)
    contract, schema = draft_of(tmp_path)
    assert "# Drafted from a.csv: 1 record, 1 column." in contract
    assert "unique over the only record" in contract
    assert "types from its only record" in schema
    (other := tmp_path / "other").mkdir()
    drafted(written(other / "a.csv", "id,x\n1,2\n1,2\n2,3\n"), other)
    assert "# 1 record equals another in every column: it is folded into the first" in draft_of(other)[0]
    assert "# Drafted from a.csv: 3 records, 2 columns." in draft_of(other)[0]


def _cell(kind: str, at: int, chance: random.Random) -> str:
    values: dict[str, Callable[[], str]] = {
        "id": lambda: str(at),
        "code": lambda: f"{at:05}",
        "word": lambda: "".join(chance.choices(string.ascii_letters + " äöü", k=8)),
        "number": lambda: f"{chance.uniform(-1e6, 1e6):.{chance.randint(0, 6)}f}",
        "whole": lambda: str(chance.randint(-(10**12), 10**12)),
        "day": lambda: (dt.date(1990, 1, 1) + dt.timedelta(days=chance.randint(0, 12000))).isoformat(),
        "sparse": lambda: chance.choice(["", "", "7"]),
        "mess": lambda: chance.choice(["", "NA", "-", "1", "x,y", 'q"q', "0012", "1e9", " 5", "5 ", "null", "\u20ac"]),
        "few": lambda: chance.choice(["red", "green"]),
        "big": lambda: str(chance.randint(10**17, 10**20)),
    }
    return values[kind]()


@pytest.mark.parametrize("seed", range(40))
def test_generated_tables_pass_their_own_draft(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    kinds = chance.choices(
        ["id", "code", "word", "number", "whole", "day", "sparse", "mess", "few", "big"], k=chance.randint(1, 9)
    )
    delimiter, count = chance.choice(",;\t|"), chance.choice([1, 2, 7, 150, 900])
    table = [[f"{kind} {at}" for at, kind in enumerate(kinds)]]
    table += [[_cell(kind, at, chance) for kind in kinds] for at in range(count)]
    text = "\n".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table)
    _, found, verdict = drafted(written(tmp_path / "a.csv", text), tmp_path)
    assert len(found.columns) == len(kinds)
    assert verdict.counts["records"] == count
    for at, kind in enumerate(kinds):
        if kind in ("code", "big") and count >= 7:
            assert found.columns[at].type == "string"


LARGE = (
    "pudl_glue/2023.12.1/utility_id_pudl.csv",
    "pudl_glue/2023.12.1/epa_eia_crosswalk_from_epa.csv",
    "gleif_lei/elf_codes/ISO-20275 - 2023-09-28.csv",
    "owid_co2/owid-co2-data_2020-12-09_2a6c4a2.csv.gz",
    "gppd_sqlite_federated/pp.db",
    "gleif_lei/gleif_energy_power.parquet",
    "wri_gppd/gppd_sources_v1.3.0_7a91cfb.zip",
    "eia860_plants/2___Plant_Y2019.xlsx",
)
KINDS = (".csv", ".xlsx", ".json", ".parquet", ".db", ".gz", ".zip")
# One has a header alone, the other is not JSON.
REFUSED = {"b1_ref_extra.parquet": "no records", "datapackage.json": "not JSON"}


def _real() -> list[str]:
    """Every real file of up to 500 kB, and one large one of each kind."""
    found = (path for path in SHARED.rglob("*") if path.suffix in KINDS and "schemas" not in path.parts)
    small = [str(path.relative_to(SHARED)) for path in found if path.stat().st_size <= 500_000]
    return sorted({*small, *LARGE} - {file for file in small if Path(file).name in REFUSED})


KEYS = {
    "owid-co2-data_2020-12-09_2a6c4a2.csv.gz": ("country", "year"),
    "gleif_energy_power.parquet": ("lei",),
    "2___Plant_Y2019.xlsx": ("plant_code",),
    "sec_company_tickers.parquet": ("ticker",),
    "utility_id_pudl.csv": (),
}
FAILING = {"gleif_energy_power.parquet": 9}
"""Records of GLEIF whose LEIs have wrong check digits."""
RECORDS = {
    "utility_id_pudl.csv": 15_943,
    "ISO-20275 - 2023-09-28.csv": 3_819,
    "owid-co2-data_2020-12-09_2a6c4a2.csv.gz": 24_016,
    "sec_company_tickers.parquet": 10_365,
    "2___Plant_Y2019.xlsx": 11_833,
}


def test_there_are_real_files_of_every_kind(shared: Path) -> None:
    files = _real()
    assert len(files) >= 30
    assert {Path(file).suffix for file in files} == set(KINDS)


@pytest.mark.parametrize(("name", "says"), REFUSED.items())
def test_real_files_that_hold_no_table_are_refused(name: str, says: str, shared: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=says):
        draft("my_data", str(next(shared.rglob(name))), tmp_path / "my_data")


@pytest.mark.parametrize("file", _real())
def test_real_files_pass_their_own_draft(file: str, shared: Path, tmp_path: Path) -> None:
    contract, table, verdict = drafted(shared / file, tmp_path, failing=FAILING.get(Path(file).name, 0))
    assert verdict.counts["published"] > 0
    assert verdict.counts["rejected"] == 0
    assert verdict.counts["records"] == RECORDS.get(Path(file).name, verdict.counts["records"])
    assert contract.key == KEYS.get(Path(file).name, contract.key)
    assert all("The source calls it: " in column.description for column in table.columns)
    assert contract.licence == "LicenseRef-ask-the-publisher"
    lines = sum(len(p.read_text().splitlines()) for p in (tmp_path / "datasets/my_data").iterdir())
    assert lines < 15 + 9 * len(table.columns)


def test_check_has_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft("my_data", str(written(tmp_path / "a.csv", OFFICE)), tmp_path / "datasets/my_data")
    monkeypatch.setenv("COMMONS_DATASETS", str(tmp_path / "datasets"))
    settings.cache_clear()
    try:
        assert problems_of([]) == {"my_data": []}
    finally:
        settings.cache_clear()


def test_the_first_line_tells_editors_the_schema(tmp_path: Path) -> None:
    draft("my_data", str(written(tmp_path / "a.csv", "a\n1\n")), tmp_path / "datasets/my_data")
    first = (tmp_path / "datasets/my_data/contract.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../contracts/contract.schema.json"


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("Company,Country,Revenue", "{register: lei_entities, entity: company, country: country}"),
        ("Plant,Owner Name,MW", "{register: lei_entities, entity: owner_name}"),
        ("City,Country,Inhabitants", ""),
        ("Plant,Year,Company", ""),  # numbers
    ],
)
def test_names_of_companies_may_be_matched(heading: str, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(heading + "\n" + "".join(f"Acme {n},Beta {n},{n}\n" for n in range(30)))
    drafted(tmp_path / "data.csv", tmp_path)
    text = (tmp_path / "datasets/my_data/contract.yaml").read_text()
    assert ("# match:" in text) == bool(wanted)
    assert wanted in text
    if wanted:
        told = yaml.safe_load(text.replace("# match:", "match:").replace("#   {", "  {"))["match"]
        assert Match.model_validate(told).register == "lei_entities"


def test_a_file_of_the_repository_is_addressed_relative_to_it(tmp_path: Path) -> None:
    assert address_of(str(REPOSITORY / "FORMAT.md")) == "file:FORMAT.md"
    assert address_of(str(written(tmp_path / "a b#c.csv", "x"))) == f"file://{tmp_path}/a%20b%23c.csv"
    assert address_of("https://example.org/a.csv") == "https://example.org/a.csv"


@pytest.mark.parametrize(("name", "fixed"), [("My Data", "my_data"), ("my-data", "my_data"), ("2020", "column_2020")])
def test_a_bad_name_is_refused_with_a_good_one(name: str, fixed: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=f"Call it '{fixed}'"):
        draft(name, str(written(tmp_path / "a.csv", "a\n1\n")), tmp_path / name)


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "my_data").mkdir()
    with pytest.raises(EnvironmentFault, match=r"is there already.*add --force to draft it anew"):
        draft("my_data", str(written(tmp_path / "a.csv", "a\n1\n")), tmp_path / "my_data")
    assert list((tmp_path / "my_data").iterdir()) == []


def test_a_draft_anew_leaves_other_files_and_all_where_it_fails(tmp_path: Path) -> None:
    folder = tmp_path / "my_data"
    draft("my_data", str(written(tmp_path / "a.csv", "a\n1\n")), folder)
    written(folder / "extract.py", "# mine\n")
    before = (folder / "schema.py").read_text()
    with pytest.raises(SourceError, match="no records"):
        draft("my_data", str(written(tmp_path / "b.csv", "b\n")), folder, replace=True)
    assert (folder / "schema.py").read_text() == before
    draft("my_data", str(written(tmp_path / "b.csv", "b\n1\n")), folder, replace=True)
    assert list(schemas.load(folder).columns) == ["b"]
    assert (folder / "extract.py").read_text() == "# mine\n"


def test_http_is_refused_in_the_words_of_check(tmp_path: Path) -> None:
    url, folder = "http://example.org/a.csv", tmp_path / "datasets/my_data"
    draft("my_data", str(written(tmp_path / "a.csv", "a\n1\n")), folder)
    text = (folder / "contract.yaml").read_text()
    written(folder / "contract.yaml", re.sub(r"  url: .*", f"  url: {url}", text))
    with pytest.raises(ContractError) as checked:
        loader.load(folder)
    with pytest.raises(SourceError) as refused:
        draft("other", url, tmp_path / "other")
    assert str(refused.value).removeprefix("source.url: ") in str(checked.value)
    assert "Write https:" in str(refused.value)


def test_a_page_is_not_said_to_be_kept(tmp_path: Path) -> None:
    page = written(tmp_path / "a. B.csv", "<!DOCTYPE html><html><title>Not found</title>")
    with pytest.raises(
        SourceError, match=r"an HTML page titled 'Not found' came, expected data\. Open the addr"
    ) as found:
        draft("my_data", str(page), tmp_path / "my_data")
    assert "refused" not in str(found.value)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"a,b\n", "no records"),
        ("a.csv", b"<!DOCTYPE html><html><title>Not found</title>", "web page|HTML|page"),
        ("a.pdf", b"%PDF-1.7 \x00\x01\x02", "PDF"),
        ("a.json", b'{"a": ', "JSON"),
        ("a.xlsx", b"PK\x03\x04 broken", "a.xlsx"),
        ("a.parquet", b"PAR1 broken PAR1", "Parquet"),
    ],
)
def test_what_cannot_be_read_is_told_and_leaves_nothing(file: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(SourceError, match=says):
        draft("my_data", str(tmp_path / file), tmp_path / "datasets/my_data")
    assert not (tmp_path / "datasets/my_data").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="there is no such file"):
        draft("my_data", str(tmp_path / "absent.csv"), tmp_path / "my_data")
    with pytest.raises(EnvironmentFault, match="is a folder"):
        draft("my_data", str(tmp_path), tmp_path / "my_data")
