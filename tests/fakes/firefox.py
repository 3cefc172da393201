"""Firefox without a window, spoken to by WebDriver BiDi: enough to open a page and give it a file.

It is only looked at, never shipped.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

SECONDS = 60.0

# Nothing is looked up or fetched: every address goes to a proxy that is not there.
_PREFERENCES = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("app.normandy.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
"""


class Firefox:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._call("session.new", {"capabilities": {}})
        self._tab = self._call("browsingContext.getTree", {})["contexts"][0]["context"]

    def _call(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(SECONDS))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url: str) -> None:
        self._call(
            "browsingContext.navigate", {"context": self._tab, "url": url, "wait": "complete"}
        )

    def _evaluated(self, expression: str) -> Any:
        question = {
            "expression": expression,
            "target": {"context": self._tab},
            "awaitPromise": True,
        }
        found = self._call("script.evaluate", question)
        assert found["type"] == "success", found
        return found["result"]

    def ask(self, expression: str) -> Any:
        """A plain value."""
        return self._evaluated(expression).get("value")

    def until(self, expression: str) -> None:
        end = time.monotonic() + SECONDS
        while not self.ask(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def pick(self, field: str, file: Path) -> None:
        """As if a person had chosen ``file`` in a picker."""
        node = self._evaluated(f"document.getElementById('{field}')")["sharedId"]
        chosen = {"context": self._tab, "element": {"sharedId": node}, "files": [str(file)]}
        self._call("input.setFiles", chosen)


@contextmanager
def firefox(home: Path) -> Iterator[Firefox]:
    """The test is skipped where there is no Firefox."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not here")
    home.mkdir()
    (home / "user.js").write_text(_PREFERENCES)
    command = [program, "--headless", "--no-remote", "--profile", str(home)]
    with subprocess.Popen(
        [*command, "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        # One that never answers must not hold the test.
        limit = threading.Timer(SECONDS, process.kill)
        limit.start()
        try:
            assert process.stderr is not None
            found = (re.search(r"ws://\S+", line) for line in process.stderr)
            door = next((hit[0] for hit in found if hit), "")
            if not door:
                pytest.skip("this Firefox does not speak WebDriver BiDi")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            with connect(f"{door}/session", max_size=None) as socket:
                yield Firefox(socket)
        finally:
            limit.cancel()
            process.kill()
