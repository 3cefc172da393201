"""The checker agrees with OpenSSL's arithmetic, on good signatures and on bent ones."""

from __future__ import annotations

import os

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from holdfast.core import ed25519
from holdfast.core.ed25519 import verify

# RFC 8032 §7.1, TEST 2.
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def theirs(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_the_vector_of_the_rfc_holds() -> None:
    assert verify(PUBLIC, SIGNATURE, b"\x72")
    assert not verify(PUBLIC, SIGNATURE, b"\x73")


def test_fresh_signatures_hold_and_bent_ones_do_not() -> None:
    for size in range(0, 40, 5):
        key = Ed25519PrivateKey.generate()
        public, message = key.public_key().public_bytes_raw(), os.urandom(size)
        signature = key.sign(message)
        assert verify(public, signature, message)
        bent = bytearray(signature)
        bent[size] ^= 1
        assert verify(public, bytes(bent), message) is theirs(public, bytes(bent), message) is False


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        (PUBLIC[:-1], SIGNATURE),
        (PUBLIC, SIGNATURE + b"\0"),
        # y beyond the prime, and no x for this y
        (b"\xff" * 32, SIGNATURE),
        ((2).to_bytes(32, "little"), SIGNATURE),
        # x is zero and yet called odd
        ((1 | 1 << 255).to_bytes(32, "little"), SIGNATURE),
        # S beyond the group's order: the same point, written a second way
        (
            PUBLIC,
            SIGNATURE[:32]
            + (int.from_bytes(SIGNATURE[32:], "little") + ed25519._ORDER).to_bytes(32, "little"),
        ),
    ],
)
def test_malformed_keys_and_signatures_are_refused(key: bytes, signature: bytes) -> None:
    assert not verify(key, signature, b"\x72")
    assert not theirs(key, signature, b"\x72")


SMALL = [
    (1).to_bytes(32, "little"),
    (0).to_bytes(32, "little"),
    (1 << 255).to_bytes(32, "little"),
    (ed25519._P - 1).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]
"""Points whose multiples are few: 1, 2, 4 or 8 of them make nothing."""


@pytest.mark.parametrize("key", SMALL)
@pytest.mark.parametrize("point", SMALL)
def test_a_key_of_small_order_signs_nothing(key: bytes, point: bytes) -> None:
    """Anybody can make a signature by it, which OpenSSL takes for one."""
    signature = point + bytes(32)
    for message in (b"", b"a", b"b", b"c", b"d"):
        assert not verify(key, signature, message)


def test_openssl_takes_a_key_that_signs_nothing() -> None:
    assert theirs(SMALL[0], SMALL[0] + bytes(32), b"anything")
    # And one that is spelled otherwise; not so here.
    other = (1 | 1 << 255).to_bytes(32, "little")
    assert theirs(other, SMALL[0] + bytes(32), b"anything")
    assert not verify(other, SMALL[0] + bytes(32), b"anything")


def test_many_signatures_by_one_key_are_each_judged_for_themselves() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    for number in range(8):
        message = bytes([number])
        assert verify(public, key.sign(message), message)
        assert not verify(public, key.sign(message), b"another")


def test_every_sign_and_root_of_x_is_decoded() -> None:
    """Keys at random meet both roots and both signs."""
    for _ in range(24):
        raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        point = ed25519._decode(raw)
        assert point is not None
        assert ed25519._encode(point) == raw
