"""Several processes find the same pairs as one, and none is left behind."""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal

from include.errors import EnvironmentFault
from include.matching import parallel
from include.matching.match import Matcher, compare
from include.matching.mentions import mentions
from include.settings import REPOSITORY
from tests.matching import real

NAMES = 4_100
PROGRAM = """
import pickle, sys
from pathlib import Path

from include.matching.index import open_index
from include.matching.match import Matcher
from include.matching.parallel import compare_by

if __name__ == "__main__":
    names, index, forms, model = pickle.loads(Path(sys.argv[1]).read_bytes())
    compare_by(2, names, Matcher(open_index(index), forms, model), review=0.3)
"""


@pytest.fixture(autouse=True)
def worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few names are compared by two processes here."""
    monkeypatch.setattr(parallel, "WORTH", NAMES // 2)


@pytest.fixture(scope="module")
def asked(shared: Path) -> pl.DataFrame:
    named = pl.read_parquet(shared / real.DATA / "b3_queries_dev.parquet", columns=["name", "country"])
    return mentions(named.with_columns(pl.col("country").cast(pl.String)).unique("name")).frame.head(NAMES)


@pytest.fixture(scope="module")
def matcher(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    entities = real.entities(shared, real.names(shared, 500), 3_000)
    return real.matcher(entities, tmp_path_factory.mktemp("index") / "x", real.all_forms(shared))


def other(of: psutil.Process) -> psutil.Process:
    """The process that compares beside this one, once it is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for child in of.children():
            with contextlib.suppress(psutil.ZombieProcess):
                if "spawn_main" in " ".join(child.cmdline()):
                    return child
    raise AssertionError("no other process began within a minute")


def test_the_same_pairs(asked: pl.DataFrame, matcher: Matcher) -> None:
    told: list[int] = []
    found = parallel.compare_by(2, asked, matcher, review=0.3, done=told.append)
    assert found.height > asked.height
    assert_frame_equal(found, compare(asked, matcher, review=0.3))
    assert len(told) == 2
    assert sum(told) == asked.height


def test_few_names_start_no_process(asked: pl.DataFrame, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parallel, "ProcessPoolExecutor")
    assert parallel.compare_by(8, asked.head(50), matcher, review=0.3)["mention"].n_unique() == 50


def test_a_process_that_is_killed_is_told(asked: pl.DataFrame, matcher: Matcher) -> None:
    killer = threading.Thread(target=lambda: other(psutil.Process()).kill())
    killer.start()
    with pytest.raises(EnvironmentFault, match="one of 2 processes ended before its work"):
        parallel.compare_by(2, asked, matcher, review=0.3)
    killer.join()


def test_none_outlives_the_one_that_started_it(asked: pl.DataFrame, matcher: Matcher, tmp_path: Path) -> None:
    program, given = tmp_path / "program.py", tmp_path / "given"
    program.write_text(PROGRAM)
    given.write_bytes(pickle.dumps((pl.concat([asked] * 20), matcher.index.folder, matcher.forms, matcher.model)))
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen([sys.executable, str(program), str(given)], env=variables) as started:
        left = other(psutil.Process(started.pid))
        started.kill()
    until = time.monotonic() + 60
    while not over(left) and time.monotonic() < until:
        os.sched_yield()
    assert over(left)


def over(process: psutil.Process) -> bool:
    """Whether it ended; where nobody collects the dead (the first process of a bare machine), its name stays."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
