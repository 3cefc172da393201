"""Letters to platforms, and what came of them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from holdfast.adapters.clock import SystemClock
from holdfast.compose.keeping import Keeping
from holdfast.core.job import Job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from holdfast.adapters.catalog import Catalog
    from holdfast.adapters.store.store import Store
    from holdfast.adapters.store.vault import Vault
    from holdfast.core.deadline import FollowUp
    from holdfast.core.document import Lang
    from holdfast.core.evidence import Exhibit, World
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
    from holdfast.ports import (
        Renderer,
        SendingWay,
    )
    from holdfast.usecases.cases import CaseFile
    from holdfast.usecases.follow_up import Due


class Letters(Keeping):
    """Verbs on notices, submissions, answers and deadlines."""

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

    def again(self, notice: str, answers: Mapping[str, str | Sequence[str]], job: Job) -> Notice:
        """The next letter about the same content, begun or taken up again."""
        from holdfast.usecases import again

        return again.again(notice, answers, **self._desk(), job=job)

    def followable(self, file: CaseFile) -> tuple[Notice, ...]:
        """The letters in a case after which another one can be begun now."""
        from holdfast.usecases import again

        return again.followable(file, clock=self._clock, catalog=self._catalog)

    def unanswered(self, file: CaseFile) -> tuple[Notice, ...]:
        """Those of them whose day has passed."""
        from holdfast.usecases import again

        return again.unanswered(file, clock=self._clock, catalog=self._catalog)

    def revise(self, notice: str, answers: Mapping[str, str | Sequence[str]], job: Job) -> Notice:
        """The same letter with these answers changed."""
        from holdfast.usecases import notify

        return notify.revise(notice, answers, **self._desk(), job=job)

    def discard(self, notice: str) -> Notice:
        """A letter that was not approved is no more; that it was drafted and discarded is kept."""
        from holdfast.usecases import notify

        return notify.discard(notice, store=self._store)

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

        return notify.files(
            notice, self._outside(out_dir), store=self._store, vault=self._vault, job=job
        )

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

    def looks_due(self, case: str) -> tuple[str, ...]:
        """Reminders of a case to look again whether it is online, as far as they are due."""
        from holdfast.usecases import follow_up

        return follow_up.looks(self._store.case(case).id, store=self._store, clock=self._clock)

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


class _Desk(TypedDict):
    """What writing letters needs."""

    store: Store
    vault: Vault
    clock: SystemClock
    catalog: Catalog
    renderer: Renderer
