"""Time-stamps that were obtained elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.compose.proving import Proving

if TYPE_CHECKING:
    from pathlib import Path

    from holdfast.core.job import Job
    from holdfast.usecases.imported import Imported


class Tokens(Proving):
    """Verbs about tokens that somebody else asked for."""

    def import_token(
        self,
        case: str,
        token: Path,
        job: Job,
        *,
        root: Path | None = None,
        chain: Path | None = None,
    ) -> Imported:
        """The token in that file stands beside whatever in the case it is about."""
        from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
        from holdfast.usecases import imported

        means = imported.Means(
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            checker=Rfc3161Checker(),
            roots=tuple(tsa.root for tsa in self.authorities().tsas),
            digests=self._packs.digests,
            published=lambda path, token, world: (
                ()
                if self.settings.offline
                else self._tsas.published(path, token, self._authorities(world))
            ),
        )
        return imported.import_token(case, token, root=root, chain=chain, means=means, job=job)
