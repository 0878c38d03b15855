"""How good the newest version is, in OpenMetadata's shape: rules as test cases, a profile, and a masked sample."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .model import Described
from .naming import Place, entity_name, quoted
from .shapes import text
from .telling import shows_values, withdrawn

if TYPE_CHECKING:
    from .entities import Entity

Json = dict[str, Any]
ROWS = 10
"""Rows of a sample."""
LONG = 200
"""Characters of a value in it."""
MASKED = "masked"
DEFINITIONS = {"TABLE": "data_commons_rule", "COLUMN": "data_commons_column_rule"}
"""By what a rule is on: the test definition of all such rules."""


def definition(kind: str) -> Json:
    """The request that makes a test definition."""
    said = "A rule of a dataset's contract or schema; the pipeline judges each version by it."
    about = {"description": said, "displayName": "Rule of Data Commons", "testPlatforms": ["Other"]}
    return {"name": DEFINITIONS[kind], "entityType": kind, **about}


def published_at(one: Described) -> int:
    """When the newest version was published, in milliseconds since 1970."""
    when = (one.record or {})["run"]["published"]
    return round(dt.datetime.fromisoformat(when).timestamp() * 1000)


def cases(one: Described, table: Place) -> "Iterator[tuple[Entity, Json | None]]":
    """Each rule of the newest version as a test case, and its result: how many rows fail, never which."""
    from .entities import Entity

    columns = {column.name for column in one.schema.columns} if one.schema else set()
    for rule in (one.quality or {}).get("rules", []):
        first, _, last = rule["rule"].partition(".")
        on = next((name for name in (first, last) if name in columns), None)
        link = f"<#E::table::{table.fqn}{f'::columns::{quoted(on)}' if on else ''}>"
        name, above = entity_name(rule["rule"]), table.column(on) if on else table.fqn
        request = {"name": name, "testDefinition": DEFINITIONS["COLUMN" if on else "TABLE"], "entityLink": link}
        request["description"] = text(f"{rule['rule']}: {rule['severity']}, on {rule['on']}.")
        yield Entity("dataQuality/testCases", f"{above}.{quoted(name)}", request), _result(one, rule)


def _result(one: Described, rule: Mapping[str, Any]) -> Json:
    failures, verdict = rule["failures"], rule["verdict"]
    result = {
        "timestamp": published_at(one),
        "testCaseStatus": "Success" if verdict == "pass" else "Failed",
        "result": f"{verdict}: {failures:,} failures",
        "testResultValue": [{"name": "failures", "value": str(failures)}],
    }
    rows = (one.record or {})["rows"]["published"]
    if rule["on"] == "rows" and verdict in ("pass", "warning", "waived"):
        result |= {"failedRows": failures, "passedRows": max(rows - failures, 0)}
    return result


def profile(one: Described) -> Json | None:
    """Counts of the newest version and of each column; least, greatest and mean of columns that everybody may see."""
    if one.schema is None or one.quality is None or one.record is None:
        return None
    at, rows = published_at(one), one.record["rows"]["published"]
    table = {
        "timestamp": at,
        "rowCount": rows,
        "columnCount": len(one.schema.columns),
        "sizeInByte": one.record["size"],
    }
    found = one.quality.get("columns", {})
    columns = []
    for column in one.schema.columns:
        facts = found.get(column.name, {})
        told = _counted(facts, rows)
        if shows_values(one, column):
            told |= {key: _short(facts[key]) for key in ("min", "max") if facts.get(key) is not None}
            told |= {"mean": facts["mean"]} if isinstance(facts.get("mean"), int | float) else {}
        columns.append({"name": entity_name(column.name), "timestamp": at, **told})
    return {"tableProfile": table, "columnProfile": columns}


def _counted(facts: Mapping[str, Any], rows: int) -> Json:
    told: Json = {"valuesCount": rows}
    if (nulls := facts.get("nulls")) is not None:
        told |= {"nullCount": nulls, "nullProportion": nulls / rows if rows else 0.0, "valuesCount": rows - nulls}
    if (distinct := facts.get("distinct")) is not None:
        told |= {"distinctCount": distinct, "distinctProportion": distinct / rows if rows else 0.0}
    return told


def sample(one: Described, rows: Sequence[Mapping[str, Any]]) -> Json | None:
    """The first rows, guarded values masked; None where there are none that everybody may see."""
    if one.schema is None or not rows or withdrawn(one) or not any(shows_values(one, c) for c in one.schema.columns):
        return None
    shown = [column.name for column in one.schema.columns if shows_values(one, column)]
    names = [column.name for column in one.schema.columns]
    told = [[_short(row[name]) if name in shown else MASKED for name in names] for row in rows[:ROWS]]
    return {"columns": [entity_name(name) for name in names], "rows": told}


def _short(value: Any) -> Any:
    """A value as JSON has it; text that is too long is cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    said = str(value)
    return said if len(said) <= LONG else f"{said[:LONG]} …"
