"""Android phones through ``adb``, the program that Google makes for it.

Every answer is an outside one: bounded in time and bytes, read as text, never run.  The phone is
given commands of ours alone; nothing is installed on it, and a recording lies on it only until it
was fetched.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from holdfast.adapters import apk, child
from holdfast.core.canonical import one_line, rfc3339
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job
from holdfast.core.phone import (
    PACKAGE,
    ROOT_FILES,
    App,
    Phone,
    in_front,
    installed,
    listed,
    properties,
)
from holdfast.ports import Clock

ANSWER = 4 << 20
"""Bytes of an answer in words."""
PICTURE = 64 << 20
SEGMENT = 4 << 30
SECONDS = 20.0
START_SECONDS = 30.0
_GONE = re.compile(
    r"device '?.{0,110}'? ?not found|device not found|no devices|device offline|unauthorized"
    r"|device still|closed|protocol fault|connection reset|read failed|cannot connect",
    re.IGNORECASE,
)


def find(chosen: str = "") -> Path:
    """Where adb is: as chosen, on PATH, in an Android SDK, or in the optional ``adbutils``.

    Raises Unavailable(``adb_missing``), Refused(``adb_chosen``).
    """
    if chosen:
        path = Path(chosen).expanduser()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise Refused("adb_chosen", path=one_line(chosen[:200]))
        return path
    if found := shutil.which("adb"):
        return Path(found)
    for path in _usual():
        if path.is_file():
            return path
    raise Unavailable("adb_missing")


def _usual() -> tuple[Path, ...]:
    name = "adb.exe" if sys.platform == "win32" else "adb"
    home = Path.home()
    roots = [os.environ.get(key, "") for key in ("ANDROID_HOME", "ANDROID_SDK_ROOT")]
    kits = [Path(root) for root in roots if root] + [
        home / "Android" / "Sdk",
        home / "Library" / "Android" / "sdk",
        home / "AppData" / "Local" / "Android" / "Sdk",
    ]
    places = [kit / "platform-tools" / name for kit in kits]
    with suppress(ImportError, OSError):
        import adbutils  # type: ignore[import-not-found] # optional

        places.append(Path(adbutils.adb_path()))
    return tuple(places)


def version(program: Path) -> str:
    """What adb calls itself; empty when it does not answer."""
    try:
        said = subprocess.run(
            [str(program), "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    hit = re.search(rb"^Version ([0-9A-Za-z._-]{1,60})", said.stdout[:4000], re.MULTILINE)
    return hit[1].decode() if hit else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back of one call."""

    data: bytes
    code: int
    errors: str = ""
    """The beginning of what adb complained of."""

    @property
    def text(self) -> str:
        """As text, whatever it was."""
        return self.data.decode("utf-8", "replace")


