"""A web page as an ordinary visitor sees it, in the person's own browser with a fresh profile."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from typing import Literal

from holdfast.adapters import browser, http, launch
from holdfast.adapters.archive import Archive
from holdfast.adapters.capture import Means
from holdfast.adapters.cookies import all_cookies
from holdfast.adapters.disk import room_for
from holdfast.adapters.profile import Held, browser_record
from holdfast.adapters.tab import Tab
from holdfast.adapters.visit import Kept, Visit, keep_log
from holdfast.core.canonical import canonical, one_line, rfc3339
from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.evidence import (
    Captured,
    Component,
    Target,
)
from holdfast.core.job import Job

JSON = "application/json"


class Page:
    """Opens a link, keeps what is there, and says what is missing."""

    id: Literal["page"] = "page"

    def __init__(self, means: Means, *, close_banner: bool = False) -> None:
        self._means = means
        self._close_banner = close_banner
        self._clock = means.clock
        self._loopback = means.loopback
        self._browser = means.browser
        self._profile = means.profile
        self._spare = means.spare

    def closing(self) -> Page:
        """The same, but what lies over the page is also closed as a reader would, and both states
        are kept.
        """
        return Page(self._means, close_banner=True)

    def suits(self, target: str) -> bool:
        """Whether ``target`` is a web link, or a shared message with one inside."""
        try:
            http.link(target)
        except Refused:
            return False
        return True

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The page as pictures, archive and text, with the server's answer beside it.

        Raises Refused and Unavailable where nothing could be kept: those of ``http.guard``, of
        ``launch.find``, and ``http_status``, ``page_download``, ``page_nothing``,
        ``page_failed``, ``page_redirects``, ``page_closed``, ``page_crashed``, ``page_left``,
        ``page_stuck``, ``link_rebound``, ``disk_full``.
        """
        job.step("opening", detail=one_line(target[:200]))
        allow = self._loopback | http.typed_pair(target)
        found, addresses = http.guard(target, allow=allow)
        executable = launch.find(self._browser)
        url = found.url + (f"#{found.fragment}" if found.fragment else "")
        kept = Kept(room, self._clock)
        try:
            with room_for(found.host), ExitStack() as undo:
                held = undo.enter_context(self._profile(executable)) if self._profile else None
                started = self._started(executable, room, held)
                undo.callback(started.log.unlink, missing_ok=True)
                with browser.spoken(started, allow=allow, job=job) as program:
                    product = _product(program)
                    # Where somebody is logged in, nothing of it holds a key to their account.
                    visit = self._visited(url, program, kept, room, private=held is not None)
                    alive = None if visit.broken else held
                    kept.add("browser.json", self._record(product, program, alive), JSON, "record")
                keep_log(started.log, room, kept)
        except BaseException as error:
            # A browser that ended leaves what the visit had kept.  Nothing stays of a page that
            # came from inside, nor of one that the person did not want in the end.  What a bug of
            # ours cut short is recovered at the next start.
            if isinstance(error, HoldfastError) or not isinstance(error, Exception):
                rmtree(kept.folder, ignore_errors=True)
            raise
        return Captured(
            source="page",
            target=Target(
                typed=target,
                url=url,
                final_url=visit.final_url,
                redirects=tuple(visit.tab.passed),
            ),
            files=tuple(kept.files),
            started=kept.started,
            finished=rfc3339(self._clock.now()),
            components=(product, *_libraries()),
            network=visit.network(tuple(str(address) for address in addresses)),
            completeness=visit.checks(found.scheme == "https", target),
            observations=visit.observations(),
        )

    def _started(self, executable: Path, room: Path, held: Held | None) -> launch.Launched:
        """A browser in the case's profile, or a fresh one: perhaps one that waits already."""
        if held is None and (waiting := self._spare(executable)) is not None:
            return waiting
        return launch.launched(
            executable, log=room / "browser.err", profile=held.folder if held else None
        )

    def _visited(
        self, url: str, program: browser.Browser, kept: Kept, room: Path, *, private: bool
    ) -> Visit:
        """The page was opened and everything of it kept."""
        tab = Tab(program)
        with closing(Archive(program, tab, room, self._clock, private=private)) as archive:
            visit = Visit(
                tab, program, kept, archive, close_banner=self._close_banner, private=private
            )
            visit.go(url)
        return visit

    def _record(self, product: Component, program: browser.Browser, held: Held | None) -> bytes:
        """What opened the page; of a case's profile also how old and how full it is."""
        now = rfc3339(self._clock.now())
        profile = replace(held.profile, cookies=len(all_cookies(program))) if held else None
        return canonical(browser_record(product, profile, now, by="program"))

    def parts(self) -> tuple[Component, ...]:
        try:
            found = launch.find(self._browser)
        except HoldfastError:
            return (Component(name="Chromium, Chrome or Edge", version=""),)
        return (Component(name=found.name, version=launch.version(found)),)


PIECE = Page


LIBRARIES = ("websockets", "Pillow", "warcio", "av")


def _libraries() -> tuple[Component, ...]:
    return tuple(Component(name=name, version=version(name)) for name in LIBRARIES)


def _product(program: browser.Browser) -> Component:
    name, _, number = str(program.about.get("product", "")).partition("/")
    return Component(name=one_line(name)[:60] or "browser", version=one_line(number)[:60])
