"""One pod from Pending to its end: its process, its log, its limits. Nothing is isolated."""

import asyncio
import contextlib
import datetime as dt
import shutil
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault
from .container import environment, kill, resident, size
from .registry import Manifest, Registry, now

SAMPLE_SECONDS = 0.1


@dataclass
class Runner:
    """Runs pods, `slots` at a time, with programs found on `path` and secrets found in `secrets`."""

    registry: Registry
    home: Path
    secrets: Path
    path: str
    slots: asyncio.Semaphore
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self, pod: Manifest) -> None:
        """Begins a pod that the registry holds."""
        task = asyncio.create_task(self._run(pod))
        self.tasks[pod["metadata"]["uid"]] = task
        task.add_done_callback(lambda _: self.tasks.pop(pod["metadata"]["uid"], None))

    async def delete(self, pod: Manifest, grace: float) -> None:
        """Asks a pod's process to end, kills its whole group after `grace` seconds, then forgets the pod."""
        pod["metadata"].setdefault("deletionTimestamp", now())
        pod["metadata"]["deletionGracePeriodSeconds"] = grace
        await self.registry.note("MODIFIED", pod)
        task = self.tasks.get(pod["metadata"]["uid"])
        if task is None:
            await self._forget(pod)

    async def stop(self) -> None:
        """Kills all pods."""
        for pod in list(self.registry.pods.values()):
            await self.delete(pod, 0)
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    def log(self, pod: Manifest) -> Path:
        """The file that holds the pod's output, each line after its time."""
        return self.home / f"{pod['metadata']['uid']}.log"

    async def _forget(self, pod: Manifest) -> None:
        await self.registry.remove(pod)
        self.log(pod).unlink(missing_ok=True)

    async def _run(self, pod: Manifest) -> None:
        scratch = self.home / pod["metadata"]["uid"]
        deadline = time.monotonic() + (pod["spec"].get("activeDeadlineSeconds") or float("inf"))
        try:
            async with self._slot(pod):
                if "deletionTimestamp" not in pod["metadata"]:
                    await self._contain(pod, scratch, deadline)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            if "deletionTimestamp" in pod["metadata"]:
                await self._forget(pod)

    @contextlib.asynccontextmanager
    async def _slot(self, pod: Manifest) -> AsyncIterator[None]:
        """Waits, Pending, for one of the slots, or for the pod to be deleted."""
        waiting = asyncio.create_task(self.slots.acquire())
        while not waiting.done() and "deletionTimestamp" not in pod["metadata"]:
            await asyncio.wait([waiting], timeout=SAMPLE_SECONDS)
        if not waiting.done():
            waiting.cancel()
            yield
            return
        try:
            yield
        finally:
            self.slots.release()

    async def _contain(self, pod: Manifest, scratch: Path, deadline: float) -> None:
        pod["status"]["startTime"] = now()
        pod["status"]["conditions"] = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": now()}]
        await self._state(pod, "Pending", {"waiting": {"reason": "ContainerCreating"}})
        try:
            process = await self._spawn(pod, scratch)
        except EnvironmentFault as fault:
            await self._state(
                pod, "Pending", {"waiting": {"reason": "CreateContainerConfigError", "message": str(fault)}}
            )
            while "deletionTimestamp" not in pod["metadata"]:
                await asyncio.sleep(SAMPLE_SECONDS)
            return
        except OSError as fault:
            await self._end(pod, now(), 128, "StartError", f"unable to start container process: {fault}")
            return
        started = now()
        await self._state(pod, "Running", {"running": {"startedAt": started}})
        copying = asyncio.create_task(self._copy(pod, process))
        reason = await self._guard(pod, process, deadline)
        await kill(process.pid)
        await copying
        code = process.returncode if (process.returncode or 0) >= 0 else 128 - (process.returncode or 0)
        fallback = pod["spec"]["containers"][0].get("terminationMessagePolicy") == "FallbackToLogsOnError"
        last = self._last_words(pod) if code and fallback else ""
        await self._end(pod, started, code or 0, reason or ("Error" if code else "Completed"), last)

    def _last_words(self, pod: Manifest) -> str:
        """The end of the log as the cluster keeps it: 80 lines, 2,048 bytes."""
        lines = self.log(pod).read_bytes().splitlines()[-80:]
        return b"\n".join(line.partition(b" ")[2] for line in lines)[-2048:].decode(errors="replace")

    async def _spawn(self, pod: Manifest, scratch: Path) -> asyncio.subprocess.Process:
        scratch.mkdir(parents=True)
        variables = environment(pod, scratch, self.secrets, self.path)
        container = pod["spec"]["containers"][0]
        command = [*(container.get("command") or []), *(container.get("args") or [])]
        program = shutil.which(command[0], path=self.path) if command else None
        if program is None:
            raise FileNotFoundError(f'exec: "{command[0] if command else ""}": executable file not found in $PATH')
        return await asyncio.create_subprocess_exec(
            program, *command[1:], env=variables, cwd=scratch, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def _guard(self, pod: Manifest, process: asyncio.subprocess.Process, deadline: float) -> str | None:
        """Waits for the end; brings it about at the memory limit, the deadline or a deletion. Returns the reason."""
        limits = (pod["spec"]["containers"][0].get("resources") or {}).get("limits") or {}
        limit = size(limits["memory"]) if "memory" in limits else float("inf")
        patience = float("inf")
        while process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), SAMPLE_SECONDS)
                break
            if resident(process.pid) > limit:
                return await self._killed(process, "OOMKilled")
            if time.monotonic() > deadline:
                pod["status"]["reason"] = "DeadlineExceeded"
                pod["status"]["message"] = "Pod was active on the node longer than the specified deadline"
                return await self._killed(process, "Error")
            if "deletionTimestamp" in pod["metadata"] and patience == float("inf"):
                patience = time.monotonic() + pod["metadata"]["deletionGracePeriodSeconds"]
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            if time.monotonic() > patience:
                return await self._killed(process, "Error")
        return None

    async def _killed(self, process: asyncio.subprocess.Process, reason: str) -> str:
        await kill(process.pid)
        await process.wait()
        return reason

    async def _copy(self, pod: Manifest, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        rest = b""
        with self.log(pod).open("ab") as file:
            while chunk := await process.stdout.read(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                await self._lines(file, lines)
            await self._lines(file, [rest] if rest else [])

    async def _lines(self, file: Any, lines: list[bytes]) -> None:
        stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z").encode()
        file.writelines(stamp + b" " + line + b"\n" for line in lines)
        file.flush()
        await self.registry.wake()

    async def _end(self, pod: Manifest, started: str, code: int, reason: str, message: str = "") -> None:
        ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
        ended |= {"message": message} if message else {}
        failed = code != 0 or "reason" in pod["status"]
        await self._state(pod, "Failed" if failed else "Succeeded", {"terminated": ended})

    async def _state(self, pod: Manifest, phase: str, state: dict[str, Any]) -> None:
        container = pod["spec"]["containers"][0]
        pod["status"] |= {
            "phase": phase,
            "containerStatuses": [
                {"name": container["name"], "image": container.get("image", ""), "imageID": "", "restartCount": 0,
                 "ready": "running" in state, "started": "running" in state, "state": state},
            ],
        }  # fmt: skip
        await self.registry.note("MODIFIED", pod)
