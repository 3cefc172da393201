// What needs public-key arithmetic: a token's signature, and the path from its signer to one of
// the roots that were built in.  The browser computes; which root counts is decided here.

// As many from a file as a token may bring.
const MAX_CERTIFICATES_TRIED = 64;
const MAX_LINKS = 8;
// Computed in looking for one path; genuine ones have two or three.
const MAX_SIGNATURES = 16;
const RSA_WITH = {
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.113549.1.1.11": "SHA-256",
  "1.2.840.113549.1.1.12": "SHA-384",
  "1.2.840.113549.1.1.13": "SHA-512",
};
const ECDSA_WITH = {
  "1.2.840.10045.4.1": "SHA-1",
  "1.2.840.10045.4.3.2": "SHA-256",
  "1.2.840.10045.4.3.3": "SHA-384",
  "1.2.840.10045.4.3.4": "SHA-512",
};
const CURVES = {
  "1.2.840.10045.3.1.7": ["P-256", 32],
  "1.3.132.0.34": ["P-384", 48],
  "1.3.132.0.35": ["P-521", 66],
};
const WEB_NAMES = { sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };
const RSA = "1.2.840.113549.1.1.1";
const EDDSA = ["1.3.101.112", "1.3.101.113"];
const EC = "1.2.840.10045.2.1";

// MD2, MD5 and SHA-1: somebody else's certificate can be made to fit such a signature.
const COLLIDING = [
  "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1",
];
const LEAST_RSA = 1024;
// What is raised to the first power is signed by nobody.
const LEAST_EXPONENT = 3n;

const arithmetic = () => globalThis.crypto?.subtle ?? null;

// Whether `key` (SubjectPublicKeyInfo) signed `data`: "good", "bad", or "unknown" where this
// browser has no arithmetic for it.
async function signatureState(key, oid, parameters, digest, signature, data) {
  const plan = signaturePlan(key, oid, parameters, digest, signature);
  if (typeof plan === "string") return plan;
  try {
    const imported = await remembered(`key ${JSON.stringify(plan.key)} ${hex(key.raw)}`, () =>
      arithmetic().importKey("spki", key.raw, plan.key, false, ["verify"]));
    return (await arithmetic().verify(plan.how, imported, plan.signature, data)) ? "good" : "bad";
  } catch {
    return "unknown";
  }
}

// The certificates of an authority come with every token of its, so answers about the last few keys
// and certificates are kept.
const MOST_REMEMBERED = 256;
const memory = new Map();

function remembered(about, find) {
  if (!memory.has(about)) {
    if (memory.size >= MOST_REMEMBERED) memory.clear();
    memory.set(about, find());
  }
  return memory.get(about);
}

function signaturePlan(key, oid, parameters, digest, signature) {
  try {
    const [kind, detail] = readAlgorithm(key.child(0));
    if (oid === RSA || Object.hasOwn(RSA_WITH, oid)) {
      const hash = RSA_WITH[oid] ?? WEB_NAMES[digest];
      if (hash === undefined) return "unknown";
      if (kind !== RSA) return "bad";
      const name = "RSASSA-PKCS1-v1_5";
      return { key: { name, hash }, how: { name }, signature };
    }
    if (EDDSA.includes(oid) && kind !== oid) return "bad";
    if (oid === RSA_PSS) {
      const plan = pssPlan(parameters, signature);
      return plan === "unknown" || kind === RSA ? plan : kind === RSA_PSS ? "unknown" : "bad";
    }
    if (Object.hasOwn(ECDSA_WITH, oid)) {
      if (kind !== EC) return "bad";
      const curve = detail !== null && detail.tag === DER.OID ? CURVES[detail.oid()] : undefined;
      if (curve === undefined) return "unknown";
      const plain = plainSignature(signature, curve[1]);
      if (plain === null) return "bad";
      return {
        key: { name: "ECDSA", namedCurve: curve[0] },
        how: { name: "ECDSA", hash: ECDSA_WITH[oid] },
        signature: plain,
      };
    }
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
  }
  return "unknown";
}

