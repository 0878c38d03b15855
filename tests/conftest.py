"""What many tests share: the real files, where they lie."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("COMMONS_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real public files; a test that needs it skips where it is absent (CI fails)."""
    if not (SHARED / "mirror.yaml").exists():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED} is absent in CI")
        pytest.skip(f"{SHARED} is absent: real files are not part of the repository")
    return SHARED
