"""Pictures in documents: their data is copied as it is wherever that is possible.

PNG without transparency keeps its compressed rows, JPEG its whole stream, so that what is taken
out of the document again is pixel-identical to the file.  A picture is looked at when the pages
are laid out and read again, one at a time, while the document is written.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from holdfast.core.errors import Tampered
from holdfast.core.job import Job

if TYPE_CHECKING:
    from PIL import Image

MAX_SIDE = 100_000
MAX_PIXELS = 400_000_000
MAX_FILE = 1 << 30
FRAMES = 12
FRAME_WIDTH = 480
"""Pixels of a frame in a contact sheet."""
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,ogg"
"""FFmpeg demuxers that open nothing but the file they are given."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PNG = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1}

Colours = Literal["DeviceGray", "DeviceRGB", "Indexed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is known of a picture before it is read again to be written."""

    path: Path
    width: int
    height: int
    form: Literal["png", "jpeg", "decoded"]
    colours: Colours = "DeviceRGB"
    bits: int = 8
    palette: bytes = b""
    turn: int = 0
    """Degrees clockwise that the file asks to be turned by (Exif), 0, 90, 180 or 270."""
    flattened: bool = False
    """Transparent places are shown on white, and the file's colours were decoded."""

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as it is seen."""
        return (self.height, self.width) if self.turn in (90, 270) else (self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A picture's stream as the PDF holds it."""

    stream: bytes
    filter: Literal["FlateDecode", "DCTDecode"]
    predictor: bool = False


class NotAPicture(ValueError):
    """The file cannot be drawn here; it is kept all the same."""


def look(path: Path) -> Picture:
    """What a picture file holds.

    Raises NotAPicture for whatever cannot be drawn safely, and Tampered when that is so because
    the file is no longer what it was.
    """
    try:
        return _look(path)
    except NotAPicture:
        check(path)
        raise


def _look(path: Path) -> Picture:
    try:
        if path.stat().st_size > MAX_FILE:
            raise NotAPicture("too large")
        with path.open("rb") as file:
            start = file.read(26)
        if start.startswith(_PNG):
            return _look_at_png(path)
        if start.startswith(b"\xff\xd8\xff"):
            return _look_at_jpeg(path)
        return _look_with_pillow(path)
    except (OSError, ValueError, struct.error, zlib.error, EOFError, SyntaxError) as error:
        if isinstance(error, NotAPicture):
            raise
        raise NotAPicture(type(error).__name__) from error


def read(picture: Picture) -> Data:
    """The stream of a picture, its file checked against the SHA-256 that it is named by.

    Raises Tampered when the file is no longer what it was.
    """
    raw = _checked(picture.path)
    match picture.form:
        case "png":
            stream = b"".join(data for kind, data in _chunks(io.BytesIO(raw)) if kind == b"IDAT")
            return Data(stream=stream, filter="FlateDecode", predictor=True)
        case "jpeg":
            return Data(stream=raw, filter="DCTDecode")
        case "decoded":
            with _opened(io.BytesIO(raw)) as image:
                return Data(stream=zlib.compress(_flat(image).tobytes(), 6), filter="FlateDecode")


def _checked(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Tampered("image_changed", name=path.name) from error
    if _SHA256.fullmatch(path.name) and hashlib.sha256(raw).hexdigest() != path.name:
        raise Tampered("image_changed", name=path.name)
    return raw


def check(path: Path) -> None:
    """A file that is named by its SHA-256 still has it.  Raises Tampered."""
    if not _SHA256.fullmatch(path.name):
        return
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Tampered("image_changed", name=path.name) from error
    if found != path.name:
        raise Tampered("image_changed", name=path.name)


# --- PNG -----------------------------------------------------------------------------------------


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    file.read(len(_PNG))
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        data = file.read(size)
        check = file.read(4)
        if len(data) != size or zlib.crc32(kind + data) != int.from_bytes(check, "big"):
            raise NotAPicture("a damaged chunk")
        yield kind, data
        if kind == b"IEND":
            return
    raise NotAPicture("cut short")


def _look_at_png(path: Path) -> Picture:
    """A PNG whose rows are all there can be copied; others are decoded."""
    with path.open("rb") as file:
        chunks = _chunks(file)
        kind, header = next(chunks)
        if kind != b"IHDR" or len(header) != 13:
            raise NotAPicture("no header")
        width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
        _check_size(width, height)
        if interlaced or colour not in _CHANNELS or bits > 8:
            return _look_with_pillow(path)
        expected = height * (1 + (width * _CHANNELS[colour] * bits + 7) // 8)
        inflate, got, palette = zlib.decompressobj(), 0, b""
        for kind, data in chunks:
            if kind == b"tRNS":
                return _look_with_pillow(path)
            if kind == b"PLTE":
                palette = data
            if kind == b"IDAT":
                got += _inflated(inflate, data, expected - got)
        if got != expected:
            raise NotAPicture("rows are missing")
    if colour == 3 and not (palette and len(palette) % 3 == 0 and len(palette) <= 768):
        raise NotAPicture("no palette")
    colours: dict[int, Colours] = {0: "DeviceGray", 2: "DeviceRGB", 3: "Indexed"}
    return Picture(
        path=path,
        width=width,
        height=height,
        form="png",
        colours=colours[colour],
        bits=bits,
        palette=palette if colour == 3 else b"",
    )


def _inflated(inflate: Any, data: bytes, room: int) -> int:
    """How many octets come of compressed data; never more than one beyond ``room`` are made."""
    got = 0
    while data:
        got += len(inflate.decompress(data, min(1 << 20, room - got + 1)))
        if got > room:
            raise NotAPicture("more rows than it says")
        data = inflate.unconsumed_tail
    return got


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise NotAPicture("too large")


# --- JPEG and others -----------------------------------------------------------------------------

_TURNS = {3: 180, 6: 90, 8: 270}
_EXIF_ORIENTATION = 0x0112


def _look_at_jpeg(path: Path) -> Picture:
    with _opened(path) as image:
        width, height = image.size
        _check_size(width, height)
        turn = _TURNS.get(image.getexif().get(_EXIF_ORIENTATION, 1), 0)
        if image.format == "JPEG" and image.mode in ("RGB", "L"):
            image.load()
            colours: Colours = "DeviceGray" if image.mode == "L" else "DeviceRGB"
            return Picture(
                path=path, width=width, height=height, form="jpeg", colours=colours, turn=turn
            )
        return _decoded(path, image, turn)


def _look_with_pillow(path: Path) -> Picture:
    with _opened(path) as image:
        _check_size(*image.size)
        return _decoded(path, image, 0)


def _decoded(path: Path, image: Image.Image, turn: int) -> Picture:
    flattened = _flat(image, only_whether=True) is not image
    return Picture(
        path=path,
        width=image.size[0],
        height=image.size[1],
        form="decoded",
        turn=turn,
        flattened=flattened,
    )


def _opened(source: Path | BinaryIO) -> Image.Image:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(source, formats=("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise NotAPicture("too large") from error


def _flat(image: Image.Image, *, only_whether: bool = False) -> Image.Image:
    """The picture as 8-bit RGB; transparent places on white, and only where there are any."""
    from PIL import Image

    image.load()
    if "A" in image.getbands() or "transparency" in image.info:
        coloured = image.convert("RGBA")
        if coloured.getchannel("A").getextrema() != (255, 255):
            if only_whether:
                return coloured
            white = Image.new("RGBA", image.size, (255, 255, 255, 255))
            return Image.alpha_composite(white, coloured).convert("RGB")
    return image if only_whether else image.convert("RGB")


# --- frames of a video ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame drawn for print, and where in the video it stands."""

    jpeg: bytes
    width: int
    height: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Frames at even distances, and what the file says of itself."""

    frames: tuple[Frame, ...]
    width: int
    height: int
    duration_ms: int


def contact(path: Path, job: Job, count: int = FRAMES) -> Contact:
    """Frames of a video.  Raises NotAPicture when nothing can be decoded here, and Tampered.

    The file is opened as a container that leads nowhere else, so that a playlist in disguise
    cannot make the decoder open other files.
    """
    import av

    check(path)
    frames: list[Frame] = []
    try:
        with av.open(
            str(path),
            options={"protocol_whitelist": "file", "format_whitelist": CONTAINERS},
            metadata_errors="replace",
        ) as container:
            stream = container.streams.video[0]
            _check_size(stream.width, stream.height)
            stream.thread_type = "NONE"
            duration = int((container.duration or 0) / 1000)
            for number in range(count):
                job.step("rendering", number, count)
                frame = _frame(container, stream, duration * number // count)
                if frame is not None and all(frame.at_ms != seen.at_ms for seen in frames):
                    frames.append(frame)
            size = stream.width, stream.height
    except (av.FFmpegError, IndexError, ValueError, OSError) as error:
        raise NotAPicture(type(error).__name__) from error
    if not frames:
        raise NotAPicture("no frame")
    return Contact(frames=tuple(frames), width=size[0], height=size[1], duration_ms=duration)


def _frame(container: Any, stream: Any, at_ms: int) -> Frame | None:
    """The first frame at or after a moment, small."""
    container.seek(at_ms * 1000)
    picture = None
    for tried, decoded in enumerate(container.decode(stream)):
        picture = decoded
        if decoded.time is None or decoded.time * 1000 >= at_ms - 1 or tried >= 600:
            break
    if picture is None:
        return None
    height = max(2, round(picture.height * FRAME_WIDTH / picture.width))
    image = picture.to_image(width=FRAME_WIDTH, height=height)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    shown = int((picture.time or 0) * 1000)
    return Frame(jpeg=out.getvalue(), width=FRAME_WIDTH, height=height, at_ms=shown)
