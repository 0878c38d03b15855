"""Which pinned bytes a shared remote lacks: the check of a pull request that changes data.dvc."""

from collections.abc import Callable, Iterable
from pathlib import Path

from ..adapters.cache import listing
from ..adapters.remote import Remote, absent
from ..errors import EnvironmentFault
from .pins import FILE, Entry


def missing(entries: Iterable[Entry], source: Callable[[str], Remote], cache: Path) -> list[str]:
    """One sentence for each version whose bytes its remote lacks in part or whole; empty where all are there.

    Looks for every file, never taking a listing for proof of its files. Withdrawn versions are left out.
    """
    found = (_missing(entry, source(entry.remote), cache) for entry in entries if not entry.meta.withdrawn)
    return [problem for problem in found if problem]


def _missing(entry: Entry, source: Remote, cache: Path) -> str | None:
    what = f"{FILE}: {entry.path} pins {entry.md5}"
    todo = f"Push it from the machine that made it: `dvc push {entry.path}`."
    if source.size(entry.md5) is None:
        return f"{what}, which remote {source.name!r} ({source.url}) lacks. {todo}"
    try:
        files = listing(entry.md5, source, cache).files
    except EnvironmentFault as error:
        return str(error)
    gone = set(absent(sorted(set(files.values())), source))
    names = ", ".join(sorted(path for path, oid in files.items() if oid in gone))
    return f"{what}, of which remote {source.name!r} ({source.url}) lacks {names}. {todo}" if names else None
