"""Everybody who shows a world's headers, asked in the order in which asking costs least."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from holdfast.adapters.chain.assembly import Run, assemble
from holdfast.adapters.chain.patience import Patience
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    PERIOD,
    BadHeader,
    CheckpointTable,
    link,
    shortest_run,
)
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.ports import ChainSource, HeaderSource

DEPTH = 6
"""How many blocks, its own included, must stand on a header before it is final."""
NEAR = 2 * PERIOD
"""Headers that are fetched to settle one block; a longer way waits for a refresh."""
HERE = "headers kept here"
"""Who shows what lies on this computer already; it counts only through its link."""


class Sources:
    """Explorers, and before them the headers kept here and what the person runs or chose."""

    def __init__(
        self,
        *,
        world: World,
        explorers: HeaderSource,
        each: Sequence[ChainSource],
        own: Sequence[ChainSource],
        shipped: CheckpointTable,
        table: CheckpointTable,
        about: Callable[[int], tuple[tuple[str, int, bytes], ...]],
        held: Run | None = None,
    ) -> None:
        """``explorers`` and ``about`` are final headers of all explorers, ``each`` one by one.

        ``table`` is ``shipped`` with what follows from ``held``, the headers kept here.
        """
        self._world = world
        self._explorers = explorers
        self._each = tuple(each)
        self._own = tuple(own)
        self._shipped = shipped
        self._table = table
        self._about = about
        self._held = held
        self._runs: dict[tuple[str, int, int], bytes] = {}
        self._patience = Patience()

    def headers(self, height: int) -> Iterator[tuple[str, bytes]]:
        """(operator, raw header) from each source that answered."""
        for source in filter(self._patience.has_with, self._own):
            try:
                if self._final(source, height):
                    yield source.operator, source.header(height)
            except (Refused, Unavailable, BadHeader) as trouble:
                self._patience.learn(source, trouble)
        yield from self._explorers.headers(height)

    def about(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
        """(operator, height, raw header): what settles a block, the cheapest first.

        A stretch that links to a checkpoint settles it alone, so then nobody else is asked.
        """
        if self._world == "practice":
            return self._about(height)
        if kept := self._here(height):
            return kept
        shown: list[tuple[str, int, bytes]] = []
        for source in filter(self._patience.has_with, self._own):
            try:
                if not self._final(source, height):
                    continue
                if found := self._linked(source, height):
                    return found
                shown.append((source.operator, height, source.header(height)))
            except (Refused, Unavailable, BadHeader) as trouble:
                self._patience.learn(source, trouble)
        return (*shown, *self._about(height))

    def run(self, heights: tuple[int, ...], job: Job) -> Run:
        """A run that proves all ``heights`` to a stranger.  Raises as ``assemble``."""
        return assemble(
            (*self._own, *self._each),
            heights,
            self._shipped,
            job,
            world=self._world,
            held=self._held,
        )

    def _final(self, source: ChainSource, height: int) -> bool:
        return height + DEPTH - 1 <= self._table.height or source.tip() >= height + DEPTH - 1

    def _here(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
        """The period around ``height`` from what is kept here, since it links."""
        if self._held is None:
            return ()
        first, raw = self._held
        begin = height - height % PERIOD
        end = min(begin + PERIOD, first + len(raw) // HEADER_SIZE)
        if not first <= begin or height >= end:
            return ()
        return _named(HERE, begin, raw[(begin - first) * HEADER_SIZE : (end - first) * HEADER_SIZE])

    def _linked(self, source: ChainSource, height: int) -> tuple[tuple[str, int, bytes], ...]:
        """Headers from ``height`` to a checkpoint, if that is near.

        Raises BadHeader where they do not link.
        """
        first, last = shortest_run((height,), self._table)
        if last - first >= NEAR:
            return ()
        key = (source.operator, first, last)
        if key not in self._runs:
            raw = source.stretch(first, last, Job())
            if link(first, raw, self._table) is None:
                raise BadHeader("its headers lead to no checkpoint")
            self._runs = {key: raw}
        return _named(source.operator, first, self._runs[key])


def _named(who: str, first: int, raw: bytes) -> tuple[tuple[str, int, bytes], ...]:
    return tuple(
        (who, first + at // HEADER_SIZE, raw[at : at + HEADER_SIZE])
        for at in range(0, len(raw), HEADER_SIZE)
    )
