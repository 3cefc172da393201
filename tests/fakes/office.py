"""One practice case at a desk where letters are written, with a real store, vault and writer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fakes.desk import Desk, FakeSource, desk
from holdfast.adapters.catalog import Catalog
from holdfast.adapters.render import Writer
from holdfast.adapters.send.email import Email
from holdfast.adapters.send.paper import Paper
from holdfast.adapters.send.webform import WebForm
from holdfast.core.case import Case
from holdfast.core.evidence import Exhibit
from holdfast.core.job import Job
from holdfast.core.notice import Gauge, Notice, PlatformAnswer, Submission
from holdfast.usecases import notify
from holdfast.usecases.preserve import preserve

CATALOG = Catalog()
WAYS = (Email(), WebForm(), Paper())
WHO = {
    "name": "林某某",
    "id_number": "33010619900101002X",
    "phone": "13800000000",
    "email": "lin@practice.example",
    "address": "演练路8号",
}
FACE = {"used": "face", "agreed": "no", **WHO}
URL = "https://play.yanlian.example/ep/12"


@dataclass
class Room:
    """One practice case with one exhibit, and the verbs with their world attached."""

    at: Desk
    case: Case
    writer: Writer

    def world(self) -> dict[str, Any]:
        return {
            "store": self.at.store,
            "vault": self.at.vault,
            "clock": self.at.clock,
            "catalog": CATALOG,
        }

    def keep(self, url: str = URL, files: dict[str, bytes] | None = None) -> Exhibit:
        return preserve(
            self.case,
            FakeSource(files or {"page.txt": b"page"}),
            url,
            store=self.at.store,
            vault=self.at.vault,
            clock=self.at.clock,
            maker=self.at.maker,
            job=Job(),
        )

    def draft(self, answers: dict[str, str], **changes: Any) -> Notice:
        given: dict[str, Any] = {"regime": "civil-1195", "platform": "practice", "lang": "zh"}
        given |= changes
        return notify.draft(
            self.case.id,
            given["regime"],
            given["platform"],
            answers,
            given["lang"],
            **self.world(),
            renderer=self.writer,
            job=Job(),
        )

    def check(self, notice: Notice) -> Gauge:
        return notify.check(notice.id, **self.world())

    def edit(self, notice: Notice, text: str) -> Notice:
        return notify.edit(notice.id, text, **self.world(), renderer=self.writer, job=Job())

    def approve(self, notice: Notice, job: Job | None = None) -> Notice:
        return notify.approve(
            notice.id, **self.world(), renderer=self.writer, ways=WAYS, job=job or Job()
        )

    def sent(self, notice: Notice, channel: str = "webform", when: str = "") -> Submission:
        return notify.sent(
            notice.id,
            channel,
            when,
            None,
            store=self.at.store,
            clock=self.at.clock,
            catalog=CATALOG,
            seal_receipt=self.receipt,
        )

    def answer(self, notice: Notice, kind: str, when: str = "", by: str = "") -> PlatformAnswer:
        return notify.answer(
            notice.id,
            kind,
            when,
            "他们说\u202e已处理",
            None,
            by,
            store=self.at.store,
            clock=self.at.clock,
            catalog=CATALOG,
            seal_receipt=self.receipt,
        )

    def receipt(self, path: Path) -> Exhibit:
        return self.keep("https://play.yanlian.example/receipt", {"r.txt": path.read_bytes()})

    def acts(self) -> list[str]:
        return [entry.act for entry in self.at.store.entries(self.case.id)]


def room(folder: Path, fonts: Path) -> Iterator[Room]:
    with desk(folder) as at:
        made = Room(at=at, case=at.store.open_case("演练", "practice"), writer=Writer(fonts))
        made.keep()
        yield made


def frozen(office: Room) -> Notice:
    """An approved letter without its files: what follows does not look at them."""
    notice = replace(office.draft(FACE), status="approved", approved="2026-11-12T14:00:00.000Z")
    office.at.store.save(notice)
    office.at.clock.advance(hours=2)
    return notice
