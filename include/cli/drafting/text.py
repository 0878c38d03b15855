"""A draft as files: contract.yaml with a few words on each line, and schema.py."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import polars as pl

from ...contracts.words import counted
from .examine import Seen
from .files import Look
from .guess import Guess
from .wording import shortened

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*( [A-Za-z0-9_./-]+)*|[a-z]+:[\w./@#%?=&~+:,-]+|[\w.+-]+@[\w.-]+")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_COMPANY = re.compile(
    r"((company|firm|corporate|entity|organi[sz]ation|issuer|owner|operator|utility|legal|registrant)_name|company|"
    r"companies|firm|corporation|organi[sz]ation|issuer|owner|operator|firma|unternehmen|entreprise|empresa)(_|$)"
)
"""Names of columns that likely hold those of companies."""
_COUNTRY = re.compile(r"(^|_)(country|iso_?[23])(_|$)")
_WIDTH = 120
_ANNOTATIONS = {pl.Boolean: "bool", pl.Int64: "int", pl.Float64: "float", pl.String: "str", pl.Time: "datetime.time"}


@dataclass(frozen=True)
class Facts:
    """What a draft says besides what was seen in the records."""

    name: str
    url: str
    file: str
    owner: str
    rejected: int
    """Records that can't be read."""


def contract(facts: Facts, look: Look, seen: Seen) -> str:
    """contract.yaml."""
    title, local = facts.name.replace("_", " ").capitalize(), facts.url.startswith("file:")
    lines = [
        "# yaml-language-server: $schema=../../contracts/contract.schema.json",
        f"# Drafted from {_comment(facts.file)}: {_size(seen)}.",
        "# A draft guesses: read each line, correct it, and take the comments out.",
        f"title: {_yaml(title)}  # as people call it",
        f"description: {_yaml(f'The table in {facts.file}. Say what one row is, who compiled it, and when.')}",
        f"owner: {_yaml(facts.owner)}  # who answers for the data",
        "licence: LicenseRef-ask-the-publisher  # find out: an SPDX identifier such as CC-BY-4.0, or LicenseRef-…",
        "source:",
        *(["  # file: is for this machine only; publish the file and write its https address"] if local else []),
        f"  url: {_yaml(facts.url)}",
        *_source(look, seen),
        *_key(facts, seen),
        "access: internal  # or public, restricted",
        '# schedule: "@monthly"  # when it is fetched anew (UTC); without, only by hand',
        "expect:  # broken, the last good version stays",
        f"  rows: [{_round(seen.rows * 0.5)}, {_round(seen.rows * 2)}]  # fewest and most; {seen.rows:,} seen",
        *_quarantined(seen),
        *_nulls(seen),
        *_links(seen),
    ]
    return "\n".join(lines) + "\n"


def _size(seen: Seen) -> str:
    return f"{counted(seen.rows, 'record')}, {counted(len(seen.columns), 'column')}"


def _source(look: Look, seen: Seen) -> Iterator[str]:
    for key, value in look.keys.items():
        yield f"  {key}: {_yaml(value)}  # {_comment(look.notes[key])}"
    yield from (f"  # {_comment(remark)}" for remark in look.remarks)
    if look.keys.get("header") != 0 and _some_unnamed(seen):
        yield "  # some columns have no heading: is the header row right? header: [2, 3] joins two rows"
    if seen.style[0] != ".":
        yield f"  decimal: {_yaml(seen.style[0])}  # numbers are written 3{seen.style[0]}14"
    if seen.style[1]:
        yield f"  thousands: {_yaml(seen.style[1])}  # and 1{seen.style[1]}000"
    if seen.ignored:
        yield f"  ignore: {_yaml(list(seen.ignored))}  # {_comment('; '.join(seen.ignored.values()))}"
    likely = list(dict.fromkeys(text for column in seen.columns for text in column.missing_like))
    if seen.has_nan:
        yield '  missing: ["", NaN]  # the file holds NaN, which is no number'
    if likely:
        where = ", ".join(column.name for column in seen.columns if column.missing_like)
        texts = ["", *(["NaN"] if seen.has_nan else []), *likely]
        yield f'  # missing: {_yaml(texts)}  # if they mean "no value" in every column; seen in {_comment(where)}'
        yield "  # Then give those columns their type and nullable=True in schema.py." + (
            " In a column of countries, NA is Namibia." if "NA" in likely else ""
        )


def _some_unnamed(seen: Seen) -> bool:
    unnamed = sum(re.fullmatch(r"column_\d+", column.heading) is not None for column in seen.columns)
    return 0 < unnamed < len(seen.columns)


def _key(facts: Facts, seen: Seen) -> Iterator[str]:
    if seen.key.names:
        records = f"{'different ' if seen.repeated else ''}record"
        over = f"all {counted(seen.rows - seen.repeated, records)}" if seen.rows > 1 else "the only record"
        yield f"key: {_yaml(list(seen.key.names))}  # unique over {over}"
    elif seen.key.note:
        yield f"# {_comment(seen.key.note)}"
    else:
        yield "# key: [...]  # no one to three columns identify a row, as far as was looked"
    if seen.repeated:
        repeats, word = ("merge", "folded into the first") if seen.key.names else ("keep", "kept, for want of a key")
        equal, they = ("equals", "it is") if seen.repeated == 1 else ("equal", "they are")
        records = counted(seen.repeated, "record")
        yield f"repeats: {repeats}  # {records} {equal} another in every column: {they} {word}"
    if facts.rejected:
        records = counted(facts.rejected, "record")
        yield f"# {records} can't be read and will be rejected; `commons try {facts.name}` says why."


