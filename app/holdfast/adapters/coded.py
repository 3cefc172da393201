"""A recording from elsewhere, received with a code that it should show."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from holdfast.adapters import marks
from holdfast.core import recording_code
from holdfast.core.canonical import canonical, moment, one_line, rfc3339
from holdfast.core.evidence import Captured, CapturedFile, Component, SourceKind
from holdfast.core.job import Job
from holdfast.core.marks import Tag
from holdfast.core.recording_code import Judged, RecordingCode, Sighting
from holdfast.ports import CaptureSource, Clock, MediaFile

MOST_FILES = 20
"""Files of one import in which a code is looked for."""
_MADE = ("creation_time", "com.apple.quicktime.creationdate", "datetimeoriginal", "datetime",
         "©day", "date")  # fmt: skip
_ABOUT = (*_MADE, "make", "model", "software", "encoder", "com.apple.quicktime.make",
          "com.apple.quicktime.model", "com.apple.quicktime.software", "com.android.version",
          "com.android.manufacturer", "com.android.model", "©mak", "©mod", "©swr",
          "offsettimeoriginal")  # fmt: skip
_EXIF_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")


class CodedRecording:
    """The received files of another source, looked through for a code of ours."""

    id: SourceKind = "file"

    def __init__(
        self,
        files: CaptureSource,
        clock: Clock,
        known: Sequence[RecordingCode],
        *,
        case_id: str,
        wanted: str = "",
        said: str = "",
    ) -> None:
        """``known`` are the codes of every case, ``wanted`` the one the person named; ``said`` is
        where they say that it can be seen.
        """
        self._files, self._clock, self._known = files, clock, known
        self._case_id, self._wanted, self._said = case_id, wanted, said
        self.judged: Judged | None = None

    def suits(self, target: str) -> bool:
        """As the received files."""
        return self._files.suits(target)

    def parts(self) -> tuple[Component, ...]:
        return self._files.parts()

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The files, and ``code.json``: where a code was seen.  Raises as the received files do."""
        captured = self._files.capture(target, room, job)
        media = [f for f in captured.files if f.media_type.startswith(("image/", "video/"))]
        sightings: list[Sighting] = []
        pictures = 0
        for file in media[:MOST_FILES]:
            seen, looked = _sightings(file, job)
            sightings += seen
            pictures += looked
        judged = recording_code.judge(
            sightings,
            self._known,
            case_id=self._case_id,
            wanted=self._wanted,
            now=self._clock.now(),
            looked=pictures > 0,
        )
        self.judged = judged
        facts = [fact for file in media[:MOST_FILES] for fact in _facts(file, job)]
        checks = [*captured.completeness, *judged.checks]
        code = judged.code or next((c for c in self._known if c.code == self._wanted), None)
        if code is not None:
            made = [when for _, name, value in facts if (when := _moment(name, value))]
            checks.append(recording_code.made_after(code, made))
        record = room / "code.json"
        body = recording_code.record(
            judged.code, sightings, pictures=pictures, said=one_line(self._said)[:200], made=facts
        )
        record.write_bytes(canonical(body))
        finished = rfc3339(self._clock.now())
        return replace(
            captured,
            files=(
                *captured.files,
                CapturedFile(
                    at=record,
                    path="files/code.json",
                    media_type="application/json",
                    obtained=finished,
                    role="record",
                    name="code.json",
                ),
            ),
            finished=finished,
            completeness=tuple(checks),
        )


def _sightings(file: CapturedFile, job: Job) -> tuple[list[Sighting], int]:
    """Codes in one file, and how many pictures of it were looked at."""
    order = {"do": "code", "at": str(file.at), "begins": recording_code.BEGINS}
    found: list[Sighting] = []
    pictures = 0
    try:
        for line in marks.asked(order, job, marks.SECONDS_A_FILE, "reading"):
            at = line.get("at_ms")
            if line["event"] == "code":
                where = at if isinstance(at, int) else None
                found.append(
                    Sighting(file=file.path, text=one_line(str(line["text"])[:200]), at_ms=where)
                )
            elif line["event"] == "looked" and isinstance(line.get("pictures"), int):
                pictures = int(line["pictures"])
    except marks.Slow:
        pass  # what was seen by then counts
    return found, max(pictures, len(found))


def _facts(file: CapturedFile, job: Job) -> list[tuple[str, str, str]]:
    """What a file says of who made it and when."""
    media = MediaFile(path=file.path, at=file.at, media_type=file.media_type)
    tags = marks.MediaMarks().tags(media, job)
    told: dict[tuple[str, str], None] = {}
    for tag in tags:
        if tag.form == "text" and _short(tag) in _ABOUT and tag.value.strip():
            told.setdefault((tag.name, one_line(tag.value)[:200]))
    return [(file.path, name, value) for name, value in list(told)[:40]]


def _short(tag: Tag) -> str:
    return tag.name.rpartition(" ")[2].lower()


def _moment(name: str, value: str) -> str:
    """A file's own time of making as RFC 3339; empty for one without a zone, or none at all."""
    if name.rpartition(" ")[2].lower() not in _MADE or _EXIF_TIME.match(value):
        return ""
    for read in _READINGS:
        try:
            when = read(value)
        except ValueError:
            continue
        if when.tzinfo is not None:
            return rfc3339(when)
    return ""


_READINGS: tuple[Callable[[str], datetime], ...] = (moment, datetime.fromisoformat)
