"""What a run found becomes the corpus that the suite replays: small inputs, and not too many.

A run keeps an input only where it reached something new, and replaces it by a smaller one that
does.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from fuzz.target import CORPUS, targets

MOST_INPUTS = 150
MOST_OCTETS = 80_000
"""Of one parser, so that all of them stay below 2 MB."""


def kept(name: str, work: Path) -> str:
    """Seeds and findings stay; beside them stands the best of what runs added.  What was done."""
    folder, own = CORPUS / name, work / "own"
    if not own.is_dir():
        return "nothing was run"
    lasting = [path for start in ("seed", "found") for path in folder.glob(f"{start}-*.bin")]
    known = {path.read_bytes() for path in lasting}
    theirs = set(targets()[name].lent().values())
    for path in set(folder.glob("*.bin")) - set(lasting):
        path.unlink()
    count = octets = 0
    for raw in sorted({path.read_bytes() for path in own.iterdir()} - known - theirs, key=len):
        if count == MOST_INPUTS or octets + len(raw) > MOST_OCTETS:
            break
        count, octets = count + 1, octets + len(raw)
        (folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.bin").write_bytes(raw)
    return f"{count} inputs of {octets:,} octets beside {len(lasting)} seeds and findings"
