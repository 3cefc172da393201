"""BLS signatures of drand rounds: a signature in G1, a public key in G2 of BLS12-381.

``py_ecc`` is plain Python and takes a good part of a second to import; it is loaded by whoever
checks a round and never at a start.
"""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from typing import Any

from holdfast.core.drand import DST, DrandChain, message

_DEPTH = min(sys.getrecursionlimit(), 1000)


def warm() -> None:
    """The library is loaded."""
    import py_ecc

    # It allows the whole program a hundred times the depth: input that is nested too deeply would
    # no longer be refused but run over the end of the stack.
    sys.setrecursionlimit(_DEPTH)
    import py_ecc.bls.hash_to_curve  # noqa: F401 -- loading it is the point


@lru_cache(maxsize=64)
def signed(chain: DrandChain, round: int, signature: bytes) -> bool:
    """Whether ``signature`` is the chain's own of that round.

    A point that is not on the curve, not in the group of prime order, or at infinity is no
    signature; a key of that kind is none either, and the chain's hash must be that of its key.
    """
    curve = _curve()
    if not chain.holds_together() or len(signature) != 48 or not 0 < round < 1 << 63:
        return False
    try:
        point = _g1(signature)
        key = _g2(bytes.fromhex(chain.public_key))
    except ValueError:
        return False
    # e(signature, G2) = e(H(message), key), with one final exponentiation for both sides.
    both = curve.pairing(curve.G2, point, final_exponentiate=False) * curve.pairing(
        curve.neg(key), _hashed(round), final_exponentiate=False
    )
    return bool(curve.final_exponentiate(both) == curve.FQ12.one())


def _curve() -> Any:
    warm()
    from py_ecc import optimized_bls12_381

    return optimized_bls12_381


def _hashed(round: int) -> Any:
    from py_ecc.bls.hash_to_curve import hash_to_G1

    sha256: Any = hashlib.sha256
    return hash_to_G1(message(round), DST, sha256)


def _g1(raw: bytes) -> Any:
    """The point.  Raises ValueError."""
    from py_ecc.bls.point_compression import decompress_G1
    from py_ecc.bls.typing import G1Compressed

    return _sound(decompress_G1(G1Compressed(int.from_bytes(raw, "big"))))


@lru_cache(maxsize=8)
def _g2(raw: bytes) -> Any:
    """The point.  Raises ValueError."""
    from py_ecc.bls.point_compression import decompress_G2
    from py_ecc.bls.typing import G2Compressed

    halves = (int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    return _sound(decompress_G2(G2Compressed(halves)))


def _sound(point: Any) -> Any:
    """The point, if it generates the group.  Raises ValueError."""
    from py_ecc.bls.g2_primitives import subgroup_check

    if _curve().is_inf(point) or not subgroup_check(point):
        raise ValueError("not a point of the group")
    return point
