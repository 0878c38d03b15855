"""What a contract says of matching: how a register is searched, and which names are looked for in it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from . import facts
from .scalars import Day, Flag, Fraction, Shards
from .types import Name, Names, Strict

Kind = Literal["lei", "isin", "cik", "other"]
Country = Annotated[
    str,
    AfterValidator(facts.country),
    WithJsonSchema({"type": "string", "pattern": "^([A-Z]{2}|[a-z][a-z0-9_]{0,62})$"}),
]


class Register(Strict):
    """Which columns of a register of legal entities are searched."""

    id: Name
    """The column with the identifier of each entity, such as its LEI."""
    name: Name
    """The column with its legal name."""
    country: Name
    """The column with its country (ISO 3166-1 alpha-2)."""
    category: Name | None = None
    """The column with its category, such as GLEIF's GENERAL, FUND and BRANCH."""
    legal_form: Name | None = None
    """The column with its legal form."""
    status: Name | None = None
    """The column with its status, such as active or retired."""
    identifiers: dict[Kind, Name] = Field(default={})
    """Columns with further identifiers, by their kind."""
    legal_forms: Name
    """The dataset of legal forms (ISO 20275) by which names are folded."""


class Parents(Strict):
    """Datasets in GLEIF's level 2 record layout, by which the parents of linked entities are found."""

    relations: Name
    """The dataset of relations (accounting consolidation)."""
    exceptions: Name
    """The dataset of reporting exceptions: why an entity names no parent."""
    as_of: Day | None = None
    """The day for which parents are found; the run's own by default."""


class Ownership(Strict):
    """How quantities of facilities are shared out to the companies that own them."""

    facility: Name
    """The column that identifies a facility."""
    by: Names = ()
    """Further columns that tell quantities of a facility apart, such as the year; companies are totalled by them."""
    share: Name
    """The column with the owner's share, in percent."""
    quantity: Name
    """The column with the facility's quantity, the same in all of its rows."""
    rest: Literal["unallocated", "scale"] = "unallocated"
    """What becomes of the part that no owner has: it stays unallocated, or shares are scaled to 100 %."""


class Match(Strict):
    """Which names of the table are linked to the legal entities of a register, and when a link counts."""

    register: Name = Field()
    """The dataset that is the register."""
    entity: Name
    """The column with the names."""
    country: Country | None = None
    """A column with their countries, or two capital letters (US) for all rows; absent: not known."""
    identifiers: dict[Kind, Name] = Field(default={})
    """Columns with identifiers of the entities, by their kind."""
    weight: Name | None = None
    """A column that says how much a row matters, such as capacity; coverage is told by it too."""
    accept: Fraction = 0.95
    """From which probability on a link counts without being looked at."""
    review: Annotated[Fraction, Field(validate_default=True)] = 0.30
    """From which probability on a person is asked."""
    single: Flag = False
    """Whether an entity takes one name at most, such as where both sides list each company once."""
    shards: Shards = 1
    """How many pods compare, each a range of the names; what comes out is the same for any number."""
    parents: Parents | None = None
    """Where the parents of the linked entities are found."""
    ownership: Ownership | None = None
    """How quantities are rolled up to the companies that own them."""

    @field_validator("review")
    @classmethod
    def _bands(cls, value: float, info: ValidationInfo) -> float:
        accept = info.data.get("accept", 1.0)
        if value > accept:
            raise ValueError(f"expected at most accept ({accept:g}), found {value:g}. Swap them, or correct one.")
        return value

    @property
    def country_column(self) -> str | None:
        """The column with the countries; None where there is none, or one country for all rows."""
        return self.country if self.country and self.country.islower() else None

    def reads(self) -> dict[tuple[str, ...], str]:
        """The datasets that matching reads, by the place in the contract that names each."""
        named: dict[tuple[str, ...], str] = {("register",): self.register}
        if self.parents:
            named |= {("parents", key): getattr(self.parents, key) for key in ("relations", "exceptions")}
        return named
