"""Rolling a dataset back from the command line, and what to do next."""

import re
from dataclasses import replace

from ..adapters import git
from ..adapters.cache import cache_folder
from ..adapters.forge import forge
from ..adapters.remote import Remote, remote
from ..contracts import loader
from ..settings import REPOSITORY, settings
from ..tasks.sync import target
from ..versions import proposals, rollback
from ..versions.breaks import readers
from ..versions.publication import pin
from ..versions.pushing import GitTarget
from ..versions.revisions import resolve
from ..versions.rollback import Rollback
from ..versions.settling import Published
from .console import out
from .local import dataset_folder
from .progress import progress


def roll_back(name: str, to: str, why: str) -> None:
    """Publishes the version of `name` at the revision `to` again, where runs publish to, and says what came of it.

    Raises DataError where there is no such version or it was withdrawn, ConflictError where a run published meanwhile,
    EnvironmentFault where its bytes are whole nowhere, or Git or a remote is at fault.
    """
    folder = dataset_folder(name)
    contract, commit = loader.load(folder), resolve(REPOSITORY, to)
    pins = rollback.published_there(REPOSITORY, commit, target())
    cache = cache_folder(REPOSITORY)
    planned = rollback.plan(REPOSITORY, name, commit, why, pins, contract.access, _remote, cache)
    if planned is None:
        return _say(f"{name}: the version at {commit[:12]} is the newest one already. Nothing changed.")
    review = contract.publish == "proposal" or planned.store.name == "restricted"
    where = target(propose=bool(planned.breaking) or review)
    if isinstance(where, GitTarget):
        where = replace(where, who=_person() or where.who)
    with progress(f"Reading {name} at {commit[:12]}", len(planned.files.files)) as advance:
        done = pin(planned.entry, planned.base, where, planned.store, lambda: rollback.bring(planned, cache, advance))
    request = None
    if isinstance(where, GitTarget) and done.outcome == "proposed":
        diff = proposals.difference(pins.entries[name], done.entry, REPOSITORY, cache)
        request = proposals.requested(done, where, forge(settings().forge), diff)
    return _tell(planned, done, loader.consumers(folder.parent, name), request)


def _person() -> git.Identity | None:
    """Who commits in this clone, as Git was told; None where it was not."""
    try:
        said = git.run("var", "GIT_AUTHOR_IDENT", at=REPOSITORY)
    except git.GitError:
        return None
    found = re.fullmatch(r"(.*) <(.*)> \d+ [+-]\d+", said.strip())
    return git.Identity(found[1], found[2]) if found else None


def _remote(name: str) -> Remote:
    return remote(name, REPOSITORY, settings().remote)


def _tell(planned: Rollback, done: Published, consumers: list[str], request: str | None) -> None:
    name, meta = planned.entry.name, planned.to.meta
    what = "proposed to go back" if done.outcome == "proposed" else "back"
    _say(f"{name}: {what} to {planned.commit[:12]} (published {meta.published}, {meta.rows:,} rows), as a new version.")
    if planned.breaking:
        _say("For readers of the version before:")
        for change in planned.breaking:
            _say(f"  {change}")
        _say(readers(consumers))
        _say("schema.py and contract.yaml stay as they are: take their change back too, else the next run stops.")
    if done.outcome == "proposed":
        _say(f"A person must merge {request or done.branch}.")
    elif done.commit:
        _say(f"Pushed as {done.commit[:12]}.")
    else:
        _say("data.dvc changed. Next: git commit data.dvc, with your reason; open a pull request.")
    _say("A run that brings back what was rolled back stops and says so; other content is published as always.")


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
