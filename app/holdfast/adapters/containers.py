"""Metadata of pictures and videos read where it stands, without decoding a single pixel.

Every reader takes a file of any size and any intent: it seeks over what is large, counts what it
reads, and stops at its limits.  What it could not follow is a ``fault``; the rest is kept.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO

from holdfast.core.canonical import rfc3339
from holdfast.core.marks import LONGEST_XMP, Tag, raw_tag, text_tag, xmp

MOST_TAGS = 1000
MOST_STEPS = 100_000
"""Chunks, boxes and blocks of one file."""
LARGEST_PIECE = 1 << 20
"""Bytes of one piece of metadata that are read; what is larger is only named."""
LARGEST_ALL = 8 << 20
DEEPEST_BOX = 12
SCANNED = 4 << 20
"""Bytes at either end of an unknown file that are searched for XMP."""

_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAC_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Found:
    """What one file said of itself."""

    format: str = ""
    tags: list[Tag] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def fault(self, words: str) -> None:
        """Something could not be followed."""
        if words not in self.faults and len(self.faults) < 20:
            self.faults.append(words)


class _Limit(Exception):
    """Enough was read."""


class _Bytes:
    """A file read by place and count, with an account of how much was asked for."""

    def __init__(self, file: IO[bytes], found: Found) -> None:
        self._file, self.found = file, found
        self.size = file.seek(0, 2)
        self._steps = self._read = 0

    def at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end."""
        self._steps += 1
        count = max(0, min(count, self.size - offset))
        self._read += count
        if self._steps > MOST_STEPS or self._read > LARGEST_ALL:
            raise _Limit
        self._file.seek(offset)
        return self._file.read(count)

    def spent(self, count: int) -> None:
        """So many bytes were unpacked: they count as if they had been read."""
        self._read += count
        if self._read > LARGEST_ALL:
            raise _Limit

    def piece(self, offset: int, count: int, place: str) -> bytes | None:
        """All ``count`` bytes of a piece of metadata; None when it is too large, which is said."""
        if count > LARGEST_PIECE:
            self.found.fault(f"{place}: {count} bytes, not read")
            return None
        data = self.at(offset, count)
        if len(data) < count:
            self.found.fault(f"{place}: cut off")
        return data

    def add(self, tag: Tag) -> None:
        """The tag is kept."""
        if len(self.found.tags) >= MOST_TAGS:
            raise _Limit
        self.found.tags.append(tag)

    def text(self, place: str, name: str, value: bytes) -> None:
        """A value as UTF-8 text where it is some, else as hex."""
        try:
            shown = value.decode()
        except UnicodeDecodeError:
            self.add(raw_tag(place, name, value))
            return
        self.add(text_tag(place, name, shown.rstrip("\0"), len(value)))

    def xmp(self, place: str, packet: bytes) -> None:
        """The properties of an XMP packet, and the packet itself when it is none."""
        try:
            tags = xmp(packet, place)
        except ValueError as error:
            self.found.fault(f"{place}: {error}"[:200])
            self.text(place, "xmp", packet[:4096])
            return
        for tag in tags:
            self.add(tag)


def read(file: IO[bytes]) -> Found:
    """Everything that the readers here understand of an open file."""
    found = Found()
    source = _Bytes(file, found)
    try:
        start = source.at(0, 32)
        for name, suits, reader in _READERS:
            if suits(start):
                found.format = name
                reader(source)
                break
        else:
            _scan(source)
    except _Limit:
        found.fault("too much metadata: the rest was not read")
    except (struct.error, IndexError, OverflowError, ValueError):
        found.fault(f"{found.format}: cut off")
    return found


# --- PNG -----------------------------------------------------------------------------------------


def _png(source: _Bytes) -> None:
    at = 8
    while at + 8 <= source.size:
        length, kind = struct.unpack(">I4s", source.at(at, 8))
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            place = f"PNG {kind.decode()}"
            data = source.piece(at + 8, length, place)
            if data is not None:
                _png_text(source, place, kind, data)
        if kind == b"IEND":
            return
        at += 12 + length
    source.found.fault("PNG: no end")


