"""What differs between two revisions and why: of small deployments whose every change is known."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from include.contracts.columns import Column, TableSchema
from include.diff.audience import shown_to
from include.diff.markdown import markdown
from include.diff.model import DatasetDiff, Diff
from include.errors import DataError, EnvironmentFault
from include.versions import worktree
from include.versions.causes import Pinned
from include.versions.changes import changes, differing, revision
from include.versions.comparing import compared
from include.versions.pins import FILE, Entry, Withdrawn
from tests.versions.house import SCHEMA, House, facts, git, house, version

ROWS = {"a": 1.0, "b": 2.0, "c": 3.0}


class Line:
    """A deployment whose versions follow each other, and a clone of it."""

    def __init__(self, place: Path) -> None:
        self.place, self.house = place, house(place / "house")
        self.heads: dict[str, str] = {}
        self.count = 0

    def folder(self, rows: dict[str, float | None], **files: Any) -> Path:
        """A version folder whose raw bytes are always the same, so that only what a test says differs."""
        self.count += 1
        made = version(self.place / f"v{self.count}", rows, schema=files.pop("schema", SCHEMA))
        raw = files.pop("raw", b"raw")
        for file in (made / "raw").iterdir():
            file.unlink()
        sha256 = hashlib.sha256(raw).hexdigest()
        (made / "raw" / sha256).write_bytes(raw)
        (made / "raw" / "sources.json").write_text(json.dumps([{"sha256": sha256}]))
        for name, text in ({"contract": "access: public\n"} | files).items():
            (made / {"quality": "quality.json", "contract": "contract.yaml"}[name]).write_text(text)
        return made

    def publish(
        self, rows: dict[str, float | None], name: str = "shares", *, proposal: bool = False, **said: Any
    ) -> Entry:
        """A new version; `said` are facts of the run, or the files `quality`, `contract`, `raw`, `schema`."""
        files = {key: said.pop(key) for key in ("quality", "contract", "raw", "schema") if key in said}
        folder = self.folder(rows, **files)
        told = facts(len(rows), name=name, run=f"manual__{self.count}", base=self.heads.get(name), **said)
        done = self.house.publish(folder, told, files.get("schema", SCHEMA), proposal=proposal)
        if not proposal:
            self.heads[name] = done.entry.md5
        return done.entry

    def clone(self) -> Path:
        self.count += 1
        made = self.house.clone(f"clone{self.count}")
        (made / ".commons").mkdir()
        return made


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def only(diff: Diff) -> DatasetDiff:
    (found,) = diff.datasets
    return found


def test_a_changed_dataset_is_compared_row_by_row_and_equal_ones_are_counted(line: Line) -> None:
    line.publish(ROWS, "other")
    line.publish(ROWS)
    line.publish(ROWS | {"b": 5.0, "d": 4.0}, source_version="2")
    diff = changes(line.clone(), "HEAD~1", "HEAD")
    found = only(diff)
    assert (found.dataset, found.status, diff.same) == ("shares", "changed", 1)
    assert found.table
    assert (found.table.counts.added, found.table.counts.changed, found.table.counts.unchanged) == (1, 1, 2)
    assert (found.unexplained, found.problem) == (False, None)
    assert found.causes == ("source: version 1 became 2",)
    assert found.before
    assert found.after
    assert (found.before.rows, found.after.rows, found.after.who) == (3, 4, "Data Commons")
    head = git("rev-parse", "HEAD", "HEAD~1", at=line.house.origin).split()
    assert [found.after.commit, found.before.commit] == head


def test_what_came_and_what_went(line: Line) -> None:
    line.publish(ROWS)
    clone = line.clone()
    added = only(changes(clone, "HEAD~1", "HEAD"))
    assert (added.status, added.before) == ("added", None)
    assert added.table
    assert (added.table.counts.before, added.table.counts.added) == (0, 3)
    removed = only(changes(clone, "HEAD", "HEAD~1"))
    assert (removed.status, removed.table, removed.after) == ("removed", None, None)
    assert removed.before
    assert removed.before.rows == 3


def test_entries_with_equal_text_are_neither_parsed_nor_read(line: Line) -> None:
    entry = line.publish(ROWS)
    clone = line.clone()
    broken = "- path: data/broken\n  hash: md5\n  md5: nothing that parses\n"
    texts = [(clone / FILE).read_text() + broken, "", ""]
    texts[1] = texts[0].replace("rows: 3", "rows: 4")
    for text in texts[:2]:
        (clone / FILE).write_text(text)
        git("commit", "-qam", "By hand", at=clone)
    one, other = revision(clone, "HEAD~1"), revision(clone, "HEAD")
    old, new, equal = differing(one, other)
    assert (set(old), set(new), equal) == ({"shares"}, {"shares"}, {"broken"})
    assert old["shares"] == entry
    with pytest.raises(DataError, match="data/broken"):
        differing(one, other._replace(text=texts[1].replace("nothing that parses", "nothing else")))


def test_a_file_laid_out_by_another_hand_says_the_same(line: Line) -> None:
    line.publish(ROWS, "other")
    line.publish(ROWS)
    line.publish(ROWS | {"a": 9.0})
    clone = line.clone()
    one, other = revision(clone, "HEAD~1"), revision(clone, "HEAD")
    reordered = other.text.replace("- path: data/shares\n  hash: md5\n", "- hash: md5\n  path: data/shares\n")
    assert reordered != other.text
    assert differing(one, other._replace(text=reordered)) == differing(one, other)


def test_a_dataset_that_comes_twice_is_refused(line: Line) -> None:
    line.publish(ROWS)
    one = revision(line.clone(), "HEAD")
    block = one.text.partition("\nouts:\n")[2]
    with pytest.raises(DataError, match="comes twice"):
        differing(one, one._replace(text=one.text + block))


def test_no_argument_is_the_working_tree(line: Line) -> None:
    line.publish(ROWS)
    clone = line.clone()
    assert changes(clone, "HEAD").datasets == ()
    worktree.write(clone, worktree.pins(clone).model_copy(update={"entries": {}}))
    diff = changes(clone, "HEAD")
    assert (only(diff).status, diff.after) == ("removed", "the working tree")


def test_names_choose_and_an_unknown_one_is_refused(line: Line) -> None:
    line.publish(ROWS, "one")
    line.publish(ROWS, "two")
    clone = line.clone()
    diff = changes(clone, "HEAD~2", "HEAD", ["two"])
    assert [found.dataset for found in diff.datasets] == ["two"]
    with pytest.raises(DataError, match=r"three: neither HEAD~2 nor HEAD pins it\. They pin one, two"):
        changes(clone, "HEAD~2", "HEAD", ["three"])
    with pytest.raises(EnvironmentFault, match="no revision 'nowhere'"):
        changes(clone, "nowhere")


def test_a_proposal_is_about_its_own_dataset(line: Line) -> None:
    line.publish(ROWS)
    entry = line.publish(ROWS | {"a": 7.0}, proposal=True)
    line.publish(ROWS, "another")
    branch = f"proposal/shares/{entry.meta.run}"
    diff = changes(line.clone(), "main", branch)
    assert [(found.dataset, found.status) for found in diff.datasets] == [("shares", "changed")]


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"source_version": "2"}, "source: version 1 became 2"),
        ({"raw": b"other"}, "source: other bytes, though it still says version 1"),
        ({"environment": "f" * 64}, f"environment: lock file {'e' * 12} became {'f' * 12}"),
        ({"inputs": {"codes": "1" * 64}}, f"input codes: read for the first time, content {'1' * 12}"),
        ({"code": "d" * 40}, f"code: {'c' * 12} became {'d' * 12}; one of them is no commit of this clone"),
    ],
)
def test_a_cause_explains(line: Line, said: dict[str, Any], cause: str) -> None:
    line.publish(ROWS)
    line.publish(ROWS | {"a": 9.0}, **said)
    found = only(changes(line.clone(), "HEAD~1", "HEAD"))
    assert not found.unexplained
    assert [told for told in found.causes if told.startswith(cause)] == list(found.causes)


def test_data_that_change_by_themselves_are_unexplained(line: Line) -> None:
    line.publish(ROWS)
    line.publish(ROWS | {"a": 9.0})
    clone = line.clone()
    found = only(changes(clone, "HEAD~1", "HEAD"))
    assert (found.unexplained, found.causes) == (True, ())
    assert "Unexplained" in markdown(changes(clone, "HEAD~1", "HEAD"))


def test_a_commit_explains_only_if_it_touched_what_makes_the_dataset(line: Line) -> None:
    clone = line.clone()

    def commit(file: str) -> str:
        (clone / file).parent.mkdir(parents=True, exist_ok=True)
        (clone / file).write_text(f"{line.count}")
        git("add", "-f", file, at=clone)
        git("commit", "-q", "-m", file, at=clone)
        git("push", "-q", "origin", "HEAD:main", at=clone)
        return git("rev-parse", "HEAD", at=clone)

    first = commit("include/datasets/shares/extract.py")
    line.publish(ROWS, code=first)
    for number, (file, explains, said) in enumerate(
        (
            ("docs/page.md", False, "neither the dataset's folder nor the engine changed"),
            ("include/datasets/others/extract.py", False, "neither the dataset's folder nor the engine changed"),
            ("include/tables/parquet.py", True, "1 file of the engine changed"),
            ("include/datasets/shares/extract.py", True, "the dataset's extract.py changed"),
        )
    ):
        git("pull", "-q", "--rebase", "origin", "main", at=clone)
        line.publish(ROWS | {"a": 10.0 + number}, code=commit(file))
        git("pull", "-q", "--rebase", "origin", "main", at=clone)
        found = only(changes(clone, "HEAD~2", "HEAD"))
        assert (not found.unexplained, found.causes[0].endswith(said)) == (explains, True), found.causes


def test_rules_that_judge_otherwise_are_told(line: Line) -> None:
    def quality(**failures: int) -> str:
        rules = [{"rule": rule, "failures": n, "verdict": "warning" if n else "pass"} for rule, n in failures.items()]
        return json.dumps({"rules": rules})

    line.publish(ROWS, quality=quality(ge=0, le=2, new=0))
    line.publish(ROWS | {"a": 9.0}, quality=quality(ge=3, le=2, other=0))
    found = only(changes(line.clone(), "HEAD~1", "HEAD"))
    (rule,) = found.quality
    assert (rule.rule, rule.before, rule.after, rule.was, rule.verdict) == ("ge", 0, 3, "pass", "warning")


def test_bytes_that_can_t_be_had_are_told_and_others_are_compared_all_the_same(line: Line) -> None:
    line.publish(ROWS)
    line.publish(ROWS | {"lost": 1.0}, "lost")
    lost = line.house.remote("public")
    md5 = line.heads["lost"]
    Path(lost.path(md5)).unlink()
    lost_one, shares = changes(line.clone(), "HEAD~2", "HEAD").datasets
    assert (lost_one.dataset, lost_one.table, shares.problem) == ("lost", None, None)
    assert lost_one.problem
    assert f"object {md5} is absent" in lost_one.problem
    assert shares.table


def test_an_entry_written_by_hand_is_not_believed(line: Line) -> None:
    entry = line.publish(ROWS)
    clone = line.clone()
    lying = entry.model_copy(update={"meta": entry.meta.model_copy(update={"rows": 300, "content": "0" * 64})})
    worktree.write(clone, worktree.pins(clone).having(lying))
    found = only(changes(clone, "HEAD"))
    assert found.problem == "data.dvc says 300 rows of shares, its table has 3."


def test_the_same_data_published_again_are_the_same(line: Line) -> None:
    line.publish(ROWS)
    line.publish(ROWS | {"a": 9.0})
    line.publish(ROWS, source_version="2")
    found = only(changes(line.clone(), "HEAD~2", "HEAD"))
    assert (found.status, found.unexplained, found.problem) == ("same", False, None)
    assert "the bytes are the same; only what data.dvc says of them differs" in found.causes


def test_files_that_no_publication_wrote_are_told_not_raised(line: Line) -> None:
    line.publish(ROWS)
    for file, said in (("quality.json", "is not what a publication writes"), ("schema.json", "schema.json: ")):
        folder = line.folder(ROWS | {"a": 5.0})
        (folder / file).write_text(f"no {file}")
        done = line.house.publish(folder, facts(3, run=f"manual__{file}", base=line.heads["shares"]))
        line.heads["shares"] = done.entry.md5
        found = only(changes(line.clone(), "HEAD~1", "HEAD"))
        assert found.problem
        assert said in found.problem
        line.publish(ROWS | {"a": 6.0})


def test_a_withdrawn_version_says_who_when_and_why(line: Line) -> None:
    first = line.publish(ROWS)
    second = line.publish(ROWS | {"a": 2.0}, source_version="2")
    clone = line.clone()
    gone = Withdrawn(by="Jane", at="2026-05-01T00:00:00Z", why="a person's name")
    tomb = second.model_copy(update={"meta": second.meta.model_copy(update={"withdrawn": gone})})
    worktree.write(clone, worktree.pins(clone).having(tomb))
    git("commit", "-qam", "Withdraw", at=clone)
    found = only(changes(clone, "HEAD~1", "HEAD"))
    assert (found.status, found.table) == ("withdrawn", None)
    assert found.causes == (f"version {second.md5[:12]} was withdrawn by Jane on {gone.at}: a person's name",)
    worktree.write(clone, worktree.pins(clone).having(first))
    after, earlier = changes(clone, "HEAD~1").datasets
    assert (after.status, earlier.status) == ("changed", "withdrawn")
    assert after.problem
    assert "withdrawn by Jane" in after.problem
    assert "a person's name" in earlier.causes[0]


def test_values_of_guarded_columns_and_datasets_stay_out_of_a_pull_request(line: Line) -> None:
    share = Column(name="share", id=2, type="float64", nullable=True, sensitivity="internal")
    guarded = TableSchema(columns=(SCHEMA.columns[0], share), key=("code",))
    line.publish({"open": 77.125, "b": 2.0}, schema=guarded)
    line.publish({"open": 88.125, "b": 2.0}, schema=guarded)
    line.publish({"closed": 55.5}, "whole", contract="access: internal\n", access="internal")
    line.publish({"closed": 66.5}, "whole", contract="access: internal\n", access="internal")
    clone = line.clone()
    added, changed = (changes(clone, before, "HEAD") for before in ("HEAD~4", "HEAD~3"))
    public = markdown(shown_to(added, "public")) + markdown(shown_to(changed, "public"))
    internal = markdown(shown_to(changed, "internal"))
    secrets = ("77.125", "88.125", "55.5", "66.5", "closed")
    assert "`open`" in public
    assert [secret for secret in secrets if secret in public] == []
    assert [secret for secret in secrets if secret not in internal] == ["55.5"]


def test_a_publication_without_a_clone_can_tell_what_it_changes(line: Line, tmp_path: Path) -> None:
    before = line.publish(ROWS, code="d" * 40)
    after = line.publish(ROWS | {"a": 9.0}, source_version="2")
    archive = tmp_path / "archive"
    (archive / ".dvc").mkdir(parents=True)
    (archive / ".dvc" / "config").write_text((line.clone() / ".dvc" / "config").read_text())
    found = compared(archive, Pinned(before, None), Pinned(after, None), tmp_path / "cache")
    assert found.table
    assert (found.table.counts.changed, found.problem, found.unexplained) == (1, None, False)
    assert [cause.partition(":")[0] for cause in found.causes] == ["source", "code"]
    assert "no commit of this clone" in found.causes[1]


def test_the_house_is_not_changed_by_looking(line: Line) -> None:
    line.publish(ROWS)
    clone = line.clone()
    changes(clone, "HEAD~1", "HEAD")
    assert git("status", "--porcelain", at=clone) == ""
    assert isinstance(line.house, House)
