"""Rollback: the old content is the newest version again, whole and with its reason; history is only added to."""

import dataclasses
from pathlib import Path

import pytest

from include.adapters.cache import fetch, listing
from include.contracts.columns import Column, TableSchema
from include.errors import ConflictError, DataError, EnvironmentFault
from include.versions import reading, rollback
from include.versions.pins import Entry, Withdrawn, parse
from include.versions.publication import WorkingTree, git_target, pin, publish
from include.versions.pushing import GitTarget, push_change
from include.versions.settling import Published
from tests.versions.house import SCHEMA, House, facts, git, house, version

MORE = Column(name="kind", id=3, type="string", nullable=True)


@dataclasses.dataclass
class Deployment:
    """A house in which dataset `shares` was published twice: a is 1.0, then 2.0."""

    house: House
    place: Path
    first: Published
    second: Published

    def publish(self, name: str, rows: dict[str, float | None], schema: TableSchema = SCHEMA) -> Published:
        head = self.head()
        told = facts(len(rows), run=f"manual__{name}", base=head.md5 if head else None)
        return self.house.publish(version(self.place / name, rows, schema=schema), told, schema)

    def head(self) -> Entry | None:
        there = git("ls-tree", "--name-only", "main", at=self.house.origin).split()
        text = git("show", "main:data.dvc", at=self.house.origin) if "data.dvc" in there else ""
        return parse(text).entries.get("shares")

    def back(self, to: str | None, why: str = "The shares were doubled.", access: str = "public") -> Published:
        """Roll back in a fresh clone; onto the publication ref."""
        assert to is not None
        clone = self.house.clone(f"clone-{len(list(self.house.root.iterdir()))}")
        target = git_target(str(self.house.origin), "main", "Jane", "jane@example.org")
        return self.onto(target, clone, to, why, access)

    def onto(
        self, target: GitTarget | WorkingTree, clone: Path, to: str, why: str, access: str = "public"
    ) -> Published:
        pins = rollback.published_there(clone, to, target)
        cache = self.place / "cache"
        planned = rollback.plan(clone, "shares", to, why, pins, access, self.house.remote, cache)
        assert planned is not None
        return pin(planned.entry, planned.base, target, planned.store, lambda: rollback.bring(planned, cache))

    def rows(self, entry: Entry) -> list[tuple[object, ...]]:
        import polars as pl

        source = self.house.remote(entry.remote)
        listed = listing(entry.md5, source, self.place / "cache").files
        part = fetch(listed["table/part-00000.parquet"], source, self.place / "cache")
        return pl.read_parquet(part).rows()


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    nothing = Published("unchanged", None)  # type: ignore[arg-type]
    made = Deployment(house(tmp_path / "house"), tmp_path, nothing, nothing)
    made.first = made.publish("one", {"a": 1.0, "b": None})
    made.second = made.publish("two", {"a": 2.0, "b": None})
    return made


def objects(deployment: Deployment, remote: str = "public") -> set[str]:
    return {path.name for path in (deployment.house.root / "remotes" / remote / "files").rglob("*") if path.is_file()}


def test_the_old_content_is_a_new_version_with_its_reason_and_history_goes_on(deployment: Deployment) -> None:
    log, there = deployment.house.log("%H"), objects(deployment)
    done = deployment.back(deployment.first.commit)
    head = deployment.head()
    assert head == done.entry
    assert (head.md5, head.meta.content) == (deployment.first.entry.md5, deployment.first.entry.meta.content)
    assert (head.meta.base, head.meta.why) == (deployment.second.entry.md5, "The shares were doubled.")
    assert head.meta.rolled_back is not None
    assert head.meta.rolled_back.to == deployment.first.entry.md5
    assert head.meta.rolled_back.instead_of == (deployment.second.entry.meta.content,)
    assert head.meta.run.startswith("rollback__")
    assert head.meta.code == deployment.first.entry.meta.code
    assert deployment.rows(head) == [("a", 1.0), ("b", None)]
    assert deployment.house.log("%H") == [done.commit, *log]
    assert deployment.house.log("%s|%an")[0] == "Roll back shares: 2 rows|Jane"
    said = git("log", "-1", "--format=%(trailers:key=Reason,valueonly)", "main", at=deployment.house.origin)
    assert said == "The shares were doubled."
    assert objects(deployment) == there, "bytes that are there are not uploaded again"
    versions = reading.history(deployment.house.clone("reader"), "shares")
    assert [version.commit for version in versions] == [done.commit, deployment.second.commit, deployment.first.commit]


def test_going_back_to_the_newest_version_changes_nothing(deployment: Deployment) -> None:
    clone = deployment.house.clone()
    target = git_target(str(deployment.house.origin), "main", "A", "a@example.org")
    commit = deployment.second.commit
    assert commit is not None
    pins = rollback.published_there(clone, commit, target)
    planned = rollback.plan(
        clone, "shares", commit, "?", pins, "public", deployment.house.remote, deployment.place / "cache"
    )
    assert planned is None


