"""Whether a capture shows what it was meant to show, judged from facts alone.

Loud by design: a red check means that a reader must not take the exhibit for the whole thing.
A phrase in a short page is the page; the same phrase in a long one may be a comment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.evidence import Check, Outcome

SHORT_TEXT = 1500
"""Characters up to which a phrase is taken for what the page itself says."""

LOGIN = (
    "请先登录", "登录后查看", "登录后可", "登录后即可", "登录后继续", "扫码登录", "登录以继续",
    "请登录", "需要登录", "登录查看更多", "log in to continue", "log in to view",
    "sign in to continue", "sign in to view", "please log in", "please sign in",
    "you must be logged in", "you must log in", "login required",
)  # fmt: skip
CAPTCHA = (
    "人机验证", "安全验证", "滑动验证", "拖动滑块", "拖动下方滑块", "按住滑块", "点击按钮进行验证",
    "请完成验证", "请输入验证码", "访问过于频繁", "verify you are human", "verifying you are human",
    "are you a robot", "not a robot", "unusual traffic", "complete the security check",
    "checking your browser", "captcha",
)  # fmt: skip
REMOVED = (
    "视频已下架", "已下架", "视频不见了", "视频不存在", "该视频已删除", "视频已删除",
    "作品不见了", "作品已删除", "作品不存在", "内容已删除", "内容不存在", "内容已失效",
    "视频已被删除", "内容已被删除", "该内容无法查看", "该内容暂时无法", "暂时无法查看",
    "页面不存在", "页面找不到", "页面不见了", "账号已注销", "账号已被封禁",
    "此内容因违规", "因违规无法", "video unavailable",
    "video is unavailable", "has been removed", "was removed", "video is private",
    "is no longer available", "isn't available", "content not available", "page not found",
    "account has been terminated", "account suspended",
)  # fmt: skip
_LOGIN_PATH = re.compile(r"(?i)^https?://[^/]*(/[^?#]*)?/(login|signin|sign-in|passport|sso)\b")
_LOGIN_HOST = re.compile(r"(?i)^https?://(login|passport|sso|accounts)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeen:
    """What a browser told about a page."""

    typed: str
    final_url: str
    status: int | None
    title: str
    text: str
    """As rendered, frames included."""
    password_field: bool
    finished: bool
    """Whether the page said it was loaded within the time given."""
    answering: bool
    """Whether its scripts let go when asked."""
    content_height: int
    """CSS pixels."""
    picture_height: int
    """CSS pixels that the full-page pictures cover."""
    steady: bool
    """Whether the height stayed while the picture was taken."""
    inner_scroll: bool
    """Whether the content scrolls inside a box that a full-page picture does not unroll."""
    colour: str = ""
    """``#rrggbb`` when the whole picture is of one colour."""
    failed: tuple[str, ...] = ()
    """Parts of the page that were not obtained, as ``host: reason``."""
    refused: tuple[str, ...] = ()
    """Addresses inside this network that the page asked for and was not given."""
    certificate_error: str | None = None
    """None for a page without TLS; empty when the certificate was accepted."""


def judged(seen: PageSeen) -> tuple[Check, ...]:
    """Every completeness check of a page, in the order a reader asks."""
    return (
        _status(seen),
        _certificate(seen),
        _finished(seen),
        _text(seen),
        _login(seen),
        phrase_check("captcha", seen, CAPTCHA),
        phrase_check("removed", seen, REMOVED),
        _parts("network_errors", seen.failed),
        _parts("refused_addresses", seen.refused),
        _height(seen),
        _colour(seen),
    )


def _status(seen: PageSeen) -> Check:
    if seen.status is None:
        return Check(check="http_status", outcome="not_checked")
    good = 200 <= seen.status < 300
    return Check(check="http_status", outcome="pass" if good else "fail", detail=str(seen.status))


def _certificate(seen: PageSeen) -> Check:
    if seen.certificate_error is None:
        return Check(check="certificate", outcome="not_checked")
    outcome: Outcome = "fail" if seen.certificate_error else "pass"
    return Check(check="certificate", outcome=outcome, detail=seen.certificate_error)


def _finished(seen: PageSeen) -> Check:
    if not seen.answering:
        return Check(check="page_finished", outcome="fail", detail="stopped")
    if not seen.finished:
        return Check(check="page_finished", outcome="fail", detail="loading")
    return Check(check="page_finished", outcome="pass")


def _text(seen: PageSeen) -> Check:
    length = len("".join(seen.text.split()))
    outcome: Outcome = "fail" if length == 0 else "warn" if length < 10 else "pass"
    return Check(check="page_text", outcome=outcome, detail=str(length))


def _login(seen: PageSeen) -> Check:
    phrase = found(LOGIN, seen.text)
    if any(
        pattern.match(seen.final_url) and not pattern.match(seen.typed)
        for pattern in (_LOGIN_PATH, _LOGIN_HOST)
    ):
        return Check(check="login_wall", outcome="fail", detail=phrase or "login page")
    if phrase and (seen.password_field or len(seen.text) <= SHORT_TEXT):
        return Check(check="login_wall", outcome="fail", detail=phrase)
    if phrase or seen.password_field:
        return Check(check="login_wall", outcome="warn", detail=phrase or "password field")
    return Check(check="login_wall", outcome="pass")


def phrase_check(name: str, seen: PageSeen, phrases: Sequence[str]) -> Check:
    """Red when the title or a short page says one of ``phrases``, amber when a long one does."""
    if phrase := found(phrases, seen.title):
        return Check(check=name, outcome="fail", detail=phrase)
    if phrase := found(phrases, seen.text):
        short = len(seen.text) <= SHORT_TEXT
        return Check(check=name, outcome="fail" if short else "warn", detail=phrase)
    return Check(check=name, outcome="pass")


def _parts(name: str, parts: tuple[str, ...]) -> Check:
    if not parts:
        return Check(check=name, outcome="pass")
    shown = "; ".join(dict.fromkeys(parts))
    return Check(check=name, outcome="warn", detail=f"{len(parts)}: {shown}"[:400])


def _height(seen: PageSeen) -> Check:
    detail = f"{seen.picture_height}/{seen.content_height}"
    if seen.picture_height < seen.content_height:
        return Check(check="picture_height", outcome="fail", detail=detail)
    amber = not seen.steady or seen.inner_scroll
    return Check(check="picture_height", outcome="warn" if amber else "pass", detail=detail)


def _colour(seen: PageSeen) -> Check:
    outcome: Outcome = "fail" if seen.colour else "pass"
    return Check(check="picture_content", outcome=outcome, detail=seen.colour)


def found(phrases: Sequence[str], text: str) -> str:
    """The first of ``phrases`` that stands in ``text``, ignoring case; empty when none does."""
    lower = text.lower()
    return next((phrase for phrase in phrases if phrase.lower() in lower), "")
