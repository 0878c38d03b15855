"""Legal forms as the record's own country writes them, so that none is taken for another country's."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import polars as pl
import yaml

from ..errors import DataCommonsError
from .letters import folded_words
from .scripts import UNSPACED, is_eastern, spaced

COLUMNS = ("country_code", "name", "abbreviations", "abbreviations_transliterated")
"""Of the list of legal forms (ISO 20275) that are read."""

_FACTS = yaml.safe_load((Path(__file__).parent / "forms.yaml").read_text("utf-8"))
_WORLDWIDE: list[str] = [*_FACTS["worldwide"].split(), *_FACTS["worldwide_phrases"]]
_SINGLE = frozenset(_FACTS["worldwide"].split())
_BEFORE = frozenset(_FACTS["before"].split())
_KINDS = frozenset(_FACTS["kinds"].split())
_ROMAN = re.compile("x{0,3}(?:ix|iv|v?i{0,3})")
_MOST_WORDS = 8


@dataclass(frozen=True)
class Forms:
    """Phrases of legal forms, folded to words, by country; each with the canonical form it stands for."""

    own: Mapping[str, Mapping[str, str]]
    """Country (ISO 3166-1 alpha-2) to phrase to canonical form."""
    abroad: Mapping[str, str]
    """What is a form for a record of any country, or of none."""

    @cached_property
    def digest(self) -> str:
        """Of the phrases: an index that was folded with others is another index."""
        return hashlib.sha256(json.dumps([self.own, self.abroad], sort_keys=True).encode()).hexdigest()[:16]

    def behind(self, country: str | None) -> Mapping[str, str]:
        """Phrases that may end a name of `country`."""
        return {**self.abroad, **self.own.get(country or "", {})}

    def before(self, country: str | None) -> tuple[str, ...]:
        """Phrases that may begin a name of `country`."""
        own = self.own.get(country or "", {}) if country in _BEFORE else {}
        eastern = (text for text in self.abroad if text not in _WORLDWIDE)
        return tuple(dict.fromkeys([*own, *_FACTS["before_anywhere"].split(), *eastern]))

    def canonical(self, text: str, country: str | None) -> str:
        """Canonical forms in `text`, which is made of phrases, in their order and joined by spaces."""
        known, words, found = self.behind(country), text.split(), list[str]()
        while words:
            size = next((k for k in range(len(words), 0, -1) if " ".join(words[:k]) in known), 0)
            found += [known[" ".join(words[:size])]] if size else []
            words = words[size or 1 :]
        return " ".join(dict.fromkeys(" ".join(found).split()))


def legal_forms(listed: pl.DataFrame) -> Forms:
    """Forms from the list of ISO 20275 with the columns of the dataset elf_codes, and what that list lacks.

    A row's abbreviations are taken, and its full name where that says nothing but the form: it has two words or an
    abbreviation, and none that tells what the entity does ("National Bank" stays in a name). Raises DataCommonsError
    where columns are absent.
    """
    absent = [name for name in COLUMNS if name not in listed.columns]
    if absent:
        raise DataCommonsError(
            f"legal forms: no column {', '.join(absent)}, found {', '.join(listed.columns)}. "
            "Give the table of the dataset elf_codes."
        )
    absent_rows = ((country, text, text) for country, texts in _FACTS["absent"].items() for text in texts)
    rows = pl.DataFrame([*_listed(listed), *absent_rows], schema=["country", "text", "stands_for"], orient="row")
    folded = rows.with_columns(pl.col("text", "stands_for").map_batches(_words)).unique()
    own: dict[str, dict[str, str]] = {}
    for country, text, stands_for in folded.sort("country", "text", "stands_for").iter_rows():
        if _is_form(text):
            own.setdefault(country, {}).setdefault(text, _canonical(text, stands_for or text))
    abroad = [*_WORLDWIDE, *filter(_is_form, _words(pl.Series(UNSPACED)))]
    return Forms(own, {text: _canonical(text, text) for text in abroad})


def _listed(listed: pl.DataFrame) -> Iterable[tuple[str, str, str]]:
    for country, name, *abbreviations in listed.select(COLUMNS).drop_nulls("country_code").iter_rows():
        short = [part.strip() for text in abbreviations for part in re.split("[;,]", text or "") if part.strip()]
        yield from ((country, text, text) for text in short)
        if name and (short or " " in name.strip() or not name.isascii()):
            yield country, name, name if is_eastern(name) else min(short, key=len, default=name)


def _words(names: pl.Series) -> pl.Series:
    return folded_words(spaced(names))


def _is_form(text: str) -> bool:
    words = text.split()
    roman = _ROMAN.fullmatch(text) is not None
    return len(text) > 1 and len(words) <= _MOST_WORDS and not roman and not _KINDS.intersection(words)


@cache
def _same() -> dict[str, str]:
    return dict(zip(_words(pl.Series(list(_FACTS["same"]))), _FACTS["same"].values(), strict=True))


def _canonical(text: str, stands_for: str) -> str:
    same = _same()
    if text in same:
        return same[text]
    for phrase in (text, stands_for):
        words = [same.get(word, word) for word in phrase.split() if word != "and"]
        if _SINGLE.issuperset(words):
            return " ".join(words)
    return "".join(words)
