"""The hosted workflows, step by step on a scratch repository: what is posted, who sees a secret, what is refused."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from include.adapters.remote import listing_of, put_version, remote
from include.settings import REPOSITORY
from include.versions import worktree
from tests.clone import environment, make_clone, run
from tests.versions.house import git

WORKFLOWS = REPOSITORY / ".github" / "workflows"
REVIEW, COMMENT = (yaml.safe_load((WORKFLOWS / name).read_text()) for name in ("review.yml", "comment.yml"))
STEPS = REVIEW["jobs"]["review"]["steps"]
CANARY = "canary-credential"
pytestmark = pytest.mark.timeout(600)
CONTRACT = """\
title: Wells
description: Generated.
owner: wells@example.org
licence: CC0-1.0
source: {url: "file:wells.csv"}
key: [well_id]
access: public
expect: {rows: [2, 1000]}
"""
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    well_id: str = pa.Field(description="Identifier")
    depth_m: float = pa.Field(description="Depth")
    owner: str = pa.Field(nullable=True, description="Who owns it", metadata={"sensitivity": "internal"})
"""
# Author's code that tells what it sees.
SPY = """\
import os
import uuid


def extract(tables):
    with open(f"{SPIED!r}/{uuid.uuid4().hex}", "w") as file:
        file.write(repr(dict(os.environ)))
    return next(iter(tables.values()))
"""


def rows(count: int, depth: float = 1.5) -> str:
    return "well_id,depth_m,owner\n" + "".join(f"W{n},{n * depth},Secret owner {n}\n" for n in range(1, count + 1))


@dataclass
class Repository:
    """An author's clone whose remotes lie beside it, and what hosted CI makes of a branch of it."""

    place: Path
    clone: Path
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def remotes(self) -> Path:
        return self.place / "remotes"

    def commit(self, message: str) -> str:
        git("add", "--all", at=self.clone)
        git("commit", "-q", "--message", message, at=self.clone)
        return git("rev-parse", "HEAD", at=self.clone)

    def write(self, **files: str) -> None:
        folder = self.clone / "include/datasets/wells"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / {"csv": "wells.csv"}.get(name, f"{name}.{'yaml' if name == 'contract' else 'py'}")).write_text(
                text
            )

    def publish(self, message: str) -> None:
        """The author commits the dataset, makes its version, and commits that."""
        self.commit(message)
        done = run(f"env COMMONS_REMOTE={self.remotes} .venv/bin/commons run wells", self.clone)
        assert done.returncode == 0, done.stdout + done.stderr
        self.commit(f"{message}: version")

    def pull_request(self, branch: str) -> str:
        """The commit that merging the branch would make."""
        git("checkout", "-q", "-B", "merge", "main", at=self.clone)
        git("merge", "-q", "--no-ff", "--message", "Merge", branch, at=self.clone)
        return git("rev-parse", "HEAD", at=self.clone)

    def hosted(
        self, merge: str, secrets: dict[str, str], where: str | None = None
    ) -> list[subprocess.CompletedProcess[str]]:
        """The steps of `review` that run a script, each with the environment it is given, until one fails."""
        runner = self.place / f"runner-{len(self.seen)}"
        shutil.rmtree(runner, ignore_errors=True)
        self.seen[merge] = str(runner)
        runner.mkdir()
        ci = runner / "repository"
        git("clone", "-q", "--no-checkout", str(self.clone), str(ci), at=runner)
        git("fetch", "-q", "origin", merge, at=ci)
        git("checkout", "-q", "--detach", merge, at=ci)
        for name in (".venv", ".venv-task"):
            (ci / name).symlink_to(REPOSITORY / name)
        known = environment() | {"GITHUB_SHA": merge, "RUNNER_TEMP": str(runner)}
        done = []
        for step in STEPS:
            if "run" not in step or step["run"] == "make install":
                continue
            script = step["run"].replace("make install", "true")
            told = {
                key: _filled(value, {"vars.COMMONS_REMOTE": where or str(self.remotes)} | secrets)
                for key, value in step.get("env", {}).items()
            }
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
            done.append(subprocess.run(command, cwd=ci, env=known | told, capture_output=True, text=True, check=False))
            if done[-1].returncode:
                break
        return done


def _filled(value: str, known: dict[str, str]) -> str:
    """An expression of a workflow as the host fills it in; what it does not know is empty."""
    return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: known.get(found[1], ""), value)


SECRETS = {"secrets.COMMONS_READ_KEY": "key", "secrets.COMMONS_READ_SECRET": CANARY}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    place = tmp_path_factory.mktemp("review")
    found = Repository(place, make_clone(place))
    git("branch", "-M", "main", at=found.clone)
    (place / "spied").mkdir()
    spy = SPY.replace("{SPIED!r}", str(place / "spied"))
    found.write(contract=CONTRACT, schema=SCHEMA, csv=rows(20))
    found.publish("Wells")
    git("checkout", "-q", "-b", "deeper", at=found.clone)
    found.write(csv=rows(21, depth=2.5), extract=spy)
    engine = found.clone / "include/cli/app.py"
    engine.write_text(f"{engine.read_text()}\nopen({str(place / 'spied' / 'engine')!r}, 'w').write('ran')\n")
    found.publish("Deeper wells")
    git("checkout", "-q", "main", at=found.clone)
    shutil.rmtree(place / "spied")
    (place / "spied").mkdir()
    return found


