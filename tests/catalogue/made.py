"""Datasets as a repository describes them, made by hand: one of each kind that a catalogue has to tell of."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from include.catalogue.model import Described, Past
from include.contracts import loader
from include.contracts.columns import Column, TableSchema
from include.contracts.model import Contract

CANARY = "canary-4711"
ADDRESS = "https://example.org/data/plants%202024.csv?year=2024"
SHA256 = "ab" * 32
CONTENT = "5c" * 32
REFERENCES = "[{columns: [country], dataset: countries, to: [code]}]"


def contract(
    more: str = "", access: str = "public", licence: str = "CC-BY-4.0", references: str = REFERENCES
) -> Contract:
    """A contract with what most have, and the lines of `more`."""
    text = f"""\
title: Power plants
description: Plants and their owners.
owner: plants@example.org
licence: {licence}
source: {{url: "{ADDRESS}"}}
key: [plant]
access: {access}
schedule: "@monthly"
expect:
  rows: [1, 1000]
  nulls_pct: {{owner: 50}}
  unique: [{{columns: [owner, plant], severity: warning}}]
  references: {references}
"""
    return loader.loads((text + more).encode())


MATCH = """\
match:
  register: companies
  entity: owner
  weight: capacity_mw
  ownership: {facility: plant, share: share_pct, quantity: capacity_mw}
