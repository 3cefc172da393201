"""What the export line says of its pack, and the cosignatures in it, each bent in every way."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Any

import pytest

from fakes.packed import MemoryPack
from fakes.signers import ORIGIN, Signer, head, leaves
from holdfast.core import cosignature, exported, minisign
from holdfast.core.bag import Contents, Seen
from holdfast.core.canonical import Json, canonical
from holdfast.core.cosigned import judge_cosigned
from holdfast.core.job import Job
from holdfast.core.ledger import LedgerEntry, Ref, VerifierKey, write_entry
from holdfast.core.pack import SIGNATURE, TAG_MANIFEST, cosigned_path
from holdfast.core.reading import Reading
from holdfast.core.record import Sealed, _renewals
from holdfast.core.succession import judge_succession

OWNER, SECOND = Signer("owner"), Signer("second")
KEY = cosignature.cosigner("w/1", SECOND.public)


def reading(**files: bytes) -> Reading:
    named = {name.replace("__", "/"): data for name, data in files.items()}
    seen = Seen()
    return Reading(Contents(MemoryPack(named), seen, Job(), sm3=False), seen, live=False)


def of(files: dict[str, bytes]) -> Reading:
    seen = Seen()
    return Reading(Contents(MemoryPack(files), seen, Job(), sm3=False), seen, live=False)


def entry(
    act: str, facts: dict[str, Json], refs: tuple[Ref, ...] = (), seq: int = 0
) -> LedgerEntry:
    return write_entry(
        ledger="l",
        seq=0,
        at="2026-11-12T13:06:31.000Z",
        actor="a",
        act=act,
        subject="E0001",
        refs=refs,
        facts=facts,
        nonce=bytes(16),
    )


def said(made: Reading) -> list[tuple[str, str]]:
    return [(finding.rule, finding.outcome) for finding in made.seen.findings]


# --- environment checks --------------------------------------------------------------------------

RECORD: dict[str, Json] = {"format": "x", "run": {"a": 1}}
SHA = hashlib.sha256(canonical(RECORD)).hexdigest()


@pytest.mark.parametrize(
    ("checks", "broken"),
    [
        (None, 0),
        ([{"sha256": SHA, "earlier": [], "record": RECORD}], 0),
        ([{"sha256": SHA, "earlier": ["e" * 64], "record": RECORD}], 1),
        ([{"sha256": SHA, "earlier": [], "record": {"format": "y"}}], 1),
        ([{"sha256": "0" * 64, "earlier": [], "record": RECORD}], 1),
        (["nonsense"], 1),
    ],
)
def test_an_environment_check_is_one_that_a_line_names(checks: Json, broken: int) -> None:
    made = reading()
    # A line may name anything at all in place of a digest.
    lines = [entry("environment.checked", {"sha256": one}) for one in ([SHA], {"a": 1}, SHA)]
    exported.environment(made, [None, *lines], checks)
    assert said(made) == [("environment_not_on_record", "broken")] * broken


def test_a_line_that_names_no_digest_names_no_check() -> None:
    """A list cannot be looked up in a set; found by the fuzzer."""
    for stated in ([], {}, None, 1):
        made = reading()
        exported.environment(made, [entry("environment.checked", {"sha256": stated})], [])
        assert said(made) == []


# --- withheld lines ------------------------------------------------------------------------------


def test_numbers_as_spans() -> None:
    assert exported.spans([1, 2, 3, 7, 9, 10]) == [[1, 3], [7, 7], [9, 10]]
    assert exported.spans([]) == []


def test_exactly_what_was_said_is_withheld() -> None:
    shown = [entry("exhibit.sealed", {}), None, entry("case.closed", {})]
    for facts, broken in (
        ({"withheld": [[1, 1]], "only": ["E0001"]}, 0),
        ({"withheld": [[1, 1]], "only": ["E0001", "E0002"]}, 1),
        ({"withheld": [[1, 2]]}, 1),
        ({}, 1),
    ):
        made = reading()
        told: Any = facts
        exported.withheld(made, shown, told)
        assert said(made) == [("withheld_otherwise", "broken")] * broken


# --- the signed list -----------------------------------------------------------------------------

LIST = b"the list\n"
LINE = minisign.key_line(OWNER.public)


def signed(by: Signer = OWNER, data: bytes = LIST) -> bytes:
    return minisign.sign(data, "c", by.public, by.sign).note


@pytest.mark.parametrize(
    ("files", "stated", "rules"),
    [
        ({}, None, []),
        ({SIGNATURE: signed()}, None, ["file_not_on_record"]),
        ({}, LINE, ["file_missing"]),
        ({SIGNATURE: signed(), TAG_MANIFEST: LIST}, LINE, ["signature_holds"]),
        ({SIGNATURE: signed(), TAG_MANIFEST: LIST}, 7, ["signature_other_key"]),
        (
            {SIGNATURE: signed(), TAG_MANIFEST: LIST},
            minisign.key_line(SECOND.public),
            ["signature_other_key"],
        ),
        (
            {SIGNATURE: signed(SECOND), TAG_MANIFEST: LIST},
            LINE,
            ["signature_broken", "signature_broken"],
        ),
        ({SIGNATURE: b"x", TAG_MANIFEST: LIST}, LINE, ["signature_malformed"]),
        ({SIGNATURE: b"x" * 9999, TAG_MANIFEST: LIST}, LINE, ["file_too_large"]),
    ],
)
def test_the_list_is_signed_by_the_key_that_the_line_names(
    files: dict[str, bytes], stated: Json, rules: list[str]
) -> None:
    made = of(files)
    exported.signature(made, stated, (OWNER.public,), "c")
    assert [rule for rule, _ in said(made)] == rules


@pytest.mark.parametrize("at", ["2026-11-12T13:06:31.000Z", "when it was"])
def test_what_is_signed_along_with_the_list_is_what_the_record_says(at: str) -> None:
    """minisign shows it as a trusted comment; it could say anything."""
    line = replace(entry("pack.exported", {"manifest_key": LINE}), at=at)
    whole = head(1, OWNER)
    for comment, rule in (
        (exported.list_comment(whole, 1794488791), "signature_holds"),
        ("notarised", "signature_comment"),
    ):
        note = minisign.sign(LIST, comment, OWNER.public, OWNER.sign).note
        made = of({SIGNATURE: note, TAG_MANIFEST: LIST})
        signers = ((OWNER.named(ORIGIN), math.inf),)
        exported.judge_exported(made, [line], "l", "real", signers, whole)
        told = "signature_comment" if at == "when it was" else rule
        assert told in [one for one, _ in said(made)]


def test_the_last_microsecond_of_a_second_belongs_to_it() -> None:
    """As a float it was the next one, so that the page read another comment."""
    line = replace(entry("pack.exported", {"manifest_key": LINE}), at="9999-12-31T23:59:59.999999Z")
    whole = head(1, OWNER)
    comment = exported.list_comment(whole, 253_402_300_799)
    note = minisign.sign(LIST, comment, OWNER.public, OWNER.sign).note
    made = of({SIGNATURE: note, TAG_MANIFEST: LIST})
    signers = ((OWNER.named(ORIGIN), math.inf),)
    exported.judge_exported(made, [line], "l", "real", signers, whole)
    assert "signature_holds" in [one for one, _ in said(made)]


def test_a_key_that_was_replaced_by_then_signs_no_list() -> None:
    note = signed()
    line = entry("pack.exported", {"manifest_key": LINE})
    for until, rule in ((0, "signature_other_key"), (1, "signature_comment")):
        made = of({SIGNATURE: note, TAG_MANIFEST: LIST})
        signers = ((OWNER.named(ORIGIN), until),)
        exported.judge_exported(made, [line], "l", "real", signers, head(1, OWNER))
        assert rule in [one for one, _ in said(made)]


BAG = (
    b"Bag-Software-Agent: Holdfast 1.2\nBagging-Date: 2026-11-12\nExternal-Identifier: E0001\n"
    b"Internal-Sender-Identifier: l\nPayload-Oxum: 1.1\n"
)


@pytest.mark.parametrize(
    ("told", "rules"),
    [
        (BAG, []),
        (BAG.removeprefix(b"Bag-Software-Agent: Holdfast 1.2\n"), []),
        (BAG.replace(b"1.2", b"certified by the court"), ["bag_info_other"]),
        (BAG + b"payload-oxum: 9.9\n", ["bag_info_other"]),
        (BAG + b"Bagging-Date : 1999-01-01\n", ["bag_info_other"]),
        (BAG + b"Bagging-Date: 2026-11-12\n", ["bag_info_other"]),
        (BAG + b" and 1999-01-01\n", ["bag_info_other"]),
        (BAG + b"Contact-Name: x\rBagging-Date: 1999-01-01\n", ["bag_info_other"]),
        (BAG + b"Internal-Sender-Description: the court\n", ["bag_info_other"]),
        (BAG + b"\n", ["bag_info_other"]),
        (BAG + b"Payload-Oxum: 1.1", ["bag_info_other"]),
        (b"\xef\xbb\xbf" + BAG, ["bag_info_other"]),
        (BAG.replace(b"2026-11-12", b"1999-01-01"), ["bag_info_other"] * 2),
        (BAG + b"Notarised: yes\nContact-Name: x\n", ["bag_info_beside"]),
        (b"\xff", []),
    ],
)
def test_a_bag_says_of_itself_what_the_record_says(told: bytes, rules: list[str]) -> None:
    made = of({"bag-info.txt": told})
    exported.bag_info(made, [entry("pack.exported", {})], "l", "real")
    assert [rule for rule, _ in said(made)] == rules


def test_a_bag_of_practice_says_so() -> None:
    made = of({"bag-info.txt": BAG})
    exported.bag_info(made, [entry("pack.exported", {})], "l", "practice")
    assert said(made) == [("bag_info_other", "broken")]


def test_a_record_without_a_line_says_nothing_of_its_bag() -> None:
    for entries, files in (([None], {"bag-info.txt": BAG}), ([entry("case.closed", {})], {})):
        made = of(files)
        exported.bag_info(made, entries, "l", "real")
        assert said(made) == []


def test_the_case_file_is_the_one_of_the_last_export_line() -> None:
    """An earlier line's was taken where the last names none, or one of two."""
    raw = canonical({"format": "holdfast-case/1", "id": "c", "ledger": "l", "world": "real"})
    ref = Ref(path="case.json", size=len(raw), sha256=hashlib.sha256(raw).hexdigest(), sm3="0" * 64)
    lines = [entry("pack.exported", {}, refs) for refs in ((ref,), (), (ref, ref), (ref,))]
    for count, rules in ((1, []), (2, ["ledger_no_export"]), (3, ["ledger_no_export"]), (4, [])):
        made = of({"data/case.json": raw})
        exported.case_file(made, lines[:count], lines[:count], "l", "real")
        assert [rule for rule, _ in said(made)] == rules


