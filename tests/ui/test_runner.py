"""The one bridge to threads."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from holdfast.core.errors import Refused
from holdfast.core.job import Job, Progress
from holdfast.ui.runner import Runner


@pytest.fixture
def runner(qtbot: QtBot) -> Runner:
    return Runner()


def test_progress_result_and_end_arrive_in_order_on_the_windows_thread(
    qtbot: QtBot, runner: Runner
) -> None:
    main, seen = threading.get_ident(), []

    def work(job: Job) -> int:
        assert threading.get_ident() != main
        job.step("saving", 1, 3, "a")
        job.step("saving", 2, None)
        return 42

    def note(what: object) -> None:
        assert threading.get_ident() == main
        seen.append(what)

    task = runner.start(work, "task.keeping")
    task.progressed.connect(note)
    task.succeeded.connect(note)
    task.failed.connect(lambda _: note("failed"))
    task.finished.connect(lambda: note("finished"))
    qtbot.waitUntil(lambda: "finished" in seen)
    assert seen == [
        Progress(stage="saving", done=1, total=3, detail="a"),
        Progress(stage="saving", done=2, total=None),
        42,
        "finished",
    ]
    assert not runner.busy
    assert runner.named == ()


@pytest.mark.parametrize("error", [Refused("file_missing", name="x"), ZeroDivisionError("x")])
def test_a_failure_arrives_as_itself_and_then_the_end(
    qtbot: QtBot, runner: Runner, error: Exception
) -> None:
    seen: list[object] = []

    def work(_: Job) -> None:
        raise error

    task = runner.start(work)
    task.succeeded.connect(lambda _: seen.append("succeeded"))
    task.failed.connect(seen.append)
    task.finished.connect(lambda: seen.append("finished"))
    qtbot.waitUntil(lambda: "finished" in seen)
    assert seen == [error, "finished"]


def test_cancelling_says_nothing_but_the_end(qtbot: QtBot, runner: Runner) -> None:
    begun, go, seen = threading.Event(), threading.Event(), []

    def work(job: Job) -> None:
        begun.set()
        go.wait(60)
        job.step("saving")
        raise AssertionError("it went on")

    task = runner.start(work)
    task.succeeded.connect(lambda _: seen.append("succeeded"))
    task.failed.connect(seen.append)
    task.finished.connect(lambda: seen.append("finished"))
    assert begun.wait(60)
    task.cancel()
    assert task.cancelled
    go.set()
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["finished"]


def test_three_hundred_tasks_at_once(qtbot: QtBot, runner: Runner) -> None:
    done: list[int] = []
    ended = []
    for number in range(300):
        task = runner.start(lambda job, n=number: (job.step("saving", n, 300), n)[1])
        task.succeeded.connect(done.append)
        task.finished.connect(lambda: ended.append(1))
    with qtbot.waitSignal(runner.idle, timeout=60_000):
        pass
    assert sorted(done) == list(range(300))
    assert len(ended) == 300


def test_what_writes_is_known_and_waited_for(qtbot: QtBot, runner: Runner) -> None:
    go, wrote = threading.Event(), []

    def write(_: Job) -> None:
        go.wait(60)
        wrote.append(True)

    writer = runner.start(write)
    reader = runner.start(lambda _: go.wait(60), writes=False)
    assert runner.writing == (writer,)
    assert runner.busy
    assert reader not in runner.writing
    go.set()
    runner.shutdown()
    assert wrote == [True]
    qtbot.waitUntil(lambda: not runner.busy)


def test_a_hundred_thousand_calls_without_a_result(qtbot: QtBot) -> None:
    """PySide6 6.12 drops a reference to None with each; CPython 3.11 then aborts."""
    label = QLabel()
    qtbot.addWidget(label)
    for number in range(100_000):
        label.setText("a" if number % 2 else "b")
    assert label.text() == "a"
