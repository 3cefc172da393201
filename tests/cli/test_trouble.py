"""Pages on which things go wrong, and programs that are stopped: one sentence, the right exit code,
and nothing that was sealed is lost.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from fakes.acceptance import need, run, surroundings
from fakes.environment import ask_nobody
from fakes.processes import all_end, handles
from fakes.warm import begun
from fakes.web import answering, hostile
from holdfast.adapters.clock import SystemClock
from holdfast.cli import run as command
from holdfast.practice.world import PracticeWorld

pytestmark = [pytest.mark.xdist_group("trouble"), pytest.mark.no_cover]

# Everything a title can carry at once, in one line of 300 characters.
NASTY = (
    "<img src=x onerror=alert(1)>{{ 7*7 }} {% raw %} | =cmd|'/C calc'!A1 ../../etc/passwd "
    "\u202egnp.exe\u2066 \x1b[31m红\x1b]0;x\x07 🌸👩‍🎤 &amp; `id` ${7*7} "
).ljust(300, "渡")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeWorld]:
    with PracticeWorld.start(tmp_path_factory.mktemp("world"), SystemClock()) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all pages, with something sealed before trouble begins."""
    folder = tmp_path_factory.mktemp("trouble")
    (folder / "before.txt").write_text("before")
    data = folder / "data"
    done = holdfast("keep", str(folder / "before.txt"), "--json", "--data", str(data))
    assert done.returncode == 0
    return data


