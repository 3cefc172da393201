"""What an issued document brings along shows as much as it shows, and no more."""

from __future__ import annotations

import hashlib

import pytest

from fakes.signers import ORIGIN, Signer
from holdfast.core import ed25519
from holdfast.core.canonical import canonical
from holdfast.core.enclosed import enclosed_heads, judge_enclosed, rehearsed
from holdfast.core.ledger import (
    Checkpoint,
    LedgerEntry,
    Ref,
    inclusion_proof,
    tree_root,
    write_entry,
    write_proof,
)

OWNER = Signer("owner")
ABOUT = {"case": "c", "exhibit": "E0001", "format": "holdfast-capture/1", "world": "real"}
MANIFEST = canonical(ABOUT)


def entry(
    seq: int,
    act: str = "case.opened",
    path: str = "",
    ledger: str = ORIGIN.partition("/")[2],
    manifest: bytes = MANIFEST,
) -> LedgerEntry:
    sha = hashlib.sha256(manifest).hexdigest()
    refs = [Ref(path=path, size=len(manifest), sha256=sha, sm3=sha)] if path else []
    return write_entry(
        ledger=ledger,
        seq=seq,
        at="2026-11-12T13:06:31.000Z",
        actor="installation:x",
        act=act,
        subject="E0001",
        refs=refs,
        facts={},
        nonce=bytes([seq] * 16),
    )


def made(
    path: str = "exhibits/E0001/capture.json",
    by: Signer | None = OWNER,
    line: LedgerEntry | None = None,
    manifest: bytes = MANIFEST,
    origin: str = ORIGIN,
) -> dict[str, bytes]:
    sealed = entry(1, "exhibit.sealed", path, manifest=manifest)
    lines = [entry(0), line or sealed, entry(2)]
    leaves = [line.leaf for line in lines]
    head = Checkpoint(origin=origin, size=3, root=tree_root(leaves))
    if by is not None:
        head = head.signed(origin, by.public, by.sign(head.text))
    return {
        "E0001-capture.json": manifest,
        "E0001-sealed.json": lines[1].body,
        "E0001-inclusion.tlog-proof": write_proof(1, inclusion_proof(leaves, 1), head),
        "checkpoint-3.txt": head.note,
        "key.txt": f"{OWNER.named(origin)}\nnonsense\n".encode(),
        "notes.txt": b"x",
    }


def said(inside: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.outcome) for finding in judge_enclosed(inside)]


def test_manifest_line_and_head_hang_together() -> None:
    assert said(made()) == [("enclosed_head", "ok"), ("enclosed_sealed", "ok")]
    (kept,) = enclosed_heads("report.pdf", made())
    assert (kept.name, kept.size) == ("report.pdf › checkpoint-3.txt", 3)
    assert enclosed_heads("report.pdf", made() | {"checkpoint-3.txt": b"x"}) == ()
    assert said({}) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"E0001-capture.json": b"{}"}, ("file_changed", "broken")),
        ({"E0001-sealed.json": b"{}"}, ("inclusion_malformed", "broken")),
        ({"E0001-sealed.json": entry(1).body}, ("inclusion_differs", "broken")),
        ({"E0001-inclusion.tlog-proof": b"x"}, ("inclusion_malformed", "broken")),
        ({"checkpoint-3.txt": b"x"}, ("checkpoint_malformed", "broken")),
        ({"key.txt": b""}, ("enclosed_no_key", "unchecked")),
        (
            {"key.txt": f"{Signer('x').named(ORIGIN)}\n".encode()},
            ("checkpoint_signature", "broken"),
        ),
    ],
)
def test_whatever_does_not_hang_together_is_said(
    change: dict[str, bytes], rule: tuple[str, str]
) -> None:
    assert rule in said(made() | change)


def test_what_is_missing_is_not_held_against_it() -> None:
    for name in ("E0001-capture.json", "E0001-inclusion.tlog-proof"):
        inside = made()
        del inside[name]
        assert said(inside)[-1] == ("enclosed_incomplete", "unchecked")
    assert ("checkpoint_unsigned", "weak") in said(made(by=None))


