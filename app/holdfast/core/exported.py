"""What the last ``pack.exported`` line says of the pack that it went into: the case file, whose key
signed the list of files, and what was withheld.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from holdfast.core import ed25519, minisign
from holdfast.core.bag import Unreadable
from holdfast.core.canonical import Json, canonical, parse
from holdfast.core.evidence import World
from holdfast.core.ledger import LedgerEntry, VerifierKey
from holdfast.core.pack import (
    BAG_INFO,
    CASE_FILE,
    CASE_FORMAT,
    ENTRIES,
    SIGNATURE,
    TAG_MANIFEST,
    payload,
)
from holdfast.core.reading import Reading

MAX_CASE = 64 << 20
_MAX_TAG = 64 << 20

_JUDGED = ("bagging-date:", "internal-sender-identifier:", "external-identifier:")
"""Labels of a bag, in which case does not count: nothing else may stand beside what is so."""

Entries = Sequence[LedgerEntry | None]


def judge_exported(
    reading: Reading,
    entries: Entries,
    ledger_id: str,
    world: World,
    keys: Sequence[VerifierKey],
) -> None:
    """A pack is the one that its own last export line describes."""
    lines = [entry for entry in entries if entry is not None and entry.act == "pack.exported"]
    case_file(reading, entries, lines, ledger_id, world)
    bag_info(reading, entries, ledger_id)
    facts: Mapping[str, Json] = lines[-1].facts if lines else {}
    withheld(reading, entries, facts)
    signature(reading, facts.get("manifest_key"), keys)


def case_file(
    reading: Reading,
    entries: Entries,
    lines: Sequence[LedgerEntry],
    ledger_id: str,
    world: World,
) -> None:
    """``case.json`` is the one that the last pack.exported line names."""
    exported = [ref for entry in lines for ref in entry.refs if ref.path == CASE_FILE]
    if not exported:
        reading.seen.say(payload(ENTRIES), "ledger_no_export", "broken")
    elif reading.matches(exported[-1]):
        raw = reading.read(CASE_FILE, MAX_CASE)
        try:
            body = parse(raw or b"")
        except ValueError as error:
            reading.seen.say(payload(CASE_FILE), "case_unreadable", "broken", str(error))
            return
        if not isinstance(body, dict):
            body = {}
        match body:
            case {"format": str(form), "ledger": str(ledger), "world": str(of)} if (
                form,
                ledger,
                of,
            ) == (CASE_FORMAT, ledger_id, world):
                environment(reading, entries, body.get("environment"))
            case _:
                reading.seen.say(payload(CASE_FILE), "case_other", "broken")


def environment(reading: Reading, entries: Entries, checks: Json) -> None:
    """Every environment check in the case file is one whose digest a ledger line names."""
    named = {
        sha256
        for entry in entries
        if entry is not None and entry.act == "environment.checked"
        if isinstance(sha256 := entry.facts.get("sha256"), str)
    }
    odd = False
    for check in checks if isinstance(checks, list) else ():
        match check:
            case {"sha256": str(stated), "earlier": [*earlier], "record": record}:
                body = hashlib.sha256(canonical(record)).hexdigest()
                texts = all(isinstance(one, str) for one in earlier)
                if texts and body == stated and named.issuperset((stated, *earlier)):
                    continue
                reading.seen.say(payload(CASE_FILE), "environment_not_on_record", "broken", body)
            case _:
                odd = True
    if odd:
        reading.seen.say(payload(CASE_FILE), "environment_not_on_record", "broken")


def bag_info(reading: Reading, entries: Entries, ledger_id: str) -> None:
    """What the bag says of itself is what the ledger says of it."""
    last = next((entry for entry in reversed(entries) if entry is not None), None)
    if last is None or BAG_INFO not in reading.contents:
        return
    wanted = {
        f"Bagging-Date: {last.at[:10]}",
        f"Internal-Sender-Identifier: {ledger_id}",
        *(
            f"External-Identifier: {entry.subject}"
            for entry in entries
            if entry is not None and entry.act == "pack.exported"
        ),
    }
    try:
        told = reading.contents.read(BAG_INFO, 1 << 20).decode().split("\n")
    except ValueError:
        return  # said where the bag was looked at
    stated = {line for line in told if line.lower().startswith(_JUDGED)}
    for line in sorted(wanted ^ stated):
        reading.seen.say(BAG_INFO, "bag_info", "broken", line)


# --- selective packs -----------------------------------------------------------------------------


def spans(numbers: Sequence[int]) -> list[Json]:
    """Ascending numbers as pairs of first and last: ``[[2, 4], [9, 9]]``."""
    found: list[list[Json]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return list(found)


def withheld(reading: Reading, entries: Entries, facts: Mapping[str, Json]) -> None:
    """Exactly those lines are withheld, and those exhibits shown, that the export line says."""
    missing = spans([seq for seq, entry in enumerate(entries) if entry is None])
    stated = facts.get("withheld", [])
    # Not compared as Python does, to whom true is one.
    if canonical(missing) != canonical(stated):
        reading.seen.say(payload(ENTRIES), "withheld_otherwise", "broken", f"{missing} ≠ {stated}")
    if "only" in facts:
        shown = sorted({e.subject for e in entries if e is not None and e.act == "exhibit.sealed"})
        if shown != facts["only"]:
            reading.seen.say(payload(ENTRIES), "withheld_otherwise", "broken", ", ".join(shown))


# --- the signed list of files --------------------------------------------------------------------


def signature(reading: Reading, stated: Json, keys: Sequence[VerifierKey]) -> None:
    """The list of files is signed by the key that the export line names, a key of this ledger."""
    say, there = reading.seen.say, SIGNATURE in reading.contents
    if stated is None:
        if there:
            say(SIGNATURE, "file_not_on_record", "broken")
        return
    if not there:
        say(SIGNATURE, "file_missing", "broken")
        return
    known = {minisign.key_line(key.public_key): key.public_key for key in keys}
    public_key = known.get(stated) if isinstance(stated, str) else None
    if public_key is None:
        say(SIGNATURE, "signature_other_key", "broken", str(stated)[:80])
        return
    try:
        found = minisign.read_signature(reading.contents.read(SIGNATURE, minisign.MAX_SIGNATURE))
        data = reading.contents.read(TAG_MANIFEST, _MAX_TAG)
    except Unreadable as error:
        say(SIGNATURE, error.rule, "broken", error.detail)
    except ValueError as error:
        say(SIGNATURE, "signature_malformed", "broken", str(error))
    else:
        if minisign.holds(found, data, public_key, ed25519.verify):
            say(SIGNATURE, "signature_holds", "ok", minisign.key_line(public_key))
        else:
            # Either may be the changed one.
            say(SIGNATURE, "signature_broken", "broken")
            say(TAG_MANIFEST, "signature_broken", "broken")
