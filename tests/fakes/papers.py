"""Cases for documents: one with everything, one with a single file; and readers of PDF."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

from fakes.desk import Desk
from fakes.environment import READINGS, VALUES, FakeWatch, read
from fakes.environment import run as checked
from holdfast.adapters.render.fonts import MAIN, FaceName, Font, FontBook, covers
from holdfast.adapters.resources import words
from holdfast.core.case import Case, Infringement, Party
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Counter,
    Exhibit,
    Network,
    Observations,
    Received,
    Role,
    SourceKind,
    Target,
)
from holdfast.core.job import Job
from holdfast.core.timestamp import Stamp
from holdfast.ports import Watch
from holdfast.usecases import cases, environment, preserve

TEMPLATES = Path(__file__).parents[2] / "resources" / "documents"

SAMPLE = (
    "他说：“可以。”（《民法典》第一千一百九十五条），随后——又等了三天……再看 https://play.yanlian.example"
    "/series/taohuadu/ep/3?x=1&y=2 2026年，共1,286.4万次、12项！？【附】「甲」『乙』〔丙〕·×§"
)

NASTY = (
    "<img src=file:///etc/passwd> {{case.title}} | **x** `y` <br> <!-- break --> ::: @hash a b"
    " =cmd \x1b[31m \u202eright\u202c 🌸👨‍👩‍👧 𠮷䶮㐂 " + "很长，" * 100
)


def png(width: int, height: int, colour: int = 2, *, bits: int = 8, shade: int = 3) -> bytes:
    """A PNG whose rows differ."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    line, most = (width * channels * bits + 7) // 8, 4 if colour == 3 else 251
    first = bytes(x * shade % most for x in range(line))
    later = [bytes((one + y) % most for one in range(256)) for y in range(most)]
    rows = b"".join(b"\0" + first.translate(later[y % most]) for y in range(height))
    palette = _chunk(b"PLTE", bytes(range(12))) if colour == 3 else b""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + palette
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", check)


def film(at: Path, seconds: int = 3) -> None:
    """A small real video."""
    import av
    from PIL import Image

    with av.open(str(at), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(seconds * 5):
            picture = Image.new("RGB", (160, 90), (number * 10 % 256, 80, 160))
            for packet in stream.encode(av.VideoFrame.from_image(picture)):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)


def captured(
    room: Path,
    source: SourceKind,
    files: dict[str, bytes],
    *,
    title: str = "",
    url: str = "",
    roles: dict[str, Role] | None = None,
    checks: tuple[Check, ...] = (),
    received: Received | None = None,
    counters: tuple[Counter, ...] = (),
    network: Network | None = None,
    account: str = "",
) -> Captured:
    kinds = {
        "png": "image/png",
        "jpg": "image/jpeg",
        "mp4": "video/mp4",
        "txt": "text/plain",
        "mhtml": "multipart/related",
    }
    room.mkdir(parents=True, exist_ok=True)
    made = []
    for name, data in files.items():
        at = room / f"{source}-{name}"
        at.write_bytes(data)
        made.append(
            CapturedFile(
                at=at,
                path=f"files/{name}",
                name=name,
                media_type=kinds[name.rpartition(".")[2]],
                role=(roles or {}).get(name, "original"),
                obtained="2026-11-12T13:05:01.000Z",
            )
        )
    return Captured(
        source=source,
        target=Target(typed=url or "/somewhere/file", url=url, final_url=url),
        files=tuple(made),
        started="2026-11-12T13:03:11.482Z",
        finished="2026-11-12T13:05:02.117Z",
        components=(Component(name="Chrome", version="142"),) if network else (),
        network=network,
        completeness=checks,
        received=received,
        observations=Observations(
            title=title, status=200 if network else None, account=account, counters=counters
        ),
    )


def seal(desk: Desk, case: Case, what: Captured, watch: Watch | None = None) -> Exhibit:
    return preserve.seal(
        what,
        desk.clock.new_id(),
        case,
        store=desk.store,
        vault=desk.vault,
        clock=desk.clock,
        maker=desk.maker,
        job=Job(),
        watch=watch,
    )


def minimal_case(desk: Desk) -> Case:
    """One file, offline, nobody named."""
    case = desk.store.open_case("收到的录音", "real")
    desk.asks = ()
    seal(
        desk, case, captured(desk.data / "source", "file", {"note.txt": b"voice"}, title="note.txt")
    )
    return case


