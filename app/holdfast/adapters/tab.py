"""One page in a browser: opened, watched, read and pictured.

Scripts of ours run in a world of their own, where the page cannot have changed what words mean.
"""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.adapters import http
from holdfast.adapters.browser import Begun, Browser, Params
from holdfast.adapters.scripts import (
    BACK,
    BOXES,
    CHANGED,
    FRAME_TEXT,
    LOOK,
    SHOW,
    STEP,
    THROUGH,
)
from holdfast.adapters.tiles import Bar, Place, pixel
from holdfast.core.canonical import one_line
from holdfast.core.errors import HoldfastError, Refused, Unavailable

if TYPE_CHECKING:
    from holdfast.adapters.tiles import Pixels

NAVIGATE_SECONDS = 45.0
EVALUATE_SECONDS = 10.0
LOAD_SECONDS = 30.0
QUIET_SECONDS = 8.0
STILL = 0.35
STILL_OPEN = 2.0
IMAGE_SECONDS = 2.0
"""How long a picture in view is waited for."""
MOST_NOTED = 500
MOST_FRAMES = 50
FRAME_SECONDS = 3.0

# What the browser holds of bodies until they are asked for: in all, and of one.
_HELD = {"maxTotalBufferSize": 256 << 20, "maxResourceBufferSize": 64 << 20}
WIDTH = 1280
HEIGHT = 900
_SCROLL_STEPS = 250
_SCROLL_SECONDS = 25.0
_AT_ONCE = 10
"""Screens that are gone through before we look whether somebody wants an end."""
PDF_LIMIT = 256 << 20

# What the browser says of a failed navigation → our code.
_TROUBLES = (
    (r"NAME_NOT_RESOLVED|NAME_RESOLUTION_FAILED", "host_unknown"),
    (r"TIMED_OUT", "host_slow"),
    (r"CONNECTION_|ADDRESS_|INTERNET_DISCONNECTED|NETWORK_|SOCKET_NOT", "host_unreachable"),
    (r"SSL_|CERT_", "host_certificate"),
    (r"EMPTY_RESPONSE|INVALID_|RESPONSE_HEADERS|HTTP2_|QUIC_|INCOMPLETE_", "host_garbled"),
    (r"TOO_MANY_REDIRECTS", "page_redirects"),
)


@dataclass(slots=True, kw_only=True)
class Document:
    """The answer that became the page."""

    request: str
    url: str
    status: int
    headers: list[tuple[str, str]]
    media_type: str
    address: str
    security: dict[str, Any] = field(default_factory=dict)


