// OpenTimestamps proofs, read strictly and held against the header runs at hand.

const OTS_MAGIC = unhex("004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294");
const MAX_PROOF = 1 << 20;
const MAX_MESSAGE = 4096;
const MAX_LEVELS = 256;
const MAX_ATTESTATIONS = 64;
const MAX_WORK = 1 << 24;
const FILE_DIGESTS = {
  0x02: ["sha1", 20, sha1],
  0x03: ["ripemd160", 20, ripemd160],
  0x08: ["sha256", 32, (message) => sha256(message)],
  0x67: ["keccak256", 32, keccak256],
};
const CHAINS = {
  "0588960d73d71901": "bitcoin",
  "06869a0d73d71b45": "litecoin",
  "30fe8087b5c7ead7": "ethereum",
};
const PENDING = "83dfe30d2ef90c8e";
const URI = /^[A-Za-z0-9\-._/:]*$/;

class OtsReader {
  constructor(raw) {
    this.raw = raw;
    this.at = 0;
  }

  take(size) {
    const end = this.at + size;
    if (end > this.raw.length) bad("ends too early");
    const taken = this.raw.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  octet() {
    return this.take(1)[0];
  }

  integer() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = this.octet();
      value += (octet & 0x7f) * 2 ** shift;
      if (value > 0xffffffff || shift > 28) bad("a number is too large");
      if (!(octet & 0x80)) {
        if (shift && !octet) bad("a number is not written in its shortest form");
        return value;
      }
    }
  }

  octets(least, most) {
    const size = this.integer();
    if (size < least || size > most) bad("a field is too short or too long");
    return this.take(size);
  }

  end() {
    if (this.at !== this.raw.length) bad("something follows the proof");
  }
}

function readOts(raw) {
  if (raw.length > MAX_PROOF) bad("longer than a proof may be");
  const reader = new OtsReader(raw);
  if (!equal(raw.subarray(0, OTS_MAGIC.length), OTS_MAGIC)) bad("not an OpenTimestamps proof");
  reader.take(OTS_MAGIC.length);
  const version = reader.integer();
  if (version !== 1) bad(`version ${version} is not known`);
  const kind = FILE_DIGESTS[reader.octet()];
  if (kind === undefined) bad("the file digest is not made by a known hash");
  const digest = reader.take(kind[1]);
  return { algorithm: kind[0], digest, attestations: walkOts(reader, digest) };
}

function walkOts(reader, message) {
  const found = [];
  const waiting = [];
  let work = MAX_WORK;
  let node = { message, depth: 1, seen: new Set() };
  const once = (branch) => {
    if (node.seen.has(branch)) bad("a branch stands twice");
    node.seen.add(branch);
  };
  while (node !== undefined) {
    let tag = reader.octet();
    if (tag === 0xff) {
      waiting.push(node);
      tag = reader.octet();
    }
    if (tag === 0x00) {
      const attestation = readAttestation(reader, node.message);
      once(`00${attestation.tag}${hex(attestation.payload)}`);
      found.push(attestation);
      if (found.length > MAX_ATTESTATIONS) bad("has more attestations than a proof needs");
      node = waiting.pop();
      continue;
    }
    const binary = tag === 0xf0 || tag === 0xf1;
    const argument = binary ? reader.octets(1, MAX_MESSAGE) : new Uint8Array(0);
    once(HEX[tag] + hex(argument));
    work -= (node.message.length + 64) * (tag === 0x03 || tag === 0x67 ? 256 : 1);
    if (work < 0) bad("asks for more work than a proof needs");
    if (node.depth >= MAX_LEVELS) bad("nested too deeply");
    node = {
      message: applyOts(tag, argument, node.message),
      depth: node.depth + 1,
      seen: new Set(),
    };
  }
  reader.end();
  return found;
}

function applyOts(tag, argument, message) {
  let result;
  if (tag === 0xf0) result = join(message, argument);
  else if (tag === 0xf1) result = join(argument, message);
  else if (tag === 0xf2) result = Uint8Array.from(message).reverse();
  else if (tag === 0xf3) result = encode(hex(message));
  else if (FILE_DIGESTS[tag] !== undefined) result = FILE_DIGESTS[tag][2](message);
  else bad(`operation 0x${HEX[tag]} is not known`);
  if (result.length > MAX_MESSAGE) bad("a message grows too long");
  return result;
}

function readAttestation(reader, message) {
  const tag = hex(reader.take(8));
  const payload = reader.octets(0, 8192);
  const inner = new OtsReader(payload);
  const found = { kind: "unknown", message, height: null, uri: "", tag, payload };
  if (tag === PENDING) {
    found.kind = "pending";
    found.uri = latin1(inner.octets(0, 1000));
    if (!URI.test(found.uri)) bad("a calendar's address has a forbidden character");
    inner.end();
  } else if (Object.hasOwn(CHAINS, tag)) {
    found.kind = CHAINS[tag];
    found.height = inner.integer();
    inner.end();
  }
  return found;
}

// --- what a proof is worth -----------------------------------------------------------------------

// SHA-1 digests that two different published files share (SHAttered, 2017).
const COLLISIONS = [
  "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
  "f92d74e3874587aaf443d1db961d4e26dde13e9c",
];

