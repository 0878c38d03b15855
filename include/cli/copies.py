"""`commons push --to`: versions copied to another remote, and verified there."""

from pathlib import Path

from ..adapters.remote import Remote, remote_at, remotes
from ..errors import EnvironmentFault
from ..settings import REPOSITORY, settings
from ..tasks import verify
from ..versions import copying
from ..versions.census import Pinned
from ..versions.contents import Places, contents
from ..versions.findings import Report
from .progress import progress


def pushed(versions: list[Pinned], to: str) -> Report:
    """Copy `versions` to the remote or address `to`, and verify them there.

    An address gets a folder for each access class, as COMMONS_REMOTE has; a remote of `.dvc/config` gets all in one.
    """
    there = verify.places()
    with progress("looking"):
        known = contents(versions, there)
    targets = {name: _target(to, name, there) for name in known.uses}
    with progress("copying", sum(map(len, known.uses.values()))) as tell:
        return copying.copy(versions, known, there, targets, tell)


def _target(to: str, name: str, there: Places) -> Remote:
    known = remotes(REPOSITORY, settings().remote)
    if to in known:
        target = known[to]
    elif "/" in to:
        target = remote_at(name, f"{(to if '://' in to else str(Path(to).absolute())).rstrip('/')}/{name}")
    else:
        raise EnvironmentFault(
            f"--to {to}: neither a remote of .dvc/config ({', '.join(known)}) nor an address. Name one of these, or a "
            "folder or bucket (/backup, s3://bucket/backup)."
        )
    if target.root == there.remotes[name].root:
        raise EnvironmentFault(f"--to {to}: that is where {name} versions lie already. Name another place.")
    return target
