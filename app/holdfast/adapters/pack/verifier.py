"""Builds ``verify.pyz``: the offline checker as one file of Python, from the sources it runs on;
and says which ``verify.html`` goes with it.

The same release gives the same bytes on every machine: plain sources with LF, sorted, stored and
dated 1980-01-01, so that anybody can build it again and compare.  Before the archive one line names
the ``verify.html`` it goes with, so that each of the two knows the other.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import holdfast
from holdfast.adapters.pack import zipform
from holdfast.adapters.pack.browser import PageFacts, build_page
from holdfast.adapters.resources import resource, table, words
from holdfast.core.canonical import Json, canonical

EMBEDDED = "holdfast/adapters/pack/embedded.json"

RELEASED: frozenset[str] = frozenset()
"""SHA-256 of the verify.pyz of every earlier release; a release adds the one before it."""
RELEASED_PAGES: frozenset[str] = frozenset()
"""The same of verify.html."""

_SHEBANG = b"#!/usr/bin/env python3\n"
_PAGE_LINE = b"# verify.html "
PAGE_AT = len(_SHEBANG + _PAGE_LINE)
"""Where verify.pyz names its page: 64 hexadecimal digits."""
BLANK = "0" * 64
_MAIN = b'''"""Holdfast: checks an evidence pack with nothing but Python."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "verify.pyz needs Python 3.11 or later. / "
        "verify.pyz \\u9700\\u8981 Python 3.11 \\u6216\\u66f4\\u65b0\\u7248\\u672c\\u3002"
    )

from holdfast.adapters.pack.offline import run

sys.exit(run())
'''
_RULES = (
    *("ots_", "token_", "query_", "not_before_", "revocation_", "certificates_"),
    *("kept_", "cosigned_", "signature_", "withheld_", "renewal_", "enclosed_"),
    *("exhibit_", "environment_not_", "folder_", "copy_elsewhere"),
    *("file_on_record", "file_unknown", "reason."),
)
"""Families of sentences that other catalogues hold for what verification finds."""


@cache
def verify_pyz() -> bytes:
    """The checker, the same bytes in every pack of a release.

    A frozen program has no sources, so it carries the file that was built with it.
    """
    if getattr(sys, "frozen", False):
        return resource("pack", "verify.pyz").read_bytes()
    return _naming(hashlib.sha256(verify_html()).hexdigest())


@cache
def verify_html() -> bytes:
    """The checker for a browser, the same bytes in every pack of a release.

    It knows verify.pyz by its bytes but for the name of the page, for the page is made first.
    """
    if getattr(sys, "frozen", False):
        return resource("pack", "verify.html").read_bytes()
    return build_page(
        PageFacts(
            verifier_sha256=hashlib.sha256(_naming(BLANK)).hexdigest(),
            verifier_at=PAGE_AT,
            released=sorted(RELEASED | RELEASED_PAGES),
            roots=pinned_roots(),
            practice_roots=practice_roots(),
            beacons=beacons(),
            keys=checker_words("zh"),
        )
    )


def _naming(page_sha256: str) -> bytes:
    """The file that names the page with this hash."""
    start = _SHEBANG + _PAGE_LINE + page_sha256.encode("ascii") + b"\n"
    return start + _archived(len(start))


@cache
def _archived(offset: int) -> bytes:
    files = {"__main__.py": _MAIN, EMBEDDED: embedded()}
    for name in modules():
        path = _source(name)
        files[path.relative_to(_home()).as_posix()] = _normalised(path)
    return _archive(files, offset)


def known_verifiers() -> frozenset[str]:
    """SHA-256 of every verify.pyz and verify.html that a pack of ours may carry."""
    own = {hashlib.sha256(file).hexdigest() for file in (verify_pyz(), verify_html())}
    return RELEASED | RELEASED_PAGES | own


@cache
def pinned_roots() -> tuple[bytes, ...]:
    """The root of every time-stamp authority in the shipped list, PEM."""
    return tuple(
        resource("authorities", entry["root"]).read_bytes()
        for entry in table("authorities", "tsa.toml")["tsa"]
    )


def practice_roots() -> bytes:
    """The roots of the practice authorities, PEM."""
    return resource("authorities", "practice-roots.pem").read_bytes()


@cache
def embedded() -> bytes:
    """What the checker knows of the world: roots, the checkpoint table, and its sentences."""
    return canonical(
        {
            "version": holdfast.__version__,
            "roots": [pem.decode("ascii") for pem in pinned_roots()],
            "practice_roots": practice_roots().decode("ascii"),
            "checkpoints": resource("authorities", "bitcoin-checkpoints.json").read_text("utf-8"),
            "beacons": list(beacons()),
            "languages": [_language(lang) for lang in ("zh", "en")],
        }
    )


_CHAIN = ("id", "name", "hash", "public_key", "period", "genesis", "seed")


def beacons() -> tuple[dict[str, Any], ...]:
    """Every pinned chain of rounds, without the places where it may be asked for."""
    listed = table("authorities", "drand.toml")["beacon"]
    return tuple({key: entry[key] for key in _CHAIN} for entry in listed)


def checker_words(lang: str) -> tuple[str, ...]:
    """The keys of the sentences that a checker says, sorted."""
    own = table("i18n", lang, "verify.toml")["words"]
    return tuple(sorted({*own, *(key for key in words(lang).words if key.startswith(_RULES))}))


def _language(lang: str) -> Json:
    whole = words(lang)
    own = table("i18n", lang, "verify.toml")
    codes = {*own["errors"], "head_unreadable", "verify_empty"}
    return {
        "lang": lang,
        "words": [{"key": key, "text": whole.words[key]} for key in checker_words(lang)],
        "errors": [
            {"code": code, "what": said.what, "why": said.why, "now": said.now}
            for code, said in sorted(whole.errors.items())
            if code in codes
        ],
    }


# --- sources -------------------------------------------------------------------------------------


def _home() -> Path:
    return Path(holdfast.__file__).resolve().parent.parent


def _source(module: str) -> Path:
    plain = _home().joinpath(*module.split("."))
    package = plain / "__init__.py"
    return package if package.is_file() else plain.with_suffix(".py")


def modules() -> tuple[str, ...]:
    """Every module of ours that the checker imports, packages above them included, sorted.

    They stand in a list because looking through all sources for them took longer than judging
    most packs; a test looks.
    """
    return tuple(resource("checker", "modules.txt").read_text("utf-8").split())


def _normalised(path: Path) -> bytes:
    """The source with LF, however it was checked out."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def _archive(files: dict[str, bytes], offset: int) -> bytes:
    """A ZIP in our one form, behind ``offset`` bytes of something else."""
    body, members = b"", []
    for name, data in sorted(files.items()):
        crc = zlib.crc32(data)
        members.append(
            zipform.Member(name=name, size=len(data), crc=crc, offset=offset + len(body))
        )
        body += zipform.local_header(name, len(data), crc) + data
    directory = b"".join(map(zipform.central_header, members))
    return (
        body + directory + zipform.directory_end(len(members), len(directory), offset + len(body))
    )
