// Revocation lists and answers (RFC 5280 5, RFC 6960): whose word they are, and which tokens they
// end.  One counts when the issuer of the certificate signed it, or somebody it named for that.

const REVOKE = {
  points: "2.5.29.31",
  scope: "2.5.29.28",
  reason: "2.5.29.21",
  invalidSince: "2.5.29.24",
  basic: "1.3.6.1.5.5.7.48.1.1",
  signing: "1.3.6.1.5.5.7.3.9",
};
const ANSWER_HASHES = { "1.3.14.3.2.26": sha1, "2.16.840.1.101.3.4.2.1": (data) => sha256(data) };
const MAX_ANSWERS = 64;
const MAX_DELEGATES = 8;
const MAX_NAMESAKES = 8;
const MOST_MATERIALS = 64;
// affiliationChanged, superseded, cessationOfOperation, and a stated "unspecified": what was signed
// before stays good.
const HARMLESS = [0, 3, 4, 5];

const tagsAre = (nodes, ...allowed) => leftAre(nodes, [], ...allowed);

function signedParts([body, algorithm, signature]) {
  if (signature === undefined) bad("something is missing");
  const [oid, ...parameters] = algorithm.expect(DER.SEQUENCE).children;
  if (oid === undefined || parameters.length > 1) bad("impossible AlgorithmIdentifier");
  return {
    body: body.expect(DER.SEQUENCE),
    algorithm: oid.oid(),
    parameters: parameters[0] ?? null,
    signature: signature.bits(),
  };
}

// A revocation list or an OCSP response, from DER.
function readMaterial(raw) {
  const top = readDer(raw).expect(DER.SEQUENCE);
  return top.child(0).tag === DER.ENUMERATED ? readAnswers(top) : readList(top);
}

function readList(top) {
  const signed = signedParts(top.exactly(3));
  const parts = [...signed.body.children];
  const next = () => parts.shift() ?? bad("neither a revocation list nor an answer");
  const isNext = (...tags) => parts.length && tags.includes(parts[0].tag);
  if (isNext(DER.INTEGER) && next().integer() !== 1n) bad("another version of revocation lists");
  if (!equal(next().raw, top.children[1].raw)) bad("two different signature algorithms");
  const issuer = next().expect(DER.SEQUENCE).raw;
  const asOf = next().time();
  const until = isNext(DER.UTC, DER.TIME) ? next().time() : null;
  const entries = isNext(DER.SEQUENCE) ? next().children : [];
  if (!tagsAre(parts, [0xa0])) bad("no revocation list");
  const scope = readScope(readExtensions(parts.length ? parts[0].child(0) : null));
  return { list: true, signed, signedAt: asOf, issuer, asOf, until, revoked: bySerial(entries.map(readRevoked)), ...scope };
}

function bySerial(entries) {
  const found = new Map();
  for (const [serial, one] of entries) {
    if (!found.has(serial)) found.set(serial, []);
    found.get(serial).push(one);
  }
  return found;
}

function readScope(extensions) {
  for (const [oid, { critical }] of extensions) {
    if (critical && oid !== REVOKE.scope) bad("a list with a critical extension that is not known");
  }
  const found = { users: false, authorities: false, places: [] };
  const stated = extensions.get(REVOKE.scope);
  if (!stated || !stated.value.length) return found;
  for (const part of readDer(stated.value).expect(DER.SEQUENCE).children) {
    if (part.tag === 0xa0) found.places = fullNames(part);
    else if (part.tag === 0x81) found.users = true;
    else if (part.tag === 0x82) found.authorities = true;
    else bad("a list of some reasons, of others' certificates or of attributes");
  }
  return found;
}

