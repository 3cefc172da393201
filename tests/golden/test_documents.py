"""The reports, lists and receipts, word for word, per case and language.

``HOLDFAST_WRITE_GOLDEN=1`` writes the texts anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.captures import each_kind
from fakes.desk import Desk, desk
from fakes.environment import DRAND
from fakes.papers import captured, full_case, minimal_case, seal
from holdfast.adapters.render import Writer
from holdfast.adapters.resources import table, words
from holdfast.core.case import Case
from holdfast.core.document import Lang, Order
from holdfast.core.job import Job
from holdfast.core.timestamp import Authorities, Tsa
from holdfast.usecases.cases import case_file
from holdfast.usecases.document import LETTERS, Outside, compose, next_number
from holdfast.usecases.report import Teller

GOLDEN = Path(__file__).parent / "documents"
LANGS: tuple[Lang, ...] = ("zh", "en")
PEM = b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"
OUTSIDE = Outside(
    authorities=Authorities(
        world="practice", tsas=(Tsa(id="jia", name="演练甲", url="http://127.0.0.1/", root=PEM),)
    ),
    verifier_sha256="ab" * 32,
    rounds={DRAND: (1_692_803_367, 3)},
)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Case]]:
    with desk(tmp_path_factory.mktemp("full")) as made:
        yield made, full_case(made)


@pytest.fixture(scope="module")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Case]]:
    with desk(tmp_path_factory.mktemp("minimal")) as made:
        yield made, minimal_case(made)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Case]]:
    with desk(tmp_path_factory.mktemp("kinds")) as made:
        yield made, each_kind(made)[0]


def order(at: Desk, case: Case, kind: str, lang: Lang, operator: str = "") -> Order:
    with at.store.custody(case.id) as custody:
        head = custody.head()
    file = case_file(case.id, store=at.store)
    return compose(
        kind,
        file,
        head,
        number=next_number(file, kind),
        issued="2026-11-21T02:20:33.000Z",
        say=Teller(words=words(lang), lang=lang, offset_minutes=480),
        vault=at.vault,
        operator=operator,
        outside=OUTSIDE,
    )


def text(at: Desk, case: Case, kind: str, lang: Lang, operator: str = "") -> str:
    return Writer().text(order(at, case, kind, lang, operator), Job())


def settled(text: str) -> str:
    """The text without what is new in every run: identifiers, hash values, sizes of pictures."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
    text = re.sub(r"\b[0-9a-f]{8}…[0-9a-f]{8}\b", "SHORT", text)
    text = re.sub(r"\b\d{1,3}(,\d{3})+\b", "NUMBER", text)
    return re.sub(r"(字节：|Bytes: )\d+", r"\g<1>NUMBER", text)


def compare(name: str, found: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("HOLDFAST_WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", LETTERS)
def test_the_full_case(full: tuple[Desk, Case], kind: str, lang: Lang) -> None:
    compare(f"full-{kind}-{lang}", settled(text(*full, kind, lang, "林某某")))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", LETTERS)
def test_the_minimal_case(minimal: tuple[Desk, Case], kind: str, lang: Lang) -> None:
    compare(f"minimal-{kind}-{lang}", settled(text(*minimal, kind, lang)))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", LETTERS)
def test_a_case_with_every_kind(kinds: tuple[Desk, Case], kind: str, lang: Lang) -> None:
    compare(f"kinds-{kind}-{lang}", settled(text(*kinds, kind, lang)))


FORBIDDEN = {
    "zh": (
        "录屏", "演练", "浏览器", "网页", "网址", "跳转", "服务器", "视频文件", "比特币区块高度",
        "在自己的电脑上", "未绕过登录", "未使用他人账号", "取证前", "取证后", "清洁性", "drand",
        "随机信标", "不早于", "AI 生成”字样", "未检出", "公众指认", "评论", "全程在场",
        "权利人本人，与",
        "已确认（不晚于 2", "openssl ts", "ots verify", "原始载体", "上链", "在线诉讼规则",
        "比对表", "第二份", "手机", "剧集", "标识", "播放副本", "一次性", "备案",
        "她", "他的", "None", "True", "{", "}",
    ),
    "en": (
        "recording", "ractice", "browser", "web page", "redirect", "Server", "video file", "drand",
        "no earlier than", "before and after", "without interruption", "herself", "himself",
        " her ", " his ", "no later than 2", "openssl ts", "ots verify", "original carrier is",
        "on the chain",
        "comparison plate", "not detected", "phone", "episode", "label", "viewing copy", "one-time",
        "iling number", "None", "True", "{", "}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", LETTERS)
def test_nothing_is_said_that_nobody_recorded(
    minimal: tuple[Desk, Case], kind: str, lang: Lang
) -> None:
    """One file, offline: no sentence about pages, recordings, environments, stamps or people."""
    found = text(*minimal, kind, lang)
    # The commands for other systems carry braces of their shell.
    found = re.sub(r"\$\{.*|ForEach-Object \{.*|^ *\{ .*", "", found, flags=re.MULTILINE)
    assert [phrase for phrase in FORBIDDEN[lang] if phrase in found] == []


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_only_asked_for_is_not_witnessed(tmp_path: Path, lang: Lang) -> None:
    """Queued stamps bring neither the law on chains nor anybody's root certificate."""
    with desk(tmp_path) as made:
        case = made.store.open_case("排队", "real")
        seal(made, case, captured(tmp_path / "s", "file", {"note.txt": b"voice"}))
        found = text(made, case, "evidence-report", lang)
    assert {"zh": "已封存，时间戳待发送", "en": "Sealed; time-stamp not asked for yet"}[
        lang
    ] in found
    for phrase in (
        "上链",
        "在线诉讼规则",
        "根证书指纹：",
        "on the chain",
        "Online Litigation",
        "演练甲",
    ):
        assert phrase not in found


NEVER = (
    "tamper-proof", "court-admissible", "legally valid", "guaranteed", "不可篡改", "防篡改",
    "具有法律效力", "法院认可", "确保", "保证真实",
)  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", LETTERS)
def test_nothing_is_promised(
    full: tuple[Desk, Case], kinds: tuple[Desk, Case], kind: str, lang: Lang
) -> None:
    found = (text(*full, kind, lang) + text(*kinds, kind, lang)).lower()
    assert [phrase for phrase in NEVER if phrase in found] == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_template_has_both_languages_and_rules(lang: Lang) -> None:
    from holdfast.adapters.render import template
    from holdfast.adapters.render.template import rules_used

    other: Lang = "en" if lang == "zh" else "zh"
    for kind in LETTERS:
        assert table("documents", kind, "document.toml")["outline"]
        assert rules_used(template(kind, lang)) == rules_used(template(kind, other))
    assert rules_used(template("evidence-report", lang)) >= {"spc-ev-15", "spc-ev-93", "olr-16"}
