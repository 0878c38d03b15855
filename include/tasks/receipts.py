"""Receipts: the proof of a verb, written once; see FORMAT.md, "The store"."""

import datetime as dt
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from ..adapters.hashing import Hashes
from ..adapters.store import Store
from ..contracts.layout import Verb, attempt_folder, attempt_of, run_folder, step
from ..errors import DataError, EnvironmentFault

T = TypeVar("T")


class Output(BaseModel):
    """One file that a verb left: its SHA-256 and size."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sha256: str
    bytes: int


class Counts(BaseModel):
    """Where every record went: records + added = published + quarantined + rejected + merged."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    records: int = 0
    added: int = 0
    published: int = 0
    quarantined: int = 0
    rejected: int = 0
    merged: int = 0

    def check(self, where: str) -> None:
        """Raises DataError where a row was lost or appeared from nowhere."""
        came = self.records + self.added
        went = self.published + self.quarantined + self.rejected + self.merged
        if came != went:
            raise DataError(
                f"{where}: {came:,} rows came in and {went:,} went out ({self!r}). "
                "What extract.py drops, merges or adds it must return as counts; else this is a fault of the engine."
            )


class Receipt(BaseModel):
    """What a verb did, for the next verb, for a retry and for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1] = 1
    dataset: str
    verb: Verb
    run: str
    attempt: str
    outcome: Literal["done", "unchanged", "blocked", "proposed"]
    inputs: dict[str, Any]
    folder: str
    outputs: dict[str, Output] = {}
    counts: Counts = Counts()
    reasons: dict[str, dict[str, int]] = {}
    problems: tuple[str, ...] = ()
    facts: dict[str, Any] = {}

    def canonical(self) -> bytes:
        """The bytes that are stored and hashed."""
        return (self.model_dump_json(indent=1) + "\n").encode()

    @property
    def step(self) -> str:
        """The verb as paths name it: with the shard that its inputs tell."""
        shard = self.inputs.get("shard")
        return step(self.verb, shard[0] if shard else None)

    @property
    def sha256(self) -> str:
        """What a later verb names as its input."""
        return hashlib.sha256(self.canonical()).hexdigest()


def found(store: Store, dataset: str, run: str, verb: str) -> Receipt | None:
    """The receipt of the verb's highest attempt; of several there, the last one finished."""
    paths = [p for p in store.list(run_folder(dataset, run, verb)) if p.rpartition("/")[2].startswith("receipt")]
    if not paths:
        return None
    top = max(map(attempt_of, paths))
    receipts = [_read(store, p) for p in paths if attempt_of(p) == top]
    return max(receipts, key=lambda r: str(r.facts.get("finished", "")))


def own(store: Store, path: str) -> Receipt | None:
    """The receipt at exactly this `path`, if there is one."""
    return _read(store, path) if store.get(path) is not None else None


def needed(store: Store, dataset: str, run: str, verb: str) -> Receipt:
    """As `found`, but it must be there and must not say `blocked`."""
    receipt = found(store, dataset, run, verb)
    if receipt is None:
        raise EnvironmentFault(
            f"{dataset}: run {run} has no receipt of {verb} in {store.url}, though its task may be green. "
            f"Nothing was published. Clear the task {verb} to do it again."
        )
    if receipt.outcome == "blocked":
        raise DataError(f"{dataset}: {verb} stopped this run; the last good version stays.", *receipt.problems)
    return receipt


def files(
    store: Store, receipt: Receipt, into: Path, wanted: Callable[[str], bool] = lambda _: True
) -> dict[str, Path]:
    """Local files of a receipt's outputs that are `wanted`, by name, their hashes checked."""

    def bring(_name: str, path: str) -> tuple[Path, str]:
        local = store.local(path, into)
        return local, sha256_of(local)

    return _checked(store, receipt, wanted, bring)


def copies(store: Store, receipt: Receipt, into: Path, wanted: Callable[[str], bool]) -> dict[str, Hashes]:
    """Hashes, by name, of a receipt's outputs that are `wanted`, copied to INTO/NAME and checked as they are written.

    Unlike the files of a store, the copies are out of reach of pods that run authors' code.
    """

    def bring(name: str, path: str) -> tuple[Hashes, str]:
        found = store.copy(path, into / name)
        return found, found.sha256

    return _checked(store, receipt, wanted, bring)


def _checked(
    store: Store, receipt: Receipt, wanted: Callable[[str], bool], bring: Callable[[str, str], tuple[T, str]]
) -> dict[str, T]:
    """What `bring` makes of each output, by name, where the SHA-256 that it tells is that of the receipt."""
    brought: dict[str, T] = {}
    problems: list[str] = []
    for name, output in receipt.outputs.items():
        if not wanted(name):
            continue
        try:
            brought[name], sha = bring(name, f"{receipt.folder}/{name}")
        except FileNotFoundError:
            problems.append(f"{receipt.folder}/{name}: is gone from {store.url}")
            continue
        if sha != output.sha256:
            problems.append(
                f"{receipt.folder}/{name}: its bytes are not those of the receipt: "
                f"expected sha256 {output.sha256}, found {sha}"
            )
    if problems:
        raise EnvironmentFault(*problems, f"Clear the task {receipt.verb} to make them again.")
    return brought


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def now() -> str:
    """The time now in UTC, as receipts write it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pod() -> str:
    """Which pod or machine this is."""
    return os.environ.get("HOSTNAME") or socket.gethostname()


def _read(store: Store, path: str) -> Receipt:
    content = store.get(path)
    if content is None:
        raise EnvironmentFault(f"{store.url}/{path}: the receipt went away while it was read. Try again.")
    try:
        return _in_place(Receipt.model_validate_json(content), path)
    except ValueError as error:
        raise EnvironmentFault(
            f"{store.url}/{path}: not a receipt of format 1: {error}. Clear the task to make a new one."
        ) from error


def _in_place(receipt: Receipt, path: str) -> Receipt:
    """The receipt, if it speaks of its own attempt only: pods that wrote it run authors' code and foreign bytes."""
    own_folder = path.rpartition("/")[0]
    names = [PurePosixPath(name) for name in receipt.outputs]
    if (
        attempt_folder(receipt.dataset, receipt.run, receipt.step, receipt.attempt) != own_folder
        or PurePosixPath(receipt.folder).parent != PurePosixPath(own_folder)
        or any(name.is_absolute() or ".." in name.parts for name in names)
    ):
        raise ValueError(f"it speaks of files or runs outside {own_folder}")
    return receipt
