"""No command: the window; a command: the command line."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """The process's exit code."""
    match sys.argv[1:]:
        case []:
            return _window(None)
        case ["--worker", "downloader"]:
            # A frozen program has no interpreter to start; it starts itself.
            from holdfast.compose import download

            return download()
        case ["--worker", "media"]:
            from holdfast.compose import media

            return media()
        case ["--worker", "recorder"]:
            from holdfast.compose import record_screen

            return record_screen()
        case ["--worker", "joiner"]:
            from holdfast.compose import join

            return join()
        case ["--data", folder]:
            return _window(Path(folder))
        case words:
            from holdfast.cli import run

            return run(words)


def _window(data: Path | None) -> int:
    from holdfast.compose import open_holdfast, system_language, words
    from holdfast.core.errors import HoldfastError

    try:
        holdfast = open_holdfast(data)
        holdfast.claim_window()
    except HoldfastError as error:
        from holdfast.ui.sorry import sorry

        return sorry(words(system_language()).trouble(error), sys.argv)
    from holdfast.ui.app import main as window

    return window(holdfast, sys.argv)


if __name__ == "__main__":
    sys.exit(main())
