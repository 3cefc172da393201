"""Packets go over as they are, whatever the pieces."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import pytest

from fakes.film import film
from holdfast.adapters.remux import Lane, Piece, remuxed


def packets(at: Path, kind: str) -> list[str]:
    with av.open(str(at)) as media:
        stream = next(one for one in media.streams if one.type == kind)
        return [
            hashlib.sha256(bytes(packet)).hexdigest()
            for packet in media.demux(stream)
            if packet.dts is not None
        ]


def times(at: Path) -> list[Fraction]:
    with av.open(str(at)) as media:
        stream = media.streams.video[0]
        return [
            packet.dts * packet.time_base
            for packet in media.demux(stream)
            if packet.dts is not None and packet.time_base is not None
        ]


@pytest.fixture
def pieces(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "1.mp4", tmp_path / "2.mp4"
    film(first, seconds=2)
    film(second, seconds=3)
    return first, second


def test_pieces_follow_one_another_packet_by_packet(
    pieces: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    told: list[Path] = []
    count = remuxed(out, [Lane(pieces=[Piece(at=at) for at in pieces])], each=told.append)
    for kind in ("video", "audio"):
        assert packets(out, kind) == [one for at in pieces for one in packets(at, kind)]
    assert count == sum(len(packets(out, kind)) for kind in ("video", "audio"))
    assert told == list(pieces)
    when = times(out)
    assert when == sorted(set(when)), "no clock runs backwards"
    assert len(when) == 50


def test_lanes_run_beside_each_other_and_give_one_kind_each(
    pieces: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.mkv"
    first, second = (Piece(at=at) for at in pieces)
    lanes = [Lane(pieces=[first], only="video"), Lane(pieces=[second], only="audio")]
    remuxed(out, lanes, form="matroska")
    assert packets(out, "video") == packets(pieces[0], "video")
    assert packets(out, "audio") == packets(pieces[1], "audio")


def test_sound_may_begin_in_a_later_piece_and_a_piece_lasts_as_long_as_it_is_said_to(
    pieces: tuple[Path, Path], tmp_path: Path
) -> None:
    silent, out = tmp_path / "silent.mp4", tmp_path / "out.mp4"
    remuxed(silent, [Lane(pieces=[Piece(at=pieces[0])], only="video")])
    lane = Lane(
        pieces=[Piece(at=silent, lasts=Fraction(5)), Piece(at=pieces[1], lasts=Fraction(0))]
    )
    remuxed(out, [lane])
    assert packets(out, "audio") == packets(pieces[1], "audio")
    assert float(times(out)[20] - times(out)[0]) == pytest.approx(5, abs=0.01)


def test_a_piece_that_was_cut_off_gives_what_can_be_read_where_that_is_wanted(
    pieces: tuple[Path, Path], tmp_path: Path
) -> None:
    cut, out = tmp_path / "cut.mkv", tmp_path / "out.mp4"
    remuxed(cut, [Lane(pieces=[Piece(at=pieces[0])])], form="matroska")
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    lane = Lane(pieces=[Piece(at=cut, lasts=Fraction(2)), Piece(at=pieces[1], lasts=Fraction(3))])
    remuxed(out, [lane], forgiving=True)
    assert packets(out, "video")[-30:] == packets(pieces[1], "video")
    assert 30 < len(packets(out, "video")) < 50


def test_what_is_no_film_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("#EXTM3U\nfile:///etc/passwd")
    with pytest.raises((av.FFmpegError, ValueError)):
        remuxed(tmp_path / "o.mp4", [Lane(pieces=[Piece(at=tmp_path / "x")])])
