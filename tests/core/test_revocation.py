"""Revocation lists and answers: what is read, whose word counts, and what it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import ExtensionOID
from hypothesis import given
from hypothesis import strategies as st

from fakes.revocation import HOUR, Extension, answer, crl, path, pointed, world
from fakes.tsa import NOW, Pair, issue, issue_signer
from holdfast.adapters import x509
from holdfast.core import der
from holdfast.core.certificates import read_certificate
from holdfast.core.revocation import (
    CertificateList,
    OcspResponse,
    is_about,
    ocsp_request,
    places,
    read_material,
    read_signed,
    subject_of,
    vouched,
    weigh,
)

AT = "http://tsa.example/issuing.crl"
OTHER = "http://tsa.example/other.crl"


def told(*raws: bytes, moment: datetime = NOW) -> list[tuple[str, str]]:
    found = weigh(path(), [read_material(raw) for raw in raws], moment, x509.holds)
    return [(rule, outcome) for rule, outcome, _ in found]


GOOD, ABSENT = ("revocation_good", "ok"), ("revocation_absent", "unchecked")
BROKEN, LATER = ("token_revoked", "broken"), ("token_revoked_later", "ok")


# --- what it means -------------------------------------------------------------------------------


def test_where_everything_is_said_nothing_is_missing() -> None:
    root, middle, signer = world()
    assert told(crl(middle), crl(root)) == [GOOD, GOOD]
    assert told(answer(signer, middle), answer(middle, root)) == [GOOD, GOOD]
    assert told(answer(signer, middle, algorithm=hashes.SHA256()), crl(root)) == [GOOD, GOOD]


def test_where_nothing_is_said_that_is_said() -> None:
    root, middle, _ = world()
    assert told() == [ABSENT]
    assert weigh(path(), [], NOW, x509.holds)[0][2] == "Test TSA, Issuing"
    assert told(crl(middle)) == [GOOD, ABSENT]
    assert told(crl(root)) == [GOOD, ABSENT]


def test_after_a_certificate_has_ended_silence_says_nothing_of_it() -> None:
    root, middle, signer = world()
    end = read_certificate(signer.der).not_after
    late = {"made": end + HOUR, "until": end + 2 * HOUR}
    for raw in (crl(middle, **late), answer(signer, middle, **late)):
        assert told(raw, crl(root)) == [GOOD, ABSENT]
        assert told(crl(middle), raw, crl(root)) == [GOOD, GOOD]
    named = crl(middle, [(signer, end - HOUR, ReasonFlags.key_compromise)], **late)
    assert told(crl(middle), named, crl(root)) == [BROKEN, GOOD]


@pytest.mark.parametrize("form", ["crl", "ocsp"])
@pytest.mark.parametrize(
    ("since", "reason", "verdict"),
    [
        (-HOUR, ReasonFlags.superseded, BROKEN),
        (timedelta(0), ReasonFlags.cessation_of_operation, BROKEN),
        (HOUR, ReasonFlags.superseded, LATER),
        (HOUR, ReasonFlags.affiliation_changed, LATER),
        (HOUR, ReasonFlags.cessation_of_operation, LATER),
        (HOUR, ReasonFlags.unspecified, LATER),
        # RFC 3161 §4 (1): a key in other hands, and no reason at all, end what was signed before.
        (HOUR, ReasonFlags.key_compromise, BROKEN),
        (HOUR, ReasonFlags.ca_compromise, BROKEN),
        (HOUR, None, BROKEN),
        (-HOUR, None, BROKEN),
    ],
)
def test_a_signer_that_was_withdrawn(
    form: str, since: timedelta, reason: ReasonFlags | None, verdict: tuple[str, str]
) -> None:
    root, middle, signer = world()
    later = NOW + 2 * HOUR
    if form == "crl":
        raw = crl(middle, [(signer, NOW + since, reason)], made=later, until=later + HOUR)
    else:
        raw = answer(
            signer,
            middle,
            status=ocsp.OCSPCertStatus.REVOKED,
            since=NOW + since,
            reason=reason,
            made=later,
            until=later + HOUR,
        )
    assert told(raw, crl(root)) == [verdict, GOOD]


def test_an_authority_that_was_withdrawn() -> None:
    root, middle, _ = world()
    made = {"made": NOW + 2 * HOUR, "until": NOW + 3 * HOUR}
    before = crl(root, [(middle, NOW - HOUR, ReasonFlags.superseded)], **made)
    lost = crl(root, [(middle, NOW + HOUR, ReasonFlags.ca_compromise)], **made)
    later = crl(root, [(middle, NOW + HOUR, None)], **made)
    assert told(before) == [BROKEN, ABSENT]
    assert told(lost) == [BROKEN, ABSENT]
    assert told(later) == [LATER, ABSENT]


def test_the_time_since_which_a_key_was_not_to_be_trusted_counts() -> None:
    _, middle, signer = world()
    known = cx509.InvalidityDate((NOW - HOUR).replace(tzinfo=None))
    raw = crl(
        middle,
        [(signer, NOW + HOUR, ReasonFlags.superseded)],
        entry=[(known, False)],
        made=NOW + 2 * HOUR,
        until=NOW + 3 * HOUR,
    )
    assert told(raw)[0] == BROKEN


def test_a_withdrawal_counts_however_old_the_list_is() -> None:
    _, middle, signer = world()
    old = {"made": NOW - 9 * HOUR, "until": NOW - 8 * HOUR}
    assert told(crl(middle, [(signer, NOW - 9 * HOUR, None)], **old))[0] == BROKEN


def test_what_had_run_out_by_then_says_nothing() -> None:
    _, middle, signer = world()
    old = {"made": NOW - 9 * HOUR, "until": NOW - 8 * HOUR}
    assert told(crl(middle, **old)) == [ABSENT]
    assert told(answer(signer, middle, **old)) == [ABSENT]
    # Where there is a newer one at any time, an older one says nothing of what came after it.
    assert told(answer(signer, middle, made=NOW - HOUR, until=None)) == [ABSENT]
    assert told(answer(signer, middle, made=NOW, until=None)) == [GOOD, ABSENT]


def test_the_bad_word_counts_beside_a_good_one() -> None:
    _, middle, signer = world()
    bad = crl(middle, [(signer, NOW - HOUR, None)])
    for raws in ((bad, answer(signer, middle)), (answer(signer, middle), bad)):
        assert told(*raws)[0] == BROKEN


def test_the_gravest_word_counts_among_several_withdrawals() -> None:
    """A list of the first day and a later one, or a list and an answer, may give other reasons."""
    _, middle, signer = world()
    late = {"made": NOW + 2 * HOUR, "until": NOW + 3 * HOUR}
    harmless = crl(middle, [(signer, NOW + HOUR, ReasonFlags.superseded)], **late)
    stolen = crl(middle, [(signer, NOW + HOUR, ReasonFlags.key_compromise)], **late)
    earlier = answer(
        signer,
        middle,
        status=ocsp.OCSPCertStatus.REVOKED,
        since=NOW - HOUR,
        reason=ReasonFlags.superseded,
        **late,
    )
    for grave in (stolen, earlier):
        assert told(harmless, grave) == [BROKEN, ABSENT]
        assert told(grave, harmless) == [BROKEN, ABSENT]
    assert told(harmless, harmless) == [LATER, ABSENT]


def test_an_answer_that_knows_nothing_says_nothing() -> None:
    _, middle, signer = world()
    assert told(answer(signer, middle, status=ocsp.OCSPCertStatus.UNKNOWN)) == [ABSENT]
    assert told(answer(issue_signer(middle, "Another"), middle)) == [ABSENT]


# --- for whom a list is --------------------------------------------------------------------------


def scope(
    *, users: bool = False, authorities: bool = False, at: str = "", indirect: bool = False
) -> list[Extension]:
    where = [cx509.UniformResourceIdentifier(at)] if at else None
    return [
        (
            cx509.IssuingDistributionPoint(
                full_name=where,
                relative_name=None,
                only_contains_user_certs=users,
                only_contains_ca_certs=authorities,
                only_some_reasons=None,
                indirect_crl=indirect,
                only_contains_attribute_certs=False,
            ),
            True,
        )
    ]


def test_a_list_for_users_or_for_authorities_speaks_of_no_others() -> None:
    root, middle, _ = world()
    assert told(crl(middle, extensions=scope(users=True))) == [GOOD, ABSENT]
    assert told(crl(middle, extensions=scope(authorities=True))) == [ABSENT]
    assert told(crl(root, extensions=scope(users=True))) == [ABSENT]
    assert told(crl(root, extensions=scope(authorities=True))) == [GOOD, ABSENT]


def test_a_part_of_a_list_speaks_only_of_those_that_name_it() -> None:
    """Else the part for other certificates would pass for one in which this one is not listed."""
    _, middle, signer = world()
    for urls, found in (((AT,), 1), ((OTHER,), 0), ((), 0)):
        chain = [read_certificate(one.der) for one in (pointed(signer, middle, *urls), middle)]
        material = read_material(crl(middle, extensions=scope(at=AT)))
        rules = [rule for rule, _, _ in weigh(chain, [material], NOW, x509.holds)]
        assert rules.count("revocation_good") == found


def test_where_a_certificate_says_that_it_is_published() -> None:
    _, middle, signer = world()
    raw = pointed(signer, middle, AT, "ldap://tsa.example/cn=x", OTHER, AT).der
    assert places(raw) == ((AT, OTHER), ("http://tsa.example/ocsp",))
    assert places(signer.der) == ((), ())
    for junk in (b"", b"\x30\x00", b"junk"):
        with pytest.raises(ValueError, match=r"."):
            places(junk)


def test_an_authority_named_only_in_part_points_nowhere() -> None:
    _, middle, signer = world()
    name = cx509.RelativeDistinguishedName(
        [cx509.NameAttribute(cx509.NameOID.COMMON_NAME, "a part")]
    )
    points = cx509.CRLDistributionPoints(
        [
            cx509.DistributionPoint(None, name, None, None),
            cx509.DistributionPoint(
                None, None, None, [cx509.DirectoryName(middle.certificate.subject)]
            ),
        ]
    )
    raw = (
        cx509.CertificateBuilder()
        .subject_name(signer.certificate.subject)
        .issuer_name(middle.certificate.subject)
        .public_key(signer.key.public_key())
        .serial_number(5)
        .not_valid_before(NOW)
        .not_valid_after(NOW + HOUR)
        .add_extension(points, critical=False)
        .sign(middle.key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    assert places(raw) == ((), ())


# --- whose word it is ----------------------------------------------------------------------------


def test_only_the_word_of_an_issuer_counts() -> None:
    root, middle, signer = world()
    stranger = issue("Issuing")
    forged = crl(middle, key=stranger.key)
    assert vouched(read_material(forged), path(), x509.holds) is False
    assert told(forged) == [ABSENT]
    assert vouched(read_material(crl(stranger)), path()[2:], x509.holds) is False
    assert vouched(read_material(crl(root)), path(), x509.holds) is True
    by_signer = answer(signer, middle, by=signer)
    assert vouched(read_material(by_signer), path(), x509.holds) is False


def test_an_issuer_that_may_not_sign_lists_signs_none() -> None:
    root, *_ = world()
    no_lists = issue_signer(root, "No lists")
    plain = pointed(no_lists, root)
    raw = crl(no_lists)
    assert vouched(read_material(raw), [read_certificate(no_lists.der)], x509.holds) is False
    # Where no uses are stated, none are excluded.
    assert vouched(read_material(raw), [read_certificate(plain.der)], x509.holds) is True


def test_a_delegate_must_be_named_for_it_by_the_issuer() -> None:
    root, middle, signer = world()

    def responder(issuer: Pair, **options: Any) -> Pair:
        options = {"purposes": [Eku.OCSP_SIGNING], **options}
        return issue("Responder", issuer, authority=False, **options)

    for by, counts in (
        (responder(middle), True),
        (responder(root), False),
        (responder(middle, purposes=[Eku.TIME_STAMPING]), False),
        (responder(middle, until=NOW - HOUR), False),
        (responder(middle, since=NOW + timedelta(days=200)), False),
        (responder(Pair(middle.certificate, issue("x").key)), False),
    ):
        raw = answer(signer, middle, by=by)
        assert vouched(read_material(raw), path(), x509.holds) is counts
        assert told(raw)[0] == (GOOD if counts else ABSENT)


def test_what_cannot_be_computed_is_neither_vouched_nor_a_forgery() -> None:
    _, middle, signer = world()

    def none(*_: object) -> None:
        return None

    delegate = issue("Responder", middle, authority=False, purposes=[Eku.OCSP_SIGNING])
    for raw in (crl(middle), answer(signer, middle), answer(signer, middle, by=delegate)):
        assert vouched(read_material(raw), path(), none) is None
        assert weigh(path(), [read_material(raw)], NOW, none)[0][0] == "revocation_absent"


def test_a_certificate_in_an_answer_that_cannot_be_read_is_passed_over() -> None:
    _, middle, signer = world()
    raw = answer(signer, middle, by=issue_signer(middle, "Responder"))
    material = read_material(raw)
    assert isinstance(material, OcspResponse)
    assert vouched(replace(material, certificates=(b"\x30\x00",)), path(), x509.holds) is False


def bent(one: Pair, issuer: Pair, oid: cx509.ObjectIdentifier) -> Pair:
    """Its certificate once more, with nonsense in an extension."""
    builder = (
        cx509.CertificateBuilder()
        .subject_name(one.certificate.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(one.key.public_key())
        .serial_number(78)
        .not_valid_before(NOW - HOUR)
        .not_valid_after(NOW + HOUR)
        .add_extension(cx509.UnrecognizedExtension(oid, b"\x04\x02\xff"), critical=False)
    )
    return Pair(builder.sign(issuer.key, hashes.SHA256()), one.key)


def test_a_certificate_that_came_along_may_say_anything_of_its_key() -> None:
    """Its bytes are its maker's: no key, no uses, no places, and no end."""
    root, middle, signer = world()
    good = read_certificate(middle.der)
    about = read_material(answer(signer, middle))
    for key in (b"", b"\x30\x00", seq(der.integer(1), der.integer(2))):
        odd = replace(good, public_key=key)
        assert vouched(about, [odd], x509.holds) is False
        with pytest.raises(ValueError):
            ocsp_request(path()[0], odd)
    with pytest.raises(ValueError):
        read_certificate(bent(middle, root, ExtensionOID.KEY_USAGE).der)
    nowhere = bent(signer, middle, ExtensionOID.CRL_DISTRIBUTION_POINTS)
    chain = [read_certificate(one.der) for one in (nowhere, middle)]
    material = read_material(crl(middle, extensions=scope(at=AT)))
    assert weigh(chain, [material], NOW, x509.holds)[0][0] == "revocation_absent"
    ageless = issue(
        "Responder",
        middle,
        authority=False,
        purposes=[Eku.OCSP_SIGNING],
        until=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    )
    by = read_material(answer(signer, middle, by=ageless))
    assert vouched(by, path(), x509.holds) is True


