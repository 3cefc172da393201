"""What a practice authority publishes about its certificates: two lists and a responder.

None of them was ever withdrawn: everybody has the keys anyway.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from holdfast.practice.keys import ISSUER_LIST, RESPONDER, ROOT_LIST, Witness
from holdfast.practice.server import Reply, Request, text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

VALID = timedelta(days=1)


def answer(request: Request, witness: Witness, now: datetime) -> Reply | None:
    """A list or an answer; None for a request that is about something else."""
    if request.method == "GET" and request.path == ISSUER_LIST:
        return _listed(witness.issuer, witness.issuer_key, now)
    if request.method == "GET" and request.path == ROOT_LIST:
        return _listed(witness.root, witness.root_key, now)
    if request.path != RESPONDER:
        return None
    if request.headers.get("content-type", "") != "application/ocsp-request":
        return text(415, "application/ocsp-request expected")
    return Reply(
        body=_responded(request.body, witness, now), content_type="application/ocsp-response"
    )


def _listed(issuer: Certificate, key: EllipticCurvePrivateKey, now: datetime) -> Reply:
    """An empty list by ``issuer``, of the hour."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    hour = now.replace(minute=0, second=0, microsecond=0)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(hour)
        .next_update(hour + VALID)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .add_extension(x509.CRLNumber(int(hour.timestamp())), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Reply(body=made.public_bytes(Encoding.DER), content_type="application/pkix-crl")


def _responded(question: bytes, witness: Witness, now: datetime) -> bytes:
    """Good for its own two certificates, malformed or unauthorized for anything else."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    try:
        asked = ocsp.load_der_ocsp_request(question)
        serial = asked.serial_number
    except ValueError:
        refused = ocsp.OCSPResponseStatus.MALFORMED_REQUEST
        return ocsp.OCSPResponseBuilder.build_unsuccessful(refused).public_bytes(Encoding.DER)
    known = {
        witness.signer.serial_number: (witness.signer, witness.issuer, witness.issuer_key),
        witness.issuer.serial_number: (witness.issuer, witness.root, witness.root_key),
    }
    if serial not in known:
        refused = ocsp.OCSPResponseStatus.UNAUTHORIZED
        return ocsp.OCSPResponseBuilder.build_unsuccessful(refused).public_bytes(Encoding.DER)
    certificate, issuer, key = known[serial]
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=issuer,
            algorithm=hashes.SHA1(),  # noqa: S303 -- how RFC 5019 §2.1.1 wants certificates named
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=now.replace(microsecond=0),
            next_update=now.replace(microsecond=0) + VALID,
            revocation_time=None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
