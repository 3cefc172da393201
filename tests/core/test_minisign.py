"""Signatures that the minisign of other people accepts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.signers import Signer
from holdfast.core import ed25519, minisign

OWNER = Signer("owner")
DATA = b"what is signed\n"
COMMENT = "timestamp:1700000000\tfile:x"


def made() -> minisign.Signature:
    return minisign.sign(DATA, COMMENT, OWNER.public, OWNER.sign)


def test_it_holds_for_these_bytes_this_key_and_this_comment() -> None:
    found = minisign.read_signature(made().note)
    assert found == made()
    assert minisign.holds(found, DATA, OWNER.public, ed25519.verify)
    assert not minisign.holds(found, DATA + b"x", OWNER.public, ed25519.verify)
    assert not minisign.holds(found, DATA, Signer("x").public, ed25519.verify)
    other = minisign.read_signature(made().note.replace(b"1700000000", b"1700000001"))
    assert not minisign.holds(other, DATA, OWNER.public, ed25519.verify)


@pytest.mark.parametrize("at", range(0, 340, 7))
def test_every_changed_byte_is_found(at: int) -> None:
    note = made().note
    at %= len(note)
    raw = note[:at] + bytes((note[at] ^ 1,)) + note[at + 1 :]
    try:
        found = minisign.read_signature(raw)
    except ValueError:
        return
    assert not minisign.holds(found, DATA, OWNER.public, ed25519.verify)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"a\nb\nc\nd\n",
        made().note[:-1],
        made().note + b"\n",
        b"\xff" * 40,
        made().note * 2,
        made().note.replace(b"\nRU", b"\n!!"),
        made().note.replace(b"signature by", b"Signature by"),
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        minisign.read_signature(raw)


@given(st.binary(max_size=600))
def test_arbitrary_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        minisign.read_signature(raw)


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_the_real_minisign_accepts_it_and_refuses_a_change(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(DATA)
    file.with_name("list.txt.minisig").write_bytes(made().note)
    command = ["minisign", "-Vm", str(file), "-P", minisign.key_line(OWNER.public)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert COMMENT in told.stdout
    file.write_bytes(DATA + b"x")
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
