"""Every reader in verify.html takes from an input what the core takes, or both refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.checkengine import Engine, engine
from fakes.readings import READINGS, reading
from fuzz import mutators
from fuzz.target import CORPUS, Mutate
from holdfast.adapters.pack.verifier import verify_html
from holdfast.core.rfc3161 import make_query

pytestmark = pytest.mark.no_cover

MUTATIONS: Mapping[str, Mutate] = {
    **dict.fromkeys(("der", "token", "query", "certificate", "revocation"), mutators.der),
    **dict.fromkeys(("json", "entry"), mutators.jcs),
}
"""Where it is no text of lines."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    page = tmp_path_factory.mktemp("page") / "verify.html"
    page.write_bytes(verify_html())
    with engine(page) as running:
        yield running


@cache
def inputs() -> tuple[bytes, ...]:
    """All that fuzzing kept, whichever parser it was kept for."""
    return tuple(sorted({path.read_bytes() for path in CORPUS.rglob("*.bin")}))


@cache
def taken(what: str) -> tuple[bytes, ...]:
    """Those that the reader takes."""
    return tuple(raw for raw in inputs() if reading(what, raw))


@pytest.mark.parametrize("what", READINGS)
def test_every_kept_input_is_read_alike(what: str, node: Engine) -> None:
    told = [(raw, reading(what, raw), node.asked("reading", reader=what, raw=raw.hex()))
            for raw in inputs() if len(raw) < 64 << 10]  # fmt: skip
    assert [(raw, ours, theirs) for raw, ours, theirs in told if ours != theirs] == []


@pytest.mark.parametrize("what", READINGS)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_what_nearly_is_one_is_read_alike(what: str, node: Engine, data: st.DataObject) -> None:
    def plain(raw: bytes, most: int) -> bytes:
        at = data.draw(st.integers(0, len(raw)))
        gone = data.draw(st.integers(0, 3))
        return (raw[:at] + data.draw(st.binary(max_size=4)) + raw[at + gone :])[:most]

    raw = data.draw(st.sampled_from(taken(what)))
    mutate = MUTATIONS.get(what, mutators.lines)
    raw = mutate(raw, 64 << 10, data.draw(st.integers(0, 1 << 32)), plain)
    assert reading(what, raw) == node.asked("reading", reader=what, raw=raw.hex())


def test_a_number_of_any_size_is_read_alike(node: Engine) -> None:
    number = 1 << 16000
    raw = make_query(bytes(32), number)
    ours = reading("query", raw)
    assert [nonce for *_, nonce, _ in ours] == [f"{number:x}"]
    assert node.asked("reading", reader="query", raw=raw.hex()) == ours
