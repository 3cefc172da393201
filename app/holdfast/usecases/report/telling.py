"""How documents say facts: in one language, with times as one place's clocks show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.core.canonical import Json, moment, one_line
from holdfast.core.case import Party
from holdfast.core.document import Field, Lang, local_time
from holdfast.core.notice import mask
from holdfast.core.words import Words

Fields = dict[str, Field]

SOME = 6
"""Names that are printed of a longer list."""
BRIEF = 400
"""Characters of one text out of a record; the record itself has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says facts in the words of one language, with times as one place's clocks show them."""

    words: Words
    lang: Lang
    offset_minutes: int

    def __call__(self, key: str, /, **facts: object) -> str:
        return self.words(f"doc.{key}", **facts)

    def known(self, key: str, fallback: str, /, **facts: object) -> str:
        """The sentence of another catalogue's ``key``, or ``fallback`` where it has none."""
        return self.words(key, **facts) if key in self.words.words else fallback

    def local(self, text: str) -> str:
        """Local time with its offset."""
        return local_time(text, self.offset_minutes)

    def both(self, text: str) -> str:
        """Local time, UTC in brackets."""
        return self("time", local=self.local(text), utc=self.utc(text))

    def utc(self, text: str) -> str:
        """UTC; without its date where that is the local one."""
        whole = utc(text)
        return whole[11:] if self.local(text)[:10] == whole[:10] else whole

    def span(self, start: str, end: str) -> str:
        """From when to when; the date once where it is the same."""
        first, last = self.local(start), self.local(end)
        if first[:10] == last[:10]:
            first, last = first[:19], last[11:]
        return self(
            "from_to", start=first, end=last, utc_start=self.utc(start), utc_end=self.utc(end)
        )

    def minute(self, text: str) -> str:
        """Local time to the minute, with its offset: a list of evidence explains no times."""
        local = self.local(text)
        return f"{local[:16]} {local[20:]}"

    def count(self, number: int) -> str:
        """A number with its thousands apart."""
        return f"{number:,}"

    def numeral(self, number: int) -> str:
        """The number of a part: 十二 or 12."""
        return chinese(number) if self.lang == "zh" else str(number)

    def code(self, milliseconds: int) -> str:
        """A time-code: ``00:41.200``; hours only where there are any."""
        seconds, rest = divmod(max(0, milliseconds), 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        text = f"{minutes:02d}:{seconds:02d}.{rest:03d}"
        return f"{hours}:{text}" if hours else text

    def readable(self, text: str) -> bool:
        """Whether ``text`` is a time that can be written as local time."""
        try:
            moment(text)
        except ValueError:
            return False
        return True

    def clauses(self, parts: Sequence[str]) -> str:
        """Facts of one row after each other."""
        return ("；" if self.lang == "zh" else "; ").join(part for part in parts if part)

    def some(self, names: Sequence[str]) -> str:
        """The first few names, and how many there are in all."""
        few = self.join(names[:SOME])
        return few if len(names) <= SOME else self("some", few=few, count=len(names))

    def join(self, parts: Sequence[str]) -> str:
        """A list as the language writes it."""
        return ("、" if self.lang == "zh" else ", ").join(part for part in parts if part)


def utc(text: str) -> str:
    """``2026-11-21T02:20:33Z``: to the second."""
    return f"{moment(text):%Y-%m-%dT%H:%M:%SZ}"


def chinese(number: int) -> str:
    """A number from 1 to 999 as Chinese writes it in headings."""
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")


def party(found: Party | None, say: Teller) -> Fields:
    """A person as documents name them; the identity number is masked."""
    if found is None:
        return {"known": False, "name": "", "identity": ""}
    name = one_line(found.legal_name or found.name)
    identity = ""
    if found.id_number:
        kind = say.known(f"letter.id.{found.id_type}", say("id"))
        identity = say("identity", kind=kind, number=mask(one_line(found.id_number)))
    return {"known": bool(name), "name": name, "identity": identity}


# --- reading manifests and records ---------------------------------------------------------------


def map_of(value: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    """What stands there, if it is an object; else an empty one."""
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def text_of(value: Mapping[str, Json], key: str) -> str:
    """What stands there as one line, if it is text; else nothing."""
    found = value.get(key)
    return one_line(found) if isinstance(found, str) else ""


def brief_of(value: Mapping[str, Json], key: str) -> str:
    """The same, cut where it is longer than a row should be."""
    return _cut(text_of(value, key))


def _cut(text: str) -> str:
    return text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"


def number_of(value: Mapping[str, Json], key: str) -> int | None:
    """What stands there, if it is a whole number."""
    found = value.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def maps_of(value: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    """Every object in the list that stands there."""
    found = value.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def texts_of(value: Mapping[str, Json], key: str) -> list[str]:
    """Every text in the list that stands there, each as one line, cut where it is too long."""
    found = value.get(key)
    several = found if isinstance(found, list) else []
    return [_cut(one_line(one)) for one in several if isinstance(one, str)]


def check_of(manifest: Mapping[str, Json], check: str) -> Mapping[str, Json]:
    """The completeness check of that name; empty where nobody made it."""
    checks = maps_of(manifest, "completeness")
    return next((one for one in checks if text_of(one, "check") == check), {})
