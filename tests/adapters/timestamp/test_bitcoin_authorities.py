"""The shipped list of calendars and explorers: who may be contacted at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from holdfast.adapters.resources import table
from holdfast.core import opentimestamps


def test_calendars_answer_as_exact_https_addresses() -> None:
    calendars = table("authorities", "bitcoin.toml")["calendar"]
    assert len(calendars) >= 3
    for calendar in calendars:
        assert calendar["answers_as"]
        for address in (calendar["url"], *calendar["answers_as"]):
            parts = urlsplit(address)
            assert (parts.scheme, parts.path, parts.query) == ("https", "", "")
            assert "*" not in address
            assert opentimestamps._URI.issuperset(address.encode())


def test_explorers_have_two_operators_or_more() -> None:
    explorers = table("authorities", "bitcoin.toml")["explorer"]
    assert len({explorer["operator"] for explorer in explorers}) == len(explorers) >= 2
    for explorer in explorers:
        assert explorer["url"].startswith("https://")
        assert not explorer["url"].endswith("/")


def test_every_entry_says_where_it_comes_from_and_when_it_was_looked_at() -> None:
    lists = table("authorities", "bitcoin.toml")
    for entry in (*lists["calendar"], *lists["explorer"]):
        assert entry["source"].startswith("https://")
        assert entry["checked_on"] == "2026-11-21"
