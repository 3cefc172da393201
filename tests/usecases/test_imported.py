"""A time-stamp obtained elsewhere: found by digest, kept as it came, never taken for ours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes import tsa
from fakes.packed import Rehearsal, bench, judged, rehearsal
from fakes.tsa import Authority
from holdfast.adapters.pack import verifier
from holdfast.adapters.pack.packs import Packs
from holdfast.adapters.store.vault import hasher
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit
from holdfast.core.job import Job
from holdfast.core.rfc3161 import make_query, read_response
from holdfast.core.timestamp import Stamp
from holdfast.core.verdict import ProofHelp
from holdfast.practice import keys
from holdfast.practice.tsa import reply
from holdfast.usecases.imported import Imported, Means, import_token
from holdfast.usecases.verify import Options, verify

AUTHORITY = Authority.make()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path / "case") as found:
        yield found


def means(made: Rehearsal, **changed: Any) -> Means:
    parts: dict[str, Any] = {
        "store": made.store,
        "vault": made.vault,
        "clock": made.clock,
        "checker": Rfc3161Checker(),
        "roots": verifier.pinned_roots(),
        "digests": Packs(hasher).digests,
        **changed,
    }
    return Means(**parts)


def file_of(made: Rehearsal) -> bytes:
    assert made.case is not None
    exhibit = min(made.store.all(Exhibit, made.case.id), key=lambda one: one.number)
    return made.vault.path(exhibit.artifacts[0].digest.sha256).read_bytes()


def take(
    made: Rehearsal,
    tmp_path: Path,
    raw: bytes,
    *,
    root: bytes = b"",
    chain: bytes = b"",
    **changed: Any,
) -> Imported:
    token = tmp_path / "from-elsewhere.tsa"
    token.write_bytes(raw)
    paths: dict[str, Path | None] = {"root": None, "chain": None}
    for name, data in (("root", root), ("chain", chain)):
        if data:
            path = tmp_path / f"{name}.pem"
            path.write_bytes(data)
            paths[name] = path
    return import_token(
        made.number,
        token,
        root=paths["root"],
        chain=paths["chain"],
        means=means(made, **changed),
        job=Job(),
    )


def about(made: Rehearsal, algorithm: str = "sha256", **options: Any) -> bytes:
    """A token about the first file, good but for what ``options`` make wrong."""
    imprint = hashlib.new(algorithm, file_of(made)).digest()
    named = {"sm3": "1.2.156.10197.1.401"}.get(algorithm, algorithm)
    return AUTHORITY.token(algorithm=named, imprint=imprint, gen_time=made.clock.now(), **options)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """The practice case for once counts as one of the real world, so that it may hold the token."""
    from holdfast.usecases import imported

    monkeypatch.setattr(imported, "_is_of_another_world", lambda *_: False)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha384", "sm3"])
@pytest.mark.usefixtures("real")
def test_a_token_finds_its_file_by_whatever_digest(
    made: Rehearsal, tmp_path: Path, algorithm: str
) -> None:
    found = take(made, tmp_path, about(made, algorithm), root=AUTHORITY.root.pem)
    assert found.exhibit == "E0001"
    assert found.stamp.subject.kind == "file"
    assert found.stamp.bare


@pytest.mark.usefixtures("real")
def test_by_a_root_that_the_person_names_nothing_is_claimed(
    made: Rehearsal, tmp_path: Path
) -> None:
    raw = tsa.response(about(made))
    found = take(made, tmp_path, raw, root=AUTHORITY.root.pem)
    stamp = found.stamp
    assert (stamp.status, stamp.reason, stamp.time, stamp.by) == (
        "unchecked",
        "named_root",
        None,
        "",
    )
    assert found.signer == "Test TSA"
    assert made.vault.read(stamp.proof) == raw
    assert made.vault.read(stamp.root) == AUTHORITY.root.pem
    assert made.case is not None
    line = made.store.entries(made.case.id)[-1]
    assert (line.act, line.subject) == ("timestamp.imported", stamp.subject.path)
    assert line.facts["proof_sha256"] == stamp.proof
    assert line.facts["reason"] == "named_root"


@pytest.mark.usefixtures("real")
def test_by_a_root_that_is_pinned_it_is_a_witness_like_any_other(
    made: Rehearsal, tmp_path: Path
) -> None:
    found = take(made, tmp_path, about(made), roots=(AUTHORITY.root.pem,))
    assert (found.stamp.status, found.stamp.by) == ("confirmed", "Test TSA")
    assert found.stamp.time == found.stated
    assert made.vault.read(found.stamp.root) == AUTHORITY.root.pem


def test_without_a_root_it_waits_for_one_and_takes_it_later(
    made: Rehearsal, tmp_path: Path
) -> None:
    raw = about(made)
    first = take(made, tmp_path, raw)
    assert (first.stamp.status, first.stamp.reason, first.stamp.root) == (
        "unchecked",
        "untrusted",
        "",
    )
    with pytest.raises(Refused, match="import_known"):
        take(made, tmp_path, raw)
    with pytest.MonkeyPatch.context() as patch:
        from holdfast.usecases import imported

        patch.setattr(imported, "_is_of_another_world", lambda *_: False)
        second = take(made, tmp_path, raw, root=AUTHORITY.root.pem)
        assert second.stamp.id == first.stamp.id
        assert second.stamp.reason == "named_root"
        with pytest.raises(Refused, match="import_known"):
            take(made, tmp_path, raw, root=AUTHORITY.root.pem)


def test_a_token_without_certificates_is_helped_by_a_chain(made: Rehearsal, tmp_path: Path) -> None:
    bare = tsa.token(
        AUTHORITY.signer,
        [],
        imprint=hashlib.sha256(file_of(made)).digest(),
        gen_time=made.clock.now(),
    )
    alone = take(made, tmp_path, bare)
    assert [one.rule for one in alone.findings] == ["token_bare", "token_signer_absent"]
    chain = AUTHORITY.middle.pem + AUTHORITY.signer.pem
    with pytest.MonkeyPatch.context() as patch:
        from holdfast.usecases import imported

        patch.setattr(imported, "_is_of_another_world", lambda *_: False)
        helped = take(made, tmp_path, bare, chain=chain, root=AUTHORITY.root.pem)
    assert helped.stamp.reason == "named_root"
    assert made.vault.read(helped.stamp.chain) == chain


@pytest.mark.usefixtures("real")
def test_a_clock_that_was_behind_is_named_and_the_token_taken_once_it_is_right(
    made: Rehearsal, tmp_path: Path
) -> None:
    raw, right = about(made), made.clock.time
    known = {"roots": (AUTHORITY.root.pem,)}
    made.clock.time = right - timedelta(hours=1)
    first = take(made, tmp_path, raw, **known)
    assert (first.stamp.status, first.stamp.reason) == ("unchecked", "clock")
    with pytest.raises(Refused, match="import_known"):
        take(made, tmp_path, raw, **known)
    made.clock.time = right + timedelta(hours=1)
    second = take(made, tmp_path, raw, **known)
    assert (second.stamp.id, second.stamp.status) == (first.stamp.id, "confirmed")
    with pytest.raises(Refused, match="import_known"):
        take(made, tmp_path, raw, **known)


@pytest.mark.usefixtures("real")
def test_a_chain_that_was_missing_may_be_brought_later(made: Rehearsal, tmp_path: Path) -> None:
    imprint = hashlib.sha256(file_of(made)).digest()
    raw = tsa.token(AUTHORITY.signer, [], imprint=imprint, gen_time=made.clock.now())
    first = take(made, tmp_path, raw, roots=(AUTHORITY.root.pem,))
    assert (first.stamp.status, first.stamp.reason) == ("unchecked", "no_certificate")
    # Of an authority that is not known the chain is kept as well, for whoever knows its root.
    chain = AUTHORITY.middle.pem + AUTHORITY.signer.pem
    second = take(made, tmp_path, raw, chain=chain)
    assert (second.stamp.reason, second.stamp.id) == ("untrusted", first.stamp.id)
    assert made.vault.read(second.stamp.chain) == chain
    with pytest.raises(Refused, match="import_known"):
        take(made, tmp_path, raw, chain=chain)
    # What was brought before is not taken away by coming without it.
    third = take(made, tmp_path, raw, root=AUTHORITY.root.pem)
    assert third.stamp.reason == "named_root"
    assert made.vault.read(third.stamp.chain) == chain


def test_a_signature_of_an_unknown_kind_is_not_the_fault_of_a_root(
    made: Rehearsal, tmp_path: Path
) -> None:
    def strange(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": "1.2.3.4"}}

    found = take(made, tmp_path, about(made, change_signer=strange))
    assert (found.stamp.status, found.stamp.reason) == ("unchecked", "uncheckable")


def test_an_sm2_token_is_kept_and_nothing_is_said_about_its_signature(
    made: Rehearsal, tmp_path: Path
) -> None:
    def sm2(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": "1.2.156.10197.1.501"}}

    raw = about(made, "sm3", change_signer=sm2)
    found = take(made, tmp_path, raw, root=AUTHORITY.root.pem)
    assert (found.stamp.status, found.stamp.reason) == ("unchecked", "sm2")
    assert "token_signature_uncheckable" in {one.rule for one in found.findings}


def wrong(**options: Any) -> Any:
    return lambda made: about(made, **options)


@pytest.mark.parametrize(
    ("raw", "root", "code"),
    [
        (lambda _: b"<html>", b"", "import_unreadable"),
        (lambda made: about(made) + b"\0", b"", "import_unreadable"),
        (lambda _: tsa.refusal(), b"", "import_refusal"),
        (lambda _: AUTHORITY.token(), b"", "import_stranger"),
        (lambda made: about(made), tsa.issue("Other root").pem, "import_broken"),
        (wrong(ess_hash="sha1", named=AUTHORITY.middle), b"", "import_broken"),
        (lambda made: about(made), AUTHORITY.root.pem, "import_world"),
        (lambda made: about(made), b"no certificate", "certificates_unreadable"),
    ],
)
def test_what_cannot_stand_is_refused_and_the_case_stays_as_it_was(
    made: Rehearsal, tmp_path: Path, raw: Any, root: bytes, code: str
) -> None:
    assert made.case is not None
    before = made.store.entries(made.case.id), made.store.all(Stamp, made.case.id)
    with pytest.raises(Refused, match=code):
        take(made, tmp_path, raw(made), root=root)
    assert before == (made.store.entries(made.case.id), made.store.all(Stamp, made.case.id))


def test_a_practice_token_is_simulated_in_a_practice_case(made: Rehearsal, tmp_path: Path) -> None:
    query = make_query(hashlib.sha256(file_of(made)).digest(), 1 << 63)
    raw = reply(query, keys.witnesses()[0], made.clock.now())
    found = take(made, tmp_path, raw)
    assert (found.stamp.status, found.stamp.reason, found.stamp.bare) == ("simulated", "", False)


def test_in_a_pack_the_root_is_named_by_the_person_and_trusted_by_nobody(
    made: Rehearsal, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        from holdfast.usecases import imported

        patch.setattr(imported, "_is_of_another_world", lambda *_: False)
        stamp = take(made, tmp_path, about(made), root=AUTHORITY.root.pem).stamp
    out = made.export(tmp_path / "pack")
    folder = out / "data" / "timestamps" / stamp.authority
    assert (folder / "root.pem").read_bytes() == AUTHORITY.root.pem
    verdict = judged(out)
    assert verdict.verdict == "ok"
    named = {one.rule: one for one in verdict.findings if stamp.authority in one.subject}
    assert named["token_root_named"].outcome == "unchecked"
    assert named["token_root_named"].detail.startswith("Test TSA · ")
    assert named["certificates_root_named"].outcome == "unchecked"
    token = next(one for one in verdict.timestamps if one.kind == "rfc3161" and not one.time)
    assert token.status == "unchecked"
    # Its loss and its exchange are found as those of any other proof.
    (proof,) = out.rglob(f"*.{stamp.authority}.tsr")
    kept = proof.read_bytes()
    proof.unlink()
    assert "file_missing" in {one.rule for one in judged(out).findings}
    proof.write_bytes(kept)
    # A case looked at in its own vault says the same.
    again = verify(
        [made.number], Options(practice=True), bench=bench(), job=Job(), shelf=made.shelf
    )
    assert again.verdict == "ok"
    assert "token_root_named" in {one.rule for one in again.findings}
    assert json.dumps(again.body())


def test_without_its_root_a_pack_says_that_it_is_not_known(made: Rehearsal, tmp_path: Path) -> None:
    stamp = take(made, tmp_path, about(made)).stamp
    verdict = judged(made.export(tmp_path / "pack"))
    assert verdict.verdict == "ok"
    named = {one.rule: one for one in verdict.findings if stamp.authority in one.subject}
    assert named["token_root_unknown"].outcome == "unchecked"
    assert "token_root_named" not in named


def test_what_is_published_about_an_imported_token_is_kept(made: Rehearsal, tmp_path: Path) -> None:
    query = make_query(hashlib.sha256(file_of(made)).digest(), 1 << 63)
    raw = reply(query, keys.witnesses()[0], made.clock.now())
    asked = []

    def published(path: Any, token: Any, world: str) -> tuple[bytes, ...]:
        asked.append((len(path), token.raw, world))
        return (b"a list",)

    found = take(made, tmp_path, raw, published=published)
    assert [(length, world) for length, _, world in asked] == [(len(found_path(raw)), "practice")]
    (sha256,) = found.stamp.revocation
    assert made.vault.read(sha256) == b"a list"
    assert made.case is not None
    last = made.store.entries(made.case.id)[-1]
    assert last.facts["revocation"] == [sha256]


def test_an_imported_token_whose_certificate_was_revoked_is_refused(
    made: Rehearsal, tmp_path: Path
) -> None:
    query = make_query(hashlib.sha256(file_of(made)).digest(), 1 << 63)
    raw = reply(query, keys.witnesses()[0], made.clock.now())
    with pytest.raises(Refused) as caught:
        take(made, tmp_path, raw, published=lambda *_: None)
    assert caught.value.facts["rule"] == "token_revoked"
    # Nobody is asked about one that counts for nothing here.
    found = take(made, tmp_path, about(made), published=lambda *_: None)
    assert found.stamp.status == "unchecked"


def found_path(raw: bytes) -> tuple[bytes, ...]:
    """The certificates that a practice token stands on."""
    lent = ProofHelp(roots=(keys.pem(keys.witnesses()[0].root),))

    def digest(_name: str) -> bytes:
        return read_response(raw).info.imprint

    return Rfc3161Checker().check("x", digest, raw, lent)[0].path
