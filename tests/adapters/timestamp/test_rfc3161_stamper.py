from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import tsp

from fakes import tsa as fake
from fakes.clock import FakeClock
from fakes.tsa import NOW, POLICY, Authority, digest, issue, issue_signer, response
from fakes.tsa_server import Answering, Reply, Request, served
from holdfast.adapters.resources import resource
from holdfast.adapters.timestamp import rfc3161 as module
from holdfast.adapters.timestamp.rfc3161 import Rfc3161, Rfc3161Checker
from holdfast.core import der
from holdfast.core.errors import Cancelled
from holdfast.core.job import Job, Progress
from holdfast.core.rfc3161 import read_query, read_response
from holdfast.core.timestamp import Answer, Authorities, Tsa
from holdfast.core.verdict import ProofHelp
from holdfast.practice import keys
from holdfast.practice.tsa import reply as practice_reply

SHA256 = digest("sha256").hex()
OTHERS = tuple(f"{number:064x}" for number in range(3))


class Witness:
    """A loopback authority whose next answer a test decides."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.requests: list[Request] = []
        self.make: Answering = self.good

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.make(request)

    def good(self, request: Request) -> Reply:
        return self.with_options()(request)

    def with_options(self, **options: Any) -> Answering:
        return lambda request: Reply(
            body=self.authority.answer(request.body, **options),
            headers={"content-type": "application/timestamp-reply"},
        )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture
def witness(authority: Authority) -> Witness:
    return Witness(authority)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW.isoformat())


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    with served(witness) as address:
        yield address + "/tsr"


@pytest.fixture
def authorities(url: str, authority: Authority) -> Authorities:
    one = Tsa(id="one", name="One", url=url, root=authority.root.pem, policies=(POLICY,))
    # Only the practice world may be on this computer; the root is what makes it practice or not.
    return Authorities(world="practice", tsas=(one,))


def ask(
    authorities: Authorities, clock: FakeClock, *sha256s: str, job: Job | None = None
) -> tuple[Answer, ...]:
    return Rfc3161(clock).ask(sha256s or (SHA256,), "one", authorities, job or Job())


def test_a_good_answer_is_confirmed_and_kept_as_it_came(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    told: list[Progress] = []
    (answer,) = ask(authorities, clock, job=Job(told.append))
    assert (answer.status, answer.reason) == ("confirmed", "")
    assert (answer.sha256, answer.authority, answer.by) == (SHA256, "one", "One")
    assert answer.time == "2026-11-12T13:06:31.000Z"
    assert [(one.stage, one.detail) for one in told] == [("stamping", "One")]
    (request,) = witness.requests
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/timestamp-query"
    assert answer.query == request.body
    query = read_query(answer.query)
    assert (query.imprint, query.cert_req) == (digest("sha256"), True)
    assert query.nonce is not None
    assert query.nonce.bit_length() == 64
    assert read_response(answer.proof).info.nonce == query.nonce
    help = ProofHelp(roots=(authorities.tsas[0].root,), query=answer.query)  # noqa: A001  the word of the port
    seen, _ = Rfc3161Checker().check("E0001", digest, answer.proof, help)
    assert seen.status == "confirmed"


def test_no_two_questions_bear_the_same_number(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    answers = ask(authorities, clock, *OTHERS)
    assert [answer.status for answer in answers] == ["confirmed"] * 3
    assert [answer.sha256 for answer in answers] == list(OTHERS)
    assert len({read_query(request.body).nonce for request in witness.requests}) == 3


def test_an_authority_that_leaves_its_chain_to_us_is_confirmed_with_ours(
    authorities: Authorities, clock: FakeClock, witness: Witness, authority: Authority
) -> None:
    def lone(request: Request) -> Reply:
        asked = tsp.TimeStampReq.load(request.body)
        made = fake.token(authority.signer, [authority.signer.der], nonce=asked["nonce"].native)
        return Reply(body=response(made))

    witness.make = lone
    (answer,) = ask(authorities, clock)
    assert (answer.status, answer.reason) == ("queued", "untrusted")
    (one,) = authorities.tsas
    with_chain = Tsa(id="one", name="One", url=one.url, root=one.root, chain=authority.middle.pem)
    (answer,) = ask(Authorities(world="practice", tsas=(with_chain,)), clock)
    assert answer.status == "confirmed"


BAD_TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "other digest": ({"imprint": bytes(32)}, "other_digest"),
    "other hash": ({"algorithm": "sha512", "imprint": digest("sha512")}, "other_digest"),
    "other nonce": ({"nonce": 5}, "other_nonce"),
    "no nonce": ({"nonce": None}, "other_nonce"),
    "other policy": ({"policy": "1.2.3"}, "other_policy"),
    "two signers": ({"signers": 2}, "garbage"),
    "altered": ({"change_signer": lambda one: {**one, "signature": b"no"}}, "bad_signature"),
    "before its certificate": ({"gen_time": NOW - timedelta(days=40)}, "bad_certificate"),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_token_that_is_not_ours_leaves_the_request_queued(
    authorities: Authorities, clock: FakeClock, witness: Witness, kind: str
) -> None:
    options, reason = BAD_TOKENS[kind]
    witness.make = witness.with_options(**options)
    (answer,) = ask(authorities, clock)
    assert (answer.status, answer.reason) == ("queued", reason)
    assert (answer.proof, answer.query, answer.time, answer.by) == (b"", b"", None, "")


def test_an_impostor_with_the_same_names_is_untrusted(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    impostor = Authority.make()
    witness.authority = impostor
    (answer,) = ask(authorities, clock)
    assert (answer.status, answer.reason) == ("queued", "untrusted")


def test_a_certificate_for_anything_else_will_not_do(
    authorities: Authorities, clock: FakeClock, witness: Witness, authority: Authority
) -> None:
    wrong = issue_signer(authority.middle, critical=False)
    witness.authority = Authority(authority.root, authority.middle, wrong)
    (answer,) = ask(authorities, clock)
    assert (answer.status, answer.reason) == ("queued", "bad_certificate")


def test_a_practice_token_never_passes_for_a_real_authority(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    practice = keys.witnesses()[0]
    witness.make = lambda request: Reply(body=practice_reply(request.body, practice, NOW))
    (one,) = authorities.tsas
    any_policy = Tsa(id="one", name="One", url=one.url, root=one.root)
    (answer,) = ask(Authorities(world="practice", tsas=(any_policy,)), clock)
    assert (answer.status, answer.reason) == ("queued", "untrusted")


def plain(body: bytes, status: int = 200, **headers: str) -> Answering:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(status=status, body=body, headers=named)


BAD_REPLIES: dict[str, tuple[Answering, str]] = {
    "refused": (plain(fake.refusal()), "refused"),
    "a page": (plain(b"<!doctype html><title>Sign in</title>"), "garbage"),
    "nothing": (plain(b""), "garbage"),
    "junk": (plain(bytes(range(256))), "garbage"),
    "far too much": (plain(bytes(module.ANSWER_LIMIT + 1)), "garbage"),
    "forbidden": (plain(b"", 403), "refused"),
    "missing": (plain(b"", 404), "refused"),
    "failing": (plain(b"", 500), "busy"),
    "moved": (plain(b"", 302, location="http://127.0.0.1:1/"), "redirected"),
    "not modified": (plain(b"", 304), "redirected"),
}


@pytest.mark.parametrize("kind", BAD_REPLIES)
def test_an_answer_that_is_none_leaves_the_request_queued(
    authorities: Authorities, clock: FakeClock, witness: Witness, kind: str
) -> None:
    witness.make, reason = BAD_REPLIES[kind]
    (answer,) = ask(authorities, clock)
    assert (answer.status, answer.reason, answer.retry_s) == ("queued", reason, None)
    assert len(witness.requests) == 1


@pytest.mark.parametrize(
    ("wanted", "seconds"), [("90", 90), ("999999999", 86_400), ("soon", None), ("-1", None)]
)
def test_a_pause_that_the_authority_asks_for_is_kept(
    authorities: Authorities, clock: FakeClock, witness: Witness, wanted: str, seconds: int | None
) -> None:
    witness.make = plain(b"", 429, retry_after=wanted)
    answers = ask(authorities, clock, *OTHERS)
    assert {(one.reason, one.retry_s) for one in answers} == {("busy", seconds)}
    assert len(witness.requests) == 1


def test_a_slow_authority_is_left_alone(
    authorities: Authorities, clock: FakeClock, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(request: Request) -> Reply:
        request.stopping.wait(30)
        return Reply()

    witness.make = late
    monkeypatch.setattr(module, "ANSWER_SECONDS", 2.0)  # it is asked, at least
    answers = ask(authorities, clock, *OTHERS)
    assert {one.reason for one in answers} == {"slow"}
    assert len(witness.requests) == 1


def test_an_authority_that_is_away_is_asked_once(
    authority: Authority, clock: FakeClock, witness: Witness
) -> None:
    with served(witness) as gone:
        pass
    tsa = Tsa(id="one", name="One", url=gone, root=authority.root.pem)
    answers = ask(Authorities(world="practice", tsas=(tsa,)), clock, *OTHERS)
    assert {(one.status, one.reason) for one in answers} == {("queued", "unreachable")}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://localhost:9/", "ftp://a.b/"])
def test_a_real_authority_is_not_on_this_computer(
    authority: Authority, clock: FakeClock, address: str
) -> None:
    tsa = Tsa(id="one", name="One", url=address, root=authority.root.pem)
    (answer,) = ask(Authorities(world="real", tsas=(tsa,)), clock)
    assert (answer.status, answer.reason) == ("queued", "address_refused")


def test_between_two_requests_the_authority_has_its_pause(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    (one,) = authorities.tsas
    slow = Tsa(id="one", name="One", url=one.url, root=one.root, min_interval_s=15)
    patient = Authorities(world="practice", tsas=(slow,))
    stamper = Rfc3161(clock)
    answers = stamper.ask(OTHERS, "one", patient, Job())
    assert [(a.status, a.reason, a.retry_s) for a in answers] == [
        ("confirmed", "", None),
        ("queued", "too_soon", 15),
        ("queued", "too_soon", 15),
    ]
    clock.advance(seconds=10)
    assert stamper.ask(OTHERS[1:2], "one", patient, Job())[0].retry_s == 5
    clock.advance(seconds=10)
    assert stamper.ask(OTHERS[1:2], "one", patient, Job())[0].status == "confirmed"
    clock.advance(days=-300)
    assert stamper.ask(OTHERS[2:], "one", patient, Job())[0].retry_s == 15
    assert len(witness.requests) == 2


def test_a_wish_to_stop_never_costs_a_token_that_was_received(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    job = Job()

    def answering(request: Request) -> Reply:
        job.cancel()
        return witness.good(request)

    witness.make = answering
    answers = ask(authorities, clock, *OTHERS, job=job)
    assert [(a.status, a.reason) for a in answers] == [
        ("confirmed", ""),
        ("queued", "stopped"),
        ("queued", "stopped"),
    ]
    with pytest.raises(Cancelled):
        ask(authorities, clock, job=job)


@pytest.mark.parametrize("hours", [-2, 2])
def test_where_the_clocks_disagree_the_token_is_kept_and_no_time_is_claimed(
    authorities: Authorities, clock: FakeClock, hours: int
) -> None:
    clock.advance(hours=hours)
    stamper = Rfc3161(clock)
    (answer,) = stamper.ask((SHA256,), "one", authorities, Job())
    assert (answer.status, answer.reason, answer.time) == ("unchecked", "clock", None)
    assert answer.proof
    clock.advance(hours=-hours)
    later = stamper.upgrade(SHA256, answer.proof, authorities, Job())
    assert (later.status, later.time, later.by) == (
        "confirmed",
        "2026-11-12T13:06:31.000Z",
        "One",
    )
    assert later.proof == answer.proof


def test_a_token_is_judged_again_by_the_roots_of_today(
    authorities: Authorities, clock: FakeClock, authority: Authority
) -> None:
    stamper = Rfc3161(clock)
    token = authority.token()
    elsewhere = Tsa(id="two", name="Two", url="https://two.invalid", root=issue("Two").pem)
    both = Authorities(world="real", tsas=(elsewhere, *authorities.tsas))
    found = stamper.upgrade(SHA256, token, both, Job())
    assert (found.status, found.authority, found.by) == ("confirmed", "one", "One")
    only = Authorities(world="real", tsas=(elsewhere,))
    unknown = stamper.upgrade(SHA256, token, only, Job())
    assert (unknown.status, unknown.reason, unknown.proof) == ("unchecked", "untrusted", b"")
    other = stamper.upgrade(OTHERS[0], token, both, Job())
    assert (other.status, other.reason, other.time) == ("broken", "other_digest", None)


def test_practice_authorities_give_simulated_stamps(clock: FakeClock) -> None:
    witness = keys.witnesses()[0]

    def answer_as_practice(request: Request) -> Reply:
        return Reply(body=practice_reply(request.body, witness, NOW))

    with served(answer_as_practice) as address:
        tsa = Tsa(
            id="one",
            name=witness.name,
            url=address,
            root=keys.pem(witness.root),
            policies=(witness.policy,),
        )
        (answer,) = ask(Authorities(world="practice", tsas=(tsa,)), clock)
    assert (answer.status, answer.reason, answer.by) == ("simulated", "", witness.name)


def test_each_authority_is_a_target(authorities: Authorities, clock: FakeClock) -> None:
    stamper = Rfc3161(clock)
    assert stamper.targets(authorities) == ("one",)
    assert stamper.targets(Authorities(world="real")) == ()
    assert stamper.id == Rfc3161Checker().id == "rfc3161"


def test_a_signature_beyond_this_build_leaves_the_request_queued(
    authorities: Authorities, clock: FakeClock, witness: Witness
) -> None:
    def sm2(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": "1.2.156.10197.1.501"}}

    witness.make = witness.with_options(change_signer=sm2)
    (answer,) = ask(authorities, clock)
    assert (answer.status, answer.reason) == ("queued", "uncheckable")


def test_a_root_file_of_two_certificates_is_our_own_mistake(
    authorities: Authorities, clock: FakeClock
) -> None:
    (one,) = authorities.tsas
    both = Tsa(id="one", name="One", url=one.url, root=one.root + issue("More").pem)
    with pytest.raises(ValueError):
        ask(Authorities(world="practice", tsas=(both,)), clock)


def test_every_reason_and_rule_has_its_words() -> None:
    import tomllib

    for lang in ("zh", "en"):
        said = tomllib.loads(resource("i18n", lang, "tsa.toml").read_text(encoding="utf-8"))
        assert set(module._REASONS) <= set(said["words"])
        assert all(text.strip() for text in said["words"].values())
    assert der.MAX_BYTES > module.ANSWER_LIMIT
