"""verify.html in a real browser: opened from a file, given a pack, asked what it found."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.adapters import browser, launch
from holdfast.adapters.browser import Browser
from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.job import Job

SECONDS = 60.0


class FileGate(browser.Gate):
    """Lets nothing out but the page's own file; whatever else was wanted is in ``refused``."""

    def judge(self, url: str) -> HoldfastError | None:
        if url.startswith(("file:", "blob:", "about:")):
            return None
        return Refused("address_refused", address=url)


class CheckPage:
    """One open verify.html."""

    def __init__(self, program: Browser, page: Path, seconds: float = SECONDS) -> None:
        self.program = program
        self.seconds = seconds
        target = program.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = program.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self.session = attached["sessionId"]
        self.errors: list[str] = []
        program.listen(self._heard)
        for domain in ("Page", "Runtime", "DOM", "Log", "Network"):
            program.call(f"{domain}.enable", {}, self.session)
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        program.call("Network.emulateNetworkConditions", offline, self.session)
        program.call("Page.navigate", {"url": page.as_uri()}, self.session)
        self.until("typeof holdfast === 'object'")

    def _heard(self, session: str, method: str, params: dict[str, Any]) -> None:
        if method in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.errors.append(json.dumps(params))

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        question = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.program.call("Runtime.evaluate", question, self.session)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until an expression is true."""
        end = time.monotonic() + self.seconds
        while not self.ask(expression):
            assert time.monotonic() < end, (expression, self.errors)
            self.program.wait(lambda: False, 0.02)

    def pick(self, field: str, files: Sequence[Path]) -> None:
        """As if a person had chosen ``files`` in the picker ``zip`` or ``folder``."""
        found = self.program.call(
            "Runtime.evaluate", {"expression": f"document.getElementById('{field}')"}, self.session
        )
        node = found["result"]["objectId"]
        named = {"files": [str(file) for file in files], "objectId": node}
        self.program.call("DOM.setFileInputFiles", named, self.session)

    def judged(self, pack: Path, *, practice: bool = True) -> dict[str, Any]:
        """What the page says of a pack: ``phase``, and ``result`` or the reason for none."""
        self.ask(f"holdfast.practice = {json.dumps(practice)}; holdfast.show({{phase: 'idle'}})")
        self.pick("folder" if pack.is_dir() else "zip", [pack])
        self.until("!['idle', 'running'].includes(holdfast.state.phase)")
        state: dict[str, Any] = json.loads(self.ask("JSON.stringify(holdfast.state)"))
        return state


@contextmanager
def chromium(log: Path) -> Iterator[Browser]:
    """A browser that can reach files and nothing else."""
    gate, browser.Gate = browser.Gate, FileGate  # type: ignore[misc] # while it starts
    try:
        with browser.running(launch.find(), allow=frozenset(), log=log, job=Job()) as program:
            yield program
    finally:
        browser.Gate = gate  # type: ignore[misc] # as it was
