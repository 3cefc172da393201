"""One exhibit in a document: its facts and its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.core import pack
from holdfast.core.canonical import Json, one_line
from holdfast.core.document import Field
from holdfast.core.evidence import Artifact, Exhibit, read_manifest
from holdfast.core.origin import Row, sentence
from holdfast.core.timestamp import Stamp
from holdfast.ports import Vault
from holdfast.usecases import provenance
from holdfast.usecases.checked import check_words
from holdfast.usecases.report import films, listed, pages
from holdfast.usecases.report.pictures import pictures_of
from holdfast.usecases.report.records import Records, read_records
from holdfast.usecases.report.stamps import COMPLETE, stamp_row
from holdfast.usecases.report.telling import Fields, Teller, map_of, maps_of, text_of

NAME_LIMIT = 60
"""Characters of a title in headings and lists; the whole title stands in its own row."""
MOST_ALIKE = 12
"""So many numbered pieces of one thing are printed one by one; more stand in one row."""

_NUMBERED = re.compile(r"(files/(?:media/)?(?:[a-z]+-|(?:[0-9]+-)+))[0-9]{4,7}(\.[a-z0-9]{1,5})")
_PIECED = ("page", "recording", "phone")
"""Sources that keep one thing in many numbered pieces."""
_ADDRESSED = ("page", "video", "series")
"""Sources whose target is an address; that of a screen or phone is our own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An exhibit with its manifest and its stamps."""

    exhibit: Exhibit
    manifest: Mapping[str, Json]
    stamps: tuple[Stamp, ...]
    """About its manifest, and the earliest complete ones of a head that covers it."""
    origin: tuple[Row, ...] = ()
    records: Records = field(default_factory=Records)


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
        records=read_records(exhibit, vault),
    )


def name_of(exhibit: Exhibit, say: Teller) -> str:
    """What an exhibit is called in headings and lists; short."""
    own = one_line(exhibit.caption or exhibit.title)
    files = {artifact.path.removeprefix("files/") for artifact in exhibit.artifacts}
    ours = exhibit.source != "file" and own in files
    if not own or ours:
        # The name that we gave to a file says nothing to a reader.
        return say(f"kind.{exhibit.source}")
    return own if len(own) <= NAME_LIMIT else own[: NAME_LIMIT - 1] + "…"


def described(shown: Shown, part: int, say: Teller) -> tuple[Fields, dict[str, str]]:
    """The fields of one exhibit's part, and the SHA-256 of each picture by the name it is drawn."""
    exhibit, manifest = shown.exhibit, shown.manifest
    target = map_of(manifest, "target")
    received = map_of(manifest, "received")
    observed = map_of(manifest, "observations")
    redirects = target.get("redirects")
    passed = len(redirects) if isinstance(redirects, list) else 0
    typed, final = text_of(target, "typed"), text_of(target, "final_url")
    address = exhibit.source in _ADDRESSED
    pictures, drawn = pictures_of(exhibit, shown.records, say)
    files = _files(shown, say)
    status = observed.get("status")
    fields: Fields = {
        "no": exhibit.number,
        "anchor": f"ex-{exhibit.number}",
        "part": say.numeral(part),
        "name": name_of(exhibit, say),
        "title": text_of(observed, "title"),
        "kind": say(f"kind.{exhibit.source}"),
        "named": name_of(exhibit, say) != say(f"kind.{exhibit.source}"),
        "purpose": one_line(exhibit.purpose),
        "source": _source(shown, say),
        "form": say("form.film" if is_film(exhibit) else "form.data"),
        "typed": typed if address else "",
        "final": final if address and final != typed else "",
        "same_address": bool(address and final and final == typed),
        "redirects": passed,
        "status": status if isinstance(status, int) else "",
        "started": say.both(text_of(manifest, "started")),
        "captured": say.span(text_of(manifest, "started"), text_of(manifest, "finished")),
        "sealed": say.both(exhibit.sealed),
        "server": _server(manifest, say),
        "account": text_of(observed, "account"),
        "counters": _counters(observed, say),
        "tool": _tool(manifest),
        "clock": _clock(manifest, say),
        "origin": _origin(shown.origin, say, spotted=bool(pages.icp(manifest, say))),
        "checks": _checks(manifest, say),
        "complete": exhibit.complete,
        "withdrawn": exhibit.withdrawn,
        "received": text_of(received, "from"),
        "received_how": text_of(received, "how"),
        "received_when": text_of(received, "when"),
        "files": files,
        "file_count": 1 + len(exhibit.artifacts),
        "byte_count": say.count(_bytes(shown)),
        "sha256": exhibit.digest.sha256,
        "stamps": [stamp_row(stamp, exhibit, say) for stamp in shown.stamps],
        "stamped": any(
            stamp.time and stamp.status in ("confirmed", "simulated") for stamp in shown.stamps
        ),
        "figures": pictures["figures"],
        "figures_left": pictures["left"],
        "slices": pictures["slices"],
        "films": pictures["films"],
        "frames": bool(pictures["films"]),
        **_recorded(shown, say),
    }
    for kind in ("page", "screen", "recording", "video", "file", "phone", "series"):
        fields[f"is_{kind}"] = exhibit.source == kind
    return fields, drawn


