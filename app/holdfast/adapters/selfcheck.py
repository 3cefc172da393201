"""What this build contains, and whether it works here."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import holdfast
from holdfast.adapters.catalog import Catalog
from holdfast.adapters.resources import resource, words
from holdfast.core.errors import HoldfastError
from holdfast.core.evidence import Check, Outcome
from holdfast.core.words import Words
from holdfast.ports import CaptureSource

LIBRARIES = (
    "PIL", "PySide6", "asn1crypto", "av", "cattrs", "certifi", "cryptography", "cv2", "dns",
    "docx", "filelock", "fontTools", "httpcore", "idna", "jinja2", "justmytype_intl_cjk",
    "keyring", "mss", "numpy", "opentimestamps", "platformdirs", "psutil", "py_ecc",
    "pyhanko_certvalidator", "pylopdf_fonts_zh_cn", "reportlab", "rfc3161_client", "segno",
    "soundcard", "sqlite_utils", "typer", "warcio", "websockets", "yt_dlp",
    *(("jeepney",) if sys.platform.startswith("linux") else ()),
)  # fmt: skip
WORKERS = {
    "downloader": "holdfast.adapters.downloader",
    "media": "holdfast.adapters.media",
    "recorder": "holdfast.adapters.recorder",
    "joiner": "holdfast.adapters.joiner",
}
"""What runs in a process of its own, by the word that a frozen program is started with."""
ROOMY = 2 << 30
"""Bytes free below which a video may not fit."""


def selfcheck(
    data: Path,
    catalog: Catalog,
    sources: Mapping[str, CaptureSource],
    verifier: Callable[[], bytes],
    say: Words,
) -> Iterator[Check]:
    """One Check a part; ``fail`` only for what the program itself should have brought."""
    yield _check("Holdfast", "pass", f"{holdfast.__version__} · Python {platform.python_version()}")
    yield from _libraries()
    yield from _workers()
    yield from _data(catalog)
    for source in sources.values():
        yield from _source(source, say)
    yield _check("verify.pyz", "pass", f"SHA-256 {hashlib.sha256(verifier()).hexdigest()}")
    for tool in ("openssl", "ots"):
        found = shutil.which(
            tool, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        )
        yield _check(tool, "pass" if found else "warn", "" if found else say("selfcheck.no_judge"))
    yield _folder(data, say)


def _check(name: str, outcome: Outcome, detail: str = "") -> Check:
    return Check(check=name, outcome=outcome, detail=detail)


def _libraries() -> Iterator[Check]:
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    detail = ", ".join(missing) if missing else str(len(LIBRARIES))
    yield _check("libraries", "fail" if missing else "pass", detail)


def _workers() -> Iterator[Check]:
    """Each is imported and has its door; what it is for is not done."""
    lost = []
    for name, module in WORKERS.items():
        try:
            found = callable(getattr(importlib.import_module(module), "main", None))
        except ImportError:
            found = False
        lost += [] if found else [name]
    detail = ", ".join(lost) if lost else ", ".join(WORKERS)
    yield _check("workers", "fail" if lost else "pass", detail)


def _data(catalog: Catalog) -> Iterator[Check]:
    chinese, english = words("zh"), words("en")
    same = (chinese.words.keys(), chinese.errors.keys()) == (
        english.words.keys(),
        english.errors.keys(),
    )
    yield _check("i18n", "pass" if same else "fail", f"zh, en: {len(chinese.words)}")
    yield _counted("regimes", (regime.id for regime in catalog.regimes()))
    yield _counted("platforms", (one.id for one in catalog.platforms("real")))
    known = catalog.authorities("real")
    yield _counted("calendars", (one.id for one in known.calendars))
    yield _counted("time-stamp authorities", (one.id for one in known.tsas))
    yield _counted("beacons", (one.id for one in known.beacons))
    yield _counted("registries", sorted(catalog.registries().rdap))
    yield _counted("explorers", (one.id for one in known.explorers))
    documents = (one.parent.name for one in resource("documents").glob("*/document.toml"))
    yield _counted("documents", sorted(documents))


def _counted(name: str, ids: Iterable[str]) -> Check:
    found = tuple(ids)
    return _check(name, "pass" if found else "fail", f"{len(found)}: {', '.join(found)}")


def _source(source: CaptureSource, say: Words) -> Iterator[Check]:
    """The parts of a capture source; what the system should bring is only a note."""
    name = f"capture: {source.id}"
    try:
        parts = source.parts()
    except HoldfastError as error:
        yield _check(name, "warn", str(say.trouble(error)))
        return
    have = ", ".join(f"{part.name} {part.version}" for part in parts if part.version)
    lack = [part.name for part in parts if not part.version]
    detail = have if not lack else f"{have} {say('selfcheck.lacks', parts=', '.join(lack))}".strip()
    yield _check(name, "warn" if lack else "pass", detail)


def _folder(data: Path, say: Words) -> Check:
    free = shutil.disk_usage(data).free
    roomy = free > ROOMY
    detail = f"{data} · {say('selfcheck.free', gigabytes=f'{free / 2**30:.1f}')}"
    return _check("data", "pass" if roomy else "warn", detail)
