from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as ax509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import tsa
from fakes.tsa import NOW, Authority, Pair, digest, ess_id, issue_signer, read, response
from holdfast.core import der, rfc3161
from holdfast.core.certificates import read_certificate, read_certificates
from holdfast.core.rfc3161 import (
    MOST_CERTIFICATES,
    MalformedToken,
    Query,
    check_profile,
    choices,
    find_signer,
    held_to_lists,
    make_query,
    read_query,
    read_response,
)
from holdfast.core.verdict import Finding

SHARED = Path(__file__).parents[2].parent / "shared" / "vectors" / "tsr"
needs_vectors = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


def findings(raw: bytes, **help: Any) -> list[tuple[str, str]]:
    seen = check_profile(read_response(raw), "E0001", digest, **help)
    # Tokens made here come bare, which is said each time.
    return [(one.rule, one.outcome) for one in seen if one.rule != "token_bare"]


def rule_of(raw: bytes) -> str:
    with pytest.raises(MalformedToken) as caught:
        read_response(raw)
    return caught.value.rule


# --- what is right -------------------------------------------------------------------------------


def test_a_good_answer_says_what_it_holds(authority: Authority) -> None:
    def with_all(info: dict[str, Any]) -> dict[str, Any]:
        more = {"seconds": 1, "millis": 500, "micros": 7}
        owner = ax509.GeneralName("dns_name", "tsa.invalid")
        return {**info, "accuracy": more, "ordering": True, "tsa": owner}

    bare = authority.token(nonce=77, change_info=with_all)
    token = read_response(response(bare))
    assert token.raw == bare
    assert token.status == 0
    assert token.info.gen_time == NOW
    assert token.info.policy == tsa.POLICY
    assert token.info.serial == 4711
    assert token.info.nonce == 77
    assert token.info.ordering is True
    assert token.info.accuracy == timedelta(seconds=1, milliseconds=500, microseconds=7)
    assert (token.info.imprint_algorithm, token.info.imprint) == ("sha256", digest("sha256"))
    assert set(token.certificates) == {authority.middle.der, authority.signer.der}
    signer = find_signer(token)
    assert signer is not None
    assert (signer.raw, signer.common_name) == (authority.signer.der, "Test TSA")
    assert signer.key_id == ax509.Certificate.load(signer.raw).key_identifier
    assert findings(bare, now=NOW, policies=(tsa.POLICY,)) == []


def test_a_bare_token_is_the_same_token(authority: Authority) -> None:
    bare = authority.token()
    alone, wrapped = read_response(bare), read_response(response(bare))
    assert alone == dataclasses.replace(wrapped, bare=True)
    for token in (alone, wrapped):
        said = check_profile(token, "E0001", digest)
        assert [(one.rule, one.outcome) for one in said] == [("token_bare", "ok")] * token.bare


def test_granted_with_modifications_is_accepted_with_a_note(authority: Authority) -> None:
    raw = response(authority.token(), status=1)
    assert findings(raw) == [("token_granted_with_mods", "ok")]


@pytest.mark.parametrize(
    "options",
    [
        {"ess": "v1", "ess_hash": "sha1"},
        {"ess_hash": "sha512"},
        {"ess_hash": "sha512", "with_issuer": False},
        {"with_issuer": False},
        {"by_key_id": True},
        {"algorithm": "sha512"},
        {"digest_algorithm": "sha512"},
        {"gen_time": NOW.replace(microsecond=250_000)},
    ],
    ids=str,
)
def test_other_ways_of_saying_it_right(authority: Authority, options: dict[str, Any]) -> None:
    assert findings(authority.token(**options)) == []


def test_the_signer_is_found_by_name_in_any_order_and_among_strangers(
    authority: Authority,
) -> None:
    impostor = issue_signer(
        authority.middle, serial=authority.signer.certificate.serial_number, subject="Impostor"
    )
    stranger = issue_signer(tsa.issue("Stranger"), subject="Stranger")
    crowd = [stranger.der, impostor.der, authority.middle.der, authority.signer.der]
    for order in (crowd, crowd[::-1]):
        token = read_response(tsa.token(authority.signer, order))
        found = find_signer(token)
        assert found is not None
        assert found.raw == authority.signer.der
        assert [one.rule for one in check_profile(token, "E0001", digest)] == ["token_bare"]


