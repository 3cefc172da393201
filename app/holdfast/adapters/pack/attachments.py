"""What an issued PDF carries inside: manifests, checkpoints and their proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.core.evidence import safe_segment

if TYPE_CHECKING:
    from pikepdf import AttachedFileSpec, Object, Pdf

MAX_PDF = 1 << 30
MAX_FILES = 2000
MAX_FILE = 16 << 20
MAX_TOTAL = 64 << 20
MAX_FILTERS = 2
"""Of one stream; ours has one, and each may unpack what the one before it made."""


def _under(held: Object | None, key: str) -> Object | None:
    """The dictionary in a dictionary; a number may stand where one belongs."""
    import pikepdf

    found = held.get(key) if isinstance(held, pikepdf.Dictionary) else None
    return found if isinstance(found, pikepdf.Dictionary) else None


def _twice(document: Pdf) -> frozenset[str]:
    """The names that stand more than once; to be asked before anything else, which mends that."""
    import pikepdf

    listed = _under(_under(document.Root, "/Names"), "/EmbeddedFiles")
    names = [] if listed is None else [*islice(pikepdf.NameTree(listed), 2 * MAX_FILES)]
    return frozenset(str(name) for name, count in Counter(names).items() if count > 1)


def _plain(name: str, spec: AttachedFileSpec) -> bool:
    """Whether it is shown under its own name, and has one content."""
    import pikepdf

    held = _under(spec.obj, "/EF")
    streams = [] if held is None else [held[key] for key in held.keys()]  # noqa: SIM118 -- no dict
    whole = all(isinstance(one, pikepdf.Stream) for one in streams)
    return spec.filename == name and whole and len({one.objgen for one in streams}) == 1


def pdf_attachments(path: Path) -> Mapping[str, bytes]:
    """Attached files by name, in order; none from what is no PDF, is locked, or is too large.

    Names that are no plain file names are passed over, and so is what a viewer may show another
    file for: a name that stands twice, that is not the one shown, or that has two contents.
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
            twice = _twice(document)
            specs = list(islice(document.attachments.items(), MAX_FILES))
            shown = Counter(spec.filename for _, spec in specs)
            for name, spec in specs:
                if total > MAX_TOTAL:
                    break
                if name in twice or shown[name] > 1 or not _plain(name, spec):
                    continue
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