class Adb:
    """Calls of one adb program, each a process with an end."""

    def __init__(self, program: Path, room: Path) -> None:
        self.program = program
        self._room = room
        """Where standard error lies while a call lasts."""

    def begin(self, job: Job) -> None:
        """adb's own server runs.  Raises Unavailable(``adb_failed``)."""
        # The server outlives the call and must not hold a pipe of ours open.
        errors = self._scratch("err")
        process = self._start(["start-server"], errors)
        try:
            end = time.monotonic() + START_SECONDS
            while process.poll() is None:
                job.step("opening")
                if time.monotonic() > end:
                    raise Unavailable("adb_failed", reason="start-server")
                time.sleep(0.05)
            if process.returncode:
                raise Unavailable("adb_failed", reason=_short(errors) or "start-server")
        finally:
            child.ended(process)
            errors.unlink(missing_ok=True)

    def phones(self, job: Job) -> tuple[Phone, ...]:
        """Every phone that adb sees, usable or not."""
        answer = self.call(["devices", "-l"], job)
        if answer.code:
            raise Unavailable("adb_failed", reason=answer.errors or str(answer.code))
        return listed(answer.text)

    def the_phone(self, serial: str, job: Job) -> Phone:
        """The phone of that serial number, or the only one.

        Raises Unavailable (``phone_none``, ``phone_unauthorized``, ``phone_offline``,
        ``phone_not_there``) and Refused(``phone_several``).
        """
        found = self.phones(job)
        if serial:
            mine = [one for one in found if one.serial == serial]
            if not mine:
                raise Unavailable("phone_not_there", serial=one_line(serial[:100]))
        else:
            ready = [one for one in found if one.state == "device"]
            mine = ready or list(found)
            if not mine:
                raise Unavailable("phone_none")
            if len(ready) > 1:
                raise Refused("phone_several", serials=", ".join(one.serial for one in ready)[:300])
        phone = mine[0]
        if phone.state == "unauthorized":
            raise Unavailable("phone_unauthorized", serial=phone.serial)
        if phone.state != "device":
            raise Unavailable("phone_offline", serial=phone.serial, state=phone.said)
        return phone

    def call(
        self,
        arguments: Sequence[str],
        job: Job,
        *,
        most: int = ANSWER,
        seconds: float = SECONDS,
        stage: str = "opening",
        into: Path | None = None,
    ) -> Answer:
        """What a call of adb answered, once it ended; ``into`` is the file that it writes, if any.

        Raises Unavailable: ``phone_slow`` after ``seconds``, ``phone_endless`` beyond ``most``.
        """
        with self.running(arguments) as process:
            end = time.monotonic() + seconds
            while process.ended() is None:
                job.step(stage)
                if max(process.size(), _size(into)) > most:
                    raise Unavailable("phone_endless", what=arguments[-1][:60])
                if time.monotonic() > end:
                    raise Unavailable("phone_slow", seconds=int(seconds))
                time.sleep(0.02)
            if max(process.size(), _size(into)) > most:
                raise Unavailable("phone_endless", what=arguments[-1][:60])
            return process.answer()

    @contextmanager
    def running(self, arguments: Sequence[str]) -> Iterator[Running]:
        """A call that lasts; at the end it is gone."""
        errors, out = self._scratch("err"), self._scratch("out")
        try:
            with out.open("wb") as stream:
                process = self._start(arguments, errors, out=stream)
            try:
                yield Running(process, out, errors)
            finally:
                child.ended(process)
        finally:
            errors.unlink(missing_ok=True)
            out.unlink(missing_ok=True)

    def _start(
        self,
        arguments: Sequence[str],
        errors: Path,
        out: IO[bytes] | None = None,
    ) -> subprocess.Popen[bytes]:
        command = [str(self.program), *arguments]
        try:
            return child.started(command, errors=errors, out=out)
        except OSError as error:
            raise Unavailable("adb_failed", reason=error.strerror or "") from error

    def _scratch(self, ending: str) -> Path:
        handle, name = tempfile.mkstemp(prefix="adb-", suffix=f".{ending}", dir=self._room)
        os.close(handle)
        return Path(name)


def _size(file: Path | None) -> int:
    with suppress(FileNotFoundError):
        return file.stat().st_size if file is not None else 0
    return 0


def _short(errors: Path) -> str:
    with suppress(OSError), errors.open("rb") as file:
        return one_line(file.read(2000).decode("utf-8", "replace"))[:200]
    return ""


