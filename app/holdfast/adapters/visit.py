"""One visit to one page: what is there is kept, and what is missing is said.

Whoever opened the page, an unattended capture or a person in the evidence browser, the same visit
keeps it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.adapters import browser
from holdfast.adapters.archive import Archive
from holdfast.adapters.tab import TEXT, Tab
from holdfast.core.canonical import Json, canonical, one_line, rfc3339, visible
from holdfast.core.completeness import PageSeen, judged
from holdfast.core.errors import HoldfastError, Unavailable
from holdfast.core.evidence import (
    CapturedFile,
    Check,
    Counter,
    Network,
    Observations,
    Role,
)
from holdfast.core.observed import counter_name, counters, label
from holdfast.ports import Clock

if TYPE_CHECKING:
    from PIL import Image

TILE = 4000
PICTURE = 16_000
"""Pixels of one picture's height; a longer page has several."""
MOST_PICTURES = 8
WIDEST = 4000
LOG_LIMIT = 64 << 10

# What a page says of itself in machine-readable words (schema.org, Open Graph), where it does.
_FACTS = """(() => {
  const text = (node) => !node ? '' :
    String(node.getAttribute('content') || node.innerText || '').trim().slice(0, 200);
  const first = (...queries) => {
    for (const query of queries) { const t = text(document.querySelector(query)); if (t) return t; }
    return '';
  };
  const counters = [];
  for (const node of document.querySelectorAll('[itemprop="interactionStatistic"]')) {
    const type = node.querySelector('[itemprop="interactionType"]');
    const value = text(node.querySelector('[itemprop="userInteractionCount"]'));
    const kind = type ? (type.getAttribute('href') || type.getAttribute('content') || '') : '';
    if (value && kind) counters.push([kind.slice(0, 100), value]);
  }
  const named = new Set([...document.querySelectorAll(
    '.account, .author-name, .nickname, .user-name, .username')].map(text).filter(Boolean));
  const shown = (node) => { const box = node.getBoundingClientRect();
    return box.width > 0 && box.height > 0; };
  const scrolls = (node) => node.scrollHeight > node.clientHeight + 200 &&
    node.clientHeight * node.clientWidth > innerHeight * innerWidth / 2 &&
    /auto|scroll|overlay/.test(getComputedStyle(node).overflowY);
  const boxes = [...document.querySelectorAll('body, body *')].slice(0, 20000);
  return {
    title: String(document.title || '').slice(0, 1000),
    url: String(location.href).slice(0, 8000),
    account: first('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]',
      'meta[name="author"]', 'meta[property="article:author"]') ||
      (named.size === 1 ? [...named][0] : ''),
    counters: counters.slice(0, 50),
    password: [...document.querySelectorAll('input[type="password"]')].some(shown),
    inner: boxes.some(node => node !== document.scrollingElement && scrolls(node)),
  };
})()"""


