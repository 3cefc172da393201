"""drand: rounds that a league of operators signs every few seconds, and nobody can sign earlier.

A chain is named by the hash of its own parameters, public key included, so whoever knows the name
can tell a wrong key (drand's ``chain.Info.Hash``).  Checking a signature needs pairings, which the
standard library has not; what can be said without them is said here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from holdfast.core import practice

SCHEME = "bls-unchained-g1-rfc9380"
"""Signatures are points of G1 over SHA-256 of the round, keys are points of G2."""
DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
"""The domain separation tag of that scheme (RFC 9380 §3.1)."""
MAX_ROUND = 2**35
"""Three thousand years of rounds, and still a date."""

_SIGNATURE = re.compile(r"[0-9a-f]{96}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrandChain:
    """One chain of rounds, and where it may be asked for."""

    id: str
    name: str
    """The beacon's own name, part of the hash; ``default`` is not."""
    hash: str
    """Hex, as it stands in addresses and in manifests."""
    public_key: str
    """Compressed point of G2, 96 bytes, hex."""
    period: int
    """Seconds between two rounds."""
    genesis: int
    """When round 1 was due, Unix seconds."""
    seed: str
    """``groupHash`` of the chain's first group, hex."""
    urls: tuple[str, ...] = ()

    def time(self, round: int) -> int:
        """When the round was due, Unix seconds."""
        return self.genesis + self.period * (round - 1)

    def newest(self, now: float) -> int:
        """The round that is due last at ``now``; 0 before the first."""
        return max(0, int(now - self.genesis) // self.period + 1)

    def holds_together(self) -> bool:
        """Whether the hash is that of the parameters, so that no other key can stand in."""
        if not re.fullmatch(r"[0-9a-f]{192}", self.public_key):
            return False
        if not re.fullmatch(r"[0-9a-f]{64}", self.seed):
            return False
        return self.hash == chain_hash(
            bytes.fromhex(self.public_key), self.period, self.genesis, self.seed, self.name
        )


def chain_hash(public_key: bytes, period: int, genesis: int, seed: str, name: str) -> str:
    """The name of a chain with these parameters, hex (drand, ``common/chain/info.go``)."""
    told = period.to_bytes(4, "big") + genesis.to_bytes(8, "big") + public_key
    told += bytes.fromhex(seed)
    if name != "default":
        told += name.encode()
    return hashlib.sha256(told).hexdigest()


def message(round: int) -> bytes:
    """What the league signs for a round."""
    return hashlib.sha256(round.to_bytes(8, "big")).digest()


def read_signature(text: str) -> bytes | None:
    """The 48 bytes of a signature in lower-case hex; None for anything else."""
    return bytes.fromhex(text) if _SIGNATURE.fullmatch(text) else None


PRACTICE = DrandChain(
    id="practice-drand",
    name=practice.DRAND_NAME,
    hash=practice.DRAND_CHAIN,
    public_key=practice.DRAND_KEY,
    period=practice.DRAND_PERIOD,
    genesis=practice.DRAND_GENESIS,
    seed=practice.DRAND_SEED,
)
"""The practice world's chain.  Its key is public on both sides: whatever it signs is practice."""
