"""The pods that there are, and what happened to them, in order, for those who watch."""

import asyncio
import contextlib
import copy
import datetime as dt
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

Manifest = dict[str, Any]
HISTORY = 2000


def now() -> str:
    """This moment as the API writes it, in UTC to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Registry:
    """Pods by namespace and name. Every change gets the next resource version and wakes those who wait."""

    pods: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    events: deque[tuple[int, str, Manifest]] = field(default_factory=lambda: deque(maxlen=HISTORY))
    version: int = 1
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    closing: Callable[[], bool] = lambda: False

    async def add(self, namespace: str, manifest: Manifest) -> Manifest:
        """Takes a new pod in, Pending. Raises KeyError where the name is taken."""
        meta = manifest["metadata"]
        meta.setdefault("name", f"{meta.get('generateName', 'pod-')}{uuid.uuid4().hex[:5]}")
        if (namespace, meta["name"]) in self.pods:
            raise KeyError(meta["name"])
        meta |= {"namespace": namespace, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
        manifest |= {"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Pending", "qosClass": "Burstable"}}
        self.pods[namespace, meta["name"]] = manifest
        await self.note("ADDED", manifest)
        return manifest

    async def remove(self, pod: Manifest) -> None:
        """Forgets a pod and tells the watchers."""
        if self.pods.pop((pod["metadata"]["namespace"], pod["metadata"]["name"]), None):
            await self.note("DELETED", pod)

    async def note(self, kind: str, pod: Manifest) -> None:
        """Numbers a change (ADDED, MODIFIED, DELETED) and keeps the pod as it is now."""
        self.version += 1
        pod["metadata"]["resourceVersion"] = str(self.version)
        self.events.append((self.version, kind, copy.deepcopy(pod)))
        async with self.changed:
            self.changed.notify_all()

    async def wake(self) -> None:
        """Wakes those who wait without a change: a log grew."""
        async with self.changed:
            self.changed.notify_all()

    async def wait(self, seconds: float) -> None:
        """Until the next change or growth, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait()

    async def since(self, version: int, seconds: float) -> AsyncIterator[tuple[str, Manifest]]:
        """Changes after `version` as they come, for `seconds`. Raises LookupError where they are forgotten."""
        if self.events and len(self.events) == HISTORY and version < self.events[0][0] - 1:
            raise LookupError(f"too old resource version: {version} ({self.events[0][0]})")
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0 and not self.closing():
            for number, kind, pod in [event for event in self.events if event[0] > version]:
                version = number
                yield kind, pod
            if self.version <= version:
                await self.wait(min(left, 0.5))
