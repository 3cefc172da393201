from __future__ import annotations

import pytest

from holdfast.core.errors import Cancelled
from holdfast.core.job import Job, Progress, Span
from holdfast.core.pace import Pace, rounded


def test_the_time_left_follows_from_the_pace_so_far() -> None:
    pace = Pace()
    assert pace.left(0.0, 0, 1000) is None
    assert pace.left(1.0, 100, 1000) is None, "too early to say"
    assert pace.left(4.0, 400, 1000) == pytest.approx(6.0)
    assert pace.left(10.0, 1000, 1000) is None


def test_nothing_is_said_where_nothing_is_known() -> None:
    pace = Pace()
    pace.left(0.0, 0, 1000)
    assert pace.left(5.0, 0, 1000) is None, "it stands still"
    assert pace.left(9.0, 500, 2000) is None, "the length is another one"
    assert pace.left(12.0, 400, 2000) is None, "it went back"
    assert pace.left(15.0, 800, 2000) == pytest.approx(9.0)
    assert pace.left(16.0, 900, None) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, ("seconds", 10)),
        (11, ("seconds", 20)),
        (54, ("seconds", 60)),
        (56, ("minutes", 1)),
        (200, ("minutes", 3)),
        (3400, ("hours", 1)),
        (9000, ("hours", 2)),
    ],
)
def test_it_is_said_as_people_say_it(seconds: float, said: tuple[str, int]) -> None:
    assert rounded(seconds) == said


def test_several_pieces_of_work_are_reported_as_one() -> None:
    told: list[Progress] = []
    job = Job(told.append)
    span = Span(job, 100)
    first = span.part()
    first.step("reading", 3, 9)
    first.step("checking", 20, 40, "a")
    first.step("checking_proofs", 1, 5)
    first.step("checking", 50, 40)
    second = span.part()
    second.step("checking", 30, 80, "b")
    second.step("checking", 5, None)
    assert [(one.stage, one.done, one.total) for one in told] == [
        ("reading", 0, 100),
        ("checking", 20, 100),
        ("checking_proofs", 20, 100),
        ("checking", 40, 100),
        ("checking", 70, 120),
        ("checking", 70, 120),
    ]
    job.cancel()
    with pytest.raises(Cancelled):
        second.step("checking")


def test_a_part_of_a_silent_job_is_silent_and_ends_with_it() -> None:
    job = Job()
    part = Span(job, 10).part()
    part.step("checking", 1, 2)
    job.cancel()
    with pytest.raises(Cancelled):
        part.step("checking")
