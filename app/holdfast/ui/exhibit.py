"""One exhibit in full: picture, what it proves, files, time-stamps, where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from holdfast.core.canonical import Json
from holdfast.core.environment import runs_of
from holdfast.core.evidence import Artifact, Exhibit
from holdfast.core.job import Job
from holdfast.core.origin import Row, sentence
from holdfast.core.timestamp import Stamp
from holdfast.ui.desk import Desk
from holdfast.ui.heard import HeardRow
from holdfast.ui.layout import Flow, Fold, column, emptied, row
from holdfast.ui.marks import tell_marks
from holdfast.ui.parts import Chip, Facts, HashLabel, Proves, Tag, Thumb, panel
from holdfast.ui.phrases import (
    State,
    best,
    exhibit_state,
    full_time,
    said_by,
    sealing_lines,
    size,
    stamp_history,
    stamp_state,
    stamps_of,
    utc_time,
)
from holdfast.ui.pictures import load_picture
from holdfast.ui.save import open_outside
from holdfast.ui.story import title_of
from holdfast.ui.widgets import Button, Glyph, Label, Line
from holdfast.usecases.checked import check_words

if TYPE_CHECKING:
    from holdfast.usecases.cases import CaseFile

Learnt: TypeAlias = "tuple[Mapping[str, Json], tuple[Mapping[str, Json], ...], tuple[Row, ...]]"
"""What an exhibit's manifest, its media and its origin say."""
MOST_FILES = 200
"""More are counted, not drawn."""


