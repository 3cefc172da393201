"""Where an exhibit came from, read back from what was sealed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.desk import FakeSource
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.store import Store
from holdfast.adapters.store.vault import Vault
from holdfast.core.canonical import canonical
from holdfast.core.errors import Tampered
from holdfast.core.evidence import Captured, Component, Exhibit
from holdfast.core.job import Job
from holdfast.core.origin import Connection, Lookup, Origin, Row
from holdfast.usecases import provenance
from holdfast.usecases.preserve import Maker, preserve

AT = "2026-11-25T12:00:03.000Z"
ORIGIN = Origin(
    host="www.example.com",
    domain="example.com",
    connection=Connection(url="https://www.example.com/", redirects=("https://e.example/",)),
    lookups=(Lookup(what="domain", question="example.com", at=AT, missing="slow"),),
)


class Recorded(FakeSource):
    """A source whose origin is a record, as the real ones write it."""

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        captured = super().capture(target, room, job)
        files = tuple(
            replace(file, role="record") if file.path == "files/origin.json" else file
            for file in captured.files
        )
        return replace(captured, files=files)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path, FakeClock(), Keys(tmp_path / "keys"))
    yield made
    made.close()


def kept(store: Store, vault: Vault, source: FakeSource) -> Exhibit:
    return preserve(
        store.open_case("x", "real"),
        source,
        "https://www.example.com/",
        store=store,
        vault=vault,
        clock=FakeClock(),
        maker=Maker(
            operator="person:0",
            tool=Component(name="Holdfast", version="0"),
            packages=(),
            asks=lambda _: (),
        ),
        job=Job(),
    )


def test_what_was_learnt_is_read_back(store: Store, vault: Vault) -> None:
    raw = canonical(ORIGIN.body())
    exhibit = kept(store, vault, Recorded({"page.txt": b"x", "origin.json": raw}))
    assert provenance.recorded(exhibit, vault=vault) == json.loads(raw)
    assert provenance.told(exhibit, vault=vault) == (
        Row(key="redirects", value="https://e.example/ → https://www.example.com/"),
        Row(key="domain", value="example.com", separate=True, at=AT, missing="slow"),
    )


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"format":"holdfast-origin/2"}', b"7"])
def test_a_record_of_another_form_says_nothing(store: Store, vault: Vault, raw: bytes) -> None:
    exhibit = kept(store, vault, Recorded({"page.txt": b"x", "origin.json": raw}))
    assert provenance.told(exhibit, vault=vault) == ()


def test_a_file_of_that_name_that_is_no_record_of_ours_says_nothing(
    store: Store, vault: Vault
) -> None:
    raw = canonical(ORIGIN.body())
    exhibit = kept(store, vault, FakeSource({"origin.json": raw}))
    assert provenance.told(exhibit, vault=vault) == ()


def test_bytes_that_changed_are_not_told(store: Store, vault: Vault) -> None:
    raw = canonical(ORIGIN.body())
    exhibit = kept(store, vault, Recorded({"origin.json": raw}))
    (artifact,) = exhibit.artifacts
    at = vault.path(artifact.digest.sha256)
    at.chmod(0o600)
    at.write_bytes(raw + b" ")
    with pytest.raises(Tampered):
        provenance.told(exhibit, vault=vault)
