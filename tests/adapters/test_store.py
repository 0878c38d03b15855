"""The store of runs: whole files or none, and one winner where two write."""

import threading
from pathlib import Path

import pytest

from include.adapters.store import Store
from include.errors import EnvironmentFault


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store")


def test_first_conditional_writer_wins_and_the_second_changes_nothing(store: Store) -> None:
    assert store.put_if_absent("runs/a/receipt.json", b"first")
    assert not store.put_if_absent("runs/a/receipt.json", b"second")
    assert store.get("runs/a/receipt.json") == b"first"


def test_of_many_conditional_writers_exactly_one_wins(store: Store) -> None:
    won: list[int] = []
    ready = threading.Barrier(16)

    def write(number: int) -> None:
        ready.wait()
        if store.put_if_absent("receipt.json", b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get("receipt.json") == b"%d" % won[0]
    assert store.list("") == ["receipt.json"], "a losing writer left something behind"


def test_what_is_absent_reads_as_none_and_lists_as_nothing(store: Store) -> None:
    assert store.get("no/such") is None
    assert store.list("no") == []
    with pytest.raises(FileNotFoundError):
        store.local("no/such", Path("/nowhere"))


def test_taking_a_file_moves_it(store: Store, tmp_path: Path) -> None:
    (tmp_path / "scratch").write_bytes(b"rows")
    store.take(tmp_path / "scratch", "runs/a/table.parquet")
    assert store.get("runs/a/table.parquet") == b"rows"
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "runs/../../etc/passwd", ".."])
def test_a_path_cannot_leave_the_store(store: Store, path: str) -> None:
    with pytest.raises(ValueError, match="not a path inside"):
        store.get(path)


def test_an_address_that_is_neither_folder_nor_bucket_is_refused() -> None:
    with pytest.raises(EnvironmentFault, match="no file: or s3: address"):
        Store("https://example.org/store")


def test_a_store_that_cannot_be_written_names_the_place_and_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentFault, match=r"can't write.*Nothing was published"):
        Store(f"file://{tmp_path}/blocked").put("runs/a", b"x")
