"""Direct and ultimate parents as of a date, the path between, and every relation that was skipped with its reason."""

import datetime as dt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ..errors import DataError
from .relations import EXCEPTION, RELATION, TYPES, judged_exceptions, judged_relations, numbered

MOST_STEPS = 20_000_000  # of all paths together; real groups are some ten deep

# These say that nobody consolidates the entity; any other reason says that a parent is there, and isn't told.
_NONE_ABOVE = ("NATURAL_PERSONS", "NON_CONSOLIDATING", "NO_KNOWN_PERSON")
_BLOCKING = ("two_parents", "cycle", "unknown_parent")  # there is a parent; which, can't be told
_TELLING = (*_BLOCKING, "self_loop", "period_invalid", "not_published", "not_started", "expired", "inactive")
_Rows = npt.NDArray[np.int64]  # numbers of entities in the order of their ids; -1 for none


class Parents(NamedTuple):
    """What was found, and a verdict on each row that came in.

    entities    one row an id of the register, sorted: id, direct_parent, direct_reason (why there is none),
                ultimate_parent, ultimate_reason, ultimate_by ("reported" by the entity, or the "path"), path (the ids
                from the entity up as far as known, joined by " > "; it ends with the ultimate parent where there is
                one), is_contradicted (another relation says that the ultimate parent is not this one).
    relations   the relations, sorted, with `skipped`: why one was not used, else null.
    exceptions  the reporting exceptions, sorted, with the relationship_type that each explains, and `skipped`.
    """

    entities: pl.DataFrame
    relations: pl.DataFrame
    exceptions: pl.DataFrame

    def counts(self) -> pl.DataFrame:
        """How many rows were used or skipped: columns input (table), outcome ("used", or why not), count."""
        tables = (("relations", self.relations), ("exceptions", self.exceptions))
        outcomes = [table.select(pl.lit(name).alias("input"), outcome=pl.col("skipped")) for name, table in tables]
        counted = pl.concat(outcomes).with_columns(pl.col("outcome").fill_null("used")).group_by("input", "outcome")
        return counted.agg(pl.len().alias("count")).sort("input", "outcome")


def parents_as_of(register: pl.DataFrame, relations: pl.DataFrame, exceptions: pl.DataFrame, as_of: dt.date) -> Parents:
    """Parents by accounting consolidation on the day `as_of` of each `id` of `register`, and never another id.

    `relations` has the columns RELATION (dates as such or as ISO text, the end date is the last day, an absent one
    leaves the period open), `exceptions` the columns EXCEPTION (one row a reason): GLEIF's level 2 data, RR-CDF and
    reporting exceptions, as level2.py reads them.

    The ultimate parent is the one that the entity reports itself; else its direct parent's; else the direct parent,
    where nothing stands above that. It is null, with its reason, where it is not told (an exception such as NO_LEI) or
    can't be: two parents at once, a cycle, a parent that the register lacks.

    Relations are skipped as end_missing, other_type, inactive, not_published, period_invalid, not_started, expired,
    unknown_entity, self_loop, repeated, two_parents (both), unknown_parent, cycle (each direct relation on one; else
    each ultimate one); exceptions as unknown_entity, other_category, repeated, beside_relation.
    Raises DataError for absent columns, and where all paths together have more than MOST_STEPS steps.
    """
    _refuse(register=(register, ("id",)), relations=(relations, RELATION), exceptions=(exceptions, EXCEPTION))
    ids = register.select(pl.col("id").cast(pl.String)).drop_nulls().unique().sort("id").with_row_index("row")
    ids = ids.cast({"row": pl.Int64})
    judged = judged_relations(relations, ids, as_of)
    excused = judged_exceptions(exceptions, ids, judged)
    facts = ids.join(_about(judged, excused, "direct", ids), on="id", how="left", maintain_order="left").join(
        _about(judged, excused, "ultimate", ids), on="id", how="left", maintain_order="left"
    )
    return Parents(_entities(facts), judged, excused)


def _refuse(**tables: tuple[pl.DataFrame, tuple[str, ...]]) -> None:
    problems = [
        f"{place}: no column {name!r}; there are {', '.join(table.columns) or 'none'}."
        for place, (table, names) in tables.items()
        for name in names
        if name not in table.columns
    ]
    if problems:
        raise DataError(*problems)


def _about(relations: pl.DataFrame, exceptions: pl.DataFrame, side: str, ids: pl.DataFrame) -> pl.DataFrame:
    """By id, what is known of one side: the parent's row, why it was lost, the exception, and if that hides one."""
    ours = pl.col("relationship_type") == TYPES[side]
    links = numbered(relations.filter(ours & pl.col("skipped").is_null()), ids)
    parents = links.select(pl.col("start_node").alias("id"), pl.col("end").alias(side))
    weights = pl.col("skipped").replace_strict(_TELLING, range(len(_TELLING)), default=None, return_dtype=pl.Int64)
    lost = relations.filter(ours).group_by(id="start_node").agg(weights.min().alias("weight"))
    lost = lost.join(parents, on="id", how="anti")  # a parent that holds outweighs what was skipped beside it
    reason = pl.col("reason").fill_null("no reason given")
    told = exceptions.filter(ours & pl.col("skipped").is_null()).group_by(id="lei")
    excused = told.agg(
        reason.unique().sort().str.join("; ").alias(f"{side}_exception"),
        (~reason.is_in(_NONE_ABOVE)).any().alias(f"{side}_hidden"),
    )
    name = pl.col("weight").replace_strict(range(len(_TELLING)), _TELLING, default=None, return_dtype=pl.String)
    lost = lost.select("id", name.alias(f"{side}_lost")).drop_nulls()
    found = parents.join(lost, on="id", how="full", coalesce=True)
    return found.join(excused, on="id", how="full", coalesce=True)


