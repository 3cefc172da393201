"""What each reader of the core takes from an input, in a form that two programs can compare.

Octets and numbers that may have any size are hexadecimal (Python writes none of more than 4,300
decimal digits), and times are microseconds since 1970.  ``fakes.checkengine`` has the same of the
readers in verify.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from holdfast.core import der, opentimestamps
from holdfast.core.canonical import canonical, parse
from holdfast.core.certificates import read_certificate, read_certificates, read_pem
from holdfast.core.growth import read_growth, read_printed
from holdfast.core.ledger import Checkpoint, read_checkpoint, read_entry, read_key, read_proof
from holdfast.core.minisign import read_signature
from holdfast.core.revocation import CertificateList, Revoked, read_material
from holdfast.core.rfc3161 import read_query, read_response

_TICK = timedelta(microseconds=1)


def _shown(raw: bytes | None) -> str | None:
    return None if raw is None else raw.hex()


def _all(raws: tuple[bytes, ...]) -> list[str]:
    return [raw.hex() for raw in raws]


def _number(value: int | None) -> str | None:
    return None if value is None else f"{value:x}"


def _time(at: datetime | None) -> str | None:
    return None if at is None else str((at - datetime(1970, 1, 1, tzinfo=UTC)) // _TICK)


def _element(node: der.Node) -> list[Any]:
    return [node.tag, node.start, node.end, [_element(one) for one in node.children]]


def _head(one: Checkpoint) -> list[Any]:
    signatures = [[name, raw.hex()] for name, raw in one.signatures]
    return [one.origin, one.size, one.root.hex(), signatures]


def _entry(raw: bytes) -> Any:
    one = read_entry(raw)
    refs = [[ref.path, ref.size, ref.sha256, ref.sm3] for ref in one.refs]
    return [one.seq, one.ledger, one.at, one.act, one.subject, refs, canonical(one.facts).decode()]


def _key(raw: bytes) -> Any:
    one = read_key(raw.decode())
    return [one.name, one.public_key.hex()]


def _inclusion(raw: bytes) -> Any:
    index, path, head = read_proof(raw)
    return [index, _all(path), _head(head)]


def _growth(raw: bytes) -> Any:
    one = read_growth(raw)
    return [one.old, _all(one.path), _head(one.checkpoint)]


def _printed(raw: bytes) -> Any:
    one = read_printed(raw.decode())
    return [one.size, one.root.hex()]


def _minisign(raw: bytes) -> Any:
    one = read_signature(raw)
    return [one.key_id.hex(), one.signature.hex(), one.comment, one.over_comment.hex()]


def _opentimestamps(raw: bytes) -> Any:
    one = opentimestamps.read_proof(raw)
    leaves = [
        [leaf.kind, leaf.message.hex(), leaf.height, leaf.uri, leaf.tag.hex(), leaf.payload.hex()]
        for leaf in one.attestations
    ]
    return [one.digest_algorithm, one.digest.hex(), leaves]


def _token(raw: bytes) -> Any:
    token = read_response(raw)
    info, signer = token.info, token.signer
    return [
        token.status, token.bare, _all(token.certificates),
        [
            info.policy, info.imprint_algorithm, info.imprint.hex(), _time(info.gen_time),
            str((info.accuracy or timedelta()) // _TICK), _number(info.nonce), _shown(info.tsa),
            list(info.critical),
        ],
        [
            _shown(signer.issuer), _number(signer.serial), _shown(signer.key_id),
            signer.digest_algorithm, signer.signature_algorithm,
            signer.signature_parameters.hex() or None, signer.message_digest.hex(),
            signer.signed_bytes.hex(), signer.signature.hex(),
            [
                [one.hash_algorithm, one.hash.hex(), _number(one.serial), _shown(one.issuer)]
                for one in (*signer.signing_certificates, *chain(*signer.lists))
            ],
            [len(one) for one in signer.lists],
        ],
    ]  # fmt: skip


def _query(raw: bytes) -> Any:
    one = read_query(raw)
    return [one.imprint_algorithm, one.imprint.hex(), _number(one.nonce), one.policy]


def _certificate(raw: bytes) -> Any:
    one = read_certificate(raw)
    return [
        one.issuer.hex(), one.subject.hex(), _number(one.serial), _time(one.not_before),
        _time(one.not_after), one.public_key.hex(), one.first_version, _shown(one.key_id),
        _shown(one.issuer_key_id), _shown(one.issuer_issuer), _number(one.issuer_serial),
        list(one.extended_key_usage), one.extended_key_usage_critical, one.key_uses,
        one.authority, _number(one.path_length), list(one.critical), one.common_name,
    ]  # fmt: skip


def _word(one: Revoked | None) -> Any:
    return None if one is None else [_time(one.since), one.reason]


def _revocation(raw: bytes) -> Any:
    one = read_material(raw)
    about = one.signed
    parameters = about.parameters.hex() or None
    signed = [about.algorithm, parameters, about.signature.hex(), about.body.raw.hex()]
    if isinstance(one, CertificateList):
        revoked = [[_number(serial), [*map(_word, words)]] for serial, words in one.revoked.items()]
        return [
            "list", signed, one.issuer.hex(), _time(one.as_of), _time(one.until), revoked,
            one.users_only, one.authorities_only, list(one.places),
        ]  # fmt: skip
    answers = [
        [
            answer.name_hash.hex(), answer.key_hash.hex(), _number(answer.serial),
            answer.state == "unknown", _word(answer.revoked), _time(answer.as_of),
            _time(answer.until),
        ]
        for answer in one.answers
    ]  # fmt: skip
    return ["ocsp", signed, _time(one.made), _all(one.certificates), answers]


READINGS: Mapping[str, Callable[[bytes], Any]] = {
    "der": lambda raw: _element(der.read(raw)),
    "json": lambda raw: canonical(parse(raw)).decode(),
    "checkpoint": lambda raw: _head(read_checkpoint(raw)),
    "entry": _entry,
    "key": _key,
    "inclusion": _inclusion,
    "growth": _growth,
    "printed": _printed,
    "minisign": _minisign,
    "opentimestamps": _opentimestamps,
    "token": _token,
    "query": _query,
    "certificate": _certificate,
    "certificates": lambda raw: _all(read_certificates(raw)),
    "pem": lambda raw: _all(read_pem(raw)),
    "revocation": _revocation,
}


def reading(what: str, raw: bytes) -> list[Any]:
    """What is read, in a list; an empty one where it is refused."""
    try:
        return [READINGS[what](raw)]
    except ValueError:
        return []
