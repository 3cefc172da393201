"""What a letter may state: fields for its template, drawn from the record and the answers alone.

A sentence of fact stands in a letter only behind a condition that is computed here.  What is not
known stands in brackets, and a letter with brackets cannot be approved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from holdfast.core.document import Field, Issued, Lang
from holdfast.core.intimate import intimate
from holdfast.core.likeness import borne, face_and_voice, likeness
from holdfast.core.links import links_in
from holdfast.core.locations import content_items, observed
from holdfast.core.notice import Basis, FormEntry, Platform, Regime, chosen, fit, fit_lines, mask
from holdfast.core.pen import Pen, Sources, numbered, written_day
from holdfast.core.second import reached, second
from holdfast.core.unlawful import unlawful
from holdfast.core.words import Words
from holdfast.core.work import work

BRACKETS = re.compile(r"（待确认|\[to be confirmed")
"""What stands in a letter where something is not known yet."""

ANNEX_KINDS = ("evidence-report", "evidence-list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter before it is rendered."""

    fields: Mapping[str, Field]
    facts: Mapping[str, str]
    """What the gauge and the platform's form look at; the full identity number is never in it."""
    unconfirmed: tuple[str, ...]
    reply_by: str
    annexes: tuple[Issued, ...]
    by_hand: tuple[str, ...]
    """Annexes that are no document here: whoever sends the letter adds them."""


# --- the letter ----------------------------------------------------------------------------------


def compose(
    regime: Regime,
    platform: Platform,
    sources: Sources,
    answers: Mapping[str, str],
    lang: Lang,
    words: Words,
    document: str,
) -> Draft:
    """Everything the template of ``regime`` may say, and what is still unknown."""
    pen = Pen(words=words, lang=lang, answers=answers)
    past = sources.earlier
    shown = sources if past is None else replace(sources, exhibits=past.checks)
    items = content_items(shown, pen)
    reply_by = _reply_by(regime, sources, answers)
    annexes = _annexes(sources, lang) if regime.encloses else ()
    by_hand = _by_hand(regime, sources, annexes, pen) if regime.encloses else {}
    fields: dict[str, Field] = {
        "platform": _platform(regime, platform, pen),
        "notice": {
            "number": document,
            "date": written_day(sources.today, pen),
            "reply_by": _written_reply(reply_by, sources, pen),
        },
        "items": items,
        "observed": observed(shown, pen),
        "exhibits": pen.join(e.number for e in sources.exhibits) if regime.encloses else "",
        "annexes": numbered(_annex_lines(annexes, by_hand, pen)),
        **dict.fromkeys(_CONDITIONS, False),
        "information": "",
        "enclosed": bool(annexes or by_hand),
    }
    if past is not None:
        fields |= second(sources, past, pen)
    return Draft(
        fields=fields | _STATED[regime.basis](sources, pen),
        facts=_facts(regime, sources, items, pen),
        unconfirmed=tuple(dict.fromkeys(pen.open)),
        reply_by=reply_by,
        annexes=annexes,
        by_hand=tuple(by_hand.values()),
    )


_STATED: Mapping[Basis, Callable[[Sources, Pen], dict[str, Field]]] = {
    "likeness": likeness,
    "copyright": work,
    "intimate": intimate,
    "unlawful": unlawful,
}
"""What is stated beside what all letters state."""


def _platform(regime: Regime, platform: Platform, pen: Pen) -> dict[str, Field]:
    """Whom the letter goes to, with what its law asks for of them."""
    asked = {question.id for question in regime.questions}
    stated: dict[str, Field] = {"name": platform.names(pen.lang) or pen.bracket("platform_name")}
    if "operator" in asked:
        stated["operator"] = pen.given("operator") or (
            platform.operator if platform.operator_known else pen.bracket("operator")
        )
    if "channel" in asked:
        stated["channel"] = pen.given("channel") or (
            platform.channel(pen.lang) if platform.channel_known else pen.bracket("channel")
        )
    if "agent" in asked:
        stated["agent"] = pen.given("agent") or platform.agent or pen.bracket("agent")
    return stated


