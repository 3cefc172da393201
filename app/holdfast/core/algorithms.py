"""What hashes and signatures are called in certificates and tokens, and what their names bind."""

from __future__ import annotations

import hashlib
from typing import Final

from holdfast.core import der

_HASHES: Final = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.8": "sha3_256",
    "2.16.840.1.101.3.4.2.9": "sha3_384",
    "2.16.840.1.101.3.4.2.10": "sha3_512",
    "1.2.156.10197.1.401": "sm3",
}
"""hashlib's names."""
SIZES: Final = {
    "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64,
    "sha3_256": 32, "sha3_384": 48, "sha3_512": 64, "sm3": 32,
}  # fmt: skip
"""Of digests, in octets; a name that does not stand here is accepted nowhere."""

SM2_SIGNATURES: Final = frozenset({"1.2.156.10197.1.501", "1.2.156.10197.1.301.1"})
"""SM2 with SM3, and SM2 alone (GB/T 32918, GM/T 0006): read, never computed here."""

RSA: Final = "1.2.840.113549.1.1.1"
RSA_WITH: Final = {
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
"""RSA (PKCS #1 v1.5) by the hash that each name of it is over."""
ECDSA_WITH: Final = {
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "2.16.840.1.101.3.4.3.10": "sha3_256",
    "2.16.840.1.101.3.4.3.11": "sha3_384",
    "2.16.840.1.101.3.4.3.12": "sha3_512",
}
SIGNED_OVER: Final = {**RSA_WITH, **ECDSA_WITH}
"""The hash, where the name of a signature says it."""
RSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
EDDSA: Final = frozenset({"1.3.101.112", "1.3.101.113"})
_KEY_KINDS: Final = {
    **dict.fromkeys((RSA, *RSA_WITH), frozenset({RSA})),
    RSA_PSS: frozenset({RSA, RSA_PSS}),
    **dict.fromkeys(ECDSA_WITH, frozenset({"1.2.840.10045.2.1"})),
    **{name: frozenset({name}) for name in EDDSA},
}
"""The kinds of keys by what their signatures are called."""


def read_algorithm(node: der.Node) -> tuple[str, bytes]:
    """OID and DER of the parameters of an AlgorithmIdentifier."""
    node.expect(der.SEQUENCE)
    if not 1 <= len(node.children) <= 2:
        raise ValueError("impossible AlgorithmIdentifier")
    return node.children[0].oid(), b"".join(part.raw for part in node.children[1:])


def hash_name(node: der.Node) -> str:
    """What hashlib calls the hash of an AlgorithmIdentifier; its OID where it is none of ours."""
    oid, _ = read_algorithm(node)
    return _HASHES.get(oid, oid)


def hashed(name: str, data: bytes) -> bytes | None:
    """The digest; None where this Python has no such hash, or it is none of those accepted."""
    if name not in SIZES:
        # OpenSSL would also take an OID for a name, and compute MD5.
        return None
    try:
        return hashlib.new(name, data, usedforsecurity=False).digest()
    except ValueError:
        return None


def read_pss(parameters: bytes) -> tuple[str, str, int, int]:
    """Hash, hash of the mask, length of the salt and trailer (RFC 4055 §3.1)."""
    listed = der.read(parameters).expect(der.SEQUENCE).children
    tags = [part.tag for part in listed]
    if tags != sorted({*tags} & {0xA0, 0xA1, 0xA2, 0xA3}):
        raise ValueError("impossible RSASSA-PSS-params")
    stated = {part.tag: part.exactly(1)[0] for part in listed}
    mask = "sha1"
    if 0xA1 in stated:
        kind, over = stated[0xA1].expect(der.SEQUENCE).exactly(2)
        if kind.oid() != _MGF1:
            raise ValueError("a mask of another kind")
        mask = hash_name(over)
    return (
        hash_name(stated[0xA0]) if 0xA0 in stated else "sha1",
        mask,
        stated[0xA2].integer() if 0xA2 in stated else 20,
        stated[0xA3].integer() if 0xA3 in stated else 1,
    )


def pss(parameters: bytes) -> tuple[str, int] | None:
    """Hash and length of the salt of an RSASSA-PSS signature, from its parameters (DER).

    None for those that not every library computes with: one hash for message and mask, a salt as
    long as some hash at most.
    """
    try:
        name, mask, salt, trailer = read_pss(parameters)
    except (ValueError, IndexError):
        return None
    usual = name == mask and name in SIZES and 0 <= salt <= 64 and trailer == 1
    return (name, salt) if usual else None


def fits_key(algorithm: str, public_key: bytes) -> bool:
    """Whether a signature of that name can be one by that key (SubjectPublicKeyInfo).

    Nothing signs the name, in a token or beside an answer, and openssl goes by the key alone.
    """
    try:
        kind = der.read(public_key).children[0].children[0].oid()
    except (ValueError, IndexError):
        return True
    return kind in _KEY_KINDS.get(algorithm, {kind})
