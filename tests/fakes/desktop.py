"""A display and a sound server of our own, and things that move on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Screen:
    name: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def screen(size: str = "640x480") -> Iterator[Screen]:
    """A fresh display that a test may do anything to."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", f"{size}x24", "-noreset"],
        pass_fds=(theirs,),
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as told:
        number = told.readline().strip()
    try:
        yield Screen(f":{number}", process)
    finally:
        process.kill()
        process.wait()


_MOVING = """
import sys
from PySide6.QtCore import QTimer, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QRasterWindow
class Window(QRasterWindow):
    turn = painted = 0
    told = False
    def paintEvent(self, event):
        self.painted += 1
        with QPainter(self) as painter:
            painter.fillRect(0, 0, self.width(), self.height(), QColor(240, 240, 230))
            painter.fillRect((self.turn * 7) % self.width(), 40, 60, 60, QColor(200, 30, 40))
    def tick(self):
        self.turn += 1
        if self.painted > 2 and not self.told:
            self.told = True
            print("drawn", flush=True)
        self.update()
app = QGuiApplication(["moving", "-platform", "xcb"])
window = Window()
window.setTitle(sys.argv[1])
if len(sys.argv) > 2:
    window.setFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.BypassWindowManagerHint)
window.setGeometry(20, 20, 400, 300)
window.show()
timer = QTimer()
timer.timeout.connect(window.tick)
timer.start(40)
app.exec()
"""


@contextmanager
def moving(display: str, title: str = "moving", *, managed: bool = False) -> Iterator[int]:
    """A window in which a square wanders; its process."""
    more = [] if managed else ["bare"]
    process = subprocess.Popen(
        [sys.executable, "-c", _MOVING, title, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
    )
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == b"drawn\n"
            yield process.pid
        finally:
            process.kill()


@dataclass
class Pulse:
    server: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def pulse(folder: Path, *, sink: bool = True) -> Iterator[Pulse]:
    """A real PulseAudio with one output that nobody hears, or with none."""
    if shutil.which("pulseaudio") is None:
        pytest.skip("PulseAudio is not installed")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = folder / "native"
    # The socket last: whoever finds it finds the output.
    modules = ["module-null-sink sink_name=virt"] if sink else []
    modules += [f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    for module in modules:
        command += ["-L", module]
    process = subprocess.Popen(
        [*command, "--disable-shm=yes"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 60
        while not socket.exists() and time.monotonic() < end:
            time.sleep(0.05)
        yield Pulse(f"unix:{socket}", process)
    finally:
        process.kill()
        process.wait()


@contextmanager
def tone(server: str, folder: Path, hertz: int = 880) -> Iterator[None]:
    """A tone is played on the output until the end of the block."""
    if shutil.which("paplay") is None:
        pytest.skip("paplay is not installed")
    import numpy as np

    times = np.arange(48_000 * 90) / 48_000
    at = folder / "tone.raw"
    at.write_bytes((np.sin(2 * np.pi * hertz * times) * 8000).astype("<i2").tobytes())
    raw = ["--raw", "--rate=48000", "--channels=1", "--format=s16le"]
    process = subprocess.Popen(["paplay", "--server", server, *raw, str(at)])
    try:
        yield
    finally:
        process.kill()
        process.wait()
