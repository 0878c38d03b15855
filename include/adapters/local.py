"""file: addresses, for a dataset that is being developed."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import SourceError
from ..settings import REPOSITORY, settings
from ..tables.ahead import ahead
from .landing import Landing, chunks

_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/run", "/var/run")


def path(address: str, base: Path) -> Path:
    """The file that `address` names: absolute, or relative to `base`, else to the repository.

    Raises SourceError where there is none, or where it lies in a hidden or system folder (keys and tokens live there).
    """
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost"):
        raise SourceError(
            f"{address}: names a file of the host {parts.netloc!r}. Write file:NAME or file:///FOLDER/NAME."
        )
    wanted = Path(unquote(parts.path))
    tried = [(root / wanted).resolve() for root in (base, REPOSITORY)]
    found = next((file for file in tried if file.is_file()), None)
    if found is None:
        places = " nor ".join(str(file) for file in dict.fromkeys(tried))
        raise SourceError(f"{address}: no file at {places}. Correct the address, or put the file there.")
    if _private(found):
        raise SourceError(
            f"{address}: {found} lies in a hidden or system folder, which is not read. Copy it elsewhere."
        )
    return found


def _private(file: Path) -> bool:
    own = file.relative_to(REPOSITORY) if file.is_relative_to(REPOSITORY) else file
    hidden = any(part.startswith(".") for part in own.parts)
    return hidden or any(file.is_relative_to(Path(root).resolve()) for root in (*_SYSTEM, settings().secrets))


def take(file: Path, landing: Landing) -> None:
    """The bytes of `file` into `landing`."""
    landing.allow(size := file.stat().st_size)
    landing.total = size
    with file.open("rb") as source:
        for piece in ahead(chunks(source)):
            landing.took(piece)
