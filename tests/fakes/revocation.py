"""A root, an issuing authority and a signer, and what is published about them, made to order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from fakes.tsa import NOW, Pair, issue, issue_signer
from holdfast.core.certificates import Certificate, read_certificate

HOUR = timedelta(hours=1)

Extension = tuple[cx509.ExtensionType, bool]


@cache
def world() -> tuple[Pair, Pair, Pair]:
    """Root, issuing authority and signer."""
    root = issue("Root")
    middle = issue("Issuing", root)
    return root, middle, issue_signer(middle)


def path() -> tuple[Certificate, ...]:
    root, middle, signer = world()
    return tuple(read_certificate(one.der) for one in (signer, middle, root))


def crl(
    issuer: Pair,
    revoked: Sequence[tuple[Pair, datetime, ReasonFlags | None]] = (),
    *,
    made: datetime = NOW - HOUR,
    until: datetime = NOW + HOUR,
    extensions: Sequence[Extension] = (),
    entry: Sequence[Extension] = (),
    key: Any = None,
) -> bytes:
    builder = (
        cx509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(made)
        .next_update(until)
    )
    for pair, since, reason in revoked:
        one = (
            cx509.RevokedCertificateBuilder()
            .serial_number(pair.certificate.serial_number)
            .revocation_date(since)
        )
        if reason is not None:
            one = one.add_extension(cx509.CRLReason(reason), critical=False)
        for extension, critical in entry:
            one = one.add_extension(extension, critical=critical)
        builder = builder.add_revoked_certificate(one.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def answer(
    certificate: Pair,
    issuer: Pair,
    *,
    by: Pair | None = None,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    since: datetime | None = None,
    reason: ReasonFlags | None = None,
    made: datetime = NOW,
    until: datetime | None = NOW + HOUR,
    algorithm: Any = None,
) -> bytes:
    signer = by or issuer
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate.certificate,
            issuer=issuer.certificate,
            algorithm=algorithm or hashes.SHA1(),
            cert_status=status,
            this_update=made,
            next_update=until,
            revocation_time=since,
            revocation_reason=reason,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
    )
    if by is not None:
        builder = builder.certificates([by.certificate])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def pointed(signer: Pair, issuer: Pair, *urls: str) -> Pair:
    """A signer whose certificate says where its list is."""
    builder = (
        cx509.CertificateBuilder()
        .subject_name(signer.certificate.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(signer.key.public_key())
        .serial_number(77)
        .not_valid_before(NOW - HOUR)
        .not_valid_after(NOW + HOUR)
    )
    if urls:
        points = [
            cx509.DistributionPoint([cx509.UniformResourceIdentifier(url)], None, None, None)
            for url in urls
        ]
        asked = [
            cx509.AccessDescription(
                AuthorityInformationAccessOID.OCSP,
                cx509.UniformResourceIdentifier("http://tsa.example/ocsp"),
            ),
            cx509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                cx509.UniformResourceIdentifier("http://tsa.example/issuing.crt"),
            ),
        ]
        builder = builder.add_extension(
            cx509.CRLDistributionPoints(points), critical=False
        ).add_extension(cx509.AuthorityInformationAccess(asked), critical=False)
    return Pair(builder.sign(issuer.key, hashes.SHA256()), signer.key)
