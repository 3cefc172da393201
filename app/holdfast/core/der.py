"""A strict reader and a small writer of ASN.1 DER (X.690), for proofs that come from outside.

Everything is checked before anything is used: definite minimal lengths, primitive and constructed
forms where they belong, minimal integers, no byte left over, limits on size, depth and number.
The order of a SET OF is *not* demanded: genuine time-stamp tokens carry unsorted certificate sets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 40
MAX_NODES: Final = 50_000

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
ENUMERATED: Final = 0x0A
UTF8_STRING: Final = 0x0C
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_CONSTRUCTED = 0x20
_ALWAYS_CONSTRUCTED = frozenset({0x08, 0x0B, 0x10, 0x11, 0x1D})
_MAX_OID_BYTES = 128
_MAX_INTEGER_BYTES = 2048
_ARCS = re.compile(rb"(?:(?!\x80)[\x80-\xff]*[\x00-\x7f])+")
"""Numbers of seven bits an octet, each in its shortest form."""


@dataclass(frozen=True, slots=True)
class Node:
    """One element: ``tag`` is its identifier octet, ``children`` those of a constructed one."""

    tag: int
    source: bytes = field(repr=False)
    start: int
    body: int
    end: int
    children: tuple[Node, ...] = field(default=(), repr=False)

    @property
    def raw(self) -> bytes:
        """Identifier, length and content, exactly as read."""
        return self.source[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The content octets alone."""
        return self.source[self.body : self.end]

    def expect(self, tag: int) -> Node:
        """This node.  Raises ValueError unless its identifier octet is ``tag``."""
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#04x} where {tag:#04x} belongs")
        return self

    def exactly(self, count: int) -> tuple[Node, ...]:
        """Its children.  Raises ValueError unless they are so many."""
        if len(self.children) != count:
            raise ValueError(f"{len(self.children)} elements where {count} belong")
        return self.children

    def integer(self) -> int:
        """The value of an INTEGER."""
        return int.from_bytes(self.expect(INTEGER).content, "big", signed=True)

    def boolean(self) -> bool:
        """The value of a BOOLEAN."""
        return self.expect(BOOLEAN).content == b"\xff"

    def oid(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER."""
        return _dotted(self.expect(OID).content)

    def enumerated(self) -> int:
        """The value of an ENUMERATED."""
        return int.from_bytes(self.expect(ENUMERATED).content, "big", signed=True)

    def bits(self) -> bytes:
        """The octets of a BIT STRING of whole octets, as signatures and keys are."""
        if self.expect(BIT_STRING).content[0]:
            raise ValueError("BIT STRING of no whole octets")
        return self.content[1:]

    def octets(self) -> bytes:
        """The content of an OCTET STRING."""
        return self.expect(OCTET_STRING).content

    def time(self) -> datetime:
        """The aware UTC time of a UTCTime or GeneralizedTime, cut to microseconds."""
        if self.tag not in {UTC_TIME, GENERALIZED_TIME}:
            raise ValueError(f"tag {self.tag:#04x} is no time")
        return _moment(self.content, self.tag)


def read(raw: bytes, max_bytes: int = MAX_BYTES) -> Node:
    """The one element that ``raw`` is, everything inside it checked.  Raises ValueError only."""
    if len(raw) > max_bytes:
        raise ValueError("more bytes than allowed")
    node = _Reader(bytes(raw)).element(0, len(raw), 0)
    if node.end != len(raw):
        raise ValueError("bytes left over after the element")
    return node


class _Reader:
    """Walks one buffer and counts what it met."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._left = MAX_NODES

    def element(self, start: int, limit: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many elements")
        tag, body, end = self._header(start, limit)
        children: tuple[Node, ...] = ()
        if tag & _CONSTRUCTED:
            if tag < 0x40 and (tag & 0x1F) not in _ALWAYS_CONSTRUCTED:
                raise ValueError(f"constructed form of primitive type {tag:#04x}")
            children = self._children(body, end, depth + 1)
        elif tag < 0x40:
            _check_primitive(tag, self._source[body:end])
        return Node(tag, self._source, start, body, end, children)

    def _children(self, at: int, end: int, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        while at < end:
            node = self.element(at, end, depth)
            found.append(node)
            at = node.end
        return tuple(found)

    def _header(self, start: int, limit: int) -> tuple[int, int, int]:
        """Identifier octet, where the content begins, where it ends."""
        if limit - start < 2:
            raise ValueError("cut short")
        tag, first = self._source[start], self._source[start + 1]
        if tag & 0x1F == 0x1F:
            raise ValueError("high tag number")
        if tag == 0:
            raise ValueError("end-of-contents where an element belongs")
        body, length = start + 2, first
        if first >= 0x80:
            count = first & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("indefinite or oversized length")
            body += count
            if body > limit:
                raise ValueError("cut short")
            length = int.from_bytes(self._source[start + 2 : body], "big")
            if length < 0x80 or length < 1 << (8 * (count - 1)):
                raise ValueError("length not in its shortest form")
        if length > limit - body:
            raise ValueError("longer than what holds it")
        return tag, body, body + length


def _check_primitive(tag: int, content: bytes) -> None:
    if (tag & 0x1F) in _ALWAYS_CONSTRUCTED:
        raise ValueError(f"primitive form of constructed type {tag:#04x}")
    match tag:
        case 0x01 if content not in {b"\x00", b"\xff"}:
            raise ValueError("BOOLEAN is neither 00 nor FF")
        case 0x02 | 0x0A:
            _check_integer(content)
        case 0x03 if not content or content[0] > (7 if len(content) > 1 else 0):
            raise ValueError("BIT STRING with an impossible count of unused bits")
        case 0x03 if content[-1] & ((1 << content[0]) - 1):
            raise ValueError("BIT STRING with unused bits that are not zero")
        case 0x05 if content:
            raise ValueError("NULL with content")
        # Spelling the numbers out takes a hundred times as long, and most are never asked for.
        case 0x06 if len(content) > _MAX_OID_BYTES or not _ARCS.fullmatch(content):
            _dotted(content)


def _check_integer(content: bytes) -> None:
    if not 1 <= len(content) <= _MAX_INTEGER_BYTES:
        raise ValueError("INTEGER of impossible length")
    if len(content) > 1 and (content[0], content[1] >> 7) in {(0x00, 0), (0xFF, 1)}:
        raise ValueError("INTEGER not in its shortest form")


def _dotted(content: bytes) -> str:
    if not content or len(content) > _MAX_OID_BYTES or content[-1] & 0x80:
        raise ValueError("impossible OBJECT IDENTIFIER")
    arcs: list[int] = []
    value, fresh = 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise ValueError("OBJECT IDENTIFIER not in its shortest form")
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))


def _moment(content: bytes, tag: int) -> datetime:
    """A time in Z with seconds, as RFC 5280 §4.1.2.5 and RFC 3161 §2.4.2 want it."""
    text = content.decode("ascii")
    if not text.endswith("Z"):
        raise ValueError("time not in UTC")
    whole, point, fraction = text[:-1].partition(".")
    if tag == UTC_TIME:
        whole = ("20" if whole[:2] < "50" else "19") + whole
    plain = len(whole) == 14 and whole.isdigit()
    # Trailing zeros of a fraction are let pass: the value is signed and says the same.
    fine = not point or (tag == GENERALIZED_TIME and fraction.isdigit() and len(fraction) <= 18)
    if not plain or not fine:
        raise ValueError("impossible time")
    parts = [int(whole[i : i + 2]) for i in range(4, 14, 2)]
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    month, day, hour, minute, second = parts
    return datetime(int(whole[:4]), month, day, hour, minute, second, micro, UTC)


def element(tag: int, *contents: bytes) -> bytes:
    """One element with ``contents`` in this order."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int) -> bytes:
    """``value`` as an INTEGER in its shortest form."""
    width = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return element(INTEGER, value.to_bytes(width, "big", signed=True))


def oid(dotted: str) -> bytes:
    """A dotted OBJECT IDENTIFIER as DER.  Raises ValueError for an impossible one."""
    if not all(arc.isdecimal() for arc in dotted.split(".")):
        raise ValueError("impossible OBJECT IDENTIFIER")
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = b"".join(_base128(arc) for arc in (first * 40 + second, *rest))
    if _dotted(content) != dotted:
        raise ValueError("impossible OBJECT IDENTIFIER")
    return element(OID, content)


def _base128(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | value & 0x7F)
    return bytes(reversed(octets))
