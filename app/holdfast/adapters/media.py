"""Untrusted pictures and videos are opened in a process of its own: one order in, JSON lines out.

It runs as ``python -m holdfast.adapters.media`` (frozen: ``holdfast --worker media``).  An audit
hook lets it make no connection and start no program; where the system has such limits, memory,
processor time and the size of written files are bounded.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from holdfast.adapters import containers
from holdfast.adapters.remux import Lane, Piece, opened, remuxed
from holdfast.core import marks
from holdfast.core.canonical import one_line, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

Order: TypeAlias = Mapping[str, Any]

MOST_MEMORY = 6 << 30
MOST_PIXELS = 100_000_000
MOST_FRAMES = 600
"""Frames of one film in which a code is looked for."""
LONG_SIDE = 1600
"""Pixels to which a frame is shrunk before a code is looked for."""
C2PA_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/heic",
     "image/heif", "image/avif", "video/mp4", "video/quicktime", "video/x-msvideo", "audio/mp4",
     "audio/mpeg", "audio/wav", "audio/flac"}
)  # fmt: skip
_FORBIDDEN = frozenset(
    {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
     "subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.forkpty",
     "os.spawn", "pty.spawn", "os.startfile"}
)  # fmt: skip


class _Lines:
    """The way out: one JSON object a line."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def say(self, event: str, **facts: object) -> None:
        self._stream.write(json.dumps({"event": event, **facts}) + "\n")
        self._stream.flush()


def main() -> int:
    """One order from standard input is carried out; 0 when it was, else 1."""
    lines = _Lines(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)  # what libraries print must not stand between the lines
    order: Order = json.loads(sys.stdin.readline())
    _bounded(writes=order["do"] == "join")
    sys.addaudithook(_heard)
    if order["do"] == "wait":
        _prepared()
        order = json.loads(sys.stdin.readline() or '{"do": "none"}')
    try:
        kinds = {"marks": _marks, "code": _code, "join": _join, "light": _light, "none": _none}
        kinds[order["do"]](order, lines)
    except (OSError, ValueError, MemoryError) as error:
        lines.say("error", text=one_line(f"{type(error).__name__}: {error}")[:300])
        return 1
    lines.say("done")
    return 0


def _prepared() -> None:
    """What reading marks needs is there."""
    with contextlib.suppress(ImportError):
        import_module("av")
        import_module("c2pa")


def _none(_order: Order, _lines: _Lines) -> None:
    """Whoever waited with this worker went away."""


def _bounded(*, writes: bool) -> None:
    if sys.platform == "win32":
        return
    import resource

    wanted = [(resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CORE, 0)]
    if not writes:
        wanted.append((resource.RLIMIT_FSIZE, 0))
    for limit, most in wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))


