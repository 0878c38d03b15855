"""A command as a process of its own, with its time and the memory that it and all its children took together."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from include.settings import REPOSITORY

from .pipeline import Cost

STEP = 0.2
"""Seconds between two looks at the memory."""


def measured(command: list[str], *, memory: float | None = None, seconds: float | None = None) -> Cost:
    """Runs `command` to its end, or until its processes hold more than `memory` MB or took more than `seconds`.

    The peak is the highest sum of the proportional set sizes (PSS) of all its processes, so that a page that several of
    them map, such as one of an index, counts once. Raises RuntimeError, with the last line that was told, where it
    fails or is ended.
    """
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        child = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=said)
        with _watched(child.pid, memory, seconds) as seen:
            _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if status:
            said.seek(0)
            told = said.read().strip().splitlines()
            raise RuntimeError(*seen.ended or told[-1:] or [f"ended with {child.returncode}"])
    return Cost(wall, usage.ru_utime + usage.ru_stime, seen.peak)


class _Seen:
    peak = 0.0
    ended: tuple[str, ...] = ()


@contextmanager
def _watched(pid: int, memory: float | None, seconds: float | None) -> Iterator[_Seen]:
    seen, over = _Seen(), threading.Event()
    thread = threading.Thread(target=_watch, args=(pid, seen, over, memory, seconds))
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _watch(pid: int, seen: _Seen, over: threading.Event, memory: float | None, seconds: float | None) -> None:
    began = time.perf_counter()
    while not over.wait(STEP):
        family = _family(pid)
        seen.peak = max(seen.peak, sum(map(_megabytes, family)))
        if memory and seen.peak > memory:
            seen.ended = (f"it takes more than {memory:,.0f} MB",)
        if seconds and time.perf_counter() - began > seconds:
            seen.ended = (f"it takes more than {seconds:,.0f} s",)
        if seen.ended:
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            return


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    return []


def _megabytes(one: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return float(one.memory_full_info().pss) / 1e6
    return 0.0
