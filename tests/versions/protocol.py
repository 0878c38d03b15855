"""The commit protocol as a model small enough to visit every state of it: docs/commit-protocol.md in code.

Two publishers and a collector of garbage take steps in any order. A publisher may be killed at every step and started
again, and the answer to its push may be lost, before or after the server applied it.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

PARTS = ("files", "listing")
MOST = 3
"""Commits after which no answer is lost any more: a publisher that did not look would go on for ever."""


class Commit(NamedTuple):
    """A version on the publication ref; `parent` is how many commits its publisher had seen."""

    run: str
    dataset: str
    base: str
    parent: int


class Publisher(NamedTuple):
    """One run: what it is to publish on top of which version, where it stands, and how often it may still be killed."""

    run: str
    dataset: str
    base: str = ""
    step: str = "look"
    seen: int = 0
    lives: int = 1
    outcome: str = ""


class Collector(NamedTuple):
    """Where the collector stands, and what the refs pinned when it read them."""

    step: str = "end"
    pinned: frozenset[str] = frozenset()
    lives: int = 1


class State(NamedTuple):
    """Everything that outlives a process, and where each process stands."""

    commits: tuple[Commit, ...]
    objects: frozenset[tuple[str, str]]
    marks: frozenset[str]
    publishers: tuple[Publisher, ...]
    collector: Collector


class Rules(NamedTuple):
    """What makes the protocol safe; a test takes each away and sees a property break."""

    compare_and_swap: bool = True
    upload_first: bool = True
    follow_the_base: bool = True
    look_after_no_answer: bool = True
    marks: bool = True


def begin(*publishers: Publisher, collect: bool = False, orphans: tuple[str, ...] = ()) -> State:
    """Nothing is published; of each of `orphans`, runs that were killed before, the files lie on the remote."""
    objects = frozenset((run, "files") for run in orphans)
    return State((), objects, frozenset(), publishers, Collector("mark" if collect else "end"))


def states(first: State, rules: Rules) -> Iterator[tuple[State, list[State]]]:
    """Every state that can be reached, with those that can follow it."""
    seen, waiting = {first}, deque([first])
    while waiting:
        state = waiting.popleft()
        after = [*steps(state, rules), *deaths(state)]
        yield state, after
        for new in after:
            if new not in seen:
                seen.add(new)
                waiting.append(new)


def steps(state: State, rules: Rules) -> Iterator[State]:
    """What may happen next, but for deaths."""
    for number, publisher in enumerate(state.publishers):
        for new, publisher_now in _publish(state, publisher, rules):
            others = (*state.publishers[:number], publisher_now, *state.publishers[number + 1 :])
            yield new._replace(publishers=others)
    yield from _collect(state, rules)


def deaths(state: State) -> Iterator[State]:
    """Any process is killed; a publisher is started again, as a retry is, or never."""
    for number, publisher in enumerate(state.publishers):
        if publisher.step not in ("end", "dead") and publisher.lives:
            for step in ("look", "dead"):
                now = publisher._replace(step=step, seen=0, lives=publisher.lives - 1)
                others = (*state.publishers[:number], now, *state.publishers[number + 1 :])
                yield state._replace(publishers=others, marks=state.marks - {publisher.run})
    if state.collector.step != "end" and state.collector.lives:
        for step in ("mark", "end"):
            now = Collector(step, lives=state.collector.lives - 1)
            yield state._replace(collector=now, marks=state.marks - {"collector"})


def _publish(state: State, own: Publisher, rules: Rules) -> Iterator[tuple[State, Publisher]]:
    match own.step:
        case "look":
            outcome = _settled(state, own, rules)
            after = "mark" if rules.upload_first else "fetch"
            yield state, own._replace(step="end", outcome=outcome) if outcome else own._replace(step=after)
        case "mark":
            marked = state._replace(marks=state.marks | {own.run}) if rules.marks else state
            yield marked, own._replace(step="wait")
        case "wait":
            if "collector" not in state.marks:
                yield state, own._replace(step="files")
        case "files" | "listing" as part:  # what is there already is not uploaded again
            after = "listing" if part == "files" else "fetch" if rules.upload_first else "unmark"
            yield state._replace(objects=state.objects | {(own.run, part)}), own._replace(step=after)
        case "fetch":
            outcome = _settled(state, own, rules)
            there = own._replace(step="unmark", outcome=outcome) if outcome else own._replace(step="push")
            yield state, there._replace(seen=len(state.commits))
        case "push":
            yield from _push(state, own, rules)
        case "unmark":
            yield state._replace(marks=state.marks - {own.run}), own._replace(step="end")


def _push(state: State, own: Publisher, rules: Rules) -> Iterator[tuple[State, Publisher]]:
    again = own._replace(step="fetch" if rules.look_after_no_answer else "push", seen=len(state.commits))
    if rules.compare_and_swap and len(state.commits) != own.seen:
        yield state, own._replace(step="fetch")  # rejected
        return
    commit = Commit(own.run, own.dataset, own.base, own.seen)
    pushed = state._replace(commits=(*state.commits, commit))
    after = "unmark" if rules.upload_first else "mark"
    yield pushed, own._replace(step=after, outcome="published")
    if len(state.commits) < MOST:
        yield pushed, again._replace(seen=len(pushed.commits))  # the server applied it, and nobody heard so
        yield state, again  # it never arrived


def _settled(state: State, own: Publisher, rules: Rules) -> str:
    """include/versions/settling.py, in small: a version's content is called after its run."""
    mine = [commit.run for commit in state.commits if commit.dataset == own.dataset]
    head = mine[-1] if mine else ""
    if head == own.run or own.run in mine:
        return "published"
    return "conflict" if head != own.base and rules.follow_the_base else ""


def _collect(state: State, rules: Rules) -> Iterator[State]:
    own = state.collector
    match own.step:
        case "mark":
            marked = state._replace(marks=state.marks | {"collector"}) if rules.marks else state
            yield marked._replace(collector=own._replace(step="check"))
        case "check":
            busy = state.marks - {"collector"}
            yield state._replace(collector=own._replace(step="unmark" if busy else "refs"))
        case "refs":
            pinned = frozenset(commit.run for commit in state.commits)
            yield state._replace(collector=own._replace(step="move", pinned=pinned))
        case "move":
            for item in state.objects:
                if item[0] not in own.pinned:
                    yield state._replace(objects=state.objects - {item})
            yield state._replace(collector=own._replace(step="unmark"))
        case "unmark":
            yield state._replace(collector=Collector(lives=own.lives), marks=state.marks - {"collector"})


def broken(state: State) -> str:
    """The property that the state breaks; empty where all hold."""
    runs = [commit.run for commit in state.commits]
    if len(set(runs)) != len(runs):
        return "a run published twice"
    heads: dict[str, str] = {}
    for number, commit in enumerate(state.commits):
        if commit.parent != number:
            return "history is not linear"
        if heads.get(commit.dataset, "") != commit.base:
            return "an update was lost"
        heads[commit.dataset] = commit.run
    if any((run, part) not in state.objects for run in runs for part in PARTS):
        return "an announced version is not there"
    return next((f"{one.run} ended wrong" for one in state.publishers if _wrong(one, runs)), "")


def _wrong(one: Publisher, runs: list[str]) -> bool:
    """Whether a run that ended says what it did: exactly one version, or none and a conflict."""
    if one.step != "end":
        return False
    return (one.outcome == "published") != (one.run in runs) or one.outcome not in ("published", "conflict")
