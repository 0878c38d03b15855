"""What OpenMetadata's answer means for an event: it waits, or it is refused for good."""

from ...errors import DataCommonsError, EnvironmentFault
from ...settings import lineage
from . import client

WAITING = (401, 403, 408, 429)
"""Of the statuses from 400 to 499, those that say nothing of what was sent."""


def refusal(error: Exception) -> str | None:
    """Why what was sent will never be taken; None where it may be later: the server is away, slow, old or locked.

    A status without OpenMetadata's own words comes from what stands before it, so it says nothing of what was sent
    either. The client makes a TypeError of an empty answer.
    """
    from metadata.ingestion.ometa.client import APIError

    if isinstance(error, APIError):
        status = error.status_code or 0
        known = 400 <= status < 500 and status not in WAITING
        return f"{status}: {error}" if known else None
    if isinstance(error, DataCommonsError):
        return None if isinstance(error, EnvironmentFault) else str(error)
    if isinstance(error, KeyError | ValueError | AttributeError) and not _of_the_client(error):
        return f"not as events are: {type(error).__name__}: {error}"
    return None


def _of_the_client(error: Exception) -> bool:
    """Whether it is of the way there and back, though its class is a ValueError or such."""
    from metadata.ingestion.ometa.ometa_api import EmptyPayloadException
    from pydantic import ValidationError

    return isinstance(error, EmptyPayloadException | ValidationError | OSError)


def words(error: Exception) -> str:
    """What happened, in a sentence or two without a token."""
    try:
        with client.speaking(lineage()):
            raise error
    except DataCommonsError as told:
        return str(told)
    except Exception as unforeseen:
        return f"{type(unforeseen).__name__}: {' '.join(str(unforeseen).split())[:500]}"