// The web addresses of a DistributionPointName: its fullName.
const fullNames = (point) =>
  point.children
    .filter((choice) => choice.tag === 0xa0)
    .flatMap((choice) => choice.children)
    .filter((name) => name.tag === 0x86)
    .map((name) => latin1(name.content))
    .filter((name) => /^https?:\/\//i.test(name));

function readRevoked(node) {
  const [serial, since, ...rest] = node.expect(DER.SEQUENCE).children;
  if (since === undefined || rest.length > 1) bad("no entry of a revocation list");
  const extensions = readExtensions(rest[0] ?? null);
  if ([...extensions.values()].some((one) => one.critical)) bad("an entry with a critical extension");
  const value = (oid) => {
    const stated = extensions.get(oid);
    return stated && stated.value.length ? readDer(stated.value) : null;
  };
  const [reason, invalid] = [value(REVOKE.reason), value(REVOKE.invalidSince)];
  const times = [since.time(), ...(invalid ? [invalid.time()] : [])];
  return [
    serial.integer(),
    {
      since: times.reduce((least, one) => (one < least ? one : least)),
      reason: reason ? crlReason(reason) : null,
    },
  ];
}

// RFC 5280 5.3.1.
function crlReason(node) {
  const code = node.enumerated();
  if (code < 0 || code > 10) bad("an impossible reason");
  return code;
}

function readAnswers(top) {
  const status = top.children[0].enumerated();
  if (status !== 0) bad(`an OCSP response of status ${status}`);
  const holder = top.exactly(2)[1].expect(0xa0).child(0).expect(DER.SEQUENCE);
  const [kind, octets] = holder.exactly(2);
  if (kind.oid() !== REVOKE.basic) bad("an OCSP response of another kind");
  const basic = readDer(octets.octets()).expect(DER.SEQUENCE).children;
  if (!tagsAre(basic.slice(3), [0xa0])) bad("no OCSP response");
  const signed = signedParts(basic);
  const parts = signed.body.child(0).tag === 0xa0 ? signed.body.children.slice(1) : signed.body.children;
  const [responder, made, answers, ...rest] = parts;
  if (answers === undefined || ![0xa1, 0xa2].includes(responder.tag) || !tagsAre(rest, [0xa1])) {
    bad("no OCSP response");
  }
  if (answers.expect(DER.SEQUENCE).children.length > MAX_ANSWERS) bad("too many answers");
  return {
    list: false,
    signed,
    signedAt: made.time(),
    answers: answers.children.map(readAnswer),
    certificates: basic.length > 3 ? basic[3].child(0).children.map((one) => one.raw) : [],
  };
}

function readAnswer(node) {
  const [about, state, asOf, ...rest] = node.expect(DER.SEQUENCE).children;
  if (asOf === undefined) bad("no OCSP response");
  const [algorithm, nameHash, keyHash, serial] = about.expect(DER.SEQUENCE).exactly(4);
  const oid = algorithm.expect(DER.SEQUENCE).child(0).oid();
  if (!Object.hasOwn(ANSWER_HASHES, oid)) bad(`an answer named by ${oid}`);
  const later = rest.find((part) => part.tag === 0xa0);
  let revoked = null;
  if (state.tag === 0xa1) {
    const [since, reason] = [state.child(0), state.children[1]];
    if (state.children.length > 2) bad("an impossible OCSP state");
    revoked = { since: since.time(), reason: reason ? crlReason(reason.child(0)) : null };
  } else if (![0x80, 0x82].includes(state.tag)) bad("an impossible OCSP state");
  return {
    hash: ANSWER_HASHES[oid],
    nameHash: nameHash.octets(),
    keyHash: keyHash.octets(),
    serial: serial.integer(),
    unknown: state.tag === 0x82,
    revoked,
    asOf: asOf.time(),
    until: later ? later.child(0).time() : null,
  };
}

// --- whose word it is ----------------------------------------------------------------------------

// What `read` gives, or `otherwise` for bytes that cannot be read.
function readOr(otherwise, read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return otherwise;
  }
}

const answerNames = (answer, issuer) =>
  readOr(false, () =>
    equal(answer.hash(issuer.subject), answer.nameHash)
    && equal(answer.hash(issuer.key.child(1).bits()), answer.keyHash));

