"""The Dockerfile obeys its linter, and builds what the cluster's tests load."""

import subprocess
import sys
from pathlib import Path

from include.settings import REPOSITORY

IMAGES = REPOSITORY / "include/images"


def test_the_dockerfile_is_clean() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(linter), str(IMAGES / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_is_made_by_the_script_that_makes_every_pod_environment() -> None:
    dockerfile = (IMAGES / "Dockerfile").read_text()
    assert "COPY setup.sh requirements.txt commons-task /opt/commons/" in dockerfile
    assert "/opt/commons/setup.sh /opt/commons/venv" in dockerfile
    assert 'ENTRYPOINT ["commons-task"]' in dockerfile
