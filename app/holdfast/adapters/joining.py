"""The viewing copies of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import av

from holdfast.adapters.remux import Lane, Piece, opened, remuxed
from holdfast.core.job import Job
from holdfast.core.recording import viewing_copy

Joined: TypeAlias = "tuple[Path, list[Path]]"


def joined(pieces: Sequence[tuple[Path, int]], folder: Path, job: Job) -> list[Joined]:
    """``recording.mp4``, ``recording-2.mp4`` … in ``folder``, each with the pieces it is made of.

    A piece comes with its length in milliseconds, 0 when nobody knows it.

    A new one begins where the picture's form changes.  A piece that was cut off gives what can be
    read of it.  Raises av.FFmpegError, OSError, ValueError.
    """
    known = [(form, *piece) for piece in pieces if (form := _form(piece[0])) is not None]
    made: list[Joined] = []
    done = 0

    def step(_: Path) -> None:
        nonlocal done
        job.step("saving", done, len(known), "viewing")
        done += 1

    for _, group in groupby(known, key=lambda one: one[0]):
        parts = [
            Piece(at=at, form="matroska", lasts=Fraction(length, 1000)) for _, at, length in group
        ]
        name = viewing_copy(len(made) + 1)
        remuxed(folder / name, [Lane(pieces=parts)], forgiving=True, each=step)
        made.append((folder / name, [part.at for part in parts]))
    return made


def _form(piece: Path) -> tuple[Any, ...] | None:
    """What has to be the same in one film; None for what was cut off before its head."""
    try:
        with opened(piece, "matroska") as source:
            if not source.streams.video:
                return None
            context = source.streams.video[0].codec_context
            return context.width, context.height, bytes(context.extradata or b"")
    except (av.FFmpegError, OSError):
        return None
