"""Metadata where it stands: written by other tools, and written to do harm."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from fakes.labels import INNER
from holdfast.adapters import containers
from holdfast.core.canonical import canonical
from holdfast.core.marks import labels

LABEL = json.dumps({"AIGC": INNER})
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" TC260:AIGC="{}"/></rdf:RDF></x:xmpmeta>'
).format(LABEL.replace('"', "&quot;"))


def read(data: bytes) -> containers.Found:
    return containers.read(io.BytesIO(data))


def states(data: bytes) -> list[str]:
    found = read(data)
    assert found.faults == []
    return [label.state for label in labels(found.tags)]


def picture(kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, kind, **how)
    return file.getvalue()


def png(*texts: tuple[str, str], packed: bool = False) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, value in texts:
        if name.startswith("XML"):
            info.add_itxt(name, value, zip=packed)
        else:
            info.add_text(name, value, zip=packed)
    return picture("PNG", pnginfo=info)


@pytest.mark.parametrize("packed", [False, True])
def test_png_text_and_xmp(packed: bool) -> None:
    assert states(png(("AIGC", LABEL), packed=packed)) == ["found"]
    assert states(png(("XML:com.adobe.xmp", XMP), packed=packed)) == ["found"]
    assert states(png()) == []


def exif() -> bytes:
    told = Image.Exif()
    told[0x010F], told[0x0110], told[0x0131] = "Maker", "Pictor 9", "Camera 1.2"
    told[0x010E] = LABEL
    told.get_ifd(0x8769)[0x9003] = "2026:11:12 21:06:31"
    told.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + LABEL.encode()
    told.get_ifd(0x8825)[1] = "N"
    return told.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "TIFF"])
def test_exif_of_a_camera(kind: str) -> None:
    found = read(picture(kind, exif=exif()))
    told = {tag.name: tag.value for tag in found.tags}
    assert (told["Make"], told["Model"], told["Software"]) == ("Maker", "Pictor 9", "Camera 1.2")
    assert told["DateTimeOriginal"] == "2026:11:12 21:06:31"
    assert len(labels(found.tags)) == 1, "description and comment say the same"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "GIF"])
def test_xmp_where_each_kind_keeps_it(kind: str) -> None:
    if kind == "TIFF":
        data = picture(kind, tiffinfo={0x2BC: XMP.encode()})
    else:
        data = picture(kind, xmp=XMP.encode()) if kind != "GIF" else gif()
    assert states(data) == ["found"]


def gif() -> bytes:
    plain = picture("GIF", comment=b"hello")
    slide = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    block = b"\x21\xff\x0bXMP DataXMP" + XMP.encode() + slide
    return plain[:-1] + block + b";"


def test_a_gif_says_its_comment_too() -> None:
    assert ("comment", "hello") in [(tag.name, tag.value) for tag in read(gif()).tags]


def ffmpeg(at: Path, *options: str) -> bytes:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64", "-f", "lavfi",
         "-i", "sine=d=0.2", *options, str(at)],
        check=True, timeout=60,
    )  # fmt: skip
    return at.read_bytes()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", ("-movflags", "use_metadata_tags")),
        ("a.mov", ("-movflags", "use_metadata_tags")),
        ("a.mp3", ("-map", "1:a")),
        ("b.mp3", ("-map", "1:a", "-id3v2_version", "4")),
        ("a.flac", ("-map", "1:a")),
    ],
)
def test_films_and_sounds_by_ffmpeg(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    assert states(ffmpeg(tmp_path / name, *options, "-metadata", f"AIGC={LABEL}")) == ["found"]


def test_a_film_says_when_it_was_made(tmp_path: Path) -> None:
    data = ffmpeg(
        tmp_path / "a.mov", "-metadata", "creation_time=2026-11-12T13:06:31Z", "-metadata",
        "title=剧名", "-metadata", "make=Maker",
    )  # fmt: skip
    told = {(tag.place, tag.name): tag.value for tag in read(data).tags}
    assert told["moov.mvhd", "creation_time"] == "2026-11-12T13:06:31.000Z"
    assert told["moov.udta", "©nam"] == "剧名"


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


FTYP = box(b"ftyp", b"isom\0\0\0\0")


def test_xmp_in_a_box_of_its_own_and_large_boxes() -> None:
    uuid = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP.encode())
    assert states(FTYP + uuid) == ["found"]
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 4) + b"1234"
    assert states(FTYP + large + uuid) == ["found"]


def test_other_entries_of_user_data() -> None:
    free = box(b"ilst", box(b"----", box(b"mean", b"\0\0\0\0com.x") + box(b"name", b"\0\0\0\0AIGC")
               + box(b"data", struct.pack(">II", 1, 0) + LABEL.encode())))  # fmt: skip
    cover = box(b"ilst", box(b"covr", box(b"data", struct.pack(">II", 13, 0) + b"\xff\xd8")))
    for inside in (free, cover):
        meta = box(b"meta", bytes(4) + box(b"hdlr", bytes(24)) + inside)
        found = read(FTYP + box(b"moov", box(b"udta", meta)))
        assert found.faults == []
        assert len(found.tags) == 1
    plain = box(b"moov", box(b"udta", box(b"AIGC", LABEL.encode())))
    assert states(FTYP + plain) == ["found"]
    assert states(FTYP + box(b"moov", box(b"udta", box(b"XMP_", XMP.encode())))) == ["found"]


def riff(kind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + kind + body


def test_wave_and_avi() -> None:
    assert states(riff(b"WAVE", (b"fmt ", bytes(16)), (b"AIGC", LABEL.encode()))) == ["found"]
    text = LABEL.encode() + b"\0"
    info = b"INFO" + b"AIGC" + struct.pack("<I", len(text)) + text
    assert states(riff(b"AVI ", (b"LIST", b"hdrl1234"), (b"LIST", info))) == ["found"]


def test_xmp_in_a_file_of_no_known_kind() -> None:
    assert states(b"?" * 1000 + XMP.encode() + b"?" * 10) == ["found"]


# --- harm ----------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + bytes(4)


def test_a_text_that_unpacks_to_a_gigabyte_is_cut() -> None:
    bomb = zlib.compress(bytes(50 << 20))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"AIGC\0\0" + bomb) + chunk(b"IEND", b"")
    found = read(data)
    assert "unpacks to more" in found.faults[0]
    assert all(len(tag.value) < 20_000 for tag in found.tags)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 0xFFFFFFF0, b"tEXt"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"a\0\0no"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"no keyword") + chunk(b"IEND", b""),
        b"\xff\xd8\xff\xe1\x00\x00",
        b"\xff\xd8\xff\xe1\x00\x10Exif\0\0XX" + bytes(8),
        FTYP + struct.pack(">I4s", 0x7FFFFFFF, b"moov"),
        FTYP + struct.pack(">I4sQ", 1, b"moov", 2**62),
        FTYP + box(b"moov", struct.pack(">I4s", 4, b"udta")),
        FTYP + box(b"moov", box(b"meta", bytes(4) + box(b"keys", bytes(7) + b"\xff\0\0\0\2abcd"))),
        b"ID3\x02\0\0\0\0\0\x10" + bytes(20),
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"GIF89a" + bytes(7) + b"\x21\xfe\x05he",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_fault_and_not_an_end(data: bytes) -> None:
    found = read(data)
    assert found.faults
    assert all(canonical(tag.body()) for tag in found.tags)


def test_a_million_little_chunks_come_to_an_end() -> None:
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"a\0b") * 200_000
    found = read(data)
    assert any("too much" in fault for fault in found.faults)
    assert len(found.tags) <= containers.MOST_TAGS


def test_boxes_within_boxes_come_to_an_end() -> None:
    data = b""
    for _ in range(60):
        data = box(b"udta", data)
    read(FTYP + data)


def test_a_directory_that_points_at_itself_comes_to_an_end() -> None:
    loop = b"II*\0" + struct.pack("<I", 8) + struct.pack("<HHHII", 1, 0x8769, 4, 1, 8)
    read(loop)


def test_entities_in_xmp_are_not_followed() -> None:
    packet = '<!DOCTYPE a [<!ENTITY b "c">]><x:xmpmeta>&b;</x:xmpmeta>'
    found = read(png(("XML:com.adobe.xmp", packet)))
    assert "document type" in found.faults[0]
    assert found.tags[0].name == "xmp", "it is shown as it stands"


STARTS = [
    b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0AVI ", b"GIF89a",
    b"II*\0", b"MM\0*", FTYP, FTYP + struct.pack(">I4s", 200, b"moov"), b"ID3\3\0\0\0\0\1\0",
    b"ID3\4\0\x40\0\0\1\0", b"fLaC\x84\0\1\0",
]  # fmt: skip


@settings(max_examples=400)
@given(st.sampled_from(STARTS), st.binary(max_size=400))
def test_any_bytes_are_survived(start: bytes, rest: bytes) -> None:
    found = read(start + rest)
    assert all(canonical(tag.body()) for tag in found.tags)
    assert all(isinstance(fault, str) for fault in found.faults)


@settings(max_examples=150)
@given(st.data())
def test_a_good_file_with_bad_places_is_survived(data: st.DataObject) -> None:
    good = data.draw(
        st.sampled_from(
            [png(("AIGC", LABEL)), picture("JPEG", exif=exif(), xmp=XMP.encode()), gif(),
             picture("TIFF", exif=exif()),
             FTYP + box(b"moov", box(b"udta", box(b"XMP_", XMP.encode())))]
        )
    )  # fmt: skip
    bad = bytearray(good)
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=6)):
        bad[at] = data.draw(st.integers(0, 255))
    found = read(bytes(bad[: data.draw(st.integers(0, len(bad)))]))
    assert all(canonical(tag.body()) for tag in found.tags)
