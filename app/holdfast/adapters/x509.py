"""What needs public-key arithmetic: signatures, and paths from a signer to one pinned root.

A path is found here, by signatures and in bounded time, and then judged by pyHanko's RFC 5280
validator with that one root as its only trust.  Certificates that a token brings can only ever be
links of the path, never its end.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from holdfast.core.algorithms import ECDSA_WITH, EDDSA, RSA, RSA_PSS, RSA_WITH, fits_key, pss
from holdfast.core.canonical import one_line
from holdfast.core.certificates import Certificate
from holdfast.core.path import climb, objection
from holdfast.core.rfc3161 import Token

if TYPE_CHECKING:
    from cryptography import x509

PathState = Literal["valid", "broken", "unreadable"]
SignatureState = Literal["good", "bad", "uncheckable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A chain of signatures, signer first, root last."""

    certificates: tuple[Certificate, ...] = field(repr=False)
    state: PathState
    trouble: str = ""
    """What is the matter with it; empty when it is valid."""

    @property
    def root(self) -> Certificate:
        """Where it ends."""
        return self.certificates[-1]


def fingerprint(certificate: Certificate) -> str:
    """SHA-256 of the certificate's DER, lower-case hex."""
    return hashlib.sha256(certificate.raw).hexdigest()


def check_signature(token: Token, signer: Certificate) -> SignatureState:
    """Whether ``signer``'s key made the token's signature over its signed attributes.

    ``uncheckable`` for keys and algorithms this build has no arithmetic for (SM2 among them).
    """
    how = token.signer
    unusual = how.signature_algorithm == RSA_PSS and pss(how.signature_parameters) is None
    if not unusual and not fits_key(how.signature_algorithm, signer.public_key):
        return "bad"
    # RSA may leave the hash to the signer's own field (RFC 3370 §3.2).
    algorithm, lent = how.signature_algorithm, how.digest_algorithm
    return _verified(
        lambda: _loaded(signer.raw).public_key(),
        (algorithm, how.signature_parameters, lent),
        how.signed_bytes,
        how.signature,
    )


def holds(
    key: bytes, algorithm: str, parameters: bytes, signed: bytes, signature: bytes
) -> bool | None:
    """``revocation.Holds``: whether a signature by a key (SubjectPublicKeyInfo) holds."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    state = _verified(
        lambda: load_der_public_key(key), (algorithm, parameters, ""), signed, signature
    )
    return {"good": True, "bad": False}.get(state)


def _verified(
    load: Callable[[], Any], how: tuple[str, bytes, str], signed: bytes, signature: bytes
) -> SignatureState:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        _verify(load(), how, signed, signature)
    except InvalidSignature:
        return "bad"
    except (UnsupportedAlgorithm, NotImplementedError):
        return "uncheckable"
    except (ValueError, TypeError, OverflowError):
        # A key that cannot be read, for instance on a curve without a name here.
        return "uncheckable"
    return "good"


def _verify(key: Any, how: tuple[str, bytes, str], signed: bytes, signature: bytes) -> None:
    """Nothing when good.  Raises InvalidSignature, UnsupportedAlgorithm, ValueError."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

    oid, parameters, lent = how
    kinds: tuple[type[Any], ...]
    if oid == RSA or oid in RSA_WITH:
        kinds = (rsa.RSAPublicKey,)
        rest: tuple[Any, ...] = (padding.PKCS1v15(), _hash(RSA_WITH.get(oid, lent)))
    elif oid == RSA_PSS:
        kinds, rest = (rsa.RSAPublicKey,), _pss(parameters)
    elif oid in ECDSA_WITH:
        kinds, rest = (ec.EllipticCurvePublicKey,), (ec.ECDSA(_hash(ECDSA_WITH[oid])),)
    elif oid in EDDSA:
        kinds, rest = (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey), ()
    else:
        raise UnsupportedAlgorithm(oid)
    if not isinstance(key, kinds):
        raise InvalidSignature("the key is of another kind than the signature")
    key.verify(signature, signed, *rest)


