"""What a completeness check of a capture says in words: the same from every mouth."""

from __future__ import annotations

from holdfast.core.words import Words

_ENDED = ("interrupted", "phone_lost")
"""Checks whose detail is why something ended."""
_PARTS = {
    "record_picture": "doc.rec.picture",
    "record_screen": "doc.rec.screen",
    "record_steps": "doc.step",
}
"""Checks whose detail is a list of our own names, and where those stand in words."""


def check_words(check: str, outcome: str, detail: str, say: Words) -> str:
    """A check that is not green as a sentence; of a release that knew more, its name."""
    shown = detail_words(check, detail, say)
    key = f"check.{check}.{outcome}"
    if key in say.words:
        return say(key, detail=shown)
    name = _known(f"check.{check}", check, say)
    return f"{name}: {shown}" if shown else name


def detail_words(check: str, detail: str, say: Words) -> str:
    """What a check found: steps, states, reasons and differing pictures as people say them."""
    if check == "media_picture":
        return _joined([_differing(one, say) for one in detail.partition(": ")[2].split("; ")], say)
    if check in _ENDED:
        return why_words(detail, say)
    if check == "record_sound":
        return say.fact(detail.partition(": ")[2] or detail)
    if opening := _PARTS.get(check):
        return _joined([_known(f"{opening}.{one}", one, say) for one in detail.split(", ")], say)
    return detail


def why_words(code: str, say: Words) -> str:
    """Why something ended before its time: a word of ours, or what that error says happened."""
    if (key := f"doc.rec.why.{code}") in say.words:
        return say(key)
    told = say.errors[code].what.rstrip("。.") if code in say.errors else ""
    # A sentence that names something needs facts that nobody wrote down.
    return code if not told or "{" in told else told


def _joined(parts: list[str], say: Words) -> str:
    return ("、" if say.lang == "zh" else ", ").join(parts)


def _differing(told: str, say: Words) -> str:
    name, _, far = told.rpartition(": ")
    return say("doc.check.differs", name=name, far=far) if name else told


def _known(key: str, fallback: str, say: Words) -> str:
    return say(key) if key in say.words else fallback
