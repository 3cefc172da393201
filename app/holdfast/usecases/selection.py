"""What goes into a selective pack: some exhibits, the lines about them, and nothing about others.

Without the people nothing goes along that names them: no document, no letter, no title.

Lines that are not shown stay in the tree as leaf hashes, so that what is shown is still proved to
be under the same heads.  Whatever might speak of a withheld exhibit is withheld with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from holdfast.core.canonical import Json
from holdfast.core.errors import Refused
from holdfast.core.evidence import read_manifest
from holdfast.core.exported import spans
from holdfast.core.ledger import LedgerEntry
from holdfast.ports import Vault

_ALWAYS = frozenset(
    {
        "case.opened",
        "checkpoint.cosigned",
        "environment.checked",
        "key.rotated",
        "pack.exported",
        "proofs.renewed",
    }
)
"""Acts that speak of the case, its keys and its heads, and of no exhibit in particular."""
_ABOUT_EXHIBIT = frozenset(
    {"exhibit.sealed", "exhibit.described", "exhibit.withdrawn", "exhibit.viewed"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which exhibits a pack shows; all of them unless some were named."""

    only: tuple[str, ...] = ()
    """Numbers, ascending; empty for everything."""
    without_parties: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.only and not self.without_parties

    def shows(self, number: str) -> bool:
        """Whether an exhibit goes along."""
        return not self.only or number in self.only


def select(
    only: Sequence[str], entries: Sequence[LedgerEntry], *, without_parties: bool
) -> Selection:
    """The selection of these exhibits.  Raises Refused for one that was never sealed."""
    sealed = {entry.subject for entry in entries if entry.act == "exhibit.sealed"}
    for number in only:
        if number not in sealed:
            raise Refused("exhibit_unknown", exhibit=number[:20])
    chosen = () if set(only) == sealed else tuple(sorted(set(only)))
    if without_parties and not chosen:
        # What names people is withheld line by line, so that is a pack of named exhibits too.
        chosen = tuple(sorted(sealed))
    return Selection(only=chosen, without_parties=without_parties)


def shown_lines(
    selection: Selection, entries: Sequence[LedgerEntry], vault: Vault
) -> frozenset[int]:
    """The numbers of the lines that a pack shows."""
    if selection.whole:
        return frozenset(entry.seq for entry in entries)
    sealed = {e.subject: e for e in entries if e.act == "exhibit.sealed"}
    hidden = {number: line for number, line in sealed.items() if not selection.shows(number)}
    private = _digests(hidden.values(), vault)
    return frozenset(e.seq for e in entries if _shown(e, selection, hidden, private))


def _digests(lines: Iterable[LedgerEntry], vault: Vault) -> frozenset[str]:
    """Of the manifests of exhibits, and of every file that they list."""
    found: set[str] = set()
    for line in lines:
        for ref in line.refs:
            found.add(ref.sha256)
            try:
                files = read_manifest(vault.read(ref.sha256)).get("files")
            except ValueError:
                continue
            for file in files if isinstance(files, list) else ():
                if isinstance(file, Mapping):
                    found.add(str(file.get("sha256")))
    return frozenset(found)


def _shown(
    entry: LedgerEntry,
    selection: Selection,
    hidden: Mapping[str, LedgerEntry],
    private: frozenset[str],
) -> bool:
    if entry.act in _ALWAYS:
        return True
    if entry.act in _ABOUT_EXHIBIT:
        return selection.shows(entry.subject)
    if entry.act == "document.issued":
        # A report, a list and a receipt speak of everything that was sealed before them, and of
        # the people.
        return not selection.without_parties and all(
            line.seq > entry.seq for line in hidden.values()
        )
    if entry.act == "timestamp.confirmed":
        parts = entry.subject.split("/")
        return parts[0] == "ledger" or (len(parts) > 1 and selection.shows(parts[1]))
    if entry.act in ("timestamp.requested", "timestamp.failed"):
        subjects = entry.facts.get("subjects")
        return isinstance(subjects, list) and private.isdisjoint(map(str, subjects))
    return False


def line(entry: LedgerEntry, shown: frozenset[int]) -> bytes:
    """An entry as it stands in a pack: exactly its bytes, or its leaf hash."""
    if entry.seq in shown:
        return entry.body + b"\n"
    return b'{"withheld":"' + entry.leaf.hex().encode() + b'"}\n'


def facts(
    selection: Selection, entries: Sequence[LedgerEntry], shown: frozenset[int]
) -> dict[str, Json]:
    """What the export line says of a selective pack; nothing for a whole one."""
    if selection.whole:
        return {}
    hidden = [entry.seq for entry in entries if entry.seq not in shown]
    return {"only": list(selection.only), "withheld": spans(hidden)}


def trimmed(
    body: Mapping[str, Json],
    selection: Selection,
    entries: Sequence[LedgerEntry],
    shown: frozenset[int],
) -> dict[str, Json]:
    """``case.json`` with what was left out taken out, and said."""
    made = dict(body)
    left: dict[str, Json] = {"parties": 0}
    if selection.without_parties:
        parties = _objects(made["parties"])
        made["parties"] = [_redacted(one) for one in parties]
        # Cases are called by the people in them.
        made["title"] = made["number"]
        left["parties"] = len(parties)
    left |= _take_out(made, selection, entries, shown)
    if selection.without_parties:
        # What the person wrote about them is as telling as their names.
        made["exhibits"] = [
            {**one, "caption": "", "purpose": ""} for one in _objects(made["exhibits"])
        ]
        left["infringements"] = len(_objects(body["infringements"]))
        made["infringements"] = []
    made["left_out"] = left
    return made


def _take_out(
    made: dict[str, Json],
    selection: Selection,
    entries: Sequence[LedgerEntry],
    shown: frozenset[int],
) -> dict[str, Json]:
    gone = [e for e in entries if e.seq not in shown]
    numbers = [e.subject for e in gone if e.act == "exhibit.sealed"]
    papers = {e.subject for e in gone if e.act in ("document.issued", "notice.approved")}
    made["exhibits"] = [e for e in _objects(made["exhibits"]) if selection.shows(str(e["number"]))]
    made["documents"] = [d for d in _objects(made["documents"]) if d["number"] not in papers]
    about = [i for i in _objects(made["infringements"]) if _within(i["exhibits"], selection)]
    counts: dict[str, Json] = {"infringements": len(_objects(made["infringements"])) - len(about)}
    made["infringements"] = about
    for name in ("licences", "notices", "submissions", "answers", "followups"):
        counts[name] = len(_objects(made[name]))
        made[name] = []
    return {
        "exhibits": list(numbers),
        "documents": sorted(papers),
        "lines": len(gone),
        **counts,
    }


def _within(numbers: Json, selection: Selection) -> bool:
    listed = numbers if isinstance(numbers, list) else []
    return bool(listed) and all(selection.shows(str(number)) for number in listed)


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


_KEPT_OF_A_PARTY = ("id", "case_id", "role")


def _redacted(party: Mapping[str, Json]) -> dict[str, Json]:
    """Who somebody is to the case, and nothing of who they are."""
    return {**{key: party[key] for key in _KEPT_OF_A_PARTY}, "redacted": True}
