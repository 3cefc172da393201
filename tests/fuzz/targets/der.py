"""ASN.1 DER: what is read is written again octet for octet, and so is every value in it."""

from __future__ import annotations

from contextlib import suppress

from fuzz import mutators
from fuzz.target import Target
from holdfast.core import der
from holdfast.core.canonical import moment, rfc3339


def run(data: bytes) -> None:
    try:
        node = der.read(data)
    except ValueError:
        return
    # Beyond a run's inputs the parser alone is asked: writing all again takes longer than reading.
    assert len(data) > TARGET.largest or _again(node) == data


def _again(node: der.Node) -> bytes:
    if node.tag & 0x20:
        content = b"".join(map(_again, node.children))
    else:
        content = node.content
        _values(node)
    written = der.element(node.tag, content)
    assert written == node.raw
    return written


def _values(node: der.Node) -> None:
    match node.tag:
        case der.INTEGER:
            assert der.integer(node.integer()) == node.raw
        case der.OID:
            assert der.oid(node.oid()) == node.raw
        case der.BOOLEAN:
            assert node.content == (b"\xff" if node.boolean() else b"\x00")
        case der.UTC_TIME | der.GENERALIZED_TIME:
            with suppress(ValueError):
                told = node.time()
                text = rfc3339(told)
                assert moment(text) == told.replace(microsecond=told.microsecond // 1000 * 1000)
        case _:
            for value in (node.bits, node.octets, node.enumerated):
                with suppress(ValueError):
                    value()


TARGET = Target(
    name="der",
    run=run,
    mutate=mutators.der,
    tokens=(
        b"\x30\x80",
        b"\x30\x82",
        b"\x02\x01\x00",
        b"\x06\x03\x55\x04\x03",
        b"\x18\x0f20261112130631Z",
        b"\x17\x0d261112130631Z",
        b"\x05\x00",
        b"\x01\x01\xff",
        b"\xa0\x03",
        b"\x03\x02\x00",
    ),
    vectors=("tsr/**/*.tsr",),
)
