"""`commons verify`: which versions are meant, and what was found wrong with them."""

import dataclasses

from ..adapters.store import own_store
from ..errors import EnvironmentFault
from ..settings import REPOSITORY
from ..tasks import verify
from ..versions import census
from ..versions.census import Pinned
from ..versions.findings import Report
from .console import out, plain, print_json
from .progress import progress


def share_of(text: str) -> float:
    """`10%` or `10` as 0.1. Raises EnvironmentFault for what is no percentage above 0 and up to 100."""
    try:
        share = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise EnvironmentFault(f"--sample: expected a percentage such as 10%, found {text!r}.")
    return share


def chosen(names: list[str], at: str | None, every: bool) -> list[Pinned]:
    """The versions of the working tree, of a revision, or all that were announced; of `names`, or of all datasets."""
    if at and every:
        raise EnvironmentFault("--at and --all exclude each other. Say which versions you mean.")
    return census.chosen(REPOSITORY, names, at, every=every)


def verified(names: list[str], at: str | None, every: bool, share: float, repair: bool) -> Report:
    """Look at what is pinned, and mend it where asked; without `at`, also at what is derived from the newest."""
    return verify.verify(
        REPOSITORY, chosen(names, at, every), verify.places(), own_store(), share=share, newest=at is None,
        names=names, repair=repair, progress=progress,
    )  # fmt: skip


def show_report(report: Report, said: str, as_json: bool) -> None:
    """Notes and problems one by one, then a sentence on the whole."""
    if as_json:
        return print_json(dataclasses.asdict(report))
    for note in report.notes:
        out.print(plain(note), highlight=False, soft_wrap=True)
    for problem in report.problems:
        mark = "[green]✓[/green]" if problem.repaired else "[red]✗[/red]"
        out.print(f"{mark} {plain(str(problem))}", highlight=False, soft_wrap=True)
    return out.print(plain(said), highlight=False, soft_wrap=True)
