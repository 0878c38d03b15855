"""One object from wherever a good copy is to where it has to be: hashed before it is trusted, and read back after."""

import errno
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..adapters import objects
from ..adapters.remote import Remote, md5_of, put
from ..errors import EnvironmentFault
from ..settings import settings


def bring(oid: str, to: Remote, copies: Iterable[tuple[Remote, str]]) -> str | None:
    """Put the object on `to` from the first of the `copies` (a remote and a path on it) that is whole; says which.

    None where none is. Raises EnvironmentFault where a disk is full or the remote refuses.
    """
    for source, path in copies:
        if path != to.path(oid) and _brought(oid, source, path, to) and is_whole(oid, to):
            return f"{source.name} ({path})"
    return None


def is_whole(oid: str, where: Remote) -> bool:
    """Whether the object is there, every byte of it read. Raises EnvironmentFault where that can't be told."""
    return where.size(oid) is not None and objects.digest(where, oid) == oid.removesuffix(".dir")


def _brought(oid: str, source: Remote, path: str, to: Remote) -> bool:
    if source.is_local:
        file = Path(path)
        if not file.is_file() or md5_of(file) != oid.removesuffix(".dir"):
            return False
        put(file, oid, to)
        return True
    with tempfile.TemporaryDirectory(prefix="commons-", dir=settings().work or None) as folder:
        part = Path(folder) / "object"
        if not _fetched(oid, source, path, part):
            return False
        put(part, oid, to)
    return True


def _fetched(oid: str, source: Remote, path: str, into: Path) -> bool:
    try:
        return objects.copy(source, path, oid, into)
    except EnvironmentFault:
        return False
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise EnvironmentFault(
            f"{into.parent}: {'the volume is full' if full else error}. What was done stays so. Make room there, "
            "or name another folder in COMMONS_WORK, then run it again."
        ) from error
