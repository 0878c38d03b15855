"""What a rebuild and a record say on a terminal."""

from typing import Any

import pytest
from rich.console import Console

from include.cli import rebuilding, record
from include.rebuild.outcome import Outcome, Source
from tests.versions.test_pins import entry

CODES = entry("elf_codes")


def told(*done: Outcome) -> tuple[str, int]:
    """What is printed of them, and the exit code."""
    with rebuilding.out.capture() as captured:
        for one in done:
            rebuilding.tell(one)
        code = rebuilding.summed(done)
    return captured.get(), code


def outcome(status: Any, **more: Any) -> Outcome:
    return Outcome(CODES, "c" * 40, status, **more)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], 0),
        (["identical", "withdrawn"], 0),
        (["identical", "impossible"], 2),
        (["impossible", "differs", "identical"], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(statuses: list[str], code: int) -> None:
    said, found = told(*(outcome(status) for status in statuses))
    assert found == code
    for status in statuses:
        assert f"{statuses.count(status)} {status}" in said
    assert statuses or "Nothing is pinned" in said


def test_what_differs_and_why_is_told_with_brackets_left_alone() -> None:
    said, _ = told(
        outcome("differs", differences=("quality.json: rules[0]: pinned 1, made 2",), causes=("code: a [b]",))
    )
    assert "✗ elf_codes: not what data.dvc pins" in said
    assert "quality.json: rules[0]: pinned 1, made 2" in said
    assert "likely cause: code: a [b]" in said


def test_bytes_that_are_not_on_the_remote_can_be_restored() -> None:
    said, _ = told(outcome("identical", present=False))
    assert "--restore puts them back" in said
    said, _ = told(outcome("identical", restored=True))
    assert "restored on remote public" in said
    assert "--restore" not in said
    said, _ = told(outcome("differs", present=False))
    assert "--restore" not in said


def test_sources_are_counted_and_those_that_changed_are_named() -> None:
    sources = (Source("https://a", True), Source("https://b", False), Source("https://c", None))
    said, _ = told(outcome("differs", sources=sources))
    assert "the bytes of this version still: 1 of 3" in said
    assert "other bytes now: 1 of 3" in said
    assert "https://b" in said
    assert "https://a" not in said


def test_a_record_fits_a_terminal_and_says_when_there_is_more() -> None:
    files = [
        {"address": f"https://example.org/{n}.csv", "name": "a", "sha256": "0" * 64, "bytes": 5} for n in range(20)
    ]
    files[0] |= {"etag": '"5f"', "last_modified": None}
    rows = {"records": 5, "added": 0, "published": 4, "quarantined": 1, "rejected": 0, "merged": 0}
    said: dict[str, Any] = {
        "dataset": "elf_codes", "md5": CODES.md5, "content": "a", "size": 5, "files": 8, "access": "public",
        "commit": {"id": "c" * 40, "date": "2026-01-01T00:00:00Z", "author": "A"},
        "schema": {"sha256": "0", "columns": 2, "key": ["elf_code"]},
        "code": {"commit": "c" * 40, "environment": "e", "image": None},
        "run": {"id": "r", "interval": ["a", "b"], "as_of": "2026-01-01", "fetched": None, "published": "p"},
        "source": {"version": "5f", "date": None, "files": files},
        "inputs": [{"dataset": "codes", "content": "d" * 64, "commit": None}],
        "follows": None, "rows": rows | {"reasons": {"quarantined": {"key": 1}}},
        "quality": {"held": 3, "quarantined": {"key": 1}, "warning": {}, "waived": {}, "blocked": {}},
        "why": None, "withdrawn": {"by": "o@example.org", "at": "2026-02-01", "why": "[law]"}, "lacking": None,
    }  # fmt: skip
    console = Console(width=100)
    with console.capture() as captured:
        console.print(record.rendered(said))
    text = captured.get()
    assert max(map(len, text.splitlines())) <= 100
    for part in (
        "elf_codes: 4 rows", "cccccccccccc  2026-01-01T00:00:00Z  A", "by o@example.org on 2026-02-01: [law]",
        "a first version", 'ETag "5f"', "… and 8 more files: --json has all", "codes  pinned by no commit",
        "5 records, 4 published, 1 quarantined", "1 quarantined: key", "3 rules hold",
        "waivers judged as of 2026-01-01",
    ):  # fmt: skip
        assert part in text
