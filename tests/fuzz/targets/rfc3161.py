"""Time-stamp queries, answers, tokens and certificates, up to the judgement of a token.

Nobody can make a token whose signed content is not one that our authority signed: whatever input is
called confirmed carries the content of a seed.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

from fuzz import mutators
from fuzz.target import LENT, Target, seeds_of
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core import rfc3161
from holdfast.core.canonical import moment, rfc3339
from holdfast.core.certificates import read_certificate, read_certificates, read_pem, write_pem
from holdfast.core.lifetime import lifetime, rsa_bits
from holdfast.core.rfc3161 import MalformedToken, Token, read_response
from holdfast.core.verdict import ProofHelp

SUBJECT = b"what was kept"
LATER = "2027-01-01T00:00:00.000Z"


@cache
def root() -> bytes:
    return (LENT / "root.pem").read_bytes()


@cache
def chain() -> bytes:
    return (LENT / "chain.pem").read_bytes()


@cache
def signed() -> frozenset[bytes]:
    """What our authority signed."""
    found = set()
    for raw in seeds_of("rfc3161"):
        with suppress(MalformedToken):
            found.add(read_response(raw).info.raw)
    return frozenset(found)


def run(data: bytes) -> None:
    with suppress(MalformedToken):
        rfc3161.read_query(data)
    _certificates(data)
    try:
        token = read_response(data)
    except MalformedToken:
        token = None
    else:
        _profile(token)
    _judged(data, token)


def _digest(name: str) -> bytes:
    return hashlib.new(name, SUBJECT, usedforsecurity=False).digest()


def _certificates(data: bytes) -> None:
    with suppress(ValueError):
        for raw in read_certificates(data):
            found = read_certificate(raw)
            assert "\n" not in found.common_name
            rsa_bits(found.public_key)
            for told in (found.not_before, found.not_after):
                assert moment(rfc3339(told)) == told
    with suppress(ValueError):
        assert write_pem(read_pem(data)) == data


def _profile(token: Token) -> None:
    told = rfc3161.check_profile(
        token, "f", _digest, chain=(), now=datetime(2026, 11, 12, tzinfo=UTC)
    )
    assert all(finding.subject == "f" for finding in told)
    text = rfc3339(token.info.gen_time)
    assert (moment(text) - token.info.gen_time).total_seconds() <= 0
    life = lifetime(token.raw, (), ())
    assert life is None or moment(rfc3339(life.ends)) == life.ends


def _judged(data: bytes, token: Token | None) -> None:
    lent = ProofHelp(roots=(root(),), chain=chain(), practice=True, now=LATER, query=None)
    stamp, findings = Rfc3161Checker().check("f", _digest, data, lent)
    assert stamp.status in ("confirmed", "unchecked", "broken")
    assert stamp.status == "broken" or token is not None
    if stamp.status == "confirmed":
        assert token is not None
        assert token.info.raw in signed()
        assert all(finding.outcome != "broken" for finding in findings)
    # The second checker has no arithmetic here, and so never says that a token is good.
    stamp, _ = OpensslTokens((root(),), openssl="").check("f", _digest, data, lent)
    assert stamp.status in ("unchecked", "broken")


TARGET = Target(
    name="rfc3161",
    run=run,
    mutate=mutators.der,
    tokens=(
        bytes.fromhex("06092a864886f70d010702"),
        bytes.fromhex("060b2a864886f70d0109100104"),
        bytes.fromhex("060b2a864886f70d010910022f"),
        bytes.fromhex("060b2a864886f70d010910020c"),
        bytes.fromhex("0609608648016503040201"),
        bytes.fromhex("06082b06010505070308"),
        bytes.fromhex("0603551d25"),
        b"\x18\x0f20261112130631Z",
        b"\x18\x0f99991231235959Z",
        b"\x18\x0f00010101000000Z",
        b"-----BEGIN CERTIFICATE-----",
    ),
    vectors=("tsr/**/*.tsr", "tsr/**/*.pem", "tsr/**/*.tsq"),
    largest=16 << 10,
)
