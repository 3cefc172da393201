"""A real store and a real vault in a folder of the test, with a set clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.clock import FakeClock
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.store import Store
from holdfast.adapters.store.vault import Vault
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Observations,
    SourceKind,
    Target,
)
from holdfast.core.job import Job
from holdfast.usecases.preserve import Asks, Maker


@dataclass
class Desk:
    data: Path
    clock: FakeClock
    store: Store
    vault: Vault
    asks: Asks = (("opentimestamps", ""), ("rfc3161", "jia"), ("rfc3161", "yi"))

    @property
    def maker(self) -> Maker:
        return Maker(
            operator="person:0",
            tool=Component(name="Holdfast", version="0"),
            packages=(),
            asks=lambda _world: self.asks,
        )


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    clock = FakeClock()
    store = Store(folder, clock, Keys(folder / "keys"))
    try:
        yield Desk(data=folder, clock=clock, store=store, vault=Vault(folder))
    finally:
        store.close()


class FakeSource:
    """Writes what it is told to, then fails as it is told to."""

    id: SourceKind = "page"

    def __init__(
        self,
        files: dict[str, bytes],
        error: Exception | None = None,
        checks: tuple[Check, ...] = (),
    ) -> None:
        self.files = files
        self.error = error
        self.checks = checks

    def suits(self, target: str) -> bool:
        return target.startswith("http")

    def parts(self) -> tuple[Component, ...]:
        return ()

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        job.step("opening")
        made = []
        for name, data in self.files.items():
            at = room / "files" / name
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(data)
            made.append(
                CapturedFile(
                    at=at,
                    path=f"files/{name}",
                    name=name,
                    media_type="text/plain",
                    obtained="2026-11-12T13:06:31.000Z",
                )
            )
        if self.error is not None:
            raise self.error
        return Captured(
            source=self.id,
            target=Target(typed=target, url=target, final_url=target),
            files=tuple(made),
            started="2026-11-12T13:06:30.000Z",
            finished="2026-11-12T13:06:31.000Z",
            completeness=self.checks,
            observations=Observations(title="第 12 集\u202e<img src=x>", status=200),
        )
