"""Keeping: what is found becomes sealed evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.compose.provenance import Provenance
from holdfast.core.errors import Cancelled, HoldfastError, Refused
from holdfast.core.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from holdfast.adapters.capture.video import Video
    from holdfast.core.case import Case
    from holdfast.core.evidence import Exhibit, Received
    from holdfast.ports import (
        CaptureSource,
    )
    from holdfast.usecases.preserve import Attempt


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


class Keeping(Provenance):
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

    def keep(self, target: str, job: Job, case: str = "", how: str = "") -> Kept:
        """A link is kept: its page, and the video or every episode that it leads to.

        ``how`` is ``page``, ``video``, or empty for both.  Without a case one is opened, named
        after host and date, also for a capture that fails.  Raises Refused for what is no link.
        """
        wanted = (how,) if how else ("page", "video")
        ways = [self.sources[name] for name in wanted]
        if not any(way.suits(target) for way in ways):
            raise Refused("link_unsupported")
        from holdfast.adapters import http

        matter = self._matter(case, http.link(target).host)
        if matter.world == "practice" and not target.startswith(self._practice_world().site_url):
            raise Refused("mixed_worlds")
        return self._keep([(way, target) for way in ways], matter, job)

    def keep_files(
        self, paths: Sequence[Path], job: Job, case: str = "", received: Received | None = None
    ) -> Kept:
        """Files the person already has are kept as received; each path is one exhibit."""
        source = self.sources["file"]
        missing = [path for path in paths if not path.exists()]
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

    def _matter(self, reference: str, named: str) -> Case:
        """The case that was named, or a new one that asks the person nothing."""
        from holdfast.usecases import cases

        if reference:
            return cases.open_for_work(reference, store=self._store)
        day = self._clock.now().astimezone().date().isoformat()
        return cases.open_case(f"{named} {day}", "real", store=self._store)

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
        for source, target in self._singles(ways, job, failed):
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

    def _singles(
        self, ways: Sequence[tuple[CaptureSource, str]], job: Job, failed: list[Failure]
    ) -> Iterator[tuple[CaptureSource, str]]:
        """Each way as it is, but a series as its episodes."""
        for source, target in ways:
            if source.id != "video":
                yield source, target
                continue
            videos: Video = source  # type: ignore[assignment] # ids are the classes'
            try:
                episodes = videos.entries(target, job)
            except Cancelled:
                raise
            except HoldfastError as error:
                failed.append(Failure(target=target, source=source.id, error=error))
                continue
            for episode in episodes or (target,):
                yield source, episode
