"""Whether the session is locked, where the system tells: a locked screen shows nobody anything."""

from __future__ import annotations

import os
import sys
from typing import Any

CALL_SECONDS = 2
_DESKTOP_SWITCHDESKTOP = 0x0100


class Locking:
    """Asks ``org.freedesktop.ScreenSaver`` (Linux) or for the input desktop (Windows)."""

    def __init__(self) -> None:
        self._bus: Any = None
        if sys.platform.startswith("linux") and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            from jeepney.io.blocking import (  # type: ignore[import-untyped]  # it brings no types
                open_dbus_connection,
            )

            try:
                self._bus = open_dbus_connection("SESSION")
            except (OSError, KeyError, ValueError):
                self._bus = None

    def locked(self) -> bool | None:
        """None where nobody tells."""
        if sys.platform == "win32":
            import ctypes

            user = ctypes.windll.user32
            desktop = user.OpenInputDesktop(0, False, _DESKTOP_SWITCHDESKTOP)
            if desktop:
                user.CloseDesktop(desktop)
            return not desktop
        return None if self._bus is None else self._asked()

    def _asked(self) -> bool | None:
        from jeepney import (  # type: ignore[import-untyped]  # it brings no types
            DBusAddress,
            MessageType,
            new_method_call,
        )

        name = "org.freedesktop.ScreenSaver"
        to = DBusAddress("/org/freedesktop/ScreenSaver", bus_name=name, interface=name)
        try:
            reply = self._bus.send_and_get_reply(
                new_method_call(to, "GetActive"), timeout=CALL_SECONDS
            )
        except (OSError, EOFError):
            self.close()
            return None
        if reply.header.message_type is not MessageType.method_return:
            return None
        return bool(reply.body and reply.body[0] is True)

    def close(self) -> None:
        """Nothing is asked any more."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None
