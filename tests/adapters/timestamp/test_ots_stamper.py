"""The stamper against the practice calendars, against liars, and over the one genuine block."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    PendingAttestation,
    UnknownAttestation,
)
from opentimestamps.core.op import OpAppend, OpReverse, OpSHA256
from opentimestamps.core.serialize import BytesDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from fakes.clock import FakeClock
from fakes.web import UNREACHABLE, Hostile, Web, answering, hostile
from holdfast.adapters import witness
from holdfast.adapters.timestamp import opentimestamps as stamping
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.adapters.timestamp.opentimestamps import OpenTimestamps, OpenTimestampsChecker
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.job import Job
from holdfast.core.opentimestamps import MAGIC, read_proof
from holdfast.core.timestamp import Authorities, Calendar, Explorer
from holdfast.core.verdict import ProofHelp
from holdfast.practice.world import PracticeWorld

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "ots"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the proof vectors are not beside the repository"
)
DIGEST = hashlib.sha256(b"one").hexdigest()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeWorld]:
    with PracticeWorld.start(tmp_path_factory.mktemp("practice"), FakeClock()) as opened:
        yield opened


class Nobody:
    """Explorers that know nothing."""

    def __init__(self, authorities: Authorities) -> None:
        self.authorities = authorities

    def about(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
        del height
        return ()


def stamper(clock: FakeClock | None = None) -> OpenTimestamps:
    return OpenTimestamps(clock or FakeClock(), Esplora)


def serialised(stamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    stamp.serialize(context)
    return bytes(context.getbytes())


def detached(stamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    DetachedTimestampFile(OpSHA256(), stamp).serialize(context)
    return bytes(context.getbytes())


def pending(digest: str, *uris: str) -> bytes:
    stamp = Timestamp(bytes.fromhex(digest))
    for uri in uris:
        stamp.attestations.add(PendingAttestation(uri))
    return detached(stamp)


def practice(*urls: str, answers_as: tuple[str, ...] = ()) -> Authorities:
    return Authorities(
        world="practice",
        calendars=tuple(
            Calendar(id=f"calendar-{at}", url=url, answers_as=answers_as)
            for at, url in enumerate(urls)
        ),
    )


# --- the practice world ---------------------------------------------------------------------------


def test_from_question_to_simulated_anchor(world: PracticeWorld) -> None:
    authorities, job = world.authorities(), Job()
    digests = [hashlib.sha256(bytes([at])).hexdigest() for at in range(5)]
    asked = stamper()
    assert asked.id == "opentimestamps"
    assert asked.targets(authorities) == ("",)
    answers = asked.ask(digests, "", authorities, job)
    assert [a.sha256 for a in answers] == digests
    assert {a.status for a in answers} == {"pending"}
    for digest, answer in zip(digests, answers, strict=True):
        read = read_proof(answer.proof)
        assert read.digest.hex() == digest
        assert {a.uri for a in read.attestations} == {c.url for c in authorities.calendars}
    waiting = asked.upgrade(digests[0], answers[0].proof, authorities, job)
    assert (waiting.status, waiting.reason, waiting.proof) == ("pending", "waiting", b"")
    world.mine()
    for digest, answer in zip(digests, answers, strict=True):
        done = asked.upgrade(digest, answer.proof, authorities, job)
        assert done.status == "simulated"
        assert done.by.startswith("block ")
        assert done.time is not None
        read = read_proof(done.proof)
        assert read.digest.hex() == digest
        kinds = [a.kind for a in read.attestations]
        assert (kinds.count("bitcoin"), kinds.count("pending")) == (2, 2)
    again = asked.upgrade(digests[0], done.proof, authorities, job)
    assert (again.status, again.reason) == ("broken", "digest_differs")
    settled = asked.upgrade(digests[-1], done.proof, authorities, job)
    assert (settled.status, settled.proof) == ("simulated", done.proof)


def test_the_reference_client_agrees(world: PracticeWorld, tmp_path: Path) -> None:
    authorities, job = world.authorities(), Job()
    target = tmp_path / "capture.json"
    target.write_bytes(b'{"format":"holdfast-capture/1"}')
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    asked = stamper()
    (answer,) = asked.ask([digest], "", authorities, job)
    world.mine()
    done = asked.upgrade(digest, answer.proof, authorities, job)
    proof = tmp_path / "capture.json.ots"
    proof.write_bytes(done.proof)
    command = [
        str(Path(sys.executable).with_name("ots")),
        *("--no-cache", "--no-default-whitelist", "--btc-regtest", "--bitcoin-node", world.rpc_url),
        *("verify", "-f", str(target), str(proof)),
    ]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    assert f"Bitcoin {done.by} attests existence" in told.stderr
    target.write_bytes(b"changed")
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1


def test_the_checker_needs_the_run_and_the_word_of_the_caller(world: PracticeWorld) -> None:
    authorities, job = world.authorities(), Job()
    (answer,) = stamper().ask([DIGEST], "", authorities, job)
    world.mine()
    done = stamper().upgrade(DIGEST, answer.proof, authorities, job)
    height = int(done.by.removeprefix("block "))
    run = Esplora(authorities).run((height,), job)
    checker = OpenTimestampsChecker()
    assert checker.id == "opentimestamps"

    def seen(counts: bool) -> tuple[str, str, set[str]]:
        shown, findings = checker.check(
            "f",
            lambda name: hashlib.new(name, b"one").digest(),
            done.proof,
            ProofHelp(header_run=run, practice=counts),
        )
        return shown.status, shown.network, {f.outcome for f in findings}

    assert seen(True) == ("simulated", "practice", {"ok", "unchecked"})
    assert seen(False) == ("simulated", "practice", {"unchecked"})


def test_practice_proofs_mean_nothing_in_the_real_world(world: PracticeWorld) -> None:
    authorities, job = world.authorities(), Job()
    asked = stamper()
    (answer,) = asked.ask([DIGEST], "", authorities, job)
    world.mine()
    done = asked.upgrade(DIGEST, answer.proof, authorities, job)
    explorers = Esplora(authorities)
    real = OpenTimestamps(FakeClock(), lambda _authorities: explorers)
    found = real.upgrade(DIGEST, done.proof, Authorities(world="real"), job)
    assert found.status == "pending"
    assert found.proof == b""
    without = read_only_blocks(done.proof)
    found = real.upgrade(DIGEST, without, Authorities(world="real"), job)
    assert (found.status, found.reason) == ("broken", "other_world")


def read_only_blocks(proof: bytes) -> bytes:
    whole = DetachedTimestampFile.deserialize(BytesDeserializationContext(proof))

    def prune(stamp: Timestamp) -> bool:
        stamp.attestations -= {a for a in stamp.attestations if isinstance(a, PendingAttestation)}
        for operation in [op for op, below in stamp.ops.items() if not prune(below)]:
            del stamp.ops[operation]
        return bool(stamp.attestations or stamp.ops)

    assert prune(whole.timestamp)
    return detached(whole.timestamp)


# --- one request ----------------------------------------------------------------------------------


def promise(uri: str) -> Any:
    """A calendar that promises whatever it is sent."""

    def behave(handler: BaseHTTPRequestHandler, sent: bytes) -> None:
        stamp = Timestamp(sent)
        stamp.ops.add(OpAppend(b"calendar")).ops.add(OpSHA256()).attestations.add(
            PendingAttestation(uri)
        )
        answering(serialised(stamp))(handler, sent)

    return behave


def test_ten_thousand_digests_are_one_request() -> None:
    digests = [hashlib.sha256(at.to_bytes(4, "big")).hexdigest() for at in range(10_000)]
    with hostile(promise("http://127.0.0.1:1/calendar")) as calendar:
        authorities = practice(calendar.url, answers_as=("http://127.0.0.1:1/calendar",))
        answers = stamper().ask(digests, "", authorities, Job())
    assert [(method, path, len(sent)) for method, path, sent in calendar.requests] == [
        ("POST", "/digest", 32)
    ]
    assert len(answers) == 10_000
    tips = set()
    for at in (0, 1, 4_999, 9_999):
        read = read_proof(answers[at].proof)
        assert read.digest.hex() == digests[at]
        tips.add(read.attestations[0].message)
    assert len(tips) == 1


def test_leaves_tell_nothing_about_their_neighbours() -> None:
    with hostile(promise("http://127.0.0.1:1/c")) as calendar:
        authorities = practice(calendar.url, answers_as=("http://127.0.0.1:1/c",))
        twice = stamper().ask([DIGEST, hashlib.sha256(b"two").hexdigest()], "", authorities, Job())
        again = stamper().ask([DIGEST], "", authorities, Job())
    assert bytes.fromhex(DIGEST) not in twice[1].proof
    assert calendar.requests[0][2] != calendar.requests[1][2]
    assert calendar.requests[1][2] != bytes.fromhex(DIGEST)
    assert again[0].proof != twice[0].proof


def test_some_calendars_are_enough() -> None:
    good = "http://127.0.0.1:1/good"
    with hostile(promise(good)) as one, hostile(answering(b"<html>")) as other:
        authorities = practice(other.url, one.url, answers_as=(good,))
        (answer,) = stamper().ask([DIGEST], "", authorities, Job())
    assert (answer.status, answer.by) == ("pending", "calendar-1")
    assert [a.uri for a in read_proof(answer.proof).attestations] == [good]


def test_what_calendars_answer_comes_back_as_it_came(world: PracticeWorld) -> None:
    authorities, job = world.authorities(), Job()
    asked = stamper()
    (answer,) = asked.ask([DIGEST], "", authorities, job)
    assert [(h.asked, h.status) for h in answer.heard] == [
        (f"{calendar.url}/digest", 200) for calendar in authorities.calendars
    ]
    for heard in answer.heard:
        # The tree that went into the proof, octet for octet.
        assert heard.body in answer.proof or len(answer.heard) > 1
    waiting = asked.upgrade(DIGEST, answer.proof, authorities, job)
    assert {(h.status, h.body) for h in waiting.heard} == {
        (404, b"Pending confirmation in Bitcoin blockchain")
    }
    with hostile(answering(b"<html>", 200)) as one, hostile(answering(b"busy", 503)) as two:
        (answer,) = asked.ask([DIGEST], "", practice(one.url, two.url), job)
    assert answer.status == "queued"
    assert [(h.status, h.body) for h in answer.heard] == [(200, b"<html>"), (503, b"busy")]


def test_nobody_to_ask() -> None:
    authorities = practice()
    assert stamper().targets(authorities) == ()
    (answer,) = stamper().ask([DIGEST], "", authorities, Job())
    assert (answer.status, answer.reason) == ("queued", "no_calendar")
    assert stamper().ask([], "", practice("http://127.0.0.1:1"), Job()) == ()


# --- calendars that lie ---------------------------------------------------------------------------


def endless(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.stopping.wait(0.05):  # type: ignore[attr-defined]  # set by the test
        handler.wfile.write(b"\xff")
        handler.wfile.flush()


def bare(*attestations: Any) -> bytes:
    stamp = Timestamp(bytes(32))
    stamp.attestations.update(attestations)
    return serialised(stamp)


def branches(count: int) -> bytes:
    stamp = Timestamp(bytes(32))
    for at in range(count):
        stamp.ops.add(OpAppend(bytes([at]))).attestations.add(PROMISE)
    return serialised(stamp)


PROMISE = PendingAttestation("http://127.0.0.1:1")
DEEP = b"\x08" * 254 + bare(PROMISE)
METADATA = "http://169.254.169.254/latest/meta-data/"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 200, "garbage"),
        (b"<html>welcome to our hotel</html>", 200, "garbage"),
        (bytes(10_001), 200, "garbage"),
        (bare(PendingAttestation("http://127.0.0.1:1")) + b"\x00", 200, "garbage"),
        (bare(PendingAttestation("file:///etc/passwd")), 200, "garbage"),
        (bare(PendingAttestation(METADATA)), 200, "garbage"),
        (
            bare(PendingAttestation("http://127.0.0.1:1"), PendingAttestation(METADATA)),
            200,
            "garbage",
        ),
        (bare(UnknownAttestation(bytes(8), b"")), 200, "garbage"),
        (bare(BitcoinBlockHeaderAttestation(1)), 200, "garbage"),
        (bare(PROMISE, BitcoinBlockHeaderAttestation(1)), 200, "garbage"),
        (bare(PROMISE, UnknownAttestation(bytes(8), b"")), 200, "garbage"),
        (branches(5), 200, "garbage"),
        (DEEP, 200, "garbage"),
        (b"no", 500, "refused"),
        (b"no", 404, "refused"),
    ],
)
def test_a_useless_answer_leaves_the_digest_queued(body: bytes, status: int, reason: str) -> None:
    with hostile(answering(body, status)) as calendar:
        authorities = practice(calendar.url, answers_as=("http://127.0.0.1:1",))
        (answer,) = stamper().ask([DIGEST], "", authorities, Job())
    assert (answer.status, answer.reason, answer.proof) == ("queued", reason, b"")
    assert len(calendar.requests) == 1


@pytest.mark.parametrize(
    "spoiling", [bare(PROMISE, BitcoinBlockHeaderAttestation(1)), branches(64), branches(40)]
)
def test_no_calendar_spoils_the_proof_of_the_others(spoiling: bytes) -> None:
    honest = PendingAttestation("http://127.0.0.1:2")
    known = (PROMISE.uri, honest.uri)
    with (
        hostile(answering(bare(honest))) as calendar,
        hostile(answering(spoiling)) as liar,
    ):
        authorities = practice(calendar.url, liar.url, answers_as=known)
        (answer,) = stamper().ask([DIGEST], "", authorities, Job())
    assert (answer.status, answer.by) == ("pending", "calendar-0")
    # What it said is kept all the same.
    assert [heard.body for heard in answer.heard] == [bare(honest), spoiling]
    assert [(a.kind, a.uri) for a in read_proof(answer.proof).attestations] == [
        ("pending", honest.uri)
    ]


@pytest.fixture
def without_ripemd160(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems' OpenSSL has it no more; our own reader computes it by itself."""
    new = hashlib.new

    def made(name: str, *given: Any, **how: Any) -> Any:
        if name == "ripemd160":
            raise ValueError(f"unsupported hash type {name}")
        return new(name, *given, **how)

    monkeypatch.setattr(hashlib, "new", made)