def _png_text(source: _Bytes, place: str, kind: bytes, data: bytes) -> None:
    if kind == b"eXIf":
        _exif(source, data, place)
        return
    key, nul, rest = data.partition(b"\0")
    name = key.decode("latin-1")
    if not nul:
        source.found.fault(f"{place}: no keyword")
    elif kind == b"tEXt":
        source.text(place, name, rest)
    elif kind == b"zTXt":
        source.text(place, name, _inflated(source, place, rest[1:]))
    else:
        packed = rest[:1] == b"\1"
        _, _, rest = rest[2:].partition(b"\0")  # language
        _, _, value = rest.partition(b"\0")  # translated keyword
        if packed:
            value = _inflated(source, place, value)
        if name == "XML:com.adobe.xmp":
            source.xmp(f"{place} XMP", value)
        else:
            source.text(place, name, value)


def _inflated(source: _Bytes, place: str, data: bytes) -> bytes:
    engine = zlib.decompressobj()
    try:
        value = engine.decompress(data, LONGEST_XMP)
    except zlib.error:
        source.found.fault(f"{place}: cannot be unpacked")
        return b""
    source.spent(len(value))
    if engine.unconsumed_tail:
        source.found.fault(f"{place}: unpacks to more than {LONGEST_XMP} bytes")
    return value


# --- JPEG ----------------------------------------------------------------------------------------


def _jpeg(source: _Bytes) -> None:
    at = 2
    while at + 4 <= source.size:
        lead, marker, length = struct.unpack(">BBH", source.at(at, 4))
        if lead != 0xFF or length < 2:
            source.found.fault("JPEG: no marker where one belongs")
            return
        if marker in (0xDA, 0xD9):  # the picture begins, or everything ends
            return
        data = source.at(at + 4, length - 2) if marker in (0xE1, 0xED, 0xFE) else b""
        if data.startswith(b"Exif\0\0"):
            _exif(source, data[6:], "JPEG EXIF")
        elif data.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            source.xmp("JPEG XMP", data[29:])
        elif marker == 0xFE:
            source.text("JPEG", "comment", data)
        elif data:
            name = data.partition(b"\0")[0][:60].decode("latin-1")
            source.add(raw_tag(f"JPEG APP{marker - 0xE0}", name, data))
        at += 2 + length


# --- EXIF ----------------------------------------------------------------------------------------

_EXIF = {
    0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software",
    0x0132: "DateTime", 0x013B: "Artist", 0x013C: "HostComputer", 0x8298: "Copyright",
    0x9003: "DateTimeOriginal", 0x9004: "DateTimeDigitized", 0x9010: "OffsetTime",
    0x9011: "OffsetTimeOriginal", 0x9286: "UserComment", 0xA433: "LensMake", 0xA434: "LensModel",
}  # fmt: skip
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_DEEPER = {0x8769: "EXIF", 0x8825: "GPS"}


def _exif(source: _Bytes, data: bytes, place: str) -> None:
    """The directories of a TIFF structure that lies in memory."""
    _tiff(source, place, len(data), lambda offset, count: data[offset : offset + count])


def _tiff_file(source: _Bytes) -> None:
    _tiff(source, "TIFF", source.size, source.at)


def _tiff(source: _Bytes, place: str, size: int, take: Callable[[int, int], bytes]) -> None:
    order = {b"II": "<", b"MM": ">"}.get(take(0, 2))
    if order is None:
        source.found.fault(f"{place}: no byte order")
        return
    waiting = [(place, struct.unpack(f"{order}I", take(4, 4))[0])]
    done: set[int] = set()
    while waiting and len(done) < 8:
        where, at = waiting.pop()
        if at in done or at + 2 > size:
            continue
        done.add(at)
        (count,) = struct.unpack(f"{order}H", take(at, 2))
        for number in range(min(count, 300)):
            entry = take(at + 2 + 12 * number, 12)
            tag, kind, many = struct.unpack(f"{order}HHI", entry[:8])
            (offset,) = struct.unpack(f"{order}I", entry[8:])
            if tag in _DEEPER:
                waiting.append((f"{place} {_DEEPER[tag]}", offset))
                continue
            length = _SIZES.get(kind, 1) * many
            if length > LARGEST_PIECE:
                source.found.fault(f"{where} {tag:#06x}: {length} bytes, not read")
                continue
            _exif_tag(
                source, where, tag, kind, entry[8 : 8 + length] if length <= 4 else
                take(offset, length), order,
            )  # fmt: skip


def _exif_tag(source: _Bytes, place: str, tag: int, kind: int, value: bytes, order: str) -> None:
    name = f"{tag:#06x}" if place.endswith("GPS") else _EXIF.get(tag, f"{tag:#06x}")
    if tag == 0x2BC and not place.endswith("GPS"):
        source.xmp(f"{place} XMP", value)
    elif name == "UserComment":
        source.text(place, name, _user_comment(value, order))
    elif kind == 2:
        source.text(place, name, value.rstrip(b"\0"))
    else:
        source.add(raw_tag(place, name, value[:64], len(value)))


