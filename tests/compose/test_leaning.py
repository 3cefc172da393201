"""What leans on the checkpoints follows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.adapters.witness import checkpoints
from holdfast.compose import open_holdfast


def test_an_open_window_notices_headers_that_were_fetched_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdfast = open_holdfast(tmp_path)
    try:
        stampers, checkers = holdfast._stampers, holdfast._checkers
        assert holdfast._stampers is stampers
        assert holdfast._checkers is checkers
        newer = type(checkpoints()).parse(
            (
                Path(__file__).parents[2] / "resources/authorities/bitcoin-checkpoints.json"
            ).read_bytes()
        )
        monkeypatch.setattr(holdfast._shelf, "table", lambda: newer)
        assert holdfast._stampers is not stampers
        assert holdfast._checkers is not checkers
        # When an authority was asked last is not forgotten with it.
        assert holdfast._stampers[1] is stampers[1]
    finally:
        holdfast.close()
