"""Documents: an order to write one, and the record that one was issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from holdfast.core.canonical import moment

Lang = Literal["zh", "en"]
Field: TypeAlias = "str | int | bool | None | Sequence[Field] | Mapping[str, Field]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """What stands at the edge of every page."""

    title: str
    """Left in the header: the document's name; in letters what the letter is."""
    case_number: str
    number: str
    """The document's own number, HF-2026-0001-R1."""
    issued: str
    """RFC 3339, UTC."""
    offset_minutes: int
    """Of the local time that is printed."""
    checkpoint_size: int
    checkpoint_root: str
    """Hex."""
    practice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything a writer needs.  The same order gives the same bytes."""

    template: str
    """Folder below ``resources/documents``."""
    lang: Lang
    fields: Mapping[str, Field]
    furniture: Furniture
    images: Mapping[str, Path] = field(default_factory=dict)
    """Named by fields; SHA-256 is checked again while they are written when known."""
    attachments: tuple[tuple[str, bytes, str], ...] = ()
    """Name, bytes, media type; attached to a PDF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A document that left the writer; its bytes lie in the vault."""

    id: str
    case_id: str
    number: str
    kind: str
    """evidence-report, evidence-list, receipt, platform-notice…"""
    lang: Lang
    issued: str
    sha256: str
    size: int
    media_type: str
    path: str
    """Below ``data/`` in a pack: ``documents/HF-2026-0001-R1.pdf``."""
    checkpoint_size: int


def local_time(text: str, offset_minutes: int) -> str:
    """``2026-11-21 10:20:33 +08:00`` of an RFC 3339 time in UTC.  Raises ValueError."""
    local = moment(text) + timedelta(minutes=offset_minutes)
    return f"{local:%Y-%m-%d %H:%M:%S} {offset(offset_minutes)}"


def offset(minutes: int) -> str:
    """``+08:00``."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"
