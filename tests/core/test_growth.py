"""Kept heads: read strictly, and held against a ledger in every way they may stand to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.signers import ORIGIN, Signer, head, leaves
from holdfast.core import ed25519
from holdfast.core.bag import Seen
from holdfast.core.growth import (
    Kept,
    Lines,
    grown,
    judge_growth,
    judge_kept,
    looks_kept,
    read_growth,
    read_kept,
    read_printed,
    write_growth,
)
from holdfast.core.ledger import Checkpoint

OWNER, STRANGER = Signer("owner"), Signer("stranger")


def kept(checkpoint: Checkpoint, name: str = "kept.txt") -> Kept:
    return read_kept(name, checkpoint.note)


def held(
    one: Kept, *, size: int = 20, live: bool = True, word: str = "line"
) -> list[tuple[str, str]]:
    seen = Seen()
    signers = ((OWNER.named(ORIGIN), 25),)
    lines = Lines(origin=ORIGIN, leaves=leaves(size, word), signers=signers, live=live)
    judge_kept((one,), lines, seen, ed25519.verify)
    return [(finding.rule, finding.outcome) for finding in seen.findings]


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_proof_between_any_two_sizes_is_read_back_and_holds(one: int, other: int) -> None:
    old, new = sorted((one, other))
    proof = grown(leaves(40), old, head(new, OWNER))
    again = read_growth(write_growth(proof))
    assert again == proof
    assert again.extends(old, head(old).root)
    assert not again.extends(old, bytes(32))
    assert not again.extends(old + 1, head(old + 1).root)


def test_a_bare_checkpoint_is_a_growth_from_nothing() -> None:
    found = read_growth(head(7, OWNER).note)
    assert (found.old, found.path, found.checkpoint.size) == (0, (), 7)
    assert grown(leaves(9), 0, head(7)).path == ()
    assert read_growth(write_growth(found)) == found


@pytest.mark.parametrize(
    "raw",
    [
        b"old 3\n",
        b"old 03\n\n" + head(7).note,
        b"old x\n\n" + head(7).note,
        b"old 3\n!!\n\n" + head(7).note,
        b"old 3\nAAAA\n\n" + head(7).note,
        b"old 3\n" + b"A\n" * 64 + b"\n" + head(7).note,
        b"old 9\n\n" + head(7).note,
        b"old 0\n" + b"A" * 43 + b"=\n\n" + head(7).note,
        b"old 3\n\n" + b"x" * (1 << 20),
        b"old \xff\n\n" + head(7).note,
        b"holdfast.local/x\n7\n\n",
    ],
)
def test_what_is_no_proof_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_growth(raw)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_do_more_than_raise(raw: bytes) -> None:
    for text in (raw, b"old 3\n" + raw):
        try:
            found = read_growth(text)
        except ValueError:
            continue
        assert text in (write_growth(found), found.checkpoint.note)


def test_kept_files_are_known_by_how_they_begin() -> None:
    assert looks_kept(head(3).note)
    assert looks_kept(b"practice." + head(3).note)
    assert looks_kept(b"old 3\n")
    # As it comes out of some mail programs: to be named as damaged, not passed over.
    assert looks_kept(head(3).note.replace(b"\n", b"\r\n"))
    assert not looks_kept(b"old habits\n")


def test_a_printed_head_may_be_typed_with_blanks() -> None:
    root = head(3).root.hex()
    found = read_printed(f"3: {root[:32]} {root[32:].upper()}")
    assert (found.size, found.root, found.origin) == (3, head(3).root, "")
    for text in ("", "3", f"0:{root}", f"3:{root[:-1]}", f"x:{root}"):
        with pytest.raises(ValueError, match="64"):
            read_printed(text)


def test_the_ledger_goes_on_from_a_kept_head() -> None:
    assert held(kept(head(7, OWNER))) == [("kept_holds", "ok")]
    # Whoever signed it: the lines are the same.
    assert held(kept(head(7, STRANGER))) == [("kept_holds", "ok")]
    assert held(read_printed(f"7:{head(7).root.hex()}")) == [("kept_holds", "ok")]


def test_a_shorter_ledger_is_a_rollback_only_where_every_line_must_be() -> None:
    assert held(kept(head(25, OWNER))) == [("kept_rollback", "broken")]
    assert held(kept(head(25, OWNER)), live=False) == [("kept_newer", "unchecked")]


def test_two_heads_of_one_size_are_a_fork() -> None:
    assert held(kept(head(7, OWNER, word="other"))) == [("kept_fork", "broken")]
    assert held(read_printed(f"7:{'0' * 64}")) == [("kept_fork", "broken")]


def test_a_head_by_an_unknown_key_that_differs_says_that_one_of_the_two_is_not_genuine() -> None:
    assert held(kept(head(7, STRANGER, word="other"))) == [("kept_other_key", "broken")]
    assert held(kept(head(7, word="other"))) == [("kept_other_key", "broken")]
    # One that was replaced by then vouches for no more than a stranger's.
    assert held(kept(head(26, OWNER))) == [("kept_other_key", "broken")]


def test_a_head_of_another_ledger_is_passed_over() -> None:
    assert held(kept(head(7, OWNER, origin=ORIGIN[:-1] + "2"))) == []


def test_two_kept_heads_are_held_against_each_other() -> None:
    old, proof = head(7, OWNER), grown(leaves(20), 7, head(12, OWNER))
    newer = read_kept("grow.txt", write_growth(proof))
    for older, rule in (
        (kept(old), "kept_consistent"),
        (read_printed(f"7:{old.root.hex()}"), "kept_consistent"),
        (kept(head(7, OWNER, word="other")), "kept_inconsistent"),
    ):
        seen = Seen()
        judge_growth((older, newer, kept(head(3))), seen)
        assert [finding.rule for finding in seen.findings] == [rule]