def test_a_token_has_only_so_many_certificates(authority: Authority) -> None:
    stranger = tsa.issue("Stranger").der
    assert findings(tsa.crowded(authority, [stranger] * (MOST_CERTIFICATES - 2))) == []
    with pytest.raises(MalformedToken, match="more certificates"):
        read_response(tsa.crowded(authority, [stranger] * (MOST_CERTIFICATES - 1)))


def named_by(ids: list[bytes]) -> dict[str, Any]:
    """Options of a token whose signingCertificateV2 holds these (DER)."""
    value = der.element(der.SEQUENCE, der.element(der.SEQUENCE, *ids))
    kind = der.oid("1.2.840.113549.1.9.16.2.47")
    made = der.element(der.SEQUENCE, kind, der.element(der.SET, value))
    return {"change_attributes": lambda some: [*some[:2], cms.CMSAttribute.load(made)]}


def test_certificates_are_named_in_one_shape_and_only_so_many(authority: Authority) -> None:
    hashed = der.element(der.OCTET_STRING, hashlib.sha256(authority.signer.der).digest())
    own = der.element(der.SEQUENCE, hashed)
    assert findings(authority.token(**named_by([own] * MOST_CERTIFICATES))) == []
    whose = der.element(der.SEQUENCE, der.element(der.SEQUENCE), der.integer(5))
    for ids in (
        [],
        [own] * (MOST_CERTIFICATES + 1),
        [own, der.element(der.SEQUENCE)],
        [own, der.element(der.SET, hashed)],
        [own, der.element(der.SEQUENCE, hashed, hashed)],
        [own, der.element(der.SEQUENCE, hashed, whose, whose)],
    ):
        assert rule_of(authority.token(**named_by(ids))) == "token_not_der"


def test_a_path_is_held_to_the_certificates_that_the_token_names(authority: Authority) -> None:
    path = [read(one) for one in (authority.signer, authority.middle, authority.root)]
    signer, middle, root = (one.raw for one in path)
    stranger = tsa.issue("Test issuing")
    ok, name = ("ok", ""), "Test issuing"
    called = {**ess_id(stranger.der), "cert_hash": hashlib.sha256(middle).digest()}
    called["issuer_serial"]["serial_number"] = authority.middle.certificate.serial_number
    for also, said in (
        ([], ok),
        ([ess_id(middle)], ok),
        ([ess_id(root), ess_id(middle, "sha512")], ok),
        ([{"cert_hash": hashlib.sha256(middle).digest()}], ok),
        ([ess_id(root)], ("unchecked", name)),
        ([ess_id(middle), ess_id(signer)], ("unchecked", f"sha256 {digest_of(signer)}")),
        (
            [ess_id(middle), ess_id(stranger.der)],
            ("unchecked", f"sha256 {digest_of(stranger.der)}"),
        ),
        (
            [ess_id(middle), ess_id(middle, "md5")],
            ("unchecked", f"1.2.840.113549.2.5 {hashlib.md5(middle).hexdigest()}"),
        ),
        ([ess_id(stranger.der), ess_id(middle, serial=5)], ("broken", name)),
        ([called], ("broken", name)),
    ):
        assert held_to_lists(read_response(authority.token(also=also)), path) == said


def digest_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def test_a_path_is_looked_for_first_among_those_that_the_token_names(authority: Authority) -> None:
    middle, root = authority.middle.der, authority.root.der
    others = [root, b"junk", middle]
    for also, first in (
        ([], others),
        ([ess_id(middle)], [middle]),
        ([ess_id(middle, "sha512"), ess_id(root)], [root, middle]),
        ([ess_id(middle, "md5")], []),
    ):
        token = read_response(authority.token(also=also))
        assert choices(token, others) == tuple(dict.fromkeys((tuple(first), tuple(others))))


