"""The queue: what matters most comes first, and what is judged is asked no more."""

from pathlib import Path

import polars as pl
import pytest

from include.cli.matching import beside
from include.cli.matching.queue import by_name, doubts, judged, left
from include.errors import DataError
from tests.cli.matching.waiting import ENEL, ENEL_X, SHELL, THREE, candidate, result


def queue(place: Path, *rows: dict[str, object]) -> list[object]:
    return doubts(beside.review(result(place, *rows)))


def test_weight_times_uncertainty_decides_the_order(tmp_path: Path) -> None:
    found = queue(tmp_path, *THREE)
    assert [one.name for one in found] == ["Shell", "Aral", "Enel"]
    assert [round(one.urgency, 6) for one in found] == [round(7 * 4 * 0.9 * 0.1, 6), 0.96, 0.96]
    assert [[one.id for one in each.candidates] for each in found] == [[SHELL], [SHELL], [ENEL, ENEL_X]]


def test_two_that_are_as_likely_are_the_most_uncertain(tmp_path: Path) -> None:
    tied = [candidate("Enel", rank, lei, "ENEL SPA", 0.99) for rank, lei in enumerate((ENEL, ENEL_X), 1)]
    (one,) = queue(tmp_path, *tied)
    assert one.uncertainty == 1
    (alone,) = queue(tmp_path, tied[0])
    assert alone.uncertainty < 0.05


def test_a_column_that_weighs_counts_instead_of_rows(tmp_path: Path) -> None:
    heavy = [candidate("Enel", 1, ENEL, "ENEL SPA", 0.5, weight=2.5), candidate("Shell", 1, SHELL, "S", 0.5, records=2)]
    assert [one.weight for one in queue(tmp_path, *heavy)] == [2.5, 2.0]


def test_what_is_judged_is_asked_no_more(tmp_path: Path) -> None:
    shell, _, enel = queue(tmp_path, *THREE)
    said = ("Ann", "2026-01-31", "known")
    known = by_name([judged(enel, enel.candidates[0], "no match", *said)])
    assert [one.id for one in left(enel, known)] == [ENEL_X]
    assert left(shell, known) == shell.candidates
    assert left(enel, by_name([judged(enel, None, "match", *said)])) == ()
    assert left(enel, by_name([judged(enel, enel.candidates[1], "match", *said)])) == ()


def test_a_name_in_another_country_is_another_name(tmp_path: Path) -> None:
    here, there = queue(
        tmp_path,
        candidate("Enel", 1, ENEL, "ENEL SPA", 0.6),
        candidate("Enel", 1, ENEL, "ENEL SPA", 0.6, given_country="CL", country="CL"),
    )
    known = by_name([judged(there, None, "match", "Ann", "2026-01-31", "known")])
    assert (here.country, there.country) in (("IT", "CL"), ("CL", "IT"))
    assert left(there, known) == ()
    assert left(here, known) == here.candidates


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.review.parquet"
    pl.DataFrame({"name": ["x"]}).write_parquet(other)
    with pytest.raises(DataError, match=r"no column given_country, .*Match again"):
        doubts(other)
    other.write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="not a sound Parquet file"):
        doubts(other)
