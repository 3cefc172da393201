"""A whole run: all readings at once, an end to each; and who shares it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import wait

import pytest

from holdfast.adapters.environment import LIMIT_S, READINGS, Look, watch
from holdfast.adapters.environment.place import Place, reading
from holdfast.adapters.environment.watch import Sitting
from holdfast.core.environment import ITEMS, SHORT
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.not_before import NotBefore

Make = Callable[..., Place]
GONE = NotBefore(reason="offline")


def test_everything_is_read_in_the_order_in_which_it_is_told(place: Make) -> None:
    run = Look(place()).run()
    assert [one.item for one in run.readings] == list(ITEMS) == list(READINGS)
    assert run.started <= run.finished
    assert run.clock is None


def test_a_reading_that_never_ends_costs_only_itself(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setitem(READINGS, "proxy", lambda _p, _s: held.wait(60))
    monkeypatch.setattr("holdfast.adapters.environment.LIMIT_S", 0.3)
    try:
        look = Look(place(), ("hosts", "proxy"))
        wait([look._futures["hosts"]], 60)  # a busy computer takes longer for this one, too
        run = look.run()
    finally:
        held.set()
    hosts, proxy = run.readings
    assert hosts.outcome == "pass"
    assert (proxy.outcome, proxy.value("reason")) == ("not_checked", "too_slow")
    assert LIMIT_S == 3.0


def test_a_reading_that_fails_is_not_checked_and_says_how(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READINGS, "disk", lambda _p, _s: 1 / 0)
    (disk,) = Look(place(), ("disk",)).run().readings
    assert (disk.value("reason"), disk.value("error")) == ("failed", "ZeroDivisionError")


def test_a_wish_to_cancel_ends_the_waiting(place: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setitem(READINGS, "disk", lambda _p, _s: held.wait(60))
    job = Job()
    job.cancel()
    look = Look(place(), ("disk",))
    try:
        assert look.run(job).readings[0].value("reason") == "cancelled"
    finally:
        held.set()
    # What was told once stays as it was told.
    assert look.run().readings[0].value("reason") == "cancelled"


def test_the_clock_that_was_measured_goes_along(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place()
    told = reading(
        "clock",
        "pass",
        here.fact("offset_ms", -12),
        here.fact("uncertainty_ms", 3),
        here.fact("reference", "a, b, c"),
    )
    monkeypatch.setitem(READINGS, "clock", lambda _p, _s: told)
    clock = Look(here, ("clock",)).run().clock
    assert clock is not None
    assert (clock.offset_ms, clock.uncertainty_ms, clock.reference) == (-12, 3, "a, b, c")


class Begun:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.calls: list[tuple[World, str, tuple[str, ...]]] = []
        self.asked = 0

    def look(self, world: World, host: str, items: Sequence[str]) -> Look:
        self.calls.append((world, host, tuple(items)))
        return Look(self.place, ("rights",) if items == ITEMS else ("hosts",))

    def values(self, world: World, job: Job) -> NotBefore:
        self.asked += 1
        return GONE


def test_captures_of_one_sitting_share_the_whole_run(place: Make) -> None:
    begun = Begun(place())
    sitting = Sitting(begun.look, begun.values)
    first, second = sitting.watch("real", "a.example"), sitting.watch("real", "b.example")
    assert first.before(Job()) is second.before(Job())
    assert begun.calls == [("real", "a.example", ITEMS)]
    assert first.not_before(Job()) == GONE
    assert second.not_before(Job()) == GONE
    assert begun.asked == 1
    # The short one is about the site itself, and is made once a moment.
    first.sealing(Job())
    first.sealing(Job())
    second.sealing(Job())
    assert begun.calls[1:] == [("real", "a.example", SHORT), ("real", "b.example", SHORT)]


def test_worlds_do_not_share_and_old_runs_are_not_used(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = Begun(place())
    sitting = Sitting(begun.look, begun.values)
    sitting.watch("real")
    sitting.watch("practice")
    assert [call[0] for call in begun.calls] == ["real", "practice"]
    for name in ("SITTING_S", "SEALING_S", "NEWEST_S"):
        monkeypatch.setattr(watch, name, -1.0)
    late = sitting.watch("real")
    late.sealing(Job())
    late.sealing(Job())
    assert len(begun.calls) == 5
    assert begun.asked == 3
    sitting.whole("real", fresh=True)
    sitting.after("real")
    assert len(begun.calls) == 7


def test_a_run_that_was_written_down_is_the_one_before(place: Make) -> None:
    begun = Begun(place())
    stated = Look(place(), ("disk",)).run()
    around = Sitting(begun.look, begun.values).watch("real", "", stated)
    assert around.before(Job()) is stated
    assert begun.calls == []


def test_values_that_do_not_come_are_said_to_be_missing(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setattr(watch, "WAIT_S", 0.2)

    def never(_world: World, _job: Job) -> NotBefore:
        held.wait(60)
        return GONE

    def broken(_world: World, _job: Job) -> NotBefore:
        raise OSError

    begun = Begun(place())
    try:
        sitting = Sitting(begun.look, never)
        slow = sitting.watch("real")
        assert slow._newest.had(Job(), 0.2).reason == "no_answer"
        job = Job()
        job.cancel()
        assert slow.not_before(job).reason == "no_answer"
    finally:
        held.set()
    # Whoever captures next is given what came late.
    assert sitting.watch("real")._newest.had(Job(), 30) is GONE
    assert Sitting(begun.look, broken).watch("real").not_before(Job()).reason == "no_answer"
