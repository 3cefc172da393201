"""Every demand of the profile, each broken by one token and nothing else, before both checkers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from asn1crypto.algos import RSASSAPSSParams
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import PolicyConstraints
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from fakes import tsa
from fakes.tsa import NOW, SUBJECT, Authority, Pair, Resigned, ess_id, issue, issue_signer
from holdfast.adapters import judgement, x509
from holdfast.adapters.pack import openssl
from holdfast.adapters.pack.openssl import OpensslSignatures, find_openssl
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core import der
from holdfast.core.canonical import rfc3339
from holdfast.core.certificates import read_certificate, write_pem
from holdfast.core.revocation import Signed, read_signed
from holdfast.core.rfc3161 import make_query, read_response
from holdfast.core.verdict import ProofHelp

needs_openssl = pytest.mark.skipif(not find_openssl(), reason="there is no openssl to ask")
CHECKERS = {"program": Rfc3161Checker(), "pyz": OpensslTokens()}
RSA_512 = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIIBPAIBAAJBAOWAgCY796c4u0KxIh+mLKkEu1/bN9wqLnlWJPkI+n7o75mhAAa4
x9L664N3ARLdymY1Dng7yK5CSMUibojAV1cCAwEAAQJBAKP5mRY4WGzxGtK+zrvA
Nj6Y8+u8LIAw3z2wcABDCv8qwqo7epd1cz1DN3dkOl7oxmkDyi3ekbhKffjTpmHV
sNECIQD5iOGnIb7drHRkqI5ZAhZO86x75Xt+XEibpzA8/hT77wIhAOtyvt9gSE30
hTMiEjPqNSQPtqB7y78LggJuKvgJDxMZAiEAoos5gicHL1qgztjFMNGdOnycBHCt
itgOK+YyE+jmPl0CIGOhRouXXoE+Oy8L98/oB1yfGZSHTgwlfnowzBXxH2PhAiEA
9AkC425OXOfSJ34iKtTNfd7tk9I/6Ocr2DsprODiiL0=
-----END RSA PRIVATE KEY-----
"""
IMPRINT = hashlib.sha256(SUBJECT).digest()


@cache
def authority() -> Authority:
    return Authority.make()


def by(**options: Any) -> bytes:
    """A token by a signer made to order."""
    signer = issue_signer(authority().middle, **options)
    return tsa.token(signer, [authority().middle.der, signer.der])


def response(status: int = 0, fail_info: bytes = b"") -> bytes:
    info = der.element(der.SEQUENCE, der.integer(status), fail_info)
    return der.element(der.SEQUENCE, info, authority().token())


def no_attribute(kind: str) -> bytes:
    def without(attributes: list[Any]) -> list[Any]:
        return [one for one in attributes if one["type"] != kind]

    return authority().token(change_attributes=without)


def two_signers() -> bytes:
    return authority().token(signers=2)


def forged() -> bytes:
    def changed(signature: bytes) -> bytes:
        return signature[:-1] + bytes([signature[-1] ^ 1])

    return authority().token(
        change_signer=lambda one: {**one, "signature": changed(one["signature"])}
    )


def rogue() -> bytes:
    """Signed under a root of the same name that the token brings itself."""
    other = Authority.make()
    return tsa.token(other.signer, [other.root.der, other.middle.der, other.signer.der])


def late_middle() -> bytes:
    middle = issue("Late", authority().root, since=NOW + timedelta(days=1))
    signer = issue_signer(middle)
    return tsa.token(signer, [middle.der, signer.der])


def under(**options: Any) -> bytes:
    """A token whose issuing authority is made to order."""
    middle = issue("Issuing to order", authority().root, **options)
    signer = issue_signer(middle)
    return tsa.token(signer, [middle.der, signer.der])


def below(**options: Any) -> Callable[[], tuple[bytes, bytes]]:
    """A token and the root it leads to, which is made to order."""

    def made() -> tuple[bytes, bytes]:
        root = issue("Root to order", **options)
        signer = issue_signer(root)
        return tsa.token(signer, [signer.der]), root.pem

    return made


