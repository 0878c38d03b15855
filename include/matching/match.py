"""Names to legal entities of a register that they could mean: searched, compared and scored, with reasons in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from .candidates import candidates
from .decisions import DIGITS
from .features import FEATURES, features
from .folding import fold
from .forms import Forms
from .index import Index
from .lookup import identified
from .model import Model, score
from .reasons import reasons
from .register import check_columns
from .sieve import sieved
from .terms import Array

NEEDED = ("name", "country")
DETAILS = {
    name: f"entity_{name}" for name in ("id", "name", "country", "category", "legal_form", "status")
}  # of the register's columns; those that it lacks are null
FEATURE = "feature_"
"""Before a feature's name, where it stands beside what has a `country` and a `rank` of its own."""
PAIRS = {
    "mention": pl.UInt32,
    **dict.fromkeys(DETAILS.values(), pl.String),
    "method": pl.String,
    "score": pl.Float64,
    "reasons": pl.String,
    **{FEATURE + name: pl.Float32 for name in FEATURES},
}
PART = 5_000
"""Names that are compared at a time, so that their pairs take little room."""
SHOWN = 3
"""Candidates of each name that are kept, however unlikely."""


@dataclass(frozen=True)
class Matcher:
    """A register that can be searched, and what names are folded and judged by."""

    index: Index
    forms: Forms
    model: Model


def compare(
    mentions: pl.DataFrame,
    matcher: Matcher,
    *,
    review: float,
    threads: int = 1,
    done: Callable[[int], None] = lambda _: None,
) -> pl.DataFrame:
    """Pairs of `mentions` (columns mention, u32, name, country and given_lei … as in mentions.Mentions) and entities.

    Columns of PAIRS, in order of mention and entity_id: all pairs with a score (a probability) of at least `review`,
    the SHOWN best of each mention and those that an identifier names (method "identifier"; else "exact" where all words
    are the same, or "fuzzy"). The pairs of a mention depend on nothing but itself. `done` is told, part by part, how
    many more mentions were compared. Raises DataError where columns miss or are no text.
    """
    check_columns(mentions, NEEDED, "mentions")
    asked = mentions.with_columns(pl.col(*NEEDED).cast(pl.String), pl.col("mention").cast(pl.UInt32))
    folded = fold(asked.with_columns(pl.col("name").fill_null("")), matcher.forms)
    named = identified(asked, matcher.index).drop_nulls("entity").select("mention", "entity").unique()
    pairs = [pl.DataFrame(schema=PAIRS)]
    # Names of a country stand together, so that each part looks into few countries.
    for part in parted(folded.sort("country", "mention")):
        pairs.append(_compared(part, named, matcher, review, threads))
        done(part.height)
    return pl.concat(pairs).sort("mention", "entity_id")


def row_of(matcher: Matcher, ids: pl.Series) -> pl.DataFrame:
    """The rows of those of `ids` that the register has, in their order: id and row (u32)."""
    held = pl.LazyFrame({"id": pl.from_arrow(matcher.index.entities["id"])}).with_row_index("row")
    wanted = pl.LazyFrame({"id": ids}, schema={"id": pl.String})
    return held.join(wanted, on="id", how="semi").select("id", "row").sort("row").collect()


def details(matcher: Matcher, rows: pl.Series) -> pl.DataFrame:
    """What the register tells of its `rows`: the columns of DETAILS, as text."""
    return _details(
        matcher.index.rows(rows, *(name for name in DETAILS if name in matcher.index.entities.column_names))
    )


def _details(register: pl.DataFrame) -> pl.DataFrame:
    lacking = [pl.lit(None, pl.String).alias(name) for name in DETAILS if name not in register.columns]
    return register.with_columns(lacking).select(pl.col(name).cast(pl.String).alias(to) for name, to in DETAILS.items())


def parted(folded: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """PART rows at a time."""
    for start in range(0, folded.height, PART):
        yield folded.slice(start, PART)


def _compared(folded: pl.DataFrame, named: pl.DataFrame, matcher: Matcher, review: float, threads: int) -> pl.DataFrame:
    here = named.join(folded.select("mention"), on="mention", how="semi").with_columns(named=pl.lit(True))
    found = likely(folded, matcher, threads)
    found = found.join(here, on=["mention", "entity"], how="full", coalesce=True).sort("mention", "entity")
    register, pairs = scored(folded, found.with_columns(pl.col("named").fill_null(False)), matcher)
    best = pl.col("score").rank("ordinal", descending=True).over("mention") <= SHOWN
    kept = pairs.filter((pl.col("score") >= review) | best | pl.col("named"))
    left = kept.select("mention").join(folded, on="mention", how="left", maintain_order="left")
    right = register[kept["entity"].cast(pl.Int64)]
    method = (
        pl.when("named").then(pl.lit("identifier"))
        .when(pl.col("same_words") == 1).then(pl.lit("exact"))
        .otherwise(pl.lit("fuzzy"))
    )  # fmt: skip
    told = kept.with_columns(*_details(right), method=method, reasons=reasons(kept, left, right))
    return told.rename({name: FEATURE + name for name in FEATURES}).select(*PAIRS).sort("mention", "entity_id")


def likely(
    folded: pl.DataFrame, matcher: Matcher, threads: int = 1, among: Array | None = None, near: float = 0
) -> pl.DataFrame:
    """The pairs of folded names and rows of the index that are worth a full comparison: mention, entity, in order.

    `among` as in candidates.candidates; `near`: the least cosine, of trigrams or of words.
    """
    found = candidates(folded.filter(pl.col("core") != ""), matcher.index, threads, among)
    found = found.filter(pl.max_horizontal("trigrams", "words") >= near)
    rows = found["entity"].unique().sort()
    local = found.with_columns(entity=pl.Series(rows.search_sorted(found["entity"]), dtype=pl.UInt32))
    kept = sieved(local, folded, matcher.index.rows(rows, "id", "core", "country"))
    return kept.select("mention", entity=rows.gather(kept["entity"]))


def scored(folded: pl.DataFrame, pairs: pl.DataFrame, matcher: Matcher) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The register's rows that `pairs` (mention, entity, in order of both) need, and `pairs` with FEATURES and score.

    There, an entity is a row of the first; all candidates of a mention belong into one call.
    """
    rows = pairs["entity"].unique().sort()
    register = matcher.index.rows(rows)
    local = pairs.with_columns(entity=pl.Series(rows.search_sorted(pairs["entity"]), dtype=pl.UInt32))
    told = features(folded, register, local, matcher.index.known)
    return register, told.with_columns(score(told, matcher.model).round(DIGITS).alias("score"))
