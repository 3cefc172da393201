"""Where the window begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from holdfast.ui.shell import Shell

if TYPE_CHECKING:
    from holdfast.compose import Holdfast


def main(holdfast: Holdfast, argv: Sequence[str]) -> int:
    """The window was open until the person closed it; the exit code for the system."""
    app = QApplication.instance() or QApplication(list(argv))
    assert isinstance(app, QApplication)
    app.setApplicationName("Holdfast")
    app.setDesktopFileName("holdfast")
    app.setQuitOnLastWindowClosed(False)
    shell = Shell(holdfast)
    shell.show()
    code = app.exec()
    if shell.inside is not None:
        shell.inside.desk.runner.shutdown()
    holdfast.close()
    return code
