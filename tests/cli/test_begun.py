"""Programs that begin at once are programs like any other: see ``fakes.warm``."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fakes.warm import HERE, MODULES, begun, server

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
READER = [sys.executable, "-P", "-m", "holdfast.adapters.media"]


def test_only_programs_of_ours_do() -> None:
    assert len(MODULES) == 3
    for line in (["/bin/true", "-m", "holdfast"], [sys.executable, "-m", "pip"]):
        assert begun(line) == line


def test_folder_variables_and_input_are_those_of_whoever_began_it(tmp_path: Path) -> None:
    line = begun([sys.executable, "-m", "holdfast", "case", "new", "x"])
    shared = {"cwd": tmp_path, "env": {"XDG_DATA_HOME": str(tmp_path / "home")}}
    assert subprocess.run([*line, "--data", "data"], **shared).returncode == 0  # type: ignore[call-overload]  # by name
    assert subprocess.run(line, **shared).returncode == 0  # type: ignore[call-overload]  # by name
    assert len(list(tmp_path.glob("data/holdfast.db"))) == 1
    assert len(list(tmp_path.glob("home/*/holdfast.db"))) == 1
    order = subprocess.run(begun(READER), input=b'{"do": "none"}\n', capture_output=True)
    assert order.stdout == b'{"event": "done"}\n'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_whoever_began_it(number: signal.Signals) -> None:
    with subprocess.Popen(begun(READER), **PIPES) as process:  # type: ignore[call-overload]  # by name
        process.stdin.write(b'{"do": "wait"}\n')
        process.stdin.flush()
        process.send_signal(number)
        assert process.stdout.read() == b"", "closed by the program, too"
        assert process.wait() == -number


def test_a_signal_is_not_told_in_the_middle_of_what_is_asked_for() -> None:
    """Whoever begins programs read it as part of that, and began none any more."""
    large = {f"X{number}": "x" * 100_000 for number in range(5)}  # more than a socket holds
    with tempfile.TemporaryDirectory(dir="/tmp") as room, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{room}/door")
        door.listen()
        line = [sys.executable, "-I", "-S", str(HERE / "client.py"), f"{room}/door", "-m", "x"]
        with subprocess.Popen(line, env=large) as process:
            wire, _ = door.accept()
            with wire:
                assert len(wire.recv(4)) == 4
                process.send_signal(signal.SIGTERM)
                try:
                    assert process.wait(60) == -signal.SIGTERM
                finally:
                    process.kill()


def test_whoever_has_no_group_of_its_own_yet_is_ended_too() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        server._killed(process.pid)
        assert process.wait(30) == -signal.SIGKILL
