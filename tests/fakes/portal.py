"""A desktop portal that a test made, on a session bus of its own, spoken to by the real client."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"


@contextmanager
def bus(folder: Path) -> Iterator[str]:
    """The address of a private session bus."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    address = f"unix:path={folder}/bus"
    process = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address={address}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process:
        told = process.stdout.readline().decode().strip()
        try:
            yield told
        finally:
            process.kill()


class Portal:
    """Answers as told; what it was asked stands in ``asked``."""

    def __init__(self, address: str) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.code = 0
        self.silent = False
        self.refuses = self.locked = False
        self.uri = ""
        self.streams: list[Any] = [(42, {"size": ("(ii)", (64, 48))})]
        self.pipe = os.pipe()
        self._connection = open_dbus_connection(address, enable_fds=True)
        for name in (NAME, "org.freedesktop.ScreenSaver"):
            self._connection.send_and_get_reply(message_bus.RequestName(name))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join(5)
        self._connection.close()
        for descriptor in self.pipe:
            os.close(descriptor)

    def _serve(self) -> None:
        while not self._end.is_set():
            try:
                message = self._connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            if message.header.message_type is MessageType.method_call:
                self._answer(message)

    def _answer(self, message: Any) -> None:
        fields = message.header.fields
        member, sender = fields[HeaderFields.member], fields[HeaderFields.sender]
        if member == "GetActive":
            self._connection.send(new_method_return(message, "b", (self.locked,)))
            return
        self.asked.append((member, message.body))
        if self.refuses:
            self._connection.send(
                new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", ("no",))
            )
            return
        if member == "OpenPipeWireRemote":
            self._connection.send(new_method_return(message, "h", (self.pipe[0],)))
            return
        token = message.body[-1]["handle_token"][1]
        path = f"{PATH}/request/{sender.lstrip(':').replace('.', '_')}/{token}"
        self._connection.send(new_method_return(message, "o", (path,)))
        if self.silent:
            return
        results = {
            "Screenshot": {"uri": ("s", self.uri)},
            "CreateSession": {"session_handle": ("s", f"{PATH}/session/1")},
            "SelectSources": {},
            "Start": {"streams": ("a(ua{sv})", self.streams)},
        }[member]
        emitter = DBusAddress(path, interface="org.freedesktop.portal.Request")
        self._connection.send(new_signal(emitter, "Response", "ua{sv}", (self.code, results)))


@contextmanager
def portal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A session without X whose portal this is."""
    with bus(folder) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
        monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
        made = Portal(address)
        try:
            yield made
        finally:
            made.close()
