"""data.dvc: the same text for the same entries, a change that touches its own entry only, valid for DVC."""

from pathlib import Path

import pytest
import yaml

from include.errors import DataError
from include.versions import worktree
from include.versions.facts import said
from include.versions.pins import SOURCES, Entry, Meta, Pins, RolledBack, Source, Withdrawn, parse, parse_one, render
from tests.versions.house import git, house

GOLDEN = Path(__file__).parents[1] / "golden" / "data.dvc"


def entry(name: str, run: str = "manual__1", **others: object) -> Entry:
    meta = Meta(
        content="a1" * 32,
        schema="0" * 64,
        rows=3818,
        records=3819,
        quarantined=1,
        source_version="2023-09-28",
        source_date="2023-09-28T00:00:00Z",
        code="c" * 40,
        environment="e" * 64,
        run=run,
        published="2026-01-01T00:03:20Z",
        **others,
    )
    return Entry(path=f"data/{name}", md5="0" * 32 + ".dir", size=1048576, nfiles=8, remote="public", meta=meta)


def pins(*entries: Entry) -> Pins:
    return Pins(entries={one.name: one for one in entries})


def example() -> Pins:
    run = "scheduled__2026-01-01T00:00:00+00:00"
    gone = Withdrawn(by="owner@example.org", at="2026-02-01", why="Names a person: Zoë")
    return pins(
        entry("wri_power_plants", inputs={"elf_codes": "d" * 64, "lei_entities": "f" * 64}, withdrawn=gone),
        entry("elf_codes", run=run),
    )


def test_golden_file() -> None:
    assert render(example()) == GOLDEN.read_text(encoding="utf-8")
    assert parse(GOLDEN.read_text(encoding="utf-8")) == example()


def test_golden_file_of_every_key() -> None:
    """What is optional is read and written too; the golden file above holds none of it."""
    source = Source(etag='"5f3a"', last_modified="Thu, 28 Sep 2023 00:00:00 GMT")
    full = entry(
        "elf_codes",
        base="7" * 32 + ".dir",
        image="registry.example.org/task@sha256:" + "a" * 64,
        interval=("2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        as_of="2026-01-01",
        fetched="2026-01-01T00:00:05.123Z",
        sources={"https://example.org/elf.csv": source},
        why="Back to the version before: half of the codes were lost",
        rolled_back=RolledBack(to="7" * 32 + ".dir", instead_of=("b2" * 32,)),
    )
    text = GOLDEN.with_name("data-every-key.dvc").read_text(encoding="utf-8")
    assert render(pins(full)) == text
    assert parse(text) == pins(full)
    assert parse_one(text, "elf_codes") == full
    missing = set(Meta.model_fields) - set(full.document()["meta"]) - {"schema_", "withdrawn"}
    assert not missing, f"the golden file lacks {missing}"


def test_only_what_a_source_said_is_kept_of_it() -> None:
    asked = {f"https://example.org/{n}": {"etag": f'"{n}"', "sha256": "0" * 64} for n in range(30)}
    assert list(said(asked)) == list(asked)[:SOURCES]
    mirrored = {"etag": "0" * 64, "last_modified": None, "sha256": "0" * 64, "source_version": "0" * 64}
    dated = {"etag": None, "last_modified": "Thu, 28 Sep 2023 00:00:00 GMT", "sha256": "0" * 64}
    assert said({"file:a.csv": mirrored, "https://b": dated}) == {
        "https://b": Source(last_modified=dated["last_modified"])
    }


def test_order_of_entries_does_not_matter() -> None:
    names = ["b", "a", "c_2", "c"]
    assert render(pins(*map(entry, names))) == render(pins(*map(entry, reversed(names))))
    outs = yaml.safe_load(render(pins(*map(entry, names))))["outs"]
    assert [out["path"] for out in outs] == ["data/a", "data/b", "data/c", "data/c_2"]


def test_a_change_touches_only_its_own_lines() -> None:
    before = pins(*(entry(f"d{i}") for i in range(5)))
    after = before.having(entry("d2", run="manual__2"))
    old, new = render(before).splitlines(), render(after).splitlines()
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [("    run: manual__1", "    run: manual__2")]


def test_parallel_changes_of_neighbours_merge_in_plain_git(tmp_path: Path) -> None:
    deployment = house(tmp_path / "house")
    clone = deployment.clone()
    before = pins(*(entry(f"d{i}") for i in range(3)))
    (clone / "data.dvc").write_text(render(before))
    git("add", ".", at=clone)
    git("commit", "-q", "-m", "Base", at=clone)
    changed = {"d0": "1" * 32, "d1": "2" * 32}
    for name, md5 in changed.items():
        git("checkout", "-q", "-b", name, "main", at=clone)
        mine = before.entries[name].model_copy(update={"md5": f"{md5}.dir", "meta": entry(name, f"run_{name}").meta})
        (clone / "data.dvc").write_text(render(before.having(mine)))
        git("commit", "-q", "-am", name, at=clone)
    git("merge", "-q", "-m", "Both", "d0", at=clone)
    merged = parse((clone / "data.dvc").read_text()).entries
    assert {name: merged[name].md5 for name in changed} == {name: f"{md5}.dir" for name, md5 in changed.items()}


def test_one_entry_is_found_without_the_others() -> None:
    text = render(pins(*(entry(f"d{i}", run=f"run_{i}") for i in range(12))))
    found = parse_one(text, "d1")
    assert found == entry("d1", run="run_1")
    assert [parse_one(text, name) for name in ("d", "d.", ".*", "d(", r"d\d")] == [None] * 5
    assert parse_one("", "d1") is None


def test_one_entry_is_found_in_a_file_that_dvc_wrote() -> None:
    document = yaml.safe_load(render(pins(entry("a"), entry("b", run="other"))))
    text = yaml.safe_dump(document, sort_keys=True)
    assert parse_one(text, "b") == entry("b", run="other")
    assert parse(text) == pins(entry("a"), entry("b", run="other"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("meta:\n  format: 1\n", "meta:\n  format: 2\n"), "data.dvc: format 2, expected 1. A newer release"),
        (
            ("  hash: md5\n", "  hash: md5\n  color: red\n"),
            "entry data/elf_codes: color: Extra inputs are not permitted",
        ),
        (("rows: 3818", "rows: many"), "meta.rows: Input should be a valid integer"),
        (("data/elf_codes", "data/../x"), "entry data/../x: path: String should match pattern"),
        (("outs:", "outs: ]["), "data.dvc: not YAML"),
        (("meta:\n  format: 1\n", ""), "data.dvc: no 'meta', expected"),
        (("meta:\n  format: 1\n", "meta: 5\n"), "data.dvc: expected 'meta: format: 1', found int '5'"),
        (("    rows: 3818\n", "    rows: 3818\n    rows: 3819\n"), "key 'rows' twice"),
        (("data/elf_codes", "data/wri_power_plants"), "data.dvc: entry data/wri_power_plants comes twice"),
        (("    rows: 3818\n", "<<<<<<< HEAD\n    rows: 3818\n"), "data.dvc: conflict markers of a merge at line 14."),
        (("Zoë", "Zo\udceb"), "data.dvc: not UTF-8"),
        (("published: '2026", "published: 2026-99-99 #"), "data.dvc: "),
    ],
)
def test_what_is_not_of_this_format_is_refused_by_name(change: tuple[str, str], said: str) -> None:
    text = GOLDEN.read_text(encoding="utf-8")
    assert change[0] in text
    with pytest.raises(DataError) as caught:
        parse(text.replace(*change, 1))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "expected keys 'meta' and 'outs', found list"),
        ("some words\n", "found str 'some words'"),
        ("meta: {format: 1}\nouts: 5\n", "expected a list of entries in 'outs', found int '5'"),
        ("meta: {format: 1}\nouts: [5]\n", "entry ?: "),
        ("[" * 20000, "data.dvc: not YAML"),
    ],
)
def test_another_shape_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "data.dvc").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"data\.dvc: not UTF-8"):
        worktree.pins(tmp_path)


