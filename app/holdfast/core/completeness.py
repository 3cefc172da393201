"""Whether a capture shows what it was meant to show, judged from facts alone.

Loud by design: a red check means that a reader must not take the exhibit for the whole thing.
A phrase in a short page is the page; the same phrase in a long one may be a comment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.core.evidence import Check, Outcome

COVERED_RED, COVERED_AMBER = 50, 15
"""Per cent of the first screen."""
SAMPLE = 400
"""Lines of a text that are looked for in another copy of it."""
SHORT_TEXT = 1500
"""Characters up to which a phrase is taken for what the page itself says."""

LOGIN = (
    "请先登录", "登录后查看", "登录后可", "登录后即可", "登录后继续", "扫码登录", "登录以继续",
    "请登录", "需要登录", "登录查看更多", "登录后观看", "登录后才能", "登录后方可", "登录后可见",
    "登录/注册后", "登录注册后", "登录即可", "登录解锁", "登录发现更多", "登录看更多", "登录后体验",
    "登录查看完整", "手机号登录", "验证码登录", "登录状态已失效", "登录已过期",
    "打开App查看", "打开APP查看", "前往App查看", "请在微信客户端打开",
    "log in to continue", "log in to view",
    "sign in to continue", "sign in to view", "please log in", "please sign in",
    "you must be logged in", "you must log in", "login required", "sign in to confirm",
    "sign up to see", "sign up to view", "log in to see", "sign in to see", "join to view",
    "session has expired", "open in app to view",
)  # fmt: skip
CAPTCHA = (
    "人机验证", "安全验证", "滑动验证", "拖动滑块", "拖动下方滑块", "按住滑块", "点击按钮进行验证",
    "请完成验证", "请输入验证码", "访问过于频繁", "操作过于频繁", "请求过于频繁", "访问频次过高",
    "请按住滑块", "向右滑动", "完成拼图", "依次点击", "请点击图中", "身份核实", "安全检测",
    "环境异常", "网络环境存在风险", "验证您是真人", "确认您是真人", "不是机器人", "访问受限",
    "验证中间页", "verify you are human", "verifying you are human",
    "are you a robot", "not a robot", "unusual traffic", "complete the security check",
    "checking your browser", "checking if the site connection is secure", "press & hold",
    "just a moment...", "enable javascript and cookies to continue", "human verification",
    "too many requests", "access denied", "captcha",
)  # fmt: skip
REMOVED = (
    "视频已下架", "已下架", "视频不见了", "视频不存在", "该视频已删除", "视频已删除",
    "作品不见了", "作品已删除", "作品不存在", "内容已删除", "内容不存在", "内容已失效",
    "视频已被删除", "内容已被删除", "该内容无法查看", "该内容暂时无法", "暂时无法查看",
    "该作品已被删除", "该作品已删除", "该视频不存在", "作品已被作者删除", "作品已隐藏",
    "作品被删除", "观看的视频不存在", "访问的页面不存在", "视频已失效", "视频已被下架",
    "短剧已下架", "剧集已下架", "该剧已下架", "资源已下架", "该商品已下架", "宝贝不存在",
    "视频去哪了", "视频无法播放", "稿件不可见", "稿件不存在", "啊叻？视频不见了",
    "内容可能已删除", "内容已被作者删除", "内容已被发布者删除", "该内容已被发布者删除",
    "此内容已被", "此微博已被作者删除", "微博已被删除", "微博不存在", "暂无查看权限",
    "仅作者可见", "仅自己可见", "笔记不存在", "笔记已被删除", "当前笔记暂时无法浏览",
    "该笔记已被", "根据相关法律法规，该", "根据相关法律法规和政策，", "因投诉被",
    "涉嫌违反相关法律", "因违反相关法律",
    "该用户不存在", "用户不存在", "该账号已封禁", "账号封禁", "此账号已被", "帐号已被停用",
    "页面不存在", "页面找不到", "页面不见了", "账号已注销", "账号已被封禁",
    "此内容因违规", "因违规无法", "video unavailable",
    "video is unavailable", "has been removed", "was removed", "video is private",
    "is no longer available", "isn't available", "content not available", "page not found",
    "account has been terminated", "account suspended", "no longer exists", "doesn't exist",
    "does not exist", "has been deleted", "was deleted", "page isn't available",
    "couldn't find this page", "removed by the uploader", "removed for violating",
    "removed due to a copyright", "not available in your country", "withheld in",
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
    """Whether nothing moved while the picture was taken."""
    whole: bool = True
    """Whether the page's end was reached: some grow for as long as one reads."""
    inner_left: int = 0
    """Boxes that scroll inside the page and were not pictured from top to bottom."""
    picture_width: int = 0
    content_width: int = 0
    """CSS pixels; 0 where it was not measured."""
    covered: int | None = None
    """Per cent of the first screen that a notice or banner lies over."""
    covered_by: str = ""
    covered_after: int | None = None
    """The same once it was closed; None when nobody closed it."""
    laid_out: tuple[int, int] | None = None
    """How many lines of the text were found among what was laid out, of how many."""
    archived: tuple[int, int] | None = None
    """The same in the web archive."""
    printed: int | None = None
    """Sheets of the PDF; 0 when the browser made none."""
    broken: str = ""
    """Why the browser ended or stopped before everything was kept."""
    held: tuple[str, ...] = ()
    """Where the page wanted to go on to by itself and was not let, while it was kept."""
    left: str = ""
    """Where it went all the same before everything was kept."""
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
    checks = _all(seen)
    if not seen.broken:
        return checks
    # What was not reached cannot be right; what was already wrong is.
    known = ("http_status", "certificate")
    ended = Check(check="browser_ended", outcome="fail", detail=seen.broken)
    return (
        *(() if seen.left else (ended,)),
        *(
            one
            if one.check in known or (one.outcome == "fail" and one.check not in _UNREACHED)
            else replace(one, outcome="not_checked", detail="")
            for one in checks
        ),
    )


