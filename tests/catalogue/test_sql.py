"""What the columns of a SQL query are made of: told where it can be, a reason where not, and a refusal of the rest."""

import pytest

from include.catalogue.sql import LARGEST, Made, made_of
from include.errors import ContractError

KNOWN = {
    "plants": ["id", "name", "capacity_mw", "country", "owner_id"],
    "owners": ["id", "name", "share_pct"],
    "unseen": [],
}


def told(query: str, dialect: str = "duckdb") -> dict[str, dict[str, str]]:
    """Each column of the query: what it is made of, as "dataset.column", with how; nothing may be unknown."""
    found = made_of(query, KNOWN, dialect)  # type: ignore[arg-type]
    assert [column.unknown for column in found if column.unknown] == []
    return {column.name: {f"{o.dataset}.{o.column}": o.how for o in column.of} for column in found}


def one(query: str) -> Made:
    (column,) = made_of(query, KNOWN)
    return column


@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
def test_renames_casts_and_what_is_computed(dialect: str) -> None:
    query = """SELECT id, name AS plant, CAST(capacity_mw AS DOUBLE) AS capacity_mw, upper(country) AS land, 1 AS one,
        count(*) AS n FROM plants GROUP BY ALL"""
    assert told(query, dialect) == {
        "id": {"plants.id": "as it is"},
        "plant": {"plants.name": "renamed"},
        "capacity_mw": {"plants.capacity_mw": "cast to DOUBLE"},
        "land": {"plants.country": "computed: UPPER(country)"},
        "one": {},
        "n": {},
    }


def test_what_duckdb_writes_its_own_way() -> None:
    assert told("SELECT capacity_mw::DECIMAL(10, 2) AS c FROM plants") == {
        "c": {"plants.capacity_mw": "renamed, then cast to DECIMAL(10, 2)"}
    }
    assert list(told("FROM plants")) == KNOWN["plants"]
    assert list(told("SELECT * EXCLUDE (id, owner_id) FROM plants")) == ["name", "capacity_mw", "country"]
    assert list(told('SELECT ID, "Name" FROM PLANTS')) == ["id", "name"]


def test_what_trino_writes_its_own_way() -> None:
    assert told("SELECT approx_distinct(name) AS n, try_cast(id AS bigint) AS id FROM plants", "trino") == {
        "n": {"plants.name": "computed: APPROX_DISTINCT(name)"},
        "id": {"plants.id": "cast to BIGINT"},
    }


def test_a_window_counts_what_it_is_over() -> None:
    how = "computed: SUM(capacity_mw) OVER (PARTITION BY country)"
    assert told("SELECT sum(capacity_mw) OVER (PARTITION BY country) AS share FROM plants") == {
        "share": {"plants.capacity_mw": how, "plants.country": how}
    }


def test_a_column_is_followed_through_ctes_and_subqueries_step_by_step() -> None:
    query = """WITH by_country AS (SELECT country, sum(capacity_mw) AS total FROM plants GROUP BY country),
        doubled AS (SELECT country, total * 2 AS twice FROM by_country)
        SELECT country AS land, CAST(twice AS INT) AS twice FROM (SELECT * FROM doubled) AS d"""
    assert told(query) == {
        "land": {"plants.country": "renamed"},
        "twice": {"plants.capacity_mw": "computed: SUM(capacity_mw), then computed: total * 2, then cast to INT"},
    }


def test_a_join_tells_the_sides_apart() -> None:
    query = "SELECT p.*, o.name AS owner FROM plants AS p JOIN owners AS o ON p.owner_id = o.id"
    found = told(query)
    assert list(found) == [*KNOWN["plants"], "owner"]
    assert found["name"] == {"plants.name": "as it is"}
    assert found["owner"] == {"owners.name": "renamed"}
    assert told("SELECT id FROM plants JOIN owners USING (id)")["id"].keys() == {"plants.id", "owners.id"}


def test_a_union_is_made_of_all_its_sides_by_place_or_by_name() -> None:
    both = {"plants.name": "as it is", "owners.name": "as it is"}
    assert told("SELECT name FROM plants UNION ALL SELECT name FROM owners") == {"name": both}
    assert told("SELECT id, name FROM plants UNION BY NAME SELECT name, id FROM owners")["name"] == both
    crossed = told("SELECT id, name FROM plants UNION SELECT name, id FROM owners")
    assert crossed["id"] == {"plants.id": "as it is", "owners.name": "renamed"}
    assert told("SELECT id FROM plants EXCEPT SELECT id FROM owners") == {"id": {"plants.id": "as it is"}}


