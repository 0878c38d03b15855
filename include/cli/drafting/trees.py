"""Where the records are in JSON, XML and SQLite files."""

import sqlite3
from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import ParseError

import ijson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

_EVENTS = 300_000
_SCALARS = ("string", "number", "boolean", "null")


def json_path(path: Path) -> tuple[str | None, str | None]:
    """What `source.path` must say: the objects of an array that hold most values; None where that is the file.

    Of GeoJSON these are the properties; then also the path of the features, which hold geometry beside them.
    """
    scalars: Counter[str] = Counter()
    features: set[str] = set()
    try:
        with path.open("rb") as file:
            for prefix, event, _ in islice(ijson.parse(file), _EVENTS):
                parent, _, last = prefix.rpartition(".")
                if last == "geometry":
                    features.add(parent)
                if event in _SCALARS and parent and last != "item":
                    scalars[parent] += 1
    except ijson.JSONError:
        return None, None  # the engine names the line
    within = [each for each in scalars if "item" in each.split(".")]
    if not within:
        return None, None
    fewest = min(each.split(".").count("item") for each in within)
    likely = [each for each in within if each.split(".").count("item") == fewest]
    properties = [each for each in likely if each.endswith(".properties") and each.rpartition(".")[0] in features]
    best = max(properties or likely, key=lambda each: scalars[each])
    return _steps(best), _steps(best.rpartition(".")[0]) or "[]" if properties else None


def _steps(prefix: str) -> str | None:
    steps = "".join("[]" if step == "item" else f".{step}" for step in prefix.split(".")).removeprefix(".")
    return None if steps == "[]" else steps


def xml_path(path: Path) -> str | None:
    """What `source.path` must say: the element that repeats and holds most attributes and children."""
    times: Counter[str] = Counter()
    parts: defaultdict[str, set[str]] = defaultdict(set)
    open_: list[str] = []
    try:
        with path.open("rb") as file:
            for event, element in islice(iterparse(file, events=("start", "end")), _EVENTS):
                if event == "end":
                    open_.pop()
                    element.clear()
                    continue
                name = element.tag.rpartition("}")[2]
                if open_:
                    parts["/".join(open_)].add(name)
                open_.append(name)
                times["/".join(open_)] += 1
                parts["/".join(open_)].update(element.attrib)
    except (ParseError, ValueError, LookupError, DefusedXmlException):
        return None  # the engine says why
    rows = [each for each in times if parts[each] and times[each] > 1] or [each for each in times if parts[each]]
    return max(rows, key=lambda each: times[each] * len(parts[each]), default=None)


def sqlite_tables(path: Path) -> list[str]:
    """The tables of a database, that of most rows first."""
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as base:
        found = base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = [str(name) for (name,) in found]
        sizes = {name: _count(base, name) for name in names}
    return sorted(names, key=lambda name: -sizes[name])


def _count(base: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(base.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608 (quoted as SQL says)