def test_a_line_that_sealed_something_else_is_found() -> None:
    assert ("file_changed", "broken") in said(made("exhibits/E0002/capture.json"))
    assert ("file_changed", "broken") in said(made(""))


def test_a_line_that_is_not_of_this_record_or_sealed_nothing_is_found() -> None:
    """Any line with the right path in it was taken for the one that sealed."""
    path = "exhibits/E0001/capture.json"
    withdrawn = entry(1, "exhibit.withdrawn", path)
    assert ("enclosed_other", "broken") in said(made(line=withdrawn))
    other = entry(1, "exhibit.sealed", path, "01930000-0000-7000-8000-000000000002")
    assert ("inclusion_differs", "broken") in said(made(line=other))
    named = f"{OWNER.named('holdfast.local/x')}\n".encode()
    assert ("checkpoint_signature", "broken") in said(made() | {"key.txt": named})


def test_a_crowd_of_heads_and_keys_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    monkeypatch.setattr(ed25519, "verify", lambda *_: bool(asked.append(b"")))
    inside = made()
    inside["key.txt"] = inside["key.txt"].replace(b"nonsense\n", b"") * 5000
    head = inside["checkpoint-3.txt"]
    for size in range(10, 500):
        inside[f"checkpoint-{size}.txt"] = head.replace(b"\n3\n", b"\n%d\n" % size)
    assert ("checkpoint_malformed", "broken") in said(inside)
    assert len(asked) == 8


PRACTICE = f"practice.{ORIGIN}"
REHEARSED = canonical(ABOUT | {"world": "practice"})


def test_what_was_rehearsed_is_known_by_its_head_or_its_manifest() -> None:
    """A practice report that brought no time-stamp did not say that it is one."""
    assert not rehearsed(made())
    whole = made(manifest=REHEARSED, origin=PRACTICE)
    assert said(whole) == [("enclosed_head", "ok"), ("enclosed_sealed", "ok")]
    for gone in ("checkpoint-3.txt", "E0001-capture.json", ""):
        assert rehearsed({name: raw for name, raw in whole.items() if name != gone})
    assert not rehearsed({"E0001-capture.json": b"{}", "checkpoint-3.txt": b"x", "n.txt": b""})


@pytest.mark.parametrize(
    ("manifest", "rule"),
    [
        (REHEARSED, "exhibit_other"),
        (canonical(ABOUT | {"exhibit": "E0002"}), "exhibit_other"),
        (canonical({"exhibit": "E0001"}), "exhibit_manifest"),
    ],
)
def test_a_manifest_of_another_world_or_exhibit_is_not_passed_off(
    manifest: bytes, rule: str
) -> None:
    told = said(made(manifest=manifest))
    assert (rule, "broken") in told
    assert ("enclosed_sealed", "ok") not in told


def test_heads_and_exhibits_of_two_records_are_not_one_document() -> None:
    other = Checkpoint(origin=PRACTICE, size=4, root=bytes(32))
    signed = other.signed(PRACTICE, OWNER.public, OWNER.sign(other.text))
    keys = f"{OWNER.named(ORIGIN)}\n{OWNER.named(PRACTICE)}\n".encode()
    two = made() | {"checkpoint-4.txt": signed.note, "key.txt": keys}
    assert ("checkpoint_other", "broken") in said(two)
    head = made()["checkpoint-3.txt"]
    for name in ("checkpoint-03.txt", "checkpoint-4.txt"):
        assert ("checkpoint_other", "broken") in said(made() | {name: head})


def test_a_manifest_without_the_line_that_sealed_it_is_named() -> None:
    """Whoever replaced a manifest took its line away with it, and nothing was said of either."""
    inside = made() | {"E0001-capture.json": canonical(ABOUT | {"case": "d"})}
    del inside["E0001-sealed.json"]
    told = [(one.subject, one.rule, one.detail) for one in judge_enclosed(inside)]
    assert ("E0001-capture.json", "enclosed_incomplete", "E0001-sealed.json") in told
