"""What documents say of recordings: of the screen, of a phone, and received with a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.core.canonical import Json
from holdfast.core.document import Field
from holdfast.core.recording import Segment, read_wish, viewing_copy
from holdfast.usecases.checked import why_words
from holdfast.usecases.report.records import Records
from holdfast.usecases.report.telling import (
    Fields,
    Teller,
    brief_of,
    check_of,
    map_of,
    maps_of,
    number_of,
    texts_of,
)

MOST_STEPS = 200
MOST_PAUSES = 40
MOST_EVENTS = 20
MOST_LINES = 12
"""Lines of a title card that are printed."""
MOST_SEEN = 6


# --- the screen ----------------------------------------------------------------------------------


def recording(records: Records, say: Teller) -> Fields:
    """A recording of the screen; empty when its record says nothing."""
    body = records.of("recording.json")
    if not body:
        return {}
    screen = [one for one in records.segments if one.kind == "screen"]
    cards = [one for one in records.segments if one.kind == "card"]
    recorder = map_of(body, "recorder")
    steps = maps_of(body, "steps")
    several = len(maps_of(body, "viewing")) > 1
    marked: list[Field] = [_step(one, say, several=several) for one in steps[:MOST_STEPS]]
    return {
        "when": _when(body, screen, say),
        "area": _area(body, say),
        "picture": _picture(body, screen, say),
        "sound": _sound(body, say),
        "continuity": _continuity(body, say),
        "chain": _chain(map_of(body, "chain"), say),
        "link": brief_of(map_of(body, "chain"), "last"),
        "pauses": _pauses(body, say),
        "events": _events(body, say),
        "ended": _ended(body, say),
        **_card(recorder, cards, say),
        "viewing": _viewing(body, say),
        "steps": marked,
        "steps_left": max(0, len(steps) - MOST_STEPS),
        "skipped": say.join([_step_name(one, say) for one in texts_of(body, "skipped")]),
        "shown": bool(steps or texts_of(body, "skipped")),
        "whole": _whole(map_of(body, "chain")),
    }


def _when(body: Mapping[str, Json], screen: Sequence[Segment], say: Teller) -> str:
    length = number_of(body, "recorded_ms")
    parts = []
    if screen and say.readable(screen[0].started) and say.readable(screen[-1].ended):
        parts.append(say.span(screen[0].started, screen[-1].ended))
    if length is not None:
        parts.append(say("rec.length", length=say.code(length)))
    return say.clauses(parts)


def _area(body: Mapping[str, Json], say: Teller) -> str:
    recorder = map_of(body, "recorder")
    if brief_of(recorder, "way").startswith("desktop portal"):
        return say("rec.area.portal")
    wish = read_wish(brief_of(body, "target"))
    if wish is None:
        return ""
    kind, _, detail = wish.area.partition(":")
    if kind == "region":
        x, y, wide, high = detail.split(",")
        return say("rec.area.region", x=x, y=y, width=wide, height=high)
    return say(f"rec.area.{kind}", n=detail)


def _picture(body: Mapping[str, Json], screen: Sequence[Segment], say: Teller) -> str:
    recorder = map_of(body, "recorder")
    encoder = map_of(recorder, "encoder")
    sizes = list(dict.fromkeys((one.width, one.height) for one in screen))
    parts = []
    if sizes:
        parts.append(say.join([f"{wide}×{high}" for wide, high in sizes[:MOST_SEEN]]))
    if (fps := number_of(recorder, "wanted_fps")) is not None:
        parts.append(say("rec.fps", fps=fps))
    if name := brief_of(encoder, "name"):
        crf = number_of(encoder, "crf")
        told = "H.264 (libx264" if name == "libx264" else f"({name}"
        parts.append(f"{told}, crf {crf})" if crf is not None else f"{told})")
    paces = [
        say("rec.pace", preset=brief_of(one, "preset"), fps=number_of(one, "fps") or 0)
        for one in maps_of(body, "pace")
    ]
    if paces:
        parts.append(paces[0])
    if paces[1:]:
        parts.append(say("rec.paces", paces=say.join(paces[1 : 1 + MOST_SEEN])))
    return say.clauses(parts)


def _sound(body: Mapping[str, Json], say: Teller) -> str:
    sound = map_of(body, "sound")
    if not sound:
        return ""
    if not sound.get("asked"):
        return say("rec.sound.not_asked")
    events = maps_of(sound, "events")
    on = next((one for one in events if brief_of(one, "state") == "on"), None)
    lost = next((one for one in events if brief_of(one, "state") == "lost"), None)
    none = next((one for one in events if brief_of(one, "state") == "none"), None)
    parts = []
    if on is not None:
        device = brief_of(on, "device") or say("unknown")
        parts.append(say("rec.sound.on", device=device))
    if none is not None or on is None:
        parts.append(say("rec.sound.none") + _reason(none or {}, say))
    if lost is not None:
        at = number_of(lost, "at_ms")
        parts.append(say("rec.sound.lost", at=say.code(at or 0)) + _reason(lost, say))
    return say.clauses(parts)


def _reason(event: Mapping[str, Json], say: Teller) -> str:
    reason = brief_of(event, "reason")
    return say("rec.reason", reason=say.words.fact(reason)) if reason else ""


def _continuity(body: Mapping[str, Json], say: Teller) -> str:
    frames, dropped = number_of(body, "frames"), number_of(body, "dropped")
    gap = number_of(body, "longest_gap_ms")
    parts = []
    if frames is not None and dropped is not None:
        parts.append(say("rec.frames", frames=say.count(frames), dropped=say.count(dropped)))
    if gap is not None:
        parts.append(say("rec.gap", gap=say.count(gap)))
    return say.clauses(parts)


def _chain(chain: Mapping[str, Json], say: Teller) -> str:
    count = number_of(chain, "segments")
    if count is None:
        return ""
    altered, strangers = texts_of(chain, "altered"), texts_of(chain, "not_in_chain")
    damage = brief_of(chain, "damage")
    parts = [say("rec.chain", count=count)]
    if _whole(chain):
        parts.append(say("rec.chain.whole"))
    if damage:
        parts.append(
            say("rec.chain.cut") if damage == "cut" else say("rec.chain.damage", at=damage)
        )
    if altered:
        parts.append(say("rec.chain.altered", files=say.some(altered)))
    if strangers:
        parts.append(say("rec.chain.strangers", files=say.some(strangers)))
    return say.clauses(parts)


def _whole(chain: Mapping[str, Json]) -> bool:
    lacking = brief_of(chain, "damage"), texts_of(chain, "altered"), texts_of(chain, "not_in_chain")
    return bool(number_of(chain, "segments")) and not any(lacking)


def _pauses(body: Mapping[str, Json], say: Teller) -> list[Field]:
    told: list[Field] = []
    pauses = maps_of(body, "pauses")
    for one in pauses[:MOST_PAUSES]:
        begun, ended = number_of(one, "from_ms"), number_of(one, "to_ms")
        if ended is None:
            text = say("rec.pause.open", start=say.code(begun or 0))
        else:
            text = say(
                "rec.pause",
                start=say.code(begun or 0),
                end=say.code(ended),
                seconds=f"{max(0, ended - (begun or 0)) / 1000:.1f}",
            )
        told.append(text + say("rec.pause.why", why=brief_of(one, "reason") or say("unknown")))
    if len(pauses) > MOST_PAUSES:
        told.append(say("rec.more", count=len(pauses) - MOST_PAUSES))
    return told


def _events(body: Mapping[str, Json], say: Teller) -> list[Field]:
    """What the screen and the computer's clock did meanwhile."""
    told: list[tuple[int, str]] = []
    for one in maps_of(body, "screen")[:MOST_EVENTS]:
        state = brief_of(one, "state")
        told.append((number_of(one, "at_ms") or 0, say.known(f"doc.rec.screen.{state}", state)))
    for one in maps_of(body, "clock")[:MOST_EVENTS]:
        moved = (number_of(one, "moved_ms") or 0) / 1000
        told.append((number_of(one, "at_ms") or 0, say("rec.clock", seconds=f"{moved:+.1f}")))
    told.sort(key=lambda one: one[0])
    return [say("rec.screen", at=say.code(at), what=what) for at, what in told]