"""
CATALOGUE = """\
catalogue: {domain: Energy, tier: 2, retention: P10Y, terms: {capacity_mw: Energy.Installed capacity}}
"""
SCHEMA = TableSchema(
    columns=(
        Column(name="plant", id=1, type="string", nullable=False, description="Its name.", source="Plant name"),
        Column(name="owner", id=2, type="string", nullable=True, sensitivity="restricted", values=(CANARY, "x")),
        Column(name="country", id=3, type="string", nullable=False, values=("DE", "FR"), source="country"),
        Column(name="capacity_mw", id=4, type="decimal(18,3)", nullable=True, unit="MW", source="MW"),
        Column(name="share_pct", id=5, type="float64", nullable=True, unit="percent", sensitivity="internal"),
        Column(name="units", id=6, type="uint16", nullable=True, source="units"),
        Column(name="built", id=7, type="date", nullable=True, source="built"),
        Column(name="seen", id=8, type="timestamp", nullable=True, source="seen"),
        Column(name="local", id=9, type="timestamp_naive", nullable=True, source="local"),
        Column(name="opens", id=10, type="time", nullable=True, source="opens"),
        Column(name="active", id=11, type="boolean", nullable=True, source="active"),
    ),
    key=("plant",),
)
QUALITY: dict[str, Any] = {
    "rules": [
        {"rule": "plant.str_matches", "on": "rows", "severity": "error", "failures": 0, "verdict": "pass"},
        {
            "rule": "owner.isin", "on": "rows", "severity": "warning", "failures": 3, "verdict": "warning",
            "samples": [{"record": 1, "reason": f"owner: {CANARY} is none of x"}],
        },
        {
            "rule": "nulls_pct.owner", "on": "table", "severity": "error", "failures": 0, "verdict": "pass",
            "found": "1 % missing", "expected": "at most 50 %",
        },
        {
            "rule": "rejected_pct", "on": "table", "severity": "error", "failures": 1, "verdict": "waived",
            "found": "2 of 5", "expected": "at most 1 %",
        },
    ],
    "examples": {"no plant": f"line 4: {CANARY}"},
    "problems": [f"owner: {CANARY}"],
    "columns": {
        "plant": {"nulls": 0, "distinct": 40, "min": "Aa", "max": "Zz"},
        "owner": {"nulls": 2, "distinct": 7, "min": CANARY, "max": f"{CANARY}-z"},
        "capacity_mw": {"nulls": 1, "distinct": 30, "min": 0.5, "max": 1234.5, "mean": 20.25},
        "share_pct": {"nulls": 0, "distinct": 3, "min": 33.125, "max": 66.875, "mean": 47.0625},
    },
}  # fmt: skip
LINKS = {"unresolved": [{"name": CANARY, "weight": 3.0}], "examples": {"owner": [CANARY]}}


def record(**others: Any) -> dict[str, Any]:
    """A version.json."""
    said: dict[str, Any] = {
        "format": 1, "dataset": "plants", "md5": f"{'0f' * 16}.dir", "content": CONTENT, "size": 4096, "files": 9,
        "commit": {"id": "1" * 40, "date": "2026-02-01T00:05:00Z", "author": "Data Commons"},
        "access": "restricted",
        "schema": {"sha256": "cd" * 32, "columns": 11, "key": ["plant"]},
        "code": {"commit": "2" * 40, "environment": "e" * 64, "image": None},
        "run": {
            "id": "scheduled__2026-02-01T00:00:00+00:00", "interval": ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"],
            "as_of": "2026-02-01", "fetched": "2026-02-01T00:00:05.123Z", "published": "2026-02-01T00:03:20Z",
        },
        "source": {
            "version": '"etag"', "date": "2026-01-31T00:00:00Z",
            "files": [{"address": ADDRESS, "name": "plants.csv", "sha256": SHA256, "bytes": 1234}],
        },
        "inputs": [
            {"dataset": "countries", "content": "6d" * 32, "commit": "3" * 40},
            {"dataset": "companies", "content": "7e" * 32, "commit": None},
        ],
        "follows": "77" * 16 + ".dir",
        "rows": {
            "records": 45, "added": 0, "published": 40, "quarantined": 3, "rejected": 2, "merged": 0,
            "reasons": {"quarantined": {f"owner: {CANARY} is none of x": 3}},
        },
        "quality": {"held": 2, "quarantined": {}, "warning": {"owner.isin": 3}, "waived": {}, "blocked": {}},
        "why": None, "withdrawn": None, "lacking": None,
    }  # fmt: skip
    return said | others


def past(content: str, day: int, **others: Any) -> Past:
    """One version of a history, of a day of January 2026."""
    facts: dict[str, Any] = {"rows": 40, "quarantined": 3, "rejected": 2, "source_version": "1", "source_date": None}
    facts |= {"code": "2" * 40, "run": "r", "why": None, "withdrawn": None, "who": "Data Commons"}
    return Past(commit=f"{day:040d}", date=f"2026-01-{day:02d}T00:00:00Z", content=content, **{**facts, **others})


def plants(**others: Any) -> Described:
    """A dataset with every kind of column, with guarded ones, references, links, quantities by owner, and a past."""
    known = Described(
        name="plants",
        contract=contract(MATCH + CATALOGUE),
        record=record(),
        schema=SCHEMA,
        quality=QUALITY,
        links=LINKS,
        addresses=(ADDRESS,),
        history=(past(CONTENT, 31), past("4b" * 32, 20, why="Asked for."), past(CONTENT, 2)),
    )
    return replace(known, **others)


def planned(name: str = "plants", more: str = "") -> Described:
    """A dataset that has a contract and no version."""
    return Described(name, contract(more), addresses=(ADDRESS,))


def hostile() -> Described:
    """Texts that break what is put together by hand: markup, quotes, line ends, emoji, and a description of 1 MB."""
    text = "<script>alert(1)</script> \"'`\\ \u2028\x85\t 🌍 é\n--- \n@context: {a: [b]}, #c \r\n&amp; {{ x }} ${y}"
    columns = (
        Column(name="plant", id=1, type="string", nullable=False, description="x" * 1_000_000, source=text),
        Column(name="b", id=2, type="string", nullable=True, description=text, unit="MW", values=(text, "🌍")),
    )
    said = contract().model_copy(update={"title": text, "description": text * 50, "schedule": "0 6 * * 1"})
    address = 'https://example.org/a"b<c>{d}|e\\f^g`h i?x=<y>#z'
    return plants(
        contract=said, schema=TableSchema(columns=columns, key=("plant",)), addresses=(address,), quality=None,
        history=(past(CONTENT, 1, why=text),), record=record(why=text),
    )  # fmt: skip


def golden() -> Described:
    """The matched version among the golden files: schema, contract and report as a publication wrote them."""
    folder = Path(__file__).parents[1] / "golden/matched"
    said = loader.loads((folder / "contract.yaml").read_bytes())
    schema = TableSchema.from_json((folder / "schema.json").read_bytes())
    links = json.loads((folder / "match.json").read_bytes())
    return Described("plants", said, record(), schema, links=links, addresses=(ADDRESS,))
