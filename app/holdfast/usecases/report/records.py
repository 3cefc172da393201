"""What an exhibit's own records say, read strictly from the bytes that were sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from holdfast.core import chain, recording
from holdfast.core.canonical import Json, parse
from holdfast.core.evidence import Artifact, Exhibit
from holdfast.core.marks import RECORD_FORMAT
from holdfast.core.series import Listing, read_listing
from holdfast.ports import Vault

MOST = 16 << 20
"""Bytes of a record that are read for a document; a larger one is named as not read."""
_FORMS: Mapping[str, tuple[str, str]] = {
    recording.RECORD: ("recording", recording.FORMAT),
    "phone.json": ("phone", "holdfast-phone/1"),
    "code.json": ("file", "holdfast-code/1"),
    "browser.json": ("page", ""),
    "page.json": ("page", ""),
    "media.json": ("page", ""),
    "marks.json": ("", RECORD_FORMAT),
}
"""Which source writes a record (empty: any), and the format it states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of one exhibit; what it does not have is empty."""

    bodies: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """By the record's file name."""
    segments: tuple[recording.Segment, ...] = ()
    listing: Listing | None = None
    unread: tuple[str, ...] = ()
    """Records that are there and that nothing could be read from."""

    def of(self, name: str) -> Mapping[str, Json]:
        """The record of that name; empty when there is none."""
        return self.bodies.get(name, {})


def read_records(exhibit: Exhibit, vault: Vault) -> Records:
    """Every known record of the exhibit.  Raises Tampered when bytes are not those sealed."""
    bodies: dict[str, Mapping[str, Json]] = {}
    segments: tuple[recording.Segment, ...] = ()
    listing: Listing | None = None
    unread: list[str] = []
    for name, artifact in _known(exhibit):
        if artifact.size > MOST:
            unread.append(name)
            continue
        raw = vault.read(artifact.digest.sha256)
        try:
            if name == chain.SEGMENTS:
                segments, damage = recording.read_chain(raw)
                if damage and not segments:
                    raise ValueError(damage)
            elif name == INVENTORY:
                listing = _listing(raw)
            else:
                bodies[name] = _body(raw, _FORMS[name][1])
        except ValueError:
            unread.append(name)
    return Records(bodies=bodies, segments=segments, listing=listing, unread=tuple(sorted(unread)))


INVENTORY = "inventory.json"


def _known(exhibit: Exhibit) -> Iterator[tuple[str, Artifact]]:
    """Files that our own sources wrote; a received file of the same name is none of them."""
    for artifact in exhibit.artifacts:
        folder, _, name = artifact.path.rpartition("/")
        if folder != "files":
            continue
        written = exhibit.source == "series" and artifact.role == "derived"
        if name == INVENTORY and written:
            yield name, artifact
        if artifact.role != "record":
            continue
        if name == chain.SEGMENTS and exhibit.source == "recording":
            yield name, artifact
        if name in _FORMS and _FORMS[name][0] in ("", exhibit.source):
            yield name, artifact


def _body(raw: bytes, form: str) -> Mapping[str, Json]:
    body = parse(raw)
    if not isinstance(body, Mapping) or (form and body.get("format") != form):
        raise ValueError("not a record of that form")
    return body


def _listing(raw: bytes) -> Listing:
    try:
        return read_listing(raw)
    except (KeyError, TypeError) as error:
        raise ValueError("not an inventory") from error