@pytest.mark.usefixtures("without_ripemd160")
def test_an_answer_that_the_library_cannot_read_is_none_and_stops_nobody() -> None:
    honest = PendingAttestation("http://127.0.0.1:2")
    odd = Timestamp(bytes(32))
    # The library itself could not make it here.
    odd.ops.add(OpSHA256()).attestations.add(PROMISE)
    raw = b"\x03" + serialised(odd)[1:]
    with hostile(answering(raw)) as liar, hostile(answering(bare(honest))) as calendar:
        authorities = practice(liar.url, calendar.url, answers_as=(PROMISE.uri, honest.uri))
        (answer,) = stamper().ask([DIGEST], "", authorities, Job())
    assert (answer.status, answer.by, len(answer.heard)) == ("pending", "calendar-1", 2)


@pytest.mark.usefixtures("without_ripemd160")
def test_a_proof_that_the_library_cannot_read_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web = Web()
    monkeypatch.setattr(witness, "fetch", web.fetch)
    odd = b"\x03" + bare(PendingAttestation(CALENDAR))
    web.pages[f"{CALENDAR}/timestamp/{DIGEST}"] = odd
    proof = pending(DIGEST, CALENDAR)
    answer = OpenTimestamps(FakeClock(), Nobody).upgrade(DIGEST, proof, REAL, Job())
    assert (answer.status, answer.reason, answer.proof) == ("pending", "garbage", b"")
    # One that was made where the library can.
    start = len(MAGIC) + 34
    proof = proof[:start] + b"\xff" + odd + proof[start:]
    assert len(read_proof(proof).attestations) == 2
    assert stamping._merged(proof, bytes.fromhex(DIGEST), bare(PROMISE)) == proof


