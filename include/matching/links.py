"""Which links of names to entities differ between two versions of a dataset, and why, in the field's words."""

from collections.abc import Iterator

import polars as pl

from .pairing import GONE, NEW, OTHER_COUNTRY, OTHER_IDENTIFIERS, OTHER_NAME, paired

WENT, CHANGED, APPEARED, STAYS = "went", "changed", "appeared", "stays"
TO_REVIEW, FROM_REVIEW = "to review", "from review"
CHANGES = (WENT, CHANGED, TO_REVIEW, FROM_REVIEW, APPEARED, STAYS)
"""What can become of a link, in the order in which a reviewer looks; one that stays has an entity that ended."""
FIRST, NO_LONGER = "matched for the first time", "no longer matched"
JUDGED, UNJUDGED = "judged by a person", "judgement withdrawn"
NEW_NAME, NO_NAME = "name new in the data", "name no longer in the data"
NOW_GIVEN = "identifier given now"
LEFT, MERGED, RETIRED = "entity left the register", "entity merged", "entity retired"
NEW_CANDIDATE, RENAMED, FACTS = "new candidate", "entity renamed", "facts of the entity changed"
SETTINGS, REGISTER, UNKNOWN = "another model or thresholds", "scores against another register version", "not known"

_TEXTS = (
    *(
        "name",
        "given_country",
        "entity_id",
        "candidate_id",
        "candidate_name",
        "candidate_country",
        "candidate_category",
    ),
    *(
        "candidate_legal_form",
        "candidate_status",
        "method",
        "runner_up",
        "decision",
        "reasons",
        "judged_by",
        "judged_on",
    ),
    "register_version",
)
_NUMBERS = {"score": pl.Float64(), "records": pl.Int64(), "weight": pl.Float64()}
NEEDED = {**dict.fromkeys(_TEXTS, pl.String()), **_NUMBERS}
"""Columns of matches.parquet that are looked at, beside what is given with a name."""
_FACTS = ("country", "category", "legal_form", "status")
_MERGED, _ENDED = r"(?i)\bmerged\b", r"(?i)\b(retired|annulled|inactive|cancelled|dissolved|duplicate)\b"
_IDS = {"id": pl.String(), "name": pl.String(), "status": pl.String()}
_ARROW = "{} → {}"


