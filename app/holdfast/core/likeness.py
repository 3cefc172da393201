"""What a notice for a likeness may state: whose face or voice, how it is known, what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from holdfast.core.case import Party
from holdfast.core.document import Field
from holdfast.core.notice import mask
from holdfast.core.pen import Pen, Sources, numbered


def face_and_voice(pen: Pen) -> tuple[bool, bool]:
    """Whether a face and whether a voice was used; neither answered yet reads as a face."""
    voice = pen.ticked("used", "voice")
    return pen.ticked("used", "face") or not voice, voice


def borne(pen: Pen) -> Literal["portrait", "voice", "both"]:
    """The same as one word of the letters' own."""
    match face_and_voice(pen):
        case (True, True):
            return "both"
        case (_, True):
            return "voice"
        case _:
            return "portrait"


def likeness(sources: Sources, pen: Pen) -> dict[str, Field]:
    """Fields of a notice for face and voice."""
    portrait, voice = face_and_voice(pen)
    form = borne(pen)
    licence = pen.needed("licence") if pen.given("agreed") == "yes" else ""
    if not pen.given("used"):
        pen.open.append("used")
    if not pen.given("agreed"):
        pen.open.append("agreed")
    measures = [
        pen(f"measure.{option}")
        for option in ("take_down", "stop_promotion", "forward", "check_others", "tell")
        if pen.ticked("measures", option)
    ]
    handle = pen.given("handle")
    conditions: dict[str, Field] = {
        "portrait": portrait,
        "voice": voice,
        "published": bool(handle),
        "own_named": bool(handle and pen.given("own")),
        "features": pen.clause("features") if portrait else "",
        "voice_features": pen.clause("voice_features") if voice else "",
        "recognition": pen.clause("recognition"),
        "preserve": pen.ticked("measures", "preserve"),
    }
    return {
        **conditions,
        **{f"agreed_{said}": pen.given("agreed") == said for said in ("no", "yes", "unsure")},
        "licence": licence,
        "rights": pen(f"rights.{form}"),
        "used": pen(f"used.{form}"),
        "shown": pen(f"shown.{form}"),
        "information": pen(f"information.{form}"),
        "sender": _sender(sources.claimant, pen),
        "claimant": {"handle": handle, "own": pen.clause("own")},
        "measures": numbered(measures),
        "no": _numbers(conditions, pen),
    }


_NUMBERED = (
    (
        ("picture", "features"),
        ("sound", "voice_features"),
        ("recognition", "recognition"),
        ("portrait", "portrait"),
        ("voice", "voice"),
        ("face_information", "portrait"),
        ("voice_information", "voice"),
        ("disclaimer", ""),
    ),
    (
        ("law_portrait", "portrait"),
        ("law_voice", "voice"),
        ("law_information", ""),
        ("law_pipl", ""),
        ("law_platform", ""),
    ),
)
"""Items that stand behind a condition, in order, so that what stands is numbered without gaps."""


def _numbers(conditions: Mapping[str, Field], pen: Pen) -> dict[str, Field]:
    numbers: dict[str, Field] = {}
    for items in _NUMBERED:
        standing = [name for name, condition in items if not condition or conditions[condition]]
        numbers |= dict.fromkeys((name for name, _ in items), "")
        numbers |= {name: str(place) for place, name in enumerate(standing, 1)}
    section = 7
    for name, stands in (("preserve", conditions["preserve"]), ("after", True), ("truth", True)):
        numbers[f"section_{name}"] = "七八九"[section - 7] if pen.lang == "zh" else str(section)
        section += bool(stands)
    return numbers


def _sender(party: Party | None, pen: Pen) -> list[Field]:
    """Label and value of who writes: name and number always, the rest only when it is stated."""
    name = party.legal_name if party and party.legal_name else pen.bracket("name")
    number = party.id_number if party else ""
    shown = number if pen.given("id_shown") == "full" else mask(number)
    identity = pen(
        "identity",
        kind=pen(f"id.{party.id_type if party and party.id_type else 'resident_card'}"),
        number=shown or pen.bracket("id_number"),
    )
    contact = [part for part in (party.phone, party.email) if part] if party else []
    rows = [("notifier", name), ("identity_row", identity), ("contact", "　".join(contact))]
    rows.append(("address", party.address if party else ""))
    return [{"label": pen(f"row.{label}"), "value": value} for label, value in rows if value]
