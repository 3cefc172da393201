"""A case with one exhibit of each newer kind of capture, with the records its source writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from fakes.desk import Desk
from fakes.papers import film, png, seal
from holdfast.core.canonical import Json, canonical
from holdfast.core.case import Case
from holdfast.core.chain import FIRST_LINK, linked
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Counter,
    Exhibit,
    MarkSeen,
    Network,
    Observations,
    Received,
    Role,
    Shown,
    SourceKind,
    Target,
)
from holdfast.core.not_before import Block, NotBefore
from holdfast.core.recording import Segment, Tale, read_wish
from holdfast.core.recording_code import RecordingCode, Sighting, record
from holdfast.core.series import Listed, Listing, listed

KINDS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "mp4": "video/mp4",
    "mkv": "video/x-matroska",
    "m4s": "video/mp4",
    "txt": "text/plain",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "mhtml": "multipart/related",
    "wacz": "application/wacz+zip",
    "pdf": "application/pdf",
    "html": "text/html",
    "m3u8": "application/vnd.apple.mpegurl",
}
DERIVED = ("viewing.mp4", "recording.mp4", "inventory.json", "media/1.mp4")
RECORDS = (
    "recording.json", "segments.jsonl", "events.jsonl", "phone.json", "code.json", "browser.json",
    "page.json", "media.json", "marks.json", "traffic.json",
)  # fmt: skip
BEGUN, ENDED = "2026-11-12T13:03:11.482Z", "2026-11-12T13:05:02.117Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wild:
    """Text from outside that the records hold; a test puts hostile text in its place."""

    title: str = "《桃花渡》第3集"
    step: str = ""
    reason: str = "要输入密码"
    device: str = "Built-in Audio Analog Stereo 的监听"
    package: str = "com.yanlian.play"
    model: str = "YL-7"
    button: str = "暂不登录"
    label: str = "疑似AI生成，请谨慎甄别"
    value: str = "312.7 万"


def made(
    room: Path,
    source: SourceKind,
    files: Mapping[str, bytes],
    *,
    url: str = "",
    typed: str = "",
    checks: Sequence[Check] = (),
    observed: Observations = Observations(),  # noqa: B008  frozen
    received: Received | None = None,
    started: str = BEGUN,
) -> Captured:
    """What a source hands over; roles and types follow from the names."""
    folder = room / f"{source}-{len(list(room.glob('*')))}"
    kept = []
    for name, data in files.items():
        at = folder / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)
        role: Role = "original"
        if name in DERIVED:
            role = "derived"
        elif name in RECORDS:
            role = "record"
        kept.append(
            CapturedFile(
                at=at,
                path=f"files/{name}",
                name=name.rpartition("/")[2],
                media_type=KINDS[name.rpartition(".")[2]],
                role=role,
                derived_from=f"files/{next(iter(files))}" if role == "derived" else None,
                obtained=ENDED,
            )
        )
    return Captured(
        source=source,
        target=Target(typed=typed or url, url=url, final_url=url),
        files=tuple(kept),
        started=started,
        finished=ENDED,
        components=(Component(name="Chromium", version="142"),) if source == "page" else (),
        network=Network(address="198.51.100.24:443") if url else None,
        completeness=tuple(checks),
        observations=observed,
        received=received,
    )


# --- the screen ----------------------------------------------------------------------------------


def chained(count: int, *, first: int = 0) -> tuple[list[Segment], dict[str, bytes]]:
    """A title card and so many segments of two seconds, chained, and their files."""
    segments, files, link = [], {}, FIRST_LINK
    for n in range(count + 1):
        kind = "screen" if n else "card"
        name = f"{'segment' if n else 'card'}-{n:05d}.mkv"
        data = f"{kind} {n} {first}".encode()
        digest = sha256(data).hexdigest()
        link = linked(link, digest)
        at = 2000 * max(0, n - 1)
        segments.append(
            Segment(
                n=n,
                kind=kind,  # type: ignore[arg-type]  # one of the two
                file=name,
                size=len(data),
                sha256=digest,
                link=link,
                from_ms=at,
                to_ms=at + 2000,
                started=f"2026-11-12T13:{3 + at // 60000:02d}:{at // 1000 % 60:02d}.000Z",
                ended=f"2026-11-12T13:{3 + (at + 2000) // 60000:02d}:{(at + 2000) // 1000 % 60:02d}"
                ".000Z",
                frames=60,
                dropped=int(n % 7 == 3),
                gap_ms=70,
                preset="superfast" if n > 20 else "veryfast",
                fps=30,
                width=1600,
                height=900,
                samples=2,
                sound_ms=2000,
                level=400,
            )
        )
        files[name] = data
    return segments, files


def told(wild: Wild, *, asked: bool = True) -> list[dict[str, Json]]:
    """The recorder's events."""
    marks = [("time", 3000), ("account", 9500), ("play.start", 14250), (wild.step, 21000)]
    heard: dict[str, Json] = {"state": "on", "device": wild.device, "codec": "aac", "rate": 48000}
    return [
        {
            "event": "started",
            "at_ms": 0,
            "wanted_fps": 30,
            "encoder": {"name": "libx264", "library": "av 15", "crf": 20, "pixels": "yuv420p"},
            "card": {"lines": ["留证 录屏", "案件 HF-2026-0001", f"窗口 {wild.title}"]},
            "area": {"width": 1600, "height": 900},
            "way": "desktop",
        },
        {"event": "sound", "at_ms": 0, **(heard if asked else {"state": "not asked"})},
        *(
            {
                "event": "marked",
                "step": step,
                "at_ms": at,
                "at": f"2026-11-12T13:03:{at // 1000:02d}.{at % 1000:03d}Z",
            }
            for step, at in marks
        ),
        {"event": "paused", "at_ms": 30000, "reason": wild.reason},
        {"event": "resumed", "at_ms": 34000},
        {"event": "screen", "at_ms": 36000, "state": "resized"},
        {"event": "ended", "why": "stopped"},
    ]