def _ended(body: Mapping[str, Json], say: Teller) -> str:
    why = brief_of(body, "interrupted") or brief_of(body, "ended") or "crash"
    if why in ("stopped", "time"):
        return say(f"rec.ended.{why}")
    return say("rec.ended.early", why=why_words(why, say.words))


def _card(recorder: Mapping[str, Json], cards: Sequence[Segment], say: Teller) -> Fields:
    """What the recorder drew before the first picture of the screen."""
    lines = texts_of(map_of(recorder, "card"), "lines")
    if not lines or not cards:
        return {"card": "", "lines": []}
    length = sum(one.to_ms - one.from_ms for one in cards)
    head = say("rec.card", seconds=f"{length / 1000:.1f}", file=cards[0].file)
    return {"card": head, "lines": list(lines[:MOST_LINES])}


def _viewing(body: Mapping[str, Json], say: Teller) -> str:
    views = maps_of(body, "viewing")
    if not views:
        return say("rec.viewing.none")
    names = [
        say("rec.viewing.one", file=brief_of(one, "file"), count=len(texts_of(one, "from")))
        for one in views[:MOST_SEEN]
    ]
    return say("rec.viewing", files=say.join(names))


def _step(one: Mapping[str, Json], say: Teller, *, several: bool) -> Fields:
    """A moment that was marked; which viewing copy, where there are several."""
    at = brief_of(one, "at")
    viewing, copy = number_of(one, "viewing_ms"), number_of(one, "viewing")
    name = f"{viewing_copy(copy)} " if several and copy else ""
    since = number_of(one, "at_ms") or 0
    return {
        "code": name + say.code(viewing) if viewing is not None else say("rec.no_view"),
        "since": say.code(since),
        "at": say.local(at)[11:19] if say.readable(at) else "",
        "text": _step_name(brief_of(one, "step"), say),
    }


