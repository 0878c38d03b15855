"""The pages behind the links: what they show, to whom, and what they never do."""

import json
from pathlib import Path

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient

from include.adapters.store import Store
from include.ui import pages

RUN = "manual__2026-01-01T00:00:00+00:00"
QUOTED = "manual__2026-01-01T00%3A00%3A00%2B00%3A00"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """The pages over a store with two attempts of validate, for readers who send the right word."""

    def guard(word: str = "") -> None:
        if word != "please":
            raise HTTPException(401)

    for attempt, text in (("0000", "old"), ("0002", "<h1>new</h1>")):
        folder = tmp_path / f"runs/elf_codes/{QUOTED}/validate/{attempt}"
        (folder / "w").mkdir(parents=True)
        (folder / "w/report.html").write_text(text)
        receipt = {"folder": str((folder / "w").relative_to(tmp_path)), "outputs": {"report.html": {}}}
        (folder / "receipt-0.json").write_text(json.dumps(receipt))
        log = tmp_path / f"logs/elf_codes/{QUOTED}/validate/{attempt}-abc.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"<script>alert('{attempt}')</script>\n")
    (tmp_path / "secret").write_text("never shown")
    (tmp_path / "logs/elf_codes/secret").write_text("never shown")
    return TestClient(pages.application(lambda: Store(f"file://{tmp_path}"), guard))


def address(page: str, dag: str = "elf_codes", run: str = RUN, verb: str = "validate") -> str:
    return pages.link(dag, run, verb, page).removeprefix(pages.PREFIX) + "?word=please"


def test_the_report_of_the_highest_attempt_is_shown_as_it_was_written(client: TestClient) -> None:
    page = client.get(address("report"))
    assert (page.status_code, page.text) == (200, "<h1>new</h1>")


def test_logs_are_shown_as_text_the_latest_first(client: TestClient) -> None:
    text = client.get(address("log")).text
    assert "<script>" not in text
    assert "&lt;script&gt;alert(&#x27;0002&#x27;)" in text
    assert text.index("0002-abc") < text.index("0000-abc")


@pytest.mark.parametrize("page", ["report", "log"])
def test_a_page_runs_no_script_and_loads_nothing(client: TestClient, page: str) -> None:
    headers = client.get(address(page)).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", ["report", "log"])
def test_nobody_is_let_in_without_the_guard_s_leave(client: TestClient, page: str) -> None:
    assert client.get(address(page).removesuffix("please")).status_code == 401
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 404


@pytest.mark.parametrize(
    ("dag", "run", "verb"),
    [
        ("..", RUN, "validate"), ("elf_codes", "..", "validate"), ("elf_codes", ".", "validate"),
        ("elf_codes", RUN, ".."), ("elf_codes", RUN, "announce"), ("Elf Codes", RUN, "validate"),
        ("elf_codes", "../elf_codes", "validate"), ("elf_codes", "..%2f..", "validate"),
        ("elf_codes", "no-run", "validate"), ("elf_codes", RUN, "compare-.."), ("elf_codes", RUN, "validate-0001"),
    ],
)  # fmt: skip
def test_no_address_leads_out_of_the_dataset_s_runs(client: TestClient, dag: str, run: str, verb: str) -> None:
    for page in ("report", "log"):
        answer = client.get(address(page, dag, run, verb))
        assert answer.status_code == 404
        assert "never shown" not in answer.text


def test_a_developer_s_dag_shows_the_dataset_s_pages(client: TestClient) -> None:
    assert client.get(address("report", dag="jane-elf_codes")).text == "<h1>new</h1>"


def test_a_shard_has_a_log_of_its_own(client: TestClient, tmp_path: Path) -> None:
    for shard in ("0000", "0001"):
        folder = tmp_path / f"logs/elf_codes/{QUOTED}/compare-{shard}"
        folder.mkdir()
        (folder / "0000-a.log").write_text(f"shard {shard}")
    text = client.get(address("log", verb="compare-0001")).text
    assert "shard 0001" in text
    assert "shard 0000" not in text


def test_a_long_log_is_cut_to_its_end(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / f"logs/elf_codes/{QUOTED}/extract").mkdir()
    (tmp_path / f"logs/elf_codes/{QUOTED}/extract/0000-a.log").write_text("x" * 2 * pages.LONGEST + "the end")
    text = client.get(address("log", verb="extract")).text
    assert text.count("x") < pages.LONGEST + 100
    assert "the end" in text
