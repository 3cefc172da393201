"""The people of a case: the claimant's details, and whoever else is in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QWidget

from holdfast.core.case import Party
from holdfast.ui.ask import ask
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow
from holdfast.ui.pages.case_tabs import Rows
from holdfast.ui.parts import panel, panel_row
from holdfast.ui.phrases import masked
from holdfast.ui.widgets import Button, Choice, Field, Label
from holdfast.usecases.people import CLAIMANT, ID_TYPES, LIMITS

if TYPE_CHECKING:
    from holdfast.usecases.cases import CaseFile

OTHERS = ("infringer", "platform", "counsel")
OF_OTHERS = ("name", "legal_name", "phone", "email", "address")
NEW = "new"


class PeopleTab(Rows):
    """Who is in the case.  Personal data is here and nowhere else."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._file: CaseFile | None = None
        self._open = ""
        """Id of the person other than the claimant who is being written down; ``NEW``; or nobody's.
        """
        self.fields: dict[str, Field] = {}
        self.id_type = Choice(desk, "people.id_type")
        self.save = Button(desk)
        self.other: dict[str, Field] = {}
        self.role = Choice(desk, "people.role")
        self.keep, self.add, self.back = Button(desk), Button(desk), Button(desk)
        self.change: dict[str, Button] = {}
        self.remove: dict[str, Button] = {}

    def show_case(self, file: CaseFile) -> None:
        """These people."""
        same = self._file is not None and self._file.case.id == file.case.id
        if same and self._writing():
            return
        if not same:
            self._open = ""
        self._draw_anew(file)

    def _writing(self) -> bool:
        written = (*self.fields.values(), *self.other.values())
        chosen = self.id_type.currentData() != self._claimant().id_type
        return chosen or any(field.isModified() for field in written)

    def _draw_anew(self, file: CaseFile) -> None:
        with self._anew(file.case.id):
            self._draw(file)

    def _draw(self, file: CaseFile) -> None:
        self._file = file
        desk = self.desk
        self._heading("people.claimant")
        self.box.addWidget(self._claimants_panel())
        self.box.addWidget(Label(desk, "people.where", role="caption", tone="secondary"))
        self.save = Button(desk, "people.save", size="small")
        self.save.clicked.connect(self._save)
        self.box.addWidget(self._flow(self.save))
        for licence in file.licences:
            self._heading("people.licence")
            said = Label(desk)
            said.tell(f"people.agreed.{licence.agreed}", described=licence.described)
            self.box.addWidget(said)
        self._heading("people.others")
        self._draw_others(file)

    def _claimants_panel(self) -> QFrame:
        desk, claimant = self.desk, self._claimant()
        self.fields, lines = {}, []
        for name in LIMITS:
            if name == "id_type":
                self.id_type = Choice(desk, "people.id_type")
                for kind in ID_TYPES:
                    words = desk.say(f"notice.option.{kind}") if kind else desk.say("people.unsaid")
                    self.id_type.addItem(words, kind)
                self.id_type.setCurrentIndex(max(0, self.id_type.findData(claimant.id_type)))
                lines.append(self._labelled(name, self.id_type))
                continue
            self.fields[name] = self._field(name, claimant)
            lines.append(self._labelled(name, self.fields[name]))
        return panel(*lines)

    def _field(self, name: str, party: Party) -> Field:
        field = Field(self.desk, f"people.{name}", limit=LIMITS[name])
        field.setText(getattr(party, name))
        if name == "id_number":
            field.setEchoMode(Field.EchoMode.PasswordEchoOnEdit)
        return field

    def _labelled(self, name: str, control: QWidget) -> QFrame:
        desk = self.desk
        label = Label(desk, f"people.{name}", tone="secondary", wrap=False)
        label.setMinimumWidth(desk.look.px(120))
        label.setBuddy(control)
        return panel_row(label, control, wide=1, desk=desk)

    def _flow(self, *buttons: QWidget) -> QWidget:
        holder = QWidget()
        holder.setLayout(Flow(*buttons, gap=self.desk.look.px(8)))
        return holder

    # --- others ----------------------------------------------------------------------------------

    def _draw_others(self, file: CaseFile) -> None:
        desk = self.desk
        self.other, self.change, self.remove = {}, {}, {}
        others = [party for party in file.parties if party.role != CLAIMANT]
        if others:
            self.box.addWidget(panel(*(self._row(party) for party in others)))
        else:
            self.box.addWidget(Label(desk, "people.others.none", role="caption", tone="secondary"))
        meant = next((party for party in others if party.id == self._open), None)
        if meant is None and self._open != NEW:
            self.add = Button(desk, "people.add", icon="plus", size="small")
            self.add.clicked.connect(lambda: self._begin(NEW))
            self.box.addWidget(self._flow(self.add))
            return
        self._draw_form(meant or Party(id="", case_id=file.case.id, role="infringer"))

    def _row(self, party: Party) -> QFrame:
        desk, name = self.desk, party.name or party.legal_name
        change = Button(desk, "people.change", size="small")
        change.setAccessibleName(f"{desk.say('people.change')}: {name}")
        change.clicked.connect(lambda: self._begin(party.id))
        remove = Button(desk, "people.remove", size="small")
        remove.setAccessibleName(f"{desk.say('people.remove')}: {name}")
        remove.clicked.connect(lambda: self._remove(party))
        self.change[party.id], self.remove[party.id] = change, remove
        reach = masked(party.phone) if party.phone else party.email
        about = " · ".join(filter(None, (desk.say(f"people.role.{party.role}"), reach)))
        return self._line("person", name, about, change, remove)

    def _draw_form(self, party: Party) -> None:
        desk, lines = self.desk, []
        self.role = Choice(desk, "people.role")
        for role in OTHERS:
            self.role.addItem(desk.say(f"people.role.{role}"), role)
        self.role.setCurrentIndex(self.role.findData(party.role))
        if not party.id:
            # Who somebody is to the case stands in the record and does not change.
            lines.append(self._labelled("role", self.role))
        for name in OF_OTHERS:
            self.other[name] = self._field(name, party)
            lines.append(self._labelled(name, self.other[name]))
        self.box.addWidget(panel(*lines))
        self.keep = Button(desk, "people.keep", size="small")
        self.keep.clicked.connect(lambda: self._keep(party))
        self.back = Button(desk, "cancel", size="small")
        self.back.clicked.connect(lambda: self._begin(""))
        self.box.addWidget(self._flow(self.keep, self.back))

    def _begin(self, who: str) -> None:
        self._open = who
        # Not while the button that asks for it is still being clicked: it goes away with the rest.
        QTimer.singleShot(0, self, self._turn)

    def _turn(self) -> None:
        assert self._file is not None
        self._draw_anew(self._file)
        if self.other:
            self.other["name"].setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep(self, party: Party) -> None:
        assert self._file is not None
        holdfast, case = self.desk.holdfast, self._file.case.id
        who = party.id or self.role.currentData()
        given = {name: field.text() for name, field in self.other.items()}
        task = self.desk.runner.start(lambda _: holdfast.describe_party(case, who, given))
        task.succeeded.connect(lambda _: self._kept(case))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _kept(self, case: str) -> None:
        if self._file is not None and self._file.case.id == case:
            self._open = ""
            for field in self.other.values():
                field.setModified(False)
        self.desk.changed.emit()

    def _remove(self, party: Party) -> None:
        name = party.name or party.legal_name
        if not ask(self, self.desk, "people.remove.ask", name=name):
            return
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.remove_party(party.case_id, party.id))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    # --- the claimant ----------------------------------------------------------------------------

    def _claimant(self) -> Party:
        assert self._file is not None
        for party in self._file.parties:
            if party.role == CLAIMANT:
                return party
        return Party(id="", case_id=self._file.case.id, role="claimant")

    def _save(self) -> None:
        assert self._file is not None
        typed = {name: field.text().strip() for name, field in self.fields.items()}
        given = {**typed, "id_type": self.id_type.currentData()}
        holdfast, case = self.desk.holdfast, self._file.case.id
        task = self.desk.runner.start(lambda _: holdfast.describe_party(case, CLAIMANT, given))
        task.succeeded.connect(lambda party: self._saved(party, typed))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _saved(self, party: Party, typed: dict[str, str]) -> None:
        """What was not written further meanwhile is as it is on record."""
        if self._file is None or self._file.case.id != party.case_id:
            return
        others = tuple(one for one in self._file.parties if one.id != party.id)
        self._file = replace(self._file, parties=(*others, party))
        for name, field in self.fields.items():
            field.setModified(field.text().strip() != typed[name])
        self.desk.changed.emit()
