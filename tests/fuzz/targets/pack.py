"""Whole packs, judged in memory: an input is a list of changes to the pack in ``lent``.

The first octet says how much care whoever changed it took: none, new lists of the bag, or a new
ledger with the pack's own key.  Whoever has no key is found, whatever they did.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any

from fakes.packed import Remembering
from fuzz.base import base, lines, rebagged, resealed, verifiers, ways
from fuzz.target import Target, records
from holdfast.adapters import x509
from holdfast.adapters.timestamp.opentimestamps import OpenTimestampsChecker
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.adapters.witness import checkpoints
from holdfast.core import ed25519
from holdfast.core.canonical import canonical
from holdfast.core.job import Job
from holdfast.core.judge import judge_pack
from holdfast.core.pack import ENTRIES, PAYLOAD, SIGNATURE
from holdfast.core.verdict import ProofHelp, Verdict
from holdfast.core.witness import Terms

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**53 - 1, "", "0", [], {}, [[]], [{}], {"a": []}, [None], [1],
    "\u202e", "\udc80", "a" * 200, "../x", "/etc/passwd", "E0001", "E0002", "real", "practice",
    "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "0" * 64, [["a", 1]], 1.5, 2**70,
    "ledger/checkpoints/3.txt", "exhibits/E0001/capture.json", "case.json", "pack.exported",
    "checkpoint.cosigned", "proofs.renewed", "environment.checked", "document.issued",
    "key.rotated", "timestamp.confirmed", "timestamp.imported", "case.opened", "exhibit.sealed",
)  # fmt: skip
NAMES = (
    "data/ledger/checkpoints/1.txt", "data/exhibits/E0001/proofs/capture.json.a.tsr",
    "data/exhibits/E0001/proofs/capture.json.a.tsq", "data/timestamps/a/chain.pem",
    "data/timestamps/a/root.pem", "data/timestamps/headers/bitcoin-0-1.bin",
    "data/timestamps/headers/bitcoin-2-3.bin", "data/documents/x.pdf", "fetch.txt", "x",
    "data/ledger/key.txt", "data/case.json", "verify.html",
    "data/timestamps/a/revocation/0123456789abcdef.crl", "data/exhibits/E0009/capture.json",
    "data/exhibits/E0009/files/a",
)  # fmt: skip


# The same signature by the same key is computed once; here it is what judging does beside that.
ed25519.verify = lru_cache(ed25519.verify)


class Held:
    """A pack in a dictionary."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    def troubles(self) -> tuple[()]:
        return ()

    def size(self, name: str) -> int:
        return len(self._files[name])

    def read(self, name: str, limit: int) -> bytes:
        from holdfast.core.bag import Unreadable

        if len(self._files[name]) > limit:
            raise Unreadable("file_too_large", str(limit))
        return self._files[name]

    def digests(self, name: str, algorithms: Any, tick: Any) -> dict[str, bytes]:
        import hashlib

        tick(len(self._files[name]))
        return {one: hashlib.new(one, self._files[name]).digest() for one in algorithms}


@cache
def terms() -> Terms:
    return Terms(
        checkers=(Remembering(OpenTimestampsChecker()), Remembering(Rfc3161Checker())),
        table=checkpoints(),
        help=ProofHelp(practice=True, now="2027-01-01T00:00:00.000Z"),
        known_verifiers=verifiers,
        holds=x509.holds,
    )


def _put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = new
    return value


def _odd(raw: bytes) -> Any:
    """A value: one of the odd ones, or what the octets spell."""
    if raw[:1] and raw[0] < len(ODD):
        return ODD[raw[0]]
    try:
        return json.loads(raw[1:])
    except (ValueError, RecursionError):
        return raw[1:].decode("utf-8", "replace")


def _changed(value: Any, change: bytes) -> Any:
    found = list(ways(value))
    at = found[int.from_bytes(change[:2], "big") % len(found)]
    return _put(value, at, _odd(change[2:]))


class Change:
    """The base pack with the changes that an input lists."""

    def __init__(self, changes: list[bytes]) -> None:
        self.files = dict(base())
        self.lines = lines(self.files)
        self._names = sorted(self.files)
        for change in changes[:16]:
            kind, rest = (change[0] % 8, change[1:]) if change else (0, b"")
            (self._line, self._json, self._whole, self._remove, self._add, self._splice,
             self._append, self._drop)[kind](rest)  # fmt: skip

    def _name(self, rest: bytes) -> tuple[str, bytes]:
        return self._names[rest[0] % len(self._names) if rest else 0], rest[1:]

    def _line(self, rest: bytes) -> None:
        """One value in one line of the ledger is another."""
        if self.lines:
            at = rest[0] % len(self.lines) if rest else 0
            self.lines[at] = _changed(self.lines[at], rest[1:])

    def _json(self, rest: bytes) -> None:
        """One value in one of the other JSON files is another."""
        named = [name for name in self._names if name.endswith(".json") and name in self.files]
        if not named:
            return
        name = named[rest[0] % len(named) if rest else 0]
        try:
            value = _changed(json.loads(self.files[name]), rest[1:])
        except ValueError:
            return
        try:
            self.files[name] = canonical(value)
        except ValueError:
            self.files[name] = json.dumps(value).encode()

    def _whole(self, rest: bytes) -> None:
        name, data = self._name(rest)
        self.files[name] = data

    def _remove(self, rest: bytes) -> None:
        self.files.pop(self._name(rest)[0], None)

    def _add(self, rest: bytes) -> None:
        self.files[NAMES[rest[0] % len(NAMES) if rest else 0]] = rest[1:]

    def _splice(self, rest: bytes) -> None:
        name, rest = self._name(rest)
        data, at = self.files.get(name, b""), int.from_bytes(rest[:2], "big")
        self.files[name] = data[:at] + rest[3:] + data[at + (rest[2] if len(rest) > 2 else 0) :]

    def _append(self, rest: bytes) -> None:
        """A line of the ledger once more, with something else in it."""
        if self.lines:
            value = json.loads(json.dumps(self.lines[rest[0] % len(self.lines) if rest else 0]))
            if isinstance(value, dict):
                value["seq"] = len(self.lines)
            self.lines.append(_changed(value, rest[1:]))

    def _drop(self, rest: bytes) -> None:
        if self.lines:
            self.lines.pop(rest[0] % len(self.lines) if rest else 0)


def run(data: bytes) -> None:
    care, changes = (data[0] % 3 if data else 0), list(records(data[1:]))
    change = Change(changes)
    if care == 2:
        # Whoever has the key can write what they like; it is judged all the same.
        files = resealed(change.files, change.lines)
        _judged(files)
        return
    before = base()
    files = change.files
    if change.lines != lines(before):
        files[PAYLOAD + ENTRIES] = b"".join(_line(one) for one in change.lines)
    if care == 1 and files != before:
        signature = files.get(SIGNATURE)
        files = rebagged(files)
        if signature is not None:
            files[SIGNATURE] = signature
    verdict = _judged(files)
    assert verdict.verdict == ("ok" if files == before else "broken")


def _line(value: Any) -> bytes:
    try:
        return canonical(value) + b"\n"
    except ValueError:
        return json.dumps(value).encode() + b"\n"


def _judged(files: dict[str, bytes]) -> Verdict:
    verdict = judge_pack(Held(files), terms(), Job())
    json.dumps(verdict.body()).encode()
    return verdict


TARGET = Target(name="pack", run=run, largest=8 << 10)
