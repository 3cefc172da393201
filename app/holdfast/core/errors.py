"""Errors, told apart by who can act on them.

::

    HoldfastError
    ├── Refused       the person can change the request
    ├── Unavailable   the world said no; try again, or another way
    ├── Tampered      evidence contradicts its record; stop, keep, show
    └── Cancelled     they changed their mind; say nothing

Anything else is our own bug.  An error carries a code and facts, never a sentence: the words stand
in ``resources/i18n/<language>/errors.toml`` as what happened, why, and what now.
"""

from __future__ import annotations


class HoldfastError(Exception):
    """Something a person can be told about.  ``facts`` fill the sentences of ``code``."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, str | int] = facts

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code} ({facts})" if facts else self.code


class Refused(HoldfastError):
    """The request cannot be done as it stands; the person can change it."""


class Unavailable(HoldfastError):
    """The world said no; it may say yes later, or to another way."""


class Tampered(HoldfastError):
    """Evidence contradicts its record."""


class Cancelled(HoldfastError):
    """The person changed their mind."""

    def __init__(self) -> None:
        super().__init__("cancelled")
