"""What lies in a pack, by path, and the bag around it.

What goes in follows from the ledger: an exhibit because it was sealed, a document because it was
issued.  Working tables give only the proofs and the person's own words (``case.json``).
"""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Final, TypeAlias

import holdfast
from holdfast.core import minisign
from holdfast.core.canonical import Json, moment
from holdfast.core.case import Case
from holdfast.core.certificates import (
    Certificate,
    fingerprint,
    read_certificate,
    read_certificates,
    write_pem,
)
from holdfast.core.document import Issued
from holdfast.core.errors import Tampered, Unavailable
from holdfast.core.evidence import Exhibit, World, read_manifest
from holdfast.core.exported import PRACTICE_SENDER, list_comment
from holdfast.core.job import Job
from holdfast.core.ledger import Checkpoint, LedgerEntry, Tree, read_checkpoint, write_proof
from holdfast.core.opentimestamps import MalformedProof, read_proof
from holdfast.core.pack import (
    BAG_DECLARATION,
    BAG_INFO,
    BROWSER_VERIFIER,
    DECLARATION,
    ENTRIES,
    HEAD,
    KEYS,
    MANIFEST,
    README,
    SIGNATURE,
    SYSTEMS,
    TAG_MANIFEST,
    VERIFIER,
    PackFile,
    Readme,
    ReadmeExhibit,
    ReadmeRoot,
    RevocationForm,
    chain_path,
    checkpoint_path,
    commands,
    headers_path,
    inclusion_path,
    payload,
    proof_path,
    read_certificates_path,
    read_revocation_path,
    revocation_path,
    root_path,
    signature_command,
    stamp_path,
    write_manifest,
)
from holdfast.core.revocation import is_about, read_material, subject_of
from holdfast.core.rfc3161 import MalformedToken, read_response
from holdfast.core.timestamp import Stamp, Tsa
from holdfast.core.witness import DATES
from holdfast.ports import PackFormat, Store, Vault
from holdfast.usecases.selection import Selection, line, shown_lines

