"""What an X server tells about its windows, and keys that reach us from anywhere.

A connection of our own through libxcb, which answers errors instead of ending the process.  Only
functions of the core protocol are used; their layouts are those of ``xproto.h``.
"""

from __future__ import annotations

import ctypes
import os
import struct
from ctypes import POINTER, byref, c_char_p, c_int, c_uint, c_uint8, c_uint16, c_uint32, c_void_p
from dataclasses import dataclass
from typing import Any, Self

from holdfast.core.canonical import one_line
from holdfast.core.errors import Unavailable

MOST_WINDOWS = 200
_ANY = 0
_SHIFT, _LOCK, _CONTROL, _NUMLOCK = 1, 2, 4, 16
_KEY_PRESS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window as a person sees it: its title and its place in pixels of the whole desktop."""

    id: int
    title: str
    left: int
    top: int
    width: int
    height: int
    process: int = 0


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", c_uint),)


class Display:
    """An X display.  Raises Unavailable(``screen_none``) when it does not answer."""

    def __init__(self) -> None:
        try:
            self._xcb: Any = ctypes.CDLL("libxcb.so.1")
            self._libc: Any = ctypes.CDLL(None)
        except OSError as error:
            raise Unavailable("screen_none") from error
        self._declare()
        number = c_int(0)
        name = os.environ.get("DISPLAY", "").encode()
        self._connection = self._xcb.xcb_connect(name or None, byref(number))
        if self._xcb.xcb_connection_has_error(self._connection):
            self._xcb.xcb_disconnect(self._connection)
            raise Unavailable("screen_none")
        setup = self._xcb.xcb_get_setup(self._connection)
        header = ctypes.string_at(setup, 40)
        vendor, formats = struct.unpack_from("<H", header, 24)[0], header[29]
        self._least, self._most = header[34], header[35]
        # The first screen stands behind the vendor's name and the pixmap formats.
        at = 40 + (vendor + 3) // 4 * 4 + 8 * formats
        self.root = int(struct.unpack_from("<I", ctypes.string_at(setup + at, 4))[0])

    def _declare(self) -> None:
        xcb = self._xcb
        xcb.xcb_connect.restype = c_void_p
        xcb.xcb_connect.argtypes = [c_char_p, POINTER(c_int)]
        for name in ("xcb_disconnect", "xcb_connection_has_error", "xcb_flush"):
            getattr(xcb, name).argtypes = [c_void_p]
        xcb.xcb_get_file_descriptor.argtypes = [c_void_p]
        xcb.xcb_get_setup.restype = c_void_p
        xcb.xcb_get_setup.argtypes = [c_void_p]
        xcb.xcb_poll_for_event.restype = c_void_p
        xcb.xcb_poll_for_event.argtypes = [c_void_p]
        xcb.xcb_request_check.restype = c_void_p
        xcb.xcb_request_check.argtypes = [c_void_p, _Cookie]
        requests = {
            "xcb_intern_atom": [c_void_p, c_uint8, c_uint16, c_char_p],
            "xcb_get_property": [c_void_p, c_uint8, *[c_uint32] * 5],
            "xcb_get_geometry": [c_void_p, c_uint32],
            "xcb_translate_coordinates": [c_void_p, c_uint32, c_uint32, c_uint16, c_uint16],
            "xcb_get_window_attributes": [c_void_p, c_uint32],
            "xcb_get_keyboard_mapping": [c_void_p, c_uint8, c_uint8],
        }
        for name, kinds in requests.items():
            request, reply = getattr(xcb, name), getattr(xcb, f"{name}_reply")
            request.argtypes, request.restype = kinds, _Cookie
            reply.argtypes = [c_void_p, _Cookie, POINTER(c_void_p)]
            reply.restype = c_void_p
        xcb.xcb_grab_key_checked.restype = _Cookie
        xcb.xcb_grab_key_checked.argtypes = [
            c_void_p, c_uint8, c_uint32, c_uint16, c_uint8, c_uint8, c_uint8,
        ]  # fmt: skip
        self._libc.free.argtypes = [c_void_p]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The connection is given back; keys are free again."""
        if self._connection:
            self._xcb.xcb_disconnect(self._connection)
            self._connection = None

    def _ask(self, name: str, *arguments: object) -> bytes:
        """The reply to a request, or nothing when the server refuses or is gone."""
        if not self._connection:
            return b""
        cookie = getattr(self._xcb, name)(self._connection, *arguments)
        error = c_void_p()
        reply = getattr(self._xcb, f"{name}_reply")(self._connection, cookie, byref(error))
        if error:
            self._libc.free(error)
        if not reply:
            return b""
        length = struct.unpack_from("<I", ctypes.string_at(reply, 8), 4)[0]
        data = ctypes.string_at(reply, 32 + 4 * length)
        self._libc.free(reply)
        return data

    # --- windows ---------------------------------------------------------------------------------

    def _atom(self, name: str) -> int:
        reply = self._ask("xcb_intern_atom", 1, len(name), name.encode())
        return int(struct.unpack_from("<I", reply, 8)[0]) if reply else 0

    def _property(self, window: int, name: str, most: int = 1024) -> bytes:
        atom = self._atom(name)
        reply = self._ask("xcb_get_property", 0, window, atom, _ANY, 0, most) if atom else b""
        if not reply:
            return b""
        count = struct.unpack_from("<I", reply, 16)[0]
        return reply[32 : 32 + count * max(1, reply[1] // 8)]

    def place(self, window: int) -> tuple[int, int, int, int] | None:
        """Left, top, width and height on the desktop; None when it is gone or not shown."""
        shown = self._ask("xcb_get_window_attributes", window)
        if not shown or shown[26] != 2:  # viewable
            return None
        size = self._ask("xcb_get_geometry", window)
        at = self._ask("xcb_translate_coordinates", window, self.root, 0, 0)
        if not size or not at:
            return None
        width, height = struct.unpack_from("<HH", size, 16)
        left, top = struct.unpack_from("<hh", at, 12)
        return left, top, width, height

    def exists(self, window: int) -> bool:
        """Whether there is such a window at all."""
        return bool(self._ask("xcb_get_geometry", window))

    def windows(self) -> tuple[Window, ...]:
        """Every window that the window manager lists and that is shown, topmost first."""
        raw = self._property(self.root, "_NET_CLIENT_LIST_STACKING", MOST_WINDOWS)
        raw = raw or self._property(self.root, "_NET_CLIENT_LIST", MOST_WINDOWS)
        found = []
        for (window,) in struct.iter_unpack("<I", raw[: len(raw) // 4 * 4]):
            place = self.place(window)
            if place is None:
                continue
            name = self._property(window, "_NET_WM_NAME") or self._property(window, "WM_NAME")
            process = self._property(window, "_NET_WM_PID", 1)
            left, top, width, height = place
            found.append(
                Window(
                    id=window,
                    title=one_line(name.decode("utf-8", "replace"))[:200],
                    left=left,
                    top=top,
                    width=width,
                    height=height,
                    process=int.from_bytes(process[:4], "little"),
                )
            )
        return tuple(reversed(found))

    # --- keys ------------------------------------------------------------------------------------

    def grab(self, letters: str) -> bool:
        """Ctrl+Shift and each of ``letters`` reach us wherever the focus is; all or none."""
        found = [self._keycode(letter) for letter in letters]
        self._keys = dict(zip(found, letters, strict=True))
        for code in found:
            # Caps Lock and Num Lock are modifiers too.
            for more in (0, _LOCK, _NUMLOCK, _LOCK | _NUMLOCK):
                modifiers = _CONTROL | _SHIFT | more
                cookie = self._xcb.xcb_grab_key_checked(
                    self._connection, 1, self.root, modifiers, code, 1, 1
                )
                error = self._xcb.xcb_request_check(self._connection, cookie)
                if error or not code:
                    self._libc.free(error)
                    return False
        return True

    def _keycode(self, letter: str) -> int:
        count = self._most - self._least + 1
        reply = self._ask("xcb_get_keyboard_mapping", self._least, count)
        if not reply:
            return 0
        each = reply[1]
        signs = struct.unpack_from(f"<{count * each}I", reply, 32)
        wanted = {ord(letter.lower()), ord(letter.upper())}
        for place, sign in enumerate(signs):
            if sign in wanted:
                return self._least + place // each
        return 0

    def fileno(self) -> int:
        """What becomes readable when a key was pressed."""
        return int(self._xcb.xcb_get_file_descriptor(self._connection))

    def pressed(self) -> tuple[str, ...]:
        """The letters that were pressed since the last look."""
        found = []
        while self._connection and (event := self._xcb.xcb_poll_for_event(self._connection)):
            data = ctypes.string_at(event, 32)
            self._libc.free(event)
            if data[0] & 0x7F == _KEY_PRESS and data[1] in self._keys:
                found.append(self._keys[data[1]])
        return tuple(found)

    @property
    def lost(self) -> bool:
        """Whether the server is gone."""
        return not self._connection or bool(self._xcb.xcb_connection_has_error(self._connection))
