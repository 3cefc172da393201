"""A chain's name is the hash of its parameters, its own key included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.adapters.catalog import Catalog
from holdfast.core.drand import PRACTICE, DrandChain, chain_hash, message, read_signature


@pytest.fixture(scope="module")
def quicknet() -> DrandChain:
    return Catalog().authorities("real").beacons[0]


def test_the_shipped_chain_is_the_one_that_its_key_makes(quicknet: DrandChain) -> None:
    assert quicknet.holds_together()
    assert quicknet.hash == "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
    assert all(url.startswith("https://") for url in quicknet.urls)
    assert len(quicknet.urls) >= 2


def test_the_practice_chain_is_the_one_that_its_key_makes() -> None:
    assert PRACTICE.holds_together()


@pytest.mark.parametrize(
    "changed",
    [
        {"public_key": "00" * 96},
        {"public_key": "83"},
        {"period": 4},
        {"genesis": 1},
        {"seed": "11" * 32},
        {"seed": "zz"},
        {"name": "default"},
        {"hash": "11" * 32},
    ],
)
def test_no_parameter_can_be_another(quicknet: DrandChain, changed: dict[str, object]) -> None:
    assert not replace(quicknet, **changed).holds_together()  # type: ignore[arg-type] # by name


def test_the_default_chain_is_named_without_its_name() -> None:
    assert chain_hash(b"", 30, 1, "", "default") == chain_hash(b"", 30, 1, "", "")


def test_rounds_have_times_and_times_have_rounds(quicknet: DrandChain) -> None:
    assert quicknet.time(1) == 1692803367
    assert quicknet.time(657413) == 1692803367 + 3 * 657412
    assert quicknet.newest(quicknet.time(657413)) == 657413
    assert quicknet.newest(quicknet.time(657413) + 2.9) == 657413
    assert quicknet.newest(0) == 0


def test_what_is_signed_and_what_a_signature_looks_like() -> None:
    assert len(message(1)) == 32
    assert read_signature("ab" * 48) == b"\xab" * 48
    for text in ("AB" * 48, "ab" * 47, "", "zz" * 48):
        assert read_signature(text) is None
