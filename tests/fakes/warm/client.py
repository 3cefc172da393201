"""Has a program begun with what was given to this process, and ends as it does.

The modules in C are enough: what stands around them takes longer than all the rest of this.
"""

from __future__ import annotations

import _signal
import _socket
import marshal
import os
import sys


def _umask() -> int:
    """Ours, which cannot be read without being set."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def main(at: str, line: list[str]) -> int:
    """The program's exit code; a signal that ended it ends this process as well."""
    wire = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    wire.connect(at)
    folder = os.getcwdb()  # noqa: PTH109  # pathlib takes too long
    asked = marshal.dumps((line, dict(os.environb), folder, _umask()))
    given = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, given)]
    wire.sendmsg([len(asked).to_bytes(4, "big")], rights)
    wire.sendall(asked)
    # Not before: a signal would be told in the middle of what is asked for.  Until here it ends
    # this process, and with it what was begun.
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
        _signal.signal(number, lambda heard, _: wire.sendall(bytes([heard])))
    code = int.from_bytes(wire.recv(4), "big", signed=True)
    if code < 0:
        _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
