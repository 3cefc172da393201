"""The screen on Wayland: asked of the desktop's portal, which asks the person.

Screenshot and ScreenCast of ``org.freedesktop.portal``, spoken over the session bus; the stream's
frames are read by GStreamer's ``pipewiresrc``, since PipeWire has no client here.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from holdfast.adapters import child
from holdfast.adapters.picture import Lost, Picture
from holdfast.core.errors import Refused, Unavailable

if TYPE_CHECKING:
    import subprocess

    from PIL import Image

ANSWER_SECONDS = 120
"""A person reads the system's question and chooses."""
CALL_SECONDS = 10
FIRST_FRAME_SECONDS = 10
LARGEST = 128 << 20
"""Bytes of a picture that the portal hands over."""
_BUS, _PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_MONITOR, _WINDOW, _POINTER_EMBEDDED = 1, 2, 2
READER = "gst-launch-1.0"


class Portal:
    """A conversation with the desktop's portal.  Raises Unavailable(``portal_none``)."""

    def __init__(self) -> None:
        from jeepney.io.blocking import (  # type: ignore[import-untyped]  # it brings no types
            open_dbus_connection,
        )

        try:
            self._bus = open_dbus_connection("SESSION", enable_fds=True)
        except (OSError, KeyError, ValueError) as error:
            raise Unavailable("portal_none") from error

    def close(self) -> None:
        """The conversation is over; a session ends with it."""
        self._bus.close()

    def _call(self, interface: str, member: str, signature: str, body: tuple[Any, ...]) -> Any:
        """The answer's values.  Raises Unavailable(``portal_none``)."""
        from jeepney import (  # type: ignore[import-untyped]  # it brings no types
            DBusAddress,
            new_method_call,
        )
        from jeepney.low_level import (  # type: ignore[import-untyped]  # it brings no types
            MessageType,
        )

        to = DBusAddress(_PATH, bus_name=_BUS, interface=f"org.freedesktop.portal.{interface}")
        message = new_method_call(to, member, signature, body)
        try:
            reply = self._bus.send_and_get_reply(message, timeout=CALL_SECONDS)
        except (OSError, EOFError) as error:
            raise Unavailable("portal_none") from error
        if reply.header.message_type is MessageType.error:
            raise Unavailable("portal_none")
        return reply.body

    def _ask(
        self,
        interface: str,
        member: str,
        signature: str,
        first: tuple[Any, ...],
        options: dict[str, Any],
    ) -> dict[str, Any]:
        """What the portal answers once the person did.

        Raises Unavailable (``portal_refused``, ``portal_slow``, ``portal_none``).
        """
        from jeepney import MatchRule, message_bus

        token = f"holdfast{secrets.token_hex(8)}"
        sender = self._bus.unique_name.lstrip(":").replace(".", "_")
        path = f"{_PATH}/request/{sender}/{token}"
        # Heard before it is asked: an answer may come at once.
        rule = MatchRule(
            type="signal", interface="org.freedesktop.portal.Request", member="Response", path=path
        )
        options = options | {"handle_token": ("s", token)}
        try:
            self._bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=CALL_SECONDS)
        except (OSError, EOFError) as error:
            raise Unavailable("portal_none") from error
        with self._bus.filter(rule) as answers:
            self._call(interface, member, signature, (*first, options))
            try:
                answer = self._bus.recv_until_filtered(answers, timeout=ANSWER_SECONDS)
            except TimeoutError as error:
                raise Unavailable("portal_slow", seconds=ANSWER_SECONDS) from error
            except (OSError, EOFError) as error:
                raise Unavailable("portal_none") from error
        code, results = answer.body
        if code != 0:
            raise Unavailable("portal_refused")
        return {str(name): value for name, (_, value) in results.items()}

    def screenshot(self) -> Path:
        """The file in which the portal laid a picture of the screen.  Raises as ``_ask``."""
        results = self._ask("Screenshot", "Screenshot", "sa{sv}", ("",), {})
        parts = urlsplit(str(results.get("uri", "")))
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise Unavailable("portal_picture")
        return Path(unquote(parts.path))

    def screencast(self, *, windows: bool) -> tuple[int, int, tuple[int, int]]:
        """A PipeWire descriptor, the node on it, and the stream's width and height."""
        token = f"holdfast{secrets.token_hex(8)}"
        options = {"session_handle_token": ("s", token)}
        made = self._ask("ScreenCast", "CreateSession", "a{sv}", (), options)
        session = str(made["session_handle"])
        kinds = _WINDOW if windows else _MONITOR
        wanted = {"types": ("u", kinds), "multiple": ("b", False)}
        wanted["cursor_mode"] = ("u", _POINTER_EMBEDDED)
        self._ask("ScreenCast", "SelectSources", "oa{sv}", (session,), wanted)
        started = self._ask("ScreenCast", "Start", "osa{sv}", (session, ""), {})
        streams = started.get("streams") or []
        if not streams:
            raise Unavailable("portal_refused")
        node, facts = streams[0]
        _, size = facts.get("size", ("(ii)", (0, 0)))
        if not all(16 <= int(side) <= 16384 for side in size):
            raise Unavailable("portal_none")
        (descriptor,) = self._call("ScreenCast", "OpenPipeWireRemote", "oa{sv}", (session, {}))
        return descriptor.to_raw_fd(), int(node), (int(size[0]), int(size[1]))


