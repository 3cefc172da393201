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

# `exec` is where a program hands over to Qt.  A window stands once it is exposed, and is furnished
# once there is something in it to press.
LOOP = """
import sys, time
from PySide6.QtWidgets import QAbstractButton, QApplication

def until(there):
    app = QApplication.instance()
    while not there(app):
        app.processEvents()

def exposed(app):
    return any(window.isVisible() and window.isExposed() for window in app.topLevelWindows())

def pressable(app):
    return any(isinstance(w, QAbstractButton) and w.isVisible() for w in app.allWidgets())

def run(*_):
    import os
    until(exposed)
    print(time.process_time(), flush=True)
    if FURNISHED:
        until(pressable)
        print(time.process_time(), flush=True)
    os._exit(0)

QApplication.exec = run
"""
BARE = (
    "FURNISHED = False\n"
    + LOOP
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
    "FURNISHED = True\n"
    + LOOP
    + """
from pathlib import Path
from holdfast.compose import open_holdfast
from holdfast.ui.app import main
main(open_holdfast(Path(sys.argv[1])), sys.argv[:1])
"""
)


def first_window(pairs: int = 15) -> Iterator[Row]:
    """Seconds until a window stands; the second and later starts, as files are warm then."""
    if importlib.util.find_spec("holdfast.ui.app") is None:
        raise SystemExit("this build has no window")
    bare: list[float] = []
    shown: list[float] = []
    furnished: list[float] = []
    cpu: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(pairs + 1):
            (first,) = _start(BARE)
            second, third = _start(OURS, str(Path(folder) / "data"))
            if turn:
                bare.append(first[0])
                shown.append(second[0])
                furnished.append(third[0])
                cpu.append((second[1], first[1]))
    yield Row(
        bench="window",
        claim="first window shown ÷ a bare PySide6 window, wall time from the process's start",
        measured=ratios(shown, bare),
        target=f"≤ {TARGET}",
        met=median_ratio(shown, bare) <= TARGET,
    )
    yield Row(
        bench="window",
        claim="the same, CPU time",
        measured=ratios(*zip(*cpu, strict=True)),
        target="reported",
    )
    yield Row(
        bench="window",
        claim="the same until its first page is there to be used",
        measured=ratios(furnished, bare),
        target="reported",
    )
    yield Row(
        bench="window",
        claim="bare, shown, furnished in seconds (fastest)",
        measured=f"{min(bare):.2f} s, {min(shown):.2f} s, {min(furnished):.2f} s",
        target="reported",
    )


def _start(script: str, *arguments: str) -> list[tuple[float, float]]:
    """Wall and CPU seconds from the start of a process to each word that it says."""
    # As installed: what was compiled once is kept.
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    heard = [(time.perf_counter() - start, float(cpu)) for cpu in process.stdout]
    _, errors = process.communicate()
    if not heard:
        raise SystemExit(errors or "no window was shown")
    return heard
