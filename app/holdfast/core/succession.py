"""Which key signs for a record, from which line to which, and who handed over to whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from holdfast.core import ed25519
from holdfast.core.canonical import Json
from holdfast.core.ledger import Checkpoint, LedgerEntry, VerifierKey
from holdfast.core.pack import ENTRIES, payload
from holdfast.core.reading import Reading

NAMING = frozenset({"case.opened", "key.rotated"})
"""Acts whose lines name a key of the record."""

Signing: TypeAlias = tuple[VerifierKey, float]
"""A key, and the largest head that it may sign."""


def signing(
    entries: Sequence[LedgerEntry | None], keys: Sequence[VerifierKey]
) -> tuple[Signing, ...]:
    """Each key with the largest head it may sign: one that was replaced signs none that says so.

    A head from before may be signed by a later key: it waited for one.
    """
    naming = [
        (at, entry.act, entry.facts.get("key"))
        for at, entry in enumerate(entries)
        if entry is not None and entry.act in NAMING
    ]
    return tuple((key, _until(naming, str(key))) for key in keys)


def _until(naming: Sequence[tuple[int, str, Json]], key: str) -> float:
    until, named = math.inf, False
    for at, act, stated in naming:
        if stated == key:
            until, named = math.inf, True
        elif named and act == "key.rotated":
            until, named = at, False
    return until


def named_keys(entries: Sequence[LedgerEntry | None]) -> Iterator[tuple[int, str]]:
    """Every line that names a key, with that key, in order."""
    for at, entry in enumerate(entries):
        if entry is not None and entry.act in NAMING:
            key = entry.facts.get("key")
            if isinstance(key, str):
                yield at, key


def judge_succession(
    reading: Reading,
    entries: Sequence[LedgerEntry | None],
    checkpoints: Mapping[str, Checkpoint],
    keys: Sequence[VerifierKey],
) -> None:
    """The record opens once and first, names its key there, and each key hands over to the next.

    Else anybody may have written on, in somebody's record, by a key of their own.  A withheld line
    may have named a key as well; of ours no pack withholds one that does.
    """
    say = reading.seen.say
    opened = [at for at, e in enumerate(entries) if e is not None and e.act == "case.opened"]
    if opened != [0]:
        say(payload(ENTRIES), "ledger_opening", "broken", str(next(filter(None, opened), 0)))
    named = list(named_keys(entries))
    first = named[0][0] if named else len(entries)
    if first and any(head.signatures for head in checkpoints.values()):
        say(payload(ENTRIES), "key_late", "weak", str(first))
    heads = sorted(checkpoints.values(), key=lambda head: head.size, reverse=True)
    written = {str(key): key for key in keys}
    furthest: dict[str, int] = {}
    before = ""
    for at, stated in named:
        if before not in ("", stated):
            if before not in furthest:
                furthest[before] = _furthest(written.get(before), heads)
            if furthest[before] <= at:
                say(payload(ENTRIES), "key_succeeded", "weak", str(at))
        before = stated


def _furthest(key: VerifierKey | None, heads: Sequence[Checkpoint]) -> int:
    """The size of the largest head that a key has signed, 0 for none; the largest head is first."""
    signed = (head.size for head in heads if key and head.signed_by(key, ed25519.verify))
    return next(signed, 0)
