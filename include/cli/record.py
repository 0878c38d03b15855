"""The record of a version on a terminal: one screen, from what was made to how good it is."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..settings import REPOSITORY
from ..versions.record import record, version_at

MOST = 12
"""Files and rules that a terminal shows; `--json` has all."""


def record_of(name: str, at: str | None) -> dict[str, Any]:
    """The record of a dataset's version. Raises DataError where it has none there."""
    return record(version_at(REPOSITORY, name, at), REPOSITORY)


def rendered(said: dict[str, Any]) -> RenderableType:
    """The record as a table of facts."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, value in _lines(said):
        table.add_row(what, Text(value))
    return Group(Text(f"{said['dataset']}: {said['rows']['published']:,} rows", style="bold"), table)


def _lines(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What and value, one a line; what goes on has no name."""
    commit, run, code, schema = said["commit"], said["run"], said["code"], said["schema"]
    if gone := said["withdrawn"]:
        yield "WITHDRAWN", f"by {gone['by']} on {gone['at']}: {gone['why']}"
    yield "commit", f"{commit['id'][:12]}  {commit['date']}  {commit['author']}" if commit else "not committed yet"
    if said["why"]:
        yield "why", said["why"]
    yield "content", said["content"]
    yield "bytes", f"{said['md5']}  {said['size']:,} in {said['files']} files, remote {said['access']}"
    yield "follows", said["follows"] or "nothing: a first version"
    yield "run", f"{run['id']}  published {run['published']}"
    yield from (("", f"{what} {value}") for what, value in _of_run(run))
    yield "code", code["commit"]
    yield "environment", code["environment"]
    if code["image"]:
        yield "image", code["image"]
    yield from _continued("source", _sources(said["source"]))
    yield from _continued("inputs", [_input(one) for one in said["inputs"]] or ["none"])
    yield from _continued("rows", _rows(said["rows"]))
    yield "schema", schema["sha256"] + (f"  {schema['columns']} columns" if schema["columns"] else "")
    if schema["key"]:
        yield "key", ", ".join(schema["key"])
    yield from _continued("quality", _quality(said["quality"]))
    if said["lacking"]:
        yield "lacking", said["lacking"]


def _continued(what: str, values: list[str]) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(values):
        yield what if number == 0 else "", value


def _of_run(run: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if run["interval"]:
        yield "interval", " to ".join(run["interval"])
    if run["fetched"]:
        yield "source fetched", run["fetched"]
    if run["as_of"]:
        yield "waivers judged as of", run["as_of"]


def _sources(source: dict[str, Any]) -> list[str]:
    told = [f"version {source['version']}" + (f", of {source['date']}" if source["date"] else "")]
    for one in (source["files"] or [])[:MOST]:
        told.append(f"{one['address']}")
        said = " ".join(filter(None, [one.get("etag") and f"ETag {one['etag']}", one.get("last_modified")]))
        told.append(f"  {one['bytes']:,} bytes, SHA-256 {one['sha256']}" + (f", {said}" if said else ""))
    return told + _more(len(source["files"] or ()), "files")


def _input(one: dict[str, Any]) -> str:
    where = f"commit {one['commit'][:12]}" if one["commit"] else "pinned by no commit"
    return f"{one['dataset']}  {where}  content {one['content'][:12]}"


def _rows(rows: dict[str, Any]) -> list[str]:
    counts = ", ".join(f"{rows[kind]:,} {kind}" for kind in rows if kind != "reasons" and rows[kind])
    why = [f"{n:,} {kind}: {rule}" for kind, by in rows["reasons"].items() for rule, n in by.items()]
    return [counts, *why[:MOST], *_more(len(why), "reasons")]


def _quality(quality: dict[str, Any] | None) -> list[str]:
    if quality is None:
        return ["not known here"]
    told = [f"{rule}: {n:,} {v}" for v, by in quality.items() if v != "held" for rule, n in by.items()]
    return [f"{quality['held']} rules hold", *told[:MOST], *_more(len(told), "rules")]


def _more(number: int, what: str) -> list[str]:
    return [f"… and {number - MOST} more {what}: --json has all"] if number > MOST else []
