"""One form for what is hashed: RFC 8785 (JCS) JSON, RFC 3339 times, and text made visible.

Keys are ASCII and numbers are integers within 2^53-1, so that RFC 8785 needs no library: its sort
by UTF-16 code units is a plain sort, and its number format is ``str``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
MAX_VALUES = 1 << 20
"""Of one text: each may take twenty times as much memory as it has bytes, or more."""

Json: TypeAlias = "None | bool | int | str | Sequence[Json] | Mapping[str, Json]"

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]+"
)
"""Runs of them: a text of nothing else must not cost a call for each."""


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of ``value``.  Raises ValueError for what the formats do not allow."""
    _check(value, 0)
    # A lone surrogate raises UnicodeEncodeError, a ValueError.
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode()


def _check(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    # Asked in turn rather than matched: a ledger has a hundred thousand values.
    if isinstance(value, str):
        pass
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError("keys are ASCII names")
            _check(item, depth + 1)
    elif value is None or isinstance(value, bool):
        pass
    elif not isinstance(value, int):
        raise ValueError(f"{type(value).__name__} has no canonical form")
    elif abs(value) > MAX_INTEGER:
        raise ValueError("integer beyond 2^53-1; write it as a decimal string")


def parse(raw: bytes) -> Json:
    """The value that ``raw`` is the canonical form of.

    Raises ValueError unless ``canonical(result) == raw``: duplicate keys, NaN, floats, other
    spellings, a byte order mark, deep nesting and a million values are all refused.
    """
    if len(raw) > MAX_VALUES and sum(map(raw.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise ValueError("more values than anything of ours has")
    try:
        value: Json = json.loads(raw.decode(), parse_float=_refuse, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if canonical(value) != raw:
        raise ValueError("not in canonical form")
    return value


def _refuse(text: str) -> int:
    raise ValueError(f"{text[:20]} is not an integer")


def stated(value: Json) -> str:
    """A text as it is, any other value as it is written."""
    return value if isinstance(value, str) else canonical(value).decode()


def visible(untrusted: str) -> str:
    r"""Text from outside with every control, bidi mark and lone surrogate shown as ``\u{XXXX}``.

    Line feeds and tabs stay; the joiner U+200D stays because emoji need it.
    """
    return _HIDDEN.sub(
        lambda hit: "".join([f"\\u{{{ord(one):04X}}}" for one in hit.group()]), untrusted
    )


def one_line(untrusted: str) -> str:
    """Text from outside as a single visible line, runs of white space folded."""
    return visible(" ".join(untrusted.split()))


def rfc3339(moment: datetime) -> str:
    """``moment`` as RFC 3339 in UTC with milliseconds.  Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    told = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{told.isoformat(timespec='milliseconds')}Z"


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


def moment(text: str) -> datetime:
    """The aware UTC time that an RFC 3339 ``text`` ending in Z names.  Raises ValueError."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("not an RFC 3339 time in UTC")
    return datetime.fromisoformat(text)