// What every library computes with: one hash for message and mask, a salt as long as some hash.
function pssPlan(parameters, signature) {
  const { hash, mask, salt, trailer } = pssParameters(parameters);
  const usual = hash === mask && salt >= 0n && salt <= 64n && trailer === 1n;
  if (!usual || WEB_NAMES[hash] === undefined) return "unknown";
  const name = "RSA-PSS";
  const how = { name, saltLength: Number(salt) };
  return { key: { name, hash: WEB_NAMES[hash] }, how, signature };
}

// ECDSA's two numbers in DER as the browser wants them: side by side, each of full width.
function plainSignature(signature, width) {
  const out = new Uint8Array(2 * width);
  try {
    readDer(signature)
      .expect(DER.SEQUENCE)
      .exactly(2)
      .forEach((part, at) => {
        if (part.integer() <= 0n) bad("no such number");
        const content = part.content[0] === 0 ? part.content.subarray(1) : part.content;
        if (content.length > width) bad("too long");
        out.set(content, (at + 1) * width - content.length);
      });
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return null;
  }
  return out;
}

async function tokenSignature(token, signer) {
  const { digest, algorithm, parameters, signature, signed, messageDigest } = token.signer;
  const content = smallHash(digest, token.info.raw);
  // What was signed is the digest; where the content has another, the signature is not over it.
  if (content !== null && !equal(content, messageDigest)) return "bad";
  return signatureState(signer.key, algorithm, parameters, digest, signature, signed);
}

// Whether `subject` says it is issued by `issuer`: by name, and by key where it says which (RFC 5280
// 4.2.1.1), so that no other authority of that name will do.
const named = (subject, issuer) =>
  equal(subject.issuer, issuer.subject)
  && (subject.issuerKeyId === null || issuer.keyId === null || equal(subject.issuerKeyId, issuer.keyId))
  && (subject.issuerSerial === null || subject.issuerSerial === issuer.serial)
  && (subject.issuerIssuer === null || equal(subject.issuerIssuer, issuer.issuer));

// Of two whose names fit: "yes", "no", or "unknown" where the arithmetic is missing.
async function issued(issuer, subject) {
  const about = [issuer, subject].map((one) => hex(sha256(one.raw))).join(" ");
  return remembered(`issued ${about}`, () => standsBehind(issuer, subject));
}

// Whether the key of `issuer` signed `subject`, which names it.
async function standsBehind(issuer, subject) {
  try {
    const [oid, parameters] = readAlgorithm(subject.algorithm);
    const bits = subject.signature.expect(DER.BIT_STRING).content;
    const inner = readDer(subject.raw).child(0);
    const at = inner.child(0).tag === 0xa0 ? 2 : 1;
    // The algorithm stands twice, inside what is signed and outside (RFC 5280 4.1.1.2).
    if (bits[0] !== 0 || !equal(inner.child(at).raw, subject.algorithm.raw)) return "no";
    const plan = oid === RSA_PSS ? pssPlan(parameters, bits) : null;
    if (COLLIDING.includes(oid) || plan?.key?.hash === "SHA-1") return "no";
    const state = await signatureState(
      issuer.key, oid, parameters, "", bits.subarray(1), subject.tbs,
    );
    return { good: "yes", bad: "no", unknown: "unknown" }[state];
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return "no";
  }
}

// Signer first, root last; null when no chain of signatures, each valid at `time`, leads there.
// Breadth first, each certificate tried once; null also where too many bear one name to tell.
async function climb(signer, links, root, time, doubts) {
  if (!isValid(signer, time) || !isValid(root, time)) return null;
  const waiting = [[signer]];
  const seen = new Set([hex(signer.raw)]);
  let left = MAX_SIGNATURES;
  while (waiting.length) {
    const chain = waiting.shift();
    const last = chain[chain.length - 1];
    const above = [root, ...(chain.length < MAX_LINKS ? links : [])];
    for (const one of above.filter((it) => named(last, it) && isValid(it, time))) {
      if (one !== root && seen.has(hex(one.raw))) continue;
      if (!left--) return null;
      const by = await issued(one, last);
      if (by === "yes") {
        if (one === root) return [...chain, root];
        seen.add(hex(one.raw));
        waiting.push([...chain, one]);
      } else if (by === "unknown") {
        doubts.add(last.name);
      }
    }
  }
  return null;
}

