"""Canonical JSON, ledger lines and manifests: one spelling, and the oracle spells it the same."""

from __future__ import annotations

from contextlib import suppress

import rfc8785

from fuzz import mutators
from fuzz.target import Target
from holdfast.core.canonical import canonical, moment, one_line, parse, rfc3339, visible
from holdfast.core.evidence import read_manifest
from holdfast.core.ledger import leaf_hash, read_entry
from holdfast.core.record import withheld_leaf

LARGE = 64 << 10
"""Beyond this the parser alone is asked: its judges take longer than it does."""


def run(data: bytes) -> None:
    _text(data[:LARGE])
    try:
        value = parse(data)
    except ValueError:
        value = None
    else:
        assert canonical(value) == data
        assert len(data) > LARGE or rfc8785.dumps(value) == data
    with suppress(ValueError):
        assert read_manifest(data) == value
    with suppress(ValueError):
        entry = read_entry(data)
        assert entry.body == data
        assert entry.leaf == leaf_hash(data)
    if (leaf := withheld_leaf(data)) is not None:
        assert b'{"withheld":"%s"}' % leaf.hex().encode() == data


def _text(data: bytes) -> None:
    for text in (data.decode("utf-8", "replace"), data.decode("utf-8", "surrogateescape")):
        shown = visible(text)
        assert visible(shown) == shown
        shown.encode()
        assert "\n" not in one_line(text)
        with suppress(ValueError):
            assert moment(rfc3339(moment(text))) <= moment(text)


TARGET = Target(
    name="canonical",
    run=run,
    mutate=mutators.jcs,
    tokens=(
        b'{"withheld":"',
        b'"seq":',
        b'"refs":[{"path":"',
        b'"format":"holdfast-capture/1"',
        b"NaN",
        b"Infinity",
        b"1e5",
        b"-0",
        b"9007199254740991",
        b"9007199254740992",
        b"\\ud800",
        b"\\u0000",
        b"[[[[",
        b"]]]]",
        b'{"a":',
        b"\xef\xbb\xbf",
        b"2026-11-12T13:06:31.000Z",
    ),
)
