"""The checking part of verify.html in node: the same text that the page runs as its worker."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from holdfast.core.canonical import moment

OLDEST = 18
"""The first node with web cryptography; one that opens files as blobs reads large ones better."""

_HARNESS = r"""
const fs = require("fs");
const readline = require("readline");
const crypto = require("crypto");
const raw = fs.readFileSync(process.argv[1]);
const script = raw.toString("utf8").match(/<script>([\s\S]*)<\/script>/)[1];
const pageHash = crypto.createHash("sha256").update(raw).digest("hex");
const realNow = Date.now;
globalThis.crypto ??= crypto.webcrypto;
const { File: NodeFile, Blob: NodeBlob } = require("buffer");
globalThis.File ??= NodeFile;
const opened = fs.openAsBlob ?? (async (path) => new NodeBlob([fs.readFileSync(path)]));
let settle;
globalThis.self = { postMessage(told) { if (told.result || "failed" in told) settle(told); } };
// Its parts are looked at as well, beside the one way in that the page has.
const names = "unhex, hex, checkToken, checkOts, termsOf, readCertificate, readCertificates, "
  + "HASHES, crc32, parseJson, ed25519Holds, Bad, CheckpointTable, linkRun, readDer, writeJson, "
  + "readCheckpoint, readEntry, readKey, readInclusion, readOts, readResponse, readQuery, readPem, "
  + "readMaterial, readGrowth, readMinisign, readPrinted, utf8";
