"""Keeping: what is found becomes sealed evidence."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.compose.provenance import Provenance
from holdfast.compose.series import Serials
from holdfast.core.errors import Cancelled, HoldfastError, Refused, Unavailable
from holdfast.core.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from holdfast.adapters.capture.page import Page
    from holdfast.adapters.capture.series import Found
    from holdfast.core.case import Case
    from holdfast.core.evidence import Exhibit, Received
    from holdfast.ports import (
        CaptureSource,
    )
    from holdfast.usecases.preserve import Attempt
    from holdfast.usecases.series import SeriesFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that could not be kept, and why."""

    target: str
    source: str
    error: HoldfastError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What came of a wish to keep something."""

    case: Case
    exhibits: tuple[Exhibit, ...] = ()
    failed: tuple[Failure, ...] = ()
    series: str = ""
    """Id of the series that the link turned out to be."""


class Keeping(Provenance, Serials):
    """Verbs that capture and seal."""

    def recover(self, job: Job) -> tuple[Attempt, ...]:
        """What a crash cut short is sealed as far as it went, and said."""
        from holdfast.usecases import preserve

        return preserve.recover(
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            maker=self._maker,
            job=job,
            sources=self.sources,
        )

    def expect_page(self) -> None:
        """A page will be kept in a fresh profile: the browser for it comes up meanwhile.

        Nothing need follow.  Where there is no browser, the keeping says so.
        """
        from holdfast.adapters import launch

        with suppress(Refused, Unavailable):
            self._spare.begin(launch.find(self.settings.browser))

    def keep(
        self,
        target: str,
        job: Job,
        case: str = "",
        how: str = "",
        *,
        choose: bool = False,
        close_banner: bool = False,
    ) -> Kept:
        """A link is kept: its page, and the video or every episode that it leads to.

        ``how`` is ``page``, ``video``, or empty for both.  With ``choose`` a series is only listed,
        and its episodes wait to be chosen.  With ``close_banner`` what lies over the page is closed
        after it was kept as it was, and it is kept once more; nothing is agreed to.  Without a case
        one is opened, named after host and date, also for a capture that fails.  Raises Refused
        for what is no link.
        """
        wanted = (how,) if how else ("page", "video")
        ways = [self.sources[name] for name in wanted]
        if close_banner:
            ways = [self._closing(way) for way in ways]
        if not any(way.suits(target) for way in ways):
            raise Refused("link_unsupported")
        from holdfast.adapters import http

        matter = self._matter(case, http.link(target).host)
        self._of_one_world(matter, target)
        with self._inventory.staying():
            first = [(way, target) for way in ways if way.id == "page"]
            kept = self._keep(first, matter, job) if first else Kept(case=matter)
            stopped = any(isinstance(failure.error, Cancelled) for failure in kept.failed)
            if "video" not in wanted or stopped:
                return kept
            return both(kept, self._keep_video(target, matter, job, choose=choose))

    def _keep_video(self, target: str, case: Case, job: Job, *, choose: bool) -> Kept:
        """The video of a link, or the episodes of the series that it is."""
        return self._keep_found(
            target,
            case,
            job,
            lambda: self._inventory.look(target, job, thorough=False),
            self.sources["video"],
            choose=choose,
        )

    def _keep_found(
        self,
        target: str,
        case: Case,
        job: Job,
        look: Callable[[], Found],
        video: CaptureSource,
        *,
        choose: bool,
    ) -> Kept:
        """What a look at the link finds: its one video, by ``video``, or the episodes."""
        try:
            found = look()
        except HoldfastError as error:
            if isinstance(error, Cancelled):
                raise
            return Kept(case=case, failed=(Failure(target=target, source="video", error=error),))
        if not found.listing.episodes:
            if found.error is not None:
                failure = Failure(target=target, source="video", error=found.error)
                return Kept(case=case, failed=(failure,))
            return self._keep([(video, target)], case, job)
        return self._keep_series(target, case, job, found, choose=choose)

    def _keep_series(
        self, target: str, case: Case, job: Job, found: Found, *, choose: bool
    ) -> Kept:
        """The inventory, and unless they are to be chosen, every episode."""
        from holdfast.usecases import series

        file = self._take(case, target, job, found)
        inventory = self._store.exhibit(case.id, file.inventories[-1].exhibit)
        kept = Kept(case=case, exhibits=(inventory,), series=file.series.id)
        if choose:
            return kept
        series.choose(file.series.id, "", store=self._store)
        try:
            after = self._run(case, file.series.id, job)
        except Cancelled as error:
            failure = Failure(target=target, source="video", error=error)
            after = self._now(file)
            return both(kept, _of_series(self._exhibits(case, file, after), after, (failure,)))
        return both(kept, _of_series(self._exhibits(case, file, after), after))

    def _now(self, file: SeriesFile) -> SeriesFile:
        from holdfast.usecases import series

        return series.series_file(file.series.id, store=self._store)

    def _exhibits(self, case: Case, before: SeriesFile, after: SeriesFile) -> Kept:
        """The exhibits that the queue has just made."""
        from holdfast.core.evidence import Exhibit

        old = {one.exhibit for one in before.episodes if one.exhibit}
        made = {one.exhibit for one in after.episodes if one.exhibit} - old
        exhibits = (one for one in self._store.all(Exhibit, case.id) if one.number in made)
        return Kept(case=case, exhibits=tuple(sorted(exhibits, key=lambda one: one.number)))

    def _closing(self, way: CaptureSource) -> CaptureSource:
        if way.id != "page":
            return way
        page: Page = way  # type: ignore[assignment] # ids are the classes'
        return page.closing()

    def keep_files(
        self, paths: Sequence[Path], job: Job, case: str = "", received: Received | None = None
    ) -> Kept:
        """Files the person already has are kept as received; each path is one exhibit."""
        from holdfast.adapters.disk import gone

        source = self.sources["file"]
        missing = [path for path in paths if gone(path)]
        if missing or not paths:
            raise Refused("file_missing", name=missing[0].name if missing else "")
        matter = self._matter(case, paths[0].name)
        ways = [(source, str(path.absolute())) for path in paths]
        return self._keep(ways, matter, job, received)

    def shot(
        self,
        job: Job,
        case: str = "",
        monitor: int | None = None,
        region: tuple[int, int, int, int] | None = None,
    ) -> Kept:
        """The screen as it is now: all of it, one monitor (from 1), or x, y, width, height."""
        target = "all"
        if region is not None:
            target = "region:" + ",".join(map(str, region))
        elif monitor is not None:
            target = f"monitor:{monitor}"
        return self._keep([(self.sources["screen"], target)], self._matter(case, ""), job)

    def _keep(
        self,
        ways: Sequence[tuple[CaptureSource, str]],
        case: Case,
        job: Job,
        received: Received | None = None,
    ) -> Kept:
        """Every way is tried; what one could not keep does not stop the next."""
        from holdfast.usecases import preserve

        exhibits: list[Exhibit] = []
        failed: list[Failure] = []
        for source, target in ways:
            try:
                exhibits.append(
                    preserve.preserve(
                        case,
                        self._traced(source, case.world),
                        target,
                        store=self._store,
                        vault=self._vault,
                        clock=self._clock,
                        maker=self._maker,
                        job=job,
                        received=received,
                    )
                )
            except HoldfastError as error:
                failed.append(Failure(target=target, source=source.id, error=error))
                if isinstance(error, Cancelled):
                    break
        return Kept(case=case, exhibits=tuple(exhibits), failed=tuple(failed))


def both(one: Kept, other: Kept) -> Kept:
    """What came of two wishes about one link."""
    return Kept(
        case=one.case,
        exhibits=(*one.exhibits, *other.exhibits),
        failed=(*one.failed, *other.failed),
        series=one.series or other.series,
    )


def _of_series(kept: Kept, file: SeriesFile, failed: tuple[Failure, ...] = ()) -> Kept:
    """What the queue kept, with what it could not."""
    lost = tuple(
        Failure(
            target=one.listed.url,
            source="video",
            error=Unavailable(one.code, **dict(one.facts)),
        )
        for one in file.episodes
        if one.state == "failed"
    )
    return Kept(case=kept.case, exhibits=kept.exhibits, failed=(*lost, *failed))
