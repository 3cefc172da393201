"""One tip over many digests, and each digest's way up to it, as OpenTimestamps writes them.

The shape is the reference library's own: neighbours are joined pair by pair, one without a
neighbour rises, and every leaf lies under a nonce.  The library makes one object an operation,
which ten thousand digests feel; here a path is the octets it will be in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.opentimestamps import MAGIC

NONCE = 16
"""Random octets under each leaf, so that the tree tells nobody about its neighbours."""

_HEAD = MAGIC + b"\x01\x08"
_APPEND, _PREPEND, _SHA256 = b"\xf0", b"\xf1", b"\x08"


@dataclass(frozen=True, slots=True)
class Tree:
    """``tip`` is what calendars are sent; ``paths`` lead there from each digest, in order."""

    tip: bytes
    digests: tuple[bytes, ...]
    paths: tuple[bytes, ...]

    @property
    def levels(self) -> int:
        """Operations between the lowest leaf and the tip: nonce, hash, and two for each fork."""
        return 2 + 2 * (len(self.digests) - 1).bit_length()

    def proof(self, at: int, above: bytes) -> bytes:
        """The detached proof of one digest; ``above`` is the tip's own serialised tree."""
        return _HEAD + self.digests[at] + self.paths[at] + above


def tree(digests: Sequence[bytes], nonces: Sequence[bytes]) -> Tree:
    """The tree over SHA-256 digests, each under its nonce.

    Raises ValueError without a digest, and for digests or nonces of another size.
    """
    if not digests or len(digests) != len(nonces):
        raise ValueError("a nonce for each digest")
    if any(len(one) != 32 for one in digests) or any(len(one) != NONCE for one in nonces):
        raise ValueError("digests of 32 and nonces of 16 octets")
    below = [
        _sha256(digest + nonce) for digest, nonce in zip(digests, nonces, strict=True)
    ]  # fmt: skip
    levels = [below]
    while len(levels[-1]) > 1:
        nodes = levels[-1]
        joined = [_sha256(nodes[at] + nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        levels.append([*joined, *nodes[len(joined) * 2 :]])
    # From the tip down, so that what leads on from a fork is written once for all beneath it.
    paths = [b""]
    for nodes in reversed(levels[:-1]):
        paths = [_step(nodes, at) + paths[at // 2] for at in range(len(nodes))]
    started = (
        _field(_APPEND, nonce) + _SHA256 + path for nonce, path in zip(nonces, paths, strict=True)
    )
    return Tree(levels[-1][0], tuple(digests), tuple(started))


def _step(nodes: Sequence[bytes], at: int) -> bytes:
    """What joins a node with its neighbour; nothing for one that rises alone."""
    if at % 2:
        return _field(_PREPEND, nodes[at - 1]) + _SHA256
    if at + 1 < len(nodes):
        return _field(_APPEND, nodes[at + 1]) + _SHA256
    return b""


def _field(operation: bytes, argument: bytes) -> bytes:
    return operation + bytes((len(argument),)) + argument


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
