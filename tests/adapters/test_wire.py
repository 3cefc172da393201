"""The pipe to the browser, fed with everything that no browser says."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters import wire
from holdfast.adapters.browser import Browser, Gate
from holdfast.adapters.wire import Pipe
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job


@contextmanager
def pipe(limit: int = wire.MESSAGE_LIMIT) -> Iterator[tuple[Pipe, int, int]]:
    """Our end, where the other end reads, and where it writes."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    ends = [theirs_in, ours_out, ours_in, theirs_out]
    try:
        yield Pipe(ours_out, ours_in, limit), theirs_in, theirs_out
    finally:
        for end in ends:
            try:
                os.close(end)
            except OSError:
                pass


def everything(ours: Pipe) -> list[bytes]:
    found = []
    while (message := ours.receive(0)) is not None:
        found.append(message)
    return found


@given(
    st.lists(st.binary(min_size=1, max_size=40).filter(lambda b: b"\0" not in b), max_size=6),
    st.lists(st.integers(1, 30), min_size=1),
)
def test_messages_come_whole_however_they_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    data = b"".join(message + b"\0" for message in messages)
    with pipe() as (ours, _, theirs):
        found: list[bytes] = []
        n = 0
        while data:
            n += 1
            cut, data = data[: cuts[n % len(cuts)]], data[cuts[n % len(cuts)] :]
            os.write(theirs, cut)
            found += everything(ours)
        assert found == messages


@given(st.integers(0, 3000), st.integers(20, 1500))
def test_what_is_too_large_is_told_under_its_number_and_not_held(more: int, cut: int) -> None:
    large = b'{"id":77,"result":{"data":"' + b"x" * (1000 + more) + b'"}}'
    event = b'{"method":"Page.frameNavigated","params":"' + b"y" * (1000 + more) + b'"}'
    small = b'{"id":78,"result":{}}'
    data = large + b"\0" + event + b"\0" + small + b"\0"
    with pipe(limit=1000) as (ours, _, theirs):
        found: list[bytes] = []
        while data:
            os.write(theirs, data[:cut])
            data = data[cut:]
            found += everything(ours)
            assert len(ours._held) <= 1000
        assert json.loads(found[0]) == {"id": 77, "error": {"message": "answer too large"}}
        assert found[1:] == [small]


def test_a_closed_end_is_a_gone_browser() -> None:
    with pipe() as (ours, theirs_in, theirs_out):
        os.write(theirs_out, b'{"id":1}\0{"id":')
        os.close(theirs_out)
        assert ours.receive(1) == b'{"id":1}'
        with pytest.raises(Unavailable, match="browser_gone"):
            ours.receive(1)
        os.close(theirs_in)
        with pytest.raises(Unavailable, match="browser_gone"):
            ours.send(b"{}")


def test_a_browser_that_reads_nothing_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SEND_SECONDS", 0.05)
    with pipe() as (ours, _, _), pytest.raises(Unavailable, match="browser_stuck"):
        ours.send(b"x" * (1 << 20))


def test_two_threads_never_mix_their_messages() -> None:
    with pipe() as (ours, theirs_in, _):
        sent = [bytes([65 + n]) * 100_000 for n in range(8)]
        threads = [threading.Thread(target=ours.send, args=(one,)) for one in sent]
        for thread in threads:
            thread.start()
        came = b""
        while came.count(b"\0") < len(sent):
            came += os.read(theirs_in, 1 << 16)
        for thread in threads:
            thread.join()
        assert sorted(came.split(b"\0")[:-1]) == sent


class Said:
    """A wire on which only this was said."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = list(messages)

    def send(self, message: bytes) -> None:
        pass

    def receive(self, seconds: float) -> bytes | None:
        return self.messages.pop(0) if self.messages else None


@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["id", "method", "params", "result", "error", "sessionId", "x"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
        st.just(b"[" * 100_000),
    )
)
def test_garbage_ends_in_one_sentence(message: bytes) -> None:
    gate = Gate(frozenset())
    browser = Browser(Said(message), gate, Job())
    heard: list[str] = []
    browser._listeners = [lambda session, method, params: heard.append(method)]
    said = ""
    try:
        browser.wait(lambda: not browser._wire.messages, 1)  # type: ignore[attr-defined]  # it is Said
    except Unavailable as error:
        said = error.code
    assert said in ("", "browser_garbled")
    gate.close()


def test_a_listener_that_took_its_leave_hears_no_more() -> None:
    gate = Gate(frozenset())
    browser = Browser(Said(b'{"method":"a"}', b'{"method":"b","params":{}}'), gate, Job())
    heard: list[str] = []

    def listener(session: str, method: str, params: object) -> None:
        heard.append(method)
        browser.unlisten(listener)

    browser.listen(listener)
    browser.wait(lambda: not browser._wire.messages, 1)  # type: ignore[attr-defined]  # it is Said
    assert heard == ["a"]
    gate.close()
