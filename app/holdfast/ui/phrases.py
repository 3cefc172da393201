"""Facts as people read them: times, sizes, fingerprints, and where a time-stamp stands."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from holdfast.core.canonical import moment

if TYPE_CHECKING:
    from holdfast.core.evidence import Exhibit
    from holdfast.core.timestamp import Stamp
    from holdfast.ui.desk import Desk
    from holdfast.usecases.cases import CaseFile


LANGUAGES = {"zh": "中文", "en": "English"}
"""Languages of letters and documents, each by its own name."""
BREAK = "\N{ZERO WIDTH SPACE}"
LONG_WORD = re.compile(r"[^\s\u2e80-\uffff]{24}(?=[^\s\u2e80-\uffff])")
"""Where a name goes on without a place to break it; Chinese may be broken anywhere."""


def local(text: str) -> datetime:
    """The local time of an RFC 3339 text."""
    return moment(text).astimezone()


def full_time(text: str | None) -> str:
    """``2026-11-12 21:07:52 +08:00``; empty for nothing."""
    if not text:
        return ""
    at = local(text)
    offset = at.strftime("%z")
    return f"{at:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}"


def utc_time(text: str | None) -> str:
    """``2026-11-12 13:07:52 UTC``; empty for nothing."""
    return f"{moment(text):%Y-%m-%d %H:%M:%S} UTC" if text else ""


def clock_time(text: str) -> str:
    """``21:07``, local."""
    return f"{local(text):%H:%M}"


def short_time(desk: Desk, text: str) -> str:
    """``11-12 21:07``, ``12 Nov 21:07``, local; with its year when that is not this one."""
    at = local(text)
    now = desk.holdfast.now().astimezone()
    return desk.say(
        "date.time" if at.year == now.year else "date.time.year",
        year=at.year,
        md=f"{at:%m-%d}",
        day=at.day,
        month=desk.say(f"date.month.{at.month}"),
        time=f"{at:%H:%M}",
    )


def day(desk: Desk, on: date) -> str:
    """A date with its weekday, in local order: ``11 月 18 日 星期三``, ``Wed 18 Nov``."""
    return desk.say(
        "date.day",
        day=on.day,
        month=desk.say(f"date.month.{on.month}"),
        weekday=desk.say(f"date.weekday.{on.isoweekday()}"),
    )


def long_day(desk: Desk, on: date) -> str:
    """A date with year and weekday."""
    return desk.say(
        "date.long",
        year=on.year,
        day=on.day,
        month=desk.say(f"date.month.{on.month}"),
        weekday=desk.say(f"date.weekday.{on.isoweekday()}"),
    )


def short_day(desk: Desk, on: date) -> str:
    """``11-20 周五``, ``Fri 20 Nov``."""
    return desk.say(
        "date.short",
        md=f"{on:%m-%d}",
        day=on.day,
        month=desk.say(f"date.month.{on.month}"),
        weekday=desk.say(f"date.weekday.short.{on.isoweekday()}"),
    )


def breakable(text: str) -> str:
    """The same to read, and a word without an end may be broken, which no label does by itself."""
    return LONG_WORD.sub(lambda word: word[0] + BREAK, text)


def size(count: int) -> str:
    """Bytes in decimal units, as file managers show them."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("KB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if amount >= 100 else f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"


def grouped(digest: str) -> str:
    """A fingerprint in groups of eight."""
    return " ".join(digest[i : i + 8] for i in range(0, len(digest), 8))


def masked(number: str) -> str:
    """A personal number with its middle hidden."""
    if len(number) < 8:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]


