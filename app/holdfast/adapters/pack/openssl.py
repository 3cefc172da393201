"""The ``openssl`` program, where there is one: found, asked, and never left with a trust store."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from holdfast.core.algorithms import RSA_PSS, SIGNED_OVER, fits_key, pss

SECONDS: Final = 30.0

_HOMEBREW = (
    "/opt/homebrew/opt/openssl@3/bin/openssl",
    "/usr/local/opt/openssl@3/bin/openssl",
)


@cache
def find_openssl() -> str:
    """The path of an OpenSSL of at least 1.1.1; empty when there is none.

    LibreSSL always trusts the system's store beside what it is given, so it is not taken.
    """
    for name in (shutil.which("openssl") or "", *_HOMEBREW):
        if name and Path(name).is_file():
            said = run((name, "version")).stdout.decode("utf-8", "replace")
            if re.match(r"OpenSSL (1\.1\.1|[3-9]\.)", said):
                return name
    return ""


@cache
def is_old(openssl: str) -> bool:
    """Whether it is a 1.1.1, which knows no ``-no-CAstore``."""
    return run((openssl, "version")).stdout.startswith(b"OpenSSL 1.1.1")


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """What a command said; exit code -1 where it could not be had or took too long."""
    quiet = {**os.environ, "OPENSSL_CONF": os.devnull, "LC_ALL": "C"}
    try:
        return subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            env=quiet,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(arguments, -1, b"", str(error).encode())


class OpensslSignatures:
    """``revocation.Holds`` by the program."""

    def __init__(self, openssl: str) -> None:
        self._openssl = openssl

    def __call__(
        self, key: bytes, algorithm: str, parameters: bytes, signed: bytes, signature: bytes
    ) -> bool | None:
        """Whether the signature holds; None for what is neither RSA nor ECDSA."""
        name = SIGNED_OVER.get(algorithm, "")
        options: tuple[str, ...] = ()
        if algorithm == RSA_PSS and (stated := pss(parameters)) is not None:
            name, salt = stated
            options = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}")
        elif parameters not in (b"", b"\x05\x00"):
            return None
        # Of lists over SHA-3 the page has no arithmetic either, and both say the same.
        if name not in ("sha1", "sha224", "sha256", "sha384", "sha512"):
            return None
        if not fits_key(algorithm, key):
            return False
        with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            room = Path(folder)
            text = base64.encodebytes(key).decode()
            pem = f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n"
            (room / "key.pem").write_text(pem, encoding="ascii")
            (room / "signature").write_bytes(signature)
            (room / "signed").write_bytes(signed)
            files = ("-verify", "key.pem", "-signature", "signature", "signed")
            done = run(
                (
                    self._openssl,
                    "dgst",
                    f"-{name}",
                    *options,
                    *(part if part.startswith("-") else str(room / part) for part in files),
                )
            )
        if done.returncode == 0:
            return True
        # A key that cannot be read, or a program that failed, is no judgement.
        return False if b"Verification failure" in done.stdout + done.stderr else None
