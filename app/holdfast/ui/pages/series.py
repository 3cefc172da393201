"""A series: every episode a row, which ones to keep, how far that is, and its numbers over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import QModelIndex, QObject, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionViewItem, QWidget

from holdfast.core.errors import HoldfastError
from holdfast.core.job import Job, Progress
from holdfast.core.series import Episode, chosen, total, unkeepable
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, column, framed
from holdfast.ui.page import Page
from holdfast.ui.parts import Footer
from holdfast.ui.phrases import full_time, plain_tip, short_time
from holdfast.ui.rows import ROW, Index
from holdfast.ui.tables import Cell, CellDelegate, CellTable, Table
from holdfast.ui.widgets import Bar, Button, Check, Choice, Field, Label, Line, announce

if TYPE_CHECKING:
    from holdfast.ui.runner import Task
    from holdfast.usecases.series import SeriesFile

COLUMNS = (
    "series.column.tick",
    "series.column.number",
    "series.column.title",
    "series.column.length",
    "series.column.plays",
    "series.column.date",
    "series.column.access",
    "series.column.state",
)
TICK, TITLE = 0, 2
GAPS = (0, 5_000, 30_000, 120_000)
"""Milliseconds between two episodes that can be chosen."""
HISTORY = ("series.history.taken", "series.history.episodes", "series.history.plays")
_ICONS = {
    "listed": "",
    "queued": "pending",
    "running": "pending",
    "kept": "check",
    "failed": "warning",
    "skipped": "lock",
}
_TONES = {"running": "pending", "failed": "warning", "kept": "text"}


class Teller(QObject):
    """Brings what a queue says from its threads to the window's."""

    told = Signal(object, object)


@dataclass(slots=True)
class _Row:
    """An episode with its tick and what is heard of it."""

    episode: Episode
    ticked: bool
    progress: Progress | None = None


@dataclass(slots=True)
class _Live:
    """A queue that this window works on."""

    task: Task
    pausing: bool = False
    done: int = 0
    total: int = 0
    label: str = ""
    heard: dict[str, Progress] = field(default_factory=dict)


class EpisodeModel(CellTable):
    """Rows that change one by one while they are kept."""

    def retell_row(self, at: int, cells: tuple[Cell, ...]) -> None:
        """That row shows these cells; selection and place stay."""
        self.rows[at] = (self.rows[at][0], cells)
        last = len(self.columns) - 1
        self.dataChanged.emit(self.index(at, 0), self.index(at, last))

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if section == TICK and role == Qt.ItemDataRole.AccessibleTextRole:
            return self.desk.say("series.column.tick.name")
        return super().headerData(section, orientation, role)


class TickDelegate(CellDelegate):
    """Draws the box of a row that can be ticked; of the others nothing."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: Cell = index.data(ROW)
        look, area = self.desk.look, option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, look.color("selection"))
        painter.fillRect(QRect(area.x(), area.bottom(), area.width(), 1), look.color("hairline"))
        if cell.icon:
            side = look.px(16)
            box = QRect(0, 0, side, side)
            box.moveCenter(area.center())
            on = cell.icon == "ticked"
            painter.setPen(QPen(look.color("accent" if on else "control"), 1.2))
            painter.setBrush(look.color("accent" if on else "surface"))
            painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), look.px(4), look.px(4))
            if on:
                ratio = option.widget.devicePixelRatioF() if option.widget else 1.0
                mark = look.pixmap("check", "on_accent", side, ratio)
                painter.drawPixmap(box.adjusted(2, 2, -2, -2), mark)
        painter.restore()


class EpisodeTable(Table):
    """Space and a click on the box tick and untick."""

    toggled = Signal(object)
    """Row numbers."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            rows = sorted({index.row() for index in self.selectionModel().selectedIndexes()})
            self.toggled.emit(rows)
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == TICK:
            self.toggled.emit([index.row()])


