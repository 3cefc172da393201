// The custody record: lines, the tree over them (RFC 9162), its heads (C2SP) and their proofs.

const HEX64 = /^[0-9a-f]{64}$/;
const HEX32 = /^[0-9a-f]{32}$/;
const MAX_NOTE = 1 << 20;
const ENTRY_TYPES = {
  v: (value) => typeof value === "number",
  ledger: isText,
  seq: (value) => typeof value === "number",
  at: isText,
  actor: isText,
  act: isText,
  subject: isText,
  refs: Array.isArray,
  facts: isMap,
  nonce: isText,
};

function readEntry(body) {
  const value = parseJson(body);
  if (!isMap(value)) bad("a ledger line is an object");
  for (const [key, fits] of Object.entries(ENTRY_TYPES)) {
    if (!fits(value.get(key))) bad(`a ledger line needs ${key}`);
  }
  if (value.get("v") !== 1) bad("a version that is not known here");
  if (value.get("seq") < 0 || !HEX32.test(value.get("nonce"))) bad("a wrong seq or nonce");
  return {
    seq: value.get("seq"),
    ledger: value.get("ledger"),
    at: value.get("at"),
    act: value.get("act"),
    subject: value.get("subject"),
    refs: value.get("refs").map(readRef),
    facts: value.get("facts"),
  };
}

