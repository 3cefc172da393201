"""Revocation in a pack: what authorities published, whose word it is, and which tokens it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from holdfast.core.bag import Seen
from holdfast.core.canonical import moment, one_line
from holdfast.core.certificates import Certificate, read_certificate, read_certificates
from holdfast.core.pack import payload
from holdfast.core.revocation import Holds, Material, Told, read_material, vouched, weigh
from holdfast.core.rfc3161 import MalformedToken, read_response
from holdfast.core.verdict import Finding, TimestampSeen

MOST_MATERIALS = 64
"""Lists and answers of one authority; an export keeps the newest for each certificate."""

DATED = frozenset({"confirmed", "one_source", "simulated"})


@dataclass(slots=True)
class Withdrawals:
    """What was published, by authority, and what it came to over all of their tokens."""

    materials: dict[str, list[Material]] = field(default_factory=dict)
    holds: Holds | None = None
    known: dict[tuple[str, tuple[bytes, ...], str], tuple[Told, ...]] = field(default_factory=dict)
    said: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Details by (authority, rule), for what is said once an authority."""
    certificates: dict[str, tuple[Certificate, ...]] = field(default_factory=dict)
    remembering: dict[Holds, Holds] = field(default_factory=dict)

    def add(
        self,
        authority: str,
        raw: bytes,
        beside: tuple[Sequence[bytes], Sequence[bytes]],
        holds: Holds | None,
    ) -> Told:
        """Keeps a list or an answer that verifies itself; else the rule that says why not.

        ``beside`` are the authority's certificate files (PEM) and its tokens.
        """
        if len(self.materials.get(authority, ())) >= MOST_MATERIALS:
            # Each is held against every token of the authority.
            return "pack_too_many", "broken", str(MOST_MATERIALS)
        try:
            material = read_material(raw)
        except ValueError as error:
            return "revocation_malformed", "broken", one_line(str(error))[:100]
        if holds is None:
            return "revocation_uncheckable", "unchecked", material.signed.algorithm
        remembering = self.remembering.setdefault(holds, _remembering(holds))
        signed = vouched(material, self._beside(authority, beside), remembering)
        if signed is None:
            return "revocation_uncheckable", "unchecked", material.signed.algorithm
        if not signed:
            return "file_not_on_record", "broken", ""
        self.holds = remembering
        self.materials.setdefault(authority, []).append(material)
        return "", "ok", ""

    def _beside(
        self, authority: str, beside: tuple[Sequence[bytes], Sequence[bytes]]
    ) -> tuple[Certificate, ...]:
        """The authority's certificates, read once: it may have a thousand tokens."""
        if authority not in self.certificates:
            self.certificates[authority] = _certificates(*beside)
        return self.certificates[authority]

    def judge(
        self, authority: str, name: str, stamp: TimestampSeen, findings: tuple[Finding, ...]
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        """A token that stands otherwise, held against what was published about its certificates."""
        if stamp.status not in DATED or not stamp.path:
            return stamp, findings
        broken: list[Finding] = []
        for rule, outcome, detail in self._told(authority, stamp):
            if outcome == "broken":
                broken.append(Finding(subject=name, rule=rule, outcome=outcome, detail=detail))
            else:
                self.said.setdefault((authority, rule), []).append(detail)
        if not broken:
            return stamp, findings
        fallen = replace(stamp, status="broken", time=None, by="", network="")
        kept = (one for one in findings if one.outcome != "ok")
        return fallen, (*broken, *kept)

    def _told(self, authority: str, stamp: TimestampSeen) -> tuple[Told, ...]:
        # Whether one token was made before or after a withdrawal differs; nothing else does.
        key = (authority, stamp.path, stamp.time or "")
        if key not in self.known:
            path = [read_certificate(raw) for raw in stamp.path]
            self.known[key] = weigh(
                path,
                self.materials.get(authority, ()),
                moment(stamp.time or ""),
                self.holds or _nothing,
            )
        return self.known[key]

    def conclude(self, seen: Seen) -> None:
        """Once an authority: whose certificates were found good, withdrawn later, or not at all."""
        for (authority, rule), details in self.said.items():
            subject = payload(f"timestamps/{authority}")
            for detail in dict.fromkeys(details):
                seen.say(
                    subject, rule, "unchecked" if rule == "revocation_absent" else "ok", detail
                )


def _remembering(holds: Holds) -> Holds:
    """The same, with every signature computed once, however many tokens it is about."""
    known: dict[tuple[bytes, str, bytes, bytes, bytes], bool | None] = {}

    def remembered(
        key: bytes, algorithm: str, parameters: bytes, signed: bytes, signature: bytes
    ) -> bool | None:
        about = (key, algorithm, parameters, signed, signature)
        if about not in known:
            known[about] = holds(*about)
        return known[about]

    return remembered


def _nothing(*_: object) -> None:
    """Nothing can be computed."""


def _certificates(pems: Sequence[bytes], tokens: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Every certificate that stands beside: files and tokens that cannot be read were said."""
    raws: list[bytes] = []
    for pem in pems:
        try:
            raws += read_certificates(pem) if pem else ()
        except ValueError:
            continue
    for token in tokens:
        try:
            raws += read_response(token).certificates
        except MalformedToken:
            continue
    found = []
    for raw in dict.fromkeys(raws):
        try:
            found.append(read_certificate(raw))
        except ValueError:
            continue
    return tuple(found)
