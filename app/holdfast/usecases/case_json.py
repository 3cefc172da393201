"""``case.json``: a case as its person works on it, in a pack beside what the ledger proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from holdfast.core.canonical import MAX_INTEGER, Json, canonical, parse, visible
from holdfast.core.case import Case, Infringement, Licence, Party
from holdfast.core.deadline import FollowUp
from holdfast.core.document import Issued
from holdfast.core.environment import EnvironmentCheck
from holdfast.core.evidence import Exhibit
from holdfast.core.notice import Notice, PlatformAnswer, Submission
from holdfast.core.pack import CASE_FORMAT
from holdfast.ports import Store


def case_file_bytes(case: Case, *, store: Store) -> bytes:
    """``case.json``: the person's working data, canonical.  The same state gives the same bytes."""
    kinds: tuple[tuple[str, type[object]], ...] = (
        ("parties", Party),
        ("licences", Licence),
        ("infringements", Infringement),
        ("notices", Notice),
        ("submissions", Submission),
        ("answers", PlatformAnswer),
        ("followups", FollowUp),
        ("documents", Issued),
    )
    exhibits = sorted(store.all(Exhibit, case.id), key=lambda exhibit: exhibit.number)
    body: dict[str, Json] = {
        "format": CASE_FORMAT,
        "id": case.id,
        "number": case.number,
        "title": visible(case.title),
        "world": case.world,
        "ledger": case.ledger_id,
        "opened": case.opened,
        "closed": case.closed,
        "exhibits": [
            {
                "number": exhibit.number,
                "title": visible(exhibit.title),
                "url": visible(exhibit.url),
                "caption": visible(exhibit.caption),
                "purpose": visible(exhibit.purpose),
                "withdrawn": exhibit.withdrawn,
            }
            for exhibit in exhibits
        ],
    }
    body["environment"] = [
        {"sha256": check.sha256, "earlier": list(check.earlier), "record": parse(check.body())}
        for check in store.all(EnvironmentCheck, case.id)
    ]
    for name, kind in kinds:
        body[name] = [_plain(noun) for noun in store.all(kind, case.id)]
    return canonical(body)


def _plain(value: object) -> Json:
    """A noun as canonical JSON: free names become name and value, large numbers text."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= MAX_INTEGER else str(value)
        case str():
            return visible(value)
        case Mapping():
            return [
                {"name": visible(str(name)), "value": _plain(item)} for name, item in value.items()
            ]
        case list() | tuple():
            return [_plain(item) for item in value]
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return visible(str(value))
