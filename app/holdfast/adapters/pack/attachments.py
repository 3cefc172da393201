"""What an issued PDF carries inside: manifests, checkpoints and their proofs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from holdfast.core.evidence import safe_segment

MAX_PDF = 1 << 30
MAX_FILES = 2000
MAX_FILE = 16 << 20
MAX_TOTAL = 64 << 20
MAX_FILTERS = 2
"""Of one stream; ours has one, and each may unpack what the one before it made."""


def pdf_attachments(path: Path) -> Mapping[str, bytes]:
    """Attached files by name, in order; none from what is no PDF, is locked, or is too large.

    Names that are no plain file names are passed over.
    """
    import pikepdf

    found: dict[str, bytes] = {}
    total = 0
    # A stream can unpack to a thousand times its size, and its stated size can lie.
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=MAX_FILE,
        png_max_memory=MAX_FILE,
        run_length_max_memory=MAX_FILE,
        tiff_max_memory=MAX_FILE,
        max_stream_filters=MAX_FILTERS,
        doc_max_warnings=1000,
    )
    try:
        if path.stat().st_size > MAX_PDF:
            return {}
        with pikepdf.open(path) as document:
            for count, (name, spec) in enumerate(document.attachments.items()):
                if count >= MAX_FILES or total > MAX_TOTAL:
                    break
                declared = int(spec.get_file().size or 0)
                if not safe_segment(name) or declared > MAX_FILE:
                    continue
                data = spec.get_file().read_bytes()
                total += len(data)
                if len(data) <= MAX_FILE:
                    found[name] = data
    except (pikepdf.PdfError, pikepdf.PasswordError, OSError, ValueError, RuntimeError, KeyError):
        # What was read before the damage is still what it is.
        return found
    return found
