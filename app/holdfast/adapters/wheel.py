"""A newer yt-dlp: one file, used only while it is what was fetched.

Sites change faster than releases.  The wheel lies in the data folder under its SHA-256, and the
settings name that digest: what somebody else puts there is never run.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urljoin

from holdfast.adapters import http
from holdfast.adapters.disk import put
from holdfast.core.canonical import one_line
from holdfast.core.errors import Refused, Unavailable

INDEX = "https://pypi.org/simple/yt-dlp/"
"""Python's package index, in its JSON form (PEP 691)."""
LARGEST = 32 << 20
LARGEST_INDEX = 16 << 20
SECONDS = 300.0
_NAME = re.compile(r"yt_dlp-(?P<version>\d{4}\.\d{1,2}\.\d{1,2}(?:\.\d{1,6})?)-py3-none-any\.whl")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A yt-dlp wheel that was taken in."""

    folder: Path
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / f"{self.sha256}.whl"

    def holds(self) -> bool:
        """Whether it is still what was taken in."""
        return _read(self.path, self.sha256) is not None

    def copy(self, into: Path) -> Path | None:
        """A copy in ``into``, which nobody else writes to, of exactly the bytes that were checked.

        None when the wheel is not what it was, or gone.
        """
        data = _read(self.path, self.sha256)
        if data is None:
            return None
        copy = into / f"yt_dlp-{self.version}-py3-none-any.whl"
        copy.write_bytes(data)
        return copy


def _read(path: Path, sha256: str) -> bytes | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def known(data: Path, version: str, sha256: str) -> Wheel | None:
    """The wheel that the settings name; None where they name none."""
    if not _SHA256.fullmatch(sha256):
        return None
    return Wheel(folder=data / "ytdlp", version=version, sha256=sha256)


def bundled() -> str:
    """The version of the yt-dlp that came with this build."""
    from importlib.metadata import version

    return version("yt-dlp")


def take_in(file: Path, data: Path) -> Wheel:
    """The file lies in the data folder as a wheel.

    Raises Refused(``wheel_unusable``, ``file_missing``) for what is no yt-dlp wheel.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise Refused("wheel_unusable", reason=f"> {LARGEST >> 20} MiB")
        content = file.read_bytes()
    except OSError as error:
        raise Refused("file_missing", name=file.name) from error
    return _keep(content, data)


def _keep(content: bytes, data: Path) -> Wheel:
    wheel = Wheel(
        folder=data / "ytdlp",
        version=_version(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    wheel.folder.mkdir(mode=0o700, exist_ok=True)
    put(wheel.path, content)
    return wheel


def _version(content: bytes) -> str:
    """What the wheel says it is.  Raises Refused for anything that is not yt-dlp."""
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            meta = next(n for n in names if re.fullmatch(r"yt_dlp-[^/]+\.dist-info/METADATA", n))
            if "yt_dlp/__init__.py" not in names or archive.getinfo(meta).file_size > 1 << 20:
                raise ValueError("no package yt_dlp")
            told = BytesParser().parsebytes(archive.read(meta))
    except (StopIteration, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        reason = one_line(str(error))[:100] or type(error).__name__
        raise Refused("wheel_unusable", reason=reason) from error
    version = str(told.get("Version", ""))
    if str(told.get("Name", "")).lower() != "yt-dlp" or not re.fullmatch(r"[\d.]{4,30}", version):
        raise Refused("wheel_unusable", reason=one_line(f"{told.get('Name')} {version}")[:100])
    return version


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The newest wheel that an index lists."""

    version: str
    url: str
    sha256: str


def newest(index: str = INDEX, *, allow: frozenset[str] = frozenset()) -> Offer:
    """The newest finished release at ``index``.

    Raises as ``http.fetch``, Refused(``index_insecure``), Unavailable(``index_unclear``).
    """
    _secure(index, allow)
    host = http.link(index).host
    reply = http.fetch(index, headers={"Accept": _JSON}, limit=LARGEST_INDEX, allow_loopback=allow)
    if reply.status != 200:
        raise Unavailable("http_status", host=host, status=reply.status)
    try:
        files = json.loads(reply.body)["files"]
        offers = [offer for file in files if (offer := _offer(file, index)) is not None]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Unavailable("index_unclear", host=host) from error
    if not offers:
        raise Unavailable("index_unclear", host=host)
    return max(offers, key=lambda offer: order(offer.version))


def _offer(file: dict[str, object], index: str) -> Offer | None:
    hit = _NAME.fullmatch(str(file.get("filename", "")))
    hashes = file.get("hashes")
    sha256 = str(hashes.get("sha256", "")) if isinstance(hashes, dict) else ""
    if hit is None or file.get("yanked") or not _SHA256.fullmatch(sha256):
        return None
    return Offer(version=hit["version"], url=urljoin(index, str(file["url"])), sha256=sha256)


def order(version: str) -> tuple[int, ...]:
    """By what versions are compared: ``2026.10.26`` as numbers."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def fetch(offer: Offer, data: Path, *, allow: frozenset[str] = frozenset()) -> Wheel:
    """The offered wheel lies in the data folder; its bytes are those that the index published.

    Raises as ``http.fetch``, Refused(``index_insecure``, ``wheel_unusable``),
    Unavailable(``wheel_differs``).
    """
    _secure(offer.url, allow)
    host = http.link(offer.url).host
    reply = http.fetch(offer.url, limit=LARGEST, timeout=SECONDS, allow_loopback=allow)
    if reply.status != 200:
        raise Unavailable("http_status", host=host, status=reply.status)
    if hashlib.sha256(reply.body).hexdigest() != offer.sha256:
        raise Unavailable("wheel_differs", host=host)
    return _keep(reply.body, data)


def _secure(url: str, allow: frozenset[str]) -> None:
    """A program is fetched over a connection that proves who answers; loopback needs no proof."""
    found = http.link(url)
    if found.scheme != "https" and found.pair not in allow:
        raise Refused("index_insecure", host=found.host)
