"""The cosignatures in a record: each on a head of this ledger, by the key that its line names."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.core import cosignature, ed25519
from holdfast.core.ledger import (
    COSIGNATURE_NOTE,
    MAX_NOTE,
    LedgerEntry,
    Ref,
    VerifierKey,
    read_checkpoint,
    read_key,
    tree_roots,
)
from holdfast.core.pack import ENTRIES, cosigned_path, payload
from holdfast.core.reading import Reading


def judge_cosigned(
    reading: Reading,
    entries: Sequence[LedgerEntry | None],
    leaves: Sequence[bytes],
    origin: str,
    keys: Sequence[VerifierKey] = (),
) -> None:
    """Every ``checkpoint.cosigned`` line holds: its file, the head in it, the signature on that.

    ``keys`` are the record's own, none of which is a second one.
    """
    own = {key.public_key for key in keys}
    lines = [e for e in entries if e is not None and e.act == "checkpoint.cosigned"]
    sizes = (size for e in lines if isinstance(size := e.facts.get("size"), int))
    roots = tree_roots(leaves, sizes) if lines else {}
    judged: set[tuple[Ref, VerifierKey]] = set()
    for entry in lines:
        try:
            (ref,) = entry.refs
            key = read_key(str(entry.facts.get("key")), COSIGNATURE_NOTE)
            size = entry.facts.get("size")
            # To Python true is an integer too, and it is no number of lines.
            if type(size) is not int or ref.path != cosigned_path(size, key.id.hex()):
                raise ValueError("its file lies elsewhere")
        except ValueError:
            reading.seen.say(payload(ENTRIES), "cosigned_malformed", "broken", str(entry.seq))
            continue
        if (ref, key) in judged or not reading.matches(ref):
            continue
        # Each may cost a signature to be computed, and there may be many lines about one file.
        judged.add((ref, key))
        name = payload(ref.path)
        raw = reading.read(ref.path, MAX_NOTE)
        try:
            head = read_checkpoint(raw or b"")
        except ValueError as error:
            reading.seen.say(name, "checkpoint_malformed", "broken", str(error))
            continue
        seconds = cosignature.seen_by(head, key, ed25519.verify)
        if (head.origin, head.size) != (origin, size):
            reading.seen.say(name, "checkpoint_other", "broken", head.origin)
        elif roots.get(size) != head.root:
            reading.seen.say(name, "cosigned_other_root", "broken", str(size))
        elif seconds is None:
            reading.seen.say(name, "cosigned_signature", "broken", key.name)
        elif key.public_key in own:
            reading.seen.say(name, "cosigned_own", "unchecked", f"{key.name}+{key.id.hex()}")
        else:
            said = f"{cosignature.instant(seconds)}, {size}, {key.name}+{key.id.hex()}"
            reading.seen.say(name, "cosigned_holds", "ok", said)