def _heard(event: str, _: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is not done here")


# --- marks ---------------------------------------------------------------------------------------


def _marks(order: Order, lines: _Lines) -> None:
    """Metadata, labels and manifests of each file are told, one line of each kind a file."""
    for number, file in enumerate(order["files"]):
        path = Path(file["at"])
        lines.say("begun", file=number)
        with path.open("rb") as stream:
            found = containers.read(stream)
        tags = [*found.tags, *_spoken(path, found)][: containers.MOST_TAGS]
        lines.say(
            "tags",
            file=number,
            format=visible(found.format),
            tags=[asdict(tag) for tag in tags],
            faults=[visible(fault) for fault in found.faults],
        )
        lines.say("c2pa", file=number, **c2pa(path, str(file["media_type"])))


def _spoken(path: Path, found: containers.Found) -> Iterator[marks.Tag]:
    """What libav reads in a film or a sound, for the containers that are not read here."""
    if found.format in ("PNG", "JPEG", "GIF", "TIFF", "RIFF WEBP"):
        return
    import av

    options = {"protocol_whitelist": "file", "enable_drefs": "0"}
    try:
        with av.open(str(path), options=options, metadata_errors="replace") as media:
            found.format = found.format or media.format.name
            for name, value in list(media.metadata.items())[:200]:
                yield marks.text_tag("libav", name, str(value))
            for stream in list(media.streams)[:20]:
                for name, value in list(stream.metadata.items())[:100]:
                    yield marks.text_tag(f"libav stream {stream.index}", name, str(value))
    except (av.error.FFmpegError, ValueError) as error:
        found.fault(f"libav: {one_line(str(error))[:120]}")


def c2pa(path: Path, media_type: str) -> dict[str, Any]:
    """What C2PA's own reader says of a file; it asks nobody outside and trusts no list."""
    try:
        import c2pa as library  # type: ignore[import-untyped] # it has no stubs
    except ImportError:
        return {"state": "not_checked", "detail": "extra not installed"}
    if media_type not in C2PA_TYPES:
        return {"state": "not_checked", "detail": "not for this kind of file"}
    settings = library.Settings.from_dict(
        {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    )
    version = library.sdk_version()
    try:
        with (
            path.open("rb") as stream,
            library.Context(settings) as context,
            library.Reader(media_type, stream, context=context) as reader,
        ):
            store = json.loads(reader.json())
        told = marks.manifest(store)
    except (library.C2paError, ValueError) as error:
        text = one_line(str(error))[:200]
        if text.startswith("ManifestNotFound"):
            return {"state": "not_detected", "detail": "", "version": version}
        return {"state": "malformed", "detail": text, "version": version}
    return {"state": "found", "detail": "", "manifest": told.body(), "version": version}


# --- codes ---------------------------------------------------------------------------------------


def _code(order: Order, lines: _Lines) -> None:
    """Every QR code that begins like ours, with where it was seen first."""
    told: set[str] = set()
    looked = 0
    for at, picture in _pictures(Path(order["at"])):
        looked += 1
        for text in _read(picture):
            if text.startswith(str(order["begins"])) and text not in told and len(told) < 20:
                told.add(text)
                lines.say("code", text=visible(text)[:200], at_ms=at)
        if looked % 5 == 0:
            lines.say("looked", pictures=looked, at_ms=at)
    lines.say("looked", pictures=looked, at_ms=None)


def _pictures(path: Path) -> Iterator[tuple[int | None, NDArray[Any]]]:
    """A picture, or frames of a film: closely at its beginning, its key frames after that."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit stands below, and is an error of ours
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("picture too large")
            image.draft("L", (LONG_SIDE, LONG_SIDE))
            image.thumbnail((2 * LONG_SIDE, 2 * LONG_SIDE))
            yield None, np.asarray(image.convert("L"))
        return
    except UnidentifiedImageError:
        pass
    import av

    options = {"protocol_whitelist": "file", "enable_drefs": "0"}
    try:
        with av.open(str(path), options=options, metadata_errors="replace") as media:
            yield from _frames(media)
    except av.error.FFmpegError as error:
        raise ValueError(f"not a film that can be read: {error}") from error


CLOSELY_MS = 20_000
APART_MS = 400


def _frames(media: Any) -> Iterator[tuple[int, NDArray[Any]]]:
    if not media.streams.video:
        return
    stream = media.streams.video[0]
    count, last = 0, -APART_MS
    for frame in media.decode(stream):
        at = int((frame.time or 0) * 1000)
        if at > CLOSELY_MS or count >= MOST_FRAMES:
            break
        if at - last >= APART_MS:
            last, count = at, count + 1
            yield at, _grey(frame)
    stream.codec_context.skip_frame = "NONKEY"
    media.seek(0)
    for frame in media.decode(stream):
        at = int((frame.time or 0) * 1000)
        if at <= CLOSELY_MS:
            continue
        if count >= MOST_FRAMES:
            break
        count += 1
        yield at, _grey(frame)


def _grey(frame: Any) -> NDArray[Any]:
    if frame.width * frame.height > MOST_PIXELS:
        raise ValueError("frames too large")
    scale = min(1.0, LONG_SIDE / max(frame.width, frame.height))
    wide, high = max(2, int(frame.width * scale)), max(2, int(frame.height * scale))
    grey: NDArray[Any] = frame.reformat(width=wide, height=high, format="gray").to_ndarray()
    return grey


def _read(picture: NDArray[Any]) -> list[str]:
    import cv2

    found: list[str] = []
    # The older detector misreads some codes that the other reads, blurred ones above all; and the
    # other way round.
    for detector in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
        try:
            found += [text for text in detector.detectAndDecodeMulti(picture)[1] if text]
            text = detector.detectAndDecode(picture)[0]
        except cv2.error:
            continue
        found += [text] if text else []
        if found:
            break
    return list(dict.fromkeys(found))


# --- joining -------------------------------------------------------------------------------------


def _join(order: Order, lines: _Lines) -> None:
    """The segments follow one another in one file, packets unchanged; or why that cannot be."""
    import av

    pieces = [Piece(at=Path(name)) for name in order["files"]]
    forms = set()
    try:
        for piece in pieces:
            with opened(piece.at) as media:
                stream = media.streams.video[0]
                forms.add((stream.codec_context.name, stream.width, stream.height))
        if len(forms) > 1:
            raise ValueError("the picture changed its size")
        remuxed(Path(order["out"]), [Lane(pieces=pieces, only="video")])
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    lines.say("joined", parts=len(pieces))


def _light(order: Order, lines: _Lines) -> None:
    """How dark and how bright the frames of some films are, from a few places of each."""
    import av

    options = {"protocol_whitelist": "file", "enable_drefs": "0"}
    low, high, count = 255, 0, 0
    for name in order["files"]:
        try:
            with av.open(str(name), options=options) as media:
                for number, frame in enumerate(media.decode(video=0)):
                    if number > 200:
                        break
                    if number % 7 == 0:
                        grey = _grey(frame)
                        low, high = min(low, int(grey.min())), max(high, int(grey.max()))
                        count += 1
        except (av.error.FFmpegError, IndexError):
            continue
    lines.say("light", frames=count, low=low, high=high)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        raise SystemExit(main())