def test_redirects_are_not_followed() -> None:
    with hostile(answering(b"")) as elsewhere:
        moved = answering(b"", 302, Location=elsewhere.url + "/digest")
        with hostile(moved) as calendar:
            (answer,) = stamper().ask([DIGEST], "", practice(calendar.url), Job())
    assert (answer.status, answer.reason) == ("queued", "refused")
    assert elsewhere.requests == []


def test_an_answer_without_end_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamping, "SECONDS", 0.4)
    with hostile(lambda handler, sent: slowly(handler, sent, calendar)) as calendar:
        (answer,) = stamper().ask([DIGEST], "", practice(calendar.url), Job())
    assert (answer.status, answer.reason) == ("queued", "slow")


def slowly(handler: BaseHTTPRequestHandler, sent: bytes, calendar: Hostile) -> None:
    handler.server.stopping = calendar.stopping  # type: ignore[attr-defined]  # read by endless
    endless(handler, sent)


def test_the_person_may_change_their_mind_while_a_calendar_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stamping, "SECONDS", 5.0)
    job = Job()

    def stop(handler: BaseHTTPRequestHandler, sent: bytes) -> None:
        job.cancel()
        slowly(handler, sent, calendar)

    with hostile(stop) as calendar, pytest.raises(Cancelled):
        stamper().ask([DIGEST], "", practice(calendar.url), job)