class Tab:
    """A page.  What happened to it stands in its attributes, in order, at most so many of each."""

    def __init__(
        self, browser: Browser, *, target: str = "", session: str = "", scale: float = 1.0
    ) -> None:
        """A new page, ``scale`` pixels to a CSS pixel; or that of ``target``, which a person works
        in, heard through ``session``.

        A person's page is watched and otherwise left alone: nothing about it is overridden, and
        what it opens or asks is theirs to answer.
        """
        self._browser = browser
        self.theirs = bool(session)
        """Whether a person works in it."""
        self.dialog = False
        """Whether a question of the page waits for the person."""
        self.crashed = False
        self.refused_from = self.entered_from = 0
        """Where in the gate's lists the time of this page begins."""
        self.document: Document | None = None
        self.passed: list[str] = []
        """Every address that sent us on, in order."""
        self.lost: list[tuple[str, str]] = []
        """(link, reason) of what the page asked for and did not get."""
        self.dialogs: list[str] = []
        self.downloads: list[str] = []
        self.popups: list[str] = []
        self.rebound: list[tuple[str, str]] = []
        """(link, address) of answers from where no answer may come."""
        self.unreachable = ""
        self.loaded = False
        self.finished = True
        """False once waiting for the page to load was given up."""
        self.answering = True
        self.certificate_error = ""
        self.held: list[str] = []
        """Where the page wanted to go on to while it had to stay."""
        self.left = ""
        """Where it went all the same."""
        self._stays = False
        self._going = ""
        """The request for a document that is to take this one's place."""
        self._open: dict[str, str] = {}
        self._changed = time.monotonic()
        self._raw_headers: dict[str, list[tuple[str, str]]] = {}
        self._frames: dict[str, str] = {}
        """Session and frame of each that lives in a process of its own."""
        self._world: int | None = None
        self._wanted = ""
        self._loaders: set[str] = set()
        self._session = ""
        self._handlers: dict[str, Callable[[str, Params], None]] = {
            "Network.requestWillBeSent": self._request,
            "Network.responseReceived": self._response,
            "Network.responseReceivedExtraInfo": self._response_headers,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._loading_failed,
            "Page.frameNavigated": self._navigated,
            "Page.loadEventFired": self._load_fired,
            "Page.javascriptDialogOpening": self._dialog,
            "Page.javascriptDialogClosed": self._dialog_closed,
            "Browser.downloadWillBegin": self._download,
            "Target.attachedToTarget": self._attached,
            "Target.targetCreated": self._target_created,
            "Inspector.targetCrashed": self._crash,
        }
        browser.listen(self._heard)
        if self.theirs:
            self.user_agent = ""
            self._target = self._frame = target
            self._session = session
            self._watch(session)
            return
        # Orders of one session are carried out in their order: their answers can wait together.
        begun = [browser.begin("Target.setDiscoverTargets", {"discover": True})]
        deny = {"behavior": "deny", "eventsEnabled": True}
        begun.append(browser.begin("Browser.setDownloadBehavior", deny))
        ours = not target
        if ours:
            target = _blank(browser)
        self._target = self._frame = target
        attach = {"targetId": self._target, "flatten": True}
        self._session = str(browser.call("Target.attachToTarget", attach)["sessionId"])
        self._watch(self._session)
        agent = str(browser.about.get("userAgent", ""))
        self.user_agent = agent.replace("HeadlessChrome/", "Chrome/")
        if ours:
            size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": scale, "mobile": False}
            begun += [
                browser.begin(method, order, self._session)
                for method, order in (
                    ("Network.setUserAgentOverride", {"userAgent": self.user_agent}),
                    ("Emulation.setDeviceMetricsOverride", size),
                )
            ]
        for one in begun:
            one.result()

    def _watch(self, session: str) -> None:
        """The session's page or frame, and every frame inside it, reports what it does."""
        send = self._browser.send
        send("Network.enable", _HELD, session)
        send("Page.enable", {}, session)
        send("Inspector.enable", {}, session)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        send("Target.setAutoAttach", attach, session)

    def _call(self, method: str, params: Params | None = None, seconds: float = 30.0) -> Params:
        """The answer of the page itself.  Raises Unavailable(``page_left``) once it is another."""
        try:
            answer = self._browser.call(method, params, self._session, seconds=seconds)
        except Unavailable as error:
            refused = self._stays and error.code == "browser_refused"
            # What is no more there is refused before it is told what took its place.
            if not refused or not self._browser.wait(lambda: bool(self.left), STILL):
                raise
        if self.left:
            raise Unavailable("page_left")
        return answer

    # --- what the browser reports ----------------------------------------------------------------

    def close(self) -> None:
        """Nothing is heard of the page any more."""
        self._browser.unlisten(self._heard)

    @property
    def session(self) -> str:
        """Through which it is spoken with."""
        return self._session

    @property
    def frame(self) -> str:
        """Its main frame, as the browser calls it."""
        return self._frame

    def hears(self, session: str) -> bool:
        """Whether ``session`` is that of the page itself."""
        return session == self._session

    def asked(self, method: str, params: Params, seconds: float) -> Params:
        """The page's answer to a command.  Raises Unavailable as ``Browser.call``."""
        return self._call(method, params, seconds)

    def _heard(self, session: str, method: str, params: Params) -> None:
        if self.theirs and session not in (self._session, *self._frames):
            return  # another tab of the person's
        if (handler := self._handlers.get(method)) is not None:
            handler(session, params)

    def _request(self, session: str, params: Params) -> None:
        self._changed = time.monotonic()
        url = str(params["request"]["url"])
        main = session == self._session and params.get("frameId") == self._frame
        if main and params.get("type") == "Document":
            if self._stays:
                return
            self._going = str(params["requestId"])
            before = params.get("redirectResponse")
            if before is not None:
                _note(self.passed, str(before["url"]))
                self._check(before)
            elif self.theirs:
                self._anew()
            elif self.document is not None and self.document.url != url:
                _note(self.passed, self.document.url)
        if len(self._open) < MOST_NOTED * 10:
            self._open[f"{session}/{params['requestId']}"] = url[:2000]

    def _anew(self) -> None:
        """The person goes on to another page: what happened on the last one is not its own."""
        for noted in (self.passed, self.dialogs, self.downloads, self.popups):
            noted.clear()
        self.lost.clear()
        self.rebound.clear()
        self._open.clear()
        self._raw_headers.clear()
        self._frames.clear()
        gate = self._browser.gate
        self.refused_from, self.entered_from = len(gate.refused), len(gate.entered)

    def _response(self, session: str, params: Params) -> None:
        response = params["response"]
        self._check(response)
        url, status = str(response["url"]), int(response["status"])
        main = session == self._session and params.get("frameId") == self._frame
        if main and params.get("type") == "Document":
            if self._stays:
                return
            request = str(params["requestId"])
            headers = [(str(k), str(v)) for k, v in response.get("headers", {}).items()]
            port = int(response.get("remotePort") or 0)
            address = str(response.get("remoteIPAddress") or "")
            self.document = Document(
                request=request,
                url=url,
                status=status,
                headers=self._raw_headers.get(request, headers),
                media_type=str(response.get("mimeType", "")),
                address=f"{address}:{port}" if address else "",
                security=dict(response.get("securityDetails") or {}),
            )
        elif status >= 400 and not url.endswith("/favicon.ico"):
            self._lose(url, f"HTTP {status}")

    def _check(self, response: Params) -> None:
        url, address = str(response["url"]), str(response.get("remoteIPAddress") or "")
        if not self._browser.gate.reached(url, address):
            self.rebound.append((url, address))

    def _response_headers(self, session: str, params: Params) -> None:
        if session == self._session and len(self._raw_headers) < MOST_NOTED:
            pairs = [(str(k), str(v)) for k, v in params.get("headers", {}).items()]
            request = str(params["requestId"])
            self._raw_headers[request] = pairs
            if self.document is not None and self.document.request == request:
                self.document.headers = pairs

    def _finished(self, session: str, params: Params) -> None:
        self._changed = time.monotonic()
        if params["requestId"] == self._going:
            self._going = ""
        self._open.pop(f"{session}/{params['requestId']}", None)

    def _loading_failed(self, session: str, params: Params) -> None:
        url = self._open.get(f"{session}/{params['requestId']}", "")
        self._finished(session, params)
        if not params.get("canceled") and params.get("type") != "Document":
            reason = str(params.get("errorText", "")).removeprefix("net::")
            self._lose(url, reason)

    def _lose(self, url: str, reason: str) -> None:
        if len(self.lost) < MOST_NOTED:
            self.lost.append((one_line(url[:2000]), one_line(reason[:200])))

    @property
    def failed(self) -> tuple[str, ...]:
        """The same by host, for a sentence."""
        return tuple(f"{_host(url)}: {reason}" for url, reason in self.lost)

    def _navigated(self, session: str, params: Params) -> None:
        frame = params["frame"]
        if session == self._session and not frame.get("parentId"):
            self._frame = str(frame["id"])
            self._loaders.add(str(frame.get("loaderId", "")))
            self.unreachable = str(frame.get("unreachableUrl", ""))
            self.loaded = False
            self._world = None
            self._going = ""
            if self._stays:
                self.left = one_line(str(frame.get("url") or "about:blank")[:2000])

    def _load_fired(self, session: str, _params: Params) -> None:
        if session == self._session:
            self.loaded = True

    def _dialog(self, session: str, params: Params) -> None:
        _note(self.dialogs, f"{params.get('type')}: {params.get('message')}")
        if self.theirs:
            self.dialog = True
            return
        # Staying is what a reader would do; leaving would lose the page.
        self._browser.send("Page.handleJavaScriptDialog", {"accept": False}, session)

    def _dialog_closed(self, _session: str, _params: Params) -> None:
        self.dialog = False

    def _download(self, _session: str, params: Params) -> None:
        _note(self.downloads, str(params.get("url")))

    def _attached(self, _session: str, params: Params) -> None:
        inner = str(params["sessionId"])
        if not params.get("waitingForDebugger"):
            return
        if params["targetInfo"].get("type") == "iframe" and len(self._frames) < MOST_FRAMES:
            self._frames[inner] = str(params["targetInfo"]["targetId"])
            self._watch(inner)
        else:
            self._browser.send("Network.enable", _HELD, inner)
        self._browser.send("Runtime.runIfWaitingForDebugger", {}, inner)

    def _target_created(self, _session: str, params: Params) -> None:
        info = params["targetInfo"]
        if info.get("type") == "page" and info.get("openerId"):
            _note(self.popups, str(info.get("url")))
            self._browser.send("Target.closeTarget", {"targetId": info["targetId"]})

    def _crash(self, session: str, _params: Params) -> None:
        if session == self._session:
            self.crashed = True
            if not self.theirs:
                raise Unavailable("page_crashed")

    # --- opening ---------------------------------------------------------------------------------

    def open(self, url: str) -> None:
        """The page at ``url`` is there, or as much of it as came in time.

        A certificate that the browser refuses is noted, and the page opened nevertheless.  Raises
        Refused or Unavailable when there is nothing to see.
        """
        trouble = self._navigate(url)
        if "ERR_CERT_" in trouble:
            self.certificate_error = trouble.removeprefix("net::ERR_")
            # The browser's own warning must have come before the page can take its place.
            self._browser.wait(lambda: bool(self.unreachable), STILL_OPEN)
            self._browser.send("Security.enable", {}, self._session)
            self._call("Security.setIgnoreCertificateErrors", {"ignore": True})
            trouble = self._navigate(url)
        self.check_address()
        if trouble:
            raise self._told(trouble, url)
        if not self._browser.wait(self._arrived, LOAD_SECONDS):
            # A page that still waits for something draws nothing new; what came so far is kept.
            self.finished = False
            self._call("Page.stopLoading")
        self.settle()
        self.check_there()

    def _arrived(self) -> bool:
        committed = not self._wanted or self._wanted in self._loaders
        return (committed and self.loaded) or bool(self.unreachable)

    def _navigate(self, url: str) -> str:
        self.loaded, self.unreachable = False, ""
        try:
            answer = self._call("Page.navigate", {"url": url}, NAVIGATE_SECONDS)
        except Unavailable as error:
            if error.code == "browser_stuck":
                raise Unavailable(
                    "host_slow", host=_host(url), seconds=int(NAVIGATE_SECONDS)
                ) from error
            raise
        self._wanted = str(answer.get("loaderId", ""))
        return str(answer.get("errorText", ""))

    def _told(self, trouble: str, url: str) -> HoldfastError:
        """A failed navigation as an error of ours."""
        if "BLOCKED_BY_CLIENT" in trouble and self._browser.gate.refused:
            return self._browser.gate.refused[-1][1]
        aborted = "ABORTED" in trouble
        if aborted and self._browser.wait(lambda: bool(self.downloads), STILL):
            return Refused("page_download", host=_host(url))
        if self.document is not None and self.document.status >= 400:
            return Unavailable("http_status", host=_host(url), status=self.document.status)
        for pattern, code in _TROUBLES:
            if re.search(pattern, trouble):
                facts = {"seconds": int(NAVIGATE_SECONDS)} if code == "host_slow" else {}
                return Unavailable(code, host=_host(url), **facts)
        if aborted:
            return Unavailable("page_nothing", host=_host(url))
        return Unavailable("page_failed", host=_host(url), reason=trouble.removeprefix("net::"))

    def stay(self) -> None:
        """The page stays the one that it is until it may ``go_on``: where it wants to go by itself
        is noted and not followed, for what is kept of it must be of one page.

        Where it had set out to already it arrives first.  Raises as ``open``.
        """
        self.held.clear()
        self.left = ""
        self._browser.gate.hold(self._frame, lambda url: _note(self.held, url))
        if self._going:
            if not self._browser.wait(lambda: not self._going, LOAD_SECONDS):
                self._call("Page.stopLoading")
            self._browser.wait(lambda: self.loaded or bool(self.unreachable), LOAD_SECONDS)
            self.settle()
            self.check_there()
        self._stays = True

    def go_on(self) -> None:
        """The page may be followed by another again."""
        self._stays = False
        self._browser.gate.go(self._frame)

    def check_address(self) -> None:
        """Nothing, unless something came from inside.  Raises Refused(``link_rebound``)."""
        entered = [] if self.theirs else self._browser.gate.entered
        if reached := [*self.rebound, *entered]:
            url, address = reached[0]
            raise Refused("link_rebound", host=_host(url), address=one_line(address[:60]))

    def check_there(self) -> None:
        """Nothing, unless the page went somewhere that cannot be shown.  Raises as ``open``."""
        self.check_address()
        if self.unreachable:
            for url, error in reversed(self._browser.gate.refused):
                if url == self.unreachable[: http.MAX_LINK]:
                    raise error
            raise self._told("net::ERR_FAILED", self.unreachable)

    def settle(self, moment: float = STILL) -> None:
        """Nothing came or went for a moment, or QUIET_SECONDS did not bring one."""

        def quiet() -> bool:
            still = time.monotonic() - self._changed
            # Some requests are open for good, and some ends are never told.
            return bool(self.unreachable) or still > (STILL_OPEN if self._open else moment)

        self._browser.wait(quiet, QUIET_SECONDS)

    # --- reading ---------------------------------------------------------------------------------

    def evaluate(self, expression: str) -> Any:
        """The value of ``expression`` in our world of the page's main frame.

        A script that does not let go is stopped, once; ``answering`` is False from then on.
        Raises Unavailable(``page_stuck``).
        """
        try:
            return self._evaluate(expression)
        except Unavailable as error:
            if error.code != "browser_stuck" or not self.answering:
                raise
        self.stop_scripts()
        try:
            return self._evaluate(expression)
        except Unavailable as error:
            if error.code == "browser_stuck":
                raise Unavailable("page_stuck") from error
            raise

    def stop_scripts(self) -> None:
        """The page's scripts run no more."""
        self.answering = False
        self._browser.send("Runtime.terminateExecution", {}, self._session)
        disabled = {"value": True}
        self._browser.send("Emulation.setScriptExecutionDisabled", disabled, self._session)

    def _evaluate(self, expression: str, *, promised: bool = False) -> Any:
        if self._world is None:
            world = {"frameId": self._frame, "worldName": "holdfast"}
            made = self._call("Page.createIsolatedWorld", world, EVALUATE_SECONDS)
            self._world = int(made["executionContextId"])
        question = {"expression": expression, "contextId": self._world, "returnByValue": True}
        if promised:
            question["awaitPromise"] = True
        answer = self._call("Runtime.evaluate", question, EVALUATE_SECONDS)
        return answer.get("result", {}).get("value")

    def _promised(self, waiting: str, at_once: str) -> Any:
        """The value of a script that waits for the page to draw; where the page's scripts were
        stopped nothing waits any more, and ``at_once`` is asked a moment later instead.
        """
        if self.answering:
            try:
                return self._evaluate(waiting, promised=True)
            except Unavailable as error:
                if error.code != "browser_stuck":
                    raise
            self.stop_scripts()
        self.evaluate(at_once)
        self._browser.wait(lambda: bool(self.unreachable), 0.15)
        return self.evaluate(at_once)

    def frame_texts(self) -> list[str]:
        """The rendered text of every frame that is shown and has some."""
        places = [(self._session, frame) for frame in self._inside(self._session)]
        for session, frame in self._frames.items():
            places += [(session, one) for one in (frame, *self._inside(session))]
        told = (self._in_frame(*place, FRAME_TEXT) for place in places[:MOST_FRAMES])
        return [text for one in told if (text := str(one or ""))]

    def in_frames(self, expression: str) -> list[Any]:
        """The value of ``expression`` in our world of every frame in a process of its own."""
        return [self._in_frame(*place, expression) for place in self._frames.items()]

    def _inside(self, session: str) -> list[str]:
        """The frames inside the page or frame of ``session`` that share its process."""
        tree = self._of_frame("Page.getFrameTree", {}, session).get("frameTree", {})
        waiting: list[Params] = list(tree.get("childFrames", []))
        found: list[str] = []
        while waiting and len(found) < MOST_FRAMES:
            one = waiting.pop(0)
            found.append(str(one["frame"]["id"]))
            waiting += one.get("childFrames", [])
        return found

    def _in_frame(self, session: str, frame: str, expression: str) -> Any:
        world = {"frameId": frame, "worldName": "holdfast"}
        made = self._of_frame("Page.createIsolatedWorld", world, session)
        if "executionContextId" not in made:
            return None
        question = {"expression": expression, "contextId": made["executionContextId"]}
        told = self._of_frame("Runtime.evaluate", question | {"returnByValue": True}, session)
        return told.get("result", {}).get("value")

    def _of_frame(self, method: str, params: Params, session: str) -> Params:
        """What a frame answers; nothing where it does not."""
        try:
            return self._browser.call(method, params, session, seconds=FRAME_SECONDS)
        except Unavailable as error:
            if error.code == "browser_gone":
                raise
            return {}

    def scroll_through(self) -> bool:
        """Whether the end was reached, going down once so that late pictures load.

        A page that grows as it is read has no end: so many screens are enough.
        """
        end = time.monotonic() + _SCROLL_SECONDS
        y, steps = 0.0, 0
        while steps < _SCROLL_STEPS:
            some = min(_AT_ONCE, _SCROLL_STEPS - steps) if self.answering else 1
            place = self._promised(f"{THROUGH}({y}, {some})", f"{STEP}({y + HEIGHT})") or {}
            y, steps = float(place.get("y", 0)), steps + some
            if place.get("end"):
                before = place.get("height")
                self.settle(STILL / 2)
                place = self.evaluate(f"{STEP}({y})") or {}
                if place.get("end") and place.get("height") == before:
                    return True
            if time.monotonic() > end or self.unreachable:
                break
        self.settle()
        return False

    def place(self, box: int, x: float, y: float) -> Place:
        """The page (0) or a box of it, scrolled as near to (x, y) as it goes, and what is in view
        there has come, or was waited for in vain.  Raises Unavailable(``page_stuck``).
        """
        ask = f"{LOOK}({box}, {x}, {y}, "
        found = self._promised(f"{ask}{round(IMAGE_SECONDS * 1000)})", f"{ask}0)")
        if not isinstance(found, dict) or "bars" not in found:
            raise Unavailable("page_stuck")
        bars = tuple(Bar(**bar) for bar in found.pop("bars"))
        return Place(**found, bars=bars)

    def changed(self) -> bool:
        """Whether something came or went since the place was looked at."""
        return self.answering and bool(self.evaluate(CHANGED))

    def boxes(self, most: int) -> tuple[int, int]:
        """How many boxes scroll inside the page, and how many of them (from 1) can be placed."""
        there, placed = self.evaluate(f"{BOXES}({most})") or (0, 0)
        return int(there), int(placed)

    @contextmanager
    def box_shown(self, box: int) -> Iterator[None]:
        """The box is in view; afterwards it is scrolled as it was."""
        self.evaluate(f"{SHOW}({box})")
        yield
        self.evaluate(f"{BACK}({box})")

    def screen(self, place: Place) -> Pixels:
        """The visible part of a box now, its pixels untouched."""
        import numpy as np
        from PIL import Image

        with Image.open(io.BytesIO(self.picture()), formats=("PNG",)) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        scale = place.scale
        left, top = pixel(place.left * scale), pixel(place.top * scale)
        right = pixel((place.left + place.across) * scale)
        bottom = pixel((place.top + place.down) * scale)
        return pixels[top:bottom, left:right]

    def picture(self) -> bytes:
        """A PNG of what is in the window now.

        A script that does not let go is stopped, once, for nothing is drawn until then.
        """
        try:
            return self._picture(3 * EVALUATE_SECONDS)
        except Unavailable as error:
            if error.code != "browser_stuck" or not self.answering:
                raise
        self.stop_scripts()
        return self._picture(60)

    def _picture(self, seconds: float) -> bytes:
        order: Params = {"format": "png", "fromSurface": True, "optimizeForSpeed": True}
        return base64.b64decode(self._call("Page.captureScreenshot", order, seconds)["data"])

    def click(self, x: float, y: float) -> None:
        """The page was clicked at a point of the window, as by a mouse."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            press: Params = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", press)

    def snapshots(self) -> Iterator[tuple[bool, Params]]:
        """What is laid out, with the boxes of every run of text (``DOMSnapshot``): the page and
        its frames, then (False) each frame that lives in a process of its own.
        """
        order: Params = {"computedStyles": []}
        yield True, self._call("DOMSnapshot.captureSnapshot", order, 60)
        for session in self._frames:
            if found := self._of_frame("DOMSnapshot.captureSnapshot", order, session):
                yield False, found

    def begin_print(self) -> Begun:
        """The page is being printed, which lays it out anew; ``print`` brings the result."""
        order: Params = {
            "transferMode": "ReturnAsStream",
            "printBackground": True,
            "preferCSSPageSize": True,
        }
        return self._browser.begin("Page.printToPDF", order, self._session)

    def print(self, begun: Begun, at: Path) -> bool:
        """Whether the page as it prints is at ``at`` as a PDF, all of it."""
        try:
            stream = begun.result(120)["stream"]
        except Unavailable as error:
            if error.code in ("browser_refused", "browser_stuck"):
                return False
            raise
        with at.open("wb") as file:
            while file.tell() < PDF_LIMIT:
                piece = self._call("IO.read", {"handle": stream, "size": 1 << 20})
                data = str(piece.get("data", ""))
                file.write(base64.b64decode(data) if piece.get("base64Encoded") else data.encode())
                if piece.get("eof"):
                    self._browser.send("IO.close", {"handle": stream}, self._session)
                    return True
        at.unlink()
        return False

    def archive(self) -> bytes:
        """The page with its parts as one MHTML file (RFC 2557)."""
        return str(self._call("Page.captureSnapshot", {"format": "mhtml"}, 60)["data"]).encode()

    def body(self) -> bytes:
        """The document as the server sent it, content encoding undone; empty if it is not kept.

        Text comes back as UTF-8 whatever its charset was.
        """
        if self.document is None:
            return b""
        try:
            answer = self._call("Network.getResponseBody", {"requestId": self.document.request})
        except Unavailable as error:
            if error.code == "browser_refused":
                return b""
            raise
        data = str(answer.get("body", ""))
        return base64.b64decode(data) if answer.get("base64Encoded") else data.encode()

    def certificates(self) -> tuple[bytes, ...]:
        """The chain of the page's server, DER, its own first; empty without TLS."""
        if self.document is None or not self.document.url.startswith("https:"):
            return ()
        origin = "/".join(self.document.url.split("/", 3)[:3])
        try:
            table = self._call("Network.getCertificate", {"origin": origin})["tableNames"]
        except Unavailable as error:
            if error.code == "browser_refused":
                return ()
            raise
        return tuple(base64.b64decode(one) for one in table[:20])

    @property
    def still_open(self) -> int:
        """Requests that have not ended."""
        return len(self._open)


def _blank(browser: Browser) -> str:
    """A blank page: the one that the browser came up with, or a new one."""
    for one in browser.call("Target.getTargets").get("targetInfos", []):
        if one.get("type") == "page" and not one.get("attached") and one["url"] == "about:blank":
            return str(one["targetId"])
    return str(browser.call("Target.createTarget", {"url": "about:blank"})["targetId"])


def _note(list_: list[str], text: str) -> None:
    if len(list_) < MOST_NOTED:
        list_.append(one_line(text[:2000]))


def _host(url: str) -> str:
    return one_line(url.split("/", 3)[2][:100]) if url.count("/") >= 2 else one_line(url[:40])
