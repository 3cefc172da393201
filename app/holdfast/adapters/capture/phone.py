"""What an Android phone shows now: its screen as a picture, or recorded in segments.

A recording is made by the phone's own ``screenrecord``, a segment at a time.  Each is fetched,
hashed and written down durably while the next one runs, so that a lost phone costs the segment that
is open and the one that is on its way.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from holdfast.adapters import adb, marks
from holdfast.adapters.capture import Means
from holdfast.adapters.disk import room_for, room_to_record
from holdfast.adapters.segments import append, settled
from holdfast.core.canonical import Json, canonical, one_line, rfc3339
from holdfast.core.chain import FIRST_LINK, SEGMENTS, linked
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Observations,
    Outcome,
    Target,
)
from holdfast.core.job import Job
from holdfast.core.phone import (
    SERIAL,
    App,
    Phone,
    app_check,
    clock_check,
    root_checks,
)

if TYPE_CHECKING:
    from holdfast.ports import Clock

Facts: TypeAlias = dict[str, Json]

SEGMENT_SECONDS = 60
"""``screenrecord`` ends by itself after 180; a lost phone loses the segment that is open."""
LONGEST_SECONDS = 3600
ON_PHONE = "/data/local/tmp"
"""The folder that every phone leaves to its debugging shell, and shows to no gallery."""
MOST_PIXELS = 50_000_000
_TARGET = re.compile(
    r"phone:(?P<serial>[^:].{0,110}?|):(?:(?P<screen>screen)|record:(?P<seconds>\d{1,5}))"
)
_PNG = b"\x89PNG\r\n\x1a\n"


class PhoneScreen:
    """Targets are ``phone:SERIAL:screen`` and ``phone:SERIAL:record:SECONDS``; an empty SERIAL
    takes the only phone there is.

    ``stop`` ends a recording early: what was recorded is whole then, as if the time were over.
    """

    id: Literal["phone"] = "phone"

    def __init__(self, means: Means, stop: threading.Event | None = None) -> None:
        self._clock = means.clock
        self._adb = means.adb
        self._stop = stop or threading.Event()

    def suits(self, target: str) -> bool:
        """Whether ``target`` has the form of a part of a phone."""
        hit = _TARGET.fullmatch(target)
        return hit is not None and bool(not hit["serial"] or SERIAL.fullmatch(hit["serial"]))

    def phones(self, room: Path, job: Job) -> tuple[Phone, ...]:
        """Every phone that is connected.  Raises as ``adb.find`` and ``Adb.begin``."""
        client = adb.Adb(adb.find(self._adb), room)
        client.begin(job)
        return client.phones(job)

    @room_for("phone")
    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The phone's screen.

        Raises Refused (``phone_target``, ``phone_several``, ``adb_chosen``, ``disk_full``,
        ``record_no_space``) and Unavailable (``adb_missing``, ``adb_failed``, ``phone_none``,
        ``phone_unauthorized``, ``phone_offline``, ``phone_not_there``, ``phone_gone``,
        ``phone_slow``, ``phone_endless``, ``phone_picture``, ``phone_no_recorder``).
        """
        hit = _TARGET.fullmatch(target)
        if hit is None or not self.suits(target):
            raise Refused("phone_target", target=one_line(target[:60]))
        job.step("opening")
        started = rfc3339(self._clock.now())
        program = adb.find(self._adb)
        client = adb.Adb(program, room)
        client.begin(job)
        phone = client.the_phone(hit["serial"], job)
        connected = adb.Connected(client, phone, self._clock, job)
        session = _Session(connected, room / "files", self._clock, job)
        session.folder.mkdir()
        try:
            session.arrive()
            if hit["screen"]:
                session.shoot()
            else:
                seconds = min(max(1, int(hit["seconds"])), LONGEST_SECONDS)
                session.record(seconds, self._stop)
            session.leave()
        except HoldfastError as error:
            if session.segments:
                session.give_up(error.code)
            else:
                rmtree(session.folder, ignore_errors=True)
            raise
        return Captured(
            source="phone",
            target=Target(typed=target),
            files=session.files(),
            started=started,
            finished=rfc3339(self._clock.now()),
            components=(
                Component(name="adb", version=adb.version(program)),
                Component(name="Android", version=session.told.get("ro.build.version.release", "")),
            )[: 2 if session.told.get("ro.build.version.release") else 1],
            completeness=session.checks(),
            observations=Observations(title=session.title()),
        )

    def parts(self) -> tuple[Component, ...]:
        try:
            program = adb.find(self._adb)
        except HoldfastError:
            return (Component(name="adb", version=""),)
        return (Component(name="adb", version=adb.version(program)),)


