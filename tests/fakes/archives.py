"""py-wacz as the judge of our archives; it is only asked, never shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def validated(at: Path) -> bool:
    """Whether py-wacz, in a process of its own, finds the archive valid."""
    script = "import sys; from wacz.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "validate", "-f", str(at)]
    return subprocess.run(command, capture_output=True, timeout=120).returncode == 0