def test_a_run_that_brings_back_what_was_rolled_back_stops_and_says_so(deployment: Deployment) -> None:
    deployment.back(deployment.first.commit)
    with pytest.raises(DataError, match=r"rolled back at 20.*\(The shares were doubled\.\).*commons rollback shares"):
        deployment.publish("again", {"a": 2.0, "b": None})
    assert deployment.publish("other", {"a": 1.5, "b": None}).outcome == "published"
    assert deployment.publish("two again", {"a": 2.0, "b": None}).outcome == "published", "only what came directly"


def test_every_version_that_was_passed_over_stays_out_until_it_is_asked_for(deployment: Deployment) -> None:
    third = deployment.publish("three", {"a": 3.0, "b": None})
    deployment.back(deployment.first.commit)
    deployment.back(deployment.second.commit, "The second was right.")
    head = deployment.head()
    assert head is not None
    assert head.meta.rolled_back is not None
    assert head.meta.rolled_back.instead_of == (third.entry.meta.content, deployment.first.entry.meta.content)
    with pytest.raises(DataError, match="rolled back"):
        deployment.publish("three again", {"a": 3.0, "b": None})
    assert (
        deployment.back(third.commit, "The third was right after all.").entry.meta.content == third.entry.meta.content
    )
    assert deployment.publish("same", {"a": 3.0, "b": None}).outcome == "unchanged"


def test_field_ids_that_were_given_since_are_never_given_again(deployment: Deployment) -> None:
    wide = SCHEMA.model_copy(update={"columns": (*SCHEMA.columns, MORE), "retired": {"old": 9}})
    import polars as pl

    from include.tables import parquet

    folder = version(deployment.place / "wide", {"a": 2.0, "b": None}, schema=SCHEMA)
    (folder / "table" / "part-00000.parquet").unlink()
    frame = pl.LazyFrame({"code": ["a", "b"], "share": [2.0, None], "kind": ["x", None]})
    parquet.sink(frame, wide, folder / "table")
    (folder / "schema.json").write_text(wide.to_json())
    deployment.house.publish(folder, facts(2, run="manual__3", base=deployment.second.entry.md5), wide)
    entry = deployment.back(deployment.first.commit).entry
    assert entry.md5 != deployment.first.entry.md5
    assert entry.meta.content == deployment.first.entry.meta.content
    source, cache = deployment.house.remote("public"), deployment.place / "cache"
    new, old = (listing(md5, source, cache).files for md5 in (entry.md5, deployment.first.entry.md5))
    assert {name for name in new if new[name] != old[name]} == {"schema.json"}
    text = fetch(new["schema.json"], source, cache).read_bytes()
    schema = TableSchema.from_json(text)
    assert schema.columns == SCHEMA.columns
    assert schema.retired == {"kind": 3, "old": 9}
    sizes = [source.size(oid) for oid in new.values()]
    assert entry.size == sum(size or 0 for size in sizes)


def test_a_version_that_was_withdrawn_does_not_come_back(deployment: Deployment) -> None:
    clone = deployment.house.clone()
    gone = Withdrawn(by="Jane", at="2026-01-02", why="it named people")
    meta = deployment.first.entry.meta.model_copy(update={"withdrawn": gone})
    commit = deployment.first.commit
    assert commit is not None
    pins = rollback.published_there(clone, commit, WorkingTree(clone))
    known = pins.model_copy(update={"withdrawn": (deployment.first.entry.model_copy(update={"meta": meta}),)})
    with pytest.raises(DataError, match=r"was withdrawn by Jane on 2026-01-02: it named people\. Choose another"):
        rollback.plan(
            clone, "shares", commit, "?", known, "public", deployment.house.remote, deployment.place / "cache"
        )


def test_after_a_withdrawal_the_ids_that_it_took_along_are_not_given_again(deployment: Deployment) -> None:
    """Whatever columns the withdrawn version had: nobody can read any more which ids they were given."""
    meta = deployment.second.entry.meta.model_copy(update={"withdrawn": Withdrawn(by="Jane", at="2026-01-02", why="?")})
    gone = deployment.second.entry.model_copy(update={"meta": meta})
    target = git_target(str(deployment.house.origin), "main", "Jane", "jane@example.org")
    push_change(lambda pins: pins.withdrawing(gone, last=False), "Withdraw shares", target)
    entry = deployment.back(deployment.first.commit).entry
    assert entry.meta.content == deployment.first.entry.meta.content
    source, cache = deployment.house.remote("public"), deployment.place / "cache"
    text = fetch(listing(entry.md5, source, cache).files["schema.json"], source, cache).read_bytes()
    schema = TableSchema.from_json(text)
    assert schema.columns == SCHEMA.columns
    assert schema.retired == {f"withdrawn_{gone.md5[:8]}": 100_002}
    assert deployment.rows(entry) == [("a", 1.0), ("b", None)]


