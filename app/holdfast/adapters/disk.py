"""What is said where the disk has no room for what is being captured."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.core.errors import Refused

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def room_for(name: str) -> Iterator[None]:
    """Within this a disk that is full is nobody's bug.  Raises Refused(``disk_full``)."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Refused("disk_full", name=name) from error
        raise
