"""What a person is told to do about a verdict: the same from every mouth."""

from __future__ import annotations

from holdfast.core.verdict import Verdict

_BY_RULE: tuple[tuple[str, frozenset[str], str], ...] = (
    ("unchecked", frozenset({"kept_alone"}), "ui.ledger.alone.now"),
    ("unchecked", frozenset({"kept_between"}), "ui.ledger.between.now"),
    ("unchecked", frozenset({"copy_of_newer"}), "ui.verify.newer.now"),
    ("unchecked", frozenset({"copy_objects_absent"}), "ui.verify.objects.now"),
    (
        "unchecked",
        frozenset({"document_unknown", "file_unknown", "folder_unknown", "proof_absent"}),
        "ui.verify.alone.now",
    ),
    ("weak", frozenset({"copy_older"}), "ui.verify.older.now"),
    ("weak", frozenset({"proof_without_file"}), "ui.verify.file.now"),
    ("weak", frozenset({"key_late", "key_succeeded"}), "ui.verify.key.now"),
    ("weak", frozenset({"kept_in_vault"}), "ui.verify.vault.now"),
)

_UNSEEN = frozenset({"folder_link", "folder_refused", "folder_too_many", "folder_unread"})
"""Rules of what was not looked at, in a folder where nothing else was."""

_ABOUT_TIME = ("exhibit_", "token_", "ots_")
"""How weak rules begin of which another time-stamp makes up."""


def advice(verdict: Verdict) -> str:
    """The key of what to do now; empty where nothing needs to be done."""
    state = verdict.state
    if state == "ok":
        return ""
    rules = {finding.rule for finding in verdict.findings}
    if state == "broken" and "copy_read" in rules:
        return "ui.verify.copy.now"
    if state == "broken" and rules & {"copy_damaged", "copy_shape", "copy_too_many"}:
        return "ui.verify.copy.now"
    for of, named, key in _BY_RULE:
        if of == state and rules & named:
            return key
    if state == "unchecked" and rules <= _UNSEEN:
        return "ui.verify.unseen.now"
    if state == "unchecked" and verdict.undated:
        return "ui.verify.undated.now"
    weak = [finding.rule for finding in verdict.findings if finding.outcome == "weak"]
    if state == "weak" and not all(rule.startswith(_ABOUT_TIME) for rule in weak):
        return "ui.verify.weak.ask.now"
    return f"ui.verify.{state}.now"


def sentence(verdict: Verdict) -> str:
    """The key of the sentence on top.  What was sealed is spoken of only where a record says it."""
    state = verdict.state
    if verdict.unopened:
        return "ui.verify.broken.unopened"
    plain = ".plain" if state in ("ok", "weak") and not verdict.sure else ""
    loose = ".loose" if verdict.loose and state in ("ok", "weak", "broken", "pending") else ""
    return f"ui.verify.{state}{loose}{plain}"


def line(verdict: Verdict) -> str:
    """The key of what stands beneath the sentence."""
    if verdict.unopened:
        return "ui.verify.broken.unopened.line"
    loose = ".loose" if verdict.loose and verdict.state == "pending" else ""
    return f"ui.verify.{verdict.state}{loose}.line"


def shows(verdict: Verdict) -> str:
    """The key of what it shows: never more than was looked at."""
    if not verdict.loose:
        return "ui.verify.shows." + ("broken" if verdict.verdict == "broken" else "whole")
    if verdict.unopened:
        return "ui.verify.shows.nothing"
    if verdict.verdict == "broken":
        return "ui.verify.shows.loose.broken"
    return "ui.verify.shows.loose" if verdict.sure else "ui.verify.shows.nothing"
