"""Time-stamps, packs and verification."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.compose.cases import Cases
from holdfast.compose.chain import ChainVerbs
from holdfast.core.errors import Refused, Tampered, Unavailable
from holdfast.core.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from holdfast.core.bitcoin import CheckpointTable
    from holdfast.core.case import Case
    from holdfast.core.document import Lang
    from holdfast.core.evidence import World
    from holdfast.core.ledger import Ref
    from holdfast.core.timestamp import Tsa
    from holdfast.core.verdict import Verdict
    from holdfast.core.witness import Terms
    from holdfast.ports import (
        ProofChecker,
    )
    from holdfast.usecases.case_view import CaseView
    from holdfast.usecases.timestamp import StampRun
    from holdfast.usecases.verification import Looked, Looking
    from holdfast.usecases.verify import Shelf


class Proving(Cases, ChainVerbs):
    """Verbs that date, export and verify."""

    # --- time-stamps ------------------------------------------------------------------------------

    def stamp(self, job: Job, case: str = "", *, now: bool = False) -> StampRun:
        """What is queued was sent, what is pending was looked at; of one case or of all.

        ``now`` looks at everything that waits, also before its turn.
        """
        from holdfast.usecases import timestamp

        cases = (self._store.case(case),) if case else self.cases()
        worlds = {one.world for one in cases}
        if self.settings.offline:
            worlds.discard("real")
        return timestamp.stamp(
            cases,
            stampers=self._stampers,
            authorities={world: self._authorities(world) for world in sorted(worlds)},
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            job=job,
            now=now,
        )

    def pending(self) -> int:
        """How many time-stamps are queued or on their way."""
        from holdfast.usecases import timestamp

        return timestamp.waiting(self.cases(), store=self._store)

    # --- export and verify ------------------------------------------------------------------------

    def export(
        self,
        case: str,
        out: Path,
        job: Job,
        *,
        only: Sequence[str] = (),
        without_parties: bool = False,
    ) -> Path:
        """The case as a pack at ``out``: a ZIP where the name says so, else a folder.

        ``only`` are the exhibits that go along; all if empty.
        """
        from holdfast.usecases import export

        found = self._store.case(case)
        return export.export(
            found.id,
            self._outside(out),
            store=self._store,
            vault=self._vault,
            format=self._packs,
            tsas=self._catalog.authorities(found.world).tsas,
            headers=self._header_run,
            job=job,
            only=only,
            without_parties=without_parties,
        )

    def verify(
        self,
        targets: Sequence[str],
        job: Job,
        *,
        headers: Path | None = None,
        root: Path | None = None,
        chain: Path | None = None,
        all_digests: bool = False,
        practice: bool = False,
        heads: Sequence[str] = (),
    ) -> Verdict:
        """What was found about cases, packs, files, proofs, issued PDFs, databases or folders."""
        from holdfast.adapters import bls, x509
        from holdfast.adapters.pack.attachments import pdf_attachments
        from holdfast.adapters.pack.verifier import known_verifiers
        from holdfast.core.canonical import rfc3339
        from holdfast.usecases import verify

        options = verify.Options(
            headers=headers,
            root=root,
            chain=chain,
            all_digests=all_digests,
            practice=practice,
            heads=tuple(heads),
        )
        shelf = verify.Shelf(
            find=self._find,
            view=self._view,
            issued=self._issued,
            of_ledger=lambda ledger: next(
                (case for case in self.cases() if case.ledger_id == ledger), None
            ),
            heads=self._heads_in_vault,
            kept=self._kept_here,
            cases=self.cases,
            database=self.data / "holdfast.db",
        )
        bench = verify.Bench(
            checkers=self._checkers,
            table=self._table,
            roots=tuple(tsa.root for tsa in self.authorities().tsas),
            known_verifiers=known_verifiers,
            open_pack=self._packs.open,
            digests=self._packs.digests,
            attachments=pdf_attachments,
            now=rfc3339(self._clock.now()),
            ask=self._explorers(self._authorities("real"), ask=not self.settings.offline).about,
            beacons=self.authorities().beacons,
            signed=bls.signed,
            holds=x509.holds,
            copies=lambda path, terms, job: self._copy_judged(path, terms, job, shelf),
        )
        return verify.verify(targets, options, bench=bench, job=job, shelf=shelf)

    def _issued(self, sha256: str) -> tuple[Case, Ref] | None:
        from holdfast.usecases import case_view

        return case_view.issued_here(sha256, store=self._store)

    def _kept_here(self, sha256: str) -> tuple[Case, str] | None:
        from holdfast.usecases import case_view

        return case_view.kept_here(sha256, store=self._store, vault=self._vault)

    def _copy_judged(self, path: Path, terms: Terms, job: Job, shelf: Shelf) -> Verdict | None:
        """What a copied database shows; None for one that is none of ours."""
        from holdfast.adapters.store.copied import open_copied
        from holdfast.usecases import copies

        bench = copies.Bench(open=open_copied, digests=self._packs.digests, tsas=self._witnesses)
        return copies.judge_copy(path, terms, job, bench=bench, shelf=shelf)

    def looking(self, targets: Sequence[str], out: Path, job: Job) -> Looking:
        """What is about to be verified and written down at ``out``, as it is at this moment.

        Raises Refused(``out_in_target``, ``out_in_data``): no paper is written into what is
        verified, or among what is kept here.
        """
        from holdfast.core.canonical import rfc3339
        from holdfast.usecases.verification import Looking

        out = self._outside(out)
        for target in map(Path, targets):
            if out.resolve().is_relative_to(target.resolve()):
                raise Refused("out_in_target", path=str(out))
        return Looking(
            at=rfc3339(self._clock.now()),
            things=tuple(self._looked(target, job) for target in targets),
            out=out,
        )

    def verification(self, verdict: Verdict, looking: Looking, lang: Lang, job: Job) -> Path:
        """What was found stands as a PDF where it was wanted, whole, or what stood there.

        Raises Refused(``out_unwritable``).
        """
        from holdfast.adapters.resources import words
        from holdfast.usecases import verification

        order = verification.paper(
            verdict,
            looking,
            words=words(lang),
            lang=lang,
            offset_minutes=self._clock.offset_minutes(),
            version=self.version,
            verifier_sha256=self._verifier_sha256,
        )
        return self._placed(looking.out, lambda draft: self._renderer.pdf_file(order, draft, job))

    def _looked(self, target: str, job: Job) -> Looked:
        """What a paper says of a target, beside its name."""
        from holdfast.core.pack import TAG_MANIFEST
        from holdfast.usecases.targets import database_in
        from holdfast.usecases.verification import Looked

        path = Path(target)
        try:
            if path.is_dir() and (database := database_in(path)) is not None:
                path = database
            if path.is_dir():
                raw = (path / TAG_MANIFEST).read_bytes()
                return Looked(name=path.name or target, sha256=hashlib.sha256(raw).hexdigest())
            size = path.stat().st_size
            done = 0

            def tick(count: int) -> None:
                nonlocal done
                done += count
                job.step("checking", done, size, path.name)

            sha256 = self._packs.digests(path, ("sha256",), tick)["sha256"].hex()
        except OSError:
            return Looked(name=path.name)  # a case, a folder that is no pack, or nothing
        return Looked(name=path.name, sha256=sha256, size=size)

    def _view(self, case: Case) -> CaseView:
        from holdfast.usecases.case_view import CaseView

        return CaseView(
            case,
            store=self._store,
            vault=self._vault,
            tsas=self._witnesses(case.world),
            digests=self._packs.digests,
        )

    def _heads_in_vault(self, case: Case) -> Iterator[bytes]:
        """Checkpoints of the case that were kept to be stamped, whatever the database says."""
        from holdfast.core.ledger import MAX_NOTE, origin

        named = origin(case.ledger_id, case.world)
        return self._vault.beginning((f"{named}\n".encode(),), MAX_NOTE)

    @cached_property
    def set_back(self) -> tuple[Case, ...]:
        """Cases whose record a signed head in the vault goes beyond, or contradicts.

        Looked for once, and over the whole vault: a database is put back while nobody works in it.
        """
        from holdfast.core.ledger import MAX_NOTE, origin
        from holdfast.usecases.kept import judge_remains

        named: dict[bytes, list[bytes]] = {}
        for raw in self._vault.beginning(
            (b"holdfast.local/", b"practice.holdfast.local/"), MAX_NOTE
        ):
            named.setdefault(raw.partition(b"\n")[0], []).append(raw)
        found = []
        for case in self.cases():
            heads = named.get(origin(case.ledger_id, case.world).encode(), ())
            # What is damaged is another matter, and verification says it.
            with suppress(Tampered):
                if heads and judge_remains(self._view(case), heads).findings:
                    found.append(case)
        return tuple(found)

    def _witnesses(self, world: World) -> tuple[Tsa, ...]:
        """To whose roots a case's tokens lead; no practice world is opened for that."""
        if world == "real":
            return self.authorities().tsas
        from holdfast.practice.world import time_stampers

        return time_stampers()

    @property
    def _checkers(self) -> tuple[ProofChecker, ...]:
        def make(table: CheckpointTable) -> tuple[ProofChecker, ...]:
            from holdfast.adapters.timestamp.opentimestamps import OpenTimestampsChecker
            from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker

            return (OpenTimestampsChecker(table), Rfc3161Checker())

        return self._by_table("checkers", make)

    def _header_run(self, world: World, heights: tuple[int, ...], job: Job) -> tuple[int, bytes]:
        from holdfast.core.bitcoin import PERIOD

        ask = world == "practice" or not self.settings.offline
        if ask and world == "real" and max(heights) > self._table.height + PERIOD:
            # Far beyond the last checkpoint what is fetched is worth keeping.
            with suppress(Unavailable):
                self.refresh_headers(job)
        return self._explorers(self._authorities(world), ask=ask).run(heights, job)

    def _find(self, reference: str) -> Case | None:
        try:
            return self._store.case(reference)
        except Refused as error:
            if error.code != "case_unknown":
                raise
            return None
