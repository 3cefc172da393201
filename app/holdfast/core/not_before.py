"""Values nobody could know earlier, inside what is hashed: they date the manifest, not the picture.

A Bitcoin block's hash (about ten minutes' grain) and a drand round (three seconds) were published
before the manifest that carries them was made.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.canonical import Json

REASONS = (
    "not asked",
    "offline",
    "no_answer",
    "bitcoin_no_answer",
    "bitcoin_disagree",
    "bitcoin_one_source",
    "drand_no_answer",
    "drand_refused",
    "clock",
)
"""Why a value is missing, or what is odd about one.  The first three: there is none at all.

``drand_refused``: what was given is not signed by the chain.  ``clock``: this computer's clock and
the newest value are further apart than they can be.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The newest Bitcoin block that the sources agreed on."""

    height: int
    hash: str
    """As explorers print it, 64 hex digits."""
    sources: tuple[str, ...] = ()
    """The ids of those who said so, independent of one another."""
    header: str = ""
    """The 80 bytes that the hash is of, hex: they carry their own work and time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round of a drand chain whose signature was verified here."""

    chain: str
    """The chain's hash, hex."""
    round: int
    signature: str
    """Hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBefore:
    """What was had, or why nothing was."""

    network: str = ""
    """``bitcoin`` or ``practice``; derived from the sources' world."""
    bitcoin: Block | None = None
    drand: Round | None = None
    reason: str = ""
    """Codes of REASONS with a space between; empty when both were had and nothing is odd."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes one by one."""
        return reason_codes(self.reason)

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest (``formats.md``)."""
        if self.bitcoin is None and self.drand is None:
            return {"reason": self.reason or "not asked"}
        body: dict[str, Json] = {"network": self.network}
        if self.bitcoin is not None:
            block: dict[str, Json] = {
                "height": self.bitcoin.height,
                "hash": self.bitcoin.hash,
                "sources": list(self.bitcoin.sources),
            }
            if self.bitcoin.header:
                block["header"] = self.bitcoin.header
            body["bitcoin"] = block
        if self.drand is not None:
            body["drand"] = {
                "chain": self.drand.chain,
                "round": self.drand.round,
                "signature": self.drand.signature,
            }
        if self.reason:
            body["reason"] = self.reason
        return body


def reason_codes(reason: str) -> tuple[str, ...]:
    """The codes of a reason as it stands in a manifest; what is not known is left out."""
    if reason in REASONS:
        return (reason,)
    return tuple(code for code in reason.split(" ") if code in REASONS)


NOT_ASKED = NotBefore(reason="not asked")