def test_nobody_listens() -> None:
    with hostile(answering(b"")) as gone:
        url = gone.url
    (answer,) = stamper().ask([DIGEST], "", practice(url), Job())
    assert (answer.status, answer.reason) == ("queued", "unreachable")


def test_no_world_reaches_into_the_other() -> None:
    with hostile(answering(b"")) as inside:
        real = Authorities(
            world="real",
            calendars=(
                Calendar(id="a", url=inside.url),
                Calendar(id="b", url=inside.url.replace("http", "https")),
                Calendar(id="c", url="http://calendar.example"),
                Calendar(id="d", url="file:///etc/passwd"),
            ),
        )
        (answer,) = stamper().ask([DIGEST], "", real, Job())
        assert (answer.status, answer.reason) == ("queued", "address_refused")
    assert inside.requests == []
    (answer,) = stamper().ask(
        [DIGEST], "", practice("https://a.pool.opentimestamps.org", "http://10.0.0.1"), Job()
    )
    assert (answer.status, answer.reason) == ("queued", "address_refused")


def test_a_proof_does_not_choose_whom_we_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    monkeypatch.setattr(witness, "fetch", web.fetch)
    known = "https://alice.example"
    authorities = Authorities(world="real", calendars=(Calendar(id="a", url=known),))
    strange = ("file:///etc/passwd", METADATA, "https://alice.example/", "http://alice.example")
    proof = pending(DIGEST, *strange)
    answer = stamper().upgrade(DIGEST, proof, authorities, Job())
    assert (answer.status, answer.proof) == ("pending", b"")
    assert web.asked == []
    stamper().upgrade(DIGEST, pending(DIGEST, known, *strange), authorities, Job())
    assert web.asked == [f"{known}/timestamp/{DIGEST}"]


