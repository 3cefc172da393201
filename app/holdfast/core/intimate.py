"""What a request for removal of an intimate picture may state.  The picture itself is never in it.

It names what the person names and nothing else of the case, and no evidence goes along.
"""

from __future__ import annotations

from holdfast.core.document import Field
from holdfast.core.evidence import Exhibit
from holdfast.core.links import links_in
from holdfast.core.pen import Pen, Sources

STATEMENTS = ("not_made", "not_published", "not_self")
"""What the person may add to the good-faith statement that the law asks for."""


def intimate(sources: Sources, pen: Pen) -> dict[str, Field]:
    """Fields of a request under section 3 of the TAKE IT DOWN Act."""
    party = sources.claimant
    pen.open.extend(q for q in ("intimate", "adult", "requester", "signature") if not pen.given(q))
    if not pen.ticked("statements", "nonconsensual"):
        pen.open.append("statements")
    if not sources.exhibits and not links_in(pen.given("link")):
        pen.open.append("link")
    contact = [part for part in (party.email, party.phone) if part] if party else []
    copies = links_in(pen.given("copies"))
    acting = pen.given("requester") == "agent"
    return {
        "depiction": pen.needed("depiction"),
        "locator": pen.clause("locator"),
        "fingerprints": _fingerprints(sources.exhibits),
        "copies": [{"where": link} for link in copies],
        "has_copies": bool(copies),
        "nonconsensual": pen.ticked("statements", "nonconsensual"),
        **{
            f"{who}_{name}": pen.ticked("statements", name) and (who == "agent") == acting
            for name in STATEMENTS
            for who in ("self", "agent")
        },
        "by_self": pen.given("requester") == "self",
        "by_agent": acting,
        "claimant": {
            "name": party.legal_name if party and party.legal_name else pen.bracket("name"),
            "contact": "; ".join(contact) or pen.bracket("email"),
        },
        "typed": pen.given("signature") == "typed",
        "by_hand": pen.given("signature") != "typed",
        "as_intimate": True,
    }


def _fingerprints(exhibits: tuple[Exhibit, ...]) -> list[Field]:
    """SHA-256 of each picture or film that was kept as a file of its own."""
    return [
        {"exhibit": exhibit.number, "sha256": artifact.digest.sha256}
        for exhibit in exhibits
        if exhibit.source in ("file", "video")
        for artifact in exhibit.artifacts
        if artifact.role == "original" and artifact.media_type.startswith(("image/", "video/"))
    ]