def test_a_subquery_among_the_columns_is_looked_into() -> None:
    query = "SELECT (SELECT max(share_pct) FROM owners WHERE owners.id = plants.owner_id) AS most FROM plants"
    assert list(told(query)["most"]) == ["owners.share_pct"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT * FROM unseen", "which columns * stands for"),
        ("SELECT * FROM read_csv('trees.csv')", "which columns * stands for"),
        ("SELECT name FROM plants, owners", "name can't be followed to one table"),
        ("SELECT u FROM plants, unnest([1, 2]) AS q(u)", "can't be followed"),
        ("SELECT columns('c.*') FROM plants", "COLUMNS('c.*')"),
        ("SELECT x FROM (VALUES (1)) AS v(x)", "can't be followed"),
    ],
)
def test_what_cannot_be_told_says_why_and_is_not_guessed(query: str, why: str) -> None:
    column = one(query)
    assert column.of == ()
    assert why in " ".join(column.unknown)


def test_what_a_recursive_query_takes_from_itself_is_told_as_a_gap() -> None:
    query = """WITH RECURSIVE chain AS (SELECT id, owner_id FROM plants UNION ALL
        SELECT p.id, c.owner_id FROM plants AS p JOIN chain AS c ON c.id = p.owner_id) SELECT owner_id FROM chain"""
    column = one(query)
    assert [(o.dataset, o.column) for o in column.of] == [("plants", "owner_id")]
    assert column.unknown


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "expected one query, found 0"),
        ("SELECT 1; DROP TABLE plants", "expected one query, found 2"),
        ("DROP TABLE plants", "only reads, found DROP"),
        ("CREATE TABLE x AS SELECT 1", "only reads, found CREATE"),
        ("INSERT INTO plants SELECT * FROM owners", "only reads, found INSERT"),
        ("SELECT 1 INTO x", "only reads, found INTO"),
        ("COPY plants TO 'x.csv'", "only reads, found COPY"),
        ("ATTACH 'x.db'", "only reads, found ATTACH"),
        ("SELECT id FROM plantz", "no dataset 'plantz' (did you mean 'plants'?)"),
        ("SELECT id FROM other.data.plants", "the name of a dataset alone"),
        ("SELECT p.nam FROM plants AS p", "Unknown column: nam"),
        ("SELECT FROM WHERE", "query.sql: "),
        ("SELECT 'unended", "query.sql: "),
        (f"SELECT '{'x' * 1_000_000}'", f"at most {LARGEST:,} characters, found 1,000,009"),
        (f"SELECT {'(' * 5000}1{')' * 5000}", "5000 deep"),
        (f"SELECT {'CASE WHEN true THEN ' * 500}1{' END' * 500}", "deep"),
        (f"SELECT {'NOT ' * 3000}true", "nested too deep"),
        (f"SELECT {'+'.join(['id'] * 5000)} FROM plants", "words"),
    ],
)
def test_what_is_no_query_over_datasets_is_refused_with_what_to_do(query: str, why: str) -> None:
    with pytest.raises(ContractError) as refused:
        made_of(query, KNOWN)
    assert why in str(refused.value)
    assert all(problem.startswith("query.sql: ") and len(problem) < 500 for problem in refused.value.problems)


def test_all_strangers_are_told_at_once() -> None:
    with pytest.raises(ContractError) as refused:
        made_of("SELECT 1 FROM planst JOIN ownerz ON true", KNOWN)
    assert len(refused.value.problems) == 2


def test_queries_that_use_each_other_twice_are_looked_at_once() -> None:
    """Without that, 60 of them would take 2^60 steps."""
    links = ", ".join(f"c{n} AS (SELECT a.x + b.x AS x FROM c{n - 1} AS a, c{n - 1} AS b)" for n in range(1, 60))
    found = told(f"WITH c0 AS (SELECT capacity_mw AS x FROM plants), {links} SELECT x FROM c59")
    assert found == {"x": {"plants.capacity_mw": "computed: x + x"}}


def test_the_text_of_a_query_cannot_move_the_cursor_of_who_reads_its_lineage() -> None:
    column = one("SELECT concat(name, '\x1b[31m') AS red FROM plants")
    assert "\x1b" not in column.of[0].how
