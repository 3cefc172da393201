"""The computer around a capture: readings as a person's computer has them, and nobody asked."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from holdfast.core.environment import SHORT, EnvironmentRun, Fact, Reading
from holdfast.core.evidence import ClockReading, Outcome
from holdfast.core.job import Job
from holdfast.core.not_before import NOT_ASKED, Block, NotBefore, Round


def ask_nobody(data: Path) -> None:
    """A data folder whose Holdfast asks nobody outside about clock and names."""
    with suppress(OSError):
        data.mkdir(parents=True, exist_ok=True)
        if not (data / "settings.json").exists():
            (data / "settings.json").write_text('{"offline": true}')


def read(item: str, outcome: Outcome, *facts: tuple[str, str]) -> Reading:
    return Reading(
        item=item,
        outcome=outcome,
        facts=tuple(Fact(name=name, value=value) for name, value in facts),
    )


READINGS = (
    read("system", "pass", ("os", "Windows 11 24H2"), ("kernel", "10.0.26100"), ("zone", "+08:00")),
    read("program", "pass", ("version", "0.1.0"), ("sha256", "a5" * 32)),
    read("rights", "pass", ("administrator", "no")),
    read(
        "clock",
        "pass",
        ("offset_ms", "180"),
        ("uncertainty_ms", "40"),
        ("agreeing", "3"),
        ("source", "ntp.aliyun.com +178 ms ±21"),
        ("source", "ntp.tencent.com +181 ms ±35"),
    ),
    read("hosts", "pass", ("path", "C:/Windows/System32/drivers/etc/hosts"), ("entries", "0")),
    read("proxy", "pass", ("set", "0")),
    read(
        "tunnel",
        "warn",
        ("adapters", "1"),
        ("connected", "0"),
        ("route", "WLAN"),
        ("adapter", "OpenVPN TAP down"),
    ),
    read(
        "dns",
        "pass",
        ("reason", "same"),
        ("answer", "198.51.100.24"),
        ("resolvers", "2"),
        ("resolver", "223.5.5.5 198.51.100.24"),
    ),
    read("roots", "pass", ("count", "121"), ("yardstick", "certifi 2026.10.18")),
    read(
        "processes", "warn", ("total", "213"), ("program", "网易云音乐 (overlays): cloudmusic.exe")
    ),
    read("disk", "pass", ("free", "212000000000")),
    read("displays", "not_checked", ("reason", "no_display")),
)
CLOCK = ClockReading(
    system="2026-11-12T13:03:02.000Z",
    monotonic_ns=1,
    offset_ms=180,
    reference="ntp.aliyun.com, ntp.tencent.com",
    uncertainty_ms=40,
)
DRAND = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
"""The hash of the chain quicknet."""
VALUES = NotBefore(
    network="bitcoin",
    bitcoin=Block(height=921_000, hash="0" * 20 + "ab" * 22, sources=("a-explorer", "b-explorer")),
    drand=Round(chain=DRAND, round=33_000_000, signature="aa" * 48),
)


def run(
    at: str = "2026-11-12T13:03:0",
    items: tuple[str, ...] = (),
    readings: tuple[Reading, ...] = READINGS,
) -> EnvironmentRun:
    return EnvironmentRun(
        started=f"{at}1.117Z",
        finished=f"{at}2.900Z",
        readings=tuple(one for one in readings if not items or one.item in items),
        clock=CLOCK,
    )


class FakeWatch:
    """Says what it was told; ``calls`` is what it was asked."""

    def __init__(self, before: EnvironmentRun | None = None, values: NotBefore = NOT_ASKED) -> None:
        self._before = before or run()
        self._values = values
        self.calls: list[str] = []

    def before(self, job: Job) -> EnvironmentRun:
        self.calls.append("before")
        return self._before

    def not_before(self, job: Job) -> NotBefore:
        self.calls.append("not_before")
        return self._values

    def sealing(self, job: Job) -> EnvironmentRun:
        self.calls.append("sealing")
        return run("2026-11-12T13:05:0", SHORT)
