"""Web addresses in what a person wrote, pasted, or got from an app that shares."""

from __future__ import annotations

import re

from holdfast.core.canonical import one_line

_LINK = re.compile(r"https?://[^\s\"<>，。、；：！？“”‘’（）《》【】「」]+", re.IGNORECASE)
_MARKS = ".,;:!?'"


def web_links(text: str) -> list[str]:
    """Every http and https address in a text, without the marks of the sentence around it."""
    return [_ended(hit) for hit in _LINK.findall(text)]


def links_in(text: str) -> list[str]:
    """What is named, each once: the addresses in a line, or the line where it holds none.

    What stands around an address, as where an app shares one, is no place of its own.
    """
    found: list[str] = []
    for line in map(str.strip, text.splitlines()):
        whole = _LINK.fullmatch(line) is not None
        found += [line] if whole else web_links(line) or [one_line(line)]
    return list(dict.fromkeys(filter(None, found)))


def _ended(link: str) -> str:
    """Without the marks that follow it; a bracket that it opened itself stays."""
    link = link.rstrip(_MARKS)
    while link.endswith((")", "]", "}")) and _closes_more(link):
        link = link[:-1].rstrip(_MARKS)
    return link


def _closes_more(link: str) -> bool:
    opening = {")": "(", "]": "[", "}": "{"}[link[-1]]
    return link.count(link[-1]) > link.count(opening)
