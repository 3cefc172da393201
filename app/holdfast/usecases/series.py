"""A series kept: its inventory as evidence, then one episode after another, through any crash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from holdfast.core.canonical import rfc3339
from holdfast.core.case import Case
from holdfast.core.errors import Cancelled, HoldfastError, Refused
from holdfast.core.evidence import Captured, Component, Exhibit
from holdfast.core.job import Job, Progress
from holdfast.core.series import (
    Episode,
    Inventory,
    Listing,
    Series,
    chosen,
    read_listing,
    same_link,
    unkeepable,
)
from holdfast.ports import CaptureSource, Clock, Store, Vault
from holdfast.usecases.preserve import Maker, preserve

INVENTORY = "files/inventory.json"
TITLE_LIMIT = 200
LANES = 2
"""While one episode is sealed the next one is fetched; the site is asked for one at a time."""
GIVES_UP = 3
"""So many episodes in a row without an answer, and the rest wait for a better hour."""
SILENT = frozenset({"host_unreachable", "host_slow", "host_unknown", "downloader_gone"})
ENDS = frozenset({"disk_full"})

Tell: TypeAlias = "Callable[[Episode, Progress | None], None]"
"""Hears where an episode stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFile:
    """A series with everything known of it."""

    series: Series
    episodes: tuple[Episode, ...]
    inventories: tuple[Inventory, ...]
    """Oldest first."""


# --- the inventory -------------------------------------------------------------------------------


def take(
    case: Case,
    source: CaptureSource,
    target: str,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
) -> SeriesFile:
    """The inventory is an exhibit of the case, and its episodes can be chosen.

    Of a series that the case knows it is another taking: what was kept stays kept, new episodes
    stand at the end, and the counters are one entry more.  Where the person's own log-in was used
    for the list, it is used from then on.  Raises what the source raised.
    """
    exhibit = preserve(
        case, source, target, store=store, vault=vault, clock=clock, maker=maker, job=job
    )
    found = {one.path: one for one in exhibit.artifacts}
    listing = read_listing(vault.read(found[INVENTORY].digest.sha256))
    series = known(case, target, store=store) or Series(
        id=clock.new_id(),
        case_id=case.id,
        url=target,
        title=(listing.title or exhibit.url)[:TITLE_LIMIT],
    )
    series = replace(series, own=series.own or listing.own)
    with store.custody(case.id) as custody:
        custody.save(series)
        for episode in _renewed(series, listing, of(series, store=store), clock):
            custody.save(episode)
        custody.save(_inventory(series, exhibit, listing, clock))
    return series_file(series.id, store=store)


def known(case: Case, target: str, *, store: Store) -> Series | None:
    """The series of a case that the link names; None when it is new to it."""
    mine = store.all(Series, case.id)
    return next((one for one in mine if same_link(one.url) == same_link(target)), None)


def _renewed(
    series: Series, listing: Listing, before: Sequence[Episode], clock: Clock
) -> Iterable[Episode]:
    """Every listed episode as it stands now; those no longer listed stay as they were."""
    old_ones = {one.listed.key: one for one in before}
    place = max((one.place for one in before), default=0)
    for listed in listing.episodes:
        old = old_ones.get(listed.key)
        if old is not None:
            yield replace(old, listed=listed)
        else:
            place += 1
            yield Episode(
                id=clock.new_id(),
                case_id=series.case_id,
                series_id=series.id,
                place=place,
                listed=listed,
            )


def _inventory(series: Series, exhibit: Exhibit, listing: Listing, clock: Clock) -> Inventory:
    return Inventory(
        id=clock.new_id(),
        case_id=series.case_id,
        series_id=series.id,
        exhibit=exhibit.number,
        taken=rfc3339(clock.now()),
        listed=len(listing.episodes),
        paid=listing.paid,
        stated=listing.stated,
        counters=listing.counters,
        episodes=tuple((one.key, one.counters) for one in listing.episodes if one.counters),
    )


# --- looking and choosing ------------------------------------------------------------------------


def of(series: Series, *, store: Store) -> tuple[Episode, ...]:
    """Its episodes in order."""
    mine = (one for one in store.all(Episode, series.case_id) if one.series_id == series.id)
    return tuple(sorted(mine, key=lambda one: one.place))


def series_file(series_id: str, *, store: Store) -> SeriesFile:
    """A series with its episodes and what its counters said.  Raises Refused."""
    series = store.get(Series, series_id)
    taken = (one for one in store.all(Inventory, series.case_id) if one.series_id == series_id)
    return SeriesFile(
        series=series,
        episodes=of(series, store=store),
        inventories=tuple(sorted(taken, key=lambda one: one.taken)),
    )


def in_case(case: Case, *, store: Store) -> tuple[SeriesFile, ...]:
    """Every series of a case, oldest first."""
    return tuple(series_file(one.id, store=store) for one in store.all(Series, case.id))


