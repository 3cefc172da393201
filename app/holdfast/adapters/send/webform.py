"""The fields of a platform's own complaint form, in its order, to be copied one by one."""

from __future__ import annotations

from holdfast.core.canonical import visible
from holdfast.core.notice import FormEntry, Parcel, Sheet


class WebForm:
    """Prepares the sheet of fields; the person opens the form, pastes and submits."""

    id = "webform"

    def prepare(self, parcel: Parcel) -> tuple[Sheet, ...]:
        """One text sheet, or nothing for a platform whose form is not known."""
        form = parcel.notice.form
        if not form:
            return ()
        words = parcel.words
        name = parcel.platform.names(parcel.notice.lang)
        lines = [parcel.practice, ""] if parcel.practice else []
        lines += [words["form_title"].replace("{platform}", name), words["form_intro"], ""]
        for place, entry in enumerate(form, 1):
            lines += _field(place, entry, words["form_attach"])
            lines += [f"   [{note}]" for note in _notes(entry, parcel)]
            lines.append("")
        if parcel.notice.by_hand:
            lines += [words["form_by_hand"]]
            lines += [f"- {visible(what)}" for what in parcel.notice.by_hand] + [""]
        data = "\n".join(lines).encode()
        return (Sheet(suffix="-form.txt", media_type="text/plain; charset=utf-8", data=data),)


def _field(place: int, entry: FormEntry, attach: str) -> list[str]:
    """A numbered label and the text beneath it, set in so that no text can pass for a label."""
    shown = visible(entry.text) if entry.text else attach
    return [f"{place}. {visible(entry.label)}", *(f"     {line}" for line in shown.split("\n"))]


def _notes(entry: FormEntry, parcel: Parcel) -> list[str]:
    if not entry.text:
        return []
    words = parcel.words
    if entry.limit is None:
        counted = words["form_count"].replace("{n}", str(entry.count))
        notes = [f"{counted} · {words['form_limit_unknown']}"]
    else:
        counted = words["form_count_of"].replace("{n}", str(entry.count))
        notes = [counted.replace("{limit}", str(entry.limit))]
    if entry.shortened:
        notes.append(words["form_shortened"])
    if entry.secret:
        notes.append(words["form_secret"])
    return notes
