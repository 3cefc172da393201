"""A recording of the screen: its chain of segments, what happened meanwhile, and how whole it is.

The recorder writes two files as it goes, one canonical JSON object a line: ``segments.jsonl``, in
which each closed segment is chained to the one before, and ``events.jsonl``.  What a recording was
is read back from these two and from nothing else, whether it ended well or was cut short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Literal, TypeAlias

from holdfast.core.canonical import Json, canonical, one_line, parse
from holdfast.core.chain import FIRST_LINK, MOST_LINES, SEGMENTS, chained
from holdfast.core.evidence import Check, Outcome

FORMAT = "holdfast-recording/1"
SEGMENT_MS = 2000
EVENTS, RECORD = "events.jsonl", "recording.json"
LONGEST_GAP_MS = 1000
"""A longer stretch without a picture is to be explained; five times as long is a hole."""
DARK, SILENT = 24, 12
"""Luma (of 255) up to which a sample is black, and level (of 1000) up to which it is silence."""

Event: TypeAlias = "Mapping[str, Json]"


def viewing_copy(number: int) -> str:
    """What the file of a viewing copy is called, counted from 1."""
    return f"recording-{number}.mp4" if number > 1 else "recording.mp4"


# --- the guided script ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that the recording is to show; its parts are ticked one after the other."""

    id: str
    parts: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """The names under which it is put on record."""
        return tuple(f"{self.id}.{part}" for part in self.parts) or (self.id,)


SCRIPTS: Mapping[str, tuple[Step, ...]] = {
    "drama": (
        Step(id="time"),
        Step(id="filing"),
        Step(id="account"),
        Step(id="play", parts=("start", "middle", "end")),
        Step(id="numbers"),
        Step(id="label"),
    )
}


# --- what is to be recorded ----------------------------------------------------------------------

_TARGET = re.compile(
    r"record(?::(?P<seconds>[1-9]\d{0,5}))?"
    r";(?P<area>all|monitor:[1-9]\d{0,2}|window:[1-9]\d{0,12}"
    r"|region:-?\d{1,6},-?\d{1,6},\d{1,6},\d{1,6})"
    r"(?P<sound>;audio)?(?:;script:(?P<script>[a-z]{1,20}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be recorded, and how it is written in a capture's target."""

    area: str
    """``all``, ``monitor:N``, ``window:ID`` or ``region:X,Y,W,H`` in the system's pixels."""
    seconds: int | None = None
    """None: until it is stopped."""
    sound: bool = False
    script: str = ""

    def target(self) -> str:
        """As one line, e.g. ``record:30;monitor:1;audio;script:drama``."""
        head = "record" if self.seconds is None else f"record:{self.seconds}"
        tail = f";script:{self.script}" if self.script else ""
        return f"{head};{self.area}{';audio' if self.sound else ''}{tail}"


def read_wish(target: str) -> Wish | None:
    """The wish that ``target`` states; None when it states none."""
    found = _TARGET.fullmatch(target)
    if found is None or (found["script"] or "drama") not in SCRIPTS:
        return None
    return Wish(
        area=found["area"],
        seconds=int(found["seconds"]) if found["seconds"] else None,
        sound=bool(found["sound"]),
        script=found["script"] or "",
    )


# --- the chain -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One closed file of the recording, as its line in the chain says."""

    n: int
    kind: Literal["card", "screen"]
    """``card``: drawn by the recorder, no picture of the screen."""
    file: str
    size: int
    sha256: str
    link: str
    """SHA-256 of the link before and this file's SHA-256, both as 32 bytes."""
    from_ms: int
    """Since the recording began, on the monotonic clock."""
    to_ms: int
    started: str
    """By the system's clock, RFC 3339."""
    ended: str
    frames: int
    dropped: int
    gap_ms: int
    """The longest stretch between two frames."""
    preset: str
    fps: int
    width: int
    height: int
    dark: int = 0
    """So many of the samples were black."""
    plain: int = 0
    """So many were of one colour, black or not."""
    still: int = 0
    """So many were like the sample before."""
    samples: int = 0
    sound_ms: int = 0
    level: int = 0
    """The loudest moment, of 1000."""

    def line(self) -> bytes:
        """Its line in ``segments.jsonl``."""
        return canonical(asdict(self)) + b"\n"


_HEX = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"(card|segment)-\d{5,7}\.mkv")
_TEXTS = frozenset({"kind", "file", "sha256", "link", "started", "ended", "preset"})