def holdfast(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    ask_nobody(Path(words[words.index("--data") + 1]))
    done = run(*begun([sys.executable, "-m", "holdfast", *words]), **env)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    """Exit code, object and standard error of a command."""
    capsys.readouterr()
    code = command([*words, "--json", "--lang", "en", "--quiet"])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, json.loads(out) if out else None, err


def shown(data: Path, case: str) -> Any:
    done = holdfast("case", "show", case, "--json", "--data", str(data))
    assert done.returncode == 0
    return json.loads(done.stdout)


def whole(data: Path, case: str) -> None:
    """What is on record of a case still is what was sealed."""
    done = holdfast("verify", case, "--json", "--quiet", "--data", str(data))
    assert done.returncode == 5, done.stdout
    assert not [f for f in json.loads(done.stdout)["findings"] if f["outcome"] == "broken"]


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "red"),
    [
        ("/404", "404"),
        ("/500", "500"),
        ("/empty", "no text on the page"),
        ("/login", "请先登录"),
        ("/removed", "视频已下架"),
        ("/captcha", "安全验证"),
    ],
)
def test_what_was_there_is_sealed_and_marked_incomplete(
    path: str, red: str, world: PracticeWorld, kept_here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("chromium")
    link = world.site_url.rstrip("/") + path
    code, body, err = told(capsys, "keep", link, "--as", "page", "--data", str(kept_here))
    assert code == 3
    (exhibit,) = body["exhibits"]
    assert not exhibit["complete"]
    assert body["failed"] == []
    assert "E0001: incomplete: " in err
    assert red in err
    assert {artifact["path"] for artifact in exhibit["artifacts"]} >= {"files/page.png"}
    assert list((kept_here / "staging").iterdir()) == [], "the browser came up in a room of its own"
    entries = shown(kept_here, body["case"]["number"])["entries"]
    assert "exhibit.sealed" in [entry["act"] for entry in entries]


@pytest.mark.parametrize(
    ("path", "code", "failure"),
    [
        ("/redirect-private", 1, "link_private"),
        ("/redirect-loopback", 1, "link_private"),
        ("/redirect-loop", 3, "page_redirects"),
        ("/redirect-file", 3, "page_failed"),
        ("/download", 1, "page_download"),
    ],
)
def test_what_leads_astray_is_a_line_and_no_exhibit(
    path: str,
    code: int,
    failure: str,
    world: PracticeWorld,
    kept_here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    need("chromium")
    link = world.site_url.rstrip("/") + path
    ended, body, err = told(capsys, "keep", link, "--as", "page", "--data", str(kept_here))
    assert (ended, [one["code"] for one in body["failed"]]) == (code, [failure])
    assert body["exhibits"] == []
    assert len(err.strip().splitlines()) == 1
    acts = [entry["act"] for entry in shown(kept_here, body["case"]["number"])["entries"]]
    assert acts == ["case.opened", "capture.failed"]


def test_the_same_trouble_is_said_once(
    world: PracticeWorld, kept_here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("chromium")
    link = world.site_url.rstrip("/") + "/redirect-private"
    code, body, err = told(capsys, "keep", link, "--data", str(kept_here))
    assert (code, len(body["failed"])) == (1, 2)
    assert len(err.strip().splitlines()) == 1


def test_after_all_that_the_first_exhibit_is_whole(kept_here: Path) -> None:
    first = json.loads(holdfast("case", "list", "--json", "--data", str(kept_here)).stdout)
    whole(kept_here, first["cases"][0]["number"])


# --- a hostile title, from the page to every paper -----------------------------------------------


def test_a_hostile_title_is_text_everywhere(
    world: PracticeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("chromium", "pdftotext")
    from urllib.parse import quote

    assert len(NASTY) == 300
    data = tmp_path / "data"
    link = world.site_url + "title/" + quote(NASTY, safe="")
    code, body, err = told(capsys, "keep", link, "--as", "page", "--data", str(data))
    assert code == 0, err
    number = body["case"]["number"]
    title = body["exhibits"][0]["title"]
    assert "<img src=x onerror=alert(1)>{{ 7*7 }} {% raw %} | =cmd|'/C calc'!A1 ../../etc" in title
    assert not re.search("[\x00-\x1f\x7f\u202e\u2066]", title)
    papers = tmp_path / "papers"
    for kind in ("evidence-report", "evidence-list", "receipt"):
        for lang in ("zh", "en"):
            out = papers / f"{kind}.{lang}.pdf"
            words = ["document", kind, "--case", number, "--out", str(out), "--lang", lang]
            assert command([*words, "--quiet", "--data", str(data)]) == 0
    _letters(number, papers, data, capsys)
    pack = tmp_path / "pack"
    assert command(["export", "--case", number, "--out", str(pack), "--data", str(data)]) == 0
    capsys.readouterr()
    for path in sorted(papers.rglob("*.pdf")):
        _is_plain(run("pdftotext", "-raw", str(path), "-").stdout, path)
    for path in sorted(papers.rglob("*.txt")):
        _is_plain(path.read_text(encoding="utf-8"), path)
    for path in sorted(papers.rglob("*.docx")):
        with zipfile.ZipFile(path) as parts:
            xml = parts.read("word/document.xml").decode()
        assert "<img" not in xml, path
        assert "&lt;img src=x" in xml, path
    readme = (pack / "README.html").read_text(encoding="utf-8")
    assert "<img" not in readme
    assert "&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}" in readme
    assert "\u202e" not in readme
    assert "\x1b" not in readme
    names = [path.relative_to(pack).as_posix() for path in pack.rglob("*")]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]*", name) for name in names)
    assert command(["verify", str(pack), "--json", "--quiet", "--data", str(data)]) == 5
    assert json.loads(capsys.readouterr().out)["verdict"] == "unchecked"


def _letters(number: str, papers: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A letter in each language about it, with the title as an answer too, and its files."""
    given = {
        "used": "face", "agreed": "no", "name": "林某", "id_type": "resident_card",
        "id_number": "110101200001010000", "email": "a@example.invalid", "phone": "000-0000-0000",
        "title": NASTY[:160], "account": NASTY[:80], "channel": NASTY[:80],
        "features": NASTY, "recognition": NASTY,
    }  # fmt: skip
    answers = [word for key, value in given.items() for word in ("--answer", f"{key}={value}")]
    answers += ["--platform", "bilibili", "--regime", "civil-1195"]
    for lang in ("zh", "en"):
        common = ["--lang", lang, "--json", "--quiet", "--data", str(data)]
        capsys.readouterr()
        assert command(["notice", "draft", "--case", number, *answers, *common]) == 0
        out = capsys.readouterr().out
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u2066]", out)
        letter = json.loads(out)["notice"]["document"]
        assert command(["notice", "approve", letter, *common]) == 0
        assert command(["notice", "export", letter, "--out", str(papers / lang), *common]) == 0


def _is_plain(text: str, path: Path) -> None:
    """The title stands there as it is, with controls as codes, and nothing was worked out."""
    assert not re.search("[\x00-\x08\x0b\x0e-\x1f\x7f\u202e\u2066]", text), path
    if not path.name.endswith("-post.txt"):  # what is written on the envelope
        assert "<imgsrc=xonerror=alert(1)>{{7*7}}{%raw%}" in re.sub(r"\s", "", text), path


# --- programs that are stopped, and two at once --------------------------------------------------

WINDOW = """
import sys
from pathlib import Path
from holdfast.compose import open_holdfast
from holdfast.core.errors import Refused
from holdfast.core.job import Job
desk = open_holdfast(Path(sys.argv[1]))
try:
    desk.claim_window()
except Refused as error:
    print(error.code, *desk.words("en").trouble(error).what.split())
    sys.exit(1)
if len(sys.argv) > 2:
    kept = desk.keep(sys.argv[3], Job(), sys.argv[2], "page")
    sys.exit(0 if kept.exhibits else 3)
desk.close()
"""
"""What the window does with a data folder: it claims it, and keeps a link into a case."""


@dataclass
class Slow:
    """A page that comes when it is let go."""

    url: str = ""
    asked: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def slow() -> Iterator[Slow]:
    it = Slow()
    page = answering(b"<title>late</title><p>" + b"It came late, and it came whole. " * 20)

    def behave(handler: BaseHTTPRequestHandler, sent: bytes) -> None:
        it.asked.set()
        it.go.wait(100)
        page(handler, sent)

    with hostile(behave) as site:
        it.url = site.url + "/"
        yield it
        it.go.set()


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where programs put what they throw away; its short path leaves room for Chromium's socket."""
    with tempfile.TemporaryDirectory(prefix="hf", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def window(slow: Slow, scratch: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the window of ``tmp_path/data`` and is in the middle of a capture."""
    need("chromium")
    data = str(tmp_path / "data")
    opened = holdfast("case", "new", "beside", "--json", "--data", data)
    case = json.loads(opened.stdout)["case"]["number"]
    (tmp_path / "a.txt").write_text("a")
    process = subprocess.Popen(
        [sys.executable, "-c", WINDOW, data, case, slow.url], env=surroundings(TMPDIR=str(scratch))
    )
    try:
        assert slow.asked.wait(60), "the page was never asked for"
        yield process
    finally:
        slow.go.set()
        process.kill()
        process.wait()


WAITS = """
import sys
from pathlib import Path
from holdfast.compose import open_holdfast
house = open_holdfast(Path(sys.argv[1]))
house.expect_page()
print("up", flush=True)
sys.stdin.read()
"""


def test_killed_while_a_browser_waits_for_its_page_it_leaves_nothing(tmp_path: Path) -> None:
    need("chromium")
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, str(data)],
        env=surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        browsers = handles(str(data / "staging"))
        assert browsers
        process.kill()
    assert all_end(browsers), "they outlive what started them"
    (tmp_path / "a.txt").write_text("a")
    again = holdfast("keep", str(tmp_path / "a.txt"), "--data", str(data))
    assert again.returncode == 0
    assert "did not end properly" not in again.stderr, "nothing was being kept"
    assert list((data / "staging").iterdir()) == []


def test_killed_while_a_page_loads_it_leaves_a_line_and_no_browser(
    window: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    keep = ["keep", str(tmp_path / "a.txt"), "--case", "HF-", "--data", str(data)]
    assert holdfast(*keep).returncode == 0
    browsers = handles(str(data / "staging"))
    assert browsers
    window.send_signal(signal.SIGKILL)
    assert window.wait(timeout=30) == -9
    assert all_end(browsers), "they outlive what started them"
    again = holdfast(*keep)
    assert again.returncode == 0
    assert "did not end properly" in again.stderr
    acts = [entry["act"] for entry in shown(data, "HF-")["entries"]]
    assert acts.count("exhibit.sealed") == 2
    assert "capture.failed" in acts
    assert list((data / "staging").iterdir()) == []
    whole(data, "HF-")
    assert run(sys.executable, "-c", WINDOW, str(data)).returncode == 0


def test_the_command_line_works_beside_a_capture_of_the_window(
    window: subprocess.Popen[bytes], slow: Slow, tmp_path: Path
) -> None:
    """Another process holds the window and captures; the same case takes more from here."""
    data, pack = tmp_path / "data", tmp_path / "pack.zip"
    beside = holdfast("keep", str(tmp_path / "a.txt"), "--case", "HF-", "--data", str(data))
    assert (beside.returncode, "did not end properly" in beside.stderr) == (0, False)
    words = ["export", "--case", "HF-", "--out", str(pack)]
    assert holdfast(*words, "--data", str(data)).returncode == 0
    assert holdfast("verify", str(pack), "--quiet", "--data", str(data)).returncode == 5
    second = run(sys.executable, "-c", WINDOW, str(data))
    assert (second.returncode, second.stdout.split()[0]) == (1, "window_open")
    assert window.poll() is None
    slow.go.set()
    assert window.wait(timeout=120) == 0
    file = shown(data, "HF-")
    assert [exhibit["number"] for exhibit in file["exhibits"]] == ["E0001", "E0002"]
    assert [entry["act"] for entry in file["entries"]].count("exhibit.sealed") == 2
    whole(data, "HF-")
    assert run(sys.executable, "-c", WINDOW, str(data)).returncode == 0


def test_a_locked_keyring_delays_nothing_but_the_pack(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "a.txt").write_text("a")
    ring = {
        "PYTHON_KEYRING_BACKEND": "fakes.ring.Ring",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "RING": str(tmp_path / "ring.json"),
    }
    keep = ["keep", str(tmp_path / "a.txt"), "--data", str(data), "--case"]
    assert holdfast("case", "new", "x", "--data", str(data), **ring).returncode == 0
    assert holdfast(*keep, "HF-", **ring).returncode == 0
    assert not list((data / "keys").glob("*.ed25519"))
    locked = ring | {"RING_LOCKED": "1"}
    assert holdfast(*keep, "HF-", **locked).returncode == 0
    assert not list((data / "keys").glob("*.ed25519"))
    words = ["export", "--case", "HF-", "--data", str(data), "--out"]
    for name, mode in (("unsigned", locked), ("signed", ring)):
        assert holdfast(*words, str(tmp_path / name), **mode).returncode == 0
    assert "checkpoint_unsigned" in _reservations(tmp_path / "unsigned")
    assert "checkpoint_unsigned" not in _reservations(tmp_path / "signed")


def _reservations(pack: Path) -> set[str]:
    """The rules that a pack does not fully meet."""
    done = holdfast("verify", str(pack), "--json", "--quiet", "--data", str(pack.parent / "other"))
    assert done.returncode == 5, done.stdout
    return {one["rule"] for one in json.loads(done.stdout)["findings"] if one["outcome"] != "ok"}


FULL = """
import json, os, subprocess, sys
from pathlib import Path
at = Path(sys.argv[1])
data = at / "data"
def ours(*words):
    line = [sys.executable, "-m", "holdfast", *words, "--data", str(data), "--lang", "en"]
    done = subprocess.run(line, capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]
def fill():
    with open(at / "fill", "wb", buffering=0) as file:
        try:
            while file.write(b"0" * 4096):
                pass
        except OSError:
            pass
said = {"small": ours("keep", sys.argv[2]), "large": ours("keep", sys.argv[3], "--case", "HF-")}
fill()
said["full"] = ours("keep", sys.argv[2], "--case", "HF-")
said["look"] = ours("verify", "HF-")
(at / "fill").unlink()
said["again"] = ours("keep", sys.argv[2], "--case", "HF-")
said["verify"] = ours("verify", "HF-", "--json", "--quiet")
said["show"] = ours("case", "show", "HF-", "--json")
print(json.dumps(said))
"""
"""What is done on a small disk of its own; each answer is exit code, output and errors."""


def test_a_disk_that_fills_loses_nothing_and_is_called_by_its_name(tmp_path: Path) -> None:
    need("unshare", "mount")
    (tmp_path / "disk").mkdir()
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "large.bin").write_bytes(os.urandom(8_000_000))
    mount = f'mount -t tmpfs -o size=6m none {tmp_path / "disk"} || exit 99\nexec "$@"'
    files = [str(tmp_path / name) for name in ("disk", "small.txt", "large.bin")]
    done = run("unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", FULL, *files)
    if "unshare" in done.stderr or done.returncode == 99:
        pytest.skip("this machine does not let us have a small disk")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert not [name for name, (_, out, err) in said.items() if "Traceback" in out + err]
    codes = {name: code for name, (code, _, _) in said.items()}
    assert codes == {"small": 0, "large": 1, "full": 1, "look": codes["look"], "again": 0,
        "verify": 5, "show": 0}  # fmt: skip
    assert "The disk is full" in said["large"][2]
    assert "The disk is full" in said["full"][2]
    # Either it can still be looked at, or why not is said; it is not called missing.
    assert codes["look"] == 5 or "The disk is full" in said["look"][2]
    shown = json.loads(said["show"][1])
    assert [exhibit["number"] for exhibit in shown["exhibits"]] == ["E0001", "E0002"]
    broken = [f for f in json.loads(said["verify"][1])["findings"] if f["outcome"] == "broken"]
    assert broken == []


# --- packs that were made to harm ----------------------------------------------------------------


def _zip(at: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(at, "w") as packed:
        for name, data, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            packed.writestr(info, data)
    return at


@pytest.mark.parametrize(
    "member",
    [
        ("../out.txt", b"x", 0o100644),
        ("HF-2026-0001/../../out.txt", b"x", 0o100644),
        ("/out.txt", b"x", 0o100644),
        ("C:\\out.txt", b"x", 0o100644),
        ("HF-2026-0001/data/link", b"/etc/passwd", 0o120777),
    ],
)
def test_links_and_ways_out_of_a_zip_are_refused(
    member: tuple[str, bytes, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    bag = ("HF-2026-0001/bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    pack = _zip(room / "bad.zip", (*bag, 0o100644), member)
    code, body, err = told(capsys, "verify", str(pack), "--data", str(tmp_path / "data"))
    assert code in (1, 4)
    assert body is None or body["verdict"] == "broken"
    assert body is not None or len(err.strip().splitlines()) == 1
    assert list(room.iterdir()) == [pack]
    assert not list(tmp_path.rglob("out.txt"))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_what_is_no_pack_is_one_sentence(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.zip").write_bytes(data)
    code, body, err = told(
        capsys, "verify", str(tmp_path / "bad.zip"), "--data", str(tmp_path / "data")
    )
    assert code in (1, 4)
    assert body is not None or len(err.strip().splitlines()) == 1
