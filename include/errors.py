"""One family of exceptions, so that a user's mistake is never a traceback.

DataCommonsError
├── ContractError      a contract, schema.py or extract.py is wrong          exit 1
├── SourceError        a source can't be fetched, or isn't what it should be exit 1
├── DataError          the data break a rule, or a version would be wrong    exit 1
├── ConflictError      somebody else moved the dataset meanwhile             exit 1
└── EnvironmentFault   this machine, store or remote is at fault             exit 2

Wording: where: what is wrong, expected and found. What to do. All problems at once.
"""

import errno
from collections.abc import Iterable


class DataCommonsError(Exception):
    """A problem that the reader can act on; `str()` is the whole message for them."""

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        self.problems: tuple[str, ...] = problems
        super().__init__("\n".join(problems))

    @classmethod
    def of(cls, problems: Iterable[str]) -> "DataCommonsError":
        """All `problems` in one exception."""
        return cls(*problems)


def no_room(error: BaseException) -> bool:
    """Whether a full volume is behind it, whichever library met it: not all tell errno."""
    said = str(error)
    numpy = isinstance(error, OSError) and " requested and " in said  # of the items of an array, and so many written
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in said or numpy


class ContractError(DataCommonsError):
    """A contract, schema.py or extract.py is wrong."""


class SourceError(DataCommonsError):
    """A source can't be fetched, or what came is not what it should be."""


class DataError(DataCommonsError):
    """The data break a rule, or a version would be wrong."""


class ConflictError(DataCommonsError):
    """Somebody else moved the dataset since this run began."""


class EnvironmentFault(DataCommonsError):
    """This machine, a store, a remote or Git is at fault, not the data."""

    exit_code = 2
