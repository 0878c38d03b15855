"""The one record that ties a version together: what was made, of what, by which code, where, and how good it is."""

import json
from pathlib import Path
from typing import Any

from ..adapters.cache import cache_folder
from ..errors import DataCommonsError
from . import timeline
from .pins import Entry
from .reading import Version, entry_at, file_of
from .timeline import Logged
from .withdrawal import tombstone

WORKING_TREE = "working tree"
COUNTS = ("records", "added", "published", "quarantined", "rejected", "merged")


def version_at(repository: Path, name: str, revision: str | None = None) -> Version:
    """The version of a dataset at a revision (the working tree by default) with the commit that pinned it first.

    In the working tree the commit is empty where none pins it yet. Raises as `reading.entry_at`.
    """
    return pinned_by(repository, entry_at(repository, name, revision), revision)


def pinned_by(repository: Path, entry: Entry, revision: str | None = None) -> Version:
    """The version of `entry` with the commit on the way to `revision` (HEAD by default) that pinned it first."""
    said = (entry.meta.content, entry.meta.run)
    known = _known(repository, entry.name, revision)
    found = next((one for one in known if (one.content, one.run) == said), None)
    return Version(found.commit, found.date, found.who, entry) if found else Version("", "", "", entry)


def record(version: Version, repository: Path, cache: Path | None = None) -> dict[str, Any]:
    """The record of `version` for people and machines; FORMAT.md, "version.json", says what each key means.

    What lies with the bytes (sources, files, rules) is None where they can't be had; `lacking` then says why.
    """
    entry, meta = version.entry, version.entry.meta
    gone = tombstone(repository, entry)
    files, lacking = _files(entry, repository, cache or cache_folder(repository)) if not gone else ({}, None)
    return {
        "format": 1,
        "dataset": entry.name,
        "commit": {"id": version.commit, "date": version.date, "author": version.author} if version.commit else None,
        "md5": entry.md5,
        "content": meta.content,
        "size": entry.size,
        "files": entry.nfiles,
        "access": entry.remote,
        "schema": {"sha256": meta.schema_, **_schema(files)},
        "code": {"commit": meta.code, "environment": meta.environment, "image": meta.image},
        "run": {
            "id": meta.run,
            "interval": meta.interval,
            "as_of": meta.as_of,
            "fetched": meta.fetched,
            "published": meta.published,
        },
        "source": {"version": meta.source_version, "date": meta.source_date, "files": _sources(entry, files)},
        "inputs": [_input(repository, version, name, content) for name, content in meta.inputs.items()],
        "follows": meta.base,
        "rows": _rows(entry, files),
        "quality": _quality(files),
        "why": meta.why,
        "withdrawn": gone.model_dump(exclude_none=True) if gone else None,
        "lacking": lacking,
    }


def _files(entry: Entry, repository: Path, cache: Path) -> tuple[dict[str, Any], str | None]:
    """The small files of a version that say how it came about, by name."""
    read = {}
    try:
        for name in ("schema.json", "quality.json", "raw/sources.json"):
            read[name] = json.loads(file_of(entry, name, cache, repository).read_bytes())
    except (DataCommonsError, ValueError) as error:
        return {}, str(error)
    return read, None


def _schema(files: dict[str, Any]) -> dict[str, Any]:
    if (schema := files.get("schema.json")) is None:
        return {"columns": None, "key": None}
    return {"columns": len(schema["columns"]), "key": schema["key"]}


def _sources(entry: Entry, files: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The archived raw files in reading order, with what their sources said of them."""
    if (listed := files.get("raw/sources.json")) is None:
        return None
    said = entry.meta.sources or {}
    return [{**item, **(said[item["address"]].model_dump() if item["address"] in said else {})} for item in listed]


def _input(repository: Path, version: Version, name: str, content: str) -> dict[str, Any]:
    """A dataset that was referred to, and the commit that pinned what was read of it; None where no commit did."""
    known = _known(repository, name, version.commit or None)
    found = next((other.commit for other in known if other.content == content), None)
    return {"dataset": name, "content": content, "commit": found}


def _known(repository: Path, name: str, revision: str | None) -> list[Logged]:
    return timeline.versions(repository, name, revision or "HEAD") if (repository / ".git").exists() else []


def _rows(entry: Entry, files: dict[str, Any]) -> dict[str, Any]:
    """Where every record went, and why those went that are not in the table."""
    counted = {**entry.meta.model_dump(include=set(COUNTS)), "published": entry.meta.rows}
    reasons = files.get("quality.json", {}).get("reasons", {})
    return {**{kind: counted[kind] for kind in COUNTS}, "reasons": {kind: by for kind, by in reasons.items() if by}}


def _quality(files: dict[str, Any]) -> dict[str, Any] | None:
    """The rules by verdict: how many hold, which keep rows back, warn or are waived, with their failures."""
    if (quality := files.get("quality.json")) is None:
        return None
    rules = quality.get("rules", [])
    verdicts = ("quarantined", "warning", "waived", "blocked")
    found = {v: {r["rule"]: r["failures"] for r in rules if r["verdict"] == v} for v in verdicts}
    return {"held": sum(rule["verdict"] == "pass" for rule in rules), **found}
