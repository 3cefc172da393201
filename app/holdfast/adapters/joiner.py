"""The joiner's own process: pieces of a film put together without encoding anything anew.

It runs as ``python -m holdfast.adapters.joiner`` (frozen: ``holdfast --worker joiner``): one order
in, one line of JSON out, no connection, no other program.  A file that crashes a demuxer ends here.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, TypeAlias

from holdfast.adapters.remux import MOST_PACKETS, Lane, Piece, opened, remuxed

Order: TypeAlias = Mapping[str, Any]

_BLOCK = 1 << 20
_AROUND = Fraction(1, 2)
"""Seconds around a moment in which its picture is looked for."""


def main() -> int:
    """One order from standard input is carried out; 0 when it was, else 1 with an error line."""
    # What libraries print must not stand before the answer.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from holdfast.adapters.downloader import Guard

    Guard(frozenset()).watch()
    import av
    import numpy as np  # noqa: F401 # loaded before the order comes, like all the rest

    # Whoever knows that an order will come has all this done meanwhile.
    order: Order = json.loads(sys.stdin.readline())
    try:
        answer = {"join": _join, "inspect": _inspect}[order["do"]](order)
    except (av.FFmpegError, ValueError, OSError, IndexError, KeyError) as error:
        out.write(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}) + "\n")
        out.flush()
        return 1
    out.write(json.dumps(answer) + "\n")
    out.flush()
    return 0


def form_of(head: bytes) -> str:
    """What the demuxer of a file that begins like this is called; empty when it is no media.

    A file is never asked what it is: one that calls itself a playlist would have others opened.
    """
    if head[4:8] in (b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"emsg"):
        return "mp4"
    if head[:1] == b"\x47" and len(head) > 188 and head[188:189] == b"\x47":
        return "mpegts"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:3] == b"ID3" and len(head) > 10:
        size = 10 + sum((head[6 + n] & 0x7F) << (7 * (3 - n)) for n in range(4))
        return form_of(head[size : size + 512]) or "mp3"
    if head[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "aac"
    if head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"):
        return "mp3"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    return {b"OggS": "ogg", b"FLV\x01": "flv", b"fLaC": "flac"}.get(head[:4], "")


# --- joining -------------------------------------------------------------------------------------


def _join(order: Order) -> dict[str, Any]:
    """The tracks are one film at ``out``; what is known of it."""
    work, out = Path(order["work"]), Path(order["out"])
    lanes = [
        Lane(
            pieces=[
                Piece(at=_together(group, work / f"{n}-{m}.part"), form=group["form"])
                for m, group in enumerate(track)
            ]
        )
        for n, track in enumerate(order["tracks"])
    ]
    count = remuxed(out, lanes)
    said = _inspect({"at": str(out), "form": "mp4", "pictures": order.get("pictures", [])})
    return said | {"packets_in": count}


def _together(group: Order, at: Path) -> Path:
    """The group's pieces after one another in one file, deciphered where a key is given."""
    with at.open("wb") as out:
        for part in group["parts"]:
            if part.get("key"):
                _deciphered(part, out)
                continue
            for source in part["from"]:
                _copied(source, out)
    return at


def _copied(source: Order, out: IO[bytes]) -> None:
    with Path(source["at"]).open("rb") as file:
        file.seek(source["start"])
        left = source["length"]
        while left and (block := file.read(min(_BLOCK, left))):
            out.write(block)
            left -= len(block)


def _deciphered(part: Order, out: IO[bytes]) -> None:
    """AES-128 in CBC with PKCS7 (RFC 8216, 4.3.2.4)."""
    from io import BytesIO

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    held = BytesIO()
    for source in part["from"]:
        _copied(source, held)
    key, iv = bytes.fromhex(part["key"]), bytes.fromhex(part["iv"])
    opened = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    plain = opened.update(held.getvalue()) + opened.finalize()
    taken = PKCS7(128).unpadder()
    out.write(taken.update(plain) + taken.finalize())


# --- looking -------------------------------------------------------------------------------------


def _inspect(order: Order) -> dict[str, Any]:
    """What a file holds, how long it is, and how far its pictures are from those given."""
    with opened(Path(order["at"]), order["form"]) as source:
        streams = [one for one in source.streams if one.type in ("video", "audio")]
        found: dict[str, Any] = {
            "video": next((one.codec_context.name for one in streams if one.type == "video"), ""),
            "audio": next((one.codec_context.name for one in streams if one.type == "audio"), ""),
            "width": 0,
            "height": 0,
        }
        if source.streams.video:
            first = source.streams.video[0]
            found |= {"width": first.width, "height": first.height}
        spans: dict[int, list[Fraction]] = {}
        count = size = 0
        for packet in source.demux(streams):
            if packet.pts is None or packet.time_base is None:
                continue
            count, size = count + 1, size + packet.size
            begin = packet.pts * packet.time_base
            end = begin + (packet.duration or 0) * packet.time_base
            span = spans.setdefault(packet.stream.index, [begin, end])
            span[:] = [min(span[0], begin), max(span[1], end)]
            if count > MOST_PACKETS:
                raise ValueError("too many packets")
        begins = min((span[0] for span in spans.values()), default=Fraction(0))
        ends = max((span[1] for span in spans.values()), default=Fraction(0))
        found |= {"packets": count, "bytes": size, "milliseconds": int((ends - begins) * 1000)}
    found["differences"] = [_difference(order, one) for one in order.get("pictures", [])]
    return found


def _difference(order: Order, picture: Order) -> int | None:
    """Mean distance, 0 to 255, to the nearest frame around that moment; None when there is none."""
    import numpy as np

    width, height = int(picture["width"]), int(picture["height"])
    raw = np.frombuffer(base64.b64decode(picture["rgb"]), np.uint8)
    if raw.size != width * height * 3:
        return None
    wanted = raw.reshape(height, width, 3).astype(np.int16)
    moment = Fraction(int(picture["milliseconds"]), 1000)
    best: float | None = None
    with opened(Path(order["at"]), order["form"]) as source:
        if not source.streams.video:
            return None
        video = source.streams.video[0]
        begins = (video.start_time or 0) * (video.time_base or 0)
        source.seek(int(max(Fraction(0), moment - 1) * 1_000_000))
        for frame in source.decode(video):
            now = Fraction(frame.time).limit_denominator(100_000) - begins
            if now > moment + _AROUND:
                break
            if now >= moment - _AROUND:
                small = frame.reformat(width, height, "rgb24").to_ndarray().astype(np.int16)
                far = float(np.abs(small - wanted).mean())
                best = far if best is None else min(best, far)
    return None if best is None else round(best)


if __name__ == "__main__":
    sys.exit(main())
