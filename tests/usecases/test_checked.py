from __future__ import annotations

import re

import pytest

from holdfast.adapters.resources import words
from holdfast.core.document import Lang
from holdfast.usecases.checked import check_words


@pytest.mark.parametrize(
    ("check", "outcome", "detail", "zh", "en"),
    [
        ("interrupted", "fail", "disk_full", "磁盘已满", "the disk was full"),
        ("interrupted", "fail", "cancelled", "取证人取消", "cancelled by the collector"),
        ("interrupted", "fail", "screen_none", "没有可以截的屏幕", "There is no screen"),
        ("interrupted", "fail", "host_slow", "（host_slow）", "(host_slow)"),
        ("interrupted", "fail", "of a later release", "of a later release", "of a later release"),
        ("phone_lost", "fail", "phone_gone", "手机断开", "the phone was gone"),
        ("record_screen", "warn", "resized, monitors", "画面大小改变、显示器数量改变", "a monitor"),
        ("record_steps", "warn", "time, play.end", "标准时间页面、播放：结尾", ", "),
        ("record_picture", "fail", "97 %, black", "97 %、黑色", "97 %, black"),
        ("record_sound", "fail", "none: no device", "没有可以播放声音的设备", "nothing to play"),
        ("record_sound", "fail", "lost: RuntimeError: x", "RuntimeError: x", "RuntimeError: x"),
        ("record_clock", "warn", "+3600.0 s", "+3600.0 s", "it slept"),
        (
            "media_picture",
            "warn",
            "2: a.mp4: 30; b.mp4",
            "a.mp4（相差 30）、b.mp4",
            "difference 30",
        ),
        ("of_a_later_release", "fail", "x", "of_a_later_release: x", "of_a_later_release: x"),
        ("of_a_later_release", "fail", "", "of_a_later_release", "of_a_later_release"),
    ],
)
def test_a_check_is_said_in_one_language(
    check: str, outcome: str, detail: str, zh: str, en: str
) -> None:
    assert zh in check_words(check, outcome, detail, words("zh"))
    assert en in check_words(check, outcome, detail, words("en"))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "why",
    [
        "crash",
        "no answer",
        "disk_full",
        "disk",
        "screen",
        "parent",
        "asked",
        "encoder",
        "cancelled",
    ],
)
def test_every_end_of_the_recorder_has_words(lang: Lang, why: str) -> None:
    said = check_words("interrupted", "fail", why, words(lang))
    assert why not in re.findall(r"[（(]([^）)]*)[）)]", said)
