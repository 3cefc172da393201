"""The person's own Chromium, Chrome or Edge, driven over the DevTools protocol.

A fresh profile for every run, gone afterwards, or the profile of a case, which stays.  Every
request of every page, frame and worker stops at a gate before it leaves, and the gate asks
``http.resolve``: what leads into this computer or its network is failed unless the person typed it.
What cannot be stopped there (web sockets, WebTransport) the browser itself keeps from the inside,
and what got there nevertheless is noted.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from holdfast.adapters import http, launch
from holdfast.adapters.launch import Launched
from holdfast.adapters.wire import MESSAGE_LIMIT, Pipe, Socket, Wire
from holdfast.core.canonical import one_line
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.job import Job

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

Params: TypeAlias = dict[str, Any]
Listener: TypeAlias = Callable[[str, str, Params], None]
"""Called with session, method and parameters of each event."""

CALL_SECONDS = 30.0
SLICE = 0.1
_SOCKET_OPENS = frozenset({"Network.webSocketCreated", "Network.webTransportCreated"})
_SOCKET_OPENED = frozenset(
    {"Network.webSocketHandshakeResponseReceived", "Network.webTransportConnectionEstablished"}
)
_SOCKET_ENDED = frozenset({"Network.webSocketClosed", "Network.webTransportClosed"})
MOST_SOCKETS = MOST_CLOSED = MOST_REFUSED = 10_000


class Browser:
    """A running browser.  Only one thread may use it; ``job`` is asked at every wait."""

    def __init__(self, wire: Wire, gate: Gate, job: Job) -> None:
        """Use ``running``."""
        self._wire = wire
        self._numbers = itertools.count(1)
        self._answers: dict[int, Params] = {}
        self._awaited: set[int] = set()
        self._asked: dict[int, Callable[[Params], None]] = {}
        self._listeners: list[Listener] = []
        self._over: set[str] = set()
        """Sessions of pages that are closed: they answer nothing any more."""
        self.job = job
        self.stage = "opening"
        """What the job is told while waiting."""
        self.about: Params = {}
        """What it says it is, once it was greeted."""
        self.gate = gate
        gate.attach(self)

    def listen(self, listener: Listener) -> None:
        """``listener`` hears of every event from now on.  It may ``send``, never ``call``."""
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """``listener`` hears no more."""
        self._listeners = [one for one in self._listeners if one != listener]

    def send(self, method: str, params: Params | None = None, session: str = "") -> int:
        """A command goes out; its answer is not waited for.  May be called from any thread."""
        number = next(self._numbers)
        message: Params = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        self._wire.send(json.dumps(message).encode())
        return number

    def ask(
        self, method: str, params: Params, session: str, then: Callable[[Params], None]
    ) -> None:
        """A command goes out; ``then`` is given the whole answer, an error too, when it comes.

        For listeners, which may not wait.
        """
        self._asked[self.send(method, params, session)] = then

    def call(
        self,
        method: str,
        params: Params | None = None,
        session: str = "",
        *,
        seconds: float = CALL_SECONDS,
    ) -> Params:
        """The command's result.

        Raises Unavailable: ``browser_refused`` when it says no, ``browser_stuck`` after
        ``seconds``, ``page_closed`` when its page is closed, ``browser_gone``.
        """
        return self.begin(method, params, session).result(seconds)

    def begin(self, method: str, params: Params | None = None, session: str = "") -> Begun:
        """A command goes out whose result is asked for later."""
        number = self.send(method, params, session)
        self._awaited.add(number)
        return Begun(self, number, method, session)

    def result(self, begun: Begun, seconds: float) -> Params:
        """As ``call``."""
        number = begun.number
        try:
            over = self._over
            if not self.wait(lambda: number in self._answers or begun.session in over, seconds):
                raise Unavailable("browser_stuck", command=begun.method)
        finally:
            self._awaited.discard(number)
        if number not in self._answers:
            raise Unavailable("page_closed")
        answer = self._answers.pop(number)
        if "error" in answer:
            message = str(answer["error"].get("message", ""))
            reason = one_line(message[:200])
            raise Unavailable("browser_refused", command=begun.method, reason=reason)
        result: Params = answer.get("result", {})
        return result

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Whether ``until`` came true within ``seconds``.  Raises Cancelled, Unavailable."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.job.step(self.stage)
            raw = self._wire.receive(min(SLICE, left))
            if raw is not None:
                self._take(raw)
        return True

    def _take(self, raw: str | bytes) -> None:
        message = _message(raw)
        number = message.get("id")
        if number is not None:
            if number in self._awaited:
                self._answers[number] = message
            elif (then := self._asked.pop(number, None)) is not None:
                then(message)
            return
        session, params = str(message.get("sessionId", "")), message.get("params", {})
        if message["method"] == "Target.detachedFromTarget" and len(self._over) < MOST_CLOSED:
            self._over.add(str(params.get("sessionId", "")))
        for listener in self._listeners:
            listener(session, message["method"], params)


@dataclass(frozen=True, slots=True)
class Begun:
    """A command that is under way."""

    browser: Browser
    number: int
    method: str
    session: str

    def result(self, seconds: float = CALL_SECONDS) -> Params:
        """As ``Browser.call``."""
        return self.browser.result(self, seconds)


def _message(raw: str | bytes) -> Params:
    """An answer or an event.  Raises Unavailable(``browser_garbled``) for anything else."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unavailable("browser_garbled") from error
    shapes = {"id": int, "method": str, "params": dict, "result": dict, "error": dict}
    if (
        not isinstance(message, dict)
        or not message.keys() & {"id", "method"}
        or any(not isinstance(message[key], shapes[key]) for key in shapes.keys() & message.keys())
    ):
        raise Unavailable("browser_garbled")
    return message