def _user_comment(value: bytes, order: str) -> bytes:
    code, text = value[:8], value[8:]
    if code.startswith(b"UNICODE"):
        wide = text.decode("utf-16-le" if order == "<" else "utf-16-be", "replace")
        return wide.rstrip("\0").encode("utf-8", "replace")
    known = code.startswith(b"ASCII") or code == bytes(8)
    return (text if known else value).rstrip(b"\0")


# --- RIFF: WebP, WAVE, AVI -----------------------------------------------------------------------


def _riff(source: _Bytes) -> None:
    source.found.format = f"RIFF {source.at(8, 4).decode('latin-1').strip()}"
    _chunks(source, 12, source.size, "RIFF")


def _chunks(source: _Bytes, at: int, end: int, place: str) -> None:
    while at + 8 <= end:
        name, length = struct.unpack("<4sI", source.at(at, 8))
        inner = at + 8
        known = name.decode("latin-1").strip()
        if name == b"LIST" and place == "RIFF":
            if source.at(inner, 4) == b"INFO":
                _chunks(source, inner + 4, min(end, inner + length), "RIFF INFO")
        elif place == "RIFF INFO" or name in (b"XMP ", b"EXIF", b"AIGC", b"id3 ", b"ID3 ", b"_PMX"):
            data = source.piece(inner, length, f"{place} {known}")
            if data is not None:
                _chunk(source, place, known, data)
        at = inner + length + length % 2


def _chunk(source: _Bytes, place: str, name: str, data: bytes) -> None:
    if name in ("XMP", "_PMX"):
        source.xmp(f"{place} XMP", data)
    elif name == "EXIF":
        _exif(source, data.removeprefix(b"Exif\0\0"), f"{place} EXIF")
    elif name.lower() == "id3":
        _id3_frames(source, data)
    else:
        source.text(place, name, data.rstrip(b"\0"))


# --- GIF -----------------------------------------------------------------------------------------


def _gif(source: _Bytes) -> None:
    (flags,) = source.at(10, 1)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while at < source.size:
        (lead,) = source.at(at, 1)
        if lead == 0x2C:
            (flags,) = source.at(at + 9, 1)
            at += 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1
            at, _ = _gif_blocks(source, at, keep=False)
        elif lead == 0x21:
            (kind,) = source.at(at + 1, 1)
            name = source.at(at + 3, 11) if kind == 0xFF else b""
            if name == b"XMP DataXMP":
                at = _gif_xmp(source, at + 14)
            else:
                at, data = _gif_blocks(source, at + 2, keep=kind in (0xFE, 0xFF))
                if kind == 0xFE:
                    source.text("GIF", "comment", data)
                elif kind == 0xFF and not data.startswith(b"NETSCAPE"):
                    source.text("GIF application", data[:11].decode("latin-1"), data[11:])
        else:
            return


def _gif_blocks(source: _Bytes, at: int, *, keep: bool) -> tuple[int, bytes]:
    data = b""
    while True:
        (length,) = source.at(at, 1)
        if length == 0:
            return at + 1, data
        if keep and len(data) < LARGEST_PIECE:
            data += source.at(at + 1, length)
        at += 1 + length


def _gif_xmp(source: _Bytes, at: int) -> int:
    """The packet stands as it is, followed by a slide of bytes that lead a decoder to the end."""
    data = source.at(at, LONGEST_XMP)
    end = data.find(b"\x01\xff\xfe")
    source.xmp("GIF XMP", data[:end] if end >= 0 else data)
    return at + end + 258 if end >= 0 else source.size


# --- MP4, MOV, HEIC ------------------------------------------------------------------------------

_INSIDE = frozenset({b"moov", b"udta", b"trak", b"mdia", b"ilst", b"meta"})


def _bmff(source: _Bytes) -> None:
    source.found.format = f"ISO media {source.at(8, 4).decode('latin-1').strip()}"
    _boxes(source, 0, source.size, (), [])
    if source.found.format.endswith(("heic", "mif1", "heix", "avif")):
        # There XMP is an item like the picture's own; the scan finds it wherever it lies.
        _scan(source)


