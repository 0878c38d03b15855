"""What this machine lacks for `commons`, and how to get it. Looks only; leaves nothing but a probe in a bucket."""

from collections.abc import Callable, Iterable

from . import machine
from .findings import Finding
from .progress import progress

__all__ = ["Finding", "examine"]

Look = Callable[[], Iterable[Finding]]


def examine(*, network: bool = False) -> list[Finding]:
    """All findings, in the order in which one would mend them; with `network` the package registry is asked too.

    Never raises for a fault of the machine: that is a finding.
    """
    findings: list[Finding] = []
    looks: list[Look] = [*machine.LOOKS, *_deployment(network)]
    with progress("Looking at this machine", len(looks)) as told:
        for look in looks:
            findings += look()
            told(1)
    return findings


def _deployment(network: bool) -> list[Look]:
    """The looks that need packages of .venv: where one is absent, that is the finding."""
    try:
        from . import deployment
    except ImportError as error:
        fault = Finding("store, remotes, publication", False, f"not looked at: {error}", "Run: make install")
        return [lambda: [fault]]
    return [*deployment.LOOKS, *(deployment.NETWORK_LOOKS if network else ())]
