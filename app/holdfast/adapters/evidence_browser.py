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
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from holdfast.adapters import browser, cookies, http
from holdfast.adapters.browser import Browser, Params
from holdfast.adapters.profile import Held, Profiles
from holdfast.adapters.tab import Tab
from holdfast.adapters.visit import Kept, Visit, keep_log, plain_png
from holdfast.core.browsing import Browse, Ended, How, Noticed, Profile, TabSeen, What, judged
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
MOST_TABS = 200
MOST_ASKED = 20
ASKED_SECONDS = 0.5
MOST_NOTED = 500
# What Chromium and its kin bring themselves: the PDF viewer, the store, reading aloud.
_BUILT_IN = frozenset(
    {
        "mhjfbmdgcfjbbpaeojofohoefgiehjai",
        "ahfgeienlihckogmohjhadlkjgocpleb",
        "nmmhkkegccagdldgiimedpiccmgmieda",
        "fignfifoniblkonapihmkfakmlgkbkcf",
        "neajdppkdcdipfabeoofebfddakdcjhd",
        "pkedcjkdefgpdelpbcmbmeomcjbeemfm",
        "ghbmnnjooekpmoecnnnilnnbdlolhkhi",
        "jdiccldimpdaibmpdkjnbmckianbfold",
    }
)
_ENDS = ("browser_gone", "browser_garbled")
"""Troubles after which there is no browser any more."""
_NEW_TAB = ("chrome://newtab", "chrome://new-tab-page", "edge://newtab", "chrome://omnibox-popup")
_INTERNAL = ("chrome:", "edge:", "chrome-untrusted:", "view-source:", "file:", "about:")
_SHOWN = (
    "[document.visibilityState === 'visible' ? (document.hasFocus() ? 2 : 1) : 0,"
    " String(document.title).slice(0, 300)]"
)


def noticed_in(kind: str, url: str) -> What | None:
    """What a target of the browser means to a reader of the evidence; None when nothing."""
    if url.startswith("devtools:"):
        return "devtools"
    if url.startswith("chrome-extension:"):
        return None if url.split("/", 3)[2:3] and url.split("/")[2] in _BUILT_IN else "extension"
    internal = kind == "page" and url.startswith(_INTERNAL)
    if internal and url != "about:blank" and not url.startswith(_NEW_TAB):
        return "internal"
    return None


