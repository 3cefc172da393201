"""Records from which letters are drawn in tests: nothing sealed, nothing rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from holdfast.adapters.catalog import Catalog
from holdfast.core.canonical import Json
from holdfast.core.case import Case, Party
from holdfast.core.document import Issued, Lang
from holdfast.core.earlier import Earlier
from holdfast.core.evidence import Digest, Exhibit, SourceKind
from holdfast.core.letter import Draft, compose
from holdfast.core.notice import Notice, PlatformAnswer, Submission
from holdfast.core.pen import Sources
from holdfast.core.questions import read_answers

CATALOG = Catalog()
TODAY = date(2026, 11, 21)

CASE = Case(
    id="case",
    number="HF-2026-0001",
    title="演练",
    world="practice",
    ledger_id="ledger",
    opened="2026-11-20T00:00:00.000Z",
)

PERSON = Party(
    id="party",
    case_id="case",
    role="claimant",
    name="林某某",
    legal_name="林某某",
    id_type="resident_card",
    id_number="33010619900101002X",
    phone="13800000000",
    email="lin@practice.example",
    address="演练路8号（演练地址）",
)


def exhibit(
    number: str,
    source: SourceKind = "file",
    url: str = "",
    title: str = "",
    caption: str = "",
    *,
    complete: bool = True,
) -> Exhibit:
    return Exhibit(
        id=number,
        case_id="case",
        number=number,
        digest=Digest(sha256="0" * 64, sm3="0" * 64),
        size=1,
        source=source,
        title=title,
        url=url,
        sealed="2026-11-20T13:05:02.000Z",
        complete=complete,
        artifacts=(),
        caption=caption,
    )


def page_manifest(
    url: str, status: int = 200, account: str = "", counters: tuple[tuple[str, str], ...] = ()
) -> Mapping[str, Json]:
    return {
        "target": {"final_url": url},
        "started": "2026-11-20T13:03:11.000Z",
        "observations": {
            "status": status,
            "account": account,
            "title": "",
            "counters": [{"name": name, "value": value} for name, value in counters],
        },
    }


PAGE = exhibit("E0001", "page", "https://play.yanlian.example/ep/3", "桃花渡 第3集")
PAGE_MANIFEST = page_manifest(
    "https://play.yanlian.example/ep/3", account="桃花剧场🌸", counters=(("plays", "312.7万"),)
)


def sources(
    *exhibits: Exhibit,
    manifests: Mapping[str, Mapping[str, Json]] | None = None,
    claimant: Party | None = PERSON,
    documents: tuple[Issued, ...] = (),
    past: Earlier | None = None,
    today: date = TODAY,
) -> Sources:
    return Sources(
        case=CASE,
        exhibits=exhibits,
        manifests=manifests or {},
        claimant=claimant,
        documents=documents,
        today=today,
        offset_minutes=480,
        earlier=past,
    )


def first_letter(**changes: Any) -> Notice:
    """L01, sent: it asked for an answer by 27 November."""
    made = Notice(
        id="first",
        case_id="case",
        number="L01",
        document="HF-2026-0001-L01",
        regime="civil-1195",
        platform="practice",
        lang="zh",
        status="sent",
        answers={"used": "face", "agreed": "no", "measures": "take_down,forward,tell,preserve"},
        text="",
        exhibits=("E0001",),
        reply_by="2026-11-27",
        drafted="2026-11-20T13:10:00.000Z",
        dated="2026-11-20",
        approved="2026-11-20T13:15:00.000Z",
    )
    return replace(made, **changes)


def earlier(
    *checks: Exhibit,
    answers: tuple[PlatformAnswer, ...] = (),
    submissions: tuple[Submission, ...] | None = None,
    **changes: Any,
) -> Earlier:
    """A matter in which one letter was sent by the platform's form, without a receipt."""
    first = first_letter(**changes)
    way = Submission(
        id="s",
        case_id="case",
        notice_id="first",
        channel="webform",
        sent="2026-11-20T14:00:00.000Z",
    )
    return Earlier(
        first=first,
        letters=(first,),
        submissions=(way,) if submissions is None else submissions,
        answers=answers,
        addresses=frozenset({PAGE.url}),
        checks=checks,
    )


def drafted(
    regime: str, record: Sources, answers: Mapping[str, str], lang: Lang, platform: str = "practice"
) -> Draft:
    law = CATALOG.regime(regime)
    return compose(
        law,
        CATALOG.platform(platform),
        record,
        read_answers(law, answers),
        lang,
        CATALOG.words(lang),
        "HF-2026-0001-L01",
    )


def issued(kind: str, number: str, media_type: str = "application/pdf", size: int = 10) -> Issued:
    return Issued(
        id=number,
        case_id="case",
        number=number,
        kind=kind,
        lang="zh",
        issued="2026-11-20T14:00:00.000Z",
        sha256="1" * 64,
        size=size,
        media_type=media_type,
        path=f"documents/{number}.pdf",
        checkpoint_size=3,
    )
