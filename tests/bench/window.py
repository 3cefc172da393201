"""The first window of Holdfast against an empty one, each from a process's start."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rows import Row, median_ratio, ratios

TARGET = 1.5

# Both scripts end when the first window is exposed: `exec` is where a program hands over to Qt.
SHOWN = """
import sys
from PySide6.QtWidgets import QApplication

def shown(*_):
    app = QApplication.instance()
    while True:
        app.processEvents()
        for window in app.topLevelWindows():
            if window.isVisible() and window.isExposed():
                print("shown", flush=True)
                import os
                os._exit(0)

QApplication.exec = shown
"""
BARE = (
    SHOWN
    + """
from PySide6.QtWidgets import QMainWindow
app = QApplication(sys.argv)
window = QMainWindow()
window.resize(1180, 780)
window.show()
app.exec()
"""
)
OURS = (
    SHOWN
    + """
from pathlib import Path
from holdfast.compose import open_holdfast
from holdfast.ui.app import main
main(open_holdfast(Path(sys.argv[1])), sys.argv[:1])
"""
)


def first_window(pairs: int = 15) -> Iterator[Row]:
    """Seconds until a window is exposed; the second and later starts, as files are warm then."""
    if importlib.util.find_spec("holdfast.ui.app") is None:
        raise SystemExit("this build has no window")
    ours, bare, our_cpu, bare_cpu = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(pairs + 1):
            first, second = _start(BARE), _start(OURS, str(Path(folder) / "data"))
            if turn:
                bare.append(first[0])
                bare_cpu.append(first[1])
                ours.append(second[0])
                our_cpu.append(second[1])
    yield Row(
        bench="window",
        claim="first window shown ÷ a bare PySide6 window, wall time from the process's start",
        measured=ratios(ours, bare),
        target=f"≤ {TARGET}",
        met=median_ratio(ours, bare) <= TARGET,
    )
    yield Row(
        bench="window",
        claim="the same, CPU time",
        measured=ratios(our_cpu, bare_cpu),
        target="reported",
    )
    yield Row(
        bench="window",
        claim="the same in seconds (fastest)",
        measured=f"{min(ours):.2f} s against {min(bare):.2f} s",
        target="reported",
    )


def _start(script: str, *arguments: str) -> tuple[float, float]:
    """Wall seconds to the word, and the CPU seconds of the process."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    before = os.times()
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    wall = time.perf_counter() - start
    _, errors = process.communicate()
    after = os.times()
    if said.strip() != "shown":
        raise SystemExit(errors or "no window was shown")
    return wall, (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
