"""A keyring in a file, for processes of their own; locked where the environment says so."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Ring(KeyringBackend):
    """Named by ``PYTHON_KEYRING_BACKEND``; its file by ``RING``, its lock by ``RING_LOCKED``."""

    priority = 1  # type: ignore[assignment] # the base class says property

    @property
    def _file(self) -> Path:
        if os.environ.get("RING_LOCKED"):
            raise KeyringLocked
        return Path(os.environ["RING"])

    def _kept(self) -> dict[str, str]:
        file = self._file
        return json.loads(file.read_text()) if file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps(self._kept() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._kept()
        kept.pop(f"{service} {username}", None)
        self._file.write_text(json.dumps(kept))