_UNREACHED = ("page_text", "picture_height", "picture_content")


def _all(seen: PageSeen) -> tuple[Check, ...]:
    return (
        _status(seen),
        _certificate(seen),
        _finished(seen),
        _stayed(seen),
        _text(seen),
        _login(seen),
        phrase_check("captcha", seen, CAPTCHA),
        phrase_check("removed", seen, REMOVED),
        _parts("network_errors", seen.failed),
        _parts("refused_addresses", seen.refused),
        _height(seen),
        _width(seen),
        _inner(seen),
        _covered(seen),
        _colour(seen),
        _agree("text_laid_out", seen.laid_out),
        _agree("text_archived", seen.archived),
        _printed(seen),
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


def _stayed(seen: PageSeen) -> Check:
    if seen.left:
        return Check(check="page_stayed", outcome="fail", detail=seen.left[:400])
    shown = "; ".join(dict.fromkeys(seen.held))
    return Check(check="page_stayed", outcome="warn" if shown else "pass", detail=shown[:400])


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
    if seen.picture_height < seen.content_height - 1 or not seen.whole:
        return Check(check="picture_height", outcome="fail", detail=detail)
    # What is taller than the page shows something twice.
    amber = not seen.steady or seen.picture_height > seen.content_height + 1
    return Check(check="picture_height", outcome="warn" if amber else "pass", detail=detail)


def _width(seen: PageSeen) -> Check:
    detail = f"{seen.picture_width}/{seen.content_width}"
    if not seen.content_width:
        return Check(check="picture_width", outcome="not_checked")
    lacking = seen.picture_width < seen.content_width - 1
    return Check(check="picture_width", outcome="warn" if lacking else "pass", detail=detail)


def _inner(seen: PageSeen) -> Check:
    detail = str(seen.inner_left) if seen.inner_left else ""
    return Check(check="inner_scroll", outcome="warn" if detail else "pass", detail=detail)


def _covered(seen: PageSeen) -> Check:
    share = seen.covered
    if share is None:
        return Check(check="covered", outcome="not_checked")
    if share < COVERED_AMBER:
        return Check(check="covered", outcome="pass")
    said = " ".join(seen.covered_by.split())[:60]
    detail = f"{share} %: {said}" if said else f"{share} %"
    if seen.covered_after is not None and seen.covered_after < COVERED_AMBER:
        return Check(check="covered_closed", outcome="warn", detail=detail)
    return Check(check="covered", outcome="fail" if share >= COVERED_RED else "warn", detail=detail)


def _agree(name: str, counted: tuple[int, int] | None) -> Check:
    """Whether two copies of the text, made in different ways, say the same."""
    if counted is None:
        return Check(check=name, outcome="not_checked")
    there, of = counted
    few = there < of * 0.95
    return Check(check=name, outcome="warn" if few else "pass", detail=f"{there}/{of}")


def _printed(seen: PageSeen) -> Check:
    if seen.printed is None:
        return Check(check="pdf_pages", outcome="not_checked")
    outcome: Outcome = "pass" if seen.printed else "warn"
    return Check(check="pdf_pages", outcome=outcome, detail=str(seen.printed))


def agreement(text: str, other: str) -> tuple[int, int]:
    """How many lines of ``text``, evenly picked, stand in ``other`` too, whatever the blanks."""
    lines = [short for line in text.splitlines() if len(short := "".join(line.split())) > 1]
    picked = lines[:: max(1, -(-len(lines) // SAMPLE))]
    whole = "".join(other.split())
    return sum(line[:200] in whole for line in picked), len(picked)


def _colour(seen: PageSeen) -> Check:
    outcome: Outcome = "fail" if seen.colour else "pass"
    return Check(check="picture_content", outcome=outcome, detail=seen.colour)


def found(phrases: Sequence[str], text: str) -> str:
    """The first of ``phrases`` that stands in ``text``, ignoring case; empty when none does."""
    lower = text.lower()
    return next((phrase for phrase in phrases if phrase.lower() in lower), "")
