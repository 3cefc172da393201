"""A display of our own, a small film, and the means that every capture source is given."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.film import film
from holdfast.adapters.capture import Means


@pytest.fixture(scope="session")
def xvfb() -> Iterator[str]:
    """The name of a fresh 1280x800 display."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        # Without -noreset it turns away whoever comes just after its last client has gone.
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x800x24", "-noreset"],
        pass_fds=(theirs,),
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as told:
        number = told.readline().strip()
    yield f":{number}"
    process.terminate()
    process.wait()


@pytest.fixture
def display(xvfb: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """This process draws on, and takes pictures of, the fresh display."""
    monkeypatch.setenv("DISPLAY", xvfb)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    return xvfb


@pytest.fixture
def means() -> Means:
    return Means(clock=FakeClock())


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "room"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def bright(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of a moving picture with a tone."""
    return film(tmp_path_factory.mktemp("film") / "bright.mp4")


@pytest.fixture(scope="session")
def black(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of black without sound."""
    return film(tmp_path_factory.mktemp("film") / "black.mp4", black=True)


@pytest.fixture
def browser() -> None:
    """The test needs an installed browser."""
    from holdfast.adapters.launch import find
    from holdfast.core.errors import Unavailable

    try:
        find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
