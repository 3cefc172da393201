"""The bar of the evidence browser, with real clicks and an invented browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from fakes.holdfast import HOSTILE, FakeHoldfast
from holdfast.core.browsing import Noticed, TabSeen
from holdfast.core.errors import Refused, Unavailable
from holdfast.ui.pages.browsing import BrowsingPage
from holdfast.ui.pages.trouble import TroublePage, Woe
from holdfast.ui.window import MainWindow

from .conftest import Open, settle
from .test_flows import called, click, ids


def opened(qtbot: QtBot, window: MainWindow, what: object) -> BrowsingPage:
    window.go("browsing", what)
    settle(qtbot, window)
    page = window.here
    assert isinstance(page, BrowsingPage)
    return page


def test_from_today_it_opens_at_the_link_that_was_typed(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    today = window.page("today")
    today.field.setPlainText("https://x.example/v/1")
    click(qtbot, window, today.ways[2])
    page = window.here
    assert isinstance(page, BrowsingPage)
    assert called(fake, "browse") == [("browse", "", "https://x.example/v/1")]
    assert page.address.text() == "https://x.example/v/1"
    assert page.tag.text() == "存入 HF-2026-0001"
    assert QApplication.focusWidget() is page.wishes["page"]
    assert page.record.isVisible()
    assert "今天建立" in page.about.text()


def test_each_button_keeps_what_it_says_into_the_case(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    before = len(full.files[case].exhibits)
    page = opened(qtbot, window, (case, "https://x.example/"))
    for wish, button in page.wishes.items():
        click(qtbot, window, button)
        assert called(full, "browse_keep")[-1] == ("browse_keep", case, wish)
        assert window.here is page, "the person stays where they work"
    assert len(full.files[case].exhibits) == before + 4
    assert len(page._rows) == 4
    assert called(full, "stamp")
    assert not page.nothing.isVisible()


def test_what_could_not_be_kept_is_said_where_they_are(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    page = opened(qtbot, window, (ids(full)["许"], "https://x.example/"))
    full.fail["browse_keep"] = Refused("browse_dialog")
    click(qtbot, window, page.wishes["page"])
    assert "页面正在等你回答" in page.said.text()
    del full.fail["browse_keep"]
    full.fail["keep_inside"] = Unavailable("browse_over")
    click(qtbot, window, page.wishes["scroll"])
    assert "取证浏览器已经不在了" in page.said.text()
    assert page._rows[0][1] is None


def test_a_keep_can_be_cancelled(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    import threading

    window = open_(full)
    page = opened(qtbot, window, (ids(full)["许"], "https://x.example/"))
    full.hold = threading.Event()
    qtbot.mouseClick(page.wishes["page"], Qt.MouseButton.LeftButton)
    assert full.held.wait(60)
    assert not page.wishes["scroll"].isEnabled()
    qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    full.hold.set()
    settle(qtbot, window)
    assert page._rows == []
    assert page.wishes["page"].isEnabled()


def test_an_empty_tab_a_hostile_title_and_many_tabs(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    page = opened(qtbot, window, (case, ""))
    assert page.front.text().startswith("还没有打开页面")
    nasty = TabSeen(id="t", url="https://x.example/", title=HOSTILE, current=True)
    others = tuple(TabSeen(id=str(n), url="", title="") for n in range(2))
    full.browsers[case] = replace(full.browsers[case], tabs=(nasty, *others))
    page.look()
    assert page.front.text() == HOSTILE
    assert page.front.textFormat() == Qt.TextFormat.PlainText
    assert "2 个标签页" in page.more.text()


def test_what_is_noticed_is_said(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    case = ids(full)["许"]
    page = opened(qtbot, window, (case, "https://x.example/"))
    assert not page.notice.isVisible()
    seen = Noticed(what="devtools", at="2026-11-12T13:06:31.000Z", url="devtools", turn=1)
    full.browsers[case] = replace(full.browsers[case], noticed=(seen,))
    page.look()
    assert "请先关掉再保存" in page.notice.text()
    more = (replace(seen, open=False), replace(seen, what="download"))
    full.browsers[case] = replace(full.browsers[case], noticed=more)
    page.look()
    assert "开过一阵" in page.notice.text()
    assert "没有下载" in page.notice.text()


@pytest.mark.parametrize("why", ["closed", "gone"])
def test_a_browser_that_ended_is_said_and_opens_again(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, why: str
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    page = opened(qtbot, window, (case, "https://x.example/"))
    full.browsers[case] = replace(full.browsers[case], ended=why, tabs=())
    page.look()
    assert not page.wishes["page"].isVisible()
    assert "安全" in page.footer.sentence.text()
    click(qtbot, window, page.reopen)
    assert len(called(full, "browse")) == 2
    assert page.wishes["page"].isVisible()
    assert "已建立（天）：3" in page.about.text()


def test_closing_and_forgetting(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    page = opened(qtbot, window, (case, "https://x.example/"))
    assert not page.forget.isVisible()
    click(qtbot, window, page.close_it)
    assert called(full, "browse_end") == [("browse_end", case)]
    asked = []

    def answer(yes: bool) -> None:
        def exec_(box: QMessageBox) -> int:
            asked.append(box.text())
            return 0

        monkeypatch.setattr(QMessageBox, "exec", exec_)
        monkeypatch.setattr(
            QMessageBox,
            "clickedButton",
            lambda box: box.buttons()[0 if yes else 1],
        )

    answer(yes=False)
    click(qtbot, window, page.forget)
    assert not called(full, "forget_profile")
    answer(yes=True)
    click(qtbot, window, page.forget)
    assert called(full, "forget_profile") == [("forget_profile", case)]
    assert "登录会全部失效" in asked[0]
    assert not page.forget.isVisible()


def test_an_open_browser_is_found_again_and_goes_on(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    page = opened(qtbot, window, (case, "https://x.example/"))
    click(qtbot, window, page.wishes["page"])
    window.go("today", "")
    page = opened(qtbot, window, ("", ""))
    assert len(called(full, "browse")) == 1
    assert page.case == case
    assert len(page._rows) == 1
    opened(qtbot, window, (case, "https://x.example/2"))
    assert called(full, "browse_to") == [("browse_to", case, "https://x.example/2")]


def test_trouble_of_a_login_leads_here_and_back_into_the_case(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    link = "https://x.example/v"
    window.go("trouble", Woe(error=Unavailable("video_login", host="x"), target=link, case=case))
    settle(qtbot, window)
    trouble = window.here
    assert isinstance(trouble, TroublePage)
    assert trouble.primary.text() == "在取证浏览器里登录"
    assert trouble.other_way == "screen"
    assert "密码不会被记录" in trouble.note.text()
    assert not trouble.files.isVisible()
    click(qtbot, window, trouble.primary)
    assert called(full, "browse") == [("browse", case, link)]


def test_a_video_that_wants_a_login_is_trouble_with_what_was_kept(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdfast.compose import Failure, Kept

    window = open_(full)
    case = full.case_file(ids(full)["许"]).case
    exhibit = full.files[case.id].exhibits[0]
    failure = Failure(
        target="https://x/", source="video", error=Unavailable("video_login", host="x")
    )
    kept = Kept(case=case, exhibits=(exhibit,), failed=(failure,))
    monkeypatch.setattr(full, "keep", lambda *_, **__: kept)
    window.keep(["https://x/"], case.id)
    settle(qtbot, window)
    page = window.here
    assert isinstance(page, TroublePage)
    assert page.kept_title.isVisible()
    assert page.way == "browse"


def test_a_login_page_that_was_kept_offers_the_browser(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    window.go("receipt", (case, ["E0002"]))
    settle(qtbot, window)
    receipt = window.here
    assert receipt.log_in.isVisible()
    click(qtbot, window, receipt.log_in)
    assert called(full, "browse")[0][1] == case
    window.go("receipt", (case, ["E0001"]))
    settle(qtbot, window)
    assert not receipt.log_in.isVisible()


def test_where_no_browser_exists_there_are_other_ways(
    qtbot: QtBot,
    full: FakeHoldfast,
    open_: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    full.fail["browse"] = Unavailable("no_browser")
    window.go("browsing", (case, "https://x.example/"))
    settle(qtbot, window)
    page = window.here
    assert isinstance(page, TroublePage)
    assert (page.way, page.other_way) == ("settings", "screen")
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(file)], ""))
    click(qtbot, window, page.files)
    assert called(full, "keep_files") == [("keep_files", (file,), case)]


def test_a_link_is_kept_logged_in_when_the_person_says_so(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    page = window.page("case")
    links = ("https://x.example/1\n", True)
    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *a, **k: links)

    def actions() -> dict[str, object]:
        window.go("case", (case, ""))
        settle(qtbot, window)
        page._add()
        found = {action.text(): action for action in page.menu.actions()}
        page.menu.hide()
        return found

    assert "登录状态下保存链接" not in actions(), "there is no log-in to use"
    opened(qtbot, window, (case, ""))
    actions()["登录状态下保存链接"].trigger()
    settle(qtbot, window)
    assert called(full, "keep_logged_in") == [("keep_logged_in", "https://x.example/1", case)]
    assert not called(full, "keep")
    actions()["取证浏览器"].trigger()
    settle(qtbot, window)
    assert isinstance(window.here, BrowsingPage)


def test_opening_can_be_cancelled(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    from holdfast.core.errors import Cancelled

    window = open_(full)
    full.fail["browse"] = Cancelled()
    page = opened(qtbot, window, (ids(full)["许"], ""))
    assert page.reopen.isVisible()
    assert not page.said.isVisible()


def test_hiding_at_once_hides_the_browser_too(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    opened(qtbot, window, (ids(full)["许"], ""))
    window.hide_at_once()
    window.hide_at_once()
    assert called(full, "hide_browsers") == [("hide_browsers", True), ("hide_browsers", False)]
