"""Dated data: every shipped file obeys the schema, and a file that does not is refused."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters import catalog, resources
from holdfast.adapters.catalog import Catalog
from holdfast.core.errors import Refused
from holdfast.core.notice import FormField, Platform, Regime
from holdfast.core.timestamp import Authorities, Calendar

CATALOG = Catalog()


CACHES = (catalog._regimes, catalog._platforms, catalog._authorities, catalog._registries)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Resources of a test's own, and no memory of the shipped ones."""

    def resource(*parts: str) -> Path:
        found = tmp_path.joinpath(*parts)
        if not found.exists():
            raise FileNotFoundError(found)
        return found

    def table(*parts: str) -> dict[str, Any]:
        return tomllib.loads(resource(*parts).read_text(encoding="utf-8"))

    monkeypatch.setattr(catalog, "resource", resource)
    monkeypatch.setattr(catalog, "table", table)
    for folder in ("regimes", "platforms", "authorities"):
        (tmp_path / folder).mkdir()
        for file in resources.resource(folder).glob("*.toml"):
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    for file in resources.resource("authorities").glob("*.pem"):
        (tmp_path / "authorities" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "contacts.toml").write_bytes(resources.resource("contacts.toml").read_bytes())
    for cache in CACHES:
        cache.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _forget() -> Any:
    yield
    for cache in CACHES:
        cache.cache_clear()


