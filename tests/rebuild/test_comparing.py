"""What a rebuild says of files that differ: the first place, its likely cause, and no value that is not public."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.rebuild.comparing import differences, writers
from include.rebuild.outside import variables

PART = "table/part-00000.parquet"


def files(folder: Path, **contents: str | pl.DataFrame) -> dict[str, Path]:
    """A version's files: `table`, `quarantine` as Parquet, everything else as text."""
    folder.mkdir()
    names = {"table": PART, "quarantine": "quarantine.parquet", "quality": "quality.json", "contract": "contract.yaml"}
    found = {}
    for what, content in contents.items():
        path = folder / names.get(what, what)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_text(content, encoding="utf-8")
        found[names.get(what, what)] = path
    return found


ROWS = pl.DataFrame({"id": [1, 2, 3], "country": ["DE", "FR", None], "depth": [1.5, float("nan"), None]})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (ROWS.with_columns(depth=pl.Series([1.5, 2.0, None])), "column depth, row 2 (id 2): pinned nan, made 2.0"),
        (ROWS.with_columns(country=pl.Series(["DE", "FR", "IT"])),
         "column country, row 3 (id 3): pinned None, made 'IT'"),
        (ROWS.with_columns(depth=pl.Series([None, 1.0, 2.0]), country=pl.Series(["DE", "IT", None])),
         "column depth, row 1 (id 1): pinned 1.5, made None"),
        (ROWS.head(2), "3 rows are pinned, 2 were made"),
        (ROWS.drop("depth"), "columns differ: depth is pinned only"),
        (ROWS.with_columns(pl.col("id").cast(pl.Int32)), "columns differ: id Int64 became Int32"),
        (ROWS.select("id", "depth", "country"), "columns differ: their order"),
    ],
)  # fmt: skip
def test_a_table_parts_at_its_first_row(made: pl.DataFrame, said: str, tmp_path: Path) -> None:
    found = differences(files(tmp_path / "a", table=ROWS), files(tmp_path / "b", table=made), ("id",))
    assert found == [f"{PART}: {said}"]


def test_equal_values_in_other_bytes_name_their_writers(tmp_path: Path) -> None:
    one, other = files(tmp_path / "a", table=ROWS), files(tmp_path / "b", table=ROWS)
    assert differences(one, other) == []
    assert writers(one, other) is None
    pq.write_table(pa.table(ROWS.to_arrow().to_pydict()), other[PART])
    (said,) = differences(one, other)
    assert "all values are equal, but not the bytes: writer" in said
    wrote = writers(one, other)
    assert wrote
    assert wrote[0] == pq.read_metadata(one[PART]).created_by != wrote[1]
    assert "parquet-cpp-arrow" in wrote[1]


def test_reasons_of_a_quarantine_are_compared_as_lists(tmp_path: Path) -> None:
    kept = pl.DataFrame({"record": [4, 5], "reasons": [["a"], ["b", "c"]]})
    other = kept.with_columns(reasons=pl.Series([["a"], ["b"]]))
    (said,) = differences(files(tmp_path / "a", quarantine=kept), files(tmp_path / "b", quarantine=other))
    assert said == "quarantine.parquet: column reasons, row 2: pinned ['b', 'c'], made ['b']"


def test_documents_and_texts_part_at_a_place(tmp_path: Path) -> None:
    quality = {"columns": {"depth": {"maximum": 3.5}}, "rules": [{"rule": "a", "failures": 1}]}
    other = {**quality, "rules": [{"rule": "a", "failures": 2}]}
    pinned = files(tmp_path / "a", quality=json.dumps(quality), contract="title: A\nkey: [id]\n", gone="x")
    built = files(tmp_path / "b", quality=json.dumps(other), contract="title: A\nkey: [ID]\n", came="y")
    assert differences(pinned, built) == [
        "gone: is pinned, and was not made again",
        "came: was made, and is not pinned",
        "contract.yaml: line 2: pinned 'key: [id]', made 'key: [ID]'",
        "quality.json: rules[0].failures: pinned 1, made 2",
    ]


def test_values_of_columns_that_are_not_public_are_never_shown(tmp_path: Path) -> None:
    quality = json.dumps({"columns": {"depth": {"maximum": 41.25}}})
    kept = pl.DataFrame({"record": [4], "reasons": [["depth: 42.75 is too much"]], "depth": ["42.75"]})
    pinned = files(tmp_path / "a", table=ROWS, quarantine=kept, quality=quality)
    other = kept.with_columns(reasons=pl.Series([["depth: 43.75 is too much"]]), depth=pl.lit("43.75"))
    table = ROWS.with_columns(depth=pl.lit(44.75))
    built = files(tmp_path / "b", table=table, quarantine=other, quality=quality.replace("41.25", "45.75"))
    found = "\n".join(differences(pinned, built, ("id", "depth"), frozenset({"depth"})))
    assert "column depth, row 1 (id 1): the values differ (not shown: not public)" in found
    assert "quality.json: columns.depth.maximum differs" in found
    assert ".75" not in found
    assert ".25" not in found
    assert "1.5" not in found


def test_no_credential_reaches_old_code_and_no_proxy_without_network() -> None:
    given = {
        "PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "TZ": "UTC", "AWS_SECRET_ACCESS_KEY": "s", "GH_TOKEN": "s",
        "COMMONS_PUBLISH": "https://u:p@git", "https_proxy": "http://proxy", "COMMONS_SECRET_GRID": "s",
        "PIP_INDEX_URL": "i",
    }  # fmt: skip
    assert variables(network=False, given=given) == {
        "PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "TZ": "UTC", "PIP_NO_INDEX": "1",
    }  # fmt: skip
    assert set(variables(network=True, given=given)) == {
        "PATH", "HOME", "LC_ALL", "TZ", "https_proxy", "COMMONS_SECRET_GRID", "PIP_INDEX_URL",
    }  # fmt: skip