@pytest.fixture(scope="module")
def reviewed(repository: Repository) -> tuple[Path, list[subprocess.CompletedProcess[str]]]:
    """What hosted CI makes of the pull request of an author of this repository."""
    merge = repository.pull_request("deeper")
    done = repository.hosted(merge, SECRETS)
    return Path(repository.seen[merge]) / "review", done


def test_it_compares_and_makes_the_version_again(
    reviewed: tuple[Path, list[subprocess.CompletedProcess[str]]],
) -> None:
    folder, done = reviewed
    assert [one.returncode for one in done] == [0, 0, 0], done[-1].stdout + done[-1].stderr
    assert (folder / "rebuild.txt").read_text() == "wells\n"
    assert "wells: identical, byte for byte" in done[-1].stdout
    text = (folder / "comment.md").read_text()
    assert "20 rows before, 21 after: 1 added, 20 changed." in text
    assert text.startswith("## Data: `as it is` → `with this pull request`\n")
    assert "the dataset's extract.py" in text
    assert "| changed | well\\_id `W1` | `depth_m` | `1.5` | `2.5` |" in text


def test_what_is_posted_is_short_and_public(reviewed: tuple[Path, list[subprocess.CompletedProcess[str]]]) -> None:
    folder, _ = reviewed
    for name in ("comment.md", "review.html"):
        text = (folder / name).read_text()
        assert "owner" in text
        assert "Secret" not in text
        assert CANARY not in text
    assert 500 < len((folder / "comment.md").read_bytes()) < 60_000
    assert sorted(path.name for path in folder.iterdir()) == ["comment.md", "rebuild.txt", "review.html"]


def test_no_code_of_a_pull_request_sees_the_credential(
    repository: Repository, reviewed: tuple[Path, list[subprocess.CompletedProcess[str]]]
) -> None:
    spied = repository.place / "spied"
    assert (spied / "engine").read_text() == "ran"
    told = [path.read_text() for path in spied.iterdir() if path.name != "engine"]
    assert told
    assert [text for text in told if CANARY in text] == []


def test_a_pin_that_cannot_be_made_again_is_refused(repository: Repository) -> None:
    git("checkout", "-q", "-B", "forged", "deeper", at=repository.clone)
    entry = worktree.pins(repository.clone).entries["wells"]
    store = remote(entry.remote, None, str(repository.remotes))
    folder = repository.place / "forged"
    listed = json.loads(Path(store.path(entry.md5)).read_text())
    for item in listed:
        (folder / item["relpath"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.path(item["md5"]), folder / item["relpath"])
    part = folder / "table/part-00000.parquet"
    pl.read_parquet(part).with_columns(depth_m=pl.lit(7.0)).write_parquet(part)
    forged = listing_of(folder)
    put_version(folder, forged, store)
    meta = entry.meta.model_copy(update={"content": "0" * 64})
    lie = entry.model_copy(update={"md5": forged.md5, "size": forged.size, "meta": meta})
    worktree.write(repository.clone, worktree.pins(repository.clone).having(lie))
    repository.commit("A version by hand")
    done = repository.hosted(repository.pull_request("forged"), SECRETS)
    assert [one.returncode for one in done] == [0, 0, 123], done[-1].stderr  # xargs: a command failed
    assert "wells: not what data.dvc pins" in done[-1].stdout


def test_a_fork_is_told_what_could_not_be_compared_and_is_refused(repository: Repository) -> None:
    nowhere = repository.place / "unreadable"
    nowhere.mkdir(exist_ok=True)
    merge = repository.pull_request("deeper")
    done = repository.hosted(merge, {}, str(nowhere))
    assert [one.returncode for one in done][:2] == [0, 0], done[-1].stderr
    assert done[-1].returncode != 0
    assert "Not compared" in (Path(repository.seen[merge]) / "review" / "comment.md").read_text()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def test_permissions_are_least_and_actions_are_pinned_by_commit() -> None:
    assert REVIEW["permissions"] == {"contents": "read"}
    assert "permissions" not in REVIEW["jobs"]["review"]
    assert COMMENT["permissions"] == {}
    assert COMMENT["jobs"]["comment"]["permissions"] == {"actions": "read", "pull-requests": "write"}
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) == 3
    assert [name for name in used if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name)] == []
    assert [step["with"]["persist-credentials"] for step in STEPS if "checkout@" in step.get("uses", "")] == [False]


