"""Pull requests: one for a proposal, however often it is asked for and whatever the host does meanwhile."""

from collections.abc import Iterator

import pytest

from include.adapters.forge import Forge, Patience, forge, pull_request
from include.errors import EnvironmentFault
from tests.adapters.github import TOKEN, Host, host

QUICK = Patience(attempts=4, first=0.01, most=0.02, silence=5)
BRANCH = "proposal/shares/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00"


@pytest.fixture
def server() -> Iterator[Host]:
    with host() as started:
        yield started


def ask(server: Host, commit: str = "c1", **others: str) -> str:
    return pull_request(
        Forge(server.address, TOKEN, QUICK), BRANCH, commit, "main", "Publish shares: 2 rows", "A table."
    )


def test_it_is_opened_once_with_title_branch_and_text(server: Host) -> None:
    server.commits[BRANCH] = "c1"
    address = ask(server)
    assert ask(server) == address == "https://git.example.org/example/data/pull/1"
    (made,) = server.pulls
    assert (made["title"], made["head"]["ref"], made["base"]["ref"]) == ("Publish shares: 2 rows", BRANCH, "main")
    assert made["body"] == "A table."


def test_one_that_a_person_closed_stays_closed_until_the_proposal_is_another(server: Host) -> None:
    server.commits[BRANCH] = "c1"
    ask(server)
    server.pulls[0]["state"] = "closed"
    assert ask(server) == server.pulls[0]["html_url"]
    assert len(server.pulls) == 1
    assert ask(server, "c2") == "https://git.example.org/example/data/pull/2"


def test_an_answer_that_is_lost_is_looked_for_before_it_is_asked_again(server: Host) -> None:
    """Fault 6: the host did it, the reply never came."""
    server.commits[BRANCH] = "c1"
    server.losing = 1
    assert ask(server) == "https://git.example.org/example/data/pull/1"
    assert len(server.pulls) == 1
    assert [command for command, _ in server.asked] == ["GET", "POST", "GET"]


def test_a_host_that_is_busy_is_asked_again(server: Host) -> None:
    server.failing = [500, 503, 429]
    ask(server)
    assert len(server.pulls) == 1


@pytest.mark.parametrize(
    ("failing", "said"),
    [([403], "status 403 no luck"), ([404], "status 404"), ([500] * 4, "status 500"), ([301], "status 301")],
)
def test_a_refusal_says_what_to_check_and_not_the_token(server: Host, failing: list[int], said: str) -> None:
    """Fault 27: the token stands in no message."""
    server.failing = list(failing)
    with pytest.raises(EnvironmentFault, match=said) as caught:
        ask(server)
    assert BRANCH in str(caught.value)
    assert "secret 'forge-token'" in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert server.pulls == []


def test_a_wrong_token_and_a_host_that_is_not_there(server: Host) -> None:
    with pytest.raises(EnvironmentFault, match="status 401 Bad credentials"):
        pull_request(Forge(server.address, "another", QUICK), BRANCH, "c1", "main", "t", "b")
    gone = Forge("http://127.0.0.1:1/repos/a/b", TOKEN, QUICK)
    with pytest.raises(EnvironmentFault, match=r"127\.0\.0\.1:1/repos/a/b: no pull request .*The branch is there"):
        pull_request(gone, BRANCH, "c1", "main", "t", "b")


def test_a_text_that_is_too_long_is_cut(server: Host) -> None:
    pull_request(Forge(server.address, TOKEN, QUICK), BRANCH, "c1", "main", "t" * 1000, "b" * 100_000)
    assert (len(server.pulls[0]["title"]), len(server.pulls[0]["body"])) == (250, 65_000)


def test_the_address_is_https_and_names_a_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONS_SECRET_FORGE_TOKEN", TOKEN)
    assert forge("") is None
    known = forge("https://api.github.com/repos/example/data/")
    assert known == Forge("https://api.github.com/repos/example/data", TOKEN)
    for address in ("http://api.github.com/repos/example/data", "file:///repos/a/b", "ftp://x/repos/a/b"):
        with pytest.raises(EnvironmentFault, match="is no https address"):
            forge(address)
    for address in ("https://github.com/example/data", "https://api.github.com", "https://me:pw@h.org/repos/a/b"):
        with pytest.raises(EnvironmentFault, match="expected …/repos/OWNER/NAME"):
            forge(address)
    monkeypatch.delenv("COMMONS_SECRET_FORGE_TOKEN")
    with pytest.raises(EnvironmentFault, match="secret 'forge-token': not in"):
        forge("https://api.github.com/repos/example/data")