def test_one_entry_is_found_however_it_was_written() -> None:
    text = render(pins(entry("a"), entry("b", run="other")))
    last = text.replace("meta:\n  format: 1\n", "", 1) + "meta:\n  format: 1\n"
    head, _, tail = text.partition("outs:\n")
    indented = f"{head}outs:\n" + "".join(f"  {line}" for line in tail.splitlines(keepends=True))
    for written in (last, text.replace("\n", "\r\n"), text.replace("data/b", '"data/b"')):
        assert parse_one(written, "b") == entry("b", run="other")
    assert parse_one(indented, "a") == parse(indented).entries["a"] == entry("a")


def test_one_entry_that_comes_twice_or_in_conflict_is_refused() -> None:
    text = render(pins(entry("a"), entry("b")))
    with pytest.raises(DataError, match="entry data/a comes twice"):
        parse_one(text.replace("data/b", "data/a"), "a")
    with pytest.raises(DataError, match="conflict markers"):
        parse_one(text + "=======\n", "a")


def test_no_pins_are_an_empty_file_and_the_other_way_round() -> None:
    assert parse("") == Pins()
    assert parse(render(Pins())) == Pins()


def test_dvc_itself_accepts_the_file(tmp_path: Path) -> None:
    from dvc.dvcfile import load_file

    clone = house(tmp_path / "house").clone()
    (clone / "data.dvc").write_text(render(pins(entry("a"), entry("b", inputs={"a": "1" * 64}))))
    from dvc.repo import Repo

    with Repo(str(clone)) as repo:
        outs = load_file(repo, str(clone / "data.dvc")).stage.outs
    assert [(out.def_path, out.hash_info.value, out.remote) for out in outs] == [
        (f"data/{name}", "0" * 32 + ".dir", "public") for name in "ab"
    ]
    assert outs[0].annot.meta["rows"] == 3818
