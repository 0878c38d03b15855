"""A second home: versions copied to another remote, every object verified there; a rerun goes on where one stopped."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from ..adapters import objects
from ..adapters.remote import Remote
from .bringing import bring, is_whole
from .census import Pinned
from .contents import Contents, Places, Use
from .findings import Report, problem, unlisted

_PARALLEL = 4


def copy(
    versions: Collection[Pinned], known: Contents, places: Places, to: Mapping[str, Remote],
    tell: Callable[[int], None] = lambda _: None,
) -> Report:  # fmt: skip
    """Copy what `versions` consist of: what is pinned on the remote NAME goes to `to[NAME]`.

    What is whole there is left alone, what is damaged there is moved aside; a version's listing goes only after all of
    its files. `known` is what they consist of; `tell` is told how many more objects are done. Raises EnvironmentFault
    where a disk is full or a remote refuses.
    """
    report = Report(len(versions), len({version.entry.name for version in versions}))
    report.problems += [unlisted(version) for version in known.unlisted]
    unknown = {version.entry.md5 for version in known.unlisted}
    for name, uses in known.uses.items():
        files = [oid for oid in uses if not oid.endswith(".dir")]
        lost = _all(files, uses, name, places, to[name], report, tell)
        halved = {use.version.entry.md5 for oid in lost for use in uses[oid]} | unknown
        listings = [oid for oid in uses if oid.endswith(".dir") and oid not in halved]
        _all(listings, uses, name, places, to[name], report, tell)
    return report


def _all(
    oids: Collection[str], uses: Mapping[str, list[Use]], name: str, places: Places, to: Remote, report: Report,
    tell: Callable[[int], None],
) -> set[str]:  # fmt: skip
    """The objects that are not whole on `to` after all, each with its problem in the report."""

    def copied(oid: str) -> tuple[str, int | None]:
        size = _copied(oid, name, places, to)
        tell(1)
        return oid, size

    with ThreadPoolExecutor(_PARALLEL) as pool:
        sizes = dict(pool.map(copied, oids))
    lost = {oid for oid, size in sizes.items() if size is None}
    report.objects += len(sizes)
    report.bytes += (there := sum(size for size in sizes.values() if size))
    report.read += there
    report.problems += [
        problem("absent", name, oid, "is whole nowhere, so it was not copied", uses[oid]) for oid in lost
    ]
    return lost


def _copied(oid: str, name: str, places: Places, to: Remote) -> int | None:
    """Bytes of the object on `to`, now that it is whole there; None where no copy is whole."""
    if not is_whole(oid, to):
        if to.size(oid) is not None:
            objects.set_aside(to, oid, "damaged", dt.datetime.now(dt.UTC))
        if bring(oid, to, places.copies(oid, name)) is None:
            return None
    return to.size(oid)