def _segment(value: Json) -> Segment:
    names = {field.name for field in fields(Segment)}
    if not isinstance(value, Mapping) or set(value) != names:
        raise ValueError("not a segment")
    for name, one in value.items():
        if name in _TEXTS:
            if not isinstance(one, str):
                raise ValueError(f"{name} is not text")
        elif not isinstance(one, int) or isinstance(one, bool) or one < 0:
            raise ValueError(f"{name} is not a number")
    found = Segment(**value)  # type: ignore[arg-type]  # names and types were judged above
    if not _FILE.fullmatch(found.file) or found.kind not in ("card", "screen"):
        raise ValueError("a file that no recorder writes")
    if not _HEX.fullmatch(found.sha256) or not _HEX.fullmatch(found.link):
        raise ValueError("not a digest")
    return found


def read_chain(raw: bytes) -> tuple[tuple[Segment, ...], str]:
    """The recorder's segments; see ``chained``."""
    return chained(raw, _segment)


def read_events(raw: bytes) -> tuple[Event, ...]:
    """Every event that was written whole."""
    found: list[Event] = []
    for line in raw.split(b"\n")[:MOST_LINES]:
        try:
            event = parse(line)
        except ValueError:
            continue
        if isinstance(event, Mapping) and isinstance(event.get("event"), str):
            found.append(event)
    return tuple(found)


# --- how fast, and how thoroughly ----------------------------------------------------------------

PRESETS = ("ultrafast", "superfast", "veryfast")
"""From the quickest; all of them see the same pixels, the slower ones need fewer bytes."""
SPEEDS = (10, 15, 20, 24, 30)
"""Frames a second."""
CALM = 4
"""So many segments without strain before more is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the recorder tries to keep up."""

    preset: str
    fps: int
    wanted: int
    """Frames a second that were asked for."""
    calm: int = 0


def next_pace(pace: Pace, *, busy: int, frames: int, dropped: int) -> Pace:
    """The pace for the next segment.

    ``busy`` is how much of the segment's time encoding took, in thousandths.  The preset gives way
    first, then the number of frames; they come back in the other order.
    """
    at = PRESETS.index(pace.preset)
    slower = [fps for fps in SPEEDS if fps < pace.fps]
    quicker = [fps for fps in SPEEDS if pace.fps < fps < pace.wanted] + [pace.wanted]
    if busy > 850 or dropped * 50 > frames + dropped:
        if at:
            return Pace(preset=PRESETS[at - 1], fps=pace.fps, wanted=pace.wanted)
        if dropped * 20 > frames + dropped and slower:
            return Pace(preset=pace.preset, fps=slower[-1], wanted=pace.wanted)
        return Pace(preset=pace.preset, fps=pace.fps, wanted=pace.wanted)
    if busy > 350 or dropped:
        return Pace(preset=pace.preset, fps=pace.fps, wanted=pace.wanted)
    if pace.calm + 1 < CALM:
        return Pace(preset=pace.preset, fps=pace.fps, wanted=pace.wanted, calm=pace.calm + 1)
    if pace.fps < pace.wanted:
        return Pace(preset=pace.preset, fps=quicker[0], wanted=pace.wanted)
    up = PRESETS[min(at + 1, len(PRESETS) - 1)]
    return Pace(preset=up, fps=pace.fps, wanted=pace.wanted)


