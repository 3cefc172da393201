"""Attachments of an issued document, judged: an input is a list of names with what they hold."""

from __future__ import annotations

from functools import cache

from fuzz.target import Target, records, seeds_of
from holdfast.core.enclosed import enclosed_heads, judge_enclosed
from holdfast.core.ledger import read_checkpoint
from holdfast.core.verdict import Finding

NAMES = (
    "key.txt", "checkpoint-3.txt", "checkpoint-3.txt.ots", "checkpoint-3.txt.a.tsr",
    "E0001-sealed.json", "E0001-inclusion.tlog-proof", "E0001-capture.json",
    "E0002-sealed.json", "E0002-inclusion.tlog-proof", "E0002-capture.json",
    "checkpoint-4.txt", "E9999-sealed.json",
)  # fmt: skip


@cache
def heads() -> frozenset[bytes]:
    """Heads that the owner signed, among the seeds."""
    return frozenset(
        read_checkpoint(raw).text
        for seed in seeds_of("enclosed")
        for name, raw in named(seed).items()
        if name.startswith("checkpoint-") and name.endswith(".txt")
    )


@cache
def owners() -> frozenset[bytes]:
    return frozenset(named(seed).get("key.txt", b"") for seed in seeds_of("enclosed"))


def named(data: bytes) -> dict[str, bytes]:
    return {NAMES[one[0] % len(NAMES)]: one[1:] for one in list(records(data))[:24] if one}


def run(data: bytes) -> None:
    inside = named(data)
    findings = judge_enclosed(inside)
    enclosed_heads("f.pdf", inside)
    if inside.get("key.txt") in owners():
        assert all(map(_of_the_owner, findings))


def _of_the_owner(finding: Finding) -> bool:
    """Nothing is said to be under a head of the owner's that the owner did not sign."""
    if finding.rule != "enclosed_head":
        return True
    size, _, root = finding.detail.partition(", ")
    texts = (text.split(b"\n") for text in heads())
    import base64

    return any((one[1].decode(), base64.b64decode(one[2]).hex()) == (size, root) for one in texts)


TARGET = Target(name="enclosed", run=run, tokens=(b"\x00\x00", b"\n\n"), largest=16 << 10)
