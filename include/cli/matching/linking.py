"""`commons match FILE`: every row of a file with the legal entity that its name is of, or why there is none."""

import os
import shlex
import sys
from pathlib import Path

import polars as pl

from ...contracts.foreign import printable
from ...errors import EnvironmentFault
from ...matching import decisions
from ...matching.judgements import Judgement
from ...matching.mentions import Mentions, mentions
from ...matching.parallel import compare_by
from ...matching.settle import Settled, settle
from ..console import err, plain, print_json
from ..export import export
from ..progress import progress
from . import beside, judging, summary
from .asked import Asked, Bands
from .columns import column_or_code, identifiers, named, numbers, texts
from .files import Table, table
from .opening import Opened, opened

SUFFIXES = (".csv", ".xlsx", ".parquet")
ADDED = (
    "entity_id", "decision", "score", "candidate_id", "candidate_name", "candidate_country", "method", "runner_up_name",
    "runner_up_score", "tied", "reasons", "judged_by", "register_version",
)  # fmt: skip
"""Columns that are put behind those of the file, as in matches.parquet."""


def link(asked: Asked, register: str, bands: Bands, to: Path | None, judged: Path | None, as_json: bool) -> None:
    """Writes the result, and the doubtful ones beside it for `commons review`; prints a summary and what is next.

    Raises DataCommonsError, before anything is written, where the file, a column or the register can't be used.
    """
    decisions.bands(bands.accept, bands.review)
    target = target_of(asked.file, to)
    if judged and not judged.is_file():
        raise EnvironmentFault(
            f"--judgements {judged}: there is no such file. Leave it out; `commons review` makes one."
        )
    with err.status(plain(f"Reading {printable(asked.file.name)}")):
        read = table(asked.file, asked.sheet, asked.header)
        rows = published(read, asked)
    known = opened(register)
    decided = judging.read(judged or beside.judgements(target))
    found = mentions(rows)
    settled = linked(found, known, bands, decided)
    with progress("Writing"):
        export(joined(read.rows, rows, settled.matches).lazy(), target, separator=read.delimiter, marked=read.marked)
        beside.write(settled.review, beside.review(target), shlex.join(["commons", *sys.argv[1:]]), judged)
    for remark in () if as_json else read.remarks:
        err.print(f"[yellow]note[/yellow]: {plain(remark)}", highlight=False, soft_wrap=True)
    told = summary.of(settled, found, known, weighted=bool(asked.weight))
    print_json(told | {"written": str(target)}) if as_json else summary.tell(told, target)


def linked(found: Mentions, known: Opened, bands: Bands, decided: tuple[Judgement, ...]) -> Settled:
    """What the names of `found` are, by the register and by what people decided."""
    frame, cores = found.frame, len(os.sched_getaffinity(0))
    with progress("Comparing", frame.height) as done:
        pairs = compare_by(cores, frame, known.matcher, review=bands.review, done=done)
    return settle(
        frame, pairs, known.matcher, accept=bands.accept, review=bands.review, single=bands.single,
        judgements=decided, version=known.entry.meta.content,
    )  # fmt: skip


def published(file: Table, asked: Asked) -> pl.DataFrame:
    """Name, country, identifiers and weight of each row, as they stand in the columns asked for. Raises DataError."""
    rows = file.rows
    chosen = {"name": texts(rows, named(rows, asked.column, "--column"), "--column")}
    chosen["country"] = column_or_code(rows, asked.country, "--country")
    for kind, column in asked.identifiers.items():
        chosen[kind] = identifiers(rows, column, f"--{kind}")
    if asked.weight:
        chosen["weight"] = numbers(rows, named(rows, asked.weight, "--weight"), "--weight", file.delimiter)
    return pl.DataFrame(chosen)


def joined(rows: pl.DataFrame, asked: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the columns of ADDED; one that the file has already gets " (2)" behind its name."""
    keys = {name: f"given_{name}" for name in asked.columns if name not in ("name", "weight")} | {"name": "name"}
    added = matches.select(*keys.values(), *ADDED)
    found = asked.select(pl.col(name).alias(to) for name, to in keys.items())
    found = found.join(added, on=list(keys.values()), how="left", nulls_equal=True, maintain_order="left")
    none = pl.col("decision").is_null()
    found = found.select(ADDED).with_columns(
        decision=pl.col("decision").fill_null("none"),
        reasons=pl.when(none).then(pl.lit("no name")).otherwise(pl.col("reasons")),
    )
    return pl.concat([rows, found.rename(_free(rows.columns))], how="horizontal")


def _free(taken: list[str]) -> dict[str, str]:
    names, known = {}, set(taken)
    for name in ADDED:
        free, times = name, 1
        while free in known:
            times += 1
            free = f"{name} ({times})"
        known.add(free)
        names[name] = free
    return names


def target_of(file: Path, to: Path | None) -> Path:
    """Where the result goes. Raises EnvironmentFault where that is no place for it."""
    if to is None:
        to = file.with_name(f"{file.stem}-matched{file.suffix.lower() if file.suffix.lower() in SUFFIXES else '.csv'}")
    if to.suffix.lower() not in SUFFIXES:
        raise EnvironmentFault(f"--to {to}: expected a file that ends in {', '.join(SUFFIXES)}. Name it accordingly.")
    if to.exists() and file.exists() and to.samefile(file):
        raise EnvironmentFault(f"--to {to}: is the file of names itself. Name another, or leave --to out.")
    if not os.access(to.parent, os.W_OK):
        raise EnvironmentFault(f"{to.parent}: is no folder that you can write to. Say --to FOLDER/{to.name}.")
    return to