def _step_name(step: str, say: Teller) -> str:
    return say.known(f"doc.step.{step}", step) if step else say("step")


# --- a phone -------------------------------------------------------------------------------------


def phone(records: Records, manifest: Mapping[str, Json], say: Teller) -> Fields:
    """What a connected phone said of itself; empty when its record says nothing."""
    body = records.of("phone.json")
    if not body:
        return {}
    told = {brief_of(one, "name"): brief_of(one, "value") for one in maps_of(body, "properties")}
    app = map_of(body, "app")
    root = check_of(manifest, "phone_root")
    outcome = brief_of(root, "outcome") or "not_checked"
    known = outcome if outcome in ("pass", "warn") else "not_checked"
    lost = brief_of(body, "lost")
    return {
        "device": _device(told, map_of(body, "listed_as"), say),
        "app": _app(app, say),
        "front": _front(body, say),
        "certificates": [
            {"scheme": brief_of(one, "scheme"), "sha256": sha256}
            for one in maps_of(app, "certificates")[:4]
            for sha256 in texts_of(one, "sha256")[:4]
        ],
        "certificate_note": brief_of(app, "certificate_note"),
        "apk": brief_of(app, "apk_sha256"),
        "clock": _phone_clock(body, say),
        "root": say(f"phone.root.{known}", signs=brief_of(root, "detail")),
        "film": _phone_film(body, say),
        "link": brief_of(body, "chain_head"),
        "lost": say("phone.lost", why=why_words(lost, say.words)) if lost else "",
    }