@dataclass(slots=True)
class _Place:
    """One tab that the person has open."""

    id: str
    tab: Tab
    url: str = ""
    title: str = ""
    since: int = 0
    """The turn at which its page was loaded."""


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
        self._places: dict[str, _Place] = {}
        self._kinds: dict[str, str] = {}
        self._noticed: list[Noticed] = []
        self._turn = 0
        self._current = ""
        self._product = Component(name="browser", version="")
        self._agent = ""
        self._began = ""
        self._program: Browser | None = None
        self._first = ""
        self._start_job = Job()
        self._up: Future[None] = Future()
        self._done: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name="evidence-browser", daemon=True)

    # --- for everybody ---------------------------------------------------------------------------

    def start(self, url: str, job: Job) -> None:
        """The browser is open at ``url``, or blank.  Raises what kept it from opening."""
        if sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise Unavailable("browse_no_screen")
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

    @contextmanager
    def jar(self, room: Path) -> Iterator[Path]:
        """The cookies of this moment, lent as ``cookies.lent``."""
        held = self.ask(lambda: cookies.all_cookies(self._running), Job())
        with cookies.lent(held, room) as file:
            yield file

    # --- the session's thread --------------------------------------------------------------------

    @property
    def _running(self) -> Browser:
        assert self._program is not None
        return self._program

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
        said = program.call("Browser.getVersion")
        self._agent = str(said.get("userAgent", ""))
        name, _, number = str(said.get("product", "")).partition("/")
        self._product = Component(name=one_line(name)[:60] or "browser", version=one_line(number))
        count = len(cookies.all_cookies(program))
        product = f"{self._product.name} {self._product.version}"
        profile = replace(held.profile, browser=product, cookies=count)
        self._profiles.note(profile)
        self.state = replace(self.state, profile=profile)
        program.listen(self._heard)
        deny = {"behavior": "deny", "eventsEnabled": True}
        program.call("Browser.setDownloadBehavior", deny)
        self._keep_inside_shut(program)
        program.call("Target.setDiscoverTargets", {"discover": True})
        program.call(
            "Target.setAutoAttach",
            {
                "autoAttach": True,
                "waitForDebuggerOnStart": True,
                "flatten": True,
                "filter": [{"type": "page"}],
            },
        )
        program.wait(lambda: bool(self._places), browser.START_SECONDS)
        if self._first:
            self._go(_whole(self._first), frozenset())
        self._tell()

    @staticmethod
    def _keep_inside_shut(program: Browser) -> None:
        """The browser does not ask the person whether a page may reach into this network."""
        for name in ("local-network-access", "local-network", "loopback-network"):
            program.send(
                "Browser.setPermission", {"permission": {"name": name}, "setting": "denied"}
            )

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
            now = time.monotonic()
            if now - looked > LOOK_SECONDS and self._orders.empty():
                self._find_current()
                looked = time.monotonic()
            if self._places:
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
            if error.code in _ENDS:
                raise
        except BaseException as error:
            order.answer.set_exception(error)
            raise
        finally:
            self._at_work = None

    def _end(self, trouble: BaseException | None) -> None:
        """Nobody waits any more, and everybody can see why."""
        why: Ended = "gone" if trouble is not None and self._places else "closed"
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

    # --- what the browser reports ----------------------------------------------------------------

    def _heard(self, session: str, method: str, params: Params) -> None:
        match method:
            case "Target.attachedToTarget" if not session:
                self._attached(params)
            case "Target.targetCreated" | "Target.targetInfoChanged":
                self._changed(params["targetInfo"])
            case "Target.targetDestroyed":
                self._gone(str(params["targetId"]))
            case "Target.detachedFromTarget" if not session:
                self._gone(str(params.get("targetId", "")))
            case "Page.frameNavigated" if not params["frame"].get("parentId"):
                self._turn += 1
                for place in self._places.values():
                    if place.tab.hears(session):
                        place.since = self._turn
            case "Browser.downloadWillBegin":
                self._notice("download", str(params.get("url", "")), "")

    def _attached(self, params: Params) -> None:
        info, session = params["targetInfo"], str(params["sessionId"])
        target = str(info["targetId"])
        if len(self._places) < MOST_TABS and target not in self._places:
            tab = Tab(self._running, target=target, session=session)
            tab.user_agent = self._agent
            self._places[target] = _Place(target, tab)
            self._changed(info)
        if params.get("waitingForDebugger"):
            self._running.send("Runtime.runIfWaitingForDebugger", {}, session)

    def _changed(self, info: Params) -> None:
        target, url = str(info["targetId"]), str(info.get("url", ""))[:8000]
        if place := self._places.get(target):
            place.url, place.title = url, str(info.get("title", ""))[:1000]
        what = noticed_in(str(info.get("type", "")), url)
        if what is not None and self._kinds.get(target) != url:
            self._kinds[target] = url
            self._notice(what, url, target)

    def _notice(self, what: What, url: str, target: str) -> None:
        if len(self._noticed) >= MOST_NOTED:
            return
        self._turn += 1
        # Whoever opens the tools reads an address that is long and says nothing more.
        shown = "devtools" if what == "devtools" else one_line(url[:2000])
        if what == "extension":
            shown = one_line("/".join(url.split("/")[:3])[:100])
        self._noticed.append(
            Noticed(
                what=what,
                at=rfc3339(self._clock.now()),
                url=shown,
                turn=self._turn,
                open=bool(target),
            )
        )
        if target:
            self._kinds[f"#{len(self._noticed) - 1}"] = target

    def _gone(self, target: str) -> None:
        if place := self._places.pop(target, None):
            place.tab.close()
        self._kinds.pop(target, None)
        for number, one in enumerate(self._noticed):
            if one.open and self._kinds.get(f"#{number}") == target:
                self._noticed[number] = replace(one, open=False)

    def _tell(self) -> None:
        """Everybody can see how it stands."""
        if self._current not in self._places:
            self._current = next(reversed(self._places), "")
        self.state = replace(
            self.state,
            tabs=tuple(
                TabSeen(
                    id=place.id,
                    url=one_line(place.url),
                    title=one_line(place.title),
                    current=place.id == self._current,
                )
                for place in self._places.values()
            ),
            noticed=tuple(self._noticed),
        )

    # --- what is done for others -----------------------------------------------------------------

    def _find_current(self) -> None:
        """Which tab the person looks at; the browser says it of none, so each page is asked."""
        best = 0
        for place in list(self._places.values())[:MOST_ASKED]:
            if place.tab.dialog or place.tab.crashed:
                continue
            question = {"expression": _SHOWN, "returnByValue": True}
            try:
                answer = place.tab.asked("Runtime.evaluate", question, ASKED_SECONDS)
            except Unavailable as error:
                if error.code in _ENDS:
                    raise
                continue
            match answer.get("result", {}).get("value"):
                case [int(seen), str(title)]:
                    place.title = title or place.title
                    if seen > best:
                        best, self._current = seen, place.id

    def _place(self) -> _Place:
        """The tab that the person looks at.  Raises Refused(``browse_nothing``)."""
        self._find_current()
        self._tell()
        if not self._current:
            raise Refused("browse_nothing")
        return self._places[self._current]

    def _go(self, url: str, pairs: frozenset[str]) -> None:
        self._running.gate.open_to(pairs)
        place = self._place()
        self._running.send("Page.navigate", {"url": url}, place.tab.session)
        place.url = url

    def keep(self, how: How, within: str, room: Path, job: Job) -> Captured:
        """The current tab as it is now, for sealing.  ``within`` is how its address has to begin.

        Raises Refused: ``browse_nothing``, ``browse_internal``, ``browse_dialog``,
        ``mixed_worlds``; Unavailable where nothing could be had.
        """
        return self.ask(lambda: self._keep(how, within, room, job), job)

    def _keep(self, how: How, within: str, room: Path, job: Job) -> Captured:
        place = self._place()
        url, tab = place.url, place.tab
        _check(place, within)
        job.step("saving", detail=one_line(url[:200]))
        kept = Kept(room, self._clock)
        visit = Visit(tab, self._running, kept)
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
            completeness=(*checks, *judged(self._noticed, entered, place.since)),
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
            if how == "scroll":
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

    def _record(self, how: How, place: _Place) -> dict[str, Json]:
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
            "tabs": len(self._places),
            "noticed": [one.body() for one in self._noticed],
            "inside_reached": [
                {"url": one_line(url[:2000]), "address": address}
                for url, address in gate.entered[:MOST_NOTED]
            ],
        }


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


