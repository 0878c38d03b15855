"""What keys of a contract have in common: names, texts, and that nothing else is said."""

import warnings
from collections import Counter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, WithJsonSchema

from . import facts
from .scalars import show

# A key is called as a method of Python's abstract classes, which no model here needs. Where such a key must be given,
# it says so (`= Field()`): else Pydantic takes the method for its default.
warnings.filterwarnings("ignore", 'Field name "register"', UserWarning)

Name = Annotated[
    str, AfterValidator(facts.name), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"})
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\n]*$")]


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """`values` where all are different; raises ValueError."""
    if repeated := [v for v, n in Counter(values).items() if n > 1]:
        raise ValueError(f"expected different values, found {show(repeated[0])} more than once. Keep one.")
    return values


Names = Annotated[tuple[Name, ...], AfterValidator(distinct)]


class Strict(BaseModel):
    """Unknown keys are errors; values are never coerced from another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
