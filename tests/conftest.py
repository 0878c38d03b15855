"""What many tests share: the real files, where they lie."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.histories import Histories

SHARED = Path(os.environ.get("COMMONS_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real public files; a test that needs it skips where it is absent (CI fails)."""
    if not (SHARED / "mirror.yaml").exists():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED} is absent in CI")
        pytest.skip(f"{SHARED} is absent: real files are not part of the repository")
    return SHARED


@pytest.fixture(scope="session")
def histories(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> "Iterator[Histories]":
    """A clone in which real histories are published when they are asked for, each once a session."""
    from tests.histories import histories as begin

    made = begin(tmp_path_factory.mktemp("histories"), shared)
    yield made
    made.close()


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    """A volume of 200 kB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs root, and the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
