"""What registries answer and servers show: read strictly, told plainly, kept apart."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.canonical import canonical, parse
from holdfast.core.icp import Filing
from holdfast.core.origin import (
    Connection,
    Fact,
    Lookup,
    Origin,
    Registries,
    Row,
    read_date,
    read_rdap,
    read_whois,
    rows,
    sentence,
)

T = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
UNTIL = T + timedelta(seconds=20)


def facts(found: tuple[Fact, ...]) -> list[tuple[str, str]]:
    return [(fact.name, fact.value) for fact in found]


# --- the server's clock ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "apart"),
    [
        ("Wed, 25 Nov 2026 12:00:05 GMT", 0.0),
        ("Wed, 25 Nov 2026 11:59:59 GMT", 0.0),
        ("Wed, 25 Nov 2026 11:59:49 GMT", -10.0),
        ("Wed, 25 Nov 2026 12:01:20 GMT", 60.0),
        ("Wed, 25 Nov 2026 20:00:05 +0800", 0.0),
        ("Wed, 25 Nov 2026 12:00:05 -0000", 0.0),
    ],
)
def test_the_server_s_time_is_held_against_ours(said: str, apart: float) -> None:
    found = read_date(said, T, UNTIL)
    assert found is not None
    assert found.apart == timedelta(seconds=apart)
    assert found.body()["apart_ms"] == int(apart * 1000)


@pytest.mark.parametrize("said", ["", "yesterday", "Wed, 99 Nov 2026 12:00:05 GMT", "0" * 5000])
def test_what_is_no_time_is_none(said: str) -> None:
    assert read_date(said, T, UNTIL) is None


@given(st.text(max_size=80))
def test_any_header_is_a_time_or_none(said: str) -> None:
    found = read_date(said, T, UNTIL)
    if found is not None:
        assert canonical(found.body())


# --- RDAP -----------------------------------------------------------------------------------------

DOMAIN: dict[str, Any] = {
    "objectClassName": "domain",
    "ldhName": "EXAMPLE.COM",
    "handle": "2336799_DOMAIN_COM-VRSN",
    "status": ["client delete prohibited", 7],
    "nameservers": [{"ldhName": "A.IANA-SERVERS.NET"}, "no server"],
    "events": [
        {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
        {"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00Z"},
        {"eventAction": "last update of RDAP database", "eventDate": "2026-11-25T00:00:00Z"},
        "no event",
    ],
    "entities": [
        {
            "roles": ["registrar"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "R Inc"]]],
            "entities": [
                {
                    "roles": ["abuse"],
                    "vcardArray": ["vcard", [["email", {}, "text", "abuse@r.example"]]],
                }
            ],
        },
        {"roles": ["registrant"], "vcardArray": ["vcard"]},
        {"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", "  "]]]},
        "no entity",
    ],
}


def test_a_domain_s_registration_is_read() -> None:
    assert facts(read_rdap(json.dumps(DOMAIN).encode(), "domain")) == [
        ("domain", "EXAMPLE.COM"),
        ("handle", "2336799_DOMAIN_COM-VRSN"),
        ("status", "client delete prohibited"),
        ("nameserver", "A.IANA-SERVERS.NET"),
        ("registered", "1995-08-14T04:00:00Z"),
        ("expires", "2027-08-13T04:00:00Z"),
        ("registrar", "R Inc"),
        ("abuse email", "abuse@r.example"),
    ]


def test_an_address_s_registration_is_read() -> None:
    told = {
        "objectClassName": "ip network",
        "name": "GOGL",
        "handle": "NET-8-8-8-0-2",
        "startAddress": "8.8.8.0",
        "endAddress": "8.8.8.255",
        "country": "US",
        "type": "DIRECT ALLOCATION",
    }
    assert facts(read_rdap(json.dumps(told).encode(), "ip network")) == [
        ("name", "GOGL"),
        ("handle", "NET-8-8-8-0-2"),
        ("range", "8.8.8.0 – 8.8.8.255"),
        ("country", "US"),
        ("type", "DIRECT ALLOCATION"),
    ]
    short = {"objectClassName": "ip network", "startAddress": "8.8.8.0", "name": 7}
    assert read_rdap(json.dumps(short).encode(), "ip network") == ()


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"[]", b"7", b"{}", b'{"objectClassName":"entity"}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read_rdap(raw, "domain")


def test_people_within_people_have_an_end() -> None:
    inner: dict[str, Any] = {"roles": ["abuse"], "vcardArray": ["v", [["fn", {}, "text", "x"]]]}
    for _ in range(10):
        inner = {"roles": ["abuse"], "entities": [inner] * 2, "vcardArray": inner["vcardArray"]}
    told = {"objectClassName": "domain", "entities": [inner]}
    assert len(read_rdap(json.dumps(told).encode(), "domain")) <= 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "entities",
                    "roles",
                    "vcardArray",
                    "events",
                    "eventAction",
                    "eventDate",
                    "status",
                    "nameservers",
                    "ldhName",
                    "startAddress",
                    "endAddress",
                    "name",
                    "country",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(sorted(DOMAIN)), JSON), st.sampled_from(["domain", "ip"]))
def test_any_object_is_read_without_harm(told: dict[str, Any], kind: str) -> None:
    name = "domain" if kind == "domain" else "ip network"
    raw = json.dumps(told | {"objectClassName": name}).encode()
    for fact in read_rdap(raw, "domain" if kind == "domain" else "ip network"):
        assert fact.value
        assert "\n" not in fact.value


# --- WHOIS ----------------------------------------------------------------------------------------

CNNIC = """Domain Name: example.cn
ROID: 20030312s10001s00033735-cn
Domain Status: clientDeleteProhibited
Registrant: 北京示例科技有限公司
Registrant Contact Email: dns@example.cn
Sponsoring Registrar: 示例注册服务机构
Name Server: ns1.example.cn
Registration Time: 2003-03-17 12:20:05
Expiration Time: 2027-03-17 12:48:36
DNSSEC: unsigned
"""


def test_a_whois_answer_is_read() -> None:
    assert facts(read_whois(CNNIC)) == [
        ("domain", "example.cn"),
        ("handle", "20030312s10001s00033735-cn"),
        ("status", "clientDeleteProhibited"),
        ("registrant", "北京示例科技有限公司"),
        ("registrant email", "dns@example.cn"),
        ("registrar", "示例注册服务机构"),
        ("nameserver", "ns1.example.cn"),
        ("registered", "2003-03-17 12:20:05"),
        ("expires", "2027-03-17 12:48:36"),
    ]


def test_comments_and_full_width_colons() -> None:
    text = (
        "% Registrar: not this\n# Registrar: nor this\n  Registrar：  示例\n>>> Registrar: no <<<"
    )
    assert facts(read_whois(text)) == [("registrar", "示例")]


@pytest.mark.parametrize(
    "text", ["No matching record.", 'No match for "X.TV".', "Status: free\nnot found"]
)
def test_no_such_domain_is_told_apart(text: str) -> None:
    with pytest.raises(LookupError):
        read_whois(text)


@pytest.mark.parametrize("text", ["", "<html>busy</html>", "rate limit exceeded", "Status: ok"])
def test_what_says_nothing_known_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_whois(text)


@given(st.text(alphabet=st.sampled_from("Domain Name: Registrar\n\r%#：x\u202e")))
def test_any_text_is_read_without_harm(text: str) -> None:
    try:
        found = read_whois(text)
    except (LookupError, ValueError):
        return
    assert all(fact.value and "\u202e" not in fact.value for fact in found)


# --- whom to ask ----------------------------------------------------------------------------------

KNOWN = Registries(
    rdap={"com": "https://rdap.com.example/"},
    whois={"cn": "whois.cn.example"},
    ranges=(
        (ipaddress.ip_network("8.0.0.0/8"), "https://wide.example/"),
        (ipaddress.ip_network("8.8.0.0/16"), "https://narrow.example/"),
        (ipaddress.ip_network("2001:4860::/32"), "https://six.example/"),
    ),
    suffixes=frozenset({"com.cn"}),
    as_of="2026-07-27",
)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.com", "example.com"),
        ("example.com.", "example.com"),
        ("A.B.example.com.cn", "example.com.cn"),
        ("com.cn", ""),
        ("localhost", ""),
        ("", ""),
        ("a..com", ""),
        ("8.8.8.8", ""),
    ],
)
def test_the_part_that_somebody_registered(host: str, domain: str) -> None:
    assert KNOWN.registrable(host) == domain


def test_who_knows_about_a_domain_or_an_address() -> None:
    assert KNOWN.about("example.com") == ("rdap", "https://rdap.com.example/")
    assert KNOWN.about("example.cn") == ("whois", "whois.cn.example")
    assert KNOWN.about("example.zz") == ("", "")
    address = ipaddress.ip_address
    assert KNOWN.about_address(address("8.8.8.8")) == "https://narrow.example/"
    assert KNOWN.about_address(address("8.9.8.8")) == "https://wide.example/"
    assert KNOWN.about_address(address("2001:4860::1")) == "https://six.example/"
    assert KNOWN.about_address(address("9.9.9.9")) == ""


def test_only_known_registries_may_be_followed() -> None:
    assert KNOWN.known("https://wide.example/ip/8.8.8.8")
    assert KNOWN.known("https://rdap.com.example/domain/x")
    assert not KNOWN.known("https://wide.example.evil/ip/8.8.8.8")
    assert not KNOWN.known("")


# --- the record and its lines ---------------------------------------------------------------------

AT = "2026-11-25T12:00:03.000Z"


def whole() -> Origin:
    return Origin(
        host="www.example.com",
        domain="example.com",
        connection=Connection(
            url="https://www.example.com/v/12",
            redirects=("https://e.example/a",),
            address="8.8.8.8:443",
            date=read_date("Wed, 25 Nov 2026 12:01:20 GMT", T, UNTIL),
            certificates=(
                (
                    Fact(name="subject", value="CN=www.example.com"),
                    Fact(name="issuer", value="CN=Some CA"),
                    Fact(name="serial", value="1f"),
                ),
            ),
        ),
        lookups=(
            Lookup(
                what="dns",
                question="www.example.com A",
                at=AT,
                facts=(Fact(name="A", value="8.8.8.8"),),
            ),
            Lookup(
                what="dns",
                question="www.example.com AAAA",
                at=AT,
                facts=(Fact(name="A", value="8.8.8.8"),),
            ),
            Lookup(what="dns", question="example.com NS", at=AT, missing="slow"),
            Lookup(
                what="domain",
                question="example.com",
                asked="https://rdap.com.example/domain/example.com (192.0.2.1:443)",
                at=AT,
                facts=(
                    Fact(name="domain", value="EXAMPLE.COM"),
                    Fact(name="registrar", value="R Inc"),
                ),
                answer="{}\u202e",
            ),
            Lookup(
                what="address",
                question="8.8.8.8",
                at=AT,
                facts=(Fact(name="handle", value="NET-8"),),
            ),
        ),
        filings=(Filing(number="京ICP备16025439号", line=7, lines=9, text="© 京ICP备16025439号"),),
        registries_as_of="2026-07-27",
    )


def test_whatever_did_not_serve_the_page_is_marked_separate() -> None:
    body = parse(canonical(whole().body()))
    assert isinstance(body, dict)
    assert body["connection"]["separate"] is False
    assert all(lookup["separate"] is True for lookup in body["lookups"])
    assert "\u202e" not in body["lookups"][3]["answer"]
    assert body["icp"][0]["note"] == "found on the page; not checked with the ministry"


def test_a_record_is_told_in_lines() -> None:
    assert rows(whole().body()) == (
        Row(key="redirects", value="https://e.example/a → https://www.example.com/v/12"),
        Row(key="date_ahead", value="Wed, 25 Nov 2026 12:01:20 GMT (60 s)"),
        Row(key="certificate", value="CN=www.example.com · CN=Some CA"),
        Row(key="icp", value="京ICP备16025439号", place="7/9"),
        Row(key="dns", value="A 8.8.8.8", separate=True, at=AT),
        Row(key="dns", value="example.com NS", separate=True, at=AT, missing="slow"),
        Row(key="domain", value="example.com: R Inc", separate=True, at=AT),
        Row(key="address", value="8.8.8.8: NET-8", separate=True, at=AT),
    )


@pytest.mark.parametrize(("apart", "key"), [(0, "date"), (-5000, "date_behind")])
def test_a_clock_that_agrees_or_is_behind(apart: int, key: str) -> None:
    body = {"connection": {"date": {"said": "x", "apart_ms": apart}}}
    (found,) = rows(body)
    assert found.key == key


def test_nobody_asked_is_one_line() -> None:
    quiet = Origin(host="x", domain="", connection=Connection(url=""), not_asked="offline")
    assert rows(quiet.body()) == (Row(key="lookups", value="", separate=True, missing="offline"),)


def test_an_empty_answer_is_its_question() -> None:
    body = {"lookups": [{"what": "domain", "question": "a.com", "not_obtained": "something new"}]}
    assert rows(body) == (Row(key="domain", value="a.com", separate=True, missing="failed"),)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"connection": 7, "lookups": 7, "icp": 7, "not_asked": 7 - 7},
        {"connection": {"redirects": 7, "date": 7, "certificates": 7}},
        {"connection": {"redirects": [], "date": {"apart_ms": "x"}, "certificates": []}},
        {"lookups": [7, {"what": "else"}]},
    ],
)
def test_a_record_of_another_form_says_nothing(body: dict[str, Any]) -> None:
    assert rows(body) == ()


def test_each_row_is_a_sentence_of_its_language() -> None:
    def say(key: str, **facts: object) -> str:
        return f"{key}({', '.join(map(str, facts.values()))})"

    told = [sentence(row, say, lambda at: at[:10]) for row in rows(whole().body())]
    assert told[:4] == [
        "https://e.example/a → https://www.example.com/v/12",
        "origin.value.date_ahead(Wed, 25 Nov 2026 12:01:20 GMT (60 s), )",
        "CN=www.example.com · CN=Some CA",
        "origin.value.icp(京ICP备16025439号, 7/9)",
    ]
    assert told[5] == (
        "example.com NS: origin.missing(origin.missing.slow()) [origin.separate(2026-11-25)]"
    )
    assert sentence(Row(key="lookups", value="", separate=True, missing="offline"), say, str) == (
        "origin.missing(origin.missing.offline())"
    )
