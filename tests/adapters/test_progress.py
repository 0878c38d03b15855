"""What people and pods see of a download."""

import io
import logging
from typing import Any

import pytest

from include.adapters import progress


def test_a_pod_logs_lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with caplog.at_level(logging.INFO, "commons"), progress.told(after=0, every=0) as tell:
        tell("plants.csv", 1_500_000, 3_000_000)
        tell("plants.csv", 2_000_000, None)
    assert caplog.messages == ["fetching plants.csv: 1.5 of 3.0 MB", "fetching plants.csv: 2.0 MB"]


def test_short_downloads_and_frequent_steps_are_quiet(caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with caplog.at_level(logging.INFO, "commons"):
        with progress.told(after=60) as tell:
            tell("plants.csv", 1, 2)
        assert caplog.messages == []
        with progress.told(after=0, every=60) as tell:
            for step in range(1000):
                tell("plants.csv", step, 1000)
    assert len(caplog.messages) == 1


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with progress.told(after=0) as tell:
        tell("plants.csv", 1_000_000, 4_000_000)
        tell("owners.csv", 2_000_000, 4_000_000)
    assert "plants.csv" in screen.getvalue()
    assert "2.0/4.0 MB" in screen.getvalue()
