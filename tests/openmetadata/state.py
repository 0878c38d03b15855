"""What the loopback OpenMetadata keeps, and how the real one answers what it is asked."""

import re
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import jsonpatch
from metadata.utils.fqn import quote_name
from pydantic import ValidationError

from .kinds import KINDS, Kind, model

Json = dict[str, Any]
NAME = re.compile(r"^((?!::).)*$")
LONGEST = 256
GUARDED = ("description", "displayName", "owners")
"""What a bot's PUT never changes once it is there."""
ON_REQUEST = frozenset({"owners", "tags", "domains", "extension", "followers", "experts", "testCaseResult", "users"})
"""What is answered only where `fields` asks for it."""
TIERS = ("Tier.Tier1", "Tier.Tier2", "Tier.Tier3", "Tier.Tier4", "Tier.Tier5")


class Refused(Exception):
    """A request that the server refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def fitting(name: str, content: Any) -> Any:
    """`content` as the model `name` reads it; Refused (400) where it doesn't fit."""
    try:
        return model(name).model_validate(content)
    except ValidationError as error:
        raise Refused(400, f"{name}: {error}") from error


class State:
    """Entities by route and id, with all that hangs on them."""

    def __init__(self) -> None:
        self.entities: dict[str, dict[str, Json]] = {route: {} for route in KINDS}
        self.names: dict[str, dict[str, str]] = {route: {} for route in KINDS}
        self.edges: dict[tuple[str, str], Json] = {}
        self.statuses: dict[str, dict[int, Json]] = defaultdict(dict)
        self.results: dict[str, dict[int, Json]] = defaultdict(dict)
        self.samples: dict[str, Json] = {}
        self.profiles: dict[str, dict[int, Json]] = defaultdict(dict)
        types = ("string", "markdown", "integer", "hyperlink-cp", *{kind.type for kind in KINDS.values()})
        self.types: dict[str, Json] = {
            name: {"id": str(uuid.uuid4()), "name": name, "category": "field", "customProperties": []} for name in types
        }
        self.put("classifications", {"name": "Tier", "description": "How much hangs on it."})
        for tier in TIERS:
            self.put("tags", {"name": tier[5:], "classification": "Tier", "description": "A tier."})
        definition = {"entityType": "TABLE", "testPlatforms": ["OpenMetadata"], "description": "Built in."}
        self.put("dataQuality/testDefinitions", {"name": "tableCustomSQLQuery", **definition})

    # Reading

    def named(self, route: str, fqn: str, deleted: bool = False) -> Json:
        """The entity called `fqn`; Refused (404) where there is none, or it is deleted."""
        found = self.entities[route].get(self.names[route].get(fqn, ""))
        if found is None or (found.get("deleted") and not deleted):
            raise Refused(404, f"{KINDS[route].type} instance for {fqn} not found")
        return found

    def by_id(self, route: str, identifier: str) -> Json:
        """The entity of that id, deleted ones too; Refused (404)."""
        if identifier not in self.entities[route]:
            raise Refused(404, f"{KINDS[route].type} instance for {identifier} not found")
        return self.entities[route][identifier]

    def of_type(self, kind: str, identifier: str) -> Json:
        """The entity that a reference means; Refused (404)."""
        route = next((known.route for known in KINDS.values() if known.type == kind), None)
        if route is None:
            raise Refused(400, f"entity type {kind} not found")
        return self.by_id(route, identifier)

    def listed(self, route: str, within: dict[str, str], deleted: bool) -> list[Json]:
        """The entities of a route in the order of their names, in a service, database or schema where one is named."""
        found = [self.entities[route][i] for _, i in sorted(self.names[route].items())]
        scopes = [f"{value}." for key, value in within.items() if key in ("service", "database", "databaseSchema")]
        return [
            one
            for one in found
            if (deleted or not one.get("deleted"))
            and all(str(one["fullyQualifiedName"]).startswith(scope) for scope in scopes)
        ]

    def shown(self, route: str, entity: Json, fields: Iterable[str]) -> Json:
        """`entity` with no more than the answer holds that `fields` asks for."""
        hidden = ON_REQUEST - set(fields)
        answer = {key: value for key, value in entity.items() if key not in hidden}
        if "tags" in hidden and "columns" in answer:
            answer["columns"] = [{k: v for k, v in column.items() if k != "tags"} for column in answer["columns"]]
        return answer

    # Writing

    def put(self, route: str, request: Json, by: str = "bot", new: bool = False) -> tuple[Json, int]:
        """What PUT (or, `new`, POST) does with a request: the entity, and 201 where it wasn't there before."""
        kind = KINDS[route]
        fitting(kind.create, request)
        name = self._fitting_name(request["name"])
        fqn, inside = self._place(kind, request, name)
        known = self.entities[route].get(self.names[route].get(fqn, ""))
        if new and known and not known.get("deleted"):
            raise Refused(409, "Entity already exists")
        made = self._made(kind, request, fqn, inside)
        if known:
            made = self._kept_by_hand(known, made, by)
        return self._settle(kind, known, made, by), 200 if known else 201

    def patch(self, route: str, identifier: str, operations: list[Json], by: str = "bot") -> Json:
        """What PATCH does: RFC 6902 on the entity, which must fit its model after that."""
        known = self.by_id(route, identifier)
        try:
            made = jsonpatch.apply_patch(deepcopy(known), operations)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise Refused(400, f"JSON Patch: {error}") from error
        for key in ("id", "name", "fullyQualifiedName"):
            if made.get(key) != known.get(key):
                raise Refused(400, f"{key} can't be changed")
        made = {key: value for key, value in made.items() if value is not None}
        return self._settle(KINDS[route], known, made, by)

    def delete(self, route: str, identifier: str, hard: bool = False) -> Json:
        """Marks an entity and all in it as deleted; `hard` takes it away with its edges."""
        entity = self.by_id(route, identifier)
        for each, known in self.entities.items():
            for one in list(known.values()):
                fqn = str(one["fullyQualifiedName"])
                inside = fqn == entity["fullyQualifiedName"] and each == route
                if inside or fqn.startswith(f"{entity['fullyQualifiedName']}."):
                    one["deleted"] = True
                    if hard:
                        del known[one["id"]], self.names[each][fqn]
                        self.edges = {ends: edge for ends, edge in self.edges.items() if one["id"] not in ends}
        return entity

    def _settle(self, kind: Kind, known: Json | None, made: Json, by: str) -> Json:
        self._resolve(kind, made)
        same = ("version", "updatedAt", "updatedBy")
        changed = known is None or {k: v for k, v in known.items() if k not in same} != {
            k: v for k, v in made.items() if k not in same
        }
        if not changed and known is not None:
            return known
        made |= {"updatedAt": int(time.time() * 1000), "updatedBy": by}
        made["version"] = round(known["version"] + 0.1, 1) if known else 0.1
        fitting(kind.entity, made)
        self.entities[kind.route][made["id"]] = made
        self.names[kind.route][made["fullyQualifiedName"]] = made["id"]
        return made

    def _place(self, kind: Kind, request: Json, name: str) -> tuple[str, Json]:
        """The FQN of what a request makes, and references to what it lies in."""
        if kind.type == "testCase":
            on = self._linked(request["entityLink"])
            suite = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, on)), "type": "testSuite", "name": f"{on}.testSuite"}
            return f"{on}.{quote_name(name)}", {"testSuite": suite, "entityFQN": on}
        if kind.type == "dataContract":
            entity = self.of_type(request["entity"]["type"], request["entity"]["id"])
            return f"{entity['fullyQualifiedName']}.dataContract_{name}", {}
        if not kind.parent or kind.parent not in request:
            return quote_name(name), {}
        parent = self.named(kind.within, request[kind.parent])
        fqn = f"{parent['fullyQualifiedName']}.{quote_name(name)}"
        if request.get("parent"):
            inner = self.by_id(kind.route, request["parent"]["id"])
            fqn = f"{inner['fullyQualifiedName']}.{quote_name(name)}"
        above = {key: parent[key] for key in ("service", "database", "serviceType") if key in parent}
        return fqn, {**above, kind.parent: _reference(parent, KINDS[kind.within].type)}

    def _made(self, kind: Kind, request: Json, fqn: str, inside: Json) -> Json:
        made = {key: value for key, value in request.items() if value is not None} | inside
        made |= {"id": str(uuid.uuid4()), "fullyQualifiedName": fqn}
        if "deleted" in kind.kept().model_fields:
            made["deleted"] = False
        if kind.type == "testCase":
            made["testDefinition"] = _reference(
                self.named("dataQuality/testDefinitions", request["testDefinition"]), "testDefinition"
            )
        if "termsOfUse" in made:
            made["termsOfUse"] = {"content": made["termsOfUse"]}
        if "domains" in made:
            made["domains"] = [_reference(self.named("domains", name), "domain") for name in made["domains"]]
        return made

    def _kept_by_hand(self, known: Json, made: Json, by: str) -> Json:
        """What a PUT leaves of what is there: what it doesn't name and, from a bot, what people may have written."""
        kept = {key: known[key] for key in GUARDED if by == "bot" and known.get(key)}
        merged = {**known, **made, **kept, "id": known["id"]}
        merged["tags"] = _united(known.get("tags", []), made.get("tags", []))
        before = {column["name"]: column for column in known.get("columns", [])}
        for column in merged.get("columns", []):
            old = before.get(column["name"], {})
            column |= {"description": old["description"]} if by == "bot" and old.get("description") else {}
            if tags := _united(old.get("tags", []), column.get("tags", [])):
                column["tags"] = tags
        return {key: value for key, value in merged.items() if key != "tags" or value}

    # Checks

    def _fitting_name(self, name: str) -> str:
        if not NAME.match(name) or not 1 <= len(name) <= LONGEST or "\n" in name:
            raise Refused(400, f"name {name[:300]!r} must match {NAME.pattern} and have 1 to {LONGEST} characters")
        try:
            quote_name(name)
        except ValueError as error:
            raise Refused(400, str(error)) from error
        return name

    def _resolve(self, kind: Kind, entity: Json) -> None:
        """Checks and fills in whatever an entity refers to."""
        for key, types in (("owners", ("user", "team")), ("domains", ("domain",))):
            for reference in entity.get(key, []):
                found = self.of_type(reference["type"], reference["id"])
                if reference["type"] not in types:
                    raise Refused(400, f"{key}: a {reference['type']} is none")
                reference |= _reference(found, reference["type"])
        columns = entity.get("columns") or (entity.get("dataModel") or {}).get("columns") or []
        for column in columns if kind.type in ("table", "container") else []:
            column["fullyQualifiedName"] = f"{entity['fullyQualifiedName']}.{quote_name(column['name'])}"
            if not NAME.match(column["name"]):
                raise Refused(400, f"column name {column['name']!r}")
        names = [column["name"] for column in columns]
        if len({*names}) < len(names):
            raise Refused(400, "Column names are not unique")
        for labels in (entity.get("tags", []), *(column.get("tags", []) for column in columns)):
            for label in labels:
                self.named("glossaryTerms" if label["source"] == "Glossary" else "tags", label["tagFQN"])
        declared = {one["name"] for one in self.types.get(kind.type, {}).get("customProperties", [])}
        if strange := {*entity.get("extension", {})} - declared:
            raise Refused(400, f"Unknown custom field {', '.join(sorted(strange))}")

    def _linked(self, link: str) -> str:
        """The FQN that an entity link means."""
        found = re.fullmatch(r"<#E::table::(.+?)(?:::columns::(.+))?>", link)
        if not found:
            raise Refused(400, f"entity link {link!r}")
        table = self.named("tables", found[1])
        if not found[2]:
            return str(table["fullyQualifiedName"])
        for column in table["columns"]:
            if quote_name(column["name"]) == found[2]:
                return str(column["fullyQualifiedName"])
        raise Refused(404, f"column {found[2]} not found")


def _united(before: list[Json], after: list[Json]) -> list[Json]:
    return list({label["tagFQN"]: label for label in (*after, *before)}.values())


def _reference(entity: Json, kind: str) -> Json:
    return {
        "id": entity["id"],
        "type": kind,
        "name": entity["name"],
        "fullyQualifiedName": entity["fullyQualifiedName"],
        "deleted": bool(entity.get("deleted")),
    }
