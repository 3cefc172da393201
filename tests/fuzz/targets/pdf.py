"""What an issued PDF carries inside: attachments within limits, or none."""

from __future__ import annotations

from fuzz.target import Target
from fuzz.targets.zipform import file_of
from holdfast.adapters.pack.attachments import MAX_FILE, MAX_TOTAL, pdf_attachments
from holdfast.core.enclosed import enclosed_heads, judge_enclosed
from holdfast.core.evidence import safe_segment


def run(data: bytes) -> None:
    with file_of(data) as path:
        inside = pdf_attachments(path)
    assert all(safe_segment(name) and len(body) <= MAX_FILE for name, body in inside.items())
    assert sum(map(len, inside.values())) <= MAX_TOTAL + MAX_FILE
    judge_enclosed(inside)
    enclosed_heads("f.pdf", inside)


TARGET = Target(
    name="pdf",
    run=run,
    tokens=(
        b"/EmbeddedFiles",
        b"/Names",
        b"/EF",
        b"/UF",
        b"/Filespec",
        b"/FlateDecode",
        b"/ObjStm",
        b"/XRef",
        b"/Prev ",
        b"endstream endobj\n",
        b"trailer<</Root 1 0 R>>",
        b"startxref",
        b"/Encrypt",
        b"/DecodeParms<</Predictor 12/Columns 9>>",
    ),
    largest=32 << 10,
)