HeaderRun: TypeAlias = Callable[[World, tuple[int, ...], Job], tuple[int, bytes]]
"""First height and raw headers that link all heights to a checkpoint.  Raises Unavailable."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_RANK = {
    state: rank
    for rank, state in enumerate(("confirmed", "simulated", "one_source", "pending", "unchecked"))
}
"""Stamps whose proof goes into a pack, the better first; a broken one would spoil it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A case as it stood at one moment: others may seal and stamp meanwhile."""

    entries: tuple[LedgerEntry, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    issued: tuple[Issued, ...] = ()


def standing_of(case: Case, store: Store) -> Standing:
    """The case as it stands now, all of it at one moment."""
    with store.custody(case.id):
        return Standing(
            entries=store.entries(case.id),
            checkpoints=store.checkpoints(case.id),
            stamps=_usable(store.all(Stamp, case.id)),
            exhibits=store.all(Exhibit, case.id),
            issued=store.all(Issued, case.id),
        )


@dataclass(slots=True)
class Packing:
    """The payload of a pack, by path below ``data/``.

    ``missing`` collects what the vault no longer holds; where nobody collects it is Tampered.
    """

    case: Case
    store: Store
    vault: Vault
    tsas: tuple[Tsa, ...]
    missing: list[str] | None = None
    files: dict[str, PackFile] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    counted: dict[str, int] = field(default_factory=dict)
    """Files by exhibit number."""
    not_before: set[int] = field(default_factory=set)
    """Heights of the blocks that manifests name as not later than themselves."""
    selection: Selection = field(default_factory=Selection)
    shown: frozenset[int] = frozenset()
    """The lines of the ledger that the pack shows."""

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        return self.standing.entries

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        return self.standing.checkpoints

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        return self.standing.stamps

    def gather(self) -> None:
        """The case as it stands now; everything but ``case.json``."""
        self.standing = standing_of(self.case, self.store)
        self.lay()

    def lay(self) -> None:
        """Ledger, exhibits, documents, proofs and heads as they stood."""
        self.files.clear()
        self.shown = shown_lines(self.selection, self.entries, self.vault)
        for entry in self.entries:
            if entry.seq not in self.shown:
                continue
            if entry.act == "exhibit.sealed":
                self._exhibit(entry)
            elif entry.act in ("document.issued", "notice.approved", "checkpoint.cosigned"):
                for ref in entry.refs:
                    self._object(ref.path, ref.sha256, ref.size)
        stamped = self._stamped_heads()
        self._proofs(stamped)
        self._certificates()
        self._revocation()
        self._heads(stamped)
        self._inclusion(stamped)
        self._bytes(ENTRIES, b"".join(line(entry, self.shown) for entry in self.entries))
        self._keys()

    def add_case_file(self) -> None:
        """``case.json`` as the last pack.exported line names it."""
        (ref,) = self.entries[-1].refs
        self._object(ref.path, ref.sha256, ref.size)

    def _bytes(self, path: str, data: bytes) -> None:
        self.files[path] = _packed(payload(path), data)

    def _object(self, path: str, sha256: str, size: int | None = None) -> None:
        """Bytes of the vault, by name."""
        try:
            at = self.vault.path(sha256)
            length = _length(at, sha256) if size is None else size
        except Tampered:
            if self.missing is None:
                raise
            self.missing.append(path)
            return
        self.files[path] = PackFile(name=payload(path), sha256=sha256, size=length, at=at)

    def _small(self, sha256: str) -> bytes | None:
        """Small bytes of the vault, checked; None where that is collected and not raised."""
        try:
            return self.vault.read(sha256)
        except Tampered:
            if self.missing is None:
                raise
            return None

    def _exhibit(self, entry: LedgerEntry) -> None:
        number = entry.subject
        for ref in entry.refs:
            self._object(ref.path, ref.sha256, ref.size)
            raw = self._small(ref.sha256)
            if raw is None:
                continue
            try:
                manifest = read_manifest(raw)
                listed = manifest["files"]
            except (ValueError, KeyError) as error:
                raise Tampered("object_changed", sha256=ref.sha256) from error
            count = 0
            for file in listed if isinstance(listed, list) else ():
                match file:
                    case {"path": str(path), "sha256": str(sha256), "size": int(size)}:
                        self._object(f"exhibits/{number}/{path}", sha256, size)
                        count += 1
            self.counted[number] = count
            match manifest.get("not_before"):
                case {"bitcoin": {"height": int(height)}}:
                    self.not_before.add(height)

    # --- proofs ----------------------------------------------------------------------------------

    def _stamped_heads(self) -> dict[str, bytes]:
        """The checkpoint files that were stamped, as they were stamped, by path."""
        found: dict[str, bytes] = {}
        for stamp in self.stamps:
            if stamp.subject.kind == "checkpoint" and stamp.subject.path not in found:
                raw = self._small(stamp.subject.sha256)
                if raw is not None:
                    found[stamp.subject.path] = raw
        return found

    def _proofs(self, stamped: Mapping[str, bytes]) -> None:
        for stamp in self.stamps:
            path = stamp.subject.path
            if stamp.subject.kind == "checkpoint":
                # A head that was stamped before and after it was signed is in the pack once.
                if hashlib.sha256(stamped.get(path, b"")).hexdigest() != stamp.subject.sha256:
                    continue
            elif path not in self.files:
                continue
            if stamp_path(stamp) in self.files:
                continue
            self._object(stamp_path(stamp), stamp.proof)
            if stamp.query:
                self._object(proof_path(path, "tsq", stamp.authority), stamp.query)

    def _certificates(self) -> None:
        """Root and chain once per authority whose token lies in the pack.

        The chain is what the authority is known to use and what its tokens bring.
        """
        known = {tsa.id: tsa for tsa in self.tsas}
        tokens: dict[str, list[bytes]] = {}
        for stamp in self.stamps:
            if stamp.kind == "rfc3161" and stamp_path(stamp) in self.files:
                raw = self._small(stamp.proof)
                if raw is not None:
                    tokens.setdefault(stamp.authority, []).append(raw)
        for authority, raws in tokens.items():
            given_root, given_chain = self._given(authority, known.get(authority))
            root = read_certificates(given_root)[0] if given_root else b""
            links = list(read_certificates(given_chain)) if given_chain.strip() else []
            links += [link for raw in raws for link in _brought(raw)]
            chain = [link for link in dict.fromkeys(links) if link != root]
            if root:
                self._bytes(root_path(authority), write_pem((root,)))
            if chain or root:
                self._bytes(chain_path(authority), write_pem(chain or (root,)))

    def _given(self, authority: str, tsa: Tsa | None) -> tuple[bytes, bytes]:
        """Root and chain (PEM): the pinned ones, or what came with an imported token."""
        if tsa is not None:
            return tsa.root, tsa.chain
        for stamp in self.stamps:
            if stamp.imported and stamp.authority == authority:
                root = self._small(stamp.root) if stamp.root else None
                chain = self._small(stamp.chain) if stamp.chain else None
                return root or b"", chain or b""
        return b"", b""

    def _revocation(self) -> None:
        """The newest list and answer about each certificate, for authorities whose token is here.

        The newest says of every earlier moment what an older one said, except of a certificate that
        has ended; of each of those the newest from before goes along as well.
        """
        wanted = {
            (stamp.authority, sha256)
            for stamp in self.stamps
            if stamp_path(stamp) in self.files
            for sha256 in stamp.revocation
        }
        issuers = {authority: self._issuers(authority) for authority, _ in wanted}
        newest: dict[tuple[str, RevocationForm, bytes, datetime], tuple[datetime, str]] = {}
        for authority, sha256 in wanted:
            try:
                material = read_material(self._small(sha256) or b"")
            except ValueError:
                continue
            if not any(is_about(material, issuer) for issuer in issuers[authority]):
                # Whoever verifies could not tell whose word it is.
                continue
            form, about = subject_of(material)
            at = (material.signed_at, sha256)
            for end in {_NEVER, *(one.not_after for one in issuers[authority])}:
                if material.signed_at <= end:
                    key = (authority, form, about, end)
                    newest[key] = max(newest.get(key, at), at)
        kept = {(authority, sha256, form) for (authority, form, *_), (_, sha256) in newest.items()}
        for authority, sha256, form in sorted(kept):
            self._object(revocation_path(authority, sha256, form), sha256)

    def _issuers(self, authority: str) -> tuple[Certificate, ...]:
        """The certificates of an authority that lie in the pack."""
        files = (self.files.get(path_of(authority)) for path_of in (root_path, chain_path))
        pems = [file.data for file in files if file is not None and file.data]
        return tuple(read_certificate(raw) for pem in pems for raw in read_certificates(pem))

    def certificates(self) -> tuple[Mapping[str, Json], ...]:
        """Path and SHA-256 of every chain, root, revocation list and answer, as they left here."""
        found = sorted(
            path
            for path in self.files
            if read_certificates_path(path) or read_revocation_path(path)
        )
        return tuple({"path": path, "sha256": self.files[path].sha256} for path in found)

    def add_headers(self, headers: HeaderRun, job: Job) -> None:
        """One header run that reaches every block the complete proofs name, if it can be had."""
        heights = {
            height
            for stamp in self.stamps
            if stamp.kind == "opentimestamps" and stamp.status in DATES and stamp.time
            for height in _heights(self._small(stamp.proof) or b"")
        }
        if not heights:
            return
        # The blocks of not-before lie a little earlier; without them the proofs matter more.
        for wanted in dict.fromkeys((frozenset(heights | self.not_before), frozenset(heights))):
            try:
                first, raw = headers(self.case.world, tuple(sorted(wanted)), job)
                break
            except Unavailable:
                continue
        else:
            # The proofs stay complete; whoever verifies then needs headers from elsewhere.
            return
        self._bytes(headers_path(first, first + len(raw) // 80 - 1), raw)

    # --- heads -----------------------------------------------------------------------------------

    def _heads(self, stamped: Mapping[str, bytes]) -> None:
        """Every checkpoint that was stamped, printed or hands over to another key; the newest."""
        notes = {checkpoint.size: checkpoint.note for checkpoint in self.checkpoints}
        wanted = {issued.checkpoint_size for issued in self.standing.issued}
        wanted |= {entry.seq + 1 for entry in self.entries if entry.act == "key.rotated"}
        for size in sorted(wanted & notes.keys()):
            self._bytes(checkpoint_path(size), notes[size])
        for path, note in stamped.items():
            self._bytes(path, note)
        if self.checkpoints:
            self._bytes(HEAD, self.checkpoints[-1].note)

    def _inclusion(self, stamped: Mapping[str, bytes]) -> None:
        """Each exhibit's proof: to the earliest dated head that covers it, else the newest."""
        timed = sorted(
            {
                read_checkpoint(stamped[stamp.subject.path])
                for stamp in self.stamps
                if stamp.time and stamp.status in DATES and stamp.subject.path in stamped
            },
            key=lambda checkpoint: checkpoint.size,
        )
        lines = [entry.leaf for entry in self.entries]
        # A database that was cut short may have heads of what it has no more.
        heads = [one for one in (*timed, *self.checkpoints[-1:]) if one.size <= len(lines)]
        sizes = list(accumulate((one.size for one in heads), max))
        tree = Tree(lines)
        for entry in self.entries:
            if entry.act != "exhibit.sealed" or entry.seq not in self.shown:
                continue
            at = bisect(sizes, entry.seq)
            if at < len(heads):
                path = tree.inclusion(entry.seq, heads[at].size)
                proof = write_proof(entry.seq, path, heads[at])
                self._bytes(inclusion_path(entry.subject), proof)

    def _keys(self) -> None:
        """Every key that the ledger names, else the one that signs now."""
        stated = [
            entry.facts.get("key")
            for entry in self.entries
            if entry.act in ("case.opened", "key.rotated")
        ]
        named = [key for key in stated if isinstance(key, str)]
        if not named and (current := self.store.key(self.case.id)) is not None:
            named = [str(current)]
        if named:
            self._bytes(KEYS, "".join(f"{key}\n" for key in dict.fromkeys(named)).encode())

    # --- the bag around it -----------------------------------------------------------------------

    def bag(self, format: PackFormat) -> tuple[PackFile, ...]:
        """Everything, tag files included."""
        verifier, page = format.verifier(), format.browser_verifier()
        readme = format.readme(self._readme(verifier, page))
        body = tuple(self.files.values())
        tags = [
            _packed(DECLARATION, BAG_DECLARATION),
            _packed(BAG_INFO, self._bag_info(body)),
            _packed(MANIFEST, write_manifest((file.name, file.sha256) for file in body)),
            _packed(README, readme),
            _packed(VERIFIER, verifier),
            _packed(BROWSER_VERIFIER, page),
        ]
        listed = write_manifest((file.name, file.sha256) for file in tags)
        return (*body, *tags, _packed(TAG_MANIFEST, listed), *self._signature(listed))

    def _signature(self, listed: bytes) -> tuple[PackFile, ...]:
        """The list that covers everything, signed; none where the export line names no key."""
        last = self.entries[-1]
        key = self.store.key(self.case.id)
        if key is None or last.facts.get("manifest_key") != minisign.key_line(key.public_key):
            return ()
        head = self.checkpoints[-1]
        when = int(moment(last.at).timestamp())
        comment = list_comment(head, when)
        signed = minisign.sign(listed, comment, key.public_key, self.store.sign)
        return (_packed(SIGNATURE, signed.note),)

    def _bag_info(self, body: Sequence[PackFile]) -> bytes:
        """RFC 8493 §2.2.2; dated by the ledger, so that the same head gives the same bytes."""
        lines = [
            ("Bag-Software-Agent", f"Holdfast {holdfast.__version__}"),
            ("Bagging-Date", self.entries[-1].at[:10]),
            ("External-Identifier", self.case.number),
            ("Internal-Sender-Identifier", self.case.ledger_id),
            ("Payload-Oxum", f"{sum(file.size for file in body)}.{len(body)}"),
        ]
        if self.case.world == "practice":
            lines.append(("Internal-Sender-Description", PRACTICE_SENDER))
        return "".join(f"{name}: {value}\n" for name, value in sorted(lines)).encode()

    def _readme(self, verifier: bytes, page: bytes) -> Readme:
        head = self.checkpoints[-1]
        by_number = {exhibit.number: exhibit for exhibit in self.standing.exhibits}
        whole = [entry for entry in self.entries if entry.act == "exhibit.sealed"]
        sealed = [entry for entry in whole if entry.seq in self.shown]
        stated = self.entries[-1].facts.get("manifest_key")
        key = stated if isinstance(stated, str) else ""
        practice = self.case.world == "practice"
        shown = [stamp for stamp in self.stamps if self._can_be_run(stamp)]
        return Readme(
            case_number=self.case.number,
            practice=practice,
            origin=head.origin,
            lines=head.size,
            root=head.root.hex(),
            made=self.entries[-1].at,
            verifier_sha256=hashlib.sha256(verifier).hexdigest(),
            page_sha256=hashlib.sha256(page).hexdigest(),
            exhibits=tuple(
                ReadmeExhibit(
                    number=entry.subject,
                    title=by_number[entry.subject].title if entry.subject in by_number else "",
                    sealed=entry.at,
                    sha256=entry.refs[0].sha256,
                    files=self.counted.get(entry.subject, 0),
                )
                for entry in sealed
            ),
            roots=tuple(
                ReadmeRoot(authority=tsa.id, sha256=fingerprint(read_certificates(tsa.root)[0]))
                for tsa in self.tsas
                if root_path(tsa.id) in self.files
            ),
            commands=tuple(
                command
                for system in SYSTEMS
                for command in (
                    *commands(shown, HEAD, practice=practice, system=system),
                    *((signature_command(key, system),) if key else ()),
                )
            ),
            signing_key=key,
            left_out=tuple(entry.subject for entry in whole if entry.seq not in self.shown),
            without_people=self.selection.without_parties,
            documents=any(path.startswith("documents/") for path in self.files),
        )

    def _can_be_run(self, stamp: Stamp) -> bool:
        """Whether everything that the command for a stamp names lies in the pack."""
        if stamp_path(stamp) not in self.files:
            return False
        return stamp.kind == "opentimestamps" or root_path(stamp.authority) in self.files


def _length(at: Path, sha256: str) -> int:
    """Bytes of an object.  Raises Tampered."""
    try:
        return at.stat().st_size
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Tampered("object_unreadable", sha256=sha256, reason=reason) from error


def _packed(name: str, data: bytes) -> PackFile:
    return PackFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)


def _usable(stamps: Sequence[Stamp]) -> tuple[Stamp, ...]:
    """Stamps that have a proof worth handing on: by subject, the better first."""
    kept = [stamp for stamp in stamps if stamp.proof and stamp.status in _RANK]
    return tuple(sorted(kept, key=lambda s: (s.subject.path, _RANK[s.status], s.time or "", s.id)))


def _brought(token: bytes) -> tuple[bytes, ...]:
    try:
        return read_response(token).certificates
    except MalformedToken:
        return ()


def _heights(proof: bytes) -> tuple[int, ...]:
    try:
        attestations = read_proof(proof).attestations
    except MalformedProof:
        return ()
    return tuple(a.height for a in attestations if a.kind == "bitcoin" and a.height is not None)
