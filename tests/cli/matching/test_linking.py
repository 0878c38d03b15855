"""Files of names to a file: every row and column comes back, with its link and the reason; what people said counts."""

from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from typer.testing import CliRunner

from include.cli.app import app
from include.cli.matching import linking, summary
from include.cli.matching.asked import Asked, Bands
from include.cli.matching.columns import named
from include.cli.matching.files import table
from include.cli.matching.opening import Opened
from include.errors import EnvironmentFault
from include.matching import model
from include.matching.folding import fold
from include.matching.forms import legal_forms
from include.matching.index import build
from include.matching.judgements import Judgement
from include.matching.match import Matcher
from include.matching.mentions import mentions
from include.settings import REPOSITORY
from tests.cli.matching.terminal import terminal
from tests.clone import run
from tests.matching.elf import listed

RWE, SHELL, ENEL = "529900GB7KCA94ACC940", "2138001BE7467RUBQS88", "213800CFRBV6B5JRGR86"
REGISTER = [
    (RWE, "RWE Aktiengesellschaft", "DE"),
    (SHELL, "SHELL ENERGY EUROPE B.V.", "NL"),
    (ENEL, "ENEL GREEN POWER ESPAÑA SOLAR 1 SL", "ES"),
]
NAMES = """\
note,name,where,size,reasons
=1+1,Rwe AG,Germany,10,mine
,,DE,1,
x,Rwe AG,Germany,5,
,Unheard-of Widgets,US,2.5,
,Shell Energy Europe BV,Nowhere,1,
"""
BANDS = Bands(0.9, 0.1, False)


