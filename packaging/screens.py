"""Pictures of every page of the window: ``python packaging/screens.py OUT [zh-light-100]``.

The data is invented.  Run it under Xvfb or with ``QT_QPA_PLATFORM=offscreen``.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TZ", "Asia/Shanghai")
time.tzset()
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "app"), str(ROOT / "tests")]

from PySide6.QtWidgets import QApplication

from fakes.holdfast import VERDICTS, FakeHoldfast, furnished
from holdfast.core.errors import Unavailable
from holdfast.core.settings import Settings
from holdfast.ui.inside import open_window
from holdfast.ui.pages.trouble import Woe
from holdfast.ui.window import MainWindow


def settle(window: MainWindow) -> None:
    """Everything that is under way has arrived and is drawn."""
    app = QApplication.instance()
    assert app is not None
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for _ in range(5):
            app.processEvents()
        if not window.desk.runner.busy:
            break
        time.sleep(0.01)
    for _ in range(20):
        app.processEvents()


def shoot(window: MainWindow, out: Path, name: str) -> None:
    """The window as it stands is a picture."""
    settle(window)
    window.grab().save(str(out / f"{name}.png"))
    print(out / f"{name}.png")


def pages(window: MainWindow, fake: FakeHoldfast, out: Path, tail: str) -> None:
    """One picture of each page."""
    cases = {case.title[:1]: case.id for case in fake.cases()}
    lin, xu = cases["林"], cases["许"]
    drafted = fake.case_file(lin).notices[0].id
    sent = fake.case_file(xu).notices[0].id

    def at(name: str, place: str, what: object) -> None:
        window.go(place, what)
        settle(window)
        shoot(window, out, f"{name}-{tail}")

    at("02-today", "today", "")
    import threading

    from holdfast.ui.pages.keeping import Keep

    fake.hold = threading.Event()
    fake.held.clear()
    task = window.desk.runner.start(
        lambda job: fake.keep("https://duanju.practice.example/v/taohuadu/12", job, lin),
        "task.keeping",
    )
    window.go("keeping", None)
    window.page("keeping")
    window._open(
        "keeping",
        Keep(task=task, target="https://duanju.practice.example/v/taohuadu/12", practice=True),
    )
    fake.held.wait(5)
    for _ in range(30):
        QApplication.processEvents()
    window.grab().save(str(out / f"03-keeping-{tail}.png"))
    task.cancel()
    fake.hold.set()
    settle(window)
    fake.hold = None
    at("04-receipt", "receipt", (lin, ["E0001", "E0002"]))
    at("05-case", "case", (xu, "E0001"))
    at("05b-case-hostile", "case", (xu, "E0002"))
    at("05c-case-practice", "case", (lin, "E0001"))
    for tab in ("evidence", "letters", "documents", "people"):
        at(f"06-{tab}", "case", (lin, tab))
    at("07-series", "series", (lin, ""))
    at("08-letter", "letter", (lin, drafted))
    at("08b-letter-first", "letter", (cases["何"], ""))
    at("09-send", "send", (xu, sent))
    at("09b-answer", "answer", (xu, sent))
    for name, verdict in VERDICTS.items():
        fake.verdict = verdict
        at(f"10-verify-{name}", "verify", ("2026-031.zip",))
    at("12-cases", "cases", "")
    at("13-settings", "settings", None)
    at("14-help", "help", None)
    at("14b-shot", "shot", "")
    at("14c-record", "record", xu)
    at("14c2-token", "token", xu)
    at("14d-phone", "phone", xu)
    at("14e-environment", "environment", xu)
    at("16-browsing", "browsing", (xu, "https://duanju.practice.example/v/taohuadu/12"))
    page = window.page("browsing")
    page.keep("page")  # type: ignore[attr-defined]
    settle(window)
    shoot(window, out, f"16b-browsing-kept-{tail}")
    fake.browse_end(xu)
    page.look()  # type: ignore[attr-defined]
    shoot(window, out, f"16c-browsing-closed-{tail}")
    error = Unavailable("explorer_garbled", operator="tsa-b.example")
    kept = fake.case_file(lin).exhibits[:2]
    woe = Woe(
        error=error,
        target="https://duanju.practice.example/v/taohuadu/13",
        again=lambda: None,
        kept=kept,
    )
    at("15-trouble", "trouble", woe)
    at("15b-trouble-bug", "trouble", ZeroDivisionError("x"))
    login = Unavailable("video_login", host="duanju.practice.example")
    at("15c-trouble-login", "trouble", replace(woe, error=login))
    at("15d-trouble-no-browser", "trouble", replace(woe, error=Unavailable("no_browser"), kept=()))
    at("17-farewell", "farewell", None)


def main(out: Path, only: str = "") -> int:
    """Every page in both languages and schemes, and once at 200 % in the smallest window."""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    for lang, theme, scale in [
        *itertools.product(("zh", "en"), ("light", "dark"), (100,)),
        ("en", "light", 200),
    ]:
        if only not in f"{lang}-{theme}-{scale}":
            continue
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(language=lang, theme=theme, text_scale=scale, operator="person:0")
            first = FakeHoldfast(Path(folder), settings=settings)
            window = open_window(app, first)
            wide, high = (1280, 800) if scale == 100 else (960, 640)
            window.resize(wide, high)
            window.show()
            tail = f"{lang}-{theme}-{scale}"
            shoot(window, out, f"01-first-{tail}")
            window.hide()
            fake = furnished(Path(folder) / "more", settings=replace(settings))
            window = open_window(app, fake)
            window.resize(wide, high)
            window.show()
            settle(window)
            pages(window, fake, out, tail)
            window.hide()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "screens"), *sys.argv[2:3]))
