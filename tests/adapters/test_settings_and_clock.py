from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters.clock import SystemClock, uuid7
from holdfast.adapters.resources import resource, table, words
from holdfast.adapters.settings import SettingsFile
from holdfast.core.canonical import moment
from holdfast.core.errors import Refused
from holdfast.core.settings import Settings


def test_settings_come_back_and_unknown_ones_are_kept(tmp_path: Path) -> None:
    at = tmp_path / "folder" / "settings.json"
    chosen = Settings(language="zh", theme="dark", disabled=("sectigo",), text_scale=150)
    SettingsFile(at).save(chosen)
    content = json.loads(at.read_text())
    at.write_text(json.dumps({**content, "future": {"x": 1}}))
    again = SettingsFile(at)
    assert again.load() == chosen
    again.save(replace(chosen, theme="light"))
    assert json.loads(at.read_text())["future"] == {"x": 1}
    assert again.damaged is None


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert SettingsFile(tmp_path / "settings.json").load() == Settings()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"language": "fr"}', b'{"theme": 1}',
     b'{"text_scale": true}', b'{"disabled": [1]}', b'{"disabled": "x"}', b" " * ((1 << 20) + 1)],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_and_told(tmp_path: Path, content: bytes) -> None:
    at = tmp_path / "settings.json"
    at.write_bytes(content)
    file = SettingsFile(at)
    assert file.load() == Settings()
    assert file.damaged is not None
    assert file.damaged.read_bytes() == content


def test_the_clock_is_aware_and_reads_both_counters() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    reading = clock.reading()
    assert moment(reading.system) <= clock.now()
    assert reading.monotonic_ns > 0
    assert reading.offset_ms is None
    assert -24 * 60 < clock.offset_minutes() < 24 * 60
    assert clock.new_id() < clock.new_id() or clock.now()


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)),
    st.binary(min_size=10, max_size=10),
)
def test_ids_are_version_7_and_carry_their_time(at: datetime, noise: bytes) -> None:
    import uuid

    made = uuid.UUID(uuid7(at.replace(tzinfo=UTC), noise))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(at.replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone cannot be set here")
def test_summer_time_holds_for_a_moment_in_summer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    time.tzset()
    try:
        clock = SystemClock()
        assert clock.offset_minutes(moment("2026-11-01T04:30:00Z")) == -240
        assert clock.offset_minutes(moment("2026-11-01T06:30:00Z")) == -300
    finally:
        monkeypatch.undo()
        time.tzset()


def test_resources_are_found_and_a_missing_one_is_an_error() -> None:
    assert resource("i18n", "zh").is_dir()
    assert table("authorities", "tsa.toml")["tsa"]
    with pytest.raises(FileNotFoundError):
        resource("nothing")


def test_catalogues_refuse_a_key_that_stands_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdfast.adapters import resources

    folder = tmp_path / "i18n" / "xx"
    folder.mkdir(parents=True)
    three = 'what = "a"\nwhy = "b"\nnow = "c"\n'
    (folder / "a.toml").write_text(f'[words]\n"k" = "v"\n[errors.e]\n{three}')
    monkeypatch.setattr(resources, "resource", lambda *parts: tmp_path.joinpath(*parts))
    assert words.__wrapped__("xx").words == {"k": "v"}
    (folder / "b.toml").write_text('[words]\n"k" = "w"\n')
    with pytest.raises(ValueError, match="k stands twice"):
        words.__wrapped__("xx")
    (folder / "b.toml").write_text(f"[errors.e]\n{three}")
    with pytest.raises(ValueError, match="error e stands twice"):
        words.__wrapped__("xx")


def test_two_that_save_at_once_are_in_nobodys_way_and_a_folder_that_refuses_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, replace_ = tmp_path / "settings.json", Path.replace

    def meanwhile(draft: Path, to: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace_)
        SettingsFile(at).save(Settings(language="en"))
        return replace_(draft, to)

    monkeypatch.setattr(Path, "replace", meanwhile)
    SettingsFile(at).save(Settings(language="zh"))
    assert SettingsFile(at).load().language == "zh"
    assert list(tmp_path.iterdir()) == [at]
    for verb in (SettingsFile(at / "x").load, lambda: SettingsFile(at / "x").save(Settings())):
        with pytest.raises(Refused, match="data_unwritable"):
            verb()
