"""Phones, codes for recordings made elsewhere, and marks in media."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from holdfast.compose.keeping import Keeping, Kept
from holdfast.core.canonical import one_line
from holdfast.core.errors import Refused
from holdfast.core.job import Job

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from holdfast.adapters.capture.phone import PhoneScreen
    from holdfast.core.canonical import Json
    from holdfast.core.case import Case
    from holdfast.core.evidence import Exhibit, Received
    from holdfast.core.phone import Phone
    from holdfast.core.recording_code import RecordingCode


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeShown:
    """A code as it is shown: with its case, and its picture as rows of dark and light."""

    code: RecordingCode
    case: Case
    picture: tuple[tuple[bool, ...], ...]
    """True is dark; without a margin."""


class Phones(Keeping):
    """Verbs about phones and what comes from them."""

    def phones(self, job: Job) -> tuple[Phone, ...]:
        """Every Android phone that is connected, usable or not.

        Raises Unavailable (``adb_missing``, ``adb_failed``), Refused(``adb_chosen``).
        """
        source: PhoneScreen = self.sources["phone"]  # type: ignore[assignment] # ids are the classes'
        with TemporaryDirectory(prefix="holdfast-") as room:
            return source.phones(Path(room), job)

    def phone_shot(self, job: Job, serial: str = "", case: str = "") -> Kept:
        """A phone's screen as it is now; the only phone there is when none is named."""
        matter = self._matter(case, "Android")
        return self._keep([(self.sources["phone"], f"phone:{serial}:screen")], matter, job)

    def phone_record(
        self,
        job: Job,
        serial: str = "",
        seconds: int = 600,
        case: str = "",
        stop: threading.Event | None = None,
    ) -> Kept:
        """A phone's screen for ``seconds``, or until ``stop`` is set: both end it whole.

        Cancelling the job ends it too; what was fetched by then is sealed as interrupted.
        """
        from holdfast.adapters.capture import Means
        from holdfast.adapters.capture.phone import PhoneScreen

        means = Means(clock=self._clock, adb=self.settings.adb)
        matter = self._matter(case, "Android")
        target = f"phone:{serial}:record:{seconds}"
        return self._keep([(PhoneScreen(means, stop), target)], matter, job)

    def phone_code(self, job: Job, case: str = "") -> CodeShown:
        """A new code for a recording that is about to be made elsewhere; without a case one opens.

        It carries a value nobody could know earlier, where one can be had.
        """
        import secrets

        from holdfast.core import recording_code
        from holdfast.core.not_before import NOT_ASKED

        matter = self._matter(case, "Phone")
        begin = self._maker.watch
        values = begin(matter.world).not_before(job) if begin is not None else NOT_ASKED
        code = recording_code.issue(
            secrets.token_bytes(16),
            id=self._clock.new_id(),
            case_id=matter.id,
            now=self._clock.now(),
            not_before=values,
        )
        with self._store.custody(matter.id) as custody:
            custody.save(code)
        return self._shown(code, matter)

    def phone_codes(self, case: str) -> tuple[CodeShown, ...]:
        """The codes of a case that no recording has shown yet and whose day is not over."""
        from holdfast.core.recording_code import RecordingCode

        matter = self._store.case(case)
        now = self._clock.now()
        return tuple(
            self._shown(code, matter)
            for code in self._store.all(RecordingCode, matter.id)
            if not code.used and not code.expired(now)
        )

    @staticmethod
    def _shown(code: RecordingCode, case: Case) -> CodeShown:
        import segno

        picture = segno.make_qr(code.payload, error="q")
        rows = tuple(tuple(bool(dark) for dark in row) for row in picture.matrix)
        return CodeShown(code=code, case=case, picture=rows)

    def phone_import(
        self,
        paths: Sequence[Path],
        job: Job,
        case: str = "",
        code: str = "",
        *,
        said: str = "",
        received: Received | None = None,
    ) -> Kept:
        """A recording made elsewhere is kept as received, and looked through for its code.

        Without a case it goes to the case of ``code``.  ``said`` is where the person says that the
        code can be seen.  Raises Refused (``file_missing``, ``code_malformed``, ``code_unknown``,
        ``code_other_case``).
        """
        from holdfast.adapters.coded import CodedRecording
        from holdfast.adapters.disk import gone
        from holdfast.core import recording_code
        from holdfast.core.evidence import Received
        from holdfast.core.recording_code import RecordingCode

        missing = [path for path in paths if gone(path)]
        if missing or not paths:
            raise Refused("file_missing", name=missing[0].name if missing else "")
        known = self._store.all(RecordingCode)
        wanted = recording_code.typed(code)
        if code and not wanted:
            raise Refused("code_malformed", typed=one_line(code)[:40])
        named = next((one for one in known if one.code == wanted), None)
        if wanted and named is None:
            raise Refused("code_unknown", typed=one_line(code)[:40])
        matter = self._matter(case or (named.case_id if named else ""), paths[0].name)
        if named is not None and named.case_id != matter.id:
            raise Refused("code_other_case", case=self._store.case(named.case_id).number)
        kept = Kept(case=matter)
        for path in paths:
            source = CodedRecording(
                self.sources["file"],
                self._clock,
                self._store.all(RecordingCode),
                case_id=matter.id,
                wanted=wanted,
                said=said,
            )
            made = self._keep(
                [(source, str(path.absolute()))], matter, job, received or Received(how=said)
            )
            seen = source.judged.code if source.judged else None
            if seen is not None and not seen.used and made.exhibits:
                self._store.save(replace(seen, used=made.exhibits[0].number))
            kept = replace(
                kept,
                exhibits=(*kept.exhibits, *made.exhibits),
                failed=(*kept.failed, *made.failed),
            )
        return kept

    def code_told(self, exhibit: Exhibit, lang: str) -> tuple[str, ...]:
        """What an import's checks say about its code, in words."""
        from holdfast.adapters.resources import words
        from holdfast.core.evidence import read_manifest

        say = words(lang)
        checks: Any = read_manifest(self._vault.read(exhibit.digest.sha256))["completeness"]
        return tuple(
            say(f"check.{check['check']}.{check['outcome']}", detail=check["detail"])
            for check in checks
            if check["check"].startswith("code_")
        )

    def marks(self, paths: Sequence[Path], job: Job) -> tuple[Mapping[str, Json], ...]:
        """What makers and platforms put into these files, one map each; nothing is kept.

        Raises Refused(``file_missing``).
        """
        from holdfast.adapters.capture.file import media_type
        from holdfast.adapters.marks import MediaMarks
        from holdfast.usecases.marks import explain

        kinds = {path: media_type(path) for path in paths if path.is_file()}
        return explain(paths, kinds, MediaMarks(), job)

    def marks_of(self, manifest: Mapping[str, Json]) -> tuple[Mapping[str, Json], ...]:
        """The same of an exhibit, from the record that was sealed with it; empty without one."""
        from holdfast.core.canonical import parse

        files = manifest.get("files")
        for file in files if isinstance(files, list) else ():
            if isinstance(file, dict) and file.get("path") == "files/marks.json":
                body = parse(self._vault.read(str(file["sha256"])))
                told = body.get("files") if isinstance(body, dict) else None
                return tuple(one for one in told or () if isinstance(one, dict))
        return ()
