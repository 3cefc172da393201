"""Revocation in a pack: files that verify themselves, and tokens that fall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import ReasonFlags

from fakes.packed import Rehearsal, broken, copied, finished, judged, look, rehearsal
from fakes.revocation import crl, path, world
from fakes.tsa import NOW, Pair
from holdfast.adapters import x509
from holdfast.core.canonical import rfc3339
from holdfast.core.certificates import write_pem
from holdfast.core.revocation import CertificateList, read_material
from holdfast.core.rfc3161 import read_response
from holdfast.core.timestamp import Stamp
from holdfast.core.verdict import Finding, TimestampSeen
from holdfast.core.withdrawn import MOST_MATERIALS, Withdrawals
from holdfast.practice import keys

GOOD, ABSENT = ("revocation_good", "ok"), ("revocation_absent", "unchecked")

PATH = tuple(one.raw for one in path())
STAMP = TimestampSeen(
    subject="t", kind="rfc3161", network="Root", status="confirmed", time=rfc3339(NOW), path=PATH
)
FOUND = (Finding(subject="t", rule="token_good", outcome="ok"),)
PEMS = [write_pem(PATH), b"", b"no certificates"]
TOKENS = [b"no token", finished().files[next(n for n in finished().files if n.endswith(".tsr"))]]


def test_a_list_is_kept_when_an_issuer_beside_it_signed_it() -> None:
    root, middle, signer = world()
    kept = Withdrawals()
    assert kept.add("a", crl(middle), (PEMS, TOKENS), x509.holds)[0] == ""
    told = kept.add("a", crl(Pair(middle.certificate, signer.key)), (PEMS, TOKENS), x509.holds)
    assert told[:2] == ("file_not_on_record", "broken")
    assert kept.add("a", b"junk", (PEMS, TOKENS), x509.holds)[:2] == (
        "revocation_malformed",
        "broken",
    )
    for holds in (None, lambda *_: None):
        told = kept.add("a", crl(root), (PEMS, TOKENS), holds)
        assert told[:2] == ("revocation_uncheckable", "unchecked")
        assert told[2], "it is said which arithmetic is missing"
    assert len(kept.materials["a"]) == 1


def test_a_token_falls_with_its_certificate() -> None:
    _, middle, signer = world()
    kept = Withdrawals()
    weak = Finding(subject="t", rule="token_weak_hash", outcome="weak")
    kept.add("a", crl(middle, [(signer, NOW, None)]), (PEMS, ()), x509.holds)
    stamp, found = kept.judge("a", "t", STAMP, (*FOUND, weak))
    assert (stamp.status, stamp.time) == ("broken", None)
    assert [one.rule for one in found] == ["token_revoked", "token_weak_hash"]
    # Another authority's lists are about nothing of its own; nor is a token that dates nothing.
    assert kept.judge("b", "t", STAMP, FOUND) == (STAMP, FOUND)
    pending = replace(STAMP, status="unchecked")
    assert kept.judge("a", "t", pending, FOUND) == (pending, FOUND)
    assert kept.judge("a", "t", replace(STAMP, path=()), FOUND)[1] == FOUND


def test_a_certificate_in_a_token_that_cannot_be_read_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from holdfast.core import withdrawn

    odd = replace(read_response(TOKENS[1]), certificates=(b"\x30\x00",))
    monkeypatch.setattr(withdrawn, "read_response", lambda _: odd)
    told = Withdrawals().add("a", crl(world()[1]), ((), [b"token"]), x509.holds)
    assert told[:2] == ("file_not_on_record", "broken")


# --- in a real pack ------------------------------------------------------------------------------

NAMES = [name for name in finished().files if "/revocation/" in name]


def test_the_practice_authorities_publish_and_all_of_it_is_in_the_pack() -> None:
    assert len(NAMES) == 8
    kinds = [read_material(finished().files[name]) for name in NAMES]
    assert sum(isinstance(one, CertificateList) for one in kinds) == 4
    verdict = look(finished().files)
    good = [one for one in verdict.findings if (one.rule, one.outcome) == GOOD]
    assert {one.subject for one in good} == {
        "data/timestamps/practice-tsa-jia",
        "data/timestamps/practice-tsa-yi",
    }
    assert len(good) == 4
    assert not [one for one in verdict.findings if one.rule == ABSENT[0]]


def test_every_bit_of_them_is_on_record() -> None:
    files = finished().files
    for name in NAMES[:2]:
        raw = files[name]
        for at in range(0, len(raw), 111):
            bent = raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]
            assert name in broken(look(files | {name: bent}))
        assert name in broken(look({n: data for n, data in files.items() if n != name}))


def test_where_no_signature_can_be_computed_they_are_left_aside() -> None:
    verdict = look(finished().files, holds=None)
    assert verdict.verdict == "ok"
    assert {"revocation_uncheckable", "revocation_absent"} <= {one.rule for one in verdict.findings}


def test_a_list_for_an_authority_without_a_token_is_not_on_record() -> None:
    files = finished().files
    stray = "data/timestamps/nobody/revocation/0123456789abcdef.crl"
    assert stray in broken(look(files | {stray: files[NAMES[0]]}))


def test_one_that_is_too_large_is_not_read() -> None:
    files = finished().files
    large = "data/timestamps/practice-tsa-jia/revocation/0123456789abcdef.crl"
    verdict = look(files | {large: bytes(1 << 21)})
    assert "file_too_large" in {one.rule for one in verdict.findings if one.subject == large}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("rehearsed")) as made:
        made.store.close()
        yield made


def revoke(made: Rehearsal, since: datetime, reason: ReasonFlags | None) -> None:
    """The first practice authority withdraws its signer's certificate, in what is kept of it."""
    assert made.case is not None
    stamps = [
        one
        for one in made.store.all(Stamp, made.case.id)
        if one.authority == "practice-tsa-jia" and one.proof
    ]
    witness = keys.witnesses()[0]
    signer = read_response(made.vault.read(stamps[0].proof)).certificates
    from cryptography.x509 import load_der_x509_certificate

    own = next(
        one
        for one in map(load_der_x509_certificate, signer)
        if one.subject == witness.signer.subject
    )
    raw = crl(
        Pair(witness.issuer, witness.issuer_key),
        [(Pair(own, witness.key), since, reason)],
        made=since + timedelta(hours=1),
        until=since + timedelta(days=1),
    )
    kept = made.vault.keep_bytes(raw).sha256
    for stamp in stamps:
        made.store.save(replace(stamp, revocation=(kept,)))


