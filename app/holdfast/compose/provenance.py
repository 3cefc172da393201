"""Where exhibits came from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from holdfast.compose.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.adapters.origin import Sources
    from holdfast.core.canonical import Json
    from holdfast.core.evidence import Exhibit, World
    from holdfast.core.origin import Row
    from holdfast.ports import CaptureSource


class Provenance(Workshop):
    """Verbs about origin, and the way in which captures come by it."""

    def origin(self, exhibit: Exhibit) -> tuple[Row, ...]:
        """Where the exhibit came from, line by line; empty where that was never looked into."""
        from holdfast.usecases import provenance

        return provenance.told(exhibit, vault=self._vault)

    def origin_record(self, case: str, number: str) -> tuple[Exhibit, Mapping[str, Json]]:
        """An exhibit and everything that was learnt of its origin.  Raises Refused, Tampered."""
        from holdfast.usecases import provenance

        exhibit = self._store.exhibit(self._store.case(case).id, number)
        return exhibit, provenance.recorded(exhibit, vault=self._vault)

    def _traced(self, source: CaptureSource, world: World) -> CaptureSource:
        """The source, so that what it brings from the network says where it came from."""
        from holdfast.adapters.origin import traced

        return traced(source, self._origins, world, offline=self.settings.offline)

    @cached_property
    def _origins(self) -> Sources:
        from holdfast.adapters.origin import Sources

        return Sources(clock=self._clock, registries=self._catalog.registries)