def _recorded(shown: Shown, say: Teller) -> Fields:
    """What the exhibit's own records say, by its kind."""
    exhibit, manifest, records = shown.exhibit, shown.manifest, shown.records
    labels = pages.labels(manifest, _label(map_of(manifest, "observations")), say)
    return {
        "rec": films.recording(records, say),
        "phone": films.phone(records, manifest, say),
        "code": films.code(records, manifest, say),
        "series": listed.series(records, say),
        "marks": pages.marks(records, say),
        "opened": pages.opened(records, manifest, say),
        "copies": pages.copies(exhibit, manifest, say),
        "closed": pages.closed(records, say),
        "caught": pages.films(records, say),
        "labels": list(labels),
        "icp": list(pages.icp(manifest, say)),
        "unread": pages.unread(records, say),
        "online": exhibit.source in ("recording", "phone", "series"),
    }


def is_film(exhibit: Exhibit) -> bool:
    """Whether an exhibit is audio-visual material: a recording, a film or a sound."""
    if exhibit.source in ("video", "recording"):
        return True
    return exhibit.source in ("phone", "file") and any(
        artifact.media_type.startswith(("video/", "audio/")) for artifact in exhibit.artifacts
    )


def _server(manifest: Mapping[str, Json], say: Teller) -> str:
    network = map_of(manifest, "network")
    tls = map_of(network, "tls")
    certificates = tls.get("certificate_sha256")
    first = certificates[0] if isinstance(certificates, list) and certificates else ""
    parts = [text_of(network, "address"), text_of(tls, "version")]
    if isinstance(first, str) and first:
        parts.append(say("certificate", sha256=first))
    return " · ".join(part for part in parts if part)


def _counters(observed: Mapping[str, Json], say: Teller) -> str:
    parts = []
    for one in maps_of(observed, "counters"):
        name, value = text_of(one, "name"), text_of(one, "value")
        if name != "ai_label":
            parts.append(say("counter", name=say.known(f"doc.counter.{name}", name), value=value))
    return say.join(parts)


def _label(observed: Mapping[str, Json]) -> str:
    """The line that carries an AI label; empty when none was detected."""
    named = (one for one in maps_of(observed, "counters") if text_of(one, "name") == "ai_label")
    return next((text_of(one, "value") for one in named), "")


def _tool(manifest: Mapping[str, Json]) -> str:
    tool = map_of(manifest, "tool")
    parts = [tool, *maps_of(tool, "components")]
    return "; ".join(
        f"{text_of(one, 'name')} {text_of(one, 'version')}".strip()
        for one in parts
        if text_of(one, "name")
    )


def _clock(manifest: Mapping[str, Json], say: Teller) -> str:
    clock = map_of(manifest, "clock")
    off, unsure = clock.get("offset_ms"), clock.get("uncertainty_ms")
    if not isinstance(off, int):
        return ""
    text = say("clock", offset=f"{off / 1000:+.3f}", reference=text_of(clock, "reference"))
    if isinstance(unsure, int):
        text += say("clock.unsure", uncertainty=f"{unsure / 1000:.3f}")
    return text


