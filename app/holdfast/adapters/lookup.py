"""What the page did not pull whole, asked for once more: by us, and said so.

In a tab of our own of the same browser, so with its cookies, past its gate, and with the page as
the referrer.  The body is drawn from the browser piece by piece: what is too large is cut off
there and fills neither memory nor disk.
"""

from __future__ import annotations

import base64
import time

from holdfast.adapters.browser import Browser, Params
from holdfast.adapters.spool import Body, Full
from holdfast.adapters.tab import Tab
from holdfast.adapters.traffic import Exchange, Traffic, pairs
from holdfast.core.canonical import one_line
from holdfast.core.errors import Unavailable

LARGEST = 1 << 30
"""Bytes of one body."""
MOST = 3000
"""Look-ups of one capture."""
ANSWER_SECONDS = 20.0
ALL_SECONDS = 15 * 60.0
STILL = 2.0
_CHUNK = 4 << 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Lookups:
    """Our own requests.  Each is an exchange of the traffic whose source is ``lookup``."""

    def __init__(self, program: Browser, tab: Tab, traffic: Traffic, referrer: str) -> None:
        self._program = program
        self._tab = tab
        self._traffic = traffic
        self._referrer = referrer.partition("#")[0]
        self._target = ""
        self._session = ""
        self._paused: list[Params] = []
        self._failed: list[str] = []
        self._space = ""
        self._returned = True
        self._count = 0
        self._end = 0.0

    def get(self, url: str, span: tuple[int, int] | None = None) -> Exchange | None:
        """The answer to a request for ``url``, or for (start, length) of it; None if there is none.

        Its body is there as far as it could be had; ``trouble`` says what is missing.
        """
        if not url.startswith(("http://", "https://")) or self._count >= MOST:
            return None
        self._count += 1
        if not self._session:
            self._open()
        if time.monotonic() > self._end:
            return None
        self._paused.clear()
        self._failed.clear()
        self._space, self._returned = "", False
        wanted = {} if span is None else {"Range": f"bytes={span[0]}-{span[0] + span[1] - 1}"}
        self._program.send("Network.setExtraHTTPHeaders", {"headers": wanted}, self._session)
        order: Params = {"url": url, "referrerPolicy": "unsafeUrl"}
        if self._referrer.startswith(("http:", "https:")):
            order["referrer"] = self._referrer
        before = len(self._traffic.exchanges)
        self._program.ask("Page.navigate", order, self._session, self._navigated)
        pause = self._answered()
        made = [one for one in self._traffic.exchanges[before:] if one.source == "lookup"]
        if not made:
            return None
        one = made[-1]
        if pause is None:
            one.done, one.trouble = True, "broken"
            one.reason = one_line(self._failed[-1][:100]) if self._failed else "no answer"
            self._program.send("Page.stopLoading", {}, self._session)
            self._program.wait(lambda: self._returned, STILL)
            return one
        self._take(one, pause)
        return one

    def close(self) -> None:
        """Our tab is gone."""
        if self._target:
            self._program.unlisten(self._heard)
            self._program.send("Target.closeTarget", {"targetId": self._target})

    def _open(self) -> None:
        call = self._program.call
        self._end = time.monotonic() + ALL_SECONDS
        try:
            made = call("Target.createTarget", {"url": "about:blank", "hidden": True})
        except Unavailable as error:
            if error.code != "browser_refused":
                raise
            # An older browser cannot hide a tab.
            made = call("Target.createTarget", {"url": "about:blank", "background": True})
        self._target = str(made["targetId"])
        attach = {"targetId": self._target, "flatten": True}
        self._session = str(call("Target.attachToTarget", attach)["sessionId"])
        self._traffic.lookups_in(self._session)
        self._program.listen(self._heard)
        call("Network.enable", {}, self._session)
        call("Network.setCacheDisabled", {"cacheDisabled": True}, self._session)
        call("Network.setBypassServiceWorker", {"bypass": True}, self._session)
        agent = {"userAgent": self._tab.user_agent}
        call("Network.setUserAgentOverride", agent, self._session)
        if self._tab.certificate_error:
            # The page was opened all the same, and was marked for it.
            call("Security.setIgnoreCertificateErrors", {"ignore": True}, self._session)
        answers = {"patterns": [{"urlPattern": "*", "requestStage": "Response"}]}
        call("Fetch.enable", answers, self._session)

    def _heard(self, session: str, method: str, params: Params) -> None:
        if session != self._session:
            return
        if method == "Fetch.requestPaused":
            status = int(params.get("responseStatusCode", 0))
            if status in _REDIRECTS or "responseErrorReason" in params:
                request = {"requestId": params["requestId"]}
                self._program.send("Fetch.continueRequest", request, session)
            elif status:
                self._paused.append(params)
        elif method == "Network.loadingFailed":
            self._failed.append(str(params.get("errorText", "")))
        elif method == "Network.responseReceivedExtraInfo":
            self._space = str(params.get("resourceIPAddressSpace", ""))

    def _navigated(self, answer: Params) -> None:
        self._returned = True
        if trouble := answer.get("result", {}).get("errorText"):
            self._failed.append(str(trouble))

    def _answered(self) -> Params | None:
        self._program.wait(
            lambda: bool(self._paused) or bool(self._failed and self._returned), ANSWER_SECONDS
        )
        return self._paused[0] if self._paused else None

    def _inside(self, url: str) -> bool:
        """Whether a public name led into this computer or its network after the gate had looked."""
        stands_for = {"Loopback": "127.0.0.1", "Local": "10.0.0.1", "Private": "10.0.0.1"}
        address = stands_for.get(self._space, "")
        return not self._program.gate.reached(url, address)

    def _take(self, one: Exchange, pause: Params) -> None:
        """The body of the answer, drawn from the browser; the request itself ends here."""
        headers = pause.get("responseHeaders", [])
        answer: Params = {
            "url": pause["request"]["url"],
            "status": pause["responseStatusCode"],
            "statusText": pause.get("responseStatusText", ""),
            "headers": {},
        }
        for part in headers:
            name, value = str(part["name"]), str(part["value"])
            before = answer["headers"].get(name)
            answer["headers"][name] = value if before is None else f"{before}\n{value}"
        one.answer, one.done, one.has_raw = one.answer or answer, True, True
        request = {"requestId": pause["requestId"]}
        if self._inside(one.url):
            one.trouble = "blocked"
        elif one.status in (200, 206):
            self._draw(one, request)
        else:
            one.trouble, one.reason = "broken", f"HTTP {one.status}"
        self._paused.clear()
        self._failed.clear()
        self._program.send("Fetch.failRequest", request | {"errorReason": "Aborted"}, self._session)
        self._program.wait(lambda: self._returned, STILL)

    def _draw(self, one: Exchange, request: Params) -> None:
        call = self._program.call
        writer = self._traffic.spool.begin()
        try:
            stream = str(call("Fetch.takeResponseBodyAsStream", request, self._session)["stream"])
            while True:
                order = {"handle": stream, "size": _CHUNK}
                read = call("IO.read", order, self._session, seconds=60)
                data = str(read.get("data", ""))
                writer.write(base64.b64decode(data) if read.get("base64Encoded") else data.encode())
                if read.get("eof"):
                    one.whole = True
                    break
                if writer.size > LARGEST or time.monotonic() > self._end:
                    one.trouble = "too_large" if writer.size > LARGEST else "open"
                    break
            call("IO.close", {"handle": stream}, self._session)
        except Full:
            one.trouble, self._traffic.full = "full", True
        except Unavailable as error:
            if error.code == "browser_gone":
                raise
            one.trouble, one.reason = "broken", one_line(str(error.facts.get("reason", "")))
        one.body = writer.end()
        one.received = one.body.size
        _measured(one, one.body)


def _measured(one: Exchange, body: Body) -> None:
    """A body that is shorter than was announced is not whole."""
    headers = {name.lower(): value for name, value in pairs((one.answer or {})["headers"])}
    declared = headers.get("content-length", "")
    plain = "content-encoding" not in headers and declared.isdigit()
    if one.whole and plain and body.size < int(declared):
        one.whole, one.trouble = False, "short"
