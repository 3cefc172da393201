from __future__ import annotations

import pytest

from holdfast.core.withheld import WITHHELD, opens, shown


@pytest.mark.parametrize(
    "name",
    ["Cookie", "Set-Cookie", "set-cookie2", "Authorization", "Proxy-Authorization", "X-CSRF-Token",
     "x-xsrf-token", "X-Auth", "auth", "x-tt-token", "AccessToken", "X-Session-Id", "sid",
     "X-Api-Key", "x-sid-guard", "bd-ticket-guard-client-data", "X-Credential"],
)  # fmt: skip
def test_a_key_to_an_account_is_known_by_its_name(name: str) -> None:
    assert opens(name)
    assert shown(name, "value") == WITHHELD


@pytest.mark.parametrize(
    "name",
    ["Content-Type", ":authority", "Author", "Access-Control-Allow-Credentials",
     "Access-Control-Expose-Tokens", "Sec-WebSocket-Key", "ETag", "Server", "X-Cache-Key", "side"],
)  # fmt: skip
def test_what_opens_nothing_is_shown(name: str) -> None:
    assert not opens(name)
    assert shown(name, "value") == "value"
