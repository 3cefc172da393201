"""A password for a service of the person's own: in the system's keyring, else in a 0600 file.

It is handed to that service and to nobody else, and stands in no setting, log, record or pack.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from holdfast.adapters.disk import drop_drafts, put
from holdfast.adapters.store.keys import SERVICE, patiently


class Safe:
    """Small secrets of one data folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, secret: str) -> None:
        """It is kept, instead of what was kept under that name."""
        self.forget(name)
        if not patiently(lambda: _into_keyring(self._account(name), secret)):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            put(self._file(name), secret.encode())

    def get(self, name: str) -> str:
        """What is kept; empty when nothing is, or while the keyring does not answer."""
        with contextlib.suppress(OSError, UnicodeError):
            return self._file(name).read_text(encoding="utf-8")
        return patiently(lambda: _out_of_keyring(self._account(name))) or ""

    def forget(self, name: str) -> None:
        """Nothing is kept under that name any more."""
        self._file(name).unlink(missing_ok=True)
        drop_drafts(self._file(name))
        patiently(lambda: _from_keyring(self._account(name)))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.secret"

    def _account(self, name: str) -> str:
        """Two data folders of one person have two passwords."""
        return f"{name} {self._folder}"


def _into_keyring(account: str, secret: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, account, secret)
        return keyring.get_password(SERVICE, account) == secret
    except (KeyringError, RuntimeError, OSError):
        return False


def _out_of_keyring(account: str) -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, account) or ""
    except (KeyringError, RuntimeError, OSError):
        return ""


def _from_keyring(account: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    with contextlib.suppress(KeyringError, RuntimeError, OSError):
        keyring.delete_password(SERVICE, account)
