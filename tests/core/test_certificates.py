"""Certificate files are nothing but certificates."""

from __future__ import annotations

import pytest

from holdfast.adapters.pack.verifier import pinned_roots, practice_roots
from holdfast.core.certificates import (
    fingerprint,
    fingerprints,
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
