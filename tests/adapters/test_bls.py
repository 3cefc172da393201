"""Signatures of rounds: genuine ones hold, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from holdfast.adapters import bls
from holdfast.adapters.catalog import Catalog
from holdfast.core.drand import PRACTICE, DrandChain, chain_hash
from holdfast.practice import beacon

# Genuine rounds of drand's quicknet, from public test vectors (drand-verify's README; round 1000
# from an application's own tests).
GENUINE = (
    (
        657413,
        (
            "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
            "41076862b98fad56e91a6b85b89cd97b"
        ),
    ),
    (
        1000,
        (
            "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125"
            "e342b73a8dd2bacbe47e4b6b63ed5e39"
        ),
    ),
)


@pytest.fixture(scope="module")
def quicknet() -> DrandChain:
    return Catalog().authorities("real").beacons[0]


@pytest.mark.parametrize(("number", "signature"), GENUINE)
def test_a_genuine_round_holds(quicknet: DrandChain, number: int, signature: str) -> None:
    raw = bytes.fromhex(signature)
    assert bls.signed(quicknet, number, raw)
    assert not bls.signed(quicknet, number + 1, raw)
    assert not bls.signed(PRACTICE, number, raw)


def test_a_practice_round_holds_in_its_own_chain_only(quicknet: DrandChain) -> None:
    raw = beacon.sign(7)
    assert bls.signed(PRACTICE, 7, raw)
    assert not bls.signed(quicknet, 7, raw)


def test_what_is_no_point_of_the_group_is_no_signature(quicknet: DrandChain) -> None:
    raw = bytes.fromhex(GENUINE[0][1])
    infinity = b"\xc0" + bytes(47)
    off_curve = b"\x80" + bytes(46) + b"\x01"
    # x = 4 lies on the curve and outside the group of prime order.
    outside = b"\x80" + bytes(46) + b"\x04"
    unpacked = bytes((raw[0] & 0x7F,)) + raw[1:]
    mirrored = bytes((raw[0] ^ 0x20,)) + raw[1:]
    for bad in (infinity, off_curve, outside, unpacked, mirrored, raw[:-1], raw + b"\0", b""):
        assert not bls.signed(quicknet, GENUINE[0][0], bad)
    assert not bls.signed(quicknet, 0, raw)
    assert not bls.signed(quicknet, 1 << 63, raw)


def test_the_outside_point_is_on_the_curve_so_that_the_group_is_what_refuses_it() -> None:
    from py_ecc.bls.point_compression import decompress_G1
    from py_ecc.bls.typing import G1Compressed

    assert decompress_G1(G1Compressed((1 << 383) + 4)) is not None


def test_a_key_at_infinity_signs_nothing() -> None:
    key = b"\xc0" + bytes(95)
    name = chain_hash(key, 3, PRACTICE.genesis, PRACTICE.seed, "practice")
    chain = replace(PRACTICE, public_key=key.hex(), hash=name)
    assert chain.holds_together()
    assert not bls.signed(chain, 7, beacon.sign(7))


def test_a_chain_under_another_name_signs_nothing() -> None:
    assert not bls.signed(replace(PRACTICE, hash="00" * 32), 7, beacon.sign(7))


@pytest.mark.parametrize(
    "use",
    [
        "from holdfast.adapters import bls; bls.warm()",
        "from holdfast.practice import beacon; beacon.sign(7)",
    ],
)
def test_loading_the_library_lets_nobody_nest_deeper(use: str) -> None:
    script = f"""
import json, sys
before = sys.getrecursionlimit()
{use}
assert sys.getrecursionlimit() == before, sys.getrecursionlimit()
try:
    json.loads("[" * 200_000)
except RecursionError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr
