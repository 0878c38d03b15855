"""Paths of the store: as FORMAT.md says, and none leads out of its folder."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts import layout, loader
from include.settings import REPOSITORY

RUN = "scheduled__2026-01-01T00:00:00+00:00"


def test_paths_are_those_of_format_md() -> None:
    """Each line of "The store" in FORMAT.md, its words in capitals filled in, is a path that is spelled here."""
    said = re.findall(
        r"^    ((?:code|heads|indexes|runs|published|logs)/\S+)", (REPOSITORY / "FORMAT.md").read_text(), re.M
    )
    assert len(said) == 9
    attempt = layout.attempt_folder("NAME", "RUN", "VERB", "ATTEMPT")
    spelled = {
        layout.code("TREE"),
        layout.head("REF", "NAME"),
        f"{attempt}/WRITER/…",
        f"{attempt}/receipt-INPUTS.json",
        layout.attempt_folder("NAME", "RUN", "extract", "ATTEMPT") + "/refused/SHA256",
        layout.attempt_folder("NAME", "RUN", layout.step("compare", 0).replace("0000", "SHARD"), "ATTEMPT") + "/…",
        layout.index("REGISTER", "KEY", "FILE"),
        layout.attempt_folder("NAME", "RUN", "publish", "ATTEMPT") + "/receipt-…",
        layout.log("NAME", "RUN", "VERB", "ATTEMPT", "WRITER"),
    }
    assert set(said) == spelled


def test_a_dataset_has_the_verbs_that_its_contract_takes() -> None:
    said = "title: a\ndescription: b\nowner: a@b.org\nlicence: MIT\nsource: {url: https://a.org/b}\n"
    matched = said + "match: {register: companies, entity: owner, shards: N}\n"
    found = {
        n: layout.verbs(loader.loads(text.encode()))
        for n, text in enumerate((said, matched.replace("N", "1"), matched.replace("N", "2")))
    }
    assert found[0] == ("sync", "extract", "validate", "publish")
    assert found[1] == ("sync", "extract", "validate", "match", "publish")
    assert found[2] == ("sync", "extract", "validate", "compare", "match", "publish")


@pytest.mark.parametrize("verb", ["extract", "publish"])
def test_the_attempt_of_a_file_is_told_by_its_path(verb: str) -> None:
    assert layout.attempt_of(layout.attempt_folder("elf_codes", RUN, verb, "0003") + "/receipt-0.json") == "0003"


@given(st.text(min_size=1))
def test_any_run_id_is_one_folder(run: str) -> None:
    name = layout.encoded(run)
    assert re.fullmatch(r"[A-Za-z0-9._%~-]+", name)
    assert name not in (".", "..")


@given(st.sets(st.text(min_size=1), min_size=2))
def test_two_runs_have_two_folders(runs: set[str]) -> None:
    assert len(set(map(layout.encoded, runs))) == len(runs)


def test_a_ref_with_a_slash_is_one_folder() -> None:
    assert layout.head("team/main", "elf_codes") == "heads/team%2Fmain/elf_codes.json"
