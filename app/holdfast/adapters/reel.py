"""Frames and sound become closed, hashed, chained files; none of that waits in the way of a frame.

One thread encodes, another closes: it writes the rest, fsyncs, hashes, and only then adds the
segment to the chain.  What was on the chain is safe whatever happens next.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast.adapters.segments import append, settled
from holdfast.adapters.sound import CHANNELS, RATE, Block
from holdfast.core.chain import FIRST_LINK, SEGMENTS, linked
from holdfast.core.recording import (
    DARK,
    SEGMENT_MS,
    Pace,
    Segment,
    next_pace,
)

if TYPE_CHECKING:
    from holdfast.adapters.picture import Picture

WAITING = 16
"""Frames that may wait for the encoder; one more is dropped."""
SAMPLE_MS = 500
"""How often a frame is looked at for blackness and stillness."""
LATE_SOUND = 0.6
"""Seconds that a segment's file waits for the sound of its last moments."""
JUMP_MS = 200
"""A larger difference between clock and samples is a hole in the sound, left as a hole."""
SETTLING, LASTING = 25, 150
"""Blocks, half a second and three, over which the sound's place in time is judged: a busy machine
delivers late for a while, and that is no hole.
"""
_MS = Fraction(1, 1000)
# The same stream parameters whatever the preset, so that segments can be joined without a loss.
_STREAM = (
    "cabac=0:8x8dct=0:bframes=0:ref=1:weightp=0:scenecut=0:keyint=infinite"
    ":rc-lookahead=0:sync-lookahead=0"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture on its way into the film."""

    picture: Picture
    at_ms: int
    missed: int
    """Frames that should have come before it."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A frame as the encoder takes it, and what a look at it told."""

    film: Any
    width: int
    height: int
    at_ms: int
    missed: int
    look: tuple[bool, bool, bytes] | None
    """Whether it is black, whether of one colour, and its grid; None for most frames."""


@dataclass(slots=True)
class _Open:
    """A segment that is being written."""

    n: int
    kind: Literal["card", "screen"]
    path: Path
    container: Any
    video: Any
    sound: Any
    from_ms: int
    started: str
    pace: Pace
    width: int
    height: int
    to_ms: int = 0
    ended: str = ""
    frames: int = 0
    dropped: int = 0
    gap_ms: int = 0
    busy: float = 0.0
    dark: int = 0
    plain: int = 0
    still: int = 0
    samples: int = 0
    sound_packets: int = 0
    level: int = 0


class Reel:
    """Where frames and sound go; ``closed`` is told of every segment, ``failed`` of the end."""

    def __init__(
        self,
        folder: Path,
        pace: Pace,
        *,
        now: Callable[[], tuple[int, str]],
        closed: Callable[[Segment], None],
        failed: Callable[[Exception], None],
        adapting: bool = True,
        durable: bool = True,
    ) -> None:
        """``now`` tells milliseconds since the beginning and the system's time.

        ``durable`` is False only where its cost is measured.
        """
        self._folder, self.pace = folder, pace
        self._now, self._closed, self._failed = now, closed, failed
        self._adapting, self._durable = adapting, durable
        self._frames: queue.Queue[_Ready | None] = queue.Queue(WAITING)
        self._done: queue.SimpleQueue[_Open | None] = queue.SimpleQueue()
        self._open: _Open | None = None
        self._before: _Open | None = None
        self._n = 0
        self._last_ms: int | None = None
        self._sampled_ms = -SAMPLE_MS
        self._sample = b""
        self._link = FIRST_LINK
        self._heard: deque[tuple[Any, int, int]] = deque()
        self._broken = False
        self.kept = self.gap_ms = 0
        self.voice: _Voice | None = None
        self._encoder = threading.Thread(target=self._encode, name="encoder", daemon=True)
        self._closer = threading.Thread(target=self._close_all, name="closer", daemon=True)
        self._encoder.start()
        self._closer.start()

    # --- what others call ------------------------------------------------------------------------

    def with_sound(self, origin_ns: int) -> None:
        """Segments that begin from now on have a sound track."""
        self.voice = _Voice(self, origin_ns)

    def offer(self, frame: Frame) -> bool:
        """The frame is on its way; False when the encoder is too far behind and it is dropped.

        Colours are converted here, beside the encoder: two processors share the work.
        """
        if self._frames.full():
            return False
        picture, look = frame.picture, None
        if frame.at_ms - self._sampled_ms >= SAMPLE_MS:
            self._sampled_ms = frame.at_ms
            look = _looked(picture)
        size = picture.width, picture.height
        self._frames.put(_Ready(_film(picture), *size, frame.at_ms, frame.missed, look))
        return True

    def rest(self) -> None:
        """What is open is closed; the next frame begins a new segment.  Waits for the encoder."""
        self._frames.put(None)
        self._frames.join()

    def end(self) -> None:
        """Everything is closed, hashed and chained."""
        self.rest()
        self._done.put(None)
        self._closer.join()

    @property
    def segment(self) -> int:
        """The number of the segment that is open or comes next."""
        return self._n

    def card(self, picture: Picture, length_ms: int) -> None:
        """A segment drawn by us, before anything of the screen."""
        began = self._now()[1]
        opened = self._begin("card", picture, 0, began)
        if opened is None:
            return
        film = _film(picture)
        for at in range(0, length_ms, 100):
            self._put(opened, film, at)
        opened.frames = length_ms // 100
        self._finish(opened, length_ms)

    # --- encoding --------------------------------------------------------------------------------

    def _encode(self) -> None:
        import av.error

        while True:
            frame = self._frames.get()
            try:
                if frame is None:
                    self._finish_open()
                elif not self._broken:
                    self._take(frame)
            except (OSError, av.error.FFmpegError) as error:
                self._fail(error)
            finally:
                self._frames.task_done()

    def _take(self, frame: _Ready) -> None:
        opened = self._open
        full = opened is not None and (
            frame.at_ms - opened.from_ms >= SEGMENT_MS
            or (frame.width, frame.height) != (opened.width, opened.height)
        )
        if opened is not None and full:
            self._finish(opened, frame.at_ms)
            self._adapt(opened)
            opened = None
        if opened is None:
            opened = self._begin("screen", frame, frame.at_ms, self._now()[1])
        if opened is None:
            return
        begun = time.perf_counter()
        self._put(opened, frame.film, frame.at_ms - opened.from_ms)
        if self._last_ms is not None:
            gap = frame.at_ms - self._last_ms
            opened.gap_ms, self.gap_ms = max(opened.gap_ms, gap), max(self.gap_ms, gap)
        self._last_ms = frame.at_ms
        opened.frames += 1
        opened.dropped += frame.missed
        self.kept += 1
        if frame.look is not None:
            dark, plain, grid = frame.look
            opened.samples += 1
            opened.dark += dark
            opened.plain += plain
            opened.still += grid == self._sample
            self._sample = grid
        opened.busy += time.perf_counter() - begun

    def _begin(
        self, kind: Literal["card", "screen"], picture: Picture | _Ready, at_ms: int, started: str
    ) -> _Open | None:
        import av

        name = "card" if kind == "card" else "segment"
        path = self._folder / f"{name}-{self._n:05d}.mkv"
        # Small clusters, flushed: a file that is cut off can be read up to its last quarter second.
        options = {"flush_packets": "1", "cluster_time_limit": "250"}
        container = av.open(str(path), "w", format="matroska", options=options)
        width, height = picture.width + picture.width % 2, picture.height + picture.height % 2
        video = container.add_stream(
            "libx264",
            rate=self.pace.wanted,
            options={"preset": self.pace.preset, "crf": "20", "x264-params": _STREAM},
        )
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.time_base = video.codec_context.time_base = _MS
        context = video.codec_context
        # Frames beside one another, not slices of one: nobody waits for a frame to be finished.
        context.thread_type = "FRAME"
        context.colorspace = context.color_primaries = context.color_trc = 1  # ITU-R BT.709
        context.color_range = 1  # 16 to 235
        sound = None
        if self.voice is not None and not self.voice.gone and kind == "screen":
            # Described alike in every file; what goes in comes from the one encoder of the voice.
            sound = _sound_stream(container)
        opened = _Open(
            n=self._n,
            kind=kind,
            path=path,
            container=container,
            video=video,
            sound=sound,
            from_ms=at_ms,
            started=started,
            pace=self.pace,
            width=picture.width,
            height=picture.height,
        )
        if kind == "screen":
            self._open = opened
        self._n += 1
        return opened

    def _put(self, opened: _Open, film: Any, at_ms: int) -> None:
        film.pts, film.time_base = at_ms, _MS
        for packet in opened.video.encode(film):
            opened.container.mux_one(packet)
        if self._before is None:
            # Else what was heard may belong to the segment that is being closed.
            self._drain(opened, opened.from_ms + at_ms)

    def _adapt(self, opened: _Open) -> None:
        span = max(1, opened.to_ms - opened.from_ms)
        busy = int(opened.busy * 1_000_000 / span)
        if self._adapting:
            self.pace = next_pace(
                self.pace, busy=busy, frames=opened.frames, dropped=opened.dropped
            )

    def _finish_open(self) -> None:
        if self._open is not None:
            end = (self._last_ms or 0) + 1000 // self.pace.fps
            self._finish(self._open, max(end, self._open.from_ms))
        self._last_ms = None

    def _finish(self, opened: _Open, to_ms: int) -> None:
        opened.to_ms, opened.ended = to_ms, self._now()[1]
        if opened is self._open:
            self._before, self._open = opened, None
        self._done.put(opened)

    def _fail(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            self._failed(error)

    # --- closing ---------------------------------------------------------------------------------

    def _close_all(self) -> None:
        import av.error

        while (opened := self._done.get()) is not None:
            try:
                self._close(opened)
            except (OSError, av.error.FFmpegError) as error:
                self._fail(error)

    def _close(self, opened: _Open) -> None:
        if opened.sound is not None and self.voice is not None:
            self.voice.wait_for(opened.to_ms)
        if opened.kind == "screen":
            self._drain(opened, opened.to_ms)
        for packet in opened.video.encode():
            opened.container.mux_one(packet)
        opened.container.close()
        if self._before is opened:
            self._before = None
        sha256, size = settled(opened.path, durable=self._durable)
        self._link = linked(self._link, sha256)
        segment = Segment(
            n=opened.n,
            kind=opened.kind,
            file=opened.path.name,
            size=size,
            sha256=sha256,
            link=self._link,
            from_ms=opened.from_ms,
            to_ms=opened.to_ms,
            started=opened.started,
            ended=opened.ended,
            frames=opened.frames,
            dropped=opened.dropped,
            gap_ms=opened.gap_ms,
            preset=opened.pace.preset,
            fps=opened.pace.fps,
            width=opened.width,
            height=opened.height,
            dark=opened.dark,
            plain=opened.plain,
            still=opened.still,
            samples=opened.samples,
            sound_ms=opened.sound_packets * 1024 * 1000 // RATE,
            level=opened.level,
        )
        append(self._folder / SEGMENTS, segment.line(), durable=self._durable)
        self._closed(segment)

    def sounded(self, packet: Any, at_ms: int, level: int) -> None:
        """A packet of sound waits for the frames of its time."""
        self._heard.append((packet, at_ms, level))

    def _drain(self, opened: _Open, until_ms: int) -> None:
        """The sound before ``until_ms`` is in the segment; what is older than it is nobody's."""
        while self._heard and self._heard[0][1] < until_ms:
            packet, at_ms, level = self._heard.popleft()
            if opened.sound is None or at_ms < opened.from_ms:
                continue
            packet.stream, packet.time_base = opened.sound, _MS
            packet.pts = packet.dts = at_ms - opened.from_ms
            opened.container.mux_one(packet)
            opened.sound_packets += 1
            opened.level = max(opened.level, level)


class _Voice:
    """One encoder for the whole recording, so that the joined sound has no seams."""

    def __init__(self, reel: Reel, origin_ns: int) -> None:
        import av

        self._reel, self._origin_ns = reel, origin_ns
        self._nowhere = av.open(os.devnull, "w", format="matroska")
        self._encoder = _sound_stream(self._nowhere).codec_context
        self._encoder.open()
        self._blocks: deque[Any] = deque()
        self._held = 0
        self._next: int | None = None
        """The sample number, on the recording's clock, that should come next."""
        self.gone = False
        self.level = 0
        self.holes: list[tuple[int, int]] = []
        """When the clock had moved on without samples, and by how many milliseconds."""
        self.skew_ms = 0
        self._until = 0
        self._more = threading.Condition()
        self._begins: deque[int] = deque(maxlen=LASTING)
        """By each of the last blocks: when the samples that are held began."""
        self._told_ms = -1

    def hear(self, block: Block) -> None:
        """A block is encoded and goes where its time says."""
        import numpy as np

        end = (block.at_ns - self._origin_ns) * RATE // 1_000_000_000
        begin = end - len(block.samples)
        peak = float(np.abs(block.samples).max()) if len(block.samples) else 0.0
        self.level = min(1000, round(peak * 1000))
        self._blocks.append(block.samples)
        self._begins.append(begin - self._held)
        self._held += len(block.samples)
        if self._next is None:
            # Blocks come in bursts, some late; the earliest of the first tells when it began.
            if len(self._begins) < SETTLING:
                return
            self._next = min(self._begins)
        apart = min(self._begins) - self._next
        self.skew_ms = apart * 1000 // RATE
        if len(self._begins) == LASTING and self.skew_ms > JUMP_MS:
            self.holes.append((self._next * 1000 // RATE, self.skew_ms))
            self._next += apart
        while self._held >= 1024:
            self._encode()
        with self._more:
            self._until = self._next * 1000 // RATE
            self._more.notify_all()

    def _encode(self) -> None:
        import av
        import numpy as np

        assert self._next is not None
        rows = np.ascontiguousarray(self._exactly(1024).T)
        frame = av.AudioFrame.from_ndarray(rows, format="fltp", layout="stereo")
        frame.sample_rate = RATE
        frame.pts, frame.time_base = self._next, Fraction(1, RATE)
        self._next += 1024
        self._begins = deque((one + 1024 for one in self._begins), maxlen=LASTING)
        for packet in self._encoder.encode(frame):
            at_ms = int(packet.pts * packet.time_base * 1000)
            if at_ms > self._told_ms:
                self._told_ms = at_ms
                self._reel.sounded(packet, at_ms, self.level)

    def _exactly(self, count: int) -> Any:
        import numpy as np

        whole = np.concatenate(self._blocks)
        self._blocks.clear()
        self._blocks.append(whole[count:])
        self._held = len(whole) - count
        return whole[:count].astype(np.float32)

    def resync(self) -> None:
        """What comes next comes after a rest."""
        self._next = None
        self._blocks.clear()
        self._held = 0
        self._begins.clear()

    def wait_for(self, at_ms: int) -> None:
        """The sound up to that moment has come, or is not waited for any longer."""
        with self._more:
            self._more.wait_for(lambda: self.gone or self._until >= at_ms + 25, LATE_SOUND)

    def end(self) -> None:
        """No more sound comes."""
        with self._more:
            self.gone = True
            self._more.notify_all()


def _rows(picture: Picture) -> Any:
    import numpy as np

    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 4)


def _film(picture: Picture) -> Any:
    """The picture in the colours of film."""
    import av
    import numpy as np

    rows = _rows(picture)
    if picture.width % 2 or picture.height % 2:
        # The format wants even sides: the last row or column stands twice, none is lost.
        rows = np.pad(rows, ((0, picture.height % 2), (0, picture.width % 2), (0, 0)), "edge")
    frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(rows), format="bgra")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _looked(picture: Picture) -> tuple[bool, bool, bytes]:
    """Whether it is black, whether of one colour, and a grid of its pixels to compare with."""
    rows = _rows(picture)
    grid = rows[:: max(1, picture.height // 90), :: max(1, picture.width // 160), :3]
    dark = int(grid.max()) <= DARK
    spread = int((grid.max(axis=(0, 1)).astype(int) - grid.min(axis=(0, 1))).max())
    return dark, dark or spread <= 6, grid.tobytes()


def _sound_stream(container: Any) -> Any:
    stream = container.add_stream("aac", rate=RATE, options={"b": "160000"})
    stream.layout = "stereo"
    return stream


assert CHANNELS == 2, "the encoder's layout is stereo"
