"""What every test stands on: no keyring, no screen, and no deadline that a busy machine misses."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")
