"""One visit to one page: what is there is kept, and what is missing is said.

Whoever opened the page, an unattended capture or a person in the evidence browser, the same visit
keeps it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from holdfast.adapters import browser, tiles
from holdfast.adapters.archive import Archive, Opened
from holdfast.adapters.pagetext import PageText
from holdfast.adapters.scripts import CLOSER, COVER, FACTS, TEXT
from holdfast.adapters.tab import Tab
from holdfast.adapters.tiles import Unrolled, Unrolling
from holdfast.core.canonical import Json, canonical, one_line, rfc3339, visible
from holdfast.core.completeness import PageSeen, agreement, judged
from holdfast.core.errors import HoldfastError, Unavailable
from holdfast.core.evidence import (
    CapturedFile,
    Check,
    Counter,
    Network,
    Observations,
    Role,
    Shown,
)
from holdfast.core.observed import Spot, counter_name, counters, filing_spots, label, labels
from holdfast.core.withheld import shown
from holdfast.ports import Clock

LOG_LIMIT = 64 << 10
BROKEN = (
    "browser_gone",
    "browser_stuck",
    "browser_refused",
    "page_closed",
    "page_crashed",
    "page_left",
    "page_stuck",
)
"""How a browser ends before everything is kept; what is there by then stays."""
MOST_BOXES = 4
"""Boxes that scroll inside a page and are pictured by themselves, largest first."""


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
        (self.folder / name).write_bytes(data)
        self.take(name, media_type, role)

    def take(self, name: str, media_type: str, role: Role = "original") -> None:
        """What was written as ``name`` in the folder is a file of the capture."""
        self.files.append(
            CapturedFile(
                at=self.folder / name,
                path=f"files/{name}",
                media_type=media_type,
                obtained=rfc3339(self._clock.now()),
                role=role,
                name=name,
            )
        )


class Visit:
    """One visit to one page."""

    def __init__(
        self,
        tab: Tab,
        program: browser.Browser,
        kept: Kept,
        archive: Archive | None = None,
        *,
        close_banner: bool = False,
        private: bool = False,
    ) -> None:
        """``archive`` was made beside ``tab`` already: what opens the page is its to hear.

        ``private`` is for a browser in which somebody is logged in: of the server's answer nothing
        is written down that would open their account.  What the page itself holds stays.
        """
        self.tab = tab
        self.final_url = ""
        self._archive = archive
        self._program = program
        self._kept = kept
        self._close_banner = close_banner
        self._private = private
        self._words = PageText(tab)
        self._facts: dict[str, Any] = {}
        self._cover: dict[str, Any] = {}
        self._closed: dict[str, Json] | None = None
        self._covered_after: int | None = None
        self._text = ""
        self._reached_end = True
        self._page = Unrolled(box=0)
        self._boxes: list[Unrolled] = []
        self._boxes_there = 0
        self._laid_out: tuple[int, int] | None = None
        self._archived: tuple[int, int] | None = None
        self._printed: int | None = None
        self.broken = ""
        """Why the browser ended or hung before everything was kept."""
        self._told: tuple[Check, ...] = ()
        self._certificates: tuple[bytes, ...] = ()

    def go(self, url: str) -> None:
        """The page is opened and everything of it kept."""
        Thread(target=tiles.load, name="tiles", daemon=True).start()
        self.tab.open(url)
        self.keep(url)

    def keep(self, url: str, *, scroll: bool = True) -> None:
        """Everything of the page that is open now is kept; it is at ``url`` if it does not say.

        Without ``scroll`` nothing late is waited for, and the page is pictured as far down as it
        goes now; then it stands where it stood.  A browser that ends or hangs on the way leaves
        what was kept until then, and the checks say so; where that is nothing, it raises as
        ``Tab.open``.
        """
        kept = self._kept
        self._program.stage = "saving"
        self.final_url = one_line(url)
        try:
            self.tab.stay()
            self._keep(scroll=scroll)
        except Unavailable as error:
            self.tab.check_address()
            if not kept.files or error.code not in BROKEN:
                raise
            self.broken = error.code
            if self._archive is not None and not self._told:
                self._told = self._archive.salvage(kept.folder, kept.files, self._opened())
        except BaseException as error:
            if not isinstance(error, HoldfastError):
                # A bug of ours leaves what was kept, but nothing that came from inside.
                self.tab.check_address()
            raise
        finally:
            self.tab.go_on()
        kept.add("page.json", canonical(self._record()), "application/json", "record")

    def _keep(self, *, scroll: bool) -> None:
        tab, kept = self.tab, self._kept
        if self._archive is not None:
            self._archive.prepare()
        # A question first: a page whose scripts never let go draws nothing until they are stopped.
        self._facts = dict(tab.evaluate(FACTS) or {})
        kept.add("viewport.png", tab.picture(), "image/png")
        self._served()
        self.final_url = one_line(str(self._facts.get("url") or self.final_url))
        where = tab.evaluate("[scrollX, scrollY]") or [0, 0]
        self._reached_end = tab.scroll_through() if scroll else True
        tab.check_there()
        if self._archive is not None:
            self._archive.expect()
        self._pictures(grows=scroll and self._reached_end)
        self._read()
        if self._close_banner and self._cover.get("share"):
            self._close()
        if not scroll:
            tab.place(0, float(where[0]), float(where[1]))
        if self._archive is not None:
            self._archive.gather(self.final_url)
        # Printing lays the page out anew, so nothing is asked of the page any more.
        printing = tab.begin_print()
        if self._archive is not None:
            self._told = self._archive.keep(kept.folder, kept.files, self._opened())
        if tab.print(printing, kept.folder / "page.pdf"):
            kept.take("page.pdf", "application/pdf")
            self._printed = _sheets(kept.folder / "page.pdf")
        else:
            self._printed = 0
        tab.check_there()

    def _opened(self) -> Opened:
        title = str(self._facts.get("title", ""))
        return Opened(url=self.final_url, title=title, text=self._text)

    def _served(self) -> None:
        """The document as the server sent it, and who the server was."""
        tab, kept = self.tab, self._kept
        if body := tab.body():
            kind = tab.document.media_type if tab.document else ""
            kept.add("document.bin", body, one_line(kind) or "application/octet-stream", "record")
        self._certificates = tab.certificates()
        for number, certificate in enumerate(self._certificates, 1):
            kept.add(f"certificate-{number}.der", certificate, "application/pkix-cert", "record")

    @property
    def _refused(self) -> list[tuple[str, HoldfastError]]:
        """Links that were not let out since the page was loaded."""
        return self._program.gate.refused[self.tab.refused_from :]

    def _pictures(self, *, grows: bool) -> None:
        """The page from top to bottom, and what scrolls inside it."""
        tab = self.tab
        tab.place(0, 0, 0)
        self._words.whole()
        self._cover = dict(tab.evaluate(COVER) or {})
        self._page = self._unroll(0, "page", grows=grows)
        self._boxes_there, placed = tab.boxes(MOST_BOXES)
        for box in range(1, placed + 1):
            with tab.box_shown(box):
                self._boxes.append(self._unroll(box, f"box-{box}", grows=grows))
        tab.place(0, 0, 0)

    def _unroll(self, box: int, stem: str, *, grows: bool) -> Unrolled:
        unrolling = Unrolling(
            self.tab,
            box,
            grows=grows,
            seen=lambda place: self._words.passed(place, box),
        )
        if not box:
            self._page = unrolling.done
        return unrolling.into(
            self._kept.folder, stem, lambda name: self._kept.take(name, "image/png")
        )

    def _read(self) -> None:
        """The page as text, with its places, and as an archive; each is compared with the other."""
        tab, kept = self.tab, self._kept
        self._facts = dict(tab.evaluate(FACTS) or {}) or self._facts
        self.final_url = one_line(str(self._facts.get("url") or self.final_url))
        texts = [str(tab.evaluate(TEXT) or ""), *tab.frame_texts()]
        rendered = visible("\n\n".join(texts))
        words = self._words
        later = [run.text.strip() for run in words.later]
        passed = [text for text in dict.fromkeys(later) if text not in rendered]
        self._text = "\n\n".join(part for part in (rendered, "\n".join(passed)) if part)
        kept.add("page.txt", self._text.encode(), "text/plain")
        kept.add("page-text.json", words.body(), "application/json")
        archive = tab.archive()
        kept.add("page.mhtml", archive, "multipart/related")
        self._laid_out = agreement(rendered, "".join(run.text for run in words.runs))
        charset = str(self._facts.get("charset", ""))
        self._archived = agreement(texts[0], archived_text(archive, charset))

    def _close(self) -> None:
        """What lies over the page is closed as a reader would, and the page pictured once more.

        Nothing is agreed to: where there is only a button that accepts, it stays.
        """
        tab, kept = self.tab, self._kept
        button = tab.evaluate(CLOSER)
        if not button:
            self._closed = {"button": "", "covered_after": int(self._cover["share"])}
            return
        tab.click(float(button["x"]), float(button["y"]))
        tab.settle()
        after = dict(tab.evaluate(COVER) or {})
        kept.add("closed-viewport.png", tab.picture(), "image/png")
        text = visible(str(tab.evaluate(TEXT) or ""))
        kept.add("closed-page.txt", text.encode(), "text/plain")
        unrolling = Unrolling(tab, 0, grows=False, seen=lambda _: None)
        pictured = unrolling.into(
            kept.folder, "closed-page", lambda name: kept.take(name, "image/png")
        )
        tab.place(0, 0, 0)
        self._covered_after = int(after.get("share", 0))
        self._closed = {
            "button": one_line(str(button["text"])[:100]),
            "covered_after": self._covered_after,
            "picture": pictured.body(),
        }

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
        document, page = self.tab.document, self._page
        seen = judged(
            PageSeen(
                typed=typed,
                final_url=self.final_url,
                status=document.status if document else None,
                title=str(self._facts.get("title", "")),
                text=self._text,
                password_field=bool(self._facts.get("password")),
                finished=self.tab.finished,
                answering=self.tab.answering,
                content_height=round(page.content_height - page.began),
                picture_height=page.height,
                content_width=round(page.content_width),
                picture_width=round(page.width / page.scale),
                steady=page.steady,
                whole=page.whole and self._reached_end,
                inner_left=self._boxes_there - sum(box.covered for box in self._boxes),
                covered=self._cover.get("share"),
                covered_after=self._covered_after,
                covered_by=str(self._cover.get("text", "")),
                laid_out=self._laid_out,
                archived=self._archived,
                printed=self._printed,
                broken=self.broken,
                held=tuple(self.tab.held),
                left=self.tab.left,
                colour=page.colour,
                failed=self.tab.failed,
                refused=tuple(one_line(url[:200]) for url, _ in self._refused),
                certificate_error=self.tab.certificate_error if secure else None,
            )
        )
        return (*seen, *self._told)

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
            shown=self._shown(),
        )

    def _shown(self) -> tuple[Shown, ...]:
        """Labels and filing numbers, with their places in the pictures."""
        runs = self._words.runs
        return (
            *(self._placed("ai_label", spot) for spot in labels(runs)),
            *(self._placed("icp", spot) for spot in filing_spots(runs)),
        )

    def _placed(self, kind: Literal["ai_label", "icp"], spot: Spot) -> Shown:
        whole = next((one for one in (self._page, *self._boxes) if one.box == spot.box), None)
        scale = whole.scale if whole else 1.0
        row = round((spot.y - (whole.began if whole else 0)) * scale)
        known = self._words.frames[spot.frame][1] is not None and whole is not None
        parts = [part for part in whole.parts if 0 <= row - part.top < part.rows] if whole else []
        part = parts[0] if known and parts else None
        return Shown(
            kind=kind,
            text=spot.text,
            file=part.file if part else "",
            x=round(spot.x * scale),
            y=row - part.top if part else row,
            width=round(spot.width * scale),
            height=round(spot.height * scale),
        )

    def _shown_header(self, name: str, value: str) -> str:
        return (shown(name, value) if self._private else value)[:8000]

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
                    {"name": one_line(name), "value": visible(self._shown_header(name, value))}
                    for name, value in document.headers
                ],
                "tls": one_line(json.dumps(document.security, sort_keys=True)[:20_000]),
            },
            "passed": list(tab.passed),
            "failed": [{"url": url, "reason": reason} for url, reason in tab.lost],
            "refused": [
                {"url": one_line(url[:2000]), "reason": error.code}
                for url, error in self._refused[:500]
            ],
            "dialogs": list(tab.dialogs),
            "downloads": list(tab.downloads),
            "popups": list(tab.popups),
            "held": list(tab.held),
            "left": tab.left,
            "requests_still_open": tab.still_open,
            "pictures": [self._page.body(), *(box.body() for box in self._boxes)],
            "boxes_not_pictured": self._boxes_there - len(self._boxes),
            "covered": {
                "percent": int(self._cover.get("share", 0)),
                "text": visible(str(self._cover.get("text", ""))),
            },
            "closed": self._closed,
            "ended": self.broken,
        }


def _sheets(pdf: Path) -> int:
    """How many pages a PDF of the browser's has; 0 for one that does not end."""
    data = pdf.read_bytes()
    return len(re.findall(rb"/Type\s*/Page\b", data)) if b"%%EOF" in data[-32:] else 0


