"""Newer checkpoints: linked, recomputed, agreed upon by two, and kept a period at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fakes import miner
from fakes.chain import Shows
from fakes.clock import FakeClock
from holdfast.core.bitcoin import PERIOD, CheckpointTable, extended, parse_header, retarget
from holdfast.core.errors import Cancelled, Unavailable
from holdfast.core.job import Job, Progress
from holdfast.ports import Shelved
from holdfast.usecases import headers as refreshing
from holdfast.usecases.headers import DEEP, Refreshed

TOP = 3 * PERIOD + DEEP - 1


class Memory:
    def __init__(self) -> None:
        self.shelved = Shelved(first=PERIOD, raw=b"")
        self.kept = 0

    def read(self) -> Shelved:
        return self.shelved

    def keep(self, shelved: Shelved) -> None:
        self.shelved, self.kept = shelved, self.kept + 1


@pytest.fixture(scope="module")
def chain() -> list[bytes]:
    """Each period faster than the chain means, so that every one has another target."""
    return miner.chain(TOP + 1, spacing=400)


@pytest.fixture(scope="module")
def shipped(chain: list[bytes]) -> CheckpointTable:
    return miner.table(chain, 1)


def refresh(
    shipped: CheckpointTable, shelf: Memory, *sources: Shows, job: Job | None = None
) -> Refreshed:
    return refreshing.refresh(
        sources, shelf=shelf, shipped=shipped, clock=FakeClock(), job=job or Job()
    )


def test_every_whole_period_is_fetched_and_recomputed(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    shelf, one, two = Memory(), Shows("A", chain), Shows("B", chain)
    steps: list[Progress] = []
    done = refresh(shipped, shelf, one, two, job=Job(steps.append))
    assert done == Refreshed(height=3 * PERIOD - 1, added=2, headers=2 * PERIOD, sources=("A", "B"))
    assert shelf.kept == 2
    assert shelf.shelved.sources == ("A", "B")
    assert shelf.shelved.as_of.startswith("2026-11-12T13:06:31")
    assert shelf.shelved.raw == miner.joined(chain[PERIOD : 3 * PERIOD])
    assert {step.total for step in steps} == {2 * PERIOD}
    # Only one of them had to show everything.
    assert two.asked == ["tip", f"header {2 * PERIOD - 1}", f"header {3 * PERIOD - 1}"]
    # And the whole of it once more, from nothing but the headers.
    table = extended(shipped, shelf.shelved.raw)
    for period in (1, 2, 3):
        begin, end = (
            parse_header(chain[at]) for at in (period * PERIOD - PERIOD, period * PERIOD - 1)
        )
        assert table.hashes[period - 1] == end.hash
        assert table.bits[period] == retarget(end.bits, begin.time, end.time, limit=miner.EASY)
    assert len(set(table.bits)) == 4
    again = refresh(shipped, shelf, one, two)
    assert (again.added, again.headers, again.sources) == (0, 0, ())


def test_it_goes_on_where_it_was(chain: list[bytes], shipped: CheckpointTable) -> None:
    shelf = Memory()
    early = [Shows(who, chain[: 2 * PERIOD + DEEP]) for who in "AB"]
    assert refresh(shipped, shelf, *early).height == 2 * PERIOD - 1
    late = [Shows(who, chain) for who in "AB"]
    assert refresh(shipped, shelf, *late).added == 1
    assert f"stretch {PERIOD} {2 * PERIOD - 1}" not in late[0].asked


def test_a_period_must_lie_deep(chain: list[bytes], shipped: CheckpointTable) -> None:
    young = chain[: 2 * PERIOD + DEEP - 1]
    assert refresh(shipped, Memory(), Shows("A", young), Shows("B", young)).added == 0
    # One that is ahead is not enough.
    assert refresh(shipped, Memory(), Shows("A", chain), Shows("B", young)).added == 0


def test_two_have_to_answer(chain: list[bytes], shipped: CheckpointTable) -> None:
    silent = Shows("B", chain)
    silent.silent = True
    for sources in ((), (Shows("A", chain),), (Shows("A", chain), silent)):
        with pytest.raises(Unavailable, match="headers_two_sources"):
            refresh(shipped, Memory(), *sources)
    # The same operator twice is one.
    with pytest.raises(Unavailable, match="headers_two_sources"):
        refresh(shipped, Memory(), Shows("A", chain), Shows("A", chain))


class Mute(Shows):
    """Has a tip and no headers."""

    def header(self, height: int) -> bytes:
        raise Unavailable("explorer_garbled", operator=self.operator)

    def stretch(self, first: int, last: int, job: Job) -> bytes:
        raise Unavailable("explorer_garbled", operator=self.operator)


def test_a_tip_alone_agrees_to_nothing(chain: list[bytes], shipped: CheckpointTable) -> None:
    shelf = Memory()
    with pytest.raises(Unavailable, match="headers_two_sources"):
        refresh(shipped, shelf, Shows("A", chain), Mute("B", chain))
    with pytest.raises(Unavailable, match="headers_missing"):
        refresh(shipped, shelf, Mute("A", chain), Mute("B", chain))
    assert shelf.kept == 0


def other(chain: Sequence[bytes], start: int, *, easier: bool = False) -> list[bytes]:
    """Another chain from ``start`` on: by the rules, or with a target of its own choosing."""
    made = list(chain[:start])
    for height in range(start, len(chain)):
        bits = miner.EASY if easier else miner.bits_of(chain[height])
        root = b"\1" * 32
        made.append(
            miner.mine(miner.double_sha256(made[-1]), miner.time_of(chain[height]), bits, root)
        )
    return made


def test_operators_who_disagree_stop_it(chain: list[bytes], shipped: CheckpointTable) -> None:
    shelf = Memory()
    forked = other(chain, 2 * PERIOD)
    with pytest.raises(Unavailable, match="headers_disagree"):
        refresh(shipped, shelf, Shows("A", chain), Shows("B", forked))
    # What they agreed upon before stays.
    assert (shelf.kept, len(shelf.shelved.raw)) == (1, PERIOD * 80)


def test_a_source_that_lies_is_passed_over_or_contradicted(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    stray = miner.mine(bytes(32), 1, miner.bits_of(chain[PERIOD]))
    honest = (Shows("A", chain), Shows("B", chain))
    # Its last header is an honest one, so what is wrong before it is simply passed over.
    for lies in ({PERIOD + 5: stray}, {PERIOD + 5: b""}):
        shelf = Memory()
        refresh(shipped, shelf, Shows("liar", chain, lies=lies), *honest)
        assert shelf.shelved.raw == miner.joined(chain[PERIOD : 3 * PERIOD])
    # One that names another block at the end of the period is contradicted, and nothing is kept.
    shelf = Memory()
    with pytest.raises(Unavailable, match="headers_disagree"):
        refresh(shipped, shelf, Shows("easier", other(chain, PERIOD, easier=True)), *honest)
    assert shelf.kept == 0


def test_an_end_that_is_asked_for_keeps_what_there_is(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    shelf, job = Memory(), Job()

    class Ends(Shows):
        def stretch(self, first: int, last: int, part: Job) -> bytes:
            if first >= 2 * PERIOD:
                job.cancel()
            return super().stretch(first, last, part)

    with pytest.raises(Cancelled):
        refresh(shipped, shelf, Ends("A", chain), Shows("B", chain), job=job)
    assert shelf.kept == 1
