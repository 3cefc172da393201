"""Films looked into: black, frozen, silent, broken off; and two files joined."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fakes.film import film
from holdfast.adapters.films import inspected, joined


def encode(at: Path, luma: list[int], *, loud: float | None = 0.3, codec: str = "libx264") -> Path:
    """One frame a value, ten a second, with a tone of that loudness or no sound at all."""
    import av
    import numpy as np

    with av.open(str(at), "w") as out:
        video = out.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        sound = None if loud is None else out.add_stream("aac", rate=8000, layout="mono")
        for number, light in enumerate(luma):
            picture = np.full((90, 160, 3), light, np.uint8)
            if light > 40:
                picture[:, (number * 7) % 120 :][:, :30] = 255
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))
        if sound is not None:
            times = np.arange(len(luma) * 800) / 8000
            tone = (np.sin(times * 2765) * 32000 * loud).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.sample_rate = 8000
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    return at


def test_a_film_that_moves_and_sounds(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", seconds=6)
    found = inspected(tmp_path / "a.mp4")
    assert found["black"] < found["frames"] / 4
    assert found["same"] < found["pairs"] / 2
    assert found["loudness"] > -40
    assert abs(found["reached_ms"] - 6000) < 300
    assert found["codecs"] == ["h264", "aac"]
    assert "mp4" in found["container"]


def test_black_frozen_and_silent(tmp_path: Path) -> None:
    found = inspected(encode(tmp_path / "black.mp4", [0] * 60, loud=0.0))
    assert found["black"] == found["frames"] >= 40
    assert found["same"] == found["pairs"]
    assert found["loudness"] < -80
    half = inspected(encode(tmp_path / "half.mp4", [0] * 60 + list(range(60, 120))))
    assert 0.2 < half["black"] / half["frames"] < 0.8
    assert half["colour"] == ""
    import av
    import numpy as np

    with av.open(str(tmp_path / "still.mp4"), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        picture = np.tile(np.arange(160, dtype=np.uint8)[None, :, None], (90, 1, 3))
        for _ in range(60):
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))
    still = inspected(tmp_path / "still.mp4")
    assert (still["same"], still["audio"]) == (still["pairs"], False)
    assert still["black"] == 0


def test_a_film_that_breaks_off_says_how_far_it_goes(tmp_path: Path) -> None:
    import av

    whole = encode(tmp_path / "whole.mp4", list(range(50, 200)) * 2)
    front = tmp_path / "front.mp4"
    # The index first, as sites serve it: a part then states the whole length.
    with (
        av.open(str(whole)) as source,
        av.open(str(front), "w", options={"movflags": "faststart"}) as out,
    ):
        lanes = {s.index: out.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = lanes[packet.stream.index]
                out.mux(packet)
    data = front.read_bytes()
    (tmp_path / "part.mp4").write_bytes(data[: len(data) * 6 // 10])
    found = inspected(tmp_path / "part.mp4")
    assert found["duration_ms"] > 29_000
    assert found["reached_ms"] is not None
    assert found["reached_ms"] < 25_000


@pytest.mark.parametrize("length", [9.2e15, -5.0])
def test_a_film_that_says_it_lasts_for_ever_has_no_known_length(
    tmp_path: Path, length: float
) -> None:
    at = encode(tmp_path / "film.mkv", [50, 200] * 10)
    data = at.read_bytes()
    # Matroska's element Duration: its name, its size, and a number of eight bytes.
    place = data.index(b"\x44\x89\x88") + 3
    at.write_bytes(data[:place] + struct.pack(">d", length) + data[place + 8 :])
    found = inspected(at)
    assert found["frames"] > 0
    assert found["duration_ms"] is None


def test_other_pixel_formats_are_read_too(tmp_path: Path) -> None:
    import av
    import numpy as np

    with av.open(str(tmp_path / "rgb.avi"), "w") as out:
        video = out.add_stream("png", rate=5)
        video.width, video.height, video.pix_fmt = 64, 36, "rgb24"
        for light in range(0, 200, 10):
            picture = np.full((36, 64, 3), light, np.uint8)
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))
    found = inspected(tmp_path / "rgb.avi")
    assert found["frames"] > 5
    assert 0 < found["black"] < found["frames"]


def packets(path: Path, kind: str) -> list[bytes]:
    import av

    with av.open(str(path)) as media:
        stream = getattr(media.streams, kind)[0]
        return [bytes(packet) for packet in media.demux(stream) if packet.size]


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("libvpx", ".mkv")])
def test_picture_and_sound_are_joined_without_a_loss(
    tmp_path: Path, codec: str, ending: str
) -> None:
    kind = "webm" if codec == "libvpx" else "mp4"
    video = encode(tmp_path / f"v.{kind}", list(range(50, 90)), loud=None, codec=codec)
    audio = tmp_path / "a.m4a"
    import av

    whole = encode(tmp_path / "both.mp4", list(range(50, 90)))
    with av.open(str(whole)) as source, av.open(str(audio), "w", format="mp4") as out:
        heard = source.streams.audio[0]
        lane = out.add_stream_from_template(heard)
        for packet in source.demux(heard):
            if packet.dts is not None:
                packet.stream = lane
                out.mux(packet)
    made = joined(video, audio, tmp_path / "joined-1")
    assert made == tmp_path / f"joined-1{ending}"
    assert packets(made, "video") == packets(video, "video")
    assert packets(made, "audio") == packets(audio, "audio")
    found = inspected(made)
    assert (found["video"], found["audio"], found["broken"]) == (True, True, "")


def test_what_cannot_be_joined_is_left_apart(tmp_path: Path) -> None:
    video = encode(tmp_path / "v.mp4", [60] * 10, loud=None)
    (tmp_path / "a.m4a").write_bytes(b"garbage")
    assert joined(video, tmp_path / "a.m4a", tmp_path / "joined") is None
    assert joined(video, video, tmp_path / "joined") is None
    assert list(tmp_path.glob("joined*")) == []
