"""A window of known pixels on an X display, drawn by a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

LEFT, TOP, WIDTH, HEIGHT = 100, 100, 200, 100

_DRAW = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QRasterWindow
class Window(QRasterWindow):
    def paintEvent(self, event):
        with QPainter(self) as painter:
            painter.drawImage(0, 0, image)
app = QGuiApplication(["window", "-platform", "xcb"])
data = sys.stdin.buffer.read()
image = QImage(data, {width}, {height}, {width} * 3, QImage.Format.Format_RGB888)
window = Window()
window.setFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.BypassWindowManagerHint)
window.setGeometry({left}, {top}, {width}, {height})
window.show()
while not window.isExposed():
    app.processEvents()
window.repaint() if hasattr(window, "repaint") else window.update()
for _ in range(20):
    app.processEvents()
app.sync()
print("drawn", flush=True)
app.exec()
"""


@contextmanager
def painted(
    display: str, colour: tuple[int, int, int] | None = None
) -> Iterator[NDArray[np.uint8]]:
    """A window at 100,100 of 200x100 is on the display; its pixels, row by row."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[..., 0] = np.arange(WIDTH)
    pixels[..., 1] = np.arange(HEIGHT)[:, None]
    pixels[..., 2] = 77
    if colour is not None:
        pixels[:] = colour
    script = _DRAW.format(left=LEFT, top=TOP, width=WIDTH, height=HEIGHT)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "PATH": "/usr/bin", "HOME": "/"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(pixels.tobytes())
        process.stdin.close()
        assert process.stdout.readline() == b"drawn\n"
        try:
            yield pixels
        finally:
            process.kill()
