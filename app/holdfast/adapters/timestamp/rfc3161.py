"""RFC 3161: asks a time-stamping authority, and checks tokens for whoever verifies.

The transport proves nothing (most authorities speak plain http): an answer counts only when the
whole profile holds against the authority's pinned root.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from holdfast.adapters.http import Reply, fetch, link
from holdfast.adapters.judgement import Judgement, Trust, judge
from holdfast.adapters.revocation import Revocations, withdrawn
from holdfast.core.canonical import moment, one_line, rfc3339
from holdfast.core.certificates import Certificate, read_certificate, read_certificates
from holdfast.core.errors import HoldfastError
from holdfast.core.job import Job
from holdfast.core.rfc3161 import (
    FUTURE_TOLERANCE,
    MIN_NONCE,
    MalformedToken,
    Token,
    make_query,
    read_query,
)
from holdfast.core.timestamp import Answer, Authorities, StampKind, StampStatus, Tsa
from holdfast.core.verdict import Finding, ProofHelp, TimestampSeen
from holdfast.ports import Clock

ANSWER_LIMIT: Final = 256 << 10
"""Bytes; genuine answers have three to nine thousand."""
ANSWER_SECONDS: Final = 20.0
LONGEST_RETRY_S: Final = 24 * 3600

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

# Why nothing came of an answer, by the first rule it broke.
_REASONS = {
    "token_refused": "refused",
    "token_imprint": "other_digest",
    "token_query": "other_digest",
    "token_hash_unknown": "other_digest",
    "token_nonce": "other_nonce",
    "token_policy": "other_policy",
    "token_message_digest": "bad_signature",
    "token_signature": "bad_signature",
    "token_signature_uncheckable": "uncheckable",
    "token_signer_absent": "bad_certificate",
    "token_signing_certificate": "bad_certificate",
    "token_key_usage": "bad_certificate",
    "token_signer_validity": "bad_certificate",
    "token_chain": "untrusted",
    "token_chain_listed": "bad_certificate",
    "token_chain_unreadable": "uncheckable",
    "token_future": "clock",
}
_TROUBLES = {
    "host_unknown": "unreachable",
    "host_unreachable": "unreachable",
    "host_certificate": "unreachable",
    "host_slow": "slow",
    "host_garbled": "garbage",
    "host_too_much": "garbage",
}


class Rfc3161:
    """Asks one authority per call; an answer counts only after the whole profile was met."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._published = Revocations(clock)
        self._asked: dict[str, datetime] = {}

    @property
    def id(self) -> StampKind:
        return "rfc3161"

    def targets(self, authorities: Authorities) -> tuple[str, ...]:
        return tuple(tsa.id for tsa in authorities.tsas)

    def ask(
        self, sha256s: Sequence[str], authority: str, authorities: Authorities, job: Job
    ) -> tuple[Answer, ...]:
        """One request a digest, until the authority fails, wants a pause, or an end is asked for.

        Once the first request is out nothing raises: a token that was received is handed over.
        """
        tsa = next(one for one in authorities.tsas if one.id == authority)
        job.step("stamping", 0, len(sha256s), tsa.name)
        answers: list[Answer] = []
        stopped: Answer | None = None
        for sha256 in sha256s:
            if stopped is None and job.cancelled:
                stopped = _queued("", tsa, "stopped", 0)
            if stopped is None and (pause := self._pause(tsa)):
                stopped = _queued("", tsa, "too_soon", pause)
            if stopped is not None:
                answers.append(_queued(sha256, tsa, stopped.reason, stopped.retry_s))
                continue
            answer = self._ask_once(sha256, tsa, authorities)
            answers.append(answer)
            if answer.reason in _HOPELESS:
                stopped = answer
        return tuple(answers)

    def upgrade(self, sha256: str, proof: bytes, authorities: Authorities, job: Job) -> Answer:
        """A token never grows; it is judged again, by the roots and the clock of today."""
        job.step("stamping", 0, 1)
        roots = {tsa.id: _root(tsa) for tsa in authorities.tsas}
        chain = tuple(one for tsa in authorities.tsas for one in _chain(tsa.chain))
        trust = Trust(roots=tuple(roots.values()), chain=chain, now=self._clock.now())
        judged = judge(proof, "", _only_sha256(sha256), trust)
        authority = next((one for one, root in roots.items() if root == judged.root), None)
        if authority is None:
            return Answer(sha256=sha256, status="unchecked", reason="untrusted")
        names = {tsa.id: tsa.name for tsa in authorities.tsas}
        answer = _answer(sha256, authority, names[authority], proof, judged)
        return self._with_revocation(answer, judged, authorities)

    def published(
        self, path: Sequence[Certificate], token: Token, authorities: Authorities
    ) -> tuple[bytes, ...] | None:
        """What is published about the certificates of a token's path, signer first.

        None where the token must not count by it.  Never raises.
        """
        found = self._published.collect(path, authorities)
        return None if withdrawn(path, token, found) else found

    def _pause(self, tsa: Tsa) -> int:
        """Seconds until the authority may be asked again."""
        last = self._asked.get(tsa.id)
        if last is None or not tsa.min_interval_s:
            return 0
        passed = (self._clock.now() - last).total_seconds()
        # A clock that was set back must not silence an authority for days.
        return max(0, min(tsa.min_interval_s, round(tsa.min_interval_s - passed)))

    def _ask_once(self, sha256: str, tsa: Tsa, authorities: Authorities) -> Answer:
        nonce = MIN_NONCE | secrets.randbits(63)
        query = make_query(bytes.fromhex(sha256), nonce)
        self._asked[tsa.id] = self._clock.now()
        try:
            reply = _post(tsa.url, query, practice=authorities.world == "practice")
        except HoldfastError as trouble:
            return _queued(sha256, tsa, _TROUBLES.get(trouble.code, "address_refused"))
        if reply.status != 200:
            return _queued(sha256, tsa, _http_reason(reply.status), _retry_after(reply))
        trust = Trust(
            roots=(_root(tsa),),
            chain=_chain(tsa.chain),
            only=True,
            query=read_query(query),
            policies=tsa.policies,
            now=self._clock.now(),
        )
        judged = judge(reply.body, "", _only_sha256(sha256), trust)
        if judged.status == "broken" or judged.root != trust.roots[0]:
            rule = judged.first("broken") or judged.first("unchecked")
            return _queued(sha256, tsa, _REASONS.get(rule, "garbage" if rule else "untrusted"))
        answer = _answer(sha256, tsa.id, tsa.name, reply.body, judged, query)
        answer = self._with_revocation(answer, judged, authorities)
        return answer if answer.reason or not self._stale(judged) else _doubted(answer)

    def _with_revocation(
        self, answer: Answer, judged: Judgement, authorities: Authorities
    ) -> Answer:
        """With what is published about its certificates; one that is thereby ended is no answer."""
        if not judged.path or judged.token is None:
            return answer
        published = self._published.collect(judged.path, authorities)
        if withdrawn(judged.path, judged.token, published):
            return Answer(
                sha256=answer.sha256, authority=answer.authority, status="queued", reason="revoked"
            )
        return replace(answer, revocation=published)

    def _stale(self, judged: Judgement) -> bool:
        """Whether a fresh token lies so far back that one of the two clocks must be wrong."""
        assert judged.token is not None
        return self._clock.now() - judged.token.info.gen_time > FUTURE_TOLERANCE