def recording(room: Path, wild: Wild, *, segments: int = 40, asked: bool = True) -> Captured:
    """A recording as ``capture.recording`` hands it over, with a real viewing copy."""
    chain, files = chained(segments)
    film(room.parent / "view.mp4", seconds=4)
    wish = read_wish("record;monitor:1;audio;script:drama" if asked else "record:80;monitor:1")
    assert wish is not None
    tale = Tale(wish=wish, segments=tuple(chain), events=tuple(told(wild, asked=asked)))
    viewing = [{"file": "recording.mp4", "from": [one.file for one in chain]}]
    whole = {
        "recording.mp4": (room.parent / "view.mp4").read_bytes(),
        **files,
        "recording.json": canonical(tale.body() | {"viewing": viewing}),
        "segments.jsonl": b"".join(one.line() for one in chain),
        "events.jsonl": b"{}\n",
    }
    return made(room, "recording", whole, typed=wish.target(), checks=tale.checks())


# --- a phone -------------------------------------------------------------------------------------


def phone(room: Path, wild: Wild) -> Captured:
    """A recording by a connected phone."""
    film(room.parent / "phone.mp4", seconds=3)
    look: dict[str, Json] = {
        "at": BEGUN,
        "clock_offset_ms": 412,
        "clock_uncertainty_ms": 35,
        "package": wild.package,
        "activity": ".PlayerActivity",
    }
    body: dict[str, Json] = {
        "format": "holdfast-phone/1",
        "serial": "YL7A0001",
        "listed_as": {"model": wild.model, "product": "yl7"},
        "properties": [
            {"name": "ro.product.manufacturer", "value": "Yanlian"},
            {"name": "ro.product.model", "value": wild.model},
            {"name": "ro.build.version.release", "value": "15"},
            {"name": "ro.build.version.security_patch", "value": "2026-10-05"},
        ],
        "before": look,
        "after": look | {"clock_offset_ms": 420},
        "app": {
            "package": wild.package,
            "activity": ".PlayerActivity",
            "version_name": "8.2.1",
            "version_code": "80201",
            "installer": "com.yanlian.store",
            "first_installed": "2026-01-02 08:00:00",
            "last_updated": "2026-11-01 08:00:00",
            "apk_sha256": "5a" * 32,
            "certificates": [{"scheme": "v2", "sha256": ["c7" * 32]}],
            "certificate_note": "",
        },
        "segments": 2,
        "segment_seconds": 60,
        "longest_gap_ms": 1312,
        "chain_head": "e1" * 32,
        "lost": "",
    }
    files = {
        "segment-0001.mp4": b"first",
        "segment-0002.mp4": b"second",
        "viewing.mp4": (room.parent / "phone.mp4").read_bytes(),
        "segments.jsonl": b"{}\n{}\n",
        "phone.json": canonical(body),
    }
    checks = (
        Check(check="viewing_copy", outcome="pass"),
        Check(check="phone_fetched", outcome="pass", detail="2"),
        Check(check="phone_root", outcome="pass"),
        Check(check="phone_clock", outcome="pass", detail="+0.4"),
    )
    title = f"{wild.model} · {wild.package}"
    return made(
        room,
        "phone",
        files,
        typed="phone::record:120",
        checks=checks,
        observed=Observations(title=title),
    )