def _quarantined(seen: Seen) -> Iterator[str]:
    """Room for rows that are known to fail, where the default of 1 % is too little."""
    failing = sum(column.failing for column in seen.columns)
    if failing > 0.01:
        yield f"  quarantine_pct: {min(100, ceil(100 * failing))}  # that many rows fail: see the LEIs in schema.py"


def _nulls(seen: Seen) -> Iterator[str]:
    empty = [column.name for column in seen.columns if seen.rows and column.nulls == seen.rows]
    if empty:
        yield f"  nulls_pct: {{{', '.join(f'{name}: 100' for name in empty)}}}  # empty in every row seen"


def _links(seen: Seen) -> Iterator[str]:
    """How to link names of companies, where a column likely holds them."""
    texts = [column.name for column in seen.columns if column.dtype == pl.String and not column.checks]
    if company := next((name for name in texts if _COMPANY.search(name)), None):
        country = next((column.name for column in seen.columns if _COUNTRY.search(column.name)), None)
        more = f", country: {country}" if country else ""
        yield "# match:  # links the names of companies to legal entities, which people review: docs/matching.md"
        yield f"#   {{register: lei_entities, entity: {company}{more}}}"


def schema(facts: Facts, seen: Seen) -> str:
    """schema.py."""
    fields = [line for column in seen.columns for line in _field(column, seen)]
    imports = [
        *(["import datetime"] if any("datetime." in line for line in fields) else []),
        *(["from typing import Annotated"] if any("Annotated[" in line for line in fields) else []),
    ]
    outside = [
        "import pandera.polars as pa",
        *(["import polars as pl"] if any(re.search(r"\bpl\.", line) for line in fields) else []),
    ]
    head = [f'"""One row for each record of {_docstring(facts.file)}; types from {seen.looked}."""', ""]
    return (
        "\n".join(
            [*head, *imports, *([""] if imports else []), *outside, "", "", "class Schema(pa.DataFrameModel):", *fields]
        )
        + "\n"
    )


def _field(column: Guess, seen: Seen) -> Iterator[str]:
    share = f"{100 * column.nulls / seen.rows:.3g} % missing" if column.nulls and seen.rows else ""
    if note := "; ".join(filter(None, [share, *column.notes])):
        yield f"    # {_comment(note)}"
    said = {
        **({"source": column.heading} if seen.matched[column.heading] != column.name else {}),
        **({"unit": column.unit} if column.unit else {}),
        **({"format": column.format} if column.format else {}),
    }
    arguments = [
        *(["nullable=True"] if column.nulls else []),
        *(f"{name}={_python(value)}" for name, value in column.checks.items()),
        f"description={_python(f'The source calls it: {column.heading}')}",
        *([f"metadata={_python(said)}"] if said else []),
    ]
    start = f"    {column.name}: {annotation(column.dtype)} = pa.Field("
    line = f"{start}{', '.join(arguments)})"
    if len(line) <= _WIDTH:
        yield line
    else:
        yield from [start, *(f"        {each}," for each in arguments), "    )"]


def annotation(dtype: pl.DataType) -> str:
    """The type as an author writes it."""
    if isinstance(dtype, pl.Datetime):
        return 'Annotated[pl.Datetime, "us", "UTC"]' if dtype.time_zone else "datetime.datetime"
    if isinstance(dtype, pl.Decimal):
        return f"Annotated[pl.Decimal, {dtype.precision}, {dtype.scale}]"
    if isinstance(dtype, pl.Date):
        return "datetime.date"
    return _ANNOTATIONS.get(type(dtype)) or f"pl.{dtype}"


def _yaml(value: object) -> str:
    """A value in flow style, on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else _quoted(value)


def _python(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_python(key)}: {_python(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_python, value)) + "]"
    if isinstance(value, str):
        raw = "\\" in value and '"' not in value and value.isprintable() and not value.endswith("\\")
        return f'r"{value}"' if raw else _quoted(value)
    return repr(value)


def _quoted(value: str) -> str:
    """In double quotes, as YAML and Python both read it: no character outside their common escapes."""
    return json.dumps(value, ensure_ascii=not (value.isprintable() and all(ord(c) < 0xFFFF for c in value)))


def _comment(text: str) -> str:
    """`text` on one line, short."""
    return shortened(text, 200)


def _docstring(text: str) -> str:
    return _comment(text).replace("\\", "/").replace('"', "'")


def _round(number: float) -> int:
    """Two digits are enough for a bound; at least 1."""
    if number < 100:
        return max(1, int(number))
    scale: int = 10 ** (len(str(int(number))) - 2)
    return int(number / scale) * scale
