"""A throw-away certification authority and tokens made to order, right or wrong in one place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as ax509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import NameOID

from holdfast.core import der
from holdfast.core.certificates import Certificate, read_certificate

NOW = datetime(2026, 11, 12, 13, 6, 31, tzinfo=UTC)
SUBJECT = b"what was kept"
POLICY = "1.3.6.1.4.1.99999.7"


def digest(name: str) -> bytes:
    return hashlib.new(name, SUBJECT).digest()


def name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def read(pair: Pair) -> Certificate:
    return read_certificate(pair.der)


def issue(
    subject: str,
    issuer: Pair | None = None,
    *,
    key: Any = None,
    authority: bool = True,
    purposes: Sequence[x509.ObjectIdentifier] | None = None,
    critical: bool = True,
    since: datetime = NOW - timedelta(days=30),
    until: datetime = NOW + timedelta(days=300),
    serial: int | None = None,
    depth: int | None = None,
    signs: bool = True,
    uses: Mapping[str, bool] | None = None,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Pair:
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer or Pair(None, key)  # type: ignore[arg-type]  # it signs itself
    stated = {
        "digital_signature": signs and not authority, "content_commitment": False,
        "key_encipherment": not signs, "data_encipherment": False, "key_agreement": False,
        "key_cert_sign": authority, "crl_sign": authority, "encipher_only": False,
        "decipher_only": False,
    }  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=depth), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(**{**stated, **(uses or {})}), critical=True)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    for extension, is_critical in more:
        builder = builder.add_extension(extension, critical=is_critical)
    algorithm = None if isinstance(signer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Pair(builder.sign(signer.key, algorithm), key)


@dataclass
class Resigned(Pair):
    """A certificate whose signature was made anew over a hash that libraries refuse to write."""

    raw: bytes = b""

    @property
    def der(self) -> bytes:
        return self.raw

    @classmethod
    def over(cls, pair: Pair, issuer: Pair, hash_name: str) -> Resigned:
        """``pair``'s certificate, signed by ``issuer``'s RSA key over md5 or sha1."""
        scheme = ax509.SignedDigestAlgorithm({"algorithm": f"{hash_name}_rsa"})
        made = ax509.Certificate.load(pair.der)
        made["tbs_certificate"]["signature"] = scheme
        body = made["tbs_certificate"].dump(force=True)
        hashed = {"md5": hashes.MD5(), "sha1": hashes.SHA1()}[hash_name]
        signature = issuer.key.sign(body, padding.PKCS1v15(), hashed)
        made["signature_algorithm"], made["signature_value"] = scheme, signature
        return cls(pair.certificate, pair.key, made.dump(force=True))


def issue_signer(issuer: Pair, subject: str = "Test TSA", **options: Any) -> Pair:
    options = {"purposes": [Eku.TIME_STAMPING], **options}
    return issue(subject, issuer, authority=False, **options)


@dataclass
class Authority:
    """Root, intermediate and signer, and how they answer."""

    root: Pair
    middle: Pair
    signer: Pair

    @classmethod
    def make(cls, **options: Any) -> Authority:
        root = issue("Test root")
        middle = issue("Test issuing", root)
        return cls(root, middle, issue_signer(middle, **options))

    def token(self, **options: Any) -> bytes:
        return token(self.signer, [self.middle.der, self.signer.der], **options)

    def answer(self, query: bytes, **options: Any) -> bytes:
        """A TimeStampResp that fits ``query``, but for what ``options`` make wrong."""
        asked = tsp.TimeStampReq.load(query)
        fitting = {
            "imprint": asked["message_imprint"]["hashed_message"].native,
            "nonce": asked["nonce"].native,
        }
        return response(self.token(**{**fitting, **options}))


def crowded(authority: Authority, others: Sequence[bytes]) -> bytes:
    """A token with more in its set of certificates (DER) than belongs there."""
    content, wrapper = der.read(authority.token()).children
    parts = [node.raw for node in wrapper.children[0].children]
    held = der.read(parts[3]).content
    data = der.element(0x30, *parts[:3], der.element(0xA0, *others, held), *parts[4:])
    return der.element(0x30, content.raw, der.element(0xA0, data))


def response(token_der: bytes, status: int = 0) -> bytes:
    return bytes(
        tsp.TimeStampResp(
            {"status": {"status": status}, "time_stamp_token": cms.ContentInfo.load(token_der)}
        ).dump()
    )


def refusal(why: str = "not today") -> bytes:
    """A TimeStampResp of status 2, which asn1crypto will not write without a token."""
    info = tsp.PKIStatusInfo({"status": 2, "status_string": [why]}).dump()
    return bytes(b"\x30" + bytes([len(info)]) + info)


def _no_change(value: Any) -> Any:
    return value


def token(
    signer: Pair,
    certificates: Sequence[bytes],
    *,
    imprint: bytes | None = None,
    algorithm: str = "sha256",
    digest_algorithm: str = "sha256",
    nonce: int | None = None,
    policy: str = POLICY,
    gen_time: datetime = NOW,
    named: Pair | None = None,
    ess: str = "v2",
    ess_hash: str = "sha256",
    ess_serial: int | None = None,
    with_issuer: bool = True,
    also: Sequence[dict[str, Any]] = (),
    by_key_id: bool = False,
    signers: int = 1,
    version: str = "v3",
    signature_algorithm: str | None = None,
    change_info: Callable[[Any], Any] = _no_change,
    change_attributes: Callable[[list[Any]], list[Any]] = _no_change,
    change_signer: Callable[[dict[str, Any]], dict[str, Any]] = _no_change,
    change_data: Callable[[dict[str, Any]], dict[str, Any]] = _no_change,
) -> bytes:
    """DER of a ContentInfo with a TSTInfo signed by ``signer``."""
    info: dict[str, Any] = {
        "version": "v1",
        "policy": policy,
        "message_imprint": {
            "hash_algorithm": {"algorithm": algorithm},
            "hashed_message": digest(algorithm) if imprint is None else imprint,
        },
        "serial_number": 4711,
        "gen_time": gen_time,
    }
    if nonce is not None:
        info["nonce"] = nonce
    content = tsp.TSTInfo(change_info(info)).dump()
    named = named or signer
    own = ax509.Certificate.load(signer.der)
    first = ess_id(named.der, ess_hash, ess=ess, serial=ess_serial)
    if not with_issuer:
        del first["issuer_serial"]
    attribute = {"v1": "signing_certificate", "v2": "signing_certificate_v2"}.get(ess)
    attributes = [
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "message_digest", "values": [hashlib.new(digest_algorithm, content).digest()]},
    ]
    if attribute:
        attributes.append({"type": attribute, "values": [{"certs": [first, *also]}]})
    signed = cms.CMSAttributes(change_attributes(attributes))
    scheme, signature = sign(signer.key, signed.untag().dump(), digest_algorithm)
    who = (
        {"subject_key_identifier": own.key_identifier}
        if by_key_id
        else {
            "issuer_and_serial_number": {
                "issuer": own.issuer,
                "serial_number": own.serial_number,
            }
        }
    )
    one = {
        "version": "v3" if by_key_id else "v1",
        "sid": cms.SignerIdentifier(*next(iter(who.items()))) if by_key_id else who,
        "digest_algorithm": {"algorithm": digest_algorithm},
        "signed_attrs": signed,
        "signature_algorithm": {"algorithm": signature_algorithm or scheme},
        "signature": signature,
    }
    if not by_key_id:
        one["sid"] = cms.SignerIdentifier(
            "issuer_and_serial_number", who["issuer_and_serial_number"]
        )
    data = {
        "version": version,
        "digest_algorithms": [{"algorithm": digest_algorithm}],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": core.ParsableOctetString(content),
        },
        "certificates": [ax509.Certificate.load(raw) for raw in certificates] or None,
        "signer_infos": [cms.SignerInfo(change_signer(dict(one))) for _ in range(signers)],
    }
    return bytes(
        cms.ContentInfo(
            {"content_type": "signed_data", "content": cms.SignedData(change_data(data))}
        ).dump()
    )


def ess_id(
    raw: bytes, hash_name: str = "sha256", *, ess: str = "v2", serial: int | None = None
) -> dict[str, Any]:
    """An ESSCertIDv2 (or with ``v1`` an ESSCertID) of a certificate (DER)."""
    stated = ax509.Certificate.load(raw)
    made: dict[str, Any] = {
        "cert_hash": hashlib.new(hash_name, raw).digest(),
        "issuer_serial": {
            "issuer": [ax509.GeneralName("directory_name", stated.issuer)],
            "serial_number": serial or stated.serial_number,
        },
    }
    if ess == "v2" and hash_name != "sha256":
        made["hash_algorithm"] = {"algorithm": hash_name}
    return made


def sign(key: Any, data: bytes, digest_algorithm: str) -> tuple[str, bytes]:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519", key.sign(data)
    chosen = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "sha512": hashes.SHA512()}
    hashed = chosen.get(digest_algorithm, hashes.SHA256())
    if isinstance(key, rsa.RSAPrivateKey):
        return "rsassa_pkcs1v15", key.sign(data, padding.PKCS1v15(), hashed)
    known = digest_algorithm if digest_algorithm in chosen else "sha256"
    return f"{known}_ecdsa", key.sign(data, ec.ECDSA(hashed))
