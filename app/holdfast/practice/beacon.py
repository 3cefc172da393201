"""The practice world's own drand: real signatures by a key that anybody can derive."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from functools import lru_cache
from typing import Any

from holdfast.core.drand import DST, PRACTICE, SCHEME, message
from holdfast.core.practice import SEED
from holdfast.ports import Clock
from holdfast.practice.server import Reply, Request, text

_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
"""Of the groups of BLS12-381 (draft-irtf-cfrg-pairing-friendly-curves §4.2.1)."""
_ROUND = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class RoundBeacon:
    """``GET /<chain>/public/latest``, ``/<chain>/public/<round>`` and ``/<chain>/info``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def answer(self, request: Request) -> Reply:
        """One request.  A round that is not due yet is not there."""
        due = PRACTICE.newest(self._clock.now().timestamp())
        match request.path.split("/"):
            case ["", PRACTICE.hash, "public", "latest"]:
                return _told(due)
            case ["", PRACTICE.hash, "public", wanted] if _ROUND.fullmatch(wanted):
                return _told(int(wanted)) if int(wanted) <= due else text(404, "Too early")
            case ["", PRACTICE.hash, "info"]:
                return _json(
                    {
                        "public_key": PRACTICE.public_key,
                        "period": PRACTICE.period,
                        "genesis_time": PRACTICE.genesis,
                        "hash": PRACTICE.hash,
                        "groupHash": PRACTICE.seed,
                        "schemeID": SCHEME,
                        "metadata": {"beaconID": PRACTICE.name},
                    }
                )
        return text(404, "Not found")


def secret() -> int:
    """The practice beacon's secret key, which is none: SHA-256 of a public seed and a name."""
    derived = int.from_bytes(hashlib.sha256(SEED + b"practice-drand/key").digest(), "big")
    return derived % (_ORDER - 1) + 1


_DEPTH = min(sys.getrecursionlimit(), 1000)


def _library() -> Any:
    """The curve; loading it must not allow the whole program a hundred times the depth."""
    import py_ecc

    sys.setrecursionlimit(_DEPTH)
    return py_ecc.optimized_bls12_381


@lru_cache(maxsize=64)
def sign(round: int) -> bytes:
    """The practice signature of a round, 48 bytes."""
    curve = _library()
    from py_ecc.bls.hash_to_curve import hash_to_G1
    from py_ecc.bls.point_compression import compress_G1

    sha256: Any = hashlib.sha256
    point = curve.multiply(hash_to_G1(message(round), DST, sha256), secret())
    return compress_G1(point).to_bytes(48, "big")


def public_key() -> str:
    """What the secret key gives: the constant in ``core.practice``, hex."""
    curve = _library()
    from py_ecc.bls.point_compression import compress_G2

    halves = compress_G2(curve.multiply(curve.G2, secret()))
    return "".join(half.to_bytes(48, "big").hex() for half in halves)


def _told(round: int) -> Reply:
    signature = sign(round)
    return _json(
        {
            "round": round,
            "randomness": hashlib.sha256(signature).hexdigest(),
            "signature": signature.hex(),
        }
    )


def _json(value: object) -> Reply:
    return Reply(body=json.dumps(value).encode(), content_type="application/json")
