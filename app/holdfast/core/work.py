"""What a notice for a copied work may state: the work, its owner, and what the law has sworn to."""

from __future__ import annotations

from holdfast.core.document import Field
from holdfast.core.pen import Pen, Sources


def work(sources: Sources, pen: Pen) -> dict[str, Field]:
    """Fields of a notification under 17 U.S.C. § 512(c)(3)."""
    party = sources.claimant
    for question in ("used", "owner", "copied", "signature"):
        if not pen.given(question):
            pen.open.append(question)
    for statement in ("good_faith", "accurate", "authority"):
        if not pen.ticked("statements", statement):
            pen.open.append("statements")
    name = party.legal_name if party and party.legal_name else pen.bracket("name")
    return {
        "work": pen.needed("work"),
        "published": pen.clause("published"),
        "first_published": bool(pen.given("published")),
        "fair_use": pen.needed("fair_use"),
        "claimant": {
            "name": name,
            "address": (party.address if party else "") or pen.bracket("address"),
            "phone": (party.phone if party else "") or pen.bracket("phone"),
            "email": (party.email if party else "") or pen.bracket("email"),
        },
        "as_owner": pen.given("owner") != "agent",
        "as_agent": pen.given("owner") == "agent",
        "typed": pen.given("signature") == "typed",
        "by_hand": pen.given("signature") != "typed",
    }
