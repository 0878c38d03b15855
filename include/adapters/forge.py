"""Pull requests at a Git host that speaks GitHub's REST API: one for a proposal, however often it is asked for.

https://docs.github.com/en/rest/pulls/pulls, version 2022-11-28.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

import httpx
import tenacity

from ..errors import EnvironmentFault
from . import secrets

TOKEN = "forge-token"  # noqa: S105 - the name of a secret
LONGEST = 65_000
"""Characters of a text; the host takes 65,536."""
_MOST = 4_000_000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
log = logging.getLogger("commons")
for chatty in ("httpx", "httpcore"):
    logging.getLogger(chatty).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Patience:
    """How often and how long to ask, in seconds."""

    attempts: int = 4
    first: float = 1.0
    most: float = 10.0
    silence: float = 20.0


@dataclass(frozen=True)
class Forge:
    """A repository at the host: `address` is https://api.github.com/repos/OWNER/NAME, or another server's."""

    address: str
    token: str
    patience: Patience = Patience()


class _Again(Exception):
    """An answer that may be another one a moment later."""


def forge(address: str) -> Forge | None:
    """The repository at `address` (COMMONS_FORGE) with its token; None where no address is set.

    Raises EnvironmentFault where the address is not https (or loopback) or the token is absent.
    """
    if not address:
        return None
    url = httpx.URL(address)
    named = url.path.rstrip("/").split("/")[-3:]
    if url.scheme not in ("https", "http") or (url.scheme == "http" and url.host not in _LOOPBACK):
        raise EnvironmentFault(f"COMMONS_FORGE: {address!r} is no https address. The token is sent over https only.")
    if len(named) < 3 or named[0] != "repos" or url.userinfo:
        raise EnvironmentFault(
            f"COMMONS_FORGE: expected …/repos/OWNER/NAME without a credential, found {url.path!r}. Correct it."
        )
    return Forge(address.rstrip("/"), secrets.value(TOKEN))


def pull_request(at: Forge, branch: str, commit: str, base: str, title: str, text: str) -> str:
    """The address of the pull request that brings `branch` to `base`; opened where there is none of that commit.

    One that a person closed is left closed. Raises EnvironmentFault where the host refuses or does not answer.
    """
    tries = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(at.patience.attempts),
        wait=tenacity.wait_random_exponential(multiplier=at.patience.first, max=at.patience.most),
        retry=tenacity.retry_if_exception_type((_Again, httpx.TransportError)),
        reraise=True,
    )
    try:
        return str(tries(_found_or_opened, at, branch, commit, base, title, text))
    except (_Again, httpx.HTTPError) as error:
        raise EnvironmentFault(_told(at, branch, str(error) or type(error).__name__)) from error


def _found_or_opened(at: Forge, branch: str, commit: str, base: str, title: str, text: str) -> str:
    """A request whose answer was lost may have been done, so each try looks first."""
    with _client(at) as client:
        owner = at.address.rsplit("/", 2)[1]
        asked = {"head": f"{owner}:{branch}", "base": base, "state": "all", "sort": "created", "direction": "desc"}
        known = _answer(at, branch, client.build_request("GET", f"{at.address}/pulls", params=asked), client)
        for pull in known if isinstance(known, list) else []:
            if pull["state"] == "open" or pull["head"]["sha"] == commit:
                log.info("pull request of %s: %s (%s)", branch, pull["html_url"], pull["state"])
                return str(pull["html_url"])
        content = {"title": title[:250], "head": branch, "base": base, "body": text[:LONGEST]}
        made = _answer(at, branch, client.build_request("POST", f"{at.address}/pulls", json=content), client)
        log.info("pull request of %s: opened %s", branch, made["html_url"])
        return str(made["html_url"])


def _client(at: Forge) -> httpx.Client:
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {at.token}",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "data-commons",
    }
    return httpx.Client(headers=headers, timeout=httpx.Timeout(at.patience.silence))


def _answer(at: Forge, branch: str, request: httpx.Request, client: httpx.Client) -> Any:
    """The JSON of a good answer, of which no more than 4 MB are read."""
    response = client.send(request, stream=True)
    try:
        content = b""
        for piece in response.iter_bytes():
            content += piece
            if len(content) > _MOST:
                raise EnvironmentFault(_told(at, branch, "an answer of more than 4 MB"))
    finally:
        response.close()
    if response.status_code >= 500 or response.status_code == 429:
        raise _Again(f"status {response.status_code}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if response.is_success and found is not None:
        return found
    why = found.get("message", "") if isinstance(found, dict) else ""
    raise EnvironmentFault(_told(at, branch, f"status {response.status_code} {str(why)[:200]}".strip()))


def _told(at: Forge, branch: str, why: str) -> str:
    return (
        f"{at.address}: no pull request for {branch}: {why}. The branch is there and can be merged as it is. Check "
        f"COMMONS_FORGE and the secret {TOKEN!r} (it may read and write pull requests), then run it again."
    )
