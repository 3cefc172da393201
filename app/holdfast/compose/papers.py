"""Documents from the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.adapters.resources import words
from holdfast.compose.workshop import Workshop
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.core.document import Issued, Lang


class Papers(Workshop):
    """Verbs that issue documents."""

    def document(
        self, kind: str, case: str, lang: Lang, job: Job, out: Path | None = None
    ) -> Issued:
        """A document of that kind is issued, in the vault and on the ledger; copied to ``out``."""
        from holdfast.usecases import document

        found = self._store.case(case)
        authorities = self._catalog.authorities(found.world)
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
                authorities=authorities,
                verifier_sha256=self._verifier_sha256,
                rounds={one.hash: (one.genesis, one.period) for one in authorities.beacons},
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

        return self._placed(out, lambda draft: shutil.copyfile(self._vault.path(sha256), draft))