const isAbout = (material, issuer) =>
  material.list
    ? equal(material.issuer, issuer.subject)
    : material.answers.some((answer) => answerNames(answer, issuer));

// Whether the key signed it: true, false, or null where this browser has no arithmetic for it.
async function heldBy(key, { algorithm, parameters, signature, body }) {
  const state = await signatureState(key, algorithm, parameters, "", signature, body.raw);
  return { good: true, bad: false, unknown: null }[state];
}

const anyOf = (states) => (states.includes(true) ? true : states.includes(null) ? null : false);

// Whether one of `certificates` signed it for those it issued, by itself or by a delegate.  Of one
// name only so many are tried.
async function vouched(material, certificates) {
  const states = [];
  const namesakes = certificates.filter((issuer) => isAbout(material, issuer));
  for (const issuer of namesakes.slice(0, MAX_NAMESAKES)) {
    states.push(await signedFor(material, issuer));
    if (states[states.length - 1]) break;
  }
  return anyOf(states);
}

async function signedFor(material, issuer) {
  if (!isAbout(material, issuer)) return false;
  // RFC 5280 6.3.3 (f): where a key's uses are stated, signing lists is among them.
  const mayList = issuer.uses === null || Boolean(issuer.uses & 0x02);
  if (material.list) return mayList && heldBy(issuer.key, material.signed);
  const states = [await heldBy(issuer.key, material.signed)];
  for (const raw of material.certificates.slice(0, MAX_DELEGATES)) {
    states.push(await delegated(raw, material, issuer));
  }
  return anyOf(states);
}

// Whether a certificate in the response is a responder's that `issuer` named, and signed it.
async function delegated(raw, material, issuer) {
  const one = readOr(null, () => readCertificate(raw));
  const how = readOr(null, () => signedParts(readDer(raw).expect(DER.SEQUENCE).children));
  const fits = one !== null && how !== null
    && equal(one.issuer, issuer.subject)
    && one.purposes.includes(REVOKE.signing)
    && isValid(one, material.signedAt);
  if (!fits) return false;
  const named = await heldBy(issuer.key, how);
  return named ? heldBy(one.key, material.signed) : named;
}

// --- what it means for a token -------------------------------------------------------------------

// [rule, outcome, detail] about each certificate of a path, signer first, root last.
async function weighMaterials(path, materials, moment) {
  const told = [];
  const silent = [];
  for (const [at, certificate] of path.slice(0, -1).entries()) {
    const words = [];
    for (const material of materials) {
      for (const word of await wordsAbout(material, certificate, path[at + 1], at > 0)) {
        // An earlier word says something of the moment where it was still to hold then; after a
        // certificate has ended, its withdrawal may be left out.
        const lasts = word.asOf >= moment || (word.until !== null && word.until >= moment);
        const clean = word.asOf <= certificate.notAfter && lasts;
        if (word.revoked || clean) words.push(word);
      }
    }
    const ends = words
      .filter((word) => word.revoked)
      .map((word) => withdrawnWord(word.revoked, certificate, moment, at === 0));
    // What is known of a withdrawal grows; the gravest word stands, wherever it is written.
    if (ends.length) told.push(ends.find(([, outcome]) => outcome === "broken") ?? ends[0]);
    else if (words.length) {
      const newest = words.map((word) => word.asOf).reduce((most, one) => (one > most ? one : most));
      told.push(["revocation_good", "ok", `${certificate.name} \u00b7 ${rfc3339(newest)}`]);
    } else silent.push(certificate.name);
  }
  if (silent.length) told.push(["revocation_absent", "unchecked", silent.join(", ")]);
  return told;
}

async function wordsAbout(material, certificate, issuer, authority) {
  let words;
  if (material.list) {
    const fits = equal(material.issuer, certificate.issuer) && covers(material, certificate, authority);
    // One serial number may stand there more than once.
    const entries = material.revoked.get(certificate.serial) ?? [null];
    words = fits ? entries.map((revoked) => ({ ...material, revoked })) : [];
  } else {
    words = material.answers.filter((one) =>
      one.serial === certificate.serial && !one.unknown && answerNames(one, issuer));
  }
  return words.length && (await signedFor(material, issuer)) ? words : [];
}