@pytest.fixture(scope="module")
def known(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Three entities, and 2,000 real others so that words have their frequencies."""
    others = pl.read_parquet(shared / "entity_matching" / "register_gleif_399k.parquet").sample(2_000, seed=3)
    rows = pl.DataFrame(REGISTER, ["id", "name", "country"], orient="row").with_columns(category=pl.lit("GENERAL"))
    forms = legal_forms(listed(shared))
    register = pl.concat([rows, others.select(rows.columns)]).unique("id", keep="first", maintain_order=True)
    folder = tmp_path_factory.mktemp("index") / "x"
    index = build(fold(register, forms), folder, register="v1", folding=forms.digest)
    entry = SimpleNamespace(name="register", meta=SimpleNamespace(content="c0ffee", rows=register.height))
    text = model.read(Path(model.__file__).with_name("model.json"))
    return Opened("register", entry, Matcher(index, forms, text))  # type: ignore[arg-type]


def matched(file: Path, known: Opened, *judgements: Judgement) -> tuple[pl.DataFrame, dict[str, object]]:
    asked = Asked(file, "name", "where", {}, "size", None, None)
    read = table(file)
    rows = linking.published(read, asked)
    found = mentions(rows)
    settled = linking.linked(found, known, BANDS, judgements)
    joined = linking.joined(read.rows, rows, settled.matches)
    return joined, summary.of(settled, found, known, weighted=True)


def test_every_row_comes_back_with_its_link(known: Opened, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text(NAMES, encoding="utf-8")
    rows, told = matched(file, known)
    before = table(file).rows
    assert rows.select(before.columns).equals(before)
    assert rows["entity_id"].to_list() == [RWE, None, RWE, None, rows["entity_id"][4]]
    assert rows["decision"].to_list()[1] == "none"
    assert rows["reasons (2)"].to_list()[1] == "no name"
    assert (rows["entity_id"].is_not_null() == (rows["decision"] == "accept")).all()
    assert rows["candidate_id"][4] == SHELL
    assert rows["register_version"][0] == "c0ffee"
    assert told["totals"] == {"names": 3, "rows": 4, "weight": 18.5}
    assert told["rows_told"] == {"no name": 1, "country not in ISO 3166-1": 1}
    assert told["examples"] == {"country not in ISO 3166-1": ["Nowhere"]}
    assert told["coverage"]["weight"] >= 15 / 18.5  # type: ignore[index]
    assert told["unresolved"][0]["name"] == "Unheard-of Widgets"  # type: ignore[index]


def test_countries_that_are_none_are_counted_and_the_result_names_each(
    known: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "names.csv"
    places = [f"Nowhere {number}" for number in range(7)]
    file.write_text("name,where,size\n" + "".join(f"Rwe AG,{place},1\n" for place in [*places, places[0], "", "DE"]))
    rows, told = matched(file, known)
    assert told["rows_told"] == {"country not in ISO 3166-1": 8}
    summary.tell(told, tmp_path / "x.csv")
    said = " ".join(capsys.readouterr().out.split())
    assert "8 rows: country not in ISO 3166-1 (Nowhere 0, " in said
    assert "Nowhere 4 and 2 more; the column reasons names each)" in said
    for place, why in rows.select("where", "reasons").iter_rows():
        assert (f"'{place}' is no country of ISO 3166-1" in why) == (place in places)


def test_where_few_are_linked_the_register_and_the_reasons_are_told(
    known: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "names.csv"
    file.write_text("name,where,size\nUnheard-of Widgets,US,1\nQqqq,US,1\nRwe AG,DE,1\n")
    _, told = matched(file, known)
    entities = pl.Series(known.matcher.index.entities["country"]).drop_nulls()
    first, count = next(iter(told["register"]["countries"].items()))  # type: ignore[index]
    assert (count, entities.eq(first).sum()) == (entities.value_counts()["count"].max(), count)
    assert sum(told["reasons"].values()) == 2  # type: ignore[attr-defined]
    summary.tell(told, tmp_path / "x.csv")
    said = " ".join(capsys.readouterr().out.split())
    assert (
        f"Who is not in register can't be; it has entities of {entities.n_unique()} countries, most of {first}" in said
    )
    assert "Without a link, most often: " in said
    file.write_text("name,where,size\nQqqq,US,1\nRwe AG,DE,1\n")
    summary.tell(matched(file, known)[1], tmp_path / "x.csv")
    assert "Few are linked" not in capsys.readouterr().out


def test_a_terminal_shows_at_once_that_something_is_done(tmp_path: Path) -> None:
    """Loading what compares names takes seconds; what is piped has no word of it."""
    command = ("match", "absent.csv", "--column", "name")
    with terminal(*command, at=tmp_path) as person:
        assert "Starting" in person.until("there is no such file")
    done = run(f"{REPOSITORY}/.venv/bin/commons {' '.join(command)}", tmp_path)
    assert (done.returncode, "Starting" in done.stderr) == (2, False)
    assert "there is no such file" in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [("95", "95: a probability lies between 0 and 1; did you mean 0.95?"), ("nan", "lies between 0 and 1."),
     ("-0.1", "lies between 0 and 1.")],
)  # fmt: skip
def test_a_threshold_that_is_no_probability_is_told(given: str, said: str) -> None:
    for option in ("--accept", "--review"):
        done = CliRunner().invoke(app, ["match", "x.csv", f"{option}={given}"], env={"COLUMNS": "200"})
        assert done.exit_code == 2
        assert said in " ".join(done.output.split())


def test_what_people_judged_counts(known: Opened, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text(NAMES, encoding="utf-8")
    said = ("Ann", "2026-01-31", "asked them")
    rows, told = matched(
        file, known,
        Judgement("Rwe AG", "DE", "none", "match", *said),
        Judgement("Unheard-of Widgets", "US", ENEL, "match", *said),
    )  # fmt: skip
    assert rows["entity_id"].to_list()[:4] == [None, None, None, ENEL]
    assert rows["judged_by"].to_list()[:4] == ["Ann", None, "Ann", "Ann"]
    assert "asked them" in rows["reasons (2)"][3]
    assert "Rwe AG" not in [one["name"] for one in told["unresolved"]]  # type: ignore[attr-defined]


def test_judgements_to_look_at_are_told_ten_at_most(
    known: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "names.csv"
    names = ["Rwe AG" + "." * number for number in range(13)]
    file.write_text("name,where,size\n" + "".join(f"{name},DE,1\n" for name in names))
    said = ("match", "Ann", "2026-01-31", "no company")
    _, told = matched(file, known, *(Judgement(name, "DE", "none", *said) for name in names))  # type: ignore[arg-type]
    summary.tell(told, tmp_path / "x.csv")
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("new evidence against a judgement about Rwe AG") == 10
    assert "and 3 more such; --json has all" in text


def test_where_the_result_goes(tmp_path: Path) -> None:
    file = tmp_path / "names.XLSX"
    file.touch()
    assert linking.target_of(file, None) == tmp_path / "names-matched.xlsx"
    assert linking.target_of(tmp_path / "names.json", None) == tmp_path / "names-matched.csv"
    for to, said in (
        (file, "is the file of names itself"),
        (tmp_path / "x.pdf", "expected a file that ends in .csv, .xlsx, .parquet"),
        (tmp_path / "absent" / "x.csv", "is no folder that you can write to"),
    ):
        with pytest.raises(EnvironmentFault, match=said):
            linking.target_of(file, to)


def test_columns_are_found_by_what_the_file_calls_them() -> None:
    assert named(pl.DataFrame({"a b": [1]}), "a b", "--column") == "a b"
