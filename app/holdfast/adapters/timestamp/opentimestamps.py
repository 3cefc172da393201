"""OpenTimestamps: one tip to several calendars, and proofs completed only when they verify.

The library makes and merges what calendars answer; it never touches the network and never reads a
byte that our own strict reader has not accepted.  The tree below the tip is ``core.aggregate``'s.
A proof that somebody wrote cannot choose whom we contact: calendars are asked only at the addresses
on our list.
"""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from holdfast.adapters import witness
from holdfast.core import anchor
from holdfast.core.aggregate import NONCE, tree
from holdfast.core.anchor import Anchor
from holdfast.core.bitcoin import CheckpointTable
from holdfast.core.canonical import rfc3339
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.opentimestamps import (
    MAGIC,
    MAX_DEPTH,
    MAX_WORK,
    Attestation,
    DetachedProof,
    MalformedProof,
    read_proof,
    read_timestamp,
)
from holdfast.core.timestamp import (
    Answer,
    Authorities,
    Calendar,
    Heard,
    StampKind,
    StampStatus,
)
from holdfast.core.verdict import Finding, ProofHelp, TimestampSeen
from holdfast.ports import Clock

if TYPE_CHECKING:
    from opentimestamps.core.timestamp import Timestamp

ANSWER_LIMIT = 10_000
"""Octets of a calendar's answer."""
SECONDS = 20.0
ASKED_AT_ONCE = 8
ANSWER_WORK = MAX_WORK // 32
"""What replaying one calendar's answer may cost, so that none spoils the proof for the others."""
PROMISES = 4
"""Of one calendar for one tip, where genuine ones make one: all calendars' come to stand in one
proof, where none may crowd out the others, or say of a block what nobody has looked at."""
PENDING_LIMIT = 32
"""Pending attestations of one proof that are followed up."""
REMEMBERED = timedelta(seconds=60)
_ACCEPT = {"accept": "application/vnd.opentimestamps.v1"}

Result = TypeVar("Result")
Headers: TypeAlias = "tuple[tuple[str, int, bytes], ...]"
"""(operator, height, 80 bytes) each."""


