"""What every test stands on: no keyring, no screen, and no deadline that a busy machine misses."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from holdfast.adapters.environment import sources

os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the internet what time it is, or where a name leads."""
    monkeypatch.setattr(sources, "shipped", sources.Sources)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long bytes are named by their place: made anew, they would give each worker other tests."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None