def test_the_signer_may_come_from_a_chain_file(authority: Authority) -> None:
    lone = tsa.token(authority.signer, [])
    assert findings(lone) == [("token_signer_absent", "unchecked")]
    assert findings(lone, chain=(b"junk", authority.signer.der)) == []


def test_revocation_lists_and_other_certificates_are_passed_over(authority: Authority) -> None:
    raw = authority.token()
    content, wrapper = der.read(raw).children
    version, hashes, info, certificates, signers = wrapper.children[0].children
    attribute_certificate = der.element(0xA1, der.integer(1))
    more = der.element(0xA0, attribute_certificate, certificates.content)
    lists = der.element(0xA1, der.element(der.SEQUENCE))
    data = der.element(der.SEQUENCE, version.raw, hashes.raw, info.raw, more, lists, signers.raw)
    wide = der.element(der.SEQUENCE, content.raw, der.element(0xA0, data))
    assert len(read_response(wide).certificates) == 2
    assert findings(wide) == []


# --- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"signers": 2}, "token_signers"),
        ({"signers": 0}, "token_signers"),
        ({"ess": "none"}, "token_attributes"),
        ({"change_info": lambda info: {**info, "version": 2}}, "token_version"),
        ({"change_signer": lambda one: {**one, "version": "v3"}}, "token_version"),
        ({"change_attributes": lambda some: [*some, some[0]]}, "token_attributes"),
        ({"change_attributes": lambda some: some[1:]}, "token_attributes"),
        ({"change_attributes": lambda some: [some[0], some[2]]}, "token_attributes"),
        (
            {"change_attributes": lambda some: [
                {"type": "content_type", "values": ["data"]}, *some[1:]
            ]},
            "token_content",
        ),
        (
            {"change_attributes": lambda some: [
                {"type": "content_type", "values": ["tst_info", "tst_info"]}, *some[1:]
            ]},
            "token_not_der",
        ),
        ({"imprint": b"short"}, "token_not_der"),
        (
            {"change_data": lambda data: {**data, "encap_content_info": {
                "content_type": "data", "content": b"text"
            }}},
            "token_content",
        ),
    ],
)  # fmt: skip
def test_a_token_of_the_wrong_make_is_refused(
    authority: Authority, options: dict[str, Any], rule: str
) -> None:
    assert rule_of(response(authority.token(**options))) == rule


def test_an_authority_that_says_no_gives_no_token(authority: Authority) -> None:
    with pytest.raises(MalformedToken) as caught:
        read_response(tsa.refusal("come\x1b[31m back"))
    assert caught.value.rule == "token_refused"
    assert caught.value.detail == r"status 2 come\u{001B}[31m back"
    assert caught.value.finding("E0001") == Finding(
        subject="E0001", rule="token_refused", outcome="broken", detail=caught.value.detail
    )
    assert rule_of(response(authority.token(), status=3)) == "token_refused"
    for status in ({"status": 0}, {"status": 2, "fail_info": {"bad_alg"}}):
        lone = der.element(der.SEQUENCE, tsp.PKIStatusInfo(status).dump())
        assert rule_of(lone) == "token_refused"


JUNK = {
    "nothing": b"",
    "a page": b"<!doctype html><p>busy</p>",
    "an integer": der.integer(1),
    "an empty sequence": der.element(der.SEQUENCE),
    "three parts": der.element(der.SEQUENCE, *[der.element(der.SEQUENCE, der.integer(0))] * 3),
    "status nine": der.element(der.SEQUENCE, der.element(der.SEQUENCE, der.integer(9))),
    "no status": der.element(der.SEQUENCE, der.element(der.SEQUENCE)),
    "too big": bytes(2 << 20),
}


@pytest.mark.parametrize("raw", JUNK.values(), ids=JUNK.keys())
def test_junk_is_refused(raw: bytes) -> None:
    assert rule_of(raw) == "token_not_der"


