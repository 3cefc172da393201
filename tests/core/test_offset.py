"""How far a clock is off: most sources decide, a liar moves nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.offset import Agreement, Sample, agreed


def sample(offset: float, unsure: float = 20, source: str = "") -> Sample:
    return Sample(source=source or f"{offset}", offset_ms=offset, uncertainty_ms=unsure)


def test_nobody_says_nothing() -> None:
    assert agreed([]) is None


def test_three_that_agree_are_fine() -> None:
    found = agreed([sample(170), sample(180), sample(190)])
    assert found == Agreement(offset_ms=180, uncertainty_ms=10, agreeing=("170", "180", "190"))
    assert found.outcome == "pass"


def test_one_that_lies_moves_nothing() -> None:
    found = agreed([sample(-600_000, source="liar"), sample(5), sample(10), sample(15)])
    assert found is not None
    assert abs(found.offset_ms - 10) < 20
    assert "liar" not in found.agreeing
    assert found.outcome == "pass"


def test_a_coarse_source_agrees_with_a_fine_one() -> None:
    found = agreed([sample(300, 600, "date"), sample(5), sample(10)])
    assert found is not None
    assert found.agreeing == ("date", "5", "10")
    assert found.offset_ms == 8


def test_too_few_are_to_be_explained() -> None:
    found = agreed([sample(5), sample(10)])
    assert found is not None
    assert found.outcome == "warn"


def test_seconds_are_to_be_explained_and_minutes_are_wrong() -> None:
    for offset, outcome in (
        (1_500, "warn"),
        (-1_500, "warn"),
        (90_000, "fail"),
        (-300_000, "fail"),
    ):
        found = agreed([sample(offset - 1), sample(offset), sample(offset + 1)])
        assert found is not None
        assert found.outcome == outcome


def test_a_doubt_as_large_as_the_offset_is_no_offset() -> None:
    found = agreed([sample(1_100, 500, f"{n}") for n in range(3)])
    assert found is not None
    assert found.outcome == "pass"


bounds = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(st.tuples(bounds, st.floats(0, 1e6)), min_size=1, max_size=9))
def test_the_answer_lies_within_what_agrees(given_: list[tuple[float, float]]) -> None:
    samples = [sample(at, unsure, f"{n}") for n, (at, unsure) in enumerate(given_)]
    found = agreed(samples)
    assert found is not None
    assert found.agreeing
    for one in samples:
        if one.source in found.agreeing:
            assert abs(one.offset_ms - found.offset_ms) <= one.uncertainty_ms + 1


@given(st.lists(bounds, min_size=5, max_size=9), bounds)
def test_two_liars_of_seven_move_nothing(spread: list[float], lie: float) -> None:
    honest = [sample(at / 1e9, 50, f"{n}") for n, at in enumerate(spread)]
    liars = [sample(lie, 1, "l1"), sample(-lie, 1, "l2")]
    found = agreed([*honest, *liars])
    assert found is not None
    assert abs(found.offset_ms) <= 51