class Explorers(Protocol):
    """Where the block headers come from that settle a height."""

    def about(self, height: int) -> Headers: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What a calendar said about a message: a verified tree, or why there is none yet."""

    tree: bytes = b""
    attestations: tuple[Attestation, ...] = ()
    reason: str = ""
    heard: Heard | None = None


class OpenTimestamps:
    """The Stamper that asks calendars.  ``explorers`` gives a world's source of headers."""

    def __init__(
        self,
        clock: Clock,
        explorers: Callable[[Authorities], Explorers],
        table: CheckpointTable | None = None,
    ) -> None:
        self._clock = clock
        self._explorers = explorers
        self._table = table if table is not None else witness.checkpoints()
        self._sources: dict[Authorities, Explorers] = {}
        self._shown: dict[int, tuple[datetime, Headers]] = {}
        self._said: dict[tuple[str, bytes], tuple[datetime, _Reply]] = {}

    @property
    def id(self) -> StampKind:
        """Its kind."""
        return "opentimestamps"

    def targets(self, authorities: Authorities) -> tuple[str, ...]:
        """One: all calendars are asked at once."""
        return ("",) if authorities.calendars else ()

    def ask(
        self, sha256s: Sequence[str], authority: str, authorities: Authorities, job: Job
    ) -> tuple[Answer, ...]:
        """One pending proof a digest, from one request to each calendar."""
        if not sha256s or authority not in self.targets(authorities):
            return tuple(_nothing(sha256, "no_calendar") for sha256 in sha256s)
        made = tree(
            [bytes.fromhex(sha256) for sha256 in sha256s],
            [secrets.token_bytes(NONCE) for _ in sha256s],
        )
        calendars = authorities.calendars
        levels = MAX_DEPTH - made.levels
        replies = _together(
            [
                partial(self._submit, calendar, made.tip, levels, authorities)
                for calendar in calendars
            ],
            job,
        )
        heard = _heard(replies)
        given = {c.id: reply for c, reply in zip(calendars, replies, strict=True) if reply.tree}
        if not given:
            return tuple(_nothing(sha256, replies[0].reason, heard) for sha256 in sha256s)
        above = _above(made.tip, [reply.tree for reply in given.values()])
        promised = Answer(sha256="", status="pending", by=", ".join(given), heard=heard)
        answers = []
        for at, sha256 in enumerate(sha256s):
            proof = made.proof(at, above)
            if read_proof(proof).digest.hex() != sha256:
                raise AssertionError("a proof about something else was made")
            answers.append(replace(promised, sha256=sha256, proof=proof))
        return tuple(answers)

    def upgrade(self, sha256: str, proof: bytes, authorities: Authorities, job: Job) -> Answer:
        """Where a kept proof stands, with what calendars could add and explorers could confirm.

        Only trees whose every block was confirmed join the proof; until then it stays as it was.
        """
        try:
            read = read_proof(proof)
        except MalformedProof:
            return Answer(sha256=sha256, status="broken", reason="malformed")
        if (read.digest_algorithm, read.digest.hex()) != ("sha256", sha256):
            return Answer(sha256=sha256, status="broken", reason="digest_differs")
        source = self._source(authorities)
        whole, reasons = proof, [""]
        followed = self._follow(read, authorities, job)
        for pending, reply in followed:
            reason = reply.reason or self._doubt(reply, source, authorities.world)
            if not reason:
                whole = _merged(whole, pending.message, reply.tree)
            reasons.append(reason)
        anchors = [
            self._weigh(attestation, source, authorities.world)
            for attestation in read_proof(whole).attestations
        ]
        standing = _standing(sha256, proof, whole, anchor.best(anchors), reasons)
        return replace(standing, heard=_heard([reply for _, reply in followed]))

    def _source(self, authorities: Authorities) -> Explorers:
        if authorities not in self._sources:
            self._sources = {authorities: self._explorers(authorities)}
        return self._sources[authorities]

    def _submit(
        self, calendar: Calendar, message: bytes, levels: int, authorities: Authorities
    ) -> _Reply:
        reply = self._call(calendar.url, "/digest", authorities.world, body=message)
        if reply.reason or reply.heard is None:
            return reply
        garbage = replace(reply, reason="garbage")
        try:
            found = read_timestamp(reply.heard.body, message, levels=levels, work=ANSWER_WORK)
        except MalformedProof:
            return garbage
        promised = {a.kind for a in found} == {"pending"} and len(found) <= PROMISES
        if not promised or not _may_join(reply.heard.body, message, found, authorities):
            return garbage
        return replace(reply, tree=reply.heard.body, attestations=found)

    def _follow(
        self, read: DetachedProof, authorities: Authorities, job: Job
    ) -> list[tuple[Attestation, _Reply]]:
        """What each pending attestation's calendar says now; strangers are not asked."""
        known = _addresses(authorities)
        pending = [a for a in read.attestations if a.kind == "pending" and a.uri in known]
        pending = pending[:PENDING_LIMIT]
        now = self._clock.now()
        self._said = {key: said for key, said in self._said.items() if said[0] > now}
        wanted = [a for a in pending if (a.uri, a.message) not in self._said]
        replies = _together(
            [partial(self._complete, attestation, authorities) for attestation in wanted], job
        )
        fresh = {(a.uri, a.message): r for a, r in zip(wanted, replies, strict=True)}
        # One tip stands under thousands of proofs; the practice chain answers anew every time.
        if authorities.world == "real":
            self._said |= {key: (now + REMEMBERED, reply) for key, reply in fresh.items()}
        return [
            (a, fresh[key] if (key := (a.uri, a.message)) in fresh else self._said[key][1])
            for a in pending
        ]

    def _complete(self, pending: Attestation, authorities: Authorities) -> _Reply:
        path = f"/timestamp/{pending.message.hex()}"
        reply = self._call(pending.uri, path, authorities.world)
        if reply.reason or reply.heard is None:
            return reply
        try:
            found = read_timestamp(reply.heard.body, pending.message, work=ANSWER_WORK)
        except MalformedProof:
            return replace(reply, reason="garbage")
        if not _may_join(reply.heard.body, pending.message, found, authorities):
            return replace(reply, reason="garbage")
        return replace(reply, tree=reply.heard.body, attestations=found)

    def _call(self, base: str, path: str, world: World, *, body: bytes = b"") -> _Reply:
        """A calendar's answer as it came, with the code of why it is of no use, if so."""
        try:
            reply = witness.fetch(
                base,
                path,
                world=world,
                method="POST" if body else "GET",
                body=body,
                headers=_ACCEPT,
                limit=ANSWER_LIMIT,
                timeout=SECONDS,
            )
        except Refused:
            return _Reply(reason="address_refused")
        except Unavailable as error:
            return _Reply(reason=_REASONS.get(error.code, "unreachable"))
        heard = Heard(
            asked=base + path,
            at=rfc3339(self._clock.now()),
            status=reply.status,
            body=reply.body,
        )
        waits = reply.status == 404 and not body
        reason = "" if reply.status == 200 else "waiting" if waits else "refused"
        return _Reply(reason=reason, heard=heard)

    def _doubt(self, reply: _Reply, source: Explorers, world: World) -> str:
        """Why a calendar's tree may not join a proof; empty when every block in it was seen."""
        blocks = [a for a in reply.attestations if a.kind == "bitcoin"]
        weighed = [self._weigh(attestation, source, world) for attestation in blocks]
        if not weighed:
            return "waiting"
        if any(one.status == "broken" for one in weighed):
            return "garbage"
        return next((one.reason for one in weighed if one.status not in _SEEN), "")

    def _weigh(self, attestation: Attestation, source: Explorers, world: World) -> Anchor:
        headers: Headers = ()
        if attestation.kind == "bitcoin" and attestation.height is not None:
            headers = self._about(attestation.height, source, world)
        found = anchor.judge(attestation, headers=headers, table=self._table)
        if found.network and found.network != _NETWORKS[world]:
            return Anchor(status="broken", network=found.network, by=found.by, reason="other_world")
        return found

    def _about(self, height: int, source: Explorers, world: World) -> Headers:
        """Headers from the explorers, who are not asked twice a minute about one block."""
        now = self._clock.now()
        known = self._shown.get(height)
        if world == "practice" or known is None or known[0] <= now:
            known = (now + REMEMBERED, source.about(height))
            self._shown = {at: it for at, it in self._shown.items() if it[0] > now}
            if world == "real":
                self._shown[height] = known
        return known[1]


