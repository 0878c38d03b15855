"""Files over https: every redirect checked, faults tried again, transfers resumed, nothing cut short accepted."""

import email.message
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import tenacity

from ..errors import SourceError
from . import addresses
from .connection import Transport
from .landing import Landing
from .terms import Patience, Previous, Terms
from .transfer import Fault, Question, Transfer

log = logging.getLogger("commons")
for chatty in ("httpx", "httpcore"):  # they log whole addresses and headers, secrets included
    logging.getLogger(chatty).setLevel(logging.WARNING)


@contextmanager
def client(terms: Terms, deadline: float) -> Iterator[httpx.Client]:
    """A client under these terms; netrc and the like are not read."""
    headers = {"User-Agent": "data-commons", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(terms.patience.silence)
    transport = Transport(terms.policy, deadline)
    with httpx.Client(transport=transport, trust_env=False, headers=headers, timeout=timeout) as made:
        yield made


def conditions(previous: Previous | None) -> dict[str, str]:
    """The headers that ask for a file only if it changed since `previous`."""
    known = previous or {}
    pairs = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("last_modified")}
    return {name: value for name, value in pairs.items() if value}


def named(response: httpx.Response) -> str | None:
    """The file's name by Content-Disposition (RFC 6266)."""
    message = email.message.Message()
    message["content-disposition"] = response.headers.get("content-disposition", "")
    name = message.get_filename()
    return addresses.plain(name) if name else None


def take(client: httpx.Client, question: Question, landing: Landing, patience: Patience) -> httpx.Response:
    """The closed response whose body came into `landing`, or one with status 304 and no body.

    Raises SourceError: a host, scheme or status that is refused; a cap; a fault that stays after `patience.attempts`.
    """
    transfer = Transfer(client, question, landing)
    tries = tenacity.Retrying(
        stop=lambda state: (
            state.attempt_number >= patience.attempts or time.monotonic() + state.upcoming_sleep > landing.deadline
        ),
        wait=lambda state: _wait(state, patience),
        retry=tenacity.retry_if_exception_type(Fault),
        before_sleep=lambda state: _say(state, landing),
    )
    try:
        return tries(transfer.once)
    except tenacity.RetryError as error:
        count = error.last_attempt.attempt_number
        raise SourceError(
            f"{landing.address}: {error.last_attempt.exception()} (tried {count} times). "
            "Try again later; if it stays so, ask its publisher."
        ) from error


def _wait(state: tenacity.RetryCallState, patience: Patience) -> float:
    """The server's Retry-After, else an exponential wait with full jitter; never more than `most`."""
    fault = state.outcome.exception() if state.outcome else None
    if isinstance(fault, Fault) and fault.wait is not None:
        return min(max(fault.wait, 0.0), patience.most)
    return float(tenacity.wait_random_exponential(multiplier=patience.first, max=patience.most)(state))


def _say(state: tenacity.RetryCallState, landing: Landing) -> None:
    fault = state.outcome.exception() if state.outcome else None
    log.warning("%s: %s; trying again in %.1f s", landing.address, fault, state.upcoming_sleep)
