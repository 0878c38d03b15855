"""History as it is shown: from trailers, else pins; in shallow and partial clones; by the source's own dates."""

from pathlib import Path

import pytest

from include.errors import DataError, EnvironmentFault
from include.versions import reading, timeline, worktree
from include.versions.pins import Pins, Withdrawn, parse, render
from include.versions.publication import Published
from include.versions.timeline import Logged
from tests.versions.house import House, facts, git, house, version

DATES = ("2020-03-01T00:00:00Z", "2023-03-01T00:00:00Z", "2021-03-01T00:00:00Z")


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


@pytest.fixture
def three(deployment: House, tmp_path: Path) -> list[Published]:
    """Three versions of `shares`, the last an older release that came late; one of `others` between them."""
    done: list[Published] = []
    for number, date in enumerate(DATES):
        rows = {f"row{row}": float(number) for row in range(3 + number)}
        told = facts(
            len(rows), number, run=f"run {number}", source_date=date, base=done[-1].entry.md5 if done else None,
            source_version=f"v{number}", why="It was asked for." if number == 2 else None,
        )  # fmt: skip
        done.append(deployment.publish(version(tmp_path / f"v{number}", rows, kept=number), told))
        if number == 0:
            deployment.publish(version(tmp_path / "o", {"a": 1.0}), facts(1, name="others"))
    return done


def clone_of(deployment: House, *options: str) -> Path:
    git("clone", "-q", *options, deployment.origin.as_uri(), "part", at=deployment.root)
    return deployment.root / "part"


def commit_by_hand(clone: Path, pins: Pins, message: str) -> None:
    (clone / "data.dvc").write_text(render(pins))
    git("add", "data.dvc", at=clone)
    git("commit", "-q", "-m", message, at=clone)


def kept(found: list[Logged]) -> list[tuple[int, int, str, str | None, str | None]]:
    return [(v.rows, v.quarantined, v.source_version, v.source_date, v.why) for v in found]


KNOWN = [
    (5, 2, "v2", DATES[2], "It was asked for."),
    (4, 1, "v1", DATES[1], None),
    (3, 0, "v0", DATES[0], None),
]


