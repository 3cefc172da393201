"""Programs at work that lay something over the screen, steer it, or stand in the traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holdfast.adapters.environment.place import Place, reading
from holdfast.adapters.environment.sources import Program
from holdfast.core.environment import Reading


def processes(place: Place, _seconds: float) -> Reading:
    """How many programs run, and the known ones among them by name; never with what they do."""
    import psutil  # type: ignore[import-untyped]  # it ships no types

    names = [found.info["name"] or "" for found in psutil.process_iter(["name"])]
    known = recognised(names, place.sources.programs)
    said = [f"{one.name} ({one.kind}): {name}" for one, name in known]
    return reading(
        "processes",
        "warn" if known else "pass",
        place.fact("total", len(names)),
        place.fact("known", len(known)),
        place.several("program", said),
    )


def recognised(names: Iterable[str], known: Sequence[Program]) -> list[tuple[Program, str]]:
    """The known programs among the names of executables, each once, with the name that ran."""
    found: dict[str, tuple[Program, str]] = {}
    for name in names:
        bare = name.lower().removesuffix(".exe").strip()
        for one in known:
            if bare in one.executables:
                found.setdefault(one.name, (one, name))
    return [found[name] for name in sorted(found)]
