"""The short-drama site, with a shelf of pages on which things go wrong.

====================== =========================================================================
path                   what it answers
====================== =========================================================================
/                      front page
/series/taohuadu       series page: links to the free episodes, ``rel=alternate`` names the feed
/series/taohuadu/feed.xml   RSS 2.0, one item a free episode
/series/taohuadu/ep/3  episode: video, counters that grow, comments, AI label (1…8; later: payment)
/series/changjie       a series of 72, 60 of them free, told as schema.org linked data and a
                       Media RSS feed; /series/changjie/ep/7, counters that grow at each visit
/u/60021177            the publishing account with both series; /u/10086001 the claimant's
/v/10086001/20250412   the claimant's own, older video
/agreement /complaint  who runs it; the complaint form, which gives a number and keeps nothing
/long                  an episode page exactly 12,500 px high
/title/<name>          an episode under a hostile title (``library.NASTY_TITLES``, or any text)
/404 /500              those statuses, with a page
/empty                 200 and not one byte
/login /captcha        200, but only a login form; only a check for robots
/removed               200, 视频已下架
/redirect              302 twice, then episode 3; /redirect-loop never ends
/redirect-private      302 to the link-local address 169.254.169.254
/redirect-loopback     302 to another service on this computer
/redirect-file         302 to a file: address
/slow?seconds=N        answers after N seconds (20; at most 120)
/download              an attachment with a hostile file name
====================== =========================================================================
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from holdfast.ports import Clock
from holdfast.practice import film, library
from holdfast.practice.memory import Memory
from holdfast.practice.server import HOST, Reply, Request, text

if TYPE_CHECKING:
    from jinja2 import Environment

BODY_LIMIT = 65_536
LONG_PAGE_HEIGHT = 12_500
"""Pixels."""

_CHINA = timezone(timedelta(hours=8))
_PUBLISHED = datetime(2026, 11, 18, 20, 0, tzinfo=_CHINA)
_ORIGINAL_PUBLISHED = datetime(2025, 4, 12, 19, 30, tzinfo=_CHINA)
_PLAYS_A_SECOND = 11
_PLAYS_A_VISIT = 2_300
_SLOWEST_S = 120
_EPISODE = re.compile(r"/series/taohuadu/ep/([1-9][0-9]?)", re.ASCII)
_SERIAL_PATH = "/series/changjie"
_SERIAL = re.compile(r"/series/changjie/ep/([1-9][0-9]?)", re.ASCII)
_VIDEO = re.compile(r"/video/([1-8]|own|changjie-[1-9]|changjie-[1-5][0-9]|changjie-60)\.mp4",
    re.ASCII,
)  # fmt: skip
_COVER = re.compile(r"/cover/([1-8]|own)\.jpg", re.ASCII)
_RANGE = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})", re.ASCII)

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28"'
    ' rx="8" fill="#c0344a"/><path d="M11 8.5v11l9-5.5z" fill="#fff"/></svg>'
)

# A machine without an emoji font would show a box in the account's name.
_BLOOM = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><g fill="#eb9aa8">'
    '<circle cx="10" cy="5" r="4"/><circle cx="14.8" cy="8.5" r="4"/>'
    '<circle cx="13" cy="14" r="4"/><circle cx="7" cy="14" r="4"/>'
    '<circle cx="5.2" cy="8.5" r="4"/></g><circle cx="10" cy="10" r="2.2" fill="#fbe6b5"/></svg>'
)

_ALONE: Mapping[str, tuple[int, str, str, str, str]] = {
    "/404": (404, "页面不存在", "您访问的页面找不到了。", "This page does not exist.", ""),
    "/500": (500, "服务器开小差了", "请稍后再试。", "Something went wrong on our side.", ""),
    "/removed": (200, "视频已下架", "该内容已下架或被作者删除。", "This video was removed.", ""),
    "/login": (200, "请先登录", "登录后继续观看。", "Log in to continue.", "login"),
    "/captcha": (200, "安全验证", "请完成安全验证后继续访问。", "Verify you are human.", ""),
    "/complaint": (200, "侵权投诉", "演练入口：只给一个编号，内容不保存，也不发给任何人。",
        "Practice form: it gives you a number and keeps nothing.", "complaint"),
    "pay": (200, "本集需要付费", "第 9 集起付费，开通会员后观看。",
        "Members only from episode 9.", ""),
    "pay_serial": (200, "本集需要付费", "第 61 集起付费，开通会员后观看。",
        "Members only from episode 61.", ""),
}  # fmt: skip
"""Status, heading, sentence in Chinese and English, and the form beneath."""


class DramaSite:
    """Answers one platform's pages, videos and pictures."""

    def __init__(self, memory: Memory, clock: Clock, films: Path) -> None:
        self.private_url = f"http://{HOST}:9/"
        """Where /redirect-loopback leads."""
        self._memory = memory
        self._clock = clock
        self._films = films
        self._filming = threading.Lock()
        with memory.writing():
            if memory.setting("born") is None:
                memory.remember(born=int(clock.now().timestamp()))

    def answer(self, request: Request) -> Reply:
        """One request."""
        path = request.path if request.path == "/" else request.path.removesuffix("/")
        if request.method == "POST":
            return self._complaint(path)
        if episode := _EPISODE.fullmatch(path):
            return self._episode(int(episode[1]), request)
        if episode := _SERIAL.fullmatch(path):
            return self._serial_episode(int(episode[1]), request)
        if video := _VIDEO.fullmatch(path):
            return _ranged(self._film(video[1]), request)
        if cover := _COVER.fullmatch(path):
            return Reply(body=_cover(cover[1]), content_type="image/jpeg")
        if path.startswith("/title/"):
            name = path.removeprefix("/title/")
            return self._show(3, request, title=library.NASTY_TITLES.get(name, name[:1000]))
        if path in _ALONE:
            return _alone(path)
        return self._page(path, request) or _trouble(path, request, self.private_url)

    def _page(self, path: str, request: Request) -> Reply | None:
        """The pages that stand at one path each."""
        match path:
            case "/":
                return _page("front.html", plays=_large(self._series_plays()), title="")
            case "/series/taohuadu":
                return self._series()
            case "/series/taohuadu/feed.xml":
                return _feed(_origin(request))
            case "/series/changjie":
                return self._serial(request)
            case "/series/changjie/feed.xml":
                return _serial_feed(_origin(request), self._serial_plays)
            case "/u/60021177":
                return self._publisher(request)
            case "/u/10086001":
                return _claimant()
            case "/v/10086001/20250412":
                return self._original(request)
            case "/long":
                return self._show(3, request, page_class="long")
            case "/agreement":
                return _page("agreement.html", title="用户协议")
            case "/style.css":
                return Reply(body=_packed("style.css"), content_type="text/css; charset=utf-8")
            case "/bloom.svg":
                return Reply(body=_BLOOM.encode(), content_type="image/svg+xml")
            case "/favicon.svg" | "/favicon.ico":
                return Reply(body=_ICON.encode(), content_type="image/svg+xml")
        return None

    def _plays(self, number: int) -> int:
        """Grows with the clock and with every look at the page."""
        born = self._memory.setting("born") or 0
        age = max(0, int(self._clock.now().timestamp()) - born)
        visits = self._memory.setting(f"visits {number}") or 0
        episode = library.EPISODES[number - 1]
        return episode.plays + age * _PLAYS_A_SECOND + visits * _PLAYS_A_VISIT

    def _series_plays(self) -> int:
        return sum(self._plays(episode.number) for episode in library.EPISODES)

    def _episode(self, number: int, request: Request) -> Reply:
        if number > len(library.EPISODES):
            return _alone("/404")
        if not library.EPISODES[number - 1].is_free:
            return _alone("pay")
        reply = self._show(number, request)
        if request.method == "GET":
            self._memory.count(f"visits {number}")
        return reply

    def _show(
        self, number: int, request: Request, *, title: str = "", page_class: str = ""
    ) -> Reply:
        episode = library.EPISODES[number - 1]
        plays = self._plays(number)
        filler = library.COMMENTS * 24 if page_class else ()
        return _watch(
            request,
            film_name=str(number),
            title=title or f"《桃花渡》第{number}集",
            full_title=title or episode.full_title,
            published=_PUBLISHED,
            plays=plays,
            likes=_large(plays // 41),
            saves=_large(plays // 148),
            replies=f"{6_412 + (plays - episode.plays) // 9_000:,}",
            tags=("热播榜第 7 名", "第 9 集起付费", "古装", "重逢"),
            ai=True,
            intro=library.INTRO,
            comments=library.COMMENTS + filler,
            account=library.PUBLISHER,
            episodes=library.EPISODES,
            number=number,
            page_class=page_class,
        )

    def _serial_plays(self, number: int) -> int:
        """Grows with every look at the series or at the episode."""
        looked = self._memory.setting("visits changjie") or 0
        opened = self._memory.setting(f"visits changjie {number}") or 0
        return library.SERIAL[number - 1].plays + looked * 310 + opened * _PLAYS_A_VISIT

    def _serial(self, request: Request) -> Reply:
        if request.method == "GET":
            self._memory.count("visits changjie")
        origin = _origin(request)
        plays = {one.number: self._serial_plays(one.number) for one in library.SERIAL}
        return _page(
            "serial.html",
            title="《长街旧梦》全集",
            name="长街旧梦",
            series_path=_SERIAL_PATH,
            plays=_large(sum(plays.values())),
            intro=library.SERIAL_INTRO,
            free=library.SERIAL_FREE,
            account=library.PUBLISHER,
            episodes=library.SERIAL,
            linked_data={
                "@context": "https://schema.org",
                "@type": "TVSeries",
                "name": "《长街旧梦》",
                "url": origin + _SERIAL_PATH,
                "numberOfEpisodes": len(library.SERIAL),
                "author": {"@type": "Organization", "name": library.PUBLISHER.name},
                "interactionStatistic": _watched(sum(plays.values())),
                "episode": [_linked(one, origin, plays[one.number]) for one in library.SERIAL],
            },
        )

    def _serial_episode(self, number: int, request: Request) -> Reply:
        if number > len(library.SERIAL):
            return _alone("/404")
        episode = library.SERIAL[number - 1]
        if not episode.is_free:
            return _alone("pay_serial")
        if request.method == "GET":
            self._memory.count(f"visits changjie {number}")
        plays = self._serial_plays(number)
        return _watch(
            request,
            film_name=f"changjie-{number}",
            poster="/cover/2.jpg",
            seconds=film.SHORT_SECONDS,
            title=f"《长街旧梦》第{number}集",
            full_title=episode.full_title,
            published=_published(number),
            plays=plays,
            likes=_large(plays // 52),
            saves=_large(plays // 190),
            replies=f"{plays // 9_000:,}",
            tags=("古装", "长篇"),
            ai=True,
            intro=library.SERIAL_INTRO,
            comments=(),
            account=library.PUBLISHER,
            episodes=library.SERIAL,
            series_path=_SERIAL_PATH,
            total=len(library.SERIAL),
            number=number,
            page_class="",
        )

    def _original(self, request: Request) -> Reply:
        return _watch(
            request,
            film_name="own",
            title="《桃夭·渡口》",
            full_title="《桃夭·渡口》",
            published=_ORIGINAL_PUBLISHED,
            plays=186_000,
            likes="1.2 万",
            saves="3,406",
            replies="512",
            tags=("汉服", "妆造", "原创"),
            ai=False,
            intro="四月，渡口的桃花开了。发簪是自己做的，教程下次发。",
            comments=(),
            account=library.CLAIMANT,
            episodes=(),
            number=0,
            page_class="",
        )

    def _series(self) -> Reply:
        return _page(
            "series.html",
            title="《桃花渡》全集",
            plays=_large(self._series_plays()),
            saves=_large(self._series_plays() // 148),
            episodes=[
                {
                    "number": episode.number,
                    "name": episode.name,
                    "is_free": episode.is_free,
                    "plays": _large(self._plays(episode.number)),
                }
                for episode in library.EPISODES
            ],
        )

    def _publisher(self, request: Request) -> Reply:
        plays = _large(self._series_plays())
        origin = _origin(request)
        series = {
            "path": "/series/taohuadu",
            "cover": "/cover/3.jpg",
            "title": "《桃花渡》",
            "note": f"更新至 24 集 · 播放 {plays}",
        }
        return _page(
            "account.html",
            title=f"{library.PUBLISHER.name}的主页",
            account=library.PUBLISHER,
            plays=plays,
            works=[series, *_covers()],
            linked_data={
                "@context": "https://schema.org",
                "@type": "ItemList",
                "name": library.PUBLISHER.name,
                "numberOfItems": 2,
                "itemListElement": [
                    {
                        "@type": "ListItem",
                        "position": place,
                        "item": {"@type": "TVSeries", "name": name, "url": origin + path},
                    }
                    for place, (name, path) in enumerate(
                        (("《桃花渡》", "/series/taohuadu"), ("《长街旧梦》", _SERIAL_PATH)), 1
                    )
                ],
            },
        )

    def _complaint(self, path: str) -> Reply:
        if path != "/complaint":
            return text(405, "GET expected")
        today = self._clock.now().astimezone(_CHINA)
        number = f"演练 {today:%Y%m%d}-{31 + self._memory.count('complaints'):04d}"
        return _page(
            "alone.html",
            title="投诉已提交",
            heading="投诉已提交",
            sentence=f"受理编号：{number}",
            english="Received (practice).",
            asks="",
        )

    def _film(self, name: str) -> bytes:
        """The bytes of a video, made when it is first asked for and kept in the folder."""
        path = self._films / f"{name}.mp4"
        with self._filming:
            if not path.exists():
                self._films.mkdir(parents=True, exist_ok=True)
                fresh = path.with_name(f"{name}.{secrets.token_hex(4)}.part.mp4")
                if name.startswith("changjie-"):
                    film.encode_short(int(name.rpartition("-")[2]), fresh)
                else:
                    film.encode(_script(name), fresh)
                # A film is either whole or not there.
                fresh.replace(path)
        return path.read_bytes()


def _script(name: str) -> film.Script:
    if name == "own":
        return film.original()
    return film.drama(int(name), library.EPISODES[int(name) - 1].name)


@cache
def _cover(name: str) -> bytes:
    return film.still(_script(name), 1.4 if name == "own" else (int(name) + 1) % 3 * 3 + 1.4)


def _covers() -> list[dict[str, str]]:
    """The publisher's other six works."""
    looks = [*library.OTHERS, *library.OTHERS[:2]]
    names = ("渡口风灯", "长街旧梦", "南山有信", "云上书院", "渡口风灯 第二季", "长街旧梦 番外")
    return [
        {"path": _SERIAL_PATH if name == "长街旧梦" else "", "cover": "", "name": name,
         "title": f"《{name}》",
         "note": f"播放 {look.plays}", "light": look.light, "dark": look.dark}
        for name, look in zip(names, looks, strict=True)
    ]  # fmt: skip


def _claimant() -> Reply:
    own = {
        "path": "/v/10086001/20250412",
        "cover": "/cover/own.jpg",
        "title": "《桃夭·渡口》",
        "note": f"{_ORIGINAL_PUBLISHED:%Y-%m-%d} · 播放 18.6 万",
    }
    return _page(
        "account.html",
        title=f"{library.CLAIMANT.name}的主页",
        account=library.CLAIMANT,
        plays="412.7 万",
        works=[own],
        linked_data=None,
    )


def _published(number: int) -> datetime:
    """Three episodes of 《长街旧梦》 an evening."""
    return datetime(2026, 10, 20, 19, 0, tzinfo=_CHINA) + timedelta(days=(number - 1) // 3)


def _watched(plays: int) -> dict[str, object]:
    return {
        "@type": "InteractionCounter",
        "interactionType": "https://schema.org/WatchAction",
        "userInteractionCount": plays,
    }


def _linked(episode: library.Episode, origin: str, plays: int) -> dict[str, object]:
    """One episode as linked data; a locked one has no address."""
    told: dict[str, object] = {
        "@type": "TVEpisode",
        "episodeNumber": episode.number,
        "name": episode.name,
        "isAccessibleForFree": episode.is_free,
        "duration": f"PT{film.SHORT_SECONDS}S",
        "datePublished": f"{_published(episode.number):%Y-%m-%d}",
        "interactionStatistic": _watched(plays),
    }
    if episode.is_free:
        told["url"] = f"{origin}{_SERIAL_PATH}/ep/{episode.number}"
    return told


def _watch(
    request: Request,
    *,
    film_name: str,
    plays: int,
    published: datetime,
    poster: str = "",
    seconds: int = film.SECONDS,
    **words: object,
) -> Reply:
    """A page with a player; ``words`` fill the template."""
    origin = _origin(request)
    video, poster = f"/video/{film_name}.mp4", poster or f"/cover/{film_name}.jpg"
    linked_data = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": words["full_title"],
        "description": words["intro"],
        "contentUrl": origin + video,
        "thumbnailUrl": origin + poster,
        "uploadDate": published.isoformat(),
        "duration": f"PT{seconds}S",
        "interactionStatistic": _watched(plays),
    }
    return _page(
        "episode.html",
        origin=origin,
        address=origin + quote(request.path),
        video=video,
        poster=poster,
        plays=_large(plays),
        published=f"{published:%Y-%m-%d %H:%M}",
        published_iso=published.isoformat(),
        linked_data=linked_data,
        **{"series_path": "/series/taohuadu", "total": 80, **words},
    )


def _trouble(path: str, request: Request, private_url: str) -> Reply:
    """The pages on which something is wrong on purpose; anything unknown is a 404."""
    leads = {
        "/redirect": "/redirect-again",
        "/redirect-again": "/series/taohuadu/ep/3",
        "/redirect-loop": "/redirect-loop",
        "/redirect-private": "http://169.254.169.254/latest/meta-data/",
        "/redirect-loopback": private_url,
        "/redirect-file": "file:///etc/passwd",
    }
    if path in leads:
        return Reply(status=302, headers=(("Location", leads[path]),))
    match path:
        case "/empty":
            return Reply()
        case "/slow":
            asked = parse_qs(request.query).get("seconds", ["20"])[0]
            seconds = int(asked) if asked.isascii() and asked.isdigit() else 20
            request.stopping.wait(min(seconds, _SLOWEST_S))
            return _page("agreement.html", title="慢页面")
        case "/download":
            name = quote("../桃花渡\u202e 第3集.exe", safe="")
            return Reply(
                body=b"practice download\n",
                content_type="application/octet-stream",
                headers=(("Content-Disposition", f"attachment; filename*=UTF-8''{name}"),),
            )
    return _alone("/404")


def _alone(path: str) -> Reply:
    status, heading, sentence, english, asks = _ALONE[path]
    page = _page(
        "alone.html",
        title=heading,
        heading=heading,
        sentence=sentence,
        english=english,
        asks=asks,
    )
    return Reply(status=status, body=page.body)


def _feed(origin: str) -> Reply:
    """RSS 2.0 over the free episodes, first one first."""
    from xml.sax.saxutils import escape

    series = f"{origin}/series/taohuadu"
    items = "".join(
        f"<item><title>{escape(episode.full_title)}</title>"
        f"<link>{series}/ep/{episode.number}</link>"
        f'<guid isPermaLink="true">{series}/ep/{episode.number}</guid>'
        f"<pubDate>{_PUBLISHED:%a, %d %b %Y %H:%M:%S} +0800</pubDate></item>\n"
        for episode in library.EPISODES
        if episode.is_free
    )
    feed = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>《桃花渡》</title><link>{series}</link>"
        f"<description>{escape(library.INTRO)}</description>\n{items}</channel></rss>\n"
    )
    return Reply(body=feed.encode(), content_type="application/rss+xml; charset=utf-8")


def _serial_feed(origin: str, plays: Callable[[int], int]) -> Reply:
    """Media RSS over the free episodes of 《长街旧梦》."""
    from xml.sax.saxutils import escape

    series = origin + _SERIAL_PATH
    items = "".join(
        f"<item><title>{escape(one.full_title)}</title><link>{series}/ep/{one.number}</link>"
        f"<pubDate>{_published(one.number):%a, %d %b %Y %H:%M:%S} +0800</pubDate>"
        f'<media:content url="{origin}/video/changjie-{one.number}.mp4" type="video/mp4"'
        f' duration="{film.SHORT_SECONDS}"/><media:community>'
        f'<media:statistics views="{plays(one.number)}"/></media:community></item>\n'
        for one in library.SERIAL
        if one.is_free
    )
    feed = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"<title>《长街旧梦》</title><link>{series}</link>\n{items}</channel></rss>\n"
    )
    return Reply(body=feed.encode(), content_type="application/rss+xml; charset=utf-8")


def _ranged(body: bytes, request: Request) -> Reply:
    """The video, or the part that was asked for (RFC 9110 §14)."""
    accept = ("Accept-Ranges", "bytes")
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or wanted.groups() == ("", ""):
        return Reply(body=body, content_type="video/mp4", headers=(accept,))
    size = len(body)
    if wanted[1]:
        first = int(wanted[1])
        last = min(int(wanted[2]), size - 1) if wanted[2] else size - 1
    else:
        first, last = max(0, size - int(wanted[2])), size - 1
    if first > last:
        return Reply(status=416, headers=(accept, ("Content-Range", f"bytes */{size}")))
    return Reply(
        status=206,
        body=body[first : last + 1],
        content_type="video/mp4",
        headers=(accept, ("Content-Range", f"bytes {first}-{last}/{size}")),
    )


def _origin(request: Request) -> str:
    return "http://" + request.headers.get("host", HOST)


def _large(count: int) -> str:
    """``1,286.4 万``, as such sites write it."""
    if count >= 100_000_000:
        return f"{count / 100_000_000:.1f} 亿"
    return f"{count / 10_000:,.1f} 万" if count >= 10_000 else f"{count:,}"


def _page(template: str, **fields: object) -> Reply:
    shown = (
        _templates()
        .get_template(template)
        .render({"others": library.OTHERS, "intro": library.INTRO, "page_class": "", **fields})
    )
    return Reply(body=shown.encode("utf-8", "replace"))


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: _packed(name).decode()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def _packed(name: str) -> bytes:
    return files("holdfast.practice").joinpath("pages", name).read_bytes()
