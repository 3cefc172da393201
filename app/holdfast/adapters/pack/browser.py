"""Builds ``verify.html``: the offline checker as one page for a browser, from the shipped sources.

The same facts give the same bytes on every machine.  What runs in the page is one script that its
own policy names by hash; the same text, as a worker, does the checking.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import holdfast
from holdfast.adapters.resources import resource, words
from holdfast.core import practice
from holdfast.core.bitcoin import GENESIS_HASH, CheckpointTable
from holdfast.core.canonical import Json, canonical
from holdfast.core.certificates import read_certificates
from holdfast.core.drand import PRACTICE

SOURCES: Final = (
    "bytes",
    "hashes",
    "json",
    "ed25519",
    "ledger",
    "bitcoin",
    "opentimestamps",
    "der",
    "rfc3161",
    "path",
    "reader",
    "pack",
    "bag",
    "succession",
    "record",
    "exported",
    "cosigned",
    "growth",
    "revocation",
    "renewal",
    "witness",
    "earliest",
    "judge",
    "page",
    "start",
)
"""The files of ``resources/checker``, in the order in which they need each other."""

_ERRORS = ("checker_failed", "head_unreadable", "verify_no_pack", "verify_pack_deeper")
_Around = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What the page is told beside what ships with it."""

    verifier_sha256: str
    """Of the verify.pyz it goes with, as that would be if it named no page yet."""
    verifier_at: int
    """Where in that file the page is named."""
    released: Sequence[str]
    """SHA-256 of the checkers of earlier releases."""
    roots: Sequence[bytes]
    """Pinned roots, PEM."""
    practice_roots: bytes
    beacons: Sequence[Mapping[str, Any]]
    keys: Sequence[str]
    """Of the sentences that a checker says."""


def build_page(facts: PageFacts) -> bytes:
    """The page.  Raises ValueError for sources that no page can hold."""
    before, between, after = around = _around()
    script = _script(facts, around)
    return (before + _mark(script) + between + script + after).encode()


def source(name: str) -> str:
    """A shipped source with LF, however it was checked out."""
    return resource("checker", name).read_bytes().replace(b"\r\n", b"\n").decode()


def _mark(text: str) -> str:
    """How a content security policy names an inline script or style (CSP 3 §2.3.1)."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _around() -> _Around:
    """The page before the mark of its script, between mark and script, and after it.

    Nothing is fetched, sent or framed; what runs is this one script, and its copy as a worker.
    """
    style = source("page.css")
    policy = (
        f"default-src 'none'; script-src 'sha256-{{mark}}'; style-src 'sha256-{_mark(style)}'; "
        "worker-src blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    old = " / ".join(words(lang)("checker_old") for lang in ("zh", "en"))
    page = (
        source("page.html")
        .replace("{policy}", policy)
        .replace("{style}", style)
        .replace("{old}", old)
    )
    before, _, rest = page.partition("{mark}")
    between, _, after = rest.partition("{script}")
    return before, between, after


def _script(facts: PageFacts, around: _Around) -> str:
    body = "\n".join(source(f"{name}.js") for name in SOURCES)
    script = (
        '\n"use strict";\n(() => {\n'
        f"const PRACTICE = {_literal(_practice())};\n"
        f"const DATA = {_literal(_data(facts, around))};\n\n{body}}})();\n"
    )
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("a source that a page cannot hold")
    return script


def _literal(value: Json) -> str:
    """JSON that may stand in a script: no markup can begin in it."""
    return canonical(value).decode().replace("<", "\\u003c")


def _practice() -> Json:
    return {
        "genesis_header": practice.GENESIS_HEADER.hex(),
        "genesis_hash": practice.GENESIS_HASH,
        "bits": practice.CHAIN_BITS,
        "proof_mark": practice.PROOF_MARK.decode("ascii"),
        "roots": sorted(practice.ROOT_FINGERPRINTS),
        "drand": {"hash": PRACTICE.hash, "period": PRACTICE.period, "genesis": PRACTICE.genesis},
    }


def _data(facts: PageFacts, around: _Around) -> Json:
    """What the page knows of the world.

    ``page`` is what stands around the script, so that the page can tell its own hash.
    """
    return {
        "version": holdfast.__version__,
        "page": list(around),
        "verifier": {"at": facts.verifier_at, "sha256": facts.verifier_sha256},
        "released": sorted(facts.released),
        "roots": [_text(der) for pem in facts.roots for der in read_certificates(pem)],
        "practice_roots": [_text(der) for der in read_certificates(facts.practice_roots)],
        "checkpoints": _checkpoints(),
        "beacons": [{key: one[key] for key in _BEACON} for one in facts.beacons],
        "words": {lang: said(lang, facts.keys) for lang in ("zh", "en")},
        "errors": {lang: _errors(lang) for lang in ("zh", "en")},
    }


_BEACON = ("hash", "period", "genesis")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _checkpoints() -> Json:
    """The table as 36 octets a period: the last hash, and the bits of the period after it."""
    table = CheckpointTable.parse(resource("authorities", "bitcoin-checkpoints.json").read_bytes())
    rows = zip(table.hashes, table.bits[1:], strict=True)
    return {
        "genesis": GENESIS_HASH,
        "first_bits": f"{table.bits[0]:08x}",
        "rows": _text(b"".join(hash_ + bits.to_bytes(4, "little") for hash_, bits in rows)),
    }


def said(lang: str, keys: Sequence[str]) -> dict[str, str]:
    """The sentences under ``keys``, and the page's own, by key."""
    whole = words(lang).words
    own = [key for key in whole if key.startswith(("checker_", "checking"))]
    return {key: whole[key] for key in sorted({*keys, *own})}


def _errors(lang: str) -> Json:
    errors = words(lang).errors
    return {
        code: {"what": errors[code].what, "why": errors[code].why, "now": errors[code].now}
        for code in _ERRORS
    }
