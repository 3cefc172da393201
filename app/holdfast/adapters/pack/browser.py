"""Builds ``verify.html``: the offline checker as one page for a browser, from the shipped sources.

The same release gives the same bytes on every machine.  The page knows the ``verify.pyz`` it goes
with by its bytes but for one place: there that file names this page, which is made first.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from functools import cache
from typing import Final

import holdfast
from holdfast.adapters.pack.verifier import (
    BLANK,
    PAGE_AT,
    RELEASED,
    beacons,
    checker_words,
    pinned_roots,
    practice_roots,
    pyz_naming,
)
from holdfast.adapters.resources import resource, words
from holdfast.core import practice
from holdfast.core.bitcoin import GENESIS_HASH, CheckpointTable
from holdfast.core.canonical import Json, canonical
from holdfast.core.drand import PRACTICE
from holdfast.core.rfc3161 import read_certificates

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
    "record",
    "witness",
    "earliest",
    "judge",
    "page",
    "start",
)
"""The files of ``resources/checker``, in the order in which they need each other."""

RELEASED_PAGES: frozenset[str] = frozenset()
"""SHA-256 of the verify.html of every earlier release; a release adds the one before it."""

_ERRORS = ("checker_failed", "verify_no_pack")


@cache
def verify_html() -> bytes:
    """The page, the same bytes in every pack of a release.

    A frozen program has no sources, so it carries the file that was built with it.
    """
    if getattr(sys, "frozen", False):
        return resource("pack", "verify.html").read_bytes()
    before, between, after = _around()
    script = _script((before, between, after))
    return (before + _mark(script) + between + script + after).encode()


def page_sha256() -> str:
    """What verify.pyz calls the page it goes with."""
    return hashlib.sha256(verify_html()).hexdigest()


def known_pages() -> frozenset[str]:
    """SHA-256 of every verify.html that a pack of ours may carry."""
    return RELEASED_PAGES | {page_sha256()}


def _source(name: str) -> str:
    """A shipped source with LF, however it was checked out."""
    return resource("checker", name).read_bytes().replace(b"\r\n", b"\n").decode()


def _mark(text: str) -> str:
    """How a content security policy names an inline script or style (CSP 3 §2.3.1)."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _around() -> tuple[str, str, str]:
    """The page before the mark of its script, between mark and script, and after it.

    Nothing is fetched, sent or framed; what runs is this one script, and its copy as a worker.
    """
    style = _source("page.css")
    policy = (
        f"default-src 'none'; script-src 'sha256-{{mark}}'; style-src 'sha256-{_mark(style)}'; "
        "worker-src blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    old = " / ".join(words(lang)("checker_old") for lang in ("zh", "en"))
    page = (
        _source("page.html")
        .replace("{policy}", policy)
        .replace("{style}", style)
        .replace("{old}", old)
    )
    before, _, rest = page.partition("{mark}")
    between, _, after = rest.partition("{script}")
    return before, between, after


def _script(around: tuple[str, str, str]) -> str:
    body = "\n".join(_source(f"{name}.js") for name in SOURCES)
    script = (
        '\n"use strict";\n(() => {\n'
        f"const PRACTICE = {_literal(_practice())};\n"
        f"const DATA = {_literal(_data(around))};\n\n{body}}})();\n"
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


def _data(around: tuple[str, str, str]) -> Json:
    """What the page knows of the world."""
    return {
        "version": holdfast.__version__,
        "page": list(around),
        "verifier": {
            "at": PAGE_AT,
            "sha256": hashlib.sha256(pyz_naming(BLANK)).hexdigest(),
        },
        "released": sorted(RELEASED | RELEASED_PAGES),
        "roots": [_text(der) for pem in pinned_roots() for der in read_certificates(pem)],
        "practice_roots": [_text(der) for der in read_certificates(practice_roots())],
        "checkpoints": _checkpoints(),
        "beacons": [{key: one[key] for key in ("hash", "period", "genesis")} for one in beacons()],
        "words": {lang: _words(lang) for lang in ("zh", "en")},
        "errors": {lang: _errors(lang) for lang in ("zh", "en")},
    }


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


def _words(lang: str) -> Json:
    whole = words(lang).words
    own = [key for key in whole if key.startswith(("checker_", "checking"))]
    return {key: whole[key] for key in sorted({*checker_words(lang), *own})}


def _errors(lang: str) -> Json:
    errors = words(lang).errors
    return {
        code: {"what": errors[code].what, "why": errors[code].why, "now": errors[code].now}
        for code in _ERRORS
    }