def picture() -> Image.Image:
    """The screen as the portal shows it, RGB.

    Raises Unavailable (``portal_none``, ``portal_refused``, ``portal_slow``, ``portal_picture``).
    """
    from PIL import Image, UnidentifiedImageError

    portal = Portal()
    try:
        at = portal.screenshot()
    finally:
        portal.close()
    try:
        about = at.stat(follow_symlinks=False)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise Unavailable("portal_picture")
        with Image.open(at, formats=("PNG", "JPEG")) as found:
            return found.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise Unavailable("portal_picture") from error


class PortalLens:
    """Whatever the person chose in the system's question, frame by frame."""

    def __init__(self, area: str) -> None:
        """``area`` is ``all`` for a monitor or ``window:1`` for a window: the system asks which.

        Raises Refused(``portal_area``) or Unavailable as ``Portal`` and (``portal_reader``).
        """
        if area.partition(":")[0] not in ("all", "window"):
            raise Refused("portal_area")
        reader = shutil.which(READER)
        if reader is None:
            raise Unavailable("portal_reader")
        self._portal = Portal()
        self._process: subprocess.Popen[bytes] | None = None
        self._latest: bytearray | None = None
        self._first, self._over = threading.Event(), threading.Event()
        try:
            windows = area.startswith("window")
            descriptor, self._node, self._size = self._portal.screencast(windows=windows)
            try:
                self._process = child.started(
                    _reading(reader, descriptor, self._node, self._size),
                    errors=Path(os.devnull),
                    talk=True,
                    inherits=(descriptor,),
                )
            finally:
                os.close(descriptor)
            threading.Thread(target=self._read, name="stream", daemon=True).start()
            if not self._first.wait(FIRST_FRAME_SECONDS) or self._latest is None:
                raise Unavailable("portal_reader")
        except OSError as error:
            self.close()
            raise Unavailable("portal_reader") from error
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        whole = self._size[0] * self._size[1] * 4
        with suppress(OSError, ValueError):
            while len(frame := self._process.stdout.read(whole)) == whole:
                self._latest = bytearray(frame)
                self._first.set()
        self._over.set()
        self._first.set()

    def look(self) -> Picture:
        if self._over.is_set() or self._latest is None:
            raise Lost("gone")
        return Picture(*self._size, self._latest)

    def check(self) -> str:
        if self._over.is_set():
            raise Lost("gone")
        return ""

    def facts(self) -> Mapping[str, Any]:
        return {
            "area": {"width": self._size[0], "height": self._size[1]},
            "monitors": [],
            "pointer": "drawn by the desktop",
            "way": f"desktop portal, {READER} pipewiresrc, node {self._node}",
        }

    def close(self) -> None:
        if self._process is not None:
            child.ended(self._process)
        self._portal.close()


def _reading(reader: str, descriptor: int, node: int, size: tuple[int, int]) -> list[str]:
    """GStreamer's command for raw frames on its standard output."""
    form = f"video/x-raw,format=BGRx,width={size[0]},height={size[1]}"
    source = ["pipewiresrc", f"fd={descriptor}", f"path={node}"]
    return [
        reader, "-q", *source, "!", "videoconvert", "!", "videoscale", "!", form, "!",
        "fdsink", "fd=1", "sync=false",
    ]  # fmt: skip
