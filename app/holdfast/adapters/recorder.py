"""The recorder's own process: orders in, events out, segments into a folder.

It runs as ``python -m holdfast.adapters.recorder`` (frozen: ``holdfast --worker recorder``), so
that neither a crash of the window nor a busy one costs a frame.  When whoever started it is gone,
it closes what is open and ends.  Orders and events are one JSON object a line.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, TypeAlias

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.disk import FULL
from holdfast.adapters.lens import DesktopLens, lens
from holdfast.adapters.locking import Locking
from holdfast.adapters.picture import Lens, Lost, Picture
from holdfast.adapters.reel import Frame, Reel
from holdfast.adapters.segments import append
from holdfast.adapters.sound import Ear
from holdfast.core.canonical import canonical, one_line, rfc3339
from holdfast.core.errors import HoldfastError
from holdfast.core.recording import EVENTS, SPEEDS, Pace, Segment

Order: TypeAlias = "Mapping[str, Any]"

CARD_MS = 2000
TELL_MS = 200
CATCH_UP = 10
"""Ticks by which a frame may be late; those beyond are missed."""
CLOSEST = 3
"""Frames that catch up are no closer than this part of a tick."""
CHECK_SECONDS = 1.0
BLIND_SECONDS = 5.0
"""So long a screen may hand over nothing before the recording ends."""
LEAST_FREE = 64 << 20
"""Bytes that are left for sealing: recording ends before the disk is full."""
APART_MS = 2000
"""So far the system's clock and the recording's own count may come apart before it is put down."""
MOST_PIXELS = 7680 * 4320


class Recorder:
    """One recording, from its first frame to its last."""

    def __init__(self, order: Order, out: IO[str]) -> None:
        self._order, self._out = order, out
        self._folder = Path(order["folder"])
        self._clock = SystemClock()
        self._begun_ns = time.monotonic_ns()
        self._writing = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._rest, self._running = threading.Event(), threading.Event()
        self._why = ""
        self._lost: str = ""
        self._ear: Ear | None = None
        self._reel: Reel | None = None
        self._lens: Lens | None = None
        self._dropped = self._missed = self._pauses = 0
        self._silent_since = 0
        self._apart_ms: int | None = None

    # --- time, and what is told ------------------------------------------------------------------

    def now_ms(self, at_ns: int = 0) -> int:
        """Milliseconds since the recording began."""
        return ((at_ns or time.monotonic_ns()) - self._begun_ns) // 1_000_000

    def _both(self) -> tuple[int, str]:
        return self.now_ms(), rfc3339(self._clock.now())

    def _compare(self) -> None:
        """A clock that was set, or a computer that slept, is on record.

        Asleep, most systems stop the count by which frames are placed: no gap shows in it.
        """
        before = self.now_ms()
        system = int(self._clock.now().timestamp() * 1000)
        if self.now_ms() - before > APART_MS // 4:
            return  # held up between the two: asked again soon
        apart = system - before
        if self._apart_ms is None:
            self._apart_ms = apart
        elif abs(moved := apart - self._apart_ms) >= APART_MS:
            self._apart_ms = apart
            self.note("clock", moved_ms=moved)

    def say(self, event: str, **facts: Any) -> None:
        """Told to whoever started us, who may be gone."""
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._out.write(json.dumps({"event": event, **facts}) + "\n")
            self._out.flush()

    def note(self, event: str, **facts: Any) -> None:
        """Told, and on record."""
        at_ms, at = self._both()
        whole = {"at_ms": at_ms, "at": at, **facts}
        try:
            append(self._folder / EVENTS, canonical({"event": event, **whole}) + b"\n")
        except OSError as error:
            self._end("disk_full" if error.errno in FULL else "disk")
        self.say(event, **whole)

    # --- its life --------------------------------------------------------------------------------

    def run(self) -> int:
        """Everything is recorded until it is told to stop; 0 when it came to its end."""
        wanted = int(self._order.get("fps", 30))
        pace = Pace(preset=str(self._order["preset"]), fps=wanted, wanted=wanted)
        try:
            self._lens = lens(str(self._order["area"]))
            first = self._lens.look()
            if first.width * first.height > MOST_PIXELS:
                raise Lost("too_large")
        except HoldfastError as error:
            self.say("refused", code=error.code, facts=error.facts)
            return 1
        except Lost as error:
            self.say("refused", code="screen_grab", facts={}, state=error.state)
            return 1
        heard = self._listen()
        self._reel = Reel(
            self._folder,
            pace,
            now=self._both,
            closed=self._closed,
            failed=self._failed,
            adapting=bool(self._order.get("adapting", True)),
            durable=bool(self._order.get("durable", True)),
        )
        card = [str(line) for line in self._order.get("card", ())]
        if card:
            self._reel.card(drawn(card, first.width, first.height), CARD_MS)
        # Time counts from here: neither the card nor warming up is part of what was seen.
        self._begun_ns = time.monotonic_ns()
        self.note(
            "started",
            system=sys.platform,
            wanted_fps=wanted,
            encoder={
                "name": "libx264",
                "library": f"av {version('av')}",
                "crf": 20,
                "pixels": "yuv420p, BT.709",
            },
            card={"drawn_by": "the recorder; no picture of the screen", "lines": card},
            monotonic_ns=str(self._begun_ns),
            **self._lens.facts(),
        )
        self._say_sound(heard)
        if self._ear is not None and heard:
            self._reel.with_sound(self._begun_ns)
        checker = threading.Thread(target=self._check, name="checker", daemon=True)
        checker.start()
        self._running.set()
        self.say("recording", at_ms=self.now_ms())
        self._compare()
        try:
            self._film()
        finally:
            self._close()
        return 0

    def _close(self) -> None:
        self._compare()
        assert self._reel is not None
        assert self._lens is not None
        if self._ear is not None:
            self._ear.close()
        voice = self._reel.voice
        if voice is not None:
            voice.end()
            self.note(
                "sound",
                state="ended",
                skew_ms=voice.skew_ms,
                holes=[{"at_ms": at, "ms": ms} for at, ms in voice.holes],
            )
        self._reel.end()
        self._lens.close()
        self.note("ended", why=self._why or "stopped", frames=self._reel.kept)

    def _end(self, why: str) -> None:
        self._why = self._why or why
        self._stop.set()
        self._wake.set()

    # --- pictures --------------------------------------------------------------------------------

    def _film(self) -> None:
        """One frame a tick, none when resting; ticks that were missed are counted.

        A frame that is a little late is taken all the same, at its own time, and the next ones
        closer after it.
        """
        assert self._reel is not None
        due, told, paused, before = float(self.now_ms()), 0, 0, 0
        limit = self._order.get("milliseconds")
        while not self._stop.is_set():
            if self._pauses != paused:
                # Counted: one that was over before this thread looked is a pause all the same.
                paused = self._pauses
                self._reel.rest()
                if self._reel.voice is not None:
                    self._reel.voice.resync()
                due = float(self.now_ms())
            if self._rest.is_set():
                self._wake.wait(0.1)
                self._wake.clear()
                due = float(self.now_ms())
                self._tell()
                continue
            step = 1000 / self._reel.pace.fps
            wait = max(due, before + step / CLOSEST) - self.now_ms()
            if wait > 0:
                time.sleep(wait / 1000)
            at = self.now_ms()
            if limit is not None and at >= int(limit):
                self._end("time")
                break
            lost = max(0, int((at - due) / step) - CATCH_UP)
            self._missed += lost
            due += (lost + 1) * step
            before = at
            self._shoot(at)
            if at - told >= TELL_MS:
                told = at
                self._tell()

    def _shoot(self, at: int) -> None:
        assert self._reel is not None
        assert self._lens is not None
        try:
            picture = self._lens.look()
        except Lost as error:
            self._recover(error.state)
            return
        if not self._reel.offer(Frame(picture, at, self._missed)):
            self._missed += 1
            return
        self._dropped += self._missed
        self._missed = 0

    def _recover(self, state: str) -> None:
        """The screen is there again, with an honest gap; or the recording ends."""
        self.note("screen", state="lost", was=state)
        begun = time.monotonic()
        while not self._stop.is_set():
            time.sleep(0.2)
            try:
                if isinstance(self._lens, DesktopLens):
                    self._lens.reopen()
                assert self._lens is not None
                changed = self._lens.check()
                self._lens.look()
            except Lost as error:
                if time.monotonic() - begun > BLIND_SECONDS:
                    self.note("screen", state="gone", was=error.state)
                    self._end("screen")
                continue
            self._missed = 0
            after = int((time.monotonic() - begun) * 1000)
            self.note("screen", state="back", after_ms=after)
            if changed:
                self.note("screen", state=changed, **self._lens.facts())
            return

    def _check(self) -> None:
        """Once a second: is the screen still there, is the disk, is the sound?"""
        assert self._lens is not None
        blind, locking, locked = 0.0, Locking(), False
        while not self._stop.wait(CHECK_SECONDS):
            now = bool(locking.locked())
            if now != locked:
                locked = now
                self.note("screen", state="locked" if locked else "unlocked")
            if self._ear is not None:
                self._ear.check()
            if shutil.disk_usage(self._folder).free < LEAST_FREE:
                self.note("disk", state="full")
                self._end("disk_full")
            try:
                changed = self._lens.check()
            except Lost as error:
                blind = blind or time.monotonic()
                if error.state != self._lost:
                    self._lost = error.state
                    self.note("screen", state=error.state)
                if error.state != "hidden" and time.monotonic() - blind > BLIND_SECONDS:
                    self._end("screen")
                continue
            if self._lost:
                self.note("screen", state="back", after_ms=int((time.monotonic() - blind) * 1000))
            self._lost, blind = "", 0.0
            if changed:
                self.note("screen", state=changed, **self._lens.facts())

    # --- sound -----------------------------------------------------------------------------------

    def _listen(self) -> bool:
        if not self._order.get("sound"):
            return False
        self._ear = Ear(self._hear, self._deaf)
        return self._ear.open()

    def _hear(self, block: Any) -> None:
        voice = self._reel.voice if self._reel is not None else None
        if voice is not None and not self._rest.is_set() and not voice.gone:
            voice.hear(block)
            if voice.level > 12:
                self._silent_since = self.now_ms()

    def _deaf(self, reason: str) -> None:
        if self._reel is not None and self._reel.voice is not None:
            self._reel.voice.end()
        self.note("sound", state="lost", reason=reason)

    def _say_sound(self, heard: bool) -> None:
        if self._ear is None:
            self.note("sound", state="not asked")
        elif heard:
            self.note("sound", state="on", device=self._ear.device, codec="aac", rate=48_000)
        else:
            self.note("sound", state="none", reason=self._ear.trouble)

    # --- what it tells on its way ----------------------------------------------------------------

    def _tell(self) -> None:
        assert self._reel is not None
        self._compare()
        voice = self._reel.voice
        hearing = voice is not None and not voice.gone
        self.say(
            "progress",
            at_ms=self.now_ms(),
            frames=self._reel.kept,
            dropped=self._dropped + self._missed,
            gap_ms=self._reel.gap_ms,
            level=voice.level if voice is not None and hearing else None,
            silent_ms=self.now_ms() - self._silent_since if hearing else None,
            preset=self._reel.pace.preset,
            fps=self._reel.pace.fps,
        )

    def _closed(self, segment: Segment) -> None:
        self.say("segment", n=segment.n, size=segment.size, link=segment.link)

    def _failed(self, error: Exception) -> None:
        full = isinstance(error, OSError) and error.errno in FULL
        why = "disk_full" if full else "disk" if isinstance(error, OSError) else "encoder"
        self._end(why)
        self.say("failed", why=why, reason=one_line(str(error))[:200])

    # --- orders ----------------------------------------------------------------------------------

    def obey(self, orders: IO[str]) -> None:
        """Every order until the last; the end of the stream is one as well.  In its own thread."""
        for raw in orders:
            self._running.wait()
            try:
                order = json.loads(raw)
                self._do(order)
            except (ValueError, KeyError, TypeError):
                continue
        self._end("parent")

    def _do(self, order: Order) -> None:
        at_ms = max(0, self.now_ms(int(order.get("at_ns", 0))))
        match order["do"]:
            case "pause" if not self._rest.is_set():
                self._rest.set()
                self._pauses += 1
                self.note("paused", at_ms=at_ms, reason=one_line(str(order["reason"]))[:500])
            case "resume" if self._rest.is_set():
                self.note("resumed", at_ms=at_ms)
                self._rest.clear()
                self._wake.set()
            case "mark":
                self.note("marked", at_ms=at_ms, step=one_line(str(order["step"]))[:60])
            case "stop":
                self._end("stopped")


def drawn(lines: list[str], width: int, height: int) -> Picture:
    """A title card: these lines, dark on light, as large as they fit."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (width, height), (246, 246, 243))
    draw = ImageDraw.Draw(image)
    size = max(8, min(height // (2 * len(lines) + 2), width // 34))
    # Declared as a wheel of data: every system has it.
    name = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
    font = ImageFont.truetype(str(files("justmytype_intl_cjk").joinpath(name)), size)
    top = (height - 2 * size * len(lines)) // 2
    for number, line in enumerate(lines):
        draw.text((width // 16, top + 2 * size * number), line, fill=(27, 31, 36), font=font)
    return Picture(width, height, image.tobytes("raw", "BGRX"))


def main() -> int:
    """One recording, as ordered on the first line of standard input."""
    # What libraries print must not stand between the lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    orders = os.fdopen(os.dup(0), "r", encoding="utf-8")
    order: Order = json.loads(orders.readline())
    if int(order.get("fps", 30)) not in SPEEDS:
        raise SystemExit("frames a second that are not kept")
    recorder = Recorder(order, out)
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: recorder._end("asked"))  # noqa: SLF001  this module's own
    threading.Thread(target=recorder.obey, args=(orders,), name="orders", daemon=True).start()
    return recorder.run()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        raise SystemExit(main())
