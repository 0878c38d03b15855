"""The folder of a version: complete, nothing besides, and its counts true, before any byte leaves the machine."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from ..contracts import loader
from ..errors import ContractError, DataError

DECLARED = ("schema.json", "contract.yaml", "quality.json", "raw/sources.json", "blocks.json")
MATCHED = ("matches.parquet", "review.parquet", "rollup.parquet", "match.json")
"""What matching leaves; the roll-up only where the contract has `ownership:`."""
_ALLOWED = re.compile(r"table/([a-z0-9_]+=[^/]*/)?part-\d{5}\.parquet|quarantine\.parquet|raw/[0-9a-f]{64}")


def check_folder(folder: Path, counts: Mapping[str, int]) -> None:
    """Raises DataError with every declared file that is missing, every file too many, and every count that is wrong."""
    if problems := list(_problems(folder, counts)):
        raise DataError(*problems, f"{folder}: is not published. Run the dataset again, from extract.")


def _problems(folder: Path, counts: Mapping[str, int]) -> Iterator[str]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    declared = _declared(folder, counts)
    for name in sorted(declared - names):
        yield f"{folder}/{name}: is missing, though a version has it."
    for name in sorted(name for name in names - declared if not _ALLOWED.fullmatch(name)):
        yield f"{folder}/{name}: is no part of a version (FORMAT.md, 'A version')."
    tables = [folder / name for name in names if name.startswith("table/")]
    if not tables:
        yield f"{folder}/table: holds no part, expected at least part-00000.parquet."
    elif (rows := _rows(tables)) != counts["published"]:
        yield f"{folder}/table: holds {rows:,} rows, expected {counts['published']:,} as counted."
    kept = _rows([folder / "quarantine.parquet"]) if "quarantine.parquet" in names else 0
    if kept != counts["quarantined"]:
        yield f"{folder}/quarantine.parquet: holds {kept:,} rows, expected {counts['quarantined']:,} as counted."
    came, went = counts["records"] + counts["added"], sum(counts.values()) - counts["records"] - counts["added"]
    if came != went:
        yield f"{folder}: {came:,} rows came in and {went:,} went out; every row must be counted."


def _declared(folder: Path, counts: Mapping[str, int]) -> set[str]:
    sources = folder / "raw" / "sources.json"
    listed = json.loads(sources.read_bytes()) if sources.exists() else []
    kept = {"quarantine.parquet"} if counts["quarantined"] else set()
    return {*DECLARED, *kept, *_matched(folder / "contract.yaml"), *(f"raw/{item['sha256']}" for item in listed)}


def _matched(file: Path) -> set[str]:
    """What matching leaves by the contract as it was used; nothing by one that is missing or broken, told elsewhere."""
    try:
        match = loader.loads(file.read_bytes()).match
    except (OSError, ContractError):
        return set()
    return {name for name in MATCHED if match and (match.ownership or name != "rollup.parquet")}


def _rows(files: list[Path]) -> int:
    return sum(int(pq.read_metadata(file).num_rows) for file in files)
