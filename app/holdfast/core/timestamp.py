"""Outside testimony about time: what was asked of whom, and where the answer stands.

*Pending* and *confirmed* are different words everywhere.  The network is derived from what a
proof ends in, never read from what a record says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from holdfast.core.canonical import canonical, parse
from holdfast.core.drand import DrandChain
from holdfast.core.evidence import World

StampKind = Literal["opentimestamps", "rfc3161"]
StampStatus = Literal[
    "queued", "pending", "confirmed", "one_source", "unchecked", "broken", "simulated"
]
SubjectKind = Literal["manifest", "file", "checkpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a time-stamp is about, by its path in a pack (below ``data/``) and its SHA-256."""

    kind: SubjectKind
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One request to one kind of witness about one subject, and what came of it.

    Proof bytes lie in the vault; the fields here name them by SHA-256.  An earlier proof is kept
    when a fuller one arrives (``superseded``).
    """

    id: str
    case_id: str
    subject: Subject
    kind: StampKind
    authority: str = ""
    """Id of the TSA for rfc3161; empty for opentimestamps, which asks several calendars."""
    world: World
    status: StampStatus = "queued"
    time: str | None = None
    """The time it witnesses (not later than), RFC 3339; empty while nothing is confirmed."""
    by: str = ""
    """Who says so, for people: a TSA's name, or ``block 975412``."""
    requested: str | None = None
    attempts: int = 0
    next_try: str | None = None
    reason: str = ""
    """Code of why the last attempt gave nothing (``unreachable``, ``refused``, ``garbage``…)."""
    proof: str = ""
    """SHA-256 of the .ots, or of the .tsr as received."""
    query: str = ""
    """SHA-256 of the .tsq as sent."""
    superseded: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """SHA-256 of the record of every answer that calendars gave about it, oldest first."""
    revocation: tuple[str, ...] = ()
    """SHA-256 of the revocation lists and answers that were had when it was stamped."""
    imported: bool = False
    """Whether the token was obtained elsewhere; ``authority`` is then ours for this one token."""
    bare: bool = False
    """Whether it is a token alone, without the response around it."""
    root: str = ""
    """For an imported one: SHA-256 of the root's PEM, pinned or named by the person."""
    chain: str = ""
    """For an imported one: SHA-256 of the PEM that the person supplied."""


HEARD_FORMAT = "holdfast-calendar-answer/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one calendar answered, as it came; ``asked`` is the whole address."""

    asked: str
    at: str
    status: int
    body: bytes = field(repr=False)

    def record(self) -> bytes:
        """The answer as it is kept: canonical JSON, the body's octets as hexadecimal digits."""
        return canonical(
            {
                "format": HEARD_FORMAT,
                "asked": self.asked,
                "at": self.at,
                "status": self.status,
                "body": self.body.hex(),
            }
        )

    def repeats(self, earlier: Heard) -> bool:
        """Whether it says again what was said to the same question before."""
        return (self.asked, self.status, self.body) == (
            earlier.asked,
            earlier.status,
            earlier.body,
        )


def read_heard(raw: bytes) -> Heard:
    """The answer in a record.  Raises ValueError."""
    match parse(raw):
        case {
            "format": "holdfast-calendar-answer/1",
            "asked": str(asked),
            "at": str(at),
            "status": int(status),
            "body": str(body),
        }:
            return Heard(asked=asked, at=at, status=status, body=bytes.fromhex(body))
    raise ValueError("not the record of a calendar's answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """An OpenTimestamps calendar that may be asked."""

    id: str
    url: str
    answers_as: tuple[str, ...] = ()
    """URIs that its pending attestations may name, beside ``url``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tsa:
    """An RFC 3161 authority.  Trust comes from ``root`` and from nowhere else."""

    id: str
    name: str
    url: str
    root: bytes
    """Pinned root certificate, PEM."""
    chain: bytes = b""
    """Intermediates, PEM; may be empty when tokens bring them."""
    policies: tuple[str, ...] = ()
    """OIDs it is expected to answer with; empty: any, recorded."""
    min_interval_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """A source of Bitcoin block headers that speaks the Esplora API."""

    id: str
    url: str
    operator: str
    """Who runs it; two sources of one operator count once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """Whom one world asks."""

    world: World
    calendars: tuple[Calendar, ...] = ()
    tsas: tuple[Tsa, ...] = ()
    explorers: tuple[Explorer, ...] = ()
    beacons: tuple[DrandChain, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a stamper brought back for one digest from one authority.

    ``status`` is pending, confirmed, simulated (a practice witness), one_source, unchecked, or
    queued when nothing usable came (``reason`` says why, ``retry_s`` when to ask again).
    """

    sha256: str
    authority: str = ""
    status: StampStatus
    proof: bytes = field(default=b"", repr=False)
    query: bytes = field(default=b"", repr=False)
    time: str | None = None
    by: str = ""
    reason: str = ""
    retry_s: int | None = None
    heard: tuple[Heard, ...] = ()
    """What calendars answered on the way, to be kept whatever came of it."""
    revocation: tuple[bytes, ...] = field(default=(), repr=False)
    """Revocation lists and answers about the witness's certificates, as published just then."""