def plain_tip(text: str) -> str:
    """A tooltip that shows ``text`` and nothing else: Qt would take markup for markup."""
    return f"<p>{html.escape(text)}</p>" if text else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a time-stamp stands, in the only words there are, with its shape and colour."""

    icon: str
    tone: str
    sentence: str
    short: str


_SHAPES = {
    "queued": "lock",
    "pending": "pending",
    "one_source": "one-source",
    "unchecked": "unchecked",
    "broken": "broken",
}
_TONES = {
    "queued": "secondary",
    "pending": "pending",
    "confirmed": "confirmed",
    "simulated": "secondary",
    "one_source": "warning",
    "unchecked": "secondary",
    "broken": "broken",
}
_RANK = ("queued", "unchecked", "pending", "one_source", "simulated", "confirmed", "broken")


def stamp_state(desk: Desk, stamp: Stamp) -> State:
    """The state of one time-stamp."""
    sure = stamp.status in ("confirmed", "simulated")
    witness = "bitcoin" if stamp.kind == "opentimestamps" else "rfc3161"
    if sure:
        icon = "anchored" if witness == "bitcoin" else "confirmed"
        sentence = desk.say(f"state.{witness}", time=full_time(stamp.time))
    elif stamp.status == "queued" and stamp.attempts:
        icon = "lock"
        sentence = desk.say(
            "state.refused",
            reason=desk.say_or(f"reason.{stamp.reason}", stamp.reason),
            next=short_time(desk, stamp.next_try) if stamp.next_try else desk.say("state.soon"),
        )
    else:
        icon = _SHAPES[stamp.status]
        given_up = stamp.reason if stamp.reason in ("overdue", "proof_lost") else ""
        sentence = desk.say(f"state.{given_up or stamp.status}")
    word = "confirmed" if sure else stamp.status
    return _worn(desk, stamp, icon, sentence, desk.say(f"short.{word}"))


def stamp_history(desk: Desk, stamp: Stamp) -> str:
    """When it is looked at again by itself, and how much of what calendars said is kept."""
    told = []
    if stamp.status == "pending" and stamp.next_try and stamp.world == "real":
        told.append(desk.say("exhibit.stamps.next", time=short_time(desk, stamp.next_try)))
    if stamp.answers:
        told.append(desk.say("exhibit.stamps.answers", count=len(stamp.answers)))
    return " ".join(told)


def _worn(desk: Desk, stamp: Stamp, icon: str, sentence: str, short: str) -> State:
    tone = _TONES[stamp.status]
    if stamp.world == "practice":
        sentence = desk.say("state.practice", state=sentence)
        # Shape and word stay; colour is for what is real.
        tone = "secondary"
    return State(icon=icon, tone=tone, sentence=sentence, short=short)


def said_by(desk: Desk, stamp: Stamp) -> str:
    """Who says it, or where a time-stamp came from of which nothing is claimed."""
    if stamp.imported:
        origin = desk.say(f"import.said.{stamp.reason or 'imported'}")
        return f"{stamp.by} · {origin}" if stamp.by else origin
    return stamp.by or stamp.authority or desk.say(f"witness.{stamp.kind}")


def stamps_of(
    exhibit: Exhibit, stamps: Iterable[Stamp], sealed_at: int | None
) -> tuple[Stamp, ...]:
    """The time-stamps that cover an exhibit: its own, and those on later heads of the ledger.

    ``sealed_at`` is the number of the ledger line that sealed it, from 0.
    """
    folder = f"exhibits/{exhibit.number}/"
    return tuple(
        stamp
        for stamp in stamps
        if stamp.subject.path.startswith(folder)
        or (
            stamp.subject.kind == "checkpoint"
            and sealed_at is not None
            and _checkpoint_size(stamp) > sealed_at
        )
    )


def sealing_lines(file: CaseFile) -> dict[str, int]:
    """Where on the ledger each exhibit was sealed."""
    return {e.subject: e.seq for e in file.entries if e.act == "exhibit.sealed"}


def stamps_by_exhibit(file: CaseFile) -> dict[str, tuple[Stamp, ...]]:
    """``stamps_of`` for every exhibit of a case, in one walk: a case may hold thousands of them."""
    lines = sealing_lines(file)
    own: dict[str, list[Stamp]] = {exhibit.number: [] for exhibit in file.exhibits}
    heads: list[tuple[int, Stamp]] = []
    for stamp in file.stamps:
        room, _, rest = stamp.subject.path.partition("/")
        if room == "exhibits":
            own.get(rest.partition("/")[0], []).append(stamp)
        elif stamp.subject.kind == "checkpoint":
            heads.append((_checkpoint_size(stamp), stamp))
    found = {}
    for number, mine in own.items():
        at = lines.get(number)
        later = [stamp for size, stamp in heads if at is not None and size > at]
        found[number] = (*mine, *later)
    return found


def undated(file: CaseFile) -> int:
    """Exhibits of a case that no time-stamp speaks for or against yet; withdrawn ones need none."""
    told = ("confirmed", "simulated", "one_source", "broken")
    sure = [stamp for stamp in file.stamps if stamp.status in told]
    own = {s.subject.path.split("/")[1] for s in sure if s.subject.kind == "manifest"}
    heads = (_checkpoint_size(s) for s in sure if s.subject.kind == "checkpoint")
    reach, lines = max(heads, default=0), sealing_lines(file)
    return sum(
        not one.withdrawn and one.number not in own and lines.get(one.number, reach) >= reach
        for one in file.exhibits
    )


def _checkpoint_size(stamp: Stamp) -> int:
    name = stamp.subject.path.rpartition("/")[2].removesuffix(".txt")
    return int(name) if name.isdecimal() else 0


def best(stamps: Sequence[Stamp]) -> Stamp | None:
    """The time-stamp that says most about a whole exhibit: broken, then the earliest sure one.

    One on a single file says nothing about the others, so only manifests and heads count; one from
    elsewhere that cannot be checked here takes nothing away from what is still on its way.
    """
    whole = [
        stamp
        for stamp in stamps
        if stamp.subject.kind != "file" and not (stamp.imported and stamp.status == "unchecked")
    ]
    if not whole:
        return None
    rank = max(_RANK.index(stamp.status) for stamp in whole)
    top = [stamp for stamp in whole if _RANK.index(stamp.status) == rank]
    return min(top, key=lambda stamp: (stamp.time or "9", stamp.kind != "rfc3161", stamp.id))


def exhibit_state(desk: Desk, stamps: Sequence[Stamp], *, practice: bool) -> State:
    """The state of an exhibit as a whole."""
    found = best(stamps)
    if found is not None:
        return stamp_state(desk, found)
    sentence = desk.say("state.queued")
    if practice:
        sentence = desk.say("state.practice", state=sentence)
    return State(icon="lock", tone="secondary", sentence=sentence, short=desk.say("short.sealed"))