const anchor = (status, more) =>
  ({ status, network: "", time: null, by: "", reason: "", ...more });

// `run` is null or [first height, raw headers]; a run counts only where it links to a checkpoint.
function judgeAttestation(attestation, run, runs) {
  const by = `block ${attestation.height}`;
  if (attestation.kind !== "bitcoin") {
    if (attestation.kind === "pending") return anchor("pending", { by: attestation.uri });
    if (attestation.kind === "unknown") {
      return anchor("unchecked", { by: attestation.tag, reason: "unknown_attestation" });
    }
    const chain = attestation.kind[0].toUpperCase() + attestation.kind.slice(1);
    return anchor("unchecked", { by: `${chain} ${by}`, reason: "unsupported_chain" });
  }
  if (attestation.message.length !== 32) return anchor("broken", { by, reason: "not_a_root" });
  const none = anchor("unchecked", { by, reason: "no_header" });
  if (run === null) return none;
  let linked;
  try {
    linked = runs.link(...run);
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return anchor("unchecked", { by, reason: "bad_run" });
  }
  const header = linked === null ? null : linked.header(attestation.height);
  if (header === null) return none;
  const network = linked.network;
  if (!equal(header.root, attestation.message)) {
    return anchor("broken", { network, by, reason: "root_differs" });
  }
  const status = network === "bitcoin" ? "confirmed" : "simulated";
  return anchor(status, { network, time: told(header.time), by });
}

const told = (seconds) => new Date(seconds * 1000).toISOString();

const ANCHOR_RANK = ["confirmed", "one_source", "simulated", "pending", "unchecked", "broken"];

function bestAnchor(anchors) {
  const weight = (one) =>
    one.status === "unchecked" && ["no_header", "bad_run"].includes(one.reason)
      ? ANCHOR_RANK.indexOf("pending") - 0.5
      : ANCHOR_RANK.indexOf(one.status);
  const order = (one, other) => {
    const by = weight(one) - weight(other);
    return by || ((one.time ?? "") < (other.time ?? "") ? -1 : (one.time ?? "") > (other.time ?? "") ? 1 : 0);
  };
  return anchors.reduce((best, one) => (order(one, best) < 0 ? one : best));
}

const ANCHOR_OUTCOMES = {
  confirmed: "ok",
  one_source: "weak",
  pending: "unchecked",
  unchecked: "unchecked",
  broken: "broken",
};

async function checkOts(subject, digest, proof, run, runs, practice) {
  const finding = (rule, outcome, detail = "") => ({ subject, rule, outcome, detail });
  const seen = (one) => ({
    subject,
    kind: "opentimestamps",
    network: one.network || (find(proof, encode(PRACTICE.proof_mark)) >= 0 ? "practice" : ""),
    status: one.status,
    time: one.time,
    by: one.by,
  });
  let read;
  try {
    read = readOts(proof);
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return [seen(anchor("broken")), [finding("ots_malformed", "broken", error.message)]];
  }
  const findings = [];
  try {
    if (!equal(await digest(read.algorithm), read.digest)) {
      findings.push(finding("ots_digest_differs", "broken", read.algorithm));
    }
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    findings.push(finding("ots_digest_unknown", "unchecked", read.algorithm));
  }
  if (COLLISIONS.includes(hex(read.digest))) {
    findings.push(finding("ots_digest_shared", "weak", read.algorithm));
  } else if (["sha1", "ripemd160"].includes(read.algorithm)) {
    findings.push(finding("ots_digest_weak", "weak", read.algorithm));
  }
  if (findings.some((one) => one.outcome === "broken")) return [seen(anchor("broken")), findings];
  const anchors = read.attestations.map((one) => judgeAttestation(one, run, runs));
  anchors.forEach((one, at) => {
    const named = one.status === "unchecked" || one.status === "broken";
    let detail = one.time ? `${one.by}, ${one.time}` : one.by;
    if (one.reason === "no_header") {
      detail = `${one.by}, ${display(read.attestations[at].message)}`;
    }
    const simulated = practice ? "ok" : "unchecked";
    const outcome = one.status === "simulated" ? simulated : ANCHOR_OUTCOMES[one.status];
    findings.push(finding(`ots_${named ? one.reason : one.status}`, outcome, oneLine(detail)));
  });
  let chosen = bestAnchor(anchors);
  if (findings.some((one) => one.rule === "ots_digest_unknown")) {
    chosen = anchor("unchecked", { network: chosen.network, by: chosen.by });
  }
  return [seen(chosen), findings];
}

const PROOF_RANK = ["confirmed", "simulated", "one_source", "broken", "pending", "unchecked"];

// The best that a proof is worth with each run there is.
async function weighOts(name, digest, proof, packRuns, runs, practice) {
  let best = null;
  for (const run of packRuns.length ? packRuns : [null]) {
    const result = await checkOts(name, digest, proof, run, runs, practice);
    const rank = (one) => PROOF_RANK.indexOf(one[0].status);
    if (best === null || rank(result) < rank(best)) best = result;
  }
  const [stamp, findings] = best;
  const settled = stamp.status === "confirmed" || stamp.status === "simulated";
  // What other calendars once promised says nothing more about a proof that is complete.
  return [stamp, settled ? findings.filter((one) => one.rule !== "ots_pending") : findings];
}
