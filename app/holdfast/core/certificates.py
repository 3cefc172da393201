"""Certificate files as a pack holds them: nothing but certificates in their one PEM form."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from holdfast.core.rfc3161 import read_certificates


def read_pem(raw: bytes) -> tuple[bytes, ...]:
    """The DER of each certificate, in order.

    Raises ValueError unless ``write_pem`` gives the same bytes, so that nothing can stand between.
    """
    found = read_certificates(raw)
    if write_pem(found) != raw:
        raise ValueError("something stands beside the certificates")
    return found


def write_pem(certificates: Sequence[bytes]) -> bytes:
    """Certificates (DER) one after another in PEM (RFC 7468 §2), 64 columns."""
    return b"".join(_block(der) for der in certificates)


def _block(der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    rows = "".join(text[at : at + 64] + "\n" for at in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{rows}-----END CERTIFICATE-----\n".encode()


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate, lower-case hex."""
    return hashlib.sha256(der).hexdigest()


def fingerprints(raw: bytes) -> tuple[str, ...]:
    """The fingerprint of each certificate in a PEM or DER file.  Raises ValueError."""
    return tuple(fingerprint(der) for der in read_certificates(raw))
