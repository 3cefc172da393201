"""Cosignatures as C2SP tlog-cosignature has them."""

from __future__ import annotations

import base64
import struct

import pytest

from fakes.signers import Signer, head
from holdfast.core import cosignature, ed25519
from holdfast.core.ledger import COSIGNATURE_NOTE, key_id, read_checkpoint, read_key

OWNER, SECOND = Signer("owner"), Signer("second")
KEY = cosignature.cosigner("w1.example/x", SECOND.public)
WHEN = 1679315147


def signed(seconds: int = WHEN, over: int | None = None) -> bytes:
    head_ = head(5, OWNER)
    told = SECOND.sign(cosignature.message(head_, seconds if over is None else over))
    return cosignature.cosigned(head_, KEY, seconds, told).note


def test_the_signed_message_is_the_one_of_the_specification() -> None:
    checkpoint = head(5)
    assert cosignature.message(checkpoint, WHEN) == (
        b"cosignature/v1\ntime 1679315147\n" + checkpoint.text
    )


def test_the_line_is_key_id_time_and_signature() -> None:
    name, raw = read_checkpoint(signed()).signatures[-1]
    assert name == KEY.name
    assert raw[:4] == key_id(KEY.name, KEY.public_key, b"\x04")
    assert raw[:4] != key_id(KEY.name, KEY.public_key)
    assert struct.unpack(">Q", raw[4:12]) == (WHEN,)
    assert len(raw) == 76


def test_the_example_of_the_specification_is_read() -> None:
    raw = base64.b64decode(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
        "qhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert len(raw) == 76
    assert struct.unpack(">Q", raw[4:12]) == (WHEN,)


def test_a_cosignature_says_when() -> None:
    found = cosignature.seen_by(read_checkpoint(signed()), KEY, ed25519.verify)
    assert found == WHEN
    assert cosignature.instant(found) == "2023-03-20T12:25:47.000Z"


def test_a_cosignature_that_does_not_hold_says_nothing() -> None:
    for note in (signed(over=WHEN + 1), signed(1 << 60), head(5, OWNER).note):
        assert cosignature.seen_by(read_checkpoint(note), KEY, ed25519.verify) is None
    # The log's own signature under a cosigner's name is none either.
    plain = head(5).signed(KEY.name, SECOND.public, SECOND.sign(head(5).text))
    assert cosignature.seen_by(plain, KEY, ed25519.verify) is None


def test_a_key_is_of_one_kind() -> None:
    assert read_key(str(KEY), COSIGNATURE_NOTE) == KEY
    with pytest.raises(ValueError, match="verifier key"):
        read_key(str(KEY))


def test_a_name_may_hold_its_key() -> None:
    name = cosignature.COSIGNER + SECOND.public.hex()
    assert cosignature.named_key(name, cosignature.COSIGNER) == SECOND.public
    assert cosignature.named_key(name, cosignature.LOG) is None
    assert cosignature.named_key(name[:-1], cosignature.COSIGNER) is None