def test_of_a_crowd_of_one_name_a_few_keys_are_tried() -> None:
    _, middle, _ = world()
    asked: list[bytes] = []
    crowd = [replace(read_certificate(middle.der), serial=at) for at in range(500)]
    assert vouched(read_material(crl(middle)), crowd, lambda *a: bool(asked.append(a[0]))) is False
    assert len(asked) == 8


def test_a_reason_is_one_that_there_is() -> None:
    """A number of sixteen thousand bits is one that Python refuses to print."""
    _, middle, signer = world()
    raw = answer(
        signer, middle, status=ocsp.OCSPCertStatus.REVOKED, since=NOW, reason=ReasonFlags.superseded
    )
    good = der.element(der.ENUMERATED, b"\x04")
    assert raw.count(good) == 1
    read_material(raw)
    for bad in (b"\x0b", b"\xff"):
        with pytest.raises(ValueError, match="reason"):
            read_material(raw.replace(good, der.element(der.ENUMERATED, bad)))


# --- reading -------------------------------------------------------------------------------------


def test_what_is_read_of_a_list() -> None:
    _, middle, signer = world()
    raw = crl(middle, [(signer, NOW, ReasonFlags.superseded)], extensions=scope(at=AT))
    material = read_material(raw)
    assert isinstance(material, CertificateList)
    assert (material.as_of, material.until) == (NOW - HOUR, NOW + HOUR)
    (entry,) = material.revoked[signer.certificate.serial_number]
    assert entry.reason == 4
    assert material.places == (AT,)
    assert material.signed_at == material.as_of
    assert subject_of(material) == ("crl", material.issuer + AT.encode())
    assert is_about(material, read_certificate(middle.der))
    assert not is_about(material, read_certificate(signer.der))


