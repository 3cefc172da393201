"""What to print and how to post it, as a checklist."""

from __future__ import annotations

from holdfast.core.canonical import one_line
from holdfast.core.notice import Parcel, Sheet

STEPS = ("post_address", "post_register", "post_receipt")
"""After it was signed and what the letter names was put with it."""


class Paper:
    """Prepares the posting checklist; the letter itself is the PDF."""

    id = "paper"

    def prepare(self, parcel: Parcel) -> tuple[Sheet, ...]:
        """One text sheet.  No address is filled in: what the platform publishes counts."""
        words, notice = parcel.words, parcel.notice
        operator = notice.answers.get("operator") or parcel.platform.operator
        addressee = words["post_to"].replace("{platform}", parcel.platform.names(notice.lang))
        names = [name for name, _, _ in parcel.attachments] + list(parcel.left_out)
        first = [parcel.practice, ""] if parcel.practice else []
        lines = [
            *first,
            words["post_title"].replace("{number}", notice.document),
            addressee.replace("{operator}", one_line(operator)).rstrip(", "),
            "",
            words["post_sheets"],
            *(f"  [ ] {one_line(name)}" for name in names),
            "",
            words["post_steps"],
            f"  [ ] {words['post_sign']}",
            *(
                f"  [ ] {one_line(words['post_add'].replace('{what}', what))}"
                for what in notice.by_hand
            ),
            *(f"  [ ] {words[step]}" for step in STEPS),
            "",
        ]
        data = "\n".join(lines).encode()
        return (Sheet(suffix="-post.txt", media_type="text/plain; charset=utf-8", data=data),)
