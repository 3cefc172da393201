"""The label, the provider's code, XMP and C2PA stores, well and badly made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.labels import CODE, INNER
from holdfast.core import marks
from holdfast.core.canonical import canonical
from holdfast.core.evidence import MarkSeen
from holdfast.core.marks import (
    IPTC,
    LONGEST_LABEL,
    LONGEST_XMP,
    MOST_PROPERTIES,
    Manifest,
    Tag,
    ai_label,
    credit_code,
    iptc,
    labels,
    looked_at,
    manifest,
    names_label,
    provider,
    raw_tag,
    seen,
    source_type,
    text_tag,
    xmp,
)

RDF = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF></x:xmpmeta>'
)
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps({"AIGC": INNER}),
        json.dumps(INNER),
        json.dumps({"AIGC": json.dumps(INNER)}),
        f"  {json.dumps(INNER)}\0\n",
    ],
)
def test_wrapped_and_bare_labels_read_alike(raw: str) -> None:
    label = ai_label(raw, "PNG tEXt")
    assert (label.state, label.fault) == ("found", "")
    assert label.field("Label") == "1"
    assert label.field("nothing") == ""
    assert [name for name, _ in label.fields] == list(marks.FIELDS)
    assert label.producer is not None
    assert label.producer.credit == "91110102MAD55U9H0F"
    assert label.producer.credit_holds
    assert (label.producer.service, label.producer.own) == ("generates", "0002")
    assert label.propagator is not None
    assert (label.propagator.service, label.propagator.own) == ("spreads", "APP1")
    canonical(label.body())


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("x" * (LONGEST_LABEL + 1), "too_long"),
        ("{", "not_json"),
        ("[" * 60_000, "not_json"),
        ("[1]", "not_object"),
        ('"AIGC"', "not_object"),
        ('{"AIGC": [1]}', "not_object"),
        ('{"AIGC": "["}', "not_json"),
        ('{"AIGC": "[1]"}', "not_object"),
        ('{"Label":"1","Label":"2"}', "twice"),
        ('{"ReserveCode1":"a","ReservedCode1":"b","Label":"1"}', "twice"),
        ('{"Label":1}', "not_text"),
        ('{"Label":"1","ProduceID":{"a":1},"x":[2]}', "not_text"),
        ('{"Label":"AIGC"}', "no_label"),
        ("{}", "no_label"),
    ],
)
def test_what_is_wrong_with_a_label_is_said_and_it_is_shown(raw: str, fault: str) -> None:
    label = ai_label(raw, "x")
    assert (label.fault, label.state) == (fault, "malformed")
    assert label.raw
    canonical(label.body())


def test_other_fields_and_known_slips_stay() -> None:
    label = ai_label('{"Label":"2","ReserveCode1":"r","ServiceProvider":"Some cloud"}', "x")
    assert label.fields == (
        ("Label", "2"),
        ("ReservedCode1", "r"),
        ("ServiceProvider", "Some cloud"),
    )
    assert (label.producer, label.propagator) == (None, None)


@given(st.text(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from([*marks.FIELDS, "AIGC", "x"]), inner, max_size=7),
    max_leaves=20,
).map(json.dumps))  # fmt: skip
def test_any_text_gives_a_label_or_a_fault(raw: str) -> None:
    label = ai_label(raw, "x")
    canonical(label.body())
    if not label.fault:
        assert label.field("Label") in ("1", "2", "3")


@pytest.mark.parametrize("code", ["", "Minimax Agent AI", CODE[:-1], CODE + "0", CODE.lower()])
def test_a_name_is_no_code(code: str) -> None:
    assert provider(code) is None


def test_what_cannot_be_explained_is_not() -> None:
    other = provider("00" + "23" + CODE[4:])
    assert other is not None
    assert (other.credit, other.service, other.own) == ("", "", "")
    odd = provider(CODE[:22] + "7" + CODE[23:])
    assert odd is not None
    assert odd.service == ""
    canonical(odd.body())


def test_the_check_character_of_a_credit_code() -> None:
    assert credit_code("91440300708461136T")
    assert not credit_code("91440300708461136X")
    assert not credit_code("9144030070846113")
    assert not credit_code("91440300708461136I")


def test_names_of_fields_that_carry_the_label() -> None:
    assert names_label("AIGC")
    assert names_label(f"{TC260} aigc")
    assert not names_label("title")


# --- XMP -----------------------------------------------------------------------------------------


def test_xmp_in_attributes_elements_and_lists() -> None:
    packet = RDF.format(
        f'<rdf:Description rdf:about="" xmlns:TC260="{TC260}" '
        'TC260:AIGC="{&quot;Label&quot;:&quot;1&quot;}">'
        '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Seq><rdf:li>A</rdf:li>'
        "<rdf:li>B</rdf:li></rdf:Seq></dc:creator>"
        '<e:DigitalSourceType xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
        "</e:DigitalSourceType></rdf:Description>"
    )
    tags = xmp(packet.encode(), "JPEG XMP")
    assert [tag.value for tag in tags if tag.name.endswith("creator")] == ["A", "B"]
    assert [label.state for label in labels(tags)] == ["found"]
    assert iptc(tags) == ("trainedAlgorithmicMedia",)
    assert tags[0].body()["place"] == "JPEG XMP"


def test_text_that_stands_right_in_rdf_keeps_its_own_name() -> None:
    packet = '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">loose</r:RDF>'
    (tag,) = xmp(packet.encode(), "x")
    assert tag.name.endswith(" RDF")


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<a>",
        b"\xff\xfe\x00",
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b"<b>1</b>" * (MOST_PROPERTIES + 1) + b"</a>",
        b" " * (LONGEST_XMP + 1),
    ],
)
def test_xmp_that_means_harm_or_nothing_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="XMP"):
        xmp(packet, "x")


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda t: RDF.format(t).encode("utf-8", "replace"))
)
def test_any_packet_is_read_or_refused(packet: bytes) -> None:
    try:
        tags = xmp(packet, "x")
    except ValueError:
        return
    assert all(canonical(tag.body()) for tag in tags)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "digitalCapture"),
        ("trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("http://elsewhere.example/x", ""),
        ("", ""),
    ],
)
def test_source_types_by_their_short_names(value: str, kind: str) -> None:
    assert source_type(value) == kind


# --- C2PA ----------------------------------------------------------------------------------------


def store(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "active_manifest": "m",
        "manifests": {
            "m": {
                "claim_generator_info": [{"name": "Maker", "version": "2"}, {"name": ""}],
                "signature_info": {"issuer": "Firm", "common_name": "Leaf"},
                "assertions": [
                    {
                        "label": "c2pa.actions.v2",
                        "data": {
                            "actions": [
                                {
                                    "action": "c2pa.created",
                                    "digitalSourceType": "trainedAlgorithmicMedia",
                                },
                                {"action": "c2pa.edited"},
                            ]
                        },
                    },
                    {"label": "c2pa.hash.data"},
                    "nonsense",
                ],
            }
        },
        "validation_status": [{"code": "signingCredential.untrusted"}],
        "validation_state": "Valid",
    }
    return made | more


def test_a_manifest_says_who_made_it_and_how() -> None:
    found = manifest(store())
    assert found == Manifest(
        generator="Maker 2",
        signer="Leaf, Firm",
        state="Valid",
        problems=("signingCredential.untrusted",),
        actions=("c2pa.created", "c2pa.edited"),
        source_types=("trainedAlgorithmicMedia",),
    )
    canonical(found.body())


def test_an_old_manifest_names_its_generator_otherwise() -> None:
    old = store(manifests={"m": {"claim_generator": "old/1"}}, validation_status=None)
    assert manifest(old).generator == "old/1"


@pytest.mark.parametrize("bad", [None, [], {}, {"active_manifest": 3}, {"manifests": {"m": {}}}])
def test_a_store_without_an_active_manifest_is_none(bad: object) -> None:
    with pytest.raises(ValueError, match="no active manifest"):
        manifest(bad)


# --- what is said of a file ----------------------------------------------------------------------


def told(tags: list[Tag], **more: Any) -> list[tuple[str, str, str]]:
    given: dict[str, Any] = {
        "read": "", "c2pa": None, "c2pa_state": "not_detected", "c2pa_detail": "",
    }  # fmt: skip
    found: tuple[MarkSeen, ...] = seen("files/a.mp4", tags, **(given | more))
    assert all(one.file == "files/a.mp4" for one in found)
    return [(one.kind, one.state, one.detail) for one in found]


def test_found_malformed_not_detected_and_not_checked_are_different_words() -> None:
    assert told([]) == [("aigc", "not_detected", ""), ("c2pa", "not_detected", "")]
    assert told([], read="broken")[0] == ("aigc", "not_checked", "broken")
    label = text_tag("x", "AIGC", json.dumps(INNER))
    assert told([label])[0][:2] == ("aigc", "found")
    assert CODE in told([label])[0][2]
    assert told([text_tag("x", "AIGC", "x")])[0] == ("aigc", "malformed", "not_json")
    kind = text_tag("x", IPTC, "trainedAlgorithmicMedia")
    assert ("iptc", "found", "trainedAlgorithmicMedia") in told([kind])
    whole = told([], c2pa=manifest(store()), c2pa_state="found")
    assert whole[-1][:2] == ("c2pa", "found")
    assert "trainedAlgorithmicMedia" in whole[-1][2]


def test_one_label_in_two_places_is_one_and_hex_is_none() -> None:
    raw = json.dumps(INNER)
    twice = [text_tag("a", "AIGC", raw), text_tag("b", "AIGC", raw), raw_tag("c", "AIGC", b"\xff")]
    assert len(labels(twice)) == 1
    described = text_tag("EXIF", "ImageDescription", json.dumps({"AIGC": INNER}))
    assert len(labels([described, text_tag("x", "title", "AIGC")])) == 1


def test_hex_and_text_tags_are_bounded() -> None:
    assert text_tag("p", "n" * 500, "v" * 100_000).size == 100_000
    assert len(text_tag("p", "n", "v" * 100_000).value) == marks.LONGEST_VALUE
    assert raw_tag("p", "n", b"\0" * 100_000).form == "hex"
    assert raw_tag("p", "n", b"\0", 9).size == 9


@pytest.mark.parametrize(
    ("source", "path", "role", "kind", "looked"),
    [
        ("video", "files/video.mp4", "original", "video/mp4", True),
        ("video", "files/video.mp4", "derived", "video/mp4", False),
        ("video", "files/info.json", "record", "application/json", False),
        ("file", "files/page.png", "original", "image/png", True),
        ("page", "files/page.png", "original", "image/png", False),
        ("page", "files/viewport.png", "original", "image/png", False),
        ("page", "files/box-1.png", "original", "image/png", False),
        ("page", "files/closed-page-2.png", "original", "image/png", False),
        ("page", "files/media-3.png", "original", "image/png", True),
        ("page", "files/media-1.mp4", "original", "video/mp4", True),
        ("screen", "files/screen.png", "original", "image/png", False),
        ("recording", "files/segment-1.mp4", "original", "video/mp4", False),
        ("phone", "files/screen.png", "original", "image/png", False),
        ("phone", "files/segment-0001.mp4", "original", "video/mp4", True),
        ("file", "files/song.mp3", "original", "audio/mpeg", True),
    ],
)
def test_what_we_drew_ourselves_is_not_looked_at(
    source: str, path: str, role: str, kind: str, looked: bool
) -> None:
    assert looked_at(source, path, role, kind) is looked
