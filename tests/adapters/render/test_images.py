from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fakes.papers import _chunk, film, image_bytes, png
from holdfast.adapters.render import images
from holdfast.adapters.render.images import NotAPicture, contact, look, read
from holdfast.core.errors import Cancelled, Tampered
from holdfast.core.job import Job


def pixels(raw: bytes, width: int, colours: int, bits: int) -> bytes:
    """The rows of a PNG stream, its filters undone (only filter 0 is written in these tests)."""
    line = (width * colours * bits + 7) // 8 + 1
    rows = zlib.decompress(raw)
    return b"".join(rows[at + 1 : at + line] for at in range(0, len(rows), line))


@pytest.mark.parametrize(
    ("colour", "bits", "named"),
    [(0, 8, "DeviceGray"), (2, 8, "DeviceRGB"), (3, 2, "Indexed"), (0, 1, "DeviceGray")],
)
def test_png_is_copied(tmp_path: Path, colour: int, bits: int, named: str) -> None:
    at = tmp_path / "a.png"
    at.write_bytes(png(9, 5, colour, bits=bits))
    picture = look(at)
    assert (picture.width, picture.height, picture.form) == (9, 5, "png")
    assert (picture.colours, picture.bits) == (named, bits)
    data = read(picture)
    assert data.predictor
    assert zlib.compress(zlib.decompress(data.stream)) in at.read_bytes()


def test_transparency_is_flattened_on_white_and_said(tmp_path: Path) -> None:
    at = tmp_path / "a.png"
    Image.new("RGBA", (2, 1), (255, 0, 0, 0)).save(at)
    picture = look(at)
    assert (picture.form, picture.flattened) == ("decoded", True)
    assert zlib.decompress(read(picture).stream) == b"\xff" * 6
    Image.new("RGBA", (2, 1), (255, 0, 0, 255)).save(at)
    assert not look(at).flattened, "opaque everywhere"
    assert zlib.decompress(read(look(at)).stream) == b"\xff\0\0" * 2


def test_other_pngs_are_decoded(tmp_path: Path) -> None:
    at = tmp_path / "a.png"
    at.write_bytes(png(4, 4, 2, bits=16))
    assert look(at).form == "decoded"
    image = Image.new("P", (2, 2))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(at, transparency=0)
    assert look(at).flattened


def test_jpeg_is_copied_and_turned_as_it_asks(tmp_path: Path) -> None:
    at = tmp_path / "a.jpg"
    for orientation, turn in ((1, 0), (3, 180), (6, 90), (8, 270)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        at.write_bytes(image_bytes(8, 4, "JPEG", exif=exif))
        picture = look(at)
        assert (picture.form, picture.turn) == ("jpeg", turn)
        assert picture.shown == ((4, 8) if turn in (90, 270) else (8, 4))
        assert read(picture).stream == at.read_bytes()
    at.write_bytes(image_bytes(8, 4, "JPEG", "L"))
    assert look(at).colours == "DeviceGray"
    at.write_bytes(image_bytes(8, 4, "JPEG", "CMYK"))
    assert look(at).form == "decoded"


@pytest.mark.parametrize("form", ["WEBP", "GIF", "BMP", "TIFF"])
def test_other_formats_are_decoded(tmp_path: Path, form: str) -> None:
    at = tmp_path / "a"
    at.write_bytes(image_bytes(5, 3, form))
    assert len(zlib.decompress(read(look(at)).stream)) == 45


def test_a_file_that_changed_is_tampered(tmp_path: Path) -> None:
    data = png(3, 3)
    at = tmp_path / hashlib.sha256(data).hexdigest()
    at.write_bytes(data)
    picture = look(at)
    read(picture)
    at.write_bytes(png(3, 3, shade=5))
    with pytest.raises(Tampered, match="image_changed"):
        read(picture)
    at.write_bytes(data[:-3])
    with pytest.raises(Tampered):
        look(at)
    with pytest.raises(Tampered):
        contact(at, Job())
    at.unlink()
    with pytest.raises(Tampered):
        read(picture)
    with pytest.raises(Tampered):
        look(at)


def broken() -> list[bytes]:
    good = png(6, 6)
    header = struct.pack(">IIBBBBB", 100_001, 6, 8, 2, 0, 0, 0)
    small = struct.pack(">IIBBBBB", 6, 2, 8, 2, 0, 0, 0)
    sign = good[:8]
    body = zlib.compress(b"\0" * 19 * 6)
    return [
        b"",
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0no",
        good[:-20],
        good[:20],
        good.replace(b"IDAT", b"IDAX"),
        good[:40] + b"\0" + good[41:],
        sign + _chunk(b"IHDR", header) + _chunk(b"IEND", b""),
        sign + _chunk(b"IHDR", small) + _chunk(b"IDAT", body) + _chunk(b"IEND", b""),
        sign + _chunk(b"IHDR", b"short") + _chunk(b"IEND", b""),
        sign + _chunk(b"IDAT", body) + _chunk(b"IEND", b""),
        sign
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 6, 8, 3, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(b"\0" * 7 * 6))
        + _chunk(b"IEND", b""),
    ]


@pytest.mark.parametrize("number", range(len(broken())))
def test_what_cannot_be_drawn_safely_is_not_a_picture(tmp_path: Path, number: int) -> None:
    at = tmp_path / "a.png"
    at.write_bytes(broken()[number])
    with pytest.raises(NotAPicture):
        look(at)


def test_large_files_and_bombs_are_not_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "a"
    at.write_bytes(image_bytes(50, 50, "BMP"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(NotAPicture):
        look(at)
    monkeypatch.setattr(images, "MAX_FILE", 10)
    with pytest.raises(NotAPicture, match="too large"):
        look(at)
    with pytest.raises(NotAPicture):
        look(tmp_path / "missing")


@given(st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_damage_never_escapes(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes
) -> None:
    raw = bytearray(png(7, 7))
    raw[at : at + len(noise)] = noise
    file = tmp_path_factory.mktemp("d") / "a.png"
    file.write_bytes(raw)
    try:
        read(look(file))
    except NotAPicture:
        pass


class TestFrames:
    def test_frames_stand_at_even_distances(self, tmp_path: Path) -> None:
        at = tmp_path / "a.mp4"
        film(at, 4)
        found = contact(at, Job(), 4)
        assert (found.width, found.height) == (160, 90)
        assert [frame.at_ms for frame in found.frames] == [0, 1000, 2000, 3000]
        for frame in found.frames:
            with Image.open(io.BytesIO(frame.jpeg)) as image:
                assert image.size == (frame.width, frame.height)
        assert contact(at, Job(), 4) == found, "the same film gives the same frames"

    def test_no_film_no_frames(self, tmp_path: Path) -> None:
        at = tmp_path / "a.mp4"
        at.write_bytes(b"not a film")
        with pytest.raises(NotAPicture):
            contact(at, Job())

    def test_a_playlist_in_disguise_leads_nowhere(self, tmp_path: Path) -> None:
        film(tmp_path / "secret.mp4")
        for text in (
            "ffconcat version 1.0\nfile secret.mp4\n",
            "#EXTM3U\n#EXTINF:1,\nsecret.mp4\n",
        ):
            at = tmp_path / "a.mp4"
            at.write_text(text)
            with pytest.raises(NotAPicture):
                contact(at, Job())

    def test_it_can_be_cancelled(self, tmp_path: Path) -> None:
        film(tmp_path / "a.mp4")
        job = Job()
        job.cancel()
        with pytest.raises(Cancelled):
            contact(tmp_path / "a.mp4", job)
