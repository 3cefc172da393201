"""Heads, inclusion and consistency proofs, verifier keys, cosignatures: each has its one form."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from fuzz import mutators
from fuzz.target import Target
from holdfast.core import cosignature, ed25519, growth
from holdfast.core.bag import Seen
from holdfast.core.ledger import (
    COSIGNATURE_NOTE,
    Checkpoint,
    VerifierKey,
    read_checkpoint,
    read_key,
    read_keys,
    read_proof,
    root_from_inclusion,
    write_proof,
)

OWNER = hashlib.sha256(b"holdfast fuzz owner").digest()
"""The seed of the one key whose signatures are sound here."""
COUNSEL = hashlib.sha256(b"holdfast fuzz counsel").digest()


def run(data: bytes) -> None:
    with suppress(ValueError):
        head = read_checkpoint(data)
        assert head.note == data
        _signatures(head)
    with suppress(ValueError):
        index, steps, head = read_proof(data)
        assert write_proof(index, steps, head) == data
        with suppress(ValueError):
            root_from_inclusion(bytes(32), index, head.size, steps)
    with suppress(ValueError):
        found = growth.read_growth(data)
        found.extends(found.old, bytes(32))
        assert growth.write_growth(found) == data or not data.startswith(b"old ")
    _keys(data)
    _kept(data)


def _signatures(head: Checkpoint) -> None:
    """Of the two keys here, a signature that holds is over exactly this head."""
    for name, raw in head.signatures[:4]:
        if len(raw) == 68:
            head.signed_by(_key(name, OWNER), ed25519.verify)
        else:
            key = cosignature.cosigner(name, _public(COUNSEL))
            seconds = cosignature.seen_by(head, key, ed25519.verify)
            if seconds is not None:
                assert cosignature.instant(seconds).endswith("Z")
        cosignature.named_key(name, cosignature.COSIGNER)


def _key(name: str, seed: bytes) -> VerifierKey:
    return VerifierKey(name=name, public_key=_public(seed))


def _public(seed: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _keys(data: bytes) -> None:
    for key in read_keys(data):
        assert str(key).encode() in data
    for kind in (b"\x01", COSIGNATURE_NOTE):
        with suppress(ValueError):
            text = data.decode()
            assert str(read_key(text, kind)) == text


def _kept(data: bytes) -> None:
    with suppress(ValueError):
        growth.read_printed(data.decode())
    with suppress(ValueError):
        kept = growth.read_kept("kept", data)
        leaves = [hashlib.sha256(bytes([at])).digest() for at in range(9)]
        lines = growth.Lines(origin=kept.origin, leaves=leaves, signers=(), live=False)
        seen = Seen()
        growth.judge_kept((kept,), lines, seen, ed25519.verify)
        growth.judge_growth((kept, kept), seen)
        assert all(finding.rule for finding in seen.findings)


TARGET = Target(
    name="checkpoint",
    run=run,
    mutate=mutators.lines,
    tokens=(
        b"c2sp.org/tlog-proof@v1\n",
        b"index 0\n",
        b"old 3\n",
        b"\n\n",
        "\n— ".encode(),
        b"practice.holdfast.local/",
        b"holdfast.local/",
        b"cosigner.holdfast.local/",
        b"\xe2\x80\xa8",
        b"\x85",
        b"\x1c",
    ),
)
