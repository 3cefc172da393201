"""What a notice of content considered illegal may state: reasons, places, belief."""

from __future__ import annotations

from holdfast.core.document import Field
from holdfast.core.likeness import borne, face_and_voice
from holdfast.core.pen import Pen, Sources


def unlawful(sources: Sources, pen: Pen) -> dict[str, Field]:
    """Fields of a notice under Article 16(2) of the Digital Services Act.

    National law is never guessed: it stands in brackets until the person wrote it.
    """
    party = sources.claimant
    pen.open.extend(q for q in ("union", "used", "agreed") if not pen.given(q))
    if not pen.ticked("statements", "bona_fide"):
        pen.open.append("statements")
    face, sound = face_and_voice(pen)
    form = borne(pen)
    said = pen.given("agreed")
    reasons = [name for name in ("gdpr", "aiact") if pen.ticked("reasons", name)]
    licence = pen.needed("licence") if said == "yes" else ""
    return {
        "as_unlawful": True,
        "borne": pen(f"borne.{form}"),
        "data": pen(f"information.{form}"),
        **{f"agreed_{one}": said == one for one in ("no", "yes", "unsure")},
        "licence": licence,
        "features": pen.clause("features") if face else "",
        "voice_features": pen.clause("voice_features") if sound else "",
        "recognition": pen.clause("recognition"),
        **{name: name in reasons for name in ("gdpr", "aiact")},
        "no": {
            "gdpr": "2",
            "aiact": str(1 + len(reasons)),
            "national": str(2 + len(reasons)),
        },
        "country": pen.needed("country"),
        "national_law": pen.needed("national_law"),
        "bona_fide": pen.ticked("statements", "bona_fide"),
        "claimant": {
            "name": party.legal_name if party and party.legal_name else pen.bracket("name"),
            "email": (party.email if party else "") or pen.bracket("email"),
        },
    }
