"""The frame around every verb: adopt finished work, else do it in a scratch folder and leave a receipt."""

import hashlib
import json
import logging
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..adapters.store import Store
from ..contracts import layout
from ..contracts.layout import Verb
from ..errors import DataCommonsError, EnvironmentFault, no_room
from ..settings import settings
from .receipts import Counts, Output, Receipt, now, own, pod, sha256_of

log = logging.getLogger("commons")


@dataclass(frozen=True)
class Run:
    """Which verb of which dataset in which DAG run; `start` and `end` are the data interval, ISO 8601 in UTC."""

    dataset: str
    verb: Verb
    run: str
    attempt: str = "0000"
    start: str = ""
    end: str = ""
    as_of: str = ""
    """The day by which waivers are judged; today where it is empty."""
    share: float = 1.0
    """How much verify reads: 1 for every byte."""
    folder: Path = Path()
    """The dataset's folder in the authors' room."""
    shard: tuple[int, int] | None = None
    """Of compare: which part of how many, from 0."""

    @property
    def step(self) -> str:
        """The verb as paths name it."""
        return layout.step(self.verb, self.shard[0] if self.shard else None)


@dataclass
class Work:
    """What a verb did: files by their name in the receipt, and what to say of them."""

    outcome: Literal["done", "unchanged", "blocked", "proposed"] = "done"
    outputs: dict[str, Path] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    """SHA-256 of those outputs whose hash the work knows already."""
    counts: Counts = field(default_factory=Counts)
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def perform(run: Run, store: Store, inputs: dict[str, Any], work: Callable[[Path], Work]) -> Receipt:
    """The verb's receipt for these `inputs`: adopted where it is there, else made by `work(scratch folder)`."""
    folder = layout.attempt_folder(run.dataset, run.run, run.step, run.attempt)
    path = layout.receipt(run.dataset, run.run, run.step, run.attempt, _short(inputs))
    if adopted := own(store, path):
        log.info("%s %s: adopted what was finished at %s", run.step, run.dataset, adopted.facts.get("finished"))
        return adopted
    started = now()
    with scratch() as place, _told_of_full_disks(place):
        done = work(place)
        outputs = _upload(store, f"{folder}/{(writer := uuid.uuid4().hex[:12])}", done)
    receipt = Receipt(
        dataset=run.dataset, verb=run.verb, run=run.run, attempt=run.attempt, outcome=done.outcome, inputs=inputs,
        folder=f"{folder}/{writer}", outputs=outputs, counts=done.counts, reasons=done.reasons, problems=done.problems,
        facts={"started": started, "finished": now(), "code": settings().code, "pod": pod(), **done.facts},
    )  # fmt: skip
    if not store.put_if_absent(path, receipt.canonical()):
        log.warning("%s %s: another pod finished this attempt first; its work counts", run.step, run.dataset)
        winner = own(store, path)
        if winner is None:
            raise EnvironmentFault(f"{store.url}/{path}: was there and is gone. Try again.")
        return winner
    return receipt


@contextmanager
def _told_of_full_disks(place: Path) -> Iterator[None]:
    """A full scratch volume in one sentence, whichever library met it."""
    try:
        yield
    except DataCommonsError:
        raise
    except Exception as error:
        if not no_room(error):
            raise
        raise EnvironmentFault(
            f"{place}: the volume of the scratch folder is full. Nothing was published. "
            "Make room there, name another volume in COMMONS_WORK, or give the dataset a bigger `size:`."
        ) from error


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this process alone, removed afterwards; below COMMONS_WORK where that is set."""
    with tempfile.TemporaryDirectory(prefix="commons-", dir=settings().work or None) as place:
        yield Path(place)


def _upload(store: Store, folder: str, done: Work) -> dict[str, Output]:
    left: dict[str, Output] = {}
    for name, local in done.outputs.items():
        left[name] = Output(sha256=done.hashes.get(name) or sha256_of(local), bytes=local.stat().st_size)
        store.take(local, f"{folder}/{name}")
    return left


def _short(inputs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]
