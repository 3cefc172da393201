"""Bitcoin's headers: newer checkpoints, the person's own node, an Electrum server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.compose.workshop import Workshop
from holdfast.core.errors import Refused

if TYPE_CHECKING:
    from holdfast.core.job import Job
    from holdfast.core.timestamp import Heard, Stamp
    from holdfast.ports import ChainSource
    from holdfast.usecases.headers import Refreshed


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """How far the checkpoints reach, and whom else the person has asked."""

    height: int
    """Of the last checkpoint."""
    shipped: int
    """Of the last one that came with the program."""
    as_of: str
    """When that was looked up."""
    sources: tuple[str, ...]
    node: str = ""
    node_cookie: str = ""
    electrum: str = ""


class ChainVerbs(Workshop):
    """Verbs on where Bitcoin's headers come from."""

    def chain_state(self) -> ChainState:
        """What is known and who is asked, without asking anybody."""
        from holdfast.adapters.witness import checkpoints

        table, chosen = self._table, self.settings
        return ChainState(
            height=table.height,
            shipped=checkpoints().height,
            as_of=table.as_of,
            sources=table.sources,
            node=chosen.node,
            node_cookie=chosen.node_cookie,
            electrum=chosen.electrum,
        )

    def refresh_headers(self, job: Job) -> Refreshed:
        """Checkpoints reach as far as two operators and the work in every header bear out.

        Raises Refused(``headers_offline``), and Unavailable as ``usecases.headers.refresh``.
        """
        from holdfast.adapters.timestamp.headers import Esplora
        from holdfast.adapters.witness import checkpoints
        from holdfast.usecases import headers

        if self.settings.offline:
            raise Refused("headers_offline")
        explorers = Esplora(self._authorities("real"), self._table).sources()
        try:
            return headers.refresh(
                (*self._own_sources(), *explorers),
                shelf=self._shelf,
                shipped=checkpoints(),
                clock=self._clock,
                job=job,
            )
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("headers_unwritable", reason=reason) from error
        finally:
            self._leaning.clear()
            for made in ("_beacons",):
                self.__dict__.pop(made, None)

    def use_node(
        self, address: str, user: str = "", password: str = "", cookie: Path | None = None
    ) -> ChainState:
        """The person's own node is asked for headers from now on; an empty address ends that.

        It has to answer first.  Raises Refused (``node_address``, ``node_login``, ``node_cookie``,
        ``chain_other``) and Unavailable, and then nothing has changed.
        """
        from holdfast.adapters.chain.node import Node, from_cookie, read_address

        if not address.strip():
            self._safe.forget("node")
            self.save_settings(replace(self.settings, node="", node_cookie=""))
            return self.chain_state()
        at = read_address(address)
        path = "" if cookie is None else str(cookie.expanduser().absolute())
        login = f"{user}:{password}"
        known = self._safe.get("node") if not user and not path else ""
        if known and at.url == self.settings.node:
            login = known
        gives = from_cookie(Path(path)) if path else lambda: login
        self._same_chain(Node(at.url, gives, self._table), at.url)
        if path:
            self._safe.forget("node")
        elif login != known:
            self._safe.put("node", login)
        self.save_settings(replace(self.settings, node=at.url, node_cookie=path))
        return self.chain_state()

    def use_electrum(self, address: str) -> ChainState:
        """That server is asked for headers from now on; an empty address ends that.

        It has to answer first, and the certificate it shows is the one it must show from then on.
        Raises Refused (``electrum_address``, ``chain_other``) and Unavailable, and then nothing has
        changed.
        """
        from holdfast.adapters.chain.electrum import Electrum, read_server

        certificate, written = "", ""
        if address.strip():
            server = read_server(address)
            certificate, written = Electrum(server, self._table).certificate(), server.written
            self._same_chain(Electrum(replace(server, pin=certificate), self._table), written)
        self.save_settings(
            replace(self.settings, electrum=written, electrum_certificate=certificate)
        )
        return self.chain_state()

    def _same_chain(self, source: ChainSource, address: str) -> None:
        """It shows Bitcoin's chain up to our last checkpoint.  Raises Refused, Unavailable."""
        from holdfast.core.bitcoin import BadHeader

        tip = source.tip()
        try:
            if tip >= self._table.height:
                source.header(self._table.height)
                return
        except BadHeader:
            pass
        raise Refused("chain_other", address=address, height=tip)

    def answers(self, stamp: Stamp) -> tuple[Heard, ...]:
        """Everything that calendars answered about a time-stamp, oldest first.  Raises Tampered."""
        from holdfast.core.errors import Tampered
        from holdfast.core.timestamp import read_heard

        found = []
        for sha256 in stamp.answers:
            try:
                found.append(read_heard(self._vault.read(sha256)))
            except ValueError as error:
                raise Tampered("object_changed", sha256=sha256) from error
        return tuple(found)

    def stamps(self, case: str) -> tuple[Stamp, ...]:
        """Every time-stamp of a case, asked for or not, oldest first."""
        from holdfast.core.timestamp import Stamp

        return self._store.all(Stamp, self._store.case(case).id)
