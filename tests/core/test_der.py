from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import core, parser
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.core import der
from holdfast.core.der import element, integer, oid, read

TOKENS = sorted((Path(__file__).parents[2].parent / "shared" / "vectors" / "tsr").glob("**/*.tsr"))


def nested(depth: int) -> bytes:
    raw = element(der.NULL)
    for _ in range(depth):
        raw = element(der.SEQUENCE, raw)
    return raw


BAD = {
    "nothing": b"",
    "one octet": b"\x30",
    "length missing": b"\x04\x82\x01",
    "shorter than it says": b"\x04\x02a",
    "left over": b"\x05\x00\x00",
    "indefinite": b"\x30\x80\x00\x00",
    "length of five octets": b"\x04\x85\x00\x00\x00\x00\x01a",
    "reserved length": b"\x04\xffa",
    "long form for a short length": b"\x04\x81\x01a",
    "zero before the length": b"\x04\x82\x00\x80" + b"a" * 128,
    "child longer than parent": b"\x30\x03\x04\x02a",
    "end of contents": b"\x30\x02\x00\x00",
    "high tag number": b"\x1f\x81\x01\x00",
    "constructed string": b"\x24\x03\x04\x01a",
    "constructed integer": b"\x22\x03\x02\x01\x01",
    "primitive sequence": b"\x10\x00",
    "primitive set": b"\x11\x00",
    "boolean of 1": b"\x01\x01\x01",
    "boolean of nothing": b"\x01\x00",
    "empty integer": b"\x02\x00",
    "padded integer": b"\x02\x02\x00\x01",
    "padded negative": b"\x02\x02\xff\x80",
    "padded enumerated": b"\x0a\x02\x00\x01",
    "endless integer": element(der.INTEGER, b"\x01" * 2049),
    "null with content": b"\x05\x01a",
    "empty bit string": b"\x03\x00",
    "nine unused bits": b"\x03\x02\x09\x00",
    "unused bits of nothing": b"\x03\x01\x01",
    "empty oid": b"\x06\x00",
    "oid cut short": b"\x06\x02\x2a\x86",
    "oid with a padded arc": b"\x06\x03\x2a\x80\x01",
    "endless oid": element(der.OID, b"\x2a" * 129),
    "too deep": nested(der.MAX_DEPTH + 1),
    "too deep for the interpreter": nested(3000),
    "too many": element(der.SEQUENCE, b"\x05\x00" * der.MAX_NODES),
    "too big": element(der.OCTET_STRING, bytes(der.MAX_BYTES)),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
def test_what_der_forbids_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read(raw)


def test_what_der_allows_is_read() -> None:
    raw = element(
        der.SEQUENCE,
        integer(-129),
        element(der.BOOLEAN, b"\xff"),
        element(der.BOOLEAN, b"\x00"),
        oid("2.999.1"),
        element(der.OCTET_STRING, b"a" * 200),
        element(der.NULL),
        element(der.BIT_STRING, b"\x00"),
        element(der.BIT_STRING, b"\x03\xf8"),
        element(der.UTF8_STRING, "证".encode()),
        element(0xA0, element(der.SET)),
        element(0x80, b"anything"),
    )
    parts = read(raw).expect(der.SEQUENCE).children
    assert parts[0].integer() == -129
    assert parts[1].boolean() is True
    assert parts[2].boolean() is False
    assert parts[3].oid() == "2.999.1"
    assert parts[4].octets() == b"a" * 200
    assert parts[9].children[0].tag == der.SET
    assert parts[10].content == b"anything"
    assert b"".join(part.raw for part in parts) == read(raw).content


def test_depth_and_number_at_the_limit_are_read() -> None:
    assert read(nested(der.MAX_DEPTH)).children
    assert len(read(element(der.SEQUENCE, b"\x05\x00" * (der.MAX_NODES - 1))).children) == 49_999


def test_another_tag_than_expected_is_refused() -> None:
    node = read(element(der.NULL))
    for asked in (node.integer, node.boolean, node.oid, node.octets, node.time):
        with pytest.raises(ValueError):
            asked()


@pytest.mark.parametrize(
    ("tag", "text", "moment"),
    [
        (der.UTC_TIME, "490101000000Z", datetime(2049, 1, 1, tzinfo=UTC)),
        (der.UTC_TIME, "500101000000Z", datetime(1950, 1, 1, tzinfo=UTC)),
        (der.GENERALIZED_TIME, "20260301115959Z", datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC)),
        (
            der.GENERALIZED_TIME,
            "20260301115959.1234567Z",
            datetime(2026, 3, 1, 11, 59, 59, 123456, tzinfo=UTC),
        ),
    ],
)
def test_times_are_read(tag: int, text: str, moment: datetime) -> None:
    assert read(element(tag, text.encode())).time() == moment


