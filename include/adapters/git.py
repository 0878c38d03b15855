"""Git as the publisher needs it: read the tip of a ref, change one file on top of it, push it if nothing moved.

Uses the command line, so that file, ssh and https addresses and the user's credential helpers work as everywhere.
Never asks for a password, never runs a repository's hooks, never shows a credential in a message.
"""

import datetime as dt
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import EnvironmentFault

TIMEOUT = 300.0
Pushed = Literal["done", "rejected", "unknown"]
_CREDENTIAL = re.compile(r"(?<=://)[^/@\s]+@")
_REPOSITORY_VARIABLES = {
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR"),
        *("NAMESPACE", "PREFIX", "QUARANTINE_PATH"),
    )
}
_LOST = (
    *("stale info", "non-fast-forward", "fetch first", "already exists"),
    *("failed to", "cannot lock", "atomic", "incorrect old"),
)
_REJECTED = re.compile(rf"^!.*({'|'.join(_LOST)})", re.M)


class GitError(EnvironmentFault):
    """A git command failed; `stderr` is what it said, without credentials."""

    def __init__(self, command: str, stderr: str) -> None:
        self.stderr = stderr
        super().__init__(f"git {command}: {stderr or 'failed without a word'}")


@dataclass(frozen=True)
class Identity:
    """Who commits."""

    name: str
    email: str


def run(*arguments: str, at: Path, text: str = "") -> str:
    """The standard output of `git arguments`, which reads `text`, run in the repository `at`.

    Raises GitError where it fails or takes longer than TIMEOUT seconds.
    """
    return _run(arguments, at, text).decode()


def _run(arguments: Sequence[str], at: Path, text: str) -> bytes:
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "credential.interactive=false"]
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=at,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(text.encode(), timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise GitError(arguments[0], f"no answer within {TIMEOUT:.0f} s") from None
    if process.returncode:
        raise GitError(arguments[0], without_credentials((out + err).decode(errors="replace").strip()))
    return out


def without_credentials(text: str) -> str:
    """`text` with `user:password@` taken out of its addresses."""
    return _CREDENTIAL.sub("", text)


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in _REPOSITORY_VARIABLES}
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:http:https:ssh:git",
        "GIT_OPTIONAL_LOCKS": "0",
        "SSH_ASKPASS": kept.get("SSH_ASKPASS", "false"),
        "SSH_ASKPASS_REQUIRE": "force",
        "LC_ALL": "C",
    }


@dataclass(frozen=True)
class Tip:
    """A commit of the remote repository, read into a scratch repository without its files."""

    scratch: Path
    commit: str

    def file(self, path: str) -> tuple[str, str]:
        """Blob id and text of a file; both empty where there is none. Only this file's bytes are fetched.

        Bytes that are not UTF-8 come as surrogates.
        """
        out = _run(("cat-file", "--batch"), self.scratch, f"{self.commit}:{path}\n")
        head, _, rest = out.partition(b"\n")
        blob, kind, size = head.rsplit(b" ", 2) if head.count(b" ") == 2 else (b"", b"", b"0")
        return (blob.decode(), rest[: int(size)].decode(errors="surrogateescape")) if kind == b"blob" else ("", "")

    def parent(self) -> "Tip | None":
        """The commit before this one, None where it was not fetched."""
        try:
            return Tip(self.scratch, run("rev-parse", "--verify", f"{self.commit}^", at=self.scratch).strip())
        except GitError:
            return None


@contextmanager
def scratch_clone(address: str, ref: str) -> Iterator[Path]:
    """A bare repository that holds the newest commit of the branch `ref` of `address` without its files; removed after.

    Raises EnvironmentFault where the address does not answer or has no such branch.
    """
    with tempfile.TemporaryDirectory(prefix="commons-git-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        options = (
            "--bare",
            "--quiet",
            "--template=",
            "--depth=1",
            "--filter=blob:none",
            "--no-tags",
            "--single-branch",
        )
        try:
            run("clone", *options, f"--branch={ref}", "--", as_url(address), folder, at=scratch)
        except GitError as error:
            raise EnvironmentFault(
                f"{without_credentials(address)}: can't read branch {ref!r}: {error.stderr}. "
                "Check COMMONS_PUBLISH, COMMONS_REF and the credential."
            ) from error
        yield scratch


@contextmanager
def mirror(address: str) -> Iterator[Path]:
    """A bare repository with every ref of `address`, open proposals and pull requests included; removed after.

    Raises EnvironmentFault where the address does not answer, or is shallow itself.
    """
    with tempfile.TemporaryDirectory(prefix="commons-git-", ignore_cleanup_errors=True) as folder:
        try:
            run("clone", "--mirror", "--quiet", "--template=", "--", as_url(address), folder, at=Path(folder))
        except GitError as error:
            raise EnvironmentFault(
                f"{without_credentials(address)}: can't read all its refs: {error.stderr}. "
                "Check COMMONS_PUBLISH and the credential."
            ) from error
        yield Path(folder)


def as_url(address: str) -> str:
    """A folder as a file: address, else Git ignores that the clone is to be shallow."""
    return Path(address).resolve().as_uri() if Path(address).is_dir() else address


def fetch_tip(scratch: Path, ref: str, depth: int = 1) -> Tip | None:
    """The newest commit of the remote's branch `ref`, fetched without files; None where there is no such branch."""
    refspec = f"+refs/heads/{ref}:refs/remote/{ref}"
    try:
        run("fetch", "--quiet", f"--depth={depth}", "--no-tags", "origin", refspec, at=scratch)
    except GitError as error:
        if "couldn't find remote ref" in error.stderr:
            return None
        raise
    return Tip(scratch, run("rev-parse", f"refs/remote/{ref}", at=scratch).strip())


