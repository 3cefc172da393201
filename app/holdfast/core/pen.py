"""What letters are drawn from, and the hand that writes them in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from holdfast.core.canonical import Json, one_line
from holdfast.core.case import Case, Party
from holdfast.core.document import Field, Issued, Lang
from holdfast.core.earlier import Earlier
from holdfast.core.evidence import Exhibit
from holdfast.core.notice import chosen
from holdfast.core.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the record holds for a letter."""

    case: Case
    exhibits: tuple[Exhibit, ...]
    """Those the letter relies on, by number; none withdrawn."""
    manifests: Mapping[str, Mapping[str, Json]]
    """``capture.json`` by exhibit number."""
    claimant: Party | None
    documents: tuple[Issued, ...]
    today: date
    """Local; the date of the letter."""
    offset_minutes: int
    earlier: Earlier | None = None
    """The letter this one follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Words, answers, and a note of every bracket that was written."""

    words: Words
    lang: Lang
    answers: Mapping[str, str]
    open: list[str] = field(default_factory=list)

    def __call__(self, key: str, **facts: object) -> str:
        return self.words(f"letter.{key}", **facts)

    def given(self, question: str) -> str:
        return self.answers.get(question, "")

    def clause(self, question: str) -> str:
        """An answer as the end of a sentence: one line, without a full stop of its own."""
        return one_line(self.given(question)).rstrip("。．.；;，, ")

    def ticked(self, question: str, option: str) -> bool:
        return option in chosen(self.answers, question)

    def bracket(self, question: str) -> str:
        """The place that is kept for an answer; the letter cannot be approved with it."""
        self.open.append(question)
        return self("bracket", what=self(f"open.{question}"))

    def needed(self, question: str) -> str:
        return self.clause(question) or self.bracket(question)

    def join(self, parts: object) -> str:
        """Parts as a list is written in the language."""
        return ("、" if self.lang == "zh" else ", ").join(parts)  # type: ignore[arg-type] # str parts


def numbered(lines: Sequence[str]) -> list[Field]:
    """Lines of a numbered list, as templates have them."""
    return [{"n": str(place), "text": line} for place, line in enumerate(lines, 1)]


def written_day(day: date, pen: Pen) -> str:
    """A date as it is written in the language."""
    if pen.lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def written_instant(at: datetime, offset_minutes: int, pen: Pen) -> str:
    """Local time first, with its offset, then UTC, with its date where that is another one."""
    local = at.astimezone(timezone(timedelta(minutes=offset_minutes)))
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    day = "" if at.date() == local.date() else f"{at:%Y-%m-%dT}"
    utc = f"（{day}{at:%H:%M}Z）" if pen.lang == "zh" else f" ({day}{at:%H:%M}Z)"
    return f"{local:%Y-%m-%d %H:%M} {sign}{hours:02d}:{minutes:02d}{utc}"
