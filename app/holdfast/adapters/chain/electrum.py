"""Headers from an Electrum server that the person chose, each believed for nothing.

It speaks JSON-RPC in lines, protocol 1.4.  Where a checkpoint of ours lies above a block, the
server must show one Merkle tree that holds both; that ties its answers together, and what settles a
block is still the run of headers to a checkpoint, since the tree's root is the server's own word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import holdfast
from holdfast.adapters import http
from holdfast.adapters.chain.lines import Lines, converse, nearby
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    PERIOD,
    BadHeader,
    CheckpointTable,
    Header,
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
LIMIT = 1 << 20
"""Octets of one line; a period of headers takes a third of it."""
_MOST_BRANCH = 40
_HASH = re.compile(r"[0-9a-f]{64}")
_HEADERS = re.compile(r"(?:[0-9a-f]{160})*")
_ADDRESS = re.compile(
    r"(?:(ssl|tcp)://)?([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r":([0-9]{1,5})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where it listens.  ``pin`` is the SHA-256 of the certificate it showed when it was chosen."""

    host: str
    port: int
    tls: bool = True
    pin: str = ""

    @property
    def written(self) -> str:
        """As it is typed and kept in settings."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ssl' if self.tls else 'tcp'}://{host}:{self.port}"


def read_server(text: str, pin: str = "") -> Server:
    """The server of ``host:port``, encrypted unless it begins with ``tcp://``.

    Without encryption only an address on this computer or in the local network.  Raises
    Refused(``electrum_address``).
    """
    refused = Refused("electrum_address", address=one_line(text.strip()[:80]))
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or not 0 < int(found[3]) < 1 << 16:
        raise refused
    host, tls = found[2].strip("[]").lower(), found[1] != "tcp"
    if not tls and not nearby(host):
        raise refused
    return Server(host=host, port=int(found[3]), tls=tls, pin=pin)


class Electrum:
    """One server.  A port's ChainSource."""

    def __init__(
        self,
        server: Server,
        table: CheckpointTable,
        *,
        world: World = "real",
        seconds: float = SECONDS,
        others: Mapping[str, str] | None = None,
    ) -> None:
        """``others`` is who runs what else is asked, by host: whoever runs this, too, is one."""
        self._others = others or {}
        self._server = server
        self._table = table
        self._world = world
        self._seconds = seconds

    @property
    def operator(self) -> str:
        """Who shows it: an explorer's own Electrum server is no second voice beside it."""
        host = self._server.host.rstrip(".")
        for other, operator in self._others.items():
            if host == other or host.endswith(f".{other}"):
                return operator
        return f"Electrum {self._server.host}"

    def certificate(self) -> str:
        """SHA-256 of the certificate it shows now; it also answered as such servers do."""
        with self._open(pinned=False) as talk:
            return talk.lines.certificate

    def tip(self) -> int:
        """How high its chain is.  Raises Refused, Unavailable."""
        with self._open() as talk:
            match talk.ask("blockchain.headers.subscribe"):
                case {"height": int(height)} if height >= 0:
                    return height
        raise self._garbled()

    def header(self, height: int) -> bytes:
        """The raw header at ``height``, sound in itself.  Raises Refused, Unavailable, BadHeader.

        At or below our last checkpoint the server also proves both to lie in one tree.
        """
        top = self._table.height
        with self._open() as talk:
            if height > top:
                raw = self._headers(talk.ask("blockchain.block.header", height, 0), 1)
            else:
                raw, root = self._proved(talk, height, top)
                above, same = self._proved(talk, top, top)
                if root != same or double_sha256(above) != self._table.hash_at(top):
                    raise BadHeader("its tree does not end in the checkpoint")
        if reason := self._objection(height, parse_header(raw)):
            raise BadHeader(reason)
        return raw

    def stretch(self, first: int, last: int, job: Job) -> bytes:
        """Raw headers in order, a period a request; not yet linked.

        Raises Refused, Unavailable, Cancelled.
        """
        found = bytearray()
        count = last - first + 1
        with self._open() as talk:
            while (done := len(found) // HEADER_SIZE) < count:
                job.step("headers", done, count, self.operator)
                match talk.ask(
                    "blockchain.block.headers", first + done, min(PERIOD, count - done), 0
                ):
                    case {"count": int(some), "hex": text} if 0 < some <= count - done:
                        found += self._headers(text, some)
                    case _:
                        raise self._garbled()
        return bytes(found)

    def _objection(self, height: int, header: Header) -> str:
        if self._world == "practice":
            return practice_objection(height, header)
        return objection(height, header, self._table)

    def _proved(self, talk: _Talk, height: int, top: int) -> tuple[bytes, str]:
        match talk.ask("blockchain.block.header", height, top):
            case {"header": text, "branch": list(branch), "root": str(root)}:
                raw = self._headers(text, 1)
                if len(branch) > _MOST_BRANCH or not all(_is_hash(one) for one in (*branch, root)):
                    raise self._garbled()
                if climbed(double_sha256(raw), height, branch) != root:
                    raise BadHeader("the header is not in its own tree")
                return raw, root
        raise self._garbled()

    def _headers(self, text: object, count: int) -> bytes:
        if not isinstance(text, str) or len(text) != 2 * HEADER_SIZE * count:
            raise self._garbled()
        if not _HEADERS.fullmatch(text):
            raise self._garbled()
        return bytes.fromhex(text)

    def _garbled(self) -> Unavailable:
        return Unavailable("explorer_garbled", operator=self.operator)

    @contextmanager
    def _open(self, *, pinned: bool = True) -> Iterator[_Talk]:
        """A connection on which versions were exchanged, for the length of the block."""
        server = self._server
        allow: frozenset[str] = frozenset()
        if nearby(server.host):
            allow = http.typed_pair(f"http://{server.written.partition('://')[2]}")
        with converse(
            server.host,
            server.port,
            tls=server.tls,
            limit=LIMIT,
            seconds=self._seconds,
            allow=allow,
        ) as lines:
            if pinned and server.tls and lines.certificate != server.pin:
                raise Refused("electrum_certificate", host=server.host)
            talk = _Talk(lines, self._garbled)
            talk.ask("server.version", f"holdfast/{holdfast.__version__}", "1.4")
            yield talk


def climbed(leaf: bytes, index: int, branch: list[str]) -> str:
    """The root, in display order, that ``branch`` leads to from a leaf at ``index``."""
    node = leaf
    for sibling in branch:
        other = bytes.fromhex(sibling)[::-1]
        node = double_sha256(other + node if index & 1 else node + other)
        index >>= 1
    return node[::-1].hex()


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


class _Talk:
    """Questions and answers over one connection."""

    def __init__(self, lines: Lines, garbled: Callable[[], Unavailable]) -> None:
        self.lines = lines
        self._garbled = garbled
        self._id = 0

    def ask(self, method: str, *params: object) -> Any:
        """The result.  Raises Unavailable, also for what the server calls an error."""
        self._id += 1
        asked = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        self.lines.send(json.dumps(asked).encode())
        # Notices may come between; an honest server sends few.
        for _ in range(8):
            try:
                told = json.loads(self.lines.receive())
            except (ValueError, RecursionError) as error:
                raise self._garbled() from error
            if isinstance(told, dict) and told.get("id") == self._id:
                if told.get("error") is not None or "result" not in told:
                    break
                return told["result"]
        raise self._garbled()
