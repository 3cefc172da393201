"""Certificate files are nothing but certificates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fakes import tsa
from holdfast.adapters.pack.verifier import pinned_roots, practice_roots
from holdfast.core import der
from holdfast.core.certificates import (
    fingerprint,
    fingerprints,
    read_certificate,
    read_certificates,
    read_pem,
    write_pem,
)
from holdfast.core.practice import ROOT_FINGERPRINTS


def test_what_is_written_is_read_again() -> None:
    ders = read_certificates(practice_roots())
    raw = write_pem(ders)
    assert read_pem(raw) == ders
    assert set(fingerprints(raw)) == {fingerprint(der) for der in ders} == ROOT_FINGERPRINTS


@pytest.mark.parametrize(
    "bend",
    [
        lambda raw: b"# who put this here?\n" + raw,
        lambda raw: raw + b"\n",
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw[: len(raw) // 2],
        lambda _raw: b"",
    ],
)
def test_anything_beside_them_is_refused(bend: object) -> None:
    raw = write_pem(read_certificates(pinned_roots()[0]))
    with pytest.raises(ValueError):
        read_pem(bend(raw))  # type: ignore[operator]  # a table of lambdas


def relisted(raw: bytes, flags: bytes) -> bytes:
    """A list of extensions with one before the others, that has these flags."""
    (listed,) = der.read(raw).children
    value = der.element(der.OCTET_STRING, b"\5\0")
    one = der.element(der.SEQUENCE, der.oid("1.2.3.4"), flags, value)
    return der.element(0xA3, der.element(der.SEQUENCE, one, listed.content))


YES, NO = der.element(der.BOOLEAN, b"\xff"), der.element(der.BOOLEAN, b"\0")


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (lambda parts: parts, True),
        (lambda parts: parts[:-1], True),
        (lambda parts: [*parts[:-1], der.element(0x81, b"\0x"), parts[-1]], True),
        (lambda parts: [*parts, der.element(0x81, b"\0x")], False),
        (lambda parts: [*parts, parts[-1]], False),
        (lambda parts: [*parts[:-1], der.element(0x83, b"x")], False),
        (lambda parts: [*parts[:-1], relisted(parts[-1], b"")], True),
        (lambda parts: [*parts[:-1], relisted(parts[-1], YES)], True),
        (lambda parts: [*parts[:-1], relisted(parts[-1], NO)], False),
        (lambda parts: [*parts[:-1], relisted(parts[-1], YES + YES)], False),
        (lambda parts: [*parts[:5], der.element(der.SEQUENCE, YES), *parts[6:]], False),
    ],
)
def test_a_certificate_has_its_one_shape(
    change: Callable[[list[bytes]], list[bytes]], read: bool
) -> None:
    body, *rest = der.read(tsa.issue("Root").der).children
    made = der.element(der.SEQUENCE, *change([part.raw for part in body.children]))
    raw = der.element(der.SEQUENCE, made, *(part.raw for part in rest))
    if read:
        assert read_certificate(raw).common_name == "Root"
    else:
        with pytest.raises(ValueError, match=r"key|extension|tag"):
            read_certificate(raw)
