"""Words for people: Pydantic's errors as what was expected, what was found and what to do next; counts; hints."""

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .scalars import show

Place = tuple[int | str, ...]


def problems(error: ValidationError, model: type[BaseModel]) -> list[tuple[Place, str]]:
    """Each problem of `error` with its place in the document."""
    details = error.errors(include_url=False)
    return [(tuple(p for p in d["loc"] if p != "[key]"), _words(d, model)) for d in details]


def counted(number: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """ " (did you mean 'title'?)", or nothing if no known word is near."""
    match = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {match[0]!r}?)" if match else ""


def _words(detail: ErrorDetails, model: type[BaseModel]) -> str:
    loc, found, kind = detail["loc"], detail["input"], detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    name = f"{_called(loc)}: " if loc else ""
    if kind == "value_error":
        return f"{name}{context['error']}"
    if kind == "missing":
        return _missing(loc, model)
    if kind == "extra_forbidden":
        return _unknown(loc, model)
    if kind == "literal_error":
        near = nearest(found, _choices(context["expected"])) if isinstance(found, str) else ""
        return f"{name}expected {context['expected']}, found {show(found)}{near}. Write one of these."
    expected, advice = _EXPECTED.get(kind, (detail["msg"], "Correct it."))
    return f"{name}expected {expected.format(**context)}, found {show(found)}. {advice}"


_EXPECTED = {
    "string_type": ("text", "Write one text; in quotes if it is to be empty or the word null."),
    "string_too_short": ("text", "Write it."),
    "string_too_long": ("at most {max_length} characters", "Shorten it."),
    "string_pattern_mismatch": ("text of the form {pattern}", "Correct it."),
    "int_type": ("a whole number", "Write digits only."),
    "float_type": ("a number", "Write digits only."),
    "finite_number": ("a number", "Write a smaller one."),
    "bool_type": ("true or false", "Write one of these."),
    "date_type": ("a date", "Write it as year-month-day: 2026-12-31."),
    "tuple_type": ("a list", "Write [one, two], also for a single one."),
    "dict_type": ("names and values", "Write 'name: value' lines below the key."),
    "model_type": ("keys and values", "Write 'key: value' lines below it."),
    "too_short": ("at least {min_length} in the list", "Add what is missing."),
    "too_long": ("at most {max_length} in the list", "Take some out."),
    "greater_than_equal": ("at least {ge:g}", "Correct it."),
    "greater_than": ("more than {gt:g}", "Correct it."),
    "less_than_equal": ("at most {le:g}", "Correct it."),
}


def _called(loc: Place) -> str:
    """The place as an author would say it: expect.rows, source.url item 2."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f" item {part + 1}"
        elif part != "[key]":
            word = part if part.isidentifier() and part.isascii() else show(part)
            text += f".{word}" if text else word
    return text


def _missing(loc: Place, model: type[BaseModel]) -> str:
    if isinstance(loc[-1], int):
        return f"{_called(loc[:-1])}: expected another value after the {loc[-1]} given. Add it."
    holder = _model_at(loc[:-1], model)
    described = holder.model_fields[loc[-1]].description if holder and loc[-1] in holder.model_fields else None
    meaning = (described or "").partition("\n")[0]
    inside = f" in {_called(loc[:-1])}" if loc[:-1] else ""
    return f"missing key {loc[-1]!r}{inside}. Add it{f': {meaning}' if meaning else '.'}"


def _unknown(loc: Place, model: type[BaseModel]) -> str:
    holder = _model_at(loc[:-1], model) or model
    known = list(holder.model_fields)
    key, inside = str(loc[-1]), f" in {_called(loc[:-1])}" if loc[:-1] else ""
    near = nearest(key, known)
    advice = "Correct it." if near else f"Take it out; known here: {', '.join(known)}."
    return f"unknown key {show(key)}{inside}{near}. {advice}"


def _model_at(loc: Place, model: type[BaseModel]) -> type[BaseModel] | None:
    """The model that describes the mapping at `loc`."""
    found: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int):
            continue
        known = found.model_fields if found else {}
        found = _model_in(known[part].annotation) if part in known else None
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model_in(a))), None)


def _choices(expected: str) -> list[str]:
    """The words in pydantic's "'public', 'internal' or 'restricted'"."""
    return expected.split("'")[1::2]
