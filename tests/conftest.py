"""What every test stands on: no keyring, no screen, and no deadline that a busy machine misses."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import is_hypothesis_test, settings

from fakes.warm import begun
from holdfast.adapters import marks, ytdlp
from holdfast.adapters.environment import sources

os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")
# The whole run judges a change by the same inputs each time; what is run by hand searches anew.
settings.register_profile("whole", settings.get_profile("holdfast"), derandomize=True)


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the internet what time it is, or where a name leads."""
    monkeypatch.setattr(sources, "shipped", sources.Sources)


@pytest.fixture(autouse=True)
def helpers_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes that read videos and marks; tests about these themselves let them be."""
    download, read = ytdlp._command, marks.command
    monkeypatch.setattr(ytdlp, "_command", lambda: begun(download()))
    monkeypatch.setattr(marks, "command", lambda: begun(read()))


@pytest.fixture(scope="session")
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Subsets of fonts, by what is in them; workers share them."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "fonts"


@pytest.fixture
def few_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents hold characters that others need, so that few subsets are cut in all."""
    from fakes.papers import usual, with_more_characters

    with_more_characters(monkeypatch, usual())


def pytest_configure(config: pytest.Config) -> None:
    """A worker of xdist is measured once, so that what pytest-cov pauses for ``no_cover`` is it.

    Until here it was measured twice: like any program that is started while measuring, and by
    pytest-cov, which takes it for the main process until the session begins.  Each would go on
    wherever the one above it pauses.
    """
    measured = config.pluginmanager.getplugin("_cov")
    if measured is not None and "PYTEST_XDIST_WORKER" in os.environ:
        measured.cov_controller.cov.stop()
        coverage.process_startup.coverage.stop()  # type: ignore[attr-defined]  # put there by itself


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Every worker imports everything; what runs meanwhile is measured in the first one alone."""
    if measured := _measured_later(session.config):
        measured.pause()


def pytest_collection_finish(session: pytest.Session) -> None:
    """The tests themselves are measured in all."""
    if measured := _measured_later(session.config):
        measured.resume()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """A program that was ended before it could write what was measured has nothing to be added.

    It is the last to wrap the tests, so that pytest-cov adds up afterwards.
    """
    result = yield
    measured = session.config.pluginmanager.getplugin("_cov")
    if measured is not None and measured.cov_controller and "PYTEST_XDIST_WORKER" not in os.environ:
        at = Path(measured.cov_controller.cov.config.data_file)
        for one in at.parent.glob(f"{at.name}.*"):
            if one.stat().st_size == 0:
                one.unlink()
    return result


def _measured_later(config: pytest.Config) -> Any:
    """What measures in a worker that is not the first."""
    measured = config.pluginmanager.getplugin("_cov")
    if measured is None or os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        return None
    return measured.cov_controller


def pytest_itemcollected(item: pytest.Item) -> None:
    """What a module sets up for its tests is set up in one worker, not in each.

    What an input made at random reaches is nothing that can be relied on, and is not measured.
    """
    assert isinstance(item, pytest.Function)
    if is_hypothesis_test(item.obj):
        item.add_marker(pytest.mark.no_cover)
    used = chain.from_iterable(item._fixtureinfo.name2fixturedefs.values())
    if item.get_closest_marker("xdist_group") is None and "module" in {one.scope for one in used}:
        item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Programs that a test marked ``no_cover`` starts are not measured either.

    Measuring doubles what a test costs.  The mark is for tests that walk again, at length, where
    others have been: whole rehearsals, and judges of what came out.  What the core remembers of it
    is forgotten, or a measured test would be answered from memory.
    """
    if item.get_closest_marker("no_cover") is None:
        return (yield)
    measured = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE_PROCE")}
    for name in measured:
        del os.environ[name]
    try:
        return (yield)
    finally:
        os.environ.update(measured)
        for name in [name for name in sys.modules if name.startswith("holdfast.core.")]:
            for value in vars(sys.modules[name]).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long bytes are named by their place: made anew, they would give each worker other tests."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None
