"""A real S3 server (versitygw) on one address of this machine, with a key and a bucket policy for each trust zone."""

import json
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError

from tests.cluster.authoring import FAULTS, MATCHED

STORE, REMOTE = "store", "remote"
SPACE = "dev"  # the folder of the store that the environment has
READ = ("s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject")
WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
DATASETS = ("elf_codes", *FAULTS, *MATCHED)


def run_zone(dataset: str) -> str:
    """The zone of a dataset's pods that run authors' code, named as its Secret is."""
    return f"run-{dataset.replace('_', '-')}"


# Who may write what below which bucket; all may read the store, all but Airflow the remote.
ZONES: dict[str, dict[str, tuple[str, ...]]] = {
    "airflow": {STORE: (f"{SPACE}/code/*",)},
    **{run_zone(name): {STORE: (f"{SPACE}/runs/{name}/*", f"{SPACE}/logs/{name}/*")} for name in DATASETS},
    "publish": {STORE: (f"{SPACE}/*",), REMOTE: ("*",)},
    "reader": {},
}


def program() -> str:
    """The server's program; empty where it is not installed."""
    places = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path.home() / 'go/bin'}"
    return shutil.which("versitygw", path=places) or ""


@dataclass(frozen=True)
class S3:
    """The running server."""

    endpoint: str
    keys: dict[str, str]

    def variables(self, zone: str) -> dict[str, str]:
        """What a process or a Secret of this zone holds."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": zone,
            "AWS_SECRET_ACCESS_KEY": self.keys[zone],
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def client(self, zone: str) -> Any:
        """A client with the key of this zone."""
        return botocore.session.get_session().create_client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=zone, aws_secret_access_key=self.keys[zone],
        )  # fmt: skip

    def list(self, prefix: str, bucket: str = STORE) -> list[str]:
        """Keys below `prefix`, sorted."""
        pages = self.client("root").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))

    def get(self, key: str, bucket: str = STORE) -> bytes:
        """The bytes of one object."""
        return bytes(self.client("root").get_object(Bucket=bucket, Key=key)["Body"].read())


@contextmanager
def serve(host: str, place: Path) -> Iterator[S3]:
    """The server on a free port of `host`, its buckets, keys and policies below `place`."""
    (place / "data").mkdir(parents=True)
    (place / "users").mkdir()
    address = f"{host}:{free_port(host)}"
    keys = {zone: secrets.token_hex(20) for zone in ("root", *ZONES)}
    command = [program(), "--port", address, "--iam-dir", str(place / "users"), "--quiet", "posix", str(place / "data")]
    variables = os.environ | {"ROOT_ACCESS_KEY": "root", "ROOT_SECRET_KEY": keys["root"]}
    with (place / "log").open("wb") as log, subprocess.Popen(command, env=variables, stdout=log, stderr=log) as process:
        try:
            s3 = S3(f"http://{address}", keys)
            _furnish(s3, process)
            yield s3
        finally:
            process.terminate()


def free_port(host: str) -> int:
    """A port of `host` that nobody listens on."""
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def _furnish(s3: S3, process: "subprocess.Popen[bytes]") -> None:
    root = s3.client("root")
    while True:
        try:
            root.create_bucket(Bucket=STORE)
            break
        except BotoCoreError:
            assert process.poll() is None, "the S3 server ended"
    root.create_bucket(Bucket=REMOTE)
    for zone in ZONES:
        admin = [program(), "admin", "--endpoint-url", s3.endpoint, "--access", "root", "--secret", s3.keys["root"]]
        user = ["create-user", "--access", zone, "--secret", s3.keys[zone], "--role", "user"]
        subprocess.run([*admin, *user], check=True, capture_output=True)
    readers = {STORE: list(ZONES), REMOTE: [zone for zone in ZONES if zone != "airflow"]}
    for bucket, who in readers.items():
        writers = [_allow([z], WRITE, bucket, below[bucket]) for z, below in ZONES.items() if bucket in below]
        policy = {"Version": "2012-10-17", "Statement": [_allow(who, READ, bucket, ("*",)), *writers]}
        root.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _allow(who: Sequence[str], actions: Sequence[str], bucket: str, below: Sequence[str]) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    places = [arn, *(f"{arn}/{pattern}" for pattern in below)]
    return {"Effect": "Allow", "Principal": {"AWS": list(who)}, "Action": list(actions), "Resource": places}
