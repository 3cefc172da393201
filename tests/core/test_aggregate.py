"""The tree that core writes is the tree that the reference library makes, octet for octet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentimestamps.core.notary import PendingAttestation
from opentimestamps.core.op import OpAppend, OpSHA256
from opentimestamps.core.serialize import BytesDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp, make_merkle_tree

from holdfast.core.aggregate import NONCE, tree
from holdfast.core.opentimestamps import read_proof


def serialised(stamp: Timestamp | DetachedTimestampFile) -> bytes:
    context = BytesSerializationContext()
    stamp.serialize(context)
    return bytes(context.getbytes())


def by_the_library(
    digests: list[bytes], nonces: list[bytes], uri: str
) -> tuple[bytes, bytes, list[bytes]]:
    leaves = [Timestamp(digest) for digest in digests]
    tip = make_merkle_tree(
        [
            leaf.ops.add(OpAppend(nonce)).ops.add(OpSHA256())
            for leaf, nonce in zip(leaves, nonces, strict=True)
        ]
    )
    tip.attestations.add(PendingAttestation(uri))
    proofs = [serialised(DetachedTimestampFile(OpSHA256(), leaf)) for leaf in leaves]
    return tip.msg, serialised(tip), proofs


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.randoms(use_true_random=False))
def test_every_proof_is_the_library_s(count: int, random: object) -> None:
    draw = random.randbytes  # type: ignore[attr-defined]  # hypothesis' own
    digests, nonces = [draw(32) for _ in range(count)], [draw(NONCE) for _ in range(count)]
    tip, above, proofs = by_the_library(digests, nonces, "https://a.example/calendar")
    made = tree(digests, nonces)
    assert made.tip == tip
    assert [made.proof(at, above) for at in range(count)] == proofs
    for at, proof in enumerate(proofs):
        (attestation,) = read_proof(proof).attestations
        assert attestation.message == tip
        assert read_proof(proof).digest == digests[at]
        whole = DetachedTimestampFile.deserialize(BytesDeserializationContext(proof))
        steps, node = 0, whole.timestamp
        while node.ops:
            ((_, node),) = node.ops.items()
            steps += 1
        assert steps <= made.levels


def test_the_same_digest_twice_has_two_leaves() -> None:
    made = tree([bytes(32)] * 2, [bytes(NONCE), b"\1" * NONCE])
    assert made.paths[0] != made.paths[1]


@pytest.mark.parametrize(
    ("digests", "nonces"),
    [
        ([], []),
        ([bytes(32)], []),
        ([bytes(31)], [bytes(NONCE)]),
        ([bytes(32)], [bytes(NONCE - 1)]),
    ],
)
def test_what_makes_no_tree_is_refused(digests: list[bytes], nonces: list[bytes]) -> None:
    with pytest.raises(ValueError):
        tree(digests, nonces)
