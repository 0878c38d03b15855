"""An OpenMetadata to test against: the loopback one, or that which OPENMETADATA_HOST names."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from include.contracts.names import Names
from include.settings import Lineage

from .server import TOKEN, OpenMetadata, serving

HOST = os.environ.get("OPENMETADATA_HOST", "")
Json = dict[str, Any]


@dataclass
class Deployed:
    """Its address, and a space of its own in it."""

    endpoint: str
    token: str
    names: Names
    double: OpenMetadata | None
    """The loopback server, for tests that look into it; None where it is a real one."""

    def lineage(self, **others: Any) -> Lineage:
        """The `[lineage]` that names it."""
        known: Json = {"openmetadata_api_endpoint": self.endpoint, "jwt_token": self.token, "timeout": 20, "retry": 0}
        return Lineage(**{**known, **others})

    @property
    def told(self) -> OpenMetadata:
        """The loopback server; the test skips where it is a real one, which can't be told to fail."""
        if self.double is None:
            pytest.skip("looks into the loopback server, or makes it fail")
        return self.double

    def ask(self, method: str, path: str, body: Any = None, **asked: Any) -> Any:
        """What the API answers, without our adapter."""
        kind = "application/json-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        answer = httpx.request(method, f"{self.endpoint}/v1{path}", json=body, params=asked, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def named(self, route: str, fqn: str, **asked: Any) -> Json:
        """An entity with all its fields."""
        found: Json = self.ask("GET", f"/{route}/name/{quote(fqn, safe='')}", **asked)
        return found

    def by_hand(self, route: str, fqn: str, path: str, value: Any) -> None:
        """A person writes something in the pages."""
        operation = {"op": "add", "path": path, "value": value}
        self.ask("PATCH", f"/{route}/{self.named(route, fqn)['id']}", [operation])

    def there(self, route: str, fqn: str) -> bool:
        """Whether it has such an entity."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"{self.endpoint}/v1/{route}/name/{quote(fqn, safe='')}"
        return httpx.get(address, headers=headers).status_code == 200


@contextmanager
def deployed() -> Iterator[Deployed]:
    """A server as long as it is needed; in a real one, the schema of the test is deleted afterwards."""
    names = Names("dev", f"t{uuid.uuid4().hex[:8]}")
    if HOST:
        real = Deployed(HOST.rstrip("/"), os.environ.get("OPENMETADATA_TOKEN", ""), names, None)
        yield real
        schema = f"data_commons.commons_dev.dev_{names.developer}"
        if real.there("databaseSchemas", schema):
            identifier = real.named("databaseSchemas", schema)["id"]
            real.ask("DELETE", f"/databaseSchemas/{identifier}", recursive="true", hardDelete="true")
        return
    with serving() as double:
        yield Deployed(double.endpoint, TOKEN, names, double)
