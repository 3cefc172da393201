"""What a run found becomes the corpus that the suite replays: the fewest inputs, and small ones."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.target import CORPUS, HERE

MOST_INPUTS = 150
MOST_OCTETS = 80_000
"""Of one parser, so that all of them stay below 2 MB."""


def kept(name: str, work: Path) -> str:
    """Seeds and findings stay; what a run added is replaced by the best of it.  What was done."""
    folder, own = CORPUS / name, work / "own"
    if not own.is_dir():
        return "nothing was run"
    with tempfile.TemporaryDirectory() as room:
        given, out = Path(room) / "given", Path(room) / "out"
        given.mkdir()
        out.mkdir()
        # The seeds come first, so that nothing is kept that they reach already.
        lasting = [
            path for path in folder.glob("*.bin") if path.name.startswith(("seed-", "found-"))
        ]
        for path in (*lasting, *folder.glob("*.bin"), *own.iterdir()):
            shutil.copyfile(path, given / hashlib.sha256(path.read_bytes()).hexdigest())
        line = [sys.executable, "-m", "fuzz.child", name, "merge", str(out), str(given)]
        done = subprocess.run(line, cwd=HERE.parent, capture_output=True, check=False)
        if done.returncode:
            return f"merging ended with {done.returncode}: {done.stderr[-300:]!r}"
        merged = sorted((path.read_bytes() for path in out.iterdir()), key=len)
    known = {path.read_bytes() for path in lasting}
    for path in folder.glob("*.bin"):
        if path not in lasting:
            path.unlink()
    count = octets = 0
    for raw in merged:
        if raw in known or count >= MOST_INPUTS or octets + len(raw) > MOST_OCTETS:
            continue
        count, octets = count + 1, octets + len(raw)
        (folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.bin").write_bytes(raw)
    return f"{count} inputs of {octets:,} octets beside {len(lasting)} seeds and findings"
