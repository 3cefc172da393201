"""One reading of a record: files had by path, and compared with what the record says of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.core.bag import Contents, Seen, Unreadable
from holdfast.core.canonical import Json
from holdfast.core.ledger import Ref
from holdfast.core.pack import payload


@dataclass(slots=True)
class Reading:
    """``live`` is a case in its own vault, which has not been exported."""

    contents: Contents
    seen: Seen
    live: bool
    recorded: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    manifests: dict[str, dict[str, Json]] = field(default_factory=dict)
    cases: set[str] = field(default_factory=set)
    """The ids of cases that the manifests and the case file name."""
    files: dict[str, list[Ref]] = field(default_factory=dict)
    """What the manifests list, by path.  Compared last, for large ones are still being hashed."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The content, or None after saying why not."""
        try:
            return self.contents.read(payload(path), limit)
        except Unreadable as error:
            self.seen.say(payload(path), error.rule, "broken", error.detail)
            return None

    def expects(self, ref: Ref) -> None:
        """A manifest lists this file."""
        self.recorded.add(ref.path)
        self.files.setdefault(ref.path, []).append(ref)

    def matches(self, ref: Ref) -> bool:
        """Whether the file is there and is what the record says; said when it is not."""
        name = payload(ref.path)
        self.recorded.add(ref.path)
        if name not in self.contents:
            self.seen.say(name, "file_missing", "broken")
            return False
        now = self.contents.sha256(name)
        if now != ref.sha256 or self.contents.size(name) != ref.size:
            self.seen.say(name, "file_changed", "broken", f"{ref.sha256} → {now}")
            self.changed.add(ref.path)
            return False
        sm3 = self.contents.sm3(name)
        if sm3 is not None and sm3 != ref.sm3:
            self.seen.say(name, "digest_sm3_differs", "broken", f"{ref.sm3} → {sm3}")
            return False
        return True