def full_case(desk: Desk, *, title: str = "《桃花渡》第3集 - 演练短剧🌸") -> Case:
    """A page, a video, a screenshot and a received file; stamps in every state; a failure."""
    case = desk.store.open_case("林某某肖像、个人信息权益涉嫌被侵害", "practice")
    room = desk.data / "source"
    film(desk.data / "film.mp4")
    page = captured(
        room,
        "page",
        {
            "viewport.png": png(160, 98),
            "page.png": png(300, 1500),
            "page.txt": "桃花渡".encode(),
            "page.mhtml": b"archive",
        },
        title=title,
        url="https://play.yanlian.example/series/taohuadu/ep/3",
        checks=(
            Check(check="http_status", outcome="pass", detail="200"),
            Check(check="login_wall", outcome="warn", detail="登录"),
        ),
        network=Network(
            address="198.51.100.24:443", tls_version="TLS 1.3", certificate_sha256=("9c" * 32,)
        ),
        counters=(Counter(name="plays", value="1,286.4 万"),),
        account="桃花剧场🌸",
    )
    before = checked().explained({"tunnel": "单位办公用，取证时没有连接"})
    seal(desk, case, page, FakeWatch(before, VALUES))
    url = "https://play.yanlian.example/v/1"
    video = {"video.mp4": (desk.data / "film.mp4").read_bytes()}
    seal(
        desk,
        case,
        captured(room, "video", video, title="𠮷䶮㐂 渡口重逢", url=url),
        FakeWatch(before),
    )
    checks = (Check(check="picture_content", outcome="fail", detail="#000000"),)
    seal(desk, case, captured(room, "screen", {"screen.png": png(120, 80)}, checks=checks))
    received = Received(source="一位朋友", how="微信", when="2026-11-10")
    files = {"chat.png": png(64, 2100), "broken.jpg": b"\xff\xd8\xffno"}
    seal(desk, case, captured(room, "file", files, title=NASTY, received=received))
    _look_again(desk, case)
    with desk.store.custody(case.id) as custody:
        facts = {"code": "http_status", "source": "page", "exhibit": ""}
        custody.append("capture.failed", "0", facts=facts)
    cases.withdraw(case.id, "E0003", store=desk.store)
    purpose = "该页面在取证时点向公众提供"
    cases.describe(case.id, "E0001", "《桃花渡》第3集播放页", purpose, store=desk.store)
    person = Party(
        id="claimant",
        case_id=case.id,
        role="claimant",
        name="林某某",
        id_type="resident_card",
        id_number="33010619900101002X",
    )
    desk.store.save(person)
    desk.store.save(Party(id="other", case_id=case.id, role="platform", name="演练短剧平台"))
    place = Infringement(id="i", case_id=case.id, url=url, work="《桃花渡》", account="桃花剧场🌸")
    desk.store.save(place)
    _answer(desk, case)
    return case


def _look_again(desk: Desk, case: Case) -> None:
    """The check afterwards saw a proxy; a remark on the one before came later."""
    proxy = read("proxy", "warn", ("set", "1"), ("variable", "HTTPS_PROXY=http://127.0.0.1:7890"))
    after = tuple(proxy if one.item == "proxy" else one for one in READINGS)
    record = partial(environment.record, store=desk.store, vault=desk.vault, clock=desk.clock)
    record(case, checked("2026-11-12T13:06:0", readings=after), "after", maker=desk.maker)
    environment.explain(
        case,
        "E0001",
        {"processes": "听歌软件，取证时没有显示歌词"},
        store=desk.store,
        vault=desk.vault,
        clock=desk.clock,
        maker=desk.maker,
    )


def _answer(desk: Desk, case: Case) -> None:
    """Witnesses have answered in different ways."""
    for stamp in desk.store.all(Stamp, case.id):
        proof = desk.vault.keep_bytes(f"{stamp.kind}{stamp.authority}".encode()).sha256
        found = stamp
        match stamp.subject.path, stamp.kind, stamp.authority:
            case "exhibits/E0001/capture.json", "rfc3161", "jia":
                time = "2026-11-12T13:07:09.000Z"
                found = replace(
                    stamp, status="simulated", time=time, by="Practice TSA", proof=proof
                )
            case "exhibits/E0001/capture.json", "opentimestamps", _:
                found = replace(stamp, status="pending", proof=proof)
            case "exhibits/E0002/capture.json", "opentimestamps", _:
                time = "2026-11-12T18:41:07.000Z"
                found = replace(
                    stamp, status="simulated", time=time, by="block 906112", proof=proof
                )
            case "exhibits/E0002/capture.json", "rfc3161", "jia":
                found = replace(
                    stamp, attempts=2, reason="garbage", next_try="2026-11-12T14:00:00.000Z"
                )
            case "exhibits/E0004/capture.json", "opentimestamps", _:
                time = "2026-11-12T18:41:07.000Z"
                found = replace(stamp, status="one_source", time=time, proof=proof)
        if found is not stamp:
            desk.store.save(found)


@cache
def _covered(text: str) -> dict[FaceName, set[str]]:
    chars = {char for char in text if char >= " "}
    return {face: {char for char in chars if covers(face, char)} for face in MAIN}


@cache
def usual() -> str:
    """What our documents say, and what tests have them say."""
    tests = Path(__file__).parents[1]
    names = ("usecases/test_document", "usecases/test_notify", "adapters/render/test_pdf")
    read = [tests / f"{name}.py" for name in names] + [Path(__file__), *TEMPLATES.rglob("*.md")]
    said = [str(words(lang).words) for lang in ("zh", "en")]
    return "".join([*said, *(file.read_text(encoding="utf-8") for file in sorted(read))])


def with_more_characters(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Every subset also holds the characters of ``text``, so that few subsets are cut in all."""
    load, more = FontBook.load, _covered(text)

    def widened(book: FontBook, wanted: Mapping[FaceName, Iterable[str]]) -> dict[FaceName, Font]:
        return load(book, {face: {*chars, *more.get(face, ())} for face, chars in wanted.items()})

    monkeypatch.setattr(FontBook, "load", widened)


# --- reading -------------------------------------------------------------------------------------


def run(*command: str | Path, input: bytes | None = None) -> str:
    done = subprocess.run(list(map(str, command)), input=input, capture_output=True, check=True)
    return done.stdout.decode()


def has(*programs: str) -> bool:
    return all(shutil.which(program) for program in programs)


def pdf_text(at: Path, *options: str) -> str:
    return run("pdftotext", *options, at, "-")


def squeezed(text: str) -> str:
    """Text without white space: what a page says, wherever its lines end."""
    return "".join(text.split())


def image_bytes(width: int, height: int, form: str, mode: str = "RGB", **options: object) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(out, form, **options)
    return out.getvalue()
