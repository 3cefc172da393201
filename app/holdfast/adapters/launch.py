"""The browser's process: which one there is, how it is started, and how it ends."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from holdfast.adapters import child
from holdfast.core.canonical import one_line
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job

START_SECONDS = 30.0
CLOSE_SECONDS = 5.0
PIPED = sys.platform != "win32"
"""Whether the browser is spoken to through a pipe, so that it opens no port at all."""

# A page that comes back from memory or was drawn in advance has no answer of its server; and what
# the address line suggests would be two pages of the browser's own, with a process to draw them.
_WITHOUT = (
    "Translate,OptimizationHints,MediaRouter,InterestFeedContentSuggestions,BackForwardCache,"
    "Prerender2,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
)
# Pages from outside get no socket into this computer or its network, whatever a name says.
_WITH = (
    "LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,"
    "LocalNetworkAccessChecksWebTransport"
)
_ARGUMENTS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--no-pings",
    # The page is to show what it shows an ordinary visitor, not what it shows to test robots.
    "--disable-blink-features=AutomationControlled",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    f"--disable-features={_WITHOUT}",
    f"--enable-features={_WITH}",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
)
_UNSEEN = ("--headless=new", "--hide-scrollbars", "--mute-audio", "--window-size=1280,900")
_SEEN = ("--hide-crash-restore-bubble", "--ozone-platform-hint=auto")
# The third and fourth file are the pipe.  Only we hold its other end: were we killed without a
# chance to end the browser, it would end with it.
_ON_PIPE = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null'
DOOR = "DevToolsActivePort"
_NUMBER = re.compile(r"\d+(\.\d+){3}")
_ON_PATH = (
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "chromium",
    "chromium-browser",
)
_ON_MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)
_ON_WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
)


def find(chosen: str = "") -> Path:
    """The browser to use: the one ``chosen`` in the settings, else an installed one.

    Raises Refused(``browser_missing``) for a choice that is not there, Unavailable(``no_browser``).
    """
    if chosen:
        path = Path(chosen)
        if not path.is_file() or not os.access(path, os.X_OK):
            raise Refused("browser_missing", path=one_line(chosen[:200]))
        return path
    for candidate in _candidates():
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    raise Unavailable("no_browser")


def _candidates() -> Iterator[Path]:
    if sys.platform == "darwin":
        for root in (Path("/Applications"), Path.home() / "Applications"):
            yield from (root / name for name in _ON_MAC)
    elif sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if root_name := os.environ.get(variable):
                yield from (Path(root_name) / name for name in _ON_WINDOWS)
    else:
        for name in _ON_PATH:
            if found := shutil.which(name):
                yield Path(found)
        yield Path("/snap/bin/chromium")


def version(executable: Path) -> str:
    """The browser's version as it states it, without opening a window; empty if it does not."""
    if sys.platform == "win32":
        folders = [one.name for one in executable.parent.iterdir() if _NUMBER.fullmatch(one.name)]
        return max(folders, key=lambda name: [int(part) for part in name.split(".")], default="")
    if sys.platform == "darwin":
        try:
            with (executable.parents[1] / "Info.plist").open("rb") as file:
                return str(plistlib.load(file).get("CFBundleShortVersionString", ""))
        except (OSError, ValueError, IndexError):
            return ""
    try:
        said = subprocess.run([executable, "--version"], capture_output=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    found = _NUMBER.search(said.decode("utf-8", "replace"))
    return found[0] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A browser's process, coming up or there."""

    executable: Path
    process: subprocess.Popen[bytes]
    profile: Path
    log: Path
    """What it writes to its standard error."""
    stays: bool
    """Whether the profile is kept when it ends."""

    def address(self, job: Job) -> str:
        """Behind which it listens, where it is not on a pipe.  Raises Unavailable, Cancelled."""
        end = time.monotonic() + START_SECONDS
        while not (address := _door(self.profile / DOOR)):
            job.step("opening")
            if self.process.poll() is not None or time.monotonic() > end:
                raise Unavailable("browser_start", browser=self.executable.name)
            time.sleep(0.02)
        return address

    def leave(self) -> None:
        """It was asked to close by itself, and got a moment: what it knows goes to the disk."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(CLOSE_SECONDS)

    def end(self) -> None:
        """Its process is gone, and a fresh profile too, in which nothing has to be written down."""
        if self.stays:
            child.ended(self.process)
        else:
            child.killed(self.process)
            _removed(self.profile)


def launched(
    executable: Path,
    *,
    log: Path,
    profile: Path | None = None,
    seen: bool = False,
    ready: bool = False,
) -> Launched:
    """The browser is coming up; whoever asked for it ends it.

    A fresh profile lies beside ``log``; ``profile`` is a folder that is used instead and stays;
    ``seen`` opens a window that a person works in; ``ready`` a blank page, for later.

    Raises Unavailable(``browser_start``).
    """
    stays = profile is not None
    if profile is None:
        home = _snap_home(executable) or log.parent
        profile = Path(tempfile.mkdtemp(prefix="browser-", dir=home))
    command = [str(executable), *_ARGUMENTS, *(_SEEN if seen else _UNSEEN)]
    command.append(f"--user-data-dir={profile}")
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        # Chromium refuses to sandbox itself for root; nobody else goes without.
        command += ["--no-sandbox", "--disable-dev-shm-usage", "--test-type"]
    command += ["--remote-debugging-pipe" if PIPED else "--remote-debugging-port=0"]
    command.append("about:blank" if seen or ready else "--no-startup-window")
    if PIPED:
        command = ["/bin/sh", "-c", _ON_PIPE, "sh", *command]
    (profile / DOOR).unlink(missing_ok=True)
    try:
        process = child.started(command, errors=log, talk=PIPED)
    except OSError as error:
        if not stays:
            _removed(profile)
        raise Unavailable("browser_start", browser=executable.name) from error
    return Launched(executable=executable, process=process, profile=profile, log=log, stays=stays)


class Spare:
    """A browser with a fresh profile that comes up while something else is done."""

    def __init__(self, room: Callable[[], AbstractContextManager[Path]]) -> None:
        """``room`` gives a folder that is cleared away after a crash too."""
        self._room = room
        self._undo = ExitStack()
        self._ready: Launched | None = None
        self._lock = Lock()

    def begin(self, executable: Path) -> None:
        """It is coming up, unless one is; where it cannot, whoever needs one will say why."""
        with self._lock, suppress(Unavailable):
            if self._ready is None:
                folder = self._undo.enter_context(self._room())
                self._ready = launched(executable, log=folder / "browser.err", ready=True)

    def take(self, executable: Path) -> Launched | None:
        """The one that came up, which is the taker's to end; None where there is none like it."""
        with self._lock:
            ready = self._ready
            if ready is None or ready.executable != executable:
                return None
            self._ready = None
        if ready.process.poll() is None:
            return ready
        ready.end()
        return None

    def end(self) -> None:
        """One that nobody took is gone, and so is its room."""
        with self._lock:
            ready, self._ready = self._ready, None
            if ready is not None:
                ready.end()
            self._undo.close()


def _door(file: Path) -> str:
    """The address that a starting browser has written down; empty until it has."""
    try:
        port, path = file.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return ""
    return f"ws://127.0.0.1:{port}{path}"


def _snap_home(executable: Path) -> Path | None:
    """Where a snap's profile has to lie, for it sees no hidden folders; None for other browsers."""
    if executable.is_relative_to("/snap"):
        home = Path.home() / "snap" / executable.name / "common"
        return home if home.is_dir() else None
    return None


def _removed(folder: Path) -> None:
    """The profile is gone; a process that is still letting go of its files gets a moment."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)
