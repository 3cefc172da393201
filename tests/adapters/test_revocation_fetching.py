"""What authorities publish is asked for once, within bounds, and never stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import FakeClock
from fakes.revocation import answer, crl, pointed, world
from fakes.tsa import NOW, Pair
from holdfast.adapters import revocation
from holdfast.adapters.http import Reply
from holdfast.adapters.revocation import Revocations, withdrawn
from holdfast.core.certificates import Certificate, read_certificate
from holdfast.core.errors import Unavailable
from holdfast.core.revocation import read_material
from holdfast.core.rfc3161 import make_query, read_response
from holdfast.core.timestamp import Authorities, Tsa
from holdfast.practice import keys, tsa
from holdfast.practice.server import Request, Service
from holdfast.practice.tsa import TimeStamper


@pytest.fixture
def served() -> Iterator[tuple[Service, TimeStamper, list[str]]]:
    asked: list[str] = []
    stamper = TimeStamper(keys.witnesses()[0], FakeClock())

    def reply(request: Request) -> Any:
        asked.append(f"{request.method} {request.path}")
        return stamper.answer(request)

    service = Service(reply, world=1, body_limit=tsa.BODY_LIMIT)
    stamper.publish(service.url)
    service.serve()
    yield service, stamper, asked
    service.close()


REAL = Authorities(world="real")


def practice(service: Service) -> Authorities:
    tsa = Tsa(id="a", name="A", url=service.url, root=b"", chain=b"")
    return Authorities(world="practice", tsas=(tsa,))


def path_of(stamper: TimeStamper) -> tuple[Certificate, ...]:
    witness = stamper._witness
    from cryptography.hazmat.primitives.serialization import Encoding

    return tuple(
        read_certificate(one.public_bytes(Encoding.DER))
        for one in (witness.signer, witness.issuer, witness.root)
    )


def test_lists_and_answers_are_had_and_each_only_once(
    served: tuple[Service, TimeStamper, list[str]],
) -> None:
    service, stamper, asked = served
    path = path_of(stamper)
    ways = Revocations(FakeClock())
    found = ways.collect(path, practice(service))
    assert asked == ["GET /issuing.crl", "POST /ocsp", "GET /root.crl", "POST /ocsp"]
    assert len(found) == 4
    assert ways.collect(path, practice(service)) == found
    assert len(asked) == 4
    query = make_query(bytes(32), 1 << 63)
    token = read_response(tsa.reply(query, stamper._witness, FakeClock().now()))
    assert not withdrawn(path, token, found)


def test_the_real_world_is_never_looked_for_on_this_computer(
    served: tuple[Service, TimeStamper, list[str]],
) -> None:
    _, stamper, asked = served
    assert Revocations(FakeClock()).collect(path_of(stamper), REAL) == ()
    assert asked == []


def test_the_practice_world_asks_nobody_but_its_authorities(
    served: tuple[Service, TimeStamper, list[str]],
) -> None:
    """Anybody has their keys, and could have something else on this computer asked."""
    _, stamper, asked = served
    other = Service(lambda _: pytest.fail("asked"), world=1, body_limit=tsa.BODY_LIMIT)
    other.serve()
    assert Revocations(FakeClock()).collect(path_of(stamper), practice(other)) == ()
    other.close()
    assert asked == []


def test_the_practice_world_looks_nowhere_else() -> None:
    root, middle, signer = world()
    own = pointed(signer, middle, "http://tsa.example/a.crl")
    path = [read_certificate(one.der) for one in (own, middle, root)]
    assert Revocations(FakeClock()).collect(path, Authorities(world="practice")) == ()


class Wire:
    """Stands in for the network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **replies: bytes | int | Exception) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._replies = replies
        monkeypatch.setattr(revocation, "fetch", self._fetch)

    def _fetch(self, url: str, **how: Any) -> Reply:
        self.asked.append((url, how))
        said = self._replies[url.rpartition("/")[2].partition(".")[0]]
        if isinstance(said, Exception):
            raise said
        status, body = (said, b"") if isinstance(said, int) else (200, said)
        return Reply(status=status, headers=(), body=body, address="")


