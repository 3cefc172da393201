"""minisign signatures: one form, and only the owner's hold."""

from __future__ import annotations

import hashlib
from functools import cache

from fuzz import mutators
from fuzz.target import Target, seeds_of
from holdfast.core import ed25519, minisign

OWNER = hashlib.sha256(b"holdfast fuzz owner").digest()
DATA = b"what was kept"


@cache
def public() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(OWNER).public_key().public_bytes_raw()


@cache
def ours() -> frozenset[bytes]:
    return frozenset(seeds_of("minisign"))


def run(data: bytes) -> None:
    try:
        found = minisign.read_signature(data)
    except ValueError:
        return
    assert found.note == data
    if minisign.holds(found, DATA, public(), ed25519.verify):
        assert data in ours()


TARGET = Target(
    name="minisign",
    run=run,
    mutate=mutators.lines,
    tokens=(b"untrusted comment: ", b"trusted comment: ", b"\nRUQ", b"==\n", b"\r\n"),
    largest=8 << 10,
)
