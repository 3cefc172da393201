"""What documents say of each kind of capture: only what its record says, and that as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from fakes import captures
from fakes.captures import FRESH, OWN, Wild, each_kind, made
from fakes.desk import Desk, desk
from fakes.papers import NASTY, png, seal, squeezed
from holdfast.adapters.render import Writer
from holdfast.adapters.resources import words
from holdfast.core.canonical import Json, canonical, parse
from holdfast.core.case import Case
from holdfast.core.document import Lang
from holdfast.core.errors import Tampered
from holdfast.core.evidence import Captured, Check, Observations
from holdfast.core.job import Job
from holdfast.core.series import Listed, Listing
from holdfast.usecases import document
from holdfast.usecases.cases import case_file
from holdfast.usecases.report import Shown, Teller, described, history, show
from holdfast.usecases.report import records as records_of

LANGS: tuple[Lang, ...] = ("zh", "en")


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as found:
        (found.data / "rooms").mkdir()
        yield found


def say(lang: Lang = "zh") -> Teller:
    return Teller(words=words(lang), lang=lang, offset_minutes=480)


def room(at: Desk) -> Path:
    return at.data / "rooms"


def shown(at: Desk, what: Captured) -> Shown:
    case = at.store.open_case("案", "real")
    exhibit = seal(at, case, what)
    return show(exhibit, (), 1, at.vault)


def fields(at: Desk, what: Captured, lang: Lang = "zh") -> dict[str, Any]:
    return dict(described(shown(at, what), 2, say(lang))[0])


def rewritten(what: Captured, name: str, **changes: Json) -> Captured:
    """The same with other values in one of its records."""
    file = next(one for one in what.files if one.path == f"files/{name}")
    body = parse(file.at.read_bytes())
    assert isinstance(body, Mapping)
    file.at.write_bytes(canonical({**body, **changes}))
    return what


def without(what: Captured, *names: str) -> Captured:
    paths = {f"files/{name}" for name in names}
    return replace(what, files=tuple(one for one in what.files if one.path not in paths))


def text(at: Desk, case: Case, lang: Lang, kind: str = "evidence-report") -> str:
    with at.store.custody(case.id) as custody:
        head = custody.head()
    order = document.compose(
        kind,
        case_file(case.id, store=at.store),
        head,
        number="HF-2026-0001-R1",
        issued="2026-11-21T02:20:33.000Z",
        say=say(lang),
        vault=at.vault,
        operator="",
        outside=document.Outside(),
    )
    return Writer().text(order, Job())


def test_pictures_that_differ_are_named_with_how_far(table: Desk) -> None:
    what = captures.page(room(table), Wild())
    checks = (Check(check="media_picture", outcome="warn", detail="2: 1: 189; 2: 90"),)
    found = fields(table, replace(what, completeness=checks))["checks"]
    assert found == [
        "请留意：保存的视频与播放的画面看上去不一样，请两个都看一看：1（相差 189）、2（相差 90）"
    ]
    cut = (Check(check="media_picture", outcome="warn", detail="9: 1: 189; 2"),)
    assert "1（相差 189）、2" in str(fields(table, replace(what, completeness=cut))["checks"])


class TestARecording:
    def test_it_says_what_was_recorded(self, table: Desk) -> None:
        found = fields(table, captures.recording(room(table), Wild()))
        rec = found["rec"]
        assert rec["when"].startswith("2026-11-12 21:03:00 至 21:04:20 +08:00")
        assert "01:20.000" in rec["when"]
        assert rec["area"] == "显示器 1 的整个画面"
        assert rec["picture"].startswith("1600×900；要求每秒 30 帧；H.264 (libx264, crf 20)；")
        assert "superfast" in rec["picture"]
        assert rec["sound"] == "录下了电脑播放的声音，设备 Built-in Audio Analog Stereo 的监听"
        assert rec["continuity"].startswith("保存 2,400 帧，丢 6 帧；")
        assert "封存时逐段重算，与链一致" in rec["chain"]
        assert rec["whole"]
        assert len(rec["link"]) == 64
        assert rec["pauses"] == ["00:30.000 至 00:34.000（4.0 秒），取证人写的原因：要输入密码"]
        assert rec["events"] == ["00:36.000　画面大小改变"]
        assert rec["ended"] == "由取证人停止"
        assert "由留证绘制，不是屏幕画面" in rec["card"]
        assert rec["lines"][0] == "留证 录屏"
        assert "files/recording.mp4（41 段）" in rec["viewing"]
        first = rec["steps"][0]
        assert (first["code"], first["at"], first["text"]) == (
            "00:05.000", "21:03:03", "标准时间页面",
        )  # fmt: skip
        assert rec["steps"][3]["text"] == "取证人标记的时刻"
        assert "网站备案查询" in rec["skipped"]
        assert found["name"] == "录屏", "not the name of a file of ours"
        assert found["typed"] == "", "what was to be recorded is no address"
        assert any("没有做：网站备案查询" in one for one in found["checks"])

    def test_many_segments_are_one_row_and_every_hash_is_reachable(self, table: Desk) -> None:
        one = shown(table, captures.recording(room(table), Wild(), segments=300))
        found = dict(described(one, 2, say())[0])
        rows: Any = found["files"]
        assert len(rows) < 10
        row = next(row for row in rows if "segment-00001.mkv – segment-00300.mkv" in row["path"])
        assert row["sha256"] == row["sm3"] == ""
        assert "共 300 个文件" in row["each"]
        assert "E0001-capture.json" in row["each"]
        assert found["file_count"] == 1 + len(one.exhibit.artifacts)
        manifest: Any = one.manifest
        named = {file["path"]: file["sha256"] for file in manifest["files"]}
        assert len(named) == len(one.exhibit.artifacts)

    def test_frames_come_from_the_viewing_copy(self, table: Desk) -> None:
        found = fields(table, captures.recording(room(table), Wild()))
        assert [film["path"] for film in found["films"]] == ["E0001/files/recording.mp4"]
        assert found["films"][0]["derived"] is True

    def test_without_a_copy_they_come_from_the_screen_not_the_card(self, table: Desk) -> None:
        what = without(captures.recording(room(table), Wild(), segments=3), "recording.mp4")
        found = fields(table, rewritten(what, "recording.json", viewing=[]))
        assert [film["path"] for film in found["films"]] == ["E0001/files/segment-00001.mkv"]
        assert found["rec"]["viewing"] == "没有拼成播放副本，请逐段播放"

    @pytest.mark.parametrize(
        ("events", "asked", "told"),
        [
            ([], False, "没有录制声音（未要求）"),
            ([{"state": "none", "reason": "no monitor"}], True,
             "要求录声音，但没有录到系统声音（no monitor）"),
            ([], True, "要求录声音，但没有录到系统声音"),
            ([{"state": "on", "device": ""}, {"state": "lost", "at_ms": 61_500}], True,
             "录下了电脑播放的声音，设备 不详；声音在 01:01.500 中断"),
        ],
    )  # fmt: skip
    def test_sound(self, table: Desk, events: list[Json], asked: bool, told: str) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        sound: Json = {"asked": asked, "events": events}
        assert fields(table, rewritten(what, "recording.json", sound=sound))["rec"]["sound"] == told

    @pytest.mark.parametrize(
        ("target", "told"),
        [
            ("record;all", "所有显示器，拼成一个画面"),
            ("record;window:77", "一个窗口所在的位置（盖在它上面的内容也会录进去）"),
            ("record;region:-5,10,640,360", "屏幕上的一块：左 -5、上 10，640×360 像素"),
            ("somewhere", ""),
        ],
    )
    def test_area(self, table: Desk, target: str, told: str) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        found = fields(table, rewritten(what, "recording.json", target=target))
        assert found["rec"]["area"] == told

    def test_a_desktop_that_asks(self, table: Desk) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        way: Json = {"way": "desktop portal, gst-launch-1.0 pipewiresrc, node 4"}
        found = fields(table, rewritten(what, "recording.json", recorder=way))
        assert "系统的询问" in found["rec"]["area"]
        assert found["rec"]["card"] == ""

    @pytest.mark.parametrize(
        ("chain", "told"),
        [
            ({"damage": "cut"}, "链的最后一行没有写完"),
            ({"damage": "line 7"}, "链的记录自 line 7 起读不出"),
            ({"altered": ["segment-00004.mkv"]}, "与链不符或者缺少的：segment-00004.mkv"),
            ({"not_in_chain": ["segment-00009.mkv"]}, "没有连进链里的：segment-00009.mkv"),
        ],
    )
    def test_a_chain_that_is_not_whole_is_not_called_so(
        self, table: Desk, chain: dict[str, Json], told: str
    ) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        whole: Json = {"segments": 3, "damage": "", "altered": [], "not_in_chain": []}
        assert isinstance(whole, dict)
        rec = fields(table, rewritten(what, "recording.json", chain=whole | chain))["rec"]
        assert told in rec["chain"]
        assert not rec["whole"]
        assert "与链一致" not in rec["chain"]

    def test_one_that_was_cut_short(self, table: Desk) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        what = rewritten(
            what,
            "recording.json",
            interrupted="crash",
            pauses=[{"from_ms": 1000, "to_ms": None, "reason": ""}] * 41,
            steps=[{"step": "time", "at_ms": 5, "at": "never", "viewing_ms": None}] * 201,
        )
        rec = fields(table, what)["rec"]
        assert rec["ended"] == "没有正常结束：程序中断"
        assert rec["pauses"][0] == "00:01.000 起，到录制结束，取证人写的原因：不详"
        assert rec["pauses"][-1] == "另有 1 项，见记录文件"
        assert (rec["steps"][0]["code"], rec["steps"][0]["at"]) == ("（不在副本内）", "")
        assert rec["steps_left"] == 1

    def test_a_moment_names_its_viewing_copy_where_there_are_several(self, table: Desk) -> None:
        step = {"step": "time", "at_ms": 5000, "at": "never", "viewing": 2, "viewing_ms": 1500}
        one, other = ({"file": name, "from": []} for name in ("recording.mp4", "recording-2.mp4"))
        for views, code in (([one], "00:01.500"), ([one, other], "recording-2.mp4 00:01.500")):
            what = captures.recording(room(table), Wild(), segments=2)
            what = rewritten(what, "recording.json", steps=[step], viewing=list(views))
            assert fields(table, what)["rec"]["steps"][0]["code"] == code

    @pytest.mark.parametrize("values", [None, 7, "x", [], {}, [None, 3, "y"], True])
    def test_a_record_of_another_shape_breaks_nothing(self, table: Desk, values: Json) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        names = (
            "recorder", "chain", "frames", "pace", "steps", "skipped", "pauses", "screen",
            "sound", "ended", "interrupted", "viewing", "target", "recorded_ms",
        )  # fmt: skip
        for lang in LANGS:
            rec = fields(
                table, rewritten(what, "recording.json", **dict.fromkeys(names, values)), lang
            )["rec"]
            assert rec["whole"] is False


class TestAPhone:
    def test_it_says_what_the_phone_said(self, table: Desk) -> None:
        found = fields(table, captures.phone(room(table), Wild()))
        phone = found["phone"]
        assert phone["device"] == "Yanlian YL-7；Android 15；安全补丁 2026-10-05"
        assert phone["app"].startswith("com.yanlian.play；版本 8.2.1（80201）；")
        assert phone["front"].startswith("开始时 com.yanlian.play/.PlayerActivity；")
        assert phone["certificates"] == [{"scheme": "v2", "sha256": "c7" * 32}]
        assert "开始时 +0.412 秒（不确定度 ±0.035 秒）" in phone["clock"]
        assert phone["root"].endswith("未检出系统被解锁或者改动的迹象；不等于没有")
        assert "共 2 段" in phone["film"]
        assert phone["lost"] == ""
        assert found["form"] == "视听资料"
        assert [film["path"] for film in found["films"]] == ["E0001/files/viewing.mp4"]

    def test_signs_are_named_and_a_lost_phone_too(self, table: Desk) -> None:
        what = captures.phone(room(table), Wild())
        warn = Check(check="phone_root", outcome="warn", detail="ro.debuggable=1")
        what = replace(what, completeness=(warn,))
        what = rewritten(
            what, "phone.json", lost="phone_gone", app=None, before=None, after=None, segments=0
        )
        phone = fields(table, what)["phone"]
        assert "ro.debuggable=1" in phone["root"]
        assert phone["lost"] == "没有录完（手机断开），只有在那之前取得的部分"
        assert phone["app"] == phone["front"] == phone["clock"] == phone["film"] == ""

    def test_nobody_looked(self, table: Desk) -> None:
        what = replace(captures.phone(room(table), Wild()), completeness=())
        assert fields(table, what)["phone"]["root"] == "没有检查"


class TestACode:
    def test_seen(self, table: Desk) -> None:
        found = fields(table, captures.coded(room(table), Wild()))
        assert found["code"]["given"].startswith("K7RM-X3PD，2026-11-12 20:40:00 +08:00")
        assert found["code"]["seen"] == "看到，位置：files/IMG-0042.mp4 00:03.200"
        assert found["code"]["found"]
        assert found["form"] == "视听资料"

    def test_not_seen_is_not_called_absent(self, table: Desk) -> None:
        code = fields(table, captures.coded(room(table), Wild(), seen=False))["code"]
        assert code["seen"] == "未检出（看了 48 个画面）；不等于没有"
        assert code["given"] == ""
        assert not code["found"]

    def test_nobody_could_look(self, table: Desk) -> None:
        what = captures.coded(room(table), Wild(), seen=False)
        code = fields(table, rewritten(what, "code.json", pictures_looked_at=0))["code"]
        assert code["seen"] == "没能打开文件查看"


class TestAPage:
    def test_who_opened_it(self, table: Desk) -> None:
        opened = fields(table, captures.page(room(table), Wild()))["opened"]
        for part in ("取证人在取证浏览器里", "到取证时 10 天", "打开次数 4", "cookie 57 个",
                     "扩展关闭", "先滚动到页面末尾", "未检出开发者工具"):  # fmt: skip
            assert part in opened

    def test_a_fresh_profile(self, table: Desk) -> None:
        what = replace(captures.page(room(table), Wild(), FRESH), completeness=())
        opened = fields(table, what)["opened"]
        assert opened == "由留证自动打开，使用新建的浏览器配置，取得后删除；浏览器扩展关闭"

    def test_what_is_not_known_is_said_and_tools_are_named(self, table: Desk) -> None:
        tools = {"what": "devtools", "at": "2026-11-12T13:00:00.000Z", "url": "", "open": False}
        body = dict(OWN) | {
            "opened_by": "program",
            "profile": {"kind": "case", "created": None, "used": None, "cookies": None},
            "noticed": [tools, tools | {"at": "never"}],
            "kept": "shot",
        }
        opened = fields(table, captures.page(room(table), Wild(), body))["opened"]
        assert "配置的建立时间不详" in opened
        assert "打开次数 不详" in opened
        assert "注意到开发者工具被打开：2026-11-12 21:00:00 +08:00" in opened
        assert "只保存当时看得见的画面" in opened

    @pytest.mark.parametrize("profile", [None, {}, {"kind": "other"}, []])
    def test_another_record_says_nothing(self, table: Desk, profile: Json) -> None:
        body = dict(OWN) | {"profile": profile}
        assert fields(table, captures.page(room(table), Wild(), body))["opened"] == ""

    def test_copies_and_whether_they_were_compared(self, table: Desk) -> None:
        found = fields(table, captures.page(room(table), Wild()))
        assert "共 5 份" in found["copies"]
        assert "互相核对" in found["copies"]
        what = replace(captures.page(room(table), Wild()), completeness=())
        assert "互相核对" not in fields(table, what)["copies"]
        few = without(what, "page.png", "page.mhtml", "page.pdf", "page.wacz")
        assert fields(table, few)["copies"] == ""

    def test_both_states_of_a_banner_are_pictured_and_nothing_twice(self, table: Desk) -> None:
        found = fields(table, captures.page(room(table), Wild()))
        assert [figure["path"] for figure in found["figures"]] == [
            "E0001/files/viewport.png",
            "E0001/files/closed-viewport.png",
        ]
        assert "提示还在时" in found["figures"][0]["what"]
        assert "点了提示上的按钮之后" in found["figures"][1]["what"]
        assert "暂不登录" in found["closed"]
        assert found["figures_left"] == 2
        assert [one["path"] for one in found["slices"]] == ["E0001/files/page.png"]

    def test_a_banner_that_could_not_be_closed(self, table: Desk) -> None:
        what = captures.page(room(table), Wild(), closed=False)
        found = fields(table, rewritten(what, "page.json", closed={"button": ""}))
        assert found["closed"].startswith("没有找到只是关闭它的按钮")
        assert len(found["figures"]) == 1

    def test_films(self, table: Desk) -> None:
        what = captures.page(room(table), Wild())
        (line,) = fields(table, what)["caught"]
        assert line == (
            "files/media/1.mp4；HLS 分段播放；由收到的 20 个原始文件拼成，未重新编码；"
            "时长 01:32.400"
        )
        film: dict[str, Json] = {
            "way": "dash", "path": None, "pieces": [{}], "missing": ["u"], "protected": True,
            "trouble": "no",
        }  # fmt: skip
        whole: dict[str, Json] = {"way": "file", "path": "files/media/2.mp4", "pieces": [{}]}
        body: Json = [film, whole, *[whole] * 5]
        told = fields(
            table, rewritten(captures.page(room(table), Wild()), "media.json", films=body)
        )
        assert told["caught"][0] == (
            "（没有拼成一个文件）；DASH 分段播放；收到的原始文件 1 个；缺 1 段；"
            "有版权保护的加密，未解除；未能拼接（no）"
        )
        assert told["caught"][1] == "files/media/2.mp4；网页直接引用的文件"
        assert told["caught"][-1] == "另有 1 项，见记录文件"

    def test_labels_and_numbers_have_places(self, table: Desk) -> None:
        found = fields(table, captures.page(room(table), Wild()))
        assert found["labels"] == [
            "“疑似AI生成，请谨慎甄别”（page.png，距左 24、距上 310 像素处，180×22 像素）"
        ]
        assert found["icp"][0].startswith("“浙ICP备2026000001号-1”")

    def test_a_label_without_a_place_is_still_quoted(self, table: Desk) -> None:
        what = captures.page(room(table), Wild())
        observed = replace(what.observations, shown=())
        found = fields(table, replace(what, observations=observed))
        assert found["labels"] == ["“疑似AI生成，请谨慎甄别”"]
        assert found["icp"] == []

    def test_marks(self, table: Desk) -> None:
        marks = fields(table, captures.page(room(table), Wild()))["marks"]
        assert marks["files"][0]["files"] == "files/media/1.mp4"
        assert marks["files"][0]["headline"] == "文件里的标识说它由 AI 生成，或有 AI 参与"
        assert marks["files"][1]["files"] == "files/media/2-0001.m4s、files/media/2-0002.m4s"
        assert marks["files"][1]["headline"] == "未检出 AI 标识"
        assert "未检出不等于没有" in marks["caution"]

    def test_a_mark_that_this_version_has_no_words_for(self, table: Desk) -> None:
        what = captures.page(room(table), Wild())
        files: Json = [
            {"path": f"files/{n}.mp4", "labels": [{"fault": "new", "raw": str(n)}]}
            for n in range(3)
        ]
        marks = fields(table, rewritten(what, "marks.json", files=files))["marks"]
        assert [one["headline"] for one in marks["files"]] == [
            "有本版本不认识的标识，见 marks.json"
        ]


class TestASeries:
    def test_numbers_and_episodes(self, table: Desk) -> None:
        found = fields(table, captures.series(room(table), Wild()))
        assert found["series"]["count"] == "列出 24 集；页面称共 24 集"
        assert found["series"]["access"] == "页面标为付费 4 集，标为免费 20 集，没有标明 0 集"
        assert found["series"]["episodes"][23] == {
            "number": "24", "title": "《桃花渡》第3集 之24", "access": "付费", "length": "01:48",
            "published": "2026-10-25", "counters": "播放 16.8 万",
        }  # fmt: skip
        assert found["kind"] == "剧集清单"
        assert found["typed"].startswith("https://")

    def test_a_long_cut_list_of_several(self, table: Desk) -> None:
        listing = Listing(
            cut=True,
            own=True,
            episodes=tuple(Listed(url=f"https://a.example/{n}", group=f"g{n % 2}")
                           for n in range(101)),
        )  # fmt: skip
        files = {"inventory.json": canonical(listing.body())}
        series = fields(table, made(room(table), "series", files))["series"]
        assert series["count"] == "列出 101 集；列出时处于登录状态；清单没有读到头；分属 2 部"
        assert series["left"] == 1
        assert series["episodes"][0]["title"] == "https://a.example/0"

    def test_counters_over_time_are_those_of_the_same_link(self, table: Desk) -> None:
        case = table.store.open_case("案", "real")
        what = [
            captures.series(room(table), Wild(), "2026-11-14T02:00:00.000Z", ()),
            captures.series(room(table), Wild(), "2026-11-12T02:00:00.000Z", count=20),
            captures.series(room(table), Wild()),
        ]
        other = replace(what[2].target, url="https://elsewhere.example/s/1")
        what[2] = replace(what[2], target=other)
        found = [show(seal(table, case, one), (), 1, table.vault) for one in what]
        taken: Any = history([(one.exhibit, one.manifest, one.records) for one in found], say())
        assert [row["number"] for row in taken["E0001"]] == ["E0002", "E0001"]
        assert taken["E0001"] == taken["E0002"]
        assert [row["number"] for row in taken["E0003"]] == ["E0003"]
        first, second = taken["E0001"]
        assert (first["listed"], first["paid"], first["counters"]) == (20, 4, "播放 812.4 万")
        assert second["counters"] == "各集之和，由留证相加：播放 4,860,000"


class TestRecords:
    def test_an_exhibit_without_records_says_nothing_of_them(self, table: Desk) -> None:
        names = ("recording.json", "segments.jsonl")
        found = fields(table, without(captures.recording(room(table), Wild()), *names))
        assert found["rec"] == found["phone"] == found["code"] == found["series"] == {}
        assert found["unread"] == found["opened"] == found["copies"] == ""

    @pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"format":"x"}', b"\xff", b'{"a": 1}'])
    def test_one_that_cannot_be_read_is_named(self, table: Desk, raw: bytes) -> None:
        what = captures.recording(room(table), Wild(), segments=2)
        for name in ("recording.json", "segments.jsonl"):
            next(f for f in what.files if f.path == f"files/{name}").at.write_bytes(raw or b"x\n")
        found = fields(table, what)
        assert found["rec"] == {}
        assert found["unread"].startswith("recording.json、segments.jsonl 无法读懂")

    def test_an_inventory_that_cannot_be_read_is_named(self, table: Desk) -> None:
        for raw in (b"{}", canonical({**Listing().body(), "episodes": [{"from": {"x": "y"}}]})):
            found = fields(table, made(room(table), "series", {"inventory.json": raw}))
            assert found["series"] == {}
            assert found["unread"].startswith("inventory.json")
        body = captures.episodes(Wild(), 1)[0].body() | {"from": {"title": "nowhere"}}
        raw = canonical({**Listing().body(), "episodes": [body]})
        found = fields(table, made(room(table), "series", {"inventory.json": raw}))
        assert found["unread"].startswith("inventory.json")

    def test_one_that_is_too_large_is_named(
        self, table: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(records_of, "MOST", 100)
        assert "phone.json" in fields(table, captures.phone(room(table), Wild()))["unread"]

    def test_one_that_changed_stops_the_document(self, table: Desk) -> None:
        one = shown(table, captures.phone(room(table), Wild()))
        artifact = next(a for a in one.exhibit.artifacts if a.path == "files/phone.json")
        at = table.vault.path(artifact.digest.sha256)
        at.chmod(0o600)
        at.write_bytes(b"{}")
        with pytest.raises(Tampered):
            show(one.exhibit, (), 1, table.vault)

    def test_a_received_file_of_that_name_is_no_record(self, table: Desk) -> None:
        raw = captures.marked(Wild())
        what = made(room(table), "file", {"a.png": png(4, 4), "x/marks.json": raw})
        files = tuple(
            replace(one, path="files/marks.json", role="original")
            if one.path.endswith("marks.json")
            else one
            for one in what.files
        )
        found = fields(table, replace(what, files=files))
        assert found["marks"] == {}
        assert found["unread"] == ""


@pytest.mark.no_cover
class TestWhatIsPrinted:
    @pytest.mark.parametrize("lang", LANGS)
    def test_hostile_records_are_text(self, table: Desk, lang: Lang) -> None:
        room(table).rmdir()
        wild = Wild(
            title=NASTY, step=NASTY, reason=NASTY, device=NASTY, package=NASTY, model=NASTY,
            button=NASTY, label=NASTY, value=NASTY,
        )  # fmt: skip
        case, _ = each_kind(table, wild)
        found = squeezed(text(table, case, lang))
        assert found.count("<imgsrc=file:///etc/passwd>{{case.title}}|**x**`y`<br>") > 8
        assert "root:" not in found
        assert "\x1b" not in found
        assert "\u202e" not in found

    @pytest.mark.usefixtures("few_subsets")
    @pytest.mark.parametrize("lang", LANGS)
    def test_receipts_of_every_kind_are_one_page(
        self, table: Desk, font_cache: Path, lang: Lang
    ) -> None:
        case = table.store.open_case("桃花渡一案", "practice")
        writer = Writer(font_cache)
        for take in (
            lambda: captures.recording(room(table), Wild(), segments=2),
            lambda: captures.phone(room(table), Wild()),
            lambda: captures.page(room(table), Wild()),
            lambda: captures.series(room(table), Wild()),
        ):
            seal(table, case, take())
            issued = document.issue(
                kind="receipt",
                case_id=case.id,
                lang=lang,
                store=table.store,
                vault=table.vault,
                clock=table.clock,
                renderer=writer,
                words=words(lang),
                job=Job(),
                offset_minutes=480,
            )
            with pikepdf.open(table.vault.path(issued.sha256)) as pdf:
                assert len(pdf.pages) == 1

    def test_a_list_names_each_kind(self, table: Desk) -> None:
        room(table).rmdir()
        case, _ = each_kind(table)
        found = text(table, case, "zh", "evidence-list")
        for part in ("录屏（E0001）", "视听资料", "从手机取得", "取得的剧集清单",
                     "1-1、1-2、1-3 另提供存储视听资料的原始载体"):  # fmt: skip
            assert part in found

    @pytest.mark.parametrize("lang", LANGS)
    def test_an_untitled_series_is_called_what_it_is(self, table: Desk, lang: Lang) -> None:
        what = replace(captures.series(room(table), Wild()), observations=Observations())
        found = fields(table, what, lang)
        assert found["name"] == {"zh": "剧集清单", "en": "Inventory of a series"}[lang]
