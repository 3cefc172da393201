"""Holdfast 留证 keeps what was done to a person online, proves it, and helps them act on it."""

__version__ = "0.1.0"
