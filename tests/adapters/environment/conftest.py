"""A computer of the test's own: its files, its variables, nobody asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.environment.place import Place

Make = Callable[..., Place]


@pytest.fixture
def place(tmp_path: Path) -> Make:
    def make(**changes: object) -> Place:
        kept: dict[str, object] = {
            "clock": SystemClock(),
            "data": tmp_path,
            "root": tmp_path / "root",
            "home": tmp_path / "home" / "xiaolin",
            "account": "xiaolin",
            "variables": {},
            "system": "linux",
            "hear": lambda _command, _seconds: "",
            "registry": lambda _key: {},
            "registry_keys": lambda _key: (),
        }
        return Place(**(kept | changes))  # type: ignore[arg-type] # each is a field of Place

    return make


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write(name: str, content: str | bytes) -> Path:
        at = tmp_path / "root" / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content.encode() if isinstance(content, str) else content)
        return at

    return write
