"""Every environment variable that the project reads, read once; facts about a deployment, never about data."""

import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


def repository_of(folder: Path) -> Path:
    """The clone that `folder` lies in: itself or the nearest above it with a `.dvc`; `folder` where there is none."""
    return next((place for place in (folder, *folder.parents) if (place / ".dvc").is_dir()), folder)


# An installed wheel is no clone: there, it is the one that the user stands in.
REPOSITORY = repository_of(Path(__file__).resolve().parents[1])
if not (REPOSITORY / ".dvc").is_dir():
    REPOSITORY = repository_of(Path.cwd())


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


@dataclass(frozen=True)
class Settings:
    """The deployment. Attributes are named after their variables, `COMMONS_…` in lower case."""

    store: str = field(default_factory=lambda: _env("COMMONS_STORE", f"file://{REPOSITORY}/.commons/store"))
    """Runs, receipts, code archives: a file: or s3: address. Each environment and developer has a folder of it."""
    remote: str = field(default_factory=lambda: _env("COMMONS_REMOTE"))
    """Overrides the parent address of the DVC remotes of .dvc/config: remotes are COMMONS_REMOTE/public and so on."""
    publish: str = field(default_factory=lambda: _env("COMMONS_PUBLISH"))
    """Git address that versions are pushed to; empty: the working tree's data.dvc."""
    ref: str = field(default_factory=lambda: _env("COMMONS_REF", "main"))
    """The publication ref (a branch)."""
    forge: str = field(default_factory=lambda: _env("COMMONS_FORGE"))
    """The repository at a Git host's REST API, https://api.github.com/repos/OWNER/NAME; empty: no pull requests."""
    git_name: str = field(default_factory=lambda: _env("COMMONS_GIT_NAME", "Data Commons"))
    """Who commits published versions."""
    git_email: str = field(default_factory=lambda: _env("COMMONS_GIT_EMAIL", "commons@localhost"))
    environment: str = field(default_factory=lambda: _env("COMMONS_ENVIRONMENT", "dev"))
    """dev, test or prod."""
    developer: str = field(default_factory=lambda: _env("COMMONS_DEVELOPER"))
    """Set in a developer's own space, so that names do not collide."""
    mirror: str = field(default_factory=lambda: _env("COMMONS_MIRROR"))
    """A folder with a mirror.yaml that answers addresses offline; or a version's `raw/`: then nothing else answers."""
    datasets: str = field(default_factory=lambda: _env("COMMONS_DATASETS", f"{REPOSITORY}/include/datasets"))
    """The authors' room; another folder in tests and benchmarks."""
    code: str = field(default_factory=lambda: _env("COMMONS_CODE"))
    """`COMMIT:TREE` of the code archive that this process runs, set by the pod's start; empty on a laptop."""
    work: str = field(default_factory=lambda: _env("COMMONS_WORK"))
    """Scratch folder (an emptyDir in a pod); the system's temporary folder by default."""
    secrets: str = field(default_factory=lambda: _env("COMMONS_SECRETS", "/var/run/secrets/commons"))
    """Folder of secrets, one file each (a mounted Kubernetes Secret)."""
    image: str = field(default_factory=lambda: _env("COMMONS_IMAGE", "data-commons-task"))
    """The task image; without a tag, the hash of its lock file is the tag."""
    pull: str = field(default_factory=lambda: _env("COMMONS_PULL", "IfNotPresent"))
    """When a node pulls the task image: Always, IfNotPresent or Never."""
    namespace: str = field(default_factory=lambda: _env("COMMONS_NAMESPACE", "data-commons"))
    """The Kubernetes namespace of the pods."""
    run_as: int = field(default_factory=lambda: int(_env("COMMONS_RUN_AS", "0")))
    """Numeric user of the pods; 0: the image's, or the one that the cluster gives (OpenShift)."""
    deferrable: bool = field(default_factory=lambda: _env("COMMONS_DEFERRABLE").lower() in ("1", "true", "yes"))
    """Pods are watched by Airflow's triggerer instead of a worker."""
    store_secret: str = field(default_factory=lambda: _env("COMMONS_STORE_SECRET"))
    """Kubernetes Secret with the variables by which extract, validate, compare and match reach the store; empty: none.

    {dataset} in it stands for the dataset, with hyphens: so each can have a key that writes its own runs only."""
    publish_secret: str = field(default_factory=lambda: _env("COMMONS_PUBLISH_SECRET"))
    """Kubernetes Secret with the variables by which publish reaches store, remotes and Git; empty: none."""
    source_secrets: str = field(default_factory=lambda: _env("COMMONS_SOURCE_SECRETS", "source-"))
    """A dataset's source secrets lie in the Kubernetes Secret of this prefix and its name, with hyphens; optional."""
    memory_mb: int = field(default_factory=lambda: int(_env("COMMONS_MEMORY_MB", "1024")))
    """Memory that DuckDB and batches plan for, in megabytes."""


def _lineage(key: str, default: str = "") -> str:
    return _env(f"AIRFLOW__LINEAGE__{key.upper()}", default)


@dataclass(frozen=True)
class Lineage:
    """Where OpenMetadata is: Airflow's `[lineage]`, the keys of OpenMetadata's own backend, AIRFLOW__LINEAGE__…"""

    openmetadata_api_endpoint: str = field(default_factory=lambda: _lineage("openmetadata_api_endpoint").rstrip("/"))
    """Address of its API, https://HOST/api; empty: there is no OpenMetadata."""
    jwt_token: str = field(default_factory=lambda: _lineage("jwt_token"), repr=False)
    """Token of a bot."""
    airflow_service_name: str = field(default_factory=lambda: _lineage("airflow_service_name", "airflow"))
    """The pipeline service that our DAGs are told of under."""
    verify_ssl: str = field(default_factory=lambda: _lineage("verify_ssl", "no-ssl"))
    """no-ssl, ignore or validate."""
    timeout: int = field(default_factory=lambda: int(_lineage("timeout", "30")))
    """Seconds to wait for an answer."""
    retry: int = field(default_factory=lambda: int(_lineage("retry", "2")))
    """How often a request is tried again that met one of `retry_codes`."""
    retry_wait: int = field(default_factory=lambda: int(_lineage("retry_wait", "2")))
    """Seconds before the first time, twice as many before the second."""
    retry_codes: str = field(default_factory=lambda: _lineage("retry_codes", "502,503,504"))
    """Statuses that say "later", with commas between."""


def lineage() -> Lineage:
    """The `[lineage]` of this process."""
    return Lineage()


def secret_variable(name: str) -> str:
    """Value of COMMONS_SECRET_NAME, a laptop's stand-in for the file of a mounted secret; empty where unset."""
    return _env("COMMONS_SECRET_" + name.upper().replace("-", "_"))


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