class Kept:
    """The files of one capture as they come in."""

    def __init__(self, room: Path, clock: Clock) -> None:
        self._clock = clock
        self.folder = room / "files"
        self.folder.mkdir()
        self.started = rfc3339(clock.now())
        self.files: list[CapturedFile] = []

    def add(self, name: str, data: bytes, media_type: str, role: Role = "original") -> None:
        """``data`` is a file of the capture.  ``name`` is ours and safe."""
        at = self.folder / name
        at.write_bytes(data)
        self.files.append(
            CapturedFile(
                at=at,
                path=f"files/{name}",
                media_type=media_type,
                obtained=rfc3339(self._clock.now()),
                role=role,
                name=name,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pictured:
    height: int
    content: int
    steady: bool
    colour: str


class Visit:
    """One visit to one page."""

    def __init__(
        self, tab: Tab, program: browser.Browser, kept: Kept, archive: Archive | None = None
    ) -> None:
        self.tab = tab
        self._archive = archive
        self.final_url = ""
        self._program = program
        self._kept = kept
        self._facts: dict[str, Any] = {}
        self._text = ""
        self._reached_end = True
        self._pictured = _Pictured(height=0, content=0, steady=True, colour="")
        self._certificates: tuple[bytes, ...] = ()

    def go(self, url: str) -> None:
        """The page is opened and everything of it kept."""
        self.tab.open(url)
        self.keep(url)

    def keep(self, url: str, *, scroll: bool = True) -> None:
        """Everything of the page that is open now is kept; it is at ``url`` if it does not say.

        Without ``scroll`` it is kept as it stands, and nothing late is waited for.
        """
        tab, kept = self.tab, self._kept
        self._program.stage = "saving"
        self._reached_end = tab.scroll_through() if scroll else True
        tab.check_there()
        self._pictured = self._picture()
        kept.add("viewport.png", plain_png(tab.picture())[0], "image/png")
        self._facts = dict(tab.evaluate(_FACTS) or {})
        texts = [str(tab.evaluate(TEXT) or ""), *tab.frame_texts()]
        self._text = visible("\n\n".join(texts))
        kept.add("page.txt", self._text.encode(), "text/plain")
        kept.add("page.mhtml", tab.archive(), "multipart/related")
        if body := tab.body():
            kind = tab.document.media_type if tab.document else ""
            kept.add("document.bin", body, one_line(kind) or "application/octet-stream", "record")
        self._certificates = tab.certificates()
        for number, certificate in enumerate(self._certificates, 1):
            kept.add(f"certificate-{number}.der", certificate, "application/pkix-cert", "record")
        if self._archive is not None:
            title = str(self._facts.get("title", ""))
            self._archive.keep(kept.folder, kept.files, url=url, title=title, text=self._text)
        tab.check_there()
        self.final_url = one_line(str(self._facts.get("url") or url))
        kept.add("page.json", canonical(self._record()), "application/json", "record")

    @property
    def _refused(self) -> list[tuple[str, HoldfastError]]:
        """Links that were not let out since the page was loaded."""
        return self._program.gate.refused[self.tab.refused_from :]

    def _picture(self) -> _Pictured:
        """The whole page as one picture, or as several of PICTURE rows."""
        before = self.tab.layout()
        width = min(max(before.width, 1), WIDEST)
        height = min(max(before.height, 1), PICTURE * MOST_PICTURES)
        tops = range(0, height, PICTURE)
        colours: set[str] = set()
        for number, top in enumerate(tops, 1):
            name = "page.png" if len(tops) == 1 else f"page-{number}.png"
            rows = min(PICTURE, height - top)
            picture = _assembled(self._tiles(top, rows, width), width, rows)
            colours.add(_one_colour(picture))
            self._kept.add(name, _png(picture), "image/png")
        return _Pictured(
            height=height,
            content=before.height,
            steady=self.tab.layout() == before,
            colour=colours.pop() if len(colours) == 1 else "",
        )

    def _tiles(self, top: int, rows: int, width: int) -> Iterator[bytes]:
        for at in range(top, top + rows, TILE):
            yield self.tab.picture((0, at, width, min(TILE, top + rows - at)))

    def network(self, dns: tuple[str, ...]) -> Network | None:
        """The connection that brought the document itself."""
        document = self.tab.document
        if document is None:
            return None
        security = document.security
        exchange = f"{security.get('keyExchange') or ''} {security.get('keyExchangeGroup') or ''}"
        cipher = f"{exchange} {security.get('cipher') or ''} {security.get('mac') or ''}"
        return Network(
            address=document.address,
            tls_version=one_line(str(security.get("protocol") or "")),
            tls_cipher=one_line(cipher),
            certificate_sha256=tuple(hashlib.sha256(c).hexdigest() for c in self._certificates),
            dns=dns,
        )

    def checks(self, secure: bool, typed: str) -> tuple[Check, ...]:
        """What is complete about it and what is not."""
        document = self.tab.document
        page = judged(
            PageSeen(
                typed=typed,
                final_url=self.final_url,
                status=document.status if document else None,
                title=str(self._facts.get("title", "")),
                text=self._text,
                password_field=bool(self._facts.get("password")),
                finished=self.tab.finished,
                answering=self.tab.answering,
                content_height=self._pictured.content,
                picture_height=self._pictured.height,
                steady=self._pictured.steady and self._reached_end,
                inner_scroll=bool(self._facts.get("inner")),
                colour=self._pictured.colour,
                failed=tuple(self.tab.failed),
                refused=tuple(one_line(url[:200]) for url, _ in self._refused),
                certificate_error=self.tab.certificate_error if secure else None,
            )
        )
        return page if self._archive is None else (*page, *self._archive.checks)

    def observations(self) -> Observations:
        """What the page said of itself."""
        stated = [
            Counter(name=name, value=one_line(str(value)))
            for kind, value in self._facts.get("counters", [])
            if (name := counter_name(str(kind)))
        ] or list(counters(self._text))
        if found := label(self._text):
            stated.append(Counter(name="ai_label", value=found))
        return Observations(
            title=one_line(str(self._facts.get("title", ""))),
            status=self.tab.document.status if self.tab.document else None,
            account=one_line(str(self._facts.get("account", ""))),
            counters=tuple(stated),
        )

    def _record(self) -> dict[str, Json]:
        tab, document = self.tab, self.tab.document
        return {
            "user_agent": one_line(tab.user_agent),
            "document": None
            if document is None
            else {
                "url": one_line(document.url[:8000]),
                "status": document.status,
                "address": document.address,
                "media_type": one_line(document.media_type),
                "headers": [
                    {"name": one_line(name), "value": visible(value)[:8000]}
                    for name, value in document.headers
                ],
                "tls": one_line(json.dumps(document.security, sort_keys=True)[:20_000]),
            },
            "passed": list(tab.passed),
            "failed": list(tab.failed),
            "refused": [
                {"url": one_line(url[:2000]), "reason": error.code}
                for url, error in self._refused[:500]
            ],
            "dialogs": list(tab.dialogs),
            "downloads": list(tab.downloads),
            "popups": list(tab.popups),
            "requests_still_open": tab.still_open,
        }


def _assembled(tiles: Iterator[bytes], width: int, rows: int) -> Image.Image:
    """The tiles under one another.  Raises Unavailable when one is not of the size asked for."""
    from PIL import Image

    picture = Image.new("RGB", (width, rows))
    top = 0
    for tile in tiles:
        with Image.open(io.BytesIO(tile), formats=("PNG",)) as part:
            if part.size != (width, min(TILE, rows - top)):
                raise Unavailable("browser_refused", command="captureScreenshot", reason="size")
            picture.paste(part.convert("RGB"), (0, top))
            top += part.height
    return picture


def plain_png(data: bytes) -> tuple[bytes, str]:
    """The picture without alpha, its pixels untouched; and its colour, if it has only one."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        plain = picture.convert("RGB")
        return _png(plain), _one_colour(plain)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _one_colour(picture: Image.Image) -> str:
    """``#rrggbb`` when every pixel is the same, else empty."""
    low, high = zip(*picture.getextrema(), strict=True)
    return "#" + "".join(f"{value:02x}" for value in low) if low == high else ""


def keep_log(log: Path, room: Path, kept: Kept) -> None:
    """What the browser complained of, without the places of this computer."""
    text = log.read_bytes()[-LOG_LIMIT:].decode("utf-8", "replace")
    for place in (str(room), str(Path.home())):
        text = text.replace(place, "…")
    if text.strip():
        kept.add("browser.log", visible(text).encode(), "text/plain", "record")
