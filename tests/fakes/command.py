"""The command line as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fakes.environment import ask_nobody
from fakes.warm import begun


def holdfast(*words: str, data: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "holdfast", *words]
    if data is not None:
        ask_nobody(data)
        line += ["--data", str(data)]
    settings = {**os.environ, "LANG": "C.UTF-8", **env}
    settings.pop("DISPLAY", None)
    settings.pop("WAYLAND_DISPLAY", None)
    return subprocess.run(begun(line), capture_output=True, text=True, env=settings, timeout=120)


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr
