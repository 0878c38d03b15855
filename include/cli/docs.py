"""`commons docs`: a site of all datasets, put in its place when it is whole."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..catalogue.model import Described
from ..contracts import loader
from ..errors import EnvironmentFault
from ..settings import REPOSITORY, settings
from ..versions import describing, worktree
from .progress import progress

DEFAULT = REPOSITORY / ".commons" / "docs"
MARK = ".commons-docs.json"
_FORMAT = 1
_NEW, _OLD = "new", "old"


def written(to: Path, differences: bool) -> dict[str, Any]:
    """Writes the site of all datasets into the folder `to`; says what was written, and which datasets were left out.

    Values of columns that are not public are nowhere in it. With `differences`, it has a page of all that differs
    between the newest two versions of each dataset. The same commit gives the same bytes. Raises EnvironmentFault where
    `to` holds anything but such a site, or another build is at work; `to` is then as it was.
    """
    from ..catalogue.site.build import build
    from ..catalogue.site.pages import pages

    with in_place_of(to.absolute()) as (new, scratch):
        room = Path(settings().datasets)
        with progress("Reading what is known of the datasets"):
            known = describing.described(REPOSITORY, room, worktree.pins(REPOSITORY))
        differing = _differences(known, new) if differences else {}
        with progress("Writing pages", 2 * len(known) + 3) as told:
            build(pages(known, differing), scratch, new, told)
        (new / MARK).write_text(json.dumps({"format": _FORMAT}) + "\n", encoding="utf-8")
        files = [file for file in new.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
    return {
        "folder": str(to),
        "index": (to.absolute() / "index.html").as_uri(),
        "datasets": len(known),
        "files": len(files),
        "bytes": size,
        "left_out": sorted({*loader.names(room)} - {one.name for one in known}),
    }


def _differences(known: Sequence[Described], new: Path) -> dict[str, Mapping[str, str]]:
    """By dataset and commit, the address of the page of what its newest version changed, as the public may see it."""
    from ..diff.audience import shown_to
    from ..diff.page import page
    from ..versions.changes import changes

    (new / "differences").mkdir()
    found: dict[str, Mapping[str, str]] = {}
    for one in known:
        if len(one.history) < 2:
            continue
        now, before = (version.commit for version in one.history[:2])
        diff = changes(REPOSITORY, before, now, [one.name], progress)
        if diff.datasets and not any(each.problem for each in diff.datasets):
            file = f"differences/{one.name}.html"
            (new / file).write_text(page(shown_to(diff, "public")), encoding="utf-8")
            found[one.name] = {now: f"../{file}"}
    return found


@contextmanager
def in_place_of(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yields an empty folder that takes the place of `folder` at the end, and one for scratch files, both beside it.

    What fails or is killed leaves `folder` as it was, and the next one clears up. Raises EnvironmentFault as `written`.
    """
    _claim(folder)
    with _beside(folder) as place:
        new, old = place / _NEW, place / _OLD
        new.mkdir()
        yield new, place / "scratch"
        with suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)


def _claim(folder: Path) -> None:
    """Raises EnvironmentFault where `folder` holds what no build of this made."""
    if not folder.exists() or (folder / MARK).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise EnvironmentFault(
            f"{folder}: holds something else, expected no such folder, an empty one or a site that `commons docs` "
            "wrote. Nothing was changed there; name another folder."
        )


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder beside `folder`, of one build at a time; empty, and gone afterwards."""
    place = folder.with_name(f".{folder.name}.building")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(f"{folder}: can't be written: {error}. Name another folder.") from error
    held = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentFault(f"{folder}: another build is at work there. Wait for its end.") from error
        _clear(place, folder)
        try:
            yield place
        finally:
            _clear(place, folder)
            place.rmdir()
    finally:
        os.close(held)


def _clear(place: Path, folder: Path) -> None:
    """Empties `place`; a site that a killed build had set aside comes back first."""
    if (place / _OLD).exists() and not folder.exists():
        (place / _OLD).rename(folder)
    for each in place.iterdir():
        shutil.rmtree(each)
