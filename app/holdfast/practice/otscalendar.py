"""An OpenTimestamps calendar over the simulated chain."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Literal

from holdfast.core.practice import SEED
from holdfast.ports import Clock
from holdfast.practice.chain import CONFIRMATIONS, Chain, serialized
from holdfast.practice.server import Reply, Request, text

Mining = Literal["by_hand", "when_asked"]
"""Whether blocks come only from ``mine``, or also when somebody asks for a finished proof."""

MESSAGE_LIMIT = 64
"""Bytes of a digest that a calendar takes."""

_TYPE = "application/vnd.opentimestamps.v1"


class OtsCalendar:
    """Answers ``POST /digest`` and ``GET /timestamp/<hex>`` as public calendars do."""

    def __init__(self, id: str, chain: Chain, clock: Clock, mining: Mining) -> None:
        self.id = id
        self.url = ""
        """What its pending attestations name; known once its port is."""
        self._chain = chain
        self._clock = clock
        self._mining = mining

    def answer(self, request: Request) -> Reply:
        """One request."""
        if request.method == "POST" and request.path == "/digest":
            return self._digest(request.body)
        if request.method in {"GET", "HEAD"} and request.path.startswith("/timestamp/"):
            return self._timestamp(request.path.removeprefix("/timestamp/"))
        if request.method in {"GET", "HEAD"} and request.path == "/":
            waiting = self._chain.waiting(self.id)
            return text(
                200,
                "PRACTICE 演练: an OpenTimestamps calendar over a simulated chain; its proofs"
                f" are worth nothing.\n{waiting} waiting, block {self._chain.tip}.\n",
            )
        return text(404, "Not found")

    def _digest(self, digest: bytes) -> Reply:
        from opentimestamps.core.notary import PendingAttestation
        from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
        from opentimestamps.core.timestamp import Timestamp

        if not 0 < len(digest) <= MESSAGE_LIMIT:
            return text(400, "digest missing or too long")
        stamp = Timestamp(digest)
        leaf = stamp.ops.add(OpAppend(secrets.token_bytes(16))).ops.add(OpSHA256())
        arrived = int(self._clock.now().timestamp()).to_bytes(4, "big")
        timed = leaf.ops.add(OpPrepend(arrived))
        tag = hmac.digest(hashlib.sha256(SEED + self.id.encode()).digest(), timed.msg, "sha256")
        message = timed.ops.add(OpAppend(tag[:8]))
        # The promise is kept before it is given.
        self._chain.commit(self.id, message.msg)
        message.attestations.add(PendingAttestation(self.url))
        return Reply(body=serialized(stamp), content_type=_TYPE)

    def _timestamp(self, written: str) -> Reply:
        try:
            message = bytes.fromhex(written)
        except ValueError:
            return text(400, "commitment must be hexadecimal")
        committed = self._chain.committed(self.id, message)
        if committed is None:
            return text(404, "Not found")
        if self._mining == "when_asked" and self._missing(committed.height):
            self._chain.mine(self._missing(committed.height))
            committed = self._chain.committed(self.id, message)
        if committed is None or committed.height is None or committed.proof is None:
            return text(404, "Pending confirmation in Bitcoin blockchain")
        missing = self._missing(committed.height)
        if missing:
            return text(
                404,
                f"Timestamped by transaction {committed.transaction};"
                f" waiting for {missing} confirmations",
            )
        return Reply(body=committed.proof, content_type=_TYPE)

    def _missing(self, height: int | None) -> int:
        """How many blocks are still to come before a proof at ``height`` is given out."""
        if height is None:
            return CONFIRMATIONS
        return max(0, CONFIRMATIONS - (self._chain.tip - height + 1))
