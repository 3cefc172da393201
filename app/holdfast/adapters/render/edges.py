"""What stands at the edges of every page, in words; each writer places it."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.document import Furniture, local_time
from holdfast.core.words import Words

MARK = "PRACTICE 演练"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The words of header and footer; empty where there is nothing to say."""

    title: str
    case: str
    state: str
    """Size and short root of the checkpoint that the document was made from."""
    number: str
    practice: str
    """What a practice document is not for; empty in a real one."""
    words: Words

    def page(self, at: object, total: object) -> str:
        """Which page of how many."""
        return self.words("page.page", page=at, pages=total)


def edges(furniture: Furniture, reference: str, words: Words) -> Edges:
    """The edges of a document; ``reference`` is what its number is called."""
    root, case = furniture.checkpoint_root, furniture.case_number
    short = f"{root[:8]}…{root[-8:]}" if root else ""
    issued = local_time(furniture.issued, furniture.offset_minutes)
    number = words(f"page.number.{reference}", number=furniture.number, case=case)
    return Edges(
        title=furniture.title,
        case=words("page.case", case=case) if case else "",
        state=words("page.checkpoint", size=furniture.checkpoint_size, root=short) if root else "",
        number=f"{number} · {issued}",
        practice=words("page.practice") if furniture.practice else "",
        words=words,
    )