_HOPELESS = frozenset({"unreachable", "slow", "redirected", "busy", "address_refused", "untrusted"})


def _post(url: str, query: bytes, *, practice: bool) -> Reply:
    """The authority's answer; only a practice authority may lie on this computer."""
    where = link(url)
    inside = practice and where.host in _LOOPBACK
    return fetch(
        url,
        method="POST",
        body=query,
        headers={
            "content-type": "application/timestamp-query",
            "accept": "application/timestamp-reply",
        },
        limit=ANSWER_LIMIT,
        timeout=ANSWER_SECONDS,
        allow_loopback=frozenset({where.pair}) if inside else frozenset(),
    )


def _http_reason(status: int) -> str:
    if 300 <= status < 400:
        return "redirected"
    return "busy" if status == 429 or status >= 500 else "refused"


def _retry_after(reply: Reply) -> int | None:
    """Seconds that the authority asks for (RFC 9110 §10.2.3), a day at most."""
    wanted = reply.header("retry-after").strip()
    return min(int(wanted), LONGEST_RETRY_S) if re.fullmatch(r"[0-9]{1,9}", wanted) else None


def _queued(sha256: str, tsa: Tsa, reason: str, retry_s: int | None = None) -> Answer:
    return Answer(sha256=sha256, authority=tsa.id, status="queued", reason=reason, retry_s=retry_s)


