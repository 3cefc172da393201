"""The evidence browser: a visible window that a person works in, on the profile of one case.

A thread of its own talks with it from its opening to its end; everybody else asks that thread.  The
person goes where they want; what they want kept is kept as it is then, without loading it again.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from holdfast.adapters import browser, cookies, http, launch
from holdfast.adapters.browser import Browser
from holdfast.adapters.disk import room_for
from holdfast.adapters.profile import Held, Profiles, browser_record
from holdfast.adapters.tab import Tab
from holdfast.adapters.tabs import ENDS, MOST_NOTED, NEW_TAB, Place, Tabs
from holdfast.adapters.visit import Kept, Visit, keep_log, plain_png
from holdfast.core.browsing import Browse, Ended, How, Profile, judged
from holdfast.core.canonical import Json, canonical, one_line, rfc3339
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import (
    Captured,
    Check,
    Component,
    Observations,
    Target,
)
from holdfast.core.job import Job
from holdfast.ports import Clock

Result = TypeVar("Result")

LOOK_SECONDS = 1.0
EMPTY_SECONDS = 2.0
"""Without a tab for so long the person has closed it, also where the program itself stays."""


@dataclass(slots=True)
class _Order:
    work: Callable[[], Any]
    job: Job
    answer: Future[Any] = field(default_factory=Future)


class Session:
    """One visible browser from its opening to its end.  ``state`` may be read from any thread."""

    def __init__(
        self,
        names: tuple[str, ...],
        executable: Path,
        profiles: Profiles,
        clock: Clock,
        log: Path,
    ) -> None:
        """``names`` are those of the case, its id first.  It is open once ``start`` has ended."""
        self.names = names
        self.state = Browse(case_id=names[0], profile=Profile(case_id=names[0]))
        self._executable, self._profiles = executable, profiles
        self._clock, self._log = clock, log
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._over = False
        self._closing = threading.Event()
        self._at_work: Job | None = None
        self._product = Component(name="browser", version="")
        self._began = ""
        self._program: Browser | None = None
        self._open_tabs: Tabs | None = None
        self._first = ""
        self._start_job = Job()
        self._up: Future[None] = Future()
        self._done: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name="evidence-browser", daemon=True)

    # --- for everybody ---------------------------------------------------------------------------

    def start(self, url: str, job: Job) -> None:
        """The browser is open at ``url``, or blank.  Raises what kept it from opening."""
        self._first, self._start_job = url, job
        self._thread.start()
        wait((self._up, self._done), return_when=FIRST_COMPLETED)
        if not self._up.done():
            self._done.result()
        self._up.result()

    @property
    def open(self) -> bool:
        """Whether the browser is there."""
        return not self._over

    def ask(self, work: Callable[[], Result], job: Job) -> Result:
        """What ``work`` gave, done by the session's thread.

        Raises what it raised, and Unavailable(``browse_over``) once the browser is gone.
        """
        order = _Order(work, job)
        with self._lock:
            if self._over:
                raise Unavailable("browse_over")
            self._orders.put(order)
        result: Result = order.answer.result()
        return result

    def hide(self, *, hidden: bool) -> None:
        """Its windows are out of sight, or back; at once, whatever is being done."""
        if self._over or self._open_tabs is None:
            return
        bounds = {"windowState": "minimized" if hidden else "normal"}
        for window in {place.window for place in list(self._tabs.places.values())} - {0}:
            with suppress(Unavailable):
                order = {"windowId": window, "bounds": bounds}
                self._running.send("Browser.setWindowBounds", order)

    def close(self) -> None:
        """The browser is gone; what was being kept ends as it would had the person closed it."""
        self._closing.set()
        if (job := self._at_work) is not None:
            job.cancel()
        if self._thread.ident is not None:
            self._thread.join()

    def go(self, url: str, job: Job) -> None:
        """The current tab goes to ``url``, which the person typed.  Raises Refused as ``guard``."""
        pairs = http.typed_pair(url)
        http.guard(url, allow=pairs)
        self.ask(lambda: self._go(_whole(url), pairs), job)

    def here(self, job: Job) -> str:
        """The address that the person looks at now.  Raises Refused as ``keep``."""

        def look() -> str:
            place = self._place()
            _check(place, "")
            return place.url

        return self.ask(look, job)

    def jar(self, room: Path, _link: str) -> Path:
        """The cookies of this moment, in a file of ``room``; see ``cookies.written``."""
        held = self.ask(lambda: cookies.all_cookies(self._running), Job())
        return cookies.written(held, room)

    # --- the session's thread --------------------------------------------------------------------

    @property
    def _running(self) -> Browser:
        assert self._program is not None
        return self._program

    @property
    def _tabs(self) -> Tabs:
        assert self._open_tabs is not None
        return self._open_tabs

    def _live(self) -> None:
        """The whole life of the browser."""
        trouble: BaseException | None = None
        try:
            with self._opened() as (program, held):
                self._begin(program, held)
                self._up.set_result(None)
                self._serve(program)
        except HoldfastError as error:
            trouble = error
        except BaseException as error:
            trouble = error
            raise
        finally:
            self._end(trouble)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Browser, Held]]:
        case_id = self.state.case_id
        with (
            self._profiles.held(case_id, self._executable) as held,
            browser.running(
                self._executable,
                allow=http.typed_pair(self._first) if self._first else frozenset(),
                log=self._log,
                job=self._start_job,
                profile=held.folder,
                seen=True,
            ) as program,
        ):
            yield program, held

    def _begin(self, program: Browser, held: Held) -> None:
        self._program = program
        self._began = rfc3339(self._clock.now())
        said = program.about
        name, _, number = str(said.get("product", "")).partition("/")
        self._product = Component(name=one_line(name)[:60] or "browser", version=one_line(number))
        count = len(cookies.all_cookies(program))
        product = f"{self._product.name} {self._product.version}"
        profile = replace(held.profile, browser=product, cookies=count)
        self._profiles.note(profile)
        self.state = replace(self.state, profile=profile)
        agent = str(said.get("userAgent", ""))
        self._open_tabs = Tabs(program, self._clock, agent, self._log.parent)
        self._open_tabs.watch()
        program.wait(lambda: bool(self._tabs.places), launch.START_SECONDS)
        if self._first:
            self._go(_whole(self._first), frozenset())
        self._tell()

    def _serve(self, program: Browser) -> None:
        looked = empty = time.monotonic()
        while not self._closing.is_set():
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                program.job = Job()
                program.wait(self._called, LOOK_SECONDS)
            else:
                self._do(program, order)
            self._tabs.sweep()
            now = time.monotonic()
            if now - looked > LOOK_SECONDS and self._orders.empty():
                self._tabs.find_current()
                looked = time.monotonic()
            if self._tabs.places:
                empty = now
            elif now - empty > EMPTY_SECONDS:
                return
            self._tell()

    def _called(self) -> bool:
        return not self._orders.empty() or self._closing.is_set()

    def _do(self, program: Browser, order: _Order) -> None:
        program.job, program.stage = order.job, "saving"
        self._at_work = order.job
        try:
            order.answer.set_result(order.work())
        except HoldfastError as error:
            order.answer.set_exception(error)
            if error.code in ENDS:
                raise
        except BaseException as error:
            order.answer.set_exception(error)
            raise
        finally:
            self._at_work = None

    def _end(self, trouble: BaseException | None) -> None:
        """Nobody waits any more, and everybody can see why."""
        left = self._open_tabs is not None and bool(self._open_tabs.places)
        if self._open_tabs is not None:
            for place in self._open_tabs.places.values():
                place.archive.close()
            self._open_tabs.sweep()
        why: Ended = "gone" if trouble is not None and left else "closed"
        with self._lock:
            self._over = True
        self.state = replace(self.state, ended=why, tabs=())
        while True:
            try:
                self._orders.get_nowait().answer.set_exception(Unavailable("browse_over"))
            except queue.Empty:
                break
        if not self._up.done() and trouble is not None:
            self._up.set_exception(trouble)
        self._done.set_result(None)

    # --- what is done for others -----------------------------------------------------------------

    def _place(self) -> Place:
        """The tab that the person looks at.  Raises Refused(``browse_nothing``)."""
        self._tabs.find_current()
        self._tell()
        if not self._tabs.current:
            raise Refused("browse_nothing")
        return self._tabs.places[self._tabs.current]

    def _tell(self) -> None:
        """Everybody can see how it stands."""
        tabs = self._tabs
        self.state = replace(self.state, tabs=tabs.seen(), noticed=tuple(tabs.noticed))

    def _go(self, url: str, pairs: frozenset[str]) -> None:
        self._running.gate.open_to(pairs)
        place = self._place()
        self._running.send("Page.navigate", {"url": url}, place.tab.session)
        place.url = url

    def keep(self, how: How, within: str, room: Path, job: Job) -> Captured:
        """The current tab as it is now, for sealing.  ``within`` is how its address has to begin.

        Raises Refused: ``browse_nothing``, ``browse_internal``, ``browse_dialog``,
        ``mixed_worlds``, ``disk_full``; Unavailable where nothing could be had.
        """

        def work() -> Captured:
            # Said inside: what is no more than a full disk must not end the browser.
            with room_for(one_line(self._place().url[:100])):
                return self._keep(how, within, room, job)

        return self.ask(work, job)

    def _keep(self, how: How, within: str, room: Path, job: Job) -> Captured:
        place = self._place()
        url, tab = place.url, place.tab
        _check(place, within)
        job.step("saving", detail=one_line(url[:200]))
        kept = Kept(room, self._clock)
        visit = Visit(tab, self._running, kept, place.archive, private=True)
        checks: tuple[Check, ...]
        try:
            checks = self._shot(tab, kept) if how == "shot" else self._whole(visit, url, how)
        except Unavailable as error:
            if not kept.files:
                raise
            # The browser or the tab ended before we did.
            checks = (Check(check="interrupted", outcome="fail", detail=error.code),)
        kept.add("browser.json", canonical(self._record(how, place)), "application/json", "record")
        keep_log(self._log, self._log.parent, kept)
        entered = [url for url, _ in self._running.gate.entered[tab.entered_from :]]
        shown = how != "shot" and bool(visit.final_url)
        return Captured(
            source="page",
            target=Target(
                typed=url,
                url=url,
                final_url=visit.final_url or one_line(url),
                redirects=tuple(tab.passed),
            ),
            files=tuple(kept.files),
            started=kept.started,
            finished=rfc3339(self._clock.now()),
            components=(self._product, *_libraries()),
            network=visit.network(()),
            completeness=(*checks, *judged(self._tabs.noticed, entered, place.since)),
            observations=visit.observations()
            if shown
            else Observations(
                title=one_line(place.title), status=tab.document.status if tab.document else None
            ),
        )

    def _whole(self, visit: Visit, url: str, how: How) -> tuple[Check, ...]:
        """The page is kept with everything of it, and stands afterwards where it stood."""
        tab = visit.tab
        before = tab.evaluate("Math.round(scrollY)") or 0
        try:
            visit.keep(url, scroll=how == "scroll")
            if how == "scroll" and not visit.broken:
                tab.evaluate(f"window.scrollTo(0, {int(before)})")
            return visit.checks(url.startswith("https:"), url)
        finally:
            if not tab.answering:
                # A page that did not let go was stopped for the capture only.
                tab.answering = True
                on = {"value": False}
                self._running.send("Emulation.setScriptExecutionDisabled", on, tab.session)

    @staticmethod
    def _shot(tab: Tab, kept: Kept) -> tuple[Check, ...]:
        """What can be seen of the page now."""
        picture, colour = plain_png(tab.picture())
        kept.add("viewport.png", picture, "image/png")
        outcome: Literal["fail", "pass"] = "fail" if colour else "pass"
        return (Check(check="picture_content", outcome=outcome, detail=colour),)

    def _record(self, how: How, place: Place) -> dict[str, Json]:
        try:
            count = len(cookies.all_cookies(self._running))
            profile = replace(self.state.profile, cookies=count)
            self._profiles.note(profile)
            self.state = replace(self.state, profile=profile)
        except Unavailable:
            profile = self.state.profile
        gate = self._running.gate
        return {
            **browser_record(self._product, profile, rfc3339(self._clock.now()), by="person"),
            "kept": how,
            "opened": self._began,
            "url": one_line(place.url),
            "title": one_line(place.title),
            "tabs": len(self._tabs.places),
            "noticed": [one.body() for one in self._tabs.noticed],
            "inside_reached": [
                {"url": one_line(url[:2000]), "address": address}
                for url, address in gate.entered[:MOST_NOTED]
            ],
        }


def need_screen() -> None:
    """Nothing, where a window can be shown.  Raises Unavailable(``browse_no_screen``)."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise Unavailable("browse_no_screen")


