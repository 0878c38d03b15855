"""Airflow's components and the pod runner as background processes of this user, on loopback only."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlparse

from ..errors import EnvironmentFault
from ..settings import REPOSITORY, settings
from . import processes
from .api import Api

Progress = Callable[[str], None]
COMPONENTS = {
    "api-server": ("airflow", "api-server"),
    "scheduler": ("airflow", "scheduler", "--skip-serve-logs"),
    "dag-processor": ("airflow", "dag-processor"),
    "triggerer": ("airflow", "triggerer", "--skip-serve-logs"),
}
NAMES = ("pods", *COMPONENTS)
HOME = REPOSITORY / ".commons/airflow"


@dataclass(frozen=True)
class Laptop:
    """A running Airflow: where it is and how to log in."""

    home: Path
    address: str
    user: str
    password: str

    @cached_property
    def api(self) -> Api:
        """Airflow's REST API with this login."""
        return Api(self.address, self.user, self.password)


def up(
    home: Path = HOME,
    wanted: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    progress: Progress = lambda _: None,
    port: int = 0,
    seconds: float = 180,
) -> Laptop:
    """Starts what is not running and waits until Airflow is healthy and knows the DAGs `wanted`.

    `environment` adds to this process's. Raises EnvironmentFault where a component ends or `seconds` pass.
    """
    found = _known(home)
    if found and not _missing(home):
        return found
    down(home)
    laptop = _prepare(home, port)
    variables = _variables(laptop) | dict(environment or {})
    progress("preparing Airflow's database")
    _migrate(home, variables)
    progress("starting Airflow and the pod runner")
    runner = (sys.executable, "-m", "include.pods", "--kubeconfig", str(home / "kubeconfig"))
    processes.start(home, "pods", runner, variables, REPOSITORY)
    for name in wanted_components():
        program, *arguments = COMPONENTS[name]
        command = (str(Path(sys.executable).with_name(program)), *arguments)
        processes.start(home, name, command, variables, REPOSITORY)
    _wait(laptop, frozenset(wanted), progress, seconds)
    (home / "laptop.json").touch(mode=0o600)
    (home / "laptop.json").write_text(json.dumps([laptop.address, laptop.user, laptop.password]))
    return laptop


def wanted_components() -> tuple[str, ...]:
    """Airflow's components of this deployment: the triggerer only where tasks are deferred to it."""
    return tuple(name for name in COMPONENTS if name != "triggerer" or settings().deferrable)


def down(home: Path = HOME) -> None:
    """Ends all that `up` started there; what is not running is fine."""
    processes.stop(home, NAMES)
    (home / "laptop.json").unlink(missing_ok=True)
    (home / "kubeconfig").unlink(missing_ok=True)


def _known(home: Path) -> Laptop | None:
    path = home / "laptop.json"
    return Laptop(home, *json.loads(path.read_text())) if path.exists() else None


def _missing(home: Path) -> list[str]:
    return [name for name in ("pods", *wanted_components()) if processes.running(home, name) is None]


def _prepare(home: Path, port: int) -> Laptop:
    """The folder of this Airflow, for its owner only, with a login of its own."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    passwords = home / "passwords.json"
    if not passwords.exists():
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({"admin": secrets.token_urlsafe(12)}))
    return Laptop(home, f"http://127.0.0.1:{_port(port)}", "admin", json.loads(passwords.read_text())["admin"])


def _port(wanted: int) -> int:
    """The port `wanted` if nobody has it, else a free one."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as listener:
                return int(listener.getsockname()[1])
        except OSError:
            continue
    raise EnvironmentFault("no free port on 127.0.0.1. End what holds them, then retry.")


def _variables(laptop: Laptop) -> dict[str, str]:
    """The environment of the components: a small Airflow that listens on loopback and starts nothing by itself."""
    home, port = laptop.home, urlparse(laptop.address).port
    config = {
        "CORE__DAGS_FOLDER": str(REPOSITORY),
        "CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "3",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__EXECUTION_API_SERVER_URL": f"{laptop.address}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{laptop.user}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": laptop.address,
        "API__WORKERS": "1",
        "SCHEDULER__USE_JOB_SCHEDULE": "False",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "20",
        "LOGGING__LOGGING_LEVEL": "INFO",
        # A worker may notice only at its next heartbeat that its task has ended. Five seconds, the default, are a wait
        # for nothing; where a deferred task is back at work by then, the scheduler takes it for lost and retries it.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    own = {f"AIRFLOW__{key}": value for key, value in config.items()}
    lineage = "AIRFLOW__LINEAGE__"  # which OpenMetadata is told, and by which token: of the machine, as of a deployment
    kept = {key: value for key, value in os.environ.items() if key.startswith(lineage) or not key.startswith("AIRFLOW")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    own |= {"AIRFLOW_HOME": str(home), "KUBECONFIG": str(home / "kubeconfig"), "PATH": path}
    return kept | own | {"PYTHONPATH": str(REPOSITORY), "NO_PROXY": "127.0.0.1,localhost"}


def _migrate(home: Path, variables: Mapping[str, str]) -> None:
    command = (str(Path(sys.executable).with_name("airflow")), "db", "migrate")
    done = subprocess.run(command, env=dict(variables), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFault(f"{home}: Airflow's database can't be prepared: {done.stderr.strip()[-2000:]}")


def _wait(laptop: Laptop, wanted: frozenset[str], progress: Progress, seconds: float) -> None:
    """Until all components are healthy and all wanted DAGs are there; tells what is missing as that changes."""
    end, told = time.monotonic() + seconds, ""
    while missing := _lacking(laptop, wanted):
        processes.need(laptop.home, ("pods", *wanted_components()))
        if missing != told:
            progress(f"waiting for {missing}")
            told = missing
        if time.monotonic() > end:
            down(laptop.home)
            raise EnvironmentFault(
                f"{laptop.home}: still waiting for {missing} after {seconds:.0f} s. Look at the logs there, then retry."
            )
        time.sleep(0.25)


def _lacking(laptop: Laptop, wanted: frozenset[str]) -> str:
    if not (laptop.home / "kubeconfig").exists():
        return "the pod runner"
    sick = laptop.api.sick(wanted_components())
    if sick:
        return ", ".join(sick)
    unknown = sorted(wanted - laptop.api.dags())
    return f"DAGs {', '.join(unknown[:5])}" if unknown else ""
