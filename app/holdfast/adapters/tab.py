"""One page in a browser: opened, watched, read and pictured.

Scripts of ours run in a world of their own, where the page cannot have changed what words mean.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from holdfast.adapters.browser import Browser, Params
from holdfast.core.canonical import one_line
from holdfast.core.errors import HoldfastError, Refused, Unavailable

NAVIGATE_SECONDS = 45.0
EVALUATE_SECONDS = 10.0
LOAD_SECONDS = 30.0
QUIET_SECONDS = 8.0
STILL = 0.5
STILL_OPEN = 2.0
MOST_NOTED = 500

# What the browser holds of bodies until they are asked for: in all, and of one.
_HELD = {"maxTotalBufferSize": 256 << 20, "maxResourceBufferSize": 64 << 20}
_WIDTH = 1280
_HEIGHT = 900
_SCROLL_STEPS = 60
_SCROLL_SECONDS = 25.0

TEXT = "document.body ? document.body.innerText.slice(0, 2000000) : ''"
_SCROLL = (
    "(y => { window.scrollTo({top: y, behavior: 'instant'}); const root = document.scrollingElement"
    " || document.documentElement; return {y: Math.round(window.scrollY),"
    " height: root ? root.scrollHeight : 0}; })"
)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The page's size in CSS pixels."""

    width: int
    height: int


