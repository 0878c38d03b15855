"""Which mentions a change of the register can't affect, so that their rows stand as they are."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from .folding import fold
from .judgements import Judgement
from .lookup import identified
from .match import Matcher, likely, parted, row_of, scored
from .overrides import judged
from .settle import keys

MOST = 0.2
"""Where a larger share of the register is new, changed or gone, every name is compared again."""
NEAR = 0.3
"""A new entity's cosine of trigrams or words below which it isn't scored: of the right candidates of 5,000 real names
none is below 0.36."""
NOTICED = 0.01
"""A new entity's score, compared with no more than the mention's own candidates, above which the name is compared
with all."""


def unaffected(
    mentions: pl.DataFrame,
    last: tuple[pl.DataFrame, pl.DataFrame],
    old_register: pl.DataFrame,
    matcher: Matcher,
    *,
    judgements: Sequence[Judgement] = (),
    threads: int = 1,
) -> pl.Series:
    """For each of `mentions` whether its rows in `last` (matches and queue of the last version) may be carried over.

    A mention is affected where it is new; where an entity that its rows name left the register or changed in any
    column; where a person judges it, or did; where an identifier of it names a new or changed entity; and where such an
    entity is as near as NEAR and scores NOTICED. So no row that is carried over names an entity that changed or left,
    and each new entity that could take the first place is seen; scores may differ in the last places from those of a
    full run, since words became more or less frequent. `old_register` is the checked register of the last version: id,
    name, country and what else of it the index holds. Settings, folding and model must be the same: the caller looks
    at their digest.
    """
    gone, come = _changes(old_register, matcher)
    if max(len(gone), len(come)) > MOST * min(old_register.height, len(matcher.index.entities)):
        return pl.Series([False] * mentions.height, dtype=pl.Boolean)
    matches, queue = last
    key = keys(mentions)
    rows = mentions.join(matches, on=key, how="inner", nulls_equal=True).filter(
        pl.col("judged_by").is_null(),
        *(~pl.col(name).is_in(gone.implode()).fill_null(False) for name in ("candidate_id", "runner_up")),
    )
    shown = queue.filter(pl.col("entity_id").is_in(gone.implode()))
    rows = rows.join(shown, on=key, how="anti", nulls_equal=True)
    rows = rows.join(judged(rows, judgements, matcher), on="mention", how="anti")
    named = identified(rows, matcher.index).filter(pl.col("entity").is_in(come.implode()))
    rows = rows.join(named, on="mention", how="anti").sort("mention")
    noticed = _noticed(rows, come, matcher, threads)
    kept = rows["mention"].filter(~rows["mention"].is_in(noticed.implode()))
    return mentions["mention"].is_in(kept.implode())


def _changes(old: pl.DataFrame, matcher: Matcher) -> tuple[pl.Series, pl.Series]:
    """The ids that left or changed, and the rows of the index (ascending) that are new or changed."""
    columns = [name for name in old.columns if name in matcher.index.entities.column_names]
    new = pl.DataFrame(matcher.index.entities.select(columns)).with_row_index("row")
    plain = pl.col(pl.List(pl.String)).list.join("\n")
    old, new = old.select(columns).with_columns(plain), new.with_columns(plain)
    gone = old.join(new, on=columns, how="anti", nulls_equal=True)["id"]
    return gone, new.join(old, on=columns, how="anti", nulls_equal=True)["row"].sort()


def _noticed(rows: pl.DataFrame, come: pl.Series, matcher: Matcher, threads: int) -> pl.Series:
    """Mentions of `rows` (columns of matches) that one of the entities `come` could be."""
    folded = fold(rows.select("mention", "name", "country"), matcher.forms)
    near = likely(folded, matcher, threads, come.to_numpy().astype(np.int64), NEAR)
    pairs = pl.concat([near, _own(rows, near, matcher)]).unique().sort("mention", "entity").with_columns(row="entity")
    told = [scored(part, pairs.join(part, on="mention", how="semi"), matcher)[1] for part in parted(folded)]
    found = [one.filter(pl.col("row").is_in(come.implode()) & (pl.col("score") >= NOTICED)) for one in told]
    return pl.concat([rows["mention"].clear(), *(one["mention"] for one in found)]).unique()


def _own(rows: pl.DataFrame, near: pl.DataFrame, matcher: Matcher) -> pl.DataFrame:
    """The pairs of mentions in `near` with their candidate and runner-up."""
    here = rows.join(near, on="mention", how="semi")
    ids = pl.concat([here.select("mention", id=name) for name in ("candidate_id", "runner_up")]).drop_nulls()
    known = row_of(matcher, ids["id"].unique())
    return ids.join(known, on="id").select("mention", entity="row")
