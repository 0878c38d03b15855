"""The environment of this deployment, or the developer's space in it: its names and its part of the store."""

from ..contracts.names import Names
from ..settings import settings


def space() -> Names:
    """The names of this deployment."""
    return Names(settings().environment, settings().developer)


def store() -> str:
    """Address of this deployment's part of the store."""
    return space().store(settings().store)
