"""The ways of obtaining evidence; a module here with ``PIECE`` is one of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from holdfast.adapters.ytdlp import Downloader
from holdfast.ports import CaptureSource, Clock

if TYPE_CHECKING:
    from holdfast.adapters.launch import Launched
    from holdfast.adapters.profile import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every capture source is given to work with."""

    clock: Clock
    loopback: frozenset[str] = frozenset()
    """``host:port`` pairs on this computer that are open besides what the person types."""
    browser: str = ""
    """Path of the browser, from the settings; empty finds one."""
    profile: Lease | None = None
    """The profile in which pages are opened; None opens each in a fresh one."""
    spare: Callable[[Path], Launched | None] = lambda _: None
    """A browser in a fresh profile that came up in advance, where there is one."""
    adb: str = ""
    """Path of adb, from the settings; empty finds one."""
    downloader: Downloader = field(default_factory=Downloader)
    """For what yt-dlp can fetch."""


class Piece(Protocol):
    """What a module's ``PIECE`` is: a capture source, made from its means."""

    def __call__(self, means: Means, /) -> CaptureSource: ...


def pieces(means: Means) -> dict[str, CaptureSource]:
    """Every capture source by its id.  Raises RuntimeError when there is none, or one twice."""
    return gathered(
        (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)),
        means,
    )


def gathered(modules: Iterable[ModuleType], means: Means) -> dict[str, CaptureSource]:
    """The sources that ``modules`` offer, by id.  Raises RuntimeError as ``pieces``."""
    sources: dict[str, CaptureSource] = {}
    for module in modules:
        piece: Piece = module.PIECE
        source = piece(means)
        if source.id in sources:
            raise RuntimeError(f"two capture sources call themselves {source.id}")
        sources[source.id] = source
    if not sources:
        raise RuntimeError("this build contains no capture source")
    return sources
