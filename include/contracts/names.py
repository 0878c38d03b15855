"""One resolver for every name: a column's from its heading, and where a dataset lives in an environment."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import EnvironmentFault, SourceError

Environment = Literal["dev", "test", "prod"]
PATTERN = re.compile(r"[a-z][a-z0-9_]{0,62}")
LONGEST = 63

# A lone small letter before a capital is part of a unit or a brand (tCO2e, kWh, eGRID), so two are asked for.
_WORDS = re.compile(r"(?<=[a-z0-9]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_SPOKEN = str.maketrans(
    {"%": " pct ", "&": " and ", "'": "", "\u2019": "", "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L"}
    | {"\u0111": "d", "\u0110": "D", "\u00f0": "d", "\u00d0": "D", "\u00fe": "th", "\u00de": "Th", "\u0131": "i"}
    | {"\u00e6": "ae", "\u00c6": "Ae", "\u0153": "oe", "\u0152": "Oe"}
)


def is_snake(name: str) -> bool:
    """Whether `name` can be a dataset, column or developer."""
    return PATTERN.fullmatch(name) is not None


def snake(heading: str) -> str:
    """The column name of any heading: ASCII snake case, 1 to 63 characters, starting with a letter.

    "Entity.LegalName" becomes entity_legal_name, "capacityMW" capacity_mw, "Share %" share_pct. Letters that have no
    Latin form become their code point (u56fd).
    """
    spoken = unicodedata.normalize("NFKD", heading.translate(_SPOKEN))
    spaced = _WORDS.sub(" ", "".join(map(_ascii, spoken)))
    name = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_") or "column"
    return _short(name if name[0].isalpha() else f"column_{name}", heading)


def _ascii(character: str) -> str:
    """`character` in ASCII: itself, nothing for an accent, a space for a sign, the code point for a letter."""
    if character.isascii() or unicodedata.combining(character):
        return character if character.isascii() else ""
    folded = unicodedata.normalize("NFKD", character.casefold())
    if folded.isascii():
        return folded
    return f" u{ord(character):04x} " if character.isalnum() else " "


def _short(name: str, heading: str) -> str:
    """`name` if it is short enough, else its beginning and a hash of the heading, so that two long ones stay two."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9].rstrip('_')}_{_digest(heading, 8)}"


def _digest(heading: str, digits: int) -> str:
    return hashlib.sha256(heading.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def snake_all(headings: Iterable[str]) -> dict[str, str]:
    """Heading to column name, in the order given and never two headings to one name.

    Headings that would share a name get a hash of the heading as suffix (`name_3fa2c1`), all but one that already is
    the name: a number would move to another column when the source changes their order.
    Raises SourceError if a heading comes twice.
    """
    given = list(headings)
    if twice := [repr(h) for h, n in Counter(given).items() if n > 1]:
        raise SourceError(
            f"headings: {', '.join(twice)} come more than once, expected different ones. "
            "Say in the contract which row is the header, or rename them in extract.py."
        )
    names = {h: snake(h) for h in given}
    digits = 6
    while repeated := {n for n, times in Counter(names.values()).items() if times > 1}:
        names = {h: _suffixed(h, n, digits) if n in repeated and n != h else n for h, n in names.items()}
        digits += 6
    return names


def _suffixed(heading: str, name: str, digits: int) -> str:
    return f"{name[: LONGEST - digits - 1].rstrip('_')}_{_digest(heading, digits)}"


@dataclass(frozen=True)
class Names:
    """Where datasets live in one environment, or in one developer's space of it.

    Names of datasets and developers hold no "-", so it separates the parts: a developer called like a dataset, or like
    a folder of the store, never meets it.
    """

    environment: str = "dev"
    developer: str = ""

    def __post_init__(self) -> None:
        if self.environment not in get_args(Environment):
            raise EnvironmentFault(
                f"COMMONS_ENVIRONMENT: expected dev, test or prod, found {self.environment!r}. Set one of these."
            )
        if self.developer and not is_snake(self.developer):
            raise EnvironmentFault(
                f"COMMONS_DEVELOPER: expected a name in snake case (jane_doe), found {self.developer!r}. Set one."
            )

    @property
    def space(self) -> str:
        """The environment, or the developer's space in it: prod, dev-jane."""
        return f"{self.environment}-{self.developer}" if self.developer else self.environment

    def table(self, dataset: str) -> tuple[str, str, str]:
        """Trino catalog, schema and table. The schema of a developer starts with dev_, that of the others is `data`."""
        return f"commons_{self.environment}", f"dev_{self.developer}" if self.developer else "data", dataset

    def path(self, dataset: str) -> str:
        """The DVC path: the same everywhere, since a branch tells environments apart."""
        return f"data/{dataset}"

    def topic(self, dataset: str) -> str:
        """Kafka topic. Without ".", which Kafka's metrics confuse with "_"."""
        return f"{self.space}-{dataset}"

    def store(self, address: str) -> str:
        """The folder of the store at `address` that holds this space's runs, heads, logs and code."""
        return f"{address.rstrip('/')}/{self.space}"

    def dag_id(self, dataset: str) -> str:
        """The dataset's name; in a developer's space, jane-elf_codes."""
        return f"{self.developer}-{dataset}" if self.developer else dataset

    def asset(self, dataset: str) -> str:
        """URI of the Airflow Asset."""
        return f"commons://{self.space}/{dataset}"