def test_a_fork_never_runs_where_secrets_are_and_the_poster_runs_no_foreign_code() -> None:
    # PyYAML reads the key `on` as true.
    assert set(REVIEW[True]) == {"pull_request"}
    assert REVIEW[True]["pull_request"]["paths"] == ["data.dvc"]
    assert COMMENT[True] == {"workflow_run": {"workflows": ["review"], "types": ["completed"]}}
    steps = COMMENT["jobs"]["comment"]["steps"]
    assert [step for step in steps if "uses" in step] == []
    assert "secrets." not in "".join(_texts(COMMENT))
    with_secrets = [step["run"] for step in STEPS if "secrets." in "".join(_texts(step.get("env", {})))]
    assert with_secrets == ['.venv/bin/commons comment "$GITHUB_SHA^1" "$GITHUB_SHA" --to "$RUNNER_TEMP/review"']
    order = [step.get("run", "") for step in STEPS]
    assert order.index(with_secrets[0]) < next(at for at, text in enumerate(order) if 'detach "$GITHUB_SHA"\n' in text)


def test_no_script_takes_foreign_text_for_code() -> None:
    scripts = [
        step["run"]
        for workflow in (REVIEW, COMMENT)
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert len(scripts) >= 5
    assert [script for script in scripts if "${{" in script] == []


GH = """\
#!/usr/bin/env python3
import json, os, subprocess, sys
words = sys.argv[1:]
place = os.environ["PLACE"]
with open(f"{place}/calls", "a") as file:
    file.write(json.dumps(words) + "\\n")
def option(name):
    return words[words.index(name) + 1] if name in words else ""
if words[:2] == ["run", "download"]:
    os.makedirs(option("--dir"))
    open(f"{option('--dir')}/comment.md", "w").write(open(f"{place}/comment.md").read())
elif "--jq" in words:
    answer = "pulls.json" if words[-3].startswith("head=") or "pulls" in words[3] else "comments.json"
    sys.stdout.flush()
    subprocess.run(["jq", "-r", option("--jq")], stdin=open(f"{place}/{answer}"), check=True)
elif any(word.startswith("body=@") for word in words):
    (body,) = [word for word in words if word.startswith("body=@")]
    open(f"{place}/posted", "w").write(open(body.removeprefix("body=@")).read())
"""


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ([], ["POST", "repos/o/r/issues/7/comments"]),
        (
            [{"id": 5, "user": {"login": "mallory"}, "body": "<!-- data-commons: review -->"}],
            ["POST", "repos/o/r/issues/7/comments"],
        ),
        (
            [
                {"id": 8, "user": {"login": "github-actions[bot]"}, "body": "something else"},
                {"id": 9, "user": {"login": "github-actions[bot]"}, "body": "<!-- data-commons: review -->\nold"},
            ],
            ["PATCH", "repos/o/r/issues/comments/9"],
        ),
    ],
)
def test_the_comment_of_before_is_updated_and_nobody_else_s(
    tmp_path: Path, comments: list[dict[str, Any]], expected: list[str]
) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not on PATH (Debian: apt install jq)")
    posted, calls = _post(tmp_path, comments, "a" * 40, "## Data: new\n")
    assert posted == "<!-- data-commons: review -->\n## Data: new\n"
    assert calls[-1][2:5] == ["--method", *expected]


def _post(place: Path, comments: list[dict[str, Any]], commit: str, text: str) -> tuple[str | None, list[list[str]]]:
    """What the poster posts and asks of the host, which has pull request 7 at the commit aaaa…."""
    (place / "comment.md").write_text(text)
    (place / "comments.json").write_text(json.dumps(comments))
    (place / "pulls.json").write_text(json.dumps([{"number": 7, "head": {"sha": "a" * 40}}]))
    (place / "gh").write_text(GH)
    (place / "gh").chmod(0o755)
    facts = {
        "COMMIT": commit,
        "REPOSITORY": "o/r",
        "RUN": "1",
        "OWNER": "fork",
        "BRANCH": "data; rm -rf /",
        "GH_TOKEN": "t",
    }
    (step,) = COMMENT["jobs"]["comment"]["steps"]
    known = {"PATH": f"{place}:{os.environ['PATH']}", "PLACE": str(place), "RUNNER_TEMP": str(place / "temp")}
    (place / "temp").mkdir()
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(
        script, env=known | facts | {"MARK": step["env"]["MARK"]}, capture_output=True, text=True, check=False
    )
    posted = place / "posted"
    assert (done.returncode == 0) == (posted.exists() or commit != "a" * 40), done.stdout + done.stderr
    calls = [json.loads(line) for line in (place / "calls").read_text().splitlines()]
    return posted.read_text() if posted.exists() else None, calls


def test_a_text_that_is_too_long_or_of_a_commit_that_is_no_longer_proposed_is_not_posted(tmp_path: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not on PATH (Debian: apt install jq)")
    for name, commit, text in (("long", "a" * 40, "x" * 70_000), ("old", "b" * 40, "## Data\n")):
        (tmp_path / name).mkdir()
        assert _post(tmp_path / name, [], commit, text)[0] is None