// Whether the list is one for this certificate: its kind, and its distribution point.
function covers(material, certificate, authority) {
  if (authority ? material.users : material.authorities) return false;
  if (!material.places.length) return true;
  return readOr(false, () => {
    const points = certificate.extensions.get(REVOKE.points);
    const stated = (points && points.value.length ? readDer(points.value).children : [])
      .flatMap((point) => point.children)
      .filter((part) => part.tag === 0xa0)
      .flatMap(fullNames);
    return material.places.some((place) => stated.includes(place));
  });
}

// RFC 3161 4 (1): without one of the harmless reasons, nothing that a TSA signed stands.
function withdrawnWord({ since, reason }, certificate, moment, signer) {
  const said = reason === null ? "" : ` \u00b7 reason ${reason}`;
  const detail = `${certificate.name} \u00b7 ${rfc3339(since)}${said}`;
  const harmless = reason === null ? !signer : HARMLESS.includes(reason);
  return since <= moment || !harmless
    ? ["token_revoked", "broken", detail]
    : ["token_revoked_later", "ok", detail];
}

// What was published, by authority, and what it came to over all of their tokens.
class Withdrawals {
  constructor() {
    this.materials = new Map();
    this.known = new Map();
    this.said = new Map();
  }

  // Keeps a list or an answer that verifies itself; else the rule that says why not.
  async add(authority, raw, certificates) {
    if ((this.materials.get(authority) ?? []).length >= MOST_MATERIALS) {
      return ["pack_too_many", "broken", String(MOST_MATERIALS)];
    }
    let material;
    try {
      material = readMaterial(raw);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      return ["revocation_malformed", "broken", clipped(oneLine(error.message), 100)];
    }
    if (arithmetic() === null) return ["revocation_uncheckable", "unchecked", material.signed.algorithm];
    const signed = await vouched(material, certificates);
    if (signed === null) return ["revocation_uncheckable", "unchecked", material.signed.algorithm];
    if (!signed) return ["file_not_on_record", "broken", ""];
    this.materials.set(authority, [...(this.materials.get(authority) ?? []), material]);
    return null;
  }

  // A token that stands otherwise, held against what was published about its certificates.
  async judge(authority, name, [stamp, findings]) {
    if (!DATES.includes(stamp.status) || !stamp.path.length) return [stamp, findings];
    const broken = [];
    for (const [rule, outcome, detail] of await this.told(authority, stamp)) {
      if (outcome === "broken") broken.push({ subject: name, rule, outcome, detail });
      else {
        const key = JSON.stringify([authority, rule]);
        this.said.set(key, (this.said.get(key) ?? new Set()).add(detail));
      }
    }
    if (!broken.length) return [stamp, findings];
    const kept = findings.filter((one) => one.outcome !== "ok");
    return [{ ...stamp, status: "broken", time: null, by: "", network: "" }, [...broken, ...kept]];
  }

  async told(authority, { path, time }) {
    const key = JSON.stringify([authority, time, ...path.map((one) => hex(sha256(one.raw)))]);
    if (!this.known.has(key)) {
      const moment = BigInt(Date.parse(time)) * 1000n;
      const materials = this.materials.get(authority) ?? [];
      this.known.set(key, await weighMaterials(path, materials, moment));
    }
    return this.known.get(key);
  }

  // Once an authority: whose certificates were found good, withdrawn later, or not at all.
  conclude(seen) {
    for (const [key, details] of this.said) {
      const [authority, rule] = JSON.parse(key);
      const outcome = rule === "revocation_absent" ? "unchecked" : "ok";
      for (const detail of details) seen.say(payload(`timestamps/${authority}`), rule, outcome, detail);
    }
  }
}
