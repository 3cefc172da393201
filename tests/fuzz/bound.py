"""What the project promises of any input under 1 MiB: an answer within a second and 256 MiB."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 1.0
"""Of this process's own time, so that a busy machine does not count."""
OCTETS = 256 << 20


class TooSlow(BaseException):
    """The second is over.  No parser catches it by catching everything."""


def _over(*_: object) -> None:
    raise TooSlow


@contextmanager
def bounded(seconds: float = SECONDS, octets: int = OCTETS) -> Iterator[None]:
    """Raises TooSlow after ``seconds`` of work, MemoryError beyond ``octets`` over what is held."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGVTALRM, _over)
    resource.setrlimit(resource.RLIMIT_AS, (held() + octets, hard))
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        signal.signal(signal.SIGVTALRM, before)


def held() -> int:
    """Octets of address space that this process has."""
    with Path("/proc/self/statm").open("rb", buffering=0) as file:
        return int(file.read().split(b" ")[0]) * resource.getpagesize()
