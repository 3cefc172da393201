"""What a report says about the computer: the checks around its exhibits, side by side.

Exhibits that share the run before them were captured in one sitting.  Everything printed comes
from manifests and from the runs whose digests the ledger names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from holdfast.core.canonical import Json, one_line, parse, rfc3339
from holdfast.core.document import Field
from holdfast.core.environment import (
    CHECK_FORMAT,
    ITEMS,
    Environment,
    EnvironmentRun,
    Reading,
    raw_values,
    read_run,
    runs_of,
    said,
)
from holdfast.core.errors import Tampered
from holdfast.core.ledger import LedgerEntry
from holdfast.ports import Vault
from holdfast.usecases.report import Fields, Shown, Teller

MOST_VALUES = 14
"""Raw values of one item that are printed; all of them stand in the manifest."""
VALUE_LIMIT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """A check that a line of the ledger names, read from the bytes it names."""

    id: str
    seq: int
    at: str
    when: str
    exhibit: str
    run: EnvironmentRun
    sha256: str
    raw: bytes


def on_record(entries: Sequence[LedgerEntry], vault: Vault) -> tuple[OnRecord, ...]:
    """Every check in the ledger as it stands now: remarks written later take the earlier's place.

    Raises Tampered when the bytes are not what the line says.
    """
    found: dict[str, OnRecord] = {}
    for entry in entries:
        sha256 = entry.facts.get("sha256")
        if entry.act != "environment.checked" or not isinstance(sha256, str):
            continue
        raw = vault.read(sha256)
        first = found.get(entry.subject)
        found[entry.subject] = _read(entry, sha256, raw, first)
    return tuple(found.values())


def _read(entry: LedgerEntry, sha256: str, raw: bytes, first: OnRecord | None) -> OnRecord:
    try:
        match parse(raw):
            case {"format": form, "when": str(when), "exhibit": str(exhibit), "run": run} if (
                form == CHECK_FORMAT
            ):
                return OnRecord(
                    id=entry.subject,
                    # The check was made when its first line was written.
                    seq=entry.seq if first is None else first.seq,
                    at=entry.at,
                    when=when,
                    exhibit=exhibit,
                    run=read_run(run),
                    sha256=sha256,
                    raw=raw,
                )
    except ValueError as error:
        raise Tampered("object_changed", sha256=sha256) from error
    raise Tampered("object_changed", sha256=sha256)


@dataclass(slots=True)
class Sitting:
    """Exhibits with one run before them."""

    before: EnvironmentRun
    exhibits: list[tuple[str, int, EnvironmentRun]] = field(default_factory=list)
    """Number, line of the ledger, and the short run before it was sealed."""

    @property
    def numbers(self) -> list[str]:
        return [number for number, _, _ in self.exhibits]


def sittings(
    shown: Sequence[Shown],
    sealed: Mapping[str, int],
    checks: Sequence[OnRecord],
    say: Teller,
) -> list[Field]:
    """One set of fields for each sitting; empty where no manifest holds an environment check."""
    made: dict[tuple[str, str], Sitting] = {}
    for one in shown:
        around: Environment | None = runs_of(one.manifest)
        if around is None:
            continue
        key = (around.before.started, around.before.finished)
        sitting = made.setdefault(key, Sitting(around.before))
        number = one.exhibit.number
        sitting.exhibits.append((number, sealed[number], around.sealing))
    return [_told(at, sitting, checks, say) for at, sitting in enumerate(made.values(), 1)]


def _told(at: int, sitting: Sitting, checks: Sequence[OnRecord], say: Teller) -> Fields:
    last = max(seq for _, seq, _ in sitting.exhibits)
    after = next((one for one in checks if one.when == "after" and one.seq > last), None)
    later = [one for one in checks if one.exhibit in sitting.numbers]
    run, end = sitting.before, after.run if after is not None else None
    sealing = [one for _, _, one in sitting.exhibits]
    rows: list[Field] = []
    values: list[Field] = []
    for item in ITEMS:
        reading = run.reading(item)
        if reading is None:
            continue
        following = end.reading(item) if end is not None else None
        rows.append(
            {
                "item": say.words(f"environment.item.{item}"),
                "before": _cell(reading, say),
                "sealing": _sealing(reading, sitting, item, say),
                "after": _compared(following, reading, say) if end is not None else "—",
                "remark": _remark(reading, following, later, say),
            }
        )
        values.append(
            {
                "item": say.words(f"environment.item.{item}"),
                "values": _raw(reading, say),
                "after": _raw(following, say)
                if following is not None and following.facts != reading.facts
                else "",
            }
        )
    return {
        "n": at,
        "exhibits": say.join(sitting.numbers),
        "before": say.span(run.started, run.finished),
        "sealing": say.span(
            min(one.started for one in sealing), max(one.finished for one in sealing)
        ),
        "after": say.span(end.started, end.finished) if end is not None else "",
        "after_line": after.seq if after is not None else "",
        "after_sha256": after.sha256 if after is not None else "",
        "rows": rows,
        "values": values,
        "clock_before": _clock(run, say),
        "clock_after": _clock(end, say) if end is not None else "",
        "system": _said(run, "system", say),
        "program": _said(run, "program", say),
        "sha256": (run.reading("program") or _NONE).value("sha256"),
        "rights": _said(run, "rights", say),
        "displays": _said(run, "displays", say),
        "way": (run.reading("tunnel") or _NONE).value("route"),
    }


_NONE = Reading(item="", outcome="not_checked")


def _said(run: EnvironmentRun, item: str, say: Teller) -> str:
    reading = run.reading(item)
    return one_line(said(reading, say.words)) if reading is not None else ""


def _clock(run: EnvironmentRun, say: Teller) -> str:
    return _said(run, "clock", say)


def _cell(reading: Reading, say: Teller) -> str:
    outcome = say.words(f"environment.outcome.{reading.outcome}")
    return say("environment.cell", outcome=outcome, seen=one_line(said(reading, say.words)))


def _compared(reading: Reading | None, before: Reading, say: Teller) -> str:
    """A later reading, in full only where it says something else."""
    if reading is None:
        return "—"
    text = _cell(reading, say)
    return say("environment.same") if text == _cell(before, say) else text


def _sealing(before: Reading, sitting: Sitting, item: str, say: Teller) -> str:
    """What was read before each exhibit was sealed; once where all of them say the same."""
    told: dict[str, list[str]] = {}
    for number, _, run in sitting.exhibits:
        told.setdefault(_compared(run.reading(item), before, say), []).append(number)
    if len(told) == 1:
        return next(iter(told))
    return say("environment.each").join(
        say("environment.of", exhibits=say.join(numbers), seen=text)
        for text, numbers in told.items()
    )


def _remark(reading: Reading, after: Reading | None, later: Iterable[OnRecord], say: Teller) -> str:
    """What the person said, and when it was added later; that nothing was said where it asks."""
    parts = [one_line(reading.remark)] if reading.remark else []
    for check in later:
        added = check.run.reading(reading.item)
        if added is not None and added.remark and added.remark != reading.remark:
            when = say.minute(check.at)
            parts.append(say("environment.added", remark=one_line(added.remark), time=when))
    if after is not None and after.remark:
        parts.append(say("environment.afterwards", remark=one_line(after.remark)))
    if parts:
        return say("environment.each").join(parts)
    asks = any(one is not None and one.outcome in ("warn", "fail") for one in (reading, after))
    return say("environment.no_remark") if asks else ""


def _raw(reading: Reading, say: Teller) -> str:
    pairs = raw_values(reading, say.words)
    parts = [
        say("environment.value", name=name, value=_short(one_line(value)) or "—")
        for name, value in pairs[:MOST_VALUES]
    ]
    left = len(pairs) - len(parts)
    if left > 0:
        parts.append(say("environment.left", count=left))
    return say("environment.each").join(parts)


def _short(text: str) -> str:
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


# --- not before ----------------------------------------------------------------------------------


def not_before(manifest: Mapping[str, Json], rounds: Mapping[str, tuple[int, int]]) -> Fields:
    """Values in a manifest that nobody could know earlier; empty fields where it has none.

    ``rounds``: by a drand chain's hash, when its first round was due and the seconds between two.
    """
    held = manifest.get("not_before")
    fields: Fields = {
        "known": False,
        "practice": False,
        "height": "",
        "hash": "",
        "block_time": "",
        "sources": "",
        "round": "",
        "chain": "",
        "round_time": "",
        "time": "",
    }
    if not isinstance(held, Mapping):
        return fields
    fields["practice"] = held.get("network") == "practice"
    match held.get("bitcoin"):
        case {"height": int(height), "hash": str(hash_)}:
            # As text: the first block of a chain is number 0, and no less a block.
            fields |= {"known": True, "height": str(height), "hash": hash_}
    match held.get("bitcoin"):
        case {"sources": [*sources]}:
            fields["sources"] = ", ".join(one for one in sources if isinstance(one, str))
    match held.get("bitcoin"):
        case {"header": str(header)} if (seconds := _block_time(header)) is not None:
            fields["block_time"] = seconds
    match held.get("drand"):
        case {"chain": str(chain), "round": int(round_)}:
            fields |= {"known": True, "round": round_, "chain": chain}
            if chain in rounds:
                genesis, period = rounds[chain]
                fields["round_time"] = genesis + period * (round_ - 1)
    return fields


def told_not_before(
    manifest: Mapping[str, Json], rounds: Mapping[str, tuple[int, int]], say: Teller
) -> Fields:
    """The same, with times as the document writes them."""
    fields = not_before(manifest, rounds)
    for name in ("block_time", "round_time"):
        seconds = fields[name]
        fields[name] = say.both(_rfc3339(seconds)) if isinstance(seconds, int) else ""
    fields["time"] = fields["round_time"]
    if fields["block_time"] and not fields["round_time"]:
        # A miner may write a time that is still to come.
        fields["time"] = say("not_before.block", time=fields["block_time"])
    return fields


def _block_time(header: str) -> int | None:
    """The time in an 80-byte header, Unix seconds."""
    try:
        raw = bytes.fromhex(header)
    except ValueError:
        return None
    return int.from_bytes(raw[68:72], "little") if len(raw) == 80 else None


def _rfc3339(seconds: int) -> str:
    return rfc3339(datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC))
