"""Authors' modules: alone, without traces on disk, their errors as file and line."""

import sys
from pathlib import Path

import pytest

from include.contracts.authors import fault, load_module
from include.errors import ContractError


def write(folder: Path, code: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "schema.py"
    path.write_bytes(code.encode() if isinstance(code, str) else code)
    return path


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("a = 1\nb = (\n", 2, "not valid Python: '(' was never closed. Correct this line."),
        ("a = 1\n  b = 2\n", 2, "not valid Python: unexpected indent"),
        ("\n\nimport nowhere\n", 3, "No module named 'nowhere'. An author's file stands alone"),
        ("from schema_helpers import x\n", 1, "no file beside it"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
        ("x = 1\nx.y\n", 2, "AttributeError"),
        ("raise SystemExit(0)\n", 1, "ends the program"),
        (b"# \xe9\n", None, "not valid Python: invalid or missing encoding"),
        (b"a = 1\nb = 2\n# \xe9\n", None, "can't decode byte 0xe9"),
        (b"a = 1\n\0", None, "null bytes"),
        ("(" * 5000, None, "not valid Python: too many nested parentheses"),
    ],
)
def test_what_goes_wrong_has_file_and_line(tmp_path: Path, code: str | bytes, line: int | None, words: str) -> None:
    path = write(tmp_path / "plants", code)
    (tmp_path / "plants" / "schema_helpers.py").write_text("x = 1\n")
    with pytest.raises(ContractError) as error:
        load_module(path)
    place = f"{path}:{line}: " if line else f"{path}:"
    assert str(error.value).startswith(place)
    assert words in str(error.value)
    assert len(error.value.problems) == 1


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"schema\.py: can't be read \(No such file or directory\)"):
        load_module(tmp_path / "schema.py")


def test_two_authors_modules_do_not_meet(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", "NAME = 1\n"), write(tmp_path / "two", "NAME = 2\n")
    first, second = load_module(one), load_module(two)
    assert (first.NAME, second.NAME) == (1, 2)
    assert first.__name__ != second.__name__
    write(tmp_path / "one", "NAME = 3\n")
    assert load_module(one).NAME == 3


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = list(sys.path)
    load_module(
        write(
            tmp_path / "plants",
            "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n",
        )
    )
    assert sys.path == before
    assert [p.name for p in (tmp_path / "plants").iterdir()] == ["schema.py"]


def test_a_failed_module_is_not_kept(tmp_path: Path) -> None:
    before = set(sys.modules)
    with pytest.raises(ContractError):
        load_module(write(tmp_path / "plants", "1 / 0\n"))
    assert set(sys.modules) == before


def test_an_error_in_a_later_call_has_its_line_too(tmp_path: Path) -> None:
    path = write(tmp_path / "plants", "def extract(frames):\n    return frames['nothing']\n")
    module = load_module(path)
    with pytest.raises(KeyError) as error:
        module.extract({})
    assert str(fault(path, error.value)) == f"{path}:2: KeyError: 'nothing'. Correct this line."
