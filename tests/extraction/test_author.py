"""What extract.py may do, and what is said when it does something else."""

import polars as pl
import pytest

from include.errors import ContractError
from include.extraction.author import apply


def frames():
    return {
        "a.csv": pl.LazyFrame({"_record": [1, 2], "x": ["1", "2"], "y": ["a", "b"]}),
        "b.csv": pl.LazyFrame({"_record": [3], "y": ["c"], "z": ["d"]}),
    }


@pytest.fixture
def author(tmp_path):
    """A module with the given source, as the loader makes it."""

    def make(source):
        from importlib.util import module_from_spec, spec_from_file_location

        path = tmp_path / "extract.py"
        path.write_text(f"import polars as pl\n{source}")
        spec = spec_from_file_location("extract", path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return make


def test_without_extract_the_columns_are_united(author):
    for module in (None, author("def addresses(start, end, last): return []")):
        table = apply(module, frames()).table.collect()
        assert table.columns == ["_record", "x", "y", "z"]
        assert table.rows() == [(1, "1", "a", None), (2, "2", "b", None), (3, None, "c", "d")]


def test_extract_returns_a_table_and_counts(author):
    module = author(
        "def extract(frames):\n"
        "    table = pl.concat(frames.values(), how='diagonal').unique('y')\n"
        "    return table.collect(), {'rejected': {'no x': 1}, 'merged': {}}"
    )
    extracted = apply(module, frames())
    assert extracted.table.collect().height == 3
    assert (extracted.rejected, extracted.merged, extracted.added) == ({"no x": 1}, {}, {})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 5", r"extract\(\) returned int, expected a polars LazyFrame"),
        ("return frames['a.csv'].drop('_record')", r"dropped the column '_record'\. Keep it"),
        ("return frames['a.csv'], {'lost': {}}", r"returned counts \{'lost': \{\}\}, expected a dict with any of"),
        ("return frames['a.csv'], {'merged': 5}", r"counted merged 5, expected \{reason: number of rows\}"),
        ("return frames['a.csv'], {'merged': {'x': -1}}", r"counted merged \{'x': -1\}"),
        ("\n    return frames['c.csv']", r"extract\.py:4: extract\(\) failed with KeyError: 'c\.csv'"),
        ("\n    return frames['a.csv'].select('q')", r"extract\.py:\d+: extract\(\) failed with ColumnNotFoundError"),
    ],
)
def test_what_extract_does_wrong_has_file_and_line(author, body, message):
    with pytest.raises(ContractError, match=message):
        apply(author(f"def extract(frames):\n    {body}"), frames())