def browser_record(
    product: Component, profile: Profile | None, now: str, *, by: Literal["person", "program"]
) -> dict[str, Json]:
    """What ``browser.json`` says of the browser and its profile; None: a fresh one, gone since."""
    return {
        "browser": f"{product.name} {product.version}".strip(),
        "opened_by": by,
        "extensions": "off",
        "profile": {"kind": "fresh"}
        if profile is None
        else {
            "kind": "case",
            "created": profile.created or None,
            "age_days": profile.age_days(now),
            "used": profile.used,
            "cookies": profile.cookies,
        },
    }


def profile_jar(
    lease: Callable[[Path], AbstractContextManager[Held]], executable: Path, job: Job
) -> cookies.Jar:
    """Lends the cookies of a profile that is not open, by opening it unseen for a moment."""

    @contextmanager
    def jar(room: Path) -> Iterator[Path]:
        log = room / "browser.err"
        try:
            with (
                lease(executable) as held,
                browser.running(
                    executable, allow=frozenset(), log=log, job=job, profile=held.folder
                ) as program,
            ):
                found = cookies.all_cookies(program)
        finally:
            log.unlink(missing_ok=True)
        with cookies.lent(found, room) as file:
            yield file

    return jar


def _check(place: _Place, within: str) -> None:
    url = place.url
    if not url or url.startswith(("about:blank", *_NEW_TAB)):
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
