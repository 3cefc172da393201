"""The people of a case: who they are and how they can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from holdfast.core.canonical import one_line
from holdfast.core.case import Case, Party, PartyRole
from holdfast.core.errors import Refused
from holdfast.core.questions import is_address
from holdfast.ports import Clock, Store

LIMITS: Mapping[str, int] = {
    "name": 80,
    "legal_name": 80,
    "id_type": 40,
    "id_number": 40,
    "phone": 40,
    "email": 120,
    "address": 200,
}
"""What is written down about somebody, and how many characters of it."""

ID_TYPES = ("", "resident_card", "passport", "other_id")
CLAIMANT = "claimant"


def people(case: Case, *, store: Store) -> tuple[Party, ...]:
    """Everybody in the case, the claimant first."""
    return tuple(sorted(store.all(Party, case.id), key=lambda p: (p.role != CLAIMANT, p.id)))


def describe(
    reference: str, who: str, given: Mapping[str, str], *, store: Store, clock: Clock
) -> Party:
    """Somebody is in the case as stated; what ``given`` does not name stays as it was.

    ``who`` is the id of somebody in the case or how it begins, or a role: of ``claimant`` there is
    one and it is that one, of every other role it makes a new person.  The ledger says that a party
    changed, never who.  Raises Refused.
    """
    case = store.case(reference)
    known = people(case, store=store)
    before = _found(known, who)
    if before is None:
        role = _role(who)
        before = Party(id=clock.new_id(), case_id=case.id, role=role)
    told: dict[str, Any] = {name: _read(name, text) for name, text in given.items()}
    after = replace(before, **told)
    if after.role != CLAIMANT and not (after.name or after.legal_name):
        raise Refused("person_nameless")
    if after in known:
        return after
    save_party(after, store=store)
    return after


def remove(reference: str, who: str, *, store: Store) -> Party:
    """Somebody other than the claimant is no longer in the case; the record says that it changed.

    What was issued or approved stays as it is.  Raises Refused.
    """
    case = store.case(reference)
    found = _found(people(case, store=store), who)
    if found is None or who in get_args(PartyRole):
        raise Refused("person_unknown", who=one_line(who)[:80])
    if found.role == CLAIMANT:
        raise Refused("person_stays")
    with store.custody(case.id) as custody:
        custody.append("party.changed", found.id, facts={"role": found.role})
        custody.drop(found)
    return found


def save_party(party: Party, *, store: Store) -> None:
    """The person is in the case as stated; the ledger says that a party changed, never who."""
    with store.custody(party.case_id) as custody:
        custody.append("party.changed", party.id, facts={"role": party.role})
        custody.save(party)


def _found(known: tuple[Party, ...], who: str) -> Party | None:
    """Whoever is meant; None where a role asks for somebody new."""
    if who in get_args(PartyRole):
        return next((p for p in known if p.role == who == CLAIMANT), None)
    meant = [p for p in known if who and p.id.startswith(who)]
    if len(meant) != 1:
        raise Refused("person_unknown", who=one_line(who)[:80])
    return meant[0]


def _role(who: str) -> PartyRole:
    for role in get_args(PartyRole):
        if role == who:
            return role  # type: ignore[no-any-return]  # get_args gives the literals themselves
    raise Refused("person_unknown", who=one_line(who)[:80])


def _read(name: str, raw: str) -> str:
    limit = LIMITS.get(name)
    if limit is None:
        raise Refused("answer_unknown", question=one_line(name)[:40])
    text = one_line(raw).strip()
    if len(text) > limit:
        raise Refused("answer_too_long", question=name, limit=limit)
    if name == "email" and text and not is_address(text):
        raise Refused("answer_not_an_address", question=name)
    if name == "id_type" and text not in ID_TYPES:
        raise Refused("answer_not_offered", question=name, option=text[:40])
    return text
