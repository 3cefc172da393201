"""Series and the downloader of the Holdfast that lives in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from holdfast.compose.series import DownloaderState, Standing
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import Counter
from holdfast.core.job import Job, Progress
from holdfast.core.series import Episode, Inventory, Listed, Series, chosen, unkeepable
from holdfast.usecases.series import SeriesFile

NAMES = ("长街灯火", "不开门的铺子", "第一封信", "旧伞", "雨夜", "她的侧脸", "对门", "搬走的人")
WHEEL = DownloaderState(bundled="2026.10.26", newer="2026.11.20", sha256="ab" * 32)


def series_of(case: str, new_id: Callable[[], str], *, episodes: int = 60) -> SeriesFile:
    """A series of which the first are kept, one is not, and the last are paid."""
    series = Series(
        id=new_id(),
        case_id=case,
        url="https://duanju.practice.example/s/changjie",
        title="长街旧梦",
    )
    listed = []
    for number in range(1, episodes + 1):
        paid = number > episodes - 12
        state, facts = "listed", {}
        if number <= 4:
            state, facts = "kept", {"exhibit": f"E{number:04d}", "whole": number != 3}
        elif number == 5:
            state = "failed"
            facts = {
                "code": "http_status",
                "facts": (("host", "duanju.practice.example"), ("status", "404")),
            }
        elif paid:
            state, facts = "skipped", {"code": "episode_paid"}
        listed.append(
            Episode(
                id=new_id(),
                case_id=case,
                series_id=series.id,
                place=number,
                listed=Listed(
                    number=number,
                    title=f"《长街旧梦》第{number}集 {NAMES[number % len(NAMES)]}",
                    url="" if paid else f"{series.url}/ep/{number}",
                    access="paid" if paid else "free",
                    duration_ms=92_000 + number * 700,
                    published=f"2026-10-{number % 28 + 1:02d}",
                    counters=(Counter(name="plays", value=f"{(240 - number * 3) / 10:.1f} 万"),),
                    origins={"number": "json-ld", "title": "json-ld", "published": "feed"},
                ),
                state=state,
                **facts,
            )
        )
    taken = tuple(
        Inventory(
            id=new_id(),
            case_id=case,
            series_id=series.id,
            exhibit=f"E{at + 7:04d}",
            taken=f"2026-11-{14 + at * 2}T02:10:00Z",
            listed=episodes,
            paid=12,
            stated=episodes,
            counters=(Counter(name="plays", value=f"{plays} 万"),),
        )
        for at, plays in enumerate(("812.4", "1,034.9", "1,286.4"))
    )
    return SeriesFile(series=series, episodes=tuple(listed), inventories=taken)


class FakeSeries:
    """The verbs on series; ``hold`` makes the queue wait after its second episode."""

    serials: dict[str, SeriesFile]
    lock: threading.RLock
    hold: threading.Event | None
    held: threading.Event
    state: DownloaderState = DownloaderState(bundled="2026.10.26")
    new_id: Callable[[], str]
    _call: Callable[..., None]
    case_file: Callable[[str], object]
    open_case: Callable[..., object]

    def inventory(self, target: str, job: Job, case: str = "") -> SeriesFile:
        self._call("inventory", target, case)
        job.step("listing")
        matter = case or self.open_case("series").id  # type: ignore[attr-defined] # a Case
        for file in self.serials.values():
            if file.series.url == target:
                return file
        file = series_of(matter, self.new_id)
        file = replace(file, series=replace(file.series, url=target))
        self.serials[file.series.id] = file
        return file

    def known_series(self, case: str) -> tuple[Series, ...]:
        self._call("known_series", case)
        id_ = self.case_file(case).case.id  # type: ignore[attr-defined] # a CaseFile
        return tuple(f.series for f in self.serials.values() if f.series.case_id == id_)

    def one_series(self, series_id: str) -> SeriesFile:
        self._call("one_series", series_id)
        if series_id not in self.serials:
            raise Refused("not_found", kind="series", id=series_id)
        return self.serials[series_id]

    def standings(self) -> tuple[Standing, ...]:
        return tuple(
            Standing(
                series=file.series,
                left=sum(one.state in ("queued", "running") for one in file.episodes),
                failed=sum(one.state == "failed" for one in file.episodes),
                running=False,
                links=frozenset(one.listed.url for one in file.episodes),
            )
            for file in self.serials.values()
            if file.series.state != "listed"
        )

    def _put(self, series_id: str, one: Episode) -> Episode:
        with self.lock:
            file = self.serials[series_id]
            changed = tuple(one if e.id == one.id else e for e in file.episodes)
            self.serials[series_id] = replace(file, episodes=changed)
        return one

    def choose_episodes(
        self,
        series_id: str,
        wish: str | Iterable[int],
        *,
        pages: bool | None = None,
        gap_ms: int | None = None,
    ) -> SeriesFile:
        places = wish if isinstance(wish, str) else tuple(wish)
        self._call("choose_episodes", series_id, places, pages, *([gap_ms] if gap_ms else []))
        file = self.serials[series_id]
        wanted = (
            {one.place for one in chosen(file.episodes, places)}
            if isinstance(places, str)
            else set(places)
        )
        for one in file.episodes:
            if one.place in wanted and one.state != "kept":
                reason = unkeepable(one.listed)
                state = "skipped" if reason else "queued"
                self._put(series_id, replace(one, state=state, code=reason, facts=()))
        return self.serials[series_id]

    def keep_episodes(
        self,
        series_id: str,
        job: Job,
        *,
        again: bool = False,
        tell: Callable[[Episode, Progress | None], None] | None = None,
    ) -> SeriesFile:
        self._call("keep_episodes", series_id, again)
        said = tell or (lambda _one, _progress: None)
        waits = ("queued", "failed") if again else ("queued",)
        for at, one in enumerate(e for e in self.serials[series_id].episodes if e.state in waits):
            if self.serials[series_id].series.pause:
                break
            said(self._put(series_id, replace(one, state="running")), None)
            said(one, Progress(stage="saving", done=1, total=2))
            job.step("episode", at, None, one.label)
            if self.hold is not None and at == 1:
                self.held.set()
                self.hold.wait(60)
            done = replace(one, state="kept", exhibit=f"E{one.place + 20:04d}", code="", facts=())
            if one.place == 9:
                facts = (("host", "duanju.practice.example"), ("status", "404"))
                done = replace(one, state="failed", code="http_status", facts=facts)
            said(self._put(series_id, done), None)
        file = self.serials[series_id]
        left = any(one.state == "queued" for one in file.episodes)
        state = replace(file.series, state="paused" if left else "done", pause=False)
        self.serials[series_id] = replace(file, series=state)
        return self.serials[series_id]

    def pause_series(self, series_id: str) -> Series:
        self._call("pause_series", series_id)
        file = self.serials[series_id]
        paused = replace(file.series, pause=True)
        self.serials[series_id] = replace(file, series=paused)
        return paused

    # --- the downloader ---

    def downloader(self) -> DownloaderState:
        return self.state

    def use_downloader(self, file: Path, job: Job) -> DownloaderState:
        self._call("use_downloader", file)
        self.state = WHEEL
        return self.state

    def fetch_downloader(self, job: Job, index: str = "") -> DownloaderState:
        self._call("fetch_downloader", *([index] if index else []))
        job.step("saving")
        raise Unavailable("wheel_differs", host="index.example")

    def bundled_downloader(self) -> DownloaderState:
        self._call("bundled_downloader")
        self.state = DownloaderState(bundled="2026.10.26")
        return self.state
