"""A time-stamping authority by RFC 3161, answering over HTTP as its §3.4 says."""

from __future__ import annotations

import hashlib
import math
import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

from holdfast.ports import Clock
from holdfast.practice import revocation
from holdfast.practice.keys import Witness, published
from holdfast.practice.server import Reply, Request, text

BODY_LIMIT = 65_536

_ACCURACY_S = 1
_IMPRINTS = {
    "2.16.840.1.101.3.4.2.1": 32,  # SHA-256
    "2.16.840.1.101.3.4.2.2": 48,  # SHA-384
    "2.16.840.1.101.3.4.2.3": 64,  # SHA-512
    "1.2.156.10197.1.401": 32,  # SM3 (GB/T 32905)
}
"""OIDs of the hashes it stamps, with their length in bytes."""

_TSP_ERRORS = (ValueError, TypeError, KeyError)
"""What asn1crypto raises over malformed input."""


class _RejectedError(Exception):
    """A request that gets no token; ``failure`` is a PKIFailureInfo name (RFC 3161 §2.4.2)."""

    def __init__(self, failure: str, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class TimeStamper:
    """Answers ``POST`` with ``application/timestamp-query``, and what is published beside it."""

    def __init__(self, witness: Witness, clock: Clock) -> None:
        self._witness = witness
        self._clock = clock

    def publish(self, url: str) -> None:
        """From now on its certificates say that their revocation is to be asked for at ``url``."""
        self._witness = published(self._witness, url)

    def answer(self, request: Request) -> Reply:
        """One request."""
        if (told := revocation.answer(request, self._witness, self._clock.now())) is not None:
            return told
        if request.method != "POST":
            return text(405, "PRACTICE 演练: a time-stamping authority; POST a timestamp-query")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/timestamp-query":
            return text(415, "application/timestamp-query expected")
        return Reply(
            body=reply(request.body, self._witness, self._clock.now()),
            content_type="application/timestamp-reply",
        )


def reply(query: bytes, witness: Witness, now: datetime) -> bytes:
    """The DER TimeStampResp to a DER TimeStampReq: granted with a token, or rejected and why."""
    from asn1crypto import cms, core, tsp

    class Response(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
        """RFC 3161 §2.4.2; asn1crypto's own insists on a token, which a refusal has not."""

        _fields: ClassVar[Any] = [
            ("status", tsp.PKIStatusInfo),
            ("time_stamp_token", cms.ContentInfo, {"optional": True}),
        ]

    try:
        asked = _asked(query, witness)
    except _RejectedError as refusal:
        status = {
            "status": "rejection",
            "status_string": [str(refusal)],
            "fail_info": {refusal.failure},
        }
        return bytes(Response({"status": status}).dump())
    return bytes(
        Response(
            {
                "status": {"status": "granted"},
                "time_stamp_token": _token(asked, witness, now),
            }
        ).dump()
    )


def _asked(query: bytes, witness: Witness) -> Any:
    """The parsed request.  Raises _RejectedError."""
    from asn1crypto import tsp

    try:
        asked = tsp.TimeStampReq.load(query, strict=True)
        version = asked["version"].native
        algorithm = asked["message_imprint"]["hash_algorithm"]["algorithm"].dotted
        imprint = asked["message_imprint"]["hashed_message"].native
        policy = asked["req_policy"].dotted if asked["req_policy"].native is not None else None
        extensions = asked["extensions"].native
        _ = asked["nonce"].native, asked["cert_req"].native
    except _TSP_ERRORS as error:
        raise _RejectedError("bad_data_format", "not a time-stamp request") from error
    if version != "v1":
        raise _RejectedError("bad_request", "version 1 expected")
    if algorithm not in _IMPRINTS:
        raise _RejectedError("bad_alg", "this hash is not accepted")
    if len(imprint) != _IMPRINTS[algorithm]:
        raise _RejectedError("bad_data_format", "the digest has the wrong length")
    if policy not in {None, witness.policy}:
        raise _RejectedError("unaccepted_policy", "another policy was asked for")
    if extensions:
        raise _RejectedError("unaccepted_extensions", "extensions are not accepted")
    return asked


def _token(asked: Any, witness: Witness, now: datetime) -> Any:
    """The signed token: RFC 3161 §2.4.2, with ESSCertIDv2 (RFC 5816 §2.2.1)."""
    from asn1crypto import cms, tsp, x509
    from cryptography.hazmat.primitives.serialization import Encoding

    signer, issuer = (
        x509.Certificate.load(certificate.public_bytes(Encoding.DER))
        for certificate in (witness.signer, witness.issuer)
    )
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": witness.policy,
            "message_imprint": asked["message_imprint"],
            "serial_number": secrets.randbits(127) + 1,
            # Whole seconds, rounded up: "not later than" must stay true.
            "gen_time": _ceiling(now),
            "accuracy": {"seconds": _ACCURACY_S},
            "tsa": x509.GeneralName("directory_name", signer.subject),
        }
    )
    if asked["nonce"].native is not None:
        info["nonce"] = asked["nonce"].native
    content = info.dump()
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
            {
                "type": "signing_certificate_v2",
                "values": [
                    {
                        "certs": [
                            {
                                "cert_hash": hashlib.sha256(signer.dump()).digest(),
                                "issuer_serial": {
                                    "issuer": [x509.GeneralName("directory_name", signer.issuer)],
                                    "serial_number": signer.serial_number,
                                },
                            }
                        ]
                    }
                ],
            },
        ]
    )
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": info},
            # §2.4.1 certReq: the signer's certificate, and what leads from it to the root.
            "certificates": [signer, issuer] if asked["cert_req"].native else None,
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": {
                        "issuer_and_serial_number": {
                            "issuer": signer.issuer,
                            "serial_number": signer.serial_number,
                        }
                    },
                    "digest_algorithm": {"algorithm": "sha256"},
                    "signed_attrs": attributes,
                    "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                    "signature": _signature(attributes.untag().dump(), witness),
                }
            ],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": signed})


def _ceiling(now: datetime) -> datetime:
    return datetime.fromtimestamp(math.ceil(now.timestamp()), UTC)


def _signature(attributes: bytes, witness: Witness) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return witness.key.sign(attributes, ec.ECDSA(hashes.SHA256()))