@pytest.mark.parametrize(
    "text",
    [
        "20260301115959", "20260301115959+0800", "202603011159Z", "20261301115959Z", "Z",
        "20260301115960Z", "20260301115959.Z", "20260301115959.1a2Z", "2026030111595xZ",
        "20260301115959." + "1" * 19 + "Z", "٢٠٢٦٠٣٠١١١٥٩٥٩Z",
    ],
)  # fmt: skip
def test_other_spellings_of_time_are_refused(text: str) -> None:
    node = read(element(der.GENERALIZED_TIME, text.encode()))
    with pytest.raises(ValueError):
        node.time()


def test_a_utc_time_has_no_fraction() -> None:
    with pytest.raises(ValueError):
        read(element(der.UTC_TIME, b"260301115959.5Z")).time()


@pytest.mark.parametrize("dotted", ["", "1", "1.-2", "1.40", "3.1", "1.2.x", "1..2", "1_0.2"])
def test_impossible_identifiers_are_not_written(dotted: str) -> None:
    with pytest.raises(ValueError):
        oid(dotted)


@given(st.integers())
def test_integers_are_written_as_asn1crypto_writes_them(value: int) -> None:
    assert integer(value) == core.Integer(value).dump()
    assert read(integer(value)).integer() == value


@given(
    st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**70), min_size=1, max_size=8)
)
def test_identifiers_are_written_as_asn1crypto_writes_them(
    first: int, second: int, rest: list[int]
) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert oid(dotted) == core.ObjectIdentifier(dotted).dump()
    assert read(oid(dotted)).oid() == dotted


@settings(max_examples=300)
@given(st.binary(max_size=64) | st.binary(max_size=40).map(lambda some: b"\x30" + some))
def test_nothing_but_value_error_is_ever_raised(raw: bytes) -> None:
    try:
        node = read(raw)
    except ValueError:
        return
    assert node.raw == raw
    # asn1crypto is laxer: what we take, it takes, with the same outline.
    _class, _method, tag, header, content, _trailer = parser.parse(raw, strict=True)
    assert (node.tag & 0x1F, node.content) == (tag, content)
    assert header + content == raw


@pytest.mark.skipif(not TOKENS, reason="the shared vectors are not here")
@settings(max_examples=150)
@given(st.data())
def test_damaged_tokens_are_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(TOKENS), "token").read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1), "at")
    raw[at] = data.draw(st.integers(0, 255), "octet")
    try:
        node = read(bytes(raw))
    except ValueError:
        return
    assert outline(node) == lax(bytes(raw))


def outline(node: der.Node) -> object:
    return [node.tag, [outline(child) for child in node.children] if node.tag & 0x20 else None]


def lax(raw: bytes) -> object:
    """The outline that asn1crypto's parser sees."""
    kind, method, tag, _header, content, _trailer = parser.parse(raw, strict=True)
    children: list[object] = []
    while method and content:
        _, _, _, header, inner, _ = parser.parse(content)
        children.append(lax(header + inner))
        content = content[len(header) + len(inner) :]
    return [kind << 6 | method << 5 | tag, children if method else None]


@pytest.mark.parametrize("raw", [b"\x03\x02\x03\xff", b"\x03\x02\x01\x01", b"\x03\x01\x01"])
def test_bits_that_are_not_used_are_zero(raw: bytes) -> None:
    with pytest.raises(ValueError, match="BIT STRING"):
        der.read(raw)
    assert der.read(b"\x03\x02\x01\x80").content == b"\x01\x80"
    with pytest.raises(ValueError, match="whole octets"):
        der.read(b"\x03\x02\x01\x80").bits()