def test_a_byte_more_or_less_is_refused(authority: Authority) -> None:
    raw = response(authority.token())
    assert rule_of(raw + b"\x00") == "token_not_der"
    assert rule_of(raw[:-1]) == "token_not_der"


def test_other_signed_content_is_named_as_such() -> None:
    other = der.element(der.SEQUENCE, der.oid("1.2.840.113549.1.7.1"), der.element(0xA0))
    assert rule_of(other) == "token_content"


def parts_changed(raw: bytes, where: tuple[int, ...], change: Callable[[der.Node], bytes]) -> bytes:
    """``raw`` with the element at a path of child indexes replaced."""

    def rebuilt(node: der.Node, rest: tuple[int, ...]) -> bytes:
        if not rest:
            return change(node)
        children = [
            rebuilt(child, rest[1:]) if at == rest[0] else child.raw
            for at, child in enumerate(node.children)
        ]
        return der.element(node.tag, *children)

    return rebuilt(der.read(raw), where)


SIGNER_INFO = (1, 0, 4, 0)
TST_INFO = (1, 0, 2, 1, 0)


@pytest.mark.parametrize(
    ("where", "change"),
    [
        (SIGNER_INFO, lambda node: der.element(0x30, node.content, der.element(0xA2))),
        ((*SIGNER_INFO, 2), lambda _: der.element(0x30)),
        ((*SIGNER_INFO, 2), lambda _: der.element(0x30, der.oid("1.2"), b"\x05\x00\x05\x00")),
        ((1, 0), lambda node: der.element(0x30, node.content, der.element(0xA5))),
        (TST_INFO, lambda node: der.element(4, der.element(0x30, node.content[2:], b"\xa3\x00"))),
        (TST_INFO, lambda _: der.element(4, der.element(0x30, der.integer(1)))),
    ],
)
def test_elements_that_do_not_belong_are_refused(
    authority: Authority, where: tuple[int, ...], change: Callable[[der.Node], bytes]
) -> None:
    assert rule_of(parts_changed(authority.token(), where, change)) == "token_not_der"


def test_signed_data_of_another_version_is_refused(authority: Authority) -> None:
    raw = parts_changed(authority.token(), (1, 0, 0), lambda _: der.integer(1))
    assert rule_of(raw) == "token_version"


def test_unsigned_attributes_are_let_pass(authority: Authority) -> None:
    more = parts_changed(
        authority.token(),
        SIGNER_INFO,
        lambda node: der.element(0x30, node.content, der.element(0xA1, der.element(0x30))),
    )
    assert findings(more) == []


def with_accuracy(raw: bytes) -> Callable[[der.Node], bytes]:
    def change(node: der.Node) -> bytes:
        parts = [part.raw for part in der.read(node.content).children]
        return der.element(4, der.element(0x30, *parts, raw))

    return change


