"""What OpenMetadata has, as far as it was asked, and what has to be there before a table can be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...catalogue.entities import PROPERTIES, Entity, Entry
from ...catalogue.naming import Place, entity_name, fqn
from . import client as api

Json = dict[str, Any]
FIELDS = {"tables": "owners,tags,domains,extension,columns", "containers": "tags,dataModel"}
FEW = 20
"""Datasets that are asked for one by one, not by lists."""


@dataclass
class Catalogued:
    """Entities of the server by FQN; each is asked for once."""

    client: Any
    have: dict[str, Json] = field(default_factory=dict)
    """Containers and tables."""
    edges: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """The edges that end at an entity, by the ids of their ends."""
    _absent: set[str] = field(default_factory=set)
    _made: set[tuple[str, str]] = field(default_factory=set)
    _owners: dict[str, Json | None] = field(default_factory=dict)
    _domains: dict[str, Json | None] = field(default_factory=dict)

    def look(self, entries: Sequence[Entry], whole: bool) -> None:
        """Reads all that is told of `entries`: by lists where they are `whole` or many, else one by one."""
        places = {entity.fqn: entity for entry in entries for entity in entry.held}
        if len(entries) <= FEW and not whole:
            for name, entity in places.items():
                self.keep(name, api.named(self.client, entity.route, name, fields=FIELDS[entity.route]))
            return
        schemas = {e.fqn for entry in entries for e in entry.above if e.route == "databaseSchemas"}
        services = {e.request["service"] for e in places.values() if e.route == "containers"}
        for route, key, scopes in (("tables", "databaseSchema", schemas), ("containers", "service", services)):
            for scope in sorted(scopes):
                for one in api.every(self.client, route, fields=FIELDS[route], **{key: scope}):
                    self.keep(one["fullyQualifiedName"], one)

    def keep(self, name: str, entity: Json | None) -> None:
        """Notes what is there."""
        if entity is not None:
            self.have[name] = entity

    def at(self, place: Place, ask: bool) -> Json | None:
        """What stands at a place; `ask` where it wasn't read yet."""
        if ask and place.fqn not in self.have and place.fqn not in self._absent:
            self._absent.add(place.fqn)
            route = "tables" if place.type == "table" else "containers"
            self.keep(place.fqn, api.named(self.client, route, place.fqn, fields=FIELDS[route]))
        return self.have.get(place.fqn)

    def make(self, entity: Entity) -> None:
        """Makes a service, schema, tag or such where it is absent; what is there is never changed."""
        if (entity.route, entity.fqn) not in self._made:
            if api.named(self.client, entity.route, entity.fqn) is None:
                api.put(self.client, f"/{entity.route}", entity.request)
            self._made.add((entity.route, entity.fqn))

    def declare(self) -> None:
        """Sees that tables have our custom properties."""
        table = api.get(self.client, "/metadata/types/name/table", fields="customProperties") or {}
        known = {one["name"] for one in table.get("customProperties") or []}
        for name, (kind, said) in PROPERTIES.items():
            if name not in known:
                type_ = {"id": (api.get(self.client, f"/metadata/types/name/{kind}") or {})["id"], "type": "type"}
                body = {"name": name, "description": said, "propertyType": type_}
                api.put(self.client, f"/metadata/types/{table['id']}", body)

    def wanted(self, entry: Entry, entity: Entity) -> Json:
        """The request of an entity; of a table with the ids of whom it belongs to."""
        if entity.route != "tables":
            return entity.request
        domain = self._domain(entry.domain) if entry.domain else None
        owners = {"owners": [owner]} if (owner := self.owner(entry.owner)) else {}
        return entity.request | owners | ({"domains": [domain]} if domain else {})

    def owner(self, address: str) -> Json | None:
        """A reference to who has that e-mail address: a user, else a team; a team is made where there is neither.

        A team of that name can own data, and people can join it; a user can't be made for somebody who logs in later.
        """
        if address not in self._owners:
            self._owners[address] = self._user(address) or self._team(address)
        return self._owners[address]

    def _user(self, address: str) -> Json | None:
        found = api.named(self.client, "users", fqn(address.partition("@")[0].lower()))
        same = found and str(found.get("email", "")).lower() == address.lower()
        return _reference(found, "user") if found and same else None

    def _team(self, address: str) -> Json:
        if found := self._teams.get(address.lower()):
            return _reference(found, "team")
        said = "Answers for datasets: an address that contracts name as owner."
        body = {"name": entity_name(address), "teamType": "Group", "email": address, "description": said}
        return _reference(api.put(self.client, "/teams", body), "team")

    @cached_property
    def _teams(self) -> dict[str, Json]:
        teams = api.every(self.client, "teams")
        return {str(team["email"]).lower(): team for team in teams if team.get("email")}

    def _domain(self, name: str) -> Json | None:
        if name not in self._domains:
            found = api.named(self.client, "domains", fqn(name))
            self._domains[name] = found and _reference(found, "domain")
        return self._domains[name]


def _reference(entity: Json, kind: str) -> Json:
    return {"id": entity["id"], "type": kind, "fullyQualifiedName": entity["fullyQualifiedName"]}
