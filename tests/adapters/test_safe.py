"""A password lies in the keyring, else in a file that only its owner may read."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from holdfast.adapters.store.safe import Safe


class Ring(KeyringBackend):
    priority = 1  # type: ignore[assignment]  # a plain number does

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


def test_the_keyring_is_used_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = Ring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    monkeypatch.setattr(keyring, "get_password", ring.get_password)
    monkeypatch.setattr(keyring, "set_password", ring.set_password)
    monkeypatch.setattr(keyring, "delete_password", ring.delete_password)
    safe, other = Safe(tmp_path / "a"), Safe(tmp_path / "b")
    safe.put("node", "name:secret")
    assert (safe.get("node"), other.get("node")) == ("name:secret", "")
    assert not (tmp_path / "a").exists()
    safe.forget("node")
    safe.forget("node")
    assert safe.get("node") == ""
    assert ring.kept == {}


def test_a_file_of_its_own_where_there_is_none(tmp_path: Path) -> None:
    safe = Safe(tmp_path / "keys")
    assert safe.get("node") == ""
    safe.put("node", "name:秘密")
    file = tmp_path / "keys" / "node.secret"
    assert (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == ("name:秘密", 0o600)
    assert safe.get("node") == "name:秘密"
    (file.parent / ".node.secret-abcdefgh").write_text("name:秘密")  # put there and killed
    safe.forget("node")
    assert [*file.parent.iterdir()] == []
