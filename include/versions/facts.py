"""What a publication is told of a version, and the entry of data.dvc that comes of it."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.remote import CLASSES, Listing
from ..contracts.columns import TableSchema
from .pins import SOURCES, Entry, Meta, Source


@dataclass(frozen=True)
class Facts:
    """Facts of the run that made a version; FORMAT.md, "data.dvc", says what each means."""

    name: str
    access: str
    """The contract's access class; the version's is never less than it."""
    counts: dict[str, int]
    """records, added, published, quarantined, rejected, merged."""
    source_version: str
    code: str
    environment: str
    run: str
    base: str | None = None
    """The md5 of the version that this run started from; None for a first version."""
    source_date: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    image: str | None = None
    interval: tuple[str, str] | None = None
    as_of: str | None = None
    fetched: str | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    why: str | None = None
    published: str = field(default_factory=lambda: f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}")


def said(sources: Mapping[str, Mapping[str, str | None]]) -> dict[str, Source]:
    """What the sources said of themselves, by address; those that said nothing are left out (a file, a mirror)."""
    known = {}
    for address, facts in sources.items():
        etag = facts.get("etag") if facts.get("etag") != facts.get("sha256") else None
        if etag or facts.get("last_modified"):
            known[address] = Source(etag=etag, last_modified=facts.get("last_modified"))
    return dict(list(known.items())[:SOURCES])


def access_class(schema: TableSchema, access: str) -> str:
    """The class of a version: that of its most sensitive column, and at least the contract's."""
    return max([access, *(column.sensitivity for column in schema.columns)], key=CLASSES.index)


def entry_of(facts: Facts, listing: Listing, folder: Path, content: str, remote: str) -> Entry:
    """The entry that pins the version in `folder`."""
    return Entry(
        path=f"data/{facts.name}",
        md5=listing.md5,
        size=listing.size,
        nfiles=len(listing.files),
        remote=remote,
        meta=Meta(
            content=content,
            schema=hashlib.sha256((folder / "schema.json").read_bytes()).hexdigest(),
            rows=facts.counts["published"],
            records=facts.counts["records"],
            added=facts.counts["added"],
            quarantined=facts.counts["quarantined"],
            rejected=facts.counts["rejected"],
            merged=facts.counts["merged"],
            source_version=facts.source_version,
            source_date=facts.source_date,
            inputs=dict(sorted(facts.inputs.items())),
            base=facts.base,
            code=facts.code,
            environment=facts.environment,
            image=facts.image,
            run=facts.run,
            interval=facts.interval,
            as_of=facts.as_of,
            fetched=facts.fetched,
            sources=facts.sources or None,
            published=facts.published,
            why=facts.why,
        ),
    )


def trailers(entry: Entry) -> dict[str, str]:
    """What a publishing commit says of the version, for people and for `git log --grep`."""
    meta = entry.meta
    named = {
        "Dataset": entry.name,
        "Rows": str(meta.rows),
        "Quarantined": str(meta.quarantined),
        "Rejected": str(meta.rejected),
        "Content": meta.content,
        "Source-Version": meta.source_version,
        "Source-Date": meta.source_date,
        "Dag-Run": meta.run,
        "Code-Commit": meta.code,
        "Environment": meta.environment,
        "Inputs": ", ".join(f"{name}@{content}" for name, content in meta.inputs.items()) or "none",
        "Reason": meta.why,
    }
    return {key: " ".join(value.split()) for key, value in named.items() if value}


def message(entry: Entry) -> str:
    """The message of the commit that publishes `entry`."""
    verb = "Roll back" if entry.meta.rolled_back else "Publish"
    subject = f"{verb} {entry.name}: {entry.meta.rows:,} rows"
    return f"{subject}\n\n" + "\n".join(f"{key}: {value}" for key, value in trailers(entry).items()) + "\n"
