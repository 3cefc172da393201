"""The letters, word for word, per law, language and variant.

``HOLDFAST_WRITE_GOLDEN=1`` writes the texts anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fakes.letters import (
    CATALOG,
    PAGE,
    PAGE_MANIFEST,
    PERSON,
    drafted,
    earlier,
    exhibit,
    first_letter,
    issued,
    page_manifest,
    sources,
)
from holdfast.adapters.render import Writer
from holdfast.adapters.render.template import parse, rules_used
from holdfast.adapters.resources import resource
from holdfast.core.case import Party
from holdfast.core.document import Furniture, Lang, Order
from holdfast.core.evidence import Artifact, Digest
from holdfast.core.job import Job
from holdfast.core.letter import Draft
from holdfast.core.notice import PlatformAnswer, Submission
from holdfast.core.pen import Sources

GOLDEN = Path(__file__).parent / "notices"

MAN = Party(
    id="p",
    case_id="case",
    role="claimant",
    name="何某",
    legal_name="何某",
    id_type="passport",
    id_number="E12345678",
)
MAN_WITH_PHONE = replace(MAN, phone="13900000000")
OFFLINE = exhibit("E0001", "file", title="sample.mp3")

ACCOUNT = "https://play.yanlian.example/u/60021177"
FULL = sources(
    PAGE,
    exhibit("E0002", "video", PAGE.url, "ep3.mp4"),
    exhibit("E0003", "page", ACCOUNT, "桃花剧场🌸 的主页"),
    manifests={"E0001": PAGE_MANIFEST, "E0003": page_manifest(ACCOUNT, account="桃花剧场🌸")},
    documents=(
        issued("evidence-report", "HF-2026-0001-R1"),
        issued("evidence-list", "HF-2026-0001-R2"),
    ),
)
EVERYTHING = {
    "used": "face,voice",
    "agreed": "yes",
    "licence": "2025 年 6 月向演练影像工作室授权，用于服装画册。",
    "title": "《桃花渡》第3集",
    "timecodes": "00:41–00:49、02:31–02:39",
    "features": "脸部轮廓、眉眼、左眼下方的深色小点",
    "voice_features": "音色与尾音",
    "recognition": "该集评论区有用户写道“这不是林间有桃吗”",
    "handle": "林间有桃",
    "own": "视频《桃夭·渡口》，2025-04-12 首次发布",
    "measures": "take_down,stop_promotion,forward,check_others,tell,preserve",
    "reply_by": "2026-11-27",
}
WORK = {
    "used": "work",
    "owner": "yes",
    "copied": "yes",
    "work": "The video 《桃夭·渡口》, 01:52 long, filmed by the notifier.",
    "statements": "good_faith,accurate,authority",
    "signature": "typed",
    "fair_use": "the whole clip is shown, without comment, in a series that charges money",
    "timecodes": "02:15–02:39",
}
PORTRAIT = {"used": "face", "agreed": "no"}
VOICE = {"used": "voice", "agreed": "unsure", "measures": "take_down"}
ONE_PAGE = sources(PAGE, manifests={"E0001": PAGE_MANIFEST})

AGAIN = replace(PAGE, id="E0004", number="E0004", sealed="2026-11-28T01:00:00.000Z")
PAGE_AGAIN = {**PAGE_MANIFEST, "started": "2026-11-28T00:59:12.000Z"}
VIDEO = replace(AGAIN, id="E0005", number="E0005", source="video")
GONE = replace(AGAIN, id="E0006", number="E0006", url="https://play.yanlian.example/ep/27")
RECEIPT = exhibit("E0002", title="回执.png")
ANSWER = exhibit("E0003", title="答复.png")
SENT = (
    Submission(
        id="s1", case_id="case", notice_id="first", channel="webform",
        sent="2026-11-20T14:00:00.000Z", receipt="E0002",
    ),
    Submission(
        id="s2", case_id="case", notice_id="first", channel="paper",
        sent="2026-11-20T18:00:00.000Z",
    ),
    Submission(
        id="s3", case_id="case", notice_id="second", channel="email",
        sent="2026-11-24T02:00:00.000Z", receipt="E0009",
    ),
)  # fmt: skip
CAME = (
    PlatformAnswer(
        id="a", case_id="case", notice_id="first", kind="removed",
        received="2026-11-22T02:00:00.000Z", exhibit="E0003",
    ),
)  # fmt: skip
ONCE = earlier(AGAIN)
SECOND = first_letter(
    id="second", document="HF-2026-0001-L02", follows="first", answers={}, exhibits=("E0001",)
)
OFTEN = replace(
    earlier(AGAIN, VIDEO, GONE, answers=CAME, submissions=SENT),
    letters=(first_letter(), SECOND),
)
STILL = {"used": "face", "agreed": "no", "still": "yes"}
LATER = date(2026, 11, 28)
AGAIN_ONCE = sources(
    AGAIN, manifests={"E0004": PAGE_AGAIN}, claimant=MAN, past=ONCE, today=date(2026, 11, 24)
)
AGAIN_OFTEN = sources(
    RECEIPT,
    ANSWER,
    AGAIN,
    VIDEO,
    GONE,
    manifests={"E0004": PAGE_AGAIN, "E0006": page_manifest(GONE.url, status=404)},
    documents=(
        issued("platform-notice", "HF-2026-0001-L01"),
        issued("evidence-report", "HF-2026-0001-R1"),
    ),
    past=OFTEN,
    today=LATER,
)
REQUESTED = {
    "used": "face,voice",
    "measures": "stop_promotion,check_others,tell,preserve",
    "reference": "演练 20261121-0031",
    "knowledge": "第3集仍位列热播榜第 5 名。",
}

INTIMATE = {
    "intimate": "yes",
    "adult": "yes",
    "requester": "self",
    "depiction": "A still image on which the requester’s face has been placed.",
    "link": "https://play.yanlian.example/post/77120045",
    "statements": "nonconsensual",
    "signature": "typed",
}
ILLEGAL = {
    "union": "yes",
    "used": "voice",
    "agreed": "unsure",
    "country": "Germany",
    "national_law": "the provisions that counsel named.",
    "reasons": "",
    "statements": "bona_fide",
}
WITH_MAIL = replace(MAN, email="mail@practice.example")
COPY = replace(
    OFFLINE,
    number="E0002",
    artifacts=(
        Artifact(
            path="files/p.png",
            name="p.png",
            role="original",
            size=1,
            media_type="image/png",
            digest=Digest(sha256="ab" * 32, sm3="0" * 64),
            obtained="2026-11-20T13:05:01.000Z",
        ),
    ),
)
PICTURE = sources(PAGE, COPY, manifests={"E0001": {}}, documents=FULL.documents)

VARIANTS: dict[str, tuple[str, Lang, Sources, dict[str, str]]] = {
    "civil-zh-portrait": ("civil-1195", "zh", ONE_PAGE, PORTRAIT),
    "civil-en-portrait": ("civil-1195", "en", ONE_PAGE, PORTRAIT),
    "civil-zh-voice-man": ("civil-1195", "zh", sources(OFFLINE, claimant=MAN), VOICE),
    "civil-en-voice-man": ("civil-1195", "en", sources(OFFLINE, claimant=MAN), VOICE),
    "civil-zh-everything": ("civil-1195", "zh", FULL, EVERYTHING),
    "civil-en-everything": ("civil-1195", "en", FULL, EVERYTHING),
    "dmca-en-minimal": ("dmca-512c3", "en", ONE_PAGE, WORK),
    "dmca-en-agent": (
        "dmca-512c3",
        "en",
        FULL,
        WORK | {"owner": "agent", "signature": "by_hand", "published": "2025-04-12 19:30 +08:00"},
    ),
    "tida-en-minimal": ("tida", "en", sources(claimant=MAN_WITH_PHONE), INTIMATE),
    "tida-en-agent": (
        "tida",
        "en",
        PICTURE,
        INTIMATE
        | {
            "requester": "agent",
            "signature": "by_hand",
            "statements": "nonconsensual,not_made,not_published,not_self",
            "account": "practice_account_2",
            "locator": "first image of the post.",
            "copies": "https://play.yanlian.example/post/77120391",
        },
    ),
    "dsa-en-minimal": ("dsa-16", "en", sources(OFFLINE, claimant=WITH_MAIL), ILLEGAL),
    "dsa-en-everything": (
        "dsa-16",
        "en",
        FULL,
        ILLEGAL
        | {key: EVERYTHING[key] for key in ("used", "agreed", "licence", "features", "title")}
        | {key: EVERYTHING[key] for key in ("voice_features", "recognition", "timecodes")}
        | {"reasons": "gdpr,aiact"},
    ),
    "second-zh-minimal": ("second-1195", "zh", AGAIN_ONCE, STILL | {"measures": ""}),
    "second-en-minimal": ("second-1195", "en", AGAIN_ONCE, STILL | {"measures": ""}),
    "second-zh-everything": ("second-1195", "zh", AGAIN_OFTEN, STILL | REQUESTED),
    "second-en-everything": ("second-1195", "en", AGAIN_OFTEN, STILL | REQUESTED),
}


def order(template: str, lang: Lang, made: Draft) -> Order:
    return Order(
        template=template,
        lang=lang,
        fields=made.fields,
        furniture=Furniture(
            title="",
            case_number="HF-2026-0001",
            number="HF-2026-0001-L01",
            issued="2026-11-21T03:05:00.000Z",
            offset_minutes=480,
            checkpoint_size=0,
            checkpoint_root="",
            practice=True,
        ),
    )


def letter(variant: str) -> str:
    regime, lang, record, answers = VARIANTS[variant]
    made = drafted(regime, record, answers, lang)
    writer = Writer()
    whole = writer.text(order(CATALOG.regime(regime).template, lang, made), Job())
    short = writer.text(order("platform-notice-statement", lang, made), Job())
    return f"{whole}\n--- in short ---\n\n{short}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_letter_reads_as_it_was_read_before(variant: str) -> None:
    file = GOLDEN / f"{variant}.txt"
    text = letter(variant)
    if os.environ.get("HOLDFAST_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


BY_LAW = [variant for variant in VARIANTS if variant.startswith("tida")]
"""Requests for which the law itself sets a period and the words of a belief."""


@pytest.mark.parametrize("variant", BY_LAW)
def test_what_the_law_sets_is_no_request_and_the_picture_is_nowhere(variant: str) -> None:
    text = letter(variant)
    assert "not later than 48 hours" in text
    assert "good faith belief" in text
    for word in ("reply", "requested by", "enclosed:", "evidence preservation report", "annex"):
        assert word not in text.lower()


def test_a_notice_of_illegal_content_states_what_record_and_answers_hold() -> None:
    minimal, everything = letter("dsa-en-minimal"), letter("dsa-en-everything")
    for said in (
        "Personal data", "Deep fake", "resembles", "Recognition", "once authorised", "face",
        "Evidence preservation report", "HTTP", "account",
    ):  # fmt: skip
        assert said not in minimal, said
        assert said in everything, said
    assert "2. National law" in minimal
    assert "4. National law" in everything
    for said in ("Civil Code", "without the notifier’s consent", "no such disclosure"):
        assert said not in minimal + everything


def test_a_request_for_removal_states_what_the_person_ticked() -> None:
    minimal, agent = letter("tida-en-minimal"), letter("tida-en-agent")
    for said in (
        "I am authorised", "its making", "its publication", "public.", "SHA-256", "locator",
        "77120391",
    ):  # fmt: skip
        assert said not in minimal, said
        assert said in agent, said
    assert "I am the individual depicted." in minimal
    assert "I did not" not in agent


@pytest.mark.parametrize("variant", [one for one in VARIANTS if one not in BY_LAW])
def test_every_claim_is_alleged_and_no_promise_is_made(variant: str) -> None:
    text = letter(variant)
    assert ("涉嫌" if VARIANTS[variant][1] == "zh" else "alleged") in text
    for word in (
        "tamper-proof", "tamperproof", "court-admissible", "admissible", "legally valid",
        "guaranteed", "防篡改", "不可篡改", "法律效力", "法院认可", "确保胜诉", "征求意见稿",
        "24小时", "48小时", "24 hours", "48 hours", "deadline",
    ):  # fmt: skip
        assert word not in text.lower()
    asked = "请求" if VARIANTS[variant][1] == "zh" else "request"
    assert asked in text
    lawful = "不是法定期限" if VARIANTS[variant][1] == "zh" else "not a period set by law"
    assert lawful in text


SENTENCES_OF_FACT = {
    "zh": (
        "肖像", "人脸", "她", "女性", "他的声音", "评论", "账号", "公开发布", "HTTP", "播放量",
        "证据保全报告", "比对表", "从未授权", "曾经作出过的授权", "请求保存", "妆造", "录屏",
        "画面", "第一千零一十八条",
    ),
    "en": (
        "facial", " her ", " she ", " his ", " he ", "comment", "account “", "has published",
        "HTTP", "evidence preservation report", "comparison plate", "never authorised",
        "once authorised", "please preserve", "make-up", "recording", "picture",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_minimal_case_of_a_man_and_his_voice_states_nothing_else(lang: Lang) -> None:
    """One file, offline, no recording, a man, voice only: none of the conditioned sentences."""
    text = letter(f"civil-{lang}-voice-man").lower()
    # The law's own words about a voice borrow the portrait rules; those citations may stand.
    for citation in (
        "参照适用肖像权保护的有关规定", "the rules that protect a portrait apply",
    ):  # fmt: skip
        text = text.replace(citation, "")
    for sentence in SENTENCES_OF_FACT[lang]:
        assert sentence.lower() not in text, sentence
    assert ("第一千零二十三条" if lang == "zh" else "article 1023") in text


OF_EARLIER = {
    "zh": (
        "该日期已经过去", "受理编号", "收到贵平台的下列答复", "视频", "榜", "继续保存", "未列出",
        "看到",
    ),
    "en": (
        "that day has passed", "your reference", "received the following", "video", "ranking and",
        "continue to preserve", "not in the first", "the notifier saw",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_second_notice_states_of_the_first_what_the_record_holds(lang: Lang) -> None:
    minimal, everything = letter(f"second-{lang}-minimal"), letter(f"second-{lang}-everything")
    for sentence in OF_EARLIER[lang]:
        assert sentence not in minimal.lower(), sentence
        assert sentence in everything.lower(), sentence
    unheard = "未收到处理结果" if lang == "zh" else "has received no result"
    assert unheard in minimal
    assert unheard not in everything
    assert "E0009" not in everything, "a receipt that was withdrawn"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_letters_name_no_gender(lang: Lang) -> None:
    for variant, (_, its, _, _) in VARIANTS.items():
        if its == lang:
            found = re.findall(r"\b(?:he|she|his|her|him|hers)\b|[她]", letter(variant))
            assert found == [], variant


@pytest.mark.parametrize(
    "template",
    sorted(p.parent.name + "/" + p.name for p in resource("documents").glob("*-notice*/*.md")),
)
def test_every_legal_sentence_leans_on_a_rule_that_is_there_and_verified(template: str) -> None:
    folder, _, name = template.partition("/")
    source = resource("documents", folder, name).read_text(encoding="utf-8")
    model = {"model:right", "model:noauth", "model:refuse", "model:request", "model:truth"}
    for rule in rules_used(parse(source)) - model:
        assert CATALOG.rule(rule).confidence != "uncertain"
        assert CATALOG.rule(rule).status == "in_force"
    for line in source.split("\n"):
        cites = re.search(r"第[一二三四五六七八九十百千零]+条|Article \d|§ ?\d|U\.S\.C\.", line)
        if cites and not line.startswith("<!--"):
            assert "<!-- rule:" in line, line


HOSTILE = (
    "=cmd|'/c calc'!A1 **b** {{notice.number}} {{#items}} <img src=x> | `x` \u202e\x1b[31m @page"
)


@pytest.mark.parametrize(("regime", "lang"), [("civil-1195", "zh"), ("dmca-512c3", "en")])
def test_hostile_text_stays_text_in_every_place(regime: str, lang: Lang) -> None:
    """Whatever a page, a person or a platform says is printed as it is and means nothing."""
    page = exhibit("E0001", "page", "https://play.yanlian.example/ep/3", HOSTILE, HOSTILE)
    record = sources(
        page,
        manifests={
            "E0001": page_manifest(
                f"https://play.yanlian.example/{{{{x}}}}?a=<b>&c={'d' * 300}",
                account=HOSTILE,
                counters=((HOSTILE, HOSTILE),),
            )
        },
        claimant=PERSON,
    )
    answers = {"civil-1195": EVERYTHING, "dmca-512c3": WORK}[regime]
    texts = {"licence", "title", "features", "recognition", "own", "work", "fair_use"}
    given = {k: (HOSTILE if k in texts else v) for k, v in answers.items()}
    made = drafted(regime, record, given, lang)
    writer = Writer()
    text = writer.text(order(CATALOG.regime(regime).template, lang, made), Job())
    assert "{{notice.number}} {{#items}} <img src=x>" in text
    assert "**b**" in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    docx = writer.docx(order(CATALOG.regime(regime).template, lang, made), Job())
    assert docx[:2] == b"PK"