PIECE = PhoneScreen


@dataclass(slots=True)
class _Segment:
    """A piece of a recording as it lies in the room."""

    name: str
    size: int
    sha256: str
    started: str
    finished: str
    on_phone: str
    """SHA-256 as the phone computed it; empty when it could not."""

    n: int
    link: str
    """After that of the segment before; see ``core.chain``."""

    def body(self) -> Facts:
        return {
            "n": self.n,
            "link": self.link,
            "file": self.name,
            "size": self.size,
            "sha256": self.sha256,
            "sha256_on_phone": self.on_phone,
            "started": self.started,
            "finished": self.finished,
        }


@dataclass(slots=True)
class _Session:
    """One capture of one phone, as far as it got."""

    phone: adb.Connected
    folder: Path
    clock: Clock
    job: Job
    before: adb.Looked | None = None
    after: adb.Looked | None = None
    app: App | None = None
    lost: str = ""
    """The code of what ended it too early; empty when nothing did."""
    segments: list[_Segment] = field(default_factory=list)
    found: list[CapturedFile] = field(default_factory=list)
    seen: list[Check] = field(default_factory=list)
    link: str = FIRST_LINK
    """The chain's last."""
    gap_ms: int = 0
    total: int = 0
    """Seconds that were asked for."""

    @property
    def told(self) -> dict[str, str]:
        """The phone's properties."""
        return self.before.properties if self.before else {}

    def title(self) -> str:
        """The phone and the app in front."""
        name = self.told.get("ro.product.model") or self.phone.phone.model
        return one_line(" · ".join(filter(None, (name, self.app.package if self.app else ""))))

    def arrive(self) -> None:
        """What the phone is and what is in front is known."""
        self.before = self.phone.look()
        self.app = self.phone.app(self.before.package, self.before.activity)

    def leave(self) -> None:
        """The same once more; a phone that is gone by now is written down as gone."""
        if not self.lost:
            try:
                self.after = self.phone.look()
            except Unavailable as error:
                self.lost = error.code
        self._keep_record()

    def give_up(self, code: str) -> None:
        """What there is stays, with a record that says why it ends."""
        self.lost = code
        self._keep_record()

    # --- a picture ---

    def shoot(self) -> None:
        """The screen is a picture in the folder.  Raises Unavailable(``phone_picture``)."""
        self.job.step("saving")
        answer = self.phone.bytes_of("screencap -p", most=adb.PICTURE)
        if answer.code or not answer.data.startswith(_PNG):
            raise Unavailable("phone_picture", reason=answer.errors or _start(answer.data))
        colour = _colour(answer.data)
        (self.folder / "screen.png").write_bytes(answer.data)
        self._add("screen.png", "image/png")
        outcome: Outcome = "pass"
        if colour:
            outcome = "fail" if colour == "#000000" else "warn"
        self.seen.append(Check(check="phone_picture", outcome=outcome, detail=colour))

    # --- a recording ---

    def record(self, seconds: int, stop: threading.Event) -> None:
        """Segments are in the folder until the time is over, ``stop`` is set or the phone is lost.

        Raises what ended it when there is no segment.
        """
        end, self.total = time.monotonic() + seconds, seconds
        ended = 0.0
        trouble: HoldfastError | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="phone") as fetcher:
            waiting: list[Future[None]] = []
            try:
                while not stop.is_set() and (left := end - time.monotonic()) > 0.5:
                    if ended:
                        self.gap_ms = max(self.gap_ms, int((time.monotonic() - ended) * 1000))
                    room_to_record(self.folder)
                    part = self._segment(len(waiting) + 1, min(SEGMENT_SECONDS, left), end, stop)
                    ended = time.monotonic()
                    waiting.append(fetcher.submit(self._fetch, *part))
                    if any(one.done() and one.exception() for one in waiting):
                        break
            except HoldfastError as error:
                trouble = error
            for one in waiting:
                try:
                    one.result()
                except HoldfastError as error:
                    trouble = trouble or error
        if trouble is not None:
            full = trouble.code == "record_no_space"
            if not self.segments or not (full or isinstance(trouble, Unavailable)):
                raise trouble
            self.lost = "disk_full" if full else trouble.code
        self._join()
        self._judge_film()

    def _segment(
        self, number: int, left: float, end: float, stop: threading.Event
    ) -> tuple[str, str, str, str]:
        """One more segment lies on the phone: where, what it is to be called, from when to when."""
        there = f"{ON_PHONE}/holdfast-{os.getpid()}-{number:04d}.mp4"
        started = rfc3339(self.clock.now())
        try:
            self._run(there, max(1, round(left)), end, stop)
        except BaseException:
            self.phone.forget(there)
            raise
        return there, f"segment-{number:04d}.mp4", started, rfc3339(self.clock.now())

    def _fetch(self, there: str, name: str, started: str, finished: str) -> None:
        """The segment is here, on the chain, and no longer on the phone."""
        # The recording reports; this goes on beside it.
        phone = adb.Connected(self.phone.adb, self.phone.phone, self.clock, self.job.beside())
        part = self.folder.parent / f"{name}.part"
        try:
            told = phone.shell(f"sha256sum {there}", seconds=60).text
            hashed = re.match(r"([0-9a-f]{64})\b", told)
            size = phone.shell(f"stat -c %s {there}").text.strip()
            if size.isdigit() and int(size) > adb.SEGMENT:
                raise Unavailable("phone_endless", what="screenrecord")
            at = self.folder / name
            pulled = phone.fetched(there, part)
            if pulled.code or not part.is_file() or part.stat().st_size == 0:
                raise Unavailable("phone_no_recorder", reason=pulled.errors or pulled.text[:200])
            part.rename(at)
            self._chain(name, at, started, finished, hashed[1] if hashed else "")
        finally:
            part.unlink(missing_ok=True)
            self.phone.forget(there)

    def _run(self, there: str, seconds: int, end: float, stop: threading.Event) -> None:
        """The phone's recorder runs until its time is over; asked to stop, it finishes the file."""
        serial = self.phone.phone.serial
        # The shell becomes the recorder, so that the number it told is the recorder's.
        command = f"echo $$; exec screenrecord --time-limit {seconds} {there}"
        client = self.phone.adb
        with client.running(["-s", serial, "shell", command]) as process:
            asked, limit = False, time.monotonic() + seconds + 20
            while process.ended() is None:
                left = max(0, int(end - time.monotonic()))
                self.job.step("saving", max(0, self.total - left), self.total, there[-8:-4])
                if not asked and (stop.is_set() or time.monotonic() >= end):
                    limit = min(limit, time.monotonic() + 20)
                    # Which process it is may only be told in a moment.
                    if pid := process.first_number():
                        asked = True
                        self.phone.shell(f"kill -2 {pid}")
                if time.monotonic() > limit:
                    raise Unavailable("phone_slow", seconds=seconds)
                time.sleep(0.05)
            # Old phones tell no exit codes, and one that was asked to end may have ended before.
            if (process.ended() and not asked) or "not found" in process.said():
                self._why(process.said())

    def _why(self, said: str) -> None:
        """The recorder ended badly: because the phone is gone, or because it has none."""
        if adb.gone(said) or not self._there():
            raise Unavailable("phone_gone", serial=self.phone.phone.serial)
        raise Unavailable("phone_no_recorder", reason=said[:200])

    def _there(self) -> bool:
        return any(
            one.serial == self.phone.phone.serial and one.state == "device"
            for one in self.phone.adb.phones(self.job)
        )

    def _chain(self, name: str, at: Path, started: str, finished: str, there: str) -> None:
        sha256, size = settled(at)
        self.link = linked(self.link, sha256)
        segment = _Segment(
            name=f"files/{name}",
            size=size,
            sha256=sha256,
            started=started,
            finished=finished,
            on_phone=there,
            n=len(self.segments),
            link=self.link,
        )
        append(self.folder / SEGMENTS, canonical(segment.body()) + b"\n")
        self.segments.append(segment)
        self._add(name, "video/mp4")

    def _join(self) -> None:
        """A copy to look at, in one file; the segments stay the originals."""
        if not self.segments:
            return
        parts = [str(self.folder.parent / segment.name) for segment in self.segments]
        out = self.folder / "viewing.mp4"
        order = {"do": "join", "files": parts, "out": str(out)}
        lines = _worked(order, self.job)
        if not any(line["event"] == "joined" for line in lines) or not out.is_file():
            out.unlink(missing_ok=True)
            why = next((str(line.get("text")) for line in lines if line["event"] == "error"), "")
            self.seen.append(
                Check(check="viewing_copy", outcome="warn", detail=one_line(why)[:200])
            )
            return
        self._add("viewing.mp4", "video/mp4", derived_from=self.segments[0].name)
        self.seen.append(Check(check="viewing_copy", outcome="pass"))

    def _judge_film(self) -> None:
        different = [s for s in self.segments if s.on_phone and s.on_phone != s.sha256]
        known = all(s.on_phone for s in self.segments)
        outcome: Outcome = "fail" if different else "pass" if known else "not_checked"
        self.seen.append(
            Check(check="phone_fetched", outcome=outcome, detail=str(len(self.segments)))
        )
        self.seen.append(
            Check(
                check="phone_lost",
                outcome="fail" if self.lost else "pass",
                detail=self.lost,
            )
        )
        paths = [str(self.folder.parent / segment.name) for segment in self.segments]
        lines = _worked({"do": "light", "files": paths}, self.job)
        light = next((line for line in lines if line["event"] == "light"), None)
        if light is None or not light.get("frames"):
            self.seen.append(Check(check="phone_picture", outcome="not_checked"))
            return
        dark = int(light["high"]) < 6
        self.seen.append(
            Check(
                check="phone_picture",
                outcome="fail" if dark else "pass",
                detail="#000000" if dark else "",
            )
        )

    # --- what is handed over ---

    def checks(self) -> tuple[Check, ...]:
        """Every check, the picture first."""
        before = self.before
        after = self.after.package if self.after else ""
        return (
            *self.seen,
            app_check(self.app, after),
            clock_check(before.offset_ms if before else None),
            *root_checks(self.told, before.root_files if before else None),
        )

    def files(self) -> tuple[CapturedFile, ...]:
        """Everything in the folder."""
        return tuple(self.found)

    def _add(self, name: str, media_type: str, derived_from: str | None = None) -> None:
        record = media_type in ("application/json", "application/jsonl")
        self.found.append(
            CapturedFile(
                at=self.folder / name,
                path=f"files/{name}",
                media_type=media_type,
                obtained=rfc3339(self.clock.now()),
                role="derived" if derived_from else "record" if record else "original",
                name=name,
                derived_from=derived_from,
            )
        )

    def _keep_record(self) -> None:
        if self.segments:
            self._add(SEGMENTS, "application/jsonl")
        body: Facts = {
            "format": "holdfast-phone/1",
            "serial": self.phone.phone.serial,
            "listed_as": {"model": self.phone.phone.model, "product": self.phone.phone.product},
            "properties": [{"name": name, "value": value} for name, value in self.told.items()],
            "before": _looked(self.before),
            "after": _looked(self.after),
            "app": None if self.app is None else self.app.body(),
            "certificates_by": "APK Signing Block of the installed base.apk, read in place; "
            "the signature was not verified again",
            "segments": len(self.segments),
            "segment_seconds": SEGMENT_SECONDS,
            "longest_gap_ms": self.gap_ms,
            "chain_head": self.link,
            "lost": self.lost,
        }
        (self.folder / "phone.json").write_bytes(canonical(body))
        self._add("phone.json", "application/json")