def _boxes(
    source: _Bytes, at: int, end: int, path: tuple[str, ...], keys: list[tuple[str, str]]
) -> None:
    while at + 8 <= end:
        size, kind = struct.unpack(">I4s", source.at(at, 8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", source.at(at + 8, 8))
            head = 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            source.found.fault(f"{'.'.join(path) or 'file'}: box {kind!r} does not fit")
            size = end - at
            if size < head:
                return
        _box(source, at + head, at + size, kind, path, keys)
        at += size


def _box(
    source: _Bytes, at: int, end: int, kind: bytes, path: tuple[str, ...],
    keys: list[tuple[str, str]],
) -> None:  # fmt: skip
    name = _box_name(kind)
    here = (*path, name)
    place = ".".join(here)
    if path and path[-1] == "ilst":
        _item(source, at, end, kind, ".".join(path), keys)
    elif kind == b"uuid":
        if source.at(at, 16) == _XMP_BOX:
            packet = source.piece(at + 16, end - at - 16, place)
            if packet is not None:
                source.xmp(f"{place} XMP", packet)
    elif kind == b"keys":
        keys[:] = _keys(source, at, end)
    elif kind in (b"mvhd", b"mdhd"):
        _header(source, at, place)
    elif kind in _INSIDE and len(path) < DEEPEST_BOX:
        if kind == b"meta" and source.at(at + 4, 4) != b"hdlr":
            at += 4  # a full box: version and flags stand first
        _boxes(source, at, end, here, [] if kind == b"meta" else keys)
    elif path and path[-1] == "udta" and end > at:
        _user_data(source, at, end, kind, ".".join(path))


def _box_name(kind: bytes) -> str:
    return kind.decode("latin-1").replace("\xa9", "©")


def _keys(source: _Bytes, at: int, end: int) -> list[tuple[str, str]]:
    (count,) = struct.unpack(">I", source.at(at + 4, 4))
    found: list[tuple[str, str]] = []
    at += 8
    while at + 8 <= end and len(found) < min(count, MOST_TAGS):
        size, space = struct.unpack(">I4s", source.at(at, 8))
        if size < 8 or size > 4096:
            source.found.fault("keys: a key does not fit")
            return found
        found.append(
            (space.decode("latin-1"), source.at(at + 8, size - 8).decode("utf-8", "replace"))
        )
        at += size
    return found


def _item(
    source: _Bytes, at: int, end: int, kind: bytes, path: str, keys: list[tuple[str, str]]
) -> None:
    """One entry of ilst: named by four letters, by its number in keys, or freely."""
    (number,) = struct.unpack(">I", kind)
    name = keys[number - 1][1] if 0 < number <= len(keys) else _box_name(kind)
    while at + 8 <= end:
        size, inner = struct.unpack(">I4s", source.at(at, 8))
        if size < 8 or at + size > end:
            source.found.fault(f"{path} {name}: does not fit")
            return
        if inner == b"data":
            (form,) = struct.unpack(">I", source.at(at + 8, 4))
            value = source.piece(at + 16, size - 16, f"{path} {name}") if size >= 16 else b""
            if value is not None:
                _value(source, path, name, form & 0xFFFFFF, value)
        elif inner == b"name":
            name = source.at(at + 12, min(size - 12, 200)).decode("utf-8", "replace")
        at += size


def _value(source: _Bytes, place: str, name: str, form: int, value: bytes) -> None:
    if form == 1:
        source.text(place, name, value)
    elif form == 2:
        source.add(text_tag(place, name, value.decode("utf-16-be", "replace"), len(value)))
    else:
        source.add(raw_tag(place, name, value[:256], len(value)))


def _user_data(source: _Bytes, at: int, end: int, kind: bytes, place: str) -> None:
    """QuickTime's own strings, XMP_, 3GPP's strings, and whatever else somebody put there."""
    data = source.piece(at, end - at, f"{place} {_box_name(kind)}")
    if data is None:
        return
    if kind == b"XMP_":
        source.xmp(f"{place} XMP", data)
    elif kind[:1] == b"\xa9" and len(data) >= 4:
        (length,) = struct.unpack(">H", data[:2])
        source.text(place, _box_name(kind), data[4 : 4 + length])
    else:
        source.text(place, _box_name(kind), data)


def _header(source: _Bytes, at: int, place: str) -> None:
    """When the film, or a track of it, says that it was made."""
    (version,) = source.at(at, 1)
    made, changed = struct.unpack(
        ">QQ" if version == 1 else ">II", source.at(at + 4, 16 if version == 1 else 8)
    )
    for name, seconds in (("creation_time", made), ("modification_time", changed)):
        if 0 < seconds < 2**33:
            when = rfc3339(_MAC_EPOCH + timedelta(seconds=seconds))
            source.add(text_tag(place, name, when, 8 if version == 1 else 4))


# --- sound ---------------------------------------------------------------------------------------


def _id3(source: _Bytes) -> None:
    head = source.at(0, 10)
    length = _seven(head[6:10])
    data = source.piece(0, 10 + length, "ID3")
    if data is not None:
        _id3_frames(source, data)


def _seven(four: bytes) -> int:
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def _id3_frames(source: _Bytes, data: bytes) -> None:
    version, flags = data[3], data[5]
    if version not in (3, 4) or flags & 0x80:
        source.found.fault(f"ID3: version 2.{version}, flags {flags:#x}, not read")
        return
    at = 10
    if flags & 0x40:
        first = data[10:14]
        at += _seven(first) if version == 4 else 4 + struct.unpack(">I", first)[0]
    while at + 10 <= len(data) and data[at : at + 4].strip(b"\0"):
        size = data[at + 4 : at + 8]
        length = _seven(size) if version == 4 else struct.unpack(">I", size)[0]
        name, value = data[at : at + 4].decode("latin-1"), data[at + 10 : at + 10 + length]
        at += 10 + length
        if name == "TXXX":
            described, text = _id3_pair(value)
            source.add(text_tag("ID3 TXXX", described, text, len(value)))
        elif name.startswith("T"):
            source.add(text_tag("ID3", name, _id3_text(value[:1], value[1:]), len(value)))
        else:
            source.add(raw_tag("ID3", name, value[:256], len(value)))


_CODES = {b"\0": "latin-1", b"\1": "utf-16", b"\2": "utf-16-be", b"\3": "utf-8"}


def _id3_text(code: bytes, value: bytes) -> str:
    return value.decode(_CODES.get(code, "latin-1"), "replace").rstrip("\0")


def _id3_pair(value: bytes) -> tuple[str, str]:
    code, rest = value[:1], value[1:]
    wide = code in (b"\1", b"\2")
    step = 2 if wide else 1
    gap = next(
        (at for at in range(0, len(rest), step) if rest[at : at + step] == bytes(step)), len(rest)
    )
    return _id3_text(code, rest[:gap]), _id3_text(code, rest[gap + step :])


def _flac(source: _Bytes) -> None:
    at, last = 4, False
    while not last and at + 4 <= source.size:
        (word,) = struct.unpack(">I", source.at(at, 4))
        last, kind, length = bool(word >> 31), word >> 24 & 0x7F, word & 0xFFFFFF
        if kind == 4:
            data = source.piece(at + 4, length, "FLAC")
            if data is not None:
                _vorbis(source, data)
        at += 4 + length


def _vorbis(source: _Bytes, data: bytes) -> None:
    at = 4 + struct.unpack("<I", data[:4])[0]
    (count,) = struct.unpack("<I", data[at : at + 4])
    at += 4
    for _ in range(min(count, MOST_TAGS)):
        (length,) = struct.unpack("<I", data[at : at + 4])
        name, _, value = data[at + 4 : at + 4 + length].partition(b"=")
        source.text("Vorbis comment", name.decode("latin-1"), value)
        at += 4 + length


# --- anything else -------------------------------------------------------------------------------


def _scan(source: _Bytes) -> None:
    """XMP near either end of a file, wherever it lies."""
    for offset in sorted({0, max(0, source.size - SCANNED // 2)}):
        data = source.at(offset, SCANNED // 2)
        for begin, packet in _packets(data):
            source.xmp(f"XMP at {offset + begin}", packet)


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(8):
        begin = data.find(b"<x:xmpmeta", at)
        end = data.find(b"</x:xmpmeta>", begin)
        if begin < 0 or end < 0:
            return
        at = end + 12
        yield begin, data[begin:at]


_READERS: tuple[tuple[str, Callable[[bytes], bool], Callable[[_Bytes], None]], ...] = (
    ("PNG", lambda s: s.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    ("JPEG", lambda s: s.startswith(b"\xff\xd8\xff"), _jpeg),
    ("RIFF", lambda s: s.startswith(b"RIFF"), _riff),
    ("GIF", lambda s: s.startswith((b"GIF87a", b"GIF89a")), _gif),
    ("TIFF", lambda s: s.startswith((b"II*\0", b"MM\0*")), _tiff_file),
    ("ISO media", lambda s: s[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"), _bmff),
    ("ID3", lambda s: s.startswith(b"ID3"), _id3),
    ("FLAC", lambda s: s.startswith(b"fLaC"), _flac),
)