def test_a_case_file_that_is_no_object_is_another_one() -> None:
    raw = b"[]"
    sha256 = hashlib.sha256(raw).hexdigest()
    ref = Ref(path="case.json", size=2, sha256=sha256, sm3=sha256)
    line = entry("pack.exported", {}, (ref,))
    made = of({"data/case.json": raw})
    exported.case_file(made, [line], [line], "l", "real")
    assert said(made) == [("case_other", "broken")]


def test_a_case_file_that_names_another_case_is_told_from_its_exhibits() -> None:
    """Whoever has the keys of two cases put one's exhibits, stamped, into the other's record."""
    for named, rules in (("c", []), (1, ["case_other"])):
        about: dict[str, Json] = {"format": "holdfast-case/1", "ledger": "l", "world": "real"}
        raw = canonical({**about, "id": named})
        sha256 = hashlib.sha256(raw).hexdigest()
        ref = Ref(path="case.json", size=len(raw), sha256=sha256, sm3=sha256)
        line = entry("pack.exported", {}, (ref,))
        made = of({"data/case.json": raw})
        exported.case_file(made, [line], [line], "l", "real")
        assert [rule for rule, _ in said(made)] == rules
        assert made.cases == ({"c"} if named == "c" else set())


def test_whether_a_line_is_withheld_is_asked_once_for_all_renewed_proofs() -> None:
    """All lines were gone through for each proof: 30 MB of both took minutes."""
    asked: list[object] = []

    class Lines(tuple[LedgerEntry, ...]):
        __slots__ = ()

        def __contains__(self, one: object) -> bool:
            asked.append(one)
            return super().__contains__(one)

    refs = tuple(
        Ref(path=f"exhibits/E0001/proofs/files/{n}.ots", size=1, sha256="0" * 64, sm3="0" * 64)
        for n in range(9)
    )
    made = of({})
    _renewals(made, Lines([entry("proofs.renewed", {}, refs)]), ())
    assert [rule for rule, _ in said(made)] == ["file_missing"] * 9
    assert len(asked) == 1


