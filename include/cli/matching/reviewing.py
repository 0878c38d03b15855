"""`commons review`: a person judges doubtful names one by one; what they decide is kept before the next is shown."""

import datetime as dt
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from ...contracts.foreign import printable
from ...contracts.words import counted
from ...errors import DataError, EnvironmentFault
from ...matching.judgements import Judgement, Verdict
from ..console import err, out, plain, print_json
from . import beside, judging, opening
from .queue import Candidate, Doubt, by_name, doubts, judged, left
from .side_by_side import LEGEND, drawn

HELP = (
    "1, 2 …: it is this one.  r1, r2 …: it is not this one.  n: none of these.  s: skip.  u: undo.  q: quit.\n"
    "A reason may follow: 1 renamed in 2021"
)
_ANSWER = re.compile(r"(?P<key>[nsuq]|r? ?(?P<number>\d{1,3}))(?:\s+(?P<why>.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Work:
    """What is reviewed: the queue of a dataset's version or of a file, where judgements go, and what is next."""

    queue: Sequence[Doubt]
    file: Path
    after: str


def review(name: str, as_json: bool) -> None:
    """Asks about each doubtful name of a dataset or of a result of `commons match`; prints the queue for machines.

    Raises DataError or EnvironmentFault where there is nothing to review, ContractError where the judgements that are
    there can't be read.
    """
    work = _work(name)
    known = by_name(judging.read(work.file))
    waiting = [one for one in work.queue if left(one, known)]
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _print(waiting, as_json)
    if not waiting:
        return out.print(
            f"Nothing is left to review of {counted(len(work.queue), 'doubtful name')}. {plain(work.after)}"
        )
    judging.check_place(work.file)
    session = Session(work, judging.who(work.file.parent))
    try:
        session.run()
    except (KeyboardInterrupt, EOFError):
        out.print()
    return session.farewell()


def _work(name: str) -> Work:
    file = Path(name)
    if file.suffix and file.is_file():
        held = beside.review(file)
        if not held.exists():
            raise DataError(
                f"{file}: no {held.name} beside it, so nobody knows its doubtful names. Match again: "
                f"`commons match FILE --column NAME --to {file}` writes both."
            )
        return Work(
            doubts(held), beside.judged(held) or beside.judgements(file), f"Then match again: {beside.command(held)}"
        )
    if file.suffix or "/" in name:
        raise EnvironmentFault(f"{name}: there is no such file. Name a dataset, or a file that `commons match` wrote.")
    judgements = opening.judged_file(name)
    return Work(
        doubts(opening.review_file(name)),
        judgements,
        f"Commit {judgements.name} in a pull request; the next version goes by it: commons run {name}",
    )


@dataclass
class Step:
    """A decision that can be taken back: where it was made, what was added, and what that took the place of."""

    at: int
    added: Judgement
    gone: tuple[Judgement, ...]


@dataclass
class Session:
    """One person at one terminal."""

    work: Work
    who: str
    done: list[Step] = field(default_factory=list)

    def run(self) -> None:
        """Asks until nothing is left, or the person has had enough."""
        out.print(HELP, markup=False, highlight=False)
        at = 0
        while at < len(self.work.queue):
            doubt, known = self.work.queue[at], by_name(judging.read(self.work.file))
            if not (waiting := left(doubt, known)):
                at += 1
                continue
            numbered = {number: one for number, one in enumerate(doubt.candidates, 1) if one in waiting}
            self._show(doubt, numbered, sum(1 for one in self.work.queue[at:] if left(one, known)))
            key, number, why = _ask(numbered)
            if key == "q":
                return
            if key == "u":
                at = self._undo(at)
            elif key == "s":
                at += 1
            else:
                verdict: Verdict = "no match" if key == "r" else "match"
                why = why or (f"seen in review: {numbered[number].reasons}" if number else "none of the candidates")
                today = dt.date.today().isoformat()
                judgement = judged(doubt, numbered.get(number), verdict, self.who, today, why)
                at += not self._decide(at, judgement, known.get(doubt.key, ()))

    def _show(self, doubt: Doubt, numbered: Mapping[int, Candidate], rest: int) -> None:
        out.rule(Text(f"{rest} to go", "dim"), align="left", style="dim")
        said = [f"{counted(doubt.records, 'row')}"] + [f"weight {doubt.weight:,.10g}"] * (doubt.weight != doubt.records)
        said += [f"{kind} {printable(value, 40)}" for kind, value in doubt.given.items()]
        out.print(drawn(doubt.name, doubt.given_country, numbered))
        out.print(Text(", ".join(said), "dim"), LEGEND, sep="   ")

    def _decide(self, at: int, judgement: Judgement, seen: Sequence[Judgement]) -> bool:
        """Whether it could be kept; what can't is told, and skipped."""
        try:
            gone, against = judging.change(self.work.file, [judgement], [], seen)
        except DataError as error:
            err.print(plain(printable(str(error), 600)), highlight=False)
            return False
        for one in against:
            by, why = printable(one.by), printable(one.why)
            said = f"{by} judged it meanwhile: {one.judgement} {one.lei} ({why}). That stays."
            err.print(plain(said), highlight=False)
        if not against:
            self.done.append(Step(at, judgement, gone))
        return True

    def _undo(self, at: int) -> int:
        if not self.done:
            out.print("Nothing to undo: only what you decided in this session can be taken back here.")
            return at
        step = self.done.pop()
        judging.change(self.work.file, step.gone, [step.added], judging.read(self.work.file))
        return step.at

    def farewell(self) -> None:
        """Says what was done, what is left and what is next."""
        known = by_name(judging.read(self.work.file))
        rest = sum(1 for one in self.work.queue if left(one, known))
        said = f"{counted(len(self.done), 'decision')} kept in {self.work.file}; {counted(rest, 'name')} left."
        out.print(plain(said), highlight=False, soft_wrap=True)
        if self.done:
            out.print(plain(self.work.after), highlight=False, soft_wrap=True)


def _ask(numbers: Collection[int]) -> tuple[str, int, str]:
    """The key (a, r, n, s, u or q), one of the `numbers` (0 for none) and why, as typed."""
    while True:
        typed = out.input(Text("number, r number, n, s, u, q, ? > ", "bold")).strip()
        found = _ANSWER.fullmatch(typed)
        number = int(found["number"] or 0) if found else 0
        if found and (number in numbers or found["number"] is None):
            key = found["key"][0].lower()
            return "a" if key.isdigit() else key, number, " ".join((found["why"] or "").split())
        if number:
            out.print(f"There is no candidate {number}: {', '.join(map(str, numbers))} can be chosen.", highlight=False)
        out.print(HELP, markup=False, highlight=False)


def _print(waiting: Sequence[Doubt], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "given_country": one.given_country,
            "country": one.country or None,
            **{f"given_{kind}": value for kind, value in one.given.items()},
            "records": one.records,
            "weight": one.weight,
            "uncertainty": round(one.uncertainty, 6),
            "candidates": [
                {"entity_id": c.id, "score": c.score, "method": c.method, "reasons": c.reasons}
                | {f"entity_{key}": value for key, value in c.facts.items()}
                for c in one.candidates
            ],
        }
        for one in waiting
    ]
    if not as_json:
        err.print("No terminal to ask on, so here is the queue for machines.", highlight=False)
    print_json(rows)