def choose(
    series_id: str,
    wish: str | Iterable[int],
    *,
    store: Store,
    pages: bool | None = None,
    gap_ms: int | None = None,
) -> SeriesFile:
    """Those episodes and no others wait to be kept; what is kept already stays so.

    ``wish`` is ``1-3,7``, empty for all of them, or places.  What has to be paid for is marked as
    left out, with the reason.  Raises Refused(``episodes_unclear``) for what names no episode.
    """
    file = series_file(series_id, store=store)
    if isinstance(wish, str):
        try:
            wanted = {one.id for one in chosen(file.episodes, wish)}
        except ValueError as error:
            raise Refused("episodes_unclear", wish=wish[:80], count=len(file.episodes)) from error
    else:
        places = set(wish)
        wanted = {one.id for one in file.episodes if one.place in places}
    series = replace(
        file.series,
        pages=file.series.pages if pages is None else pages,
        gap_ms=file.series.gap_ms if gap_ms is None else max(0, gap_ms),
        pause=False,
        state="queued",
        code="",
    )
    with store.custody(series.case_id) as custody:
        for one in file.episodes:
            fresh = _as_wished(one, wanted=one.id in wanted)
            if fresh != one:
                custody.save(fresh)
        custody.save(series)
    return series_file(series_id, store=store)


def _as_wished(one: Episode, *, wanted: bool) -> Episode:
    if one.state == "kept":
        return one
    if not wanted:
        return replace(one, state="listed") if one.state in ("queued", "running") else one
    reason = unkeepable(one.listed)
    if reason:
        return replace(one, state="skipped", code=reason, facts=())
    return replace(one, state="queued", code="", facts=())


def again(series_id: str, *, store: Store) -> SeriesFile:
    """What failed waits to be kept once more."""
    file = series_file(series_id, store=store)
    with store.custody(file.series.case_id) as custody:
        for one in file.episodes:
            if one.state == "failed":
                custody.save(replace(one, state="queued", code="", facts=()))
        custody.save(replace(file.series, state="queued", code="", pause=False))
    return series_file(series_id, store=store)


def pause(series_id: str, *, store: Store) -> Series:
    """The queue stops after the episodes that are running, whichever program runs it."""
    series = replace(store.get(Series, series_id), pause=True)
    store.save(series)
    return series


# --- the queue -----------------------------------------------------------------------------------


def run(
    series_id: str,
    case: Case,
    video: CaptureSource,
    page: CaptureSource | None,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
    tell: Tell | None = None,
) -> SeriesFile:
    """Every episode that waited is kept, or why not is on record.

    The caller sees to it that nobody else runs the same queue.  It stops where somebody asked for
    a pause, where the site no longer answers, and where the disk is full; what is left waits.
    Raises Cancelled.
    """
    file = series_file(series_id, store=store)
    door = _Door(file.series.gap_ms / 1000)
    with store.custody(case.id) as custody:
        for one in file.episodes:
            if one.state == "running":
                custody.save(replace(one, state="queued"))
        custody.save(replace(file.series, state="running", code="", pause=False))
    silent: list[Episode] = []
    answered = silent.clear
    queue = _Queue(
        silent=silent,
        series_id=series_id,
        case=case,
        video=_OneAtATime(video, door, answered),
        page=_OneAtATime(page, door, answered) if page is not None and file.series.pages else None,
        store=store,
        vault=vault,
        clock=clock,
        maker=maker,
        job=job,
        tell=tell,
    )
    try:
        queue.work()
    finally:
        _closed(series_id, queue, store)
    if job.cancelled:
        raise Cancelled
    return series_file(series_id, store=store)


def _closed(series_id: str, queue: _Queue, store: Store) -> None:
    """The queue's state says whether something is left, and why."""
    file = series_file(series_id, store=store)
    waits = any(one.state in ("queued", "running") for one in file.episodes)
    store.save(
        replace(
            file.series,
            state="paused" if waits else "done",
            code=queue.code if waits else "",
            pause=False,
        )
    )


