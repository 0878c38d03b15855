"""Small charts of a column before and after: blocks for terminals, bars for a page to draw."""

from dataclasses import dataclass

from ..contracts.foreign import printable
from .model import OTHERS, Bin, Profile
from .sections import Shape

HEIGHT, WIDTH = 48.0, 240.0
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Bar:
    """A bin on one side, in units of the drawing; y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    side: str
    told: str


@dataclass(frozen=True)
class Chart:
    """The bars of a column, before and after beside each other."""

    column: str
    bars: tuple[Bar, ...]
    labels: tuple[str, ...]
    told: str
    """For whoever can't see it."""


@dataclass(frozen=True)
class Line:
    """A value and its rows on both sides; lengths in percent of the longest."""

    label: str
    before: float
    after: float
    counts: str
    told: str


def tells(shape: Shape) -> bool:
    """Whether a drawing says something: not where most rows have some other value than the most frequent ones."""
    drawn = [profile.bins for _, profile in _sides(shape) if profile.bins]
    rest = [bins[-1].rows * 2 > sum(one.rows for one in bins) for bins in drawn if bins[-1].label == OTHERS]
    return bool(drawn) and not any(rest)


def sparklines(shape: Shape) -> list[str]:
    """A line of blocks a side, one where both are alike; none where that says nothing."""
    lines = (_sparkline(profile) for _, profile in _sides(shape)) if tells(shape) else ()
    return list(dict.fromkeys(line for line in lines if line))


def _sparkline(profile: Profile) -> str:
    """One block a bin, the fullest bin highest; a space for a bin without rows."""
    bins = profile.bins
    most = max((one.rows for one in bins), default=0)
    if len(bins) < 2 or not most:
        return ""
    return "".join(_BLOCKS[round(one.rows / most * (len(_BLOCKS) - 1))] if one.rows else " " for one in bins)


def histogram(shape: Shape) -> Chart | None:
    """Upright bars of both sides on one scale, WIDTH by HEIGHT; None where that says nothing."""
    drawn = [(side, profile.bins) for side, profile in _sides(shape) if profile.bins]
    if not drawn or not tells(shape):
        return None
    most = max(one.rows for _, bins in drawn for one in bins) or 1
    step = WIDTH / len(drawn[0][1])
    width = 0.9 * step / len(drawn)
    bars = tuple(
        _upright(one, at * step + place * width, width, most, side)
        for place, (side, bins) in enumerate(drawn)
        for at, one in enumerate(bins)
    )
    labels = tuple(printable(one.label, 40) for one in drawn[0][1])
    told = f"Rows by {shape.column}: {len(labels)} bins, {labels[0]} to {labels[-1]}, at most {most:,} rows"
    return Chart(shape.column, bars, labels, told)


def ranked(shape: Shape) -> tuple[Line, ...]:
    """The values of a column that has no order, each with a bar a side."""
    labels = [one.label for one in next((profile.bins for _, profile in _sides(shape) if profile.bins), ())]
    rows = {side: [one.rows for one in profile.bins] for side, profile in _sides(shape)}
    before, after = (rows.get(side) or [0] * len(labels) for side in ("before", "after"))
    most = max([*before, *after, 1])
    return tuple(_line(*values, most) for values in zip(labels, before, after, strict=True))


def _line(label: str, before: int, after: int, most: int) -> Line:
    label = printable(label, 40)
    counts = f"{after:,}" if before == after else f"{before:,} → {after:,}"
    return Line(
        label,
        round(100 * before / most, 2),
        round(100 * after / most, 2),
        counts,
        f"{label}: {before:,} rows before, {after:,} after",
    )


def _sides(shape: Shape) -> list[tuple[str, Profile]]:
    sides = (("before", shape.before), ("after", shape.after))
    return [(side, profile) for side, profile in sides if profile]


def _upright(one: Bin, x: float, width: float, most: int, side: str) -> Bar:
    height = max(HEIGHT * one.rows / most, 1.0 if one.rows else 0.0)
    told = f"{printable(one.label)}: {one.rows:,} rows {side}"
    return Bar(round(x, 2), round(HEIGHT - height, 2), round(width, 2), round(height, 2), side, told)