_CONDITIONS = (
    "still", "portrait", "voice", "agreed_no", "agreed_yes", "agreed_unsure", "as_owner",
    "as_agent", "as_intimate", "nonconsensual", "as_unlawful",
)  # fmt: skip
"""Of the short form, which all letters share: what a letter does not state does not stand there."""


def _reply_by(regime: Regime, sources: Sources, answers: Mapping[str, str]) -> str:
    """The day a reply is requested by; empty where the law itself sets a period."""
    if not regime.reply_days:
        return ""
    asked = answers.get("reply_by")
    return asked or (sources.today + timedelta(days=regime.reply_days)).isoformat()


def _written_reply(reply_by: str, sources: Sources, pen: Pen) -> str:
    if not reply_by:
        return ""
    day = date.fromisoformat(reply_by)
    return written_day(day, pen) if day > sources.today else pen.bracket("reply_by")


# --- annexes, facts, forms -----------------------------------------------------------------------


def _annexes(sources: Sources, lang: Lang) -> tuple[Issued, ...]:
    """The letters this one follows, then the newest PDF of each kind to enclose.

    That is in the letter's language where it exists.
    """
    before = {letter.document for letter in sources.earlier.letters} if sources.earlier else set()
    found = [document for document in sources.documents if document.number in before]
    for kind in ANNEX_KINDS:
        made = [d for d in sources.documents if (d.kind, d.media_type) == (kind, "application/pdf")]
        found += ([d for d in made if d.lang == lang] or made)[-1:]
    return tuple(found)


def _by_hand(
    regime: Regime, sources: Sources, annexes: Sequence[Issued], pen: Pen
) -> dict[str, str]:
    """Proof of identity where the law asks for it, and evidence that no enclosed report shows."""
    shown = next((d.issued for d in annexes if d.kind == "evidence-report"), "")
    bare = [e.number for e in sources.exhibits if e.sealed > shown]
    lines = {"identity": pen("annex.identity")} if regime.basis == "likeness" else {}
    if bare:
        lines["files"] = pen("annex.files", exhibits=pen.join(bare))
    return lines


def _annex_lines(annexes: Sequence[Issued], by_hand: Mapping[str, str], pen: Pen) -> list[str]:
    """What is enclosed, the identity first: only documents that exist are named."""
    papers = [pen(f"annex.{d.kind}", number=d.number) for d in annexes]
    lines = [by_hand.get("identity", ""), *papers, by_hand.get("files", "")]
    return [line for line in lines if line]


def _facts(regime: Regime, sources: Sources, items: Sequence[Field], pen: Pen) -> dict[str, str]:
    party = sources.claimant
    located = [item for item in items if isinstance(item, Mapping)]
    addresses = [str(i["where"]) for i in located if i["where"] != pen("no_address")]
    contact = [part for part in (party.phone, party.email) if part] if party else []
    recognisable = next(
        filter(None, (pen.given(q) for q in ("features", "voice_features", "recognition"))), ""
    )
    measures = chosen(pen.answers, "measures")
    copies = links_in(pen.given("copies"))
    past = sources.earlier
    still = past is not None and any(reached(exhibit, sources) for exhibit in past.checks)
    return {
        "depiction": fit(pen.given("depiction"), 40)[0],
        "requester": pen(f"requester.{pen.given('requester')}") if pen.given("requester") else "",
        "nonconsensual": pen("stated") if pen.ticked("statements", "nonconsensual") else "",
        "national_law": fit(pen.given("national_law"), 40)[0] if pen.given("country") else "",
        "bona_fide": pen("stated") if pen.ticked("statements", "bona_fide") else "",
        "copies": pen("count.places", n=len(copies)) if copies else "",
        "first": past.first.document if past else "",
        "rechecked": _range([e.number for e in past.checks], pen) if past else "",
        "still": pen("stated") if still and pen.given("still") == "yes" else "",
        "exhibits": _range([e.number for e in sources.exhibits], pen),
        "name": party.legal_name if party else "",
        "id_number": mask(party.id_number) if party else "",
        "phone": party.phone if party else "",
        "email": party.email if party else "",
        "address": party.address if party else "",
        "contact": " / ".join(contact),
        "places": pen("count.places", n=len(addresses)) if addresses else "",
        "locations": _locations(located, pen) if addresses else "",
        "links": "\n".join(addresses),
        "timecodes": pen.given("timecodes"),
        "recognisable": fit(recognisable, 40)[0],
        "agreed": pen(f"agreed.{pen.given('agreed')}") if pen.given("agreed") else "",
        "articles": pen("count.articles", n=_articles(regime, pen)),
        "measures": pen("count.measures", n=len(measures)) if measures else "",
        "right_basis": pen.given("own") or pen.given("handle"),
        "truth": pen("truth"),
        "rights": _rights(regime, pen),
        "work": fit(pen.given("work"), 40)[0],
        "published": pen.given("published"),
        "fair_use": fit(pen.given("fair_use"), 40)[0],
        "owner": pen(f"owner.{pen.given('owner')}") if pen.given("owner") else "",
        "good_faith": pen("stated") if pen.ticked("statements", "good_faith") else "",
        "accurate": pen("stated") if pen.ticked("statements", "accurate") else "",
        "authority": pen("stated") if pen.ticked("statements", "authority") else "",
        "signature": pen(f"signature.{pen.given('signature')}") if pen.given("signature") else "",
    }


