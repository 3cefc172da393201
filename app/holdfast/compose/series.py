"""Series: their inventory, their queue, and the downloader that serves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.compose.workshop import Workshop
from holdfast.core.errors import Refused
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.adapters.capture.series import Found, Inventory
    from holdfast.adapters.capture.video import Video
    from holdfast.adapters.cookies import Jar
    from holdfast.adapters.profile import Lease, Profiles
    from holdfast.core.case import Case
    from holdfast.core.series import Series
    from holdfast.ports import CaptureSource
    from holdfast.usecases.series import SeriesFile, Tell


class Serials(Workshop):
    """What the verbs on series share with those that keep a link."""

    @property
    def _inventory(self) -> Inventory:
        source: Inventory = self.sources["series"]  # type: ignore[assignment] # ids are the classes'
        return source

    @property
    def _videos(self) -> Video:
        source: Video = self.sources["video"]  # type: ignore[assignment] # ids are the classes'
        return source

    @cached_property
    def _profiles(self) -> Profiles:
        from holdfast.adapters.profile import Profiles

        return Profiles(self.data, self._clock)

    def _own_ways(self, case: Case, job: Job) -> dict[str, CaptureSource]:
        """Pages and videos as a site gives them to whom is logged in in the case's own browser."""
        from holdfast.adapters.capture import Means, pieces

        lease = self._lease(case)
        means = Means(clock=self._clock, browser=self.settings.browser, profile=lease)
        videos = self._videos.logged_in(self._jar(case, job))
        return {"page": pieces(means)["page"], "video": videos}

    def _lease(self, case: Case) -> Lease:
        """Raises Refused(``profile_none``) where nobody ever logged in."""
        if self._profiles.of(case.id) is None:
            raise Refused("profile_none")
        return lambda program: self._profiles.held(case.id, program)

    def _jar(self, case: Case, job: Job) -> Jar:
        from holdfast.adapters import launch
        from holdfast.adapters.cookies import profile_jar

        return profile_jar(self._lease(case), launch.find(self.settings.browser), job)

    def _look_logged_in(self, case: Case, target: str, job: Job, *, thorough: bool = True) -> Found:
        """What the link leads to for whom is logged in in the case's own browser.

        The cookies lie in a room of their own for so long.  Raises as ``Inventory.look``.
        """
        with self._vault.room(self._clock.new_id(), {}) as room:
            cookies = self._jar(case, job)(room.path, target)
            return self._inventory.logged_in(cookies).look(target, job, thorough=thorough)

    def _take(self, case: Case, target: str, job: Job, found: Found) -> SeriesFile:
        """The inventory is sealed in the case."""
        from holdfast.usecases import series

        return series.take(
            case,
            self._inventory.holding(found),
            target,
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            maker=self._maker,
            job=job,
        )

    def _run(self, case: Case, series_id: str, job: Job, tell: Tell | None = None) -> SeriesFile:
        """The queue of a series is worked through by this program alone."""
        from holdfast.usecases import series

        own = series.series_file(series_id, store=self._store).series.own
        ways = self._own_ways(case, job) if own else self.sources
        with self._alone(series_id), self._videos.staying():
            return series.run(
                series_id,
                case,
                ways["video"],
                ways["page"],
                store=self._store,
                vault=self._vault,
                clock=self._clock,
                maker=self._maker,
                job=job,
                tell=tell,
            )

    def _matter(self, reference: str, named: str) -> Case:
        """The case that was named, or a new one that asks the person nothing."""
        from holdfast.usecases import cases

        if reference:
            return cases.open_for_work(reference, store=self._store)
        day = self._clock.now().astimezone().date().isoformat()
        return cases.open_case(f"{named} {day}", "real", store=self._store)

    def _of_one_world(self, case: Case, target: str) -> None:
        """Nothing real goes into the rehearsal's case.  Raises Refused(``mixed_worlds``)."""
        if case.world == "practice" and not target.startswith(self._practice_world().site_url):
            raise Refused("mixed_worlds")

    @contextmanager
    def _alone(self, series_id: str) -> Iterator[None]:
        """Nobody else runs this queue meanwhile.  Raises Refused(``series_running``)."""
        from filelock import FileLock, Timeout

        folder = self.data / "queues"
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(folder / f"{series_id}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise Refused("series_running") from error
        try:
            yield
        finally:
            lock.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the keeping of a series is."""

    series: Series
    left: int
    """Episodes that still wait."""
    failed: int
    running: bool
    """Whether a program works on it now."""
    links: frozenset[str]
    """Of its episodes."""


class SeriesVerbs(Serials):
    """Verbs on series."""

    def inventory(self, target: str, job: Job, case: str = "") -> SeriesFile:
        """The episodes of a link or account are listed, and the list is an exhibit.

        Without a case one is opened.  Of a series that the case knows it is taken again, as before
        with the person's log-in or without.  Raises Refused(``series_none``) and what the site
        said.
        """
        from holdfast.adapters import http
        from holdfast.usecases import cases, series

        host = http.link(target).host
        if case:
            matter = cases.open_for_work(case, store=self._store)
            known = series.known(matter, target, store=self._store)
            if known is not None and known.own:
                return self.inventory_logged_in(target, job, case)
        with self._inventory.staying():
            found = self._inventory.look(target, job)
            _some(found, host)
            matter = self._matter(case, host)
            self._of_one_world(matter, target)
            return self._take(matter, target, job, found)

    def inventory_logged_in(self, target: str, job: Job, case: str) -> SeriesFile:
        """As ``inventory``, as the person who has logged in in the case's own browser; so are its
        episodes kept.  Raises Refused: ``profile_none``, ``profile_in_use``.
        """
        from holdfast.adapters import http
        from holdfast.usecases import cases

        host = http.link(target).host
        matter = cases.open_for_work(case, store=self._store)
        self._of_one_world(matter, target)
        with self._inventory.staying():
            found = self._look_logged_in(matter, target, job)
            _some(found, host)
            return self._take(matter, target, job, found)

    def series(self, case: str) -> tuple[SeriesFile, ...]:
        """Every series of a case."""
        from holdfast.usecases import series

        return series.in_case(self._store.case(case), store=self._store)

    def one_series(self, series_id: str) -> SeriesFile:
        """A series with its episodes and the history of its counters."""
        from holdfast.usecases import series

        return series.series_file(series_id, store=self._store)

    def known_series(self, case: str) -> tuple[Series, ...]:
        """The series of a case by name, without their episodes."""
        from holdfast.core.series import Series

        return self._store.all(Series, self._store.case(case).id)

    def standings(self) -> tuple[Standing, ...]:
        """How far every series is that somebody began to keep."""
        from holdfast.core.series import Series
        from holdfast.usecases import series

        found = []
        for one in self._store.all(Series):
            if one.state == "listed":
                continue
            every = series.of(one, store=self._store)
            found.append(
                Standing(
                    series=one,
                    left=sum(e.state in ("queued", "running") for e in every),
                    failed=sum(e.state == "failed" for e in every),
                    running=self._is_running(one.id),
                    links=frozenset(e.listed.url for e in every),
                )
            )
        return tuple(found)

    def _is_running(self, series_id: str) -> bool:
        try:
            with self._alone(series_id):
                return False
        except Refused:
            return True

    def choose_episodes(
        self,
        series_id: str,
        wish: str | Iterable[int],
        *,
        pages: bool | None = None,
        gap_ms: int | None = None,
    ) -> SeriesFile:
        """Those episodes wait to be kept: ``1-3,7``, empty for all, or places in the list."""
        from holdfast.usecases import series

        return series.choose(series_id, wish, store=self._store, pages=pages, gap_ms=gap_ms)

    def keep_episodes(
        self, series_id: str, job: Job, *, again: bool = False, tell: Tell | None = None
    ) -> SeriesFile:
        """What waits is kept, one episode after another; with ``again`` what failed as well.

        It may be called after a pause or a crash.  Raises Refused(``series_running``,
        ``case_closed``) and Cancelled.
        """
        from holdfast.usecases import cases, series

        file = series.series_file(series_id, store=self._store)
        case = cases.open_for_work(file.series.case_id, store=self._store)
        if again:
            series.again(series_id, store=self._store)
        return self._run(case, series_id, job, tell)

    def pause_series(self, series_id: str) -> Series:
        """The queue stops after the episode that is running, whichever program runs it."""
        from holdfast.usecases import series

        return series.pause(series_id, store=self._store)


def _some(found: Found, host: str) -> None:
    if not found.listing.episodes:
        raise found.error or found.unread or Refused("series_none", host=host)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloaderState:
    """Which yt-dlp is used."""

    bundled: str
    """Version that came with this build."""
    newer: str = ""
    """Version of the one that was fetched; empty when none was."""
    sha256: str = ""
    sound: bool = True
    """False when what lies in its place is not what was fetched: the bundled one is used."""


class Downloads(Workshop):
    """Verbs on the downloader."""

    def downloader(self) -> DownloaderState:
        """Which yt-dlp is used, and which came with this build."""
        from holdfast.adapters import wheel

        chosen = self.settings
        newer = wheel.known(self.data, chosen.downloader, chosen.downloader_sha256)
        if newer is None:
            return DownloaderState(bundled=wheel.bundled())
        return DownloaderState(
            bundled=wheel.bundled(),
            newer=newer.version,
            sha256=newer.sha256,
            sound=newer.holds(),
        )

    def use_downloader(self, file: Path, job: Job) -> DownloaderState:
        """The yt-dlp wheel in ``file`` is used from now on.

        Raises Refused(``wheel_unusable``, ``file_missing``).
        """
        from holdfast.adapters import wheel

        job.step("checking")
        return self._use(wheel.take_in(file, self.data), job)

    def fetch_downloader(self, job: Job, index: str = "") -> DownloaderState:
        """The newest yt-dlp of Python's package index is used from now on, if it is newer.

        ``index`` is another index; the host that is typed there may lie on this computer.  Raises
        Unavailable and Refused as ``wheel.newest`` and ``wheel.fetch``.
        """
        from holdfast.adapters import http, wheel

        allow = http.typed_pair(index) if index else frozenset()
        job.step("listing")
        offer = wheel.newest(index or wheel.INDEX, allow=allow)
        now = self.downloader()
        have = now.newer if now.newer and now.sound else now.bundled
        if wheel.order(offer.version) <= wheel.order(have):
            return now
        job.step("saving", detail=offer.version)
        return self._use(wheel.fetch(offer, self.data, allow=allow), job)

    def bundled_downloader(self) -> DownloaderState:
        """The yt-dlp of this build is used again."""
        from dataclasses import replace

        self.save_settings(replace(self.settings, downloader="", downloader_sha256=""))
        return self.downloader()

    def _use(self, newer: object, job: Job) -> DownloaderState:
        """It is named in the settings once it was seen to start."""
        from dataclasses import replace

        from holdfast.adapters.wheel import Wheel
        from holdfast.adapters.ytdlp import Downloader, trouble

        assert isinstance(newer, Wheel)
        run = Downloader(newer).ask({"do": "about", "url": "", "allow": []}, job)
        if run.error is not None:
            raise trouble(run.error, "")
        self.save_settings(
            replace(self.settings, downloader=newer.version, downloader_sha256=newer.sha256)
        )
        return self.downloader()
