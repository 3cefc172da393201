"""A case: one matter for one person, the people in it, and what was agreed about a likeness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdfast.core.evidence import World

PartyRole = Literal["claimant", "infringer", "platform", "counsel"]
Right = Literal["portrait", "voice", "personal_information", "reputation", "copyright", "intimacy"]
YesNo = Literal["yes", "no", "unsure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One matter for one person.  It owns one ledger."""

    id: str
    number: str
    """HF-YYYY-NNNN, per data folder."""
    title: str
    world: World
    ledger_id: str
    opened: str
    closed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody in a case.  Personal data lives here and nowhere else.  Empty means not stated."""

    id: str
    case_id: str
    role: PartyRole
    name: str = ""
    legal_name: str = ""
    id_type: str = ""
    id_number: str = ""
    """Printed masked (6 + 4) unless the person decides otherwise."""
    email: str = ""
    phone: str = ""
    address: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What was ever agreed to about a likeness.  Absence is stated, not assumed."""

    id: str
    case_id: str
    agreed: YesNo
    described: str = ""
    exhibit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Infringement:
    """Where and what.  Points at exhibits by number, never copies them."""

    id: str
    case_id: str
    url: str
    platform_id: str = ""
    rights: tuple[Right, ...] = ()
    work: str = ""
    account: str = ""
    exhibits: tuple[str, ...] = ()
    described: str = ""
