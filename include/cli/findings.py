"""What `commons doctor` says about one thing, and how it asks."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..settings import REPOSITORY

_ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what is there, and what to do where it is not `ok`."""

    what: str
    ok: bool
    found: str
    remedy: str


def folder(what: str, place: Path, remedy: str) -> Finding:
    """Whether the folder `place` can be written to, or made."""
    there = existing(place)
    if not there.is_dir():
        return Finding(what, False, f"{there} is a file, expected a folder", remedy)
    ok = os.access(there, os.W_OK | os.X_OK)
    return Finding(what, ok, f"{place}: {'writable' if ok else 'not writable'}", remedy)


def existing(folder: Path) -> Path:
    """The nearest place on the way to `folder` that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def said(*command: str, environment: dict[str, str] | None = None) -> str:
    """What a command printed; empty where it is absent, fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            env=environment,
            cwd=REPOSITORY,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
