"""A data folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.inside import Line


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(tmp_path / "data", capsys)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
