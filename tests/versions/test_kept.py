"""What operators do, killed anywhere: a rerun completes it. And collection beside publishers, again and again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from include.adapters.objects import QUARANTINE
from include.errors import EnvironmentFault
from include.versions import presence
from include.versions.pins import parse
from tests.versions.house import House, facts, git, house, version
from tests.versions.keeper import collect, older, push, series, whole
from tests.versions.test_dvc import files
from tests.versions.test_faults import sampled
from tests.versions.test_gc import add_objects, aside, held, orphans
from tests.versions.test_verify import TABLE, flip, objects

PROJECT = Path(__file__).parents[2]
Do = Callable[[str, int], dict[str, Any]]


@pytest.fixture(scope="module")
def keeper() -> Iterator[Callable[[Path, str, int], dict[str, Any]]]:
    """Does one thing on the deployment at a path in a process of its own; `{}` where that was killed."""
    command = [sys.executable, "-m", "tests.versions.keeper"]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(root: Path, what: str, kill_at: int = 0) -> dict[str, Any]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"root": str(root), "do": what, "kill_at": kill_at}) + "\n")
        process.stdin.flush()
        return dict(json.loads(process.stdout.readline()))

    yield do
    process.communicate()


@pytest.fixture
def place(tmp_path: Path) -> House:
    """Two versions, a cache with all of them; a table that is damaged, a listing that is lost, and old garbage."""
    deployment = house(tmp_path / "house")
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    shutil.copytree(deployment.root / "remotes/public/files", clone / ".dvc/cache/files")
    orphans(deployment, tmp_path)
    older(deployment.root / "remotes", 8)
    flip(objects(deployment, first, tmp_path / "shares-0")[TABLE])
    objects(deployment, second, tmp_path / "shares-1")[""].unlink()
    return deployment


def tried(place: House, template: Path, keeper: Any, what: str, check: Callable[[], None]) -> None:
    """Kill `what` at a sample of its steps, run it again, and `check`; each time from the same beginning."""
    shutil.copytree(place.root, template, symlinks=True)
    calm = keeper(place.root, what)
    check()
    points = sampled(calm["events"], max(1, calm["events"] // 6), 3)
    assert len(points) >= 8
    killed = 0
    for at in points:
        shutil.rmtree(place.root)
        shutil.copytree(template, place.root, symlinks=True)
        killed += keeper(place.root, what, at) == {}
        again = keeper(place.root, what)
        assert "error" not in again, again
        check()
    assert killed >= 6


def test_a_repair_that_was_killed_is_done_by_the_next(place: House, keeper: Any, tmp_path: Path) -> None:
    good = files(place.root / "clone/.dvc/cache/files")

    def check() -> None:
        there = files(place.root / "remotes/public/files")
        assert {path: there.get(path) for path in good} == good
        assert len([path for path in (place.root / "remotes/public" / QUARANTINE).rglob("*") if path.is_file()]) == 1

    tried(place, tmp_path / "template", keeper, "repair", check)


def test_a_collection_that_was_killed_is_done_by_the_next(place: House, keeper: Any, tmp_path: Path) -> None:
    keeper(place.root, "repair")
    pinned = set(files(place.root / "clone/.dvc/cache/files"))
    garbage = len(held(place)) - len(pinned)
    assert garbage > 2

    def check() -> None:
        assert set(files(place.root / "remotes/public/files")) == pinned
        assert len(aside(place)) == garbage + 1, "and the damaged table"
        assert whole(place.root / "clone").exit_code == 0

    tried(place, tmp_path / "template", keeper, "collect", check)


def test_a_deletion_that_was_killed_is_done_by_the_next(place: House, keeper: Any, tmp_path: Path) -> None:
    keeper(place.root, "repair")
    keeper(place.root, "collect")
    older(place.root / "remotes", 8)
    pinned = held(place)

    def check() -> None:
        assert (held(place), aside(place)) == (pinned, set())

    tried(place, tmp_path / "template", keeper, "collect", check)


def test_a_copy_that_was_killed_is_done_by_the_next(place: House, keeper: Any, tmp_path: Path) -> None:
    keeper(place.root, "repair")
    good = files(place.root / "clone/.dvc/cache/files")

    def check() -> None:
        assert files(place.root / "backup/public/files") == good

    tried(place, tmp_path / "template", keeper, "push", check)


def test_publishers_and_a_collector_again_and_again(tmp_path: Path) -> None:
    """Fault 12: what lay there unpinned for long is pinned while garbage is collected; nothing announced goes."""
    deployment = house(tmp_path / "house")
    series(deployment, tmp_path, [0.0])
    folders = [version(tmp_path / f"v{number}", {"a": float(number), f"k{number}": 1.0}) for number in range(12)]
    told = [facts(2, name=f"d{number}") for number in range(12)]
    before = house(tmp_path / "before")
    for folder, known in zip(folders, told, strict=True):
        before.publish(folder, known)
    add_objects(before, deployment)
    garbage = orphans(deployment, tmp_path)
    older(deployment.root / "remotes", 8)
    clone = deployment.clone()
    over, counted = Event(), {"refused": 0}

    def sweep() -> None:
        while not over.is_set():
            try:
                collect(deployment, clone)
            except EnvironmentFault as error:
                counted["refused"] += "publishes to it" in str(error)

    def publish(number: int) -> str:
        return deployment.publish(folders[number], told[number]).outcome

    with ThreadPoolExecutor(3) as pool:
        sweeping = pool.submit(sweep)
        outcomes = list(pool.map(publish, range(12)))
        over.set()
        sweeping.result()
    assert outcomes == ["published"] * 12
    pins = parse(git("show", "main:data.dvc", at=deployment.origin))
    assert len(pins.entries) == 13
    assert presence.missing(pins.entries.values(), deployment.remote, tmp_path / "cache") == []
    collect(deployment, clone)
    assert presence.missing(pins.entries.values(), deployment.remote, tmp_path / "cache") == []
    assert garbage <= aside(deployment)
    assert counted["refused"] > 0, "the two never met: the test showed nothing"


@pytest.mark.server
def test_a_full_disk_stops_a_copy_and_a_repair_in_words_and_room_lets_them_go_on(
    tmp_path: Path, small_volume: Path
) -> None:
    """Fault 8: nothing half written is taken for an object; what was done stays."""
    deployment = house(tmp_path / "house")
    folder = version(tmp_path / "v", {"a": 1.0})
    (folder / "quality.json").write_bytes(os.urandom(120_000))
    published = deployment.publish(folder, facts(1))
    clone = deployment.clone()
    filler = small_volume / "filler"
    filler.write_bytes(bytes(80_000))
    with pytest.raises(EnvironmentFault, match=f"the volume at {small_volume} is full"):
        push(clone, small_volume)
    there = {path.parent.name + path.name for path in (small_volume / "public/files/md5").glob("*/*")}
    assert published.entry.md5 not in there, "a version that is not whole there has no listing"
    filler.unlink()
    assert push(clone, small_volume).exit_code == 0

    (clone / ".dvc/config.local").write_text(f"['remote \"public\"']\n    url = {small_volume}/public\n")
    shutil.copytree(deployment.root / "remotes/public/files", clone / ".dvc/cache/files")
    flip(next(path for path in (small_volume / "public/files/md5").glob("*/*") if path.stat().st_size == 120_000))
    with pytest.raises(EnvironmentFault, match=f"the volume at {small_volume} is full"):
        whole(clone, repair=True, cached=True)
    (aside,) = [path for path in (small_volume / "public" / QUARANTINE).rglob("*") if path.is_file()]
    aside.unlink()  # the operator makes room
    assert whole(clone, repair=True, cached=True).exit_code == 0
    assert whole(clone).problems == []
