"""Where an exhibit came from, as it was learnt when it was captured."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.core.canonical import Json, parse
from holdfast.core.evidence import Exhibit
from holdfast.core.origin import FILE, FORMAT, Row, rows
from holdfast.ports import Vault


def recorded(exhibit: Exhibit, *, vault: Vault) -> Mapping[str, Json]:
    """The exhibit's ``origin.json``; empty when it has none that can be read here.

    Raises Tampered when its bytes are not those that were sealed.
    """
    for artifact in exhibit.artifacts:
        if artifact.path == FILE and artifact.role == "record":
            try:
                body = parse(vault.read(artifact.digest.sha256))
            except ValueError:
                return {}
            return body if isinstance(body, Mapping) and body.get("format") == FORMAT else {}
    return {}


def told(exhibit: Exhibit, *, vault: Vault) -> tuple[Row, ...]:
    """The same in lines, the connection that served it first.  Raises Tampered."""
    return rows(recorded(exhibit, vault=vault))
