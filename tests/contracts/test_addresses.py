"""Query parameters that carry secrets: refused in a contract and masked wherever an address is shown."""

import pytest

from include.adapters import addresses
from include.contracts.addresses import address

SECRET = (
    "key code auth sas sig jwt pwd password subscription-key Ocp-Apim-Subscription-Key app_key appid client_secret "
    "x-api-key access_token accessToken API.KEY token X-Amz-Signature X-Goog-Credential Signature %6bey"
)
HARMLESS = "country_code keyword postcode keys page_token_size author design passenger authority session_year"


@pytest.mark.parametrize("name", SECRET.split())
def test_a_secret_is_refused_and_masked(name: str) -> None:
    url = f"https://example.org/a?year=2020&{name}=hunter2"
    with pytest.raises(ValueError, match="expected an address without secrets"):
        address(url)
    assert addresses.shown(url) == f"https://example.org/a?year=2020&{name}=***"
    assert addresses.hidden(url) == ["hunter2", "hunter2"]


@pytest.mark.parametrize("name", HARMLESS.split())
def test_what_only_sounds_alike_stays(name: str) -> None:
    url = f"https://example.org/a?{name}=DE"
    assert address(url) == addresses.shown(url) == url
    assert addresses.hidden(url) == []
