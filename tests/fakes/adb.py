"""An adb server without phones: it speaks the host protocol on loopback to the real ``adb`` client.

The phone behind it answers the few commands that Holdfast gives, in the words of a real one, and
can be told to lie, to lag, to pour out endless bytes, or to be pulled off its cable.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock

VERSION = 41
"""Of the protocol; another one and the client would start a server of its own."""

PROPERTIES = {
    "ro.product.manufacturer": "Example",
    "ro.product.brand": "example",
    "ro.product.model": "Pictor 9",
    "ro.product.device": "pictor",
    "ro.build.fingerprint": "example/pictor/pictor:14/UP1A.231005.007/1:user/release-keys",
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.build.tags": "release-keys",
    "ro.build.type": "user",
    "ro.debuggable": "0",
    "ro.secure": "1",
    "ro.boot.verifiedbootstate": "green",
    "ro.boot.flash.locked": "1",
    "gsm.sim.operator.alpha": "Nobody's business",
}
PACKAGE = "com.example.shortdrama"
IN_FRONT = f"""ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)
Display #0 (activities from top to bottom):
  * Task{{a1b2c3 #31 type=standard A=10234:{PACKAGE}}}
    topResumedActivity=ActivityRecord{{d4e5f6 u0 {PACKAGE}/.player.PlayerActivity t31}}
"""
INSTALLED = f"""Packages:
  Package [{PACKAGE}] (7c8d9e):
    userId=10234
    codePath=/data/app/~~x==/{PACKAGE}-y==
    versionCode=310200 minSdk=23 targetSdk=34
    versionName=31.2.0
    signatures=PackageSignatures{{a1 version:2, signatures:[b2c3d4e5], past signatures:[]}}
    lastUpdateTime=2026-11-02 09:12:44
    installerPackageName=com.example.store
    User 0: ceDataInode=1 installed=true hidden=false
      firstInstallTime=2026-08-20 21:03:10
  Package [com.example.other] (1):
    versionName=9.9.9
"""
APK = f"/data/app/~~x==/{PACKAGE}-y==/base.apk"


@dataclass
class FakePhone:
    """One phone; what it says can be changed while it is connected."""

    serial: str = "PIC0001"
    state: str = "device"
    screen: bytes = b""
    film: bytes = b""
    properties: dict[str, str] = field(default_factory=lambda: dict(PROPERTIES))
    in_front: str = IN_FRONT
    installed: str = INSTALLED
    files: dict[str, bytes] = field(default_factory=dict)
    offset: float = 0.0
    """Seconds that its clock is ahead."""
    recorder: bool = True
    endless: frozenset[str] = frozenset()
    """Beginnings of commands that never stop writing."""
    pours: bool = False
    """Whether a file that is fetched has no end, whatever its size is said to be."""
    mute: frozenset[str] = frozenset()
    """Beginnings of commands that never answer."""
    asked: list[str] = field(default_factory=list)
    recording: dict[str, threading.Event] = field(default_factory=dict)
    on_record: Callable[[int], None] | None = None
    """Told the number of each recording as it begins."""
    before_record: Callable[[], None] | None = None
    """Called before a recording says which process it is."""
    lost: threading.Event = field(default_factory=threading.Event)
    _count: int = 0

    def lose(self) -> None:
        """The cable is pulled."""
        self.lost.set()
        for stop in self.recording.values():
            stop.set()

    # What a command writes, and its exit code.
    def run(self, command: str, write: Callable[[bytes], None]) -> int:
        self.asked.append(command)
        if command.startswith(tuple(self.endless)):
            while not self.lost.is_set():
                write(b"x" * 65536)
        if command.startswith(tuple(self.mute)):
            self.lost.wait(60)
            return 1
        words = shlex.split(command)
        if command.startswith("echo $$; exec screenrecord"):
            return self._record(words, write)
        match words[0]:
            case "screencap":
                write(self.screen)
            case "getprop":
                write("".join(f"[{k}]: [{v}]\n" for k, v in self.properties.items()).encode())
            case "date":
                now = SystemClock().now().timestamp() + self.offset
                write(f"{now:.9f}\n".encode())
            case "ls":
                write("".join(f"{w}\n" for w in words[1:] if w in self.files).encode() + b"asked\n")
            case "dumpsys":
                write(self._dumpsys(words))
            case "pm":
                write(f"package:{APK}\n".encode() if APK in self.files else b"")
            case "sha256sum":
                data = self.files.get(words[1])
                if data is None:
                    return 1
                write(f"{hashlib.sha256(data).hexdigest()}  {words[1]}\n".encode())
            case "stat":
                write(f"{len(self.files.get(words[3], b''))}\n".encode())
            case "dd":
                told = dict(word.split("=", 1) for word in words if "=" in word)
                block, skip, count = (int(told[k]) for k in ("bs", "skip", "count"))
                data = self.files.get(told["if"], b"")
                write(data[skip * block : (skip + count) * block])
            case "rm":
                self.files.pop(words[2], None)
            case "kill":
                self.recording[words[2]].set()
            case _:
                write(f"sh: {words[0]}: not found\n".encode())
                return 127
        return 0

    def _dumpsys(self, words: list[str]) -> bytes:
        if words[1] == "activity":
            return self.in_front.encode()
        return self.installed.encode() if words[1] == "package" else b""

    def _record(self, words: list[str], write: Callable[[bytes], None]) -> int:
        self._count += 1
        pid, path = str(4000 + self._count), words[-1]
        if self.before_record is not None:
            self.before_record()
        write(f"{pid}\n".encode())
        if not self.recorder:
            write(b"/system/bin/sh: screenrecord: not found\n")
            return 127
        stop = self.recording[pid] = threading.Event()
        if self.on_record is not None:
            self.on_record(self._count)
        stop.wait(float(words[words.index("--time-limit") + 1]))
        if self.lost.is_set():
            raise ConnectionAbortedError
        self.files[path] = self.film
        return 0


class FakeAdb:
    """The server."""

    def __init__(self) -> None:
        self.phones: list[FakePhone] = []
        self.answer: bytes | None = None
        """Sent instead of everything else, when set."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._accept = threading.Thread(target=self._serve, daemon=True)
        self._accept.start()

    def close(self) -> None:
        for phone in self.phones:
            phone.lose()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._accept.join(5)
        for thread in self._threads:
            thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with connection, suppress(OSError, ValueError, struct.error):
            if self.answer is not None:
                connection.recv(4096)
                connection.sendall(self.answer)
            else:
                _Talk(self, connection).go()
            # Closed with something of the client's unread, what was sent to it would be lost.
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(2)
            while connection.recv(4096):
                pass
        self._open.discard(connection)


class _Talk:
    """One connection of the client."""

    def __init__(self, server: FakeAdb, connection: socket.socket) -> None:
        self._server, self._socket = server, connection
        self._phone: FakePhone | None = None

    def go(self) -> None:
        while True:
            request = self._exactly(int(self._exactly(4), 16)).decode()
            if not self._answer(request):
                return

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def _send(self, data: bytes) -> None:
        if self._phone is not None and self._phone.lost.is_set():
            raise ConnectionAbortedError
        self._socket.sendall(data)

    def _okay(self, text: str | None = None) -> None:
        self._send(b"OKAY")
        if text is not None:
            self._send(f"{len(text):04x}{text}".encode())

    def _fail(self, text: str) -> bool:
        self._socket.sendall(f"FAIL{len(text):04x}{text}".encode())
        return False

    def _answer(self, request: str) -> bool:
        """Whether the connection goes on."""
        if request == "host:version":
            self._okay(f"{VERSION:04x}")
        elif request in ("host:devices", "host:devices-l"):
            self._okay(self._listed(long=request.endswith("-l")))
        elif request.endswith("features"):
            self._okay("shell_v2,cmd")
        elif hit := re.fullmatch(r"host:(tport|transport)(?::serial)?[:-](.+)", request):
            return self._transport(hit[1] == "tport", hit[2])
        elif self._phone is not None:
            self._service(self._phone, request)
            return False
        else:
            return self._fail(f"unknown host service {request}")
        return request.startswith("host:t")

    def _listed(self, *, long: bool) -> str:
        lines = []
        for number, phone in enumerate(self._server.phones, 1):
            if not phone.lost.is_set():
                more = f" product:pictor model:Pictor_9 device:pictor transport_id:{number}"
                lines.append(f"{phone.serial:<22} {phone.state}{more if long else ''}\n")
        return "".join(lines)

    def _transport(self, numbered: bool, serial: str) -> bool:
        there = [p for p in self._server.phones if not p.lost.is_set()]
        mine = [p for p in there if serial in ("any", p.serial)]
        if not mine:
            return self._fail(f"device '{serial}' not found")
        if mine[0].state != "device":
            return self._fail(f"device {mine[0].state}.")
        self._phone = mine[0]
        self._okay()
        if numbered:
            self._send(struct.pack("<Q", 1))
        return True

    def _service(self, phone: FakePhone, request: str) -> None:
        kind, _, command = request.partition(":")
        if kind == "sync":
            self._okay()
            self._sync(phone)
        elif kind.startswith("shell,v2"):
            self._okay()
            code = phone.run(command, lambda data: self._packet(1, data))
            self._packet(3, bytes([code]))
        elif kind in ("shell", "exec"):
            self._okay()
            phone.run(command, self._send)
        else:
            self._fail(f"unknown service {request}")

    def _packet(self, kind: int, data: bytes) -> None:
        self._send(struct.pack("<BI", kind, len(data)) + data)

    def _sync(self, phone: FakePhone) -> None:
        while True:
            name, length = struct.unpack("<4sI", self._exactly(8))
            path = self._exactly(length).decode() if length else ""
            data = phone.files.get(path)
            if name == b"QUIT":
                return
            if name == b"STAT":
                mode = 0o100644 if data is not None else 0
                self._send(b"STAT" + struct.pack("<III", mode, len(data or b""), 1))
            elif data is None:
                message = b"No such file or directory"
                self._send(b"FAIL" + struct.pack("<I", len(message)) + message)
            else:
                while phone.pours and not phone.lost.is_set():
                    self._send(b"DATA" + struct.pack("<I", 65536) + b"x" * 65536)
                for at in range(0, len(data), 65536):
                    piece = data[at : at + 65536]
                    self._send(b"DATA" + struct.pack("<I", len(piece)) + piece)
                self._send(b"DONE" + struct.pack("<I", 0))


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, *phones: FakePhone) -> Iterator[FakeAdb]:
    """The real client talks to a fake server with these phones."""
    if shutil.which("adb") is None:
        pytest.skip("adb is not installed")
    server = FakeAdb()
    server.phones += phones
    monkeypatch.setenv("ADB_SERVER_SOCKET", f"tcp:127.0.0.1:{server.port}")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    try:
        yield server
    finally:
        server.close()


def without_adb(monkeypatch: pytest.MonkeyPatch, empty: Path) -> None:
    """No adb can be found."""
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("HOME", str(empty))
    for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    assert os.environ["PATH"] == str(empty)
