"""The practice authorities' keys and certificates, the same bytes on every machine.

Everything is derived from a public seed, so anybody can forge a practice time-stamp.  That is the
point: nothing that ends in these roots can ever be taken for outside testimony.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from holdfast.core.practice import SEED

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, ExtensionType, KeyUsage, Name

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of NIST P-256 (SEC 2 v2 §2.4.2)."""
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_ROOT_UNTIL = datetime(2049, 12, 31, tzinfo=UTC)
_SIGNER_UNTIL = datetime(2044, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One practice time-stamping authority: its signing key and its three certificates."""

    id: str
    name: str
    policy: str
    """OID under 2.999, the arc that ITU-T X.660 keeps for examples."""
    key: EllipticCurvePrivateKey
    signer: Certificate
    issuer: Certificate
    root: Certificate

    @property
    def issuer_key(self) -> EllipticCurvePrivateKey:
        """Signs what is published about ``signer``."""
        return _key(f"{self.id}/issuer")

    @property
    def root_key(self) -> EllipticCurvePrivateKey:
        """Signs what is published about ``issuer``."""
        return _key(f"{self.id}/root")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    id: str
    name: str
    common_name: str
    policy: str


_PLANS = (
    _Plan(
        id="practice-tsa-jia",
        name="演练时间戳服务甲 Practice TSA A",
        common_name="PRACTICE 演练 TSA A",
        policy="2.999.1161.1",
    ),
    _Plan(
        id="practice-tsa-yi",
        name="演练时间戳服务乙 Practice TSA B",
        common_name="PRACTICE 演练 TSA B",
        policy="2.999.1161.2",
    ),
)


@cache
def witnesses() -> tuple[Witness, ...]:
    """Both practice authorities."""
    return tuple(_witness(plan, "") for plan in _PLANS)


def published(witness: Witness, url: str) -> Witness:
    """The same authority where its certificates say that their revocation stands below ``url``.

    Where that is differs from world to world; the keys and the root do not.
    """
    (plan,) = (plan for plan in _PLANS if plan.id == witness.id)
    return _witness(plan, url)


def pem(*certificates: Certificate) -> bytes:
    """The certificates one after another, PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def fingerprint(certificate: Certificate) -> str:
    """SHA-256 of the certificate's DER, lower-case hex."""
    from cryptography.hazmat.primitives.hashes import SHA256

    return certificate.fingerprint(SHA256()).hex()


def _key(name: str) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    scalar = int.from_bytes(hashlib.sha256(SEED + name.encode()).digest(), "big")
    return ec.derive_private_key(scalar % (_ORDER - 1) + 1, ec.SECP256R1())


def _witness(plan: _Plan, url: str) -> Witness:
    keys = {part: _key(f"{plan.id}/{part}") for part in ("root", "issuer", "signer")}
    root_name = _name(f"{plan.common_name} root")
    issuer_name = _name(f"{plan.common_name} issuing")
    root = _certificate(root_name, keys["root"], root_name, keys["root"], _ROOT_UNTIL, depth=1)
    issuer = _certificate(
        issuer_name,
        keys["issuer"],
        root_name,
        keys["root"],
        _ROOT_UNTIL,
        depth=0,
        asked=_asked(url, ROOT_LIST),
    )
    signer = _certificate(
        _name(plan.common_name),
        keys["signer"],
        issuer_name,
        keys["issuer"],
        _SIGNER_UNTIL,
        asked=_asked(url, ISSUER_LIST),
    )
    return Witness(
        id=plan.id,
        name=plan.name,
        policy=plan.policy,
        key=keys["signer"],
        signer=signer,
        issuer=issuer,
        root=root,
    )


ROOT_LIST, ISSUER_LIST, RESPONDER = "/root.crl", "/issuing.crl", "/ocsp"


def _asked(url: str, where: str) -> tuple[str, str]:
    """Where the list and the responder are; both empty where nothing is published."""
    return (f"{url}{where}", f"{url}{RESPONDER}") if url else ("", "")


def _name(common_name: str) -> Name:
    from cryptography.x509 import Name, NameAttribute
    from cryptography.x509.oid import NameOID

    return Name(
        [
            NameAttribute(NameOID.ORGANIZATION_NAME, "Holdfast practice world 演练"),
            NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    subject: Name,
    key: EllipticCurvePrivateKey,
    issuer: Name,
    issuer_key: EllipticCurvePrivateKey,
    until: datetime,
    *,
    depth: int | None = None,
    asked: tuple[str, str] = ("", ""),
) -> Certificate:
    """A certificate with nothing random in it; an authority down to ``depth``, or a TSA's own."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    is_authority = depth is not None
    named = SEED + subject.public_bytes() + asked[0].encode()
    serial = int.from_bytes(hashlib.sha256(named).digest()[:15], "big")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(_FROM)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=depth), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if not is_authority:
        # RFC 3161 §2.3: exactly this one purpose, and critical.
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    if asked[0]:
        for extension in _publishing(*asked):
            builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)


def _publishing(listed: str, responder: str) -> tuple[ExtensionType, ExtensionType]:
    """RFC 5280 §4.2.1.13 and §4.2.2.1."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    at = [x509.UniformResourceIdentifier(listed)]
    how = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder)
    )
    return (
        x509.CRLDistributionPoints([x509.DistributionPoint(at, None, None, None)]),
        x509.AuthorityInformationAccess([how]),
    )


def _usage(*, is_authority: bool) -> KeyUsage:

    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
