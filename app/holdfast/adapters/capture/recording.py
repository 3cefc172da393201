"""The screen over some time, with or without what the computer plays, in chained segments."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from holdfast.adapters import child
from holdfast.adapters.capture import Means
from holdfast.adapters.disk import room_for, room_to_record
from holdfast.core.canonical import canonical, one_line, rfc3339, visible
from holdfast.core.chain import SEGMENTS
from holdfast.core.errors import Cancelled, HoldfastError, Refused, Unavailable
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Component,
    Observations,
    Role,
    Target,
    safe_segment,
)
from holdfast.core.job import Job
from holdfast.core.recording import (
    EVENTS,
    RECORD,
    Tale,
    Wish,
    read_chain,
    read_events,
    read_wish,
)

if TYPE_CHECKING:
    import subprocess

FPS = 30
LONGEST = 86_400
"""Seconds after which a recording that nobody stops ends: a manifest that lists the segments of
more than a day would be larger than a verifier reads.
"""
STARTING = 60.0
"""Seconds until the first frame; a portal asks the person first."""
SILENCE = 15.0
"""Seconds without a word from the recorder after which it counts as gone."""
_LINE = 1 << 20
_LOG = 64 << 10
_REFUSED = frozenset({"screen_monitor", "screen_region", "record_window_gone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a recording stands at this moment."""

    phase: Literal["opening", "recording", "resting", "sealing", "over"] = "opening"
    elapsed_ms: int = 0
    frames: int = 0
    dropped: int = 0
    gap_ms: int = 0
    level: int | None = None
    """Of 1000; None when nothing is heard."""
    silent_ms: int = 0
    sound: str = ""
    """``on``, ``none``, ``lost`` or ``not asked``."""
    screen: str = ""
    """What the screen last did, e.g. ``resized``."""
    size: int = 0
    """Bytes that are on the chain."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """When each step was first ticked, in milliseconds."""
    moments: int = 0
    """How many moments were marked without a step."""


class Recording:
    """Records a part of the screen for as long as the target says."""

    id: Literal["recording"] = "recording"

    def __init__(self, means: Means) -> None:
        self._clock = means.clock

    def suits(self, target: str) -> bool:
        """Whether ``target`` states a recording."""
        return read_wish(target) is not None

    def take(self, wish: Wish, card: Sequence[str] = ()) -> Take:
        """A recording that somebody steers while it runs."""
        return Take(self._clock, wish, tuple(card))

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The screen for the seconds that the target names.

        Raises as ``Take.capture``, and Refused(``record_target``, ``record_endless``).
        """
        wish = read_wish(target)
        if wish is None:
            raise Refused("record_target", target=one_line(target[:80]))
        if wish.seconds is None:
            raise Refused("record_endless")
        return self.take(wish, (rfc3339(self._clock.now()),)).capture(target, room, job)

    def remains(self, target: str, room: Path, code: str, started: str) -> Captured | None:
        """What a recording that did not end left behind, its chain checked; None for nothing."""
        wish = read_wish(target)
        if wish is None:
            return None
        return assembled(wish, room, clock=self._clock, started=started, interrupted=code)

    def parts(self) -> tuple[Component, ...]:
        return tuple(
            Component(name=name, version=version(name)) for name in ("mss", "av", "SoundCard")
        )


PIECE = Recording


