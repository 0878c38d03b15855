"""Differences made by hand, for whatever draws them: a calm one, one that is loud, and one full of hostile text."""

from typing import Any

from include.diff.model import (
    Bin,
    ColumnDiff,
    Coverage,
    DatasetDiff,
    Diff,
    Move,
    Moved,
    Origin,
    Part,
    Profile,
    Repeated,
    RowCounts,
    RuleChange,
    Sample,
    SchemaChange,
    TableDiff,
)

HOSTILE = "a|b `c` <script>alert(1)</script>\n@everyone [x](https://evil.example) \\| **\u202e&#64; www.evil.example #1"
YEARS = tuple(str(year) for year in range(1990, 2020, 2))


def origin(**facts: Any) -> Origin:
    known: dict[str, Any] = {
        "commit": "a" * 40,
        "published": "2026-05-01T00:03:20Z",
        "run": "scheduled__2026-05-01T00:00:00+00:00",
        "code": "c" * 40,
        "environment": "e" * 64,
        "source_version": "2026-05-01",
        "source_date": None,
        "inputs": {},
        "rows": 300,
        "quarantined": 1,
        "rejected": 0,
        "who": "Data Commons",
        "access": "public",
        "kept": "public",
    }
    return Origin(**{**known, **facts})


def profile(rows: int, labels: tuple[str, ...] = YEARS, step: int = 1, **facts: Any) -> Profile:
    """A profile whose bins hold 20, 20 + step, 20 + 2 step … rows."""
    bins = tuple(Bin(label=label, rows=20 + step * at) for at, label in enumerate(labels))
    known: dict[str, Any] = {"rows": rows, "nulls": 4, "distinct": 30, "minimum": labels[0], "maximum": labels[-1]}
    return Profile(**{**known, "bins": bins, **facts})


def column(name: str, **facts: Any) -> ColumnDiff:
    known: dict[str, Any] = {"type": "float64", "sensitivity": "public"}
    known |= {"before": profile(300), "after": profile(300, step=2)}
    return ColumnDiff(name=name, **{**known, **facts})


def table(**facts: Any) -> TableDiff:
    """Three hundred countries and years, of which some changed."""
    known: dict[str, Any] = {
        "key": ("country", "year"),
        "by": "key",
        "schema_changes": (),
        "counts": RowCounts(before=300, after=301, added=4, removed=3, changed=20, moved=7, unchanged=270),
        "columns": (
            column(
                "country",
                type="string",
                key=True,
                before=profile(300, ("Chad", "Mali")),
                after=profile(301, ("Chad", "Mali")),
            ),
            column("year", type="int64", key=True, after=profile(301)),
            column("co2", cells=20, psi=0.31, drifted=True),
            column("gdp", before=profile(300), after=profile(300)),
            column("methane", moved_cells=5, before=profile(300), after=profile(300)),
        ),
        "moved": (
            Moved(
                columns=("country",),
                values=1,
                rows=7,
                moves=(Move(before=("Czech Republic",), after=("Czechia",), rows=7),),
            ),
        ),
        "coverage": (
            Coverage(
                column="country",
                key=True,
                lost_values=1,
                lost_rows=3,
                lost=(Part(value="Kosovo", rows=3),),
                gained_values=1,
                gained_rows=4,
                gained=(Part(value="Nauru", rows=4),),
            ),
        ),
        "samples": (
            Sample(kind="changed", key={"country": "Chad", "year": "1990"}, cells={"co2": ("0.1", "0.12")}),
            Sample(
                kind="removed",
                key={"country": "Kosovo", "year": "2001"},
                cells={"co2": ("1.5", None), "gdp": (None, None)},
            ),
            Sample(
                kind="added", key={"country": "Nauru", "year": "2001"}, cells={"co2": (None, "0.3"), "gdp": (None, "9")}
            ),
        ),
        "repeated": Repeated(before=0, after=0),
    }
    return TableDiff(**{**known, **facts})


def dataset(name: str = "owid_co2", **facts: Any) -> DatasetDiff:
    known: dict[str, Any] = {
        "status": "changed",
        "before": origin(),
        "after": origin(commit="b" * 40, source_version="2026-06-01", rows=301),
        "causes": ("source: version 2026-05-01 became 2026-06-01",),
        "unexplained": False,
        "table": table(),
    }
    return DatasetDiff(dataset=name, **{**known, **facts})


def diff(*datasets: DatasetDiff, same: int = 0) -> Diff:
    return Diff(before="main", after="proposal", datasets=datasets or (dataset(),), same=same)


def loud() -> DatasetDiff:
    """Breaking schema changes, a change that nothing explains, repeated keys, rules that judge otherwise."""
    changes = (
        SchemaChange(kind="added", column="note"),
        SchemaChange(kind="dropped", column="iso_code", before="string", breaking=True),
        SchemaChange(kind="renamed", column="co2", before="annual_co2", after="co2", breaking=True, proposed=True),
    )
    rules = (RuleChange(rule="ge.co2", before=0, after=12, was="pass", verdict="quarantined"),)
    return dataset(
        "loud_one",
        unexplained=True,
        causes=(),
        quality=rules,
        table=table(schema_changes=changes, repeated=Repeated(before=0, after=889)),
    )


def hostile() -> DatasetDiff:
    """Foreign text that would be markup, wherever foreign text may stand."""
    columns = (column("name", type="string", cells=1, before=profile(1, (HOSTILE, "b"), minimum=HOSTILE)),)
    bad = table(
        columns=columns,
        moved=(Moved(columns=("name",), values=1, rows=1, moves=(Move(before=(HOSTILE,), after=(HOSTILE,), rows=1),)),),
        coverage=(
            Coverage(
                column="name",
                key=True,
                lost_values=1,
                lost_rows=1,
                lost=(Part(value=HOSTILE, rows=1),),
                gained_values=0,
                gained_rows=0,
                gained=(),
            ),
        ),
        samples=(Sample(kind="changed", key={"name": HOSTILE}, cells={"name": (HOSTILE, None)}),),
    )
    return dataset(
        "hostile", causes=(f"source: version {HOSTILE} became 2",), after=origin(run=HOSTILE, who=HOSTILE), table=bad
    )
