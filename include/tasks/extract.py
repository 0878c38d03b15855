"""extract: fetches the source, archives the bytes as they came, reads them into tables of text."""

import dataclasses
import datetime as dt
import hashlib
import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from ..adapters import fetch
from ..adapters.fetch import Fetched
from ..adapters.progress import told
from ..adapters.store import Store
from ..contracts import authors, loader, requests
from ..contracts.authors import fault
from ..contracts.layout import attempt_folder
from ..contracts.model import Contract, Dictionary, Source
from ..errors import ContractError, SourceError
from ..extraction import author
from ..extraction.raw import RawFile
from ..extraction.read import Reading, read
from ..extraction.sink import RECORD
from ..settings import settings
from ..versions import heads
from ..versions.heads import Head
from ..versions.reading import archived_raw
from .perform import Run, Work, perform
from .receipts import Counts, Receipt, now

log = logging.getLogger("commons")


def run(task: Run, store: Store) -> Receipt:
    """The receipt of extract: raw/SHA256, raw/sources.json, extracted/NNNNN.parquet, descriptions.json, contract.yaml.

    Raises SourceError where the source can't be fetched or read, ContractError where extract.py is wrong.
    """
    contract = loader.load(task.folder)
    inputs = {"code": settings().code.rpartition(":")[2], "interval": [task.start, task.end]}
    return perform(task, store, inputs, lambda place: _extract(task, contract, store, place))


def _extract(task: Run, contract: Contract, store: Store, place: Path) -> Work:
    head = heads.base(store, settings().ref, task.dataset)
    module = _module(task.folder)
    began = now()
    try:
        fetched = _fetch(task, contract, module, head, place / "raw")
    except SourceError as error:
        raise SourceError(*error.problems, *_kept(task, store, place / "raw" / "refused")) from error
    descriptions = fetched.pop() if contract.dictionary else None
    reading = read([_raw(file) for file in fetched], contract.source, place / "frames")
    tables, counts, reasons = _tables(module, reading, place)
    files = [*fetched, descriptions] if descriptions else fetched
    outputs = {f"raw/{file.sha256}": _path(file) for file in files}
    outputs |= {f"extracted/{number:05d}.parquet": path for number, path in enumerate(tables)}
    outputs["raw/sources.json"] = _write(place / "sources.json", [_source(file) for file in files])
    outputs["contract.yaml"] = Path(shutil.copy(task.folder / "contract.yaml", place))
    if contract.dictionary and descriptions:
        texts = _texts(contract.dictionary, descriptions, place / "dictionary")
        outputs["descriptions.json"] = _write(place / "descriptions.json", texts)
    hashes = {f"raw/{file.sha256}": file.sha256 for file in files}
    return Work(outputs=outputs, hashes=hashes, counts=counts, reasons=reasons, facts=_facts(files, reading, began))


def _module(folder: Path) -> ModuleType | None:
    file = folder / "extract.py"
    return authors.load_module(file) if file.exists() else None


def _requests(contract: Contract, module: ModuleType | None, task: Run, head: Head | None) -> Sequence[Any]:
    """What to fetch: extract.py's addresses() where it has them, else the contract's; the dictionary last."""
    addresses = getattr(module, "addresses", None)
    url = contract.source.url
    asked = requests.parse([url] if isinstance(url, str) else list(url)) if url else ()
    if addresses is not None:
        last = head.entry.meta.model_dump() if head else None
        try:
            named = list(addresses(_moment(task.start), _moment(task.end), last))
        except (Exception, SystemExit) as error:
            raise ContractError(
                f"{task.folder}/extract.py: addresses() failed with {type(error).__name__}: {error}. Correct it."
            ) from error
        asked = requests.parse(named)
    if not asked:
        raise SourceError(
            f"{task.dataset}: nothing to fetch: neither source.url nor extract.py's addresses() names any address."
        )
    return (*asked, *requests.parse([contract.dictionary.url])) if contract.dictionary else asked


def _fetch(task: Run, contract: Contract, module: ModuleType | None, head: Head | None, into: Path) -> list[Fetched]:
    """The source's files in reading order; those that did not change come from the last version's archive."""
    with told() as progress:
        fetched = fetch.fetch_all(
            _requests(contract, module, task, head),
            into,
            previous=head.sources if head else {},
            max_bytes=contract.source.max_mb * 1_000_000,
            expects=contract.source.format,
            base=task.folder,
            progress=progress,
        )
    for file in fetched:
        log.info(
            "extract %s: %s %s",
            task.dataset,
            "unchanged:" if file.not_modified else f"{file.bytes:,} bytes from",
            file.address,
        )
    return [_archived(file, head, into) if file.not_modified and head else file for file in fetched]


def _kept(task: Run, store: Store, refused: Path) -> list[str]:
    """Where refused bytes are now, so that a person can look at them."""
    folder = f"{attempt_folder(task.dataset, task.run, task.verb, task.attempt)}/refused"
    said = []
    for file in sorted(refused.glob("*")):
        store.take(file, f"{folder}/{file.name}")
        said.append(f"What came instead is kept: {store.url}/{folder}/{file.name}")
    return said


