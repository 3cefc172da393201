"""Heads that somebody kept – in counsel's mail, on paper, in an older pack – held against records.

Travels in ``verify.pyz`` with ``verify``: only ``holdfast.core`` and the standard library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.core import ed25519
from holdfast.core.bag import ReadablePack, Seen, Unreadable
from holdfast.core.errors import Refused
from holdfast.core.growth import (
    Kept,
    Lines,
    judge_growth,
    judge_kept,
    looks_kept,
    read_kept,
    read_printed,
)
from holdfast.core.ledger import MAX_NOTE, leaf_hash, read_entry, read_keys, tree_roots
from holdfast.core.pack import ENTRIES, HEAD, KEYS, payload
from holdfast.core.record import MAX_LEDGER, withheld_leaf
from holdfast.core.succession import NAMING, signing
from holdfast.core.verdict import Finding, FindingOutcome, Verdict, conclude
from holdfast.usecases.targets import plain_file

_HELD = frozenset(
    {"kept_holds", "kept_fork", "kept_rollback", "kept_newer", "kept_other_key", "kept_malformed"}
)

_NAMING = tuple(act.encode() for act in sorted(NAMING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """Targets: heads that somebody kept, and the rest."""

    kept: tuple[Kept, ...]
    rest: tuple[str, ...]
    malformed: tuple[Finding, ...]


def sort_kept(targets: Sequence[str | Path], printed: Sequence[str]) -> Sorting:
    """Which targets are kept heads.  A head with its own time-stamps beside it is looked at twice.

    Raises Refused for a printed head that is none.
    """
    kept, rest, malformed = [], [], []
    for text in printed:
        try:
            kept.append(read_printed(text))
        except ValueError as error:
            raise Refused("head_unreadable", head=text[:80]) from error
    for target in targets:
        path = Path(target)
        raw = _note(path)
        if raw is None:
            rest.append(str(target))
            continue
        try:
            kept.append(read_kept(path.name, raw))
        except ValueError as error:
            told = Finding(
                subject=path.name, rule="kept_malformed", outcome="broken", detail=str(error)
            )
            malformed.append(told)
        if _stamped(path):
            rest.append(str(target))
    return Sorting(kept=tuple(kept), rest=tuple(rest), malformed=tuple(malformed))


def _note(path: Path) -> bytes | None:
    """The file's bytes, if it begins as a kept head does."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_NOTE:
            return None
        raw = path.read_bytes()
    except (OSError, ValueError):
        return None
    return raw if looks_kept(raw) else None


def _stamped(path: Path) -> bool:
    return any(
        plain_file(path.with_name(f"{path.name}{ending}")) for ending in (".ots", ".tsr", ".tsa")
    )


def about_kept(sorting: Sorting, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Consistency among the kept heads themselves, and those that nothing here is of."""
    seen = Seen(findings=list(sorting.malformed))
    between = judge_growth(sorting.kept, seen)
    held = {f.subject for verdict in verdicts for f in verdict.findings if f.rule in _HELD}
    for one in sorting.kept:
        if one.name not in held:
            rule = "kept_between" if one.name in between else "kept_alone"
            seen.say(one.name, rule, "unchecked", one.origin)
    if not seen.findings:
        return ()
    alone = any(finding.rule in ("kept_alone", "kept_between") for finding in seen.findings)
    dated: FindingOutcome = "unchecked" if alone else "ok"
    return (Verdict(verdict=conclude(seen.findings, (dated,)), findings=tuple(seen.findings)),)


# --- this computer's own case --------------------------------------------------------------------


def head_of(name: str, pack: ReadablePack) -> tuple[Kept, ...]:
    """The head of a pack, as something that was kept; none where it cannot be read."""
    try:
        return (read_kept(name, pack.read(payload(HEAD), MAX_NOTE)),)
    except (ValueError, KeyError):
        return ()


def judge_against(view: ReadablePack, kept: Kept) -> Verdict:
    """Whether this computer's case extends a head that came from outside."""
    seen = Seen()
    lines = _lines(view, kept.origin)
    if lines is not None:
        judge_kept((kept,), lines, seen, ed25519.verify)
    told = tuple(
        Finding(
            subject=f.subject,
            rule=f"{f.rule}_here" if f.rule in ("kept_holds", "kept_rollback") else f.rule,
            outcome=f.outcome,
            detail=f.detail,
        )
        for f in seen.findings
    )
    return Verdict(verdict=conclude(told, ("ok",)), findings=told, recorded=bool(told))


def _lines(view: ReadablePack, origin: str) -> Lines | None:
    """The lines of a case in its own vault; None where they cannot be had."""
    try:
        raw = view.read(payload(ENTRIES), MAX_LEDGER)
        keys = view.read(payload(KEYS), MAX_NOTE) if payload(KEYS) in view.names() else b""
        bodies = raw.split(b"\n")[:-1]
        # Only those that name keys need to be understood, and the first, as a sample.
        entries = [
            read_entry(body) if not at or any(act in body for act in _NAMING) else None
            for at, body in enumerate(bodies)
        ]
        leaves = [withheld_leaf(body) or leaf_hash(body) for body in bodies]
        signers = signing(entries, read_keys(keys))
        return Lines(origin=origin, leaves=leaves, signers=signers, live=True)
    except (Unreadable, ValueError):
        return None


def judge_remains(view: ReadablePack, notes: Iterable[bytes]) -> Verdict:
    """Heads that lie in the vault and that the database's own ledger does not extend.

    Weak and not broken: a machine that stopped between two writes leaves one as well.
    """
    seen, kept = Seen(), []
    for raw in notes:
        with suppress(ValueError):
            kept.append(read_kept("", raw))
    # Whatever was written meanwhile is in the lines that are read now.
    lines = _lines(view, "")
    roots = tree_roots(lines.leaves, (one.size for one in kept)) if lines is not None else {}
    for one in kept if lines is not None else ():
        if roots.get(one.size) == one.root:
            continue
        assert lines is not None
        told = Seen()
        judge_kept((one,), replace(lines, origin=one.origin), told, ed25519.verify)
        for finding in told.findings:
            if finding.rule in ("kept_rollback", "kept_fork"):
                seen.say("", "kept_in_vault", "weak", finding.detail)
    return Verdict(verdict=conclude(seen.findings, ("ok",)), findings=tuple(seen.findings))
