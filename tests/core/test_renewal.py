"""How long a token shows its time, and what makes that longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fakes import tsa
from fakes.packed import finished
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core import der
from holdfast.core.bag import Seen
from holdfast.core.certificates import read_pem
from holdfast.core.ledger import Checkpoint, Ref, write_entry
from holdfast.core.lifetime import Ageing, lifetime, path_of, rsa_bits, until
from holdfast.core.renewal import judge_renewals
from holdfast.core.rfc3161 import read_response
from holdfast.core.verdict import ProofHelp
from holdfast.core.witness import Dated, _dating

TSR = "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"
CHAIN = "data/timestamps/practice-tsa-jia/chain.pem"


def token() -> bytes:
    return finished().files[TSR]


def chain() -> tuple[bytes, ...]:
    return read_pem(finished().files[CHAIN])


def test_a_token_lasts_until_the_first_certificate_behind_it_ends() -> None:
    life = lifetime(token(), chain(), ())
    assert life is not None
    assert (life.why, life.ends.year) == ("certificate", 2044)
    assert [one.issuer != one.subject for one in path_of(read_response(token()), chain())]
    bare = replace(read_response(token()), certificates=())
    assert path_of(bare, (b"nonsense",)) == ()


def test_certificates_that_only_bear_the_names_lengthen_nothing() -> None:
    """The set of certificates in a token is signed by nobody."""
    root = tsa.issue("Root")
    middle = tsa.issue("Issuing", root, until=tsa.NOW + timedelta(days=1))
    signer = tsa.issue_signer(middle)
    namesake = tsa.issue("Issuing", until=tsa.NOW + timedelta(days=9000))
    raw = tsa.token(signer, [namesake.der, signer.der, middle.der])
    seen, _ = Rfc3161Checker().check("t", tsa.digest, raw, ProofHelp(roots=(root.pem,)))
    assert until(seen.path) == "2026-11-13T13:06:31.000Z"
    assert until((root.der,)) is None
    assert until(()) is None


def test_an_algorithm_may_age_before_that() -> None:
    soon = datetime(2030, 12, 31, tzinfo=UTC)
    sha256 = Ageing(id="sha256", kind="digest", name="sha256", until=soon, source="")
    unused = Ageing(id="sha1", kind="digest", name="sha1", until=soon, source="")
    huge = Ageing(id="rsa", kind="rsa", bits=1 << 20, until=soon, source="")
    found = lifetime(token(), chain(), (unused, sha256))
    assert found is not None
    assert (found.why, found.ends) == ("sha256", soon)
    sizes = [rsa_bits(one.public_key) for one in path_of(read_response(token()), chain())]
    aged = lifetime(token(), chain(), (huge,))
    assert aged is not None
    assert aged.why == ("rsa" if any(sizes) else "certificate")


def test_the_length_of_a_key_is_read_from_it() -> None:
    def spki(key: Any) -> bytes:
        raw: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return raw

    assert rsa_bits(spki(rsa.generate_private_key(65537, 2048))) == 2048
    assert rsa_bits(spki(ec.generate_private_key(ec.SECP256R1()))) == 0
    assert rsa_bits(b"nonsense") == 0
    assert rsa_bits(der.element(0x30, der.element(0x30), der.element(0x03, b"\0"))) == 0


# --- judged --------------------------------------------------------------------------------------

NOW = "2045-06-01T00:00:00.000Z"
HEAD = "ledger/checkpoints/5.txt"


def line(seq: int, act: str, sha256: str) -> Any:
    refs = [Ref(path="x", size=1, sha256=sha256, sm3=sha256)] if act == "proofs.renewed" else []
    facts = {"proof_sha256": sha256} if act == "timestamp.confirmed" else {}
    return write_entry(
        ledger="l", seq=seq, at=NOW, actor="a", act=act, subject="s", refs=refs,
        facts=facts, nonce=bytes(16),
    )  # fmt: skip


def record(*entries: Any) -> Any:
    head = Checkpoint(origin="o", size=5, root=bytes(32))
    return SimpleNamespace(entries=(None, *entries), checkpoints={HEAD: head})


OLD = Dated(
    path="exhibits/E0001/capture.json",
    status="confirmed",
    time="2026-01-01T00:00:00.000Z",
    name="old.tsr",
    proof="a" * 64,
    until="2044-12-31T00:00:00.000Z",
)
LATER = Dated(path=HEAD, status="confirmed", time="2040-01-01T00:00:00.000Z", name="later.ots")


def judged(made: Any, *dated: Dated, now: str = NOW) -> tuple[list[bool], list[str]]:
    seen = Seen()
    found = judge_renewals(made, dated, now, seen)
    return [one.lapsed for one in found], [finding.rule for finding in seen.findings]


def test_what_has_not_ended_needs_nothing() -> None:
    assert judged(record(), OLD, now="2044-12-31T00:00:00.500Z") == ([False], [])
    assert judged(record(), OLD, now="") == ([False], [])
    assert judged(record(), replace(OLD, until=None)) == ([False], [])
    assert judged(record(), replace(OLD, until="9999-12-31T23:59:59.000Z")) == ([False], [])


def test_a_later_stamp_over_a_line_that_names_it_keeps_it() -> None:
    for act in ("proofs.renewed", "timestamp.confirmed"):
        made = record(line(1, act, "a" * 64))
        assert judged(made, OLD, LATER) == ([False, False], ["renewal_holds"])


def test_without_one_it_has_lapsed() -> None:
    named = record(line(1, "proofs.renewed", "a" * 64))
    lapsed = ([True], ["renewal_absent"])
    assert judged(named, OLD) == lapsed
    assert judged(record(line(1, "proofs.renewed", "b" * 64)), OLD) == lapsed
    for later in (
        replace(LATER, time="2045-01-02T00:00:00.000Z"),
        replace(LATER, path="exhibits/E0002/capture.json"),
        replace(LATER, status="one_source"),
        replace(LATER, time=None),
    ):
        assert judged(named, OLD, later)[1] == ["renewal_absent"]
    # The line came after the head that was stamped.
    assert judged(record(line(7, "proofs.renewed", "a" * 64)), OLD, LATER)[0] == [True, False]


def test_a_renewal_may_itself_have_been_renewed() -> None:
    second = replace(
        LATER, name="second.tsr", proof="b" * 64, until="2045-01-31T00:00:00.000Z", kind="rfc3161"
    )
    third = replace(LATER, name="third.ots", time="2045-01-15T00:00:00.000Z")
    made = record(line(1, "proofs.renewed", "a" * 64), line(2, "proofs.renewed", "b" * 64))
    assert judged(made, OLD, second, third)[0] == [False, False, False]
    # A link that has lapsed holds nothing up.
    assert judged(record(line(1, "proofs.renewed", "a" * 64)), OLD, second)[0] == [True, True]


def test_an_exhibit_that_only_lapsed_stamps_date_is_a_reservation() -> None:
    lapsed = replace(OLD, lapsed=True)
    told = ("exhibit_lapsed", "weak", OLD.time)
    assert _dating([lapsed], practice_counts=False) == told
    assert _dating([replace(lapsed, status="simulated")], practice_counts=True) == told
    rehearsed = _dating([replace(lapsed, status="simulated")], practice_counts=False)
    assert rehearsed[:2] == ("exhibit_rehearsed", "unchecked")
    # One sound witness is enough.
    assert _dating([lapsed, LATER], practice_counts=False)[:2] == ("exhibit_dated", "ok")


def test_a_certificate_without_an_end_lasts() -> None:
    """RFC 5280 §4.1.2.5 writes it as the last second of the year 9999."""
    endless = replace(OLD, until="9999-12-31T23:59:59.000Z")
    assert judged(record(), endless) == ([False], [])
    assert judged(record(), endless, now="9999-12-31T23:59:59.999Z") == ([False], [])
    assert judged(record(), replace(OLD, until="0005-01-01T00:00:00.000Z")) == (
        [True],
        ["renewal_absent"],
    )
