"""A newer yt-dlp: only what was fetched is run, and only while it is what it was."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from fakes.site import Page, serving
from holdfast.adapters import wheel
from holdfast.adapters.ytdlp import Downloader
from holdfast.compose import open_holdfast
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.job import Job

NAME = "yt_dlp-2099.01.02-py3-none-any.whl"
MODULES = {
    "yt_dlp/__init__.py": "from . import version, utils\n",
    "yt_dlp/version.py": "__version__ = '2099.01.02'\n",
    "yt_dlp/globals.py": "class _P:\n    value = None\nplugin_dirs = _P()\n",
    "yt_dlp/utils.py": "class YoutubeDLError(Exception): pass\n",
    "yt_dlp/extractor/__init__.py": "",
    "yt_dlp/extractor/common.py": "class InfoExtractor:\n    def extract_comments(self): pass\n",
}


@pytest.fixture
def helpers_begin_at_once() -> None:
    """They are what is looked at here."""


def made(version: str = "2099.01.02", name: str = "yt-dlp", **more: str) -> bytes:
    """A wheel that calls itself yt-dlp and can just be started."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path, text in (MODULES | more).items():
            archive.writestr(path, text)
        meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n"
        archive.writestr(f"yt_dlp-{version}.dist-info/METADATA", meta)
    return held.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def about(newer: wheel.Wheel | None) -> tuple[str, str, str, list[str]]:
    run = Downloader(newer).ask({"do": "about", "url": "", "allow": []}, Job())
    assert run.error is None
    return run.tool.name, run.tool.version, run.tool.sha256, run.log


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_a_wheel_is_used_while_it_is_what_it_was(tmp_path: Path, data: Path) -> None:
    (tmp_path / NAME).write_bytes(made())
    newer = wheel.take_in(tmp_path / NAME, data)
    assert (newer.version, newer.sha256) == ("2099.01.02", sha256(made()))
    assert about(newer) == ("yt-dlp wheel", "2099.01.02", newer.sha256, [])
    newer.path.write_bytes(made(**{"yt_dlp/version.py": "__version__ = 'evil'\n"}))
    assert not newer.holds()
    name, version, _, log = about(newer)
    assert (name, version) == ("yt-dlp", wheel.bundled())
    assert "not what it was" in log[-1]
    newer.path.unlink()
    assert about(newer)[0] == "yt-dlp"


def test_nothing_is_known_that_the_settings_do_not_name(data: Path) -> None:
    assert wheel.known(data, "", "") is None
    assert wheel.known(data, "1", "../x") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 broken",
        made(name="other"),
        made(version="x/../y"),
        made()[:-40],
        b"not a zip",
    ],
)
def test_what_is_no_ytdlp_is_refused(tmp_path: Path, data: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(Refused, match="wheel_unusable"):
        wheel.take_in(tmp_path / NAME, data)
    assert list(data.rglob("*.whl")) == []


def test_a_file_too_large_or_not_there(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="file_missing"):
        wheel.take_in(tmp_path / "nothing.whl", data)
    (tmp_path / NAME).write_bytes(made())
    monkeypatch.setattr(wheel, "LARGEST", 100)
    with pytest.raises(Refused, match="wheel_unusable"):
        wheel.take_in(tmp_path / NAME, data)


def listing(*files: object) -> Page:
    return Page(json.dumps({"files": files}), headers={"Content-Type": "application/json"})


def file(version: str, content: bytes, **more: object) -> dict[str, object]:
    name = f"yt_dlp-{version}-py3-none-any.whl"
    return {"filename": name, "url": f"../files/{name}", "hashes": {"sha256": sha256(content)},
            **more}  # fmt: skip


def test_the_newest_finished_release_is_fetched_and_compared(data: Path) -> None:
    good = made()
    pages = {
        "/simple/yt-dlp/": listing(
            file("2098.12.30", b"old"),
            file("2099.1.2", good),
            file("2099.1.3", b"taken back", yanked="broken"),
            {"filename": "yt_dlp-2100.1.1.tar.gz", "url": "x", "hashes": {"sha256": "0" * 64}},
            {"filename": "yt_dlp-2100.1.1-py3-none-any.whl", "url": "x", "hashes": {}},
        ),
        "/simple/files/yt_dlp-2099.1.2-py3-none-any.whl": Page(good),
    }
    with serving(pages) as site:
        allow = frozenset({site.pair})
        offer = wheel.newest(site.url("/simple/yt-dlp/"), allow=allow)
        assert (offer.version, offer.sha256) == ("2099.1.2", sha256(good))
        assert wheel.fetch(offer, data, allow=allow).holds()
        site.pages["/simple/files/yt_dlp-2099.1.2-py3-none-any.whl"] = Page(good + b"x")
        with pytest.raises(Unavailable, match="wheel_differs"):
            wheel.fetch(offer, data, allow=allow)
        del site.pages["/simple/files/yt_dlp-2099.1.2-py3-none-any.whl"]
        with pytest.raises(Unavailable, match="http_status"):
            wheel.fetch(offer, data, allow=allow)


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"files": [1]}', '{"files": []}', "[" * 9999])
def test_an_index_that_makes_no_sense(body: str) -> None:
    with serving({"/s": Page(body)}) as site:
        with pytest.raises(Unavailable, match="index_unclear"):
            wheel.newest(site.url("/s"), allow=frozenset({site.pair}))
        with pytest.raises(Unavailable, match="http_status"):
            wheel.newest(site.url("/no"), allow=frozenset({site.pair}))


def test_a_program_comes_over_a_secure_connection_only() -> None:
    with pytest.raises(Refused, match="index_insecure"):
        wheel.newest("http://index.example/simple/")


def test_the_verbs_from_index_to_settings_and_back(tmp_path: Path) -> None:
    good = made()
    broken = made(**{"yt_dlp/__init__.py": "raise ImportError('no')\n"})
    pages = {
        "/simple/": listing(file("2099.1.2", good)),
        "/files/yt_dlp-2099.1.2-py3-none-any.whl": Page(good),
    }
    holdfast = open_holdfast(tmp_path / "data")
    assert holdfast.downloader().newer == ""
    with serving(pages) as site:
        state = holdfast.fetch_downloader(Job(), site.url("/simple/"))
        assert (state.newer, state.sound) == ("2099.01.02", True)
        # It is the newest already: nothing is fetched again.
        asked = len(site.asked)
        assert holdfast.fetch_downloader(Job(), site.url("/simple/")) == state
        assert len(site.asked) == asked + 1
    (tmp_path / "bad.whl").write_bytes(broken)
    with pytest.raises(HoldfastError, match="wheel_unusable"):
        holdfast.use_downloader(tmp_path / "bad.whl", Job())
    assert holdfast.downloader() == state
    (holdfast.data / "ytdlp" / f"{state.sha256}.whl").write_bytes(b"planted")
    assert not holdfast.downloader().sound
    assert holdfast.bundled_downloader().newer == ""
    holdfast.close()
