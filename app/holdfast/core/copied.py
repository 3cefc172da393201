"""A case as its rows lie in a copied database: whether they agree with themselves and with ours.

What the lines and heads mean is judged like any other case's; here is what only rows can show: an
index that says otherwise than the line beside it, a head that the lines do not lead to, and a copy
that is an earlier state of a case, a later one, or another story told under the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.bag import Seen
from holdfast.core.evidence import World
from holdfast.core.ledger import Checkpoint, leaf_hash, origin, read_checkpoint, tree_roots
from holdfast.core.pack import ENTRIES, checkpoint_path, payload
from holdfast.core.timestamp import Stamp

MOST_SAID = 20
"""Rows of one kind that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedHead:
    """A row of the table of heads; ``note`` is None for one that was never signed."""

    size: int
    root: bytes
    note: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedCase:
    """Everything of one case that a copied database holds, unread."""

    id: str
    number: str
    """Empty when no case of ours is stated for the record."""
    world: World
    ledger: str
    """Id of the ledger as the case states it."""
    bodies: tuple[bytes, ...]
    indexed: tuple[tuple[int, bytes, str], ...]
    """What stands beside each line: its number, its leaf hash, its act."""
    acts: tuple[str, ...]
    """What the lines themselves say; empty where a line cannot be read."""
    heads: tuple[CopiedHead, ...]
    stamps: tuple[Stamp, ...] = ()
    printed: frozenset[int] = frozenset()
    """Sizes of the heads that issued documents name."""
    unread: int = 0
    """Rows of working state that could not be read."""

    @property
    def name(self) -> str:
        """How people are told which case it is."""
        return self.number or self.id

    @property
    def leaves(self) -> list[bytes]:
        """Computed from the lines, whatever the rows say."""
        return [leaf_hash(body) for body in self.bodies]


def judge_rows(case: CopiedCase, seen: Seen) -> None:
    """Whether what stands beside the lines is what the lines say, and every head is theirs."""
    entries = payload(ENTRIES)
    if not case.number:
        seen.say(entries, "copy_nameless", "broken", case.id)
    if not case.bodies:
        seen.say(entries, "copy_empty", "broken")
    elif case.ledger and not case.heads:
        seen.say(entries, "copy_headless", "weak")
    leaves = case.leaves
    rows = zip(case.indexed, leaves, case.acts, strict=True)
    odd = [
        place
        for place, ((seq, stored, named), leaf, act) in enumerate(rows)
        if seq != place or stored != leaf or (act and named != act)
    ]
    for place in odd[:MOST_SAID]:
        seen.say(entries, "copy_row", "broken", str(place))
    _heads(case, leaves, seen)
    if case.unread:
        seen.say("", "copy_working", "unchecked", str(case.unread))


def _heads(case: CopiedCase, leaves: Sequence[bytes], seen: Seen) -> None:
    roots = tree_roots(leaves, (head.size for head in case.heads))
    said = 0
    for head in case.heads:
        rule, detail = _trouble(case, head, roots.get(head.size), len(leaves))
        if rule and said < MOST_SAID:
            seen.say(payload(checkpoint_path(head.size)), rule, "broken", detail)
            said += 1
    if case.heads and not said:
        seen.say(payload(ENTRIES), "copy_heads", "ok", str(len(case.heads)))


def _trouble(case: CopiedCase, head: CopiedHead, root: bytes | None, have: int) -> tuple[str, str]:
    """What is against a stored head, and its detail."""
    if head.size > have:
        return "ledger_truncated", f"{have} < {head.size}"
    if root != head.root:
        return "checkpoint_root", str(head.size)
    if head.note is None:
        return "", ""
    try:
        note = read_checkpoint(head.note)
    except ValueError as error:
        return "checkpoint_malformed", str(error)
    name = origin(case.ledger, case.world)
    if (note.origin, note.size, note.root) != (name, head.size, head.root):
        return "checkpoint_other", note.origin
    return "", ""


def as_checkpoint(case: CopiedCase, head: CopiedHead) -> Checkpoint:
    """The head as a file of its own.  Raises ValueError for a note that is none."""
    if head.note is not None:
        return read_checkpoint(head.note)
    return Checkpoint(origin=origin(case.ledger, case.world), size=head.size, root=head.root)


def judge_kin(copied: Sequence[bytes], own: Sequence[bytes], seen: Seen) -> None:
    """The leaves of a copy beside those of the same case on this computer."""
    entries, both = payload(ENTRIES), min(len(copied), len(own))
    apart = next((at for at in range(both) if copied[at] != own[at]), None)
    detail = f"{len(copied)} / {len(own)}"
    if apart is not None:
        seen.say(entries, "copy_fork", "broken", str(apart))
    elif len(copied) < len(own):
        seen.say(entries, "copy_older", "weak", detail)
    elif len(copied) > len(own):
        seen.say(entries, "copy_newer", "weak", detail)
    else:
        seen.say(entries, "copy_same", "ok", str(len(own)))
