"""Digests of many files, several at once: hashing frees Python's lock, so every core can help.

Whatever a person is told, and their wish to stop, passes through the thread that asked.  Only the
standard library is used, because this travels in ``verify.pyz``.
"""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import IO, Final, Protocol, TypeAlias

from holdfast.core.bag import SMALL_FILE, Unreadable

BLOCK: Final = 4 << 20
MOST_AT_ONCE: Final = 4
_HASTE_S: Final = 0.0005
"""How long a thread that has hashed a block waits for Python's lock; by default it is 5 ms, which
is longer than it takes to hash one.
"""
_USUAL_S: Final = sys.getswitchinterval()
_LOOK_S: Final = 0.2
"""How long a wait may last before Ctrl-C is looked for; on Windows it ends no wait."""

Digests: TypeAlias = Mapping[str, bytes]


class Hasher(Protocol):
    """What hashlib's hashes and their stand-ins have in common."""

    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class Checksum(Protocol):
    """A CRC-32 that goes on from another, as zlib's does."""

    def __call__(self, data: memoryview, value: int, /) -> int: ...


def read_through(
    file: IO[bytes],
    algorithms: Sequence[str],
    tick: Callable[[int], None],
    hasher: Callable[[str], Hasher],
    *,
    size: int,
    most: int | None = None,
    beside: Callable[[memoryview], None] | None = None,
) -> Digests:
    """Digests of what ``file`` has still to give, ``most`` bytes of it, read into one buffer.

    ``size`` is how much that is likely to be.  ``beside`` is shown each block as well.  An
    algorithm that cannot be had here is left out.
    """
    hashes: dict[str, Hasher] = {}
    for name in algorithms:
        try:
            hashes[name] = hasher(name)
        except ValueError:
            continue
    whole = memoryview(bytearray(max(1, min(BLOCK, size + 1))))
    left = most
    while left is None or left > 0:
        view = whole if left is None else whole[:left]
        got = file.readinto(view)  # type: ignore[attr-defined]  # every file and ZIP member has it
        if not got:
            break
        block = view[:got]
        for one in hashes.values():
            one.update(block)
        if beside is not None:
            beside(block)
        left = None if left is None else left - got
        tick(got)
    return {name: bytes.fromhex(one.hexdigest()) for name, one in hashes.items()}


_Event: TypeAlias = tuple[str, int | Digests | Unreadable | None]


MOST_KEPT: Final = 64 << 20


class Small:
    """Small files that were read to be hashed, and are soon read again for what they say."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._left = MOST_KEPT

    def keep(self, name: str, data: bytes) -> None:
        """It is at hand, unless too much is already."""
        if len(data) <= min(SMALL_FILE, self._left):
            self._left -= len(data)
            self._kept[name] = data

    def get(self, name: str) -> bytes | None:
        """Its bytes, where they are at hand."""
        return self._kept.get(name)


def digests_of(
    data: bytes,
    algorithms: Sequence[str],
    tick: Callable[[int], None],
    hasher: Callable[[str], Hasher],
) -> Digests:
    """Digests of bytes in memory."""
    found: dict[str, bytes] = {}
    for name in algorithms:
        try:
            one = hasher(name)
        except ValueError:
            continue
        one.update(memoryview(data))
        found[name] = bytes.fromhex(one.hexdigest())
    if data:
        tick(len(data))
    return found


class _Stopped(Exception):
    """Nobody waits any more."""


Had: TypeAlias = Generator[tuple[str, Digests | Unreadable], None, None]


def several_at_once(
    names: Sequence[str],
    digests: Callable[[str, Callable[[int], None]], Digests],
    tick: Callable[[str, int], None],
) -> Had:
    """What ``digests`` gives for each name, as it comes; several threads begin with it at once.

    ``tick`` is told each block in the thread that takes the results.  Closing it, and whatever
    ``tick`` raises, ends everything at the next block.
    """
    begun = _begun(names, digests, tick)
    next(begun)
    return begun


def _begun(
    names: Sequence[str],
    digests: Callable[[str, Callable[[int], None]], Digests],
    tick: Callable[[str, int], None],
) -> Had:
    events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
    waiting, stop = iter(names), Event()

    def work() -> None:
        try:
            # Taking the next one is a single step under Python's lock.
            for name in waiting:
                events.put((name, _tried(name, digests, events, stop)))
        except _Stopped:
            pass
        finally:
            events.put(("", None))

    # One more than there are cores: now and then one waits for Python's lock.
    workers = max(1, min(MOST_AT_ONCE, (os.cpu_count() or 1) + 1, len(names)))
    sys.setswitchinterval(_HASTE_S)
    with ThreadPoolExecutor(workers, thread_name_prefix="holdfast-hash") as threads:
        at_work = [threads.submit(work) for _ in range(workers)]
        try:
            yield "", {}
            while workers:
                try:
                    name, what = events.get(timeout=_LOOK_S)
                except queue.Empty:
                    continue
                if what is None:
                    workers -= 1
                elif isinstance(what, int):
                    tick(name, what)
                else:
                    yield name, what
        finally:
            stop.set()
            sys.setswitchinterval(_USUAL_S)
    for one in at_work:
        # A mistake of ours in a thread is one here.
        one.result()


def _tried(
    name: str,
    digests: Callable[[str, Callable[[int], None]], Digests],
    events: queue.SimpleQueue[_Event],
    stop: Event,
) -> Digests | Unreadable:
    def told(count: int) -> None:
        if stop.is_set():
            raise _Stopped
        events.put((name, count))

    if stop.is_set():
        raise _Stopped
    try:
        return digests(name, told)
    except Unreadable as error:
        return error