def _articles(regime: Regime, pen: Pen) -> int:
    """How many articles the letter's own list of legal bases names."""
    if regime.basis != "likeness":
        return len(regime.rules)
    return 7 + sum(face_and_voice(pen))


def _rights(regime: Regime, pen: Pen) -> str:
    if regime.basis != "likeness":
        return pen(f"rights.{regime.basis}")
    return pen(f"rights.{borne(pen)}")


def _locations(items: Sequence[Mapping[str, Field]], pen: Pen) -> str:
    lines = []
    for item in items:
        where = item["where"] if item["where"] != pen("no_address") else ""
        parts = [str(part) for part in (where, item["what"], item["account"]) if part]
        lines.append(" ".join(parts))
    return "\n".join(lines)


def _range(numbers: Sequence[str], pen: Pen) -> str:
    """Numbers in short: E0001–E0003 where they follow each other."""
    if len(numbers) < 3 or int(numbers[-1][1:]) - int(numbers[0][1:]) != len(numbers) - 1:
        return pen.join(numbers)
    return f"{numbers[0]}–{numbers[-1]}"


def still_stated(
    facts: Mapping[str, str], text: str, exhibits: Sequence[str], id_number: str
) -> dict[str, str]:
    """The facts that a text the person wrote themselves still states, as far as words can tell."""
    lower, close = text.lower(), _close(text)
    said = {
        "exhibits": any(number in text for number in exhibits),
        "first": facts["first"] in text,
        "bona_fide": "bona fide" in lower,
        "nonconsensual": "consent" in lower or "consensual" in lower,
        "name": _close(facts["name"]) in close,
        "id_number": facts["id_number"] in text or id_number in text,
        "phone": _close(facts["phone"]) in close,
        "email": facts["email"].lower() in lower,
        "address": _close(facts["address"]) in close,
        "contact": any(_close(one) in close for one in facts["contact"].split(" / ")),
        "places": any(link in text for link in facts["links"].split("\n")),
        "work": "copyright" in lower,
        "good_faith": "good faith" in lower,
        "fair_use": "fair use" in lower,
        "accurate": "accurate" in lower,
        "authority": "penalty of perjury" in lower,
        "signature": "/s/" in text or "signature" in lower,
    }
    return {name: value if said.get(name, True) else "" for name, value in facts.items()}


def _close(text: str) -> str:
    """Without white space and dashes: a number or an address may be set out in another way."""
    return re.sub(r"[\s-]", "", text)


def form(
    platform: Platform, facts: Mapping[str, str], statement: str, lang: Lang
) -> tuple[FormEntry, ...]:
    """What goes into each field of the platform's form, in its order and within its limits.

    A secret one is masked here; the full number is asked for where it is copied.
    """
    entries = []
    for place in platform.form:
        whole = statement if place.fills == "statement" else facts.get(place.fills, "")
        lines = place.fills in ("links", "locations")
        text, shortened = (fit_lines if lines else fit)(whole, place.limit)
        entries.append(
            FormEntry(
                id=place.id,
                label=place.label(lang),
                text=text,
                limit=place.limit,
                shortened=shortened,
                secret=place.secret,
            )
        )
    return tuple(entries)
