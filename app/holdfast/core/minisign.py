"""minisign signatures: four lines of text that Frank Denis's program and this one both check.

The prehashed form (``ED``): Ed25519 over BLAKE2b-512 of the file, and once more over that signature
and the trusted comment.  The key is the installation's; its id is the start of its SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

UNTRUSTED = "untrusted comment: "
TRUSTED = "trusted comment: "
COMMENT = "signature by the key of a Holdfast installation"
MAX_SIGNATURE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A ``.minisig`` file."""

    key_id: bytes
    """8 bytes."""
    signature: bytes
    comment: str
    """The trusted one, which is signed too."""
    over_comment: bytes

    @property
    def note(self) -> bytes:
        """The file."""
        first = base64.b64encode(b"ED" + self.key_id + self.signature).decode()
        last = base64.b64encode(self.over_comment).decode()
        return f"{UNTRUSTED}{COMMENT}\n{first}\n{TRUSTED}{self.comment}\n{last}\n".encode()


def key_line(public_key: bytes) -> str:
    """The public key as ``minisign -P`` takes it."""
    return base64.b64encode(b"Ed" + _key_id(public_key) + public_key).decode()


def _key_id(public_key: bytes) -> bytes:
    return hashlib.sha256(public_key).digest()[:8]


def sign(
    data: bytes, comment: str, public_key: bytes, signer: Callable[[bytes], bytes]
) -> Signature:
    """``data`` signed; ``signer`` makes 64 bytes of Ed25519 over what it is given."""
    signature = signer(hashlib.blake2b(data).digest())
    return Signature(
        key_id=_key_id(public_key),
        signature=signature,
        comment=comment,
        over_comment=signer(signature + comment.encode()),
    )


def read_signature(raw: bytes) -> Signature:
    """The signature in a file.  Raises ValueError unless it is exactly as ``sign`` writes it."""
    lines = raw[: MAX_SIGNATURE + 1].decode().split("\n")
    if len(lines) != 5 or not lines[2].startswith(TRUSTED):
        raise ValueError("not four lines of a minisign signature")
    try:
        first = base64.b64decode(lines[1], validate=True)
        last = base64.b64decode(lines[3], validate=True)
    except binascii.Error as error:
        raise ValueError("malformed Base64") from error
    found = Signature(
        key_id=first[2:10],
        signature=first[10:],
        comment=lines[2].removeprefix(TRUSTED),
        over_comment=last,
    )
    if len(first) != 74 or len(last) != 64 or found.note != raw:
        raise ValueError("not a minisign signature in its one form")
    return found


def holds(
    signature: Signature,
    data: bytes,
    public_key: bytes,
    verify: Callable[[bytes, bytes, bytes], bool],
) -> bool:
    """Whether both signatures are by ``public_key`` and over ``data`` and the comment.

    ``verify`` takes public key, signature and message.
    """
    return (
        signature.key_id == _key_id(public_key)
        and verify(public_key, signature.signature, hashlib.blake2b(data).digest())
        and verify(
            public_key, signature.over_comment, signature.signature + signature.comment.encode()
        )
    )
