"""What documents say about exhibits: facts from the ledger, the manifests and the stamps only.

A fact that nobody recorded is an empty field, and the sentence that would state it stands behind a
condition in the template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.core import pack
from holdfast.core.canonical import Json, moment, one_line
from holdfast.core.case import Party
from holdfast.core.document import Field, Lang, local_time
from holdfast.core.evidence import Exhibit, read_manifest
from holdfast.core.ledger import LedgerEntry
from holdfast.core.notice import mask
from holdfast.core.origin import Row, sentence
from holdfast.core.timestamp import Stamp
from holdfast.core.words import Words
from holdfast.ports import Vault
from holdfast.usecases import provenance

Fields = dict[str, Field]

NAME_LIMIT = 60
"""Characters of a title in headings and lists; the whole title stands in its own row."""
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff")
MOST_PICTURES = 12
"""Pictures of received files that are printed for one exhibit."""
COMPLETE = ("confirmed", "one_source", "simulated")
MARKS = {"confirmed": "■", "simulated": "■", "one_source": "◇", "pending": "□"}

_SLICED = re.compile(r"files/page(?:-[0-9]+)?\.png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says facts in the words of one language, with times as one place's clocks show them."""

    words: Words
    lang: Lang
    offset_minutes: int

    def __call__(self, key: str, /, **facts: object) -> str:
        return self.words(f"doc.{key}", **facts)

    def known(self, key: str, fallback: str, /, **facts: object) -> str:
        """The sentence of another catalogue's ``key``, or ``fallback`` where it has none."""
        return self.words(key, **facts) if key in self.words.words else fallback

    def local(self, text: str) -> str:
        """Local time with its offset."""
        return local_time(text, self.offset_minutes)

    def both(self, text: str) -> str:
        """Local time, UTC in brackets."""
        return self("time", local=self.local(text), utc=self.utc(text))

    def utc(self, text: str) -> str:
        """UTC; without its date where that is the local one."""
        whole = utc(text)
        return whole[11:] if self.local(text)[:10] == whole[:10] else whole

    def span(self, start: str, end: str) -> str:
        """From when to when; the date once where it is the same."""
        first, last = self.local(start), self.local(end)
        if first[:10] == last[:10]:
            first, last = first[:19], last[11:]
        return self(
            "from_to", start=first, end=last, utc_start=self.utc(start), utc_end=self.utc(end)
        )

    def minute(self, text: str) -> str:
        """Local time to the minute, without its offset."""
        return self.local(text)[:16]

    def count(self, number: int) -> str:
        """A number with its thousands apart."""
        return f"{number:,}"

    def numeral(self, number: int) -> str:
        """The number of a part: 十二 or 12."""
        return chinese(number) if self.lang == "zh" else str(number)

    def join(self, parts: Sequence[str]) -> str:
        """A list as the language writes it."""
        return ("、" if self.lang == "zh" else ", ").join(part for part in parts if part)


def utc(text: str) -> str:
    """``2026-11-21T02:20:33Z``: to the second."""
    return f"{moment(text):%Y-%m-%dT%H:%M:%SZ}"


def chinese(number: int) -> str:
    """A number from 1 to 999 as Chinese writes it in headings."""
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")


# --- people --------------------------------------------------------------------------------------


def party(found: Party | None, say: Teller) -> Fields:
    """A person as documents name them; the identity number is masked."""
    if found is None:
        return {"known": False, "name": "", "identity": ""}
    name = one_line(found.legal_name or found.name)
    identity = ""
    if found.id_number:
        kind = say.known(f"letter.id.{found.id_type}", say("id"))
        identity = say("identity", kind=kind, number=mask(one_line(found.id_number)))
    return {"known": bool(name), "name": name, "identity": identity}


# --- one exhibit ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An exhibit with its manifest and its stamps."""

    exhibit: Exhibit
    manifest: Mapping[str, Json]
    stamps: tuple[Stamp, ...]
    """About its manifest, and the earliest complete ones of a head that covers it."""
    origin: tuple[Row, ...] = ()


def show(exhibit: Exhibit, stamps: Sequence[Stamp], seq: int, vault: Vault) -> Shown:
    """The exhibit as it was sealed, its manifest checked against its digest.

    Raises Tampered when the manifest is not what was sealed.
    """
    manifest = read_manifest(vault.read(exhibit.digest.sha256))
    path = pack.capture_path(exhibit.number)
    own = [stamp for stamp in stamps if stamp.subject.path == path]
    own.sort(key=lambda stamp: (stamp.kind != "rfc3161", stamp.authority))
    for kind in ("rfc3161", "opentimestamps"):
        if any(stamp.kind == kind and stamp.status in COMPLETE for stamp in own):
            continue
        covering = [
            stamp
            for stamp in stamps
            if stamp.kind == kind
            and stamp.status in COMPLETE
            and (pack.read_checkpoint_path(stamp.subject.path) or 0) > seq
        ]
        if covering:
            own.append(min(covering, key=lambda stamp: (stamp.time or "", stamp.authority)))
    return Shown(
        exhibit=exhibit,
        manifest=manifest,
        stamps=tuple(own),
        origin=provenance.told(exhibit, vault=vault),
    )


