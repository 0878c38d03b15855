"""Judgements about entities that the register no longer has, where its index is on this machine."""

from contextlib import suppress
from pathlib import Path

import polars as pl

from ...contracts import loader
from ...contracts.places import shown
from ...errors import DataCommonsError
from ...matching.judgements import orphans
from ...settings import REPOSITORY
from ...versions import indexes, worktree
from ...versions.indexes import KEPT_HERE
from . import judging
from .opening import judged_file


def orphaned(name: str, repository: Path = REPOSITORY) -> list[str]:
    """A sentence for each such judgement of a dataset; none where nobody can tell without a network."""
    file = judged_file(name)
    if not file.exists():
        return []
    with suppress(DataCommonsError):  # what can't be read is told as a problem
        match = loader.load(file.parent).match
        register = match.register if match else ""
        pinned = worktree.pins(repository).entries.get(register)
        ids = _ids(register, pinned.meta.content, repository / KEPT_HERE) if pinned else None
        if ids is not None:
            return [
                f"{shown(file)}: {one.name!r} was judged to be {one.lei}, which {register} no longer has: it links "
                "nothing. Judge it again, or take the line out."
                for one in orphans(judging.read(file), ids)
                if one.judgement == "match"
            ]
    return []


def _ids(register: str, content: str, folder: Path) -> pl.Series | None:
    for place, known in indexes.made(folder):
        if (known.dataset, known.content) == (register, content) and (found := indexes.opened(place)):
            return pl.Series(found.entities["id"])
    return None
