"""Paths of certificates: which lead from a signer to a root, and what speaks against one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from asn1crypto.keys import PublicKeyInfo, RSAPublicKey
from cryptography import x509 as cx509
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from fakes.revocation import HOUR, path, pointed, world
from fakes.tsa import NOW, Pair, issue, issue_signer, name, read
from holdfast.core import der
from holdfast.core.algorithms import fits_key, pss
from holdfast.core.certificates import Certificate, read_certificate
from holdfast.core.path import climb, names, objection


def anybody(_issuer: Certificate, _subject: Certificate) -> bool:
    return True


def test_a_path_leads_to_the_root_or_nowhere() -> None:
    root, middle, signer = world()
    own, link, end = path()
    for others in ([signer.der, middle.der], [b"junk", middle.der], [root.der, middle.der]):
        assert climb(own, others, end, NOW, anybody) == (own, link, end)
    assert climb(own, [], end, NOW, anybody) == ()
    assert climb(link, [], end, NOW, anybody) == (link, end)
    assert climb(own, [middle.der], end, NOW, lambda *_: False) == ()
    for late in (own, end):
        assert climb(own, [middle.der], end, late.not_after + HOUR, anybody) == ()
    ring = issue("Ring", Pair(issue("Ring").certificate, root.key))
    assert climb(read(issue_signer(ring)), [ring.der], end, NOW, anybody) == ()


def test_of_two_of_one_name_the_one_that_signed_is_taken() -> None:
    """verify.pyz took the first, which anybody can put beside a token, and judged that one."""
    root, middle, _ = world()
    own, link, end = path()
    other = issue("Issuing")
    ended = issue("Issuing", root, key=middle.key, since=link.not_before, until=link.not_before)

    def signed(issuer: Certificate, _subject: Certificate) -> bool:
        return issuer.public_key != read(other).public_key

    others = [other.der, ended.der, middle.der]
    assert climb(own, others, end, NOW, signed) == (own, link, end)


def test_a_path_has_only_so_many_links_and_is_looked_for_among_so_many() -> None:
    chain = [issue("Link 0")]
    for number in range(1, 9):
        chain.append(issue(f"Link {number}", chain[-1]))
    end, others = read(chain[0]), [one.der for one in chain[1:]]
    for far, found in ((7, True), (8, False)):
        signer = read(issue_signer(chain[far]))
        assert bool(climb(signer, others, end, NOW, anybody)) is found
    near = read(issue_signer(chain[1]))
    for before, found in ((63, True), (64, False)):
        crowd = [issue("Stranger").der] * before
        assert bool(climb(near, [*crowd, chain[1].der], end, NOW, anybody)) is found


def test_a_crowd_of_one_name_is_not_gone_through() -> None:
    """Sixty-four that all sign each other were four thousand starts of openssl for one token."""
    own, link, end = path()
    crowd = [issue("Issuing", issue("Issuing")).der for _ in range(15)]
    asked: list[Certificate] = []

    def signed(issuer: Certificate, _subject: Certificate) -> bool:
        asked.append(issuer)
        return issuer in (link, end)

    assert climb(own, [*crowd[:14], link.raw], end, NOW, signed) == (own, link, end)
    asked.clear()
    assert climb(own, [*crowd[:15], link.raw], end, NOW, signed) == ()
    assert len(asked) == 16


@pytest.mark.parametrize(
    ("stated", "fits"),
    [
        ((b"\1" * 20, None, None), False),
        ((None, ["Root"], 5), False),
        ((None, ["Else"], 0), False),
        ((None, ["Root"], 0), True),
    ],
)
def test_whose_key_is_named_is_the_only_issuer(stated: tuple[Any, ...], fits: bool) -> None:
    _, middle, _ = world()
    key, issuers, serial = stated
    who = issuers and [cx509.DNSName("x"), *(cx509.DirectoryName(name(one)) for one in issuers)]
    number = middle.certificate.serial_number if serial == 0 else serial
    more = ((cx509.AuthorityKeyIdentifier(key, who, number), False),)
    signer = read(issue_signer(middle, more=more))
    assert names(signer, read(middle)) is fits
    assert names(signer, replace(read(middle), key_id=None)) is (fits or key is not None)


def test_an_issuer_that_is_named_by_its_key_is_found() -> None:
    _, middle, _ = world()
    known = cx509.AuthorityKeyIdentifier.from_issuer_public_key(middle.key.public_key())
    assert names(read(issue_signer(middle, more=((known, False),))), read(middle))


def test_what_speaks_against_a_path_for_time_stamps() -> None:
    root, middle, signer = world()
    uses = {"alone": {"uses": {"key_agreement": True}}, "signatures": {"signs": False}}
    for word, options in uses.items():
        other = issue_signer(middle, **options)
        assert objection([read(one) for one in (other, middle, root)]).endswith(word)
    servers = issue("For servers", root, purposes=[Eku.SERVER_AUTH])
    unsigning = issue("Unsigning", root, uses={"key_cert_sign": False})
    nobody = issue("Nobody", root, authority=False, uses={"key_cert_sign": True})
    for above, what in (
        (servers, "extendedKeyUsage"), (unsigning, "keyCertSign"), (nobody, "CA"),
    ):  # fmt: skip
        found = objection([read(one) for one in (signer, above, root)])
        assert found == f"{above.certificate.subject.rfc4514_string()[3:]}: {what}"
    assert objection(path()) == ""
    plain = pointed(signer, middle)
    assert objection([read(one) for one in (plain, middle, root)]) == ""


def test_a_root_says_that_it_is_one_unless_it_is_of_the_first_years() -> None:
    signer, middle, root = path()
    silent = replace(root, authority=None, key_uses=None)
    assert objection((signer, middle, silent)) == "Root: CA"
    assert objection((signer, middle, replace(silent, key_uses=0x04))) == ""
    assert objection((signer, middle, replace(silent, first_version=True))) == ""
    assert objection((signer, replace(middle, authority=None), root)) == "Issuing: CA"


def test_no_more_authorities_follow_than_one_allows() -> None:
    signer, middle, root = path()
    assert objection((signer, middle, replace(root, path_length=0))) == "Root: pathLenConstraint"
    assert objection((signer, middle, replace(root, path_length=1))) == ""
    assert objection((signer, replace(middle, path_length=0), root)) == ""
    again = replace(middle, issuer=middle.subject)
    assert objection((signer, again, replace(root, path_length=0))) == ""


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("oid", ["1.2.3.4", "2.5.29.14", "2.5.29.18", "2.5.29.35"])
def test_what_must_not_be_passed_over_is_not(at: int, oid: str) -> None:
    """Of a root the program and the page asked nothing; the three knew different ones."""
    one = [*path()]
    one[at] = replace(one[at], critical=(*one[at].critical, oid))
    assert objection(one) == f"{one[at].common_name}: {oid}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"\x30\0", (False, None)),
        (b"\x30\x03\x01\x01\xff", (True, None)),
        (b"\x30\x06\x01\x01\xff\x02\x01\x03", (True, 3)),
        (b"\x30\x03\x02\x01\x00", (False, 0)),
        (b"\x30\x06\x01\x01\xff\x02\x01\xff", None),
        (b"\x30\x06\x02\x01\x03\x02\x01\x03", None),
        (b"\x30\x03\x04\x01a", None),
        (b"", None),
    ],
)
def test_what_a_certificate_says_of_its_authority(
    value: bytes, said: tuple[bool, int | None] | None
) -> None:
    raw = stating("2.5.29.19", value)
    if said is None:
        with pytest.raises(ValueError):
            read_certificate(raw)
    else:
        found = read_certificate(raw)
        assert (found.authority, found.path_length) == said


def stating(oid: str, value: bytes) -> bytes:
    """A certificate with one extension."""
    body = der.read(issue("Said").der).children[0]
    parts = [part.raw for part in body.children if part.tag != 0xA3]
    one = der.element(der.SEQUENCE, der.oid(oid), der.element(der.OCTET_STRING, value))
    held = der.element(0xA3, der.element(der.SEQUENCE, one))
    return outside(*parts, held)


def outside(*parts: bytes) -> bytes:
    _, algorithm, signature = der.read(issue("Said").der).children
    return der.element(
        der.SEQUENCE, der.element(der.SEQUENCE, *parts), algorithm.raw, signature.raw
    )


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        ("2.5.29.15", b""),
        ("2.5.29.15", b"\x04\x01\x06"),
        ("2.5.29.14", b""),
        ("2.5.29.37", b""),
        ("2.5.29.35", b""),
        ("2.5.29.35", b"\x30\x03\x83\x01a"),
        ("2.5.29.35", b"\x30\x06\x80\x01a\x80\x01a"),
    ],
)
def test_a_certificate_that_cannot_be_read_where_it_counts_is_none(oid: str, value: bytes) -> None:
    with pytest.raises(ValueError):
        read_certificate(stating(oid, value))


def test_uses_may_be_none_at_all() -> None:
    assert read_certificate(stating("2.5.29.15", b"\x03\x01\x00")).key_uses == 0
    assert read_certificate(stating("2.5.29.17", b"\x30\x00")).key_uses is None


@pytest.mark.parametrize("version", ["a003020100", "a003020101", "a003020103", "a000"])
def test_a_certificate_is_of_the_first_or_the_third_version(version: str) -> None:
    """Of the second, the page and openssl took some, and the program none."""
    parts = [part.raw for part in der.read(issue("Said").der).children[0].children[1:]]
    assert read_certificate(outside(*parts)).first_version
    with pytest.raises(ValueError, match="version"):
        read_certificate(outside(bytes.fromhex(version), *parts))


@pytest.mark.parametrize(
    ("bits", "exponent", "against"),
    [
        (512, 65537, "RSA 512"),
        (1024, 65537, ""),
        (2048, 3, ""),
        (2048, 2, "RSA e=2"),
        (2048, 1, "RSA e=1"),
        (2048, -1, "RSA e=-1"),
        (2048, 1 << 4000, "RSA e"),
    ],
)
def test_a_key_that_signs_nothing_is_none(bits: int, exponent: int, against: str) -> None:
    """To the first power, a signature is what it should be after all."""
    signer, *above = path()
    stated = {"modulus": (1 << (bits - 1)) + 1, "public_exponent": exponent}
    key = PublicKeyInfo.wrap(RSAPublicKey(stated), "rsa").dump()
    told = objection([replace(signer, public_key=key), *above])
    assert told == (f"{signer.common_name}: {against}" if against else "")


HASH = der.element(der.SEQUENCE, der.oid("2.16.840.1.101.3.4.2.1"))
OVER, SALT = der.element(0xA0, HASH), der.element(0xA2, der.integer(32))
MASK = der.element(0xA1, der.element(der.SEQUENCE, der.oid("1.2.840.113549.1.1.8"), HASH))
OTHER = der.element(0xA1, der.element(der.SEQUENCE, der.oid("1.2.3"), HASH))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([OVER, MASK, SALT], ("sha256", 32)),
        ([OVER, MASK], ("sha256", 20)),
        ([], ("sha1", 20)),
        ([OVER, MASK, SALT, der.element(0xA3, der.integer(1))], ("sha256", 32)),
        ([OVER, MASK, SALT, der.element(0xA3, der.integer(2))], None),
        ([OVER, SALT], None),
        ([OVER, OTHER, SALT], None),
        ([OVER, OVER, MASK, SALT], None),
        ([MASK, OVER, SALT], None),
        ([OVER, MASK, der.element(0xA2, der.integer(-1))], None),
        ([OVER, MASK, der.element(0xA2, der.integer(65))], None),
        ([OVER, MASK, SALT, der.element(0xA4, der.integer(1))], None),
        ([der.element(0xA0, HASH, HASH), MASK, SALT], None),
        ([der.integer(1)], None),
    ],
)
def test_parameters_that_every_library_reads_alike(
    parts: list[bytes], said: tuple[str, int] | None
) -> None:
    """The first of two hashes counted for one checker and the last for another."""
    assert pss(der.element(der.SEQUENCE, *parts)) == said
    assert pss(b"".join(parts)) is None


def test_a_signature_fits_the_keys_that_make_it() -> None:
    curve = read(issue("Curve")).public_key
    assert fits_key("1.2.840.10045.4.3.2", curve)
    assert not fits_key("1.2.840.113549.1.1.11", curve)
    assert not fits_key("1.3.101.112", curve)
    for known_to_nobody in ("1.2.3", "1.2.840.10045.4.3.2"):
        for key in (b"", b"\x30\x00"):
            assert fits_key(known_to_nobody, key)
    assert fits_key("1.2.3", curve)