// Those that may be critical (RFC 5280 4.2); whoever does not know another must not pass it over.
const KNOWN_EXTENSIONS = [
  OID.keyUsage, OID.basicConstraints, OID.extendedKeyUsage,
  "2.5.29.17", "2.5.29.30", "2.5.29.31", "2.5.29.32", "2.5.29.36",
  // Of no effect while nobody in the path demands a policy.
  "2.5.29.33", "2.5.29.54",
];
const UNREADABLE_EXTENSIONS = {
  "2.5.29.30": "name constraints",
  "2.5.29.36": "policy constraints",
};

// What speaks against an RSA key; empty for nothing, and for any other key.
function rsaTrouble(key) {
  if (readAlgorithm(key.child(0))[0] !== RSA) return "";
  const [modulus, exponent] = readDer(key.child(1).bits()).exactly(2).map((one) => one.integer());
  const bits = modulus > 0n ? modulus.toString(2).length : 0;
  if (bits && bits < LEAST_RSA) return `RSA ${bits}`;
  if (!bits || (exponent >= LEAST_EXPONENT && exponent % 2n !== 0n)) return "";
  return BigInt.asIntN(64, exponent) === exponent ? `RSA e=${exponent}` : "RSA e";
}

// What speaks against a path for time-stamps: [state, what]; "valid", "broken", or "unreadable"
// where this page does not follow a rule that may speak against it.
function pathTrouble(chain) {
  try {
    const against = objection(chain);
    if (against) return ["broken", against];
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return ["unreadable", error.message];
  }
  const [{ name, purposes, purposesCritical }] = chain;
  if (purposes.join() !== OID.timeStamping || !purposesCritical) {
    return ["broken", `${name}: extendedKeyUsage`];
  }
  const beyond = chain.flatMap((one) => [...one.extensions.keys()])
    .find((oid) => Object.hasOwn(UNREADABLE_EXTENSIONS, oid));
  return beyond === undefined ? ["valid", ""] : ["unreadable", UNREADABLE_EXTENSIONS[beyond]];
}

// Signer first, root last; empty for nothing.
function objection(path) {
  const [signer, ...above] = path;
  for (const one of path) {
    for (const [oid, { critical }] of one.extensions) {
      if (critical && !KNOWN_EXTENSIONS.includes(oid)) return `${one.name}: ${oid}`;
    }
    const against = rsaTrouble(one.key);
    if (against) return `${one.name}: ${against}`;
  }
  if (signer.uses !== null && !(signer.uses & 0xc0)) return "the signer's key is not for signatures";
  if (signer.uses !== null && signer.uses & ~0xc0) {
    return "the signer's key is not for signatures alone";
  }
  let below = 0n;
  for (const one of above) {
    const against = authorityTrouble(one, below, one === above.at(-1));
    if (against) return `${one.name}: ${against}`;
    if (!equal(one.issuer, one.subject)) below++;
  }
  return "";
}

function authorityTrouble(one, below, isRoot) {
  // Roots of the first years say nothing of it; later ones at least what their key is for.
  const states = one.authority ?? (isRoot && (one.firstVersion || one.uses !== null));
  if (!states) return "CA";
  if (one.uses !== null && !(one.uses & 0x04)) return "keyCertSign";
  if (one.pathLength !== null && below > one.pathLength) return "pathLenConstraint";
  const fits = [OID.timeStamping, "2.5.29.37.0"].some((oid) => one.purposes.includes(oid));
  return one.purposes.length && !fits ? "extendedKeyUsage" : "";
}

// What Python strips off bytes.
const BLANK = [9, 10, 11, 12, 13, 32];

// SM2 with SM3, and SM2 alone (GB/T 32918, GM/T 0006): read, never computed here.
const SM2_SIGNATURES = ["1.2.156.10197.1.501", "1.2.156.10197.1.301.1"];

