"""Media files looked into: tracks, length, what can be seen and heard, and two of them joined.

Runs in the downloader's process.  Nothing is decoded but samples: nine places, a few frames each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast.adapters.remux import Lane, Piece, opened, remuxed

PLACES = 9
"""The last lies near the end: a film that breaks off early has nothing there."""
FRAMES = 10
"""At each place."""
LAST_PACKETS = 5000
SAMPLES_S = 0.5
"""Seconds of sound at each place."""
BLACK = 24
"""Luma up to which a picture counts as black; 16 is black in limited range."""
SAME = 0.4
"""Mean difference of luma under which two pictures are one: what an encoder adds by itself."""
LONGEST_MS = 10**12
_OPTIONS = {"protocol_whitelist": "file", "enable_drefs": "0"}
"""A file that is really a playlist must not lead anywhere."""
_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "nv12"})
"""Where the first plane is luma in bytes, so that nothing has to be converted."""
_IN_MP4 = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "ac3", "eac3", "opus"})


def inspected(file: Path) -> dict[str, Any]:
    """What a media file holds: tracks, length, and whether anything can be seen and heard in it."""
    import av
    import av.error

    facts: dict[str, Any] = {"video": False, "audio": False, "frames": 0, "duration_ms": None}
    facts |= {"width": 0, "height": 0, "colour": "", "broken": "", "container": "", "codecs": []}
    facts |= {"black": 0, "same": 0, "pairs": 0, "loudness": None, "reached_ms": None}
    try:
        with av.open(str(file), options=_OPTIONS, metadata_errors="replace") as media:
            facts["container"] = media.format.name
            facts["audio"] = bool(media.streams.audio)
            facts["codecs"] = [
                stream.codec_context.name
                for stream in (*media.streams.video, *media.streams.audio)
                if stream.codec_context is not None
            ]
            length = (media.duration or 0) // 1000
            # What is said to last longer than anybody lives is not known to end.
            facts["duration_ms"] = length if 0 < length <= LONGEST_MS else None
            if media.streams.video:
                facts["video"] = True
                facts |= _pictures(media)
            if media.streams.audio:
                facts["loudness"] = _loudness(media)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        facts["broken"] = f"{type(error).__name__}: {error}"[:200]
    return facts


def _places(media: Any) -> Iterator[int]:
    """Where to look, in the container's microseconds; only the beginning of what has no length."""
    begin = media.start_time or 0
    length = media.duration or 0
    for place in range(PLACES if length else 1):
        at = length * place // (PLACES - 1)
        # The very end may hold no key frame; a little before it there is one to begin from.
        yield begin + max(0, min(at, length - 1_000_000)) if place else begin


def _pictures(media: Any) -> dict[str, Any]:
    """Frames from all over the film: how many, how bright, and whether they ever differ.

    A place that cannot be decoded is told as ``broken`` and does not end the look.
    """
    import av.error
    import numpy as np

    stream = media.streams.video[0]
    low, high, count, black, same, pairs, broken = 255, 0, 0, 0, 0, 0, ""
    first: Any = None
    for place in _places(media):
        before: Any = None
        try:
            for light in _luma(media, stream, place):
                low, high = min(low, int(light.min())), max(high, int(light.max()))
                count += 1
                black += int(light.max()) <= BLACK
                # With the one before it, and once with the first of the whole film.
                other = before if before is not None else first
                if other is not None:
                    pairs += 1
                    same += float(np.abs(light - other).mean()) < SAME
                first = light if first is None else first
                before = light
        except av.error.FFmpegError as error:
            broken = broken or f"{type(error).__name__}: {error}"[:200]
    return {
        "frames": count,
        "colour": f"luma {low}-{high}" if count and high - low < 6 else "",
        "width": stream.width,
        "height": stream.height,
        "black": black,
        "same": same,
        "pairs": pairs,
        "broken": broken,
        "reached_ms": _reached(media, stream) if count else None,
    }


def _luma(media: Any, stream: Any, place: int) -> Iterator[Any]:
    """The luma of some frames from one place on, sampled, without the edges.

    A black film with a thin light border is still black.
    """
    import numpy as np

    if place:
        media.seek(place)
    for taken, frame in enumerate(media.decode(stream), 1):
        if frame.format.name in _PLANAR:
            plane = frame.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            rows = rows[: frame.height, : frame.width]
            light = rows[:: max(1, frame.height // 36), :: max(1, frame.width // 64)]
        else:
            light = frame.reformat(width=64, height=36, format="gray").to_ndarray()
        yield light[2:-2, 2:-2].astype(np.int16)
        if taken == FRAMES:
            return


def _reached(media: Any, stream: Any) -> int | None:
    """How far into the film there are pictures, in milliseconds; None for what has no length."""
    if not media.duration:
        return None
    begin = media.start_time or 0
    last = 0.0
    # Breaking off shows at the end; where there is nothing, a step back finds what there is.
    for part in (16, 12, 8, 4, 0):
        media.seek(begin + max(0, media.duration * part // 16 - 1_000_000))
        for count, packet in enumerate(media.demux(stream)):
            if packet.pts is not None and packet.size:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if count > LAST_PACKETS:
                break
        if last:
            break
    return int(last * 1000 - begin / 1000)


def _loudness(media: Any) -> float | None:
    """The loudest place in dB below full scale (RMS); None where no sound could be read."""
    import numpy as np

    stream = media.streams.audio[0]
    loudest: float | None = None
    for place in _places(media):
        media.seek(place)
        total, count = 0.0, 0
        for frame in media.decode(stream):
            samples = frame.to_ndarray()
            scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind in "iu" else 1.0
            values = samples.astype(np.float64) / scale
            total += float((values * values).sum())
            count += values.size
            if count >= SAMPLES_S * stream.rate * max(1, stream.channels):
                break
        if count:
            loud = 10 * math.log10(max(total / count, 1e-12))
            loudest = loud if loudest is None else max(loudest, loud)
    return None if loudest is None else round(loudest, 1)


def joined(video: Path, audio: Path, into: Path) -> Path | None:
    """Picture and sound in one file, packet by packet and nothing encoded anew; None if they won't.

    ``into`` is a name without ending; the container follows from what is to go in.
    """
    import av

    made: Path | None = None
    try:
        names = {*_codecs(video, "video"), *_codecs(audio, "audio")}
        inside = names <= _IN_MP4
        made = into.with_name(into.name + (".mp4" if inside else ".mkv"))
        lanes = (
            Lane(pieces=(Piece(at=video),), only="video"),
            Lane(pieces=(Piece(at=audio),), only="audio"),
        )
        remuxed(made, lanes, form="mp4" if inside else "matroska")
    except (av.FFmpegError, ValueError, OSError, StopIteration):
        if made is not None:
            made.unlink(missing_ok=True)
        return None
    return made


def _codecs(file: Path, kind: str) -> set[str]:
    with opened(file) as media:
        first = next(one for one in media.streams if one.type == kind)
        return {first.codec_context.name} if first.codec_context is not None else set()