def coded(room: Path, wild: Wild, *, seen: bool = True) -> Captured:
    """A film from another phone, with or without its code."""
    code = RecordingCode(
        id="code",
        case_id="case",
        code="K7RMX3PD",
        issued="2026-11-12T12:40:00.000Z",
        expires="2026-11-13T12:40:00.000Z",
        not_before=NotBefore(
            bitcoin=Block(height=921000, hash="00" * 32, header="", sources=("a", "b"))
        ),
    )
    sightings = [Sighting(file="files/IMG-0042.mp4", text=code.payload, at_ms=3200)]
    body = record(
        code if seen else None,
        sightings if seen else [],
        pictures=48,
        said="00:03",
        made=[("files/IMG-0042.mp4", "creation_time", "2026-11-12T12:44:10.000Z")],
    )
    film(room.parent / "import.mp4", seconds=2)
    checks = (Check(check="code_seen", outcome="pass" if seen else "warn", detail="K7RM-X3PD"),)
    return made(
        room,
        "file",
        {"IMG-0042.mp4": (room.parent / "import.mp4").read_bytes(), "code.json": canonical(body)},
        typed="/somewhere/IMG-0042.mp4",
        checks=checks,
        observed=Observations(title=wild.title),
        received=Received(source="取证人的另一部手机", how="数据线"),
    )


# --- a page --------------------------------------------------------------------------------------

FRESH: dict[str, Json] = {
    "browser": "Chromium 142",
    "opened_by": "program",
    "extensions": "off",
    "profile": {"kind": "fresh"},
}
OWN: dict[str, Json] = {
    "browser": "Chromium 142",
    "opened_by": "person",
    "extensions": "off",
    "profile": {
        "kind": "case",
        "created": "2026-11-02T01:00:00.000Z",
        "age_days": 10,
        "used": 4,
        "cookies": 57,
    },
    "kept": "scroll",
    "noticed": [],
}


def marked(wild: Wild) -> bytes:
    """A ``marks.json``: one label, and two files in which none was detected."""
    none: dict[str, Json] = {
        "format": "mp4",
        "read": "",
        "labels": [],
        "iptc": [],
        "c2pa": {"state": "not_detected", "detail": "", "manifest": None},
        "tags": [],
        "faults": [],
    }
    fields = [
        {"name": "Label", "value": "1"},
        {"name": "ContentProducer", "value": wild.title},
        {"name": "ProduceID", "value": "yl-2026-0031"},
    ]
    label: dict[str, Json] = {
        "place": "moov/udta/meta AIGC",
        "fault": "",
        "fields": fields,
        "raw": "{}",
        "producer": {},
    }
    files: list[Json] = [
        none | {"path": "files/media/2-0001.m4s"},
        none | {"path": "files/media/2-0002.m4s"},
        none | {"path": "files/media/1.mp4", "labels": [label]},
    ]
    return canonical({"format": "holdfast-marks/1", "tools": [], "files": files})


