"""Lines of text to and from one server: resolved, judged, bounded in octets and in time."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.adapters import http
from holdfast.core.errors import Refused, Unavailable


def nearby(host: str) -> bool:
    """Whether a host, written as an address, is this computer or one of the local network."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or (address.is_private and not address.is_link_local)


class Lines:
    """An open connection; everything on it ends at one deadline."""

    def __init__(self, wire: socket.socket, host: str, limit: int, end: float, seconds: float):
        self._wire = wire
        self._host = host
        self._limit = limit
        self._end = end
        self._seconds = seconds
        self._rest = bytearray()

    @property
    def certificate(self) -> str:
        """SHA-256 of what the server showed for itself; empty without TLS."""
        if not isinstance(self._wire, ssl.SSLSocket):
            return ""
        shown = self._wire.getpeercert(binary_form=True)
        return hashlib.sha256(shown or b"").hexdigest()

    def send(self, line: bytes) -> None:
        """One line went out.  Raises Unavailable."""
        with _troubles(self._host, self._seconds):
            self._wire.settimeout(_left(self._end))
            self._wire.sendall(line + b"\n")

    def receive(self) -> bytes:
        """The next line, at most ``limit`` octets.  Raises Unavailable."""
        with _troubles(self._host, self._seconds):
            while (at := self._rest.find(b"\n")) < 0:
                if len(self._rest) > self._limit:
                    raise Unavailable("host_too_much", host=self._host, limit=self._limit)
                self._wire.settimeout(_left(self._end))
                chunk = self._wire.recv(64 << 10)
                if not chunk:
                    raise Unavailable("host_garbled", host=self._host)
                self._rest += chunk
        line = bytes(self._rest[:at])
        del self._rest[: at + 1]
        return line


@contextmanager
def converse(
    host: str, port: int, *, tls: bool, limit: int, seconds: float, allow: frozenset[str]
) -> Iterator[Lines]:
    """A connection to an address that was looked up, judged and pinned, open for the block.

    With ``tls`` it is encrypted, and whose certificate it was is for the caller to judge.
    ``allow`` as in ``http.guard``.  Raises Refused and Unavailable as ``http.fetch``.
    """
    end = time.monotonic() + seconds
    address = http.resolve(host, port, allow=allow, seconds=seconds)[0]
    with contextlib.ExitStack() as open_, _troubles(host, seconds):
        wire: socket.socket = open_.enter_context(
            socket.create_connection((str(address), port), _left(end))
        )
        if tls:
            wire = open_.enter_context(_context().wrap_socket(wire, server_hostname=host))
        yield Lines(wire, host, limit, end, seconds)


def _context() -> ssl.SSLContext:
    """Such servers sign their own certificates, so the caller compares it with one it knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def _troubles(host: str, seconds: float) -> Iterator[None]:
    try:
        yield
    except (Refused, Unavailable):
        raise
    except TimeoutError as error:
        raise Unavailable("host_slow", host=host, seconds=int(seconds)) from error
    except ssl.SSLError as error:
        raise Unavailable("host_garbled", host=host) from error
    except OSError as error:
        raise Unavailable("host_unreachable", host=host) from error


def _left(end: float) -> float:
    remaining = end - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