def _archived(file: Fetched, head: Head, into: Path) -> Fetched:
    """The bytes of an unchanged source, from the archive of the last version."""
    into.mkdir(parents=True, exist_ok=True)
    path = Path(shutil.copy(archived_raw(head.entry, file.sha256, into.parent / "base"), into / file.sha256))
    return replace(file, path=path, bytes=path.stat().st_size)


def _tables(
    module: ModuleType | None, reading: Reading, place: Path
) -> tuple[list[Path], Counts, dict[str, dict[str, int]]]:
    """The Parquet files that validate reads, and where every record that is not in them went."""
    reasons = {"rejected": reading.rejected, "merged": {}, "added": {}}
    tables = list(reading.frames.values())
    frames = {name: pl.scan_parquet(path, glob=False) for name, path in reading.frames.items()}
    if hasattr(module, "extract") or len({tuple(frame.collect_schema()) for frame in frames.values()}) > 1:
        extracted = author.apply(module, frames)
        tables = [place / "extracted.parquet"]
        try:
            extracted.table.sink_parquet(tables[0], compression="lz4")
        except pl.exceptions.PolarsError as error:  # extract() only planned the work; here it is done
            if module is None:
                raise
            raise fault(Path(str(module.__file__)), error) from error
        _check_records(tables[0], extracted, reading.records - sum(reading.rejected.values()))
        reasons = {
            "rejected": reading.rejected | extracted.rejected,
            "merged": extracted.merged,
            "added": extracted.added,
        }
    counts = {which: sum(by.values()) for which, by in reasons.items()}
    rows = sum(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item() for path in tables)
    Counts(records=reading.records, published=rows, **counts).check("extract")
    return tables, Counts(records=reading.records, **counts), {which: by for which, by in reasons.items() if by}


def _check_records(table: Path, extracted: author.Extracted, came: int) -> None:
    """Raises ContractError where what extract.py counts is not what the numbers of the records tell."""
    numbers = pl.scan_parquet(table, glob=False).select(pl.col(RECORD))
    rows, kept, absent = numbers.select(
        pl.len().alias("rows"),
        pl.col(RECORD).drop_nulls().n_unique().alias("kept"),
        pl.col(RECORD).null_count().alias("absent"),
    ).collect().row(0)  # fmt: skip
    gone, made = came - kept, rows - kept
    said = sum(extracted.rejected.values()) + sum(extracted.merged.values())
    told = sum(extracted.added.values())
    problems = []
    if numbers.collect_schema()[RECORD] != pl.Int64 or absent:
        problems.append(f"'{RECORD}' was changed. Keep it as it comes: the number of the record of each row.")
    elif (gone, made) != (said, told):
        problems.append(
            f"{gone:,} records are in no row and {made:,} rows are more than one a record, but it counted {said:,} as "
            f"rejected or merged and {told:,} as added. Return counts that say so."
        )
    if problems:
        raise ContractError(*(f"extract.py: extract(): {problem}" for problem in problems))


def _texts(dictionary: Dictionary, file: Fetched, place: Path) -> dict[str, str]:
    """Description by column, from the publisher's own table of them."""
    frame = pl.read_parquet(next(iter(read([_raw(file)], Source(), place).frames.values())), glob=False)
    if lacking := {dictionary.column, dictionary.description} - set(frame.columns):
        raise SourceError(
            f"{dictionary.url}: has no column {', '.join(sorted(lacking))}, found {', '.join(frame.columns[1:])}. "
            "Correct `dictionary:` in the contract."
        )
    return dict(frame.select(dictionary.column, dictionary.description).drop_nulls().iter_rows())


def _raw(file: Fetched) -> RawFile:
    return RawFile(file.address, file.name, _path(file), file.sha256, file.bytes)


def _path(file: Fetched) -> Path:
    if file.path is None:
        raise SourceError(
            f"{file.address}: the source says 'not modified', but no last version holds its bytes. Run again."
        )
    return file.path


def _source(file: Fetched) -> dict[str, Any]:
    return {"address": file.address, "name": file.name, "sha256": file.sha256, "bytes": file.bytes}


def _facts(files: list[Fetched], reading: Reading, began: str) -> dict[str, Any]:
    """What publish puts into the pin's meta, and the next fetch asks with."""
    versions = list(dict.fromkeys(file.source_version for file in files))
    joined = versions[0] if len(versions) == 1 else hashlib.sha256("\n".join(versions).encode()).hexdigest()
    dates = [file.source_date for file in files if file.source_date]
    return {
        "fetched": began,
        "source_version": joined,
        "source_date": max(dates).isoformat() if dates else None,
        "sources": {
            file.address: {
                "etag": file.etag,
                "last_modified": file.last_modified,
                "sha256": file.sha256,
                "source_version": file.source_version,
            }
            for file in files
        },
        "rejected_rows": [dataclasses.asdict(row) for row in reading.rejected_rows],
    }


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text) if text else dt.datetime.now(dt.UTC)


def _write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return path
