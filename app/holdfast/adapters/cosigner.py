"""This device as a cosigner: a key of its own, and a memory of the newest head of each record.

The memory is written, durable, before a signature leaves, so that a device that stops in between
can at worst refuse what it never gave (C2SP tlog-witness).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from holdfast.adapters.disk import put
from holdfast.adapters.store.keys import Keys
from holdfast.core import cosignature, ed25519
from holdfast.core.errors import Refused, Tampered, Unavailable
from holdfast.core.growth import read_growth
from holdfast.core.ledger import (
    Checkpoint,
    VerifierKey,
    read_checkpoint,
    read_key,
)
from holdfast.ports import Clock

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Cosigner:
    """The key and the memory in one folder."""

    folder: Path
    clock: Clock

    def sign(self, name: str, raw: bytes, log_key: VerifierKey | None = None) -> Checkpoint:
        """The head in ``raw`` with this device's cosignature on it.

        ``raw`` is a checkpoint file, with a proof from the last one seen before it where there was
        one.  Raises Refused, Tampered(``cosign_fork``), Unavailable.
        """
        from filelock import FileLock, Timeout

        try:
            growth = read_growth(raw)
        except ValueError as error:
            raise Refused("checkpoint_unreadable", name=name, reason=str(error)) from error
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / "lock", timeout=PATIENCE_S):
                head = growth.checkpoint
                before, known = self._remembered(head.origin)
                key = _trusted(head, known, log_key)
                if before is not None:
                    if head.size < before.size:
                        raise Refused("cosign_smaller", seen=before.size, size=head.size)
                    if head.size > before.size and growth.old != before.size:
                        raise Refused("cosign_needs_proof", seen=before.size)
                    same = (head.size, head.root) == (before.size, before.root)
                    if not same and not growth.extends(before.size, before.root):
                        raise Tampered("cosign_fork", seen=before.size)
                return self._signed(head, key)
        except Timeout as error:
            raise Unavailable("database_busy") from error

    def _signed(self, head: Checkpoint, log: VerifierKey) -> Checkpoint:
        own = Keys(self.folder).key()
        if own is None:
            raise Unavailable("key_locked")
        mine = cosignature.cosigner(f"{cosignature.COSIGNER}{own.public.hex()}", own.public)
        seconds = int(self.clock.now().timestamp())
        bare = Checkpoint(
            origin=head.origin,
            size=head.size,
            root=head.root,
            signatures=tuple(one for one in head.signatures if one[0] != mine.name),
        )
        self._remember(bare, log)
        return cosignature.cosigned(
            bare, mine, seconds, own.sign(cosignature.message(bare, seconds))
        )

    def log_key(self, origin: str) -> VerifierKey | None:
        """The key under which this device knows a record; None for one it never signed for."""
        return self._remembered(origin)[1]

    # --- memory ----------------------------------------------------------------------------------

    def _place(self, origin: str) -> Path:
        return self.folder / "seen" / f"{hashlib.sha256(origin.encode()).hexdigest()}.txt"

    def _remembered(self, origin: str) -> tuple[Checkpoint | None, VerifierKey | None]:
        try:
            first, _, note = self._place(origin).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None, None
        try:
            return read_checkpoint(note), read_key(first.decode())
        except ValueError as error:
            raise Tampered("database_damaged", path=self._place(origin).name) from error

    def _remember(self, head: Checkpoint, log: VerifierKey) -> None:
        place = self._place(head.origin)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        put(place, f"{log}\n".encode() + head.note)


def _trusted(
    head: Checkpoint, known: VerifierKey | None, stated: VerifierKey | None
) -> VerifierKey:
    """The record's key: the one the person states, the one seen first, or the one it brings.

    Raises Refused unless it signed the head.
    """
    brought = [
        VerifierKey(name=name, public_key=key)
        for name, _ in head.signatures
        if (key := cosignature.named_key(name, cosignature.LOG)) is not None
    ]
    if stated is not None:
        choice: VerifierKey | None = stated
    elif known is not None:
        choice = known
    else:
        # Signed under that name, and so the same 32 bytes under the record's own.
        choice = next(
            (
                VerifierKey(name=head.origin, public_key=one.public_key)
                for one in brought
                if head.signed_by(one, ed25519.verify)
            ),
            None,
        )
    if choice is not None and head.signed_by(choice, ed25519.verify):
        return choice
    other = known is not None and any(head.signed_by(one, ed25519.verify) for one in brought)
    raise Refused("cosign_other_key" if other and stated is None else "cosign_unsigned")