class Gate:
    """Lets a request out only to where it may go.  Look-ups run beside the browser's thread."""

    def __init__(self, allow: frozenset[str]) -> None:
        self._allow = allow
        self._known: dict[tuple[str, int], HoldfastError | None] = {}
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="gate")
        self._browser: Browser | None = None
        self.refused: list[tuple[str, HoldfastError]] = []
        """Links that were not let out, with the reason."""
        self.entered: list[tuple[str, str]] = []
        """(link, address) of sockets that a page opened to where none may lead."""
        self._sockets: dict[str, str] = {}
        self._staying: dict[str, Callable[[str], None]] = {}

    def attach(self, browser: Browser) -> None:
        """Requests of this browser pass the gate."""
        self._browser = browser
        browser.listen(self._heard)

    def close(self) -> None:
        """No look-up is waited for any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def hold(self, frame: str, told: Callable[[str], None]) -> None:
        """No other document is sent for to take the place of the one in ``frame``, until it is
        let ``go``; ``told`` hears of each that was to.
        """
        self._staying[frame] = told

    def go(self, frame: str) -> None:
        """The frame may go on to other documents."""
        self._staying.pop(frame, None)

    def open_to(self, pairs: frozenset[str]) -> None:
        """These ``host:port`` pairs were typed by the person as well."""
        self._allow |= pairs
        self._known.clear()

    def _heard(self, session: str, method: str, params: Params) -> None:
        # A pause with an answer is not about going out; whoever asked for it goes on from there.
        answered = "responseStatusCode" in params or "responseErrorReason" in params
        if method == "Fetch.requestPaused" and not answered:
            url, request = str(params["request"]["url"]), str(params["requestId"])
            told = self._staying.get(str(params.get("frameId", "")))
            if told is not None and params.get("resourceType") == "Document":
                told(url)
                self._pool.submit(self._fail, session, request, "Aborted")
            else:
                self._pool.submit(self._answer, session, request, url)
        elif method in _SOCKET_OPENS and len(self._sockets) < MOST_SOCKETS:
            number = f"{session}/{params.get('requestId') or params.get('transportId')}"
            self._sockets[number] = str(params.get("url", ""))
        elif method in _SOCKET_OPENED | _SOCKET_ENDED:
            number = f"{session}/{params.get('requestId') or params.get('transportId')}"
            url = self._sockets.pop(number, "")
            if url and method in _SOCKET_OPENED:
                self._pool.submit(self._look, url)

    def _look(self, url: str) -> None:
        """A socket is open, and the browser does not say where to: its name is looked up."""
        # RFC 6455 §3: ws and wss have the ports of http and https.
        trouble = self.judge("http" + url[2:] if url.startswith("ws") else url)
        if isinstance(trouble, Refused):
            self.entered.append((url, str(trouble.facts.get("address", ""))))

    def _answer(self, session: str, request: str, url: str) -> None:
        assert self._browser is not None
        trouble = self.judge(url)
        if trouble is None:
            with suppress(Unavailable):  # the browser is gone, and the request with it
                self._browser.send("Fetch.continueRequest", {"requestId": request}, session)
            return
        refused = (url[: http.MAX_LINK], trouble)
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(refused)
        else:
            self.refused[-1] = refused
        reason = "BlockedByClient" if isinstance(trouble, Refused) else "NameNotResolved"
        self._fail(session, request, reason)

    def _fail(self, session: str, request: str, reason: str) -> None:
        assert self._browser is not None
        with suppress(Unavailable):
            refusal = {"requestId": request, "errorReason": reason}
            self._browser.send("Fetch.failRequest", refusal, session)

    def judge(self, url: str) -> HoldfastError | None:
        """Why a request for ``url`` may not leave, or None."""
        if url.startswith(("data:", "blob:", "about:", "chrome-error:")):
            return None  # never leaves the browser
        try:
            found = http.link(url)
        except Refused as error:
            return error
        key = (found.host, found.port)
        if key not in self._known:
            try:
                http.resolve(found.host, found.port, allow=self._allow)
            except HoldfastError as error:
                self._known[key] = error
            else:
                self._known[key] = None
        return self._known[key]

    def reached(self, url: str, address: str) -> bool:
        """Whether ``address``, from which ``url`` was served, may have been reached.

        The browser looks names up by itself: one that changed its mind after the gate shows here.
        """
        return not address or http.reached(url, address, allow=self._allow)


@contextmanager
def running(
    executable: Path,
    *,
    allow: frozenset[str],
    log: Path,
    job: Job,
    profile: Path | None = None,
    seen: bool = False,
) -> Iterator[Browser]:
    """A browser with its gate shut; afterwards its process is gone, and a fresh profile too.

    As ``launch.launched`` and ``spoken``, one after the other.
    """
    started = launch.launched(executable, log=log, profile=profile, seen=seen)
    with spoken(started, allow=allow, job=job) as browser:
        yield browser


@contextmanager
def spoken(started: Launched, *, allow: frozenset[str], job: Job) -> Iterator[Browser]:
    """What was started, with its gate shut; afterwards it has ended.

    Raises Unavailable(``browser_start``).
    """
    process, name = started.process, started.executable.name
    with ExitStack() as undo:
        undo.callback(started.end)
        if process.stdin is not None and process.stdout is not None:
            wire: Wire = Pipe(process.stdin.fileno(), process.stdout.fileno())
        else:
            wire = Socket(undo.enter_context(_socket(started.address(job), name)))
        gate = Gate(allow)
        undo.callback(gate.close)
        browser = Browser(wire, gate, job)
        _greet(browser, name)
        yield browser
        if started.stays:
            with suppress(Unavailable):
                browser.send("Browser.close")
            started.leave()


def _greet(browser: Browser, name: str) -> None:
    """The browser answers, and lets nothing out that was not judged."""
    try:
        browser.about = browser.call("Browser.getVersion", seconds=launch.START_SECONDS)
        browser.call("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
    except Unavailable as error:
        raise Unavailable("browser_start", browser=name) from error


@contextmanager
def _socket(address: str, name: str) -> Iterator[ClientConnection]:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    with ExitStack() as undo:
        try:
            # No Origin header: the browser refuses web pages by it.
            socket = undo.enter_context(
                connect(
                    address,
                    origin=None,
                    compression=None,
                    max_size=MESSAGE_LIMIT,
                    proxy=None,
                    ping_interval=None,
                    close_timeout=1,
                )
            )
        except (OSError, WebSocketException) as error:
            raise Unavailable("browser_start", browser=name) from error
        yield socket
