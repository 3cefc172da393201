"""Documents about evidence: the report, the list, and the receipt.

A head of the ledger is made first and printed; the document is kept in the vault and on the
ledger.  What is printed comes from the ledger, the manifests and the stamps.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from holdfast.core import enclosed, pack
from holdfast.core.canonical import one_line, rfc3339
from holdfast.core.document import Field, Furniture, Issued, Lang, Order, local_time, offset
from holdfast.core.environment import runs_of
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.core.ledger import Checkpoint, LedgerEntry, Ref, Tree, write_proof
from holdfast.core.timestamp import Authorities, Stamp
from holdfast.core.words import Words
from holdfast.ports import Clock, Renderer, Store, Vault
from holdfast.usecases.cases import CaseFile, case_file
from holdfast.usecases.report import (
    COMPLETE,
    Fields,
    Shown,
    Teller,
    described,
    history,
    is_film,
    operations,
    party,
    show,
    utc,
)
from holdfast.usecases.sittings import on_record, sittings, told_not_before

LETTERS: Mapping[str, str] = {"evidence-report": "R", "evidence-list": "D", "receipt": "K"}
"""What stands before the running number of each kind."""
COMMAND_WIDTH = 88
"""Columns of a printed command."""
CAUSES_LIMIT = 8
ADDRESS_LIMIT = 120
"""Characters of an address on a receipt, which is one page; the report has all of it."""

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a reader is told to get elsewhere and compare."""

    authorities: Authorities | None = None
    verifier_sha256: str = ""
    rounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of each drand chain, by hash: when round 1 was due, and seconds between two."""


def issue(
    *,
    kind: str,
    case_id: str,
    lang: Lang,
    store: Store,
    vault: Vault,
    clock: Clock,
    renderer: Renderer,
    words: Words,
    job: Job,
    offset_minutes: int,
    operator: str = "",
    outside: Outside | None = None,
    issued: datetime | None = None,
) -> Issued:
    """A document of that kind is in the vault and on the ledger.

    ``operator`` is the name of whoever collects, as they want it printed; it may be empty.
    Raises Refused(``document_unknown``), Refused(``no_exhibits``), and Tampered when something
    that is to be printed is not what was sealed.
    """
    if kind not in LETTERS:
        raise Refused("document_unknown", kind=one_line(kind)[:60])
    with store.custody(case_id) as custody:
        head = custody.head()
    file = case_file(case_id, store=store)
    if not file.exhibits:
        raise Refused("no_exhibits", case=file.case.number)
    number = next_number(file, kind)
    moment = rfc3339(issued or clock.now())
    say = Teller(words=words, lang=lang, offset_minutes=offset_minutes)
    job.step("reading", 0, len(file.exhibits))
    order = compose(
        kind,
        file,
        head,
        number=number,
        issued=moment,
        say=say,
        vault=vault,
        operator=operator,
        outside=outside or Outside(),
    )
    id = clock.new_id()  # noqa: A001  the word of the noun's field
    with vault.room(id, {"document": number}) as room:
        at = Path(room.path) / f"{number}.pdf"
        renderer.pdf_file(order, at, job)
        digest, size = vault.keep(at, job, "saving")
    made = Issued(
        id=id,
        case_id=case_id,
        number=number,
        kind=kind,
        lang=lang,
        issued=moment,
        sha256=digest.sha256,
        size=size,
        media_type="application/pdf",
        path=f"documents/{number}.pdf",
        checkpoint_size=head.size,
    )
    with store.custody(case_id) as custody:
        custody.append(
            "document.issued",
            number,
            [Ref(path=made.path, size=size, sha256=digest.sha256, sm3=digest.sm3)],
            {
                "kind": kind,
                "lang": lang,
                "number": number,
                "issued": moment,
                "offset_minutes": offset_minutes,
                "checkpoint": head.size,
            },
        )
        custody.save(made)
    return made


def next_number(file: CaseFile, kind: str) -> str:
    """``HF-2026-0001-R2``: one more than was ever issued of that kind."""
    prefix = f"{file.case.number}-{LETTERS[kind]}"
    used = [
        int(entry.subject.removeprefix(prefix))
        for entry in file.entries
        if entry.act == "document.issued"
        and entry.subject.startswith(prefix)
        and entry.subject.removeprefix(prefix).isdecimal()
    ]
    return f"{prefix}{max(used, default=0) + 1}"


def compose(
    kind: str,
    file: CaseFile,
    head: Checkpoint,
    *,
    number: str,
    issued: str,
    say: Teller,
    vault: Vault,
    operator: str,
    outside: Outside,
) -> Order:
    """The order for a document: the same case file, head, number and time give the same one."""
    entries = tuple(entry for entry in file.entries if entry.seq < head.size)
    sealed = {entry.subject: entry.seq for entry in entries if entry.act == "exhibit.sealed"}
    shown = [
        show(exhibit, file.stamps, sealed[exhibit.number], vault)
        for exhibit in file.exhibits
        if exhibit.number in sealed
    ]
    fields: Fields = {
        **_common(file, head, number=number, issued=issued, say=say, operator=operator),
    }
    images: dict[str, str] = {}
    attachments: tuple[tuple[str, bytes, str], ...] = ()
    match kind:
        case "evidence-report":
            checks = on_record(entries, vault)
            around = sittings(shown, sealed, checks, say)
            fields |= _report(file, shown, head, images, around=around, say=say, outside=outside)
            fields["operations"] = operations(entries, say)
            failures = [entry for entry in entries if entry.act == "capture.failed"]
            fields["failures"] = len(failures)
            attachments = (
                *_attachments(shown, file.stamps, head, vault),
                *_under(shown, entries, head),
                *((f"environment-{one.seq}.json", one.raw, "application/json") for one in checks),
            )
        case "evidence-list":
            fields |= _list(file, shown, say)
        case _:
            fields |= _receipt(shown, images, say)
    furniture = Furniture(
        title=say(f"title.{kind}"),
        case_number=file.case.number,
        number=number,
        issued=issued,
        offset_minutes=say.offset_minutes,
        checkpoint_size=head.size,
        checkpoint_root=head.root.hex(),
        practice=file.case.world == "practice",
    )
    return Order(
        template=kind,
        lang=say.lang,
        fields=fields,
        furniture=furniture,
        images={name: vault.path(sha256) for name, sha256 in images.items()},
        attachments=attachments,
    )


def _common(
    file: CaseFile,
    head: Checkpoint,
    *,
    number: str,
    issued: str,
    say: Teller,
    operator: str,
) -> Fields:
    root = head.root.hex()
    claimant = next((one for one in file.parties if one.role == "claimant"), None)
    taker = one_line(operator)
    return {
        "case": {"number": file.case.number, "title": one_line(file.case.title)},
        "claimant": party(claimant, say),
        "taker": {"known": bool(taker), "name": taker},
        "practice": file.case.world == "practice",
        "offset": offset(say.offset_minutes),
        "doc": {"no": number, "issued": local_time(issued, say.offset_minutes), "utc": utc(issued)},
        "checkpoint": {
            "root": root,
            "short": f"{root[:8]}…{root[-8:]}",
            "size": head.size,
            "origin": head.origin,
            "stamped": any(
                stamp.subject.path == pack.checkpoint_path(head.size) and stamp.status in COMPLETE
                for stamp in file.stamps
            ),
        },
    }


# --- the report ----------------------------------------------------------------------------------


def _report(
    file: CaseFile,
    shown: Sequence[Shown],
    head: Checkpoint,
    images: dict[str, str],
    *,
    around: list[Field],
    say: Teller,
    outside: Outside,
) -> Fields:
    parts = range(2, 2 + len(shown))
    exhibits: list[Field] = []
    taken = history([(one.exhibit, one.manifest, one.records) for one in shown], say)
    for part, one in zip(parts, shown, strict=True):
        fields, drawn = described(one, part, say)
        fields["inventories"] = taken.get(one.exhibit.number, [])
        fields["nb"] = told_not_before(one.manifest, outside.rounds, say)
        exhibits.append(fields)
        images.update(drawn)
    after = 2 + len(shown)
    names = ["operations", "hashes", "verify", "limits"]
    if around:
        names.insert(0, "environment")
    starts = [str(one.manifest["started"]) for one in shown]
    ends = [str(one.manifest["finished"]) for one in shown]
    total = sum(one.exhibit.size + sum(a.size for a in one.exhibit.artifacts) for one in shown)
    chain = any(s.kind == "opentimestamps" and s.status in COMPLETE for s in file.stamps)
    return {
        "parts": {
            "taker": say.numeral(1),
            "evidence": say("parts", first=say.numeral(2), last=say.numeral(after - 1))
            if len(shown) > 1
            else say("part", n=say.numeral(2)),
            "environment": "",
            **{name: say.numeral(after + at) for at, name in enumerate(names)},
        },
        "sittings": around,
        "several_sittings": len(around) > 1,
        "exhibits": exhibits,
        "exhibit_count": len(shown),
        "film_list": say.join([one.exhibit.number for one in shown if is_film(one.exhibit)]),
        "file_count": sum(1 + len(one.exhibit.artifacts) for one in shown),
        "byte_count": say.count(total),
        "period": say.span(min(starts), max(ends)),
        "all_files": [
            {"n": at, **{name: file_[name] for name in ("path", "size", "sha256", "each")}}
            for at, file_ in enumerate(_every_file(exhibits), 1)
        ],
        "infringements": _infringements(file, say),
        "has": {
            "chain": chain,
            "pictures": bool(images),
            "checks": any(one.manifest.get("completeness") for one in shown),
            "environment": bool(around),
            "environment_all": len(shown)
            == sum(runs_of(one.manifest) is not None for one in shown),
            "not_before": any(told_not_before(one.manifest, {}, say)["known"] for one in shown),
        },
        "cmd": _commands(shown, head, practice=file.case.world == "practice"),
        "roots": _roots(shown, outside),
        "verifier": {"sha256": outside.verifier_sha256},
    }


def _every_file(exhibits: Sequence[Field]) -> list[Mapping[str, Field]]:
    return [
        file
        for exhibit in exhibits
        if isinstance(exhibit, Mapping) and isinstance(files := exhibit["files"], list)
        for file in files
        if isinstance(file, Mapping)
    ]


def _infringements(file: CaseFile, say: Teller) -> list[Field]:
    """Where and what is alleged, as far as it was stated."""
    rows: list[Field] = []
    for one in file.infringements[:CAUSES_LIMIT]:
        parts = [one_line(one.work), one_line(one.account), one_line(one.url)]
        text = say.join(parts)
        if text:
            rows.append({"text": text})
    return rows


def _commands(shown: Sequence[Shown], head: Checkpoint, *, practice: bool) -> Fields:
    """The commands of a pack with real names: those of the first exhibit that has each proof."""
    stamps: dict[tuple[str, str], Stamp] = {}
    for one in shown:
        for stamp in one.stamps:
            if stamp.status in COMPLETE and stamp.time:
                stamps.setdefault((stamp.kind, stamp.authority), stamp)
    chosen = tuple(stamps.values())
    checkpoint = pack.checkpoint_path(head.size)
    fields: dict[str, Field] = {}
    for system in pack.SYSTEMS:
        made = pack.commands(chosen, checkpoint, practice=practice, system=system)
        if system == "linux":
            for checks in ("payload", "tags", "bag", "rfc3161", "opentimestamps", "everything"):
                lines = [
                    line
                    for command in made
                    if command.checks == checks
                    for line in command.lines(COMMAND_WIDTH)
                ]
                fields[checks] = lines
            fields["root"] = [
                line
                for command in made
                if command.checks == "root"
                for line in command.lines(COMMAND_WIDTH)
            ]
        else:
            fields[system] = [line for command in made for line in command.lines(COMMAND_WIDTH)]
    return fields


def _roots(shown: Sequence[Shown], outside: Outside) -> list[Field]:
    """The pinned root of each authority whose token is printed, to be compared elsewhere."""
    used = {s.authority for one in shown for s in one.stamps if s.status in COMPLETE}
    tsas = outside.authorities.tsas if outside.authorities else ()
    rows: list[Field] = []
    for tsa in tsas:
        found = _PEM.search(tsa.root)
        if tsa.id in used and found:
            der = base64.b64decode(b"".join(found[1].split()))
            name = one_line(tsa.name)
            rows.append({"id": tsa.id, "name": name, "sha256": hashlib.sha256(der).hexdigest()})
    return rows


def _attachments(
    shown: Sequence[Shown], stamps: Sequence[Stamp], head: Checkpoint, vault: Vault
) -> tuple[tuple[str, bytes, str], ...]:
    """Manifests, their proofs, and the head that is printed."""
    files: list[tuple[str, bytes, str]] = []
    for one in shown:
        number = one.exhibit.number
        manifest = vault.read(one.exhibit.digest.sha256)
        files.append((f"{number}-capture.json", manifest, "application/json"))
        path = pack.capture_path(number)
        for stamp in stamps:
            if stamp.proof and stamp.subject.path == path:
                name = pack.stamp_path(stamp).rpartition("/")[2]
                proof = vault.read(stamp.proof)
                files.append((f"{number}-{name}", proof, "application/octet-stream"))
    files.append((f"checkpoint-{head.size}.txt", head.note, "text/plain"))
    return tuple(files)


def _under(
    shown: Sequence[Shown], entries: Sequence[LedgerEntry], head: Checkpoint
) -> tuple[tuple[str, bytes, str], ...]:
    """What leads from each manifest to the printed head: its line, the proof, and the keys."""
    tree = Tree([entry.leaf for entry in entries])
    sealed = {entry.subject: entry for entry in entries if entry.act == "exhibit.sealed"}
    files: list[tuple[str, bytes, str]] = []
    for one in shown:
        number = one.exhibit.number
        entry = sealed[number]
        proof = write_proof(entry.seq, tree.inclusion(entry.seq, len(entries)), head)
        files.append((enclosed.line_name(number), entry.body, "application/json"))
        files.append((enclosed.inclusion_name(number), proof, "text/plain"))
    keys = [
        key
        for entry in entries
        if entry.act in ("case.opened", "key.rotated")
        and isinstance(key := entry.facts.get("key"), str)
    ]
    if keys:
        named = "".join(f"{key}\n" for key in dict.fromkeys(keys))
        files.append((enclosed.KEY, named.encode(), "text/plain"))
    return tuple(files)


# --- the list ------------------------------------------------------------------------------------

GROUPS = ("identity", "right", "facts", "platform", "loss", "licence")


def _list(file: CaseFile, shown: Sequence[Shown], say: Teller) -> Fields:
    """Exhibits and documents that exist, by group; withdrawn ones are left out."""
    receipts = {one.receipt for one in file.submissions if one.receipt}
    receipts |= {one.exhibit for one in file.answers if one.exhibit}
    licences = {one.exhibit for one in file.licences if one.exhibit}
    grouped: dict[str, list[Fields]] = {name: [] for name in GROUPS}
    films = []
    for one in shown:
        exhibit = one.exhibit
        if exhibit.withdrawn:
            continue
        group = "facts"
        if exhibit.number in receipts:
            group = "platform"
        elif exhibit.number in licences:
            group = "licence"
        fields, _ = described(one, 0, say)
        item = {
            "name": say("list.exhibit", name=fields["name"], number=exhibit.number),
            "source": fields["source"],
            "purpose": fields["purpose"],
            "form": fields["form"],
        }
        grouped[group].append(item)
        if is_film(exhibit):
            films.append(item)
    for document in file.documents:
        if document.kind == "evidence-report":
            grouped["facts"].append(_report_item(document, say))
    for notice in file.notices:
        if notice.status in ("approved", "sent"):
            grouped["platform"].append(
                _notice_item(notice.document, sent=notice.status == "sent", say=say)
            )
    groups: list[Field] = []
    for name in GROUPS:
        if not grouped[name]:
            continue
        at = len(groups) + 1
        for row, item in enumerate(grouped[name], 1):
            item["no"] = f"{at}-{row}"
        title = say("list.group", number=say.numeral(at), name=say(f"list.{name}"))
        groups.append({"title": title, "items": list(grouped[name])})
    opponents = [one for one in file.parties if one.role in ("infringer", "platform")]
    named = [one_line(one.legal_name or one.name) for one in opponents]
    return {
        "list": {
            "groups": groups,
            "films": say.join([str(item["no"]) for item in films]),
            "opponents": say.join(named),
        }
    }


def _report_item(document: Issued, say: Teller) -> Fields:
    return {
        "name": say("list.report", number=document.number),
        "source": say("list.report.source"),
        "purpose": say("list.report.purpose"),
        "form": say("form.data"),
    }


def _notice_item(number: str, *, sent: bool, say: Teller) -> Fields:
    return {
        "name": say("list.notice", number=number),
        "source": say("list.notice.sent" if sent else "list.notice.approved"),
        "purpose": say("list.notice.purpose") if sent else "",
        "form": say("form.original"),
    }


# --- the receipt ---------------------------------------------------------------------------------


def _receipt(shown: Sequence[Shown], images: dict[str, str], say: Teller) -> Fields:
    """The newest exhibit that is relied on, on one page."""
    relied = [one for one in shown if not one.exhibit.withdrawn] or list(shown)
    newest = relied[-1]
    fields, drawn = described(newest, 0, say)
    figures = fields["figures"]
    first = figures[0] if isinstance(figures, list) and figures else None
    image = str(first["image"]) if isinstance(first, Mapping) else ""
    if image:
        images[image] = drawn[image]
    typed = str(fields["typed"])
    if len(typed) > ADDRESS_LIMIT:
        fields["typed"] = f"{typed[: ADDRESS_LIMIT - 1]}…"
    others = [one.exhibit.number for one in relied if one is not newest]
    stamps = fields["stamps"]
    return {
        "ex": fields,
        "image": image,
        "first": len(shown) == 1,
        "others": say.join(others[-20:]),
        "other_count": len(others),
        "notes": [
            {**row, "note": say(_note(stamp))}
            for stamp, row in zip(newest.stamps, stamps, strict=True)
            if isinstance(row, Mapping)
        ]
        if isinstance(stamps, list)
        else [],
    }


def _note(stamp: Stamp) -> str:
    return f"receipt.{stamp.kind}"