def name_of(exhibit: Exhibit, say: Teller) -> str:
    """What an exhibit is called in headings and lists; short."""
    own = one_line(exhibit.caption or exhibit.title)
    if not own:
        return say(f"kind.{exhibit.source}")
    return own if len(own) <= NAME_LIMIT else own[: NAME_LIMIT - 1] + "…"


def described(shown: Shown, part: int, say: Teller) -> tuple[Fields, dict[str, str]]:
    """The fields of one exhibit's part, and the SHA-256 of each picture by the name it is drawn."""
    exhibit, manifest = shown.exhibit, shown.manifest
    target = _map(manifest, "target")
    received = _map(manifest, "received")
    observed = _map(manifest, "observations")
    redirects = target.get("redirects")
    passed = len(redirects) if isinstance(redirects, list) else 0
    typed, final = _text(target, "typed"), _text(target, "final_url")
    # A picture of the screen has no address; its target is our own word for a region.
    address = exhibit.source in ("page", "video", "recording")
    pictures, drawn = _pictures(shown, say)
    files = _files(shown, say)
    status = observed.get("status")
    fields: Fields = {
        "no": exhibit.number,
        "anchor": f"ex-{exhibit.number}",
        "part": say.numeral(part),
        "name": name_of(exhibit, say),
        "title": _text(observed, "title"),
        "kind": say(f"kind.{exhibit.source}"),
        "purpose": one_line(exhibit.purpose),
        "source": _source(shown, say),
        "form": say("form.film" if exhibit.source in ("video", "recording") else "form.data"),
        "typed": typed if address else "",
        "final": final if address and final != typed else "",
        "same_address": bool(address and final and final == typed),
        "redirects": passed,
        "status": status if isinstance(status, int) else "",
        "started": say.both(_text(manifest, "started")),
        "captured": say.span(_text(manifest, "started"), _text(manifest, "finished")),
        "sealed": say.both(exhibit.sealed),
        "server": _server(manifest, say),
        "account": _text(observed, "account"),
        "counters": _counters(observed, say),
        "ai_label": _label(observed),
        "tool": _tool(manifest),
        "clock": _clock(manifest, say),
        "origin": _origin(shown.origin, say),
        "checks": _checks(manifest, say),
        "complete": exhibit.complete,
        "withdrawn": exhibit.withdrawn,
        "received": _text(received, "from"),
        "received_how": _text(received, "how"),
        "received_when": _text(received, "when"),
        "files": files,
        "file_count": len(files),
        "byte_count": say.count(_bytes(shown)),
        "sha256": exhibit.digest.sha256,
        "stamps": [_stamp(stamp, exhibit, say) for stamp in shown.stamps],
        "stamped": any(
            stamp.time and stamp.status in ("confirmed", "simulated") for stamp in shown.stamps
        ),
        "figures": pictures["figures"],
        "figures_left": pictures["left"],
        "slices": pictures["slices"],
        "films": pictures["films"],
    }
    for kind in ("page", "screen", "recording", "video", "file", "phone", "series"):
        fields[f"is_{kind}"] = exhibit.source == kind
    return fields, drawn


def _map(value: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, Json], key: str) -> str:
    found = value.get(key)
    return one_line(found) if isinstance(found, str) else ""


