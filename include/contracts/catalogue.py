"""What a contract says for catalogues only: where the data belong, how much hangs on them, how long they are kept."""

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from . import facts
from .scalars import Tier
from .types import Line, Name, Strict

Term = Annotated[Line, AfterValidator(facts.term), WithJsonSchema({"type": "string", "pattern": r"^[^.\n]+\.[^\n]+$"})]
Duration = Annotated[
    Line, AfterValidator(facts.duration), WithJsonSchema({"type": "string", "pattern": facts.DURATION.pattern})
]


class Catalogue(Strict):
    """What catalogues show of the dataset, and nothing else reads."""

    domain: Line | None = None
    """The part of the organisation, or the subject, that the data belong to, such as energy."""
    tier: Tier | None = None
    """How much hangs on them: 1 for what everybody builds on, 5 for what nobody would miss."""
    retention: Duration | None = None
    """How long versions are kept, as an ISO 8601 duration (P10Y); absent: for ever."""
    terms: dict[Name, Term] = Field(default={})
    """Columns, each with the glossary term that says what it means: "Energy.Installed capacity"."""
