"""A film put together from pieces, packet by packet: nothing is decoded or encoded anew.

Whoever has files that nobody trusts calls this in a process of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

MOST_PACKETS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file of a lane, with a clock of its own."""

    at: Path
    form: str = ""
    """The demuxer; empty where the file may say itself what it is."""
    lasts: Fraction | None = None
    """Its clock begins at 0, and the next piece so many seconds later, or at its end where that is
    0.  None: both as its packets say.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Pieces that follow one another.  Lanes run beside each other and begin on one clock."""

    pieces: Sequence[Piece]
    only: Literal["video", "audio", ""] = ""
    """The first stream of that kind is taken alone; empty: all that can be seen or heard."""


def opened(at: Path, form: str = "") -> InputContainer:
    """The file, which leads to no other one.  Raises av.FFmpegError, OSError, ValueError."""
    import av

    options = {"protocol_whitelist": "file"}
    if form in ("", "mp4", "mov"):
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    return av.open(str(at), "r", format=form or None, options=options, metadata_errors="replace")


def remuxed(
    out: Path,
    lanes: Sequence[Lane],
    *,
    form: Literal["mp4", "matroska"] = "mp4",
    forgiving: bool = False,
    each: Callable[[Path], object] = lambda _: None,
) -> int:
    """``out`` is the film of these lanes; how many packets went into it.

    ``forgiving``: a piece that was cut off gives what can be read of it.  ``each`` is told of a
    piece before it is read.  Raises av.FFmpegError, OSError, ValueError; ``out`` is then not whole.
    """
    import av

    options = {"movflags": "+faststart"} if form == "mp4" else {}
    with av.open(str(out), "w", format=form, options=options) as film:
        runs = [_Run(lane, forgiving, each) for lane in lanes]
        for run in runs:
            run.begin(film)
        first = min((run.start for run in runs), default=Fraction(0))
        count = 0
        # By time, so that no muxer has to hold a film.
        for _, _, _, packet in heapq.merge(
            *(run.packets(first, number) for number, run in enumerate(runs)),
            key=lambda one: one[:3],
        ):
            film.mux_one(packet)
            count += 1
            if count > MOST_PACKETS:
                raise ValueError("too many packets")
    return count


class _Run:
    """A lane on its way into a film."""

    def __init__(self, lane: Lane, forgiving: bool, each: Callable[[Path], object]) -> None:
        self._lane, self._forgiving, self._each = lane, forgiving, each
        self._streams: list[Any] = []
        self._last: dict[int, Fraction] = {}
        self.start = Fraction(0)
        """Seconds at which its first piece begins, on its own clock."""

    def begin(self, film: OutputContainer) -> None:
        """The film has the lane's streams; one that begins in a later piece is declared as well."""
        for number, piece in enumerate(self._lane.pieces):
            with opened(piece.at, piece.form) as source:
                taken = self._taken(source)
                have = {stream.type for stream in self._streams}
                self._streams += [
                    film.add_stream_from_template(one) for one in taken if one.type not in have
                ]
                if not number and piece.lasts is None:
                    begins = [
                        one.start_time * one.time_base
                        for one in taken
                        if one.start_time is not None and one.time_base is not None
                    ]
                    self.start = Fraction(min(begins, default=0))
            if {stream.type for stream in self._streams} == {"video", "audio"} or self._lane.only:
                break
        if not self._streams:
            raise ValueError("no picture and no sound")

    def _taken(self, source: InputContainer) -> list[Any]:
        wanted = (self._lane.only,) if self._lane.only else _SHOWN
        found = [one for one in source.streams if one.type in wanted]
        return found[:1] if self._lane.only else found

    def packets(self, first: Fraction, place: int) -> Iterator[tuple[Fraction, int, int, Any]]:
        """Packets by time, ready for the film; ``first`` is where its clock begins."""
        end = Fraction(0)
        number = 0
        for index, piece in enumerate(self._lane.pieces):
            self._each(piece.at)
            begun, shift = end, None if index else -first
            if piece.lasts is not None:
                shift = begun
            for packet, stream in self._read(piece):
                if shift is None:
                    shift = begun - packet.dts * packet.time_base
                moved = round(shift / packet.time_base)
                packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                at_least = self._last.get(id(stream))
                # A clock that goes back a little at a seam would stop the film's writer.
                if at_least is not None and packet.dts * packet.time_base <= at_least:
                    packet.dts = int(at_least / packet.time_base) + 1
                    packet.pts = max(packet.pts, packet.dts)
                now = packet.dts * packet.time_base
                self._last[id(stream)] = now
                end = max(end, now + (packet.duration or 0) * packet.time_base)
                packet.stream = stream
                number += 1
                yield now, place, number, packet
            if piece.lasts:
                end = begun + piece.lasts

    def _read(self, piece: Piece) -> Iterator[tuple[Any, Any]]:
        """Packets of a piece that have a time, each with the film's stream that it goes to."""
        import av

        with opened(piece.at, piece.form) as source:
            taken = self._taken(source)
            streams = _matched(taken, self._streams)
            try:
                for packet in source.demux(taken):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    if (stream := streams.get(packet.stream.index)) is not None:
                        yield packet, stream
            except av.FFmpegError:
                if not self._forgiving:
                    raise


_SHOWN = ("video", "audio")


def _matched(sources: Sequence[Any], streams: Sequence[Any]) -> Mapping[int, Any]:
    """Where each stream of a piece goes: to the same kind, in order."""
    free = list(streams)
    found = {}
    for source in sources:
        for stream in free:
            if stream.type == source.type:
                found[source.index] = stream
                free.remove(stream)
                break
    return found
