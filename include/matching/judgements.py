"""What people decided about names: one line a judgement in a text file in Git, which overrides later runs."""

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from ..contracts.words import nearest
from ..errors import ContractError
from .identifiers import read as read_identifiers

Verdict = Literal["match", "no match"]
NOBODY = "none"
"""In place of an LEI: the name is of no legal entity in the register."""
COLUMNS = ("name", "country", "lei", "judgement", "by", "on", "why")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)")
_MOST_BYTES = 50_000_000
_WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Unicode's property White_Space."""


@dataclass(frozen=True, order=True)
class Judgement:
    """That the name in that country is, or is not, the legal entity `lei`; `by` whom, on which day and why."""

    name: str
    country: str
    """ISO 3166-1 alpha-2, or empty."""
    lei: str
    judgement: Verdict
    by: str
    on: str
    """ISO 8601."""
    why: str


def parse(content: bytes, where: str, today: dt.date) -> tuple[Judgement, ...]:
    """The judgements in a file's `content`, sorted. Raises ContractError with all that is wrong, a line each."""
    text = _text(content, where)
    if marked := [number for number, line in enumerate(text.splitlines(), 1) if _CONFLICT.match(line)]:
        raise ContractError(
            f"{where}:{marked[0]}: conflict markers of a merge, in lines {', '.join(map(str, marked))}. "
            "Keep each judgement that holds, a line each, and delete the markers."
        )
    found: list[tuple[int, Judgement]] = []
    problems: list[str] = []
    lines = list(_lines(text, where, problems))
    leis = read_identifiers(pl.Series([cells[2] for _, cells in lines], dtype=pl.String), "lei")
    for (line, cells), (_, state, why) in zip(lines, leis.iter_rows(), strict=True):
        if wrong := _wrong(cells, today, "" if state == "sound" else why or "is missing"):
            problems.extend(f"{where}:{line}: {problem}" for problem in wrong)
        else:
            found.append((line, Judgement(*cells)))  # type: ignore[arg-type]
    problems.extend(f"{where}:{line}: {problem}" for line, problem in _contradictions(found))
    if problems:
        raise ContractError(*problems)
    return tuple(sorted({judgement for _, judgement in found}))


def stripped(name: str) -> str:
    """`name` as judgements are about it: without white space around, which is to Polars what it is to Unicode; Python
    takes four control characters for it too."""
    return name.strip(_WHITE)


def to_text(judgements: Iterable[Judgement]) -> str:
    """The file: sorted, so that two people who add to it seldom meet in one place."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(judgement, column) for column in COLUMNS] for judgement in sorted(set(judgements)))
    return out.getvalue()


def with_judgement(judgements: Iterable[Judgement], new: Judgement) -> tuple[Judgement, ...]:
    """The same judgements and `new`, which takes the place of what it contradicts."""
    kept = [old for old in judgements if not _contradict(old, new)]
    return tuple(sorted({*kept, new}))


def frame(judgements: Iterable[Judgement]) -> pl.DataFrame:
    """COLUMNS as text, a row a judgement; `country` is null where it is empty."""
    rows = [[getattr(judgement, column) for column in COLUMNS] for judgement in judgements]
    found = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return found.with_columns(country=pl.when(pl.col("country") != "").then(pl.col("country")))


def orphans(judgements: Iterable[Judgement], register: pl.Series) -> tuple[Judgement, ...]:
    """Judgements for an LEI that is not in the `register`'s ids: they link nothing until a person looks at them."""
    known = set(register)
    return tuple(judgement for judgement in judgements if judgement.lei != NOBODY and judgement.lei not in known)


def _text(content: bytes, where: str) -> str:
    if len(content) > _MOST_BYTES:
        raise ContractError(f"{where}: {len(content):,} bytes, expected at most {_MOST_BYTES:,}. Is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ContractError(f"{where}:{line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def _lines(text: str, where: str, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The number of each line and its cells, in the order of COLUMNS; lines of another shape are told as problems."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        heading = next(reader, [])
        if sorted(heading) != sorted(COLUMNS):
            raise ContractError(
                f"{where}:1: expected the columns {', '.join(COLUMNS)}, found {', '.join(heading) or 'nothing'}. "
                "Write that first line."
            )
        order = [heading.index(column) for column in COLUMNS]
        for cells in reader:
            if len(cells) == len(COLUMNS):
                yield reader.line_num, [stripped(cells[place]) for place in order]
            elif cells:
                problems.append(
                    f"{where}:{reader.line_num}: {len(cells)} values, expected {len(COLUMNS)}. "
                    'Put a value that holds a comma in double quotes (").'
                )
    except csv.Error as error:
        problems.append(f"{where}:{reader.line_num}: {error}. Write it as comma-separated values.")


def _wrong(cells: list[str], today: dt.date, lei_problem: str) -> list[str]:
    """What is wrong with one line."""
    name, country, lei, judgement, by, on, why = cells
    problems = [f"no {column}. Fill it in." for column, cell in (("name", name), ("by", by), ("why", why)) if not cell]
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        problems.append(f"country {country!r}: expected two capital letters (ISO 3166-1), or nothing. Correct it.")
    if judgement not in get_args(Verdict):
        known = " or ".join(map(repr, get_args(Verdict)))
        near = nearest(judgement, get_args(Verdict))
        problems.append(f"judgement {judgement!r}: expected {known}{near}. Correct it.")
    if lei == NOBODY and judgement == "no match":
        problems.append(f"'no match' with {NOBODY!r} says nothing. Name the LEI that it is not, or judge 'match'.")
    if lei != NOBODY and lei_problem:
        problems.append(f"lei {lei_problem}; or write {NOBODY!r}. Correct it.")
    return problems + _wrong_day(on, today)


def _wrong_day(on: str, today: dt.date) -> list[str]:
    try:
        day = dt.date.fromisoformat(on)
    except ValueError:
        return [f"on {on!r}: expected a day such as {today.isoformat()}. Correct it."]
    return [f"on {on}: lies in the future. Correct it."] if day > today + dt.timedelta(days=1) else []


def _contradictions(found: list[tuple[int, Judgement]]) -> Iterator[tuple[int, str]]:
    """Lines that can't both hold, by the later one."""
    by_name: dict[tuple[str, str], list[tuple[int, Judgement]]] = defaultdict(list)
    for line, judgement in found:
        for earlier, other in by_name[judgement.name, judgement.country]:
            if judgement != other and _contradict(judgement, other):
                yield line, f"contradicts line {earlier} about {judgement.name!r}. Keep the one that holds."
        by_name[judgement.name, judgement.country].append((line, judgement))


def _contradict(one: Judgement, other: Judgement) -> bool:
    """Whether they can't both hold: a name is one entity at most, and an entity is it or is not."""
    same_name = (one.name, one.country) == (other.name, other.country)
    return same_name and (one.lei == other.lei or one.judgement == other.judgement == "match")
