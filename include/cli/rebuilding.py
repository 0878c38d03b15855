"""Rebuilding from the command line: what is being done, what came of each version, and why."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.status import Status

from ..errors import EnvironmentFault
from ..rebuild.orders import orders
from ..rebuild.outcome import Outcome
from ..rebuild.run import Rebuild, keep, restore
from ..rebuild.workshop import Workshop
from ..settings import REPOSITORY, settings
from .console import err, out, plain

MARKS = {
    "identical": "[green]✓[/green]",
    "differs": "[red]✗[/red]",
    "impossible": "[yellow]![/yellow]",
    "withdrawn": "-",
}
WORDS = {
    "identical": "identical, byte for byte",
    "differs": "not what data.dvc pins",
    "impossible": "can't be made again here",
    "withdrawn": "withdrawn",
}


def rebuilt(names: Sequence[str], at: str | None, again: bool, to: Path | None, bring_back: bool) -> Iterator[Outcome]:
    """The outcome of each version, one after the other, as it comes.

    Raises DataError, EnvironmentFault where `names`, the revision or the folder `to` are wrong.
    """
    if to and to.exists() and any(to.iterdir() if to.is_dir() else [to]):
        raise EnvironmentFault(f"{to}: is not empty. Name another folder for --to, which is made.")
    wanted = orders(REPOSITORY, names, at)
    with (
        tempfile.TemporaryDirectory(prefix="commons-rebuild-", dir=settings().work or None) as place,
        Status("", console=err) as status,
    ):
        work = Rebuild(Workshop(Path(place).resolve(), REPOSITORY), again)
        for number, one in enumerate(wanted, 1):
            work.tell = _teller(status, f"{one.name} ({number} of {len(wanted)})")
            work.tell("code")
            yield _finished(work.outcome(one), work.shop, to, bring_back)
        asked = [one.entry for one in wanted]
        for needed in [one for one in work.done.values() if one.entry not in asked]:
            yield _finished(replace(needed, asked=False), work.shop, None, bring_back)


def _finished(done: Outcome, shop: Workshop, to: Path | None, bring_back: bool) -> Outcome:
    kept = keep(done, shop, to) if to else done
    return restore(kept, shop) if bring_back else kept


def _teller(status: Status, what: str) -> Callable[[str], None]:
    return lambda step: status.update(f"{what}: {step}")


def tell(done: Outcome) -> None:
    """One version on the terminal."""
    entry = done.entry
    needed = "" if done.asked else ", an older version that was needed"
    out.print(f"{MARKS[done.status]} [bold]{entry.name}[/bold]: {WORDS[done.status]}{needed}", highlight=False)
    facts = f"{entry.meta.rows:,} rows, {entry.size:,} bytes in {entry.nfiles} files"
    _line(f"{entry.md5}  {facts}, published {entry.meta.published}")
    for said in done.differences:
        _line(said)
    for said in done.causes:
        _line(said if done.status == "impossible" else f"likely cause: {said}")
    for said in done.notes:
        _line(f"note: {said}" if done.status != "withdrawn" else said)
    _tell_sources(done)
    _tell_bytes(done)


def _tell_sources(done: Outcome) -> None:
    if not done.sources:
        return
    words = {
        True: "the bytes of this version still",
        False: "other bytes now",
        None: "what can't be compared, as the archive is not here",
    }
    for which, said in words.items():
        if number := sum(source.same is which for source in done.sources):
            _line(f"sources that answer {said}: {number} of {len(done.sources)}")
    for source in done.sources:
        if source.same is False:
            _line(f"  {source.address}")


def _tell_bytes(done: Outcome) -> None:
    if done.kept:
        _line(f"kept: {done.kept}")
    if done.restored:
        _line(f"restored on remote {done.entry.remote}")
    elif done.status == "identical" and not done.present:
        _line(f"its bytes are not on remote {done.entry.remote}: --restore puts them back")


def _line(text: str) -> None:
    out.print(f"  {plain(text)}", highlight=False, soft_wrap=True)


def summed(done: Sequence[Outcome], quiet: bool = False) -> int:
    """Says how many came out how; the exit code: 1 where a pin is wrong, else 2 where one can't be judged, else 0."""
    counted = {status: sum(one.status == status for one in done) for status in WORDS}
    said = ", ".join(f"{number} {status}" for status, number in counted.items() if number)
    if not quiet:
        out.print(said or "Nothing is pinned: `commons run NAME` makes a version.", highlight=False)
    codes = {one.exit_code for one in done}
    return 1 if 1 in codes else max(codes, default=0)
