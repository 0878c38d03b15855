"""What OpenMetadata has and what Git says made one: what people wrote there stays, and where it differs is told.

Three sides are compared: what is there, what Git says, and what was written last (`Written`). What nobody touched since
follows Git. Facts (types, constraints, addresses, versions) always do.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
TEXTS = ("displayName", "description")
SETS = {"tags": "tagFQN", "owners": "id", "domains": "id"}
"""Lists of which people may add and take away, each with the key that tells its items apart."""
FACTS = ("tableConstraints", "sourceUrl", "retentionPeriod", "fileFormat", "fullPath", "tableType")
COLUMN_FACTS = ("dataType", "dataTypeDisplay", "constraint", "precision", "scale")
SHOWN = 60


@dataclass(frozen=True)
class Difference:
    """Where the two sides differ."""

    path: str
    """description, columns/capacity_mw/tags …"""
    there: str
    """What OpenMetadata has, in short."""
    here: str
    """What Git says, in short."""


@dataclass
class Written:
    """What was written last of one entity, and what was there after that: digests of texts, and lists of keys."""

    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    sets: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Merge:
    """What is to be done about one entity."""

    operations: list[Json] = field(default_factory=list)
    """A JSON Patch (RFC 6902); empty where nothing is to be done."""
    changed: list[Difference] = field(default_factory=list)
    """What the patch changes."""
    kept: list[Difference] = field(default_factory=list)
    """What people wrote and Git says otherwise: it stays."""


def merge(there: Json, here: Json, written: Written) -> Merge:
    """The patch that makes entity `there` agree with the request `here`, but for what people wrote since `written`."""
    done = Merge()
    for key in (*TEXTS, *SETS):
        if key in here:
            value = _merged(done, key, key, there, here, written)
            _set(done, f"/{key}", there.get(key), value)
    for key in (key for key in FACTS if key in here):
        _fact(done, key, there.get(key), here[key])
    extension = {**there.get("extension", {}), **here.get("extension", {})}
    if extension != there.get("extension", {}):
        _fact(done, "extension", there.get("extension"), extension)
    for at, inside in (("", here), ("dataModel/", here.get("dataModel"))):
        if inside and "columns" in inside:
            whole = there if not at else there.get("dataModel") or {}
            _columns(done, at, whole.get("columns") or [], inside["columns"], written)
    return done


def remembered(there: Json, here: Json) -> Written:
    """What is to be remembered after the request `here` was written, and `there` was the answer."""
    made = Written()
    for path, before, after in _parts(there, here):
        for key in TEXTS:
            if key in after:
                made.texts[f"{path}{key}"] = (_digest(after[key]), _digest(before.get(key)))
        for key, tells in SETS.items():
            if key in after:
                made.sets[f"{path}{key}"] = [item[tells] for item in after[key]]
    return made


def kept_in(memory: Written, before: Written, done: Merge) -> Written:
    """`memory`, but of what people wrote that which was known `before`: so that it stays theirs."""
    for path in {difference.path for difference in done.kept} & {*memory.texts}:
        memory.texts.pop(path)
        if path in before.texts:
            memory.texts[path] = before.texts[path]
    return memory


def _parts(there: Json, here: Json) -> Iterator[tuple[str, Json, Json]]:
    yield "", there, here
    for at, before, after in (("", there, here), ("dataModel/", there.get("dataModel"), here.get("dataModel"))):
        known = {column["name"]: column for column in (before or {}).get("columns") or []}
        for column in (after or {}).get("columns") or []:
            yield f"{at}columns/{column['name']}/", known.get(column["name"], {}), column


def _merged(done: Merge, path: str, key: str, there: Json, here: Json, written: Written) -> Any:
    """The value that `key` is to have; what differs is noted."""
    if key in TEXTS:
        return _text(done, path, there.get(key), here[key], written.texts.get(path))
    return _united(done, path, SETS[key], there.get(key) or [], here[key], written.sets.get(path))


def _text(done: Merge, path: str, there: str | None, here: str | None, last: tuple[str, str] | None) -> str | None:
    if (there or "") == (here or ""):
        return there
    wanted, was = last or ("", "")
    if there and _digest(there) != was:
        if not here:  # the contract says nothing, so nothing differs
            return there
        done.kept.append(Difference(path, _short(there), _short(here)))
        return there
    if there and _digest(here) == wanted:  # the server writes it in its own way
        return there
    done.changed.append(Difference(path, _short(there), _short(here)))
    return here


def _united(
    done: Merge, path: str, tells: str, there: list[Json], here: list[Json], last: list[str] | None
) -> list[Json]:
    """Items that people added stay, and those that they took away stay away."""
    own = [item for item in there if not item.get("inherited")]
    has, wants, wrote = ([item[tells] for item in own], [item[tells] for item in here], last or [])
    taken = [name for name in wants if name not in has and name in wrote]
    gone = [name for name in has if name in wrote and name not in wants]
    new = [item for item in here if item[tells] not in has and item[tells] not in taken]
    added = [name for name in has if name not in wants and name not in wrote]
    if added or taken:
        done.kept.append(Difference(path, _short(_called(own, tells)), _short(_called(here, tells))))
    if not new and not gone:
        return there
    done.changed.append(Difference(path, _short(_called(own, tells)), _short(_called(here, tells))))
    return [item for item in own if item[tells] not in gone] + new


def _called(items: list[Json], tells: str) -> list[str]:
    return [str(item.get("fullyQualifiedName") or item.get("name") or item[tells]) for item in items]


def _columns(done: Merge, at: str, there: list[Json], here: list[Json], written: Written) -> None:
    """One by one where the columns are the same ones, else the whole list."""
    known = {column["name"]: column for column in there}
    inner = Merge()
    made = [_column(inner, f"{at}columns/{one['name']}", known.get(one["name"], {}), one, written) for one in here]
    names = [column["name"] for column in here]
    if names == [column["name"] for column in there]:
        for number, (before, after) in enumerate(zip(there, made, strict=True)):
            for key in ("description", "tags", *COLUMN_FACTS):
                _set(done, f"/{at}columns/{number}/{key}", before.get(key), after.get(key))
        done.changed += inner.changed
    else:
        done.changed.append(Difference(f"{at}columns", _short([*known]), _short(names)))
        whole = "/dataModel" if at else "/columns"
        done.operations.append(_operation(whole, {"isPartitioned": False, "columns": made} if at else made))
    done.kept += inner.kept


def _column(done: Merge, path: str, there: Json, here: Json, written: Written) -> Json:
    made = {key: value for key, value in there.items() if key not in COLUMN_FACTS} | {"name": here["name"]}
    for key in COLUMN_FACTS:
        if there and there.get(key) != here.get(key):
            done.changed.append(Difference(f"{path}/{key}", _short(there.get(key)), _short(here.get(key))))
        if key in here:
            made[key] = here[key]
    for key in ("description", "tags"):
        value = _merged(done, f"{path}/{key}", key, there, here, written) if key in here else None
        if value or (key in here and key in there):
            made[key] = value
    return made


def _fact(done: Merge, key: str, there: Any, here: Any) -> None:
    if there != here:
        done.changed.append(Difference(key, _short(there), _short(here)))
        done.operations.append(_operation(f"/{key}", here))


def _set(done: Merge, path: str, there: Any, value: Any) -> None:
    if (there or None) != (value or None):
        done.operations.append(_operation(path, value) if value is not None else {"op": "remove", "path": path})


def _operation(path: str, value: Any) -> Json:
    """`add` replaces what is there, or makes it (RFC 6902, 4.1)."""
    return {"op": "add", "path": path, "value": value}


def _digest(value: str | None) -> str:
    return hashlib.sha256((value or "").encode()).hexdigest()[:16]


def _short(value: Any) -> str:
    said = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    said = " ".join(said.split())
    return said if len(said) <= SHOWN else f"{said[: SHOWN - 1]}…"


def as_json(written: Mapping[str, Written]) -> Json:
    """What was written of each entity, to be stored."""
    return {fqn: {"texts": one.texts, "sets": one.sets} for fqn, one in written.items()}


def from_json(said: Mapping[str, Any]) -> dict[str, Written]:
    """What `as_json` made."""
    return {
        fqn: Written({path: (two[0], two[1]) for path, two in one["texts"].items()}, dict(one["sets"]))
        for fqn, one in said.items()
    }
