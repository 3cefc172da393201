"""Begins programs by forking; beside each stays a process that passes signals on, and that ends it
when whoever asked for it is gone.
"""

from __future__ import annotations

import gc
import locale
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

NEEDED = {
    "holdfast": (
        *(f"holdfast.{name}" for name in (
            "cli", "compose", "adapters.store.store", "adapters.store.vault",
            "adapters.capture.page", "adapters.catalog", "adapters.judgement", "adapters.marks",
            "adapters.timestamp.opentimestamps", "adapters.timestamp.rfc3161",
            "adapters.environment.watch", "adapters.pack.packs", "adapters.pack.verifier",
            "usecases.custody", "usecases.targets", "usecases.verify",
        )),
        "asn1crypto.cms", "cattrs", "coverage", "cryptography.x509", "filelock", "platformdirs",
        "psutil", "pyhanko_certvalidator", "rfc3161_client", "sqlite_utils",
    ),
    "holdfast.adapters.media": ("av", "c2pa"),
    "holdfast.adapters.downloader": ("av", "yt_dlp"),
}  # fmt: skip
"""What a program imports sooner or later; not keyring, which looks at its variables meanwhile.

The catalogues, which every command reads, are read as well.
"""


class Asked(NamedTuple):
    """A program as its client wants it."""

    line: list[str]
    env: dict[bytes, bytes]
    folder: bytes
    umask: int

    @property
    def safe(self) -> bool:
        """Nothing is imported from the folder it is in."""
        return self.line[0] == "-P"

    @property
    def module(self) -> str:
        return self.line[self.line.index("-m") + 1]

    @property
    def words(self) -> list[str]:
        return self.line[self.line.index("-m") + 2 :]


def main(at: str, told: int) -> None:
    """Programs are begun until our input ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(at)
    listener.listen(64)
    with os.fdopen(told, "w") as stream:
        stream.write("ready\n")
    while True:
        if sys.stdin in select.select([listener, sys.stdin], [], [])[0]:
            _gone()
            return
        wire, _ = listener.accept()
        head, given, _, _ = socket.recv_fds(wire, 4, 3)
        if asked := _received(wire, int.from_bytes(head, "big")):
            _loaded(asked.module)
            if os.fork() == 0:
                listener.close()
                _beside(wire, given, at, asked)
                return
        for one in given:
            os.close(one)
        wire.close()
        _gone()


def _gone() -> None:
    """Whoever ended is waited for, and what it took is added to what we took."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _received(wire: socket.socket, size: int) -> Asked | None:
    """None when the client was ended before it had said everything."""
    read = b""
    while len(read) < size:
        more = wire.recv(size - len(read))
        if not more:
            return None
        read += more
    return Asked(*marshal.loads(read)) if read else None


@cache
def _loaded(module: str) -> None:
    for name in NEEDED[module]:
        import_module(name)
    if module == "holdfast":
        for lang in ("zh", "en"):
            import_module("holdfast.adapters.resources").words(lang)
    if module == "holdfast.adapters.downloader":
        for one in import_module("yt_dlp.extractor").gen_extractor_classes():
            for known in (one, getattr(one, "real_class", one)):
                known.suitable("https://127.0.0.1/")
    gc.freeze()
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "a process with threads cannot be forked"


def _beside(wire: socket.socket, given: list[int], at: str, asked: Asked) -> None:
    """The program runs in a process of its own until it ends, or the one that asked is gone."""
    program = os.fork()
    if program == 0:
        wire.close()
        _become(given, at, asked)
        return
    for one in given:
        os.close(one)
    ended = os.pidfd_open(program)
    while ended not in select.select([wire, ended], [], [])[0]:
        heard = wire.recv(1)
        if not heard:
            _killed(program)
            os._exit(0)
        with suppress(ProcessLookupError):
            os.kill(program, heard[0])
    code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    with suppress(OSError):
        wire.sendall(code.to_bytes(4, "big", signed=True))
    os._exit(0)


def _killed(program: int) -> None:
    """It ends with everything it began, also before it stands in a group of its own."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            kill(program, signal.SIGKILL)


def _become(given: list[int], at: str, asked: Asked) -> None:
    """This process is the program: what an interpreter takes from outside is taken once more."""
    os.setsid()
    for number, one in enumerate(given):
        os.dup2(one, number)
        os.close(one)
    os.chdir(asked.folder)
    os.umask(asked.umask)
    os.environ.clear()
    os.environb.update(asked.env)
    time.tzset()
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    _streams()
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if not asked.safe:
        sys.path.insert(0, str(Path.cwd()))
    sys.argv = ["-m", *asked.words]
    if asked.module == "holdfast":
        _begin_here_too(at)
        # The others are ended before they could write down what was measured.
        import_module("coverage").process_startup()
    sys.modules.pop(asked.module, None)  # it is run now, and not only imported
    runpy.run_module(asked.module, run_name="__main__", alter_sys=True)


def _streams() -> None:
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _begin_here_too(at: str) -> None:
    """The programs that a command starts begin here as well."""
    from holdfast.adapters import marks, ytdlp

    client = [sys.executable, "-I", "-S", str(Path(__file__).with_name("client.py")), at]
    for place, name in ((ytdlp, "_command"), (marks, "command")):
        line = [*client, *getattr(place, name)()[1:]]
        setattr(place, name, lambda line=line: line)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
