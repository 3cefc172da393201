"""Films joined from their pieces without being encoded anew."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.error

from holdfast.core.job import Job

Joined: TypeAlias = "tuple[Path, list[Path]]"
_MS = Fraction(1, 1000)


def joined(pieces: Sequence[tuple[Path, int]], folder: Path, job: Job) -> list[Joined]:
    """``recording.mp4``, ``recording-2.mp4`` … in ``folder``, each with the pieces it is made of.

    A piece comes with its length in milliseconds, 0 when nobody knows it.

    A new one begins where the picture's form changes.  A piece that was cut off gives what can be
    read of it.  Raises av.error.FFmpegError, OSError.
    """
    made: list[Joined] = []
    writer: _Writer | None = None
    try:
        for number, (piece, length) in enumerate(pieces):
            job.step("saving", number, len(pieces), "viewing")
            try:
                source = av.open(str(piece))
            except (av.error.FFmpegError, OSError):
                continue  # cut off before its head was written
            with source:
                if not source.streams.video:
                    continue
                form = _form(source)
                if writer is None or writer.form != form:
                    if writer is not None:
                        writer.close()
                    name = f"recording-{len(made) + 1}.mp4" if made else "recording.mp4"
                    at = folder / name
                    writer = _Writer(at, source, form)
                    made.append((at, []))
                writer.add(source, length)
                made[-1][1].append(piece)
    finally:
        if writer is not None:
            writer.close()
    return made


def _form(source: Any) -> tuple[Any, ...]:
    context = source.streams.video[0].codec_context
    return context.width, context.height, bytes(context.extradata or b"")


class _Writer:
    """One viewing copy."""

    def __init__(self, at: Path, source: Any, form: tuple[Any, ...]) -> None:
        self.form = form
        self._out = av.open(str(at), "w", format="mp4", options={"movflags": "+faststart"})
        self._video = self._out.add_stream_from_template(source.streams.video[0])
        self._video.time_base = _MS
        self._sound: Any = None
        self._early: list[Any] = []
        self._begun = False
        self._offset = 0
        self._last = {"video": -1, "audio": -1}

    def add(self, source: Any, length: int) -> None:
        """The piece stands at the end."""
        if source.streams.audio and self._sound is None and not self._begun:
            self._sound = self._out.add_stream_from_template(source.streams.audio[0])
        end = self._offset
        packets = []
        try:
            for packet in source.demux():
                if packet.pts is None or packet.dts is None:
                    continue
                kind = packet.stream.type
                base = packet.stream.time_base
                at = self._offset + int(packet.pts * base * 1000)
                if kind == "video":
                    end = max(end, at + int((packet.duration or 0) * base * 1000))
                packets.append((kind, at, packet))
        except av.error.FFmpegError:
            pass  # cut off: what was read before counts
        # A title card is silent; the sound's track must be declared before anything is written.
        self._early += packets
        if self._sound is not None or self._begun or len(self._early) > len(packets):
            self._flush()
        self._offset = self._offset + length if length else end

    def _flush(self) -> None:
        self._begun = True
        for kind, at, packet in self._early:
            stream = self._video if kind == "video" else self._sound
            if stream is None or at <= self._last[kind]:
                continue
            self._last[kind] = at
            packet.stream = stream
            packet.pts = packet.dts = at
            packet.time_base = _MS
            self._out.mux_one(packet)
        self._early = []

    def close(self) -> None:
        """The copy is whole."""
        self._flush()
        self._out.close()
