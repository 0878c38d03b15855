"""What people call a revision, a commit, tag, branch, proposal or date, becomes the id of one commit."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..adapters import clone, git
from ..adapters.stillness import remembered
from ..errors import EnvironmentFault

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_PROPOSAL = re.compile(r"(?:origin/)?proposal/([^/]+)/(.+)")


@remembered
def resolve(repository: Path, text: str) -> str:
    """The full id of the commit that `text` names: anything that Git resolves, else a proposal, else a date.

    A branch that only the remote has counts by its short name; a proposal is `proposal/NAME/RUN`, fetched where the
    clone lacks it. A date (`2026-05-01`, which ends at midnight, or `2026-05-01T12:00Z`; UTC where it has no zone) is
    the newest commit by then on the first-parent line of HEAD. A shallow clone is deepened where that helps.
    Raises EnvironmentFault where there is no such commit.
    """
    found = _look(repository, text)
    if found is None and _fetch(repository, text):
        found = _look(repository, text)
    if found is None:
        raise EnvironmentFault(_unknown(repository, text))
    return found


def moment(text: str) -> dt.datetime | None:
    """The last moment that a date or time in `text` means, in UTC; None where it is neither."""
    if not _DATE.fullmatch(text):
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-05-01"):
        found += dt.timedelta(days=1, microseconds=-1)
    return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)


def proposal_branch(name: str, run: str) -> str:
    """The branch that proposes the version of a run; merging it publishes."""
    return f"proposal/{name}/{quote(run, safe='').replace('..', '%2E%2E')}"


def _look(repository: Path, text: str) -> str | None:
    named = (git.find(repository, candidate) for candidate in _candidates(text))
    found = next((commit for commit in named if commit), None)
    when = moment(text)
    return found or (git.newest_by(repository, when) if when else None)


def _candidates(text: str) -> Iterator[str]:
    yield text
    yield f"refs/remotes/origin/{text}"
    if proposal := _PROPOSAL.fullmatch(text):
        for name in (proposal_branch(*proposal.groups()), f"proposal/{proposal[1]}/{proposal[2]}"):
            yield f"refs/heads/{name}"
            yield f"refs/remotes/origin/{name}"


def _fetch(repository: Path, text: str) -> bool:
    """Bring what may make `text` known; whether anything came."""
    if proposal := _PROPOSAL.fullmatch(text):
        said, branch = f"proposal/{proposal[1]}/{proposal[2]}", proposal_branch(*proposal.groups())
        names = (said, branch) if "%" in said else (branch, said)  # Git complains of a name that can't be a branch's
        return any(clone.branch(repository, name) for name in dict.fromkeys(names))
    return clone.whole_history(repository)


def _unknown(repository: Path, text: str) -> str:
    lacking = " This clone is shallow: `git fetch --unshallow` brings the rest." if clone.is_shallow(repository) else ""
    if when := moment(text):
        return f"{repository}: nothing was committed by {when:%Y-%m-%dT%H:%M:%SZ}.{lacking} Name a later date."
    return (
        f"{repository}: no revision {text!r}, expected a commit, tag, branch, proposal/NAME/RUN or a date such as "
        f"2026-05-01.{lacking} `git log` shows commits, `git branch --all` branches."
    )