class Live:
    """What the person looks at in the evidence browser, as a way of capturing."""

    id: Literal["page"] = "page"

    def __init__(self, session: Session, how: How, within: str = "") -> None:
        self._session, self._how, self._within = session, how, within

    def suits(self, _target: str) -> bool:
        """Whatever is open can be tried."""
        return True

    def capture(self, _target: str, room: Path, job: Job) -> Captured:
        """The page as it is now, without loading it again.  Raises as ``Session.keep``."""
        return self._session.keep(self._how, self._within, room, job)

    def parts(self) -> tuple[Component, ...]:
        return _libraries()


def _check(place: Place, within: str) -> None:
    url = place.url
    if not url or url.startswith(("about:blank", *NEW_TAB)):
        raise Refused("browse_nothing")
    if not url.startswith(("http://", "https://")):
        raise Refused("browse_internal", scheme=one_line(url.partition(":")[0][:20]))
    if not url.startswith(within):
        raise Refused("mixed_worlds")
    if place.tab.dialog:
        raise Refused("browse_dialog")
    if place.tab.crashed:
        raise Unavailable("page_crashed")


def _whole(url: str) -> str:
    """The address as a browser takes it, with what follows ``#``."""
    found = http.link(url)
    return found.url + (f"#{found.fragment}" if found.fragment else "")


def _libraries() -> tuple[Component, ...]:
    return tuple(Component(name=name, version=version(name)) for name in ("websockets", "Pillow"))