def _answer(
    sha256: str, authority: str, by: str, proof: bytes, judged: Judgement, query: bytes = b""
) -> Answer:
    dated = judged.token is not None and judged.status in {"confirmed", "simulated"}
    rule = judged.first("broken", "unchecked")
    return Answer(
        sha256=sha256,
        authority=authority,
        status=judged.status,
        proof=proof,
        query=query,
        time=rfc3339(judged.token.info.gen_time) if dated and judged.token else None,
        by=by if dated else "",
        reason="" if dated else _REASONS.get(rule, "garbage"),
    )


def _doubted(answer: Answer) -> Answer:
    """Kept, but no time is claimed until the clocks agree."""
    return replace(answer, status="unchecked", time=None, by="", reason="clock")


def _root(tsa: Tsa) -> Certificate:
    """The pinned root.  Raises ValueError: shipped data is wrong."""
    (raw,) = read_certificates(tsa.root)
    return read_certificate(raw)


def _chain(pem: bytes) -> tuple[bytes, ...]:
    return read_certificates(pem) if pem.strip() else ()


def _only_sha256(sha256: str) -> Callable[[str], bytes]:
    def digest(name: str) -> bytes:
        if name != "sha256":
            raise ValueError(name)
        return bytes.fromhex(sha256)

    return digest


class Rfc3161Checker:
    """Judges tokens against the roots that are given, offline."""

    @property
    def id(self) -> StampKind:
        return "rfc3161"

    def check(
        self, subject: str, digest: Callable[[str], bytes], proof: bytes, help: ProofHelp
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        try:
            # First, as the other checkers do: a question that is none breaks whatever else is lent.
            query = read_query(help.query) if help.query is not None else None
            trust = Trust(
                roots=tuple(
                    read_certificate(one) for pem in help.roots for one in read_certificates(pem)
                ),
                chain=_chain(help.chain),
                only=help.named_root,
                query=query,
                now=moment(help.now) if help.now else None,
            )
        except MalformedToken as malformed:
            return _seen(subject, "broken"), (malformed.finding(subject),)
        except ValueError as error:
            odd = Finding(
                subject=subject,
                rule="token_help_unreadable",
                outcome="unchecked",
                detail=one_line(str(error)[:100]),
            )
            return _seen(subject, "unchecked"), (odd,)
        return _shown(judge(proof, subject, digest, trust), subject, counts=help.practice)


def _seen(subject: str, status: StampStatus) -> TimestampSeen:
    return TimestampSeen(subject=subject, kind="rfc3161", network="", status=status)


def _shown(
    judged: Judgement, subject: str, *, counts: bool
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    """The judgement as verification reports it; ``counts``: whether practice witnesses do."""
    if judged.token is None or judged.root is None or judged.status in {"broken", "unchecked"}:
        return _seen(subject, judged.status), judged.findings
    time = rfc3339(judged.token.info.gen_time)
    seen = TimestampSeen(
        subject=subject,
        kind="rfc3161",
        network="practice" if judged.practice else judged.root.common_name or "rfc3161",
        status=judged.status,
        time=time,
        by=judged.by,
        path=tuple(one.raw for one in judged.path),
    )
    good = Finding(
        subject=subject,
        rule="token_simulated" if judged.practice else "token_good",
        outcome="ok" if counts or not judged.practice else "unchecked",
        detail=f"{judged.by} · {time}",
    )
    return seen, (good, *judged.findings)
