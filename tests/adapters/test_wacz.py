"""Archives that others read: py-wacz and warcio judge them, and ReplayWeb.page shows them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from fakes import replay
from fakes.archives import validated
from fakes.film import film
from fakes.keys import readings
from fakes.site import html, serving
from holdfast.adapters import browser, launch, wacz
from holdfast.adapters.spool import Spool
from holdfast.adapters.tab import Tab
from holdfast.adapters.traffic import Exchange
from holdfast.adapters.wacz import Contents, Joined, Page, sort_key
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job

AT = "2026-11-25T19:00:00.123Z"
SITE = "https://www.example.com"


def exchange(
    spool: Spool,
    url: str,
    data: bytes | None,
    media_type: str = "text/html",
    *,
    status: int = 200,
    method: str = "GET",
    **more: Any,
) -> Exchange:
    headers = {"Content-Type": media_type, **more.pop("headers", {})}
    one = Exchange(
        number=more.pop("number", 1),
        id="1",
        session="s",
        url=url,
        method=method,
        kind="Document",
        started=AT,
        asked={"headers": {"Accept": "*/*", **more.pop("sent", {})}},
        whole=more.pop("whole", True),
        **more,
    )
    one.answer = {
        "status": status,
        "headers": headers,
        "remoteIPAddress": "[2001:db8::1]",
        "protocol": "h2",
    }
    one.body = None if data is None else spool.add(data)
    return one


def contents(*exchanges: Exchange, joined: tuple[Joined, ...] = ()) -> Contents:
    return Contents(
        page=Page(url=f"{SITE}/", at=AT, title="一页 <b>", text="文字"),
        exchanges=exchanges,
        joined=joined,
        certificates={SITE: (b"one", b"two")},
        agent="Chrome",
    )


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path, 1 << 30)
    yield spool
    spool.close()


@pytest.fixture
def everything(spool: Spool, tmp_path: Path) -> Path:
    """An archive with one of every kind."""
    first, second = spool.add(b"0123"), spool.add(b"456789")
    gone = exchange(spool, f"{SITE}/gone", None)
    gone.answer = None
    at = tmp_path / "page.wacz"
    wacz.write(
        at,
        contents(
            exchange(
                spool,
                f"{SITE}/",
                b"<p>squeezed",
                headers={
                    "Content-Encoding": "gzip",
                    "Content-Length": "9",
                    "Set-Cookie": "a=1\nb=2",
                    "X-Odd": "ä\r\x00",
                    ":status": "200",
                },
            ),
            exchange(
                spool, f"{SITE}/to", None, status=302, headers={"Location": "/"}, redirect=True
            ),
            exchange(spool, f"{SITE}/head", None, method="HEAD"),
            exchange(spool, f"{SITE}/cached", None, status=304),
            exchange(
                spool,
                f"{SITE}/form?x",
                b"ok",
                method="POST",
                posted=b"a=1&b=%20",
                sent={"content-type": "application/x-www-form-urlencoded"},
            ),
            exchange(spool, f"{SITE}/binary", b"ok", method="POST", posted=b"\xff\x00"),
            exchange(spool, f"{SITE}/short", b"cut", whole=False, trouble="too_large"),
            exchange(
                spool,
                f"{SITE}/film.mp4",
                b"0123",
                "video/mp4",
                status=206,
                headers={"Content-Range": "bytes 0-3/10"},
            ),
            gone,
            exchange(spool, f"{SITE}/ours.ts", b"ours", "video/mp2t", source="lookup"),
            joined=(
                Joined(
                    url=f"{SITE}/film.mp4",
                    at=AT,
                    media_type="video/mp4",
                    parts=((first, 0, 4), (second, 0, 6)),
                ),
            ),
        ),
        spool,
    )
    return at


def records(at: Path, name: str) -> list[tuple[str, Any, bytes]]:
    with zipfile.ZipFile(at) as archive:
        data = archive.read(name)
    return [
        (record.rec_type, record, record.content_stream().read())
        for record in ArchiveIterator(io.BytesIO(data))
    ]


def test_py_wacz_and_warcio_find_it_valid(everything: Path, tmp_path: Path) -> None:
    from warcio.checker import Checker

    assert validated(everything)
    with zipfile.ZipFile(everything) as archive:
        assert archive.testzip() is None
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
        assert [one.filename for one in archive.infolist()] == [
            "archive/data.warc.gz",
            "archive/lookups.warc.gz",
            "indexes/index.cdx.gz",
            "indexes/index.idx",
            "pages/pages.jsonl",
            "datapackage.json",
            "datapackage-digest.json",
        ]
        archive.extractall(tmp_path / "out")

    names = [str(one) for one in (tmp_path / "out" / "archive").iterdir()]
    asked = SimpleNamespace(inputs=names, verbose=False)
    assert Checker(asked).process_all() == 0


def test_what_the_page_pulled_and_what_we_asked_for_stand_apart(everything: Path) -> None:
    theirs = records(everything, "archive/data.warc.gz")
    ours = records(everything, "archive/lookups.warc.gz")
    urls = [one.rec_headers["WARC-Target-URI"] for kind, one, _ in theirs if kind == "response"]
    assert f"{SITE}/ours.ts" not in urls
    assert [one.rec_headers["WARC-Target-URI"] for kind, one, _ in ours if kind == "response"] == [
        f"{SITE}/ours.ts"
    ]
    joined = [(one, data) for kind, one, data in ours if kind == "resource"]
    assert [data for _, data in joined] == [b"0123456789"]
    assert b"separate look-ups" in ours[0][2]


def test_records_say_what_was_done_to_them(everything: Path) -> None:
    found = records(everything, "archive/data.warc.gz")
    kinds = [kind for kind, _, _ in found[:6]]
    assert kinds == ["warcinfo", "resource", "resource", "response", "request", "metadata"]
    _, page, data = found[3]
    assert data == b"<p>squeezed"
    http = page.http_headers
    assert http.get_header("X-Orig-Content-Encoding") == "gzip"
    assert http.get_header("X-Orig-Content-Length") == "9"
    assert http.get_header("Content-Encoding") is None
    assert http.get_header("Content-Length") == "11"
    assert [value for name, value in http.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert page.rec_headers["WARC-IP-Address"] == "2001:db8::1"
    assert page.rec_headers["WARC-Payload-Digest"].startswith("sha256:")
    said = json.loads(found[5][2])
    assert said["response"]["headers"]["Set-Cookie"] == "a=1\nb=2", "as the browser told it"
    assert found[5][1].rec_headers["WARC-Concurrent-To"] == page.rec_headers["WARC-Record-ID"]
    cut = [one for kind, one, data in found if kind == "response" and data == b"cut"]
    assert cut[0].rec_headers["WARC-Truncated"] == "length"
    text = b"".join(data for _, _, data in found)
    assert b"sha1:" not in text
    assert b"md5:" not in text


def test_the_index_names_only_what_may_be_given_back(everything: Path) -> None:
    import gzip

    with zipfile.ZipFile(everything) as archive:
        lines = gzip.decompress(archive.read("indexes/index.cdx.gz")).decode().splitlines()
        pointers = archive.read("indexes/index.idx").decode().splitlines()
        for line in lines:
            said = json.loads(line.split(" ", 2)[2])
            start, length = int(said["offset"]), int(said["length"])
            data = archive.read(f"archive/{said['filename']}")[start : start + length]
            (record,) = [
                one.rec_headers["WARC-Target-URI"] for one in ArchiveIterator(io.BytesIO(data))
            ]
            assert record == said["url"]
    assert lines == sorted(lines)
    assert [line.split(" ")[0] for line in lines] == [
        "com,example)/",
        "com,example)/binary?__wb_method=post&__wb_post_data=/wa=",
        "com,example)/film.mp4",
        "com,example)/form?__wb_method=post&a=1&b=%20&x",
        "com,example)/ours.ts",
        "com,example)/short",
        "com,example)/to",
    ]
    assert json.loads(pointers[0].removeprefix("!meta 0 "))["filename"] == "index.cdx.gz"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://WWW.Example.com/A?b=2&a=1", "com,example)/a?a=1&b=2"),
        ("http://a.b.example:8080", "example,b,a:8080)/"),
        ("https://a.example:443/x y", "example,a)/x%20y"),
        ("http://[2001:db8::1]/", "2001:db8::1)/"),
    ],
)
def test_addresses_are_sorted_by_their_host_backwards(url: str, key: str) -> None:
    assert sort_key(url) == key


def test_the_same_traffic_gives_the_same_bytes(spool: Spool, tmp_path: Path) -> None:
    one = exchange(spool, f"{SITE}/", b"page")
    for name in ("a.wacz", "b.wacz"):
        wacz.write(tmp_path / name, contents(one), spool)
    assert (tmp_path / "a.wacz").read_bytes() == (tmp_path / "b.wacz").read_bytes()


def test_an_archive_of_nothing_is_one(spool: Spool, tmp_path: Path) -> None:
    wacz.write(tmp_path / "a.wacz", contents(), spool)
    found = wacz.read(tmp_path / "a.wacz")
    assert (found.records, found.problems) == (3, ())


def test_a_large_index_is_cut_into_members(spool: Spool, tmp_path: Path) -> None:
    many = [exchange(spool, f"{SITE}/{n}", b"x", number=n) for n in range(1000)]
    wacz.write(tmp_path / "a.wacz", contents(*many), spool)
    with zipfile.ZipFile(tmp_path / "a.wacz") as archive:
        pointers = archive.read("indexes/index.idx").decode().splitlines()
    assert len(pointers) == 1 + 4
    assert wacz.read(tmp_path / "a.wacz").problems == ()


def test_a_second_reading_finds_every_body(everything: Path) -> None:
    found = wacz.read(everything)
    assert found.problems == ()
    assert len(found.bodies[f"{SITE}/film.mp4"]) == 2, "the range and the whole"


@pytest.mark.parametrize("where", [0.02, 0.3, 0.5, 0.7, 0.9])
def test_a_changed_copy_is_found_out(everything: Path, tmp_path: Path, where: float) -> None:
    raw = bytearray(everything.read_bytes())
    raw[int(len(raw) * where)] ^= 0x55
    changed = tmp_path / "changed.wacz"
    changed.write_bytes(raw)
    try:
        found = wacz.read(changed).problems
    except (zipfile.BadZipFile, ValueError, KeyError):
        found = ("unreadable",)
    assert found
    assert not validated(changed)


def test_a_record_exchanged_in_a_mended_container_is_found_out(
    everything: Path, tmp_path: Path
) -> None:
    """The container's digests are made anew; the records' own still tell."""
    import gzip
    import hashlib

    with zipfile.ZipFile(everything) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    plain = gzip.decompress(parts["archive/data.warc.gz"])
    assert plain.count(b"<p>squeezed") == 1
    parts["archive/data.warc.gz"] = gzip.compress(plain.replace(b"<p>squeezed", b"<p>replaced"))
    package = json.loads(parts["datapackage.json"])
    for resource in package["resources"]:
        digest = hashlib.sha256(parts[resource["path"]]).hexdigest()
        resource["hash"] = f"sha256:{digest}"
    parts["datapackage.json"] = json.dumps(package).encode()
    digest = hashlib.sha256(parts["datapackage.json"]).hexdigest()
    parts["datapackage-digest.json"] = json.dumps({"hash": f"sha256:{digest}"}).encode()
    with zipfile.ZipFile(tmp_path / "changed.wacz", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    (problem, *_) = wacz.read(tmp_path / "changed.wacz").problems
    assert problem.startswith("archive/data.warc.gz")


def test_where_somebody_is_logged_in_no_key_to_their_account_stands(
    spool: Spool, tmp_path: Path
) -> None:
    from dataclasses import replace

    one = exchange(
        spool,
        f"{SITE}/",
        b"page",
        headers={"Set-Cookie": "s=SECRET"},
        method="POST",
        posted=b"password=SECRET",
        sent={
            "Cookie": "s=SECRET",
            "Authorization": "Bearer SECRET",
            "X-CSRF-Token": "SECRET",
            "Content-Length": "15",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    one.asked_raw = {
        "headers": {"cookie": "s=SECRET", "Accept": "x"},
        "associatedCookies": [{"cookie": {"value": "SECRET"}}],
    }
    one.answer_raw = {
        "headers": {"set-cookie": "s=SECRET", "Server": "x"},
        "headersText": "Set-Cookie: s=SECRET",
        "statusCode": 200,
    }
    for private in (False, True):
        at = tmp_path / f"{private}.wacz"
        wacz.write(at, replace(contents(one), private=private), spool)
        text = b"".join(
            str(record.rec_headers).encode() + str(record.http_headers).encode() + data
            for _, record, data in records(at, "archive/data.warc.gz")
        )
        text += b"".join(readings(at.read_bytes()))
        assert (b"SECRET" in text) is not private
        assert (b"[withheld]" in text) is private
        assert wacz.read(at).problems == ()
        assert validated(at)


# --- replayed ------------------------------------------------------------------------------------


def test_replayweb_page_shows_page_picture_and_video(tmp_path: Path) -> None:
    from fakes.clock import FakeClock
    from fakes.site import Page as Served
    from holdfast.adapters.capture import Means
    from holdfast.adapters.capture.page import Page as PageSource

    try:
        found = launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    replay.part("ui.js")
    picture = io.BytesIO()
    from PIL import Image

    Image.new("RGB", (40, 30), "red").save(picture, "PNG")
    mp4 = film(tmp_path / "film.mp4", seconds=4)
    body = "<p>这里有足够多的文字，重放也要看到。</p><img src=/dot.png><video src=/film.mp4 muted>"
    pages: dict[str, Served | str] = {
        "/": html(body),
        "/dot.png": Served(picture.getvalue(), headers={"Content-Type": "image/png"}),
        "/film.mp4": Served(mp4, headers={"Content-Type": "video/mp4", "Accept-Ranges": "bytes"}),
    }
    room = tmp_path / "room"
    room.mkdir()
    with serving(pages) as site:
        url = site.url()
        PageSource(Means(clock=FakeClock())).capture(url, room, Job())
    # The site is gone: whatever shows now comes out of the archive.
    with (
        serving(replay.pages(room / "files" / "page.wacz", url)) as shown,
        browser.running(
            found, allow=frozenset({shown.pair}), log=tmp_path / "log", job=Job()
        ) as program,
    ):
        tab = Tab(program)
        tab.open(shown.url())
        text = replay.looked_at(tab, program, "return d.body && d.body.innerText;")
        assert "这里有足够多的文字" in text
        width = replay.looked_at(tab, program, "return d.images[0] && d.images[0].naturalWidth;")
        assert width == 40
        seconds = replay.looked_at(
            tab,
            program,
            "const v = d.querySelector('video'); return v && v.readyState > 1 && v.duration;",
        )
        assert 3.9 < seconds < 4.3
        digest = replay.looked_at(
            tab,
            program,
            "if (!window.asked) { window.asked = true; f.contentWindow.fetch('/film.mp4')"
            ".then(r => r.arrayBuffer()).then(b => { window.bytes = [...new Uint8Array(b)]; }); }"
            " return window.bytes;",
        )
        assert bytes(digest) == mp4, "byte by byte what the server had"
