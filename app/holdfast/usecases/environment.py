"""The cleanliness protocol in a case's record: checks beside captures, and what a person says.

A line names the digest of the run and counts its outcomes; the run itself, and every remark, lies
in the vault and in the working tables, for nothing personal stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from holdfast.core.canonical import Json, moment, one_line, rfc3339
from holdfast.core.case import Case
from holdfast.core.environment import (
    ITEMS,
    Environment,
    EnvironmentCheck,
    EnvironmentRun,
    When,
    runs_of,
)
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit, read_manifest
from holdfast.core.ledger import Checkpoint
from holdfast.core.timestamp import Stamp
from holdfast.ports import Clock, Custody, Store, Vault
from holdfast.usecases.preserve import Maker, keep_head, queue_checkpoint

SITTING_S = 600
"""A run that was written down is the one before every capture of the next minutes."""


def only_items(remarks: Iterable[str]) -> None:
    """Nothing, when all of these are items.  Raises Refused(``environment_item``)."""
    strange = sorted(set(remarks) - set(ITEMS))
    if strange:
        raise Refused("environment_item", item=one_line(strange[0])[:40])


def stated(case_id: str, *, store: Store, clock: Clock) -> EnvironmentRun | None:
    """The run that was last written down before captures, if that was minutes ago."""
    written = [one for one in checks_of(case_id, store=store) if one.when == "before"]
    own = [one for one in written if not one.exhibit]
    if not own:
        return None
    age = (clock.now() - moment(own[-1].run.finished)).total_seconds()
    return own[-1].run if 0 <= age <= SITTING_S else None


def record(
    case: Case,
    run: EnvironmentRun,
    when: When,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    exhibit: str = "",
) -> EnvironmentCheck:
    """The run stands in the case's record, with its remarks."""
    check = EnvironmentCheck(
        id=clock.new_id(),
        case_id=case.id,
        world=case.world,
        when=when,
        at=rfc3339(clock.now()),
        run=run,
        exhibit=exhibit,
    )
    return _write(case, check, store=store, vault=vault, clock=clock, maker=maker)


def explain(
    case: Case,
    reference: str,
    remarks: Mapping[str, str],
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
) -> EnvironmentCheck:
    """What the person says about a check is on record; ``reference`` is its id or an exhibit.

    What an exhibit's manifest holds is never changed: the remarks stand beside it, with the time
    at which they were written.  Raises Refused(``environment_unknown``, ``environment_item``).
    """
    only_items(remarks)
    known = checks_of(case.id, store=store)
    found = next((one for one in known if reference in (one.id, one.exhibit or one.id)), None)
    if found is None:
        run = _manifest_run(case, reference, store=store, vault=vault)
        return record(
            case,
            run.explained(remarks),
            "before",
            store=store,
            vault=vault,
            clock=clock,
            maker=maker,
            exhibit=reference,
        )
    run = found.run.explained(remarks)
    if run == found.run:
        return found
    fresh = replace(found, run=run, at=rfc3339(clock.now()), earlier=(*found.earlier, found.sha256))
    return _write(case, fresh, store=store, vault=vault, clock=clock, maker=maker)


def _manifest_run(case: Case, number: str, *, store: Store, vault: Vault) -> EnvironmentRun:
    exhibit = next((one for one in store.all(Exhibit, case.id) if one.number == number), None)
    around = surroundings(exhibit, vault=vault) if exhibit is not None else None
    if around is None:
        raise Refused("environment_unknown", id=one_line(number)[:40])
    return around.before


def surroundings(exhibit: Exhibit, *, vault: Vault) -> Environment | None:
    """The runs in the exhibit's manifest; None where it has none.  Raises Tampered."""
    return runs_of(read_manifest(vault.read(exhibit.digest.sha256)))


def checks_of(case_id: str, *, store: Store) -> tuple[EnvironmentCheck, ...]:
    """Every check of the case beside its captures, oldest first."""
    return store.all(EnvironmentCheck, case_id)


def _write(
    case: Case,
    check: EnvironmentCheck,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
) -> EnvironmentCheck:
    body = check.body()
    sha256 = vault.keep_bytes(body).sha256
    facts: dict[str, Json] = {
        "when": check.when,
        "sha256": sha256,
        "size": len(body),
        "started": check.run.started,
        "finished": check.run.finished,
        "outcomes": {str(outcome): count for outcome, count in check.run.counts.items()},
        "remarks": check.run.remarks,
        "exhibit": check.exhibit,
        "earlier": list(check.earlier[-1:]),
    }
    with store.custody(case.id) as custody:
        entry = custody.append("environment.checked", check.id, facts=facts)
        made = replace(check, sha256=sha256, at=entry.at)
        custody.save(made)
        queued = _cover(case, custody, store=store, clock=clock, maker=maker)
    if queued is not None:
        keep_head(queued, vault)
    return made


def _cover(
    case: Case, custody: Custody, *, store: Store, clock: Clock, maker: Maker
) -> Checkpoint | None:
    """A head covers the line; it takes the place of one that waits for its time-stamp, if any did.

    A check is no reason to ask for one more: without a waiting head the next one will do.
    """
    head = custody.head()
    waits = any(
        stamp.subject.kind == "checkpoint" and stamp.status == "queued" and not stamp.requested
        for stamp in store.all(Stamp, case.id)
    )
    if not waits:
        return None
    queue_checkpoint(case, head, custody, store=store, clock=clock, maker=maker)
    return head