def test_what_is_read_of_an_answer() -> None:
    _, middle, signer = world()
    material = read_material(answer(signer, middle))
    assert isinstance(material, OcspResponse)
    assert material.signed_at == material.made
    (one,) = material.answers
    assert (one.hash, one.serial, one.state) == (
        "sha1",
        signer.certificate.serial_number,
        "good",
    )
    assert subject_of(material)[0] == "ocsp"
    # A second one about the same certificate is of the same subject.
    assert subject_of(read_material(answer(signer, middle))) == subject_of(material)


def test_the_question_is_one_that_responders_understand() -> None:
    _, middle, signer = world()
    asked = ocsp.load_der_ocsp_request(
        ocsp_request(read_certificate(signer.der), read_certificate(middle.der))
    )
    wanted = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(signer.certificate, middle.certificate, hashes.SHA1())
        .build()
    )
    assert asked.public_bytes(Encoding.DER) == wanted.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "raw",
    [
        lambda m, s: crl(m, extensions=[(cx509.DeltaCRLIndicator(3), True)]),
        lambda m, s: crl(m, extensions=scope(indirect=True)),
        lambda m, s: crl(
            m,
            [(s, NOW, None)],
            entry=[(cx509.CertificateIssuer([cx509.DirectoryName(s.certificate.subject)]), True)],
        ),
        lambda m, s: ocsp.OCSPResponseBuilder.build_unsuccessful(
            ocsp.OCSPResponseStatus.TRY_LATER
        ).public_bytes(Encoding.DER),
        lambda m, s: answer(s, m, algorithm=hashes.SHA512()),
        lambda m, s: m.der,
        lambda m, s: b"",
        lambda m, s: b"\x30\x00",
        lambda m, s: b"<html>",
        lambda m, s: crl(m) + b"\0",
        lambda m, s: crl(m)[:-1],
    ],
)
def test_what_says_too_little_or_nothing_is_refused(raw: Callable[[Pair, Pair], bytes]) -> None:
    _, middle, signer = world()
    with pytest.raises(ValueError, match=r"."):
        read_material(raw(middle, signer))