def swap(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


# --- what is shipped -----------------------------------------------------------------------------


def test_the_laws_are_there_with_source_date_and_confidence() -> None:
    assert [regime.id for regime in CATALOG.regimes()] == [
        "civil-1195",
        "dmca-512c3",
        "dsa-16",
        "second-1195",
        "tida",
    ]
    for regime in CATALOG.regimes():
        assert isinstance(regime, Regime)
        for rule in regime.rules:
            assert rule.source
            assert rule.confidence != "uncertain"  # such a rule may not stand in a letter
            assert rule.status == "in_force"
            assert rule.text or regime.jurisdiction != "CN"
            assert CATALOG.rule(rule.id) == rule


def test_the_article_itself_stands_in_the_catalogue() -> None:
    text = CATALOG.rule("cc-1195").text
    assert "构成侵权的初步证据及权利人的真实身份信息" in text
    assert not re.search(r"\d+\s*(小时|日|天)", text)
    assert "对自然人声音的保护，参照适用肖像权保护的有关规定" in CATALOG.rule("cc-1023").text


def test_every_question_element_term_and_option_has_words_in_both_languages() -> None:
    for lang in ("zh", "en"):
        words = CATALOG.words(lang).words
        for regime in CATALOG.regimes():
            for question in regime.questions:
                assert f"notice.question.{question.id}" in words
                assert f"notice.question.{question.id}.why" in words
                for option in question.options:
                    own = f"notice.option.{question.id}.{option}"
                    assert own in words or f"notice.option.{option}" in words
            for requirement in regime.requirements:
                assert f"notice.element.{requirement.id}" in words
            for term in regime.terms:
                assert f"followup.{term.id}" in words


def test_worlds_do_not_mix() -> None:
    assert [p.id for p in CATALOG.platforms("practice")] == ["practice"]
    real = CATALOG.platforms("real")
    assert len(real) == 20
    assert [p.id for p in real if not p.listed] == [real[-1].id] == ["other"]
    assert "practice" not in {p.id for p in real}
    assert CATALOG.platform("practice").email.endswith(".example")


def test_unknown_stays_unknown() -> None:
    for platform in CATALOG.platforms("real"):
        assert platform.email == ""  # none was verified, so none is written
        assert platform.source
        assert "unknown" not in (platform.operator, platform.agent, platform.channel.zh)
        assert bool(platform.operator) or platform.operator_confidence == "uncertain"
        assert bool(platform.channel.zh) or platform.channel_confidence == "uncertain"
    assert not CATALOG.platform("hongguo").operator_known


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_contacts_have_a_source_and_no_number_that_is_not_in_it(lang: Any) -> None:
    found = CATALOG.contacts(lang)
    assert {c.phone for c in found} == {"", "110", "12377", "12345", "12315"}
    assert all(c.source and c.helps and c.name for c in found)


def test_authorities_of_the_real_world() -> None:
    real = CATALOG.authorities("real")
    assert isinstance(real, Authorities)
    assert len(real.tsas) >= 2
    assert len(real.explorers) >= 2
    assert real.calendars
    assert all(b"BEGIN CERTIFICATE" in tsa.root for tsa in real.tsas)
    for group in (real.tsas, real.calendars, real.explorers):
        assert len({one.id for one in group}) == len(group)


def test_the_practice_world_has_authorities_only_while_it_is_served() -> None:
    with pytest.raises(Refused, match="practice_closed"):
        CATALOG.authorities("practice")
    served = Authorities(world="practice", calendars=(Calendar(id="c", url="http://127.0.0.1:1"),))
    assert Catalog(practice=lambda: served).authorities("practice") is served


@pytest.mark.parametrize(
    ("ask", "code"),
    [("regime", "regime_unknown"), ("platform", "platform_unknown"), ("rule", "rule_unknown")],
)
def test_what_is_not_there_is_refused_in_words(ask: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        getattr(CATALOG, ask)("nothing")
    assert caught.value.code == code
    assert "nothing" in str(CATALOG.words("en").trouble(caught.value))


# --- what is refused -----------------------------------------------------------------------------


def test_the_shelf_of_the_tests_is_read(shelf: Path) -> None:
    assert Catalog().regimes()
    assert Catalog().authorities("real").tsas
    assert (shelf / "contacts.toml").exists()


@pytest.mark.parametrize(
    ("folder", "ask"),
    [
        ("regimes", lambda: Catalog().regimes()),
        ("platforms", lambda: Catalog().platforms("real")),
    ],
)
def test_an_empty_folder_is_a_broken_build(shelf: Path, folder: str, ask: Any) -> None:
    for file in (shelf / folder).glob("*.toml"):
        file.unlink()
    with pytest.raises(ValueError, match=f"no {folder}"):
        ask()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('basis = "likeness"', 'basis = "likeness"\nsurprise = 1', "surprise"),
        ('basis = "likeness"', 'basis = "taste"', "taste"),
        ("reply_days = 7", 'reply_days = "7"', "reply_days"),
        ("reply_days = 7", "reply_days = true", "reply_days"),
        ("checked_on = 2026-11-21", 'checked_on = "2026-11-21"', "checked_on"),
        ('id = "civil-1195"', 'id = "civil"', "civil"),
        ('rule = "cc-1195"', 'rule = "cc-9999"', "cc-9999"),
        ('id = "true_identity"', 'id = "preliminary_evidence"', "stands twice"),
        ('speed = { zh = "及时", en = "promptly" }', 'speed = { zh = "及时" }', "speed"),
        ('speed = { zh = "及时", en = "promptly" }', 'speed = { zh = 1, en = "p" }', "speed"),
        ('confidence = "verified_text"', 'confidence = "sure"', "sure"),
        ("\ndays = 7", "\ndays = 7\nbusiness_days = 7", "days of one kind"),
    ],
)
def test_a_law_that_breaks_the_schema_is_refused(
    shelf: Path, old: str, new: str, told: str
) -> None:
    swap(shelf / "regimes" / "civil-1195.toml", old, new)
    with pytest.raises(ValueError, match=re.escape(told)):
        Catalog().regimes()


def test_a_law_that_requires_nothing_is_refused(shelf: Path) -> None:
    file = shelf / "regimes" / "civil-1195.toml"
    file.write_text(file.read_text("utf-8").replace('need = "law"', 'need = "good"'), "utf-8")
    with pytest.raises(ValueError, match="requires nothing"):
        Catalog().regimes()


@pytest.mark.parametrize("before", ["civil-1196", "second-1195"])
def test_a_letter_follows_one_that_stands_by_itself(shelf: Path, before: str) -> None:
    swap(shelf / "regimes" / "second-1195.toml", 'ws = "civil-1195"', f'ws = "{before}"')
    with pytest.raises(ValueError, match="stands by itself"):
        Catalog().regimes()


def test_a_deadline_never_rests_on_a_draft(shelf: Path) -> None:
    swap(
        shelf / "regimes" / "dmca-512c3.toml",
        'id = "dmca-512g"\n',
        'id = "dmca-512g"\nstatus = "draft"\n',
    )
    with pytest.raises(ValueError, match="rests on a draft"):
        Catalog().regimes()