def test_broken_proofs_are_not_followed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    monkeypatch.setattr(witness, "fetch", web.fetch)
    authorities = Authorities(world="real", calendars=(Calendar(id="a", url="https://a.example"),))
    for proof, reason in (
        (b"", "malformed"),
        (pending(DIGEST, "https://a.example") + b"\x00", "malformed"),
        (pending("00" * 32, "https://a.example"), "digest_differs"),
        (MAGIC + b"\x01\x67" + pending(DIGEST, "https://a.example")[33:], "digest_differs"),
    ):
        answer = stamper().upgrade(DIGEST, proof, authorities, Job())
        assert (answer.status, answer.reason, answer.proof) == ("broken", reason, b"")
    assert web.asked == []


# --- completing a proof, over the genuine block ---------------------------------------------------

HEIGHT = 358391
CALENDAR = "https://alice.btc.calendar.opentimestamps.org"


class Two:
    """Two operators who both show the true header."""

    operators: tuple[str, ...] = ("A", "B")

    def __init__(self, authorities: Authorities) -> None:
        del authorities
        known = json.loads((VECTORS / "chain" / "block-358391-header.json").read_bytes())
        self.header = bytes.fromhex(known["header_hex"])

    def about(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
        return tuple((who, height, self.header) for who in self.operators if height == HEIGHT)


class One(Two):
    operators = ("A",)


class Genuine:
    """hello-world.txt.ots taken apart: what was kept while waiting, and what the calendar adds."""

    def __init__(self) -> None:
        self.whole = (VECTORS / "client" / "hello-world.txt.ots").read_bytes()
        read = read_proof(self.whole)
        self.digest = read.digest.hex()
        node = DetachedTimestampFile.deserialize(BytesDeserializationContext(self.whole)).timestamp
        kept = top = Timestamp(node.msg)
        for _ in range(3):
            ((operation, node),) = node.ops.items()
            kept = kept.ops.add(operation)
        kept.attestations.add(PendingAttestation(CALENDAR))
        self.pending = detached(top)
        self.answer = serialised(node)
        self.url = f"{CALENDAR}/timestamp/{node.msg.hex()}"


@pytest.fixture
def genuine() -> Genuine:
    return Genuine()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    made = Web()
    monkeypatch.setattr(witness, "fetch", made.fetch)
    return made


REAL = Authorities(
    world="real",
    calendars=(Calendar(id="a", url="https://a.pool.opentimestamps.org", answers_as=(CALENDAR,)),),
    explorers=(Explorer(id="x", url="https://x.example/api", operator="A"),),
)


@needs_vectors
def test_a_pending_proof_becomes_the_genuine_one(genuine: Genuine, web: Web) -> None:
    web.pages[genuine.url] = genuine.answer
    done = OpenTimestamps(FakeClock(), Two).upgrade(genuine.digest, genuine.pending, REAL, Job())
    assert (done.status, done.by, done.time) == (
        "confirmed",
        "block 358391",
        "2015-05-28T15:41:18.000Z",
    )
    assert done.retry_s is None
    found = {(a.kind, a.message) for a in read_proof(done.proof).attestations}
    assert found == {
        (a.kind, a.message)
        for proof in (genuine.whole, genuine.pending)
        for a in read_proof(proof).attestations
    }


@needs_vectors
def test_one_explorer_is_one_source_until_there_is_another(genuine: Genuine, web: Web) -> None:
    web.pages[genuine.url] = genuine.answer
    one = OpenTimestamps(FakeClock(), One).upgrade(genuine.digest, genuine.pending, REAL, Job())
    assert one.status == "one_source"
    two = OpenTimestamps(FakeClock(), Two).upgrade(genuine.digest, one.proof, REAL, Job())
    assert (two.status, two.proof) == ("confirmed", one.proof)


@needs_vectors
def test_without_explorers_the_pending_proof_stays(genuine: Genuine, web: Web) -> None:
    web.pages[genuine.url] = genuine.answer
    none = OpenTimestamps(FakeClock(), Nobody).upgrade(genuine.digest, genuine.pending, REAL, Job())
    assert (none.status, none.reason, none.proof) == ("unchecked", "no_header", b"")
    kept = OpenTimestamps(FakeClock(), Nobody).upgrade(genuine.digest, genuine.whole, REAL, Job())
    assert (kept.status, kept.reason, kept.proof) == ("unchecked", "no_header", b"")


@needs_vectors
@pytest.mark.parametrize("lie", ["root", "mixed", "foreign", "garbage", "other", "no_block"])
def test_an_unverified_tree_never_joins(lie: str, genuine: Genuine, web: Web) -> None:
    message = bytes.fromhex(genuine.url.rpartition("/")[2])
    stamp = Timestamp(message)
    if lie in ("mixed", "foreign"):
        stamp = Timestamp.deserialize(BytesDeserializationContext(genuine.answer), message)
    if lie in ("root", "mixed"):
        stamp.ops.add(OpSHA256()).attestations.add(BitcoinBlockHeaderAttestation(HEIGHT))
    if lie == "foreign":
        stamp.attestations.add(PendingAttestation(METADATA))
    if lie == "no_block":
        stamp.attestations.add(PendingAttestation(CALENDAR))
    if lie == "other":
        other = (VECTORS / "client" / "bad-stamp.txt.ots").read_bytes()
        web.pages[genuine.url] = other[len(MAGIC) + 34 :]
    else:
        web.pages[genuine.url] = b"<html>" if lie == "garbage" else serialised(stamp)
    answer = OpenTimestamps(FakeClock(), Two).upgrade(genuine.digest, genuine.pending, REAL, Job())
    expected = "waiting" if lie == "no_block" else "garbage"
    assert (answer.status, answer.reason, answer.proof) == ("pending", expected, b"")


@needs_vectors
def test_a_complete_proof_of_another_block_is_broken(web: Web) -> None:
    del web
    proof = (VECTORS / "client" / "bad-stamp.txt.ots").read_bytes()
    digest = read_proof(proof).digest.hex()
    answer = OpenTimestamps(FakeClock(), Two).upgrade(digest, proof, REAL, Job())
    assert (answer.status, answer.reason, answer.proof) == ("broken", "root_differs", b"")


@needs_vectors
@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (404, "waiting"),
        (503, "refused"),
        (UNREACHABLE, "unreachable"),
        (Unavailable("host_slow", host="h", seconds=1), "slow"),
        (Unavailable("host_too_much", host="h", limit=1), "garbage"),
        (Refused("link_private", host="h", address="a"), "address_refused"),
    ],
)
def test_why_nothing_came(page: Any, reason: str, genuine: Genuine, web: Web) -> None:
    web.pages[genuine.url] = page
    answer = OpenTimestamps(FakeClock(), Two).upgrade(genuine.digest, genuine.pending, REAL, Job())
    assert (answer.status, answer.reason, answer.proof) == ("pending", reason, b"")


