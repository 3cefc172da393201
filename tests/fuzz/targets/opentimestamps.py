"""OpenTimestamps proofs: the strict reader, the reference library, and the judge of anchors.

Whatever is accepted, the library reads the same way and writes again in as many octets; the order
of branches is free, and nothing else is.
"""

from __future__ import annotations

import hashlib
import warnings
from contextlib import suppress
from functools import cache

from fuzz.target import Target
from holdfast.adapters.witness import checkpoints
from holdfast.core import anchor
from holdfast.core.opentimestamps import (
    MAGIC,
    DetachedProof,
    MalformedProof,
    digest_of,
    read_proof,
    read_timestamp,
)
from holdfast.core.verdict import ProofHelp
from holdfast.practice import blocks

SUBJECT = b"what was kept"


@cache
def run_of_headers() -> tuple[int, bytes]:
    """Two blocks of the practice chain; the second one's root is the subject's digest."""
    first = blocks.genesis()
    leaf = hashlib.sha256(SUBJECT).digest()
    transaction = blocks.commitment(leaf, first.id)
    second = blocks.mined(1, first.id, blocks.GENESIS_TIME + 600, (transaction,))
    return 0, first.header + second.header


def run(data: bytes) -> None:
    with suppress(MalformedProof):
        read_timestamp(data, bytes(32))
    try:
        proof = read_proof(data)
    except MalformedProof:
        proof = None
    else:
        as_the_library(data, proof)
    for practice in (False, True):
        lent = ProofHelp(header_run=run_of_headers(), practice=practice)
        stamp, findings = anchor.check("f", _digest, data, lent, checkpoints())
        assert findings
        assert all(finding.rule and finding.subject == "f" for finding in findings)
        assert (proof is None) <= (stamp.status == "broken")
        # Nobody mined a block of the real chain for us.
        assert stamp.status not in ("confirmed", "one_source")
        assert (stamp.status == "simulated") <= (stamp.network == "practice")


def _digest(name: str) -> bytes:
    return digest_of(name, SUBJECT)  # type: ignore[arg-type]  # it is asked for no other


def as_the_library(data: bytes, proof: DetachedProof) -> None:
    from opentimestamps.core.serialize import (
        BytesDeserializationContext,
        BytesSerializationContext,
    )
    from opentimestamps.core.timestamp import DetachedTimestampFile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = DetachedTimestampFile.deserialize(BytesDeserializationContext(data))
        written = BytesSerializationContext()
        read.serialize(written)
        theirs = sorted(message for message, _ in read.timestamp.all_attestations())
    assert read.file_digest == proof.digest
    assert theirs == sorted(one.message for one in proof.attestations)
    assert sorted(written.getbytes()) == sorted(data)


TARGET = Target(
    name="opentimestamps",
    run=run,
    tokens=(
        MAGIC,
        bytes.fromhex("0588960d73d71901"),
        bytes.fromhex("83dfe30d2ef90c8e"),
        bytes.fromhex("06869a0d73d71b45"),
        bytes.fromhex("30fe8087b5c7ead7"),
        b"\xff\x00",
        b"\xf0\x10",
        b"\xf1\x10",
        b"\x08\x08",
        b"https://a.pool.opentimestamps.org",
        b"file:///etc/passwd",
        b"http://169.254.169.254/",
    ),
    vectors=("ots/**/*.ots",),
    largest=16 << 10,
)