// [rule, outcome, detail, path]; the rule is empty when signature and path hold.
async function judgeKeys(token, signer, chain, roots) {
  if (arithmetic() === null) return ["token_no_openssl", "unchecked", signer.name, []];
  if (SM2_SIGNATURES.includes(token.signer.algorithm)) {
    return ["token_signature_uncheckable", "unchecked", token.signer.algorithm, []];
  }
  const state = await tokenSignature(token, signer);
  if (state === "bad") return ["token_signature", "broken", signer.name, []];
  if (state === "unknown") {
    return ["token_signature_uncheckable", "unchecked", token.signer.algorithm, []];
  }
  const doubts = new Set();
  let trouble = null;
  let strange = null;
  for (const others of choices(token, [...token.certificates, ...chain])) {
    const links = readable(others.slice(0, MAX_CERTIFICATES_TRIED));
    for (const root of roots) {
      const path = await climb(signer, links, root, token.info.time, doubts);
      if (path === null) continue;
      const [found, what] = pathTrouble(path);
      if (found === "valid") {
        const [listed, which] = heldToLists(token, path);
        if (listed === "ok") return ["", "ok", "", path];
        if (strange === null || (strange[1] === "broken" && listed !== "broken")) {
          strange = ["token_chain_listed", listed, which, []];
        }
        continue;
      }
      trouble ??= found === "broken"
        ? ["token_chain", "broken", what, []]
        : ["token_chain_unreadable", "unchecked", what, []];
    }
  }
  if (strange !== null) return strange;
  if (trouble !== null) return trouble;
  if (doubts.size) return ["token_chain_unreadable", "unchecked", [...doubts].join(", "), []];
  const stated = `${signer.name} \u00b7 ${rfc3339(token.info.time)}`;
  return ["token_root_unknown", "unchecked", stated, []];
}

// What a token shows about its subject: [time-stamp seen, findings].
async function checkToken(subject, digest, proof, lent) {
  const seen = (status, more = {}) =>
    ({ subject, kind: "rfc3161", network: "", status, time: null, by: "", path: [], ...more });
  const finding = ([rule, outcome, detail]) => ({ subject, rule, outcome, detail });
  let token, query;
  try {
    token = readResponse(proof);
    query = lent.query === null ? null : readQuery(lent.query);
  } catch (error) {
    if (!(error instanceof MalformedToken)) throw error;
    return [seen("broken"), [finding([error.rule, "broken", error.detail])]];
  }
  let chain;
  try {
    chain = lent.chain.some((one) => !BLANK.includes(one)) ? readCertificates(lent.chain) : [];
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    const detail = clipped(oneLine(error.message), 100);
    return [seen("unchecked"), [finding(["token_help_unreadable", "unchecked", detail])]];
  }
  const told = await checkProfile(token, digest, query, chain, lent.now);
  const signer = findSigner(token, chain);
  let path = [];
  // Of a hash that nobody takes nothing can be said, whoever signed.
  if (signer !== null && TOKEN_HASH_NAMES.includes(token.signer.digest)) {
    const [rule, outcome, detail, found] = await judgeKeys(token, signer, chain, lent.roots);
    if (rule) told.push([rule, outcome, detail]);
    path = found;
  }
  const outcomes = told.map(([, outcome]) => outcome);
  if (outcomes.includes("broken")) return [seen("broken"), told.map(finding)];
  if (outcomes.includes("unchecked") || !path.length) {
    return [seen("unchecked"), told.map(finding)];
  }
  const root = path[path.length - 1];
  const practice = PRACTICE.roots.includes(hex(sha256(root.raw)));
  const time = rfc3339(token.info.time);
  const by = signer.name || root.name;
  const good = [
    practice ? "token_simulated" : "token_good",
    lent.practice || !practice ? "ok" : "unchecked",
    `${by} \u00b7 ${time}`,
  ];
  const stamp = seen(practice ? "simulated" : "confirmed", {
    network: practice ? "practice" : root.name || "rfc3161",
    time,
    by,
    path,
  });
  return [stamp, [good, ...told].map(finding)];
}