def test_every_fact_of_every_version_newest_first(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    found = timeline.versions(clone, "shares")
    assert kept(found) == KNOWN
    assert [v.commit for v in found] == [done.commit for done in reversed(three)]
    newest, meta = found[0], three[2].entry.meta
    assert (newest.content, newest.code, newest.environment) == (meta.content, meta.code, meta.environment)
    assert (newest.run, newest.who, newest.rejected, newest.withdrawn) == ("run 2", "Data Commons", 0, None)
    said = git("log", "-1", "--format=%ct", three[2].commit or "", at=clone)
    assert git("log", "-1", f"--until={newest.date}", "--format=%ct", at=clone) == said
    assert [v.rows for v in timeline.versions(clone, "others")] == [1]
    assert timeline.versions(clone, "nothing") == []
    with pytest.raises(EnvironmentFault, match="no revision 'nowhere'"):
        timeline.versions(clone, "shares", "nowhere")


def test_commits_by_hand_and_merges_say_the_same_by_their_pin(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    pins = worktree.pins(clone)
    git("checkout", "-q", "-B", "main", "HEAD~4", at=clone)
    assert not (clone / "data.dvc").exists()
    for number, done in enumerate(three):
        commit_by_hand(clone, Pins().having(done.entry), f"Number {number}")
    commit_by_hand(clone, pins, "Others beside it")
    assert kept(timeline.versions(clone, "shares")) == KNOWN
    commit_by_hand(clone, Pins(), "Take all away")
    commit_by_hand(clone, pins, "And back")
    assert kept(timeline.versions(clone, "shares")) == KNOWN
    (clone / "data.dvc").write_text("<<<<<<< HEAD\n")
    git("commit", "-q", "-am", "Oh", at=clone)
    assert kept(timeline.versions(clone, "shares")) == KNOWN


def test_a_merged_proposal_is_a_version_and_a_merge_of_other_work_is_none(
    deployment: House, three: list[Published], tmp_path: Path
) -> None:
    told = facts(1, run="run 4", base=three[2].entry.md5)
    proposed = deployment.publish(version(tmp_path / "4", {"a": 4.0}), told, proposal=True)
    clone = deployment.clone()
    (clone / "README.md").write_text("Other work.\n")
    git("commit", "-q", "-am", "Other work", at=clone)
    git("merge", "-q", "--no-ff", "-m", "Merge it", proposed.commit or "", at=clone)
    found = timeline.versions(clone, "shares")
    assert [v.rows for v in found] == [1, 5, 4, 3]
    assert found[0].commit == git("rev-parse", "HEAD", at=clone)
    assert [v.rows for v in timeline.versions(clone, "others")] == [1]


def test_a_shallow_clone_fetches_what_it_lacks_and_says_so(
    deployment: House, three: list[Published], caplog: pytest.LogCaptureFixture
) -> None:
    clone = clone_of(deployment, "--depth=1")
    assert kept(timeline.versions(clone, "shares")) == KNOWN
    assert "a shallow clone; fetched 4 earlier commits" in caplog.text
    caplog.clear()
    assert kept(timeline.versions(clone, "shares")) == KNOWN
    assert caplog.text == ""


def test_a_shallow_clone_without_its_remote_shows_what_it_holds(
    deployment: House, three: list[Published], caplog: pytest.LogCaptureFixture
) -> None:
    clone = clone_of(deployment, "--depth=2")
    deployment.origin.rename(deployment.root / "away.git")
    assert kept(timeline.versions(clone, "shares")) == KNOWN[:2]
    assert kept(timeline.versions(clone, "others")) == [(1, 0, "1", None, None)]
    assert "its earlier commits can't be fetched" in caplog.text


def test_a_partial_clone_needs_no_texts_where_trailers_say_all(
    deployment: House, three: list[Published], caplog: pytest.LogCaptureFixture
) -> None:
    clone = clone_of(deployment, "--filter=blob:none")
    deployment.origin.rename(deployment.root / "away.git")
    assert kept(timeline.versions(clone, "shares")) == KNOWN
    assert caplog.text == ""


def test_a_partial_clone_fetches_all_texts_that_it_needs_at_once(
    deployment: House, three: list[Published], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Two of four versions are of commits by hand, the second of them is checked out and so is there."""
    writer = deployment.clone("writer")
    for number in (3, 4):
        meta = three[2].entry.meta.model_copy(update={"rows": 10 + number, "source_version": f"v{number}"})
        entry = three[2].entry.model_copy(update={"meta": meta, "md5": f"{number}" * 32 + ".dir"})
        commit_by_hand(writer, worktree.pins(writer).having(entry), f"By hand {number}")
        git("push", "-q", "origin", "main", at=writer)
    clone = clone_of(deployment, "--filter=blob:none")
    assert [v.rows for v in timeline.versions(clone, "shares")] == [14, 13, 5, 4, 3]
    assert caplog.messages == [f"{clone}: a partial clone; files fetched: 1"]
    assert [v.rows for v in timeline.versions(clone, "shares")] == [14, 13, 5, 4, 3]
    assert len(caplog.messages) == 1
    caplog.clear()
    assert [v.entry.meta.rows for v in reading.history(clone, "shares")] == [14, 13, 5, 4, 3]
    assert caplog.messages == [f"{clone}: a partial clone; files fetched: 3"]


def test_a_partial_clone_without_its_remote_says_what_it_can_not_show(
    deployment: House, three: list[Published], caplog: pytest.LogCaptureFixture
) -> None:
    writer = deployment.clone("writer")
    before = worktree.pins(writer)
    for rows in (13, 14):
        meta = three[2].entry.meta.model_copy(update={"rows": rows})
        commit_by_hand(writer, before.having(three[2].entry.model_copy(update={"meta": meta})), f"By hand {rows}")
    git("push", "-q", "origin", "main", at=writer)
    clone = clone_of(deployment, "--filter=blob:none")
    deployment.origin.rename(deployment.root / "away.git")
    assert [v.rows for v in timeline.versions(clone, "shares")] == [14, 5, 4, 3]
    assert "a partial clone; files that can't be fetched: 1: " in caplog.text


def test_a_withdrawn_version_says_so_wherever_it_is_named(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    gone = Withdrawn(by="owner@example.org", at="2026-02-01T00:00:00Z", why="It names a person.")
    entry = three[1].entry.model_copy(update={"meta": three[1].entry.meta.model_copy(update={"withdrawn": gone})})
    commit_by_hand(clone, parse((clone / "data.dvc").read_text()).withdrawing(entry, last=False), "Withdraw")
    assert [v.withdrawn for v in timeline.versions(clone, "shares")] == [None, gone, None]
    with pytest.raises(DataError, match=r"withdrawn by owner@example.org .*: It names a person"):
        reading.open_version("shares", three[1].commit, clone)
    assert reading.open_version("shares", three[0].commit, clone).collect().height == 3


def test_a_dataset_whose_only_version_was_withdrawn_says_so(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    entry = worktree.pins(clone).entries["others"]
    gone = Withdrawn(by="owner@example.org", at="2026-02-01T00:00:00Z", why="It names a person.")
    told = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
    commit_by_hand(clone, parse((clone / "data.dvc").read_text()).withdrawing(told, last=True), "Withdraw")
    assert [v.withdrawn for v in timeline.versions(clone, "others")] == [gone]
    with pytest.raises(
        DataError, match=r"others: no version at .*; withdrawn by owner@example.org on .* names a person"
    ):
        reading.open_version("others", repository=clone)


@pytest.mark.parametrize(
    ("date", "rows"),
    [
        ("2020-03-01", 3),
        ("2021-02-28", 3),
        ("2021-03-01", 5),
        ("2023-02-28T23:59Z", 5),
        ("2023-03-01", 4),
        ("2030-01-01", 4),
    ],
)
def test_an_older_release_that_came_late_slots_in_by_its_own_date(
    deployment: House, three: list[Published], date: str, rows: int
) -> None:
    clone = deployment.clone()
    assert timeline.by_source_date(clone, "shares", date).rows == rows
    entry = reading.entry_at(clone, "shares", source_date=date)
    assert entry.meta.rows == rows
    assert reading.rows_of(entry, clone).collect().height == rows


def test_dates_before_the_first_and_sources_without_dates(deployment: House, three: list[Published]) -> None:
    clone = deployment.clone()
    with pytest.raises(
        DataError, match=r"shares: no version whose source dates it by 2019-12-31; the first is of 2020"
    ):
        timeline.by_source_date(clone, "shares", "2019-12-31")
    with pytest.raises(DataError, match=r"others: no version .* its source gives none"):
        timeline.by_source_date(clone, "others", "2030-01-01")
    with pytest.raises(EnvironmentFault, match="is no date"):
        timeline.by_source_date(clone, "shares", "yesterday")
    assert timeline.by_source_date(clone, "shares", "2030-01-01", "HEAD~2").rows == 3


def test_of_several_versions_with_one_date_the_last_one_published_counts(
    deployment: House, three: list[Published], tmp_path: Path
) -> None:
    again = facts(1, run="again", source_date=DATES[1], base=three[2].entry.md5)
    deployment.publish(version(tmp_path / "again", {"a": 1.0}), again)
    assert timeline.by_source_date(deployment.clone(), "shares", "2023-12-31").rows == 1
