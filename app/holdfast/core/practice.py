"""What marks the practice world 演练, wherever its proofs turn up.

The network of a proof is derived, never read: whatever ends in this genesis block or in these
roots is practice, whatever a record says and whichever root a caller hands over.  The keys come
from a public seed, so nothing that ends here is ever outside testimony.
"""

from __future__ import annotations

SEED = b"holdfast practice world 1"
"""Public on purpose: the practice keys are SHA-256 of it and a name."""

PROOF_MARK = b"holdfast practice chain"
"""Stands in every practice commitment transaction, so also inside every completed ``.ots``."""

CHAIN_BITS = 0x207FFFFF
"""nBits of every practice header: far below the floor of the real chain."""

GENESIS_HEADER = bytes.fromhex(
    "000000200000000000000000000000000000000000000000000000000000000000000000531096db"
    "55eb396047233348a573a51b7eaa09f401732359d3dce0c99fe91e0500e10b5effff7f2000000000"
)
"""The 80 bytes at height 0 of the practice chain."""

GENESIS_HASH = "26c13cd472b15b141f31f50d5c9e42277a6cad0612b936f01191e638d46593ac"
"""Its block hash in display order, as explorers write it."""

ROOT_FINGERPRINTS = frozenset(
    {
        "11f2ec7ac7f2f183bc73d6b2bb88b80f5016c262c9c8c3d76a8089b85ea6f11e",
        "f63fa080d41aeb8f85447a7b4754ccc8077ca78de93acf73e6b86fe368369b80",
    }
)
"""SHA-256 of the DER of both practice TSA root certificates, lower-case hex."""

DRAND_NAME = "practice"
DRAND_CHAIN = "2d1e222dab59c29aee5de53407ee56422ae617831f90a7f702e577742209ef54"
"""The hash of the practice beacon's parameters: a round of this chain is practice."""

DRAND_KEY = (
    "83b2c941bcb384e9b1fddc4cef84373c136b7b18d1a40b9f2e92981e8623ae83"
    "18de12da68c6e6e26287dae0237801520abb0afb45e3c6f8dde7f24b338e99f8"
    "63d0b267c2727275a2a1f23c4c0cf11943d1afde3ad78335b976f1a35127b470"
)
"""Its public key, a compressed point of G2; the secret one is as public."""

DRAND_SEED = "66e297f417202ef516023a666cf2ce022480341b69e43df47f8a414af56221b6"
"""SHA-256 of SEED and ``practice-drand/group``, in place of a first group's hash."""

DRAND_PERIOD = 3
"""Seconds."""
DRAND_GENESIS = 1577836800
"""2020-01-01T00:00:00Z: when round 1 of the practice beacon was due."""