def plain_png(data: bytes) -> tuple[bytes, str]:
    """The picture without alpha, its pixels untouched; and its colour, if it has only one."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        plain = picture.convert("RGB")
        plain.save(out, "PNG", compress_level=3)
        low, high = zip(*plain.getextrema(), strict=True)
    colour = "#" + "".join(f"{value:02x}" for value in low) if low == high else ""
    return out.getvalue(), colour


def archived_text(archive: bytes, charset: str) -> str:
    """The words of the pages inside an MHTML file, without their markup.

    The browser writes them as the page was encoded, in ``charset``, and does not say so.
    """
    from email import message_from_bytes
    from email.policy import HTTP

    from holdfast.adapters.markup import Markup

    class Words(Markup):
        said: list[str]
        inside = 0

        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  its signature
            self.inside += tag in ("script", "style")

        def handle_endtag(self, tag: str) -> None:
            self.inside -= tag in ("script", "style") and self.inside > 0

        def handle_data(self, data: str) -> None:
            if not self.inside:
                self.said.append(data)

    words = Words()
    words.said = []
    for part in message_from_bytes(archive, policy=HTTP).walk():
        if part.get_content_type() == "text/html":
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                words.feed(_decoded(body, charset))
    return "".join(words.said)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        with suppress(LookupError):
            return body.decode(charset or "utf-8", "replace")
    return body.decode(errors="replace")


def keep_log(log: Path, room: Path, kept: Kept) -> None:
    """What the browser complained of, without the places of this computer."""
    text = log.read_bytes()[-LOG_LIMIT:].decode("utf-8", "replace")
    for place in (str(room), str(Path.home())):
        text = text.replace(place, "…")
    if text.strip():
        kept.add("browser.log", visible(text).encode(), "text/plain", "record")