class Take:
    """One recording and the wishes of whoever steers it.  A source that captures once."""

    id: Literal["recording"] = "recording"

    def __init__(self, clock: Any, wish: Wish, card: tuple[str, ...]) -> None:
        self._clock, self.wish, self.card = clock, wish, card
        self._orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._standing = Standing()
        self._obtained: dict[str, str] = {}
        self.order_facts: dict[str, Any] = {}
        """What else the recorder is told; measurements fix its preset with it."""

    # --- steering, from any thread ---------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        return self._standing

    def stop(self) -> None:
        """It comes to its end and is sealed.  Safe in a signal handler."""
        self._stop.set()

    def pause(self, reason: str) -> None:
        """Nothing is recorded until ``resume``; the reason goes on record."""
        self._orders.put({"do": "pause", "reason": reason, "at_ns": time.monotonic_ns()})

    def resume(self) -> None:
        """Recording goes on."""
        self._orders.put({"do": "resume"})

    def mark(self, step: str = "") -> None:
        """This moment is on record, as that step of the script or as a moment of its own."""
        self._orders.put({"do": "mark", "step": step, "at_ns": time.monotonic_ns()})

    # --- capturing -------------------------------------------------------------------------------

    def suits(self, target: str) -> bool:
        """Whether it is this very recording."""
        return target == self.wish.target()

    def parts(self) -> tuple[Component, ...]:
        return ()

    def remains(self, target: str, room: Path, code: str, started: str) -> Captured | None:
        """As ``Recording.remains``."""
        return assembled(
            self.wish, room, clock=self._clock, started=started, interrupted=code, target=target
        )

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The recording, once it was stopped or its time is over.

        Raises Refused (``record_no_space``, ``disk_full``, ``screen_monitor``, ``screen_region``,
        ``record_window_gone``) or Unavailable (``screen_none``, ``screen_grab``,
        ``record_windows``, ``recorder_gone``, those of the portal).  Cancelled leaves what was
        recorded in the room.
        """
        job.step("opening")
        room_to_record(room)
        started = rfc3339(self._clock.now())
        folder = room / "files"
        folder.mkdir()
        interrupted = ""
        try:
            interrupted = self._run(folder, room / "recorder.err", job)
        finally:
            _hide_log(room / "recorder.err", folder)
            if not any(folder.iterdir()):
                folder.rmdir()
        self._standing = replace(self._standing, phase="sealing")
        captured = assembled(
            self.wish, room, clock=self._clock, started=started, interrupted=interrupted,
            obtained=self._obtained, job=job, target=target,
        )  # fmt: skip
        if captured is None:
            raise Unavailable("recorder_gone")
        return captured

    def _order(self, folder: Path) -> dict[str, Any]:
        few = (os.cpu_count() or 1) <= 2
        order: dict[str, Any] = {
            "folder": str(folder),
            "area": self.wish.area,
            "preset": "ultrafast" if few else "veryfast",
            "fps": FPS,
            "sound": self.wish.sound,
            "card": list(self.card),
        }
        order["milliseconds"] = min(self.wish.seconds or LONGEST, LONGEST) * 1000
        return order | self.order_facts

    def _run(self, folder: Path, errors: Path, job: Job) -> str:
        """The recorder ran and is gone; why it was cut short, or nothing."""
        with ExitStack() as undo:
            pool = undo.enter_context(ThreadPoolExecutor(1, thread_name_prefix="recorder"))
            try:
                process = child.started(_command(), errors=errors, talk=True, folder=folder.parent)
            except OSError as error:
                raise Unavailable("recorder_gone") from error
            undo.callback(child.ended, process)
            assert process.stdout is not None
            lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
            self._send(process, self._order(folder))
            pool.submit(_read, process.stdout, lines)
            try:
                return self._listen(process, lines, job)
            except Cancelled:
                self._send(process, {"do": "stop"})
                with suppress(queue.Empty):
                    while lines.get(timeout=5) is not None:
                        pass
                raise

    @staticmethod
    def _send(process: subprocess.Popen[bytes], order: Mapping[str, Any]) -> None:
        assert process.stdin is not None
        with suppress(OSError, ValueError):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()

    def _listen(
        self,
        process: subprocess.Popen[bytes],
        lines: queue.SimpleQueue[dict[str, Any] | None],
        job: Job,
    ) -> str:
        heard, stopping, patience = time.monotonic(), False, STARTING
        while True:
            self._report(job)
            while not self._orders.empty():
                self._send(process, self._orders.get())
            if self._stop.is_set() and not stopping:
                stopping = True
                self._send(process, {"do": "stop"})
            try:
                line = lines.get(timeout=0.05)
            except queue.Empty:
                if time.monotonic() - heard > patience:
                    return "no answer"
                continue
            if line is None:
                return "crash"
            heard = time.monotonic()
            patience = STARTING if self._standing.phase == "opening" else SILENCE
            if line.get("event") == "refused":
                raise _refusal(line)
            self._hear(line)
            if line.get("event") == "ended":
                return ""

    def _report(self, job: Job) -> None:
        now = self._standing
        if now.phase == "opening":
            job.step("opening")
        elif self.wish.seconds is not None:
            done = min(now.elapsed_ms // 1000, self.wish.seconds)
            job.step("saving", done, self.wish.seconds, self.wish.area)
        else:
            job.step("saving", now.size, None, self.wish.area)

    def _hear(self, line: Mapping[str, Any]) -> None:
        now, at_ms = self._standing, int(line.get("at_ms", 0))
        match line.get("event"):
            case "recording":
                now = replace(now, phase="recording")
            case "progress":
                now = replace(
                    now,
                    elapsed_ms=at_ms,
                    frames=int(line["frames"]),
                    dropped=int(line["dropped"]),
                    gap_ms=int(line["gap_ms"]),
                    level=line["level"],
                    silent_ms=int(line["silent_ms"] or 0),
                )
            case "segment":
                now = replace(now, size=now.size + int(line["size"]))
                name = "card" if line["n"] == 0 and self.card else "segment"
                self._obtained[f"{name}-{line['n']:05d}.mkv"] = rfc3339(self._clock.now())
            case "paused":
                now = replace(now, phase="resting")
            case "resumed":
                now = replace(now, phase="recording")
            case "marked" if line["step"]:
                now = replace(now, marks={str(line["step"]): at_ms} | dict(now.marks))
            case "marked":
                now = replace(now, moments=now.moments + 1)
            case "sound":
                now = replace(now, sound=str(line["state"]))
            case "screen":
                now = replace(now, screen=str(line["state"]))
            case "ended":
                now = replace(now, phase="sealing")
        self._standing = now


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker", "recorder"]
    # -P: nothing is imported from the folder the program happens to be started in.
    return [sys.executable, "-P", "-m", "holdfast.adapters.recorder"]


def _read(stream: IO[bytes], lines: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    """Every line of ``stream`` goes into ``lines``, and None at its end."""
    try:
        while raw := stream.readline(_LINE):
            line = json.loads(raw)
            lines.put(line if isinstance(line, dict) else {})
    except ValueError:
        pass  # cut off in the middle: the end all the same
    finally:
        lines.put(None)


def _refusal(line: Mapping[str, Any]) -> HoldfastError:
    """The recorder's refusal as one of ours."""
    code = str(line["code"])
    facts = {str(name): value for name, value in dict(line["facts"]).items()}
    return Refused(code, **facts) if code in _REFUSED else Unavailable(code, **facts)