@dataclass(slots=True, kw_only=True)
class _Queue:
    """One run through the episodes of a series, in two lanes."""

    series_id: str
    case: Case
    video: CaptureSource
    page: CaptureSource | None
    store: Store
    vault: Vault
    clock: Clock
    maker: Maker
    job: Job
    tell: Tell | None
    silent: list[Episode]
    """The last ones in a row that nobody answered."""
    code: str = ""
    """Why no more episodes are begun; what was fetched by then is still sealed."""
    done: int = 0
    total: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)
    waiting: list[Episode] = field(default_factory=list)

    def work(self) -> None:
        every = series_file(self.series_id, store=self.store).episodes
        self.waiting = [one for one in every if one.state == "queued"]
        self.total = len(self.waiting)
        with ThreadPoolExecutor(LANES, thread_name_prefix="episodes") as pool:
            lanes = [pool.submit(self._lane) for _ in range(min(LANES, self.total))]
            try:
                for lane in lanes:
                    lane.result()
            finally:
                # Also when an interrupt of the keyboard ends the wait.
                self.stop.set()

    def _lane(self) -> None:
        while (episode := self._next()) is not None:
            try:
                self._keep(episode)
            except Cancelled:
                stored = self.store.get(Episode, episode.id)
                self.store.save(replace(stored, state="queued"))
                self.stop.set()
                return
            except HoldfastError as error:
                self._failed(episode, error)
            with self.lock:
                self.done += 1

    def _next(self) -> Episode | None:
        """The next one, marked as running; None when there is none, or the queue is to stop."""
        with self.lock:
            asked = self.store.get(Series, self.series_id).pause
            over = self.stop.is_set() or self.code or self.job.cancelled or asked
            if over or not self.waiting:
                return None
            one = self.waiting.pop(0)
            one = replace(one, state="running", tries=one.tries + 1)
            self.store.save(one)
            self._say(one, None)
            return one

    def _keep(self, episode: Episode) -> None:
        part = Job(lambda progress: self._moved(episode, progress))
        if self.page is not None and not episode.page:
            episode = self._page(episode, self.page, part)
        kept: list[Episode] = []

        def beside(exhibit: Exhibit) -> Episode:
            kept.append(
                replace(episode, state="kept", exhibit=exhibit.number, whole=exhibit.complete)
            )
            return kept[-1]

        self._preserve(self.video, episode, part, beside)
        self._say(kept[-1], None)

    def _page(self, episode: Episode, page: CaptureSource, part: Job) -> Episode:
        """The episode with its page kept; a page that could not be had does not cost the video."""

        def beside(exhibit: Exhibit) -> Episode:
            return replace(episode, page=exhibit.number)

        try:
            exhibit = self._preserve(page, episode, part, beside)
        except Cancelled:
            raise
        except HoldfastError:
            return episode
        return replace(episode, page=exhibit.number)

    def _preserve(
        self,
        source: CaptureSource,
        episode: Episode,
        part: Job,
        beside: Callable[[Exhibit], Episode],
    ) -> Exhibit:
        return preserve(
            self.case,
            source,
            episode.listed.url,
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            maker=self.maker,
            job=part,
            beside=beside,
        )

    def _moved(self, episode: Episode, progress: Progress) -> None:
        if self.stop.is_set():
            raise Cancelled
        self._say(episode, progress)
        with self.lock:
            self.job.step("episode", self.done, self.total, episode.label)

    def _say(self, episode: Episode, progress: Progress | None) -> None:
        if self.tell is not None:
            self.tell(episode, progress)

    def _failed(self, episode: Episode, error: HoldfastError) -> None:
        facts = tuple((name, str(value)) for name, value in error.facts.items())
        # The page may have been kept, and stands in what is stored.
        stored = self.store.get(Episode, episode.id)
        failed = replace(stored, state="failed", code=error.code, facts=facts)
        with self.lock:
            if error.code in SILENT:
                self.silent.append(failed)
            else:
                self.silent.clear()
            self.store.save(failed)
            if error.code in ENDS or len(self.silent) >= GIVES_UP:
                self.code = error.code
            if self.code and error.code in SILENT | ENDS:
                # It is no episode's fault: they wait with the rest.
                for one in {failed.id: failed, **{one.id: one for one in self.silent}}.values():
                    self.store.save(replace(one, state="queued"))
                failed = self.store.get(Episode, episode.id)
        self._say(failed, None)


@dataclass(slots=True)
class _Door:
    """Lets one capture through at a time, with a rest between two."""

    gap: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    used: bool = False


class _OneAtATime:
    """A source behind a door, so that a site is asked for one thing at a time."""

    def __init__(self, source: CaptureSource, door: _Door, answered: Callable[[], None]) -> None:
        """``answered`` hears, while the door is still shut, that something was fetched."""
        self._source, self._door, self._answered = source, door, answered

    @property
    def id(self) -> str:
        """The source's."""
        return self._source.id

    def suits(self, target: str) -> bool:
        """As the source."""
        return self._source.suits(target)

    def parts(self) -> tuple[Component, ...]:
        """As the source."""
        return self._source.parts()

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """As the source, once the door is free."""
        while not self._door.lock.acquire(timeout=0.1):
            job.step("waiting")
        try:
            # Before the capture: what was fetched must never wait for its sealing.
            if self._door.used:
                self._rest(job)
            self._door.used = True
            captured = self._source.capture(target, room, job)
            self._answered()
            return captured
        finally:
            self._door.lock.release()

    def _rest(self, job: Job) -> None:
        quiet = threading.Event()
        for _ in range(int(self._door.gap * 10)):
            job.step("waiting")
            quiet.wait(0.1)
