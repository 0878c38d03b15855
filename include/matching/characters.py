"""Chinese characters: many sound alike, so names that are equal in Latin letters may be of two companies."""

import re

import polars as pl
from rapidfuzz.distance import LCSseq

from .scripts import UNSPACED

_HAN = r"\p{Han}"
_FORMS = "|".join(re.escape(form) for form in sorted(UNSPACED, key=lambda form: (-len(form), form)))


def written_otherwise(names: pl.Series, others: pl.Series) -> pl.Series:
    """Whether both of a pair have Chinese characters, and those of the shorter one don't stand in the longer one in
    their order; legal forms aside. 复星 and 复兴 are both fu xing."""
    pairs = pl.DataFrame({"one": names, "other": others}, {"one": pl.String, "other": pl.String})
    both = pairs.select(pl.all_horizontal(pl.all().str.contains(_HAN).fill_null(False))).to_series()
    bare = pairs.filter(both).select(
        pl.all().str.normalize("NFKC").str.replace_all(_FORMS, "").str.replace_all(r"[^\p{Han}]", "")
    )
    told = [LCSseq.similarity(one, other) < min(len(one), len(other)) for one, other in bare.iter_rows()]
    return both.scatter(both.arg_true(), pl.Series(told, dtype=pl.Boolean)) if told else both