class OpenTimestampsChecker:
    """The ProofChecker for ``.ots``: offline, by the shipped checkpoints and what help brings."""

    def __init__(self, table: CheckpointTable | None = None) -> None:
        self._table = table if table is not None else witness.checkpoints()

    @property
    def id(self) -> StampKind:
        """Its kind."""
        return "opentimestamps"

    def check(
        self, subject: str, digest: Callable[[str], bytes], proof: bytes, help: ProofHelp
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        """As ``core.anchor.check``."""
        return anchor.check(subject, digest, proof, help, self._table)


_SEEN = frozenset({"confirmed", "one_source", "simulated"})
_URGENT = (
    "",
    "waiting",
    "unreachable",
    "slow",
    "refused",
    "address_refused",
    "garbage",
    "sources_disagree",
    "no_header",
)
"""Why nothing was added, the least telling first."""
_NETWORKS: dict[World, str] = {"real": "bitcoin", "practice": "practice"}


def _nothing(sha256: str, reason: str, heard: tuple[Heard, ...] = ()) -> Answer:
    return Answer(sha256=sha256, status="queued", reason=reason, heard=heard)


def _heard(replies: Sequence[_Reply]) -> tuple[Heard, ...]:
    return tuple(reply.heard for reply in replies if reply.heard is not None)


def _standing(
    sha256: str, proof: bytes, whole: bytes, best: Anchor, reasons: Sequence[str]
) -> Answer:
    status: StampStatus = best.status
    reason = best.reason or max(reasons, key=_URGENT.index)
    if status == "pending" and reason in ("no_header", "sources_disagree"):
        # A calendar has finished, but nobody could show us the block.
        status = "unchecked"
    kept = whole != proof or status in ("confirmed", "one_source", "simulated")
    return Answer(
        sha256=sha256,
        status=status,
        proof=whole if kept else b"",
        time=best.time,
        by=best.by,
        reason=reason,
    )


def _addresses(authorities: Authorities) -> frozenset[str]:
    """Every address that a pending attestation may name."""
    return frozenset(address for c in authorities.calendars for address in (c.url, *c.answers_as))


def _may_join(
    tree: bytes, message: bytes, found: Sequence[Attestation], authorities: Authorities
) -> bool:
    """Whether it leads to nobody whom we do not know, and the library can merge it here."""
    known = _addresses(authorities)
    if not all(a.uri in known for a in found if a.kind == "pending"):
        return False
    try:
        _tree_of(tree, message)
    except ValueError:
        # RIPEMD-160 is not everywhere.
        return False
    return True


_REASONS = {"host_garbled": "garbage", "host_too_much": "garbage", "host_slow": "slow"}


def _together(calls: Sequence[Callable[[], Result]], job: Job) -> list[Result]:
    """Every call's result, made side by side; an end may be asked for while they run."""
    pool = ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="calendar")
    try:
        futures = [pool.submit(call) for call in calls]
        while left := wait(futures, timeout=0.2).not_done:
            job.step("stamping", len(futures) - len(left), len(futures))
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _above(tip: bytes, answers: Sequence[bytes]) -> bytes:
    """What stands above the tip once every calendar's answer is merged, serialised."""
    from opentimestamps.core.serialize import BytesSerializationContext
    from opentimestamps.core.timestamp import Timestamp

    merged = Timestamp(tip)
    for answer in answers:
        merged.merge(_tree_of(answer, tip))
    context = BytesSerializationContext()
    merged.serialize(context)
    return bytes(context.getbytes())


