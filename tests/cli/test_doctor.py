"""`commons doctor`: what it says of a machine that lacks something."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.cli import deployment, machine
from include.cli.doctor import Finding, examine
from include.cli.environments import differences
from include.settings import REPOSITORY, settings


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def only(findings: Iterator[Finding]) -> Finding:
    (found,) = findings
    return found


def installed(environment: Path, *distributions: str) -> None:
    for name in distributions:
        (environment / "lib/python3.11/site-packages" / f"{name}.dist-info").mkdir(parents=True)


def test_all_is_looked_at_and_whatever_is_wrong_has_a_remedy() -> None:
    findings = examine()
    wanted = {
        "Python",
        "Git",
        "Git user.email",
        ".venv",
        ".venv-task",
        "Airflow",
        "memory",
        "store",
        "DVC remote public",
    }
    assert wanted | {"publication", "room for data", "port 8080 for Airflow's pages"} <= {f.what for f in findings}
    assert "package registry" not in {f.what for f in findings}
    assert all(finding.found for finding in findings)
    assert all(finding.ok or finding.remedy for finding in findings)
    assert {f.what: f.ok for f in findings}["Python"]


def test_an_environment_is_held_against_its_lists(tmp_path: Path) -> None:
    listed = tmp_path / "requirements.txt"
    listed.write_text(
        "polars==2.1.0 \\\n    --hash=sha256:00\n    # via pandera\n"
        "Ruamel.yaml[x]==0.18 ; python_version > '3'\nrich==1\n"
    )
    environment = tmp_path / ".venv"
    assert differences(environment, [listed]) == [".venv is absent"]
    installed(environment, "polars-2.1.0", "ruamel_yaml-0.17")
    assert differences(environment, [listed]) == ["rich is absent, expected 1", "ruamel-yaml is 0.17, expected 0.18"]
    installed(environment, "rich-1")
    (environment / "lib/python3.11/site-packages/ruamel_yaml-0.17.dist-info").rename(
        environment / "lib/python3.11/site-packages/ruamel_yaml-0.18.dist-info"
    )
    assert differences(environment, [listed]) == []
    assert differences(environment, [listed, tmp_path / "gone.txt"]) == ["gone.txt is absent"]


def test_the_lists_of_this_repository_are_read(tmp_path: Path) -> None:
    installed(tmp_path / ".venv", "nothing-1")
    wrong = differences(tmp_path / ".venv", [REPOSITORY / "requirements.txt", REPOSITORY / "requirements-dev.txt"])
    assert len(wrong) > 200
    assert any(line.startswith("apache-airflow is absent") for line in wrong)
    assert any(line.startswith("pytest is absent") for line in wrong)


def test_a_machine_without_git_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = only(machine._git())
    assert (found.ok, found.found) == (False, "not found")
    assert "apt install git" in found.remedy


def test_an_old_git_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho git version 2.9.5\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert not only(machine._git()).ok


def test_a_git_identity_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in (("COUNT", "1"), ("KEY_0", "user.email"), ("VALUE_0", "")):
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    found = {finding.what: finding for finding in machine._identity()}["Git user.email"]
    assert (found.ok, found.found) == (False, "not set")
    assert "git config --global user.email" in found.remedy


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(machine, "PORT", taken.getsockname()[1])
        pages, runner = machine._ports()
    assert (pages.ok, pages.found) == (False, "Address already in use")
    assert "commons down" in pages.remedy
    assert runner.ok


def test_too_little_room_and_memory_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_DISK_GB", 10**9)
    monkeypatch.setattr(machine, "_MEMORY_GB", 10**9)
    findings = [*machine._room(), *machine._memory()]
    assert len(findings) == 3
    assert not any(finding.ok for finding in findings)


@pytest.mark.parametrize("folder", ["store", "store/below/it"])
def test_a_store_that_may_be_made_is_fine(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONS_STORE", f"file://{tmp_path}/{folder}")
    assert only(deployment._store()).ok
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["file://{}/file/store", "ftp://example.org/x"])
def test_a_store_that_cannot_be_written_is_a_fault(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COMMONS_STORE", address.format(tmp_path))
    found = only(deployment._store())
    assert not found.ok
    assert "COMMONS_STORE" in found.remedy


def test_remotes_are_looked_at_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "internal").write_text("a file")
    monkeypatch.setenv("COMMONS_REMOTE", str(tmp_path))
    assert {finding.what: finding.ok for finding in deployment._remotes()} == {
        "DVC remote public": True,
        "DVC remote internal": False,
        "DVC remote restricted": True,
    }


def test_the_publication_address_is_asked_for_its_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = tmp_path / "origin.git"
    monkeypatch.setenv("COMMONS_PUBLISH", str(origin))
    assert not only(deployment._publication()).ok
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", origin], check=True)
    settings.cache_clear()
    assert "no branch 'main'" in only(deployment._publication()).found
    tree = subprocess.run(
        ["git", "mktree"], input="", cwd=origin, check=True, capture_output=True, text=True
    ).stdout.strip()
    commit = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", "commit-tree", tree, "-m", "x"],
        cwd=origin, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    subprocess.run(["git", "update-ref", "refs/heads/main", commit], cwd=origin, check=True)
    assert only(deployment._publication()).ok


def test_a_password_in_the_publication_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 27: no credential in output."""
    monkeypatch.setenv("COMMONS_PUBLISH", "https://me:canary@127.0.0.1:1/x.git")
    found = only(deployment._publication())
    assert not found.ok
    assert "canary" not in str(found)


def test_secrets_that_an_extract_names_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 27: present or absent is said, the value never."""
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices/extract.py").write_text(
        "def addresses(start, end, last):\n"
        '    return [{"url": "https://a.example", "secret": "api-key"}, {"url": "x", "secret": "other"}]\n'
    )
    monkeypatch.setenv("COMMONS_DATASETS", str(tmp_path))
    monkeypatch.setenv("COMMONS_SECRET_API_KEY", "canary")
    findings = {finding.what: finding for finding in deployment._secrets()}
    assert {what: finding.ok for what, finding in findings.items()} == {
        "secret api-key of prices": True,
        "secret other of prices": False,
    }
    assert "COMMONS_SECRET_OTHER" in findings["secret other of prices"].found
    assert "canary" not in str(findings)


def test_a_broken_extract_is_left_to_check(tmp_path: Path) -> None:
    (tmp_path / "extract.py").write_text("def broken(:\n")
    assert deployment.named_secrets(tmp_path / "extract.py") == []
