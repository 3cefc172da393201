"""Values that nobody could know earlier, as a manifest writes them."""

from __future__ import annotations

import pytest

from holdfast.core.not_before import NOT_ASKED, Block, NotBefore, Round, reason_codes

BLOCK = Block(height=7, hash="ab" * 32, sources=("x", "y"))
ROUND = Round(chain="cd" * 32, round=9, signature="ef" * 48)


def test_what_was_had_stands_there() -> None:
    whole = NotBefore(network="bitcoin", bitcoin=BLOCK, drand=ROUND)
    assert whole.body() == {
        "network": "bitcoin",
        "bitcoin": {"height": 7, "hash": "ab" * 32, "sources": ["x", "y"]},
        "drand": {"chain": "cd" * 32, "round": 9, "signature": "ef" * 48},
    }
    assert whole.reasons == ()


def test_a_header_travels_with_its_hash() -> None:
    block = Block(height=7, hash="ab" * 32, header="00" * 80)
    assert NotBefore(network="bitcoin", bitcoin=block).body()["bitcoin"] == {
        "height": 7,
        "hash": "ab" * 32,
        "sources": [],
        "header": "00" * 80,
    }


def test_what_is_missing_says_why() -> None:
    assert NOT_ASKED.body() == {"reason": "not asked"}
    assert NotBefore().body() == {"reason": "not asked"}
    half = NotBefore(network="bitcoin", drand=ROUND, reason="bitcoin_no_answer")
    assert half.body()["reason"] == "bitcoin_no_answer"
    assert "bitcoin" not in half.body()


@pytest.mark.parametrize(
    ("reason", "codes"),
    [
        ("", ()),
        ("not asked", ("not asked",)),
        ("bitcoin_one_source clock", ("bitcoin_one_source", "clock")),
        ("something new clock", ("clock",)),
    ],
)
def test_reasons_are_codes(reason: str, codes: tuple[str, ...]) -> None:
    assert reason_codes(reason) == codes
    assert NotBefore(reason=reason).reasons == codes