def branches(scratch: Path, prefix: str) -> list[str]:
    """The remote's branches whose names begin with `prefix`."""
    listed = run("ls-remote", "--refs", "origin", f"refs/heads/{prefix}*", at=scratch)
    return [line.partition("\trefs/heads/")[2] for line in listed.splitlines()]


def commit_file(tip: Tip, path: str, text: str, message: str, who: Identity) -> str:
    """A commit on top of `tip` that changes one file only; returns its id. Nothing outside the scratch changes."""
    name, email = (re.sub(r"[<>\n\r]", "", part) for part in (who.name, who.email))
    stream = (
        f"commit refs/commons/candidate\nmark :1\ncommitter {name} <{email}> now\n{_data(message)}"
        f"from {tip.commit}\nM 100644 inline {path}\n{_data(text)}\nget-mark :1\n"
    )
    return run("fast-import", "--quiet", "--force", "--date-format=now", at=tip.scratch, text=stream).strip()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def push(scratch: Path, commit: str, ref: str, expected: str | None) -> Pushed:
    """Set the remote's branch `ref` to `commit` if it still is at `expected` (None: if it does not exist).

    "rejected": somebody else was first. "unknown": no clear answer, so look before you try again.
    Raises EnvironmentFault where the remote refuses for another reason, a rule or a permission.
    """
    lease = f"--force-with-lease=refs/heads/{ref}:{expected or ''}"
    try:
        run("push", "--porcelain", "--atomic", lease, "origin", f"{commit}:refs/heads/{ref}", at=scratch)
    except GitError as error:
        if _REJECTED.search(error.stderr):
            return "rejected"
        if re.search(r"^!.*\[remote rejected\]", error.stderr, re.M):
            raise EnvironmentFault(
                f"{ref}: the remote refuses the push: {error.stderr}. Nothing was published. "
                "Check the branch's rules and the credential's rights."
            ) from error
        return "unknown"
    return "done"


def find_commit(repository: Path, revision: str, *trailers: str) -> str | None:
    """The newest commit up to `revision` whose message holds all `trailers` as lines, or None."""
    patterns = [f"--grep=^{re.escape(trailer)}$" for trailer in trailers]
    found = run("log", "-1", "--format=%H", "--extended-regexp", "--all-match", *patterns, revision, at=repository)
    return found.strip() or None


def deepen(scratch: Path, ref: str, depth: int = 1000) -> None:
    """Fetch the last `depth` commits of the remote's branch `ref`, without their files."""
    refspec = f"+refs/heads/{ref}:refs/remote/{ref}"
    run("fetch", "--quiet", f"--depth={depth}", "--filter=tree:0", "--no-tags", "origin", refspec, at=scratch)


def find(repository: Path, revision: str) -> str | None:
    """The full id of the commit that Git resolves `revision` to; None where there is none."""
    try:
        asked = f"{revision}^{{commit}}"
        return run("rev-parse", "--verify", "--quiet", "--end-of-options", asked, at=repository).strip()
    except GitError:
        return None


def newest_by(repository: Path, moment: dt.datetime) -> str | None:
    """The newest commit on the first-parent line of HEAD that was committed by then; None where there is none."""
    until = max(int(moment.timestamp()), 100_000_000)  # Git takes less for a year or a day
    return run("rev-list", "-1", "--first-parent", f"--until=@{until}", "HEAD", at=repository).strip() or None


def texts_at(repository: Path, path: str, revisions: Sequence[str]) -> list[str]:
    """The text of one file at each revision, empty where it is absent; one Git process for all.

    Bytes that are not UTF-8 come as surrogates: whoever reads the text says whose file it is.
    """
    return texts(repository, [f"{revision}:{path}" for revision in revisions])


def blobs(repository: Path, path: str, revisions: Sequence[str]) -> list[str]:
    """The blob id of one file at each revision at which it is there."""
    asked = "".join(f"{revision}:{path}\n" for revision in revisions)
    lines = run("cat-file", "--batch-check=%(objecttype) %(objectname)", at=repository, text=asked).splitlines()
    return [line.removeprefix("blob ") for line in lines if line.startswith("blob ")]


def texts(repository: Path, names: Sequence[str]) -> list[str]:
    """As `texts_at`, of blobs by their ids, or as `REVISION:PATH`."""
    out = _run(("cat-file", "--batch"), repository, "".join(f"{name}\n" for name in names))
    texts = []
    at = 0
    for _ in names:
        end = out.index(b"\n", at)
        head = out[at:end].split(b" ")
        size = int(head[-1]) if head[-1].isdigit() else None
        texts.append("" if size is None else out[end + 1 : end + 1 + size].decode(errors="surrogateescape"))
        at = end + 1 if size is None else end + 2 + size
    return texts


def writings(repository: Path, revisions: Sequence[str], paths: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Commit, path and blob id of every change of `paths` (with Git's wildcards) up to `revisions`, the oldest first.

    A merge counts beside its parents. Raises GitError.
    """
    shown = ("--reverse", "--full-history", "-m", "--raw", "--no-abbrev", "--no-renames", "-z", "--format=%x1e%H")
    for commit in run("log", *revisions, *shown, "--", *paths, at=repository).split("\x1e")[1:]:
        fields = commit.replace("\n", "").split("\0")
        for facts, path in zip(fields[1::2], fields[2::2], strict=False):
            yield fields[0], path, facts.split(" ")[3]
