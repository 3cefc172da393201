"""Export: everything of a case as a pack that anyone can check, offline, without us."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from holdfast.core import minisign
from holdfast.core.canonical import Json, canonical, parse
from holdfast.core.case import Case
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job
from holdfast.core.ledger import LedgerEntry, Ref
from holdfast.core.pack import CASE_FILE
from holdfast.core.timestamp import Tsa
from holdfast.ports import PackFormat, Store, Vault
from holdfast.usecases.case_json import case_file_bytes
from holdfast.usecases.packing import HeaderRun, Packing, standing_of
from holdfast.usecases.selection import Selection, select, shown_lines, trimmed
from holdfast.usecases.selection import facts as selected_facts

TRIES: Final = 5
"""How often an export begins anew because time-stamps arrive while it looks for what to take."""


def export(
    reference: str,
    out: Path,
    *,
    store: Store,
    vault: Vault,
    format: PackFormat,
    tsas: Sequence[Tsa],
    headers: HeaderRun | None,
    job: Job,
    only: Sequence[str] = (),
    without_parties: bool = False,
) -> Path:
    """The case stands at ``out`` as a pack, and the ledger says that it was exported.

    Exporting again while nothing has changed adds no line and gives the same bytes.  ``tsas`` are
    the authorities of the case's world; ``only`` are the exhibits that go along, all if empty.
    Raises Refused, and Tampered when the vault no longer holds what was sealed.
    """
    case = store.case(reference)
    job.step("exporting")
    selection = select(only, store.entries(case.id), without_parties=without_parties)
    plan = Packing(case, store, vault, tuple(tsas), selection=selection)
    for _ in range(TRIES):
        plan.gather()
        if _on_record(plan):
            break
        job.step("exporting")
    else:
        raise Unavailable("database_busy")
    plan.lay()
    plan.add_case_file()
    if headers is not None:
        plan.add_headers(headers, job)
    return format.write(plan.bag(format), out, case.number, job)


def _on_record(plan: Packing) -> bool:
    """The newest pack.exported line names the case file and the certificates as they are now.

    A head covers it, and the plan is of that moment.  When nothing has changed since such a line,
    none is added.  False where time-stamps arrived since the plan was made.
    """
    case, store = plan.case, plan.store
    with store.custody(case.id) as custody:
        now = standing_of(case, store)
        if now.stamps != plan.standing.stamps:
            return False
        body, facts = _stated(case, plan.selection, now.entries, store=store, vault=plan.vault)
        facts["certificates"] = list(plan.certificates())
        digest = plan.vault.keep_bytes(body)
        ref = Ref(path=CASE_FILE, size=len(body), sha256=digest.sha256, sm3=digest.sm3)
        heads, last = now.checkpoints, now.entries[-1]
        same = last.act == "pack.exported" and (last.refs, dict(last.facts)) == ((ref,), facts)
        if not (same and heads and heads[-1].size == len(now.entries)):
            custody.append("pack.exported", case.number, [ref], facts)
            custody.head()
        plan.standing = standing_of(case, store)
    return True


def _stated(
    case: Case,
    selection: Selection,
    entries: Sequence[LedgerEntry],
    *,
    store: Store,
    vault: Vault,
) -> tuple[bytes, dict[str, Json]]:
    """The case file, and what the export line says beside it."""
    body = case_file_bytes(case, store=store)
    facts: dict[str, Json] = {"format": "bagit"}
    if not selection.whole:
        shown = shown_lines(selection, entries, vault)
        told = parse(body)
        assert isinstance(told, dict)
        body = canonical(trimmed(told, selection, entries, shown))
        facts |= selected_facts(selection, entries, shown)
    key = store.key(case.id)
    if key is not None:
        facts["manifest_key"] = minisign.key_line(key.public_key)
    return body, facts
