"""A container's command as a local process group: its environment, its memory, its end."""

import asyncio
import os
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from ..errors import EnvironmentFault

SUFFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def size(quantity: str) -> int:
    """Bytes of a Kubernetes quantity ("512Mi", "1G", "1000")."""
    for suffix, factor in SUFFIXES.items():
        if quantity.endswith(suffix):
            return int(float(quantity.removesuffix(suffix)) * factor)
    return int(quantity)


def secret(folder: Path, name: str) -> dict[str, str] | None:
    """The keys and values of a secret, files of `folder`/`name`; None if there is none.

    Raises EnvironmentFault where others could read a file.
    """
    place = folder / name
    if not name or Path(name).name != name or not place.is_dir():
        return None
    files = sorted(place.iterdir())
    if loose := [str(file) for file in files if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]:
        raise EnvironmentFault(*(f"{file}: others can read this secret. Run: chmod 600 {file}" for file in loose))
    return {file.name: file.read_text().rstrip("\n") for file in files}


def environment(pod: Mapping[str, Any], scratch: Path, secrets: Path, path: str) -> dict[str, str]:
    """All that the process gets: PATH, a home in `scratch`, and what the container declares, nothing of ours.

    Where a value names a place in an emptyDir or secret volume, the pod's own folder in `scratch` takes its place.
    Raises EnvironmentFault for an absent secret or key, in the cluster's words.
    """
    container = pod["spec"]["containers"][0]
    folders = _volumes(pod["spec"], container, scratch, secrets)
    declared = dict(_from_secrets(container, secrets)) | dict(_declared(pod, container, secrets))
    own = {name: _placed(value, folders) for name, value in declared.items()}
    given = {"HOSTNAME": pod["metadata"]["name"], "LANG": "C.UTF-8", "HOME": str(scratch), "TMPDIR": str(scratch)}
    return given | own | {"PATH": path}


def _volumes(spec: Mapping[str, Any], container: Mapping[str, Any], scratch: Path, secrets: Path) -> dict[str, Path]:
    """The folders that stand for the volumes, by where the container mounts them."""
    volumes, folders = {volume["name"]: volume for volume in spec.get("volumes") or []}, {}
    for mount in container.get("volumeMounts") or []:
        folder = folders[mount["mountPath"]] = scratch / mount["name"]
        folder.mkdir(parents=True, exist_ok=True)
        if wanted := volumes[mount["name"]].get("secret"):
            values = _wanted(secrets, wanted["secretName"], wanted.get("optional"))
            for key, value in values.items():
                (folder / key).touch(mode=0o600)
                (folder / key).write_text(value)
    return folders


def _wanted(secrets: Path, name: str, optional: bool | None) -> dict[str, str]:
    values = secret(secrets, name)
    if values is None and not optional:
        raise EnvironmentFault(f'secret "{name}" not found')
    return values or {}


def _placed(value: str, folders: Mapping[str, Path]) -> str:
    """A path below a mount as it is here; one that is already there on this machine stays itself."""
    for mount, folder in folders.items():
        if value == mount or (value.startswith(f"{mount}/") and not Path(value).exists()):
            return str(folder) + value.removeprefix(mount)
    return value


def _from_secrets(container: Mapping[str, Any], secrets: Path) -> Iterator[tuple[str, str]]:
    for source in container.get("envFrom") or []:
        if wanted := source.get("secretRef"):
            values = _wanted(secrets, wanted["name"], wanted.get("optional"))
            yield from ((source.get("prefix", "") + key, value) for key, value in values.items())


def _declared(pod: Mapping[str, Any], container: Mapping[str, Any], secrets: Path) -> Iterator[tuple[str, str]]:
    for variable in container.get("env") or []:
        origin = variable.get("valueFrom") or {}
        if wanted := origin.get("secretKeyRef"):
            value = _wanted(secrets, wanted["name"], wanted.get("optional")).get(wanted["key"])
            if value is None and not wanted.get("optional"):
                raise EnvironmentFault(f"couldn't find key {wanted['key']} in Secret {wanted['name']}")
        elif field := origin.get("fieldRef"):
            value = str(pod["metadata"].get(field["fieldPath"].removeprefix("metadata."), ""))
        else:
            value = variable.get("value") or ""
        if value is not None:
            yield variable["name"], value


def members(session: int) -> list[psutil.Process]:
    """The living processes of a session, which is what a pod's processes share however they fork."""
    found = []
    for number in psutil.pids():
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(number) == session and (process := psutil.Process(number)).status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def resident(session: int) -> int:
    """Bytes of resident memory of a session's processes together."""
    total = 0
    for process in members(session):
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total


async def kill(session: int) -> None:
    """Ends every process of a session at once, however many times they fork meanwhile. It reaps none."""
    while processes := members(session):
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        await asyncio.sleep(0.01)
