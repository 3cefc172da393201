"""No arguments: the window; arguments: the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """The process's exit code."""
    if len(sys.argv) > 1:
        from holdfast.cli import run

        return run(sys.argv[1:])
    from holdfast.compose import open_holdfast
    from holdfast.ui.app import main as window

    return window(open_holdfast(), sys.argv)


if __name__ == "__main__":
    sys.exit(main())
