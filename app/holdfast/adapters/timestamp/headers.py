"""Bitcoin headers from explorers that speak the Esplora API, each believed for nothing.

A header leaves here only when it hashes to what the explorer called it, has its work, has the
target its chain demands at that height, and lies deep enough not to be replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.adapters import witness
from holdfast.adapters.chain.assembly import assemble
from holdfast.adapters.chain.patience import Patience
from holdfast.core.bitcoin import (
    BadHeader,
    CheckpointTable,
    Header,
    display,
    objection,
    parse_header,
    practice_objection,
)
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job
from holdfast.core.timestamp import Authorities, Explorer

DEPTH = 6
"""How many blocks, its own included, must stand on a header before it is final."""
SECONDS = 20.0
_TEXT_LIMIT = 1024
_PAGE_LIMIT = 1 << 19
_HASH = re.compile(rb"[0-9a-f]{64}")
_HEADER = re.compile(rb"[0-9a-f]{160}")
_NUMBER = re.compile(rb"[0-9]{1,9}")


class Esplora:
    """The explorers of one world.  A port's HeaderSource."""

    def __init__(
        self,
        authorities: Authorities,
        table: CheckpointTable | None = None,
        *,
        seconds: float = SECONDS,
    ) -> None:
        """``seconds`` bounds each answer."""
        self._seconds = seconds
        self._world = authorities.world
        self._explorers = authorities.explorers
        self._table = table if table is not None else witness.checkpoints()
        self._known: dict[tuple[str, int], bytes] = {}
        self._patience = Patience()

    def headers(self, height: int) -> Iterator[tuple[str, bytes]]:
        """(operator, raw header) from each explorer that answered with one that can be true."""
        for explorer in self._explorers:
            known = (explorer.id, height) in self._known
            if not known and not self._patience.has_with(explorer.id):
                continue
            try:
                yield explorer.operator, self._final(explorer, height)
            except (Refused, Unavailable, BadHeader) as trouble:
                self._patience.learn(explorer.id, trouble)

    def about(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
        """(operator, height, raw header): what ``judge`` needs to weigh a proof at ``height``.

        The practice chain is known by its genesis alone, so there every header from it comes along.
        """
        if self._world == "real":
            return tuple((who, height, raw) for who, raw in self.headers(height))
        found: list[tuple[str, int, bytes]] = []
        for explorer in self._explorers:
            try:
                down = [self._final(explorer, at) for at in range(height, -1, -1)]
            except (Refused, Unavailable, BadHeader):
                continue
            # Part of a run would look like headers of no chain at all.
            found.extend((explorer.operator, height - at, raw) for at, raw in enumerate(down))
        return tuple(found)

    def tip(self, explorer: Explorer) -> int:
        """How high its chain is.  Raises Refused, Unavailable."""
        return int(self._get(explorer, "/blocks/tip/height", _TEXT_LIMIT, _NUMBER))

    def young(self, explorer: Explorer, height: int) -> bytes:
        """The raw header at ``height``, sound in itself, however few blocks stand on it.

        Raises Refused, Unavailable, or BadHeader for one that cannot be true.
        """
        return self._header(explorer, height)

    def sources(self) -> tuple[OneExplorer, ...]:
        """Each of them for itself."""
        return tuple(OneExplorer(self, explorer) for explorer in self._explorers)

    def run(self, heights: tuple[int, ...], job: Job) -> tuple[int, bytes]:
        """First height and raw headers of a run that proves all ``heights`` by a checkpoint.

        Raises Unavailable as ``chain.assemble``, and Cancelled.
        """
        return assemble(self.sources(), heights, self._table, job, world=self._world)

    def stretch(self, explorer: Explorer, first: int, last: int, job: Job) -> bytes:
        """Raw headers in order, ten at a time where the explorer lists blocks; not yet linked.

        Raises Refused, Unavailable, BadHeader, Cancelled.
        """
        found: dict[int, bytes] = {}
        lists = True
        while (height := last - len(found)) >= first:
            job.step("headers", len(found), last - first + 1, explorer.operator)
            page = self._page(explorer, height) if lists else []
            if not page:
                lists = False
                page = [self._header(explorer, height)]
            for back, raw in enumerate(page[: height - first + 1]):
                found[height - back] = raw
        return b"".join(found[height] for height in range(first, last + 1))

    def _page(self, explorer: Explorer, height: int) -> list[bytes]:
        """Headers from ``height`` down, rebuilt from a block list; empty where there is none."""
        try:
            listed = json.loads(self._get(explorer, f"/blocks/{height}", _PAGE_LIMIT))
            if not isinstance(listed, list):
                return []
            rebuilt = [_rebuilt(block) for block in listed]
        except (Unavailable, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return []
        if [at for at, _ in rebuilt] != list(range(height, height - len(rebuilt), -1)):
            return []
        return [raw for _, raw in rebuilt]

    def _final(self, explorer: Explorer, height: int) -> bytes:
        """As ``_header``, once it lies deep enough; asked for only once."""
        known = self._known.get((explorer.id, height))
        if known is None:
            self._deep_enough(explorer, height)
            known = self._known[explorer.id, height] = self._header(explorer, height)
        return known

    def _header(self, explorer: Explorer, height: int) -> bytes:
        """The raw header at ``height``.  Raises Unavailable, or BadHeader for one that lies."""
        name = self._get(explorer, f"/block-height/{height}", _TEXT_LIMIT, _HASH).decode()
        written = self._get(explorer, f"/block/{name}/header", _TEXT_LIMIT, _HEADER)
        raw = bytes.fromhex(written.decode())
        header = parse_header(raw)
        if display(header.hash) != name:
            raise BadHeader("the header hashes to another block than it was called")
        if reason := self._objection(height, header):
            raise BadHeader(reason)
        return raw

    def _objection(self, height: int, header: Header) -> str:
        if self._world == "real":
            return objection(height, header, self._table)
        return practice_objection(height, header)

    def _deep_enough(self, explorer: Explorer, height: int) -> None:
        if self._world == "practice" or height + DEPTH - 1 <= self._table.height:
            return
        if self.tip(explorer) < height + DEPTH - 1:
            raise Unavailable("header_too_young", block=height)

    def _get(
        self,
        explorer: Explorer,
        path: str,
        limit: int,
        form: re.Pattern[bytes] | None = None,
    ) -> bytes:
        reply = witness.fetch(
            explorer.url, path, world=self._world, limit=limit, timeout=self._seconds
        )
        body = reply.body.strip()
        if reply.status != 200 or (form is not None and not form.fullmatch(body)):
            raise Unavailable("explorer_garbled", operator=explorer.operator)
        return body


@dataclass(frozen=True, slots=True)
class OneExplorer:
    """One explorer of a world.  A port's ChainSource."""

    asked: Esplora
    explorer: Explorer

    @property
    def operator(self) -> str:
        """Who runs it."""
        return self.explorer.operator

    def tip(self) -> int:
        """As ``Esplora.tip``."""
        return self.asked.tip(self.explorer)

    def header(self, height: int) -> bytes:
        """As ``Esplora.young``."""
        return self.asked.young(self.explorer, height)

    def stretch(self, first: int, last: int, job: Job) -> bytes:
        """As ``Esplora.stretch``."""
        return self.asked.stretch(self.explorer, first, last, job)


def _rebuilt(block: dict[str, Any]) -> tuple[int, bytes]:
    """Height and raw header from a listed block's fields.  Raises when they do not make one."""
    raw = (
        (int(block["version"]) & 0xFFFFFFFF).to_bytes(4, "little")
        + bytes.fromhex(block["previousblockhash"])[::-1]
        + bytes.fromhex(block["merkle_root"])[::-1]
        + int(block["timestamp"]).to_bytes(4, "little")
        + int(block["bits"]).to_bytes(4, "little")
        + int(block["nonce"]).to_bytes(4, "little")
    )
    if display(parse_header(raw).hash) != block["id"]:
        raise ValueError("the fields make another block")
    return int(block["height"]), raw