@needs_vectors
def test_a_tip_under_many_proofs_is_asked_about_once_a_minute(genuine: Genuine, web: Web) -> None:
    clock = FakeClock()
    asked = OpenTimestamps(clock, Two)
    for _ in range(3):
        assert asked.upgrade(genuine.digest, genuine.pending, REAL, Job()).status == "pending"
    assert web.asked == [genuine.url]
    web.pages[genuine.url] = genuine.answer
    clock.advance(seconds=61)
    assert asked.upgrade(genuine.digest, genuine.pending, REAL, Job()).status == "confirmed"
    assert web.asked == [genuine.url] * 2


@needs_vectors
def test_explorers_are_asked_about_one_block_once_a_minute(genuine: Genuine, web: Web) -> None:
    del web
    heights: list[int] = []

    class Counted(One):
        def about(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
            heights.append(height)
            return super().about(height)

    clock = FakeClock()
    asked = OpenTimestamps(clock, Counted)
    for _ in range(3):
        asked.upgrade(genuine.digest, genuine.whole, REAL, Job())
    assert heights == [HEIGHT]
    clock.advance(seconds=61)
    asked.upgrade(genuine.digest, genuine.whole, REAL, Job())
    assert heights == [HEIGHT] * 2


@needs_vectors
def test_reverse_is_still_in_the_format(genuine: Genuine, web: Web) -> None:
    whole = DetachedTimestampFile.deserialize(BytesDeserializationContext(genuine.pending))
    with pytest.warns(PendingDeprecationWarning):
        whole.timestamp.ops.add(OpReverse()).attestations.add(PendingAttestation(CALENDAR))
    web.pages[genuine.url] = genuine.answer
    done = OpenTimestamps(FakeClock(), Two).upgrade(
        genuine.digest, detached(whole.timestamp), REAL, Job()
    )
    assert done.status == "confirmed"


@needs_vectors
def test_a_proof_that_would_grow_too_deep_stays_as_it_is(web: Web) -> None:
    genuine = Genuine()
    message = bytes.fromhex(genuine.url.rpartition("/")[2])
    deep = Timestamp(message)
    node = deep
    for _ in range(254):
        node = node.ops.add(OpSHA256())
    node.attestations.add(BitcoinBlockHeaderAttestation(HEIGHT))
    web.pages[genuine.url] = serialised(deep)
    asked = OpenTimestamps(FakeClock(), Two)
    # What the block holds is not at issue here, only that a tree too deep to read is not kept.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stamping.OpenTimestamps, "_doubt", lambda *_: "")
        answer = asked.upgrade(genuine.digest, genuine.pending, REAL, Job())
    assert (answer.status, answer.proof) == ("pending", b"")