@cache
def rsa_root() -> Pair:
    return issue("RSA root", key=rsa.generate_private_key(65537, 2048))


def collided(hash_name: str) -> tuple[bytes, bytes]:
    """A token whose issuing authority was signed over a hash that can be made to collide."""
    middle = Resigned.over(issue("Issuing", rsa_root()), rsa_root(), hash_name)
    signer = issue_signer(middle)
    return tsa.token(signer, [middle.der, signer.der]), rsa_root().pem


def short_key() -> tuple[bytes, bytes]:
    """A token by a key that anybody can factor in an evening."""
    signer = issue_signer(rsa_root(), key=load_pem_private_key(RSA_512, None))
    return tsa.token(signer, [signer.der]), rsa_root().pem


def listing(*also: dict[str, Any], ess: str = "v2") -> bytes:
    """A token that names more certificates than its signer's."""
    hash_name = {"v1": "sha1", "v2": "sha256"}[ess]
    return authority().token(ess=ess, ess_hash=hash_name, also=also)


# Nobody in the path states a policy, and one of them demands some.
DEMANDING = ((PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None), True),)

QUERY = make_query(IMPRINT, 77)
OTHER_NONCE = make_query(IMPRINT, 78)

DEMANDS: dict[str, tuple[Callable[[], bytes], dict[str, Any], str, str]] = {
    "one byte after the end": (lambda: response() + b"\0", {}, "broken", "token_not_der"),
    "one byte after the token inside": (
        lambda: der.element(der.SEQUENCE, *(one.raw for one in der.read(response()).children),
                            der.element(der.NULL)),
        {}, "broken", "token_not_der",
    ),
    "status 2": (lambda: response(2), {}, "broken", "token_refused"),
    "status 5": (lambda: response(5), {}, "broken", "token_refused"),
    "a status there is not": (lambda: response(6), {}, "broken", "token_not_der"),
    "content of another kind": (
        lambda: authority().token(
            change_data=lambda one: {
                **one,
                "encap_content_info": {
                    **one["encap_content_info"], "content_type": "1.2.840.113549.1.7.1"
                },
            }
        ),
        {}, "broken", "token_content",
    ),
    "another version": (
        lambda: authority().token(change_signer=lambda one: {**one, "version": "v3"}), {},
        "broken", "token_version",
    ),
    "two signers": (two_signers, {}, "broken", "token_signers"),
    "another imprint": (
        lambda: authority().token(imprint=bytes(32)), {}, "broken", "token_imprint"
    ),
    "an imprint under another name": (
        lambda: authority().token(algorithm="sha3_256", imprint=IMPRINT), {}, "broken",
        "token_imprint",
    ),
    "a nonce that was not sent": (
        lambda: authority().answer(QUERY), {"query": OTHER_NONCE}, "broken", "token_nonce"
    ),
    "no nonce where one was sent": (
        lambda: authority().token(), {"query": QUERY}, "broken", "token_nonce"
    ),
    "no message digest": (
        lambda: no_attribute("message_digest"), {}, "broken", "token_attributes"
    ),
    "no ESSCertID": (
        lambda: authority().token(ess="none"), {}, "broken", "token_attributes"
    ),
    "ESSCertIDv2 of another": (
        lambda: authority().token(named=authority().middle), {}, "broken",
        "token_signing_certificate",
    ),
    "ESSCertID of another": (
        lambda: authority().token(ess="v1", ess_hash="sha1", named=authority().middle), {},
        "broken", "token_signing_certificate",
    ),
    "a list without the issuer": (
        lambda: listing(ess_id(authority().root.der)), {}, "unchecked", "token_chain_listed"
    ),
    "a list with a stranger": (
        lambda: listing(ess_id(authority().middle.der), ess_id(issue("Stranger").der)), {},
        "unchecked", "token_chain_listed",
    ),
    "an ESSCertID list with a stranger": (
        lambda: listing(ess_id(issue("Issuing").der, "sha1", ess="v1"), ess="v1"), {},
        "unchecked", "token_chain_listed",
    ),
    "a list by a hash that is taken nowhere": (
        lambda: listing(ess_id(authority().middle.der, "md5")), {}, "unchecked",
        "token_chain_listed",
    ),
    "a list that has another number for the issuer": (
        lambda: listing(ess_id(authority().middle.der, serial=5)), {}, "broken",
        "token_chain_listed",
    ),
    "no purpose": (lambda: by(purposes=()), {}, "broken", "token_key_usage"),
    "the purpose not critical": (lambda: by(critical=False), {}, "broken", "token_key_usage"),
    "a second purpose": (
        lambda: by(purposes=(Eku.TIME_STAMPING, Eku.CODE_SIGNING)), {}, "broken",
        "token_key_usage",
    ),
    "any purpose": (
        lambda: by(purposes=(Eku.ANY_EXTENDED_KEY_USAGE,)), {}, "broken", "token_key_usage"
    ),
    "a key that signs certificates, too": (
        lambda: by(uses={"key_cert_sign": True}), {}, "broken", "token_chain"
    ),
    "a key that encrypts, too": (
        lambda: by(uses={"key_encipherment": True}), {}, "broken", "token_chain"
    ),
    "an issuer for web servers": (
        lambda: under(purposes=(Eku.SERVER_AUTH,)), {}, "broken", "token_chain"
    ),
    "an issuer whose key signs no certificates": (
        lambda: under(uses={"key_cert_sign": False}), {}, "broken", "token_chain"
    ),
    "a policy that nobody states": (lambda: under(more=DEMANDING), {}, "broken", "token_chain"),
    "a time before its certificate": (
        lambda: authority().token(gen_time=NOW - timedelta(days=30, seconds=1)), {}, "broken",
        "token_signer_validity",
    ),
    "a time after its certificate": (
        lambda: authority().token(gen_time=NOW + timedelta(days=300, seconds=1)), {}, "broken",
        "token_signer_validity",
    ),
    "an issuer that was not valid yet": (late_middle, {}, "broken", "token_chain"),
    "a root of its own": (rogue, {}, "broken", "token_chain"),
    "a signature of nobody": (forged, {}, "broken", "token_signature"),
    "a time ahead of our clock": (
        lambda: authority().token(), {"now": rfc3339(NOW - timedelta(hours=1))}, "unchecked",
        "token_future",
    ),
    "no certificate": (
        lambda: tsa.token(authority().signer, []), {}, "unchecked", "token_signer_absent"
    ),
}  # fmt: skip


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("demand", DEMANDS)
def test_each_demand_alone_is_missed_and_named(demand: str, checker: str) -> None:
    make, lent, status, rule = DEMANDS[demand]
    lent_help = ProofHelp(roots=(authority().root.pem,), named_root=True, **lent)
    seen, findings = CHECKERS[checker].check(
        "t", lambda name: hashlib.new(name, SUBJECT).digest(), make(), lent_help
    )
    assert seen.status == status
    assert rule in {one.rule for one in findings if one.outcome == status}


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("made", [lambda: collided("sha1"), lambda: collided("md5"), short_key])
def test_certificates_that_others_could_have_made_lead_nowhere(
    made: Callable[[], tuple[bytes, bytes]], checker: str
) -> None:
    raw, root = made()
    for named in (True, False):
        seen, findings = CHECKERS[checker].check(
            "t",
            lambda name: hashlib.new(name, SUBJECT).digest(),
            raw,
            ProofHelp(roots=(root,), named_root=named),
        )
        assert seen.status in ("unchecked", "broken")
        assert {"token_chain", "token_root_unknown"} & {one.rule for one in findings}


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_root_may_have_signed_itself_over_any_hash(checker: str) -> None:
    root = Resigned.over(rsa_root(), rsa_root(), "sha1")
    signer = issue_signer(rsa_root())
    pem = write_pem([root.der])
    seen, _ = CHECKERS[checker].check(
        "t",
        lambda name: hashlib.new(name, SUBJECT).digest(),
        tsa.token(signer, [signer.der]),
        ProofHelp(roots=(pem,), named_root=True),
    )
    assert seen.status == "confirmed"


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: by(uses={"digital_signature": False, "content_commitment": True}),
        lambda: under(purposes=(Eku.TIME_STAMPING, Eku.CODE_SIGNING)),
        lambda: under(purposes=(Eku.ANY_EXTENDED_KEY_USAGE,), critical=False),
    ],
)
def test_other_certificates_that_are_fit_for_time_are_taken(
    make: Callable[[], bytes], checker: str
) -> None:
    lent_help = ProofHelp(roots=(authority().root.pem,), named_root=True)
    seen, _ = CHECKERS[checker].check(
        "t", lambda name: hashlib.new(name, SUBJECT).digest(), make(), lent_help
    )
    assert seen.status == "confirmed"


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    "made",
    [
        below(authority=False, uses={"key_cert_sign": True}),
        below(uses={"key_cert_sign": False}),
        below(purposes=(Eku.SERVER_AUTH,)),
    ],
)
def test_a_root_that_is_made_for_something_else_ends_no_path(
    made: Callable[[], tuple[bytes, bytes]], checker: str
) -> None:
    raw, root = made()
    seen, findings = CHECKERS[checker].check(
        "t",
        lambda name: hashlib.new(name, SUBJECT).digest(),
        raw,
        ProofHelp(roots=(root,), named_root=True),
    )
    assert seen.status == "broken"
    assert "token_chain" in {one.rule for one in findings}


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    "raw",
    [
        response(),
        response(1),
        authority().token(),
        # Entrust's granted answers carry bits of failure that are all zero, which BER allows.
        response(0, b"\x03\x01\x00"),
        response(0, b"\x03\x02\x00\x00"),
        response(0, b"\x03\x05\x00\x00\x00\x00\x00"),
        authority().token(ess="v1", ess_hash="sha1"),
        authority().token(ess_hash="sha512"),
        authority().token(by_key_id=True),
        listing(ess_id(authority().middle.der)),
        listing(ess_id(authority().middle.der, "sha512"), ess_id(authority().root.der)),
        listing(ess_id(authority().root.der), ess_id(authority().middle.der)),
        listing(ess_id(authority().middle.der, "sha1", ess="v1"), ess="v1"),
        tsa.token(authority().signer, [authority().signer.der, authority().middle.der,
                                       issue("Stranger").der]),
    ],
)  # fmt: skip
def test_what_real_authorities_send_is_taken(raw: bytes, checker: str) -> None:
    lent_help = ProofHelp(roots=(authority().root.pem,), named_root=True)
    seen, findings = CHECKERS[checker].check(
        "t", lambda name: hashlib.new(name, SUBJECT).digest(), raw, lent_help
    )
    assert seen.status == "confirmed"
    assert [one.der for one in (authority().signer, authority().middle, authority().root)] == list(
        seen.path
    )
    bare = "token_bare" in {one.rule for one in findings}
    assert bare == read_response(raw).bare


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
def test_the_chain_may_be_supplied(checker: str) -> None:
    raw = tsa.token(authority().signer, [])
    chain = authority().signer.pem + authority().middle.pem
    lent_help = ProofHelp(roots=(authority().root.pem,), named_root=True, chain=chain)
    seen, _ = CHECKERS[checker].check(
        "t", lambda name: hashlib.new(name, SUBJECT).digest(), raw, lent_help
    )
    assert seen.status == "confirmed"


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("oid", ["1.2.156.10197.1.501", "1.2.156.10197.1.301.1"])
def test_sm2_is_never_broken_and_never_ok(checker: str, oid: str) -> None:
    def sm2(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": oid}}

    raw = authority().token(change_signer=sm2)
    lent_help = ProofHelp(roots=(authority().root.pem,), named_root=True)
    for subject, status in ((SUBJECT, "unchecked"), (b"another", "broken")):

        def digest(name: str, subject: bytes = subject) -> bytes:
            return hashlib.new(name, subject).digest()

        seen, findings = CHECKERS[checker].check("t", digest, raw, lent_help)
        assert seen.status == status
        assert "token_signature_uncheckable" in {one.rule for one in findings}


# --- a third opinion -----------------------------------------------------------------------------


def path() -> list[Any]:
    parts = (authority().signer, authority().middle, authority().root)
    return [read_certificate(one.der) for one in parts]


@needs_openssl
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_signature_of_an_unknown_kind_is_not_good_for_its_key(checker: str) -> None:
    """Nothing signs the name of the kind, so that anybody can write another one."""

    def unknown(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": "1.2.840.10045.4.9"}}

    seen, findings = CHECKERS[checker].check(
        "t",
        lambda name: hashlib.new(name, SUBJECT).digest(),
        authority().token(change_signer=unknown),
        ProofHelp(roots=(authority().root.pem,)),
    )
    assert seen.status == "unchecked"
    assert "token_signature_uncheckable" in {one.rule for one in findings}


@needs_openssl
def test_openssl_judges_the_same_token_and_path() -> None:
    good = read_response(authority().token())
    assert judgement.openssl_opinion(good, path()) is True
    assert judgement.openssl_opinion(read_response(forged()), path()) is False
    assert judgement.disagrees(good, path()) == ""


def test_whoever_disagrees_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    token = read_response(authority().token())
    for client, program, said in (
        (True, False, ""),
        (None, True, ""),
        (None, None, ""),
        (None, False, "openssl"),
        (False, True, "rfc3161-client"),
        (False, False, "rfc3161-client, openssl"),
    ):
        monkeypatch.setattr(judgement, "second_opinion", lambda *_, said=client: said)
        monkeypatch.setattr(judgement, "openssl_opinion", lambda *_, said=program: said)
        assert judgement.disagrees(token, path()) == said


def test_without_the_program_there_is_no_third_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "find_openssl", lambda: "")
    assert judgement.openssl_opinion(read_response(authority().token()), path()) is None


# --- signatures by the program -------------------------------------------------------------------


def holds(holder: Any, what: Signed, key: bytes) -> bool | None:
    found = what.by(key, holder)
    assert found is None or isinstance(found, bool)
    return found


@needs_openssl
def test_the_program_and_the_library_agree_about_signatures() -> None:
    root, middle = (read_certificate(one.der) for one in (authority().root, authority().middle))
    own, other = read_signed(root.raw), read_signed(middle.raw)
    program = OpensslSignatures(find_openssl())
    for holder in (program, x509.holds):
        assert holds(holder, own, root.public_key) is True
        assert holds(holder, other, root.public_key) is True
        assert holds(holder, other, middle.public_key) is False
        assert holder(root.public_key, "1.2.3", b"", b"x", b"y") is None
        # What signs an answer is called outside of what is signed.
        renamed = replace(own, algorithm="1.2.840.113549.1.1.11")
        assert holds(holder, renamed, root.public_key) is False
        assert holder(b"no key", "1.2.840.10045.4.3.2", b"", b"x", b"y") is None
    assert program(root.public_key, "1.2.840.113549.1.1.11", b"\x30\x00", b"x", b"y") is None


@needs_openssl
def test_both_compute_signatures_by_pss() -> None:
    """Of lists that were signed so verify.pyz alone said that it cannot be computed."""
    key = rsa.generate_private_key(65537, 2048)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signature = key.sign(b"what is signed", scheme, hashes.SHA256())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hashed = {"algorithm": "sha256"}
    mask = {"algorithm": "mgf1", "parameters": hashed}
    stated = RSASSAPSSParams(
        {"hash_algorithm": hashed, "mask_gen_algorithm": mask, "salt_length": 32}
    ).dump()
    for holder in (OpensslSignatures(find_openssl()), x509.holds):
        about = (public, "1.2.840.113549.1.1.10", stated)
        assert holder(*about, b"what is signed", signature) is True
        assert holder(*about, b"what was signed", signature) is False
        assert holder(*about[:2], b"\x30\x03\x02\x01\x05", b"what is signed", signature) is None


def test_a_program_that_cannot_be_run_is_no_judgement() -> None:
    key = read_certificate(authority().root.der).public_key
    nobody = OpensslSignatures("/nowhere/openssl")
    assert nobody(key, "1.2.840.10045.4.3.2", b"", b"x", b"y") is None
    assert openssl.run(("/nowhere/openssl",)).returncode == -1
