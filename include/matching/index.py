"""A register made searchable: flat files in a folder, the same bytes for the same rows, opened memory-mapped."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from ..errors import DataError, EnvironmentFault
from . import postings, terms
from .alignment import Frequencies, frequencies
from .postings import Postings
from .terms import Array

FORMAT = 2
BLOCK = 1 << 17
"""Rows a block: what a search adds up for them, 8 bytes each, stays within a core's second-level cache."""
TRIGRAMS_KEPT, WORDS_KEPT = 12, 5
"""By how many of its rarest terms a row can be found; all of them count in its cosine."""
NEEDED = ("id", "name", "country", "words", "core")
HEADER, ENTITIES, VOCABULARY, RANK = "index.json", "entities.arrow", "vocabulary.arrow", "rank.npy"
FREQUENCIES = ("frequencies/words.arrow", "frequencies/cores.arrow")
NEXT = "Build the index again."


@dataclass(frozen=True)
class Header:
    """What an index was made of: `content` is the SHA-256 of its entities, `sizes` the bytes of each file."""

    format: int
    register: str
    folding: str
    entities: int
    content: str
    block: int
    edges: list[int]
    countries: list[tuple[str, int, int]]
    sizes: dict[str, int]


@dataclass(frozen=True)
class Index:
    """Rows stand in order of country (those without one last), core and id, so that like names share a core's cache.

    `rank` is each row's place in the order of ids, `known` how often words and cores come.
    """

    folder: Path
    header: Header
    entities: pa.Table
    vocabulary: pl.Series
    rank: Array
    trigrams: Postings
    words: Postings
    known: Frequencies

    def rows(self, entities: pl.Series, *columns: str) -> pl.DataFrame:
        """These rows of the folded register in the order asked for, with `columns` or all of them."""
        table = self.entities.select(list(columns)) if columns else self.entities
        return pl.DataFrame(table.take(pa.array(entities.to_numpy())))