@pytest.mark.parametrize(
    ("year", "reason", "verdict", "rule"),
    [
        (2021, ReasonFlags.superseded, "broken", "token_revoked"),
        (2040, ReasonFlags.key_compromise, "broken", "token_revoked"),
        (2040, ReasonFlags.superseded, "ok", "token_revoked_later"),
    ],
)
def test_a_withdrawn_certificate_in_a_pack_and_in_a_case(
    rehearsed: Rehearsal, tmp_path: Path, year: int, reason: ReasonFlags, verdict: str, rule: str
) -> None:
    with copied(rehearsed, tmp_path / "case") as made:
        revoke(made, datetime(year, 1, 1, tzinfo=UTC), reason)
        out = made.export(tmp_path / "pack")
        for seen in (judged(out), judged(made.number, shelf=made.shelf)):
            assert seen.verdict == verdict
            (found,) = {one.outcome for one in seen.findings if one.rule == rule}
            assert found == ("broken" if verdict == "broken" else "ok")


def test_of_each_certificate_the_newest_list_from_before_its_end_goes_along(
    rehearsed: Rehearsal, tmp_path: Path
) -> None:
    witness = keys.witnesses()[0]
    issuer, end = Pair(witness.issuer, witness.issuer_key), witness.signer.not_valid_after_utc
    days = {"first": end - timedelta(days=2), "last": end - timedelta(days=1)}
    days["after"] = max(end, witness.issuer.not_valid_after_utc) + timedelta(days=1)
    raws = {name: crl(issuer, made=at, until=at) for name, at in days.items()}
    with copied(rehearsed, tmp_path / "case") as made:
        assert made.case is not None
        kept = tuple(made.vault.keep_bytes(raw).sha256 for raw in raws.values())
        for stamp in made.store.all(Stamp, made.case.id):
            if stamp.authority == "practice-tsa-jia" and stamp.proof:
                made.store.save(replace(stamp, revocation=kept))
        out = made.export(tmp_path / "pack")
    found = (out / "data/timestamps/practice-tsa-jia/revocation").iterdir()
    assert {path.read_bytes() for path in found} == {raws["last"], raws["after"]}


def test_an_authority_has_only_so_many_lists() -> None:
    """Each is held against every token; found by asking for much."""
    _, middle, _ = world()
    withdrawals, asked = Withdrawals(), []

    def holds(*about: bytes) -> bool:
        asked.append(about)
        return True

    beside = ([middle.pem], [])
    raw = crl(middle)
    for _ in range(MOST_MATERIALS):
        assert withdrawals.add("a", raw, beside, holds) == ("", "ok", "")  # type: ignore[arg-type]  # a stand-in
    told = withdrawals.add("a", raw, beside, holds)  # type: ignore[arg-type]  # a stand-in
    assert told == ("pack_too_many", "broken", str(MOST_MATERIALS))
    assert len(asked) == 1
