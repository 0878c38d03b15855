"""A real dataset from source to pinned version: unmodified operator, restricted pods, S3 and Git over the network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from include.adapters.remote import listing_of
from include.versions import reading
from tests.cluster.deployment import Deployment

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]


@pytest.fixture(scope="module")
def run(deployed: Deployment) -> str:
    """A run of elf_codes that ended well."""
    found = deployed.laptop.api.trigger("elf_codes")
    assert deployed.ends("elf_codes", found) == "success"
    return found


def test_every_task_is_green_and_the_records_add_up(deployed: Deployment, run: str) -> None:
    assert set(deployed.laptop.api.states("elf_codes", run).values()) == {"success"}
    (receipt,) = deployed.receipts("elf_codes", "publish")
    assert receipt["outcome"] == "done"
    assert receipt["counts"]["records"] == 3819
    assert receipt["counts"]["published"] == 3818
    assert receipt["counts"]["quarantined"] + receipt["counts"]["merged"] == 1


def test_the_version_is_one_commit_on_the_publication_ref(deployed: Deployment, run: str) -> None:
    (commit,) = deployed.commits("elf_codes")
    git = deployed.outside.git.git
    assert git("show", "--format=", "--name-only", commit) == "data.dvc"
    assert f"Dag-Run: {run}" in git("log", "-1", "--format=%B", commit).splitlines()
    assert "Rows: 3818" in git("log", "-1", "--format=%B", commit).splitlines()


def test_a_clone_reads_it_back_from_s3_by_either_way(
    deployed: Deployment, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in deployed.outside.s3.variables("reader").items():
        monkeypatch.setenv(key, value)
    clone = deployed.outside.clone(tmp_path / "clone")
    entry = reading.entry_at(clone, "elf_codes", "HEAD")
    rows = reading.open_version("elf_codes", "HEAD", clone).collect()
    assert rows.height == entry.meta.rows == 3818
    assert rows.filter(elf_code="2HBR")["country_code"].unique().to_list() == ["DE"], "2HBR is the German GmbH"

    dvc = [sys.executable, "-m", "dvc", "pull", "-q"]
    subprocess.run(dvc, cwd=clone, env=os.environ | {"DVC_NO_ANALYTICS": "1"}, check=True)
    pulled = clone / "data/elf_codes"
    assert listing_of(pulled).md5 == entry.md5
    assert pl.read_parquet(pulled / "table/*.parquet").equals(rows)
    (source,) = json.loads((pulled / "raw/sources.json").read_text())
    original = clone / "include/datasets/elf_codes/codes.csv"
    assert (pulled / "raw" / source["sha256"]).read_bytes() == original.read_bytes()
    kept = pl.read_parquet(pulled / "quarantine.parquet")
    assert kept["elf_code"].to_list() == ["X0SD"]


def test_the_log_of_every_pod_is_in_the_store(deployed: Deployment, run: str) -> None:
    for verb in ("extract", "validate", "publish"):
        (log,) = deployed.logs("elf_codes", verb)
        assert f"{verb} elf_codes: done. 3,819 records" in log


def test_equal_content_makes_no_second_commit(deployed: Deployment, run: str) -> None:
    again = deployed.laptop.api.trigger("elf_codes")
    assert deployed.ends("elf_codes", again) == "success"
    assert deployed.state("elf_codes", again, "announce") == "skipped"
    assert len(deployed.commits("elf_codes")) == 1