def _device(told: Mapping[str, str], listed: Mapping[str, Json], say: Teller) -> str:
    maker, model = told.get("ro.product.manufacturer", ""), told.get("ro.product.model", "")
    parts = [f"{maker} {model or brief_of(listed, 'model')}".strip()]
    if release := told.get("ro.build.version.release"):
        parts.append(f"Android {release}")
    if patch := told.get("ro.build.version.security_patch"):
        parts.append(say("phone.patch", patch=patch))
    return say.clauses(parts)


def _app(app: Mapping[str, Json], say: Teller) -> str:
    if not brief_of(app, "package"):
        return ""
    parts = [brief_of(app, "package")]
    version, code = brief_of(app, "version_name"), brief_of(app, "version_code")
    if version or code:
        parts.append(say("phone.version", version=version or code, code=code or version))
    if installer := brief_of(app, "installer"):
        parts.append(say("phone.installer", installer=installer))
    if updated := brief_of(app, "last_updated"):
        parts.append(say("phone.updated", at=updated))
    return say.clauses(parts)


def _front(body: Mapping[str, Json], say: Teller) -> str:
    """The activity that was in front, before and after."""
    places = []
    for name in ("before", "after"):
        look = map_of(body, name)
        package = brief_of(look, "package")
        if package:
            where = f"{package}/{brief_of(look, 'activity')}".rstrip("/")
            places.append(say(f"phone.front.{name}", where=where))
    return say.clauses(places)


def _phone_clock(body: Mapping[str, Json], say: Teller) -> str:
    parts = []
    for name in ("before", "after"):
        look = map_of(body, name)
        off, unsure = (
            number_of(look, "clock_offset_ms"),
            number_of(look, "clock_uncertainty_ms"),
        )
        if off is None:
            continue
        text = say(f"phone.clock.{name}", offset=f"{off / 1000:+.3f}")
        if unsure is not None:
            text += say("clock.unsure", uncertainty=f"{unsure / 1000:.3f}")
        parts.append(text)
    return say.clauses([*parts, say("phone.clock.sign")] if parts else [])


def _phone_film(body: Mapping[str, Json], say: Teller) -> str:
    count = number_of(body, "segments")
    if not count:
        return ""
    parts = [say("phone.film", count=count)]
    if (gap := number_of(body, "longest_gap_ms")) is not None:
        parts.append(say("phone.gap", gap=say.count(gap)))
    return say.clauses(parts)


# --- a code in a received film -------------------------------------------------------------------


def code(records: Records, manifest: Mapping[str, Json], say: Teller) -> Fields:
    """The code that a received film was to show, and whether it was seen in it."""
    body = records.of("code.json")
    if not body:
        return {}
    shown = map_of(body, "code")
    issued, expires = brief_of(shown, "issued"), brief_of(shown, "expires")
    made = maps_of(body, "files_say")
    seen = brief_of(check_of(manifest, "code_seen"), "outcome") == "pass"
    given = ""
    if brief_of(shown, "code") and say.readable(issued) and say.readable(expires):
        given = say(
            "code.given",
            code=brief_of(shown, "code"),
            issued=say.local(issued),
            expires=say.local(expires),
        )
    return {
        "given": given,
        "seen": _sightings(body, seen, say),
        "found": seen and bool(given),
        "said": brief_of(body, "said_to_be_at"),
        "made": [
            f"{brief_of(one, 'file')}: {brief_of(one, 'name')} = {brief_of(one, 'value')}"
            for one in made[:MOST_SEEN]
        ],
    }


def _sightings(body: Mapping[str, Json], seen: bool, say: Teller) -> str:
    looked = number_of(body, "pictures_looked_at") or 0
    if not looked:
        return say("code.not_looked")
    if not seen:
        return say("code.not_seen", count=say.count(looked))
    places = []
    for one in maps_of(body, "seen")[:MOST_SEEN]:
        at = number_of(one, "at_ms")
        place = brief_of(one, "file")
        places.append(f"{place} {say.code(at)}" if at is not None else place)
    return say("code.seen", places=say.join(list(dict.fromkeys(places))))
