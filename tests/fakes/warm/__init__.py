"""Our programs, begun at once: one that has imported everything already forks for each.

Starting an interpreter and importing is most of what a short command costs, and yt-dlp compiles
eighteen hundred patterns before it looks at a page that it does not know.  A program that begins
here is a process of its own all the same, with its own input and output, variables, folder and
group; killed, stopped or left alone it ends as if it had been started.  Only its imports were made
before.  Tests about starting itself, and about signals and process ids, start an interpreter.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
MODULES = frozenset({"holdfast", "holdfast.adapters.downloader", "holdfast.adapters.media"})
"""What the server knows how to begin."""


def begun(line: list[str]) -> list[str]:
    """The command line that begins the same program at once; ``line`` itself where none does."""
    if line[0] != sys.executable or not MODULES.intersection(line[1:4]):
        return line
    return [*_client(), *line[1:]]


@cache
def _client() -> list[str]:
    """What stands in the place of ``sys.executable``."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return [sys.executable]
    # Nobody else may ask, and the name of a socket is short.
    room = tempfile.mkdtemp(prefix="warm-", dir="/tmp")
    at = f"{room}/begin"
    ready, told = os.pipe()
    # NumPy's threads would be lost in a fork, and plugins of yt-dlp's are nobody's here.
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "YTDLP_NO_PLUGINS": "1"}
    for name in [name for name in env if name.startswith("COVERAGE_PROCE")]:
        del env[name]
    server = subprocess.Popen(
        [sys.executable, "-P", str(HERE / "server.py"), at, str(told)],
        pass_fds=[told], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env,
    )  # fmt: skip
    os.close(told)
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    atexit.register(server.communicate)  # its input ends, and so does it
    with os.fdopen(ready) as stream:
        assert stream.readline() == "ready\n"
    return [sys.executable, "-I", "-S", str(HERE / "client.py"), at]