@pytest.mark.parametrize(
    "accuracy", [der.element(0x30, b"\x83\x01\x01"), der.element(0x30, der.integer(2**40))]
)
def test_impossible_accuracy_is_refused(authority: Authority, accuracy: bytes) -> None:
    raw = parts_changed(authority.token(), TST_INFO, with_accuracy(accuracy))
    assert rule_of(raw) == "token_not_der"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"imprint": hashlib.sha256(b"else").digest()}, [("token_imprint", "broken")]),
        (
            {"change_attributes": lambda some: [
                some[0], {"type": "message_digest", "values": [bytes(32)]}, some[2]
            ]},
            [("token_message_digest", "broken")],
        ),
        ({"algorithm": "sha1", "imprint": digest("sha1")}, [("token_weak_hash", "weak")]),
        ({"digest_algorithm": "sha1"}, [("token_weak_hash", "weak")]),
        ({"algorithm": "md5", "imprint": digest("md5")}, [("token_hash_unknown", "unchecked")]),
        (
            {"change_signer": lambda one: {**one, "digest_algorithm": {"algorithm": "md2"}}},
            [("token_hash_unknown", "unchecked")],
        ),
        ({"ess_serial": 5}, [("token_signing_certificate", "broken")]),
        ({"ess_hash": "md5"}, [("token_signing_certificate", "broken")]),
    ],
)  # fmt: skip
def test_a_token_that_misses_the_profile(
    authority: Authority, options: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert findings(authority.token(**options)) == expected


def pss(hash_name: str) -> bytes:
    return bytes(algos.RSASSAPSSParams({"hash_algorithm": {"algorithm": hash_name}}).dump())


@pytest.mark.parametrize(
    ("algorithm", "parameters", "over"),
    [
        ("sha512_rsa", b"", "sha512"),
        ("sha1_rsa", b"", "sha1"),
        ("sha384_ecdsa", b"", "sha384"),
        ("rsassa_pss", pss("sha512"), "sha512"),
        ("rsassa_pss", b"\x30\x00", "sha1"),
        ("rsassa_pss", b"\x05\x00", ""),
        ("rsassa_pss", b"\x30\x02\xa0\x00", ""),
        ("sha256_rsa", b"", ""),
        ("rsassa_pss", pss("sha256"), ""),
        ("rsassa_pkcs1v15", b"", ""),
    ],
)
def test_the_signature_is_over_the_hash_that_the_signer_names(
    authority: Authority, algorithm: str, parameters: bytes, over: str
) -> None:
    """Programs differ in which of the two names they follow, and nobody signs either."""
    token = read_response(authority.token())
    signer = dataclasses.replace(
        token.signer,
        signature_algorithm=algos.SignedDigestAlgorithmId(algorithm).dotted,
        signature_parameters=parameters,
    )
    found = check_profile(dataclasses.replace(token, signer=signer), "t", digest)
    told = [one.detail for one in found if one.rule == "token_signature"]
    assert told == ([f"{over} ≠ sha256"] if over else [])


def test_a_digest_that_cannot_be_had_is_not_a_mismatch(authority: Authority) -> None:
    def only_md5(name: str) -> bytes:
        raise ValueError(name)

    seen = check_profile(read_response(response(authority.token())), "E0001", only_md5)
    assert [(one.rule, one.outcome) for one in seen] == [("token_hash_unknown", "unchecked")]


def test_a_python_without_the_hash_says_so(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = authority.token(digest_algorithm="sha512")
    new = hashlib.new

    def poorer(name: str, *rest: Any, **options: Any) -> Any:
        if name == "sha512":
            raise ValueError("unsupported hash type")
        return new(name, *rest, **options)

    monkeypatch.setattr(hashlib, "new", poorer)
    assert findings(raw) == [("token_hash_unknown", "unchecked")]


def test_the_certificate_of_another_is_not_the_signer(authority: Authority) -> None:
    raw = authority.token(named=authority.middle)
    assert findings(raw) == [("token_signing_certificate", "broken")]


@pytest.mark.parametrize(
    ("purposes", "critical"),
    [
        ((), True),
        ((Eku.TIME_STAMPING,), False),
        ((Eku.TIME_STAMPING, Eku.CODE_SIGNING), True),
        ((Eku.CODE_SIGNING,), True),
        ((Eku.ANY_EXTENDED_KEY_USAGE,), True),
    ],
)
def test_only_a_certificate_for_time_stamps_alone_will_do(
    authority: Authority, purposes: tuple[Any, ...], critical: bool
) -> None:
    signer = issue_signer(authority.middle, purposes=purposes, critical=critical)
    assert findings(tsa.token(signer, [signer.der])) == [("token_key_usage", "broken")]


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        (NOW - timedelta(days=30), True),
        (NOW - timedelta(days=30, seconds=1), False),
        (NOW + timedelta(days=300), True),
        (NOW + timedelta(days=300, seconds=1), False),
    ],
)
def test_the_stated_time_lies_within_the_certificate(
    authority: Authority, moment: datetime, good: bool
) -> None:
    expected = [] if good else [("token_signer_validity", "broken")]
    assert findings(authority.token(gen_time=moment)) == expected