# --- the whole of it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """Everything that is known of a recording once it is over."""

    wish: Wish
    segments: tuple[Segment, ...]
    events: tuple[Event, ...]
    damage: str = ""
    """What is wrong with the chain's own file."""
    strangers: tuple[str, ...] = ()
    """Files of the recording that the chain does not name: open when it was cut short."""
    altered: tuple[str, ...] = ()
    """Files whose bytes are not those that were chained, or that are gone."""
    interrupted: str = ""
    """Why it did not come to its end; empty when it did."""

    def of(self, name: str) -> tuple[Event, ...]:
        """Events of that name, in order."""
        return tuple(event for event in self.events if event["event"] == name)

    @property
    def screen(self) -> tuple[Segment, ...]:
        """The segments that show the screen."""
        return tuple(segment for segment in self.segments if segment.kind == "screen")

    @property
    def why(self) -> str:
        """Why the recorder ended; empty when it did not say."""
        ended = self.of("ended")
        return str(ended[-1].get("why", "")) if ended else ""

    def place(self, at_ms: int) -> dict[str, Json]:
        """Where a moment of the recording is found: segment and milliseconds within, and which
        viewing copy, from 1, and the milliseconds from the beginning of that one.
        """
        copy, before, size = 0, 0, (0, 0)
        for segment in self.segments:
            joined = segment.file not in self.altered
            # Sides are made even; another size begins another copy.
            shown = segment.width + segment.width % 2, segment.height + segment.height % 2
            if joined and shown != size:
                copy, before, size = copy + 1, 0, shown
            if segment.kind == "screen" and segment.from_ms <= at_ms <= segment.to_ms:
                within = at_ms - segment.from_ms
                return {
                    "segment": segment.n,
                    "within_ms": within,
                    "viewing": copy if joined else None,
                    "viewing_ms": before + within if joined else None,
                }
            before += segment.to_ms - segment.from_ms if joined else 0
        return dict.fromkeys(("segment", "within_ms", "viewing", "viewing_ms"))

    def steps(self) -> list[Json]:
        """Every moment that was marked, in order."""
        return [
            {
                "step": str(mark.get("step", "")),
                "at_ms": _number(mark, "at_ms"),
                "at": str(mark.get("at", "")),
                **self.place(_number(mark, "at_ms")),
            }
            for mark in self.of("marked")
        ]

    def skipped(self) -> list[str]:
        """What the script asked for and nobody ticked."""
        done = {str(mark.get("step", "")) for mark in self.of("marked")}
        script = SCRIPTS.get(self.wish.script, ())
        return [name for step in script for name in step.marks if name not in done]

    def pauses(self) -> list[Json]:
        """When the person let it rest, for how long, and why in their words."""
        ends = [_number(event, "at_ms") for event in self.of("resumed")]
        found: list[Json] = []
        for event in self.of("paused"):
            begun = _number(event, "at_ms")
            ended = next((end for end in ends if end >= begun), None)
            reason = one_line(str(event.get("reason", "")))[:500]
            found.append({"from_ms": begun, "to_ms": ended, "reason": reason})
        return found

    def paused_between(self, first: Segment, second: Segment) -> bool:
        """Whether a pause explains the time between two segments."""
        pauses = [_number(event, "at_ms") for event in self.of("paused")]
        return any(first.from_ms <= at <= second.from_ms for at in pauses)

    @property
    def gap_ms(self) -> int:
        """The longest stretch without a frame, pauses left out."""
        between = [
            second.from_ms - first.to_ms
            for first, second in pairwise(self.screen)
            if not self.paused_between(first, second)
        ]
        return max([segment.gap_ms for segment in self.screen] + between, default=0)

    def body(self) -> dict[str, Json]:
        """``recording.json``."""
        started = self.of("started")
        facts = dict(started[0]) if started else {}
        facts.pop("event", None)
        screen = self.screen
        paces = [(segment.preset, segment.fps) for segment in screen]
        changes = [paces[i] for i in range(len(paces)) if i == 0 or paces[i] != paces[i - 1]]
        sound = [dict(event) for event in self.of("sound")]
        return {
            "format": FORMAT,
            "target": self.wish.target(),
            "recorder": facts,
            "chain": {
                "file": SEGMENTS,
                "segments": len(self.segments),
                "first": FIRST_LINK,
                "last": self.segments[-1].link if self.segments else FIRST_LINK,
                "damage": self.damage,
                "altered": list(self.altered),
                "not_in_chain": list(self.strangers),
            },
            "frames": sum(segment.frames for segment in screen),
            "dropped": sum(segment.dropped for segment in screen),
            "longest_gap_ms": self.gap_ms,
            "recorded_ms": sum(segment.to_ms - segment.from_ms for segment in screen),
            "pace": [{"preset": preset, "fps": fps} for preset, fps in changes],
            "steps": self.steps(),
            "skipped": list(self.skipped()),
            "pauses": self.pauses(),
            "screen": [dict(event) for event in self.of("screen")],
            "clock": [dict(event) for event in self.of("clock")],
            "sound": {"asked": self.wish.sound, "events": list(sound)},
            "ended": self.why,
            "interrupted": self.interrupted,
        }

    def checks(self) -> tuple[Check, ...]:
        """Every completeness check of a recording, in the order a reader asks."""
        found = [
            self._end(),
            self._chain(),
            self._frames(),
            self._gap(),
            self._clock(),
            self._screen(),
            self._picture(),
            self._still(),
            *self._sound(),
        ]
        if self.wish.script:
            skipped = self.skipped()
            outcome: Outcome = "warn" if skipped else "pass"
            found.append(Check(check="record_steps", outcome=outcome, detail=", ".join(skipped)))
        return tuple(found)

    def _end(self) -> Check:
        why = self.interrupted or ("" if self.why in ("stopped", "time") else self.why or "crash")
        return Check(check="interrupted", outcome="fail" if why else "pass", detail=why)

    def _chain(self) -> Check:
        damage = "" if self.damage == "cut" else self.damage
        wrong = "; ".join([damage] * bool(damage) + list(self.altered))
        if wrong:
            return Check(check="record_chain", outcome="fail", detail=wrong[:400])
        if self.strangers:
            detail = ", ".join(self.strangers)[:400]
            return Check(check="record_chain", outcome="warn", detail=detail)
        return Check(check="record_chain", outcome="pass", detail=str(len(self.segments)))

    def _frames(self) -> Check:
        kept = sum(segment.frames for segment in self.screen)
        whole = kept + sum(segment.dropped for segment in self.screen)
        detail = f"{kept}/{whole}"
        if kept * 2 < whole or not kept:
            return Check(check="record_frames", outcome="fail", detail=detail)
        outcome: Outcome = "pass" if kept * 100 >= whole * 99 else "warn"
        return Check(check="record_frames", outcome=outcome, detail=detail)

    def _gap(self) -> Check:
        gap = self.gap_ms
        outcome: Outcome = (
            "pass" if gap <= LONGEST_GAP_MS else "fail" if gap > 5 * LONGEST_GAP_MS else "warn"
        )
        return Check(check="record_gap", outcome=outcome, detail=str(gap))

    def _clock(self) -> Check:
        """A clock that was set, or a computer that slept: frames are counted past either."""
        moved = [_number(event, "moved_ms") for event in self.of("clock")]
        if not moved:
            return Check(check="record_clock", outcome="pass")
        detail = ", ".join(f"{ms / 1000:+.1f} s" for ms in moved[:20])
        return Check(check="record_clock", outcome="warn", detail=detail)

    def _screen(self) -> Check:
        states = [str(event.get("state", "")) for event in self.of("screen")]
        if not states:
            return Check(check="record_screen", outcome="pass")
        gone = "gone" in states or "locked" in states
        detail = ", ".join(dict.fromkeys(states))
        return Check(check="record_screen", outcome="fail" if gone else "warn", detail=detail)

    def _picture(self) -> Check:
        samples = sum(segment.samples for segment in self.screen)
        plain = sum(segment.plain for segment in self.screen)
        dark = sum(segment.dark for segment in self.screen)
        if not samples:
            return Check(check="record_picture", outcome="not_checked")
        percent = 100 * plain // samples
        detail = f"{percent} %" + (", black" if dark * 2 > plain else "")
        if not plain:
            return Check(check="record_picture", outcome="pass", detail="0 %")
        outcome: Outcome = "fail" if percent >= 90 else "warn"
        return Check(check="record_picture", outcome=outcome, detail=detail)

    def _still(self) -> Check:
        """A page that nobody touches stands still; a whole film that does is worth a look."""
        samples = sum(segment.samples for segment in self.screen)
        still = sum(segment.still for segment in self.screen)
        if samples < 2:
            return Check(check="record_still", outcome="not_checked")
        frozen = still >= samples - 1
        outcome: Outcome = "warn" if frozen else "pass"
        return Check(check="record_still", outcome=outcome, detail=f"{100 * still // samples} %")

    def _sound(self) -> tuple[Check, ...]:
        if not self.wish.sound:
            return (Check(check="record_sound", outcome="not_checked", detail="not asked"),)
        states = [event for event in self.of("sound") if event.get("state") in ("none", "lost")]
        if states:
            last = states[-1]
            reason = one_line(f"{last['state']}: {last.get('reason', '')}")[:200]
            return (Check(check="record_sound", outcome="fail", detail=reason),)
        heard = sum(segment.sound_ms for segment in self.screen)
        length = sum(segment.to_ms - segment.from_ms for segment in self.screen)
        outcome: Outcome = "pass" if heard * 10 >= length * 9 else "warn"
        loud = max((segment.level for segment in self.screen), default=0)
        silent: Outcome = "warn" if loud <= SILENT else "pass"
        return (
            Check(check="record_sound", outcome=outcome, detail=f"{heard}/{length}"),
            Check(check="silence", outcome=silent, detail=str(loud)),
        )


def _number(event: Event, name: str) -> int:
    found = event.get(name)
    return found if isinstance(found, int) else 0
