"""Packs as files: written, read without trust, explained, and checked on a bare machine.

``reader``, ``tokens`` and ``offline`` use the standard library and ``holdfast.core`` alone, because
they travel in ``verify.pyz``.
"""
