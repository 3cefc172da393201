"""The world that verbs work with: clock, settings, store, vault, witnesses.

Nothing heavy is imported before it is needed, so that a window stands before the database opens.
Nouns cost time too: most are named here only in annotations.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import holdfast
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.resources import resource, words
from holdfast.adapters.settings import SettingsFile
from holdfast.core.errors import Refused
from holdfast.core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from holdfast.adapters.catalog import Catalog
    from holdfast.adapters.chain.shelf import Shelf
    from holdfast.adapters.chain.sources import Sources
    from holdfast.adapters.environment import Look
    from holdfast.adapters.environment.watch import Around, Sitting
    from holdfast.adapters.launch import Spare
    from holdfast.adapters.store.safe import Safe
    from holdfast.adapters.store.store import Store
    from holdfast.adapters.store.vault import Vault
    from holdfast.adapters.timestamp.rfc3161 import Rfc3161
    from holdfast.core.bitcoin import CheckpointTable
    from holdfast.core.evidence import World
    from holdfast.core.job import Job
    from holdfast.core.not_before import NotBefore
    from holdfast.core.timestamp import Authorities
    from holdfast.core.words import Words
    from holdfast.ports import (
        Beacons,
        CaptureSource,
        ChainSource,
        PackFormat,
        Renderer,
        Stamper,
    )
    from holdfast.practice.world import PracticeWorld
    from holdfast.usecases.preserve import Asks, Maker


Made = TypeVar("Made")


class Workshop:
    """What the verbs work with, each made when first asked for."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._clock = SystemClock()
        self._settings = SettingsFile(data / "settings.json")
        self._lock = RLock()
        self._practice: PracticeWorld | None = None
        self._leaning: dict[str, tuple[CheckpointTable, Any]] = {}

    def close(self) -> None:
        """Servers of the rehearsal are stopped and the database is closed."""
        with self._lock:
            if self._practice is not None:
                self._practice.close()
                self._practice = None
            if "_spare" in self.__dict__:
                self._spare.end()
            if "_store" in self.__dict__:
                self._store.close()

    def claim_window(self) -> None:
        """This process has the one window of the data folder until it ends.

        Raises Refused when another process has it.  The command line may run beside.
        """
        from filelock import FileLock, Timeout

        self._window = FileLock(self.data / "window.lock", timeout=0)
        try:
            self._window.acquire()
        except Timeout as error:
            raise Refused("window_open") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("data_unwritable", path=str(self.data), reason=reason) from error

    # --- words and settings -----------------------------------------------------------------------

    @property
    def icons(self) -> Path:
        """The folder of the window's icons."""
        return resource("icons")

    @property
    def version(self) -> str:
        """The version of this build."""
        return holdfast.__version__

    def words(self, lang: str) -> Words:
        """The catalogues of ``zh`` or ``en``."""
        return words(lang)

    @cached_property
    def settings(self) -> Settings:
        """The person's choices, as they stand."""
        found = self._settings.load()
        if not found.operator:
            found = replace(found, operator=f"person:{self._clock.new_id()}")
            self._settings.save(found)
        return found

    @property
    def settings_damaged(self) -> Path | None:
        """Where a damaged settings file was set aside; None when there was none."""
        return self._settings.damaged

    def save_settings(self, settings: Settings) -> None:
        """These choices hold from now on."""
        self._settings.save(settings)
        self.__dict__["settings"] = settings
        self._leaning.clear()
        for made in ("_tsas", "sources", "_sitting"):
            self.__dict__.pop(made, None)

    def choose(self, name: str, text: str) -> None:
        """That setting is as written from now on.

        Raises Refused(``setting_unknown``, ``setting_unfit``).
        """
        from holdfast.core.settings import chosen

        after = chosen(self.settings, name, text)
        fresh = set(after.disabled) - set(self.settings.disabled)
        if fresh and fresh - set(services := self.services()):
            raise Refused("setting_unfit", name=name, fits=", ".join(services))
        self.save_settings(after)

    def now(self) -> datetime:
        """The system's time, UTC."""
        return self._clock.now()

    def offset_minutes(self) -> int:
        """How far local time is from UTC."""
        return self._clock.offset_minutes()

    # --- the world, made when first asked for -----------------------------------------------------

    @cached_property
    def _store(self) -> Store:
        from holdfast.adapters.store.keys import Keys
        from holdfast.adapters.store.store import Store

        return Store(self.data, self._clock, Keys(self.data / "keys"))

    @cached_property
    def _vault(self) -> Vault:
        from holdfast.adapters.store.vault import Vault

        return Vault(self.data)

    @cached_property
    def _spare(self) -> Spare:
        from holdfast.adapters.launch import Spare

        @contextmanager
        def room() -> Iterator[Path]:
            with self._vault.room(self._clock.new_id(), {}) as held:
                yield held.path

        return Spare(room)

    @cached_property
    def _catalog(self) -> Catalog:
        from holdfast.adapters.catalog import Catalog

        return Catalog(practice=lambda: self._practice_world().authorities())

    @cached_property
    def _renderer(self) -> Renderer:
        from holdfast.adapters.render import Writer

        return Writer()

    @property
    def _stampers(self) -> tuple[Stamper, ...]:
        def make(table: CheckpointTable) -> tuple[Stamper, ...]:
            from holdfast.adapters.timestamp.opentimestamps import OpenTimestamps

            return (OpenTimestamps(self._clock, self._explorers, table), self._tsas)

        return self._by_table("stampers", make)

    @cached_property
    def _tsas(self) -> Rfc3161:
        from holdfast.adapters.timestamp.rfc3161 import Rfc3161

        return Rfc3161(self._clock)

    def _by_table(self, name: str, make: Callable[[CheckpointTable], Made]) -> Made:
        """What leans on the checkpoints, made anew when there are newer ones.

        The command line may fetch some while the window is open.
        """
        table = self._table
        known = self._leaning.get(name)
        if known is None or known[0] is not table:
            known = (table, make(table))
            self._leaning[name] = known
        made: Made = known[1]
        return made

    # --- Bitcoin's headers ------------------------------------------------------------------------

    @cached_property
    def _shelf(self) -> Shelf:
        from holdfast.adapters.chain.shelf import Shelf
        from holdfast.adapters.witness import checkpoints

        return Shelf(self.data / "bitcoin", checkpoints())

    @property
    def _table(self) -> CheckpointTable:
        """The checkpoints as they were shipped, and those that were fetched since."""
        return self._shelf.table()

    @cached_property
    def _safe(self) -> Safe:
        from holdfast.adapters.store.safe import Safe

        return Safe(self.data / "keys")

    def _own_sources(self) -> tuple[ChainSource, ...]:
        """The node and the server that the person chose, where there are any."""
        from holdfast.adapters import http

        chosen = self.settings
        found: list[ChainSource] = []
        explorers = self._authorities("real").explorers
        others = {http.link(one.url).host: one.operator for one in explorers}
        # An address that was changed by hand into none is left out, not a trouble of every stamp.
        if chosen.node:
            from holdfast.adapters.chain.node import Node, from_cookie

            cookie = chosen.node_cookie
            login = from_cookie(Path(cookie)) if cookie else lambda: self._safe.get("node")
            with suppress(Refused):
                found.append(Node(chosen.node, login, self._table))
        if chosen.electrum:
            from holdfast.adapters.chain.electrum import Electrum, read_server
            from holdfast.adapters.chain.lines import nearby

            with suppress(Refused):
                server = read_server(chosen.electrum, chosen.electrum_certificate)
                if found and nearby(server.host):
                    # It most likely shows what the person's own node told it.
                    others[server.host] = found[0].operator
                found.append(Electrum(server, self._table, others=others))
        return tuple(found)

    def _explorers(self, authorities: Authorities, *, ask: bool = True) -> Sources:
        """Everybody who shows a world's headers; without ``ask`` only what is kept here."""
        from holdfast.adapters.chain.sources import Sources
        from holdfast.adapters.timestamp.headers import Esplora
        from holdfast.adapters.witness import checkpoints

        real = authorities.world == "real"
        esplora = Esplora(authorities if ask else replace(authorities, explorers=()), self._table)
        held = self._shelf.read()
        return Sources(
            world=authorities.world,
            explorers=esplora,
            each=esplora.sources(),
            own=self._own_sources() if ask and real else (),
            shipped=checkpoints(),
            table=self._table,
            about=esplora.about,
            held=(held.first, held.raw) if held.raw else None,
        )

    @cached_property
    def _beacons(self) -> Beacons:
        from holdfast.adapters.timestamp.beacon import Beacon
        from holdfast.adapters.timestamp.headers import Esplora

        return Beacon(
            self._clock,
            lambda authorities, seconds: Esplora(authorities, self._table, seconds=seconds),
            lambda: self.settings.offline,
        )

    @cached_property
    def _packs(self) -> PackFormat:
        from holdfast.adapters.pack.packs import Packs
        from holdfast.adapters.store.vault import hasher

        return Packs(hasher)

    @cached_property
    def _verifier_sha256(self) -> str:
        import hashlib

        return hashlib.sha256(self._packs.verifier()).hexdigest()

    def _outside(self, out: Path) -> Path:
        """The place where something is to go, if that is not among what Holdfast itself keeps.

        Raises Refused(``out_in_data``): it would replace a database, or be cleared away.
        """
        place = out.expanduser().absolute()
        whole = place.resolve()
        if whole.is_relative_to(self.data) and not whole.is_relative_to(self.data / "out"):
            raise Refused("out_in_data", path=str(place))
        return place

    def _placed(self, out: Path, write: Callable[[Path], object]) -> Path:
        """What ``write`` puts into a draft stands at ``out``, whole, or what stood there before.

        Raises Refused(``out_in_data``, ``out_unwritable``), and what ``write`` raises.
        """
        out = self._outside(out)
        draft = out.with_name(f".{out.name}.new")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            try:
                write(draft)
                draft.replace(out)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("out_unwritable", path=str(out), reason=reason) from error
        return out

    @cached_property
    def sources(self) -> Mapping[str, CaptureSource]:
        """Ways of capturing, by id."""
        from holdfast.adapters import wheel
        from holdfast.adapters.capture import Means, pieces
        from holdfast.adapters.ytdlp import Downloader

        chosen = self.settings
        newer = wheel.known(self.data, chosen.downloader, chosen.downloader_sha256)
        return pieces(
            Means(
                clock=self._clock,
                browser=chosen.browser,
                spare=self._spare.take,
                adb=chosen.adb,
                downloader=Downloader(newer),
            )
        )

    def authorities(self) -> Authorities:
        """Everybody who can be asked for time-stamps, those switched off included."""
        return self._catalog.authorities("real")

    def services(self) -> tuple[str, ...]:
        """Ids of those that can be switched off: calendars, time-stamp authorities, beacons."""
        known = self.authorities()
        ids = ([one.id for one in some] for some in (known.calendars, known.tsas, known.beacons))
        return tuple(one for some in ids for one in some)

    def _authorities(self, world: World) -> Authorities:
        if world == "practice":
            return self._catalog.authorities("practice")
        known = self.authorities()
        off = self.settings.disabled
        return replace(
            known,
            calendars=tuple(c for c in known.calendars if c.id not in off),
            tsas=tuple(t for t in known.tsas if t.id not in off),
            explorers=tuple(e for e in known.explorers if e.id not in off),
            beacons=tuple(b for b in known.beacons if b.id not in off),
        )

    def _practice_world(self) -> PracticeWorld:
        with self._lock:
            if self._practice is None:
                from holdfast.practice.world import PracticeWorld

                self._practice = PracticeWorld.start(
                    self.data / "practice", self._clock, mining="when_asked"
                )
            return self._practice

    @property
    def _maker(self) -> Maker:
        import platform

        from holdfast.adapters.environment import machine
        from holdfast.adapters.marks import MediaMarks
        from holdfast.core.evidence import Component
        from holdfast.usecases.preserve import Maker

        return Maker(
            operator=self.settings.operator,
            tool=Component(
                name="Holdfast", version=holdfast.__version__, sha256=machine.build().sha256
            ),
            packages=(
                Component(name="Python", version=platform.python_version()),
                Component(name="System", version=platform.platform()),
            ),
            asks=self._asks,
            watch=self._watch,
            marks=MediaMarks(),
        )

    # --- what surrounds a capture -----------------------------------------------------------------

    @cached_property
    def _sitting(self) -> Sitting:
        from holdfast.adapters.environment.watch import Sitting

        return Sitting(self._look, self._newest)

    def _watch(self, world: World, target: str = "", case: str = "") -> Around:
        """Looks at this computer while something else begins."""
        from holdfast.usecases import environment

        if world == "practice":
            # Its witnesses and beacons are to be at hand before anybody's time runs.
            self._practice_world()
        known = environment.stated(case, store=self._store, clock=self._clock) if case else None
        return self._sitting.watch(world, self._host(target), known)

    @staticmethod
    def _host(target: str) -> str:
        """The site that a link leads to; empty for anything else."""
        from holdfast.adapters import http

        try:
            return http.link(target).host if "://" in target else ""
        except Refused:
            return ""

    def _look(self, world: World, host: str, items: Sequence[str]) -> Look:
        """A run of the environment check has begun; the practice world asks nobody outside."""
        from holdfast.adapters.environment import Look, sources
        from holdfast.adapters.environment.place import Place

        silent = "practice" if world == "practice" else "offline" if self.settings.offline else ""
        place = Place(
            clock=self._clock,
            data=self.data,
            sources=sources.shipped(),
            host=host,
            silent=silent,
        )
        return Look(place, items)

    def _newest(self, world: World, job: Job) -> NotBefore:
        """The newest values that nobody could know earlier, as far as somebody can be asked."""
        return self._beacons.latest(self._authorities(world), job)

    def _asks(self, world: World) -> Asks:
        authorities = self._authorities(world)
        return tuple(
            (stamper.id, authority)
            for stamper in self._stampers
            for authority in stamper.targets(authorities)
        )
