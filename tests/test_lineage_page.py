"""The page about lineage is true: its commands run in a newcomer's clone and print what it shows."""

import re
from pathlib import Path

import pytest
import yaml

from include.contracts import loader
from include.contracts.model import Contract
from include.settings import REPOSITORY
from tests.clone import make_clone, run

ROOM = REPOSITORY / "include" / "datasets"
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGE = (REPOSITORY / "docs" / "lineage.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(PRICES,) = (text for kind, text in BLOCKS if kind == "csv")
(LINEAGE,) = (text for kind, text in BLOCKS if kind == "yaml")
SHELL = [text.splitlines() for kind, text in BLOCKS if kind == "sh"]
(WHOLE,), (COLUMN,), (IMPACT,), (NEW,), (CHECK, UP), (RUN,) = SHELL
SHOWN = dict(zip((WHOLE, COLUMN, IMPACT, UP), (text for kind, text in BLOCKS if kind == "text"), strict=True))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_clone(tmp_path_factory.mktemp("newcomer"))
    (root / "prices.csv").write_text(PRICES, encoding="utf-8")
    return root


def said(command: str, clone: Path) -> str:
    done = run(command, clone)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", [WHOLE, COLUMN, IMPACT])
def test_what_is_shown_is_what_is_printed(command: str, clone: Path) -> None:
    shown, _, cut = SHOWN[command].partition("…\n")
    printed = said(command, clone)
    assert shown.count("\n") >= 5
    assert printed.startswith(shown)
    assert cut == ""


def test_an_author_says_what_no_key_knows_and_that_is_no_new_version(clone: Path) -> None:
    said(NEW, clone)
    file = clone / "include/datasets/fuel_prices/contract.yaml"
    drafted = file.read_text(encoding="utf-8")
    assert "a new version" in said(RUN, clone)
    pinned = (clone / "data.dvc").read_text()
    file.write_text(drafted + LINEAGE, encoding="utf-8")
    assert "✓ fuel_prices" in said(CHECK, clone)
    assert SHOWN[UP].strip("│├└─ \n") in said(UP, clone)
    followed = said(f"{UP} --column year", clone)
    assert "owid_co2 (year)  Years as there." in followed
    assert "heading of that name in snake case, read as int64" in followed
    assert "its folder" not in followed
    assert "unchanged" in said(RUN, clone)
    assert (clone / "data.dvc").read_text() == pinned
    file.write_text(drafted + LINEAGE.replace("year: [year]", "yeer: [yer]"), encoding="utf-8")
    done = run(CHECK, clone)
    assert done.returncode == 1
    line = len(drafted.splitlines()) + len(LINEAGE.splitlines())
    assert (
        f"contract.yaml:{line}: lineage: no column 'yeer' in fuel_prices/schema.py (did you mean 'year'?)"
        in done.stdout
    )
    assert "no column 'yer' in owid_co2/schema.py (did you mean 'year'?)" in done.stdout


def test_every_key_of_an_entry_is_named_on_the_page() -> None:
    fields = Contract.model_json_schema()["$defs"]["Upstream"]["properties"]
    assert set(fields) == {"address", "dataset", "note", "columns"}
    assert [key for key in fields if f"`{key}`" not in PAGE] == []
    assert {key for entry in yaml.safe_load(LINEAGE)["lineage"] for key in entry} == set(fields)


@pytest.mark.parametrize("name", loader.names(ROOM))
def test_the_readmes_picture_is_that_of_the_contracts(name: str) -> None:
    (line,) = re.findall(rf"^ (\w+ .*► {name} ?.*)$", README, re.MULTILINE)
    contract = loader.load(ROOM / name)
    host, package, *files = re.split(r",? ", line.partition(" ─")[0])
    addresses = [*contract.source.url, *([contract.dictionary.url] if contract.dictionary else [])]
    begin = {"pypi": f"pkg:pypi/{package}@", "github": "https://raw.githubusercontent.com/"}[host]
    assert all(address.startswith(begin) and f"/{package}" in address for address in addresses)
    assert int(files[0] if files else 1) == len(addresses)
    assert (f"► {name}: matches" in line) == (contract.match is not None)
    assert (f"► {name}: rollup" in line) == bool(contract.match and contract.match.ownership)
    if contract.match:
        register = loader.load(ROOM / contract.match.register).register
        assert register
        assert README.index(f"► {register.legal_forms} ─") < README.index(f"► {contract.match.register} ─")
        assert README.index(f"► {contract.match.register} ─") < README.index(line)


def test_every_linked_page_exists() -> None:
    linked = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert linked
    assert [path for path in linked if not (REPOSITORY / "docs" / path).exists()] == []