def test_a_certificate_without_an_end_is_valid_and_no_error(authority: Authority) -> None:
    """RFC 5280 §4.1.2.5: 99991231235959Z; a second later is no date any more."""
    token = read_response(authority.token())
    signer = find_signer(token)
    assert signer is not None
    endless = dataclasses.replace(signer, not_after=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert rfc3161._about_signer(token, endless) == []


def test_a_time_ahead_of_the_clock_is_doubted(authority: Authority) -> None:
    plain = authority.token()
    assert findings(plain, now=NOW - timedelta(minutes=5)) == []
    late = NOW - timedelta(minutes=5, seconds=1)
    assert findings(plain, now=late) == [("token_future", "unchecked")]
    loose = authority.token(change_info=lambda info: {**info, "accuracy": {"seconds": 1}})
    assert findings(loose, now=late) == []


@pytest.mark.parametrize(
    ("accuracy", "told"),
    [
        ({"seconds": 60}, []),
        ({"seconds": 60, "millis": 1}, ["± 60 s"]),
        ({"seconds": 86400}, ["± 86400 s"]),
        ({"seconds": (1 << 31) - 1}, ["± 2147483647 s"]),
    ],
)
def test_a_time_that_its_authority_calls_coarse_is_said_to_be(
    authority: Authority, accuracy: dict[str, int], told: list[str]
) -> None:
    """RFC 3161 §2.4.2: not later than the stated time and the accuracy together."""
    raw = authority.token(change_info=lambda info: {**info, "accuracy": accuracy})
    found = check_profile(read_response(raw), "t", digest)
    weak = [(one.outcome, one.detail) for one in found if one.rule == "token_accuracy"]
    assert weak == [("weak", detail) for detail in told]


@pytest.mark.parametrize("critical", [True, False])
def test_an_extension_that_must_not_be_passed_over_is_said(
    authority: Authority, critical: bool
) -> None:
    """RFC 5280 §4.2, to which RFC 3161 §2.4.2 leaves what extensions mean."""
    more = {"extn_id": "0.4.0.19422.1.1", "critical": critical, "extn_value": b"\x05\x00"}
    raw = authority.token(change_info=lambda info: {**info, "extensions": [more]})
    found = check_profile(read_response(raw), "t", digest)
    told = [(one.outcome, one.detail) for one in found if one.rule == "token_extension"]
    assert told == ([("unchecked", "0.4.0.19422.1.1")] if critical else [])


def named(**parts: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    name = ax509.Name.build(parts)
    return lambda info: {**info, "tsa": ax509.GeneralName("directory_name", name)}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (named(common_name="Test TSA"), []),
        (named(common_name="test  tsa"), []),
        (named(common_name="Somebody else"), ["Somebody else"]),
        # The certificate names its issuer as well, who is not the one that signed.
        (named(common_name="Test issuing"), ["Test issuing"]),
        (named(organization_name="Test TSA"), [""]),
        (lambda info: {**info, "tsa": ax509.GeneralName("dns_name", "tsa.example")}, []),
    ],
)
def test_the_authority_is_whoever_the_certificate_names(
    authority: Authority, change: Callable[[dict[str, Any]], dict[str, Any]], told: list[str]
) -> None:
    """RFC 3161 §2.4.2: where it is stated it is one of the certificate's names."""
    raw = authority.token(change_info=change)
    found = check_profile(read_response(raw), "t", digest)
    weak = [(one.outcome, one.detail) for one in found if one.rule == "token_tsa_name"]
    assert weak == [("weak", detail) for detail in told]


def test_the_authority_may_be_named_beside_the_subject() -> None:
    beside = x509.SubjectAlternativeName([x509.DirectoryName(tsa.name("Beside it"))])
    raw = Authority.make(more=[(beside, False)]).token(change_info=named(common_name="Beside it"))
    assert findings(raw) == []


