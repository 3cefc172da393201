"""Other verifiers, asked about the same bytes: what each says in a few words.

Runs in any Python that has one of them: a list of cases (JSON) comes on standard input, the judges'
names are the arguments, and answers (JSON) go to standard output.  ``HOLDFAST_AUTO_ARCHIVER`` names
a checkout of bellingcat/auto-archiver, whose own functions are called; none of it is ours.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

SECONDS = 10
Case = dict[str, Any]
"""``kind``, ``proof`` (path), and for tokens ``message`` (path), ``roots``, ``chain`` (paths of
PEM), ``bare``, ``epoch``; for OpenTimestamps ``target`` (path or empty), ``digest``, ``header``."""


class NotHereError(Exception):
    """This judge cannot be had in this Python."""


def shortly(said: object) -> str:
    """One line of at most 60 characters that a table can hold."""
    text = re.sub(r"\s+", " ", str(said)).strip().replace("|", "/").replace("`", "'")
    text = re.sub(r"ASN\.1 parse error: ParseError \{ kind: (\w+).*", r"ASN.1 \1", text)
    text = text.partition(": ErrorStack")[0].rstrip(" .:,")
    return text if len(text) <= 60 else text[:59].rstrip(" .:,") + "…"


# --- openssl -------------------------------------------------------------------------------------


def openssl_version() -> str:
    found = shutil.which("openssl")
    if not found:
        raise NotHereError
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[1:2])


def openssl(case: Case) -> str:
    with tempfile.TemporaryDirectory() as folder:
        roots = Path(folder) / "roots.pem"
        roots.write_text("\n".join(case["roots"]))
        arguments = ["openssl", "ts", "-verify", "-data", case["message"], "-in", case["proof"]]
        arguments += ["-token_in"] if case["bare"] else []
        arguments += ["-CAfile", str(roots)]
        if case["chain"]:
            chain = Path(folder) / "chain.pem"
            chain.write_text("\n".join(case["chain"]))
            arguments += ["-untrusted", str(chain)]
        arguments += ["-attime", str(case["epoch"])] if case["epoch"] else []
        done = subprocess.run(
            arguments, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    if "Verification: OK" in done.stdout:
        return "accepts"
    reasons = re.findall(r"error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)", done.stderr)
    return f"refuses: {shortly(reasons[-1] if reasons else done.stderr)}"


# --- Python libraries ----------------------------------------------------------------------------


def _message(case: Case) -> bytes:
    return Path(case["message"]).read_bytes()


def rfc3161_client(case: Case) -> str:
    import rfc3161_client as library
    from cryptography.x509 import load_pem_x509_certificate

    raw = Path(case["proof"]).read_bytes()
    try:
        response = library.decode_timestamp_response(raw)
    except ValueError as error:
        return f"cannot read: {shortly(error)}"
    load = [load_pem_x509_certificate(pem.encode()) for pem in case["chain"]]
    issuers = {one.issuer for one in load}
    leaves = [one for one in load if one.subject not in issuers]
    lacking = not response.signed_data.certificates
    builder = library.VerifierBuilder(
        tsa_certificate=leaves[0] if lacking and leaves else None,
        roots=[load_pem_x509_certificate(pem.encode()) for pem in case["roots"]],
        intermediates=[one for one in load if one.issuer != one.subject],
    )
    try:
        # As it is meant to be used: the message, from which it computes the digest itself.
        builder.build().verify_message(response, _message(case))
    except (library.VerificationError, ValueError, TypeError) as error:
        return (
            f"refuses: {shortly(str(error).removeprefix('Error while verifying certificates: '))}"
        )
    return "accepts"


def pyhanko(case: Case) -> str:
    """``validate_tst_signed_data`` at the time that the token states, as its manual shows."""
    import asyncio
    from datetime import UTC, datetime

    from asn1crypto import cms, pem, tsp, x509
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko_certvalidator import ValidationContext

    raw = Path(case["proof"]).read_bytes()
    try:
        if case["bare"]:
            data = cms.ContentInfo.load(raw, strict=True)["content"]
        else:
            data = tsp.TimeStampResp.load(raw, strict=True)["time_stamp_token"]["content"]
        _ = data["encap_content_info"]["content"].parsed.native
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return f"cannot read: {shortly(error)}"

    def certificates(pems: list[str]) -> list[Any]:
        return [x509.Certificate.load(pem.unarmor(one.encode())[2]) for one in pems]

    context = ValidationContext(
        trust_roots=certificates(case["roots"]),
        other_certs=certificates(case["chain"]),
        allow_fetching=False,
        revocation_mode="soft-fail",
        moment=datetime.fromtimestamp(case["epoch"], UTC),
    )
    message = _message(case)
    status = asyncio.run(
        validate_tst_signed_data(data, context, lambda name: hashlib.new(name, message).digest())
    )
    if status["intact"] and status["valid"] and status["trust_problem_indic"] is None:
        return "accepts"
    wrong = [name for name in ("intact", "valid") if not status[name]]
    return "refuses: " + (f"not {wrong[0]}" if wrong else shortly(status["trust_problem_indic"]))


# --- auto-archiver -------------------------------------------------------------------------------


def _borrowed(module: str) -> ModuleType:
    """A module of theirs from the checkout, with what it needs besides verifying left empty."""
    checkout = os.environ.get("HOLDFAST_AUTO_ARCHIVER", "")
    path = Path(checkout) / "src" / "auto_archiver" / "modules" / module / f"{module}.py"
    if not checkout or not path.is_file():
        raise NotHereError
    core = MagicMock()
    core.Enricher = object
    for name in (
        "slugify", "retrying", "requests", "loguru", "certifi", "auto_archiver",
        "auto_archiver.utils", "auto_archiver.utils.custom_logger", "auto_archiver.utils.misc",
        "auto_archiver.version",
    ):  # fmt: skip
        sys.modules[name] = MagicMock()
    sys.modules["auto_archiver.version"].__version__ = ""
    sys.modules["auto_archiver.core"] = core
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@contextmanager
def _at_most() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"no answer in {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def auto_archiver(case: Case) -> str:
    if case["kind"] == "ots":
        return _auto_archiver_ots(case)
    theirs = _borrowed("timestamping_enricher")
    client = theirs.TimestampingEnricher
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as roots:
        roots.write("\n".join(case["roots"]))
        roots.flush()
        self = SimpleNamespace(cert_authorities=roots.name)
        self.tst_certs = lambda response: client.tst_certs(self, response)
        with _at_most():
            response = theirs.decode_timestamp_response(Path(case["proof"]).read_bytes())
            found = client.verify_signed(self, response, _message(case))
    return "accepts" if found else "refuses: no root certificate"


def _auto_archiver_ots(case: Case) -> str:
    theirs = _borrowed("opentimestamps_enricher")
    from opentimestamps.core.serialize import BytesDeserializationContext
    from opentimestamps.core.timestamp import DetachedTimestampFile

    with _at_most():
        raw = Path(case["proof"]).read_bytes()
        proof = DetachedTimestampFile.deserialize(BytesDeserializationContext(raw))
        found = theirs.OpentimestampsEnricher.verify_timestamp(SimpleNamespace(), proof)
    return "accepts" if found["verified"] else "not verified"


# --- ots -----------------------------------------------------------------------------------------


def ots_program() -> str:
    beside = Path(sys.executable).with_name("ots")
    found = str(beside) if beside.is_file() else shutil.which("ots")
    if not found:
        raise NotHereError
    return found


def ots(case: Case) -> str:
    """The unmodified client, against a node that has the one true header, or without any."""
    arguments = [ots_program(), "--no-cache", "--no-default-whitelist"]
    about = ["-f", case["target"]] if case["target"] else []
    if not about and case["digest"]:
        about = ["-d", case["digest"]]
    if not about:
        arguments += ["info", case["proof"]]
        return _ran(arguments, "reads")
    if not case["header"]:
        arguments.append("--no-bitcoin")
        return _ran([*arguments, "verify", *about, case["proof"]], "accepts")
    with _node(case["header"]) as address:
        arguments += ["--bitcoin-node", address]
        return _ran([*arguments, "verify", *about, case["proof"]], "accepts")


def _ran(arguments: list[str], good: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    lines = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode == 0:
        return good
    folder = str(Path(arguments[-1]).parent)
    said = (lines[-1] if lines else "").replace(f"{folder}/", "")
    return f"refuses: {shortly(said or f'exit code {done.returncode}')}"


@contextmanager
def _node(header: dict[str, Any]) -> Iterator[str]:
    """A node's JSON-RPC that knows one block."""
    known = {
        "getblockcount": header["height"] + 10,
        "getblockhash": header["hash"],
        "getblockheader": header["hex"],
        "getnetworkinfo": {"version": 250000},
        "getblockchaininfo": {"blocks": header["height"] + 10},
    }

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wrong = asked["method"] == "getblockhash" and asked["params"] != [header["height"]]
            error = {"code": -8, "message": "Block height out of range"} if wrong else None
            result = None if wrong else known.get(asked["method"])
            body = json.dumps({"result": result, "error": error, "id": asked["id"]}).encode()
            self.send_response(500 if wrong else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://user:word@127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# --- who is here ---------------------------------------------------------------------------------


def _package(name: str) -> Callable[[], str]:
    def found() -> str:
        try:
            return version(name)
        except PackageNotFoundError as error:
            raise NotHereError from error

    return found


def _archiver_version() -> str:
    checkout = os.environ.get("HOLDFAST_AUTO_ARCHIVER", "")
    if not checkout:
        raise NotHereError
    return os.environ.get("HOLDFAST_AUTO_ARCHIVER_COMMIT", "")[:8] or "a checkout"


JUDGES: dict[str, tuple[Callable[[], str], Callable[[Case], str], frozenset[str]]] = {
    "ots": (_package("opentimestamps-client"), ots, frozenset({"ots"})),
    "openssl ts": (openssl_version, openssl, frozenset({"tsr"})),
    "rfc3161-client": (_package("rfc3161-client"), rfc3161_client, frozenset({"tsr"})),
    "pyHanko": (_package("pyHanko"), pyhanko, frozenset({"tsr"})),
    "auto-archiver": (_archiver_version, auto_archiver, frozenset({"ots", "tsr"})),
}


def _heard(ask: Callable[[Case], str], case: Case) -> str:
    try:
        return ask(case)
    except NotHereError:
        raise
    except Exception as error:  # noqa: BLE001 -- a judge may fail in any way, which is its answer
        return f"error: {shortly(f'{type(error).__name__}: {error}')}"


def answers(names: list[str], cases: list[Case]) -> dict[str, dict[str, Any]]:
    """Version and answers, by judge and case; judges that are not here are left out."""
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        which, ask, kinds = JUDGES[name]
        try:
            number = which()
            said = {case["key"]: _heard(ask, case) for case in cases if case["kind"] in kinds}
        except NotHereError:
            continue
        found[name] = {"version": number, "answers": said}
    return found


if __name__ == "__main__":
    # Libraries talk; the answers have standard output for themselves.
    out, sys.stdout = sys.stdout, sys.stderr
    json.dump(answers(sys.argv[1:] or list(JUDGES), json.load(sys.stdin)), out)
