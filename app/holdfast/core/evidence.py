"""Evidence: what was kept (Artifact), how it was obtained (Capture), and its number (Exhibit).

The capture manifest ``capture.json`` is the thing an exhibit *is*: its SHA-256 is the exhibit's
digest, and everything that was captured is listed in it with two digests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal, Protocol

from holdfast.core.canonical import Json, canonical, parse, visible
from holdfast.core.not_before import NOT_ASKED, NotBefore

MANIFEST_FORMAT = "holdfast-capture/1"

World = Literal["real", "practice"]
SourceKind = Literal["page", "screen", "recording", "video", "file", "phone", "series"]
Role = Literal["original", "derived", "record"]
Outcome = Literal["pass", "warn", "fail", "not_checked"]

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_LEADING = re.compile(r"[/\\:\t\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Two fingerprints of the same bytes, lower-case hex.  SHA-256 is identity."""

    sha256: str
    sm3: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Exact bytes that were kept.  A derivative names its parent in ``derived_from``."""

    path: str
    """Below the exhibit's folder, e.g. ``files/page.png``; every segment is a safe name."""
    name: str
    """What it was called where it came from: untrusted text, made visible."""
    role: Role
    size: int
    """Bytes."""
    media_type: str
    digest: Digest
    obtained: str
    """When the bytes were complete, RFC 3339."""
    derived_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedFile:
    """A file that a capture source hands over for sealing; not hashed yet."""

    at: Path
    """Where the bytes lie now: in the capture's room (moved at sealing) or elsewhere (copied)."""
    path: str
    """Where it goes below the exhibit's folder: ``files/…`` with safe names."""
    media_type: str
    obtained: str
    role: Role = "original"
    name: str = ""
    derived_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was asked for and what was reached."""

    typed: str
    url: str = ""
    final_url: str = ""
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A program or library that took part in a capture."""

    name: str
    version: str
    sha256: str = ""
    """Of its executable or package, where known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The connection that served the page itself."""

    address: str = ""
    """IP address and port as reached."""
    tls_version: str = ""
    tls_cipher: str = ""
    certificate_sha256: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One completeness check.  ``detail`` is a fact, e.g. ``404`` or the phrase that was found."""

    check: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A number as shown, e.g. ``plays`` = ``312.7万``: text, because that is what was seen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Words that stood on the page, and where: in pixels of the picture ``file``."""

    kind: Literal["ai_label", "icp"]
    text: str
    file: str
    """Below ``files/``; empty where no picture shows the place."""
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSeen:
    """A mark in a picture or video, or that none was detected (``core.marks``)."""

    file: str
    """Its path below the exhibit's folder."""
    kind: str
    """``aigc`` (GB 45438-2025), ``c2pa`` or ``iptc``."""
    state: str
    """``found``, ``malformed``, ``not_detected`` or ``not_checked``."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What the target said of itself."""

    title: str = ""
    status: int | None = None
    """HTTP status."""
    account: str = ""
    counters: tuple[Counter, ...] = ()
    shown: tuple[Shown, ...] = ()
    marks: tuple[MarkSeen, ...] = ()
    """What was read in the pictures and videos; empty where nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Where imported material came from: received, not captured."""

    source: str = ""
    how: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What a capture source brings back.  Nothing here is sealed yet."""

    source: SourceKind
    target: Target
    files: tuple[CapturedFile, ...]
    started: str
    finished: str
    components: tuple[Component, ...] = ()
    network: Network | None = None
    completeness: tuple[Check, ...] = ()
    observations: Observations = Observations()
    received: Received | None = None

    @property
    def complete(self) -> bool:
        """Whether no completeness check is red."""
        return all(check.outcome != "fail" for check in self.completeness)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What the system's clock said, and how far it was known to be off."""

    system: str
    monotonic_ns: int
    offset_ms: int | None = None
    reference: str = ""
    uncertainty_ms: int | None = None


