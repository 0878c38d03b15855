"""Real names as a whole: the same bytes for any shards and order; what is bad in them is told, and nothing is lost."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from include.errors import ContractError, DataCommonsError, DataError, EnvironmentFault
from include.matching import judgements, model, register
from include.matching.folding import fold
from include.matching.forms import Forms
from include.matching.index import open_index
from include.matching.judgements import Judgement
from include.matching.match import Matcher, compare
from include.matching.mentions import NO_COUNTRY, NO_NAME, mentions, shard
from include.matching.settle import Settled, settle
from include.tables import parquet
from tests.matching import real

NAMES = 2_000


@pytest.fixture(scope="module")
def forms(shared: Path) -> Forms:
    return real.all_forms(shared)


@pytest.fixture(scope="module")
def rows(shared: Path) -> pl.DataFrame:
    """Names with what they are; every third with its LEI, some of them wrong; with weights."""
    found = real.names(shared, NAMES).with_row_index("row")
    lei = pl.when(pl.col("row") % 3 == 0).then("truth").when(pl.col("row") % 50 == 1).then(pl.lit("5.49E+19"))
    weight = (pl.col("row") % 97) / 10
    return pl.concat([found, found.head(300)]).select("name", "country", "truth", lei=lei, weight=weight)


@pytest.fixture(scope="module")
def matcher(shared: Path, forms: Forms, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    entities = real.entities(shared, real.names(shared, NAMES), 6_000)
    return real.matcher(entities, tmp_path_factory.mktemp("index") / "x", forms)


@pytest.fixture(scope="module")
def judged(rows: pl.DataFrame) -> list[Judgement]:
    some = rows.filter(pl.col("truth").is_not_null()).unique("name", maintain_order=True).head(40)
    facts = some.select("name", "country", "truth").iter_rows()
    return [
        Judgement(name, country or "", ("none", truth)[n % 2], "match", "ana", "2026-02-01", "x")
        for n, (name, country, truth) in enumerate(facts)
    ]


def whole(
    rows: pl.DataFrame, matcher: Matcher, judged: Sequence[Judgement] = (), shards: int = 1, single: bool = False
) -> Settled:
    frame = mentions(rows.drop("truth", strict=False)).frame
    parts = [compare(shard(frame, number, shards), matcher, review=0.3) for number in range(shards)]
    return settle(
        frame, pl.concat(parts), matcher, accept=0.95, review=0.3, single=single, judgements=judged, version="v1"
    )


def digests(found: Settled, folder: Path) -> list[str]:
    """SHA-256 of the files."""
    told = []
    for name, frame in (("matches", found.matches), ("review", found.review)):
        parquet.write(frame, folder / name)
        told.append(hashlib.sha256((folder / name).read_bytes()).hexdigest())
    return told


@pytest.mark.parametrize("single", [False, True])
def test_the_same_bytes_for_any_number_of_shards_and_any_order(
    single: bool, rows: pl.DataFrame, matcher: Matcher, judged: list[Judgement], tmp_path: Path
) -> None:
    one = whole(rows, matcher, judged, single=single)
    assert one.matches.height > 1_900
    assert one.review.height > 50
    assert set(one.matches["method"]) >= {"identifier", "exact", "fuzzy", "reviewed"}
    assert set(one.matches["decision"]) >= {"accept", "review", "reject"}
    wanted = digests(one, tmp_path)
    for shards in range(2, 8) if not single else (3,):
        other = whole(rows, matcher, judged, shards, single)
        assert digests(other, tmp_path) == wanted
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)
    assert digests(whole(shuffled, matcher, judged[::-1], 2, single), tmp_path) == wanted


def test_the_order_of_the_pairs_does_not_matter(rows: pl.DataFrame, matcher: Matcher, tmp_path: Path) -> None:
    frame = mentions(rows.drop("truth")).frame
    pairs = compare(frame, matcher, review=0.3)
    told = [
        digests(settle(frame, some, matcher, accept=0.95, review=0.3), tmp_path)
        for some in (pairs, pairs.reverse(), pairs.sample(fraction=1, shuffle=True, seed=1))
    ]
    assert told[0] == told[1] == told[2]


def test_every_id_is_one_of_the_register_and_links_are_those_accepted(rows: pl.DataFrame, matcher: Matcher) -> None:
    found = whole(rows, matcher)
    ids = set(matcher.index.entities["id"].to_pylist())
    for column in (found.matches["entity_id"], found.matches["runner_up"], found.review["entity_id"]):
        assert column.count() > 50
        assert set(column.drop_nulls()) <= ids
    linked = found.matches["entity_id"].is_not_null()
    assert linked.equals((found.matches["decision"] == "accept").alias("entity_id"))
    assert found.matches["records"].sum() == rows.height


BAD = {
    "a right-to-left name": "חברת החשמל לישראל בעמ",
    "a name of mixed scripts": "Газпром Нефть PJSC 株式会社",
    "a turned direction": "Ap\u202eelp\u202c Inc",
    "control characters": "\x00\x01Acme\x7f\x1b[31m Ltd",
    "only control characters": "\x00\x07\x1b",
    "only punctuation": "-.-,;()",
    "only an emoji": "🏭",
    "only marks": "\u0301\u0302",
    "a long name": "Verylongname " * 770,
    "a long word": "x" * 10_000,
    "a word that means nothing": "null",
    "not available": "NA",
    "a number": "12345",
    "a formula": '=HYPERLINK("http://example.org","x")',
    "lines": "Acme\nLtd\r\nGroup",
    "a legal form alone": "GmbH & Co. KG",
}


def test_strange_names_are_kept_and_link_nothing(matcher: Matcher) -> None:
    """Fault: empty, blank, 10,000-character and control-character names, right-to-left and mixed scripts."""
    names = [*BAD.values(), "", "   ", "\t\n", None]
    frame = pl.DataFrame({"name": names, "country": ["US", "ZZ", "", None] * (len(names) // 4)})
    counted = mentions(frame)
    assert counted.counts == {NO_NAME: 4, NO_COUNTRY: 4}
    found = settle(counted.frame, compare(counted.frame, matcher, review=0.3), matcher, accept=0.95, review=0.3).matches
    assert set(found["name"]) == set(BAD.values())
    assert found["entity_id"].null_count() == len(BAD)
    assert found["reasons"].null_count() == 0
    empty = found.filter(pl.col("name").is_in([BAD["only control characters"], BAD["only punctuation"]]))
    assert empty.height == 2
    assert empty["reasons"].str.ends_with("no letter or digit in the name").all()
    assert set(empty["decision"]) == {"none"}


def test_a_country_that_is_none_is_taken_as_unknown(rows: pl.DataFrame, matcher: Matcher) -> None:
    """Fault: a country not in ISO 3166."""
    some = rows.select("name", country=pl.lit("Narnia")).unique(maintain_order=True).head(200)
    unknown = some.with_columns(country=pl.lit(None, pl.String))
    columns = ("name", "country", "candidate_id", "score", "decision", "reasons")
    told, wanted = (whole(frame, matcher).matches.select(columns) for frame in (some, unknown))
    assert mentions(some).counts == {NO_COUNTRY: some.height}
    strange = "'Narnia' is no country of ISO 3166-1; "
    at_front = pl.concat_str(pl.lit(strange), "reasons")
    assert told.with_columns(pl.col("reasons").str.replace(strange, "", literal=True)).equals(wanted)
    named = told.filter(pl.col("reasons") == wanted.select(at_front).to_series())
    assert named.height > 150  # else it stands behind what is said of the decision


def test_a_name_column_that_is_a_number_is_refused() -> None:
    """Fault: a name column that is a number."""
    with pytest.raises(DataError, match=r"column 'name' is Int64, expected text\. Read it as text"):
        mentions(pl.DataFrame({"name": [1, 2], "country": ["US", "US"]}))


def test_a_register_with_repeated_ids_or_none_is_matched_by_what_is_left(
    rows: pl.DataFrame, shared: Path, forms: Forms, tmp_path: Path
) -> None:
    """Fault: a register with repeated LEIs, or rows without one."""
    some = real.entities(shared, real.names(shared, NAMES), 1_000)
    other = some.head(300).with_columns(name=pl.col("name") + " Two")
    none = some.head(200).with_columns(id=pl.lit(None, pl.String))
    checked = register.check(pl.concat([some, other, some.tail(100), none]))
    assert checked.counts[register.NO_ID] == 200
    assert checked.counts[register.REPEATED] == 300
    assert checked.counts[register.SAME_ROW] == 100
    found = whole(rows.head(100), real.matcher(checked.entities, tmp_path / "x", forms)).matches
    assert found["entity_id"].count() > 40
    with pytest.raises(DataError, match="none of its 200 rows has an id and a name"):
        register.check(none)


def test_an_index_of_another_register_version_or_folding_is_refused(matcher: Matcher) -> None:
    """Fault: an index of another register version."""
    with pytest.raises(EnvironmentFault) as error:
        open_index(matcher.index.folder, register="v2", folding="other")
    assert "the index of the register's version 'v1', and 'v2' is asked for" in str(error.value)
    assert "names folded by version" in str(error.value)


def test_pairs_of_another_register_version_make_no_links(
    rows: pl.DataFrame, matcher: Matcher, shared: Path, forms: Forms, tmp_path: Path
) -> None:
    frame = mentions(rows.drop("truth")).frame
    pairs = compare(frame, matcher, review=0.3)
    few = real.entities(shared, real.names(shared, 10), 50)
    other = real.matcher(few, tmp_path / "x", forms, "v2")
    with pytest.raises(DataError, match=r"are none of the register 'v2'\. Compare all names again"):
        settle(frame, pairs, other, accept=0.95, review=0.3)


def test_a_model_of_another_feature_list_is_refused(tmp_path: Path) -> None:
    """Fault: a model of another feature list."""
    file = Path(model.__file__).with_name("model.json")
    other = tmp_path / "model.json"
    other.write_text(file.read_text().replace('"ratio"', '"ratios"'))
    with pytest.raises(
        DataCommonsError, match=r"another feature list, unknown here: ratios; not in the model: .*\bratio\b"
    ):
        model.read(other)


def test_a_judgement_file_with_a_conflict_is_refused(judged: list[Judgement]) -> None:
    """Fault: a judgement file with a conflict marker."""
    text = judgements.to_text(judged).splitlines()
    marked = "\n".join([*text[:3], "<<<<<<< HEAD", text[3], "=======", text[4], ">>>>>>> other", *text[5:]])
    with pytest.raises(ContractError, match=r"x\.csv:4: conflict markers of a merge, in lines 4, 6, 8"):
        judgements.parse(marked.encode(), "x.csv", dt.date(2026, 3, 1))


def test_a_register_without_countries_or_categories_is_searched_too(forms: Forms, tmp_path: Path) -> None:
    bare = pl.DataFrame({"id": ["A", "B"], "name": ["Acme Works", "Zeta Mills"], "country": [None, None]})
    bare = bare.with_columns(pl.col("country").cast(pl.String))
    matcher = real.matcher(bare, tmp_path / "x", forms)
    found = whole(pl.DataFrame({"name": ["Acme Works"], "country": ["US"]}), matcher).matches.row(0, named=True)
    assert (found["candidate_id"], found["candidate_country"], found["candidate_category"]) == ("A", None, None)


def test_folded_columns_are_not_mixed_up_with_the_register_s_own(forms: Forms, tmp_path: Path) -> None:
    """An index may hold identifiers of kinds, and a legal form of the register's own."""
    own = pl.DataFrame(
        {"id": ["A"], "name": ["Acme GmbH"], "country": ["DE"], "legal_form": ["2HBR"], "cik": [["320193", "1"]]}
    )
    folded = fold(own, forms)
    assert folded["form"].to_list() == ["gmbh"]
    matcher = real.matcher(own, tmp_path / "x", forms)
    asked = pl.DataFrame({"name": ["Acme"], "country": ["DE"], "cik": ["CIK 320193"]})
    found = whole(asked, matcher).matches.row(0, named=True)
    assert (found["method"], found["candidate_id"], found["candidate_legal_form"]) == ("identifier", "A", "2HBR")
