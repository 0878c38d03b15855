"""`commons review`: a person judges doubtful names one by one; what they decide is kept before the next is shown."""

import datetime as dt
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from ...contracts.words import counted
from ...diff.words import printable
from ...errors import DataError, EnvironmentFault
from ...matching.judgements import Judgement
from ..console import err, out, plain, print_json
from . import beside, judging, opening
from .queue import Doubt, about, doubts, judged, left
from .side_by_side import LEGEND, drawn

HELP = "[number] it is this one · r[number] it is not this one · n none of these · s skip · u undo · q quit"
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
    known = judging.read(work.file)
    waiting = [one for one in work.queue if left(one, known)]
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _print(waiting, as_json)
    if not waiting:
        return out.print(
            f"Nothing is left to review of {counted(len(work.queue), 'doubtful name')}. {plain(work.after)}"
        )
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
                f"{file}: no {held.name} beside it, so no name of it is doubtful; or `commons match` did not write it."
            )
        return Work(doubts(held), beside.judgements(file), f"Then match again: {beside.command(held)}")
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
        at = 0
        while at < len(self.work.queue):
            doubt = self.work.queue[at]
            known = judging.read(self.work.file)
            if not (candidates := left(doubt, known)):
                at += 1
                continue
            self._show(doubt, at, known)
            key, number, why = _ask(len(candidates))
            if key == "q":
                return
            if key == "u":
                at = self._undo(at)
            elif key == "s":
                at += 1
            else:
                chosen = candidates[number - 1] if number else None
                verdict = "no match" if key == "r" else "match"
                why = why or _default(candidates[number - 1].reasons if number else "", key, len(candidates))
                today = dt.date.today().isoformat()
                self._decide(at, judged(doubt, chosen, verdict, self.who, today, why), about(doubt, known))

    def _show(self, doubt: Doubt, at: int, known: Sequence[Judgement]) -> None:
        rest = sum(1 for one in self.work.queue[at:] if left(one, known))
        out.rule(Text(f"{rest} to go", "dim"), align="left", style="dim")
        said = [f"{counted(doubt.records, 'row')}"] + [f"weight {doubt.weight:,.10g}"] * (doubt.weight != doubt.records)
        said += [f"{kind} {printable(value, 40)}" for kind, value in doubt.given.items()]
        out.print(drawn(doubt.name, doubt.given_country, left(doubt, known)))
        out.print(Text(", ".join(said), "dim"), LEGEND, sep="   ")

    def _decide(self, at: int, judgement: Judgement, seen: Sequence[Judgement]) -> None:
        gone, against = judging.change(self.work.file, [judgement], [], seen)
        for one in against:
            err.print(f"{plain(one.by)} judged it meanwhile: {one.judgement} {one.lei} ({plain(one.why)}). That stays.")
        if not against:
            self.done.append(Step(at, judgement, gone))

    def _undo(self, at: int) -> int:
        if not self.done:
            out.print("Nothing to undo: only what you decided in this session can be taken back here.")
            return at
        step = self.done.pop()
        judging.change(self.work.file, step.gone, [step.added], judging.read(self.work.file))
        return step.at

    def farewell(self) -> None:
        """Says what was done, what is left and what is next."""
        known = judging.read(self.work.file)
        rest = sum(1 for one in self.work.queue if left(one, known))
        said = f"{counted(len(self.done), 'decision')} kept in {self.work.file}; {counted(rest, 'name')} left."
        out.print(plain(said), highlight=False, soft_wrap=True)
        if self.done:
            out.print(plain(self.work.after), highlight=False, soft_wrap=True)


def _ask(candidates: int) -> tuple[str, int, str]:
    """The key (a, r, n, s, u or q), the candidate's number (0 for none) and why, as typed."""
    while True:
        typed = out.input(Text("number, r number, n, s, u, q, ? > ", "bold")).strip()
        found = _ANSWER.fullmatch(typed)
        number = int(found["number"] or 0) if found else 0
        if found and number <= candidates and (number or not found["number"]):
            key = found["key"][0].lower()
            return "a" if key.isdigit() else key, number, " ".join((found["why"] or "").split())
        out.print(HELP, "A reason may follow: 1 renamed in 2021.", markup=False, highlight=False)


def _default(reasons: str, key: str, candidates: int) -> str:
    if key == "n":
        return f"none of {counted(candidates, 'candidate')}"
    return f"seen in review: {reasons}"


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