def test_the_answer_must_fit_the_question(authority: Authority) -> None:
    query = Query(imprint_algorithm="sha256", imprint=digest("sha256"), nonce=77)
    assert findings(authority.token(nonce=77), query=query) == []
    assert findings(authority.token(nonce=78), query=query) == [("token_nonce", "broken")]
    assert findings(authority.token(), query=query) == [("token_nonce", "broken")]
    other = dataclasses.replace(query, imprint=bytes(32), nonce=None)
    assert findings(authority.token(), query=other) == [("token_query", "broken")]
    strict = dataclasses.replace(query, nonce=None, policy="1.2.3")
    assert findings(authority.token(), query=strict) == [("token_policy", "broken")]
    assert findings(authority.token(), policies=("1.2.3",)) == [("token_policy", "broken")]


# --- queries and certificates --------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_a_query_is_what_asn1crypto_reads(sha256: bytes, nonce: int) -> None:
    raw = make_query(sha256, nonce)
    asked = tsp.TimeStampReq.load(raw, strict=True)
    assert asked["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert asked["message_imprint"]["hashed_message"].native == sha256
    assert asked["nonce"].native == nonce
    assert asked["cert_req"].native is True
    assert read_query(raw) == Query(
        imprint_algorithm="sha256", imprint=sha256, nonce=nonce, cert_req=True
    )


def test_a_query_is_for_a_sha256() -> None:
    with pytest.raises(ValueError):
        make_query(b"short", 1)


def test_a_query_may_name_a_policy_and_leave_the_rest_out() -> None:
    imprint = {"hash_algorithm": {"algorithm": "sha512"}, "hashed_message": bytes(64)}
    full = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "req_policy": "1.2.3"})
    assert read_query(full.dump()) == Query(
        imprint_algorithm="sha512", imprint=bytes(64), policy="1.2.3"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        der.element(der.SEQUENCE),
        make_query(bytes(32), 1).replace(b"\x02\x01\x01\x30", b"\x02\x01\x02\x30", 1),
        make_query(bytes(32), 1) + b"x",
    ],
)
def test_what_is_no_query_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedToken) as caught:
        read_query(raw)
    assert caught.value.rule == "query_not_der"


def test_certificates_come_as_pem_or_der(authority: Authority) -> None:
    both = b"notes\n" + authority.middle.pem + b"\n" + authority.root.pem.replace(b"\n", b"\r\n")
    assert read_certificates(both) == (authority.middle.der, authority.root.der)
    assert read_certificates(authority.root.der) == (authority.root.der,)
    short = authority.root.pem[:200] + b"\n-----END CERTIFICATE-----\n"
    spelt = ((b"MII", b"M=II"), (b"\n-----E", b"====\n-----E"))
    padded = [authority.root.pem.replace(*one, 1) for one in spelt]
    odd = authority.root.pem.replace(b"MII", b"MI")
    for bad in (b"", b"junk", bytes(2 << 20), short, odd, *padded):
        with pytest.raises(ValueError):
            read_certificates(bad)


def test_a_certificate_with_an_extension_twice_is_refused(authority: Authority) -> None:
    raw = authority.signer.der
    at = len(der.read(raw).children[0].children) - 1

    def doubled(node: der.Node) -> bytes:
        return der.element(der.SEQUENCE, node.content, node.children[0].raw)

    with pytest.raises(ValueError, match="twice"):
        read_certificate(parts_changed(raw, (0, at, 0), doubled))
    without = parts_changed(raw, (0, at), lambda _: b"")
    assert read_certificate(without).extended_key_usage == ()
    with pytest.raises(ValueError):
        read_certificate(parts_changed(raw, (0,), lambda _: der.element(der.SEQUENCE)))


def test_a_first_version_certificate_has_no_version_field(authority: Authority) -> None:
    old = parts_changed(authority.signer.der, (0, 0), lambda _: b"")
    assert read_certificate(old).common_name == "Test TSA"


def test_a_certificate_may_have_no_common_name(authority: Authority) -> None:
    nameless = parts_changed(authority.signer.der, (0, 5), lambda _: der.element(der.SEQUENCE))
    assert read_certificate(nameless).common_name == ""


