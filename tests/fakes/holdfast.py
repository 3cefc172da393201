"""A Holdfast that lives in memory, for tests and pictures of the window.

It keeps the promises of the real one's signatures and types; what it invents is invented.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import segno

from fakes.environment import READINGS
from fakes.series import FakeSeries, series_of
from holdfast.adapters.capture.recording import Standing
from holdfast.adapters.catalog import Catalog
from holdfast.adapters.resources import resource, words
from holdfast.adapters.x11 import Window
from holdfast.compose import CodeShown, Failure, Kept
from holdfast.compose.chain import ChainState
from holdfast.compose.recording import Shown
from holdfast.core.browsing import Browse, Profile, TabSeen
from holdfast.core.canonical import Json, rfc3339
from holdfast.core.case import Case, Licence, Party
from holdfast.core.deadline import FollowUp, days_left, standing
from holdfast.core.document import Issued, Lang
from holdfast.core.environment import (
    Environment,
    EnvironmentCheck,
    EnvironmentRun,
    runs_of,
)
from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.evidence import Artifact, Check, Digest, Exhibit, Received
from holdfast.core.job import Job
from holdfast.core.ledger import LedgerEntry, Ref, write_entry
from holdfast.core.not_before import Block, NotBefore
from holdfast.core.notice import (
    Contact,
    FormEntry,
    Gauge,
    Notice,
    NoticeFile,
    Platform,
    PlatformAnswer,
    Regime,
    Submission,
    elements,
)
from holdfast.core.origin import Row
from holdfast.core.phone import Phone
from holdfast.core.recording import SCRIPTS, Step
from holdfast.core.recording_code import issue
from holdfast.core.settings import Settings
from holdfast.core.timestamp import Authorities, Calendar, Heard, Stamp, Subject, Tsa
from holdfast.core.verdict import Finding, TimestampSeen, Verdict
from holdfast.core.words import Words
from holdfast.usecases import again
from holdfast.usecases.cases import CaseFile
from holdfast.usecases.custody import Cosigned, RenewalDue
from holdfast.usecases.follow_up import Due
from holdfast.usecases.headers import Refreshed
from holdfast.usecases.imported import Imported
from holdfast.usecases.preserve import Attempt
from holdfast.usecases.series import SeriesFile
from holdfast.usecases.timestamp import StampRun
from holdfast.usecases.verification import Looked, Looking

START = datetime(2026, 11, 18, 1, 10, 36, tzinfo=UTC)
HOSTILE = (
    "<img src=x onerror=alert(1)> & <b>bold</b> {{7*7}} =cmd|' /C calc'!A0 \u5267"
    + "\U0001f600" * 40
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMonitor:
    number: int
    left: int
    top: int
    width: int
    height: int
    primary: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeRun:
    case: Case


class FakeSession:
    """A recording that stands as a test says."""

    def __init__(self, holdfast: FakeHoldfast, target: str, case: str) -> None:
        self._holdfast, self.target, self._case = holdfast, target, case
        self.standing: Standing | None = None
        self.shown: Shown | None = Shown(
            case="HF-2026-0001", block="957123 " + "0" * 19 + "a3" * 22, round="5823411 9b1f"
        )
        self.orders: list[tuple[str, ...]] = []
        self.stopped = threading.Event()

    def run(self, job: Job) -> Kept:
        job.step("opening")
        self.stopped.wait(60)
        return self._holdfast._keep("screen", job, self._case, "recording")

    def stop(self) -> None:
        self.orders.append(("stop",))
        self.stopped.set()

    def pause(self, reason: str) -> None:
        self.orders.append(("pause", reason))

    def resume(self) -> None:
        self.orders.append(("resume",))

    def mark(self, step: str = "") -> None:
        self.orders.append(("mark", step))


class FakeHoldfast(FakeSeries):
    """Everything the window asks for.  ``fail`` raises by verb; ``hold`` makes ``keep`` wait."""

    version = "0.1.0"

    def __init__(self, data: Path, *, settings: Settings | None = None) -> None:
        self.data = data
        self.settings = settings or Settings(language="zh", theme="light", operator="person:0")
        self.settings_damaged: Path | None = None
        self.fail: dict[str, Exception] = {}
        self.calls: list[tuple[object, ...]] = []
        self.hold: threading.Event | None = None
        self.held = threading.Event()
        self.steps: tuple[tuple[str, int, int | None, str], ...] = (
            ("opening", 0, None, ""),
            ("saving", 2, 6, "page.png"),
            ("saving", 4_000_000, 9_600_000, "video.mp4"),
            ("sealing", 3, 3, ""),
        )
        self.verdict = Verdict(verdict="ok")
        self.behind: set[str] = set()
        self.renewal: tuple[RenewalDue, ...] = ()
        self.connected: tuple[Phone, ...] = (
            Phone(serial="PIC0001", state="device", said="device", model="Pictor 9"),
            Phone(serial="PIC0002", state="unauthorized", said="unauthorized"),
        )
        self.marked: tuple[Mapping[str, Json], ...] = ()
        self.files: dict[str, CaseFile] = {}
        self.browsers: dict[str, Browse] = {}
        self.profiles: dict[str, Profile] = {}
        self.serials: dict[str, SeriesFile] = {}
        self._now = START
        self._seq = 0
        self._catalog = Catalog()
        self.checks: dict[str, tuple[EnvironmentCheck, ...]] = {}
        self.chain = ChainState(
            height=953567, shipped=953567, as_of="2026-11-21", sources=("electrum", "bitcoinj")
        )
        self.lock = threading.RLock()
        self.closed = False
        self.selfchecked = (
            Check(check="Holdfast", outcome="pass", detail="0.1.0 · Python 3.11"),
            Check(check="ots", outcome="warn", detail="not here"),
        )

    # --- facts ---

    @property
    def icons(self) -> Path:
        return resource("icons")

    def words(self, lang: str) -> Words:
        return words(lang)

    def save_settings(self, settings: Settings) -> None:
        self.settings = settings

    def now(self) -> datetime:
        return self._now

    def offset_minutes(self) -> int:
        return 480

    def new_id(self) -> str:
        with self.lock:
            self._seq += 1
            return f"01900000-0000-7000-8000-{self._seq:012d}"

    def close(self) -> None:
        self.closed = True

    def _call(self, *call: object) -> None:
        self.calls.append(call)
        error = self.fail.get(str(call[0]))
        if error is not None:
            raise error

    # --- cases ---

    def cases(self) -> tuple[Case, ...]:
        self._call("cases")
        return tuple(file.case for file in self.files.values())

    def case_file(self, reference: str) -> CaseFile:
        self._call("case_file", reference)
        for file in self.files.values():
            if reference in (file.case.id, file.case.number):
                return file
        raise Refused("case_unknown", case=reference)

    def open_case(self, title: str, world: str = "real") -> Case:
        self._call("open_case", title)
        with self.lock:
            number = f"HF-2026-{len(self.files) + 1:04d}"
            case = Case(
                id=self.new_id(),
                number=number,
                title=title,
                world=world,
                ledger_id=self.new_id(),
                opened=rfc3339(self._now),
            )
            empty = CaseFile(
                case=case,
                exhibits=(),
                attempts=(),
                stamps=(),
                parties=(),
                licences=(),
                infringements=(),
                notices=(),
                submissions=(),
                answers=(),
                followups=(),
                documents=(),
                entries=(),
            )
            self.files[case.id] = empty
            self.entry(case.id, "case.opened", number)
        return case

    def close_case(self, reference: str) -> Case:
        file = self.case_file(reference)
        case = replace(file.case, closed=rfc3339(self._now))
        self.put(case.id, case=case)
        return case

    def rename_case(self, reference: str, title: str) -> Case:
        self._call("rename_case", reference, title)
        case = replace(self.case_file(reference).case, title=title)
        self.put(case.id, case=case)
        return case

    def put(self, id_: str, /, **changes: object) -> None:
        with self.lock:
            self.files[id_] = replace(self.files[id_], **changes)

    def entry(
        self,
        case: str,
        act: str,
        subject: str,
        facts: Mapping[str, Json] | None = None,
        at: datetime | None = None,
    ) -> LedgerEntry:
        file = self.files[case]
        made = write_entry(
            ledger=file.case.ledger_id,
            seq=len(file.entries),
            at=rfc3339(at or self._now),
            actor="person:0",
            act=act,
            subject=subject,
            refs=(Ref(path="x", size=1, sha256="0" * 64, sm3="0" * 64),),
            facts=facts or {},
            nonce=bytes(16),
        )
        self.put(case, entries=(*file.entries, made))
        return made

    def describe(
        self, case: str, number: str, caption: str | None = None, purpose: str | None = None
    ) -> Exhibit:
        self._call("describe", case, number, caption, purpose)
        file = self.files[case]
        changed = []
        for exhibit in file.exhibits:
            if exhibit.number == number:
                exhibit = replace(
                    exhibit,
                    caption=exhibit.caption if caption is None else caption,
                    purpose=exhibit.purpose if purpose is None else purpose,
                )
            changed.append(exhibit)
        self.put(case, exhibits=tuple(changed))
        return next(e for e in changed if e.number == number)

    def withdraw(self, case: str, number: str) -> Exhibit:
        self._call("withdraw", case, number)
        file = self.files[case]
        changed = tuple(
            replace(e, withdrawn=True) if e.number == number else e for e in file.exhibits
        )
        self.put(case, exhibits=changed)
        self.entry(case, "exhibit.withdrawn", number)
        return next(e for e in changed if e.number == number)

    def describe_party(self, case: str, who: str, given: Mapping[str, str]) -> Party:
        self._call("describe_party", case, who, dict(given))
        file = self.files[case]
        known = next((p for p in file.parties if p.id == who or p.role == who == "claimant"), None)
        party = replace(known or Party(id=self.new_id(), case_id=case, role=who), **given)
        others = tuple(p for p in file.parties if p.id != party.id)
        self.put(case, parties=(*others, party))
        return party

    def remove_party(self, case: str, who: str) -> Party:
        self._call("remove_party", case, who)
        file = self.files[case]
        gone = next(p for p in file.parties if p.id == who)
        self.put(case, parties=tuple(p for p in file.parties if p.id != who))
        return gone

    # --- keeping ---

    def recover(self, job: Job) -> tuple[Attempt, ...]:
        self._call("recover")
        return ()

    def keep(
        self,
        target: str,
        job: Job,
        case: str = "",
        how: str = "",
        *,
        choose: bool = False,
        close_banner: bool = False,
    ) -> Kept:
        self._call("keep", target, case, *([how] if how else []), *["closed"] * close_banner)
        kept = self._keep(target, job, case, "page")
        if choose and target.endswith("/series"):
            file = self.inventory(target, job, kept.case.id)
            kept = replace(kept, series=file.series.id)
        return kept

    def keep_files(
        self, paths: Sequence[Path], job: Job, case: str = "", received: Received | None = None
    ) -> Kept:
        self._call("keep_files", tuple(paths), case, *([received.source] if received else []))
        return self._keep(paths[0].name, job, case, "file")

    def shot(
        self,
        job: Job,
        case: str = "",
        monitor: int | None = None,
        region: tuple[int, int, int, int] | None = None,
    ) -> Kept:
        self._call("shot", case, monitor, region)
        return self._keep("screen", job, case, "screen")

    # --- the evidence browser ---

    def browse(self, job: Job, case: str = "", url: str = "") -> Browse:
        self._call("browse", case, url)
        job.step("opening")
        matter = self.files[case].case if case else self.open_case("x 2026-11-18")
        known = self.profiles.get(matter.id)
        used = (known.used or 0) + 1 if known else 1
        made = rfc3339(self._now - timedelta(days=3)) if known else rfc3339(self._now)
        profile = Profile(case_id=matter.id, created=made, used=used, cookies=12)
        self.profiles[matter.id] = profile
        tab = TabSeen(
            id="t1", url=url or "about:blank", title="第 12 集" if url else "", current=True
        )
        self.browsers[matter.id] = Browse(case_id=matter.id, profile=profile, tabs=(tab,))
        return self.browsers[matter.id]

    def browsing(self, case: str = "") -> Browse | None:
        if case:
            return self.browsers.get(case)
        return next(reversed(self.browsers.values()), None)

    def browse_to(self, case: str, url: str, job: Job) -> None:
        self._call("browse_to", case, url)
        tab = TabSeen(id="t1", url=url, title="第 12 集", current=True)
        self.browsers[case] = replace(self.browsers[case], tabs=(tab,))

    def browse_keep(self, case: str, wish: str, job: Job) -> Kept:
        self._call("browse_keep", case, wish)
        found = self.browsers[case].current
        return self._keep(found.url if found else "", job, case, "page")

    def browse_end(self, case: str) -> None:
        self._call("browse_end", case)
        self.browsers[case] = replace(self.browsers[case], ended="closed", tabs=())

    def hide_browsers(self, *, hidden: bool) -> None:
        self._call("hide_browsers", hidden)

    def keep_logged_in(
        self, target: str, job: Job, case: str, how: str = "", *, choose: bool = False
    ) -> Kept:
        self._call("keep_logged_in", target, case)
        return self._keep(target, job, case, "page")

    def case_profile(self, case: str) -> Profile | None:
        return self.profiles.get(case)

    def forget_profile(self, case: str) -> None:
        self._call("forget_profile", case)
        del self.profiles[case]

    # --- where Bitcoin's headers come from ---

    def chain_state(self) -> ChainState:
        return self.chain

    def refresh_headers(self, job: Job) -> Refreshed:
        self._call("refresh_headers")
        job.step("headers", 2016, 4032, "blockstream")
        added = 2 if self.chain.height == self.chain.shipped else 0
        self.chain = replace(
            self.chain,
            height=self.chain.height + added * 2016,
            as_of=rfc3339(self._now),
            sources=("Blockstream", "mempool.space"),
        )
        return Refreshed(
            height=self.chain.height,
            added=added,
            headers=added * 2016,
            sources=self.chain.sources if added else (),
        )

    def use_node(
        self, address: str, user: str = "", password: str = "", cookie: Path | None = None
    ) -> ChainState:
        self._call("use_node", address, user, bool(password), cookie)
        self.chain = replace(self.chain, node=address, node_cookie=str(cookie or ""))
        return self.chain

    def use_electrum(self, address: str) -> ChainState:
        self._call("use_electrum", address)
        self.chain = replace(self.chain, electrum=address and f"ssl://{address}")
        return self.chain

    # --- phones ---

    def phones(self, job: Job) -> tuple[Phone, ...]:
        self._call("phones")
        return self.connected

    def phone_shot(self, job: Job, serial: str = "", case: str = "") -> Kept:
        self._call("phone_shot", serial, case)
        return self._keep("Pictor 9", job, case, "phone")

    def phone_record(
        self,
        job: Job,
        serial: str = "",
        seconds: int = 600,
        case: str = "",
        stop: threading.Event | None = None,
    ) -> Kept:
        self._call("phone_record", serial, seconds, case)
        job.step("saving", 65, seconds, "0002")
        assert stop is not None
        stop.wait(60)
        return self._keep("Pictor 9", job, case, "phone")

    def phone_code(self, job: Job, case: str = "") -> CodeShown:
        self._call("phone_code", case)
        matter = self.files[case].case if case else self.open_case("Phone 2026-11-18")
        block = Block(height=917442, hash="0" * 20 + "5d" * 22)
        code = issue(
            b"0123456789abcdef",
            id=self.new_id(),
            case_id=matter.id,
            now=self._now,
            not_before=NotBefore(network="bitcoin", bitcoin=block),
        )
        picture = segno.make_qr(code.payload, error="q").matrix
        return CodeShown(
            code=code, case=matter, picture=tuple(tuple(map(bool, row)) for row in picture)
        )

    def phone_codes(self, case: str) -> tuple[CodeShown, ...]:
        return ()

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
        self._call(
            "phone_import", tuple(paths), case, code, said, *([received] if received else [])
        )
        return self._keep(paths[0].name, job, case, "file")

    def marks(self, paths: Sequence[Path], job: Job) -> tuple[Mapping[str, Json], ...]:
        self._call("marks", tuple(paths))
        return self.marked

    def marks_of(self, manifest: Mapping[str, Json]) -> tuple[Mapping[str, Json], ...]:
        return self.marked

    # --- recording ---

    def recording(self, target: str, case: str = "") -> FakeSession:
        self._call("recording", target, case)
        self.session = FakeSession(self, target, case)
        return self.session

    def script(self, name: str) -> tuple[Step, ...]:
        return SCRIPTS.get(name, ())

    def windows(self) -> tuple[Window, ...]:
        self._call("windows")
        return (
            Window(id=77, title="桃花渡 第 12 集 - 浏览器", left=40, top=40, width=900, height=640),
            Window(id=78, title="记事本", left=0, top=0, width=400, height=300),
        )

    def hotkeys(self, letters: str) -> None:
        return None

    def hidden_from_capture(self, window: int) -> bool:
        return False

    def _keep(self, target: str, job: Job, case: str, source: str) -> Kept:
        for number, step in enumerate(self.steps):
            job.step(*step)
            if self.hold is not None and number == 1:
                self.held.set()
                self.hold.wait(60)
        matter = self.files[case].case if case else self.open_case(f"{target[:40]} 2026-11-18")
        failure = self.fail.get("keep_inside")
        if isinstance(failure, HoldfastError):
            return Kept(
                case=matter,
                failed=(Failure(target=target, source=source, error=failure),),
            )
        exhibit = self.exhibit(matter.id, target, source=source)
        return Kept(case=matter, exhibits=(exhibit,))

    def picture(self, name: str, seed: int) -> Artifact:
        """A real picture: dusk, a shape, a drawn face."""
        from PIL import Image, ImageDraw

        image = Image.new("RGB", (720, 980), (60 + seed * 9 % 60, 66, 84))
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 720, 260), fill=(72, 84, 104))
        draw.ellipse((250, 120, 470, 380), fill=(224, 190, 170))
        draw.rectangle((190, 380, 530, 760), fill=(150, 60, 66))
        draw.ellipse((560, 60, 650, 150), fill=(236, 226, 200))
        path = self.data / "vault" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, "PNG")
        return self.artifact_of(path, f"files/{name.rpartition('-')[2]}", "image/png")

    def artifact_of(self, path: Path, inside: str, media_type: str) -> Artifact:
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        kept = self.data / "vault" / sha256
        if not kept.exists():
            kept.write_bytes(data)
        return Artifact(
            path=inside,
            name=inside.rpartition("/")[2],
            role="original",
            size=len(data),
            media_type=media_type,
            digest=Digest(sha256=sha256, sm3=hashlib.sha256(b"sm3" + data).hexdigest()),
            obtained=rfc3339(self._now),
        )

    def exhibit(
        self,
        case: str,
        title: str,
        *,
        source: str = "page",
        purpose: str = "",
        complete: bool = True,
        at: datetime | None = None,
        stamps: str = "",
    ) -> Exhibit:
        """One more exhibit, with its files, ledger line and queued time-stamps."""
        file = self.files[case]
        number = f"E{len(file.exhibits) + 1:04d}"
        seed = len(file.exhibits)
        first = self.picture(f"{case[-4:]}-{number}-page.png", seed)
        text = self.data / "vault" / f"{case[-4:]}-{number}.txt"
        text.write_text(f"{title} {number}", encoding="utf-8")
        second = self.artifact_of(text, "files/page.mhtml", "multipart/related")
        manifest = f"{case}{number}".encode()
        sha256 = hashlib.sha256(manifest).hexdigest()
        when = at or self._now
        exhibit = Exhibit(
            id=self.new_id(),
            case_id=case,
            number=number,
            digest=Digest(sha256=sha256, sm3=hashlib.sha256(b"m" + manifest).hexdigest()),
            size=len(manifest),
            source=source,
            title=title,
            url=""
            if source in ("file", "screen")
            else "https://duanju.practice.example/v/taohuadu/12",
            sealed=rfc3339(when),
            complete=complete,
            artifacts=(first, second),
            purpose=purpose,
        )
        self.put(case, exhibits=(*file.exhibits, exhibit))
        self.entry(case, "exhibit.sealed", number, at=when)
        for status in stamps.split():
            self.stamp_on(case, exhibit, status)
        return exhibit

    def stamp_on(self, case: str, exhibit: Exhibit, status: str) -> None:
        """``status`` or ``status/kind``."""
        name, _, kind = status.partition("/")
        file = self.files[case]
        sure = name in ("confirmed", "simulated", "one_source")
        kind = kind or "rfc3161"
        stamp = Stamp(
            id=self.new_id(),
            case_id=case,
            subject=Subject(
                kind="manifest",
                path=f"exhibits/{exhibit.number}/capture.json",
                sha256=exhibit.digest.sha256,
            ),
            kind=kind,
            world=file.case.world,
            status=name.removeprefix("refused:"),
            authority="" if kind == "opentimestamps" else f"tsa-{len(file.stamps) % 2}",
            time=rfc3339(START - timedelta(hours=3)) if sure else None,
            by="block 975412" if kind == "opentimestamps" and sure else "",
            requested=None if name == "queued" else rfc3339(START),
        )
        self.put(case, stamps=(*file.stamps, stamp))

    # --- time-stamps ---

    def stamp(self, job: Job, case: str = "", *, now: bool = False) -> StampRun:
        self._call("stamp", case, *["now"] * now)
        return StampRun()

    def pending(self) -> int:
        return sum(
            s.status in ("queued", "pending") for file in self.files.values() for s in file.stamps
        )

    def authorities(self) -> Authorities:
        return Authorities(
            world="real",
            calendars=(
                Calendar(id="calendar-a", url="https://calendar-a.example"),
                Calendar(id="calendar-b", url="https://calendar-b.example"),
            ),
            tsas=(
                Tsa(id="tsa-a", name="时间戳服务甲", url="https://tsa-a.example", root=b""),
                Tsa(id="tsa-b", name="时间戳服务乙", url="https://tsa-b.example", root=b""),
            ),
        )

    def browser(self) -> str:
        return "Chromium 140.0"

    def monitors(self) -> tuple[FakeMonitor, ...]:
        self._call("monitors")
        return (
            FakeMonitor(number=1, left=0, top=0, width=1920, height=1080, primary=True),
            FakeMonitor(number=2, left=1920, top=0, width=2560, height=1440),
        )

    def selfcheck(self, job: Job, lang: str = "en") -> tuple[Check, ...]:
        self._call("selfcheck", lang)
        job.step("checking")
        return self.selfchecked

    # --- the environment check ---

    def _run(self, *items: str) -> EnvironmentRun:
        at = rfc3339(self._now)
        chosen = tuple(one for one in READINGS if not items or one.item in items)
        return EnvironmentRun(started=at, finished=at, readings=chosen)

    def environment(self, job: Job, case: str = "", *, fresh: bool = True) -> EnvironmentRun:
        self._call("environment", case, fresh)
        job.step("checking")
        return self._run()

    def _checked(self, check: EnvironmentCheck) -> EnvironmentCheck:
        known = [one for one in self.checks.get(check.case_id, ()) if one.id != check.id]
        self.checks[check.case_id] = (*known, check)
        self.entry(check.case_id, "environment.checked", check.id)
        return check

    def write_environment(
        self, case: str, remarks: Mapping[str, str], job: Job
    ) -> EnvironmentCheck:
        self._call("write_environment", case, dict(remarks))
        return self._checked(self._check(case, "before", self._run().explained(remarks)))

    def _check(
        self, case: str, when: str, run: EnvironmentRun, exhibit: str = ""
    ) -> EnvironmentCheck:
        return EnvironmentCheck(
            id=self.new_id(),
            case_id=self.case_file(case).case.id,
            world="real",
            when=when,
            at=rfc3339(self._now),
            run=run,
            sha256="4" * 64,
            exhibit=exhibit,
        )

    def check_after(self, case: str, job: Job) -> EnvironmentCheck | None:
        self._call("check_after", case)
        return self._checked(self._check(case, "after", self._run()))

    def explain_environment(
        self, case: str, reference: str, remarks: Mapping[str, str]
    ) -> EnvironmentCheck:
        self._call("explain_environment", case, reference, dict(remarks))
        for one in self.checks.get(case, ()):
            if reference in (one.id, one.exhibit):
                return self._checked(replace(one, run=one.run.explained(remarks)))
        run = self._run().explained(remarks)
        return self._checked(self._check(case, "before", run, reference))

    def environments(self, case: str) -> tuple[EnvironmentCheck, ...]:
        return self.checks.get(self.case_file(case).case.id, ())

    def surroundings(self, exhibit: Exhibit) -> Environment | None:
        return runs_of(self.manifest(exhibit))

    # --- documents ---

    def document(
        self, kind: str, case: str, lang: Lang, job: Job, out: Path | None = None
    ) -> Issued:
        self._call("document", kind, case, lang, out)
        job.step("writing", 1, 2)
        file = self.case_file(case)
        number = f"{file.case.number}-R{len(file.documents) + 1}"
        issued = Issued(
            id=self.new_id(),
            case_id=file.case.id,
            number=number,
            kind=kind,
            lang=lang,
            issued=rfc3339(self._now),
            sha256="1" * 64,
            size=1000,
            media_type="application/pdf",
            path=f"documents/{number}.pdf",
            checkpoint_size=3,
        )
        self.put(file.case.id, documents=(*file.documents, issued))
        self.entry(file.case.id, "document.issued", number)
        if out is not None:
            out.write_bytes(b"%PDF-1.7 fake")
        return issued

    def document_path(self, issued: Issued) -> Path:
        self._call("document_path", issued)
        path = self.data / Path(issued.path).name
        path.write_bytes(b"%PDF-1.7 fake")
        return path

    def answers(self, stamp: Stamp) -> tuple[Heard, ...]:
        self._call("answers", stamp.id)
        asked = "https://alice.example/timestamp/00"
        return tuple(
            Heard(asked=asked, at="2026-11-18T03:00:00.000Z", status=404, body=b"Pending")
            for _ in stamp.answers
        )

    def artifact(self, sha256: str) -> Path:
        self._call("artifact", sha256)
        return self.data / "vault" / sha256

    def manifest(self, exhibit: Exhibit) -> Mapping[str, Json]:
        self._call("manifest", exhibit.number)
        return {
            "target": {"typed": "duanju.practice.example/v/taohuadu/12"},
            "observations": {
                "status": 200,
                "account": "云帆演练剧场",
                "counters": [{"name": "plays", "value": "312.7万"}],
            },
            "network": {"address": "127.0.0.1:443"},
            "received": None,
            "clock": {"offset_ms": 180, "reference": "a", "uncertainty_ms": 40},
            "environment": Environment(
                before=self._run(), sealing=self._run("clock", "hosts", "proxy", "dns")
            ).body(),
            "completeness": (
                []
                if exhibit.complete
                else [{"check": "login_wall", "outcome": "fail", "detail": "登录后观看"}]
            ),
        }

    def origin(self, exhibit: Exhibit) -> tuple[Row, ...]:
        self._call("origin", exhibit.number)
        if exhibit.source not in ("page", "video"):
            return ()
        at = "2026-11-21T02:20:33.000Z"
        return (
            Row(key="redirects", value="https://v.test/a → https://www.test/v/12"),
            Row(key="date", value="Sat, 21 Nov 2026 02:20:31 GMT"),
            Row(key="certificate", value="CN=*.test · CN=Test CA"),
            Row(key="icp", value="京ICP备12345678号-1", place="214/220"),
            Row(key="domain", value="test: Example Registrar", separate=True, at=at),
            Row(key="address", value="192.0.2.7", separate=True, at=at, missing="slow"),
        )

    def red(self, exhibit: Exhibit, lang: str = "en") -> tuple[str, ...]:
        return (
            ()
            if exhibit.complete
            else (self.words(lang)("check.login_wall.fail", detail="登录后观看"),)
        )

    def export(
        self,
        case: str,
        out: Path,
        job: Job,
        *,
        only: Sequence[str] = (),
        without_parties: bool = False,
    ) -> Path:
        how = (tuple(only), without_parties)
        self._call("export", case, out, *(how if how != ((), False) else ()))
        job.step("packing", 1, 2)
        out.write_bytes(b"PK")
        return out

    def checkpoint(self, case: str, out: Path, since: int | None = None) -> tuple[Path, int]:
        self._call("checkpoint", case, out, *(() if since is None else (since,)))
        out.write_bytes(b"holdfast.local/x\n3\n")
        return out, 3

    def change_key(self) -> tuple[tuple[str, str], ...]:
        self._call("change_key")
        return tuple((file.case.number, "holdfast.local/x+0+A") for file in self.files.values())

    def consistency(self, case: str, first: str, last: str, out: Path) -> tuple[Path, object]:
        self._call("consistency", case, first, last, out)
        out.write_bytes(b"old 3\n")
        return out, None

    def cosign(
        self, file: Path, out: Path | None = None, folder: Path | None = None, log_key: str = ""
    ) -> tuple[Path, int]:
        self._call("cosign", file, out, *((log_key,) if log_key else ()))
        assert out is not None
        out.write_bytes(b"signed")
        return out, 3

    def log_key(self, file: Path) -> str:
        return (
            "holdfast.local/x+1d2c3b4a+AQID"
            if any(call[0] == "cosign" for call in self.calls)
            else ""
        )

    def cosigned(self, case: str, file: Path, key: str = "") -> Cosigned:
        self._call("cosigned", case, file, *([key] if key else []))
        seen = Cosigned(key="k", size=3, time=rfc3339(self.now()))
        facts: dict[str, Json] = {"key": seen.key, "size": seen.size, "time": seen.time}
        self.entry(case, "checkpoint.cosigned", "ledger/checkpoints/3.cosigned-k.txt", facts)
        return seen

    def case_of_checkpoint(self, file: Path) -> str:
        return self.cases()[0].id

    def renewals(self, case: str = "") -> tuple[RenewalDue, ...]:
        return tuple(one for one in self.renewal if case in ("", one.case.id))

    def renew(self, job: Job, case: str = "") -> tuple[tuple[str, int], ...]:
        self._call("renew", case)
        self.renewal = ()
        return ()

    def import_token(
        self,
        case: str,
        token: Path,
        job: Job,
        *,
        root: Path | None = None,
        chain: Path | None = None,
    ) -> Imported:
        self._call("import_token", case, token, root, chain)
        job.step("checking")
        stamp = Stamp(
            id=f"import-{len(self.calls)}",
            case_id=case,
            subject=Subject(kind="manifest", path="exhibits/E0001/capture.json", sha256="0" * 64),
            kind="rfc3161",
            authority="imported-000000000000",
            world="real",
            status="unchecked",
            reason="untrusted" if root is None else "named_root",
            imported=True,
        )
        return Imported(
            stamp=stamp,
            exhibit="E0001",
            stated="2026-11-12T13:06:31.000Z",
            signer="联合信任时间戳服务中心",
            findings=(),
        )

    def verify(self, targets: Sequence[str], job: Job, **how: object) -> Verdict:
        self._call("verify", tuple(targets), how)
        job.step("checking", 1, 4)
        return self.verdict

    def looking(self, targets: Sequence[str], out: Path, job: Job) -> Looking:
        things = tuple(Looked(name=Path(target).name) for target in targets)
        return Looking(at=rfc3339(self.now()), things=things, out=out)

    def verification(self, verdict: Verdict, looking: Looking, lang: Lang, job: Job) -> Path:
        names = tuple(one.name for one in looking.things)
        self._call("verification", verdict.verdict, names, looking.out, lang)
        looking.out.write_bytes(b"%PDF-1.7")
        return looking.out

    # --- notices ---

    def regimes(self) -> tuple[Regime, ...]:
        return self._catalog.regimes()

    def platforms(self, world: str = "real") -> tuple[Platform, ...]:
        return self._catalog.platforms(world)

    def contacts(self, lang: Lang) -> tuple[Contact, ...]:
        self._call("contacts", lang)
        return self._catalog.contacts(lang)

    def _notice(self, notice: str) -> tuple[CaseFile, Notice]:
        for file in self.files.values():
            for one in file.notices:
                if one.id == notice:
                    return file, one
        raise Refused("not_found")

    def _put_notice(self, notice: Notice) -> Notice:
        file = self.files[notice.case_id]
        known = [n.id for n in file.notices]
        changed = (
            tuple(notice if n.id == notice.id else n for n in file.notices)
            if notice.id in known
            else (*file.notices, notice)
        )
        self.put(notice.case_id, notices=changed)
        return notice

    def draft(
        self,
        case: str,
        regime: str,
        platform: str,
        answers: Mapping[str, str],
        lang: Lang,
        job: Job,
    ) -> Notice:
        self._call("draft", case, regime, platform, dict(answers), lang)
        file = self.case_file(case)
        same = ("drafted", regime, platform, lang)
        open_ = [n for n in file.notices if (n.status, n.regime, n.platform, n.lang) == same]
        held = (
            open_[0]
            if open_
            else Notice(
                id=self.new_id(),
                case_id=file.case.id,
                number=f"L{len(file.notices) + 1:02d}",
                document=f"{file.case.number}-L{len(file.notices) + 1:02d}",
                regime=regime,
                platform=platform,
                lang=lang,
                answers={},
                text="",
                drafted=rfc3339(self._now),
            )
        )
        whole = {**held.answers, **answers}
        name = whole.get("name") or "（待确认：通知人姓名）"
        text = (
            "关于涉嫌侵害肖像权及个人信息权益的通知书\n\n"
            "致：演练短剧平台运营方（演练）\n"
            f"通知人：{name}\n\n一、涉嫌侵权内容\n《桃花渡》第 12 集，证据 E0001。\n\n"
            "二、事实与理由\n上述内容中的人物形象足以使一般公众将其识别为通知人本人，"
            "涉嫌未经同意使用信息技术手段伪造、使用并公开通知人肖像。\n\n"
            "三、依据\n《民法典》第一千零一十八条、第一千零一十九条、第一千一百九十五条。\n\n"
            "四、请求\n请贵平台及时采取删除、屏蔽、断开链接等必要措施，并告知处理结果。\n"
        )
        return self._put_notice(replace(held, answers=whole, text=text, edited=False))

    def revise(self, notice: str, answers: Mapping[str, str], job: Job) -> Notice:
        _, held = self._notice(notice)
        return self.draft(held.case_id, held.regime, held.platform, answers, held.lang, job)

    def discard(self, notice: str) -> Notice:
        self._call("discard", notice)
        file, gone = self._notice(notice)
        self.put(file.case.id, notices=tuple(n for n in file.notices if n.id != notice))
        self.entry(file.case.id, "notice.discarded", gone.document)
        return gone

    def again(self, notice: str, answers: Mapping[str, str], job: Job) -> Notice:
        self._call("again", notice)
        file, one = self._notice(notice)
        made = self.draft(file.case.id, "second-1195", one.platform, answers, one.lang, job)
        return self._put_notice(replace(made, follows=one.id, answers=one.answers))

    def followable(self, file: CaseFile) -> tuple[Notice, ...]:
        return again.followable(file, clock=self, catalog=self._catalog)

    def unanswered(self, file: CaseFile) -> tuple[Notice, ...]:
        return again.unanswered(file, clock=self, catalog=self._catalog)

    def check(self, notice: str) -> Gauge:
        _, one = self._notice(notice)
        regime = next(r for r in self.regimes() if r.id == one.regime)
        facts = {name: value for name, value in one.answers.items() if value}
        facts |= {
            "exhibits": "E0001–E0003",
            "locations": "3 处",
            "articles": "4 条",
            "agreed": "没有",
        }
        facts.setdefault("measures", "3 项")
        found = elements(regime, facts)
        return Gauge(elements=found, unconfirmed=() if one.answers.get("name") else ("name",))

    def edit(self, notice: str, text: str, job: Job) -> Notice:
        self._call("edit", notice, text)
        _, one = self._notice(notice)
        return self._put_notice(replace(one, text=text or one.text, edited=bool(text)))

    def approve(self, notice: str, job: Job) -> Notice:
        self._call("approve", notice)
        job.step("writing", 1, 3)
        file, one = self._notice(notice)
        files = tuple(
            NoticeFile(
                name=name,
                path=f"notices/{name}",
                sha256="2" * 64,
                size=size,
                media_type=media,
            )
            for name, size, media in (
                (f"{one.document}.pdf", 182_000, "application/pdf"),
                (f"{one.document}.docx", 96_000, "application/x"),
                (f"{one.document}.eml", 240_000, "message/rfc822"),
            )
        )
        form = (
            FormEntry(id="category", label="投诉类型", text="侵犯肖像权 → 我是权利人"),
            FormEntry(id="name", label="权利人姓名", text="林某"),
            FormEntry(
                id="link", label="侵权链接", text="https://duanju.practice.example/v/taohuadu/12"
            ),
            FormEntry(
                id="statement",
                label="侵权说明",
                text="上述内容中的人物形象足以使一般公众将其识别为通知人本人，涉嫌未经同意利用信息技术手段伪造、使用并公开通知人肖像。"
                * 3,
                limit=500,
                shortened=True,
            ),
            FormEntry(id="id_number", label="证件号码", text="330100********002X", secret=True),
        )
        self.entry(file.case.id, "notice.approved", one.document)
        return self._put_notice(
            replace(one, status="approved", approved=rfc3339(self._now), files=files, form=form)
        )

    def notice_files(self, notice: str, out_dir: Path, job: Job) -> tuple[Path, ...]:
        self._call("notice_files", notice, out_dir)
        _, one = self._notice(notice)
        made = []
        for file in one.files:
            path = out_dir / file.name
            path.write_bytes(b"x")
            made.append(path)
        return tuple(made)

    def full_value(self, notice: str, field: str) -> str:
        self._call("full_value", notice, field)
        return "33010020000101002X"

    def sent(
        self, notice: str, channel: str, when: str = "", receipt: Path | None = None
    ) -> Submission:
        self._call("sent", notice, channel, when, receipt)
        file, one = self._notice(notice)
        made = Submission(
            id=self.new_id(),
            case_id=file.case.id,
            notice_id=notice,
            channel=channel,
            sent=when or rfc3339(self._now),
        )
        self.entry(file.case.id, "notice.sent", one.document, {"channel": channel})
        self._put_notice(replace(one, status="sent"))
        file = self.files[file.case.id]
        due = FollowUp(
            id=self.new_id(),
            case_id=file.case.id,
            notice_id=notice,
            term="reply",
            basis="requested",
            rule="",
            due=(START.date() + timedelta(days=2)).isoformat(),
            set=rfc3339(self._now),
        )
        self.put(
            file.case.id, submissions=(*file.submissions, made), followups=(*file.followups, due)
        )
        return made

    def answer(
        self,
        notice: str,
        kind: str,
        when: str = "",
        note: str = "",
        letter: Path | None = None,
        by: str = "",
    ) -> PlatformAnswer:
        self._call("answer", notice, kind, when, note, letter, by)
        file, one = self._notice(notice)
        self.entry(file.case.id, "answer.received", one.document, {"kind": kind})
        return PlatformAnswer(
            id=self.new_id(),
            case_id=file.case.id,
            notice_id=notice,
            kind=kind,
            received=rfc3339(self._now),
            note=note,
        )

    @property
    def set_back(self) -> tuple[Case, ...]:
        return tuple(file.case for file in self.files.values() if file.case.id in self.behind)

    def due(self, within_days: int = 30) -> tuple[Due, ...]:
        today = START.date()
        found = []
        for file in self.files.values():
            letters = {n.id: n for n in file.notices}
            for one in file.followups:
                if not one.done and date.fromisoformat(one.due) <= today + timedelta(
                    days=within_days
                ):
                    found.append(
                        Due(
                            follow_up=one,
                            case=file.case,
                            notice=letters[one.notice_id],
                            standing=standing(one, today),
                            days_left=days_left(one, today),
                        )
                    )
        return tuple(found)

    def looks_due(self, case: str) -> tuple[str, ...]:
        mine = [one.follow_up for one in self.due(0) if one.case.id == case]
        return tuple(one.id for one in mine if one.term.startswith("recheck"))

    def followup_done(self, followup: str) -> FollowUp:
        self._call("followup_done", followup)
        for file in self.files.values():
            for one in file.followups:
                if one.id == followup:
                    ended = replace(one, done=rfc3339(self._now))
                    rest = tuple(ended if f.id == followup else f for f in file.followups)
                    self.put(file.case.id, followups=rest)
                    return ended
        raise Refused("not_found")

    # --- rehearsal ---

    def practise(self, out: Path | None, job: Job, lang: Lang = "zh") -> FakeRun:
        self._call("practise", lang)
        for step in self.steps:
            job.step(*step)
        case = self.open_case("林某·《桃花渡》", "practice")
        self.exhibit(case.id, "第 12 集播放页", stamps="simulated")
        return FakeRun(case=case)


def furnished(data: Path, *, settings: Settings | None = None) -> FakeHoldfast:
    """A Holdfast with three cases in every state there is."""
    fake = FakeHoldfast(data, settings=settings)
    days = [START - timedelta(days=n) for n in range(8)]
    lin = fake.open_case("林某·《桃花渡》", "practice")
    fake.exhibit(
        lin.id,
        "第 12 集播放页",
        purpose="涉案内容的位置、账号与播放量",
        stamps="simulated simulated/opentimestamps",
        at=days[6],
    )
    fake.exhibit(
        lin.id,
        "第 12 集视频 02:14",
        source="video",
        stamps="simulated pending/opentimestamps",
        at=days[6],
    )
    fake.exhibit(lin.id, "本人照片 3 张", source="file", stamps="queued", at=days[5])
    letter = fake.draft(
        lin.id,
        "civil-1195",
        "practice",
        {"used": "face", "agreed": "no", "name": "林某"},
        "zh",
        Job(),
    )
    fake.entry(lin.id, "notice.drafted", letter.document, at=days[4])
    who = {"name": "林某", "legal_name": "林某", "phone": "13800000000"}
    fake.describe_party(lin.id, "claimant", {**who, "id_number": "33010020000101002X"})
    fake.put(lin.id, licences=(Licence(id="l", case_id=lin.id, agreed="no"),))

    serial = series_of(lin.id, fake.new_id)
    fake.serials[serial.series.id] = serial

    xu = fake.open_case("许某·《青瓦巷九号》")
    fake.exhibit(
        xu.id,
        "账号主页",
        purpose="账号主体",
        stamps="confirmed confirmed/opentimestamps",
        at=days[3],
    )
    fake.exhibit(xu.id, HOSTILE, stamps="one_source/opentimestamps", at=days[2], complete=False)
    fake.exhibit(xu.id, "屏幕截图", source="screen", stamps="broken", at=days[1])
    sent = fake.draft(
        xu.id, "civil-1195", "douyin", {"used": "face", "agreed": "no", "name": "许某"}, "zh", Job()
    )
    fake.approve(sent.id, Job())
    fake.sent(sent.id, "webform")

    he = fake.open_case("何某·有声剧《第七夜》")
    fake.exhibit(he.id, "第 3 集", stamps="pending pending/opentimestamps", at=days[0])
    fake.put(
        he.id,
        attempts=(
            Attempt(
                id="a1",
                case_id=he.id,
                source="page",
                target="https://example.test/v/13",
                code="unreachable",
                at=rfc3339(days[0]),
            ),
            Attempt(
                id="a2",
                case_id=he.id,
                source="video",
                target="https://example.test/v/14",
                code="interrupted",
                at=rfc3339(days[0]),
                exhibit="E0001",
            ),
        ),
    )
    fake.entry(
        he.id, "capture.failed", "a1", {"code": "file_in_the_way", "source": "page", "exhibit": ""}
    )
    fake.calls.clear()
    return fake


VERDICTS = {
    "ok": Verdict(
        verdict="ok",
        recorded=True,
        findings=(
            Finding(
                subject="data/ledger/entries.jsonl", rule="ledger_match", outcome="ok", detail="61"
            ),
        ),
        timestamps=(
            TimestampSeen(
                subject="E0001",
                kind="rfc3161",
                network="tsa-a",
                status="confirmed",
                time="2026-11-12T13:09:02.000Z",
                by="时间戳服务甲",
            ),
            TimestampSeen(
                subject="E0001",
                kind="opentimestamps",
                network="bitcoin",
                status="confirmed",
                time="2026-11-13T01:31:07.000Z",
                by="block 975412",
            ),
        ),
    ),
    "broken": Verdict(
        verdict="broken",
        recorded=True,
        findings=(
            Finding(
                subject="data/ledger/entries.jsonl", rule="ledger_match", outcome="ok", detail="88"
            ),
            Finding(
                subject="data/exhibits/E0002/files/video.mp4",
                rule="token_imprint",
                outcome="broken",
                detail="SHA-256",
            ),
        ),
    ),
    "weak": Verdict(
        verdict="weak",
        recorded=True,
        findings=(
            Finding(subject="E0001", rule="ots_one_source", outcome="weak", detail="A"),
            Finding(subject="E0001", rule="ledger_match", outcome="ok", detail="9"),
        ),
    ),
    "pending": Verdict(
        verdict="unchecked",
        recorded=True,
        timestamps=(
            TimestampSeen(subject="E0001", kind="opentimestamps", network="", status="pending"),
        ),
        findings=(
            Finding(subject="E0001", rule="ots_pending", outcome="unchecked", detail="a"),
            Finding(subject="E0001", rule="ledger_match", outcome="ok", detail="9"),
        ),
    ),
    "unchecked": Verdict(
        verdict="unchecked",
        findings=(Finding(subject="E0001", rule="ots_no_header", outcome="unchecked", detail="a"),),
    ),
    "practice": Verdict(
        verdict="unchecked",
        timestamps=(
            TimestampSeen(
                subject="E0001",
                kind="rfc3161",
                network="practice",
                status="simulated",
                time="2026-11-12T13:09:02.000Z",
                by="演练",
            ),
        ),
        findings=(
            Finding(subject="E0001", rule="token_simulated", outcome="unchecked", detail="a"),
        ),
    ),
}