(0, eval)(script.replace(/\}\)\(\);\s*$/, `globalThis.parts = { ${names} }; })();`));
const digestOf = (known) => (name) => {
  if (!(name in known)) throw new parts.Bad(name);
  return parts.unhex(known[name]);
};
// What each reader takes from an input, in the form of fakes/readings.py.
const shown = (raw) => (raw == null ? null : parts.hex(raw));
const number = (value) => (value == null ? null : value.toString(16));
const element = (node) => [node.tag, node.start, node.end, node.children.map(element)];
const head = (one) => [
  one.origin, one.size, shown(one.root), one.signatures.map(([name, raw]) => [name, shown(raw)]),
];
const readings = {
  der: (raw) => element(parts.readDer(raw)),
  json: (raw) => parts.writeJson(parts.parseJson(raw)),
  checkpoint: (raw) => head(parts.readCheckpoint(raw)),
  entry(raw) {
    const one = parts.readEntry(raw);
    const refs = one.refs.map((ref) => [ref.path, ref.size, ref.sha256, ref.sm3]);
    return [one.seq, one.ledger, one.at, one.act, one.subject, refs, parts.writeJson(one.facts)];
  },
  key(raw) {
    const one = parts.readKey(parts.utf8(raw));
    return [one.name, shown(one.key)];
  },
  inclusion(raw) {
    const one = parts.readInclusion(raw);
    return [one.index, one.path.map(shown), head(one.checkpoint)];
  },
  growth(raw) {
    const one = parts.readGrowth(raw);
    return [one.old, one.path.map(shown), head(one.checkpoint)];
  },
  printed(raw) {
    const one = parts.readPrinted(parts.utf8(raw));
    return [one.size, shown(one.root)];
  },
  minisign(raw) {
    const one = parts.readMinisign(raw);
    return [shown(one.keyId), shown(one.signature), one.comment, shown(one.overComment)];
  },
  opentimestamps(raw) {
    const one = parts.readOts(raw);
    return [one.algorithm, shown(one.digest), one.attestations.map((leaf) => [
      leaf.kind, shown(leaf.message), leaf.height, leaf.uri, leaf.tag, shown(leaf.payload),
    ])];
  },
  token(raw) {
    const { status, bare, info, signer, certificates } = parts.readResponse(raw);
    return [
      status, bare, certificates.map(shown),
      [info.policy, info.algorithm, shown(info.imprint), info.time, info.accuracy,
        number(info.nonce), shown(info.tsa), info.critical],
      [shown(signer.issuer), number(signer.serial), shown(signer.keyId), signer.digest,
        signer.algorithm, shown(signer.parameters?.raw), shown(signer.messageDigest),
        shown(signer.signed), shown(signer.signature),
        [...signer.named, ...signer.lists.flat()].map((one) => [
          one.algorithm, shown(one.hash), number(one.serial), shown(one.issuer),
        ]),
        signer.lists.map((one) => one.length)],
    ];
  },
  query(raw) {
    const one = parts.readQuery(raw);
    return [one.algorithm, shown(one.imprint), number(one.nonce), one.policy];
  },
  certificate(raw) {
    const one = parts.readCertificate(raw);
    const critical = [...one.extensions].filter(([, about]) => about.critical);
    return [
      shown(one.issuer), shown(one.subject), number(one.serial), one.notBefore, one.notAfter,
      shown(one.key.raw), one.firstVersion, shown(one.keyId), shown(one.issuerKeyId),
      shown(one.issuerIssuer), number(one.issuerSerial), one.purposes, one.purposesCritical,
      one.uses, one.authority, number(one.pathLength), critical.map(([oid]) => oid), one.name,
    ];
  },
  certificates: (raw) => parts.readCertificates(raw).map(shown),
  pem: (raw) => parts.readPem(raw).map(shown),
  revocation(raw) {
    const one = parts.readMaterial(raw);
    const { algorithm, parameters, signature, body } = one.signed;
    const signed = [algorithm, shown(parameters?.raw), shown(signature), shown(body.raw)];
    const word = (about) => about && [about.since, about.reason];
    if (!one.list) {
      const answers = one.answers.map((answer) => [
        shown(answer.nameHash), shown(answer.keyHash), number(answer.serial), answer.unknown,
        word(answer.revoked), answer.asOf, answer.until,
      ]);
      return ["ocsp", signed, one.signedAt, one.certificates.map(shown), answers];
    }
    const revoked = [...one.revoked].map(([serial, words]) => [number(serial), words.map(word)]);
    return [
      "list", signed, shown(one.issuer), one.asOf, one.until, revoked, one.users,
      one.authorities, one.places,
    ];
  },
};
const asks = {
  reading({ reader, raw }) {
    try {
      return [readings[reader](parts.unhex(raw))];
    } catch (error) {
      if (!(error instanceof parts.Bad)) throw error;
      return [];
    }
  },
  async token({ raw, chain, roots, digests, now }) {
    const terms = parts.termsOf({ practice: true, now: BigInt(now) });
    const given = roots.map((pem) => Buffer.from(pem)).flatMap(parts.readCertificates);
    const held = { ...terms, chain: Buffer.from(chain), query: null };
    if (given.length) held.roots = given.map((one) => parts.readCertificate(one));
    const [{ path, ...stamp }, findings] = await parts.checkToken(
      "x", digestOf(digests), parts.unhex(raw), held,
    );
    return [stamp, findings];
  },
  async ots({ raw, digests }) {
    const { runs } = parts.termsOf({ practice: true, now: 0n });
    return parts.checkOts("x", digestOf(digests), parts.unhex(raw), null, runs, true);
  },
  run({ first, raw, table }) {
    try {
      const linked = parts.linkRun(first, parts.unhex(raw), new parts.CheckpointTable(table));
      return linked === null ? null : linked.last;
    } catch (error) {
      if (!(error instanceof parts.Bad)) throw error;
      return error.message;
    }
  },
  hash({ name, raw }) {
    return parts.hex(parts.HASHES[name](parts.unhex(raw)));
  },
  crc({ raw }) {
    return parts.crc32(parts.unhex(raw));
  },
  json({ raw }) {
    try {
      parts.parseJson(parts.unhex(raw));
      return true;
    } catch (error) {
      if (!(error instanceof parts.Bad)) throw error;
      return false;
    }
  },
  ed25519({ key, signature, message }) {
    return parts.ed25519Holds(...[key, signature, message].map(parts.unhex));
  },
};
async function below(root, prefix = "") {
  const found = [];
  for (const entry of fs.readdirSync(root, { withFileTypes: true })) {
    const at = `${root}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await below(at, `${prefix}${entry.name}/`)));
    else found.push([prefix + entry.name, await opened(at)]);
  }
  return found;
}
(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { ask, path, practice, now, kept = [], heads = [], ...rest } = JSON.parse(line);
    Date.now = now ? () => now : realNow;
    if (ask) {
      const said = await asks[ask]({ now, ...rest });
      console.log(JSON.stringify(said, (_, one) => (typeof one === "bigint" ? String(one) : one)));
      continue;
    }
    const name = path.split("/").pop();
    const target = fs.statSync(path).isDirectory()
      ? { name, files: await below(path) }
      : { name, file: await opened(path) };
    const told = new Promise((resolve) => { settle = resolve; });
    const held = [];
    for (const file of kept) held.push([file.split("/").pop(), await opened(file)]);
    self.onmessage({ data: { target, practice, pageHash, kept: held, heads } });
    console.log(JSON.stringify(await told));
  }
})();
"""


class Engine:
    """A running node; each question is a pack."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def judged(
        self,
        pack: Path,
        *,
        practice: bool = True,
        now: str = "",
        kept: Sequence[Path] = (),
        heads: Sequence[str] = (),
    ) -> dict[str, Any]:
        """``result``, or why there is none; ``now`` is what its clock says, RFC 3339."""
        told: dict[str, Any] = self._said(
            {
                "path": str(pack),
                "practice": practice,
                "now": round(moment(now).timestamp() * 1000) if now else 0,
                "kept": [str(one) for one in kept],
                "heads": list(heads),
            }
        )
        return told

    def worked(self) -> float:
        """Seconds that processors worked for it; others may have been busy meanwhile."""
        used = psutil.Process(self._process.pid).cpu_times()
        return used.user + used.system

    def asked(self, what: str, **about: object) -> Any:
        """What one part of it says; the questions are ``asks`` above."""
        return self._said({"ask": what, **about})

    def _said(self, question: dict[str, object]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def absent() -> str:
    """Why there is no node that can run the page's script; empty where there is one."""
    node = shutil.which("node")
    if node is None:
        return "node is not here"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20).stdout
    major = int(said.lstrip("v").split(".")[0])
    return f"node {said.strip()} is too old" if major < OLDEST else ""


@contextmanager
def engine(page: Path) -> Iterator[Engine]:
    """The test is skipped where there is no such node."""
    if reason := absent():
        pytest.skip(reason)
    with subprocess.Popen(
        ["node", "-e", _HARNESS, str(page)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Engine(process)
        finally:
            process.kill()
