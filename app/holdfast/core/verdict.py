"""What verification saw.  ok · weak · broken · unchecked are never merged into one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from holdfast.core.canonical import Json

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
    path: tuple[bytes, ...] = field(default=(), repr=False, compare=False)
    """The certificates (DER) it was found to stand on, signer first, root last."""


_BY_LESS = frozenset({"exhibit_one_source", "exhibit_lapsed"})
"""Rules of exhibits that no confirmed time-stamp dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The sentence and what stands beneath it."""

    verdict: FindingOutcome
    findings: tuple[Finding, ...] = ()
    timestamps: tuple[TimestampSeen, ...] = ()
    recorded: bool = False
    """Whether a record that says what was sealed was looked at, sound or not."""

    @property
    def state(self) -> str:
        """Which of the sentences is true: the verdict, but for ``unchecked`` what it waits for,
        ``pending`` or ``practice`` where that is why.
        """
        if self.verdict != "unchecked":
            return self.verdict
        statuses = {seen.status for seen in self.timestamps}
        if "simulated" in statuses or any(seen.network == "practice" for seen in self.timestamps):
            return "practice"
        return "pending" if statuses & {"pending", "queued"} else "unchecked"

    @property
    def loose(self) -> bool:
        """Whether there were proofs and files only, and no record that says what was sealed."""
        return bool(self.findings) and not self.recorded

    @property
    def unopened(self) -> bool:
        """Whether all there was could not be opened: often it is a download that broke off."""
        return {finding.rule for finding in self.findings} == {"pack_unreadable"}

    @property
    def ending(self) -> str:
        """How the key of its sentence ends: by what there was to be looked at."""
        return ".unopened" if self.unopened else ".loose" if self.loose else ""

    @property
    def undated(self) -> bool:
        """Whether an exhibit has no time-stamp, and not one that could not be checked."""
        lacking = any(finding.rule == "exhibit_undated" for finding in self.findings)
        return lacking and all(seen.status == "confirmed" for seen in self.timestamps)

    @property
    def sure(self) -> str:
        """The latest time of its confirmed time-stamps, RFC 3339; empty when there is none, and
        where something is dated by less, since of that it would say too much.
        """
        known = [seen for seen in self.timestamps if seen.status == "confirmed" and seen.time]
        if self.verdict == "weak":
            certain = {seen.subject for seen in known}
            once = (seen.subject for seen in self.timestamps if seen.status == "one_source")
            if not certain.issuperset(once) or _BY_LESS & {one.rule for one in self.findings}:
                return ""
        return max((seen.time or "" for seen in known), default="")

    def body(self) -> Mapping[str, Json]:
        """The object that ``verify --json`` prints."""
        return {
            "verdict": self.verdict,
            "findings": [
                {"subject": f.subject, "rule": f.rule, "outcome": f.outcome, "detail": f.detail}
                for f in self.findings
            ],
            "timestamps": [
                {
                    "subject": t.subject,
                    "kind": t.kind,
                    "network": t.network,
                    "status": t.status,
                    "time": t.time,
                    "by": t.by,
                }
                for t in self.timestamps
            ],
        }


_WORST = ("ok", "weak", "unchecked", "broken")


def weight(outcome: FindingOutcome) -> int:
    """How bad an outcome is; ok weighs nothing."""
    return _WORST.index(outcome)


def worst(outcomes: Iterable[FindingOutcome]) -> FindingOutcome:
    """The outcome that counts for several targets: broken, unchecked, weak, ok in this order."""
    return max(outcomes, key=weight, default="ok")


ABOUT_ONE_PROOF = frozenset({"ots_one_source"})
"""Warnings about one witness among several: they weaken a verdict only through what it dates."""


def conclude(findings: Iterable[Finding], dated: Iterable[FindingOutcome]) -> FindingOutcome:
    """The verdict over findings and over how each exhibit is dated (ok, weak or unchecked).

    Broken if anything is broken; unchecked if not every exhibit is dated, or there is none; weak if
    one is dated weakly or a warning stands.  Proofs beyond the ones that date are findings only.
    """
    findings, dated = tuple(findings), tuple(dated)
    if any(finding.outcome == "broken" for finding in findings):
        return "broken"
    if not dated or "unchecked" in dated:
        return "unchecked"
    warned = any(f.outcome == "weak" and f.rule not in ABOUT_ONE_PROOF for f in findings)
    return "weak" if warned or "weak" in dated else "ok"


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Several targets as one: everything that was seen, and the worst verdict."""
    verdicts = tuple(verdicts)
    findings = tuple(finding for verdict in verdicts for finding in verdict.findings)
    return Verdict(
        verdict=worst(verdict.verdict for verdict in verdicts),
        findings=practice_first(findings),
        timestamps=tuple(seen for verdict in verdicts for seen in verdict.timestamps),
        recorded=any(verdict.recorded for verdict in verdicts),
    )


MOST_TOLD = 1000
"""Characters of a subject or a fact; a record may name a file with a million."""


def readable(finding: Finding) -> Finding:
    """The finding with nothing in it that is longer than somebody reads."""
    if len(finding.subject) <= MOST_TOLD and len(finding.detail) <= MOST_TOLD:
        return finding
    return replace(finding, subject=_cut(finding.subject), detail=_cut(finding.detail))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]}…"


def practice_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once; what says PRACTICE stands before everything else."""
    return tuple(
        sorted(dict.fromkeys(findings), key=lambda finding: finding.rule != "world_practice")
    )


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