class Running:
    """A call that lasts, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, errors: Path) -> None:
        self._process, self._out, self._errors = process, out, errors

    def ended(self) -> int | None:
        """Its exit code; None while it lasts."""
        return self._process.poll()

    def size(self) -> int:
        """Bytes it has written."""
        return self._out.stat().st_size

    def answer(self) -> Answer:
        """All of it, once it ended."""
        return Answer(
            data=self._out.read_bytes(),
            code=int(self._process.returncode),
            errors=_short(self._errors),
        )

    def first_number(self) -> str:
        """The number in its first line; empty when there is none."""
        with self._out.open("rb") as file:
            hit = re.match(rb"\s*(\d{1,10})\s", file.read(100))
        return hit[1].decode() if hit else ""

    def said(self) -> str:
        """Its complaints, or else the end of its words."""
        if errors := _short(self._errors):
            return errors
        with self._out.open("rb") as file:
            file.seek(max(0, self.size() - 400))
            return one_line(file.read(400).decode("utf-8", "replace"))[-200:]


def gone(words: str) -> bool:
    """Whether adb's complaint means that the phone is not there."""
    return bool(_GONE.search(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a phone said of itself at one moment."""

    at: str
    """RFC 3339, our clock."""
    properties: dict[str, str]
    offset_ms: int | None
    """The phone's clock less ours."""
    uncertainty_ms: int | None
    package: str
    activity: str
    root_files: str | None


class Connected:
    """One phone, as long as it stays connected."""

    def __init__(self, adb: Adb, phone: Phone, clock: Clock, job: Job) -> None:
        self.adb, self.phone = adb, phone
        self._clock, self.job = clock, job

    def ask(
        self,
        arguments: Sequence[str],
        *,
        most: int = ANSWER,
        seconds: float = SECONDS,
        into: Path | None = None,
    ) -> Answer:
        """A call about this phone.  Raises Unavailable(``phone_gone``) when it is not there."""
        answer = self.adb.call(
            ["-s", self.phone.serial, *arguments], self.job, most=most, seconds=seconds,
            stage="saving", into=into,
        )  # fmt: skip
        if answer.code and gone(answer.errors):
            raise Unavailable("phone_gone", serial=self.phone.serial)
        return answer

    def shell(self, command: str, *, most: int = ANSWER, seconds: float = SECONDS) -> Answer:
        """What a command on the phone wrote."""
        return self.ask(["shell", command], most=most, seconds=seconds)

    def fetched(self, there: str, into: Path) -> Answer:
        """What adb said of a file that it brought here.

        However small the phone said it is, no more than SEGMENT comes.
        """
        return self.ask(["pull", there, str(into)], most=SEGMENT, seconds=600, into=into)

    def bytes_of(self, command: str, *, most: int, seconds: float = 60.0) -> Answer:
        """What a command on the phone wrote, unchanged."""
        return self.ask(["exec-out", command], most=most, seconds=seconds)

    def forget(self, there: str) -> None:
        """A file of ours is gone from the phone, if the phone is there to be told."""
        # Not the person's job: what they cancelled is tidied up all the same.
        with suppress(Unavailable):
            self.adb.call(
                ["-s", self.phone.serial, "shell", f"rm -f {shlex.quote(there)}"], Job(),
                seconds=5.0,
            )  # fmt: skip

    def look(self) -> Looked:
        """Properties, clock, foreground and root signs, each asked for once."""
        offset, uncertainty = self._offset()
        package, activity = self.in_front()
        told = self.shell("getprop")
        seen = self.shell(f"ls {' '.join(ROOT_FILES)} 2>/dev/null; echo asked")
        return Looked(
            at=rfc3339(self._clock.now()),
            properties=properties(told.text),
            offset_ms=offset,
            uncertainty_ms=uncertainty,
            package=package,
            activity=activity,
            root_files=seen.text if "asked" in seen.text.split() else None,
        )

    def _offset(self) -> tuple[int | None, int | None]:
        before = self._clock.now()
        said = self.shell("date +%s.%N").text.strip()
        after = self._clock.now()
        hit = re.fullmatch(r"(\d{9,11})(?:\.(\d{1,9}))?.{0,4}", said)
        if hit is None:
            return None, None
        fine = hit[2] is not None
        there = int(hit[1]) * 1000 + (int(hit[2].ljust(9, "0")) // 1_000_000 if fine else 500)
        middle = (before.timestamp() + after.timestamp()) / 2
        half = int((after - before).total_seconds() * 500) + (1 if fine else 500)
        return there - int(middle * 1000), half

    def in_front(self) -> tuple[str, str]:
        """Package and activity that the person sees; empty where the phone does not say."""
        for command in ("dumpsys activity activities", "dumpsys window"):
            found = in_front(self.shell(f"{command} 2>/dev/null").text)
            if found[0]:
                return found
        return "", ""

    def app(self, package: str, activity: str) -> App | None:
        """The installed app of that name, with its certificate; None for no name."""
        if not PACKAGE.fullmatch(package):
            return None
        facts = installed(self.shell(f"dumpsys package {package}").text, package)
        path = self._apk(package)
        sha256, certificates, note = self._signed(path) if path else ("", {}, "no path")
        return App(
            package=package,
            activity=activity,
            apk_sha256=sha256,
            certificates=certificates,
            certificate_note=note,
            **facts,
        )

    def _apk(self, package: str) -> str:
        told = self.shell(f"pm path {package}").text
        paths = re.findall(r"^package:(/[^\s'\"\\]{1,300}\.apk)\s*$", told[:20_000], re.MULTILINE)
        return next((path for path in paths if path.endswith("/base.apk")), "") or (
            paths[0] if paths else ""
        )

    def _signed(self, path: str) -> tuple[str, dict[str, tuple[str, ...]], str]:
        """SHA-256 of the APK as the phone computes it, certificates, and why there are none."""
        quoted = shlex.quote(path)
        hashed = re.match(
            r"\\?([0-9a-f]{64})\b", self.shell(f"sha256sum {quoted}", seconds=120).text
        )
        sha256 = hashed[1] if hashed else ""
        told = self.shell(f"stat -c %s {quoted}").text.strip()
        if not re.fullmatch(r"\d{1,12}", told):
            return sha256, {}, "size not told"
        try:
            found = apk.certificates(int(told), self._piece(quoted))
        except ValueError as error:
            return sha256, {}, one_line(str(error))
        return sha256, found, "" if found else "no signing block: v1 or none"

    def _piece(self, quoted: str) -> Callable[[int, int], bytes]:
        """Bytes of a file on the phone by place and count, in whole blocks of it."""
        block = 4096

        def piece(offset: int, count: int) -> bytes:
            first, end = offset // block, -(-(offset + count) // block)
            if count > apk.LARGEST_BLOCK:
                raise ValueError("piece too large")
            answer = self.bytes_of(
                f"dd if={quoted} bs={block} skip={first} count={end - first} 2>/dev/null",
                most=(end - first) * block + block,
            )
            start = offset - first * block
            data = answer.data[start : start + count]
            if len(data) < count:
                raise ValueError("file not readable to the end")
            return data

        return piece
