"""Cases and the people in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.compose.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.core.case import Case, Party
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

    def people(self, case: str) -> tuple[Party, ...]:
        """Everybody in the case, the claimant first."""
        from holdfast.usecases import people

        return people.people(self._store.case(case), store=self._store)

    def describe_party(self, case: str, who: str, given: Mapping[str, str]) -> Party:
        """Somebody is in the case as stated: one who is there, the claimant, or one who is new."""
        from holdfast.usecases import people

        return people.describe(case, who, given, store=self._store, clock=self._clock)

    def remove_party(self, case: str, who: str) -> Party:
        """Somebody other than the claimant is no longer in the case."""
        from holdfast.usecases import people

        return people.remove(case, who, store=self._store)

    def exhibit(self, case: str, number: str) -> Exhibit:
        """The exhibit of that number.  Raises Refused."""
        return self._store.exhibit(self._store.case(case).id, number)
