"""The queue of a series over a real store and vault, with a site that is told what to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.desk import Desk, FakeSource, desk
from holdfast.core.canonical import canonical
from holdfast.core.case import Case
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.evidence import Captured, Check, Component, Exhibit
from holdfast.core.job import Job, Progress
from holdfast.core.series import Episode, Listing, Series, listed
from holdfast.usecases import series
from holdfast.usecases.preserve import Attempt, Maker
from holdfast.usecases.series import SeriesFile

LINK = "https://drama.example/series/peach"


class Listed(FakeSource):
    """An inventory of so many episodes, the last of them paid."""

    def __init__(self, count: int, plays: str = "1 万", *, own: bool = False) -> None:
        from holdfast.core.evidence import Counter

        episodes = tuple(
            listed(
                "page",
                url="" if n == count else f"{LINK}/{n}",
                number=n,
                access="paid" if n == count else "free",
                counters=(Counter(name="plays", value=plays),),
            )
            for n in range(1, count + 1)
        )
        body = Listing(title="桃花渡", stated=count, episodes=episodes, own=own).body()
        super().__init__({"page.html": b"<p>", "inventory.json": canonical(body)})


class Site(FakeSource):
    """Gives each episode after asking ``behave`` about its number; knows how many came at once."""

    def __init__(self, behave: Callable[[int, Job], None] = lambda _n, _job: None) -> None:
        super().__init__({"video.mp4": b"film"})
        self.behave = behave
        self.asked: list[int] = []
        self.inside = self.most = 0

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        number = int(target.rpartition("/")[2])
        self.asked.append(number)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            self.behave(number, job)
            self.files = {"video.mp4": b"film %d" % number}
            return super().capture(target, room, job)
        finally:
            self.inside -= 1


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        made.asks = (("rfc3161", "jia"),)
        yield made


@pytest.fixture
def case(at: Desk) -> Case:
    return at.store.open_case("a", "real")


def take(at: Desk, case: Case, source: FakeSource, target: str = LINK) -> SeriesFile:
    return series.take(
        case, source, target, store=at.store, vault=at.vault, clock=at.clock, maker=at.maker,
        job=Job(),
    )  # fmt: skip


def test_a_series_taken_with_a_log_in_is_asked_with_it_from_then_on(at: Desk, case: Case) -> None:
    assert series.known(case, LINK, store=at.store) is None
    assert take(at, case, Listed(2)).series.own is False
    assert take(at, case, Listed(2, own=True)).series.own is True
    assert take(at, case, Listed(2)).series.own is True
    known = series.known(case, LINK + "?utm_source=app", store=at.store)
    assert known is not None
    assert known.own


def run(
    at: Desk,
    case: Case,
    file: SeriesFile,
    site: FakeSource,
    page: FakeSource | None = None,
    job: Job | None = None,
    tell: series.Tell | None = None,
    maker: Maker | None = None,
) -> SeriesFile:
    return series.run(
        file.series.id, case, site, page, store=at.store, vault=at.vault, clock=at.clock,
        maker=maker or at.maker, job=job or Job(), tell=tell,
    )  # fmt: skip


def states(file: SeriesFile) -> str:
    return "".join(one.state[0] for one in file.episodes)


def ready(at: Desk, case: Case, count: int = 5, wish: str = "") -> SeriesFile:
    return series.choose(take(at, case, Listed(count)).series.id, wish, store=at.store)


def test_an_inventory_is_an_exhibit_and_taking_it_again_adds_to_the_history(
    at: Desk, case: Case
) -> None:
    first = take(at, case, Listed(3, "1 万"))
    assert (first.series.title, first.series.state) == ("桃花渡", "listed")
    assert [one.listed.number for one in first.episodes] == [1, 2, 3]
    assert (first.inventories[0].exhibit, first.inventories[0].paid) == ("E0001", 1)
    series.choose(first.series.id, "1", store=at.store)
    run(at, case, first, Site())
    again = take(at, case, Listed(4, "2 万"), LINK + "/?utm_source=app")
    assert again.series.id == first.series.id
    assert [(one.place, one.state) for one in again.episodes][0] == (1, "kept")
    assert [one.exhibit for one in again.inventories] == ["E0001", "E0003"]
    # Episode 3 is free now and has a link: another one than the locked number it was.
    assert sorted(one.listed.number or 0 for one in again.episodes) == [1, 2, 3, 3, 4]
    assert series.in_case(case, store=at.store) == (again,)


def test_what_is_chosen_is_kept_one_exhibit_each_and_what_is_paid_is_left_alone(
    at: Desk, case: Case
) -> None:
    file = ready(at, case)
    assert states(file) == "qqqqs"
    assert (file.episodes[4].code, file.series.state) == ("episode_paid", "queued")
    site = Site()
    told: list[tuple[int, str]] = []
    done = run(at, case, file, site, tell=lambda one, _p: told.append((one.place, one.state)))
    assert states(done) == "kkkks"
    assert sorted(site.asked) == [1, 2, 3, 4]
    assert site.most == 1
    assert done.series.state == "done"
    numbers = [one.exhibit for one in done.episodes[:4]]
    assert sorted(numbers) == ["E0002", "E0003", "E0004", "E0005"]
    for one in done.episodes[:4]:
        exhibit = at.store.exhibit(case.id, one.exhibit)
        assert exhibit.url == one.listed.url
    assert {(n, "kept") for n in (1, 2, 3, 4)} <= set(told)


def test_a_choice_can_be_changed_and_never_undoes_what_is_kept(at: Desk, case: Case) -> None:
    file = ready(at, case, wish="2,4")
    assert states(file) == "lqlql"
    run(at, case, file, Site())
    file = series.choose(file.series.id, [1, 2, 99], store=at.store, pages=True, gap_ms=-5)
    assert states(file) == "qklkl"
    assert (file.series.pages, file.series.gap_ms) == (True, 0)
    assert states(series.choose(file.series.id, "3", store=at.store)) == "lkqkl"
    with pytest.raises(Refused, match="episodes_unclear"):
        series.choose(file.series.id, "3-x", store=at.store)


def test_what_fails_does_not_stop_the_rest_and_can_be_tried_again(at: Desk, case: Case) -> None:
    def behave(number: int, _job: Job) -> None:
        if number == 2:
            raise Unavailable("http_status", host="drama.example", status=404)

    file = ready(at, case)
    done = run(at, case, file, Site(behave))
    assert states(done) == "kfkks"
    failed = done.episodes[1]
    assert (failed.code, dict(failed.facts)["status"], failed.tries) == ("http_status", "404", 1)
    assert done.series.state == "done"
    assert [one.code for one in at.store.all(Attempt, case.id)] == ["http_status"]
    series.again(file.series.id, store=at.store)
    done = run(at, case, file, Site())
    assert states(done) == "kkkks"
    assert (done.episodes[1].tries, done.episodes[1].code) == (2, "")


def test_a_red_check_is_shown_with_the_episode(at: Desk, case: Case) -> None:
    site = Site()
    site.checks = (Check(check="video_end", outcome="fail", detail="1/9"),)
    done = run(at, case, ready(at, case, wish="1"), site)
    assert (done.episodes[0].state, done.episodes[0].whole) == ("kept", False)


def test_a_site_that_no_longer_answers_ends_the_run(at: Desk, case: Case) -> None:
    def behave(number: int, _job: Job) -> None:
        if number > 2:
            raise Unavailable("host_unreachable", host="drama.example")

    done = run(at, case, ready(at, case, 12), Site(behave))
    assert done.series.state == "paused"
    assert done.series.code == "host_unreachable"
    assert states(done) == "kkqqqqqqqqqs"
    assert len(at.store.all(Attempt, case.id)) >= 3
    done = run(at, case, done, Site())
    assert states(done) == "kkkkkkkkkkks"
    assert done.series.code == ""


def test_a_site_that_falls_silent_does_not_cost_what_it_gave_before(at: Desk, case: Case) -> None:
    """The second episode is still being sealed while three after it find nobody."""
    silent = threading.Semaphore(0)
    held = threading.Event()

    def behave(number: int, _job: Job) -> None:
        if number > 2:
            raise Unavailable("host_unreachable", host="drama.example")

    def tell(one: Episode, progress: Progress | None) -> None:
        if progress is None and one.code == "host_unreachable":
            silent.release()
        sealing = progress is not None and (one.place, progress.stage) == (2, "sealing")
        if sealing and not held.is_set():
            held.set()
            for _ in range(3):
                assert silent.acquire(timeout=30)

    done = run(at, case, ready(at, case, 12), Site(behave), tell=tell)
    assert held.is_set()
    assert states(done) == "kkqqqqqqqqqs"
    assert (done.series.state, done.series.code) == ("paused", "host_unreachable")


def test_what_still_finds_nobody_after_the_end_waits_too(at: Desk, case: Case) -> None:
    """A page of the other lane answers when the queue has given up; its video does not."""
    file = ready(at, case, 6)
    queue = series._Queue(
        silent=[], series_id=file.series.id, case=case, video=Site(), page=None, store=at.store,
        vault=at.vault, clock=at.clock, maker=at.maker, job=Job(), tell=None,
    )  # fmt: skip
    gone = Unavailable("host_unreachable", host="drama.example")
    for one in file.episodes[:3]:
        queue._failed(one, gone)
    queue.silent.clear()
    queue._failed(file.episodes[3], gone)
    queue._failed(file.episodes[4], Unavailable("host_status", host="drama.example", status=404))
    assert states(series.series_file(file.series.id, store=at.store)) == "qqqqfs"


def test_a_full_disk_ends_the_run_and_blames_no_episode(at: Desk, case: Case) -> None:
    def behave(number: int, _job: Job) -> None:
        if number == 2:
            raise Refused("disk_full", name="video.mp4")

    done = run(at, case, ready(at, case), Site(behave))
    assert done.series.code == "disk_full"
    assert done.episodes[1].state == "queued"
    assert done.series.state == "paused"


def test_a_pause_takes_effect_between_episodes_whoever_asks(at: Desk, case: Case) -> None:
    file = ready(at, case, 8)

    def behave(number: int, _job: Job) -> None:
        if number == 2:
            series.pause(file.series.id, store=at.store)

    done = run(at, case, file, Site(behave))
    assert states(done)[:2] == "kk"
    assert states(done).count("q") >= 4
    assert (done.series.state, done.series.code, done.series.pause) == ("paused", "", False)
    assert states(run(at, case, done, Site())) == "kkkkkkks"


def test_cancelling_ends_the_episode_and_leaves_the_rest_waiting(at: Desk, case: Case) -> None:
    job = Job()

    def behave(number: int, part: Job) -> None:
        if number == 2:
            job.cancel()
        part.step("saving")

    file = ready(at, case)
    with pytest.raises(Cancelled):
        run(at, case, file, Site(behave), job=job)
    after = series.series_file(file.series.id, store=at.store)
    assert after.episodes[1].state == "queued"
    assert after.series.state == "paused"
    assert states(run(at, case, after, Site())) == "kkkks"


def test_what_a_crash_left_running_is_kept_at_the_next_run(at: Desk, case: Case) -> None:
    file = ready(at, case, wish="1")
    at.store.save(replace(file.episodes[0], state="running"))
    at.store.save(replace(file.series, state="running"))
    assert states(run(at, case, file, Site())) == "kllll"


def test_exhibit_and_state_are_one_transaction(at: Desk, case: Case) -> None:
    """Were the episode's state lost after its sealing, it would be kept twice."""
    file = ready(at, case, wish="1")
    save = at.store.save

    def broken(noun: object) -> None:
        if isinstance(noun, Episode) and noun.state == "kept":
            raise RuntimeError("power cut")
        save(noun)

    at.store.save = broken  # type: ignore[method-assign]  # the cut
    with pytest.raises(RuntimeError):
        run(at, case, file, Site())
    at.store.save = save  # type: ignore[method-assign]  # the light is back
    assert len(at.store.all(Exhibit, case.id)) == 1
    done = run(at, case, file, Site())
    assert (done.episodes[0].state, done.episodes[0].exhibit) == ("kept", "E0002")


