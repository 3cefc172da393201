"""Ed25519 keys for tests, made from a word."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.core.ledger import Checkpoint, VerifierKey, leaf_hash, tree_root


@dataclass(frozen=True)
class Signer:
    word: str

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.word.encode()).digest())

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def named(self, name: str) -> VerifierKey:
        return VerifierKey(name=name, public_key=self.public)


ORIGIN = "holdfast.local/01930000-0000-7000-8000-000000000001"


def leaves(count: int, word: str = "line") -> list[bytes]:
    return [leaf_hash(f"{word} {at}".encode()) for at in range(count)]


def head(
    size: int, by: Signer | None = None, word: str = "line", origin: str = ORIGIN
) -> Checkpoint:
    bare = Checkpoint(origin=origin, size=size, root=tree_root(leaves(size, word)))
    return bare if by is None else bare.signed(origin, by.public, by.sign(bare.text))