def _list(value: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    found = value.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _server(manifest: Mapping[str, Json], say: Teller) -> str:
    network = _map(manifest, "network")
    tls = _map(network, "tls")
    certificates = tls.get("certificate_sha256")
    first = certificates[0] if isinstance(certificates, list) and certificates else ""
    parts = [_text(network, "address"), _text(tls, "version")]
    if isinstance(first, str) and first:
        parts.append(say("certificate", sha256=first))
    return " · ".join(part for part in parts if part)


def _counters(observed: Mapping[str, Json], say: Teller) -> str:
    parts = []
    for one in _list(observed, "counters"):
        name, value = _text(one, "name"), _text(one, "value")
        if name != "ai_label":
            parts.append(say("counter", name=say.known(f"doc.counter.{name}", name), value=value))
    return say.join(parts)


def _label(observed: Mapping[str, Json]) -> str:
    """The line that carries an AI label; empty when none was detected."""
    named = (one for one in _list(observed, "counters") if _text(one, "name") == "ai_label")
    return next((_text(one, "value") for one in named), "")


def _tool(manifest: Mapping[str, Json]) -> str:
    tool = _map(manifest, "tool")
    parts = [tool, *_list(tool, "components")]
    return "; ".join(
        f"{_text(one, 'name')} {_text(one, 'version')}".strip()
        for one in parts
        if _text(one, "name")
    )


def _clock(manifest: Mapping[str, Json], say: Teller) -> str:
    clock = _map(manifest, "clock")
    off, unsure = clock.get("offset_ms"), clock.get("uncertainty_ms")
    if not isinstance(off, int):
        return ""
    text = say("clock", offset=f"{off / 1000:+.3f}", reference=_text(clock, "reference"))
    if isinstance(unsure, int):
        text += say("clock.unsure", uncertainty=f"{unsure / 1000:.3f}")
    return text


def _origin(rows: Sequence[Row], say: Teller) -> list[Field]:
    """Where it came from, line by line; what was asked of others is marked, and explained once."""
    told: list[Field] = [
        f"{say.words(f'origin.row.{row.key}')}: {sentence(row, say.words, say.both)}"
        for row in rows
    ]
    if any(row.separate and row.at for row in rows):
        told.append(say.words("origin.note.separate"))
    return told


def _checks(manifest: Mapping[str, Json], say: Teller) -> list[Field]:
    """Each completeness check in words; passed ones first, in one line."""
    passed, others = [], []
    for one in _list(manifest, "completeness"):
        check, outcome = _text(one, "check"), _text(one, "outcome")
        name = say.known(f"check.{check}", check)
        if outcome == "pass":
            passed.append(name)
            continue
        detail = _text(one, "detail")
        plain = f"{name}: {detail}" if detail else name
        sentence = say.known(f"check.{check}.{outcome}", plain, detail=detail)
        others.append(
            say(f"check.{outcome}" if outcome in _OUTCOMES else "check.warn", it=sentence)
        )
    first = [say("check.pass", it=say.join(passed))] if passed else []
    return [*first, *others]


_OUTCOMES = ("warn", "fail", "not_checked")


def _source(shown: Shown, say: Teller) -> str:
    """Who got it from where, when, and in how many files."""
    manifest = shown.manifest
    received = _text(_map(manifest, "received"), "from")
    host = urlsplit(_host_url(shown)).hostname or ""
    when = say.minute(_text(manifest, "started"))
    kind = "received" if received else shown.exhibit.source
    count = len(shown.exhibit.artifacts)
    return say(f"source.{kind}", when=when, host=host, by=received, count=count)


def _host_url(shown: Shown) -> str:
    target = _map(shown.manifest, "target")
    return _text(target, "final_url") or _text(target, "url")


def _bytes(shown: Shown) -> int:
    return shown.exhibit.size + sum(artifact.size for artifact in shown.exhibit.artifacts)


def _files(shown: Shown, say: Teller) -> list[Field]:
    exhibit = shown.exhibit
    first: Fields = {
        "path": f"{exhibit.number}/capture.json",
        "role": say("role.manifest"),
        "size": say.count(exhibit.size),
        "sha256": exhibit.digest.sha256,
        "sm3": exhibit.digest.sm3,
        "called": "",
    }
    rest: list[Field] = [
        {
            "path": f"{exhibit.number}/{artifact.path}",
            "role": say(f"role.{artifact.role}"),
            "size": say.count(artifact.size),
            "sha256": artifact.digest.sha256,
            "sm3": artifact.digest.sm3,
            "called": _called(artifact.name, artifact.path),
        }
        for artifact in exhibit.artifacts
    ]
    return [first, *rest]


def _called(name: str, path: str) -> str:
    """What a file was called where it came from, if that is not what it is called here."""
    own = one_line(name)
    return "" if own == Path(path).name else own[:200]


def _pictures(shown: Shown, say: Teller) -> tuple[dict[str, Field], dict[str, str]]:
    """What of an exhibit is drawn: figures, long pages, films."""
    exhibit = shown.exhibit
    figures: list[Field] = []
    slices: list[Field] = []
    films: list[Field] = []
    drawn: dict[str, str] = {}
    left = 0
    for at, artifact in enumerate(exhibit.artifacts):
        name = f"{exhibit.number}-{at}"
        path = f"{exhibit.number}/{artifact.path}"
        if artifact.role == "record":
            continue
        if artifact.media_type.startswith("video/") and not films:
            films.append({"image": name, "path": path, "sha256": artifact.digest.sha256})
        elif exhibit.source == "page" and _SLICED.fullmatch(artifact.path):
            slices.append({"image": name, "path": path})
        elif artifact.media_type in PICTURES:
            if len(figures) >= MOST_PICTURES:
                left += 1
                continue
            number = f"{int(exhibit.number[1:])}-{len(figures) + 1}"
            what = say(f"figure.{exhibit.source}")
            figures.append({"image": name, "path": path, "n": number, "what": what})
        else:
            continue
        drawn[name] = artifact.digest.sha256
    return {"figures": figures, "slices": slices, "films": films, "left": left}, drawn


# --- time-stamps ---------------------------------------------------------------------------------


def _stamp(stamp: Stamp, exhibit: Exhibit, say: Teller) -> Fields:
    """A stamp as a row: kind, status in the one wording, proof."""
    fields = stamp_status(stamp, say)
    proof = pack.stamp_path(stamp) if stamp.proof else ""
    size = pack.read_checkpoint_path(stamp.subject.path)
    fields["proof"] = proof.removeprefix(f"exhibits/{exhibit.number}/proofs/").removeprefix(
        "ledger/"
    )
    fields["by"] = one_line(stamp.by)
    fields["covers"] = say("stamp.covers", size=size) if size is not None else ""
    return fields


def stamp_status(stamp: Stamp, say: Teller) -> Fields:
    """What may be said of a stamp: mark, status, the time in UTC, and whether it is practice."""
    status = "confirmed" if stamp.status == "simulated" else stamp.status
    if stamp.status in COMPLETE and stamp.time is None:
        status = "unchecked"
    text = ""
    if status == "confirmed" and stamp.time:
        text = say(f"stamp.{stamp.kind}.confirmed", time=say.local(stamp.time))
    elif status == "queued" and stamp.attempts:
        when = say("stamp.next", time=say.local(stamp.next_try)) if stamp.next_try else ""
        text = say("stamp.failed", next=when)
    else:
        text = say(f"stamp.{status}")
    practice = stamp.world == "practice" and bool(stamp.proof)
    return {
        "kind": say(f"stamp.{stamp.kind}", authority=stamp.authority),
        "mark": MARKS.get(stamp.status, "") if status != "unchecked" else "",
        "status": text,
        "utc": say.utc(stamp.time) if stamp.time and status == "confirmed" else "",
        "practice": say(f"stamp.{stamp.kind}.practice") if practice else "",
    }


# --- the ledger ----------------------------------------------------------------------------------


def operations(entries: Sequence[LedgerEntry], say: Teller) -> list[Field]:
    """Every line of the ledger, in order: when, what, and which line."""
    rows: list[Field] = []
    for entry in entries:
        act = say.known(f"act.{entry.act}", entry.act)
        rows.append(
            {
                "n": entry.seq,
                "at": say.local(entry.at)[:19],
                "text": act,
                "detail": _operation(entry, say),
                "failed": entry.act in ("capture.failed", "timestamp.failed"),
            }
        )
    return rows


def _operation(entry: LedgerEntry, say: Teller) -> str:
    """What a line is about, from its subject and facts."""
    facts = entry.facts
    match entry.act:
        case "exhibit.sealed" | "exhibit.described" | "exhibit.withdrawn" | "exhibit.viewed":
            return one_line(entry.subject)
        case "capture.failed" | "capture.recovered":
            source = say.known(f"doc.kind.{facts.get('source')}", str(facts.get("source") or ""))
            parts = [source, str(facts.get("exhibit") or ""), str(facts.get("code") or "")]
            return one_line(" · ".join(part for part in parts if part))
        case "timestamp.confirmed":
            time = facts.get("time")
            when = say.local(time) if isinstance(time, str) else ""
            return one_line(f"{entry.subject} · {when}".strip(" ·"))
        case "timestamp.requested" | "timestamp.failed":
            subjects = facts.get("subjects")
            count = len(subjects) if isinstance(subjects, list) else 1
            return one_line(say("operation.stamps", by=entry.subject, count=count))
        case "document.issued" | "notice.drafted" | "notice.approved" | "notice.sent":
            return one_line(entry.subject)
        case "environment.checked":
            when = "after" if facts.get("when") == "after" else "before"
            told = say(f"operation.environment.{when}", exhibit=str(facts.get("exhibit") or ""))
            sha256 = str(facts.get("sha256") or "")
            return one_line(f"{told} · SHA-256 {sha256[:8]}…{sha256[-8:]}")
        case "case.opened" | "case.closed" | "pack.exported":
            return one_line(entry.subject)
        case _:
            return ""
