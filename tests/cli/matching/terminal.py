"""A command in a real pseudo-terminal, typed to by a test."""

import os
import pty
import re
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from include.settings import REPOSITORY
from tests.clone import environment

PROMPT = "q, ? > "


class Terminal:
    """One command; `screen` is what it has printed since the last answer."""

    def __init__(self, process: int, side: int) -> None:
        self.process, self.side, self.screen = process, side, ""

    def until(self, text: str) -> str:
        """What it prints up to `text`, without colours."""
        seen = b""
        while text.encode() not in seen:
            ready, _, _ = select.select([self.side], [], [], 60)
            assert ready, f"nothing for a minute after {seen.decode(errors='replace')!r}"
            seen += os.read(self.side, 65_536)
        self.screen = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", seen.decode())
        return self.screen

    def type(self, text: str) -> None:
        os.write(self.side, f"{text}\n".encode())

    def answer(self, text: str) -> str:
        """What it asks next, after an answer."""
        self.type(text)
        return self.until(PROMPT)

    def rest(self) -> str:
        """What it prints until it ends."""
        seen = b""
        while True:
            try:
                part = os.read(self.side, 65_536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            seen += part
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", seen.decode())

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)

    def code(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


@contextmanager
def terminal(*arguments: str, at: Path) -> Iterator[Terminal]:
    """`commons` with `arguments`, typed in the folder `at`."""
    try:
        process, side = pty.fork()
    except OSError as error:
        pytest.skip(f"this machine has no pseudo-terminals: {error}")
    if not process:
        os.chdir(at)
        known = environment() | {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm", "COLUMNS": "160", "LINES": "50"}
        os.execve(sys.executable, [sys.executable, "-m", "include.cli", *arguments], known)
    try:
        yield Terminal(process, side)
    finally:
        os.close(side)