def test_a_version_that_was_never_published_there_is_refused(deployment: Deployment) -> None:
    clone = deployment.house.clone()
    git("checkout", "-q", "-b", "mine", deployment.first.commit or "", at=clone)
    git("commit", "-q", "--allow-empty", "-m", "Mine", at=clone)
    commit = git("rev-parse", "HEAD", at=clone)
    target = git_target(str(deployment.house.origin), "main", "A", "a@example.org")
    with pytest.raises(DataError, match=f"{commit[:12]}: is no part of branch main"):
        rollback.published_there(clone, commit, target)
    git("checkout", "-q", "main", at=clone)
    with pytest.raises(DataError, match="is no part of what is checked out"):
        rollback.published_there(clone, commit, WorkingTree(clone))


def test_a_clone_that_fell_behind_is_brought_the_newest_commits(deployment: Deployment) -> None:
    clone = deployment.house.clone()
    third = deployment.publish("three", {"a": 3.0, "b": None})
    commit = deployment.first.commit
    assert commit is not None
    target = git_target(str(deployment.house.origin), "main", "A", "a@example.org")
    pins = rollback.published_there(clone, commit, target)
    assert pins.entries["shares"] == third.entry


def damage(deployment: Deployment, name: str, how: str) -> tuple[str, Path]:
    source = deployment.house.remote("public")
    oid = listing(deployment.first.entry.md5, source, deployment.place / "cache").files[name]
    path = Path(source.path(oid))
    path.chmod(0o644)
    if how == "gone":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    return oid, path


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_bytes_that_are_not_whole_are_brought_from_the_cache(deployment: Deployment, how: str) -> None:
    """Fault 10: one bit of a stored file flipped, or the file gone."""
    source, cache = deployment.house.remote("public"), deployment.place / "cache"
    oid = listing(deployment.first.entry.md5, source, cache).files["table/part-00000.parquet"]
    kept = cache / "files" / "md5" / oid[:2] / oid[2:]
    kept.parent.mkdir(parents=True)
    kept.write_bytes(Path(source.path(oid)).read_bytes())
    damage(deployment, "table/part-00000.parquet", how)
    entry = deployment.back(deployment.first.commit).entry
    assert Path(source.path(oid)).read_bytes() == kept.read_bytes()
    assert deployment.rows(entry) == [("a", 1.0), ("b", None)]


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_nothing_is_published_whose_bytes_are_whole_nowhere_and_all_are_named(deployment: Deployment, how: str) -> None:
    """Fault 10: no good copy is left anywhere."""
    oids = [damage(deployment, name, how)[0] for name in ("table/part-00000.parquet", "quality.json")]
    head = deployment.head()
    with pytest.raises(EnvironmentFault) as caught:
        deployment.back(deployment.first.commit)
    assert all(oid in str(caught.value) for oid in oids)
    assert "shares: was not rolled back." in str(caught.value)
    assert deployment.head() == head


def test_the_version_is_guarded_no_less_than_the_contract_says_today(deployment: Deployment) -> None:
    entry = deployment.back(deployment.first.commit, access="internal").entry
    assert entry.remote == "internal"
    assert objects(deployment, "internal") >= {entry.md5[2:]}
    assert deployment.rows(entry) == [("a", 1.0), ("b", None)]


def test_a_run_that_publishes_meanwhile_is_not_overwritten(deployment: Deployment) -> None:
    clone = deployment.house.clone()
    target = git_target(str(deployment.house.origin), "main", "A", "a@example.org")
    commit, cache = deployment.first.commit, deployment.place / "cache"
    assert commit is not None
    pins = rollback.published_there(clone, commit, target)
    planned = rollback.plan(clone, "shares", commit, "?", pins, "public", deployment.house.remote, cache)
    assert planned is not None
    third = deployment.publish("three", {"a": 3.0, "b": None})
    with pytest.raises(ConflictError, match="another run published meanwhile"):
        pin(planned.entry, planned.base, target, planned.store, lambda: rollback.bring(planned, cache))
    assert deployment.head() == third.entry


def test_in_a_working_tree_data_dvc_changes_and_the_commit_is_the_authors(deployment: Deployment) -> None:
    clone = deployment.house.clone()
    assert deployment.first.commit is not None
    done = deployment.onto(WorkingTree(clone), clone, deployment.first.commit, "Doubled.")
    assert (done.outcome, done.commit) == ("published", None)
    assert git("status", "--porcelain", at=clone) == "M data.dvc"
    assert reading.entry_at(clone, "shares").meta.content == deployment.first.entry.meta.content
    folder = version(deployment.place / "again", {"a": 2.0, "b": None})
    with pytest.raises(DataError, match="rolled back"):
        publish(folder, SCHEMA, facts(2, run="r", base=done.entry.md5), WorkingTree(clone), deployment.house.remote)
