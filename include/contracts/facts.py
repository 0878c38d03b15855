"""Facts that a contract states in a standard's own words: licences, schedules, names, owners, encodings."""

import codecs
import re
import unicodedata
from functools import cache

from .names import LONGEST, is_snake, snake
from .scalars import show
from .words import nearest

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
_COMMON = (
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "ODbL-1.0",
    "PDDL-1.0",
    "OGL-UK-3.0",
    "etalab-2.0",
    "MIT",
    "Apache-2.0",
)
# Words in licence identifiers that forbid what publishing to everybody does.
_CLOSED = re.compile(
    r"(?i)(^|-)(nc|non-?commercial|no-?redistribution|proprietary|all-rights-reserved|confidential)(-|$)"
)

DURATION = re.compile(r"^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$")
"""A duration of whole units (ISO 8601-1, 5.5.2)."""


def name(text: str) -> str:
    """`text` if it can be the name of a dataset or column; raises ValueError, which names a letter that deceives."""
    if is_snake(text):
        return text
    for number, letter in enumerate(text, 1):
        if letter.isalpha() and not letter.isascii():
            raise ValueError(
                f"expected a name in ASCII letters, found {show(text)}: character {number} is "
                f"{unicodedata.name(letter, 'unknown')} (U+{ord(letter):04X}). Type the name anew."
            )
    raise ValueError(
        f"expected a name in snake case (a-z, 0-9 and _, at most {LONGEST}), found {show(text)}. Write {snake(text)}."
    )


def country(text: str) -> str:
    """`text` if it is a country's code (two capital letters) or can be the name of a column; raises ValueError."""
    if re.fullmatch("[A-Z]{2}", text):
        return text
    try:
        return name(text)
    except ValueError as error:
        raise ValueError(f"{error} Or write a country as two capital letters: US.") from error


@cache
def licence(text: str) -> str:
    """`text` if it is an SPDX licence expression in SPDX's own spelling; raises ValueError."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonical = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        canonical = ""
    if canonical == text:
        return text
    near = f" (did you mean {canonical!r}?)" if canonical else nearest(text.strip().replace(" ", "-"), _COMMON)
    raise ValueError(
        f"expected an SPDX licence identifier, found {show(text)}{near}. "
        "Take one of https://spdx.org/licenses, or write LicenseRef-NAME for another licence."
    )


def is_open(expression: str) -> bool:
    """Whether one of the licences that `expression` offers lets everybody use and pass on the data."""
    return any(not any(_CLOSED.search(i) for i in re.split(r"[\s()]+", choice)) for choice in expression.split(" OR "))


@cache
def schedule(text: str) -> str:
    """`text` if it is one of the presets, or a cron expression of five fields that comes due; raises ValueError."""
    if text.startswith("@"):
        if text in PRESETS:
            return text
        raise ValueError(
            f"expected {', '.join(PRESETS)}, found {show(text)}{nearest(text, PRESETS)}. Write one of these."
        )
    if len(text.split()) != 5:
        raise ValueError(
            f"expected a preset (@monthly) or the five fields of cron (0 6 * * 1), found {show(text)}. Correct it."
        )
    from croniter import CroniterBadDateError, CroniterError, croniter

    try:
        croniter(text).get_next()
    except CroniterBadDateError as error:
        raise ValueError(
            f"expected a schedule that comes due, found {show(text)}, which never does. Correct it."
        ) from error
    except (CroniterError, ValueError) as error:
        raise ValueError(
            f"expected the five fields of cron, each in its range (0 6 * * 1), found {show(text)}. Correct it."
        ) from error
    return text


def owner(text: str) -> str:
    """`text` if it looks like an e-mail address; raises ValueError."""
    if re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}", text):
        return text
    raise ValueError(f"expected an e-mail address, found {show(text)}. Name who answers questions about the data.")


def version(text: str) -> str:
    """`text` if it is the beginning of a version's hash; raises ValueError."""
    if re.fullmatch(r"[0-9a-f]{12,64}", text):
        return text
    raise ValueError(
        f"expected the first 12 digits or more of a version's hash (0-9 and a-f), found {show(text)}. The run that "
        "stopped says which."
    )


def character(text: str) -> str:
    """`text` if it is one character; raises ValueError."""
    if len(text) == 1 and text != "\n":
        return text
    raise ValueError(f'expected one character, found {show(text)}. A tab is written "\\t", in double quotes.')


def encoding(text: str) -> str:
    """`text` if Python can decode it into text; raises ValueError."""
    try:
        codecs.lookup(text)
        b"".decode(text)
    except (LookupError, ValueError) as error:
        raise ValueError(
            f"expected the name of a text encoding, found {show(text)}. Write utf-8, windows-1252, iso-8859-1, utf-16 …"
        ) from error
    return text


def term(text: str) -> str:
    """`text` if it names a term of a glossary; raises ValueError."""
    glossary, dot, name = text.partition(".")
    if not (glossary.strip() and dot and name.strip()):
        raise ValueError(f"expected GLOSSARY.TERM, found {show(text)}. Write the glossary's name before the first dot.")
    return text


def duration(text: str) -> str:
    """`text` if it is a duration as ISO 8601 writes it; raises ValueError."""
    if not DURATION.match(text):
        raise ValueError(f"expected an ISO 8601 duration such as P10Y or P90D, found {show(text)}. Write it so.")
    return text
