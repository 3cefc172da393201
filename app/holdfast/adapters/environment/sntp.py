"""One question to a time server: SNTP, the client's part of RFC 5905 (§14).

The time that is sent is random, so that it says nothing about this computer, and an answer that
does not repeat it is not an answer.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.core.errors import Unavailable
from holdfast.ports import Clock

PACKET = struct.Struct(">BBbbII4sQQQQ")
"""48 bytes: leap/version/mode, stratum, poll, precision, root delay and dispersion, reference id,
four times of 32.32 bits since 1900.
"""
ASK = 4 << 3 | 3
"""Version 4, mode 3 (client)."""
_ERA = 1 << 32
_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a server says: when it received and sent, and how sure it is of its time."""

    received: float
    """Unix seconds."""
    sent: float
    root_ms: float
    """Half of its own round trip to a reference clock, and its dispersion."""
    stratum: int


def read_answer(raw: bytes, asked: int, near: float) -> Told:
    """The answer to the question that carried ``asked``.

    ``near`` (Unix seconds) chooses the era: times repeat every 136 years.  Raises ValueError.
    """
    if len(raw) < PACKET.size:
        raise ValueError("shorter than 48 bytes")
    head, stratum, _, _, delay, spread, _, _, origin, received, sent = PACKET.unpack_from(raw)
    if head & 7 != 4:
        raise ValueError("not a server's answer")
    if origin != asked:
        raise ValueError("an answer to another question")
    if head >> 6 == 3 or not 1 <= stratum <= 15:
        raise ValueError("a server that does not know the time")
    if not sent or not received:
        raise ValueError("no time in it")
    root = (delay / 2 + spread) / 65536 * 1000
    return Told(
        received=_unix(received, near), sent=_unix(sent, near), root_ms=root, stratum=stratum
    )


def _unix(stamp: int, near: float) -> float:
    """A 32.32 time as Unix seconds, in the era that lies nearest."""
    seconds = stamp / _ERA - _EPOCH
    return seconds + round((near - seconds) / _ERA) * _ERA


def offset(told: Told, left: float, back: float, elapsed: float) -> tuple[float, float]:
    """How far this clock is ahead and how far that may be wrong, both in ms (RFC 5905 §8).

    ``left`` and ``back`` are its times at question and answer, ``elapsed`` the seconds between
    by a counter that nobody sets.
    """
    ahead = ((left - told.received) + (back - told.sent)) / 2
    delay = max(0.0, elapsed - (told.sent - told.received))
    return ahead * 1000, delay * 500 + told.root_ms


def ask(
    address: str, port: int, host: str, clock: Clock, seconds: float
) -> tuple[float, float, int]:
    """This clock's offset and its uncertainty in ms, and the server's stratum.

    Raises Unavailable(``host_slow``, ``host_unreachable``, ``host_garbled``).
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    mark = secrets.randbits(64) | 1
    question = PACKET.pack(ASK, 0, 0, 0, 0, 0, b"", 0, 0, 0, mark)
    end = time.monotonic() + seconds
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as wire:
            wire.settimeout(seconds)
            # Connected, so that only this address can answer.
            wire.connect((address, port))
            began, left = time.monotonic(), clock.now()
            wire.send(question)
            trouble = "host_slow"
            while (remaining := end - time.monotonic()) > 0:
                wire.settimeout(remaining)
                raw = wire.recv(1024)
                back, elapsed = clock.now(), time.monotonic() - began
                try:
                    told = read_answer(raw, mark, back.timestamp())
                except ValueError:
                    trouble = "host_garbled"
                    continue
                ahead, unsure = offset(told, left.timestamp(), back.timestamp(), elapsed)
                return ahead, unsure, told.stratum
    except TimeoutError as error:
        raise Unavailable("host_slow", host=host, seconds=round(seconds)) from error
    except OSError as error:
        raise Unavailable("host_unreachable", host=host) from error
    if trouble == "host_garbled":
        raise Unavailable("host_garbled", host=host)
    raise Unavailable("host_slow", host=host, seconds=round(seconds))


def stamp(at: datetime) -> int:
    """A time as 32.32 bits since 1900."""
    seconds = at.astimezone(UTC).timestamp() + _EPOCH
    return int(seconds * _ERA) % (1 << 64)