def seq(*parts: bytes) -> bytes:
    return der.element(der.SEQUENCE, *parts)


ALGORITHM = seq(der.oid("1.2.840.10045.4.3.2"))
SIGNATURE = der.element(der.BIT_STRING, b"\0x")
TIME = der.element(der.UTC_TIME, b"261112130631Z")
LONG = der.element(der.GENERALIZED_TIME, b"20261112130631Z")
NAME = seq()


def listed(*parts: bytes, algorithm: bytes = ALGORITHM) -> bytes:
    return seq(seq(*parts), algorithm, SIGNATURE)


def test_the_smallest_list_there_can_be() -> None:
    material = read_material(listed(ALGORITHM, NAME, TIME))
    assert isinstance(material, CertificateList)
    assert (material.until, material.revoked) == (None, {})
    assert material.signed.parameters == b""


@pytest.mark.parametrize(
    "raw",
    [
        listed(der.integer(2), ALGORITHM, NAME, TIME),
        listed(ALGORITHM, NAME, TIME, algorithm=seq(der.oid("1.2.840.10045.4.3.3"))),
        listed(ALGORITHM, NAME, TIME, der.element(0xA1)),
        listed(ALGORITHM, NAME, TIME, seq(seq(der.integer(1), TIME, seq(), seq()))),
        listed(ALGORITHM, NAME, TIME, seq(seq(der.integer(1)))),
        listed(ALGORITHM, NAME),
        seq(seq(ALGORITHM, NAME, TIME), ALGORITHM),
        seq(seq(ALGORITHM, NAME, TIME), ALGORITHM, der.element(der.BIT_STRING, b"\x04\xf0")),
    ],
)
def test_a_list_must_be_built_like_one(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_material(raw)


HASH = der.element(der.OCTET_STRING, b"h")
ABOUT = seq(seq(der.oid("1.3.14.3.2.26"), der.element(der.NULL)), HASH, HASH, der.integer(1))
KNOWN = der.element(0x80)
REASON = der.element(0xA0, der.element(der.ENUMERATED, b"\x01"))
RESPONDER = der.element(0xA2, HASH)


def responded(
    *single: bytes, status: int = 0, kind: str = "1.3.6.1.5.5.7.48.1.1", **parts: Any
) -> bytes:
    body = seq(
        *parts.get("version", ()),
        parts.get("responder", RESPONDER),
        LONG,
        seq(*single),
        *parts.get("rest", ()),
    )
    basic = seq(body, ALGORITHM, SIGNATURE, *parts.get("certificates", ()))
    inside = seq(der.oid(kind), der.element(der.OCTET_STRING, basic))
    wrapped = (der.element(0xA0, inside),) if parts.get("wrapped", True) else ()
    return seq(der.element(der.ENUMERATED, bytes((status,))), *wrapped)


def test_what_an_answer_may_leave_out_or_bring_along() -> None:
    bare = read_material(responded(seq(ABOUT, KNOWN, LONG)))
    assert isinstance(bare, OcspResponse)
    assert (bare.answers[0].until, bare.certificates) == (None, ())
    full = read_material(
        responded(
            seq(ABOUT, der.element(0xA1, LONG), LONG, der.element(0xA0, TIME), der.element(0xA1)),
            version=(der.element(0xA0, der.integer(0)),),
            rest=(der.element(0xA1, seq()),),
            certificates=(der.element(0xA0, seq(seq())),),
        )
    )
    assert isinstance(full, OcspResponse)
    assert full.answers[0].revoked is not None
    assert full.answers[0].revoked.reason is None
    assert full.certificates == (seq(),)


@pytest.mark.parametrize(
    "raw",
    [
        responded(seq(ABOUT, der.element(0xA1, LONG + 2 * REASON), LONG)),
        responded(seq(ABOUT, KNOWN, LONG), status=6),
        responded(seq(ABOUT, KNOWN, LONG), kind="1.2.3"),
        responded(seq(ABOUT, KNOWN, LONG), wrapped=False),
        responded(seq(ABOUT, KNOWN, LONG), responder=seq()),
        responded(seq(ABOUT, KNOWN, LONG), rest=(seq(),)),
        responded(seq(ABOUT, KNOWN, LONG), certificates=(seq(),)),
        responded(seq(ABOUT, der.element(0x83), LONG)),
        responded(*[seq(ABOUT, KNOWN, LONG)] * 65),
        responded(seq(ABOUT, KNOWN)),
    ],
)
def test_an_answer_must_be_built_like_one(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_material(raw)


def test_nothing_signed_is_nothing_read() -> None:
    for raw in (b"\x30\x00", b"junk", seq(seq())):
        with pytest.raises(ValueError, match=r"."):
            read_signed(raw)
    assert read_signed(world()[0].der).algorithm == "1.2.840.10045.4.3.2"


@given(st.binary(max_size=200), st.integers(0, 3), st.integers(0))
def test_any_bytes_are_read_or_refused_with_one_kind_of_error(
    junk: bytes, which: int, at: int
) -> None:
    _, middle, signer = world()
    raw = (crl(middle), answer(signer, middle), listed(junk), responded(junk))[which]
    at %= len(raw)
    for bent in (junk, raw[:at] + junk, raw[:at] + junk[:1] + raw[at + 1 :]):
        try:
            read_material(bent)
        except ValueError:
            continue


def test_a_responder_without_an_end_is_heard() -> None:
    """Its last second is the last there is, and nothing comes after it; found by the fuzzer."""
    _, middle, signer = world()
    endless = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    by = issue("Responder", middle, authority=False, purposes=[Eku.OCSP_SIGNING], until=endless)
    material = read_material(answer(signer, middle, by=by))
    assert vouched(material, path(), x509.holds)
