"""The task image on the local cluster: the Dockerfile's script run here, its result laid over a minimal Debian 12."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from include.settings import REPOSITORY
from tests.conftest import SHARED

LOADER = SHARED.parent / "tools/kube/image.py"
HOME = Path(os.environ.get("KUBE_HOME", "/tmp/kube"))
IMAGES = REPOSITORY / "include/images"
PARTS = ("setup.sh", "requirements.txt", "commons-task")
NAME = "data-commons-task"
VENV = "/opt/commons/venv"
# The Dockerfile's PATH; the loader's images have one of their own.
START = f'#!/bin/sh\nexec {VENV}/bin/python {VENV}/bin/commons-task "$@"\n'


def lacking() -> str:
    """Why the image can't be made or loaded on this machine; empty where it can."""
    if not LOADER.exists():
        return f"{LOADER} is absent"
    if os.geteuid():
        return "images are loaded into containerd by root only"
    if not (HOME / "containerd/sock").exists():
        return f"{HOME} holds no containerd; the cluster is not one of {LOADER.parent}"
    return "" if _uv() else "uv is not installed"


def name() -> str:
    """The image's name, tagged with the hash of its lock file."""
    lock = hashlib.sha256((IMAGES / "requirements.txt").read_bytes()).hexdigest()[:16]
    return f"docker.io/local/{NAME}:{lock}"


def load(into: Path) -> str:
    """Makes the image unless the cluster has it; its name."""
    image = name()
    recipe = hashlib.sha256(b"".join((IMAGES / part).read_bytes() for part in PARTS) + START.encode()).hexdigest()
    if f"recipe={recipe}" not in _ctr("images", "ls", f"name=={image}"):
        _make(into / "venv")
        (into / "start").write_text(START)
        (into / "start").chmod(0o755)
        parts = [f"{into / 'venv'}:{VENV}", f"{into / 'start'}:/usr/local/bin/commons-task"]
        _run(str(LOADER), image.removeprefix("docker.io/local/"), "--base", *parts)
        _ctr("images", "label", image, f"recipe={recipe}")
        shutil.rmtree(into / "venv")
    return image


def _make(venv: Path) -> None:
    """setup.sh's environment, then pointed at the interpreter that the image has, whichever made it here."""
    python = Path("/usr/bin/python3.11")
    maker = python if python.exists() else Path(sys.executable).resolve()
    _run(str(IMAGES / "setup.sh"), str(venv), PYTHON=str(maker), UV=_uv())
    (venv / "bin/python").unlink(missing_ok=True)
    (venv / "bin/python").symlink_to(python)
    for alias in ("python3", "python3.11"):
        (venv / "bin" / alias).unlink(missing_ok=True)
        (venv / "bin" / alias).symlink_to("python")
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv") or ""


def _ctr(*arguments: str) -> str:
    return _run("ctr", "-a", str(HOME / "containerd/sock"), "-n", "k8s.io", *arguments)


def _run(*command: str, **variables: str) -> str:
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2000:]}"
    return done.stdout
