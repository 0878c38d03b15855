"""One deployment for all tests on a real cluster; without a cluster they skip and say why."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import image, s3
from tests.cluster.deployment import Deployment, Outside, deployment, node_address, outside


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    """The kubeconfig of a cluster whose node is this machine, on which images can be loaded."""
    path = Path(os.environ.get("KUBECONFIG") or "/nowhere")
    if not path.is_file():
        pytest.skip("KUBECONFIG names no cluster; ../shared/tools/kube/up.sh starts one")
    if why := image.lacking():
        pytest.skip(f"the task image can't be loaded: {why}")
    return path


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="session")
def reached(kubeconfig: Path, place: Path, shared: Path) -> Iterator[Outside]:
    """S3, Git and Secrets for pods of the cluster."""
    if not s3.program():
        pytest.skip("versitygw is not installed: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
    try:
        socket.create_server((node_address(kubeconfig), 0)).close()
    except OSError:
        pytest.skip("the cluster's node is another machine: its pods can't reach servers of this one")
    with outside(kubeconfig, place, shared) as found:
        yield found


@pytest.fixture(scope="session")
def deployed(reached: Outside, place: Path) -> Iterator[Deployment]:
    """Airflow on top of that."""
    with deployment(reached, place) as found:
        yield found
