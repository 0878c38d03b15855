"""Two versions that the verbs made, the register between them another: the difference says which links changed."""

from pathlib import Path

import pytest

from include.matching import links as reasons
from include.settings import settings
from include.versions.causes import Pinned
from include.versions.comparing import compared
from tests.tasks.conftest import Forks
from tests.tasks.matched import COMPANIES, REGISTER, Matched, write


def test_an_entity_renamed_and_one_that_left_are_why_links_changed(
    tmp_path: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched = Matched(tmp_path / "one", forks, shards=1).begin()
    assert matched.run() == [0, 0, 0, 0]
    before = matched.pinned()
    rows = [row | ({"legal_name": "Zebra Quarry AG"} if row["code"] == "C054" else {}) for row in COMPANIES]
    write(matched.room, "companies", [row for row in rows if row["code"] != "C051"], "code", REGISTER)
    assert matched.run("companies", "r2") == [0, 0, 0]
    assert matched.run(run="r2") == [0, 0, 0, 0]
    after = matched.pinned()
    assert before
    assert after
    monkeypatch.setenv("COMMONS_REMOTE", str(matched.root / "remotes"))
    settings.cache_clear()
    try:
        diff = compared(matched.root / "seed", Pinned(before, None), Pinned(after, None), tmp_path / "cache")
    finally:
        settings.cache_clear()
    assert diff.links
    assert (diff.problem, diff.links.problem) == (None, None)
    assert any("input companies" in cause for cause in diff.causes)
    assert (diff.status, diff.unexplained) == ("changed", False)
    told = {one.before.entity: (one.change, one.reason, one.detail) for one in diff.links.heaviest}
    renamed = f"{COMPANIES[54]['legal_name']} → Zebra Quarry AG"
    assert told["C051"][1:] == (reasons.LEFT, "C051")
    assert told["C054"][1:] == (reasons.RENAMED, renamed)
    assert diff.links.before
    assert diff.links.after
    gone = diff.links.before.linked - diff.links.after.linked
    assert gone == sum(change in ("went", "to review") for change, _, _ in told.values()) > 0
    assert matched.store.local(f"{matched.receipt('match', 'r2').folder}/report.html", Path()).exists()
