"""GLEIF's level 2 files as tables of relations and of reporting exceptions, no row left out."""

from collections.abc import Iterable

import polars as pl

from ..errors import DataError

_RELATION = {
    "start_node": "Relationship.StartNode.NodeID",
    "end_node": "Relationship.EndNode.NodeID",
    "relationship_type": "Relationship.RelationshipType",
    "relationship_status": "Relationship.RelationshipStatus",
    "registration_status": "Registration.RegistrationStatus",
}
_REPEATS = range(1, 6)  # the CSV files have five periods a relation and five reasons an exception


def relations_of(records: pl.DataFrame) -> pl.DataFrame:
    """Relations as `parents_as_of` takes them, from the CSV layout of GLEIF's relationship records (RR-CDF), as text.

    start_date and end_date are those of the relationship period, not of accounting or filing periods: of several, the
    first start and the last end; an open one has none. Raises DataError for absent columns.
    """
    numbers = [n for n in _REPEATS if f"Relationship.Period.{n}.periodType" in records.columns] or [1]
    needed = [f"Relationship.Period.{n}.{part}" for n in numbers for part in ("startDate", "endDate", "periodType")]
    _present(records, [*_RELATION.values(), *needed], "relationship records")
    counts = [pl.col(f"Relationship.Period.{n}.periodType") == "RELATIONSHIP_PERIOD" for n in numbers]
    starts, ends = (
        [pl.when(counts[i]).then(_filled(f"Relationship.Period.{n}.{edge}")) for i, n in enumerate(numbers)]
        for edge in ("startDate", "endDate")
    )
    still_open = pl.any_horizontal(*(period & end.is_null() for period, end in zip(counts, ends, strict=True)))
    return records.select(
        *(pl.col(heading).alias(name) for name, heading in _RELATION.items()),
        start_date=pl.concat_list(starts).list.drop_nulls().list.min(),
        end_date=pl.when(~still_open.fill_null(False)).then(pl.concat_list(ends).list.drop_nulls().list.max()),
    )


def exceptions_of(records: pl.DataFrame) -> pl.DataFrame:
    """Exceptions as `parents_as_of` takes them, one row a reason, from GLEIF's CSV of reporting exceptions, as text.

    An exception without a reason keeps a row. Raises DataError for absent columns.
    """
    _present(records, ("LEI", "Exception.Category", "Exception.Reason.1"), "reporting exceptions")
    named = [name for n in _REPEATS if (name := f"Exception.Reason.{n}") in records.columns]
    reasons = pl.concat_list(_filled(name) for name in named).list.drop_nulls()
    table = records.select(lei="LEI", category="Exception.Category", reason=reasons)
    return table.explode("reason", empty_as_null=True)


def _filled(name: str) -> pl.Expr:
    return pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name))


def _present(records: pl.DataFrame, headings: Iterable[str], place: str) -> None:
    absent = [name for name in headings if name not in records.columns]
    if absent:
        raise DataError(f"{place}: no column {', '.join(absent)}. Expected the layout of GLEIF's CSV files.")
