"""Nouns and rules.  Standard library only: no input or output, no clock, no window, no network."""
