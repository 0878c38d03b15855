"""Publication when things go wrong: killed, raced, unanswered, out of space."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.adapters import git as git_adapter
from include.adapters.remote import listing_of
from include.errors import ConflictError, EnvironmentFault
from include.versions import presence, reading, worktree
from include.versions.pins import Pins, parse
from include.versions.publication import Published
from tests.versions.house import House, facts, git, house, version

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


class Publisher:
    """A process that publishes in children of its own, each of which can be killed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.versions.publisher"]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, deployment: House, folder: Path, tree: Path | None = None, kill_at: int = 0) -> dict[str, Any]:
        """What came of publishing `folder`, empty if the process was killed."""
        job = {"root": str(deployment.root), "folder": str(folder), "told": {"rows": 1}, "kill_at": kill_at}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(job | {"tree": str(tree) if tree else None}) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))


@pytest.fixture(scope="module")
def publisher() -> Iterator[Publisher]:
    one = Publisher()
    yield one
    one.process.communicate()


def pinned(deployment: House) -> Pins:
    at_tip = git("ls-tree", "--name-only", "main", at=deployment.origin).split()
    return parse(git("show", "main:data.dvc", at=deployment.origin) if "data.dvc" in at_tip else "")


def whole(deployment: House, pins: Pins, scratch: Path) -> None:
    """Whatever is pinned can be read: no half version is visible."""
    assert presence.missing(pins.entries.values(), deployment.remote, scratch) == []


def sampled(events: int, step: int, last: int) -> list[int]:
    """Every `step`-th of the events, and each of the `last` ones."""
    return [at for at in range(1, events + 1) if at % step == 0 or at > events - last]


def test_killed_anywhere_then_run_again_gives_exactly_one_version(
    deployment: House, publisher: Publisher, tmp_path: Path
) -> None:
    """Fault 1: kill -9 at the step boundaries of a publication to Git."""
    folder = version(tmp_path / "v", {"a": 1.0})
    calm = publisher(deployment, folder)
    points = sampled(calm["events"], 8, 8)
    assert len(points) > 12
    for at in points:
        hit = house(tmp_path / f"house{at}")
        killed = publisher(hit, folder, kill_at=at)
        assert killed == {} or killed["events"] < at
        assert [e.md5 for e in pinned(hit).entries.values()] in ([], [calm["md5"]])
        whole(hit, pinned(hit), tmp_path / "scratch")
        again = publisher(hit, folder)
        assert (again["outcome"], again["md5"]) == ("published", calm["md5"])
        assert hit.log("%H") == [again["commit"], hit.log("%H")[1]]
        whole(hit, pinned(hit), tmp_path / "scratch")


def test_killed_anywhere_in_a_working_tree(deployment: House, publisher: Publisher, tmp_path: Path) -> None:
    """Fault 1: the same on a laptop, where data.dvc is changed in place."""
    folder = version(tmp_path / "v", {"a": 1.0})
    calm = publisher(deployment, folder, deployment.clone("calm"))
    points = sampled(calm["events"], 12, 6)
    assert len(points) > 10
    for at in points:
        clone = deployment.clone(f"clone{at}")
        killed = publisher(deployment, folder, clone, kill_at=at)
        assert killed == {} or killed["events"] < at
        assert [e.md5 for e in worktree.pins(clone).entries.values()] in ([], [calm["md5"]])
        again = publisher(deployment, folder, clone)
        assert (again["outcome"], again["md5"]) == ("published", calm["md5"])
        assert reading.open_version("shares", repository=clone).collect()["share"].to_list() == [1.0]


def test_two_runs_of_one_dataset_race(deployment: House, tmp_path: Path) -> None:
    """Fault 5: serial order, the loser fails cleanly or repeats on the new base; every row that was added stays."""
    rounds = 15

    def add(writer: int, number: int) -> int:
        tries = 0
        while True:
            tries += 1
            head = pinned(deployment).entries.get("shares")
            rows = {f"{writer}-{number}": float(number)}
            if head:
                parts = reading.table_files(head, tmp_path / f"cache{writer}", deployment.root / "seed")
                rows |= dict(pl.read_parquet(parts).iter_rows())
            folder = version(tmp_path / f"{writer}-{number}-{tries}", rows)
            base = head.md5 if head else None
            try:
                deployment.publish(folder, facts(len(rows), run=f"run_{writer}_{number}", base=base))
            except ConflictError:
                continue
            return tries

    def writer(which: int) -> int:
        return sum(add(which, number) - 1 for number in range(rounds))

    with ThreadPoolExecutor(2) as pool:
        lost = sum(pool.map(writer, range(2)))
    entry = pinned(deployment).entries["shares"]
    frame = pl.read_parquet(reading.table_files(entry, tmp_path / "cache", deployment.root / "seed"))
    assert sorted(frame["code"]) == sorted(f"{w}-{n}" for w in range(2) for n in range(rounds))
    assert len(deployment.log()) == 1 + 2 * rounds
    assert git("rev-list", "--min-parents=2", "--count", "main", at=deployment.origin) == "0"
    assert lost > 0, "the two never met: the test showed nothing"


