"""How we talk with a browser: through a pipe that only we hold, else through a socket.

Over the pipe no port is open at all, so that nobody else on this computer can take part.  Where a
browser cannot be given one (Windows), it listens on a port of its own choice behind a path that
nobody can guess, and both go with it.
"""

from __future__ import annotations

import os
import re
import select
import threading
import time
from typing import TYPE_CHECKING, Protocol

from holdfast.core.errors import Unavailable

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

MESSAGE_LIMIT = 256 << 20
"""Bytes of one message.  Answers hold whole pictures and archives; none is ever this large."""
SEND_SECONDS = 30.0

_CHUNK = 1 << 18
_HEAD = 64
_NUMBERED = re.compile(rb'\{\s*"id"\s*:\s*(\d{1,15})\s*[,}]')


class Wire(Protocol):
    """Messages go out from any thread and come in on one."""

    def send(self, message: bytes) -> None:
        """Raises Unavailable: ``browser_gone``, ``browser_stuck``."""
        ...

    def receive(self, seconds: float) -> str | bytes | None:
        """The next message, or None after ``seconds``.  Raises Unavailable(``browser_gone``)."""
        ...


class Pipe:
    """Messages that end in a zero byte, over two file descriptors (``--remote-debugging-pipe``)."""

    def __init__(self, out: int, back: int, limit: int = MESSAGE_LIMIT) -> None:
        """``out`` is written to and ``back`` read from; whoever opened them closes them."""
        self._out, self._back, self._limit = out, back, limit
        self._lock = threading.Lock()
        self._ready: list[bytes] = []
        self._held = bytearray()
        self._size = 0
        os.set_blocking(out, False)
        os.set_blocking(back, False)

    def send(self, message: bytes) -> None:
        """The message is on its way, whole: two threads never mix theirs."""
        data = memoryview(message + b"\0")
        end = time.monotonic() + SEND_SECONDS
        with self._lock:
            while data:
                try:
                    data = data[os.write(self._out, data) :]
                except BlockingIOError:
                    if not _waited(self._out, select.POLLOUT, end - time.monotonic()):
                        raise Unavailable("browser_stuck", command="send") from None
                except OSError as error:
                    raise Unavailable("browser_gone") from error

    def receive(self, seconds: float) -> bytes | None:
        """The next message; one that is too large comes as an error under its number, or not."""
        end = time.monotonic() + seconds
        while not self._ready:
            if not _waited(self._back, select.POLLIN, end - time.monotonic()):
                return None
            try:
                data = os.read(self._back, _CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Unavailable("browser_gone") from error
            if not data:
                raise Unavailable("browser_gone")
            self._take(data)
        return self._ready.pop(0)

    def _take(self, data: bytes) -> None:
        *ended, rest = data.split(b"\0")
        for part in ended:
            self._add(part)
            if whole := self._whole():
                self._ready.append(whole)
            self._held, self._size = bytearray(), 0
        self._add(rest)

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self._limit:
            self._held += part
        else:
            # Only its beginning is held; the rest passes by.
            self._held = (self._held + part[:_HEAD])[:_HEAD]

    def _whole(self) -> bytes:
        if self._size <= self._limit:
            return bytes(self._held)
        found = _NUMBERED.match(self._held)
        if found is None:
            return b""
        return b'{"id":%s,"error":{"message":"answer too large"}}' % found[1]


class Socket:
    """Messages over the web socket that a starting browser wrote down."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def send(self, message: bytes) -> None:
        """The message is on its way."""
        from websockets.exceptions import ConnectionClosed

        try:
            self._socket.send(message.decode())
        except ConnectionClosed as error:
            raise Unavailable("browser_gone") from error

    def receive(self, seconds: float) -> str | bytes | None:
        """The next message; one that is too large ends the connection."""
        from websockets.exceptions import ConnectionClosed

        try:
            return self._socket.recv(timeout=seconds)
        except TimeoutError:
            return None
        except ConnectionClosed as error:
            raise Unavailable("browser_gone") from error


def _waited(descriptor: int, event: int, seconds: float) -> bool:
    """Whether the descriptor became ready, or came to its end, within ``seconds``."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))
