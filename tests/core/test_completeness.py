from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.core.completeness import PageSeen, agreement, judged

GOOD = PageSeen(
    typed="https://www.example.com/video/1",
    final_url="https://www.example.com/video/1",
    status=200,
    title="桃花渡",
    text="第三集 渡口重逢，播放 312.7 万",
    password_field=False,
    finished=True,
    answering=True,
    content_height=12_500,
    picture_height=12_500,
    steady=True,
    certificate_error="",
    content_width=1280,
    picture_width=1280,
    covered=0,
    laid_out=(20, 20),
    archived=(20, 20),
    printed=3,
)
LONG = "一条很长的评论。" * 300


def outcome(name: str, **changes: object) -> tuple[str, str]:
    checks = {check.check: check for check in judged(replace(GOOD, **changes))}  # type: ignore[arg-type]  # names are the test's
    return checks[name].outcome, checks[name].detail


def test_a_good_page_passes_every_check() -> None:
    assert {check.outcome for check in judged(GOOD)} == {"pass"}


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("http_status", {"status": 404}, ("fail", "404")),
        ("http_status", {"status": 304}, ("fail", "304")),
        ("http_status", {"status": None}, ("not_checked", "")),
        ("certificate", {"certificate_error": "CERT_DATE_INVALID"}, ("fail", "CERT_DATE_INVALID")),
        ("certificate", {"certificate_error": None}, ("not_checked", "")),
        ("page_finished", {"finished": False}, ("fail", "loading")),
        ("page_finished", {"answering": False, "finished": False}, ("fail", "stopped")),
        ("page_stayed", {"held": ("https://b/", "https://b/")}, ("warn", "https://b/")),
        ("page_stayed", {"left": "about:blank", "broken": "page_left"}, ("fail", "about:blank")),
        ("page_text", {"text": " \n\t "}, ("fail", "0")),
        ("page_text", {"text": "加载中"}, ("warn", "3")),
        ("login_wall", {"text": "请先登录后查看更多精彩内容"}, ("fail", "请先登录")),
        ("login_wall", {"text": LONG + "扫码登录"}, ("warn", "扫码登录")),
        ("login_wall", {"text": LONG + "扫码登录", "password_field": True}, ("fail", "扫码登录")),
        ("login_wall", {"password_field": True}, ("warn", "password field")),
        (
            "login_wall",
            {"final_url": "https://www.example.com/login?next=%2Fvideo"},
            ("fail", "login page"),
        ),
        ("login_wall", {"final_url": "https://passport.example.com/"}, ("fail", "login page")),
        ("login_wall", {"text": "Please log in, friend"}, ("fail", "please log in")),
        ("captcha", {"text": "拖动滑块完成拼图"}, ("fail", "拖动滑块")),
        ("captcha", {"title": "安全验证", "text": LONG}, ("fail", "安全验证")),
        ("captcha", {"text": LONG + "captcha"}, ("warn", "captcha")),
        ("removed", {"text": "抱歉，视频已下架"}, ("fail", "视频已下架")),
        ("removed", {"text": LONG + "视频已下架"}, ("warn", "视频已下架")),
        (
            "removed",
            {"text": "This video has been removed by the uploader"},
            ("fail", "has been removed"),
        ),
        (
            "network_errors",
            {"failed": ("a.example: 404", "a.example: 404")},
            ("warn", "2: a.example: 404"),
        ),
        ("refused_addresses", {"refused": ("http://10.0.0.1/",)}, ("warn", "1: http://10.0.0.1/")),
        ("picture_height", {"picture_height": 900}, ("fail", "900/12500")),
        ("picture_height", {"steady": False}, ("warn", "12500/12500")),
        ("picture_height", {"whole": False}, ("fail", "12500/12500")),
        ("picture_height", {"picture_height": 12_499}, ("pass", "12499/12500")),
        ("picture_height", {"picture_height": 13_400}, ("warn", "13400/12500")),
        ("picture_width", {"content_width": 9000}, ("warn", "1280/9000")),
        ("picture_width", {"content_width": 0}, ("not_checked", "")),
        ("inner_scroll", {"inner_left": 2}, ("warn", "2")),
        ("covered", {"covered": None}, ("not_checked", "")),
        ("covered", {"covered": 30, "covered_by": "使用\n Cookie"}, ("warn", "30 %: 使用 Cookie")),
        ("covered", {"covered": 100}, ("fail", "100 %")),
        ("covered", {"covered": 100, "covered_after": 60}, ("fail", "100 %")),
        ("covered_closed", {"covered": 100, "covered_after": 0}, ("warn", "100 %")),
        ("text_laid_out", {"laid_out": None}, ("not_checked", "")),
        ("text_laid_out", {"laid_out": (7, 20)}, ("warn", "7/20")),
        ("text_archived", {"archived": (19, 20)}, ("pass", "19/20")),
        ("text_archived", {"archived": (0, 0)}, ("pass", "0/0")),
        ("pdf_pages", {"printed": 0}, ("warn", "0")),
        ("pdf_pages", {"printed": None}, ("not_checked", "")),
        ("picture_content", {"colour": "#ffffff"}, ("fail", "#ffffff")),
    ],
)
def test_what_is_missing_is_said(
    name: str, changes: dict[str, object], expected: tuple[str, str]
) -> None:
    assert outcome(name, **changes) == expected


def test_a_browser_that_ended_leaves_nothing_green_that_was_not_reached() -> None:
    seen = replace(
        GOOD, broken="browser_gone", text="", picture_height=900, colour="#ffffff",
        failed=("a.example: 404",), title="安全验证",
    )  # fmt: skip
    checks = {check.check: (check.outcome, check.detail) for check in judged(seen)}
    assert checks["browser_ended"] == ("fail", "browser_gone")
    assert checks["http_status"] == ("pass", "200")
    assert checks["captcha"] == ("fail", "安全验证")
    for name in ("page_text", "picture_height", "picture_content", "removed", "network_errors"):
        assert checks[name] == ("not_checked", "")
    assert next(iter(checks)) == "browser_ended"
    went = {check.check: check.outcome for check in judged(replace(seen, left="about:blank"))}
    assert "browser_ended" not in went
    assert went["page_stayed"] == "fail"


def test_copies_of_a_text_are_compared_line_by_line() -> None:
    text = "第一行 有字\n\n  第二行  \n。\n第三行"
    assert agreement(text, "第二 行x第一行有字") == (2, 3)
    assert agreement("", "x") == (0, 0)
    long = "\n".join(f"line {n}" for n in range(5000))
    there, of = agreement(long, long)
    assert there == of
    assert 300 < of <= 400


def test_a_login_page_that_was_asked_for_is_no_wall() -> None:
    link = "https://www.example.com/login"
    assert outcome("login_wall", typed=link, final_url=link) == ("pass", "")


def test_details_have_an_end() -> None:
    _, detail = outcome("network_errors", failed=tuple(f"{n}.example: gone" for n in range(500)))
    assert len(detail) == 400
