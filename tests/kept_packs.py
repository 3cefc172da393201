"""Packs as this version makes them, kept for every version to come.

    .venv/bin/python tests/kept_packs.py        writes tests/fixtures/packs/<version>/

Run once at a release, never by the suite; ``tests/test_kept_packs.py`` verifies whatever lies
there, whichever version made it.  Keys, ids and nonces are random, so a second run gives other
packs that say the same.  ``expected.json`` is what the maker itself found, for a person to read
before it is committed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from fakes.clock import FakeClock
from fakes.packed import PAGE, Rehearsal, bench
from fakes.signers import Signer
from holdfast import __version__
from holdfast.adapters.pack.attachments import pdf_attachments
from holdfast.adapters.pack.packs import Packs
from holdfast.adapters.render import Writer
from holdfast.adapters.resources import words
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.store import Store
from holdfast.adapters.store.vault import Vault, hasher
from holdfast.core import cosignature
from holdfast.core.case import Party
from holdfast.core.job import Job
from holdfast.core.lifetime import RenewalRule
from holdfast.core.pack import BROWSER_VERIFIER, VERIFIER
from holdfast.practice.world import PracticeWorld
from holdfast.usecases import custody, document, export
from holdfast.usecases.verify import Options, verify

KEPT = Path(__file__).parent / "fixtures" / "packs"
WHEN = "2030-01-01T00:00:00.000Z"
"""By which clock a kept pack is judged: after it was made, before its certificates end."""
COUNSEL = Signer("counsel of the kept packs")
EVER = RenewalRule(ageing=(), margin=timedelta(days=365 * 40))


@contextmanager
def case(folder: Path) -> Iterator[Rehearsal]:
    """A practice case with two small exhibits; nothing is stamped yet."""
    clock = FakeClock("2026-11-12T13:06:31+00:00")
    store = Store(folder / "data", clock, Keys(folder / "data" / "keys"))
    try:
        with PracticeWorld.start(folder / "world", clock) as world:
            made = Rehearsal(
                data=folder / "data",
                world=world,
                clock=clock,
                store=store,
                vault=Vault(folder / "data"),
                authorities=world.authorities(),
            )
            made.case = store.open_case("演练", "practice")
            made.capture({"page.html": PAGE, "shot/full.png": b"\x89PNG" + bytes(60)})
            party = Party(id=clock.new_id(), case_id=made.case.id, role="claimant", name="林某某")
            store.save(party)
            made.capture({"video.mp4": bytes(range(256))})
            yield made
    finally:
        store.close()


def make(folder: Path, out: Path) -> None:
    """Every kind of pack, and a document, stand in ``out``."""
    with case(folder / "whole") as made:
        made.stamp_all()
        made.export(out / "stamped.zip")
        _selective(made, out / "selective.zip")
        _report(made, out / "report.pdf", folder / "cache")
    with case(folder / "renewed") as made:
        made.stamp_all()
        _cosign(made)
        _renew(made)
        made.stamp_all()
        made.export(out / "renewed.zip")


def _selective(made: Rehearsal, out: Path) -> None:
    export.export(
        made.number,
        out,
        store=made.store,
        vault=made.vault,
        format=Packs(hasher),
        tsas=made.tsas,
        headers=made.header_run,
        job=Job(),
        only=("E0002",),
        without_parties=True,
    )


def _report(made: Rehearsal, out: Path, cache: Path) -> None:
    assert made.case is not None
    issued = document.issue(
        kind="evidence-report",
        case_id=made.case.id,
        lang="en",
        store=made.store,
        vault=made.vault,
        clock=made.clock,
        renderer=Writer(cache),
        words=words("en"),
        job=Job(),
        offset_minutes=480,
        outside=document.Outside(authorities=made.authorities, verifier_sha256="", rounds={}),
    )
    shutil.copyfile(made.vault.path(issued.sha256), out)


def _cosign(made: Rehearsal) -> None:
    head = custody.request(made.number, 0, store=made.store).checkpoint
    name = cosignature.COSIGNER + COUNSEL.public.hex()
    seconds = int(made.clock.now().timestamp())
    signature = COUNSEL.sign(cosignature.message(head, seconds))
    key = cosignature.cosigner(name, COUNSEL.public)
    note = cosignature.cosigned(head, key, seconds, signature).note
    custody.cosigned(made.number, "head.txt", note, "", store=made.store, vault=made.vault)


def _renew(made: Rehearsal) -> None:
    assert made.case is not None
    (due,) = custody.renewals(
        (made.case,),
        EVER,
        store=made.store,
        vault=made.vault,
        clock=made.clock,
        chains=tuple((tsa.id, tsa.chain) for tsa in made.tsas),
    )
    custody.renew(
        due,
        made.shelf.view(made.case),
        store=made.store,
        vault=made.vault,
        clock=made.clock,
        maker=made.maker,
        job=Job(),
    )


# --- judging what is kept ------------------------------------------------------------------------


def checkers(pack: Path) -> dict[str, bytes]:
    """The checkers that lie in a pack, by name."""
    with zipfile.ZipFile(pack) as archive:
        names = {name.partition("/")[2]: name for name in archive.namelist()}
        wanted = (name for name in (VERIFIER, BROWSER_VERIFIER) if name in names)
        return {name: archive.read(names[name]) for name in wanted}


def found(target: Path, known: frozenset[str]) -> dict[str, Any]:
    """What the program of today says of something kept: the verdict, and rules by outcome."""
    looked = bench(attachments=pdf_attachments, known_verifiers=lambda: known, now=WHEN)
    verdict = verify([target], Options(practice=True), bench=looked, job=Job())
    return told(verdict.body())


def told(body: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as ``verify --json`` has it, in the form of ``expected.json``."""
    rules: dict[str, set[str]] = {}
    for finding in body["findings"]:
        rules.setdefault(finding["outcome"], set()).add(finding["rule"])
    return {
        "verdict": body["verdict"],
        **{outcome: sorted(names) for outcome, names in sorted(rules.items())},
    }


def main() -> None:
    out = KEPT / __version__
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), out)
    packs = sorted(out.glob("*.zip"))
    (inside,) = {tuple(checkers(pack).items()) for pack in packs}
    marks = {name: hashlib.sha256(raw).hexdigest() for name, raw in inside}
    known = frozenset(marks.values())
    expected = {
        "checkers": marks,
        "targets": {path.name: found(path, known) for path in (*packs, out / "report.pdf")},
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (out / "expected.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
