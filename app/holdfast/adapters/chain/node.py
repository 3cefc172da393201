"""Headers from the person's own node, over bitcoind's JSON-RPC; a pruned one will do.

It is spoken to over plain http with a password, so only on this computer or in the local network,
at exactly the address that was typed.  Its headers are judged like everybody's.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from holdfast.adapters import http
from holdfast.adapters.chain.lines import nearby
from holdfast.core.bitcoin import (
    BadHeader,
    CheckpointTable,
    Header,
    display,
    double_sha256,
    objection,
    parse_header,
    practice_objection,
)
from holdfast.core.canonical import one_line
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job

SECONDS = 20.0
BATCH = 200
_LIMIT = 1 << 20
_COOKIE_LIMIT = 4096
_HASH = re.compile(r"[0-9a-f]{64}")
_HEADER = re.compile(r"[0-9a-f]{160}")


def read_address(text: str) -> http.Link:
    """The address of a node as typed.  Raises Refused(``node_address``).

    A name and a password in it are refused too: they would end up where settings lie.
    """
    # Whatever stands before an @ may be a password and is repeated nowhere.
    shown = one_line(text.strip().rpartition("@")[2][:80])
    refused = Refused("node_address", address=shown)
    try:
        found = http.link(text)
    except Refused as error:
        raise refused from error
    if (found.scheme, found.target) != ("http", "/") or found.fragment or not nearby(found.host):
        raise refused
    return found


def from_cookie(path: Path) -> Callable[[], str]:
    """Gives ``name:password`` out of the file that bitcoind writes at each start.

    Raises Refused(``node_cookie``) when it is asked and the file cannot be read.
    """

    def login() -> str:
        try:
            with path.open("rb") as file:
                text = file.read(_COOKIE_LIMIT + 1).decode("ascii").strip()
        except (OSError, ValueError) as error:
            raise Refused("node_cookie", name=path.name) from error
        if ":" not in text or len(text) > _COOKIE_LIMIT:
            raise Refused("node_cookie", name=path.name)
        return text

    return login


class Node:
    """One bitcoind.  A port's ChainSource."""

    def __init__(
        self,
        address: str,
        login: Callable[[], str],
        table: CheckpointTable,
        *,
        world: World = "real",
        seconds: float = SECONDS,
    ) -> None:
        """``login`` gives ``name:password`` when it is needed; it is kept nowhere."""
        self._at = read_address(address)
        self._login = login
        self._table = table
        self._world = world
        self._seconds = seconds

    @property
    def operator(self) -> str:
        """Who shows it."""
        return f"bitcoind {self._at.host}"

    def tip(self) -> int:
        """How high its chain is.  Raises Refused, Unavailable."""
        (count,) = self._ask([("getblockcount", ())])
        if type(count) is not int or count < 0:
            raise self._garbled()
        return count

    def header(self, height: int) -> bytes:
        """The raw header at ``height``, sound in itself.

        Raises Refused, Unavailable, BadHeader.
        """
        (raw,) = self._several([height])
        if reason := self._objection(height, parse_header(raw)):
            raise BadHeader(reason)
        return raw

    def stretch(self, first: int, last: int, job: Job) -> bytes:
        """Raw headers in order; not yet linked.

        Raises Refused, Unavailable, BadHeader, Cancelled.
        """
        found: list[bytes] = []
        for start in range(first, last + 1, BATCH):
            job.step("headers", len(found), last - first + 1, self.operator)
            found += self._several(range(start, min(start + BATCH, last + 1)))
        return b"".join(found)

    def _objection(self, height: int, header: Header) -> str:
        if self._world == "practice":
            return practice_objection(height, header)
        return objection(height, header, self._table)

    def _several(self, heights: Sequence[int]) -> list[bytes]:
        names = self._ask([("getblockhash", (height,)) for height in heights])
        if not all(isinstance(name, str) and _HASH.fullmatch(name) for name in names):
            raise self._garbled()
        written = self._ask([("getblockheader", (name, False)) for name in names])
        if not all(isinstance(text, str) and _HEADER.fullmatch(text) for text in written):
            raise self._garbled()
        found = [bytes.fromhex(text) for text in written]
        if [display(double_sha256(raw)) for raw in found] != names:
            raise BadHeader("a header hashes to another block than it was called")
        return found

    def _ask(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The result of each call, in order, from one request."""
        asked = [
            {"jsonrpc": "2.0", "id": at, "method": method, "params": list(params)}
            for at, (method, params) in enumerate(calls)
        ]
        login = base64.b64encode(self._login().encode()).decode()
        reply = http.fetch(
            self._at.url,
            method="POST",
            body=json.dumps(asked).encode(),
            headers={"content-type": "application/json", "authorization": f"Basic {login}"},
            limit=_LIMIT,
            timeout=self._seconds,
            allow_loopback=frozenset({self._at.pair}),
        )
        if reply.status in (401, 403):
            raise Refused("node_login", host=self._at.host)
        try:
            told = json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise self._garbled() from error
        return self._results(told, len(calls))

    def _results(self, told: object, count: int) -> list[Any]:
        if not isinstance(told, list) or len(told) != count:
            raise self._garbled()
        results: dict[int, Any] = {}
        for one in told:
            match one:
                case {"id": int(at), "result": result} if one.get("error") is None:
                    results[at] = result
                case _:
                    raise self._garbled()
        if set(results) != set(range(count)):
            raise self._garbled()
        return [results[at] for at in range(count)]

    def _garbled(self) -> Unavailable:
        return Unavailable("explorer_garbled", operator=self.operator)