def test_a_platform_names_laws_that_exist(shelf: Path) -> None:
    swap(shelf / "platforms" / "douyin.toml", '["civil-1195"]', '["civil-1196"]')
    with pytest.raises(ValueError, match="douyin"):
        Catalog().platforms("real")


def test_a_length_is_a_number_or_unknown(shelf: Path) -> None:
    swap(shelf / "platforms" / "practice.toml", "limit = 500", 'limit = "500"')
    with pytest.raises(ValueError, match="limit"):
        Catalog().platforms("practice")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("tsa.toml", "[[tsa]]", "surprise = 1\n[[tsa]]", "surprise"),
        ("tsa.toml", 'source = "https://freetsa.org"', "", "source is missing"),
        ("tsa.toml", 'root = "freetsa-root.pem"', 'root = "../freetsa-root.pem"', "PEM"),
        ("tsa.toml", 'root = "freetsa-root.pem"', 'root = "empty.pem"', "no certificate"),
        ("tsa.toml", 'chain = ""', "chain = 3", "several"),
        ("bitcoin.toml", "[[calendar]]", "surprise = 1\n[[calendar]]", "surprise"),
        ("drand.toml", "[[beacon]]", "surprise = 1\n[[beacon]]", "surprise"),
        ("drand.toml", "period = 3", "period = 4", "not that of these parameters"),
        ("drand.toml", "bls-unchained-g1-rfc9380", "pedersen-bls-chained", "another scheme"),
        ("drand.toml", 'checked_on = "2026-11-25"', "", "checked_on is missing"),
    ],
)
def test_authorities_that_break_the_schema_are_refused(
    shelf: Path, file: str, old: str, new: str, told: str
) -> None:
    (shelf / "authorities" / "empty.pem").write_text("nothing", "utf-8")
    swap(shelf / "authorities" / file, old, new)
    with pytest.raises(ValueError, match=told):
        Catalog().authorities("real")


def test_registries_are_known_for_common_domains_and_every_kind_of_address() -> None:
    known = CATALOG.registries()
    for domain in ("example.com", "example.net", "example.org", "example.tv", "example.top"):
        kind, server = known.about(domain)
        assert kind == "rdap"
        assert server.startswith("https://")
    assert known.about("example.cn") == ("whois", "whois.cnnic.cn")
    assert known.registrable("www.example.com.cn") == "example.com.cn"
    for address in ("8.8.8.8", "1.1.1.1", "114.114.114.114", "193.0.0.1", "2001:4860::1"):
        assert known.about_address(ipaddress.ip_address(address)).startswith("https://rdap.")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('as_of = "2026-07-27"', 'as_of = ""', "as_of is missing"),
        ("suffixes = [", "surprise = 1\nsuffixes = [", "surprise"),
        ('below = ["com"]', 'below = ["com", "net"]', "stands twice"),
        ('below = ["com"]', 'below = ["com"]\nsurprise = 1', "surprise"),
        ("https://rdap.verisign.com/com/v1/", "http://rdap.verisign.com/com/v1/", "no rdap"),
        ('"whois.cnnic.cn"', '"https://whois.cnnic.cn"', "no whois"),
        ('"41.0.0.0/8"', '"41.0.0.1/8"', "host bits"),
        ("[[address]]", "[[address]]\nsurprise = 1", "surprise"),
    ],
)
def test_registries_that_break_the_schema_are_refused(
    shelf: Path, old: str, new: str, told: str
) -> None:
    swap(shelf / "authorities" / "registries.toml", old, new)
    with pytest.raises(ValueError, match=told):
        Catalog().registries()


def test_a_chain_may_be_several_files(shelf: Path) -> None:
    swap(
        shelf / "authorities" / "tsa.toml",
        'chain = ""',
        'chain = ["usertrust-rsa.pem", "freetsa-root.pem"]',
    )
    first = Catalog().authorities("real").tsas[0]
    assert first.chain.count(b"BEGIN CERTIFICATE") == 2


def test_contacts_take_no_other_keys(shelf: Path) -> None:
    swap(shelf / "contacts.toml", "[[contact]]", "surprise = 1\n[[contact]]")
    with pytest.raises(ValueError, match="surprise"):
        Catalog().contacts("zh")


def test_a_form_field_is_plain_by_default() -> None:
    place = FormField(id="x", label=CATALOG.platform("practice").names, fills="")
    assert not place.secret
    assert place.limit is None
    assert isinstance(CATALOG.platform("practice"), Platform)
