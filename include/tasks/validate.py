"""validate: casts and checks the extracted rows, keeps back the bad ones, judges the table as a whole."""

import datetime as dt
import json
from pathlib import Path

from ..adapters.store import Store
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.model import Contract
from ..settings import settings
from ..validation import schema as schemas
from ..validation.expectations import Previous
from ..validation.render import render
from ..validation.run import validate
from ..validation.verdict import Counted
from ..versions import heads, reading
from ..versions.heads import Head
from .perform import Run, Work, perform
from .receipts import Counts, Receipt, files, needed


def run(task: Run, store: Store) -> Receipt:
    """The receipt of validate: the version's own files, and report.md and report.html for people.

    Raises ContractError where schema.py is wrong. Broken rules are no error but the outcome `blocked`.
    """
    contract = loader.load(task.folder)
    upstream = needed(store, task.dataset, task.run, "extract")
    base = heads.base(store, settings().ref, task.dataset)
    wanted = sorted({reference.dataset for reference in contract.expect.references})
    others = {name: head for name in wanted if (head := heads.read(store, settings().ref, name))}
    matching = loader.matching_inputs(task.folder.parent, contract)
    matched = {name: head for name in matching if (head := heads.read(store, settings().ref, name))}
    inputs = {
        "code": settings().code.rpartition(":")[2],
        "extract": upstream.sha256,
        "base": base.entry.md5 if base else None,
        "references": {name: head.entry.md5 for name, head in others.items()},
    }
    inputs |= {"matching": {name: head.entry.md5 for name, head in matched.items()}} if contract.match else {}

    def work(place: Path) -> Work:
        done = _validate(task, contract, upstream, base, others, store, place)
        if contract.match:  # so that every verb of the run matches by the same versions
            done.facts["matching"] = {name: head.entry.document() for name, head in matched.items()}
            gone = [entry for head in matched.values() for entry in head.withdrawn]
            done.facts["withdrawn"] = [entry.document() for entry in gone]
        return done

    return perform(task, store, inputs, work)


def _validate(
    task: Run,
    contract: Contract,
    upstream: Receipt,
    base: Head | None,
    others: dict[str, Head],
    store: Store,
    place: Path,
) -> Work:
    came = files(store, upstream, place / "in", lambda name: not name.startswith("raw/"))
    tables = _together({n: path for n, path in came.items() if n.startswith("extracted/")}, place / "extracted")
    texts = json.loads(came["descriptions.json"].read_text()) if "descriptions.json" in came else {}
    previous = _previous(base, place / "base")
    schema = schemas.load(task.folder)
    table = render(schema, contract, previous.schema if previous else None, texts)
    references = {name: reading.table_files(head.entry, place / "base") for name, head in others.items()}
    reasons = {kind: upstream.reasons.get(kind, {}) for kind in ("rejected", "merged", "added")}
    rejected = [(row["reason"], row["place"]) for row in reversed(upstream.facts["rejected_rows"])]
    first = {reason: at for reason in reasons["rejected"] for said, at in rejected if said.startswith(reason)}
    counted = Counted(upstream.counts.records, **reasons, examples=first)
    into = place / "version"
    as_of = task.as_of or f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    verdict = validate(
        tables, schema, table, contract, previous, references, into, settings().memory_mb,
        today=dt.date.fromisoformat(as_of), counted=counted,
    )  # fmt: skip
    (into / "schema.json").write_text(table.to_json(), encoding="utf-8")
    counts = Counts(**verdict.counts)
    counts.check(f"validate {task.dataset}")
    return Work(
        outcome=verdict.outcome,
        outputs={path.relative_to(into).as_posix(): path for path in sorted(into.rglob("*")) if path.is_file()},
        counts=counts,
        reasons={kind: dict(by) for kind, by in verdict.reasons.items() if by},
        problems=verdict.problems,
        facts={
            "as_of": as_of,
            "breaking": list(verdict.breaking),
            "warnings": dict(verdict.warnings),
            "references": {name: head.entry.meta.content for name, head in others.items()},
        },
    )


def _together(tables: dict[str, Path], folder: Path) -> Path:
    """One folder with the extracted files, in order."""
    folder.mkdir()
    for path in tables.values():
        (folder / path.name).symlink_to(path)
    return folder


def _previous(base: Head | None, into: Path) -> Previous | None:
    """The last version's schema and table, for field ids and for what may not change."""
    if base is None:
        return None
    schema = TableSchema.from_json(reading.file_of(base.entry, "schema.json", into).read_text(encoding="utf-8"))
    return Previous(schema, tuple(reading.table_files(base.entry, into)))
