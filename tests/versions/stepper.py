"""Publishes in processes that stop before every step that others could see, until they are told to go on.

Reads one JSON job a line (`root`, `folder`, `told`, `address`, `socket`) and answers with the process's id. The process
connects to the socket, sends the name of the step that is next, and waits for a byte; at last `end`, with what came.
"""

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from include.errors import DataCommonsError
from tests.versions.house import House, facts

SEEN = ("clone", "fetch", "fast-import", "push")


def step(event: str, arguments: tuple[Any, ...]) -> str:
    """The step that an event begins; empty where nobody could see it."""
    if event == "subprocess.Popen":
        command = [str(part) for part in arguments[1]]
        return next((name for name in SEEN if name in command), "") if command[0] == "git" else ""
    if event in ("os.rename", "os.remove"):
        path = str(arguments[1] if event == "os.rename" else arguments[0])
        if "/files/md5/" in path:
            return "listing" if path.endswith(".dir") else "file"
        return "unmark" if "/at-work/" in path else ""
    return "mark" if event == "open" and "/at-work/" in str(arguments[0]) and arguments[2] & os.O_WRONLY else ""


def work(job: dict[str, Any], said: socket.socket) -> None:
    """Publish, asking before each step."""
    turn = threading.Lock()

    def ask(event: str, arguments: tuple[Any, ...]) -> None:
        if name := step(event, arguments):
            with turn:
                said.sendall(f"{name}\n".encode())
                if not said.recv(1):
                    os._exit(1)

    sys.addaudithook(ask)
    try:
        done = House(Path(job["root"])).publish(Path(job["folder"]), facts(**job["told"]), address=job["address"])
        ended = {"outcome": done.outcome, "commit": done.commit}
    except DataCommonsError as error:
        ended = {"outcome": type(error).__name__, "text": str(error)}
    said.sendall(f"end {json.dumps(ended)}\n".encode())


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asked = json.loads(line)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(asked["socket"])
                work(asked, connection)
            os._exit(0)
        print(child, flush=True)
