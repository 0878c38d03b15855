"""A file of judgements, changed one decision at a time: whole at every moment, and nobody's line is lost."""

import datetime as dt
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...adapters import git
from ...errors import ContractError, DataError, EnvironmentFault
from ...matching.judgements import Judgement, parse, to_text, with_judgement

Judgements = tuple[Judgement, ...]


def read(file: Path) -> Judgements:
    """The judgements in `file`, none where it is absent. Raises ContractError with all that is wrong in it."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise EnvironmentFault(f"{file}: can't be read: {error.strerror}. Mend it, then run it again.") from error
    return parse(content, str(file), dt.date.today())


def change(
    file: Path, added: Iterable[Judgement], removed: Iterable[Judgement], seen: Iterable[Judgement]
) -> tuple[Judgements, Judgements]:
    """Adds and removes judgements; what they took the place of, and what stood against them.

    What stands in `file` now counts, whoever wrote it. Where one that is not among `seen` contradicts an added one,
    somebody else decided meanwhile: then nothing is changed, and theirs is told. Raises as `read`, and EnvironmentFault
    where the file can't be written or locked; it is as it was then.
    """
    added, file = tuple(added), file.resolve()  # the file that a link points to, not the link
    check_place(file)
    with _alone(file.parent):
        before = read(file)
        after = tuple(one for one in before if one not in set(removed))
        for one in added:
            after = with_judgement(after, one)
        gone = tuple(one for one in before if one not in after)
        if against := tuple(one for one in gone if one not in {*seen, *removed}):
            return (), against
        _write(file, _sound(file, after))
    return tuple(one for one in gone if one not in removed), ()


def check_place(file: Path) -> None:
    """Raises EnvironmentFault where judgements can't be written to `file`."""
    folder, advice = file.resolve().parent, "Judgements are kept there; mend that, then go on."
    if not folder.is_dir():
        raise EnvironmentFault(f"{folder}: there is no such folder. {advice}")
    if locked := [place for place in (folder, file) if place.exists() and not os.access(place, os.W_OK)]:
        raise EnvironmentFault(f"{locked[0]}: can't be written. {advice}")


def who(folder: Path) -> str:
    """Who judges, as Git knows them: "Ann Author <ann@example.org>". Raises EnvironmentFault where it doesn't."""
    try:
        return git.run("var", "GIT_AUTHOR_IDENT", at=folder).rpartition(">")[0] + ">"
    except git.GitError as error:
        raise EnvironmentFault(
            "Git does not know who you are, and a judgement says who made it. "
            'Run: git config --global user.name "Your Name", and user.email you@example.org.'
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process of this machine at a time changes files of `folder`; the lock goes with the process."""
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX)
        except OSError as error:
            raise EnvironmentFault(
                f"{folder}: can't be locked ({error.strerror}), so two people could lose lines. Use a local folder."
            ) from error
        yield
    finally:
        os.close(place)


def _sound(file: Path, judgements: Judgements) -> str:
    """The text of a file that reads as these judgements. Raises DataError where there is none."""
    text = to_text(judgements)
    try:
        if parse(text.encode(), file.name, dt.date.today()) == tuple(sorted(judgements)):
            return text
        problems: tuple[str, ...] = (f"{file.name}: it would not be read as it is meant.",)
    except (ContractError, UnicodeEncodeError) as error:
        problems = getattr(error, "problems", (str(error),))
    raise DataError("This can't be kept as a judgement, so nothing was written:", *problems)


def _write(file: Path, text: str) -> None:
    """`text` in the place of what `file` held; a reader sees either. What a killed process left is written over."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if file.exists():
            shutil.copymode(file, part)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EnvironmentFault(
            f"{file}: can't be written: {error.strerror}. What was decided before stays; mend it, then go on."
        ) from error
