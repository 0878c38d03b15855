"""The commit protocol, every interleaving of it: two publishers, a crash at every step, a collector of garbage."""

import re
from collections.abc import Callable

import pytest

from include.settings import REPOSITORY
from tests.versions.protocol import Publisher, Rules, State, begin, broken, states

SAME = (Publisher("a", "shares", lives=2), Publisher("b", "shares", lives=2))
APART = (Publisher("a", "shares", lives=2), Publisher("b", "prices", lives=2))
RIGHT = (("published", 1), ("conflict", 0))
ALONE = (Publisher("a", "shares", lives=2),)
ALL = Rules()
SCENES: dict[str, Callable[[], State]] = {
    "two runs of one dataset": lambda: begin(*SAME),
    "two datasets": lambda: begin(*APART),
    "garbage is collected beside a run whose files lie there": lambda: begin(*ALONE, collect=True, orphans=("a", "x")),
    "garbage is collected beside two runs of one dataset": lambda: begin(*SAME, collect=True, orphans=("a", "b")),
    "garbage is collected beside two datasets": lambda: begin(*APART, collect=True, orphans=("a", "x")),
}


def visited(first: State, rules: Rules = ALL) -> tuple[int, str]:
    """How many states there are, and the first property that one of them breaks."""
    number = 0
    for state, after in states(first, rules):
        number += 1
        if wrong := broken(state):
            return number, wrong
        if not after and any(one.step not in ("end", "dead") for one in state.publishers):
            return number, f"stuck: {state}"
    return number, ""


@pytest.mark.parametrize("scene", SCENES)
def test_every_interleaving_keeps_every_property(scene: str) -> None:
    """Fault 1, 5, 6, 11 and 12 in all their combinations."""
    number, wrong = visited(SCENES[scene]())
    assert wrong == ""
    assert number > 1000, "so few states: the model shows nothing"


@pytest.mark.parametrize(
    ("without", "scene", "breaks"),
    [
        ("compare_and_swap", "two datasets", "history is not linear"),
        ("follow_the_base", "two runs of one dataset", "an update was lost"),
        ("look_after_no_answer", "two datasets", "a run published twice"),
        ("upload_first", "two datasets", "an announced version is not there"),
        ("marks", "garbage is collected beside a run whose files lie there", "an announced version is not there"),
    ],
)
def test_each_rule_is_needed(without: str, scene: str, breaks: str) -> None:
    """The model bites: without the rule, some interleaving breaks a property."""
    _, wrong = visited(SCENES[scene](), Rules(**{without: False}))
    assert wrong == breaks


def test_a_run_that_was_killed_and_run_again_ends_with_exactly_one_version() -> None:
    ends = {
        (one.outcome, sum(commit.run == one.run for commit in state.commits), one.lives)
        for state, _ in states(begin(*SAME), Rules())
        for one in state.publishers
        if one.step == "end"
    }
    assert ends == {(outcome, versions, lives) for outcome, versions in RIGHT for lives in range(3)}


def test_the_page_names_every_step_of_the_model() -> None:
    page = (REPOSITORY / "docs/commit-protocol.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE))
    steps = {one.step for state, _ in states(begin(*SAME), Rules()) for one in state.publishers}
    assert told == steps - {"end", "dead"}
