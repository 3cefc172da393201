"""Markup from outside, read by the standard library without its one way of giving up."""

from __future__ import annotations

from html.parser import HTMLParser


class Markup(HTMLParser):
    """A parser for which no page is wrong.

    Python's own ends with an error where a marked section has a name that it does not know
    (``<![x[``); browsers read such a thing as a comment (WHATWG HTML §13.2.5.42).
    """

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """As the standard library's, and a comment where that raises."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)