def _hide_log(errors: Path, folder: Path) -> None:
    """What the recorder complained of is a record, without where this computer keeps things."""
    with suppress(OSError):
        words = errors.read_bytes()[-_LOG:].decode("utf-8", "replace")
        for place in (str(folder.parent), str(Path.home()), sys.prefix):
            words = words.replace(place, "…")
        if words.strip():
            (folder / "recorder.log").write_text(visible(words), encoding="utf-8")
        errors.unlink()


# --- what came of it -----------------------------------------------------------------------------

_TYPES = {
    ".mkv": "video/x-matroska",
    ".mp4": "video/mp4",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
}


@room_for("recording")
def assembled(
    wish: Wish,
    room: Path,
    *,
    clock: Any,
    started: str,
    interrupted: str = "",
    obtained: Mapping[str, str] | None = None,
    job: Job | None = None,
    target: str = "",
) -> Captured | None:
    """A recording as it lies in its room, read back from what the recorder wrote as it went.

    None when not one picture of the screen is there.  Segments are the originals; the viewing copy
    is joined from them without a loss.  Raises Refused(``disk_full``) where nothing more fits.
    """
    folder, job = room / "files", job or Job()
    tale = _told(wish, folder, interrupted, job)
    if tale is None:
        return None
    views = _viewing(tale, folder, job)
    body = tale.body() | {"viewing": views}
    (folder / RECORD).write_bytes(canonical(body))
    now = rfc3339(clock.now())
    files = sorted(
        (at for at in folder.iterdir() if at.is_file() and not at.is_symlink()),
        # What a person opens first stands first; then the originals in their order.
        key=lambda at: (at.suffix != ".mp4", at.suffix != ".mkv", at.name),
    )
    made = tuple(
        CapturedFile(
            at=at,
            path=f"files/{at.name}",
            media_type=_TYPES.get(at.suffix, "application/octet-stream"),
            obtained=(obtained or {}).get(at.name, now),
            role=_role(at.name),
            name=at.name,
            derived_from=f"files/{SEGMENTS}" if at.suffix == ".mp4" else None,
        )
        for at in files
        if safe_segment(at.name) and (at.stat().st_size or at.suffix != ".mkv")
    )
    return Captured(
        source="recording",
        target=Target(typed=target or wish.target()),
        files=made,
        started=started,
        finished=rfc3339(clock.now()),
        components=tuple(
            Component(name=name, version=version(name)) for name in ("mss", "av", "SoundCard")
        ),
        completeness=tale.checks(),
        observations=Observations(),
    )


def _role(name: str) -> Role:
    if name.endswith(".mkv"):
        return "original"
    return "derived" if name.endswith(".mp4") else "record"


def _told(wish: Wish, folder: Path, interrupted: str, job: Job) -> Tale | None:
    chain = folder / SEGMENTS
    segments, damage = read_chain(chain.read_bytes() if chain.is_file() else b"")
    log = folder / EVENTS
    events = read_events(log.read_bytes() if log.is_file() else b"")
    films = {at.name: at for at in folder.glob("*.mkv") if at.is_file() and not at.is_symlink()}
    altered = []
    for number, segment in enumerate(segments):
        job.step("checking", number, len(segments))
        at = films.pop(segment.file, None)
        if at is None or _sha256(at) != segment.sha256:
            altered.append(segment.file)
    strangers = tuple(sorted(name for name, at in films.items() if at.stat().st_size))
    if not any(segment.kind == "screen" for segment in segments) and not strangers:
        return None
    return Tale(
        wish=wish,
        segments=segments,
        events=events,
        damage=damage,
        strangers=strangers,
        altered=tuple(altered),
        interrupted=interrupted,
    )


def _sha256(at: Path) -> str:
    with at.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _viewing(tale: Tale, folder: Path, job: Job) -> list[Any]:
    """Copies that any player shows: the segments joined, one copy for each size of the picture."""
    import av.error

    from holdfast.adapters.joining import joined

    pieces = [
        (folder / segment.file, segment.to_ms - segment.from_ms)
        for segment in tale.segments
        if segment.file not in tale.altered
    ]
    pieces += [(folder / name, 0) for name in tale.strangers if name.startswith("segment-")]
    try:
        views = joined(pieces, folder, job)
    except (av.error.FFmpegError, OSError, ValueError):
        # The originals are what counts; a copy that cannot be made is not made.
        for at in folder.glob("recording*.mp4"):
            at.unlink()
        return []
    return [{"file": at.name, "from": [part.name for part in parts]} for at, parts in views]
