from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fakes.processes import lingering
from holdfast.adapters import child


def test_a_polite_child_goes_when_asked(tmp_path: Path) -> None:
    script = "import sys; print('up', flush=True); sys.stdin.read()"
    process = child.started(
        [sys.executable, "-c", script], errors=tmp_path / "err", talk=True, folder=tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    child.ended(process)
    assert process.returncode in {-15, 0}
    assert process.stdout.closed


def test_a_stubborn_child_is_stopped_with_what_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "trap '' TERM; echo trouble >&2; sh -c \"trap '' TERM; echo up; sleep 60\""
    process = child.started(
        ["sh", "-c", script], errors=tmp_path / "err", talk=True, folder=tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    monkeypatch.setattr(child, "GRACE", 0.1)
    child.ended(process)
    assert process.returncode == -9
    assert lingering(str(tmp_path)) == {}
    assert (tmp_path / "err").read_text() == "trouble\n"


def test_a_child_that_is_gone_already_is_no_trouble(tmp_path: Path) -> None:
    process = child.started(["true"], errors=tmp_path / "err")
    process.wait()
    child.ended(process)
    assert process.returncode == 0
