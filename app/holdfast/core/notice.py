"""Notices: the law they rest on (Regime), whom they go to (Platform), and the letter itself.

Law and addressees are dated data; stale data is a concern that stands beside the gauge.  A notice
is frozen on approval, and sending it is a person's act that is only recorded here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from holdfast.core.case import Right
from holdfast.core.document import Lang
from holdfast.core.errors import Refused
from holdfast.core.evidence import World

Confidence = Literal["verified_text", "verified_page", "well_known", "uncertain"]
Basis = Literal["likeness", "copyright", "intimate", "unlawful"]
Need = Literal["law", "good"]
QuestionKind = Literal["one", "many", "text", "long", "date", "email"]
NoticeStatus = Literal["drafted", "approved", "sent"]
ChannelId = Literal["email", "webform", "paper"]
AnswerKind = Literal["removed", "refused", "more_asked", "counter_statement", "other"]
TermBasis = Literal["statutory", "requested", "platform", "product"]
TermStart = Literal["sent", "answer", "counter_statement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilingual:
    """One thing said in both languages."""

    zh: str
    en: str

    def __call__(self, lang: Lang) -> str:
        """What it is called in ``lang``."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One article of law, as far as a notice leans on it."""

    id: str
    law: Bilingual
    number: Bilingual
    gist: Bilingual
    text: str = ""
    """The article's own words where they were read; else empty."""
    status: Literal["in_force", "draft"] = "in_force"
    source: str
    as_of: date
    """The day as of which the text is known."""
    confidence: Confidence

    @property
    def citation(self) -> Bilingual:
        """Law and number as they are cited."""
        gap = " " if self.number.en.startswith("§") else ", "
        return Bilingual(
            zh=f"{self.law.zh}{self.number.zh}", en=f"{self.law.en}{gap}{self.number.en}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Something a notice states: because the law requires it, or because it is good to state.

    Its words stand under ``notice.element.<id>``; it is present when every fact it names is.
    """

    id: str
    need: Need
    rule: str
    """Id of the Rule it comes from."""
    facts: tuple[str, ...]
    when: str = ""
    """A fact without which the requirement does not apply; empty: always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line on the left of a letter.

    Its words stand under ``notice.question.<id>`` and ``notice.question.<id>.why``, those of its
    options under ``notice.option.<question>.<option>`` or else ``notice.option.<option>``.
    """

    id: str
    kind: QuestionKind
    options: tuple[str, ...] = ()
    default: str = ""
    """Several options are joined by commas, in answers too."""
    limit: int = 200
    """Characters."""
    party: bool = False
    """Personal: the answer is kept with the Party, never with the notice."""
    when: str = ""
    """``used=voice``: asked only when that answer holds that option; empty: always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A clock that starts with an act.  Only ``statutory`` ones may be called a deadline in law."""

    id: str
    """Words under ``followup.<id>``."""
    start: TermStart
    basis: TermBasis
    days: int = 0
    business_days: int = 0
    """Counted from Monday to Friday; public holidays are not known, so the day may be too early."""
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A law under which a platform can be asked to act."""

    id: str
    names: Bilingual
    short: Bilingual
    """The basis in one plain sentence."""
    jurisdiction: str
    basis: Basis
    covers: tuple[Right, ...]
    languages: tuple[Lang, ...]
    template: str
    """Folder below ``resources/documents``."""
    speed: Bilingual
    """The law's own word for how fast the addressee must act."""
    reply_days: int
    """Product default of the reply that is *requested*; no law sets it.  0: none is requested."""
    rules: tuple[Rule, ...]
    requirements: tuple[Requirement, ...]
    questions: tuple[Question, ...]
    terms: tuple[Term, ...]
    source: str
    checked_on: date
    encloses: bool = True
    """Whether the evidence of the case goes along; else only what the person names is named."""
    follows: str = ""
    """Id of the regime whose letter comes before this one; its rules count here too."""

    def rule(self, id: str) -> Rule:
        """The article of that id.  Raises KeyError."""
        for rule in self.rules:
            if rule.id == id:
                return rule
        raise KeyError(id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a platform's complaint form, in the platform's own order."""

    id: str
    label: Bilingual
    fills: str
    """The fact that fills it; empty: a file to attach or a box the person ticks."""
    limit: int | None = None
    """Characters; None when it is not known."""
    secret: bool = False
    """Shown masked; copied in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """An addressee.  What is not known is empty with confidence ``uncertain``, never guessed."""

    id: str
    names: Bilingual
    listed: bool = True
    """False for the one that stands for any other, whom the person names themselves."""
    world: World = "real"
    operator: str = ""
    """Legal name, never translated."""
    operator_confidence: Confidence = "uncertain"
    channel: Bilingual = Bilingual(zh="", en="")
    channel_confidence: Confidence = "uncertain"
    email: str = ""
    agent: str = ""
    """The agent designated under 17 U.S.C. § 512(c)(2)."""
    categories: tuple[str, ...] = ()
    """Complaint categories by the platform's own words."""
    regimes: tuple[str, ...]
    form: tuple[FormField, ...] = ()
    form_confidence: Confidence = "uncertain"
    source: str
    checked_on: date
    note: Bilingual = Bilingual(zh="", en="")

    @property
    def operator_known(self) -> bool:
        """Whether the operator may be printed without the person's word for it."""
        return bool(self.operator) and self.operator_confidence != "uncertain"

    @property
    def channel_known(self) -> bool:
        """Whether the channel may be printed without the person's word for it."""
        return bool(self.channel.zh) and self.channel_confidence != "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who can help, in the reader's language."""

    id: str
    name: str
    helps: str
    """With what."""
    phone: str = ""
    web: str = ""
    email: str = ""
    source: str
    confidence: Confidence
    checked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FormEntry:
    """What goes into one field of the platform's form; part of what is approved."""

    id: str
    label: str
    text: str
    limit: int | None = None
    shortened: bool = False
    secret: bool = False

    @property
    def count(self) -> int:
        """Characters, as platforms count them."""
        return len(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFile:
    """One file of an approved notice; its bytes lie in the vault."""

    name: str
    path: str
    """Below ``data/`` in a pack."""
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A letter to a platform.  Nothing in it changes once it is approved."""

    id: str
    case_id: str
    number: str
    """L01, L02… within the case."""
    document: str
    """HF-2026-0001-L01."""
    regime: str
    platform: str
    lang: Lang
    status: NoticeStatus = "drafted"
    answers: Mapping[str, str]
    """By question; personal ones live in Party."""
    text: str
    """The letter as it will go out, plain."""
    edited: bool = False
    """The person wrote it themselves; it differs from the template."""
    unconfirmed: tuple[str, ...] = ()
    """Questions whose answer still stands in brackets in the letter."""
    entered: tuple[str, ...] = ()
    """Questions about the addressee whose answer is the person's own word and on no list."""
    exhibits: tuple[str, ...] = ()
    reply_by: str = ""
    """Date that is requested, YYYY-MM-DD."""
    form: tuple[FormEntry, ...] = ()
    drafted: str
    dated: str = ""
    """Local date that stands in the letter, YYYY-MM-DD."""
    approved: str = ""
    checkpoint_size: int = 0
    files: tuple[NoticeFile, ...] = ()
    follows: str = ""
    """Id of the first letter of the matter, where this is one more about the same content."""
    by_hand: tuple[str, ...] = ()
    """Once approved, what belongs to it and is none of its files: whoever sends it adds that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The act of sending an approved notice, as the person reported it."""

    id: str
    case_id: str
    notice_id: str
    channel: ChannelId
    sent: str
    """RFC 3339."""
    receipt: str = ""
    """Number of the exhibit that holds the receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAnswer:
    """What came back."""

    id: str
    case_id: str
    notice_id: str
    kind: AnswerKind
    received: str
    """RFC 3339."""
    note: str = ""
    exhibit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One requirement as the letter stands: present or missing."""

    id: str
    need: Need
    state: Literal["present", "missing"]
    rule: str
    article: Bilingual
    """Law and number of the article."""
    detail: str = ""
    """What stands there, short; never a full personal number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something a person should know before approving.  Words under ``notice.concern.<code>``."""

    code: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How complete a letter is, and what stands against it."""

    elements: tuple[Element, ...]
    unconfirmed: tuple[str, ...] = ()
    """Questions whose answer still stands in brackets."""
    concerns: tuple[Concern, ...] = ()

    @property
    def missing(self) -> tuple[Element, ...]:
        """What the law requires and the letter lacks."""
        return tuple(e for e in self.elements if e.need == "law" and e.state == "missing")

    @property
    def ready(self) -> bool:
        """Whether it can be approved."""
        return not self.missing and not self.unconfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An approved notice on its way to one of the ways of sending it."""

    notice: Notice
    platform: Platform
    subject: str
    cover: str
    """A short body that goes before the attachments."""
    sender_name: str
    sender_email: str
    issued: str
    """RFC 3339."""
    attachments: tuple[tuple[str, str, bytes], ...]
    """Name, media type, bytes; the letter itself comes first."""
    left_out: tuple[str, ...] = ()
    """Names of annexes too large for a mail."""
    words: Mapping[str, str]
    """Labels of the sheets, in the notice's language."""
    practice: str = ""
    """The sentence that stands first on every sheet of the practice world; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file that a way of sending prepared."""

    suffix: str
    """After the document's number: ``.eml``, ``-form.txt``."""
    media_type: str
    data: bytes


def elements(regime: Regime, facts: Mapping[str, str]) -> tuple[Element, ...]:
    """Every requirement of ``regime`` that applies, present or missing, with its article.

    ``facts`` names what the letter states; an empty one is not stated.
    """
    found = []
    for requirement in regime.requirements:
        if requirement.when and not facts.get(requirement.when):
            continue
        stated = [facts.get(name, "") for name in requirement.facts]
        rule = regime.rule(requirement.rule)
        found.append(
            Element(
                id=requirement.id,
                need=requirement.need,
                state="present" if all(stated) else "missing",
                rule=rule.id,
                article=rule.citation,
                detail=stated[0] if all(stated) else "",
            )
        )
    return tuple(found)


ADDRESSEE = ("platform_name", "platform_email", "operator", "channel", "agent")
"""Questions about whom a letter goes to."""


def entered(answers: Mapping[str, str]) -> tuple[str, ...]:
    """Which of them the person answered."""
    return tuple(question for question in ADDRESSEE if answers.get(question))


def addressed(platform: Platform, answers: Mapping[str, str]) -> Platform:
    """The platform; one that is not on the list by the name and the mail address that were given.

    Operator and channel are answers for those on the list as well, where they are not known.
    """
    if platform.listed:
        return platform
    name = answers.get("platform_name", "")
    return replace(
        platform,
        names=Bilingual(zh=name, en=name),
        email=answers.get("platform_email", ""),
    )


def chosen(answers: Mapping[str, str], question: str) -> frozenset[str]:
    """The options that were ticked for ``question``."""
    return frozenset(filter(None, answers.get(question, "").split(",")))


def guard(regime: Regime, platform: Platform, world: World, answers: Mapping[str, str]) -> None:
    """Raises Refused unless the notice may stand on ``regime`` as far as the answers go.

    A likeness is not a copyright, and a copyright is not a likeness: a notice on the wrong basis
    is refused by the platform at best and answered with damages at worst (17 U.S.C. § 512(f);
    Civil Code art. 1195 para. 3).
    """
    if platform.world != world:
        raise Refused("notice_other_world", platform=platform.names.en)
    if (regime.follows or regime.id) not in platform.regimes:
        raise Refused(
            "wrong_basis_platform", platform=platform.names.en, ways=", ".join(platform.regimes)
        )
    if answers.get("still") == "no":
        raise Refused("again_gone")
    used = chosen(answers, "used")
    if answers.get("union") == "no":
        raise Refused("wrong_basis_union")
    if regime.basis in ("likeness", "unlawful") and used == {"work"}:
        raise Refused("wrong_basis_likeness")
    if regime.basis == "intimate":
        _guard_intimate(answers)
    if regime.basis == "copyright":
        if used and "work" not in used:
            raise Refused("wrong_basis_copyright")
        if answers.get("owner") in ("no", "unsure"):
            raise Refused("wrong_basis_owner")
        if answers.get("copied") in ("no", "unsure"):
            raise Refused("wrong_basis_copied")


def _guard_intimate(answers: Mapping[str, str]) -> None:
    """Above all where a minor is depicted: that is for the police, and nobody should send it on."""
    if answers.get("adult") == "no":
        raise Refused("minor_depicted")
    if answers.get("intimate") == "no":
        raise Refused("wrong_basis_intimate")
    if answers.get("requester") == "no":
        raise Refused("wrong_basis_requester")


REGIME_STALE_DAYS = 365
PLATFORM_STALE_DAYS = 180


def concerns(
    regime: Regime, platform: Platform, answers: Mapping[str, str], today: date
) -> tuple[Concern, ...]:
    """What a person should know: stale data, what was never verified, what a letter leaves out."""
    found = []
    if (today - regime.checked_on).days > REGIME_STALE_DAYS:
        found.append(Concern(code="law_stale", facts={"checked": regime.checked_on.isoformat()}))
    if not platform.listed:
        found.append(Concern(code="addressee_entered", facts={}))
    elif (today - platform.checked_on).days > PLATFORM_STALE_DAYS:
        found.append(
            Concern(code="platform_stale", facts={"checked": platform.checked_on.isoformat()})
        )
    if platform.operator_confidence == "well_known" and not answers.get("operator"):
        found.append(Concern(code="operator_unread", facts={"operator": platform.operator}))
    if regime.basis in ("likeness", "unlawful") and "work" in chosen(answers, "used"):
        found.append(Concern(code="work_left_out", facts={}))
    if regime.basis == "copyright" and chosen(answers, "used") & {"face", "voice"}:
        found.append(Concern(code="likeness_left_out", facts={}))
    return tuple(found)


def reply_passed(notice: Notice, today: date) -> bool:
    """Whether a letter that waits to be sent asks for a reply by a day that is here or past."""
    return notice.status == "approved" and "" < notice.reply_by <= today.isoformat()


def mask(number: str) -> str:
    """An identity number with its first 6 and last 4 characters shown, the rest starred.

    Of a shorter one at most a third is shown, so that a passport number stays private too.
    """
    if len(number) >= 14:
        return number[:6] + "*" * (len(number) - 10) + number[-4:]
    tail = len(number) // 3
    return "*" * (len(number) - tail) + number[len(number) - tail :]


_STOP = re.compile(r"[。；！？]|[.;!?](?=\s|$)")
"""Where a sentence ends; the dot of a number or of an address ends none."""


def fit(text: str, limit: int | None) -> tuple[str, bool]:
    """``text`` within ``limit`` characters, and whether it had to be shortened.

    It ends with a whole sentence where one fits, else with an ellipsis.
    """
    if limit is None or len(text) <= limit:
        return text, False
    cut = max((hit.end() for hit in _STOP.finditer(text) if hit.end() <= limit), default=0)
    return (text[:cut] if cut else text[: limit - 1] + "…"), True


def fit_lines(text: str, limit: int | None) -> tuple[str, bool]:
    """The first whole lines of ``text`` within ``limit`` characters: half an address leads astray.

    A first line that is too long by itself ends with an ellipsis.
    """
    if limit is None or len(text) <= limit:
        return text, False
    cut = text.rfind("\n", 0, limit + 1)
    return (text[:cut] if cut > 0 else text[: limit - 1] + "…"), True
