"""What extract.py's `addresses()` may return: one request, with its paging and the name of the secret it needs."""

from typing import Literal, Self

from pydantic import Field, model_validator

from .model import Strict


class Next(Strict):
    """How an answer leads to the next page. Fetching stops where it no longer does."""

    by: Literal["link", "json", "cursor", "page", "offset"]
    """link: the answer's Link header; json: an address at `path`; cursor: a mark at `path`, sent as `parameter`;
    page, offset: a number sent as `parameter`, until no record is left at `records`."""
    path: str | None = None
    """json, cursor: where the answer holds the address or mark, as dotted keys ("links.next")."""
    parameter: str | None = None
    """cursor, page, offset: the query parameter that is set."""
    records: str | None = None
    """page, offset: where the answer holds its list of records ("result.items"; "" for the answer itself)."""
    first: int | None = None
    """page, offset: the number that the address itself answers; 1 for pages, 0 for offsets by default."""
    size: int = Field(default=1, ge=1)
    """offset: records a page, added to the number each time."""
    most: int = Field(default=1000, ge=1)
    """Most pages; one more is an error."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {"json": ["path"], "cursor": ["path", "parameter"]}
        wanted = needs.get(self.by, [] if self.by == "link" else ["parameter", "records"])
        if missing := [name for name in wanted if getattr(self, name) is None]:
            raise ValueError(f"next: by: {self.by} needs {' and '.join(missing)}")
        return self


class Request(Strict):
    """One address to fetch. It names a secret and never holds one."""

    url: str
    secret: str | None = None
    """Name of the secret (a file of the mounted secret); its value is sent to the address's own host only."""
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    """The header that carries the secret."""
    scheme: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """The word before the secret, for example Bearer."""
    next: Next | None = None
