"""What extract.py's `addresses()` may return: requests that the engine sends, pages through and retries."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from ..errors import ContractError
from .addresses import Address
from .types import Strict
from .words import problems

Parameter = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.$\[\]-]{1,100}$")]
JsonPath = Annotated[str, StringConstraints(pattern=r"^[^\s.\[\]]+(\.[^\s.\[\]]+)*$", max_length=200)]
_ENGINE_SETS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "range", "if-none-match", "cookie"}
)
KINDS = ("next", "links", "page", "offset", "cursor")


class Request(Strict):
    """One address, the secret that it needs (by name), and how its pages follow each other (at most one way)."""

    url: Address
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,62}$")] | None = None
    """NAME of the secret in the pod's environment, never its value."""
    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")] = "Authorization"
    """Header that carries the secret."""
    prefix: str = Field(default="", max_length=20, pattern=r"^[A-Za-z]* ?$")
    """Before the secret in its header: "Bearer "."""
    parameter: Parameter | None = None
    """Query parameter that carries the secret instead of a header, where the server wants it so."""
    next: JsonPath | None = None
    """Paging by link: where the answer (JSON) names the next page's address ("links.next"); null at the end."""
    links: Literal[True] | None = None
    """Paging by the answer's Link header (rel="next")."""
    page: Parameter | None = None
    """Paging by number: the query parameter that counts pages, from `first`; ends with a page without records."""
    first: int = Field(default=1, ge=0)
    offset: Parameter | None = None
    """Paging by offset: the query parameter that says how many records to skip; needs `limit` and `size`."""
    limit: Parameter | None = None
    """Query parameter that says how many records a page has."""
    size: int | None = Field(default=None, ge=1, le=1_000_000)
    """Records a page."""
    cursor: Parameter | None = None
    """Paging by cursor: the query parameter that takes the value found at `cursor_path`."""
    cursor_path: JsonPath | None = None
    """Where the answer (JSON) holds the cursor of the next page; absent or null at the end."""
    records: JsonPath | None = None
    """Where the answer (JSON) holds its records; absent: the answer is the list. An empty list ends the pages."""
    max_pages: int = Field(default=1000, ge=1, le=100_000)
    """More pages than this are an error, not a cut."""

    @field_validator("secret", mode="before")
    @classmethod
    def _a_name(cls, value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(r"[A-Z][A-Z0-9_]{0,62}", value):
            # The value may be the secret itself, so it is not shown.
            raise ValueError(
                "expected the NAME of a secret in capitals (EIA_API_KEY), found something else. "
                "Never write the secret itself."
            )
        return value

    @field_validator("header")
    @classmethod
    def _not_the_engines(cls, value: str) -> str:
        if value.lower() in _ENGINE_SETS:
            raise ValueError(f"{value!r} is set by the engine. Name the header that carries the secret.")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [k for k in KINDS if getattr(self, k) is not None]
        if len(ways) > 1:
            raise ValueError(f"expected one way of paging, found {' and '.join(ways)}. Keep one.")
        if self.offset and not (self.limit and self.size):
            raise ValueError("paging by offset needs 'limit' (a parameter) and 'size' (records a page). Add them.")
        if (self.cursor is None) != (self.cursor_path is None):
            raise ValueError("paging by cursor needs both 'cursor' (a parameter) and 'cursor_path'. Add the other.")
        return self

    @property
    def paging(self) -> str | None:
        """How pages follow each other: next, page, offset, cursor, or None for a single answer."""
        return next((k for k in KINDS if getattr(self, k) is not None), None)


def parse(addresses: Any, where: str = "extract.py: addresses()") -> tuple[Request, ...]:
    """What `addresses()` returned, as requests: a list of addresses (text) and requests (dict).

    Raises ContractError with all problems, each of which begins with `where`.
    """
    if isinstance(addresses, str | dict) or not isinstance(addresses, Iterable):
        found = type(addresses).__name__
        raise ContractError(
            f"{where}: expected a list of addresses, found {found}. Return a list, also for a single one."
        )
    requests, wrong = [], []
    for number, item in enumerate(addresses, 1):
        try:
            requests.append(Request.model_validate({"url": item} if isinstance(item, str) else item))
        except ValidationError as error:
            wrong += [f"{where}: item {number}: {p}" for _, p in problems(error, Request)]
    if wrong:
        raise ContractError(*wrong)
    return tuple(requests)