def _origin(rows: Sequence[Row], say: Teller, *, spotted: bool) -> list[Field]:
    """Where it came from, line by line; what was asked of others is marked, and explained once.

    A filing number whose place is known (``spotted``) has a row of its own.
    """
    told: list[Field] = [
        f"{say.words(f'origin.row.{row.key}')}: {sentence(row, say.words, say.both)}"
        for row in rows
        if not (spotted and row.key == "icp")
    ]
    if any(row.separate and row.at for row in rows):
        told.append(say.words("origin.note.separate"))
    return told


def _checks(manifest: Mapping[str, Json], say: Teller) -> list[Field]:
    """Each completeness check in words; passed ones first, in one line."""
    passed, others = [], []
    for one in maps_of(manifest, "completeness"):
        check, outcome = text_of(one, "check"), text_of(one, "outcome")
        if outcome == "pass":
            passed.append(say.known(f"check.{check}", check))
            continue
        sentence = check_words(check, outcome, text_of(one, "detail"), say.words)
        others.append(
            say(f"check.{outcome}" if outcome in _OUTCOMES else "check.warn", it=sentence)
        )
    first = [say("check.pass", it=say.join(passed))] if passed else []
    return [*first, *others]


_OUTCOMES = ("warn", "fail", "not_checked")


def _source(shown: Shown, say: Teller) -> str:
    """Who got it from where, when, and in how many files."""
    manifest = shown.manifest
    received = text_of(map_of(manifest, "received"), "from")
    host = urlsplit(_host_url(shown)).hostname or ""
    when = say.minute(text_of(manifest, "started"))
    kind = "received" if received else shown.exhibit.source
    count = len(shown.exhibit.artifacts)
    return say(f"source.{kind}", when=when, host=host, by=received, count=count)


def _host_url(shown: Shown) -> str:
    target = map_of(shown.manifest, "target")
    return text_of(target, "final_url") or text_of(target, "url")


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
        "each": "",
    }
    rest: list[Field] = [
        _file(exhibit, pieces, say) for pieces in _together(exhibit.artifacts, exhibit.source)
    ]
    return [first, *rest]


def _together(artifacts: Sequence[Artifact], source: str) -> list[list[Artifact]]:
    """Each file by itself, and many numbered pieces of one thing together where the first stood."""
    alike: dict[tuple[str, str, str], list[Artifact]] = {}
    for one in artifacts:
        if key := _alike(one, source):
            alike.setdefault(key, []).append(one)
    rows: list[list[Artifact]] = []
    for one in artifacts:
        pieces = alike.get(_alike(one, source) or ("", "", ""), [])
        if len(pieces) <= MOST_ALIKE:
            rows.append([one])
        elif one is pieces[0]:
            rows.append(pieces)
    return rows


def _alike(artifact: Artifact, source: str) -> tuple[str, str, str] | None:
    hit = _NUMBERED.fullmatch(artifact.path) if source in _PIECED else None
    return (hit[1], hit[2], artifact.role) if hit else None


def _file(exhibit: Exhibit, pieces: Sequence[Artifact], say: Teller) -> Fields:
    """A row of the table of files; the hash values of many pieces stand in the manifest."""
    first, last, many = pieces[0], pieces[-1], len(pieces) > 1
    path = f"{exhibit.number}/{first.path}"
    chained = many and any(a.path == "files/segments.jsonl" for a in exhibit.artifacts)
    return {
        "path": f"{path} – {Path(last.path).name}" if many else path,
        "role": say(f"role.{first.role}"),
        "size": say.count(sum(one.size for one in pieces)),
        "sha256": "" if many else first.digest.sha256,
        "sm3": "" if many else first.digest.sm3,
        "called": "" if many else _called(first.name, first.path),
        "each": say(
            "files.chained" if chained else "files.many",
            count=len(pieces),
            manifest=f"{exhibit.number}-capture.json",
        )
        if many
        else "",
    }


def _called(name: str, path: str) -> str:
    """What a file was called where it came from, if that is not what it is called here."""
    own = one_line(name)
    return "" if own == Path(path).name else own[:200]
