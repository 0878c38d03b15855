"""The history of a dataset, as a table and for machines; imports little, so that it is there at once."""

from itertools import zip_longest
from typing import Any

from ..settings import REPOSITORY
from ..versions import timeline, worktree
from .local import dataset_folder

Row = dict[str, Any]


def versions(name: str) -> list[Row]:
    """One item a version on the current branch, newest first; `change` is that of the rows, None for the first."""
    known = timeline.versions(REPOSITORY, name)
    if not known and name not in worktree.pins(REPOSITORY).entries:
        dataset_folder(name)
    return [
        {
            "commit": version.commit,
            "date": version.date,
            "rows": version.rows,
            "change": None if rows is None else version.rows - rows,
            "quarantined": version.quarantined,
            "rejected": version.rejected,
            "source_version": version.source_version,
            "source_date": version.source_date,
            "code": version.code,
            "environment": version.environment,
            "run": version.run,
            "who": version.who,
            "content": version.content,
            "why": version.why,
            "withdrawn": version.withdrawn and version.withdrawn.model_dump(exclude_none=True),
        }
        for version, rows in zip_longest(known, (version.rows for version in known[1:]))
    ]


def none_yet(name: str) -> str:
    """Why `name` has no history, and what to do."""
    if name in worktree.pins(REPOSITORY).entries:
        return f"{name} has a version that is not committed: `git add include/datasets/{name} data.dvc; git commit`."
    return f"{name} has no version on this branch: `commons run {name}` makes one."


def shortened(version: Row) -> Row:
    """An item of `versions` as a line of a table."""
    counts = {kind: version[kind] for kind in ("quarantined", "rejected")}
    gone = version["withdrawn"]
    return {
        "commit": version["commit"][:12],
        "date": version["date"][:16].replace("T", " "),
        "rows": version["rows"],
        "change": "" if version["change"] is None else f"{version['change']:+,}",
        "quality": ", ".join(f"{number:,} {kind}" for kind, number in counts.items() if number) or "clean",
        "source": (version["source_date"] or version["source_version"])[:20],
        "code": version["code"][:12] + ("+dirty" if "+dirty" in version["code"] else ""),
        "run": version["run"],
        "who": version["who"],
        "note": f"withdrawn by {gone['by']}: {gone['why']}" if gone else version["why"] or "",
    }
