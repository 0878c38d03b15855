"""A site of 1,000 datasets of twenty columns with five versions each, beside Sphinx's own build of as many pages."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import polars as pl
import yaml

from include.contracts.columns import Column, TableSchema
from include.settings import REPOSITORY
from tests.versions.house import facts, house, version

from . import repository, table
from .process import measured
from .repository import COMMITS, DATASETS

COLUMNS, ROWS = 20, 1_000
BOUND_S = 60.0
WORDS = "Installed electrical capacity at the end of the year, as the operator of the plant reported it, column"
PEER = "import sys; from sphinx.cmd.build import main; sys.exit(main(['-q', *sys.argv[1:]]))"


def run() -> list[dict[str, object]]:
    """Writes the table; raises AssertionError where a page is missing."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        clone, plain = _clone(place), _plain(place / "plain")
        ours = measured([sys.executable, "-c", _in(clone), "docs", "--to", str(place / "site")])
        assert len(list((place / "site/datasets").glob("*.html"))) == DATASETS
        peer = measured([sys.executable, "-c", PEER, str(plain), str(place / "peer")])
        assert len(list((place / "peer").glob("d*.html"))) == DATASETS
        size = sum(file.stat().st_size for file in (place / "site").rglob("*") if file.is_file()) / 1e6
    rows: list[dict[str, object]] = []
    for what, cost in (
        (f"`commons docs`, {size:.0f} MB of pages", ours),
        ("Sphinx, the same theme, plain pages", peer),
    ):
        told = {
            "s": f"{cost.wall:.1f}",
            "CPU s": f"{cost.cpu:.1f}",
            "ratio": f"{cost.wall / peer.wall:.2f}",
            "peak MB": f"{cost.peak:.0f}",
        }
        rows.append({"what": what, **told})
    rows.append({"what": "bound", "s": f"{BOUND_S:.1f}", "ratio": f"{BOUND_S / peer.wall:.2f}"})
    table.write(f"A site of {DATASETS:,} datasets, {COLUMNS} columns and {COMMITS // DATASETS} versions each", rows)
    return rows


def _in(clone: Path) -> str:
    """A program that acts on the clone: the code that lies in it."""
    return f"import sys; sys.path.insert(0, {str(clone)!r}); from include.cli.app import main; main()"


def _clone(place: Path) -> Path:
    """A clone with contracts of all datasets, each made of the three before it, and all their versions' commits."""
    schema = TableSchema(
        columns=tuple(
            Column(name=name, id=at, type="float64", nullable=False, unit="MW", description=f"{WORDS} {at}")
            for at, name in enumerate((f"capacity_{number}" for number in range(COLUMNS)), start=1)
        ),
        key=("capacity_0",),
    )
    frame = pl.LazyFrame({column.name: [float(row) for row in range(ROWS)] for column in schema.columns})
    deployment = house(place / "house")
    folder = version(place / "v", {}, schema=schema, frame=frame)
    profile = {"nulls": 0, "distinct": ROWS, "min": 0.0, "max": ROWS - 1.0, "mean": (ROWS - 1) / 2}
    rules = [{"rule": f"{c.name}.type", "on": "rows", "failures": 0, "verdict": "pass"} for c in schema.columns]
    quality = {"counts": {"published": ROWS}, "rules": rules, "columns": {c.name: profile for c in schema.columns}}
    (folder / "quality.json").write_text(json.dumps(quality))
    done = deployment.publish(folder, facts(ROWS), schema)
    clone = deployment.clone()
    repository.extend(clone, done.entry)
    shutil.copytree(REPOSITORY / "include", clone / "include", ignore=shutil.ignore_patterns("datasets", "__pycache__"))
    for number in range(DATASETS):
        _contract(clone / "include/datasets" / repository.name(number), number)
    return clone


def _contract(folder: Path, number: int) -> None:
    folder.mkdir(parents=True)
    made_of = [repository.name(other) for other in range(max(number - 3, number - number % 20), number)]
    references = [{"columns": ["capacity_0"], "dataset": name, "to": ["capacity_0"]} for name in made_of]
    contract = {
        "title": f"Power plants of region {number}",
        "description": f"{WORDS}. " * 5,
        "owner": "owner@example.org",
        "licence": "CC-BY-4.0",
        "source": {"url": f"https://example.org/{number}.csv"},
        "access": "public",
        "expect": {"references": references},
    }
    (folder / "contract.yaml").write_text(yaml.safe_dump(contract))


def _plain(folder: Path) -> Path:
    """As many pages of reStructuredText with a table of as many rows, for Sphinx and the same theme."""
    folder.mkdir()
    (folder / "conf.py").write_text("html_theme = 'furo'\n")
    (folder / "index.rst").write_text("Datasets\n========\n")
    lines = "".join(f"   * - capacity_{at}\n     - float64\n     - MW\n     - {WORDS} {at}\n" for at in range(COLUMNS))
    for number in range(DATASETS):
        title = f"Power plants of region {number}"
        page = f":orphan:\n\n{title}\n{'=' * len(title)}\n\n{WORDS}\n\n.. list-table::\n\n{lines}"
        (folder / f"d{number:04d}.rst").write_text(page)
    return folder
