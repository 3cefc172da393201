"""Not before: what the values in a manifest are worth that nobody could know earlier.

They date the manifest, never the picture.  Which world a value belongs to follows from the chain
its header links to, from the target it names, or from the key that signed it; what the manifest
says of its network is only compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from holdfast.core import practice
from holdfast.core.bag import Contents, Seen, Unreadable
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    MAX_HEADERS_FILE,
    BadHeader,
    Header,
    LinkedRun,
    display,
    link,
    objection,
    parse_header,
)
from holdfast.core.canonical import Json, moment, one_line, rfc3339, stated
from holdfast.core.drand import MAX_ROUND, PRACTICE, DrandChain, read_signature
from holdfast.core.evidence import World, read_manifest
from holdfast.core.not_before import NOT_ASKED, reason_codes
from holdfast.core.pack import PAYLOAD, payload, read_headers_path
from holdfast.core.record import MAX_CAPTURE, Record, Sealed
from holdfast.core.verdict import FindingOutcome
from holdfast.core.witness import MAX_RUNS, Abouts, Dated, Terms

BLOCK_SLACK = timedelta(hours=2)
"""How far ahead of the world a miner's clock may be (Bitcoin's own rule)."""
ROUND_SLACK = timedelta(minutes=1)
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """A value and when it came into the world; ``slack`` is how far that may be off."""

    name: str
    time: datetime
    slack: timedelta


def judge_not_before(
    contents: Contents, record: Record, dated: Sequence[Dated], terms: Terms, seen: Seen
) -> None:
    """Every value in the manifests judged, and held against what witnesses and clock say."""
    judge = _Judge(contents, record, terms, seen)
    about = Abouts(record, dated)
    for exhibit in record.exhibits:
        manifest = judge.manifest(exhibit)
        if manifest is None:
            continue
        name = payload(exhibit.ref.path)
        values = tuple(judge.values(name, manifest.get("not_before")))
        judge.against_clock(name, manifest, values)
        judge.against_witnesses(name, about(exhibit), values)


@dataclass(slots=True)
class _Judge:
    contents: Contents
    record: Record
    terms: Terms
    seen: Seen
    deaf: bool = False
    """Whether nobody answered about a block; then nobody is asked about the next."""
    linked: list[LinkedRun] | None = None
    """The runs that hold together, once they were looked at."""

    @property
    def world(self) -> World:
        return self.record.world

    def manifest(self, exhibit: Sealed) -> Mapping[str, Json] | None:
        """The manifest of an exhibit; None where it is not what was sealed, which was said."""
        if exhibit.number in self.record.manifests:
            return self.record.manifests[exhibit.number]
        name = payload(exhibit.ref.path)
        if name not in self.contents or exhibit.ref.path in self.record.changed:
            return None
        try:
            return read_manifest(self.contents.read(name, MAX_CAPTURE))
        except ValueError:
            return None

    def values(self, name: str, told: Json) -> Iterator[_Value]:
        """What the manifest holds, each part said; those that have a time."""
        if told is None or told == NOT_ASKED.body():
            return
        if not isinstance(told, Mapping):
            self.seen.say(name, "not_before_malformed", "broken", "not_before")
            return
        network, reason = told.get("network"), told.get("reason")
        if "bitcoin" in told or "drand" in told:
            if network != ("practice" if self.world == "practice" else "bitcoin"):
                self.seen.say(name, "world_mixed", "broken", one_line(stated(network)[:80]))
            if "bitcoin" in told:
                yield from self._block(name, told["bitcoin"])
            if "drand" in told:
                yield from self._round(name, told["drand"])
        elif isinstance(reason, str):
            codes = ", ".join(reason_codes(reason)) or "?"
            self.seen.say(name, "not_before_absent", "unchecked", codes)
        else:
            self.seen.say(name, "not_before_malformed", "broken", "not_before")

    # --- the block -------------------------------------------------------------------------------

    def _block(self, name: str, told: Json) -> Iterator[_Value]:
        say = self.seen.say
        match told:
            case {"height": int(height), "hash": str(hash_)} if (
                # To Python true is a number too.
                not isinstance(height, bool)
                and 0 <= height < 10**9
                and len(hash_) == 64
                and _HEX.issuperset(hash_)
            ):
                pass
            case _:
                say(name, "not_before_malformed", "broken", "bitcoin")
                return
        try:
            header = _own_header(told)
        except ValueError:
            say(name, "not_before_malformed", "broken", "header")
            return
        if header is not None and display(header.hash) != hash_:
            say(name, "not_before_block_differs", "broken", f"{height}, {hash_}")
            return
        if header is not None and (foreign := self._foreign(height, header)):
            say(name, *foreign)
            return
        known = self._known(height)
        if known is not None and display(known.hash) == hash_:
            say(name, "not_before_block", "ok", f"{height}, {_told(known.time)}")
            yield _Value(name=f"block {height}", time=_at(known.time), slack=BLOCK_SLACK)
        elif header is None:
            say(name, *self._bare(height, hash_, known is not None))
        else:
            # The newest block is sometimes replaced by another; it was there all the same.
            rule = "not_before_block_left" if known else "not_before_block_alone"
            say(name, rule, "unchecked", f"{height}, {_told(header.time)}")
            yield _Value(name=f"block {height}", time=_at(header.time), slack=BLOCK_SLACK)

    def _foreign(self, height: int, header: Header) -> tuple[str, FindingOutcome, str] | None:
        """What is to be said of a header that cannot be of this record's world."""
        easy = header.bits == practice.CHAIN_BITS
        if easy != (self.world == "practice"):
            return "world_mixed", "broken", f"{header.bits:08x}"
        reason = "" if easy else objection(height, header, self.terms.table)
        if easy and not header.has_work:
            reason = "no_work"
        if not reason or reason == "not_in_chain":
            return None
        return "not_before_block_impossible", "broken", f"{height}, {reason}"

    def _bare(self, height: int, hash_: str, known: bool) -> tuple[str, FindingOutcome, str]:
        """What is to be said of a hash without its header; ``known``: the chain has another."""
        detail = f"{height}, {hash_}"
        if known:
            return "not_before_block_differs", "broken", detail
        if self.world == "real" and int(hash_, 16) > self.terms.table.easiest(height):
            return "not_before_block_impossible", "broken", detail
        return "not_before_block_unseen", "unchecked", detail

    def _known(self, height: int) -> Header | None:
        """The header that this world's chain has there; from runs, else by asking."""
        if self.linked is None:
            self.linked = list(self._linked())
        for run in self.linked:
            if (header := run.header(height)) is not None:
                return header
        if self.world == "practice" or self.terms.ask is None or self.deaf:
            return None
        shown = {raw for _, at, raw in self.terms.ask(height) if at == height}
        self.deaf = not shown
        return self._shown(height, shown)

    def _linked(self) -> Iterator[LinkedRun]:
        """Those of the runs that are of this world's chain."""
        for first, raw in islice(self._runs(), MAX_RUNS + 1):
            try:
                run = link(first, raw, self.terms.table)
            except BadHeader:
                continue
            if run is not None and (run.network == "practice") == (self.world == "practice"):
                yield run

    def _runs(self) -> Iterator[tuple[int, bytes]]:
        """The person's own run, and the pack's; what is wrong with them is said elsewhere."""
        if self.terms.help.header_run is not None:
            yield self.terms.help.header_run
        for name in self.contents.listed:
            span = read_headers_path(name.removeprefix(PAYLOAD))
            if span is None:
                continue
            try:
                yield span[0], self.contents.read(name, MAX_HEADERS_FILE)
            except Unreadable:
                continue

    def _shown(self, height: int, shown: AbstractSet[bytes]) -> Header | None:
        """The header that explorers show, unless one of them shows another."""
        if len(shown) != 1:
            return None
        header = parse_header(next(iter(shown)))
        return None if objection(height, header, self.terms.table) else header

    # --- the round -------------------------------------------------------------------------------

    def _round(self, name: str, told: Json) -> Iterator[_Value]:
        say = self.seen.say
        match told:
            case {"chain": str(hash_), "round": int(number), "signature": str(written)} if (
                not isinstance(number, bool)
                and 0 < number < MAX_ROUND
                and (signature := read_signature(written)) is not None
            ):
                pass
            case _:
                say(name, "not_before_malformed", "broken", "drand")
                return
        chain = {one.hash: one for one in (*self.terms.beacons, PRACTICE)}.get(hash_)
        if chain is None:
            say(name, "not_before_chain_unknown", "unchecked", one_line(hash_[:80]))
            return
        if (chain is PRACTICE) != (self.world == "practice"):
            say(name, "world_mixed", "broken", hash_)
            return
        detail = f"{number}, {_told(chain.time(number))}"
        if self.terms.signed is None:
            say(name, "not_before_round_unchecked", "unchecked", detail)
        elif self.terms.signed(chain, number, signature):
            say(name, "not_before_round", "ok", detail)
        else:
            self._not_signed(name, chain, number, signature)
            return
        yield _Value(name=f"round {number}", time=_at(chain.time(number)), slack=ROUND_SLACK)

    def _not_signed(self, name: str, chain: DrandChain, number: int, signature: bytes) -> None:
        """Another key's signature; the practice key's own is named as what it is."""
        assert self.terms.signed is not None
        if chain is not PRACTICE and self.terms.signed(PRACTICE, number, signature):
            self.seen.say(name, "world_mixed", "broken", PRACTICE.hash)
        else:
            self.seen.say(name, "not_before_signature", "broken", f"{number}, {chain.name}")

    # --- what else says a time -------------------------------------------------------------------

    def against_clock(
        self, name: str, manifest: Mapping[str, Json], values: Sequence[_Value]
    ) -> None:
        """A clock that was behind is a weakness of what it says, not of what was sealed."""
        claimed = _claimed(manifest)
        for value in values:
            # The other way round, the last second that there is would have no next.
            if claimed is not None and value.time - claimed > value.slack:
                detail = f"{rfc3339(claimed)} < {value.name}, {rfc3339(value.time)}"
                self.seen.say(name, "not_before_clock", "weak", detail)

    def against_witnesses(
        self, name: str, about: Sequence[Dated], values: Sequence[_Value]
    ) -> None:
        """Nothing can have been witnessed before what it contains existed."""
        for witness in about:
            if witness.time is None:
                continue
            by_chain = witness.kind == "opentimestamps"
            for value in values:
                slack = max(value.slack, BLOCK_SLACK) if by_chain else value.slack
                if value.time - moment(witness.time) > slack:
                    detail = f"{witness.time} < {value.name}, {rfc3339(value.time)}"
                    self.seen.say(name, "not_before_contradiction", "broken", detail)


def _own_header(told: Json) -> Header | None:
    """The header that a manifest gives with its block.  Raises ValueError for anything else."""
    match told:
        case {"header": str(written)}:
            if len(written) != 2 * HEADER_SIZE or not _HEX.issuperset(written):
                raise ValueError("not a header")
            return parse_header(bytes.fromhex(written))
        case {"header": _}:
            raise ValueError("not a header")
    return None


def _claimed(manifest: Mapping[str, Json]) -> datetime | None:
    """The latest that the manifest can have been made by its clock, whichever way it was off."""
    match manifest.get("clock"):
        case {"system": str(system), **rest}:
            offset = rest.get("offset_ms")
            try:
                found = moment(system)
                return found + timedelta(milliseconds=abs(offset) if isinstance(offset, int) else 0)
            except (ValueError, OverflowError):
                return None
    return None


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _told(seconds: int) -> str:
    return rfc3339(_at(seconds))