def test_pages_are_kept_beside_and_do_not_cost_a_video(at: Desk, case: Case) -> None:
    def closed(number: int, _job: Job) -> None:
        if number == 2:
            raise Unavailable("page_failed", host="x", reason="y")

    file = series.choose(ready(at, case).series.id, "1-3", store=at.store, pages=True)

    def behave(number: int, _job: Job) -> None:
        if number == 3:
            raise Unavailable("video_unsupported", host="x")

    done = run(at, case, file, Site(behave), Site(closed))
    assert states(done) == "kkfls"
    assert done.episodes[0].page
    assert done.episodes[1].page == ""
    assert done.episodes[2].page
    kept = done.episodes[2].page
    # The page that is there is not kept a second time.
    page = Site()
    series.again(file.series.id, store=at.store)
    done = run(at, case, done, Site(), page)
    assert page.asked == []
    assert done.episodes[2].page == kept


def test_cancelling_while_a_page_is_kept(at: Desk, case: Case) -> None:
    job = Job()

    def stop(_number: int, part: Job) -> None:
        job.cancel()
        part.step("saving")

    file = series.choose(ready(at, case).series.id, "1", store=at.store, pages=True)
    with pytest.raises(Cancelled):
        run(at, case, file, Site(), Site(stop), job=job)
    assert series.series_file(file.series.id, store=at.store).episodes[0].state == "queued"


def test_a_rest_between_two_episodes_can_be_cancelled(at: Desk, case: Case) -> None:
    file = series.choose(ready(at, case).series.id, "1-2", store=at.store, gap_ms=600_000)
    job = Job()
    waiting = threading.Event()

    def tell(_one: Episode, progress: Progress | None) -> None:
        if progress is not None and progress.stage == "waiting":
            waiting.set()
            job.cancel()

    with pytest.raises(Cancelled):
        run(at, case, file, Site(), job=job, tell=tell)
    assert waiting.is_set()
    file = series.choose(file.series.id, "1-2", store=at.store, gap_ms=100)
    assert states(run(at, case, file, Site())) == "kklls"


def test_the_door_is_a_source_like_the_one_behind_it() -> None:
    site = Site()
    through = series._OneAtATime(site, series._Door(0), lambda: None)
    assert (through.id, through.suits("http://x"), through.parts()) == ("page", True, ())
    assert isinstance(Component(name="x", version=""), Component)


def test_a_series_that_nobody_knows_is_refused(at: Desk) -> None:
    with pytest.raises(Refused, match="not_found"):
        series.series_file("nothing", store=at.store)
    assert at.store.all(Series) == ()
