"""Datasets of the test's repository: a real one, some whose extract.py fails when asked to, one that is matched."""

import re
import shutil
from pathlib import Path

from include.adapters.fetch import fetch
from include.contracts import loader
from include.settings import REPOSITORY
from tests.tasks import matched

FAULTS = ("meters_killed", "meters_hoarding", "meters_unheard")
MATCHED = ("forms", "companies", "owners")
RECORDS, NEGATIVE, SHARDS = 1000, 10, 3

CONTRACT = """\
title: Meter readings
description: Energy that meters counted in a day; some readings are wrong.
owner: energy@example.org
licence: CC0-1.0
source:
  url: file:readings.csv
key: [meter_id]
access: public
expect:
  quarantine_pct: 2
"""
SCHEMA = '''\
"""One row per meter."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    meter_id: str = pa.Field(unique=True, description="The meter")
    energy_kwh: float = pa.Field(ge=0, description="Energy of the day")
'''
EXTRACT = '''\
"""Reads all, and does what the object wishes/NAME of the store says: hold (until it is gone) or hoard memory."""

import os
import time
from pathlib import Path

import fsspec
import polars as pl

DATASET = Path(__file__).parent.name


def extract(frames: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    print(f"uid {os.getuid()} gid {os.getgid()}; {written(DATASET)}", flush=True)
    while (wish := wished()) == b"hold":
        print("holding", flush=True)
        time.sleep(0.2)
    hoard: list[bytearray] = []
    while wish == b"hoard":
        print(f"hoarding {64 * len(hoard)} MiB", flush=True)
        hoard.append(bytearray(os.urandom(1) * 2**26))
    return pl.concat(frames.values())


def wished() -> bytes:
    files, path = fsspec.core.url_to_fs(f"{os.environ['COMMONS_STORE']}/wishes/{DATASET}")
    files.invalidate_cache()
    return files.cat_file(path) if files.exists(path) else b""


def written(name: str) -> str:
    try:
        Path("/opt/commons", name).touch()
    except OSError as error:
        return error.strerror
    return "the root can be written to"
'''


def room(folder: Path, shared: Path) -> None:
    """Fills the authors' room `folder`: elf_codes as it is here, but for its address, the faulty and matched ones."""
    shutil.rmtree(folder)
    elf = folder / "elf_codes"
    shutil.copytree(REPOSITORY / "include/datasets/elf_codes", elf)
    address = loader.load(elf).source.url[0]
    source = fetch(address, folder.parent / "fetched", mirror=str(shared))
    assert source.path
    source.path.replace(elf / "codes.csv")
    (folder.parent / "fetched").rmdir()
    text = (elf / "contract.yaml").read_text()
    (elf / "contract.yaml").write_text(re.sub(r"(?m)^( +url:).*$", r"\1 file:codes.csv", text))
    for name in FAULTS:
        _meters(folder / name)
    matched.write_all(folder, SHARDS)


def _meters(folder: Path) -> None:
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT)
    (folder / "schema.py").write_text(SCHEMA)
    (folder / "extract.py").write_text(EXTRACT)
    step = RECORDS // NEGATIVE
    rows = [f"M{n:04d},{-n if n % step == 7 else 1.5 * n}\n" for n in range(1, RECORDS + 1)]
    (folder / "readings.csv").write_text("meter_id,energy_kwh\n" + "".join(rows))
