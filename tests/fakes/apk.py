"""A small APK with a v2 and a v3 signing block around a certificate; its signature is nothing."""

from __future__ import annotations

import io
import struct
import zipfile


def _prefixed(*parts: bytes) -> bytes:
    whole = b"".join(parts)
    return struct.pack("<I", len(whole)) + whole


def _signers(certificate: bytes) -> bytes:
    signed = _prefixed(_prefixed(b"digests!"), _prefixed(_prefixed(certificate)), _prefixed())
    return _prefixed(_prefixed(signed, _prefixed(b"signature"), _prefixed(b"key")))


def apk(certificate: bytes, *, signed: bool = True, padding: int = 100_000) -> bytes:
    """Bytes of the APK."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        whole.writestr("AndroidManifest.xml", b"\0" * padding)
    data = file.getvalue()
    directory = struct.unpack("<I", data[-6:-2])[0]
    if not signed:
        return data
    block = b"".join(
        struct.pack("<QI", 4 + len(value), number) + value
        for number, value in (
            (0x7109871A, _signers(certificate)),
            (0xF05368C0, _signers(certificate)),
            (0x42726577, bytes(64)),
        )
    )
    length = len(block) + 24
    whole = struct.pack("<Q", length) + block + struct.pack("<Q", length) + b"APK Sig Block 42"
    moved = data[:directory] + whole + data[directory:]
    return moved[:-6] + struct.pack("<I", directory + len(whole)) + moved[-2:]
