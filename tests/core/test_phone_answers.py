"""Answers of a phone's programs, as they are and as they should not be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.adb import IN_FRONT, INSTALLED, PACKAGE, PROPERTIES
from holdfast.core.canonical import canonical
from holdfast.core.phone import (
    App,
    app_check,
    clock_check,
    in_front,
    installed,
    listed,
    properties,
    root_checks,
)

DEVICES = """List of devices attached
PIC0001                device usb:1-2 product:pictor model:Pictor_9 device:pictor transport_id:1
PIC0002                unauthorized transport_id:2
192.168.1.5:5555       offline transport_id:3
PIC0004                recovery
-x                     device
lonely

"""


def test_phones_and_their_states() -> None:
    found = listed(DEVICES)
    assert [(one.serial, one.state) for one in found] == [
        ("PIC0001", "device"), ("PIC0002", "unauthorized"), ("192.168.1.5:5555", "offline"),
        ("PIC0004", "other"),
    ]  # fmt: skip
    assert (found[0].model, found[0].product) == ("Pictor 9", "pictor")
    assert found[3].said == "recovery"


def test_only_some_properties_are_kept() -> None:
    answer = "".join(f"[{name}]: [{value}]\n" for name, value in PROPERTIES.items())
    told = properties(answer)
    assert told["ro.product.model"] == "Pictor 9"
    assert "gsm.sim.operator.alpha" not in told


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (IN_FRONT, (PACKAGE, ".player.PlayerActivity")),
        (f"  mResumedActivity: ActivityRecord{{1 u0 {PACKAGE}/com.x.Y t1}}", (PACKAGE, "com.x.Y")),
        (f"mCurrentFocus=Window{{7a u0 {PACKAGE}/com.x.Y}}", (PACKAGE, "com.x.Y")),
        ("mCurrentFocus=Window{7a u0 NotificationShade}", ("", "")),
        ("mCurrentFocus=Window{7a u0 single/word}", ("", "")),
        ("", ("", "")),
    ],
)
def test_what_is_in_front(answer: str, found: tuple[str, str]) -> None:
    assert in_front(answer) == found


def test_how_an_app_came_onto_the_phone() -> None:
    assert installed(INSTALLED, PACKAGE) == {
        "version_name": "31.2.0",
        "version_code": "310200",
        "installer": "com.example.store",
        "first_installed": "2026-08-20 21:03:10",
        "last_updated": "2026-11-02 09:12:44",
    }
    assert installed(INSTALLED, "com.nobody.here") == {}
    assert installed("Package [a.b]\n versionName=1", "a.b") == {"version_name": "1"}


def test_signs_of_an_opened_system_are_named() -> None:
    (clean,) = root_checks(PROPERTIES, "asked")
    assert (clean.outcome, clean.detail) == ("pass", "")
    odd = {"ro.debuggable": "1", "ro.build.tags": "test-keys", "ro.boot.flash.locked": "0"}
    (found,) = root_checks(odd, "/system/xbin/su\nasked")
    assert found.outcome == "warn"
    for sign in ("/system/xbin/su", "ro.debuggable=1", "test-keys", "ro.boot.flash.locked=0"):
        assert sign in found.detail
    assert root_checks({}, "asked")[0].outcome == "not_checked"
    assert root_checks(PROPERTIES, None)[0].outcome == "not_checked"


def test_clock_and_app() -> None:
    assert clock_check(None).outcome == "not_checked"
    assert clock_check(4000).outcome == "pass"
    assert (clock_check(-61_000).outcome, clock_check(-61_000).detail) == ("warn", "-61.0")
    app = App(package=PACKAGE, certificates={"v2": ("00",)})
    assert app_check(None, PACKAGE).outcome == "not_checked"
    assert app_check(app, "").outcome == "not_checked"
    assert app_check(App(package=""), PACKAGE).outcome == "not_checked"
    assert app_check(app, PACKAGE).outcome == "pass"
    assert app_check(app, "com.other.app").outcome == "warn"
    canonical(app.body())


@given(st.text(max_size=300))
def test_any_answer_is_survived(answer: str) -> None:
    listed(answer)
    properties(answer)
    in_front(f"mCurrentFocus=Window{{{answer}")
    installed(f"Package [{PACKAGE}]{answer}", PACKAGE)
    root_checks({}, answer)