class PlayChart(QWidget):
    """A counter over time as a line; the same numbers stand beside it as a table."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._values: tuple[int, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(desk.say("series.chart"))

    def show_values(self, values: Sequence[int]) -> None:
        """These, oldest first."""
        self._values = tuple(values)
        self.setVisible(len(values) > 1)
        self.setAccessibleName(self._desk.say("series.chart"))
        if values:
            said = self._desk.say(
                "series.chart.say",
                count=len(values),
                first=f"{values[0]:,}",
                last=f"{values[-1]:,}",
            )
            self.setAccessibleDescription(said)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._desk.look.px(132), self._desk.look.px(56))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._values) < 2:
            return
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = look.px(6)
        wide, high = self.width() - 2 * edge, self.height() - 2 * edge
        low, most = min(self._values), max(self._values)
        span = max(1, most - low)
        painter.setPen(QPen(look.color("hairline"), 1))
        painter.drawLine(edge, self.height() - edge, self.width() - edge, self.height() - edge)
        points = [
            QPointF(
                edge + wide * at / (len(self._values) - 1), edge + high * (1 - (one - low) / span)
            )
            for at, one in enumerate(self._values)
        ]
        painter.setPen(QPen(look.color("accent"), 1.5))
        painter.drawPolyline(points)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent"))
        for at, point in enumerate(points):
            side = look.px(7 if at == len(points) - 1 else 5) / 2
            painter.drawEllipse(point, side, side)


class SeriesPage(Page):
    """Choose, keep, pause, go on."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._file: SeriesFile | None = None
        self._wanted = ""
        self._rows: list[_Row] = []
        self._live: dict[str, _Live] = {}
        self.title = Line(desk, role="title")
        self.about = Label(desk, tone="secondary")
        self.listed = Label(desk, role="caption", tone="secondary")
        self.own = Label(desk, "series.own", role="caption", tone="secondary")
        self.open = Button(desk, "series.open", size="small")
        self.open.clicked.connect(self._open_case)
        self.renew = Button(desk, "series.renew", icon="again", size="small")
        self.renew.clicked.connect(self._renew)
        self.all = Button(desk, "series.all", size="small")
        self.all.clicked.connect(lambda: self._tick(lambda one: not unkeepable(one.listed)))
        self.none = Button(desk, "series.none", size="small")
        self.none.clicked.connect(lambda: self._tick(lambda _: False))
        self.range = Field(desk, "series.range.name", hint="series.range.hint", limit=80)
        self.range.setMinimumWidth(px(160))
        self.range.returnPressed.connect(self._only_range)
        self.only = Button(desk, "series.range", size="small")
        self.only.clicked.connect(self._only_range)
        self.pages = Check(desk, "series.pages")
        self.gap = Choice(desk, "series.gap")
        self.gap.setMinimumContentsLength(24)
        self.wrong = Label(desk, role="caption", tone="warning")
        self.wrong.hide()
        self.model = EpisodeModel(desk, COLUMNS, key=lambda one: one.episode.id)
        self.table = EpisodeTable(desk, "series.table", high=34)
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(TICK, TickDelegate(desk, self.table, 34))
        self.table.toggled.connect(self._toggle)
        self.table.opened.connect(self._open_row)
        self.table.setMinimumHeight(px(200))
        self.hint = Label(desk, "series.hint", role="caption", tone="secondary")
        self.chart = PlayChart(desk)
        self.past = CellTable(desk, HISTORY)
        self.history = Table(desk, "series.history", high=30)
        self.history.setModel(self.past)
        self.history.setMinimumHeight(px(110))
        self.bar = Bar(desk)
        self.state = Label(desk)
        self.why = Label(desk, role="caption", tone="warning")
        self.pause = Button(desk, "series.pause")
        self.pause.clicked.connect(self._pause)
        self.again = Button(desk, "series.again", icon="again")
        self.again.clicked.connect(lambda: self._start(again=True))
        self.keep = Button(desk, "series.keep", kind="primary")
        self.keep.clicked.connect(self._keep)
        self._build()

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        side = px(24)
        names = QWidget()
        names.setLayout(column(self.title, self.about, self.listed, self.own, gap=px(4)))
        ways = QWidget()
        ways.setLayout(Flow(self.open, self.renew, gap=px(8)))
        head = Fold(names, ways, gap=px(16), below=px(620), stretch=(1, 0))
        picks = QWidget()
        picks.setLayout(
            Flow(self.all, self.none, self.range, self.only, self.pages, self.gap, gap=px(8))
        )
        top = framed(
            column(head, px(12), picks, self.wrong, margins=(side, px(18), side, px(12))), "head"
        )
        left = QWidget()
        left.setLayout(column(self.table, px(6), self.hint))
        story = Label(desk, "series.history.line", role="caption", tone="secondary")
        right = QWidget()
        beside = column(
            Label(desk, "series.history", role="small"),
            story,
            self.chart,
            self.history,
            gap=px(8),
        )
        beside.setStretch(3, 1)
        right.setLayout(beside)
        right.setMinimumWidth(px(312))
        both = Fold(left, right, gap=px(24), below=px(900), stretch=(3, 1))
        body = framed(column(both, margins=(side, px(12), side, px(12))), "body")
        going = QWidget()
        going.setLayout(
            column(self.bar, self.state, self.why, gap=px(6), margins=(side, px(8), side, px(8)))
        )
        self.footer = Footer(desk, self.again, self.pause, self.keep)
        layout = column(top, body, going, self.footer)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    # --- what is shown ---------------------------------------------------------------------------

    def arrive(self, what: object) -> None:
        """``what``: (case, series); with an empty series the newest of the case."""
        if isinstance(what, tuple):
            case, wanted = what
            self._load(str(case), str(wanted))
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _load(self, case: str, wanted: str) -> None:
        holdfast = self.desk.holdfast
        self._wanted = wanted

        def work(_: Job) -> tuple[SeriesFile | None, bool]:
            known = holdfast.known_series(case)
            series = wanted or (known[-1].id if known else "")
            practice = holdfast.case_file(case).case.world == "practice"
            return (holdfast.one_series(series) if series else None), practice

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda both: self._show(*both))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _show(self, file: SeriesFile | None, practice: bool) -> None:
        if file is None:
            self.title.show_text(self.desk.say("series.empty"))
            return
        self.rehearse(practice=practice)
        same = self._file is not None and self._file.series.id == file.series.id
        before = {one.episode.id: one.ticked for one in self._rows} if same else {}
        self._file = file
        self._rows = [
            _Row(episode=one, ticked=before.get(one.id, self._first_tick(one)))
            for one in file.episodes
        ]
        if not same:
            self.pages.setChecked(file.series.pages)
            self._fill_gaps(file.series.gap_ms)
        self.retell()
        self._fit()

    @staticmethod
    def _first_tick(one: Episode) -> bool:
        if one.state == "listed":
            return not unkeepable(one.listed)
        return one.state in ("queued", "running")

    def retell(self) -> None:
        file = self._file
        if file is None:
            return
        self._fill_gaps(self.gap.currentData() or 0)
        self.title.show_text(file.series.title)
        last = file.inventories[-1] if file.inventories else None
        paid = sum(one.listed.access == "paid" for one in file.episodes)
        told = {"count": len(file.episodes), "paid": paid, "host": _host(file.series.url)}
        if last is not None and last.stated is not None:
            self.about.tell("series.about_stated", stated=last.stated, **told)
        else:
            self.about.tell("series.about", **told)
        self.own.setVisible(file.series.own)
        self.listed.setVisible(last is not None)
        if last is not None:
            self.listed.tell("series.listed", exhibit=last.exhibit)
        self.model.show_rows([(one, self._cells(one)) for one in self._rows])
        self._tell_history(file)
        self._tell_state()

    def _fill_gaps(self, chosen: int) -> None:
        """How long a site is left alone between two episodes; also what was chosen elsewhere."""
        self.gap.clear()
        for gap in sorted({*GAPS, chosen}):
            key = "series.gap.seconds" if gap else "series.gap.none"
            self.gap.addItem(self.desk.say(key, seconds=f"{gap / 1000:g}"), gap)
        self.gap.setCurrentIndex(self.gap.findData(chosen))
        self.gap.setToolTip(plain_tip(self.desk.say("series.gap.why")))

    def _fit(self) -> None:
        self.table.resizeColumnsToContents()
        px = self.desk.look.px
        self.table.setColumnWidth(TICK, px(36))
        self.table.setColumnWidth(TITLE, max(px(120), min(self.table.columnWidth(TITLE), px(164))))
        self.history.resizeColumnsToContents()

    def _cells(self, one: _Row) -> tuple[Cell, ...]:
        desk, episode = self.desk, one.episode
        listed = episode.listed
        quiet = "secondary" if episode.state == "skipped" or unkeepable(listed) else "text"
        plays = next((c.value for c in listed.counters if c.name == "plays"), "")
        none = Cell(text="—", tone="secondary")
        number = listed.number if listed.number is not None else episode.place
        tick = desk.say("series.column.tick.name") if one.ticked else ""
        box = "" if not self._can(episode) else "ticked" if one.ticked else "open"
        return (
            Cell(text="", full=tick, icon=box),
            Cell(text=str(number), full=self._origins(episode), tone=quiet),
            Cell(
                text=listed.title or _host(listed.url) or "—",
                full=self._origins(episode),
                tone=quiet,
                tag=listed.group,
            ),
            Cell(text=_clock(listed.duration_ms), tone=quiet) if listed.duration_ms else none,
            Cell(text=_thousands(plays), tone=quiet) if plays else none,
            Cell(text=listed.published[:16], full=listed.published, tone=quiet)
            if listed.published
            else none,
            Cell(
                text=desk.say(f"access.{listed.access}"),
                icon="lock" if listed.access == "paid" else "",
                tone="secondary" if listed.access != "free" else "text",
            ),
            self._state(one),
        )

    def _state(self, one: _Row) -> Cell:
        desk, episode = self.desk, one.episode
        state = episode.state
        text, full, tone = desk.say(f"state.episode.{state}"), "", _TONES.get(state, "secondary")
        icon = _ICONS[state]
        if state == "kept":
            key = "series.state.kept" if episode.whole else "series.state.incomplete"
            text = desk.say(key, exhibit=episode.exhibit)
            icon, tone = (icon, tone) if episode.whole else ("warning", "warning")
        elif state == "running" and one.progress is not None and one.progress.total:
            share = min(100, 100 * one.progress.done // one.progress.total)
            text = f"{text}  {share} %"
        elif episode.code:
            three = desk.trouble(HoldfastError(episode.code, **dict(episode.facts)))
            full = f"{three.what} {three.now}"
        return Cell(text=text, full=full or text, icon=icon, tone=tone)

    def _origins(self, episode: Episode) -> str:
        """Where each fact of the row was read."""
        say = self.desk.say
        lines = [
            say("series.from", fact=say(f"series.fact.{name}"), origin=say(f"origin.{origin}"))
            for name, origin in episode.listed.origins.items()
        ]
        return "\n".join((episode.listed.title, *lines)).strip()

    def _tell_history(self, file: SeriesFile) -> None:
        plays = [total(one, "plays") for one in file.inventories]
        self.chart.show_values([one for one in plays if one is not None])
        rows: list[tuple[Any, tuple[Cell, ...]]] = []
        for one, count in zip(file.inventories, plays, strict=True):
            shown = next((c.value for c in one.counters if c.name == "plays"), "")
            summed = "—" if count is None else f"{count:,}"
            counted = self.desk.say("series.history.counted", count=one.listed, paid=one.paid)
            cells = (
                Cell(
                    text=short_time(self.desk, one.taken),
                    full=f"{full_time(one.taken)} · {one.exhibit}",
                ),
                Cell(text=str(one.listed), full=counted),
                Cell(text=_thousands(shown) or summed),
            )
            rows.append((one, cells))
        self.past.show_rows(rows)

    def _tell_state(self) -> None:
        file = self._file
        if file is None:
            return
        live = self._live.get(file.series.id)
        states = [one.episode.state for one in self._rows]
        left = states.count("queued") + states.count("running")
        failed = states.count("failed")
        self.bar.setVisible(live is not None)
        self.pause.setVisible(live is not None)
        self.pause.setEnabled(live is not None and not live.pausing)
        self.again.setVisible(live is None and failed > 0)
        self.keep.setEnabled(live is None)
        self.keep.tell("series.resume" if self._resumes(left) else "series.keep")
        for control in (
            self.all,
            self.none,
            self.only,
            self.range,
            self.pages,
            self.gap,
            self.renew,
        ):
            control.setEnabled(live is None)
        self._say_state(live, left, states)
        self._say_chosen()
        code = file.series.code if live is None and left else ""
        self.why.setVisible(bool(code))
        if code:
            known = next((one.episode for one in self._rows if one.episode.code == code), None)
            facts = dict(known.facts) if known is not None else {"name": file.series.title}
            three = self.desk.trouble(HoldfastError(code, **facts))
            self.why.show_text(f"{three.what} {three.why} {three.now}")

    def _resumes(self, left: int) -> bool:
        """Whether what is ticked is just what still waits."""
        waiting = {one.episode.id for one in self._rows if one.episode.state == "queued"}
        fresh = {one.episode.id for one in self._rows if one.ticked and self._can(one.episode)}
        return left > 0 and bool(waiting) and fresh == waiting

    def _say_state(self, live: _Live | None, left: int, states: Sequence[str]) -> None:
        if live is not None and live.pausing:
            self.state.tell("series.pausing")
        elif live is not None:
            self.state.tell(
                "series.running", done=live.done + 1, total=live.total, episode=live.label
            )
        elif left and self._file is not None and self._file.series.code:
            self.state.tell("series.stopped", left=left)
        elif left:
            self.state.tell("series.paused", left=left)
        elif {"kept", "failed"} & set(states):
            self.state.tell(
                "series.done",
                kept=states.count("kept"),
                failed=states.count("failed"),
                skipped=states.count("skipped"),
            )
        else:
            self.state.tell("series.idle")

    def _say_chosen(self) -> None:
        count = sum(one.ticked and self._can(one.episode) for one in self._rows)
        key = "series.chosen" if count else "series.chosen.none"
        self.footer.sentence.tell(key, count=count)

    # --- choosing --------------------------------------------------------------------------------

    @staticmethod
    def _can(one: Episode) -> bool:
        return one.state != "kept" and not unkeepable(one.listed)

    def _tick(self, passes: Any) -> None:
        for one in self._rows:
            one.ticked = bool(passes(one.episode)) and one.episode.state != "kept"
        self._redraw(range(len(self._rows)))

    def _toggle(self, rows: Sequence[int]) -> None:
        if self._file is None or self._file.series.id in self._live or not rows:
            return
        first = not self._rows[rows[0]].ticked
        for at in rows:
            one = self._rows[at]
            one.ticked = first and self._can(one.episode)
        self._redraw(rows)

    def _only_range(self) -> None:
        self.wrong.hide()
        try:
            wanted = {one.id for one in chosen([r.episode for r in self._rows], self.range.text())}
        except ValueError:
            self.wrong.tell("series.range.wrong", count=len(self._rows))
            self.wrong.show()
            announce(self.range, self.wrong.text())
            self.range.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._tick(lambda one: one.id in wanted and not unkeepable(one.listed))

    def _redraw(self, rows: Sequence[int] | range) -> None:
        for at in rows:
            self.model.retell_row(at, self._cells(self._rows[at]))
        self._tell_state()

    # --- keeping ---------------------------------------------------------------------------------

    def _keep(self) -> None:
        file, holdfast = self._file, self.desk.holdfast
        places = [one.episode.place for one in self._rows if one.ticked]
        if file is None:
            return
        if not any(one.ticked and self._can(one.episode) for one in self._rows):
            self._say_chosen()
            announce(self.table, self.footer.sentence.text())
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        pages, series, gap = self.pages.isChecked(), file.series.id, self.gap.currentData()
        task = self.desk.runner.start(
            lambda _: holdfast.choose_episodes(series, places, pages=pages, gap_ms=gap)
        )
        task.succeeded.connect(lambda _: self._start())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _start(self, *, again: bool = False) -> None:
        """The queue is on its way; it goes on when the person goes elsewhere."""
        file, holdfast = self._file, self.desk.holdfast
        if file is None or file.series.id in self._live:
            return
        series, case = file.series.id, file.series.case_id
        # It belongs to the runner: the queue may outlive this page.
        teller = Teller(self.desk.runner)
        teller.told.connect(self._hear)
        task = self.desk.runner.start(
            lambda job: holdfast.keep_episodes(series, job, again=again, tell=teller.told.emit),
            "task.series",
        )
        waiting = ("queued", "running", "failed") if again else ("queued", "running")
        self._live[series] = _Live(
            task=task,
            total=sum(
                one.episode.state in waiting or (one.ticked and self._can(one.episode))
                for one in self._rows
            ),
        )
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(lambda: self._ended(series, case))
        task.finished.connect(teller.deleteLater)
        self._tell_state()

    def _hear(self, episode: Episode, progress: Progress | None) -> None:
        live = self._live.get(episode.series_id)
        if live is not None:
            live.label = episode.label
            if progress is None and episode.state in ("kept", "failed"):
                live.done += 1
            self.bar.show_progress(min(live.done, live.total), live.total)
        if self._file is None or self._file.series.id != episode.series_id:
            return
        at = episode.place - 1
        if not 0 <= at < len(self._rows) or self._rows[at].episode.id != episode.id:
            at = next((n for n, r in enumerate(self._rows) if r.episode.id == episode.id), -1)
        if at < 0:
            return
        one = self._rows[at]
        one.episode, one.progress = episode, progress
        one.ticked = one.ticked and episode.state not in ("kept", "failed")
        self._redraw([at])

    def _ended(self, series: str, case: str) -> None:
        self._live.pop(series, None)
        self.desk.changed.emit()
        if self._file is not None and self._file.series.id == series:
            self._load(case, series)

    def _pause(self) -> None:
        file, holdfast = self._file, self.desk.holdfast
        live = self._live.get(file.series.id) if file is not None else None
        if file is None or live is None:
            return
        series, live.pausing = file.series.id, True
        task = self.desk.runner.start(lambda _: holdfast.pause_series(series))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        self._tell_state()

    # --- elsewhere -------------------------------------------------------------------------------

    def _renew(self) -> None:
        if self._file is not None:
            self.desk.wanted.emit("list", (self._file.series.case_id, self._file.series.url))

    def _open_case(self) -> None:
        if self._file is not None:
            self.desk.wanted.emit("case", (self._file.series.case_id, "evidence"))

    def _open_row(self, one: object) -> None:
        if isinstance(one, _Row) and one.episode.exhibit:
            self.desk.wanted.emit("case", (one.episode.case_id, one.episode.exhibit))

    def index_of(self, place: int) -> QModelIndex:
        """Where the episode of that place stands in the table."""
        return self.model.index(place - 1, 0)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _clock(milliseconds: int | None) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, seconds = divmod((milliseconds or 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _thousands(shown: str) -> str:
    """A bare number with its thousands apart; anything else as the site wrote it."""
    return f"{int(shown):,}" if shown.isascii() and shown.isdigit() else shown
