"""A picture signed for C2PA by a firm that does not exist."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from holdfast.adapters.clock import SystemClock

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def signed(*, remote: str = "") -> bytes:
    """A JPEG whose credentials say that it was made by AI; ``remote``: they lie there instead."""
    library = pytest.importorskip("c2pa")
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from PIL import Image

    leaf, authority, key = _chain()
    chain = leaf.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = library.Signer.from_info(
        library.C2paSignerInfo(library.C2paSigningAlg.ES256, chain, private, None)
    )
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": AI}]}
    builder = library.Builder(
        {
            "claim_generator_info": [{"name": "Test Maker", "version": "1"}],
            "format": "image/jpeg",
            "assertions": [{"label": "c2pa.actions", "data": actions}],
        }
    )
    if remote:
        builder.set_no_embed()
        builder.set_remote_url(remote)
    plain, out = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(plain, "JPEG")
    plain.seek(0)
    builder.sign(signer, "image/jpeg", plain, out)
    builder.close()
    signer.close()
    return out.getvalue()


def _chain() -> tuple[Any, Any, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = SystemClock().now()

    def named(name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Nobody Ltd"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )

    def usage(*, signs: bool, certifies: bool) -> x509.KeyUsage:
        return x509.KeyUsage(signs, False, False, False, False, certifies, certifies, False, False)

    roots, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def base(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("Root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(roots.public_key()), False
            )
        )

    authority = (
        base("Root", roots)
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(usage(signs=False, certifies=True), True)
        .sign(roots, hashes.SHA256())
    )
    leaf = (
        base("Leaf", own)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(usage(signs=True, certifies=False), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .sign(roots, hashes.SHA256())
    )
    return leaf, authority, own
