"""The practice world as one thing: opened from a folder, asked like the real one, closed."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from holdfast.core.drand import PRACTICE
from holdfast.core.timestamp import Authorities, Calendar, Explorer, Tsa
from holdfast.ports import Clock
from holdfast.practice import beacon, drama, electrum, keys, node, otscalendar, tsa
from holdfast.practice.chain import CONFIRMATIONS, Chain
from holdfast.practice.drama import DramaSite
from holdfast.practice.memory import Memory
from holdfast.practice.node import EXPLORERS, RPC_PASSWORD, RPC_USER, Node
from holdfast.practice.otscalendar import Mining, OtsCalendar
from holdfast.practice.server import HOST, Answer, Service, is_world

_CALENDARS = ("practice-calendar-jia", "practice-calendar-yi")
_OPERATORS = ("演练区块浏览器甲 Practice explorer A", "演练区块浏览器乙 Practice explorer B")


def time_stampers(at: Callable[[str], str] = lambda _id: "") -> tuple[Tsa, ...]:
    """The practice world's authorities of time, asked at ``at(id)``.

    Their certificates are the same everywhere, so judging a token needs no address.
    """
    return tuple(
        Tsa(
            id=witness.id,
            name=witness.name,
            url=at(witness.id),
            root=keys.pem(witness.root),
            chain=keys.pem(witness.issuer),
            policies=(witness.policy,),
        )
        for witness in keys.witnesses()
    )


class PracticeWorld:
    """A drama site, two calendars over one chain with all who show it, two TSAs, a beacon.

    The chain is shown by a node, two explorers and an Electrum server.

    Everything listens on 127.0.0.1 and nowhere else.  What happened stays in the folder: opening
    it again, after a crash too, gives the same addresses, chain and promises.
    """

    def __init__(self, folder: Path, clock: Clock, mining: Mining) -> None:
        """Use ``start``."""
        with ExitStack() as undo:
            memory = Memory(folder)
            undo.callback(memory.close)
            self._chain = Chain(memory, clock)
            self._site = DramaSite(memory, clock, folder / "films")
            self._calendars = tuple(
                OtsCalendar(name, self._chain, clock, mining) for name in _CALENDARS
            )
            answers: dict[str, tuple[Answer, int]] = {
                "site": (self._site.answer, drama.BODY_LIMIT),
                "node": (Node(self._chain).answer, node.BODY_LIMIT),
                "beacon": (beacon.RoundBeacon(clock).answer, 0),
            }
            for calendar in self._calendars:
                answers[calendar.id] = (calendar.answer, otscalendar.MESSAGE_LIMIT)
            stampers = {witness.id: tsa.TimeStamper(witness, clock) for witness in keys.witnesses()}
            for name, stamper in stampers.items():
                answers[name] = (stamper.answer, tsa.BODY_LIMIT)
            self._services: list[Service] = []
            self._ports: dict[str, int] = {}
            # One transaction over all of it: two programs that open a new folder at the same time
            # must not both choose ports.
            with memory.writing():
                world = memory.setting("world") or secrets.randbits(62) + 1
                for name, (answer, limit) in answers.items():
                    port = memory.setting(f"port {name}")
                    if port is None or not is_world(port, world):
                        service = Service(answer, world=world, port=port, body_limit=limit)
                        undo.callback(service.close)
                        self._services.append(service)
                        port = service.port
                    self._ports[name] = port
                self._electrum = self._open_electrum(memory, world, undo)
                memory.remember(
                    world=world, **{f"port {name}": port for name, port in self._ports.items()}
                )
            for calendar in self._calendars:
                calendar.url = self._url(calendar.id)
            for name, stamper in stampers.items():
                stamper.publish(self._url(name))
            self._site.private_url = self._url("node") + "/"
            for service in self._services:
                service.serve()
            if self._electrum is not None:
                self._electrum.serve()
            self._open = undo.pop_all()

    def _open_electrum(
        self, memory: Memory, world: int, undo: ExitStack
    ) -> electrum.ElectrumService | None:
        """The server of this world; None where another program already runs it."""
        service = None
        port = memory.setting("port electrum")
        if port is None or not electrum.is_world(port, world):
            service = electrum.ElectrumService(self._chain, world=world, port=port)
            undo.callback(service.close)
            port = service.port
        self._ports["electrum"] = port
        return service

    @classmethod
    def start(cls, folder: Path, clock: Clock, *, mining: Mining = "by_hand") -> PracticeWorld:
        """The world of ``folder`` is open and answers.

        ``mining="when_asked"`` lets a calendar bring the chain forward when it is asked for a
        finished proof, so that nobody waits.  Where another program has the same world open, this
        one uses its services and sees the same chain; they end with that program.  Raises
        Unavailable(``practice_port_taken``) when something else holds one of its ports, and
        Refused(``practice_folder``, ``practice_damaged``) when the folder cannot be used.
        """
        return cls(folder, clock, mining)

    def close(self) -> None:
        """Nothing listens any more, and the folder is free.  May be called twice."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def site_url(self) -> str:
        """The platform's front page."""
        return self._url("site") + "/"

    @property
    def series_url(self) -> str:
        """A series whose page links to its free episodes and to a feed of them."""
        return self.site_url + "series/taohuadu"

    @property
    def long_series_url(self) -> str:
        """A series of 72 episodes, 60 of them free, as linked data and as a Media RSS feed."""
        return self.site_url + "series/changjie"

    @property
    def episode_url(self) -> str:
        """Episode 3, with a video."""
        return self.series_url + "/ep/3"

    @property
    def account_url(self) -> str:
        """The account that published it."""
        return self.site_url + "u/60021177"

    @property
    def rpc_url(self) -> str:
        """bitcoind's JSON-RPC over the simulated chain, with user and password."""
        return f"http://{RPC_USER}:{RPC_PASSWORD}@{HOST}:{self._ports['node']}"

    @property
    def node_url(self) -> str:
        """The same without user and password."""
        return f"http://{HOST}:{self._ports['node']}/"

    @property
    def electrum_address(self) -> str:
        """An Electrum server over the simulated chain, as its address is typed."""
        return f"tcp://{HOST}:{self._ports['electrum']}"

    def authorities(self) -> Authorities:
        """Whom the practice world asks."""
        explorers = zip(EXPLORERS, _OPERATORS, strict=True)
        return Authorities(
            world="practice",
            calendars=tuple(
                Calendar(id=calendar.id, url=calendar.url, answers_as=(calendar.url,))
                for calendar in self._calendars
            ),
            tsas=time_stampers(lambda name: self._url(name) + "/"),
            explorers=tuple(
                Explorer(
                    id=f"practice-explorer-{name}",
                    url=f"{self._url('node')}/{name}/api",
                    operator=operator,
                )
                for name, operator in explorers
            ),
            beacons=(replace(PRACTICE, urls=(self._url("beacon"),)),),
        )

    def mine(self, blocks: int = CONFIRMATIONS) -> int:
        """That many blocks more; the new tip's height.

        The first takes in every digest that waits; the calendars give its proofs out once
        ``CONFIRMATIONS`` blocks stand.
        """
        return self._chain.mine(blocks)

    def ots_flags(self) -> tuple[str, ...]:
        """What stands between ``ots`` and its command so that it asks this world and no other."""
        lists = (flag for calendar in self._calendars for flag in ("-l", calendar.url))
        return (
            "--no-cache",
            "--no-default-whitelist",
            *lists,
            "--btc-regtest",
            "--bitcoin-node",
            self.rpc_url,
        )

    def ots_command(self, path: Path | str, proof: Path | str | None = None) -> str:
        """The command that has the unmodified client verify ``path`` here, ready for a shell.

        The proof is ``path`` with ``.ots`` after it unless another is named.
        """
        proof = f"{path}.ots" if proof is None else proof
        return shlex.join(["ots", *self.ots_flags(), "verify", "-f", str(path), str(proof)])

    def _url(self, service: str) -> str:
        return f"http://{HOST}:{self._ports[service]}"

    def faults(self) -> tuple[BaseException, ...]:
        """What went wrong inside the services; empty unless the program has a bug."""
        found = [fault for service in self._services for fault in service.faults]
        return (*found, *(self._electrum.faults if self._electrum is not None else ()))
