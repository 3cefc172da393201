"""What verification found, as a paper: for whoever has to show that they looked, and at what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.core.canonical import one_line
from holdfast.core.document import Field, Furniture, Lang, Order, local_time
from holdfast.core.verdict import Finding, TimestampSeen, Verdict
from holdfast.core.words import Words
from holdfast.usecases.telling import advice, line, sentence, shows

KIND = "verification"
MOST_ROWS = 500
"""Findings of one outcome that are printed one by one."""
_ORDER = ("broken", "weak", "unchecked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One thing that was verified."""

    name: str
    """As the person named it."""
    sha256: str = ""
    """Of the file, or of a pack folder's tagmanifest-sha256.txt; empty for a case."""
    size: int | None = None
    """Of a file, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """What was looked at, and when: noted before it was verified."""

    at: str
    """RFC 3339 in UTC, by this computer's clock."""
    things: tuple[Looked, ...]
    out: Path
    """Where the paper is wanted."""


def paper(
    verdict: Verdict,
    looking: Looking,
    *,
    words: Words,
    lang: Lang,
    offset_minutes: int,
    version: str,
    verifier_sha256: str,
) -> Order:
    """The order for it."""
    state, at = verdict.state, looking.at
    sure = local_time(verdict.sure, offset_minutes) if verdict.sure else ""
    broken = sum(finding.outcome == "broken" for finding in verdict.findings)
    first = next((f for f in verdict.findings if f.rule == "world_practice"), None)
    fields: dict[str, Field] = {
        "practice": first is not None or state == "practice",
        "sentence": words(sentence(verdict), time=sure, count=broken),
        "line": words(line(verdict), count=len(verdict.findings)),
        "now": words(now) if (now := advice(verdict)) else "",
        "shows": _begun(words(shows(verdict))),
        "doc": {
            "issued": local_time(at, offset_minutes),
            "utc": at[:19].replace("T", " ") + " UTC",
            "version": version,
            "verifier": verifier_sha256,
        },
        "looked": [
            {
                "name": one_line(one.name),
                "sha256": one.sha256,
                "hashed": bool(one.sha256),
                "size": "" if one.size is None else f"{one.size:,}",
                "sized": one.size is not None,
            }
            for one in looking.things
        ],
        "stamps": [_stamp(seen, words, offset_minutes) for seen in verdict.timestamps[:MOST_ROWS]],
        "stamps_more": max(0, len(verdict.timestamps) - MOST_ROWS),
        "groups": [
            group for outcome in _ORDER if (group := _group(verdict.findings, outcome, words))
        ],
        "fine": (fine := _fine(verdict.findings, words)),
        "any_fine": bool(fine),
    }
    furniture = Furniture(
        title=words("doc.title.verification"),
        case_number="",
        number=version,
        issued=at,
        offset_minutes=offset_minutes,
        checkpoint_size=0,
        checkpoint_root="",
        practice=bool(fields["practice"]),
    )
    return Order(template=KIND, lang=lang, fields=fields, furniture=furniture)


def _begun(text: str) -> str:
    """A sentence of the window as it stands in a cell of a table."""
    return f"{text[:1].upper()}{text[1:]}".removesuffix("。")


def _stamp(seen: TimestampSeen, words: Words, offset_minutes: int) -> Field:
    return {
        "subject": one_line(seen.subject) or "—",
        "witness": words(f"ui.witness.{seen.kind}"),
        "by": one_line(words.fact(seen.by)),
        "status": words(f"status.{seen.status}"),
        "time": _time(seen.time, offset_minutes),
    }


def _time(text: str | None, offset_minutes: int) -> str:
    try:
        return local_time(text, offset_minutes) if text else "—"
    except ValueError:
        return one_line(text or "")


def said(finding: Finding, words: Words) -> str:
    """A finding as one sentence, with its fact."""
    if finding.rule not in words.words:
        return one_line(f"{finding.rule} {finding.detail}")
    detail = one_line(words.fact(finding.detail))
    said = one_line(words(finding.rule, detail=detail))
    return said if detail in said else f"{said} {detail}"


def _group(findings: Sequence[Finding], outcome: str, words: Words) -> Field:
    """What was found with one outcome, one by one; None where nothing was.

    Nobody reads forty times that the same thing could not be looked at: that is told once.
    """
    all_of_it = [f for f in findings if f.outcome == outcome and f.rule != "world_practice"]
    if not all_of_it:
        return None
    rows = (
        _alike(all_of_it, lambda one: (one.rule, one.detail), words)
        if outcome == "unchecked"
        else [_row(one, 1, words) for one in all_of_it]
    )
    return {
        "outcome": words(f"doc.verification.{outcome}", count=len(all_of_it)),
        "rows": rows[:MOST_ROWS],
        "more": max(0, len(rows) - MOST_ROWS),
    }


def _fine(findings: Sequence[Finding], words: Words) -> list[Field]:
    """What matches, by what was asked: of many alike the first, and how many there are."""
    fine = [finding for finding in findings if finding.outcome == "ok"]
    return _alike(fine, lambda one: (one.rule,), words)


def _alike(
    findings: Sequence[Finding], like: Callable[[Finding], tuple[str, ...]], words: Words
) -> list[Field]:
    counts = Counter(map(like, findings))
    first = {like(one): one for one in reversed(findings)}
    return [_row(first[key], count, words) for key, count in counts.items()]


def _row(one: Finding, count: int, words: Words) -> Field:
    subject = one_line(one.subject) or "—"
    if count > 1:
        subject = words("doc.verification.and", subject=subject, count=count - 1)
    return {"subject": subject, "said": said(one, words)}
