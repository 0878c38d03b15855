"""What addresses() may return: every mistake at once, and never a secret in a message."""

import pytest

from include.contracts.requests import Request, parse
from include.errors import ContractError

URL = "https://api.example.org/v2/plants"


def told(*items: object) -> str:
    with pytest.raises(ContractError) as error:
        parse(list(items), "include/datasets/plants/extract.py: addresses()")
    return str(error.value)


def test_addresses_and_requests_become_requests() -> None:
    first, second = parse([URL, {"url": URL, "secret": "EIA_API_KEY", "prefix": "Bearer ", "next": "links.next"}])
    assert (first.url, first.secret, first.paging, first.max_pages) == (URL, None, None, 1000)
    assert (second.secret, second.header, second.prefix, second.paging) == (
        "EIA_API_KEY",
        "Authorization",
        "Bearer ",
        "next",
    )


@pytest.mark.parametrize(
    ("paging", "kind"),
    [
        ({"page": "page", "first": 0, "records": "result.items"}, "page"),
        ({"offset": "offset", "limit": "length", "size": 5000, "records": "response.data"}, "offset"),
        ({"cursor": "after", "cursor_path": "meta.after"}, "cursor"),
    ],
)
def test_pages_follow_each_other_in_one_way(paging: dict[str, object], kind: str) -> None:
    assert parse([{"url": URL, **paging}])[0].paging == kind


def test_a_generator_is_a_list_too() -> None:
    assert parse(f"{URL}/{n}" for n in range(2)) == (Request(url=f"{URL}/0"), Request(url=f"{URL}/1"))


def test_all_mistakes_are_told_with_their_item() -> None:
    message = told("http://example.org", {"url": URL, "nxt": "a"}, {"secret": "X"}, 7)
    assert len(message.splitlines()) == 4
    assert "extract.py: addresses(): item 1: url: expected https" in message
    assert "item 2: unknown key 'nxt' (did you mean 'next'?)" in message
    assert "item 3: missing key 'url'" in message
    assert "item 4: expected keys and values, found 7" in message


@pytest.mark.parametrize(
    "item",
    [
        {"url": URL, "secret": "hunter2-canary"},
        {"url": "https://jane:hunter2-canary@example.org/"},
        {"url": f"{URL}?api_key=hunter2-canary"},
        {"url": f"{URL}?X-Amz-Signature=hunter2-canary"},
    ],
)
def test_a_secret_itself_is_refused_and_not_repeated(item: dict[str, str]) -> None:
    """Fault 27: the canary stands nowhere."""
    message = told(item)
    assert "secret" in message.lower()
    assert "canary" not in message


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"next": "a", "page": "p"}, "expected one way of paging, found next and page"),
        ({"offset": "o"}, "needs 'limit'"),
        ({"cursor": "c"}, "needs both 'cursor'"),
        ({"header": "Host"}, "'Host' is set by the engine"),
        ({"header": "X\r\nEvil: 1"}, "header: expected text of the form"),
        ({"max_pages": 0}, "max_pages: expected at least 1, found 0"),
    ],
)
def test_half_or_double_paging_and_the_engines_headers_are_refused(item: dict[str, object], words: str) -> None:
    assert words in told({"url": URL, **item})


@pytest.mark.parametrize("returned", ["https://a.org", {"url": "https://a.org"}, None, 3])
def test_one_address_alone_is_not_a_list(returned: object) -> None:
    with pytest.raises(ContractError, match="expected a list of addresses, found"):
        parse(returned)