def changed_links(
    before: pl.DataFrame | None,
    after: pl.DataFrame | None,
    ids_before: pl.DataFrame | None,
    ids_after: pl.DataFrame | None,
    *,
    other_settings: bool = False,
    renamed: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The links that differ between two matches.parquet, heaviest first; None for a version that has none.

    `ids_before`, `ids_after`: id, name and, where it is told, status of the entities in the register that each was
    compared with, at least of those that either names; None where it can't be read: then it gives no reason.
    `other_settings`: model, folding or thresholds differ. `renamed`: as `pairing.paired`.

    Columns: change (CHANGES), reason, detail (str|null), name (as published, before where it went), country (as
    published), was_name (where it was another), records (i64), weight (f64|null), was and now (linked, review, none,
    absent), was_id, was_entity, was_method, was_score and the same of now, now_reasons (in words).
    """
    sides = paired(_whole(before), _whole(after), renamed)
    known = _with_register(sides, ids_before, ids_after).with_columns(was=_state("was"), now=_state("now"))
    found = known.with_columns(change=_change()).filter(pl.col("change").is_not_null())
    reasons = list(_reasons(before is None, after is None, other_settings))
    found = found.with_columns(
        reason=pl.coalesce(*(pl.when(holds).then(pl.lit(reason)) for reason, holds, _ in reasons), pl.lit(UNKNOWN)),
        detail=_first([(holds, detail) for _, holds, detail in reasons]),
    )
    return _told(found)


def by_reason(links: pl.DataFrame) -> pl.DataFrame:
    """`changed_links` counted: change, reason, links (u32), records (i64), weight (f64|null), as a reviewer looks."""
    order = pl.col("change").replace_strict(dict(zip(CHANGES, range(len(CHANGES)), strict=True)), return_dtype=pl.UInt8)
    weighed = pl.when(pl.col("weight").count() > 0).then(pl.col("weight").sum())
    counts = links.group_by("change", "reason").agg(links=pl.len(), records=pl.col("records").sum(), weight=weighed)
    return counts.sort(order, -pl.col("links").cast(pl.Int64), "reason")


def _whole(matches: pl.DataFrame | None) -> pl.DataFrame:
    """With every column that is looked at, empty where it is absent: older versions may have fewer."""
    if matches is None:
        return pl.DataFrame(schema=NEEDED)
    given = [pl.col(name).cast(pl.String) for name in matches.columns if name.startswith("given_")]
    needed = {**NEEDED, **{column.meta.output_name(): pl.String() for column in given}}
    return matches.select(
        pl.col(name).cast(dtype) if name in matches.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in needed.items()
    )


def _with_register(sides: pl.DataFrame, before: pl.DataFrame | None, after: pl.DataFrame | None) -> pl.DataFrame:
    """With what both registers say of the candidates: there_… (whether; null: not known), called_…, status_…."""
    for when, ids in (("before", before), ("after", after)):
        rows = pl.DataFrame(schema=_IDS) if ids is None else ids
        rows = rows.select(
            pl.col(n).cast(t) if n in rows.columns else pl.lit(None, t).alias(n) for n, t in _IDS.items()
        )
        rows = rows.unique("id", keep="first", maintain_order=True).with_columns(there=True)
        for column in ("was_candidate_id", "now_candidate_id", "now_runner_up"):
            told = rows.rename({name: f"{column}_{name}_{when}" for name in ("there", "name", "status")})
            sides = sides.join(told, left_on=column, right_on="id", how="left", maintain_order="left")
            there = pl.col(f"{column}_there_{when}")
            asked = pl.lit(ids is not None) & pl.col(column).is_not_null()
            sides = sides.with_columns(pl.when(asked).then(there.fill_null(False)).alias(there.meta.output_name()))
    return sides


def _state(side: str) -> pl.Expr:
    return (
        pl.when(pl.col(f"{side}_name").is_null())
        .then(pl.lit("absent"))
        .when(pl.col(f"{side}_entity_id").is_not_null())
        .then(pl.lit("linked"))
        .when(pl.col(f"{side}_decision") == "review")
        .then(pl.lit("review"))
        .otherwise(pl.lit("none"))
    )


def _change() -> pl.Expr:
    was, now = pl.col("was"), pl.col("now")
    same = pl.col("was_entity_id").eq_missing(pl.col("now_entity_id"))
    return (
        pl.when((was == "linked") & (now == "linked"))
        .then(pl.when(~same).then(pl.lit(CHANGED)).when(_status(_MERGED) | _status(_ENDED)).then(pl.lit(STAYS)))
        .when((now == "review") & (was != "review"))
        .then(pl.lit(TO_REVIEW))
        .when((was == "review") & (now != "review"))
        .then(pl.lit(FROM_REVIEW))
        .when(was == "linked")
        .then(pl.lit(WENT))
        .when(now == "linked")
        .then(pl.lit(APPEARED))
    )


def _reasons(first: bool, no_longer: bool, other_settings: bool) -> Iterator[tuple[str, pl.Expr, pl.Expr]]:
    """Each reason, when it holds and what more there is to say of it; the first that holds is told."""
    nothing = pl.lit(None, pl.String)
    yield FIRST, pl.lit(first), nothing
    yield NO_LONGER, pl.lit(no_longer), nothing
    by, on = pl.col("now_judged_by"), pl.col("now_judged_on")
    again = pl.any_horizontal(
        pl.col(f"was_judged_{what}").ne_missing(pl.col(f"now_judged_{what}")) for what in ("by", "on")
    )
    yield JUDGED, by.is_not_null() & again, pl.concat_str(by, pl.lit(" on ") + on, ignore_nulls=True)
    yield NEW_NAME, pl.col("pair") == NEW, nothing
    yield NO_NAME, pl.col("pair") == GONE, nothing
    yield UNJUDGED, pl.col("was_judged_by").is_not_null() & by.is_null(), pl.col("was_judged_by")
    yield from _published()
    yield from _of_register()
    yield SETTINGS, pl.lit(other_settings), nothing
    yield REGISTER, pl.col("was_register_version").ne_missing(pl.col("now_register_version")), nothing


def _published() -> Iterator[tuple[str, pl.Expr, pl.Expr]]:
    """Reasons in the data as published."""
    identifiers = pl.col("pair") == OTHER_IDENTIFIERS
    given = pl.col("now_given").is_not_null()
    yield NOW_GIVEN, identifiers & given & pl.col("was_given").is_null(), pl.col("now_given")
    yield OTHER_IDENTIFIERS, identifiers, _became("was_given", "now_given")
    yield OTHER_COUNTRY, pl.col("pair") == OTHER_COUNTRY, _became("was_given_country", "now_given_country")
    yield OTHER_NAME, pl.col("pair") == OTHER_NAME, _became("was_name", "now_name")


def _of_register() -> Iterator[tuple[str, pl.Expr, pl.Expr]]:
    """Reasons in the register."""
    was, now, rival = (pl.col(name) for name in ("was_candidate_id", "now_candidate_id", "now_runner_up"))
    entity = pl.col("was").is_in(["linked", "review"])
    yield LEFT, entity & ~pl.col("was_candidate_id_there_after"), was
    yield MERGED, entity & _status(_MERGED), _became(*_STATUS)
    yield RETIRED, entity & _status(_ENDED), _became(*_STATUS)
    new, newer = (~pl.col(f"{name}_there_before") for name in ("now_candidate_id", "now_runner_up"))
    yield NEW_CANDIDATE, new.fill_null(False), now
    yield NEW_CANDIDATE, newer.fill_null(False), rival
    for side in ("was", "now"):
        names = [f"{side}_candidate_id_name_{when}" for when in ("before", "after")]
        yield RENAMED, pl.col(names[0]) != pl.col(names[1]), _became(*names)
    same = was == now
    yield (
        RENAMED,
        same & (pl.col("was_candidate_name") != pl.col("now_candidate_name")),
        _became("was_candidate_name", "now_candidate_name"),
    )
    for fact in _FACTS:
        names = [f"{side}_candidate_{fact}" for side in ("was", "now")]
        yield (
            FACTS,
            same & pl.col(names[0]).ne_missing(pl.col(names[1])),
            pl.format("{}: {}", pl.lit(fact.replace("_", " ")), _became(*names)),
        )


_STATUS = ("was_candidate_id_status_before", "was_candidate_id_status_after")


def _status(pattern: str) -> pl.Expr:
    """Whether the register says so of the entity that was linked, and did not before."""
    before, after = (pl.col(name) for name in _STATUS)
    return (after.str.contains(pattern) & ~before.str.contains(pattern).fill_null(False)).fill_null(False)


def _became(was: str, now: str) -> pl.Expr:
    return pl.format(_ARROW, pl.col(was).fill_null("none"), pl.col(now).fill_null("none"))


def _first(found: list[tuple[pl.Expr, pl.Expr]]) -> pl.Expr:
    """The detail of the first that holds."""
    chain = pl.lit(None, pl.String)
    for holds, detail in reversed(found):
        chain = pl.when(holds.fill_null(False)).then(detail).otherwise(chain)
    return chain


def _told(found: pl.DataFrame) -> pl.DataFrame:
    once = ("name", "given_country", "records", "weight")
    there = pl.col("now_name").is_not_null()
    shown = [
        pl.when(there).then(f"now_{name}").otherwise(f"was_{name}").alias(name.removeprefix("given_")) for name in once
    ]
    was_name = pl.when(there & (pl.col("was_name") != pl.col("now_name"))).then("was_name")
    sides = [
        pl.col(f"{side}_{column}").alias(f"{side}_{called}")
        for side in ("was", "now")
        for column, called in (
            ("candidate_id", "id"),
            ("candidate_name", "entity"),
            ("method", "method"),
            ("score", "score"),
        )
    ]
    told = found.select(
        "change", "reason", "detail", *shown, was_name.alias("was_name"), "was", "now", *sides, "now_reasons"
    )  # fmt: skip
    order = ["name", "country", "was_id", "now_id"]
    return told.sort("weight", "records", *order, descending=[True, True, *[False] * 4], nulls_last=True)
