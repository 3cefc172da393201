from __future__ import annotations

from dataclasses import replace

from holdfast.core import copied
from holdfast.core.bag import Seen
from holdfast.core.copied import CopiedCase, CopiedHead, as_checkpoint, judge_kin, judge_rows
from holdfast.core.ledger import Checkpoint, leaf_hash, origin, tree_root

LEDGER = "019a7d52-8f4e-7c3a-9d10-5a3b2c1d0e4f"
BODIES = (b"one", b"two", b"three")


def head(size: int) -> CopiedHead:
    root = tree_root(leaf_hash(body) for body in BODIES[:size])
    note = Checkpoint(origin=origin(LEDGER, "real"), size=size, root=root).note
    return CopiedHead(size=size, root=root, note=note)


CASE = CopiedCase(
    id="c",
    number="HF-2026-0001",
    world="real",
    ledger=LEDGER,
    bodies=BODIES,
    indexed=tuple((at, leaf_hash(body), "x") for at, body in enumerate(BODIES)),
    acts=("x", "", "x"),
    heads=(head(2), head(3)),
)


def said(case: CopiedCase) -> list[tuple[str, str, str]]:
    seen = Seen()
    judge_rows(case, seen)
    return [(f.rule, f.outcome, f.detail) for f in seen.findings]


def test_rows_that_agree_are_fine() -> None:
    assert said(CASE) == [("copy_heads", "ok", "2")]
    assert CASE.name == "HF-2026-0001"
    assert replace(CASE, number="").name == "c"


def test_what_rows_can_show() -> None:
    leaf = leaf_hash(b"two")
    for row in ((5, leaf, "x"), (1, bytes(32), "x")):
        odd = replace(CASE, indexed=(CASE.indexed[0], row, CASE.indexed[2]))
        assert said(odd)[0] == ("copy_row", "broken", "1")
    other = replace(CASE, acts=("y", "", "x"))
    assert said(other)[0] == ("copy_row", "broken", "0")
    assert said(replace(CASE, number=""))[0] == ("copy_nameless", "broken", "c")
    assert said(replace(CASE, heads=())) == [("copy_headless", "weak", "")]
    assert said(replace(CASE, unread=3))[-1] == ("copy_working", "unchecked", "3")
    empty = replace(CASE, bodies=(), indexed=(), acts=(), heads=())
    assert said(empty) == [("copy_empty", "broken", "")]
    assert said(replace(CASE, heads=(), ledger="")) == []


def test_what_heads_can_show() -> None:
    sound = head(2)
    for one, rule in (
        (replace(sound, size=9), "ledger_truncated"),
        (replace(sound, root=bytes(32)), "checkpoint_root"),
        (replace(sound, note=b"x"), "checkpoint_malformed"),
        (replace(sound, note=head(3).note), "checkpoint_other"),
    ):
        assert said(replace(CASE, heads=(one,)))[0][0] == rule
    unsigned = replace(sound, note=None)
    assert said(replace(CASE, heads=(unsigned,))) == [("copy_heads", "ok", "1")]
    assert as_checkpoint(CASE, unsigned) == as_checkpoint(CASE, sound)


def test_no_more_is_named_than_anybody_reads() -> None:
    many = copied.MOST_SAID + 5
    case = replace(
        CASE,
        bodies=BODIES[:1] * many,
        indexed=((9999, bytes(32), "x"),) * many,
        acts=("x",) * many,
        heads=tuple(CopiedHead(size=at + 900, root=bytes(32), note=None) for at in range(many)),
    )
    rules = [rule for rule, _, _ in said(case)]
    assert rules.count("copy_row") == rules.count("ledger_truncated") == copied.MOST_SAID


def test_a_copy_beside_the_same_case() -> None:
    leaves = CASE.leaves
    for mine, theirs, told in (
        (leaves, leaves, ("copy_same", "ok", "3")),
        (leaves[:2], leaves, ("copy_older", "weak", "2 / 3")),
        (leaves, leaves[:1], ("copy_newer", "weak", "3 / 1")),
        ([leaves[0], leaves[0]], leaves, ("copy_fork", "broken", "1")),
    ):
        seen = Seen()
        judge_kin(mine, theirs, seen)
        (finding,) = seen.findings
        assert (finding.rule, finding.outcome, finding.detail) == told
