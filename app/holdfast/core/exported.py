"""What the last ``pack.exported`` line says of the pack that it went into: the case file, whose key
signed the list of files, and what was withheld.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from holdfast.core import ed25519, minisign
from holdfast.core.bag import Unreadable
from holdfast.core.canonical import Json, canonical, moment, parse
from holdfast.core.canonical import stated as as_stated
from holdfast.core.evidence import World
from holdfast.core.ledger import Checkpoint, LedgerEntry
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
from holdfast.core.succession import Signing

MAX_CASE = 64 << 20
_MAX_TAG = 64 << 20

PRACTICE_SENDER = "PRACTICE 演练"
"""How a bag of the practice world describes who sends it."""
_OXUM = "Payload-Oxum: "
_AGENT = re.compile(r"Bag-Software-Agent: Holdfast [0-9A-Za-z.+-]{1,40}")
_BESIDE = re.compile(r"([A-Za-z0-9-]{1,80}): [^\x00-\x1f\x7f-\x9f\u2028\u2029]*")
_OURS = frozenset(
    {
        "bag-software-agent",
        "bagging-date",
        "external-identifier",
        "internal-sender-description",
        "internal-sender-identifier",
        "payload-oxum",
    }
)
"""Labels that we write, in which case does not count: nothing else may stand beside what is so."""

Entries = Sequence[LedgerEntry | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def judge_exported(
    reading: Reading,
    entries: Entries,
    ledger_id: str,
    world: World,
    signers: Sequence[Signing],
    head: Checkpoint | None,
) -> None:
    """A pack is the one that its own last export line describes."""
    lines = [entry for entry in entries if entry is not None and entry.act == "pack.exported"]
    case_file(reading, entries, lines, ledger_id, world)
    bag_info(reading, entries, ledger_id, world)
    facts: Mapping[str, Json] = lines[-1].facts if lines else {}
    withheld(reading, entries, facts)
    in_force = [key.public_key for key, until in signers if lines and until > lines[-1].seq]
    last = next((entry for entry in reversed(entries) if entry is not None), None)
    comment = _comment(head, last.at) if last is not None and head is not None else None
    signature(reading, facts.get("manifest_key"), in_force, comment)


def case_file(
    reading: Reading,
    entries: Entries,
    lines: Sequence[LedgerEntry],
    ledger_id: str,
    world: World,
) -> None:
    """``case.json`` is the one that the last pack.exported line names."""
    exported = [ref for entry in lines[-1:] for ref in entry.refs if ref.path == CASE_FILE]
    if len(exported) != 1:
        reading.seen.say(payload(ENTRIES), "ledger_no_export", "broken")
    elif reading.matches(exported[0]):
        raw = reading.read(CASE_FILE, MAX_CASE)
        try:
            body = parse(raw or b"")
        except ValueError as error:
            reading.seen.say(payload(CASE_FILE), "case_unreadable", "broken", str(error))
            return
        if not isinstance(body, dict):
            body = {}
        match body:
            case {
                "format": str(form),
                "id": str(case),
                "ledger": str(ledger),
                "world": str(of),
            } if (form, ledger, of) == (CASE_FORMAT, ledger_id, world):
                reading.cases.add(case)
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


def bag_info(reading: Reading, entries: Entries, ledger_id: str, world: World) -> None:
    """What the bag says of itself is what the ledger says of it; what else it says is named."""
    last = next((entry for entry in reversed(entries) if entry is not None), None)
    if last is None or BAG_INFO not in reading.contents:
        return
    try:
        told = reading.contents.read(BAG_INFO, 1 << 20).decode().split("\n")
    except ValueError:
        return  # said where the bag was looked at
    # The size was looked at with the bag.
    stated = Counter(line for line in told[:-1] if not line.startswith(_OXUM))
    if told[-1]:
        stated[told[-1]] += 1
    agent = next(filter(_AGENT.fullmatch, stated), None)
    wanted = {
        f"Bagging-Date: {last.at[:10]}",
        f"Internal-Sender-Identifier: {ledger_id}",
        *(
            f"External-Identifier: {entry.subject}"
            for entry in entries
            if entry is not None and entry.act == "pack.exported"
        ),
        *((agent,) if agent else ()),
        *((f"Internal-Sender-Description: {PRACTICE_SENDER}",) if world == "practice" else ()),
    }
    beside = [line for line in stated if _is_beside(line)]
    odd = {line for line, count in stated.items() if line not in wanted or count > 1}
    for line in sorted((wanted - stated.keys()) | (odd - set(beside))):
        reading.seen.say(BAG_INFO, "bag_info_other", "broken", line)
    if beside:
        reading.seen.say(BAG_INFO, "bag_info_beside", "unchecked", beside[0])


def _is_beside(line: str) -> bool:
    """Whether it is a line under a label that we do not write (RFC 8493 §2.2.2)."""
    hit = _BESIDE.fullmatch(line)
    return hit is not None and hit[1].lower() not in _OURS


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
    if (ours := canonical(missing)) != (theirs := canonical(stated)):
        detail = f"{ours.decode()} ≠ {theirs.decode()}"
        reading.seen.say(payload(ENTRIES), "withheld_otherwise", "broken", detail)
    if "only" in facts:
        shown = sorted({e.subject for e in entries if e is not None and e.act == "exhibit.sealed"})
        if shown != facts["only"]:
            reading.seen.say(payload(ENTRIES), "withheld_otherwise", "broken", ", ".join(shown))


# --- the signed list of files --------------------------------------------------------------------


def list_comment(head: Checkpoint, seconds: int) -> str:
    """What is signed with the list of files: the time of the last line, and under which head."""
    return f"timestamp:{seconds}\tfile:{TAG_MANIFEST}\t{head.origin} {head.size}"


def _comment(head: Checkpoint, at: str) -> str | None:
    try:
        # Not as a float, which would make a later second of the last microsecond of one.
        return list_comment(head, (moment(at) - _EPOCH) // timedelta(seconds=1))
    except ValueError:
        return None


def signature(
    reading: Reading, stated: Json, keys: Sequence[bytes], comment: str | None = None
) -> None:
    """The list of files is signed by the key that the export line names, one of the ledger's that
    was not replaced by then; ``keys`` are those.  minisign shows the ``comment`` as trusted.
    """
    say, there = reading.seen.say, SIGNATURE in reading.contents
    if stated is None:
        if there:
            say(SIGNATURE, "file_not_on_record", "broken")
        return
    if not there:
        say(SIGNATURE, "file_missing", "broken")
        return
    known = {minisign.key_line(key): key for key in keys}
    public_key = known.get(stated) if isinstance(stated, str) else None
    if public_key is None:
        say(SIGNATURE, "signature_other_key", "broken", as_stated(stated)[:80])
        return
    try:
        found = minisign.read_signature(reading.contents.read(SIGNATURE, minisign.MAX_SIGNATURE))
        data = reading.contents.read(TAG_MANIFEST, _MAX_TAG)
    except Unreadable as error:
        say(SIGNATURE, error.rule, "broken", error.detail)
    except ValueError as error:
        say(SIGNATURE, "signature_malformed", "broken", str(error))
    else:
        holds = minisign.holds(found, data, public_key, ed25519.verify)
        if holds and found.comment == comment:
            say(SIGNATURE, "signature_holds", "ok", minisign.key_line(public_key))
        elif holds:
            say(SIGNATURE, "signature_comment", "broken", found.comment)
        else:
            # Either may be the changed one.
            say(SIGNATURE, "signature_broken", "broken")
            say(TAG_MANIFEST, "signature_broken", "broken")
