"""Recording a 1080p screen: frames kept, beside ffmpeg's x11grab, and what a kill -9 costs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rows import Row

SECONDS = 12
SIZE = "1920x1080"

# A flat window of the whole screen in which a square wanders: what a page looks like to an encoder.
SIMPLE = """
from PySide6.QtCore import QTimer, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QRasterWindow
class Window(QRasterWindow):
    turn = 0
    def paintEvent(self, event):
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), QColor(240, 240, 230))
            painter.fillRect((self.turn * 9) % 1700, 400, 200, 200, QColor(200, 30, 40))
    def tick(self):
        self.turn += 1
        self.update((self.turn * 9) % 1700 - 20, 390, 240, 220)
app = QGuiApplication(["simple", "-platform", "xcb"])
window = Window()
window.setFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.BypassWindowManagerHint)
window.setGeometry(0, 0, 1920, 1080)
window.show()
timer = QTimer()
timer.timeout.connect(window.tick)
timer.start(33)
app.exec()
"""
# Every pixel of every frame is another one.
HEAVY = ["ffplay", "-loglevel", "quiet", "-noborder", "-left", "0", "-top", "0", "-f", "lavfi",
         f"testsrc2=size={SIZE}:rate=30,noise=alls=40:allf=t"]  # fmt: skip


def recording(pairs: int) -> Iterator[Row]:
    """The rows of recording; none where there is no display to record."""
    if shutil.which("Xvfb") is None:
        return
    with _screen() as display:
        with _shown([sys.executable, "-c", SIMPLE], display):
            yield _simple(display, pairs)
            yield _killed(display, pairs)
        if shutil.which("ffplay") and shutil.which("ffmpeg"):
            with _shown(HEAVY, display):
                yield from _heavy(display, pairs)


def _simple(display: str, pairs: int) -> Row:
    shares = []
    for _ in range(pairs):
        ran = _ours(display, {})
        shares.append(100 * ran["frames"] / max(1, ran["frames"] + ran["dropped"]))
    return Row(
        bench="recording",
        claim=f"1080p30, a simple animation, {SECONDS} s: frames kept",
        measured=f"{statistics.median(shares):.1f} % (from {min(shares):.1f}){_load()}",
        target="≥ 99 %",
        met=statistics.median(shares) >= 99,
    )


def _heavy(display: str, pairs: int) -> Iterator[Row]:
    fixed: dict[str, Any] = {"preset": "ultrafast", "adapting": False}
    ours, theirs, bare = [], [], []
    for _ in range(pairs):
        ours.append(_ours(display, fixed)["frames"])
        theirs.append(_ffmpeg(display))
        bare.append(_ours(display, fixed | {"durable": False})["frames"])
    yield Row(
        bench="recording",
        claim=f"1080p30, noise all over, ultrafast, {SECONDS} s: frames kept, beside x11grab's",
        measured=f"{_told(ours)} beside {_told(theirs)}{_load()}",
        target="not fewer",
        met=statistics.median(ours) >= statistics.median(theirs),
    )
    yield Row(
        bench="recording",
        claim="the same with and without hashing and fsync",
        measured=f"{_told(ours)} and {_told(bare)}",
        target="no more dropped than 1 %",
        met=statistics.median(ours) >= 0.99 * statistics.median(bare),
    )


def _killed(display: str, pairs: int) -> Row:
    lost = [_kill(display, 5 + number * 0.7) for number in range(pairs)]
    return Row(
        bench="recording",
        claim="recorder killed with -9: seconds that cannot be read any more",
        measured=f"{statistics.median(lost):.1f} s (at most {max(lost):.1f} s){_load()}",
        target="≤ 2 s",
        met=max(lost) <= 2.0,
    )


def _told(counts: list[int]) -> str:
    return f"{statistics.median(counts):.0f} ({min(counts)}–{max(counts)})"


def _load() -> str:
    return f"; load {os.getloadavg()[0]:.1f}"


# --- what is run ---------------------------------------------------------------------------------


@contextmanager
def _screen() -> Iterator[str]:
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", f"{SIZE}x24", "-noreset"]
    with subprocess.Popen(command, pass_fds=(theirs,), stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        with os.fdopen(ours) as told:
            number = told.readline().strip()
        try:
            yield f":{number}"
        finally:
            process.kill()


@contextmanager
def _shown(command: list[str], display: str) -> Iterator[None]:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(3)
        try:
            yield
        finally:
            process.kill()


@contextmanager
def _recorder(
    display: str, folder: str, more: dict[str, Any]
) -> Iterator[tuple[subprocess.Popen[bytes], queue.SimpleQueue[dict[str, Any] | None]]]:
    order = {"folder": folder, "area": "monitor:1", "preset": "veryfast", "fps": 30, **more}
    if (os.cpu_count() or 1) <= 2:
        order["preset"] = "ultrafast"
    environment = {**os.environ, "DISPLAY": display, "XDG_SESSION_TYPE": "", "WAYLAND_DISPLAY": ""}
    with subprocess.Popen(
        [sys.executable, "-m", "holdfast.adapters.recorder"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
    ) as process:  # fmt: skip
        lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

        def read() -> None:
            assert process.stdout is not None
            with contextlib.suppress(ValueError):
                for line in process.stdout:
                    lines.put(json.loads(line))
            lines.put(None)

        reader = threading.Thread(target=read)
        reader.start()
        assert process.stdin is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        try:
            yield process, lines
        finally:
            process.kill()
            reader.join()


def _ours(display: str, more: dict[str, Any]) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        _recorder(display, folder, {"milliseconds": SECONDS * 1000, **more}) as (_, lines),
    ):
        last: dict[str, Any] = {"frames": 0, "dropped": 0}
        while (line := lines.get(timeout=120)) is not None:
            if line["event"] == "progress":
                last = line
            if line["event"] == "ended":
                return {"frames": line["frames"], "dropped": last["dropped"]}
    raise SystemExit("the recorder said nothing")


def _kill(display: str, after: float) -> float:
    """Seconds between the last frame that can be read and the kill."""
    import av
    import av.error

    from holdfast.core.chain import SEGMENTS
    from holdfast.core.recording import read_chain

    with tempfile.TemporaryDirectory() as folder:
        with _recorder(display, folder, {}) as (process, lines):
            while (line := lines.get(timeout=120)) is not None and line["event"] != "recording":
                pass
            begun = time.monotonic()
            time.sleep(after)
            process.kill()
            lasted = time.monotonic() - begun
        made, _ = read_chain((Path(folder) / SEGMENTS).read_bytes())
        saved = max((one.to_ms for one in made), default=0)
        for at in sorted(Path(folder).glob("*.mkv"))[len(made) :]:
            last = 0
            with contextlib.suppress(av.error.FFmpegError), av.open(str(at)) as film:
                for packet in film.demux(video=0):
                    last = max(last, packet.pts or 0)
            saved += last
    return lasted - saved / 1000


def _ffmpeg(display: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        at = f"{folder}/x.mkv"
        command = ["ffmpeg", "-loglevel", "error", "-f", "x11grab", "-framerate", "30",
                   "-video_size", SIZE, "-i", display, "-t", str(SECONDS), "-c:v", "libx264",
                   "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p",
                   "-vsync", "passthrough", at]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        count = ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v",
                 "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", at]  # fmt: skip
        done = subprocess.run(count, check=True, capture_output=True, text=True)
        return int(done.stdout.strip().strip(","))
