"""extract: fetches the source, archives the bytes as they came, reads them into tables of text."""

import datetime as dt
import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..adapters import fetch, secrets
from ..adapters.store import Store
from ..contracts import authors, loader, requests
from ..contracts.model import Contract
from ..extraction import author, read
from ..extraction.raw import RawFile
from ..settings import settings
from ..versions import heads
from .perform import Run, Work, perform
from .receipts import Counts, Receipt

log = logging.getLogger("commons")


def run(task: Run, store: Store) -> Receipt:
    """The receipt of extract: raw/SHA256, raw/sources.json, extracted/NNNNN.parquet, descriptions.json, contract.yaml.

    Raises SourceError where the source can't be fetched or read, ContractError where extract.py fails.
    """
    contract = loader.load(task.folder)
    inputs = {"code": settings().code.rpartition(":")[2], "interval": [task.start, task.end]}
    return perform(task, store, inputs, lambda place: _extract(task, contract, store, place))


def _extract(task: Run, contract: Contract, store: Store, place: Path) -> Work:
    head = heads.read(store, settings().ref, task.dataset)
    module = authors.load_module(task.folder / "extract.py") if (task.folder / "extract.py").exists() else None
    wanted = _requests(contract, module, task, head.last if head else None)
    fetched = fetch.fetch_all(wanted, place / "raw", contract.source.max_mb, head.sources if head else {})
    raw = [RawFile(f.address, f.name, f.path, f.sha256, f.bytes) for f in fetched]
    data = [file for file in raw if not contract.dictionary or file.address != contract.dictionary.url]
    log.info("extract %s: %d file(s), %d bytes", task.dataset, len(raw), sum(f.bytes for f in raw))
    reading = read.read(data, contract.source, place / "frames", read.Caps())
    extracted = author.apply(module, reading.frames)
    return Work()