class Surroundings(Protocol):
    """What is known of the computer around a capture (``environment.Environment``)."""

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """How an exhibit was obtained, written at capture time only."""

    id: str
    case_id: str
    world: World
    exhibit: str
    """The exhibit's number, E0001."""
    operator: str
    """Opaque id, never a name."""
    captured: Captured
    artifacts: tuple[Artifact, ...]
    clock: ClockReading
    tool: Component
    packages: tuple[Component, ...] = ()
    not_before: NotBefore = NOT_ASKED
    environment: Surroundings | None = None

    def manifest(self) -> bytes:
        """``capture.json``: the canonical bytes whose SHA-256 is the exhibit's digest."""
        got = self.captured
        network = got.network
        body: dict[str, Json] = {
            "format": MANIFEST_FORMAT,
            "capture": self.id,
            "case": self.case_id,
            "exhibit": self.exhibit,
            "world": self.world,
            "source": got.source,
            "target": {
                "typed": visible(got.target.typed),
                "url": visible(got.target.url),
                "final_url": visible(got.target.final_url),
                "redirects": [visible(url) for url in got.target.redirects],
            },
            "operator": self.operator,
            "started": got.started,
            "finished": got.finished,
            "clock": {
                "system": self.clock.system,
                "monotonic_ns": str(self.clock.monotonic_ns),
                "offset_ms": self.clock.offset_ms,
                "reference": self.clock.reference,
                "uncertainty_ms": self.clock.uncertainty_ms,
            },
            "not_before": self.not_before.body(),
            "environment": {"reason": "not asked"}
            if self.environment is None
            else self.environment.body(),
            "tool": {
                "name": self.tool.name,
                "version": self.tool.version,
                "package_sha256": self.tool.sha256,
                "components": [
                    {"name": visible(c.name), "version": visible(c.version), "sha256": c.sha256}
                    for c in (*got.components, *self.packages)
                ],
            },
            "network": None
            if network is None
            else {
                "address": network.address,
                "tls": {
                    "version": visible(network.tls_version),
                    "cipher": visible(network.tls_cipher),
                    "certificate_sha256": list(network.certificate_sha256),
                },
                "dns": list(network.dns),
            },
            "files": [
                {
                    "path": a.path,
                    "name": visible(a.name),
                    "role": a.role,
                    "derived_from": a.derived_from,
                    "size": a.size,
                    "media_type": visible(a.media_type),
                    "sha256": a.digest.sha256,
                    "sm3": a.digest.sm3,
                    "obtained": a.obtained,
                }
                for a in self.artifacts
            ],
            "completeness": [
                {"check": c.check, "outcome": c.outcome, "detail": visible(c.detail)}
                for c in got.completeness
            ],
            "observations": {
                "title": visible(got.observations.title),
                "status": got.observations.status,
                "account": visible(got.observations.account),
                "counters": [
                    {"name": visible(c.name), "value": visible(c.value)}
                    for c in got.observations.counters
                ],
            }
            | _marks(got.observations.marks)
            | _shown(got.observations.shown),
            "received": None
            if got.received is None
            else {
                "from": visible(got.received.source),
                "how": visible(got.received.how),
                "when": visible(got.received.when),
            },
        }
        return canonical(body)


def _marks(seen: tuple[MarkSeen, ...]) -> dict[str, Json]:
    """Under ``marks``; nothing where nobody looked, as in manifests from before there were any."""
    if not seen:
        return {}
    return {
        "marks": [
            {"file": m.file, "kind": m.kind, "state": m.state, "detail": visible(m.detail)}
            for m in seen
        ]
    }


def _shown(spots: tuple[Shown, ...]) -> dict[str, Json]:
    """Under ``shown``; nothing where nothing was found, as in manifests from before."""
    if not spots:
        return {}
    return {
        "shown": [
            {
                "kind": one.kind,
                "text": visible(one.text),
                "file": one.file,
                "x": one.x,
                "y": one.y,
                "width": one.width,
                "height": one.height,
            }
            for one in spots
        ]
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One numbered piece of evidence.  Its number never changes and is never reused."""

    id: str
    """The capture's id."""
    case_id: str
    number: str
    """E0001."""
    digest: Digest
    """Of ``capture.json``."""
    size: int
    """Bytes of ``capture.json``."""
    source: SourceKind
    title: str
    """What the target called itself, visible text; may be empty."""
    url: str
    sealed: str
    """When the ledger line was written, RFC 3339."""
    complete: bool
    artifacts: tuple[Artifact, ...]
    caption: str = ""
    purpose: str = ""
    """What it is to prove, in the person's words."""
    withdrawn: bool = False


def read_manifest(raw: bytes) -> Mapping[str, Json]:
    """A ``capture.json`` as a mapping, strictly canonical and of a known major version.

    Raises ValueError; keys this version does not know are kept.
    """
    value = parse(raw)
    if not isinstance(value, Mapping):
        raise ValueError("not an object")
    if value.get("format") != MANIFEST_FORMAT:
        raise ValueError(f"format {value.get('format')!r} is not known here")
    return value


def safe_segment(name: str) -> bool:
    """Whether ``name`` may stand as one path segment in a manifest or pack on any system."""
    return bool(_SEGMENT.fullmatch(name)) and not _DEVICES.fullmatch(name) and name[-1] != "."


def safe_name(untrusted: str, taken: Collection[str] = ()) -> str:
    """A safe segment that still resembles ``untrusted`` and is not in ``taken``, ignoring case.

    Letters outside ASCII go; the original name belongs into ``name``, as text.
    """
    stem, dot, ending = untrusted.replace("\\", "/").rpartition("/")[2].rpartition(".")
    if not dot:
        stem, ending = ending, ""
    ending = re.sub(r"[^A-Za-z0-9]", "", ending)[:10]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:60].rstrip("-_") or "file"
    if not safe_segment(stem):
        stem = f"file-{stem}"
    lower = {name.lower() for name in taken}
    for number in count(1):  # pragma: no branch
        name = (stem if number == 1 else f"{stem}-{number}") + (f".{ending}" if ending else "")
        if name.lower() not in lower:
            return name
    raise AssertionError


def safe_path(path: str) -> bool:
    """Whether every segment of the relative ``path`` is safe; never absolute, never ``..``."""
    return len(path) <= 400 and all(safe_segment(part) for part in path.split("/"))


def plain_folder(name: str) -> bool:
    """Whether a folder of that name leads nowhere else on any system and shows as what it is.

    People rename folders, so that more is allowed than in a path of ours.
    """
    plain = _LEADING.search(name) is None and visible(name) == name
    return plain and 0 < len(name) <= 255 and not name.endswith((".", " "))
