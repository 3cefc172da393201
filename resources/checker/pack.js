// Where everything lies in a pack, and why it may lie there.

const PAYLOAD = "data/";
const BAG_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const DECLARATION = "bagit.txt";
const BAG_INFO = "bag-info.txt";
const MANIFEST = "manifest-sha256.txt";
const TAG_MANIFEST = "tagmanifest-sha256.txt";
const VERIFIER = "verify.pyz";
const BROWSER_VERIFIER = "verify.html";
const FETCH = "fetch.txt";
const README = "README.html";
// Over the tag manifest, and so over everything; the one file that no manifest can list.
const SIGNATURE = "tagmanifest-sha256.txt.minisig";
const REQUIRED_TAGS = [DECLARATION, BAG_INFO, MANIFEST, TAG_MANIFEST, README, VERIFIER];
const TAGS = [...REQUIRED_TAGS, BROWSER_VERIFIER, SIGNATURE];
// Begins the authority of a token that was obtained elsewhere; its root came with it.
const IMPORTED = "imported-";
const CASE_FILE = "case.json";
const ENTRIES = "ledger/entries.jsonl";
const HEAD = "ledger/checkpoint.txt";
const KEYS = "ledger/key.txt";

const payload = (path) => PAYLOAD + path;
const capturePath = (number) => `exhibits/${number}/capture.json`;
const inclusionPath = (number) => `exhibits/${number}/inclusion.tlog-proof`;
const chainPath = (authority) => `timestamps/${authority}/chain.pem`;
const rootPath = (authority) => `timestamps/${authority}/root.pem`;
const cosignedPath = (size, key) => `ledger/checkpoints/${size}.cosigned-${key}.txt`;

const EXHIBIT = /^exhibits\/(E[0-9]{4,9})\/([^\n]+)$/;
const PROOF =
  /^(exhibits\/E[0-9]{4,9}\/proofs|ledger\/checkpoints)\/([^\n]+?)\.(?:(ots)|([A-Za-z0-9][A-Za-z0-9_-]*)\.(tsr|tsq))$/;
const CHECKPOINT = /^ledger\/checkpoints\/(0|[1-9][0-9]{0,14})\.txt$/;
const CERTIFICATES = /^timestamps\/([A-Za-z0-9][A-Za-z0-9_-]*)\/(chain|root)\.pem$/;
const REVOCATION =
  /^timestamps\/([A-Za-z0-9][A-Za-z0-9_-]*)\/revocation\/[0-9a-f]{16}\.(?:crl|ocsp)$/;
const HEADERS = /^timestamps\/headers\/bitcoin-(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,8})\.bin$/;
const INCLUSION = /^exhibits\/(E[0-9]{4,9})\/inclusion\.tlog-proof$/;

function proofPath(subject, form, authority = "") {
  const ending = form === "ots" ? form : `${authority}.${form}`;
  const hit = EXHIBIT.exec(subject);
  return hit === null ? `${subject}.${ending}` : `exhibits/${hit[1]}/proofs/${hit[2]}.${ending}`;
}

function readProofName(path) {
  const hit = PROOF.exec(path);
  if (hit === null) return null;
  const folder = hit[1].endsWith("/proofs") ? hit[1].slice(0, -7) : hit[1];
  const subject = `${folder}/${hit[2]}`;
  return hit[3]
    ? { subject, form: "ots", authority: "", kind: "opentimestamps" }
    : { subject, form: hit[5], authority: hit[4], kind: "rfc3161" };
}

const checkpointSize = (path) => {
  const hit = CHECKPOINT.exec(path);
  return hit === null ? null : Number(hit[1]);
};
const headersSpan = (path) => {
  const hit = HEADERS.exec(path);
  return hit === null ? null : [Number(hit[1]), Number(hit[2])];
};

function standing(path, recorded) {
  if (recorded.has(path)) return "recorded";
  if ([ENTRIES, HEAD, KEYS].includes(path)) return "ledger";
  if (CHECKPOINT.test(path)) return "checkpoint";
  if (INCLUSION.test(path)) return "inclusion";
  if (PROOF.test(path)) return "proof";
  if (CERTIFICATES.test(path)) return "certificates";
  if (REVOCATION.test(path)) return "revocation";
  if (HEADERS.test(path)) return "headers";
  return "stranger";
}

// SHA-256 by name, from a manifest that is written as Holdfast writes one.
function readManifest(raw) {
  const text = ascii(raw);
  const digests = new Map();
  for (const line of (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n")) {
    const hit = /^([0-9a-f]{64}) {2}([^\t-\r\x1c-\x20]+)$/.exec(line);
    if (hit === null) bad("a line that is not a digest and a name");
    digests.set(hit[2], hit[1]);
  }
  const again = sortedNames(digests.keys()).map((name) => `${digests.get(name)}  ${name}\n`);
  if (again.join("") !== text) bad("a name twice, out of order, or no final line feed");
  return digests;
}