# --- genuine ones, and damage --------------------------------------------------------------------


@needs_vectors
@pytest.mark.parametrize(
    ("path", "message", "expected"),
    [
        ("auto-archiver/digicert.tsr", "archiver", []),
        ("auto-archiver/valid_timestamp.tsr", "archiver", []),
        ("auto-archiver/timestamp_token_http-timestamp-identrust-com", "archiver", []),
        ("auto-archiver/self_signed.tsr", "archiver", []),
        ("auto-archiver/rfc3161-client-issue-104.tsr", "hello", []),
        ("rfc3161-client/test_tsa/response.tsr", "hello", []),
        ("rfc3161-client/test_tsa/response-injected-certs.tsr", "hello", []),
        ("rfc3161-client/test_tsa/other_response.tsr", "hello", []),
        ("rfc3161-client/sigstage/response-sha256.tsr", "hello", []),
        ("rfc3161-client/sigstage/response-sha384.tsr", "hello", []),
        ("rfc3161-client/sigstage/response-no-embedded-cert.tsr", "hello", ["token_signer_absent"]),
        ("local-crafted/rsa.tsr", "local", []),
        ("local-crafted/rsa_sorted.tsr", "local", []),
        ("local-crafted/ec.tsr", "local", []),
        ("local-crafted/sm3.tsr", "local", []),
        ("local-crafted/old.tsr", "local", []),
        ("local-crafted/c_noeku.tsr", "local", ["token_key_usage"]),
        ("local-crafted/c_softeku.tsr", "local", ["token_key_usage"]),
        (
            "local-crafted/c_tampertime.tsr",
            "local",
            ["token_message_digest", "token_signer_validity"],
        ),
        ("local-crafted/c_grantedmods.tsr", "local", ["token_granted_with_mods"]),
    ],
)
def test_the_profile_over_genuine_tokens(path: str, message: str, expected: list[str]) -> None:
    messages = {
        "archiver": b"4b7b4e39f12b8c725e6e603e6d4422500316df94211070682ef10260ff5759ef",
        "hello": b"hello",
        "local": (SHARED / "local-crafted/data.txt").read_bytes(),
    }
    data = messages[message]
    token = read_response((SHARED / path).read_bytes())
    seen = check_profile(token, "data", lambda name: hashlib.new(name, data).digest())
    assert [finding.rule for finding in seen if finding.rule != "token_bare"] == expected
    assert token.bare == (Path(path).suffix != ".tsr")


@needs_vectors
@pytest.mark.parametrize("name", ["c_trunc", "c_html", "rejected"])
def test_local_answers_without_a_token(name: str) -> None:
    rule = rule_of((SHARED / "local-crafted" / f"{name}.tsr").read_bytes())
    assert rule == ("token_refused" if name == "rejected" else "token_not_der")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_a_finding_or_a_refusal_never_a_crash(data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        token = read_response(bytes(raw))
        check_profile(token, "E0001", digest, chain=(bytes(raw),), now=NOW)
    except MalformedToken:
        pass
    with contextlib.suppress(ValueError):
        read_certificate(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


def _good() -> bytes:
    made: Pair = issue_signer(tsa.issue("Root"))
    return response(tsa.token(made, [made.der]))


GOOD = _good()


def test_asn1crypto_reads_the_same(authority: Authority) -> None:
    token = read_response(authority.token(nonce=9))
    data = cms.ContentInfo.load(token.raw)["content"]
    info = data["encap_content_info"]["content"].parsed
    assert info["gen_time"].native == token.info.gen_time
    assert info["serial_number"].native == token.info.serial
    assert info.dump() == token.info.raw
    signer = data["signer_infos"][0]
    assert signer["signed_attrs"].untag().dump() == token.signer.signed_bytes
    assert signer["signature"].native == token.signer.signature
    assert signer["sid"].chosen["serial_number"].native == token.signer.serial
