"""Filing numbers that a Chinese site shows in its footer, read where they stand in plain words.

ICP filings and licences (互联网信息服务管理办法, articles 4 and 12) and public security filings.
A number is what the page says of itself: nobody was asked whether it is registered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_TEXT = 2_000_000
MOST_FILINGS = 20

_PLACES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤琼川蜀贵黔云滇陕秦甘陇青台蒙桂宁新藏港澳"
_NUMBER = re.compile(
    rf"[{_PLACES}][ \t]?(?:"
    r"ICP[ \t]?(?:备案?|证)[ \t]?[0-9]{6,10}[ \t]?号?(?:[ \t]?-[ \t]?[0-9]{1,3})?"
    r"|公网安备[ \t]?[0-9]{10,18}[ \t]?号?"
    r"|B[12]\.?-?[0-9]{8})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A number and the line of the page's text in which it stands."""

    number: str
    line: int
    """From 1."""
    lines: int
    """How many lines the page's text has."""
    text: str
    """The line, at most 200 characters."""


def filings(text: str) -> tuple[Filing, ...]:
    """Every filing number in ``text``, each once, in order.  None means not detected."""
    found: dict[str, Filing] = {}
    lines = text[:MOST_TEXT].splitlines()
    for at, line in enumerate(lines, 1):
        for hit in _NUMBER.finditer(line):
            number = "".join(hit[0].split())
            if len(found) < MOST_FILINGS:
                shown = " ".join(line[max(0, hit.start() - 80) : hit.end() + 80].split())
                filing = Filing(number=number, line=at, lines=len(lines), text=shown[:200])
                found.setdefault(number, filing)
    return tuple(found.values())


def spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where each filing number stands in ``text``."""
    return tuple(hit.span() for hit in _NUMBER.finditer(text[:MOST_TEXT]))