def _tree_of(raw: bytes, message: bytes) -> Timestamp:
    """The library's tree of bytes that our own reader has accepted."""
    from opentimestamps.core.serialize import BytesDeserializationContext
    from opentimestamps.core.timestamp import Timestamp

    with warnings.catch_warnings():
        # The library warns that the operation `reverse` may go; it is still in the format.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return Timestamp.deserialize(BytesDeserializationContext(raw), message)


def _detached(leaf: Timestamp) -> bytes:
    from opentimestamps.core.op import OpSHA256
    from opentimestamps.core.serialize import BytesSerializationContext
    from opentimestamps.core.timestamp import DetachedTimestampFile

    context = BytesSerializationContext()
    DetachedTimestampFile(OpSHA256(), leaf).serialize(context)
    return bytes(context.getbytes())


def _merged(proof: bytes, message: bytes, tree: bytes) -> bytes:
    """The proof with ``tree`` under each place of ``message``; as it was if that cannot be read."""
    digest = read_proof(proof).digest
    head = len(MAGIC) + 2 + len(digest)
    try:
        whole = _tree_of(proof[head:], digest)
        for node in list(_nodes(whole)):
            if node.msg == message:
                node.merge(_tree_of(tree, message))
        merged = _detached(whole)
        read_proof(merged)
    except ValueError:
        # It would grow too large, or the library has not every hash here.
        return proof
    return merged


def _nodes(tree: Timestamp) -> Iterator[Timestamp]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.ops.values())