def test_many_publishers_of_different_datasets(
    deployment: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 11: a rejected push is done again on the new tip; no version is lost, history is linear."""
    folders = {f"d{i}": version(tmp_path / f"d{i}", {"a": float(i)}) for i in range(12)}
    pushes: list[str] = []
    real = git_adapter.push

    def counted(*arguments: Any) -> git_adapter.Pushed:
        pushes.append(done := real(*arguments))
        return done

    monkeypatch.setattr(git_adapter, "push", counted)

    def publish(number: int) -> Published:
        # Each spells the address in its own way, so that they do not take turns as publishers of one machine do.
        address = f"{deployment.origin}{'/.' * number}"
        return deployment.publish(folders[f"d{number}"], facts(1, name=f"d{number}"), address=address)

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(publish, range(12)))
    assert pushes.count("done") == 12
    assert pushes.count("rejected") > 0, "nobody was ever second: the test showed nothing"
    assert {p.outcome for p in done} == {"published"}
    assert set(pinned(deployment).entries) == set(folders)
    assert len(deployment.log()) == 13
    assert git("rev-list", "--min-parents=2", "--count", "main", at=deployment.origin) == "0"
    assert {p.commit for p in done} == set(deployment.log("%H")[:-1])


def test_the_reply_is_lost_after_the_server_applied_the_push(deployment: House, tmp_path: Path) -> None:
    """Fault 6: the outcome is unknown, so the tip is looked at; nothing is published twice."""
    # A hook that runs after the refs were moved cuts the connection before the report is sent.
    hook = deployment.origin / "hooks" / "post-update"
    hook.parent.mkdir(exist_ok=True)
    log = deployment.root / "pushes"
    hook.write_text(f"#!/bin/sh\necho push >> {log}\n[ $(wc -l < {log}) -gt 1 ] || kill -9 $PPID\n")
    hook.chmod(0o755)
    done = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    assert log.read_text() == "push\n"
    assert done.outcome == "published"
    assert deployment.log("%H")[0] == done.commit
    assert len(deployment.log()) == 2


def test_the_reply_is_lost_and_another_version_follows(deployment: House, tmp_path: Path) -> None:
    """Fault 6: a retry of a run whose version was followed by another's finds its own commit, and adds none."""
    first = deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    deployment.publish(version(tmp_path / "w", {"a": 2.0}), facts(1, run="manual__2", base=first.entry.md5))
    again = deployment.publish(tmp_path / "v", facts(1))
    assert (again.outcome, again.commit, len(deployment.log())) == ("published", first.commit, 3)


def test_a_server_that_never_takes_the_push_is_given_up_on(
    deployment: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 11: at most 20 attempts, then an error that says the content is safe."""
    from include.versions import pushing

    monkeypatch.setattr(pushing, "ATTEMPTS", 3)
    hook = deployment.origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)
    with pytest.raises(EnvironmentFault, match=r"moved or gave no answer 3 times.*content is safe on the remote"):
        deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1))
    assert len(deployment.log()) == 1


@pytest.mark.server
def test_the_remotes_disk_is_full(deployment: House, tmp_path: Path, small_volume: Path) -> None:
    """Fault 8: a clean failure that names the volume; no version, and room again means it goes on."""
    folder = version(tmp_path / "v", {"a": 1.0})
    (folder / "quality.json").write_bytes(os.urandom(150_000))
    (small_volume / "public").mkdir()
    (deployment.root / "remotes").symlink_to(small_volume)
    filler = small_volume / "filler"
    filler.write_bytes(bytes(80_000))
    with pytest.raises(EnvironmentFault, match=f"the volume at {small_volume} is full. Nothing was published"):
        deployment.publish(folder, facts(1))
    assert len(deployment.log()) == 1
    assert list((small_volume / "public" / "tmp").iterdir()) == []
    filler.unlink()
    assert deployment.publish(folder, facts(1)).outcome == "published"
    assert listing_of(small_volume / "public" / "files").size > 150_000


def test_no_credential_is_ever_in_a_message(tmp_path: Path) -> None:
    """Fault 27: a token in the address of the repository stays out of errors."""
    address = "https://robot:canary-7f3a@127.0.0.1:9/x.git"
    with pytest.raises(EnvironmentFault) as caught, git_adapter.scratch_clone(address, "main"):
        pass
    assert "127.0.0.1" in str(caught.value)
    chain = [caught.value, caught.value.__cause__]
    assert "canary-7f3a" not in "".join(map(repr, chain))


def test_a_repositorys_hooks_do_not_run(deployment: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template's hooks are a user's own; publishing never runs them."""
    ran = tmp_path / "ran"
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-push", "post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "template"))
    assert deployment.publish(version(tmp_path / "v", {"a": 1.0}), facts(1)).outcome == "published"
    assert not ran.exists()
