"""Values nobody could know earlier, inside what is hashed: they date the manifest, not the picture.

A Bitcoin block's hash (about ten minutes' grain) and a drand round (three seconds) were published
before the manifest that carries them was made.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.canonical import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The newest Bitcoin block that the sources agreed on."""

    height: int
    hash: str
    """As explorers print it, 64 hex digits."""
    sources: tuple[str, ...] = ()
    """The ids of those who said so, independent of one another."""


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
    """``offline``, ``no_answer``, ``disagree``, ``not asked`` …; empty when both were had."""

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest (``formats.md``)."""
        if self.bitcoin is None and self.drand is None:
            return {"reason": self.reason or "not asked"}
        body: dict[str, Json] = {"network": self.network}
        if self.bitcoin is not None:
            body["bitcoin"] = {
                "height": self.bitcoin.height,
                "hash": self.bitcoin.hash,
                "sources": list(self.bitcoin.sources),
            }
        if self.drand is not None:
            body["drand"] = {
                "chain": self.drand.chain,
                "round": self.drand.round,
                "signature": self.drand.signature,
            }
        if self.reason:
            body["reason"] = self.reason
        return body


NOT_ASKED = NotBefore(reason="not asked")
