"""Browsing: a person works in the evidence browser, and what they want kept becomes evidence."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from holdfast.compose.keeping import Keeping, Kept, both
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.adapters.capture.series import Found
    from holdfast.adapters.evidence_browser import Session
    from holdfast.core.browsing import Browse, Profile
    from holdfast.core.case import Case

Wish: TypeAlias = Literal["page", "scroll", "shot", "video"]
"""What is wanted of the tab that the person looks at."""


class Browsing(Keeping):
    """Verbs of the evidence browser: one window a case, on a profile used for nothing else."""

    def browse(self, job: Job, case: str = "", url: str = "") -> Browse:
        """The evidence browser of a case is open at ``url``, or blank.

        Without a case one is opened.  Raises Refused: ``browse_open`` for a second window of one
        case, ``profile_in_use``; Unavailable: ``no_browser``, ``browser_start``,
        ``browse_no_screen``.
        """
        from holdfast.adapters import http, launch
        from holdfast.adapters.evidence_browser import Session, need_screen

        if url:
            http.guard(url, allow=http.typed_pair(url))
        executable = launch.find(self.settings.browser)
        need_screen()
        job.step("opening", detail=url[:200])
        matter = self._matter(case, http.link(url).host if url else "")
        if url and not url.startswith(self._within(matter)):
            raise Refused("mixed_worlds")
        with self._lock:
            known = self._browsers.get(matter.id)
            if known is not None and known.open:
                raise Refused("browse_open", case=matter.number)
            home = self.data / "profiles" / matter.id
            session = Session(
                (matter.id, matter.number),
                executable,
                self._profiles,
                self._clock,
                home / "browser.err",
            )
            self._browsers[matter.id] = session
        try:
            session.start(url, job)
        except BaseException:
            with self._lock:
                self._browsers.pop(matter.id, None)
            raise
        return session.state

    def browsing(self, case: str = "") -> Browse | None:
        """How the browser of a case (its id or number) stands; of none, the last that was opened.

        Asks nobody: cheap enough to be called every second.
        """
        with self._lock:
            known = [one for one in self._browsers.values() if case in ("", *one.names)]
            found = known[-1] if known else None
        return found.state if found is not None else None

    def browse_to(self, case: str, url: str, job: Job) -> None:
        """The tab that the person looks at goes to ``url``.  Raises as ``browse``."""
        from holdfast.adapters import http
        from holdfast.usecases import cases

        http.link(url)
        matter = cases.open_for_work(case, store=self._store)
        if not url.startswith(self._within(matter)):
            raise Refused("mixed_worlds")
        self._session(matter).go(url, job)

    def browse_keep(self, case: str, wish: Wish, job: Job) -> Kept:
        """What the person looks at is kept as it is now, or the video at its address.

        Raises Refused and Unavailable where nothing was tried; what failed is in the answer.
        """
        from holdfast.adapters.evidence_browser import Live
        from holdfast.usecases import cases

        matter = cases.open_for_work(case, store=self._store)
        session = self._session(matter)
        within = self._within(matter)
        url = session.here(job)
        if not url.startswith(within):
            raise Refused("mixed_worlds")
        if wish == "video":
            return self._keep([(self._videos.logged_in(session.jar), url)], matter, job)
        return self._keep([(Live(session, wish, within), url)], matter, job)

    def browse_end(self, case: str) -> None:
        """The browser of that case is closed; what was kept stays."""
        with self._lock:
            found = [one for one in self._browsers.values() if case in one.names]
        for session in found:
            session.close()

    def hide_browsers(self, *, hidden: bool) -> None:
        """Every browser window is out of sight, or back where it was."""
        with self._lock:
            sessions = list(self._browsers.values())
        for session in sessions:
            session.hide(hidden=hidden)

    def keep_logged_in(
        self, target: str, job: Job, case: str, how: str = "", *, choose: bool = False
    ) -> Kept:
        """As ``keep``, in the case's own browser profile, where the person has logged in.

        Raises Refused: ``profile_none`` for a case without one, ``profile_in_use``.
        """
        from holdfast.adapters import http
        from holdfast.usecases import cases

        host = http.link(target).host
        matter = cases.open_for_work(case, store=self._store)
        ways = self._own_ways(matter, job)
        self._of_one_world(matter, target)
        job.step("opening", detail=host)
        wanted = (how,) if how else ("page", "video")
        with self._inventory.staying():
            first = [(ways["page"], target)] if "page" in wanted else []
            kept = self._keep(first, matter, job)
            stopped = any(isinstance(failure.error, Cancelled) for failure in kept.failed)
            if "video" not in wanted or stopped:
                return kept

            def look() -> Found:
                return self._look_logged_in(matter, target, job, thorough=False)

            video = self._keep_found(target, matter, job, look, ways["video"], choose=choose)
            return both(kept, video)

    def case_profile(self, case: str) -> Profile | None:
        """What is known of the case's browser profile; None when it has none."""
        return self._profiles.of(self._store.case(case).id)

    def forget_profile(self, case: str) -> None:
        """The case's browser profile is gone, with every log-in in it; what was kept stays.

        Raises Refused: ``profile_none``, ``profile_in_use``.
        """
        if not self._profiles.forget(self._store.case(case).id):
            raise Refused("profile_none")

    def close(self) -> None:
        """Every browser is closed; then as ever."""
        with self._lock:
            sessions = list(self._browsers.values())
        for session in sessions:
            session.close()
        super().close()

    # --- what they work with ----------------------------------------------------------------------

    @cached_property
    def _browsers(self) -> dict[str, Session]:
        return {}

    def _session(self, matter: Case) -> Session:
        with self._lock:
            session = self._browsers.get(matter.id)
        if session is None or not session.open:
            raise Unavailable("browse_over")
        return session

    def _within(self, matter: Case) -> str:
        """How addresses have to begin that go into this case."""
        return self._practice_world().site_url if matter.world == "practice" else ""
