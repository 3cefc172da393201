"""Signing certificates of apps, read from a few pieces of an APK."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.apk import apk
from holdfast.adapters.apk import certificates


def read(data: bytes) -> dict[str, tuple[str, ...]]:
    return certificates(len(data), lambda offset, count: data[offset : offset + count])


def test_the_certificate_of_each_scheme() -> None:
    digest = hashlib.sha256(b"a certificate").hexdigest()
    assert read(apk(b"a certificate")) == {"v2": (digest,), "v3": (digest,)}


def test_only_the_ends_of_a_large_app_are_asked_for() -> None:
    data = apk(b"c", padding=5_000_000)
    asked: list[int] = []

    def piece(offset: int, count: int) -> bytes:
        asked.append(count)
        return data[offset : offset + count]

    assert certificates(len(data), piece)
    assert sum(asked) < 100_000


def test_an_app_without_a_block_has_none() -> None:
    assert read(apk(b"", signed=False)) == {}


def bad(position: int, value: bytes) -> bytes:
    data = bytearray(apk(b"certificate"))
    at = data.index(b"APK Sig Block 42") + position
    data[at : at + len(value)] = value
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06",
        b"no zip at all" * 100,
        bad(-8, struct.pack("<Q", 2**60)),
        bad(-8, struct.pack("<Q", 1)),
        apk(b"x")[:-6] + struct.pack("<I", 4) + b"\0\0",
    ],
)
def test_what_is_no_app_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"ZIP|directory|block"):
        read(data)


@given(st.data())
def test_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(apk(b"certificate" * 20, padding=50))
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=8)):
        good[at] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(good))
    except ValueError:
        return
    assert set(found) <= {"v2", "v3", "v3.1"}
