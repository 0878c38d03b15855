"""A register of legal entities as it can be matched: each id once, and every other row told with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ..contracts.words import counted
from ..errors import DataError
from ..tables.checkdigits import lei

NEEDED = ("id", "name", "country")
NO_ID, NO_NAME, SAME_ROW, REPEATED = "no id", "no name", "the same row again", "another row of an id that was there"
NO_COUNTRY, NO_CODE = "no country", "a country that is no ISO 3166-1 alpha-2 code"
SMALL = "an LEI in small letters, read in capitals"
SHOWN = 5


@dataclass(frozen=True)
class Register:
    """`entities` has unique ids; `left_out` has the other rows, with `why`; together they are the rows that came in."""

    entities: pl.DataFrame
    left_out: pl.DataFrame
    counts: dict[str, int]
    """Rows by reason: why they were left out, or what is missing in those that were not."""

    def report(self) -> list[str]:
        """What a person should know, a sentence a reason; nothing where nothing is wrong."""
        said = []
        for why, count in self.counts.items():
            ids = self.left_out.filter(pl.col("why") == why)["id"].drop_nulls().unique().sort()
            some = ", ".join(ids.head(SHOWN)) + (", …" if len(ids) > SHOWN else "")
            said.append(f"{counted(count, 'row')}: {why}" + (f" ({some})" if len(ids) else ""))
        return said


def check(frame: pl.DataFrame, where: str = "register") -> Register:
    """`frame` (columns of NEEDED, text, and any others) with each id once, in order of id.

    A row without id or name is left out. Of the rows of one id the first in the order of all their columns stays, so
    that the order in which they came doesn't matter. An empty text is none. An LEI has capitals (ISO 17442), in small
    letters it is read so. A country is kept as it stands; one that has not the shape of a code, or none, is counted.
    Raises DataError, `where` before it, where columns miss or aren't text, or no row is left.
    """
    check_columns(frame, NEEDED, where)
    text = pl.col(pl.String).str.strip_chars()
    clean = frame.with_columns(pl.when(text != "").then(text))
    ids = _capitals(clean["id"].cast(pl.String))
    small = int((ids != clean["id"]).sum())
    clean = clean.with_columns(ids)
    others = [name for name, dtype in clean.schema.items() if name not in NEEDED and not dtype.is_nested()]
    judged = _judged(clean, [*NEEDED, *others])
    entities, left_out = judged.filter(pl.col("why").is_null()).drop("why"), judged.filter(pl.col("why").is_not_null())
    if not entities.height:
        raise DataError(
            f"{where}: none of its {frame.height:,} rows has an id and a name. {_left(left_out)}Mend it first."
        )
    return Register(entities, left_out, _counts(left_out["why"], entities["country"], small))


def _capitals(ids: pl.Series) -> pl.Series:
    """`ids`, those that are LEIs but for their small letters in capitals."""
    upper = ids.str.to_uppercase()
    other = (upper != ids).fill_null(False)
    sound = upper.filter(other).to_frame("id").select(lei(pl.col("id"))).to_series()
    return upper.zip_with(other.scatter(other.arg_true(), sound), ids)


def _judged(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """`frame` in order of `columns`, nothing last, with `why` a row can't stay: the first one of an id does."""
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in columns)
    why = (
        pl.when(pl.col("id").is_null())
        .then(pl.lit(NO_ID))
        .when(pl.col("name").is_null())
        .then(pl.lit(NO_NAME))
        .when(same & (pl.int_range(pl.len()) > 0))
        .then(pl.lit(SAME_ROW))
        .when(pl.col("id") == pl.col("id").shift())
        .then(pl.lit(REPEATED))
    )
    return frame.sort(columns, nulls_last=True).with_columns(why.alias("why"))


def check_columns(frame: pl.DataFrame, needed: Sequence[str], where: str) -> None:
    """Raises DataError, `where` before it, for all the columns `needed` that `frame` lacks, or that aren't text."""
    wrong = [
        f"{where}: no column {name!r}; found {', '.join(frame.columns)}. Name the one that holds it {name!r}."
        for name in needed
        if name not in frame.columns
    ]
    wrong += [
        f"{where}: column {name!r} is {frame.schema[name]}, expected text. Read it as text, so that no zero is lost."
        for name in needed
        if name in frame.columns and frame.schema[name] not in (pl.String, pl.Null)
    ]
    if wrong:
        raise DataError(*wrong)


def _counts(why: pl.Series, country: pl.Series, small: int) -> dict[str, int]:
    counts = dict(why.value_counts().iter_rows()) | {SMALL: small}
    counts |= {NO_COUNTRY: country.null_count(), NO_CODE: (~country.str.contains("^[A-Z]{2}$")).sum()}
    order = (NO_ID, NO_NAME, SAME_ROW, REPEATED, SMALL, NO_COUNTRY, NO_CODE)
    return {one: counts[one] for one in order if counts.get(one)}


def _left(left_out: pl.DataFrame) -> str:
    return "".join(f"{count:,} have {why}. " for why, count in left_out["why"].value_counts().sort("why").iter_rows())