def test_a_crowd_of_lines_that_name_keys_writes_out_no_key_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each key was written out for each line that names another."""
    written: list[VerifierKey] = []

    def told(key: VerifierKey) -> str:
        written.append(key)
        return key.name

    monkeypatch.setattr(VerifierKey, "__str__", told)
    key = VerifierKey(name=ORIGIN, public_key=Signer("owner").public)
    lines = [entry("case.opened", {"key": "0"})]
    lines += [entry("key.rotated", {"key": str(n)}) for n in range(1, 20)]
    made = of({})
    judge_succession(made, lines, {}, [key])
    assert said(made) == [("key_succeeded", "weak")] * 19
    assert len(written) == 1


# --- cosignatures --------------------------------------------------------------------------------


def cosigned(
    note: bytes, facts: dict[str, Json] | None = None, path: str = cosigned_path(5, KEY.id.hex())
) -> list[tuple[str, str]]:
    sha256 = hashlib.sha256(note).hexdigest()
    ref = Ref(path=path, size=len(note), sha256=sha256, sm3=sha256)
    told = {"key": str(KEY), "size": 5} if facts is None else facts
    made = of({f"data/{path}": note})
    judge_cosigned(made, [None, entry("checkpoint.cosigned", told, (ref,))], leaves(9), ORIGIN)
    return said(made)


def by_second(size: int = 5, word: str = "line", origin: str = ORIGIN) -> bytes:
    bare = head(size, word=word, origin=origin)
    return cosignature.cosigned(bare, KEY, 7, SECOND.sign(cosignature.message(bare, 7))).note


def test_a_cosignature_is_on_a_head_of_this_record_by_the_key_of_its_line() -> None:
    assert cosigned(by_second()) == [("cosigned_holds", "ok")]
    assert cosigned(by_second(word="other")) == [("cosigned_other_root", "broken")]
    assert cosigned(by_second(6)) == [("checkpoint_other", "broken")]
    assert cosigned(by_second(origin=ORIGIN[:-1] + "2")) == [("checkpoint_other", "broken")]
    assert cosigned(head(5, OWNER).note) == [("cosigned_signature", "broken")]
    assert cosigned(b"x") == [("checkpoint_malformed", "broken")]
    malformed = [("cosigned_malformed", "broken")]
    assert cosigned(by_second(), {"key": "x", "size": 5}) == malformed
    assert cosigned(by_second(), {"key": str(KEY), "size": "5"}) == malformed
    assert cosigned(by_second(), path="ledger/checkpoints/5.txt") == malformed


def test_a_cosignature_that_is_gone_is_missing() -> None:
    sha256 = "0" * 64
    ref = Ref(path=cosigned_path(5, KEY.id.hex()), size=1, sha256=sha256, sm3=sha256)
    made = of({})
    told: dict[str, Json] = {"key": str(KEY), "size": 5}
    judge_cosigned(made, [entry("checkpoint.cosigned", told, (ref,))], leaves(9), ORIGIN)
    assert said(made) == [("file_missing", "broken")]


# --- renewals ------------------------------------------------------------------------------------

PROOF = "exhibits/E0001/proofs/capture.json.ots"


def renewed(
    files: dict[str, bytes], path: str = PROOF, *, part: bool = False, shown: str = "E0001"
) -> list[tuple[str, str]]:
    sha256 = hashlib.sha256(b"proof").hexdigest()
    ref = Ref(path=path, size=5, sha256=sha256, sm3=sha256)
    made = of(files)
    lines = [entry("proofs.renewed", {}, (ref,)), *([None] if part else [])]
    _renewals(made, lines, (Sealed(number=shown, seq=0, ref=ref),))
    return said(made)


def test_a_renewed_proof_is_as_it_was() -> None:
    assert renewed({f"data/{PROOF}": b"proof"}) == []
    assert renewed({f"data/{PROOF}": b"other"}) == [("file_changed", "broken")]
    assert renewed({}) == [("file_missing", "broken")]
    assert renewed({}, part=True) == [("file_missing", "broken")]
    # Of an exhibit that is withheld nothing is brought, and nothing is missed.
    assert renewed({}, part=True, shown="E0002") == []
    assert renewed({}, "ledger/checkpoints/5.txt.ots", part=True) == [("file_missing", "broken")]
    assert renewed({}, "data.txt") == [("renewal_malformed", "broken")]
