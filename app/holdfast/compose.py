"""Holdfast: the use-cases with their world attached.  The only wiring there is.

Nothing heavy is imported before it is needed, so that a window stands before the database opens.
Nouns cost time too: most are named here only in annotations.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypedDict

import holdfast
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.resources import resource, words
from holdfast.adapters.settings import SettingsFile
from holdfast.core.errors import Cancelled, HoldfastError, Refused
from holdfast.core.job import Job
from holdfast.core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from holdfast.adapters.capture.screen import Monitor, Screen
    from holdfast.adapters.capture.video import Video
    from holdfast.adapters.catalog import Catalog
    from holdfast.adapters.store.store import Store
    from holdfast.adapters.store.vault import Vault
    from holdfast.adapters.timestamp.headers import Esplora
    from holdfast.core.bitcoin import CheckpointTable
    from holdfast.core.canonical import Json
    from holdfast.core.case import Case, Licence, Party
    from holdfast.core.deadline import FollowUp
    from holdfast.core.document import Issued, Lang
    from holdfast.core.evidence import Check, Exhibit, Received, World
    from holdfast.core.notice import (
        Contact,
        Gauge,
        Notice,
        Platform,
        PlatformAnswer,
        Question,
        Regime,
        Submission,
    )
    from holdfast.core.timestamp import Authorities, Tsa
    from holdfast.core.verdict import Verdict
    from holdfast.core.words import Words
    from holdfast.ports import (
        CaptureSource,
        PackFormat,
        ProofChecker,
        Renderer,
        SendingWay,
        Stamper,
    )
    from holdfast.practice.rehearsal import Rehearsal
    from holdfast.practice.world import PracticeWorld
    from holdfast.usecases.cases import CaseFile
    from holdfast.usecases.follow_up import Due
    from holdfast.usecases.preserve import Asks, Attempt, Maker
    from holdfast.usecases.timestamp import StampRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that could not be kept, and why."""

    target: str
    source: str
    error: HoldfastError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What came of a wish to keep something."""

    case: Case
    exhibits: tuple[Exhibit, ...] = ()
    failed: tuple[Failure, ...] = ()


__all__ = [
    "Failure",
    "Holdfast",
    "Kept",
    "default_data",
    "download",
    "open_holdfast",
    "system_language",
    "words",
]


def default_data() -> Path:
    """Where data lies on this system unless the person says otherwise."""
    from platformdirs import user_data_path

    return user_data_path("Holdfast", appauthor=False)


def download() -> int:
    """The downloader's own process: orders in, JSON lines out."""
    from holdfast.adapters.downloader import main

    return main()


def system_language() -> Lang:
    """The language of this system, as far as we have it."""
    import locale

    named = locale.getlocale()[0] or os.environ.get("LANG", "")
    return "zh" if named.lower().startswith(("zh", "chinese")) else "en"


def open_holdfast(data: Path | None = None) -> Holdfast:
    """Holdfast on a data folder.  Raises Refused when it cannot be written to."""
    folder = (data or default_data()).expanduser().resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Refused("data_unwritable", path=str(folder), reason=reason) from error
    return Holdfast(folder)


