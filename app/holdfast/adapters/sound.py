"""What this computer plays, heard where the system lets programs hear it.

Linux: the monitor of the default output (PulseAudio, PipeWire).  Windows: WASAPI loopback.  macOS
has neither; there a virtual device that the person installed is used when there is one.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.core.canonical import one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE, CHANNELS = 48_000, 2
BLOCK = 960
"""Samples at a time: 20 ms."""
WARM_UP = 8.0
"""Seconds within which the first block must have come; the first time takes long."""
DEAF = 3.0
"""Seconds without a block after which the device counts as lost."""
_VIRTUAL = ("blackhole", "loopback", "soundflower")
# SoundCard reports trouble by whatever its system's library raised.
_TROUBLE = (RuntimeError, OSError, ImportError, IndexError, TypeError, ValueError, AssertionError)


@dataclass(frozen=True, slots=True)
class Block:
    """Some samples, and when the last of them was heard."""

    samples: NDArray[np.float32]
    """Rows of CHANNELS values from -1 to 1."""
    at_ns: int
    """On the monotonic clock."""


class Ear:
    """Hears in a thread of its own until it is told to stop, or until the device is lost."""

    def __init__(self, hear: Callable[[Block], None], lost: Callable[[str], None]) -> None:
        self._hear, self._lost = hear, lost
        self._first, self._end = threading.Event(), threading.Event()
        self._last = time.monotonic()
        self.device = ""
        self.trouble = ""
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)

    def open(self) -> bool:
        """Whether something can be heard, waited for; the reason otherwise is in ``trouble``."""
        self._thread.start()
        self._first.wait(WARM_UP)
        if not self._first.is_set():
            self.trouble = self.trouble or "no answer"
            self._end.set()
        return not self.trouble

    def check(self) -> None:
        """Tells ``lost`` when nothing has come for too long."""
        if not self._end.is_set() and time.monotonic() - self._last > DEAF:
            self._gone("no answer")

    def close(self) -> None:
        """Nothing is heard any more."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _gone(self, reason: str) -> None:
        told, self.trouble = bool(self.trouble), self.trouble or reason
        self._end.set()
        if self._first.is_set() and not told:
            self._lost(self.trouble)
        self._first.set()

    def _listen(self) -> None:
        try:
            device = _loopback()
            if device is None:
                self._gone("no device")
                return
            self.device = one_line(str(device.name))[:200]
            with device.recorder(samplerate=RATE, channels=CHANNELS, blocksize=BLOCK) as recorder:
                while not self._end.is_set():
                    samples = recorder.record(BLOCK)
                    self._last = time.monotonic()
                    self._first.set()
                    self._hear(Block(samples, time.monotonic_ns()))
        except _TROUBLE as error:
            # Where no sound server answers, SoundCard fails an assertion that says nothing.
            said = f"{type(error).__name__}: {error}" if str(error) else "no sound service answers"
            self._gone(one_line(said)[:200])


def _loopback() -> Any:
    """The device that hears the default output; None when the system has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import soundcard  # type: ignore[import-untyped]  # it brings no types

        found = soundcard.all_microphones(include_loopback=True)
        if sys.platform == "darwin":
            return next((one for one in found if one.name.lower().startswith(_VIRTUAL)), None)
        try:
            speaker = soundcard.default_speaker()
        except IndexError:
            return None  # there is a server, and nothing that it could play on
        loops = [one for one in found if one.isloopback]
        mine = [one for one in loops if str(one.id).removesuffix(".monitor") == str(speaker.id)]
        return (mine or [None])[0]
