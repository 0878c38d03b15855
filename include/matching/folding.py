"""A name as published to the words that tell it from others, with all that was taken away from it."""

from collections.abc import Iterable

import polars as pl

from .designations import without_designations
from .forms import Forms
from .letters import ascii_letters, joined_words
from .scripts import spaced

FOLDED = ("full", "words", "core", "form", "designation")


def fold(frame: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    """`frame` (columns name and country, ISO 3166-1 alpha-2 or null) with the columns of FOLDED, all without nulls.

    full: ASCII words in lower case, joined by single spaces. words: without the designation of a security. core:
    without "the" and the legal form too, as the record's own country writes it. form: the canonical forms that were
    taken away. designation: the words that were taken away before that. Nothing is taken that would leave no word.
    """
    texts = ascii_letters(spaced(frame["name"]))
    full = joined_words(texts)
    words = joined_words(without_designations(texts))
    words = full.zip_with(words == "", words)
    full_and_words = pl.DataFrame({"full": full, "words": words, "country": frame["country"].cast(pl.String)})
    behind = pl.col("full").str.strip_prefix(pl.col("words")).str.strip_chars()
    told = pl.when(pl.col("full").str.starts_with(pl.col("words"))).then(behind).otherwise(pl.lit(""))
    kept = full_and_words.with_columns(told.alias("designation")).with_row_index("row")
    return frame.with_columns(_without_forms(kept, forms).select(FOLDED))


def why(folded: pl.DataFrame) -> pl.Series:
    """For each folded row, what was taken away and why, in words; an empty list where nothing was."""
    form, designation = pl.col("form"), pl.col("designation")
    told = pl.concat_list(
        pl.when(designation != "").then(
            pl.format("'{}' tells of a security or a filing, not of its issuer", designation)
        ),
        pl.when(form != "").then(
            pl.format("legal form {}, as written in {}", form, pl.col("country").fill_null("any country"))
        ),
    )
    return folded.select(told.list.drop_nulls().alias("why")).to_series()


def _without_forms(kept: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    parts = kept.partition_by("country", as_dict=True, maintain_order=True).items()
    done = [_of_country(part, country, forms) for (country,), part in parts]
    return pl.concat(done).sort("row") if done else _of_country(kept, None, forms)


def _of_country(kept: pl.DataFrame, country: str | None, forms: Forms) -> pl.DataFrame:
    words = kept["words"].str.replace(r"^the ", "")
    short = words.str.replace(rf"^(?:(?:{_any(forms.before(country))}) )+", "")
    core = short.str.replace(rf"(?: (?:{_any(forms.behind(country))}))+$", "")
    size = words.str.len_bytes().cast(pl.Int64) - short.str.len_bytes()
    text = (words.str.head(size) + short.str.slice(core.str.len_bytes())).str.strip_chars()
    known = text.unique()
    told = pl.Series([forms.canonical(one, country) for one in known.to_list()], dtype=pl.String)
    return kept.with_columns(core.alias("core"), text.replace_strict(known, told).alias("form"))


def _any(phrases: Iterable[str]) -> str:
    return "|".join(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))