def _entities(facts: pl.DataFrame) -> pl.DataFrame:
    direct, reported = (facts[side].fill_null(-1).to_numpy() for side in ("direct", "ultimate"))
    facts = facts.with_columns(untold=_untold())
    stops = (reported >= 0) | facts["untold"].is_not_null().to_numpy() | (direct < 0)
    last = _climbed(direct, stops)
    own, untold_there = np.arange(len(last)), facts["untold"].gather(last)
    top = np.where(untold_there.is_null().to_numpy() & (last != own), last, -1)
    ultimate = np.where(reported[last] >= 0, reported[last], top)
    ids = facts["id"]
    return facts.select(
        "id",
        direct_parent=_names(direct, ids),
        direct_reason=pl.when(pl.col("direct").is_null()).then(_why_none("direct")),
        ultimate_parent=_names(ultimate, ids),
        ultimate_reason=pl.when(pl.Series(ultimate < 0)).then(pl.coalesce(untold_there, _why_none("ultimate"))),
        ultimate_by=pl.when(pl.Series(ultimate >= 0)).then(
            pl.when(pl.Series(reported >= 0)).then(pl.lit("reported")).otherwise(pl.lit("path"))
        ),
        path=_paths(direct, ultimate, ids),
        is_contradicted=pl.Series(_contradicted(direct, reported, ultimate)),
    )


def _untold() -> pl.Expr:
    """Why the search for the ultimate parent ends at an entity without one: one is there, but not told."""
    blocked = {side: pl.when(pl.col(f"{side}_lost").is_in(_BLOCKING)).then(pl.col(f"{side}_lost")) for side in TYPES}
    hidden = {side: pl.when(pl.col(f"{side}_hidden")).then(pl.col(f"{side}_exception")) for side in TYPES}
    above = pl.coalesce(blocked["direct"], pl.when(pl.col("ultimate_exception").is_null()).then(hidden["direct"]))
    at_top = pl.when(pl.col("direct").is_null()).then(above)
    return pl.when(pl.col("ultimate").is_null()).then(pl.coalesce(blocked["ultimate"], hidden["ultimate"], at_top))


def _why_none(side: str) -> pl.Expr:
    """The reason of an entity itself: what blocks its parent, the exception, what was skipped; else not_reported."""
    sides = [side] if side == "direct" else ["ultimate", "direct"]
    blocked = [pl.when(pl.col(f"{one}_lost").is_in(_BLOCKING)).then(pl.col(f"{one}_lost")) for one in sides]
    given = [pl.col(f"{one}_{what}") for what in ("exception", "lost") for one in sides]
    return pl.coalesce(*blocked, *given, pl.lit("not_reported"))


def _climbed(direct: _Rows, stops: npt.NDArray[np.bool_]) -> _Rows:
    """The first entity at or above each where the way up stops, by pointer jumping (log2 of the depth rounds)."""
    reach = np.where(stops, np.arange(len(direct)), direct)
    while not np.array_equal(further := reach[reach], reach):
        reach = further
    return reach


def _contradicted(direct: _Rows, reported: _Rows, ultimate: _Rows) -> npt.NDArray[np.bool_]:
    """Where the direct parent's ultimate parent is another, or the ultimate parent has a parent itself."""
    found = ultimate >= 0
    theirs = np.where(direct >= 0, ultimate[direct], -1)
    has_parent = (direct[ultimate] >= 0) | (reported[ultimate] >= 0)
    return np.asarray(found & (((theirs >= 0) & (theirs != ultimate)) | has_parent))


def _names(rows: _Rows, ids: pl.Series) -> pl.Series:
    return ids.gather(pl.Series(rows).replace(-1, None))


def _paths(direct: _Rows, ultimate: _Rows, ids: pl.Series) -> pl.Series:
    """The ids up to the ultimate parent, or to the last direct one and then it; one step of all paths a round."""
    whose = at = np.arange(len(direct))
    steps, taken = [(whose, at)], len(at)
    reached = np.zeros(len(direct), dtype=np.bool_)
    while len(whose):
        reached[whose[at == ultimate[whose]]] = True
        goes = (at != ultimate[whose]) & (direct[at] >= 0)
        whose, at = whose[goes], direct[at[goes]]
        steps.append((whose, at))
        taken += len(at)
        if taken > MOST_STEPS:
            raise DataError(
                f"relations: {len(whose):,} entities have over {len(steps) - 1:,} parents one above the other, such as "
                f"{ids[int(whose[0])]!r}; all paths together may have {MOST_STEPS:,} steps. Look at their relations."
            )
    beyond = np.flatnonzero((ultimate >= 0) & ~reached)
    whose, at = (np.concatenate(part) for part in zip(*steps, (beyond, ultimate[beyond]), strict=True))
    nodes = pl.DataFrame({"whose": whose, "id": ids.gather(at)})  # each path's own steps stand in their order
    return nodes.group_by("whose", maintain_order=True).agg(pl.col("id").str.join(" > "))["id"]