def build(folded: pl.DataFrame, folder: Path, *, register: str, folding: str, block: int = BLOCK) -> Index:
    """Writes the index of a checked and folded register, its rows in any order, to `folder` and opens it.

    `folded` has the columns of NEEDED, and all its columns are kept. `register` names the register's version and
    `folding` the version of what folded it. What stood in `folder` is replaced once the new index is whole. Raises
    DataError where columns miss, ids repeat or miss, or nothing is left to index.
    """
    _check(folded)
    order = folded.select(pl.arg_sort_by("country", "core", "id", nulls_last=True)).to_series()
    # Taken by Arrow, which leaves nothing of the rows' former order behind, not even in the room of a null.
    entities = folded.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks().take(order.to_arrow())
    del folded
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    countries = _countries(entities)
    edges = _edges([size for _, size in countries], block)
    _write(entities, partial / ENTITIES)
    _write_terms(entities, np.array(edges), partial)
    _write_frequencies(entities, partial)
    starts = np.cumsum([0, *(size for _, size in countries)]).tolist()
    header = Header(
        format=FORMAT,
        register=register,
        folding=folding,
        entities=len(entities),
        content=_sha256(partial / ENTITIES),
        block=block,
        edges=edges,
        countries=[(name, start, start + size) for (name, size), start in zip(countries, starts, strict=False) if name],
        sizes=_sizes(partial),
    )
    (partial / HEADER).write_text(json.dumps(asdict(header), indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return open_index(folder)


def open_index(folder: Path, *, register: str | None = None, folding: str | None = None) -> Index:
    """Opens an index, of exactly this version of the register and of the folding where they are given.

    Raises EnvironmentFault, which says all that is not as asked for, where it is absent, damaged or another.
    """
    header = _header(folder)
    wrong = [
        f"{folder}: it is the index of {what} {found!r}, and {wanted!r} is asked for. {NEXT}"
        for what, found, wanted in (
            ("the register's version", header.register, register),
            ("names folded by version", header.folding, folding),
        )
        if wanted is not None and found != wanted
    ]
    sizes = _sizes(folder)
    wrong += [
        f"{folder / name}: {sizes.get(name, 'no')} bytes, and {size} were written: the index is damaged. {NEXT}"
        for name, size in header.sizes.items()
        if sizes.get(name) != size
    ]
    if wrong:
        raise EnvironmentFault(*wrong)
    words, cores = (pl.DataFrame(_read(folder / name)) for name in FREQUENCIES)
    return Index(
        folder=folder,
        header=header,
        entities=_read(folder / ENTITIES),
        vocabulary=pl.Series(_read(folder / VOCABULARY)["word"]),
        rank=np.load(folder / RANK, mmap_mode="r"),
        trigrams=postings.load(folder / "trigrams"),
        words=postings.load(folder / "words"),
        known=Frequencies(words, cores, header.entities),
    )


def unknown_rows(index: Index, register: pl.DataFrame) -> pl.DataFrame:
    """Rows of `register` that the index doesn't hold as they stand: the new and the changed ones."""
    return register.join(_held(index, register.columns), on=register.columns, how="anti", nulls_equal=True)


def extend(
    index: Index, register: pl.DataFrame, folded: pl.DataFrame, folder: Path, *, version: str, folding: str
) -> Index:
    """The index of `register`, the same bytes as if it were built anew, of which only new rows had to be folded.

    `folded` holds what `unknown_rows` gave, folded; rows that the register no longer has are left out. Raises
    EnvironmentFault where the index can't be extended and says why, DataError where `folded` lacks rows.
    """
    if folding != index.header.folding:
        why = f"its names were folded by version {index.header.folding!r}, new ones by {folding!r}"
        raise EnvironmentFault(f"{index.folder}: {why}, and they can't be compared. {NEXT}")
    columns = index.entities.column_names
    if sorted(columns) != sorted(folded.columns):
        why = f"its columns are {', '.join(columns)}, those of the new rows {', '.join(folded.columns)}"
        raise EnvironmentFault(f"{index.folder}: {why}. {NEXT}")
    known = _held(index, columns).join(register, on=register.columns, how="semi", nulls_equal=True)
    together = pl.concat([known, folded.select(columns)])
    missing = register.join(together, on=register.columns, how="anti", nulls_equal=True).height
    if missing or together.height != register.height:
        raise DataError(
            f"{index.folder}: {known.height} rows of the index and {folded.height} new ones don't make the register's "
            f"{register.height}; {missing} are missing. Fold exactly the rows that the index doesn't know."
        )
    return build(together, folder, register=version, folding=folding, block=index.header.block)


def _held(index: Index, columns: list[str]) -> pl.DataFrame:
    absent = [name for name in columns if name not in index.entities.column_names]
    if absent:
        raise EnvironmentFault(f"{index.folder}: it has no column {', '.join(absent)}, which the register has. {NEXT}")
    return pl.DataFrame(index.entities.select(columns))


def _check(folded: pl.DataFrame) -> None:
    absent = [name for name in NEEDED if name not in folded.columns]
    if absent:
        raise DataError(f"register: no column {', '.join(absent)}; found {', '.join(folded.columns)}. Fold it first.")
    missing, repeated = folded["id"].null_count(), folded.height - folded["id"].n_unique()
    wrong = []
    if missing:
        wrong.append(f"register: {missing} rows have no id. Check it first; that leaves them out and says so.")
    if repeated and not missing:
        wrong.append(f"register: {repeated} rows repeat an id. Check it first; that leaves them out and says so.")
    if not folded.height:
        wrong.append("register: no rows, so there is nothing to find a name in. Look at the register's own report.")
    if wrong:
        raise DataError(*wrong)


def _countries(entities: pa.Table) -> list[tuple[str, int]]:
    """Each country and how many rows it has, in the rows' order; "" for those without one."""
    counted = pl.Series(entities["country"]).rle().struct.unnest()
    return [(value or "", size) for size, value in counted.select("len", "value").iter_rows()]


def _edges(sizes: list[int], block: int) -> list[int]:
    """Where blocks begin, and the end: whole countries together up to `block` rows, or parts of a larger one."""
    edges, end = [0], 0
    for size in sizes:
        if end > edges[-1] and end + size - edges[-1] > block:
            edges.append(end)
        end += size
        while end - edges[-1] > block:
            edges.append(edges[-1] + block)
    return [*edges, end]


def _write_terms(entities: pa.Table, edges: Array, folder: Path) -> None:
    ids = pl.Series(entities["id"])
    rank = np.empty(len(ids), np.uint32)
    rank[ids.arg_sort().to_numpy()] = np.arange(len(ids), dtype=np.uint32)
    np.save(folder / RANK, rank)
    found = terms.trigrams(pl.Series(entities["core"]))
    postings.save(postings.made(found, terms.TRIGRAMS, TRIGRAMS_KEPT, edges), folder / "trigrams")
    texts = pl.Series(entities["words"])
    known = terms.vocabulary(texts)
    _write(pa.table({"word": known.to_arrow(compat_level=pl.CompatLevel.oldest())}), folder / VOCABULARY)
    found = terms.words(texts, known)
    postings.save(postings.made(found, len(known) + 1, WORDS_KEPT, edges), folder / "words")


def _write_frequencies(entities: pa.Table, folder: Path) -> None:
    known = frequencies(pl.DataFrame(entities.select(["words", "core"])))
    (folder / FREQUENCIES[0]).parent.mkdir()
    for table, name in zip((known.words, known.cores), FREQUENCIES, strict=True):
        _write(table.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest()), folder / name)


def _write(table: pa.Table, file: Path) -> None:
    with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)


def _read(file: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()


def _sizes(folder: Path) -> dict[str, int]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != HEADER)
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _header(folder: Path) -> Header:
    try:
        told: dict[str, Any] = json.loads((folder / HEADER).read_text())
    except FileNotFoundError:
        raise EnvironmentFault(f"{folder}: no index of a register is there. Build it first.") from None
    except ValueError as error:
        raise EnvironmentFault(f"{folder / HEADER}: not JSON ({error}): the index is damaged. {NEXT}") from error
    if told.get("format") != FORMAT:
        raise EnvironmentFault(f"{folder}: an index of format {told.get('format')}; this code reads {FORMAT}. {NEXT}")
    told["countries"] = [(name, first, last) for name, first, last in told["countries"]]
    return Header(**told)