function readRef(value) {
  const [path, size, digest, sm3] = ["path", "size", "sha256", "sm3"].map((key) => get(value, key));
  const fits = isText(path) && typeof size === "number" && isText(digest) && isText(sm3);
  if (!fits || !HEX64.test(digest) || !HEX64.test(sm3) || size < 0) bad("a malformed ref");
  return { path, size, sha256: digest, sm3 };
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const leafHash = (body) => sha256(LEAF, body);
const nodeHash = (left, right) => sha256(NODE, left, right);

// The roots over the first so many leaves, for each of `sizes` there are, in one pass.
function treeRoots(leaves, sizes) {
  const wanted = new Set(sizes);
  const roots = new Map();
  const peaks = [];
  if (wanted.has(0)) roots.set(0, sha256());
  leaves.forEach((leaf, size) => {
    let node = leaf;
    for (let left = size; left & 1; left = Math.floor(left / 2)) node = nodeHash(peaks.pop(), node);
    peaks.push(node);
    if (wanted.has(size + 1)) {
      roots.set(size + 1, peaks.slice(0, -1).reduceRight((root, peak) => nodeHash(peak, root), node));
    }
  });
  return roots;
}

function rootFromInclusion(leaf, index, size, path) {
  if (!(index >= 0 && index < size)) bad("no such leaf");
  const half = (value) => Math.floor(value / 2);
  let fn = index;
  let sn = size - 1;
  let node = leaf;
  for (const step of path) {
    if (sn === 0) bad("the path is too long");
    if (fn % 2 || fn === sn) {
      node = nodeHash(step, node);
      while (fn % 2 === 0 && fn) [fn, sn] = [half(fn), half(sn)];
    } else {
      node = nodeHash(node, step);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn) bad("the path is too short");
  return node;
}

// Whether `path` proves that the second head extends the first (RFC 9162 2.1.4.2).
function consistent(first, second, firstRoot, secondRoot, path) {
  if (first === second) return !path.length && equal(firstRoot, secondRoot);
  if (!(first > 0 && first < second) || !path.length) return false;
  const half = (value) => Math.floor(value / 2);
  // A first head of a power of two is its own first step.
  const power = (BigInt(first) & BigInt(first - 1)) === 0n;
  const steps = power ? [firstRoot, ...path] : [...path];
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2) [fn, sn] = [half(fn), half(sn)];
  let [one, other] = [steps[0], steps[0]];
  for (const step of steps.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 || fn === sn) {
      [one, other] = [nodeHash(step, one), nodeHash(step, other)];
      while (fn % 2 === 0 && fn) [fn, sn] = [half(fn), half(sn)];
    } else other = nodeHash(other, step);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(one, firstRoot) && equal(other, secondRoot);
}

// --- heads ---------------------------------------------------------------------------------------

const originOf = (ledger, world) => `${world === "practice" ? "practice." : ""}holdfast.local/${ledger}`;
const worldOf = (origin) => (origin.startsWith("practice.") ? "practice" : "real");

const NOTE_SIZE = /^(?:0|[1-9][0-9]{0,14})$/;
const NOTE_SIGNATURE = new RegExp(`^\u2014 ([^${WHITE}]+) ([^${WHITE}]+)$`);

function readCheckpoint(raw) {
  if (raw.length > MAX_NOTE) bad("a checkpoint of over 1 MiB");
  const whole = utf8(raw);
  const gap = whole.indexOf("\n\n");
  const lines = (gap < 0 ? whole : whole.slice(0, gap)).split("\n");
  if (gap < 0 || lines.length !== 3 || !lines[0] || !NOTE_SIZE.test(lines[1])) {
    bad("not a checkpoint: origin, size and root on three lines");
  }
  const signatures = splitLines(whole.slice(gap + 2)).map((line) => {
    const hit = NOTE_SIGNATURE.exec(line);
    if (hit === null) bad("not a checkpoint: a signature line is malformed");
    return [hit[1], unbase64(hit[2])];
  });
  const root = unbase64(lines[2]);
  const text = `${lines[0]}\n${lines[1]}\n${base64(root)}\n`;
  const note =
    `${text}\n` + signatures.map(([name, data]) => `\u2014 ${name} ${base64(data)}\n`).join("");
  if (root.length !== 32 || note !== whole) bad("not a checkpoint in its one form");
  return { origin: lines[0], size: Number(lines[1]), root, signatures, text: encode(text), note };
}

// Signature types of C2SP signed-note: a log's own key, and a cosigner's.
const LOG_KEY = 1;
const COSIGNER_KEY = 4;

const keyId = (name, key, kind) =>
  sha256(encode(`${name}\n`), Uint8Array.of(kind), key).subarray(0, 4);

function readKey(text, kind = LOG_KEY) {
  const plus = text.indexOf("+");
  const name = plus < 0 ? text : text.slice(0, plus);
  const rest = plus < 0 ? "" : text.slice(plus + 1);
  const raw = unbase64(rest.includes("+") ? rest.slice(rest.indexOf("+") + 1) : "");
  if (raw.length !== 33 || raw[0] !== kind) bad("not an Ed25519 verifier key");
  const key = raw.subarray(1);
  const id = keyId(name, key, kind);
  if (`${name}+${hex(id)}+${base64(raw)}` !== text) bad("a verifier key whose id does not fit");
  return { name, key, id, text };
}

function signedBy(checkpoint, key) {
  for (const [name, raw] of checkpoint.signatures) {
    if (name === key.name && equal(raw.subarray(0, 4), key.id)) {
      return ed25519Holds(key.key, raw.subarray(4), checkpoint.text);
    }
  }
  return false;
}

// c2sp.org/tlog-proof@v1
function readInclusion(raw) {
  if (raw.length > MAX_NOTE) bad("a proof of over 1 MiB");
  const gap = find(raw, encode("\n\n"));
  const lines = utf8(gap < 0 ? raw : raw.subarray(0, gap)).split("\n");
  if (gap < 0 || lines.length < 2 || lines[0] !== "c2sp.org/tlog-proof@v1" || lines.length > 66) {
    bad("not a tlog-proof");
  }
  const hit = /^index (0|[1-9][0-9]{0,14})$/.exec(lines[1]);
  if (hit === null) bad("not a tlog-proof: no index");
  const path = lines.slice(2).map(unbase64);
  if (path.some((step) => step.length !== 32)) bad("not a tlog-proof: a hash of another length");
  const checkpoint = readCheckpoint(raw.subarray(gap + 2));
  const told = [...lines.slice(0, 2), ...path.map(base64), "", checkpoint.note].join("\n");
  if (told !== utf8(raw)) bad("not a tlog-proof in its one form");
  return { index: Number(hit[1]), path, checkpoint };
}