def page(
    room: Path, wild: Wild, browser: Mapping[str, Json] = OWN, *, closed: bool = True
) -> Captured:
    """A page with every copy, a film that was caught, and a banner that was closed."""
    film(room.parent / "caught.mp4", seconds=2)
    caught = (room.parent / "caught.mp4").read_bytes()
    media: dict[str, Json] = {
        "players": [],
        "films": [
            {
                "number": 1,
                "way": "hls",
                "url": "https://play.yanlian.example/v/1.m3u8",
                "path": "files/media/1.mp4",
                "pieces": [{"path": f"files/media/1-{n:04d}.m4s"} for n in range(1, 21)],
                "missing": [],
                "ended": True,
                "protected": False,
                "seen": {"milliseconds": 92_400},
                "trouble": "",
            }
        ],
    }
    files = {
        "viewport.png": png(160, 98),
        "page.png": png(300, 900),
        "box-1.png": png(90, 300),
        "page.txt": "桃花渡".encode(),
        "page-text.json": b"{}",
        "page.mhtml": b"archive",
        "page.pdf": b"%PDF",
        "page.wacz": b"PK",
        **({"closed-viewport.png": png(160, 98, shade=5)} if closed else {}),
        **({"closed-page.png": png(300, 900, shade=5)} if closed else {}),
        "media/1-playlist.m3u8": b"#EXTM3U",
        **{f"media/1-{n:04d}.m4s": f"piece {n}".encode() for n in range(1, 21)},
        "media/1.mp4": caught,
        "media.json": canonical(media),
        "marks.json": marked(wild),
        "page.json": canonical({"closed": {"button": wild.button} if closed else None}),
        "browser.json": canonical(dict(browser)),
    }
    spots = (
        Shown(
            kind="ai_label", text=wild.label, file="page.png", x=24, y=310, width=180, height=22
        ),
        Shown(
            kind="icp", text="浙ICP备2026000001号-1", file="page.png", x=40, y=860, width=160,
            height=14,
        ),
    )  # fmt: skip
    checks = [
        Check(check="http_status", outcome="pass", detail="200"),
        Check(check="text_laid_out", outcome="pass", detail="12/12"),
        Check(check="archive_whole", outcome="pass", detail="31"),
        Check(check="devtools_opened", outcome="pass"),
    ]
    observed = Observations(
        title=wild.title,
        status=200,
        account="桃花剧场",
        counters=(
            Counter(name="plays", value=wild.value),
            Counter(name="ai_label", value=wild.label),
        ),
        shown=spots,
        marks=(MarkSeen(file="files/media/1.mp4", kind="aigc", state="found"),),
    )
    url = "https://play.yanlian.example/series/taohuadu/ep/3"
    return made(room, "page", files, url=url, checks=checks, observed=observed)


# --- a series ------------------------------------------------------------------------------------


def episodes(wild: Wild, count: int = 24) -> tuple[Listed, ...]:
    """So many episodes, the last four paid."""
    return tuple(
        listed(
            "json-ld",
            number=n,
            title=f"{wild.title} 之{n}",
            url=f"https://play.yanlian.example/s/taohuadu/{n}",
            access="paid" if n > count - 4 else "free",
            duration_ms=92_000 + n * 700,
            published=f"2026-10-{n % 28 + 1:02d}",
            counters=(Counter(name="plays", value=f"{(240 - n * 3) / 10:.1f} 万"),),
        )
        for n in range(1, count + 1)
    )


def series(
    room: Path,
    wild: Wild,
    started: str = BEGUN,
    counters: Sequence[Counter] = (Counter(name="plays", value="812.4 万"),),
    count: int = 24,
) -> Captured:
    """One inventory of one series."""
    listing = Listing(
        title=wild.title,
        account="桃花剧场",
        stated=24,
        counters=tuple(counters),
        episodes=episodes(wild, count),
    )
    url = "https://play.yanlian.example/s/taohuadu"
    body = listing.body() | {"url": url, "read": []}
    files = {"page-01.html": b"<html>", "inventory.json": canonical(body)}
    observed = Observations(title=wild.title, status=200, counters=tuple(counters))
    checks = (Check(check="series_count", outcome="pass", detail=f"{count}/24"),)
    what = made(room, "series", files, url=url, checks=checks, observed=observed, started=started)
    return replace(what, target=replace(what.target, final_url=url))


def each_kind(desk: Desk, wild: Wild = Wild()) -> tuple[Case, list[Exhibit]]:
    """A case with one of each, two inventories of one series."""
    case = desk.store.open_case("桃花渡一案", "practice")
    room = desk.data / "rooms"
    room.mkdir()
    more = (Counter(name="plays", value="1,034.9 万"),)
    what = [
        recording(room, wild),
        phone(room, wild),
        coded(room, wild),
        page(room, wild),
        page(room, wild, FRESH, closed=False),
        series(room, wild),
        series(room, wild, "2026-11-12T13:04:30.000Z", more),
    ]
    return case, [seal(desk, case, one) for one in what]