def signed_path(*urls: str) -> tuple[Pair, list[Certificate]]:
    root, middle, signer = world()
    own = pointed(signer, middle, *urls)
    return own, [read_certificate(one.der) for one in (own, middle, root)]


@pytest.mark.parametrize(
    "said",
    [b"<html>", 301, 404, Unavailable("host_slow", host="x"), b""],
)
def test_what_goes_wrong_leaves_nothing_and_the_next_place_is_tried(
    said: bytes | int | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, middle, _ = world()
    good = crl(middle)
    own, path = signed_path("http://a.example/one.crl", "https://b.example/two.crl")
    wire = Wire(monkeypatch, one=said, two=good, ocsp=said)
    assert Revocations(FakeClock()).collect(path, REAL) == (good,)
    assert [url for url, _ in wire.asked] == [
        "http://a.example/one.crl",
        "https://b.example/two.crl",
        "http://tsa.example/ocsp",
    ]
    for _, how in wire.asked:
        assert how["timeout"] <= revocation.EACH_SECONDS
        assert how["allow_loopback"] == frozenset()
    assert [how["limit"] for _, how in wire.asked] == [1 << 20, 1 << 20, 64 << 10]
    assert own is not None


def test_what_another_signed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    root, middle, signer = world()
    own, path = signed_path("http://a.example/one.crl")
    forged = crl(Pair(middle.certificate, signer.key))
    Wire(monkeypatch, one=forged, ocsp=answer(own, middle, by=root))
    assert Revocations(FakeClock()).collect(path, REAL) == ()


def test_no_more_than_two_places_and_no_more_than_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = [f"http://a.example/{name}.crl" for name in ("one", "two", "three")]
    _, path = signed_path(*urls)
    wire = Wire(monkeypatch, one=404, two=404, three=404, ocsp=404)
    Revocations(FakeClock()).collect(path, REAL)
    assert [url for url, _ in wire.asked] == [*urls[:2], "http://tsa.example/ocsp"]
    monkeypatch.setattr(revocation, "ALL_SECONDS", 0.0)
    wire.asked.clear()
    assert Revocations(FakeClock()).collect(path, REAL) == ()
    assert wire.asked == []


def test_a_link_that_is_none_is_passed_over() -> None:
    _, path = signed_path("http://user:word@a.example/one.crl", "http:///two.crl")
    assert Revocations(FakeClock()).collect(path[:2], Authorities(world="practice")) == ()


def test_a_token_of_a_withdrawn_certificate_is_told() -> None:
    root, middle, signer = world()
    from fakes.tsa import token

    path = [read_certificate(one.der) for one in (signer, middle, root)]
    read = read_response(token(signer, [signer.der]))
    bad = crl(middle, [(signer, NOW - timedelta(days=1), None)])
    assert read_material(bad)
    assert withdrawn(path, read, [bad])
    assert not withdrawn(path, read, [crl(middle)])


def test_the_practice_responder_answers_only_what_it_is_asked(
    served: tuple[Service, TimeStamper, list[str]], tmp_path: Path
) -> None:
    from holdfast.practice.revocation import answer as practice_answer

    _, stamper, _ = served
    witness, now = stamper._witness, FakeClock().now()
    kind = {"content-type": "application/ocsp-request"}

    def asked(path: str, method: str = "POST", body: bytes = b"", **how: Any) -> Any:
        return practice_answer(
            Request(method=method, path=path, body=body, headers=how.get("headers", kind)),
            witness,
            now,
        )

    assert asked("/") is None
    assert asked("/root.crl") is None
    assert asked("/ocsp", headers={}).status == 415
    from cryptography.x509 import ocsp

    junk = ocsp.load_der_ocsp_response(asked("/ocsp", body=b"junk").body)
    assert junk.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    root, middle, signer = world()
    from holdfast.core.revocation import ocsp_request

    other = ocsp_request(read_certificate(signer.der), read_certificate(middle.der))
    stranger = ocsp.load_der_ocsp_response(asked("/ocsp", body=other).body)
    assert stranger.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    assert root is not None
