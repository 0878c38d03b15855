"""A draft as files: contract.yaml with a few words on each line, and schema.py."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from .files import Look
from .guess import Guess

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*( [A-Za-z0-9_./-]+)*|[a-z]+:[\w./@#%?=&~+:,-]+")
_WORDS = frozenset("y n yes no on off true false null ~".split())
_WIDTH = 120
_ANNOTATIONS = {pl.Boolean: "bool", pl.Int64: "int", pl.Float64: "float", pl.String: "str", pl.Time: "datetime.time"}


@dataclass(frozen=True)
class Facts:
    """What was found, as far as the files say it."""

    name: str
    url: str
    file: str
    rows: int
    looked: str
    """Which rows the types come from, in words."""
    owner: str
    key: tuple[str, ...]
    repeats: str | None
    """`merge` or `keep` where records repeat, with their number in words."""
    repeated: int
    rejected: int
    ignored: dict[str, str]
    """Headings that cannot be stored, and why."""
    nan: bool
    """Whether columns of the file hold NaN, which is no number."""
    decimal: str
    thousands: str | None


def contract(facts: Facts, look: Look, columns: Sequence[Guess]) -> str:
    """contract.yaml."""
    title = facts.name.replace("_", " ").capitalize()
    lines = [
        "# yaml-language-server: $schema=../../contracts/contract.schema.json",
        f"# Drafted from {_comment(facts.file)}: {facts.rows:,} records, {len(columns)} columns. A draft guesses: read each line.",
        f"title: {_yaml(title)}  # as people call it",
        f"description: {_yaml(f'The table in {facts.file}. Say what one row is, who compiled it, and when.')}",
        f"owner: {_yaml(facts.owner)}  # who answers for the data",
        "licence: LicenseRef-ask-the-publisher  # find out: an SPDX identifier such as CC-BY-4.0, or LicenseRef-…",
        "source:",
        f"  url: {_yaml(facts.url)}"
        + (
            "  # on this machine only: publish the file and write its https address"
            if facts.url.startswith("file:")
            else ""
        ),
        *_source(facts, look, columns),
        *_key(facts),
        "access: internal  # or public, restricted",
        '# schedule: "@monthly"  # when it is fetched anew (UTC); without, only by hand',
        "expect:  # broken, the last good version stays",
        f"  rows: [{_round(facts.rows * 0.5)}, {_round(facts.rows * 2)}]  # fewest and most rows; {facts.rows:,} were seen",
        *_nulls(facts, columns),
    ]
    return "\n".join(lines) + "\n"


def _source(facts: Facts, look: Look, columns: Sequence[Guess]) -> Iterator[str]:
    for key, value in look.keys.items():
        yield f"  {key}: {_yaml(value)}  # {_comment(look.notes[key])}"
    if facts.decimal != ".":
        yield f"  decimal: {_yaml(facts.decimal)}  # numbers are written 3{facts.decimal}14"
    if facts.thousands:
        yield f"  thousands: {_yaml(facts.thousands)}  # and 1{facts.thousands}000"
    if facts.ignored:
        yield f"  ignore: {_yaml(list(facts.ignored))}  # {_comment('; '.join(facts.ignored.values()))}"
    likely = list(dict.fromkeys(text for column in columns for text in column.missing_like))
    if facts.nan:
        yield '  missing: ["", NaN]  # the file holds NaN, which is no number'
    if likely:
        where = ", ".join(column.name for column in columns if column.missing_like)
        yield f'  # missing: {_yaml(["", *(["NaN"] if facts.nan else []), *likely])}  # if these mean "no value", in every column (in {_comment(where)});'
        yield "  #   then give those columns their type and nullable=True in schema.py. NA may also be Namibia."


def _key(facts: Facts) -> Iterator[str]:
    if facts.key:
        yield f"key: {_yaml(list(facts.key))}  # unique over all {facts.rows:,} records"
    else:
        yield "# key: [...]  # no one to three columns identify a row, as far as was looked"
    if facts.repeats:
        word = "counted and folded into the first" if facts.repeats == "merge" else "kept: the table has no key"
        yield f"repeats: {facts.repeats}  # {facts.repeated:,} records equal another in every column; {word}"
    if facts.rejected:
        yield f"# {facts.rejected:,} records can't be read and will be rejected; `commons try {facts.name}` says why."


def _nulls(facts: Facts, columns: Sequence[Guess]) -> Iterator[str]:
    empty = [column.name for column in columns if facts.rows and column.nulls == facts.rows]
    if empty:
        yield f"  nulls_pct: {{{', '.join(f'{name}: 100' for name in empty)}}}  # empty in every row seen"


def schema(facts: Facts, columns: Sequence[Guess], named: dict[str, str]) -> str:
    """schema.py; `named` are the names that the engine finds by itself, by heading."""
    fields = [line for column in columns for line in _field(column, facts, named)]
    imports = [
        *(["import datetime"] if any("datetime." in line for line in fields) else []),
        *(["from typing import Annotated"] if any("Annotated[" in line for line in fields) else []),
    ]
    outside = [
        "import pandera.polars as pa",
        *(["import polars as pl"] if any(re.search(r"\bpl\.", line) for line in fields) else []),
    ]
    head = [f'"""One row for each record of {_docstring(facts.file)}; types from {facts.looked}."""', ""]
    return (
        "\n".join(
            [*head, *imports, *([""] if imports else []), *outside, "", "", "class Schema(pa.DataFrameModel):", *fields]
        )
        + "\n"
    )


def _field(column: Guess, facts: Facts, named: dict[str, str]) -> Iterator[str]:
    share = f"{100 * column.nulls / facts.rows:.2g} % missing" if column.nulls and facts.rows else ""
    if note := "; ".join(filter(None, [share, *column.notes])):
        yield f"    # {_comment(note)}"
    said = {
        **({"source": column.heading} if named[column.heading] != column.name else {}),
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
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= 200 else f"{line[:199]}…"


def _docstring(text: str) -> str:
    return _comment(text).replace("\\", "/").replace('"', "'")


def _round(number: float) -> int:
    """Two digits are enough for a bound; at least 1."""
    if number < 100:
        return max(1, int(number))
    scale = 10 ** (len(str(int(number))) - 2)
    return int(number / scale) * scale
