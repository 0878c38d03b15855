"""How a file is called in a message: the same on every machine where the file is part of the repository."""

from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]


def shown(path: Path) -> str:
    """`path` below the repository or the current folder, else as given."""
    absolute = path.absolute()
    for parent in (_REPOSITORY, Path.cwd()):
        if absolute.is_relative_to(parent):
            return absolute.relative_to(parent).as_posix()
    return str(path)
