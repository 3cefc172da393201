"""What this computer and this build offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.adapters.resources import words
from holdfast.compose.workshop import Workshop
from holdfast.core.job import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.adapters.capture.screen import Monitor, Screen
    from holdfast.core.canonical import Json
    from holdfast.core.evidence import Check, Exhibit


class Machine(Workshop):
    """Verbs about the machine, and about what was kept on it."""

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
        from holdfast.usecases.checked import check_words

        checks: Any = self.manifest(exhibit)["completeness"]
        return tuple(
            check_words(check["check"], "fail", check["detail"], words(lang))
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