def _looked(looked: adb.Looked | None) -> Json:
    if looked is None:
        return None
    return {
        "at": looked.at,
        "clock_offset_ms": looked.offset_ms,
        "clock_uncertainty_ms": looked.uncertainty_ms,
        "package": looked.package,
        "activity": looked.activity,
    }


def _worked(order: dict[str, Any], job: Job) -> list[dict[str, Any]]:
    """What the process for untrusted media said of an order; as far as it got."""
    lines: list[dict[str, Any]] = []
    with suppress(marks.Slow):
        lines.extend(marks.asked(order, job, marks.SECONDS_A_FILE, "saving"))
    return lines


def _colour(png: bytes) -> str:
    """``#rrggbb`` when a picture is of one colour.  Raises Unavailable for what is no picture."""
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Unavailable("phone_picture", reason=f"{image.width} x {image.height}")
            extremes = image.convert("RGB").getextrema()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Unavailable("phone_picture", reason=one_line(str(error))[:120]) from error
    pairs = [pair for pair in extremes if isinstance(pair, tuple)]
    if any(low != high for low, high in pairs):
        return ""
    return "#" + "".join(f"{int(low):02x}" for low, _ in pairs)


def _start(data: bytes) -> str:
    return one_line(json.dumps(data[:60].decode("utf-8", "replace")))