class Tab:
    """A page.  What happened to it stands in its attributes, in order, at most so many of each."""

    def __init__(self, browser: Browser, *, target: str = "", session: str = "") -> None:
        """A new page; or that of ``target``, which a person works in, heard through ``session``.

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
        self.failed: list[str] = []
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
        self._open: dict[str, str] = {}
        self._changed = time.monotonic()
        self._raw_headers: dict[str, list[tuple[str, str]]] = {}
        self._frames: list[str] = []
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
        browser.call("Target.setDiscoverTargets", {"discover": True})
        deny = {"behavior": "deny", "eventsEnabled": True}
        browser.call("Browser.setDownloadBehavior", deny)
        self._target = str(browser.call("Target.createTarget", {"url": "about:blank"})["targetId"])
        self._frame = self._target
        attach = {"targetId": self._target, "flatten": True}
        self._session = str(browser.call("Target.attachToTarget", attach)["sessionId"])
        self._watch(self._session)
        agent = str(browser.call("Browser.getVersion").get("userAgent", ""))
        self.user_agent = agent.replace("HeadlessChrome/", "Chrome/")
        self._call("Network.setUserAgentOverride", {"userAgent": self.user_agent})
        self._call(
            "Emulation.setDeviceMetricsOverride",
            {"width": _WIDTH, "height": _HEIGHT, "deviceScaleFactor": 1, "mobile": False},
        )

    def _watch(self, session: str) -> None:
        """The session's page or frame, and every frame inside it, reports what it does."""
        send = self._browser.send
        send("Network.enable", _HELD, session)
        send("Page.enable", {}, session)
        send("Inspector.enable", {}, session)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        send("Target.setAutoAttach", attach, session)

    def _call(self, method: str, params: Params | None = None, seconds: float = 30.0) -> Params:
        return self._browser.call(method, params, self._session, seconds=seconds)

    # --- what the browser reports ----------------------------------------------------------------

    def close(self) -> None:
        """Nothing is heard of the page any more."""
        self._browser.unlisten(self._heard)

    @property
    def session(self) -> str:
        """Through which it is spoken with."""
        return self._session

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
            before = params.get("redirectResponse")
            if before is not None:
                _note(self.passed, str(before["url"]))
                self._check(before)
            elif self.theirs:
                self._anew()
            elif self.document is not None and self.document.url != url:
                _note(self.passed, self.document.url)
        if len(self._open) < MOST_NOTED * 10:
            self._open[f"{session}/{params['requestId']}"] = url

    def _anew(self) -> None:
        """The person goes on to another page: what happened on the last one is not its own."""
        for noted in (self.passed, self.failed, self.dialogs, self.downloads, self.popups):
            noted.clear()
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
            _note(self.failed, f"{_host(url)}: HTTP {status}")

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
        self._open.pop(f"{session}/{params['requestId']}", None)

    def _loading_failed(self, session: str, params: Params) -> None:
        url = self._open.get(f"{session}/{params['requestId']}", "")
        self._finished(session, params)
        if not params.get("canceled") and params.get("type") != "Document":
            reason = str(params.get("errorText", "")).removeprefix("net::")
            _note(self.failed, f"{_host(url)}: {reason}")

    def _navigated(self, session: str, params: Params) -> None:
        frame = params["frame"]
        if session == self._session and not frame.get("parentId"):
            self._frame = str(frame["id"])
            self._loaders.add(str(frame.get("loaderId", "")))
            self.unreachable = str(frame.get("unreachableUrl", ""))
            self.loaded = False
            self._world = None

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
        if params["targetInfo"].get("type") == "iframe" and len(self._frames) < 50:
            self._frames.append(inner)
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
                if url == self.unreachable:
                    raise error
            raise self._told("net::ERR_FAILED", self.unreachable)

    def settle(self) -> None:
        """Nothing came or went for a moment, or QUIET_SECONDS did not bring one."""

        def quiet() -> bool:
            still = time.monotonic() - self._changed
            # Some requests are open for good, and some ends are never told.
            return bool(self.unreachable) or still > (STILL_OPEN if self._open else STILL)

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

    def _evaluate(self, expression: str) -> Any:
        if self._world is None:
            world = {"frameId": self._frame, "worldName": "holdfast"}
            made = self._call("Page.createIsolatedWorld", world, EVALUATE_SECONDS)
            self._world = int(made["executionContextId"])
        question = {"expression": expression, "contextId": self._world, "returnByValue": True}
        answer = self._call("Runtime.evaluate", question, EVALUATE_SECONDS)
        return answer.get("result", {}).get("value")

    def frame_texts(self) -> list[str]:
        """The rendered text of frames that live in processes of their own."""
        texts = []
        for session in self._frames:
            question = {"expression": TEXT, "returnByValue": True}
            try:
                answer = self._browser.call("Runtime.evaluate", question, session, seconds=3)
            except Unavailable as error:
                if error.code == "browser_gone":
                    raise
                continue
            texts.append(str(answer.get("result", {}).get("value") or ""))
        return texts

    def scroll_through(self) -> bool:
        """Whether the end was reached, going down once so that late pictures load; back at the top.

        A page that grows as it is read has no end: so many screens are enough.
        """
        end = time.monotonic() + _SCROLL_SECONDS
        reached = False
        for step in range(1, _SCROLL_STEPS + 1):
            place = self.evaluate(f"{_SCROLL}({step * _HEIGHT})") or {}
            self._browser.wait(lambda: bool(self.unreachable), 0.08)
            if int(place.get("y", 0)) + _HEIGHT >= int(place.get("height", 0)) - 1:
                self.settle()
                place = self.evaluate(f"{_SCROLL}({step * _HEIGHT})") or {}
                reached = int(place.get("y", 0)) + _HEIGHT >= int(place.get("height", 0)) - 1
            if reached or time.monotonic() > end:
                break
        self.evaluate(f"{_SCROLL}(0)")
        self.settle()
        return reached

    def layout(self) -> Layout:
        """How large the page is now."""
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        return Layout(width=int(size["width"]), height=int(size["height"]))

    def picture(self, clip: tuple[int, int, int, int] | None = None) -> bytes:
        """A PNG of the visible part, or of (left, top, width, height) in CSS pixels of the page."""
        order: Params = {"format": "png", "fromSurface": True, "captureBeyondViewport": False}
        if clip is not None:
            left, top, width, height = clip
            order |= {"captureBeyondViewport": True}
            order["clip"] = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        return base64.b64decode(self._call("Page.captureScreenshot", order, 60)["data"])

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
    def frame_sessions(self) -> tuple[str, ...]:
        """Those of frames that live in processes of their own."""
        return tuple(self._frames)

    @property
    def still_open(self) -> int:
        """Requests that have not ended."""
        return len(self._open)


def _note(list_: list[str], text: str) -> None:
    if len(list_) < MOST_NOTED:
        list_.append(one_line(text[:2000]))


def _host(url: str) -> str:
    return one_line(url.split("/", 3)[2][:100]) if url.count("/") >= 2 else one_line(url[:40])
