"""OpenMetadata's REST interface, by its own client: its version check, its timeouts and its retries."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from ...errors import DataCommonsError, EnvironmentFault
from ...settings import Lineage, lineage

Json = dict[str, Any]
PAGE = 500
"""Entities of a page of a list."""
_UNSET = (
    "OpenMetadata: no address is set. Set AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT (https://HOST/api) and "
    "AIRFLOW__LINEAGE__JWT_TOKEN (the token of a bot)."
)


def configured() -> Lineage:
    """Where OpenMetadata is. Raises EnvironmentFault where no address is set."""
    where = lineage()
    if not where.openmetadata_api_endpoint:
        raise EnvironmentFault(_UNSET)
    return where


def connect(where: Lineage | None = None) -> Any:
    """A client of the server, whose version is its own (major.minor). Importing it takes ten seconds.

    Raises EnvironmentFault where no address is set or no client is installed, else the client's own errors, which
    `speaking` says in words.
    """
    where = where or configured()
    if find_spec("metadata") is None:
        raise EnvironmentFault(
            "OpenMetadata's client is not installed here. Install openmetadata-ingestion, or use .venv."
        )
    from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import (
        OpenMetadataConnection,
    )
    from metadata.generated.schema.security.client.openMetadataJWTClientConfig import OpenMetadataJWTClientConfig
    from metadata.ingestion.ometa.ometa_api import OpenMetadata

    for chatty in ("metadata", "urllib3.connectionpool"):  # each fault is told once, by whoever meets it
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    connection = OpenMetadataConnection.model_validate(
        {
            "hostPort": where.openmetadata_api_endpoint,
            "authProvider": "openmetadata",
            "securityConfig": OpenMetadataJWTClientConfig.model_validate({"jwtToken": where.jwt_token}),
            "verifySSL": where.verify_ssl,
            "enableVersionValidation": True,
        }
    )
    codes = [int(code) for code in where.retry_codes.split(",") if code.strip()]
    patience = {"timeout": where.timeout, "retry": where.retry, "retry_wait": where.retry_wait, "retry_codes": codes}
    return OpenMetadata(connection, additional_client_config_arguments=patience)


@contextmanager
def speaking(where: Lineage) -> Iterator[None]:
    """Turns what the client raises into EnvironmentFault: one sentence, which holds no token."""
    try:
        yield
    except Exception as error:
        of_requests = type(error).__module__.startswith("requests.")  # an answer that is not OpenMetadata's own
        ours = isinstance(error, DataCommonsError)
        if of_requests or (not ours and isinstance(error, _faults())):
            told = f"OpenMetadata at {where.openmetadata_api_endpoint}: {_told(error)} Data are not concerned."
            raise EnvironmentFault(told) from error
        raise


def _faults() -> tuple[type[Exception], ...]:
    from metadata.ingestion.ometa import client
    from metadata.ingestion.ometa.mixins import server_mixin

    way = (client.APIError, client.LimitsException, client.RestTransportError)
    who = (client.HtmlResponseError, server_mixin.VersionMismatchException, server_mixin.VersionNotFoundException)
    return (*way, *who)


def _told(error: Exception) -> str:
    from metadata.ingestion.ometa.client import APIError, HtmlResponseError, LimitsException, RestTransportError
    from metadata.ingestion.ometa.mixins.server_mixin import VersionMismatchException

    status = error.status_code if isinstance(error, APIError) else None
    if isinstance(error, VersionMismatchException):
        return f"{str(error).split(' Either ')[0]} Install the openmetadata-ingestion of the server's version."
    if status == 401 or "HTTP 401" in str(error):
        return "the token is expired or wrong (401). Set AIRFLOW__LINEAGE__JWT_TOKEN anew."
    if status == 403 or "HTTP 403" in str(error):
        return "the bot may not do this (403). Give it OpenMetadata's role of ingestion bots."
    if isinstance(error, LimitsException):
        return "it asks to wait (429). Run this again in a minute; it goes on where it stopped."
    if isinstance(error, HtmlResponseError):
        return "a page came back, not the API. The address should end in /api."
    if isinstance(error, RestTransportError):
        return f"can't be reached ({_cause(error.cause)}). Start it, or correct the address."
    return f"{' '.join(str(error).split())[:300]}. Run this again later."


def _cause(error: BaseException) -> str:
    said = str(error)
    for sign, words in {"refused": "refused", "timed out": "no answer in time", "resolve": "no such host"}.items():
        if sign in said:
            return words
    return type(error).__name__


def transient(error: Exception) -> bool:
    """Whether it is of the way to the server, or of who we are: everything else sent now would meet it too."""
    from metadata.ingestion.ometa.client import APIError

    return (
        not isinstance(error, APIError)
        or (error.status_code or 500) in (401, 403, 408, 429)
        or error.status_code >= 500
    )


def get(client: Any, path: str, **asked: Any) -> Json | None:
    """The answer; None where there is nothing of that name."""
    from metadata.ingestion.ometa.client import APIError

    try:
        return _said(client.client.get(path, asked or None), path)
    except APIError as error:
        if error.status_code == 404:
            return None
        raise


def lineage_of(client: Any, kind: str, fqn: str, **asked: Any) -> Json | None:
    """The edges around an entity (a table, container …); None where it isn't there."""
    return get(client, f"/lineage/{kind}/name/{quote(fqn, safe='')}", **asked)


def put(client: Any, path: str, body: Any) -> Json:
    """The entity that was made or changed."""
    return _said(client.client.put(path, data=_text(body)), path)


def post(client: Any, path: str, body: Any) -> Json:
    """The entity that was made."""
    return _said(client.client.post(path, data=_text(body)), path)


def patch(client: Any, path: str, operations: list[Json]) -> Json:
    """The entity after a JSON Patch (RFC 6902)."""
    return _said(client.client.patch(path, data=_text(operations)), path)


def tell(client: Any, path: str, body: Any) -> None:
    """PUT of what the server answers nothing to."""
    client.client.put(path, data=_text(body))


def delete(client: Any, path: str) -> None:
    """Takes something away; nothing happens where it is gone already."""
    from metadata.ingestion.ometa.client import APIError

    try:
        client.client.delete(path)
    except APIError as error:
        if error.status_code != 404:
            raise


def named(client: Any, route: str, fqn: str, **asked: Any) -> Json | None:
    """The entity of that name; None where there is none."""
    return get(client, f"/{route}/name/{quote(fqn, safe='')}", **asked)


def every(client: Any, route: str, **asked: Any) -> Iterator[Json]:
    """All entities of a list, page by page."""
    after: Json = {}
    while True:
        page = get(client, f"/{route}", limit=PAGE, **asked, **after) or {"data": [], "paging": {}}
        yield from page["data"]
        if not (last := page["paging"].get("after")):
            return
        after = {"after": last}


def _text(body: Any) -> str:
    return json.dumps(body, ensure_ascii=True)


def _said(answer: Any, path: str) -> Json:
    if not isinstance(answer, dict):
        raise EnvironmentFault(f"OpenMetadata: no answer to {path}. Run this again later.")
    return answer
