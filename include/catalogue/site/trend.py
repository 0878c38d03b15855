"""The versions of a dataset as bars: rows that were published, and the share of records that was kept back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..model import Past

HEIGHT, WIDTH = 96.0, 640.0
MOST = 60
"""Versions that a chart shows, the newest."""
_WIDEST = 40.0


@dataclass(frozen=True)
class Bar:
    """A version, or a part of it, in units of the drawing; y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    part: str
    told: str


@dataclass(frozen=True)
class Trend:
    """Bars of versions, the oldest first, on a scale from nothing to `most`."""

    title: str
    bars: tuple[Bar, ...]
    most: str
    ends: tuple[str, str]
    """Days of the first and the last version."""
    told: str
    """For whoever can't see it."""


def trends(history: Sequence[Past]) -> tuple[Trend, ...]:
    """The charts of a history, newest first; none before the second version."""
    shown = tuple(reversed(history[:MOST]))
    if len(shown) < 2:
        return ()
    return (
        _trend("Rows published", shown, (("rows", lambda past: past.rows),), lambda most: f"{most:,.0f}"),
        _trend(
            "Records kept back",
            shown,
            (
                ("quarantined", lambda past: _share(past, past.quarantined)),
                ("rejected", lambda past: _share(past, past.rejected)),
            ),
            lambda most: f"{most:.2g} %",
        ),
    )


def _share(past: Past, part: int) -> float:
    """In percent of the records of a version."""
    return 100 * part / max(past.rows + past.quarantined + past.rejected, 1)


def _trend(
    title: str,
    shown: Sequence[Past],
    parts: Sequence[tuple[str, Callable[[Past], float]]],
    said: Callable[[float], str],
) -> Trend:
    most = max(sum(of(past) for _, of in parts) for past in shown)
    step = min(WIDTH / len(shown), 2 * _WIDEST)
    bars: list[Bar] = []
    for at, past in enumerate(shown):
        below = HEIGHT
        for part, of in parts:
            height = HEIGHT * of(past) / most if most else 0.0
            below -= height
            told = f"{past.date[:10]}: {said(of(past))} {part if part != 'rows' else 'rows'}"
            if height:
                bars.append(
                    Bar(round(at * step, 2), round(below, 2), round(0.8 * step, 2), round(height, 2), part, told)
                )
    ends = (shown[0].date[:10], shown[-1].date[:10])
    told = f"{title} of {len(shown)} versions, {ends[0]} to {ends[1]}, at most {said(most)}"
    return Trend(title, tuple(bars), said(most), ends, told)
