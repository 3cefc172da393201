"""What ledgers show to others: heads to keep, cosignatures, renewal."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.compose.proving import Proving
from holdfast.core.errors import Refused
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.core.growth import Growth
    from holdfast.core.ledger import VerifierKey
    from holdfast.core.lifetime import RenewalRule
    from holdfast.usecases.custody import Cosigned, RenewalDue


class CustodyVerbs(Proving):
    """Verbs on ledgers."""

    def checkpoint(self, case: str, out: Path, since: int | None = None) -> tuple[Path, int]:
        """The newest checkpoint is saved for somebody to keep or to sign; its file and size."""
        from holdfast.core.growth import write_growth
        from holdfast.usecases import custody

        growth = custody.request(case, since, store=self._store)
        # Whoever sees it first needs no proof, and gets a plain C2SP checkpoint.
        plain = growth.checkpoint.note if not growth.old else write_growth(growth)
        return self._placed(out, lambda draft: draft.write_bytes(plain)), growth.checkpoint.size

    def consistency(self, case: str, first: str, last: str, out: Path) -> tuple[Path, Growth]:
        """Proof that one checkpoint extends another; ``first`` is a size or a kept file."""
        from holdfast.core.growth import write_growth
        from holdfast.usecases import custody

        earlier = int(first) if first.isdecimal() else self._kept(Path(first))
        later = self._size(last)
        proof = custody.consistency(case, earlier, later, store=self._store)
        return self._placed(out, lambda draft: draft.write_bytes(write_growth(proof))), proof

    def _size(self, text: str) -> int | None:
        if not text or text.isdecimal():
            return int(text) if text else None
        return self._kept(Path(text)).checkpoint.size

    def cosign(
        self, file: Path, out: Path | None = None, folder: Path | None = None, log_key: str = ""
    ) -> tuple[Path, int]:
        """This device has signed that it saw the checkpoint; the signed file and its size."""
        from holdfast.adapters.cosigner import Cosigner

        signer = Cosigner(folder or self.data / "cosigner", self._clock)
        raw = self._note(file)
        signed = signer.sign(file.name, raw, self._log_key(log_key))
        where = out or file.with_name(f"{file.stem}-signed.txt")
        return self._placed(where, lambda draft: draft.write_bytes(signed.note)), signed.size

    def log_key(self, file: Path, folder: Path | None = None) -> str:
        """The key under which this device knows the record that a checkpoint is of, or empty."""
        from holdfast.adapters.cosigner import Cosigner

        origin = self._kept(file).checkpoint.origin
        key = Cosigner(folder or self.data / "cosigner", self._clock).log_key(origin)
        return "" if key is None else str(key)

    def _log_key(self, text: str) -> VerifierKey | None:
        from holdfast.core.ledger import read_key

        if not text:
            return None
        line = text
        if "+" not in text:
            line = self._note(Path(text)).decode("utf-8", "replace").strip().split("\n")[-1]
        try:
            return read_key(line)
        except ValueError as error:
            raise Refused("checkpoint_unreadable", name=text[:80], reason=str(error)) from error

    def cosigned(self, case: str, file: Path, key: str = "") -> Cosigned:
        """The cosignature in a file is on the case's record."""
        from holdfast.usecases import custody

        return custody.cosigned(
            case, file.name, self._note(file), key, store=self._store, vault=self._vault
        )

    def cosignatures(self, case: str) -> tuple[Cosigned, ...]:
        """Who signed that they saw a checkpoint of the case, as far as it is on record."""
        from holdfast.usecases import custody

        return custody.cosignatures(case, store=self._store)

    def case_of_checkpoint(self, file: Path) -> str:
        """The id of this computer's case that a checkpoint is of; empty where there is none."""
        try:
            ledger = self._kept(file).checkpoint.origin.rpartition("/")[2]
        except Refused:
            return ""
        return next((case.id for case in self.cases() if case.ledger_id == ledger), "")

    def change_key(self) -> tuple[tuple[str, str], ...]:
        """Another key signs from now on: the number of each case, and its new key to tell."""
        cases = self._store.change_key()
        return tuple((case.number, str(self._store.key(case.id) or "")) for case in cases)

    # --- renewal ----------------------------------------------------------------------------------

    def renewals(self, case: str = "") -> tuple[RenewalDue, ...]:
        """Time-stamps that should be stamped again, of one case or of all."""
        from holdfast.usecases import custody

        return custody.renewals(
            (self._store.case(case),) if case else self.cases(),
            self._renewal_rule,
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            chains=tuple((tsa.id, tsa.chain) for tsa in self.authorities().tsas if tsa.chain),
        )

    def renew(self, job: Job, case: str = "") -> tuple[tuple[str, int], ...]:
        """What is due was named in its ledger and asked for anew: case numbers and how many."""
        from holdfast.usecases import custody

        done = []
        for due in self.renewals(case):
            count = custody.renew(
                due,
                self._view(due.case),
                store=self._store,
                vault=self._vault,
                clock=self._clock,
                maker=self._maker,
                job=job,
            )
            done.append((due.case.number, count))
        return tuple(done)

    @cached_property
    def _renewal_rule(self) -> RenewalRule:
        from holdfast.adapters.catalog import renewal_rule

        return renewal_rule()

    # --- files ------------------------------------------------------------------------------------

    @staticmethod
    def _note(file: Path) -> bytes:
        from holdfast.core.ledger import MAX_NOTE

        try:
            with file.open("rb") as source:
                raw = source.read(MAX_NOTE + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("verify_unreadable", name=file.name, reason=reason) from error
        return raw

    def _kept(self, file: Path) -> Growth:
        from holdfast.core.growth import read_growth

        try:
            return read_growth(self._note(file))
        except ValueError as error:
            raise Refused("checkpoint_unreadable", name=file.name, reason=str(error)) from error
