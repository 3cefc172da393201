"""Revocation lists and OCSP answers: read, vouched for, weighed.

Nobody can make one that the authority did not sign: whatever is vouched for carries the signed
content of a seed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

from fuzz import mutators
from fuzz.target import LENT, Target, seeds_of
from holdfast.adapters import x509
from holdfast.core.canonical import moment, rfc3339
from holdfast.core.certificates import Certificate, read_certificate, read_certificates
from holdfast.core.path import climb, objection
from holdfast.core.revocation import (
    CertificateList,
    ocsp_request,
    places,
    read_material,
    read_signed,
    subject_of,
    vouched,
    weigh,
)
from holdfast.core.withdrawn import Withdrawals

SOON = datetime(2026, 11, 12, 13, 6, 31, tzinfo=UTC)


@cache
def path() -> tuple[Certificate, ...]:
    """Signer, issuing authority, root."""
    raws = (LENT / "chain.pem").read_bytes() + (LENT / "root.pem").read_bytes()
    return tuple(map(read_certificate, read_certificates(raws)))


@cache
def signed() -> frozenset[bytes]:
    """What the authority signed, among the seeds."""
    found = set()
    for raw in seeds_of("revocation"):
        with suppress(ValueError):
            found.add(read_material(raw).signed.body.raw)
    return frozenset(found)


def run(data: bytes) -> None:
    _certificate(data)
    pems = ((LENT / "chain.pem").read_bytes(), (LENT / "root.pem").read_bytes())
    withdrawals = Withdrawals()
    rule, _, _ = withdrawals.add("a", data, (pems, (data,)), x509.holds)
    assert bool(rule) != ("a" in withdrawals.materials)
    try:
        material = read_material(data)
    except ValueError:
        assert rule == "revocation_malformed"
        return
    subject_of(material)
    assert moment(rfc3339(material.signed_at)) <= material.signed_at
    for told in weigh(path(), [material], SOON, x509.holds):
        assert told[0]
    weigh(path(), [material], SOON, lambda *_: True)
    weigh(path(), [material], SOON, lambda *_: None)
    if vouched(material, path(), x509.holds):
        assert material.signed.body.raw in signed()
    if isinstance(material, CertificateList):
        for one in (entry for such in material.revoked.values() for entry in such):
            assert moment(rfc3339(one.since)) <= one.since


def _certificate(data: bytes) -> None:
    with suppress(ValueError):
        places(data)
    with suppress(ValueError):
        read_signed(data)
    with suppress(ValueError):
        found = read_certificate(data)
        others = (data, *(one.raw for one in path()))
        climb(path()[0], others, path()[-1], SOON, lambda *_: True)
        objection((path()[0], found, path()[-1]))
        with suppress(ValueError):
            ocsp_request(found, found)


TARGET = Target(
    name="revocation",
    run=run,
    mutate=mutators.der,
    tokens=(
        bytes.fromhex("06092b0601050507300101"),
        bytes.fromhex("06082b06010505073001"),
        bytes.fromhex("0603551d14"),
        bytes.fromhex("0603551d15"),
        bytes.fromhex("0603551d1c"),
        bytes.fromhex("0603551d1f"),
        b"\x18\x0f99991231235959Z",
        b"\x18\x0f00010101000000Z",
        b"\x0a\x01\x01",
        b"\xa1\x11\x18\x0f20261112130631Z",
        b"\x82\x00",
        b"\x80\x00",
    ),
    vectors=("tsr/**/*.crl", "tsr/**/*.pem"),
    largest=16 << 10,
)
