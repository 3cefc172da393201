"""Heads that somebody kept, and proof that a later one extends them.

A kept head is a checkpoint file, a printed root, or a C2SP tlog-witness ``add-checkpoint`` body:
the size of an older head, a consistency proof (RFC 9162 §2.1.4), and the newer head.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.core.bag import Seen
from holdfast.core.ledger import (
    MAX_NOTE,
    Checkpoint,
    consistency_proof,
    consistent,
    read_checkpoint,
    tree_roots,
)
from holdfast.core.succession import Signing

MOST_STEPS = 63
_OLD = re.compile("old (0|[1-9][0-9]{0,14})")
_LOOKS = re.compile(rb"(?:old [0-9]+|(?:practice\.)?holdfast\.local/[0-9a-f-]{36})\r?\n")
"""Also with the line ends that some mail programs put there: it is then no head, which is said."""
_PRINTED = re.compile("([1-9][0-9]{0,14}):([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A head, with the proof that it extends an older one where ``old`` says of which size."""

    old: int = 0
    path: tuple[bytes, ...] = ()
    checkpoint: Checkpoint

    def extends(self, size: int, root: bytes) -> bool:
        """Whether it proves that the head only grew since it had ``size`` lines and ``root``."""
        return size == self.old and consistent(
            size, self.checkpoint.size, root, self.checkpoint.root, self.path
        )


def grown(leaves: Sequence[bytes], old: int, checkpoint: Checkpoint) -> Growth:
    """The proof from size ``old`` to a head of the tree over ``leaves``; 0 needs none.

    Raises ValueError when there is no such earlier size.
    """
    path = consistency_proof(leaves[: checkpoint.size], old) if old else ()
    return Growth(old=old, path=path, checkpoint=checkpoint)


def write_growth(growth: Growth) -> bytes:
    """The body of C2SP tlog-witness ``add-checkpoint``."""
    steps = "".join(base64.b64encode(step).decode() + "\n" for step in growth.path)
    return f"old {growth.old}\n{steps}\n".encode() + growth.checkpoint.note


def read_growth(raw: bytes) -> Growth:
    """A checkpoint file, or one with a proof before it.  Raises ValueError."""
    if not raw.startswith(b"old "):
        return Growth(checkpoint=read_checkpoint(raw))
    head, gap, note = raw.partition(b"\n\n")
    if len(raw) > MAX_NOTE or not gap:
        raise ValueError("not a consistency proof")
    first, *lines = head.decode("ascii").split("\n")
    hit = _OLD.fullmatch(first)
    if hit is None or len(lines) > MOST_STEPS:
        raise ValueError("not a consistency proof: its size or its length")
    try:
        path = tuple(base64.b64decode(line, validate=True) for line in lines)
    except binascii.Error as error:
        raise ValueError("malformed Base64") from error
    found = Growth(old=int(hit[1]), path=path, checkpoint=read_checkpoint(note))
    if any(len(step) != 32 for step in path) or write_growth(found) != raw:
        raise ValueError("not a consistency proof in its one form")
    if found.old > found.checkpoint.size or (not found.old and path):
        raise ValueError("not a consistency proof: it leads backwards")
    return found


def looks_kept(raw: bytes) -> bool:
    """Whether a file begins as a kept head of ours does, sound or not."""
    return _LOOKS.match(raw) is not None


# --- held against a record -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A head as somebody kept it; ``growth`` is None for one that was only printed."""

    name: str
    size: int
    root: bytes
    growth: Growth | None = None

    @property
    def origin(self) -> str:
        """Of which ledger it says it is; empty when it was only printed."""
        return self.growth.checkpoint.origin if self.growth else ""


def read_kept(name: str, raw: bytes) -> Kept:
    """The head in a file.  Raises ValueError."""
    growth = read_growth(raw)
    head = growth.checkpoint
    return Kept(name=name, size=head.size, root=head.root, growth=growth)


def read_printed(text: str) -> Kept:
    """A head as documents print it: ``27:`` and 64 hexadecimal digits.  Raises ValueError."""
    hit = _PRINTED.fullmatch("".join(text.split()))
    if hit is None:
        raise ValueError("a size, a colon and 64 hexadecimal digits")
    return Kept(name=f"{hit[1]}:{hit[2][:8]}…", size=int(hit[1]), root=bytes.fromhex(hit[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A ledger that kept heads are held against."""

    origin: str
    leaves: Sequence[bytes]
    signers: Sequence[Signing]
    live: bool
    """A case on this computer, which has every line there ever was; a pack may be older."""


def judge_kept(
    kept: Sequence[Kept],
    lines: Lines,
    seen: Seen,
    verify: Callable[[bytes, bytes, bytes], bool],
) -> None:
    """Whether the ledger extends each kept head that is of it; a contradiction is broken."""
    mine = [one for one in kept if one.origin in ("", lines.origin)]
    if not mine:
        return
    roots = tree_roots(lines.leaves, (one.size for one in mine))
    have = len(lines.leaves)
    for one in mine:
        detail = f"{one.size} / {have}"
        if roots.get(one.size) == one.root:
            seen.say(one.name, "kept_holds", "ok", detail)
        elif not _vouched(one, lines, verify):
            seen.say(one.name, "kept_other_key", "broken", detail)
        elif one.size <= have:
            seen.say(one.name, "kept_fork", "broken", detail)
        elif lines.live:
            seen.say(one.name, "kept_rollback", "broken", detail)
        else:
            seen.say(one.name, "kept_newer", "unchecked", detail)


def _vouched(one: Kept, lines: Lines, verify: Callable[[bytes, bytes, bytes], bool]) -> bool:
    """Whether a key of the ledger signed it that had not been replaced by then.

    What was printed carries no signature to look at.
    """
    if one.growth is None:
        return True
    head = one.growth.checkpoint
    return any(one.size <= until and head.signed_by(key, verify) for key, until in lines.signers)


def judge_growth(kept: Sequence[Kept], seen: Seen) -> frozenset[str]:
    """Each proof among the kept heads, about the older head that was kept beside it.

    The names of those that were held against one another.
    """
    held: set[str] = set()
    for one in kept:
        if one.growth is None or not one.growth.old:
            continue
        for other in kept:
            if other.origin in ("", one.origin) and other.size == one.growth.old:
                detail = f"{other.size} → {one.size}"
                held |= {one.name, other.name}
                if one.growth.extends(other.size, other.root):
                    seen.say(one.name, "kept_consistent", "ok", f"{other.name}, {detail}")
                else:
                    seen.say(one.name, "kept_inconsistent", "broken", f"{other.name}, {detail}")
    return frozenset(held)
