"""Document writers: PDF, DOCX and plain text from one parsed template.

``Writer`` is the Renderer of ports.  Templates lie in ``resources/documents/<id>/<lang>.md``, in
the syntax of ``template``, with an optional ``document.toml`` that says how the document looks.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import holdfast
from holdfast.adapters.render.blocks import Tree
from holdfast.adapters.render.template import fill, parse
from holdfast.adapters.resources import resource, table, words
from holdfast.core.document import Lang, Order
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.adapters.render.sheet import Manner


@cache
def template(id: str, lang: Lang) -> Tree:
    """The parsed template of a document.  Raises FileNotFoundError, BadTemplate."""
    return parse(resource("documents", id, f"{lang}.md").read_text(encoding="utf-8"))


def _default_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("Holdfast", appauthor=False) / "fonts"


class Writer:
    """Writes documents.  Font subsets are kept in ``cache``; it is done without if it must be."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache or _default_cache()

    def pdf(self, order: Order, job: Job) -> bytes:
        """The document as PDF/A-3b, in memory."""
        out = io.BytesIO()
        self._pdf(order, out, job)
        return out.getvalue()

    def pdf_file(self, order: Order, at: Path, job: Job) -> None:
        """As pdf, written straight to a file: one picture is held at a time."""
        with at.open("wb") as out:
            self._pdf(order, out, job)

    def docx(self, order: Order, job: Job) -> bytes:
        """The document as DOCX, without pictures."""
        from holdfast.adapters.render.docx import write_docx

        job.step("laying_out")
        reference = self._manner(order).reference
        return write_docx(order, self._filled(order), reference, words(order.lang))

    def text(self, order: Order, job: Job) -> str:
        """The words of the document."""
        from holdfast.adapters.render.text import write_text

        job.step("laying_out")
        return write_text(self._filled(order), order.lang)

    def _filled(self, order: Order) -> Tree:
        return fill(template(order.template, order.lang), order.fields)

    @staticmethod
    def _manner(order: Order) -> Manner:
        from holdfast.adapters.render.sheet import Manner

        folder = resource("documents", order.template)
        given = (
            table("documents", order.template, "document.toml")
            if (folder / "document.toml").is_file()
            else {}
        )
        return Manner(**given.get("manner", {}))

    def _pdf(self, order: Order, out: io.BufferedWriter | io.BytesIO, job: Job) -> None:
        from holdfast.adapters.render.fonts import FontBook
        from holdfast.adapters.render.pdf import write_pdf

        write_pdf(
            order,
            self._filled(order),
            self._manner(order),
            words(order.lang),
            FontBook(self._cache),
            f"Holdfast {holdfast.__version__}",
            out,
            job,
        )
