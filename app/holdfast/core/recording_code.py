"""A code that a recording made elsewhere must show: who filmed it had it, so it is not older.

The code dates a recording from below only: it was made after the code was.  It does not show that
the phone in the picture showed the real thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.core.canonical import Json, moment, rfc3339
from holdfast.core.evidence import Check
from holdfast.core.not_before import NOT_ASKED, NotBefore

LETTERS = "ACDEFHJKMNPRTUVWXY3479"
"""None of them is taken for another, read aloud or off a screen: no 0/O, 1/I/L, 2/Z, 5/S, 8/B."""
LENGTH = 8
VALID = timedelta(hours=24)
"""Our own choice, no law's: a code that lies about for days says little."""
BEGINS = "HOLDFAST:"
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a phone's clock may be off before its own time contradicts the code's."""
_CODE = re.compile(f"[{LETTERS}]{{{LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingCode:
    """A code that was shown once, for one case."""

    id: str
    case_id: str
    code: str
    """LENGTH of LETTERS, without the gap."""
    issued: str
    """RFC 3339."""
    expires: str
    not_before: NotBefore = NOT_ASKED
    """What nobody could know earlier, shown beside it and inside the picture."""
    used: str = ""
    """The exhibit whose recording showed it first."""

    @property
    def shown(self) -> str:
        """As people read it: two groups of four."""
        return f"{self.code[:4]}-{self.code[4:]}"

    @property
    def payload(self) -> str:
        """What the picture says: the code, and the end of the newest block's hash where known."""
        block = self.not_before.bitcoin
        if block is None:
            return f"{BEGINS}{self.code}"
        return f"{BEGINS}{self.code}:{block.height}:{block.hash[-16:].upper()}"

    def expired(self, at: datetime) -> bool:
        """Whether its day was over at that time."""
        return at > moment(self.expires)


def issue(
    random: bytes, *, id: str, case_id: str, now: datetime, not_before: NotBefore = NOT_ASKED
) -> RecordingCode:
    """A code of ``random`` bytes; 16 of them leave no letter likelier than another by much."""
    number = int.from_bytes(random)
    letters = []
    for _ in range(LENGTH):
        number, at = divmod(number, len(LETTERS))
        letters.append(LETTERS[at])
    return RecordingCode(
        id=id,
        case_id=case_id,
        code="".join(letters),
        issued=rfc3339(now),
        expires=rfc3339(now + VALID),
        not_before=not_before,
    )


def typed(text: str) -> str:
    """A code as a person typed it, or as a picture gave it; empty when it cannot be one."""
    plain = text.strip().upper().removeprefix(BEGINS).partition(":")[0]
    plain = re.sub(r"[\s\-‐-―]", "", plain)
    return plain if _CODE.fullmatch(plain) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A code of ours that a picture or a film shows."""

    file: str
    """Path below the exhibit's folder."""
    text: str
    at_ms: int | None = None
    """Milliseconds from the film's beginning; None for a picture."""

    @property
    def place(self) -> str:
        """Where in the file, as people read it."""
        if self.at_ms is None:
            return ""
        seconds, thousandths = divmod(self.at_ms, 1000)
        return f"{seconds // 60:02d}:{seconds % 60:02d}.{thousandths // 100}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the sightings come to."""

    checks: tuple[Check, ...]
    code: RecordingCode | None = None
    """The code that the recording shows, whatever is to be said of it."""


def judge(
    sightings: Sequence[Sighting],
    known: Sequence[RecordingCode],
    *,
    case_id: str,
    wanted: str,
    now: datetime,
    looked: bool,
) -> Judged:
    """The check ``code_seen`` of an import into a case, and one more for each thing that is odd.

    ``known`` are the codes of every case; ``wanted`` is the one the person named, or empty;
    ``looked`` is False when the file could not be opened to look.
    """
    by_code = {code.code: code for code in known}
    mine = sorted(
        (
            (by_code[text], sighting)
            for sighting in sightings
            if (text := typed(sighting.text)) in by_code
        ),
        key=lambda pair: (
            pair[0].code != wanted,
            pair[0].case_id != case_id,
            bool(pair[0].used),
            pair[0].issued,
        ),
    )
    if mine:
        code, sighting = mine[0]
        where = " ".join(filter(None, (code.shown, sighting.file, sighting.place)))
        seen = Check(check="code_seen", outcome="pass", detail=where)
        return Judged(checks=(seen, *_odd(code, case_id, wanted, now)), code=code)
    if not looked:
        return Judged(checks=(Check(check="code_seen", outcome="not_checked"),))
    unseen = Check(check="code_seen", outcome="warn")
    if sightings:
        strange = Check(check="code_known", outcome="warn", detail=sightings[0].text[:60])
        return Judged(checks=(unseen, strange))
    return Judged(checks=(unseen,))


def _odd(code: RecordingCode, case_id: str, wanted: str, now: datetime) -> tuple[Check, ...]:
    """What has to be said of a code that was seen."""
    odd = []
    if code.case_id != case_id:
        odd.append(Check(check="code_case", outcome="warn", detail=code.shown))
    if wanted and code.code != wanted:
        odd.append(Check(check="code_named", outcome="warn", detail=code.shown))
    if code.used:
        odd.append(Check(check="code_used", outcome="warn", detail=code.used))
    if code.expired(now):
        odd.append(Check(check="code_expired", outcome="warn", detail=code.expires))
    return tuple(odd)


def made_after(code: RecordingCode, made: Sequence[str]) -> Check:
    """What the file itself says of when it was made, against when the code was shown.

    ``made`` are RFC 3339 times from the container; a phone's clock may be wrong, so a
    contradiction is amber.
    """
    if not made:
        return Check(check="code_time", outcome="not_checked")
    first = min(made)
    early = moment(first) < moment(code.issued) - CLOCKS_DIFFER
    detail = f"{first} / {code.issued}"
    return Check(check="code_time", outcome="warn" if early else "pass", detail=detail)


def record(
    code: RecordingCode | None,
    sightings: Sequence[Sighting],
    *,
    pictures: int,
    said: str,
    made: Sequence[tuple[str, str, str]],
) -> dict[str, Json]:
    """``code.json``: the code, where it was seen, and what the files say of their making."""
    return {
        "format": "holdfast-code/1",
        "code": None
        if code is None
        else {
            "code": code.shown,
            "issued": code.issued,
            "expires": code.expires,
            "used": code.used,
            "not_before": code.not_before.body(),
            "payload": code.payload,
        },
        "seen": [{"file": one.file, "text": one.text, "at_ms": one.at_ms} for one in sightings],
        "pictures_looked_at": pictures,
        "said_to_be_at": said,
        "files_say": [{"file": file, "name": name, "value": value} for file, name, value in made],
    }
