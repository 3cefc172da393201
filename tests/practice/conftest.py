from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.clock import FakeClock
from holdfast.practice.world import PracticeWorld


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    return FakeClock("2026-11-20T13:03:11+00:00")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, clock: FakeClock) -> Iterator[PracticeWorld]:
    with PracticeWorld.start(tmp_path_factory.mktemp("world"), clock) as opened:
        yield opened
        assert opened.faults() == ()