def _hash(name: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    known: dict[str, Any] = {
        "sha1": hashes.SHA1,
        "sha224": hashes.SHA224,
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
        "sha3_256": hashes.SHA3_256,
        "sha3_384": hashes.SHA3_384,
        "sha3_512": hashes.SHA3_512,
    }
    if name not in known:
        raise UnsupportedAlgorithm(name)
    return known[name]()


def _pss(parameters: bytes) -> tuple[Any, Any]:
    """Padding and hash of RSASSA-PSS.  Raises UnsupportedAlgorithm."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import padding

    stated = pss(parameters)
    if stated is None:
        raise UnsupportedAlgorithm("RSASSA-PSS of an unusual kind")
    name, salt = stated
    return padding.PSS(padding.MGF1(_hash(name)), salt), _hash(name)


def _loaded(raw: bytes) -> x509.Certificate:
    """The certificate.  Raises ValueError, UnsupportedAlgorithm."""
    from cryptography import x509

    with _quiet():
        return x509.load_der_x509_certificate(raw)


@contextmanager
def _quiet() -> Iterator[None]:
    """Old roots have serials that today's rules would not allow; that is no news to a person."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def find_path(
    signer: Certificate, others: Sequence[bytes], root: Certificate, moment: datetime
) -> Path | None:
    """The path from ``signer`` over ``others`` (DER, untrusted) to ``root``, judged at ``moment``.

    None when no chain of signatures, each certificate valid at ``moment``, leads there.
    """
    chain = climb(signer, others, root, moment, _signed)
    if not chain:
        return None
    trouble, state = _trouble(chain)
    return Path(certificates=chain, state=state, trouble=trouble)


def _signed(issuer: Certificate, subject: Certificate) -> bool:
    """``path.Signed``: whether the key of ``issuer`` stands behind ``subject``."""
    raws = (issuer.raw, subject.raw)
    return (_key_stands_behind if _is_usual(raws) else _key_stands_behind.__wrapped__)(*raws)


def _is_usual(raws: Sequence[bytes]) -> bool:
    """Whether certificates are small enough to be remembered, as genuine ones are."""
    return sum(map(len, raws)) <= _REMEMBERED


_REMEMBERED: Final = 32 << 10


@lru_cache(maxsize=256)
def _key_stands_behind(issuer: bytes, subject: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    try:
        made = _loaded(subject)
        # Somebody else's certificate can be made to fit such a signature.
        if isinstance(made.signature_hash_algorithm, hashes.MD5 | hashes.SHA1):
            return False
        made.verify_directly_issued_by(_loaded(issuer))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _trouble(chain: Sequence[Certificate]) -> tuple[str, PathState]:
    """What RFC 5280 §6 has against the path; empty and valid when nothing.

    Every certificate in it is known to have been valid at the token's time.  Nothing else in the
    judgement depends on the time, so it is made for the first moment at which all of them were, and
    serves for every token of the chain.
    """
    if against := objection(chain):
        return against, "broken"
    raws = tuple(one.raw for one in chain)
    judge = _judged if _is_usual(raws) else _judged.__wrapped__
    return judge(raws, max(one.not_before for one in chain))


@lru_cache(maxsize=64)
def _judged(chain: tuple[bytes, ...], moment: datetime) -> tuple[str, PathState]:
    import asyncio

    from asn1crypto import x509
    from pyhanko_certvalidator import CertificateValidator, ValidationContext
    from pyhanko_certvalidator.errors import PathError, ValidationError

    try:
        signer, *links, root = (x509.Certificate.load(raw, strict=True) for raw in chain)
        context = ValidationContext(
            trust_roots=[root],
            other_certs=links,
            moment=moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        validator = CertificateValidator(signer, links, context)
        asyncio.run(validator.async_validate_path())
    except (PathError, ValidationError) as error:
        return _said(error), "broken"
    except (ValueError, TypeError, KeyError) as error:
        # Not a judgement: something in a certificate that the validator cannot read.
        return _said(error), "unreadable"
    return "", "valid"


def _said(error: Exception) -> str:
    return one_line(str(error)[:200]) or type(error).__name__