class ExhibitDetail(QFrame):
    """Everything there is to say about the selected exhibit."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName("detailbody")
        px = desk.look.px
        self._file: CaseFile | None = None
        self._exhibit: Exhibit | None = None
        self._told: tuple[Exhibit, tuple[Stamp, ...], str] | None = None
        self._manifest: Mapping[str, Json] = {}
        self._rows: tuple[Row, ...] = ()
        self.tag = Tag(desk)
        self.title = Label(desk, role="heading")
        self.chip = Chip(desk)
        self.incomplete = Label(desk, tone="warning")
        self.thumb = Thumb(desk, wide=214, high=114)
        self.proves = Proves(desk)
        self.files, self.stamps = column(), column(gap=px(8))
        self.origin, self.marks = Facts(desk), column(gap=desk.look.px(8))
        self._marks: tuple[Mapping[str, Json], ...] = ()
        self.open = Button(desk, "exhibit.open", icon="open", size="small")
        self.open.clicked.connect(self._open)
        self.withdraw = Button(desk, "exhibit.withdraw", kind="link")
        self.withdraw.clicked.connect(self._withdraw)
        self.environment = Button(desk, "exhibit.environment", kind="link")
        self.environment.clicked.connect(self._environment)
        self.take_in = Button(desk, "import.open", kind="link")
        self.take_in.clicked.connect(self._take_in)
        self._build()

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        head = row(self.tag, self.title, gap=px(12))
        head.setStretch(1, 1)
        head.setAlignment(self.tag, Qt.AlignmentFlag.AlignTop)
        top = Fold(self.thumb, self.proves, gap=px(16), below=px(480), stretch=(0, 1))
        top.box.setAlignment(self.thumb, Qt.AlignmentFlag.AlignTop)
        left, right = QWidget(), QWidget()
        left.setLayout(
            column(
                Label(desk, "exhibit.stamps", role="small"),
                self.stamps,
                row(self.take_in, None),
                None,
                gap=px(8),
            )
        )
        right.setLayout(
            column(
                Label(desk, "exhibit.origin", role="small"),
                self.origin,
                row(self.environment, None),
                None,
                gap=px(8),
            )
        )
        bottom = Fold(left, right, gap=px(24), below=px(560), stretch=(1, 1))
        buttons = QWidget()
        buttons.setLayout(Flow(self.open, self.withdraw, gap=px(16)))
        self._marks_holder = QWidget()
        self._marks_holder.setLayout(
            column(Label(desk, "exhibit.marks", role="small"), self.marks, gap=px(8))
        )
        self._marks_holder.hide()
        side = px(24)
        self.setLayout(
            column(
                head,
                px(8),
                self.chip,
                self.incomplete,
                px(16),
                top,
                px(16),
                Label(desk, "exhibit.files", role="small"),
                px(8),
                self.files,
                px(8),
                buttons,
                px(16),
                bottom,
                px(16),
                self._marks_holder,
                None,
                margins=(side, px(16), side, side),
            )
        )

    def show_exhibit(self, file: CaseFile, exhibit: Exhibit) -> None:
        """It shows this one."""
        fresh = self._exhibit is None or self._exhibit.id != exhibit.id
        self._file, self._exhibit = file, exhibit
        stamps = stamps_of(exhibit, file.stamps, sealing_lines(file).get(exhibit.number))
        told = (exhibit, stamps, self.desk.lang)
        if told != self._told:
            # What is the same is not drawn again: somebody may be reading or copying from it.
            self._told = told
            self.retell()
        if not fresh:
            return
        self._manifest, self._marks, self._rows = {}, (), ()
        self._tell_marks()
        load_picture(self.desk, exhibit, self.thumb)
        holdfast = self.desk.holdfast

        def work(_: Job) -> Learnt:
            manifest = holdfast.manifest(exhibit)
            return manifest, holdfast.marks_of(manifest), holdfast.origin(exhibit)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda found: self._show_manifest(exhibit.id, found))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _show_manifest(self, id: str, found: Learnt) -> None:
        if self._exhibit is not None and self._exhibit.id == id:
            self._manifest, self._marks, self._rows = found
            self._tell_origin()
            self._tell_marks()

    def _tell_marks(self) -> None:
        """What files and page say about AI, side by side: each only what its writer said."""
        emptied(self.marks)
        on_page = page_label(self._manifest)
        self._marks_holder.setVisible(bool(self._marks or on_page))
        if on_page:
            words = Label(self.desk, role="caption")
            words.tell("exhibit.marks.page", label=on_page)
            self.marks.addWidget(words)
        tell_marks(self.desk, self.marks, self._marks)

    @property
    def exhibit(self) -> Exhibit | None:
        """Which one it shows."""
        return self._exhibit

    def retell(self) -> None:
        """The same in the language that is spoken now."""
        file, exhibit = self._file, self._exhibit
        if file is None or exhibit is None:
            return
        desk = self.desk
        stamps = stamps_of(exhibit, file.stamps, sealing_lines(file).get(exhibit.number))
        practice = file.case.world == "practice"
        state = exhibit_state(desk, stamps, practice=practice)
        self.tag.show_text(exhibit.number)
        self.title.show_text(title_of(desk, exhibit))
        self.chip.show_state(state)
        found = best(stamps)
        self.chip.setToolTip(utc_time(found.time) if found and found.time else "")
        self.incomplete.setVisible(not exhibit.complete)
        self.incomplete.tell("exhibit.incomplete")
        self.withdraw.setVisible(not exhibit.withdrawn)
        self._tell_proves(exhibit, found)
        self._tell_files(exhibit)
        self._tell_stamps(stamps)
        self._tell_origin()
        self._tell_marks()

    def _tell_proves(self, exhibit: Exhibit, found: Stamp | None) -> None:
        count = len(exhibit.artifacts)
        if found is not None and found.time and found.status in ("confirmed", "simulated"):
            does = self.desk.say("exhibit.proves", count=count, time=full_time(found.time))
        else:
            does = self.desk.say("exhibit.proves.later", count=count)
        not_ = ["proves.not.server", "proves.not.maker", "proves.not.court"]
        if exhibit.source == "file":
            not_[0] = "proves.not.received"
        elif exhibit.source == "screen":
            not_[0] = "proves.not.screen"
        elif exhibit.source == "phone":
            not_[0] = "proves.not.phone"
        self.proves.show_lines((does,), not_)

    def _tell_files(self, exhibit: Exhibit) -> None:
        emptied(self.files)
        rows = [self._file_row(artifact) for artifact in exhibit.artifacts[:MOST_FILES]]
        if rows:
            self.files.addWidget(panel(*rows))
        left = len(exhibit.artifacts) - len(rows)
        if left > 0:
            more = Label(self.desk, role="caption", tone="secondary")
            more.tell("exhibit.more", count=left)
            self.files.addWidget(more)

    def _file_row(self, artifact: Artifact) -> QFrame:
        px, desk = self.desk.look.px, self.desk
        name, amount = Line(desk), Label(desk, role="caption", tone="secondary", wrap=False)
        known = desk.say_or(f"file.{artifact.path.removeprefix('files/')}", "")
        name.show_text(known or artifact.name or artifact.path.rpartition("/")[2])
        amount.show_text(size(artifact.size))
        hashes = HashLabel(desk)
        hashes.show_digest(artifact.digest)
        head = row(name, amount, gap=px(12))
        head.setStretch(0, 1)
        frame = QFrame()
        frame.setLayout(column(head, hashes, gap=px(4), margins=(px(12), px(8), px(8), px(8))))
        return frame

    def _tell_stamps(self, stamps: tuple[Stamp, ...]) -> None:
        emptied(self.stamps)
        whole = [s for s in stamps if s.subject.kind != "file" or s.imported] or list(stamps)
        seen: dict[tuple[str, str], Stamp] = {}
        for stamp in sorted(whole, key=_by_weight):
            seen.setdefault((stamp.kind, stamp.authority), stamp)
        for stamp in seen.values():
            self.stamps.addWidget(self._stamp_row(stamp, stamp_state(self.desk, stamp)))
        if not seen:
            self.stamps.addWidget(Label(self.desk, "state.queued", tone="secondary"))

    def _stamp_row(self, stamp: Stamp, state: State) -> QWidget:
        desk, px = self.desk, self.desk.look.px
        words = Label(desk, tone=state.tone)
        words.show_text(state.sentence)
        words.setToolTip(utc_time(stamp.time))
        who = Label(desk, role="caption", tone="secondary")
        who.show_text(said_by(desk, stamp))
        told: list[QWidget] = [words, who]
        if history := stamp_history(desk, stamp):
            later = Label(desk, role="caption", tone="secondary")
            later.show_text(history)
            told.append(later)
        if stamp.answers:
            told.append(HeardRow(desk, stamp))
        glyph = Glyph(desk, state.icon, state.tone, size=18)
        inside = row(glyph, column(*told, gap=px(2)), gap=px(8))
        inside.setStretch(1, 1)
        inside.setAlignment(glyph, Qt.AlignmentFlag.AlignTop)
        holder = QWidget()
        holder.setAccessibleName(state.sentence)
        holder.setLayout(inside)
        return holder

    def _tell_origin(self) -> None:
        exhibit = self._exhibit
        if exhibit is None:
            return
        facts = origin_facts(self.desk, exhibit, self._manifest)
        self.origin.show_facts([*facts, *row_facts(self.desk, self._rows)])
        self.environment.setVisible(runs_of(self._manifest) is not None)

    def _environment(self) -> None:
        if self._file is not None and self._exhibit is not None:
            what = (self._file.case.id, self._exhibit.number)
            self.desk.wanted.emit("environment", what)

    def _take_in(self) -> None:
        if self._file is not None:
            self.desk.wanted.emit("token", self._file.case.id)

    def _open(self) -> None:
        if self._exhibit is None or not self._exhibit.artifacts:
            return
        first = self._exhibit.artifacts[0]
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.artifact(first.digest.sha256))
        task.succeeded.connect(lambda path: open_outside(path.parent))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _withdraw(self) -> None:
        if self._file is None or self._exhibit is None:
            return
        from holdfast.ui.ask import ask

        if not ask(self, self.desk, "exhibit.withdraw.ask", number=self._exhibit.number):
            return
        holdfast, case, number = self.desk.holdfast, self._file.case.id, self._exhibit.number
        task = self.desk.runner.start(lambda _: holdfast.withdraw(case, number))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))


def _by_weight(stamp: Stamp) -> tuple[bool, bool, str]:
    sure = stamp.status in ("confirmed", "simulated")
    return (not sure, stamp.subject.kind != "manifest", stamp.time or "9")


def origin_facts(
    desk: Desk, exhibit: Exhibit, manifest: Mapping[str, Json]
) -> list[tuple[str, str, bool]]:
    """Where an exhibit came from, line by line; what its manifest does not say is not said."""
    facts: list[tuple[str, str, bool]] = []
    target, received = manifest.get("target"), manifest.get("received")
    seen, network = manifest.get("observations"), manifest.get("network")
    if isinstance(target, Mapping) and target.get("typed"):
        facts.append(("origin.typed", str(target["typed"]), True))
    if exhibit.url:
        facts.append(("origin.opened", exhibit.url, True))
    if isinstance(seen, Mapping):
        if seen.get("status") is not None:
            facts.append(("origin.status", str(seen["status"]), False))
        if seen.get("account"):
            facts.append(("origin.account", str(seen["account"]), False))
        counters = seen.get("counters")
        if isinstance(counters, list) and counters:
            shown = " · ".join(
                f"{desk.say_or('counter.' + str(c['name']), str(c['name']))} {c['value']}"
                for c in counters
                if isinstance(c, Mapping)
            )
            facts.append(("origin.counters", shown, False))
    if isinstance(network, Mapping) and network.get("address"):
        facts.append(("origin.address", str(network["address"]), True))
    if isinstance(received, Mapping):
        whole = [str(received[key]) for key in ("from", "how", "when") if received.get(key)]
        facts.append(("origin.received", " · ".join(whole) or desk.say("origin.not_stated"), False))
    facts.append(("origin.kind", desk.say(f"source.{exhibit.source}"), False))
    facts.append(("origin.sealed", full_time(exhibit.sealed), False))
    clock = manifest.get("clock")
    if isinstance(clock, Mapping):
        offset = clock.get("offset_ms")
        known = (
            desk.say("origin.clock.offset", seconds=f"{int(offset) / 1000:+.2f}")
            if isinstance(offset, int)
            else desk.say("origin.clock.unknown")
        )
        facts.append(("origin.clock", known, False))
    facts.append(("origin.complete", _completeness(desk, exhibit, manifest), False))
    if exhibit.purpose:
        facts.append(("origin.purpose", exhibit.purpose, False))
    return facts


def page_label(manifest: Mapping[str, Json]) -> str:
    """The AI labels that were read on the page itself, each with its place where that is known;
    empty when none was detected.
    """
    seen = manifest.get("observations")
    if not isinstance(seen, Mapping):
        return ""
    placed = [
        f"{one.get('text', '')} ({one.get('file', '')} {one.get('x')}, {one.get('y')})"
        for one in _maps(seen.get("shown"))
        if one.get("kind") == "ai_label"
    ]
    counted = (one for one in _maps(seen.get("counters")) if one.get("name") == "ai_label")
    return " · ".join(placed or [str(one.get("value", "")) for one in counted])


def _maps(value: Json) -> list[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def row_facts(desk: Desk, rows: Sequence[Row]) -> list[tuple[str, str, bool]]:
    """What was learnt of the origin; what was asked of others says so, and when."""
    return [(f"origin.row.{one.key}", sentence(one, desk.say, full_time), False) for one in rows]


def _completeness(desk: Desk, exhibit: Exhibit, manifest: Mapping[str, Json]) -> str:
    checks = manifest.get("completeness")
    red = []
    if isinstance(checks, list):
        for check in checks:
            if isinstance(check, Mapping) and check.get("outcome") in ("fail", "warn"):
                name, outcome, detail = (
                    str(check.get(key) or "") for key in ("check", "outcome", "detail")
                )
                red.append(check_words(name, outcome, detail, desk.words))
    if red:
        return "\n".join(red)
    return desk.say("origin.complete.yes" if exhibit.complete else "origin.complete.no")
