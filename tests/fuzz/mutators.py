"""Mutations that leave an input readable, so that they reach what lies behind the first check."""

from __future__ import annotations

import base64
import binascii
import json
import random  # noqa: TID251  the fuzzer gives the seed
from typing import Any

from fuzz.target import Plain

# --- DER -----------------------------------------------------------------------------------------

_DEEPEST = 30


class Element:
    """One element; ``inner`` is what a primitive one holds or, of a constructed one, a list."""

    def __init__(self, tag: int, inner: bytes | list[Element]) -> None:
        self.tag = tag
        self.inner = inner

    def raw(self) -> bytes:
        content = (
            self.inner
            if isinstance(self.inner, bytes)
            else b"".join(one.raw() for one in self.inner)
        )
        size = len(content)
        if size < 0x80:
            return bytes((self.tag, size)) + content
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes((self.tag, 0x80 | len(length))) + length + content


def _elements(raw: bytes, depth: int) -> list[Element] | None:
    found, at = [], 0
    while at < len(raw):
        if at + 2 > len(raw) or depth > _DEEPEST:
            return None
        tag, size = raw[at], raw[at + 1]
        at += 2
        if size > 0x80:
            count = size & 0x7F
            size = int.from_bytes(raw[at : at + count], "big")
            at += count
        if tag & 0x1F == 0x1F or at + size > len(raw):
            return None
        content = raw[at : at + size]
        at += size
        # Octet strings of extensions and tokens hold DER of their own.
        inside = _elements(content, depth + 1) if tag & 0x20 or (tag == 4 and size > 2) else None
        found.append(Element(tag, content if inside is None else inside))
    return found


def _all(elements: list[Element]) -> list[tuple[list[Element], int]]:
    found: list[tuple[list[Element], int]] = []
    for at, one in enumerate(elements):
        found.append((elements, at))
        if isinstance(one.inner, list):
            found += _all(one.inner)
    return found


_ODD = (
    Element(0x18, b"99991231235959Z"),
    Element(0x18, b"00010101000000Z"),
    Element(0x17, b"491231235959Z"),
    Element(0x02, b"\x7f" + b"\xff" * 2047),
    Element(0x02, b"\xff"),
    Element(0x0A, b"\x7f" + b"\xff" * 2047),
    Element(0x30, []),
    Element(0x31, []),
    Element(0x05, b""),
    Element(0x04, b""),
    Element(0x06, b"\x2a\x03"),
    Element(0x03, b"\x00"),
    Element(0x01, b"\xff"),
    Element(0xA0, []),
    Element(0x80, b""),
    Element(0x0C, "\u202e\ufffd".encode()),
)
_TAGS = (0x02, 0x03, 0x04, 0x06, 0x0A, 0x17, 0x18, 0x30, 0x31, 0x80, 0x81, 0x82, 0xA0, 0xA1, 0xA3)


def der(data: bytes, most: int, seed: int, plain: Plain) -> bytes:
    """An element is changed, taken away, doubled, exchanged; all lengths fit again."""
    chance = random.Random(seed)
    tree = _elements(data, 0)
    if not tree or chance.random() < 0.1:
        return plain(data, most)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = _all(tree)
        if not places:
            break
        around, at = chance.choice(places)
        _change_element(around, at, chance, plain, places)
    return b"".join(one.raw() for one in tree)[:most]


def _change_element(
    around: list[Element],
    at: int,
    chance: random.Random,
    plain: Plain,
    places: list[tuple[list[Element], int]],
) -> None:
    one = around[at]
    match chance.randrange(8):
        case 0:
            del around[at]
        case 1:
            around.insert(at, one)
        case 2:
            other, place = chance.choice(places)
            around[at] = other[place] if not _within(one, other[place]) else one
        case 3:
            around[at] = chance.choice(_ODD)
        case 4:
            around.insert(at, chance.choice(_ODD))
        case 5:
            around[at] = Element(chance.choice(_TAGS), one.inner)
        case 6 if len(around) > 1:
            place = chance.randrange(len(around))
            around[at], around[place] = around[place], around[at]
        case _ if isinstance(one.inner, bytes):
            around[at] = Element(one.tag, plain(one.inner or b"\0", 4096))


def _within(one: Element, other: Element) -> bool:
    """Whether an element would come to hold itself."""
    if one is other:
        return True
    return isinstance(other.inner, list) and any(_within(one, part) for part in other.inner)


# --- JSON ----------------------------------------------------------------------------------------

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53 - 1, 2**53, 10**400, "", "\u202e", "../../x", "0" * 64,
    [], {}, [[]], {"v": 1}, "9999-12-31T23:59:59.999Z", "practice",
)  # fmt: skip


def jcs(data: bytes, most: int, seed: int, plain: Plain) -> bytes:
    """A value is changed, taken away, doubled; written in the one form again."""
    chance = random.Random(seed)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return plain(data, most)
    if chance.random() < 0.15:
        return plain(data, most)
    value = _changed_value(value, chance, plain)
    try:
        raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return raw.encode("utf-8", "surrogatepass")[:most]
    except (ValueError, RecursionError, TypeError):
        return plain(data, most)


def _changed_value(value: Any, chance: random.Random, plain: Plain) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            del value[key]
        elif chance.random() < 0.1:
            value[chance.choice(list(value))] = value[key]
        else:
            value[key] = _changed_value(value[key], chance, plain)
        return value
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        if chance.random() < 0.1:
            del value[at]
        elif chance.random() < 0.1:
            value.append(value[at])
        else:
            value[at] = _changed_value(value[at], chance, plain)
        return value
    if isinstance(value, str) and chance.random() < 0.6:
        return plain(value.encode("utf-8", "replace") or b"x", 400).decode("utf-8", "replace")
    if isinstance(value, int) and chance.random() < 0.5:
        return value + chance.choice((-1, 1, 256, 1 << 40))
    return chance.choice(_VALUES)


# --- lines of text, with Base64 in them ----------------------------------------------------------


def lines(data: bytes, most: int, seed: int, plain: Plain) -> bytes:
    """A line is changed, taken away, doubled or moved; Base64 in it is changed below the text."""
    chance = random.Random(seed)
    rows = data.split(b"\n")
    if chance.random() < 0.2:
        return plain(data, most)
    at = chance.randrange(len(rows))
    match chance.randrange(6):
        case 0:
            del rows[at]
        case 1:
            rows.insert(at, rows[at])
        case 2:
            other = chance.randrange(len(rows))
            rows[at], rows[other] = rows[other], rows[at]
        case 3:
            rows[at] = plain(rows[at] or b"x", 400)
        case _:
            words = rows[at].split(b" ")
            place = chance.randrange(len(words))
            words[place] = _below(words[place], plain)
            rows[at] = b" ".join(words)
    return b"\n".join(rows)[:most]


def _below(word: bytes, plain: Plain) -> bytes:
    try:
        inner = base64.b64decode(word, validate=True)
    except binascii.Error:
        return plain(word or b"1", 200)
    return base64.b64encode(plain(inner or b"\0", 300))
