"""What an issued document brings along: manifests, the lines that sealed them, and a signed head.

It shows that these exhibits are under that head.  It says nothing about what is printed on the
pages; for that the document's own SHA-256 has to be on a ledger.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress

from holdfast.core import ed25519
from holdfast.core.bag import Seen
from holdfast.core.canonical import stated
from holdfast.core.evidence import World, read_manifest
from holdfast.core.growth import Kept, read_kept
from holdfast.core.ledger import (
    Checkpoint,
    origin,
    read_checkpoint,
    read_entry,
    read_keys,
    read_proof,
    root_from_inclusion,
    world_of,
)
from holdfast.core.pack import capture_path
from holdfast.core.verdict import Finding

KEY = "key.txt"
MAX_HEADS = 8
"""A document brings the one head that is printed in it."""
_HEAD = re.compile(r"checkpoint-[0-9]{1,16}\.txt")
_LINE = re.compile(r"(E[0-9]{4,9})-sealed\.json")
_MANIFEST = re.compile(r"(E[0-9]{4,9})-capture\.json")


def line_name(number: str) -> str:
    """The attachment that is the ledger line which sealed an exhibit."""
    return f"{number}-sealed.json"


def inclusion_name(number: str) -> str:
    """The attachment that leads from that line to the head."""
    return f"{number}-inclusion.tlog-proof"


def manifest_name(number: str) -> str:
    """The attachment that is the exhibit's manifest."""
    return f"{number}-capture.json"


def enclosed_heads(name: str, inside: Mapping[str, bytes]) -> tuple[Kept, ...]:
    """The heads among the attachments, named after the document."""
    found = []
    for attached, raw in inside.items():
        if _HEAD.fullmatch(attached):
            try:
                found.append(read_kept(f"{name} › {attached}", raw))
            except ValueError:
                continue
    return tuple(found)


def rehearsed(inside: Mapping[str, bytes]) -> bool:
    """Whether a head or a manifest among the attachments is of the practice world."""
    heads = enclosed_heads("", inside)
    if any(world_of(head.origin) == "practice" for head in heads):
        return True
    for attached, raw in inside.items():
        if _MANIFEST.fullmatch(attached):
            with suppress(ValueError):
                if read_manifest(raw).get("world") == "practice":
                    return True
    return False


def judge_enclosed(inside: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Whether each exhibit's manifest is sealed by its line, and that line is under the head.

    All of it is of one record, as it is in a document of ours.
    """
    seen = Seen()
    heads = _heads(inside, seen)
    for attached in inside:
        if hit := _LINE.fullmatch(attached):
            _exhibit(hit[1], inside, heads, seen)
        elif (hit := _MANIFEST.fullmatch(attached)) and line_name(hit[1]) not in inside:
            seen.say(attached, "enclosed_incomplete", "unchecked", line_name(hit[1]))
    return tuple(seen.findings)


def _heads(inside: Mapping[str, bytes], seen: Seen) -> dict[bytes, Checkpoint]:
    keys = read_keys(inside.get(KEY, b""))
    found: dict[bytes, Checkpoint] = {}
    for attached, raw in inside.items():
        if not _HEAD.fullmatch(attached):
            continue
        if len(found) == MAX_HEADS:
            seen.say(attached, "checkpoint_malformed", "broken", f"> {MAX_HEADS}")
            break
        try:
            head = read_checkpoint(raw)
        except ValueError as error:
            seen.say(attached, "checkpoint_malformed", "broken", str(error))
            continue
        of = next(iter(found.values()), head).origin
        found[raw] = head
        if attached != f"checkpoint-{head.size}.txt":
            seen.say(attached, "checkpoint_other", "broken", str(head.size))
        elif head.origin != of:
            seen.say(attached, "checkpoint_other", "broken", head.origin)
        elif not head.signatures:
            seen.say(attached, "checkpoint_unsigned", "weak")
        elif any(k.name == head.origin and head.signed_by(k, ed25519.verify) for k in keys):
            seen.say(attached, "enclosed_head", "ok", f"{head.size}, {head.root.hex()}")
        elif keys:
            seen.say(attached, "checkpoint_signature", "broken")
        else:
            seen.say(attached, "enclosed_no_key", "unchecked", str(head.size))
    return found


def _exhibit(
    number: str, inside: Mapping[str, bytes], heads: Mapping[bytes, Checkpoint], seen: Seen
) -> None:
    name = line_name(number)
    try:
        line = read_entry(inside[name])
        index, steps, head = read_proof(inside[inclusion_name(number)])
        root = root_from_inclusion(line.leaf, index, head.size, steps)
    except KeyError:
        seen.say(name, "enclosed_incomplete", "unchecked", inclusion_name(number))
        return
    except ValueError as error:
        seen.say(name, "inclusion_malformed", "broken", str(error))
        return
    of = origin(line.ledger, world_of(head.origin))
    if index != line.seq or root != head.root or head.note not in heads or head.origin != of:
        seen.say(name, "inclusion_differs", "broken")
        return
    if (line.act, line.subject) != ("exhibit.sealed", number):
        seen.say(name, "enclosed_other", "broken", f"{line.act}, {line.subject}")
        return
    manifest = inside.get(manifest_name(number))
    refs = [(ref.path, ref.sha256) for ref in line.refs]
    if manifest is None:
        seen.say(name, "enclosed_incomplete", "unchecked", manifest_name(number))
    elif refs != [(capture_path(number), hashlib.sha256(manifest).hexdigest())]:
        seen.say(manifest_name(number), "file_changed", "broken", refs[0][1] if refs else "")
    elif _is_its_own(number, manifest, world_of(head.origin), seen):
        seen.say(number, "enclosed_sealed", "ok", f"{line.at}, {line.seq + 1} / {head.size}")


def _is_its_own(number: str, raw: bytes, world: World, seen: Seen) -> bool:
    """Whether a manifest says itself that it is this exhibit's and of this world; said if not."""
    name = manifest_name(number)
    try:
        manifest = read_manifest(raw)
    except ValueError as error:
        seen.say(name, "exhibit_manifest", "broken", str(error))
        return False
    of = [manifest.get("exhibit"), manifest.get("world")]
    if of != [number, world]:
        seen.say(name, "exhibit_other", "broken", ", ".join(map(stated, of)))
        return False
    return True