class Holdfast:
    """Every verb, ready to be called by the window and by the command line."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._clock = SystemClock()
        self._settings = SettingsFile(data / "settings.json")
        self._lock = RLock()
        self._practice: PracticeWorld | None = None

    def close(self) -> None:
        """Servers of the rehearsal are stopped and the database is closed."""
        with self._lock:
            if self._practice is not None:
                self._practice.close()
                self._practice = None
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

    # --- words and settings ----------------------------------------------------------------------

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
            found = Settings(operator=f"person:{self._clock.new_id()}")
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
        for made in ("_stampers", "sources"):
            self.__dict__.pop(made, None)

    def now(self) -> datetime:
        """The system's time, UTC."""
        return self._clock.now()

    def offset_minutes(self) -> int:
        """How far local time is from UTC."""
        return self._clock.offset_minutes()

    # --- the world, made when first asked for ----------------------------------------------------

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
    def _catalog(self) -> Catalog:
        from holdfast.adapters.catalog import Catalog

        return Catalog(practice=lambda: self._practice_world().authorities())

    @cached_property
    def _renderer(self) -> Renderer:
        from holdfast.adapters.render import Writer

        return Writer()

    @cached_property
    def _stampers(self) -> tuple[Stamper, ...]:
        from holdfast.adapters.timestamp.opentimestamps import OpenTimestamps
        from holdfast.adapters.timestamp.rfc3161 import Rfc3161

        return (OpenTimestamps(self._clock, self._explorers), Rfc3161(self._clock))

    @staticmethod
    def _explorers(authorities: Authorities) -> Esplora:
        from holdfast.adapters.timestamp.headers import Esplora

        return Esplora(authorities)

    @cached_property
    def sources(self) -> Mapping[str, CaptureSource]:
        """Ways of capturing, by id."""
        from holdfast.adapters.capture import Means, pieces

        return pieces(Means(clock=self._clock, browser=self.settings.browser))

    def authorities(self) -> Authorities:
        """Everybody who can be asked for time-stamps, those switched off included."""
        return self._catalog.authorities("real")

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

        from holdfast.core.evidence import Component
        from holdfast.usecases.preserve import Maker

        return Maker(
            operator=self.settings.operator,
            tool=Component(name="Holdfast", version=holdfast.__version__),
            packages=(
                Component(name="Python", version=platform.python_version()),
                Component(name="System", version=platform.platform()),
            ),
            asks=self._asks,
        )

    def _asks(self, world: World) -> Asks:
        authorities = self._authorities(world)
        return tuple(
            (stamper.id, authority)
            for stamper in self._stampers
            for authority in stamper.targets(authorities)
        )

    # --- cases -----------------------------------------------------------------------------------

    def open_case(self, title: str) -> Case:
        """A new, real case."""
        from holdfast.usecases import cases

        return cases.open_case(title, "real", store=self._store)

    def cases(self) -> tuple[Case, ...]:
        """Every case, oldest first."""
        from holdfast.core.case import Case

        return self._store.all(Case)

    def case_file(self, reference: str) -> CaseFile:
        """Everything in a case as it stands."""
        from holdfast.usecases import cases

        return cases.case_file(reference, store=self._store)

    def close_case(self, reference: str) -> Case:
        """The case takes no more captures."""
        from holdfast.usecases import cases

        return cases.close_case(reference, store=self._store, clock=self._clock)

    def rename_case(self, reference: str, title: str) -> Case:
        """The case carries another title."""
        from holdfast.usecases import cases

        return cases.rename(reference, title, store=self._store)

    def describe(
        self, case: str, number: str, caption: str | None = None, purpose: str | None = None
    ) -> Exhibit:
        """The exhibit carries these words; None leaves one as it was."""
        from holdfast.usecases import cases

        return cases.describe(case, number, caption, purpose, store=self._store)

    def withdraw(self, case: str, number: str) -> Exhibit:
        """The exhibit is no longer relied on; nothing of it goes away."""
        from holdfast.usecases import cases

        return cases.withdraw(case, number, store=self._store)

    def save_party(self, party: Party) -> Party:
        """Somebody is in the case as stated; an empty id makes a new one."""
        from holdfast.usecases import cases

        known = party if party.id else replace(party, id=self._clock.new_id())
        return cases.save_party(known, store=self._store)

    def record_licence(self, licence: Licence) -> Licence:
        """What was agreed, or that nothing was, is on record; an empty id makes a new one."""
        from holdfast.usecases import cases

        known = licence if licence.id else replace(licence, id=self._clock.new_id())
        return cases.record_licence(known, store=self._store)

    # --- keeping ---------------------------------------------------------------------------------

    def recover(self, job: Job) -> tuple[Attempt, ...]:
        """What a crash cut short is sealed as far as it went, and said."""
        from holdfast.usecases import preserve

        return preserve.recover(
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            maker=self._maker,
            job=job,
        )

    def keep(self, target: str, job: Job, case: str = "", how: str = "") -> Kept:
        """A link is kept: its page, and the video or every episode that it leads to.

        ``how`` is ``page``, ``video``, or empty for both.  Without a case one is opened, named
        after host and date, also for a capture that fails.  Raises Refused for what is no link.
        """
        wanted = (how,) if how else ("page", "video")
        ways = [self.sources[name] for name in wanted]
        if not any(way.suits(target) for way in ways):
            raise Refused("link_unsupported")
        from holdfast.adapters import http

        matter = self._matter(case, http.link(target).host)
        if matter.world == "practice" and not target.startswith(self._practice_world().site_url):
            raise Refused("mixed_worlds")
        return self._keep([(way, target) for way in ways], matter, job)

    def keep_files(
        self, paths: Sequence[Path], job: Job, case: str = "", received: Received | None = None
    ) -> Kept:
        """Files the person already has are kept as received; each path is one exhibit."""
        source = self.sources["file"]
        missing = [path for path in paths if not path.exists()]
        if missing or not paths:
            raise Refused("file_missing", name=missing[0].name if missing else "")
        matter = self._matter(case, paths[0].name)
        ways = [(source, str(path.absolute())) for path in paths]
        return self._keep(ways, matter, job, received)

    def shot(
        self,
        job: Job,
        case: str = "",
        monitor: int | None = None,
        region: tuple[int, int, int, int] | None = None,
    ) -> Kept:
        """The screen as it is now: all of it, one monitor (from 1), or x, y, width, height."""
        target = "all"
        if region is not None:
            target = "region:" + ",".join(map(str, region))
        elif monitor is not None:
            target = f"monitor:{monitor}"
        return self._keep([(self.sources["screen"], target)], self._matter(case, ""), job)

    def _matter(self, reference: str, named: str) -> Case:
        """The case that was named, or a new one that asks the person nothing."""
        from holdfast.usecases import cases

        if reference:
            return cases.open_for_work(reference, store=self._store)
        day = self._clock.now().astimezone().date().isoformat()
        return cases.open_case(f"{named} {day}", "real", store=self._store)

    def _keep(
        self,
        ways: Sequence[tuple[CaptureSource, str]],
        case: Case,
        job: Job,
        received: Received | None = None,
    ) -> Kept:
        """Every way is tried; what one could not keep does not stop the next."""
        from holdfast.usecases import preserve

        exhibits: list[Exhibit] = []
        failed: list[Failure] = []
        for source, target in self._singles(ways, job, failed):
            try:
                exhibits.append(
                    preserve.preserve(
                        case,
                        source,
                        target,
                        store=self._store,
                        vault=self._vault,
                        clock=self._clock,
                        maker=self._maker,
                        job=job,
                        received=received,
                    )
                )
            except HoldfastError as error:
                failed.append(Failure(target=target, source=source.id, error=error))
                if isinstance(error, Cancelled):
                    break
        return Kept(case=case, exhibits=tuple(exhibits), failed=tuple(failed))

    def _singles(
        self, ways: Sequence[tuple[CaptureSource, str]], job: Job, failed: list[Failure]
    ) -> Iterator[tuple[CaptureSource, str]]:
        """Each way as it is, but a series as its episodes."""
        for source, target in ways:
            if source.id != "video":
                yield source, target
                continue
            videos: Video = source  # type: ignore[assignment] # ids are the classes'
            try:
                episodes = videos.entries(target, job)
            except Cancelled:
                raise
            except HoldfastError as error:
                failed.append(Failure(target=target, source=source.id, error=error))
                continue
            for episode in episodes or (target,):
                yield source, episode

    # --- time-stamps -----------------------------------------------------------------------------

    def stamp(self, job: Job, case: str = "") -> StampRun:
        """What is queued was sent, what is pending was looked at; of one case or of all."""
        from holdfast.usecases import timestamp

        cases = (self._store.case(case),) if case else self.cases()
        worlds = {one.world for one in cases}
        if self.settings.offline:
            worlds.discard("real")
        return timestamp.stamp(
            cases,
            stampers=self._stampers,
            authorities={world: self._authorities(world) for world in sorted(worlds)},
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            job=job,
        )

    def pending(self) -> int:
        """How many time-stamps are queued or on their way."""
        from holdfast.usecases import timestamp

        return timestamp.waiting(self.cases(), store=self._store)

    # --- documents -------------------------------------------------------------------------------

    def document(
        self, kind: str, case: str, lang: Lang, job: Job, out: Path | None = None
    ) -> Issued:
        """A document of that kind is issued, in the vault and on the ledger; copied to ``out``."""
        from holdfast.usecases import document

        found = self._store.case(case)
        issued = document.issue(
            kind=kind,
            case_id=found.id,
            lang=lang,
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            renderer=self._renderer,
            words=words(lang),
            job=job,
            offset_minutes=self._clock.offset_minutes(),
            operator=self.settings.operator_name,
            outside=document.Outside(
                authorities=self._catalog.authorities(found.world),
                verifier_sha256=self._verifier_sha256,
            ),
        )
        if out is not None:
            self._copy(issued.sha256, out)
        return issued

    def artifact(self, sha256: str) -> Path:
        """Where bytes of the vault lie; they are read-only and stay so."""
        return self._vault.path(sha256)

    def document_path(self, issued: Issued) -> Path:
        """A copy under its own name, for a viewer that goes by the ending."""
        return self._copy(issued.sha256, self.data / "out" / Path(issued.path).name)

    def _copy(self, sha256: str, out: Path) -> Path:
        """The bytes stand at ``out``, whole, or what stood there before."""
        import shutil

        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            draft = out.with_name(f".{out.name}.new")
            shutil.copyfile(self._vault.path(sha256), draft)
            draft.replace(out)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("out_unwritable", path=str(out), reason=reason) from error
        return out

    # --- notices ---------------------------------------------------------------------------------

    def regimes(self) -> tuple[Regime, ...]:
        """Every law under which a platform can be asked to act."""
        return self._catalog.regimes()

    def platforms(self, world: World = "real") -> tuple[Platform, ...]:
        """Every addressee of a world."""
        return self._catalog.platforms(world)

    def contacts(self, lang: Lang) -> tuple[Contact, ...]:
        """People who can help, each with its source."""
        return self._catalog.contacts(lang)

    def questions(
        self, regime: str, platform: str, answers: Mapping[str, str]
    ) -> tuple[Question, ...]:
        """What is to be asked now, as far as the answers go."""
        from holdfast.usecases import notify

        return notify.questions(regime, platform, answers, catalog=self._catalog)

    def draft(
        self,
        case: str,
        regime: str,
        platform: str,
        answers: Mapping[str, str | Sequence[str]],
        lang: Lang,
        job: Job,
    ) -> Notice:
        """A letter that says no more than the record and the answers do."""
        from holdfast.usecases import notify

        return notify.draft(
            self._store.case(case).id, regime, platform, answers, lang, **self._desk(), job=job
        )

    def revise(self, notice: str, answers: Mapping[str, str | Sequence[str]], job: Job) -> Notice:
        """The same letter with these answers changed."""
        from holdfast.usecases import notify

        return notify.revise(notice, answers, **self._desk(), job=job)

    def edit(self, notice: str, text: str, job: Job) -> Notice:
        """The letter says what the person wrote."""
        from holdfast.usecases import notify

        return notify.edit(notice, text, **self._desk(), job=job)

    def check(self, notice: str) -> Gauge:
        """Each element present or missing, with its article."""
        from holdfast.usecases import notify

        return notify.check(
            notice, store=self._store, vault=self._vault, clock=self._clock, catalog=self._catalog
        )

    def approve(self, notice: str, job: Job) -> Notice:
        """The letter is final, in the vault and on the ledger."""
        from holdfast.usecases import notify

        return notify.approve(notice, **self._desk(), ways=self._ways, job=job)

    def notice_files(self, notice: str, out_dir: Path, job: Job) -> tuple[Path, ...]:
        """Copies of an approved letter's files lie in a folder."""
        from holdfast.usecases import notify

        return notify.files(notice, out_dir, store=self._store, vault=self._vault, job=job)

    def full_value(self, notice: str, field: str) -> str:
        """What is copied for one field of the platform's form."""
        from holdfast.usecases import notify

        return notify.full_value(notice, field, store=self._store, catalog=self._catalog)

    def sent(
        self, notice: str, channel: str, when: str = "", receipt: Path | None = None
    ) -> Submission:
        """That it was sent is on record, and the clocks run."""
        from holdfast.usecases import notify

        case = self._notice(notice).case_id
        return notify.sent(
            notice,
            channel,
            when,
            receipt,
            store=self._store,
            clock=self._clock,
            catalog=self._catalog,
            seal_receipt=lambda path: self._receipt(case, path),
        )

    def answer(
        self,
        notice: str,
        kind: str,
        when: str = "",
        note: str = "",
        letter: Path | None = None,
        by: str = "",
    ) -> PlatformAnswer:
        """What the platform answered is on record."""
        from holdfast.usecases import notify

        case = self._notice(notice).case_id
        return notify.answer(
            notice,
            kind,
            when,
            note,
            letter,
            by,
            store=self._store,
            clock=self._clock,
            catalog=self._catalog,
            seal_receipt=lambda path: self._receipt(case, path),
        )

    def due(self, within_days: int = 30) -> tuple[Due, ...]:
        """What is due, over all cases, earliest first."""
        from holdfast.usecases import follow_up

        return follow_up.due(within_days, store=self._store, clock=self._clock)

    def followup_done(self, followup: str) -> FollowUp:
        """One of them is done."""
        from holdfast.usecases import follow_up

        return follow_up.done(followup, store=self._store, clock=self._clock)

    def _notice(self, id: str) -> Notice:
        from holdfast.core.notice import Notice

        return self._store.get(Notice, id)

    def _receipt(self, case: str, path: Path) -> Exhibit:
        kept = self.keep_files((path,), Job(), case)
        if kept.failed:
            raise kept.failed[0].error
        return kept.exhibits[0]

    @cached_property
    def _ways(self) -> tuple[SendingWay, ...]:
        from holdfast.adapters.send.email import Email
        from holdfast.adapters.send.paper import Paper
        from holdfast.adapters.send.webform import WebForm

        return (Email(), WebForm(), Paper())

    def _desk(self) -> _Desk:
        return {
            "store": self._store,
            "vault": self._vault,
            "clock": self._clock,
            "catalog": self._catalog,
            "renderer": self._renderer,
        }

    # --- export and verify -----------------------------------------------------------------------

    def export(self, case: str, out: Path, job: Job) -> Path:
        """The case as a pack at ``out``: a ZIP where the name says so, else a folder."""
        from holdfast.usecases import export

        found = self._store.case(case)
        return export.export(
            found.id,
            out.expanduser().absolute(),
            store=self._store,
            vault=self._vault,
            format=self._packs,
            tsas=self._catalog.authorities(found.world).tsas,
            headers=None if self._offline(found.world) else self._header_run,
            job=job,
        )

    def verify(
        self,
        targets: Sequence[str],
        job: Job,
        *,
        headers: Path | None = None,
        root: Path | None = None,
        chain: Path | None = None,
        all_digests: bool = False,
        practice: bool = False,
    ) -> Verdict:
        """What was found about cases, packs, files with proofs, lone proofs or issued PDFs."""
        from holdfast.adapters.pack.attachments import pdf_attachments
        from holdfast.core.canonical import rfc3339
        from holdfast.usecases import export, verify

        options = verify.Options(
            headers=headers, root=root, chain=chain, all_digests=all_digests, practice=practice
        )
        shelf = verify.Shelf(
            find=self._find,
            view=lambda case: export.CaseView(
                case,
                store=self._store,
                vault=self._vault,
                tsas=self._witnesses(case.world),
                digests=self._packs.digests,
            ),
            issued=lambda sha256: export.issued_here(sha256, store=self._store),
        )
        bench = verify.Bench(
            checkers=self._checkers,
            table=self._table,
            roots=tuple(tsa.root for tsa in self.authorities().tsas),
            known_verifiers=frozenset({self._verifier_sha256}),
            open_pack=self._packs.open,
            digests=self._packs.digests,
            attachments=pdf_attachments,
            now=rfc3339(self._clock.now()),
            ask=None if self.settings.offline else self._explorers(self.authorities()).headers,
        )
        return verify.verify(targets, options, bench=bench, job=job, shelf=shelf)

    def _witnesses(self, world: World) -> tuple[Tsa, ...]:
        """To whose roots a case's tokens lead; no practice world is opened for that."""
        if world == "real":
            return self.authorities().tsas
        from holdfast.practice.world import time_stampers

        return time_stampers()

    @cached_property
    def _packs(self) -> PackFormat:
        from holdfast.adapters.pack.packs import Packs
        from holdfast.adapters.store.vault import hasher

        return Packs(hasher)

    @cached_property
    def _verifier_sha256(self) -> str:
        import hashlib

        return hashlib.sha256(self._packs.verifier()).hexdigest()

    @cached_property
    def _table(self) -> CheckpointTable:
        from holdfast.adapters.witness import checkpoints

        return checkpoints()

    @cached_property
    def _checkers(self) -> tuple[ProofChecker, ...]:
        from holdfast.adapters.timestamp.opentimestamps import OpenTimestampsChecker
        from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker

        return (OpenTimestampsChecker(), Rfc3161Checker())

    def _header_run(self, world: World, heights: tuple[int, ...], job: Job) -> tuple[int, bytes]:
        return self._explorers(self._authorities(world)).run(heights, job)

    def _offline(self, world: World) -> bool:
        return world == "real" and self.settings.offline

    def _find(self, reference: str) -> Case | None:
        try:
            return self._store.case(reference)
        except Refused as error:
            if error.code != "case_unknown":
                raise
            return None

    # --- rehearsal -------------------------------------------------------------------------------

    def practise(self, out: Path | None, job: Job, lang: Lang = "zh") -> Rehearsal:
        """The whole job was done once in a practice case of this data folder; papers in ``out``."""
        from holdfast.practice.rehearsal import rehearse
        from holdfast.usecases import cases

        world = self._practice_world()
        case = cases.open_case(words(lang)("practice.case"), "practice", store=self._store)
        where = out or self.data / "out" / f"practice-{case.number}"
        return rehearse(self, case, world, where, job)

    def serve_practice(self, where: Path, lang: Lang) -> tuple[str, ...]:
        """The practice world is open; lines that say where, and how ``ots`` verifies against it."""
        say = words(lang)
        world = self._practice_world()
        lines = [say("practice.serving"), f"{say('practice.site')}: {world.site_url}"]
        subject = Path("data/exhibits/E0001/capture.json")
        proof = Path("data/exhibits/E0001/proofs/capture.json.ots")
        for case in self.cases():
            if case.world == "practice":
                lines.append(f"{case.number}: {where / case.number}")
        lines.append(f"{say('practice.ots')}: {world.ots_command(subject, proof)}")
        return tuple(lines)

    # --- what the machine offers -----------------------------------------------------------------

    def selfcheck(self, job: Job, lang: str = "en") -> tuple[Check, ...]:
        """What this build contains, and whether it works here."""
        from holdfast.adapters.selfcheck import selfcheck

        job.step("checking")
        return tuple(
            selfcheck(self.data, self._catalog, self.sources, self._packs.verifier, words(lang))
        )

    def manifest(self, exhibit: Exhibit) -> Mapping[str, Json]:
        """The exhibit's ``capture.json``, checked against its digest."""
        from holdfast.core.evidence import read_manifest

        return read_manifest(self._vault.read(exhibit.digest.sha256))

    def red(self, exhibit: Exhibit, lang: str = "en") -> tuple[str, ...]:
        """What is incomplete about an exhibit, in words; empty when nothing is."""
        say = words(lang)
        checks: Any = self.manifest(exhibit)["completeness"]
        return tuple(
            f"{say('check.' + check['check'])} {check['detail']}".strip()
            for check in checks
            if check["outcome"] == "fail"
        )

    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors there are, from 1.  Raises Unavailable where no screen can be read."""
        screen: Screen = self.sources["screen"]  # type: ignore[assignment] # ids are the classes'
        return screen.monitors()

    def browser(self) -> str:
        """The browser that page captures would use, or empty."""
        found = self.sources["page"].parts()
        return next((f"{part.name} {part.version}" for part in found if part.version), "")

    def new_id(self) -> str:
        """A fresh id."""
        return self._clock.new_id()


class _Desk(TypedDict):
    """What writing letters needs."""

    store: Store
    vault: Vault
    clock: SystemClock
    catalog: Catalog
    renderer: Renderer
