"""What verification saw.  ok · weak · broken · unchecked are never merged into one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FindingOutcome = Literal["ok", "weak", "broken", "unchecked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.  ``rule`` is a key of the catalogues, ``detail`` its fact."""

    subject: str
    """Path in the pack, exhibit number, or file name."""
    rule: str
    outcome: FindingOutcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampSeen:
    """One time-stamp as it was found."""

    subject: str
    kind: str
    network: str
    """``bitcoin``, ``practice``, or ``rfc3161``'s authority by its root; empty when unknown."""
    status: str
    """A StampStatus."""
    time: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The sentence and what stands beneath it."""

    verdict: FindingOutcome
    findings: tuple[Finding, ...] = ()
    timestamps: tuple[TimestampSeen, ...] = ()


_WORST = ("ok", "weak", "unchecked", "broken")


def worst(outcomes: Iterable[FindingOutcome]) -> FindingOutcome:
    """The outcome that counts for several targets: broken, unchecked, weak, ok in this order."""
    return max(outcomes, key=_WORST.index, default="ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofHelp:
    """What a checker may lean on beside the proof itself."""

    roots: tuple[bytes, ...] = ()
    """Trusted root certificates, PEM: pinned ones, or the one the person named."""
    named_root: bool = False
    """Whether ``roots`` is what the person named: what does not lead there is then broken."""
    chain: bytes = b""
    """Untrusted intermediates, PEM."""
    query: bytes | None = None
    """The .tsq that was sent, for its nonce."""
    headers: tuple[tuple[str, int, bytes], ...] = ()
    """(who says so, height, 80 bytes): block headers from a file, a pack's run, or explorers."""
    header_run: tuple[int, bytes] | None = None
    """First height and consecutive raw headers, to be linked to a checkpoint."""
    practice: bool = False
    """Whether the practice world's witnesses count."""
    now: str = ""
    """RFC 3339; empty when the clock is not to be consulted."""
