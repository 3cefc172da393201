"""Cases and the people in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.compose.workshop import Workshop

if TYPE_CHECKING:
    from holdfast.core.case import Case, Licence, Party
    from holdfast.core.evidence import Exhibit
    from holdfast.usecases.cases import CaseFile


class Cases(Workshop):
    """Verbs on cases."""

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
