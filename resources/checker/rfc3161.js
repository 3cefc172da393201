// RFC 3161 tokens: what the bytes state, and the profile that every token must meet.

const TOKEN_HASHES = {
  "1.3.14.3.2.26": ["sha1", 20],
  "2.16.840.1.101.3.4.2.4": ["sha224", 28],
  "2.16.840.1.101.3.4.2.1": ["sha256", 32],
  "2.16.840.1.101.3.4.2.2": ["sha384", 48],
  "2.16.840.1.101.3.4.2.3": ["sha512", 64],
  "2.16.840.1.101.3.4.2.8": ["sha3_256", 32],
  "2.16.840.1.101.3.4.2.9": ["sha3_384", 48],
  "2.16.840.1.101.3.4.2.10": ["sha3_512", 64],
  "1.2.156.10197.1.401": ["sm3", 32],
};
const TOKEN_HASH_NAMES = Object.values(TOKEN_HASHES).map(([name]) => name);
// RSA (PKCS #1 v1.5) and ECDSA that name the hash they are over.
const SIGNED_OVER = {
  "1.2.840.113549.1.1.5": "sha1",
  "1.2.840.113549.1.1.14": "sha224",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.1": "sha1",
  "1.2.840.10045.4.3.1": "sha224",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "2.16.840.1.101.3.4.3.10": "sha3_256",
  "2.16.840.1.101.3.4.3.11": "sha3_384",
  "2.16.840.1.101.3.4.3.12": "sha3_512",
};
const RSA_PSS = "1.2.840.113549.1.1.10";
const OID = {
  signedData: "1.2.840.113549.1.7.2",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  extendedKeyUsage: "2.5.29.37",
  subjectKeyId: "2.5.29.14",
  issuerKeyId: "2.5.29.35",
  subjectAltName: "2.5.29.17",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  timeStamping: "1.3.6.1.5.5.7.3.8",
};
const FUTURE_TOLERANCE = 300n * 1000000n;
const SECOND = 1000000n;
const MOST_CERTIFICATES = 32;
// An accuracy beyond this is said: a token is taken to say its time to the minute.
const COARSE = 60n * SECOND;

class MalformedToken extends Bad {
  constructor(rule, detail = "") {
    super(detail ? `${rule}: ${detail}` : rule);
    this.rule = rule;
    this.detail = detail;
  }
}

const malformed = (rule, detail) => {
  throw new MalformedToken(rule, detail);
};

function orMalformed(rule, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedToken || !(error instanceof Bad)) throw error;
    return malformed(rule, error.message);
  }
}

function readResponse(raw) {
  return orMalformed("token_not_der", () => {
    const top = readDer(raw).expect(DER.SEQUENCE);
    if (top.children.length && top.children[0].tag === DER.OID) return readToken(top, 0, true);
    const [status, info] = readStatus(top);
    if (status > 1 || top.children.length !== 2) malformed("token_refused", info);
    return readToken(top.children[1], status);
  });
}

function readStatus(response) {
  if (response.children.length < 1 || response.children.length > 2) bad("no TimeStampResp");
  const info = response.children[0].expect(DER.SEQUENCE);
  const status = Number(info.child(0).integer());
  const said = info.children
    .slice(1)
    .filter((part) => part.tag === DER.SEQUENCE)
    .flatMap((part) => part.children.map((text) => replaced(text.content)));
  if (!(status >= 0 && status <= 5)) bad("impossible PKIStatus");
  return [status, oneLine(clipped([`status ${status}`, ...said].join(" "), 200))];
}

// `bare`: it came without the response around it, so that no status was stated.
function readToken(info, status, bare = false) {
  const [kind, wrapper] = info.expect(DER.SEQUENCE).exactly(2);
  if (kind.oid() !== OID.signedData) malformed("token_content", kind.oid());
  const [signed] = wrapper.expect(0xa0).exactly(1);
  signed.expect(DER.SEQUENCE);
  let at = 0;
  const version = signed.child(at++).integer();
  signed.child(at++).expect(DER.SET);
  const tst = readContent(signed.child(at++));
  let certificates = [];
  if (signed.child(at).tag === 0xa0) {
    const entries = signed.child(at++).children;
    if (entries.length > MOST_CERTIFICATES) bad("more certificates than any authority sends");
    certificates = entries.filter((one) => one.tag === DER.SEQUENCE).map((one) => one.raw);
  }
  if (signed.child(at).tag === 0xa1) at++;
  if (signed.children.length !== at + 1) bad("impossible SignedData");
  const signers = signed.child(at);
  if (version !== 3n) malformed("token_version", "SignedData");
  if (signers.expect(DER.SET).children.length !== 1) {
    malformed("token_signers", String(signers.children.length));
  }
  return {
    status,
    bare,
    info: readTstInfo(tst),
    signer: readSigner(signers.children[0]),
    certificates,
  };
}

function readContent(encapsulated) {
  const [kind, wrapper] = encapsulated.expect(DER.SEQUENCE).exactly(2);
  if (kind.oid() !== OID.tstInfo) malformed("token_content", kind.oid());
  return wrapper.expect(0xa0).exactly(1)[0].octets();
}

function readAlgorithm(node) {
  const parts = node.expect(DER.SEQUENCE).children;
  if (parts.length < 1 || parts.length > 2) bad("impossible AlgorithmIdentifier");
  return [parts[0].oid(), parts[1] ?? null];
}

function hashName(node) {
  const [oid] = readAlgorithm(node);
  return Object.hasOwn(TOKEN_HASHES, oid) ? TOKEN_HASHES[oid][0] : oid;
}

function readImprint(node) {
  const [algorithm, value] = node.expect(DER.SEQUENCE).exactly(2);
  const name = hashName(algorithm);
  const imprint = value.octets();
  const known = Object.values(TOKEN_HASHES).find(([one]) => one === name);
  if (known && known[1] !== imprint.length) bad(`${imprint.length} octets are no ${name}`);
  return [name, imprint];
}

// Whether the tags of what is left are one of those sequences that may stand there.
const leftAre = (nodes, ...allowed) =>
  allowed.some((tags) => tags.join() === nodes.map((node) => node.tag).join());

function readTstInfo(raw) {
  const top = readDer(raw).expect(DER.SEQUENCE);
  if (top.children.length < 5) bad("impossible TSTInfo");
  const [version, policy, imprint, serial, time, ...rest] = top.children;
  if (version.integer() !== 1n) malformed("token_version", "TSTInfo");
  const [algorithm, value] = readImprint(imprint);
  let accuracy = 0n;
  let nonce = null;
  if (rest.length && rest[0].tag === DER.SEQUENCE) accuracy = readAccuracy(rest.shift());
  if (rest.length && rest[0].tag === DER.BOOLEAN) rest.shift();
  if (rest.length && rest[0].tag === DER.INTEGER) nonce = rest.shift().integer();
  if (!leftAre(rest, [], [0xa0], [0xa1], [0xa0, 0xa1])) bad("impossible TSTInfo");
  serial.integer();
  return {
    raw,
    tsa: rest.length && rest[0].tag === 0xa0 ? ownName(rest[0]) : null,
    critical: rest.length && rest.at(-1).tag === 0xa1 ? criticalOnes(rest.at(-1)) : [],
    policy: policy.oid(),
    algorithm,
    imprint: value,
    time: time.expect(DER.TIME).time(),
    accuracy,
    nonce,
  };
}

// Extensions that whoever does not know them must not pass over; none is known here.
function criticalOnes(extensions) {
  const found = [];
  for (const extension of extensions.children) {
    const parts = extension.expect(DER.SEQUENCE).children;
    if (parts.length < 2) bad("no extension");
    parts.at(-1).octets();
    if (parts.slice(1, -1).map((part) => part.boolean()).includes(true)) {
      found.push(parts[0].oid());
    }
  }
  return found;
}

// The Name in the tsa field; null for one of another form.
function ownName(node) {
  const [name] = node.exactly(1);
  return name.tag === 0xa4 ? name.child(0).expect(DER.SEQUENCE).raw : null;
}

function readAccuracy(node) {
  const values = { 0x02: 0n, 0x80: 0n, 0x81: 0n };
  for (const part of node.children) {
    if (!(part.tag in values) || part.content.length > 4) bad("impossible Accuracy");
    values[part.tag] = number(part.content, false);
  }
  return values[0x02] * SECOND + values[0x80] * 1000n + values[0x81];
}

function readSigner(node) {
  const parts = node.expect(DER.SEQUENCE).children;
  if (parts.length < 6) bad("impossible SignerInfo");
  const [version, sid, digest, attributes, algorithm, signature, ...rest] = parts;
  const found = { issuer: null, serial: null, keyId: null };
  if (sid.tag === 0x80) {
    found.keyId = sid.content;
  } else {
    const [name, serial] = sid.expect(DER.SEQUENCE).exactly(2);
    found.issuer = name.expect(DER.SEQUENCE).raw;
    found.serial = serial.integer();
  }
  if (version.integer() !== (found.keyId === null ? 1n : 3n)) {
    malformed("token_version", "SignerInfo");
  }
  if (!leftAre(rest, [], [0xa1])) bad("impossible SignerInfo");
  attributes.expect(0xa0);
  const [messageDigest, listed] = readAttributes(attributes);
  const [oid, parameters] = readAlgorithm(algorithm);
  return {
    ...found,
    digest: hashName(digest),
    algorithm: oid,
    parameters,
    messageDigest,
    // The first of each attribute, the signer's; and what follows in each that names more.
    named: listed.map(([first]) => first),
    lists: listed.map(([, ...further]) => further).filter((further) => further.length),
    signed: join(Uint8Array.of(DER.SET), attributes.raw.subarray(1)),
    signature: signature.octets(),
  };
}

function readAttributes(attributes) {
  const found = new Map();
  for (const attribute of attributes.children) {
    const [kind, values] = attribute.expect(DER.SEQUENCE).exactly(2);
    if (found.has(kind.oid())) malformed("token_attributes", kind.oid());
    found.set(kind.oid(), values.expect(DER.SET));
  }
  const single = (oid) => (found.has(oid) ? found.get(oid).exactly(1)[0] : null);
  const [type, digest] = [single(OID.contentType), single(OID.messageDigest)];
  const [first, second] = [single(OID.signingCertificate), single(OID.signingCertificateV2)];
  if (type === null || digest === null) malformed("token_attributes");
  if (type.oid() !== OID.tstInfo) malformed("token_content", type.oid());
  const named = [];
  if (first !== null) named.push(readEssCertIds(first, "sha1"));
  if (second !== null) named.push(readEssCertIds(second, "sha256"));
  if (!named.length) malformed("token_attributes", "signingCertificate");
  return [digest.octets(), named];
}

function readEssCertIds(node, algorithm) {
  const listed = node.expect(DER.SEQUENCE).child(0).expect(DER.SEQUENCE).children;
  if (!listed.length || listed.length > MOST_CERTIFICATES) {
    bad("no certificate is named, or more than any authority names");
  }
  return listed.map((one) => readEssCertId(one, algorithm));
}

function readEssCertId(node, algorithm) {
  const parts = [...node.expect(DER.SEQUENCE).children];
  if (!parts.length) bad("something is missing");
  if (algorithm !== "sha1" && parts[0].tag === DER.SEQUENCE) algorithm = hashName(parts.shift());
  if (!parts.length) bad("something is missing");
  const found = { algorithm, hash: parts.shift().octets(), serial: null, issuer: null };
  if (!parts.length) return found;
  if (parts.length > 1) bad("impossible ESSCertID");
  const [names, serial] = parts[0].expect(DER.SEQUENCE).exactly(2);
  const issuers = names.children.filter((name) => name.tag === 0xa4);
  found.issuer = issuers.map((name) => name.child(0).raw)[0] ?? null;
  found.serial = serial.integer();
  return found;
}

function readQuery(raw) {
  return orMalformed("query_not_der", () => {
    const parts = readDer(raw).expect(DER.SEQUENCE).children;
    if (parts.length < 2) bad("impossible TimeStampReq");
    const [version, imprint, ...rest] = parts;
    const [algorithm, value] = readImprint(imprint);
    let policy = "";
    let nonce = null;
    if (rest.length && rest[0].tag === DER.OID) policy = rest.shift().oid();
    if (rest.length && rest[0].tag === DER.INTEGER) nonce = rest.shift().integer();
    if (rest.length && rest[0].tag === DER.BOOLEAN) rest.shift();
    if (version.integer() !== 1n || !leftAre(rest, [], [0xa0])) bad("impossible TimeStampReq");
    return { algorithm, imprint: value, nonce, policy };
  });
}

// --- certificates --------------------------------------------------------------------------------

function readCertificate(raw) {
  const [tbs, algorithm, signature] = readDer(raw).expect(DER.SEQUENCE).exactly(3);
  const parts = [...tbs.expect(DER.SEQUENCE).children];
  if (!parts.length) bad("no certificate");
  // Of the second version none is known to have been made.
  const firstVersion = parts[0].tag !== 0xa0;
  if (!firstVersion && hex(parts.shift().raw) !== "a003020102") {
    bad("a certificate of another version");
  }
  if (parts.length < 6) bad("no certificate");
  const [serial, same, issuer, validity, subject, key, ...rest] = parts;
  const [start, end] = validity.expect(DER.SEQUENCE).exactly(2);
  const [kind, octets] = key.expect(DER.SEQUENCE).exactly(2);
  for (const [named, bits] of [[algorithm, signature], [same, signature], [kind, octets]]) {
    readAlgorithm(named);
    bits.bits();
  }
  const tags = rest.map((part) => part.tag);
  if (tags.join() !== [0x81, 0x82, 0xa3].filter((tag) => tags.includes(tag)).join()) {
    bad("something behind the key that no certificate has");
  }
  const listed = tags.includes(0xa3) ? rest.at(-1).exactly(1)[0] : null;
  const extensions = readExtensions(listed);
  const said = listed === null ? [] : listed.children.flatMap((one) => one.children);
  if (said.some((part) => hex(part.raw) === "010100")) {
    bad("an extension that states what need not be stated");
  }
  const stated = (oid) => {
    const one = extensions.get(oid);
    return one ? readDer(one.value) : null;
  };
  const keyId = stated(OID.subjectKeyId);
  const purposes = stated(OID.extendedKeyUsage);
  const uses = stated(OID.keyUsage);
  return {
    raw,
    tbs: tbs.raw,
    algorithm,
    signature,
    issuer: nameOfWhom(issuer),
    subject: nameOfWhom(subject),
    serial: serial.integer(),
    notBefore: start.time(),
    notAfter: end.time(),
    key,
    firstVersion,
    keyId: keyId && keyId.octets(),
    ...issuerKey(stated(OID.issuerKeyId)),
    ...limits(stated(OID.basicConstraints)),
    // The first octet: of the ninth use there is one of its own, which no rule here asks for.
    uses: uses && (uses.expect(DER.BIT_STRING).content[1] ?? 0),
    purposes: purposes
      ? purposes.expect(DER.SEQUENCE).children.map((one) => one.oid())
      : [],
    purposesCritical: extensions.get(OID.extendedKeyUsage)?.critical ?? false,
    extensions,
    name: commonName(subject.raw),
  };
}

// A Name (DER): sets of pairs of a kind and a value.
function nameOfWhom(node) {
  for (const group of node.expect(DER.SEQUENCE).children) {
    for (const pair of group.expect(DER.SET).children) {
      pair.expect(DER.SEQUENCE).exactly(2)[0].expect(DER.OID);
    }
  }
  return node.raw;
}

// Whether it is an authority, and how many may follow it; null where it does not say.
function limits(constraints) {
  if (constraints === null) return { authority: null, pathLength: null };
  const parts = [...constraints.expect(DER.SEQUENCE).children];
  const states = parts.length > 0 && parts[0].tag === DER.BOOLEAN;
  const authority = states && parts.shift().boolean();
  const pathLength = parts.length ? parts.shift().integer() : null;
  if (parts.length || (pathLength !== null && pathLength < 0n)) bad("impossible BasicConstraints");
  return { authority, pathLength };
}

// Which key of its issuer signed it, and whose certificate that is; null where it does not say.
function issuerKey(named) {
  const parts = named === null ? [] : named.expect(DER.SEQUENCE).children;
  const found = new Map(parts.map((part) => [part.tag, part]));
  if (found.size !== parts.length || [...found.keys()].some((tag) => ![0x80, 0xa1, 0x82].includes(tag))) {
    bad("impossible AuthorityKeyIdentifier");
  }
  const names = (found.get(0xa1)?.children ?? []).filter((one) => one.tag === 0xa4);
  return {
    issuerKeyId: found.get(0x80)?.content ?? null,
    issuerIssuer: names.map((one) => one.child(0).raw)[0] ?? null,
    issuerSerial: found.has(0x82) ? signedNumber(found.get(0x82).content) : null,
  };
}

function readExtensions(listed) {
  const found = new Map();
  for (const extension of listed === null ? [] : listed.expect(DER.SEQUENCE).children) {
    const parts = extension.expect(DER.SEQUENCE).children;
    if (parts.length < 2) bad("impossible extension");
    const oid = parts[0].oid();
    if (found.has(oid) || parts.length > 3) {
      bad("an extension stands twice, or says more than extensions do");
    }
    const critical = parts.slice(1, -1).some((part) => part.boolean());
    found.set(oid, { critical, value: parts[parts.length - 1].octets() });
  }
  return found;
}

function commonName(name) {
  const texts = readDer(name)
    .children.flatMap((group) => group.children)
    .filter((pair) => pair.children.length === 2 && hex(pair.children[0].raw) === "0603550403")
    .map((pair) => pair.children[1].content);
  return texts.length ? oneLine(clipped(replaced(texts[texts.length - 1]), 200)) : "";
}

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/= \t\n\r\f\v]+)-----END CERTIFICATE-----/g;

function readCertificates(raw) {
  if (raw.length > DER_MAX_BYTES) bad("more bytes than allowed");
  const blocks = [...latin1(raw).matchAll(PEM)];
  const found = blocks.map((hit) => {
    const plain = hit[1].replace(/[ \t\n\r\f\v]/g, "");
    const der = unbase64(plain);
    if (base64(der) !== plain) bad("malformed Base64");
    return der;
  });
  if (!found.length) found.push(raw);
  found.forEach(readCertificate);
  return found;
}

// The certificates of a file that holds nothing beside them.
function readPem(raw) {
  const found = readCertificates(raw);
  const text = found
    .map((der) => {
      const rows = base64(der).match(/.{1,64}/g).map((row) => `${row}\n`);
      return `-----BEGIN CERTIFICATE-----\n${rows.join("")}-----END CERTIFICATE-----\n`;
    })
    .join("");
  if (text !== latin1(raw)) bad("something stands beside the certificates");
  return found;
}

// Those of `raws` (DER) that are certificates.
function readable(raws) {
  const found = [];
  for (const raw of raws) {
    try {
      found.push(readCertificate(raw));
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
    }
  }
  return found;
}

const isValid = (certificate, time) =>
  // A certificate ends with the last second it names.
  certificate.notBefore <= time && time < certificate.notAfter + SECOND;

// --- the profile ---------------------------------------------------------------------------------

function findSigner(token, chain) {
  const fitting = [];
  for (const one of readable([...token.certificates, ...chain])) {
    const { keyId, issuer, serial } = token.signer;
    const fits = keyId !== null
      ? one.keyId !== null && equal(one.keyId, keyId)
      : equal(one.issuer, issuer) && one.serial === serial;
    if (fits) fitting.push(one);
  }
  return fitting.find((one) => isNamed(token, one)) ?? fitting[0] ?? null;
}

const isNamed = (token, certificate) =>
  token.signer.named.every((named) => {
    const hash = smallHash(named.algorithm, certificate.raw);
    return (
      hash !== null &&
      equal(hash, named.hash) &&
      (named.serial === null || named.serial === certificate.serial) &&
      (named.issuer === null || equal(named.issuer, certificate.issuer))
    );
  });

// Among which certificates (DER) a path is to be looked for: first those that the lists allow.
function choices(token, certificates) {
  const fitting = allowed(token, certificates);
  return fitting.length === certificates.length ? [certificates] : [fitting, certificates];
}

// Those that stand in each list of the token.
function allowed(token, certificates) {
  for (const further of token.signer.lists) {
    const names = [...new Set(further.map((one) => one.algorithm))];
    const listed = new Set(further.map((one) => `${one.algorithm} ${hex(one.hash)}`));
    certificates = certificates.filter((raw) =>
      names.some((name) => {
        const hash = smallHash(name, raw);
        return hash !== null && listed.has(`${name} ${hex(hash)}`);
      }));
  }
  return certificates;
}

// [outcome, which]: each that is listed is in the path above the signer, and each link of it is
// listed; programs ask the one or the other.  Others that were not at hand may make a path that fits.
function heldToLists(token, path) {
  const told = token.signer.lists.flat().map((named) => aboutListed(named, path.slice(1)));
  const links = path.slice(1, -1);
  const fitting = allowed(token, links.map((one) => one.raw));
  for (const one of links) if (!fitting.includes(one.raw)) told.push(["unchecked", one.name]);
  return told.reduce(
    (most, one) => (WORST.indexOf(one[0]) > WORST.indexOf(most[0]) ? one : most), ["ok", ""],
  );
}

function aboutListed(named, above) {
  const { algorithm, hash, serial, issuer } = named;
  for (const one of above) {
    const own = smallHash(algorithm, one.raw);
    if (own === null || !equal(own, hash)) continue;
    const fits = (serial === null || serial === one.serial)
      && (issuer === null || plainName(issuer) === plainName(one.issuer));
    return fits ? ["ok", ""] : ["broken", one.name];
  }
  return ["unchecked", `${algorithm} ${hex(hash).slice(0, 64)}`];
}

const smallHash = (name, data) =>
  TOKEN_HASH_NAMES.includes(name) && Object.hasOwn(HASHES, name) ? HASHES[name](data) : null;

// Whether a Name is one of a certificate's subject, as its own or beside it.
const bears = (certificate, name) => {
  const beside = certificate.extensions.get(OID.subjectAltName);
  return (beside !== undefined && find(beside.value, name) >= 0)
    || plainName(name) === plainName(certificate.subject);
};

// A Name without what makes no difference: kinds of strings, case and spaces.
function plainName(name) {
  return JSON.stringify(
    readDer(name)
      .children.flatMap((group) => group.children)
      .filter((pair) => pair.children.length === 2)
      .map(({ children: [kind, text] }) => [
        hex(kind.raw),
        latin1(text.content)
          .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
          .split(/[ \t\n\r\v\f]+/)
          .filter((word) => word)
          .join(" "),
      ]),
  );
}

// What the profile has to say against (and beside) a token; the signature and the path remain.
async function checkProfile(token, digest, query, chain, now) {
  const told = [];
  const { info, signer } = token;
  if (token.status === 1) told.push(["token_granted_with_mods", "ok", ""]);
  if (token.bare) told.push(["token_bare", "ok", ""]);
  try {
    if (!TOKEN_HASH_NAMES.includes(info.algorithm)) bad(info.algorithm);
    if (!equal(await digest(info.algorithm), info.imprint)) {
      told.push(["token_imprint", "broken", info.algorithm]);
    }
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    told.push(["token_hash_unknown", "unchecked", info.algorithm]);
  }
  const content = smallHash(signer.digest, info.raw);
  if (content === null) told.push(["token_hash_unknown", "unchecked", signer.digest]);
  else if (!equal(content, signer.messageDigest)) {
    told.push(["token_message_digest", "broken", signer.digest]);
  }
  if (info.algorithm === "sha1" || signer.digest === "sha1") {
    told.push(["token_weak_hash", "weak", "sha1"]);
  }
  const over = signedOver(signer);
  if (over !== "" && over !== signer.digest && TOKEN_HASH_NAMES.includes(signer.digest)) {
    told.push(["token_signature", "broken", `${over} \u2260 ${signer.digest}`]);
  }
  if (query !== null) told.push(...aboutQuery(info, query));
  told.push(...aboutSigner(token, findSigner(token, chain)));
  if (info.critical.length) told.push(["token_extension", "unchecked", info.critical[0]]);
  if (info.accuracy > COARSE) {
    told.push(["token_accuracy", "weak", `\u00b1 ${info.accuracy / SECOND} s`]);
  }
  if (info.time - now > FUTURE_TOLERANCE + info.accuracy) {
    told.push(["token_future", "unchecked", rfc3339(info.time)]);
  }
  return told;
}

// The hash that the signature's own algorithm names; empty where it names none.  RFC 5652 5.4 has
// one hash for content and attributes, the signer's; nothing signs either name.
function signedOver({ algorithm, parameters }) {
  if (algorithm !== RSA_PSS) {
    return Object.hasOwn(SIGNED_OVER, algorithm) ? SIGNED_OVER[algorithm] : "";
  }
  try {
    return pssParameters(parameters).hash;
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return "";
  }
}

// RFC 4055 3.1.
function pssParameters(parameters) {
  const listed = (parameters ?? bad("none")).expect(DER.SEQUENCE).children;
  const tags = listed.map((part) => part.tag);
  const sorted = [0xa0, 0xa1, 0xa2, 0xa3].filter((tag) => tags.includes(tag));
  if (tags.join() !== sorted.join()) bad("impossible RSASSA-PSS-params");
  const stated = new Map(listed.map((part) => [part.tag, part.exactly(1)[0]]));
  let mask = "sha1";
  if (stated.has(0xa1)) {
    const [kind, hashed] = stated.get(0xa1).expect(DER.SEQUENCE).exactly(2);
    if (kind.oid() !== "1.2.840.113549.1.1.8") bad("a mask of another kind");
    mask = hashName(hashed);
  }
  return {
    hash: stated.has(0xa0) ? hashName(stated.get(0xa0)) : "sha1",
    mask,
    salt: stated.has(0xa2) ? stated.get(0xa2).integer() : 20n,
    trailer: stated.has(0xa3) ? stated.get(0xa3).integer() : 1n,
  };
}

function aboutQuery(info, query) {
  const told = [];
  if (query.algorithm !== info.algorithm || !equal(query.imprint, info.imprint)) {
    told.push(["token_query", "broken", info.algorithm]);
  }
  if (query.nonce !== null && query.nonce !== info.nonce) told.push(["token_nonce", "broken", ""]);
  if (query.policy !== "" && query.policy !== info.policy) {
    told.push(["token_policy", "broken", info.policy]);
  }
  return told;
}

function aboutSigner(token, signer) {
  if (signer === null) return [["token_signer_absent", "unchecked", ""]];
  const told = [];
  if (!isNamed(token, signer)) told.push(["token_signing_certificate", "broken", signer.name]);
  const { tsa } = token.info;
  if (tsa !== null && !bears(signer, tsa)) told.push(["token_tsa_name", "weak", commonName(tsa)]);
  const only = signer.purposes.length === 1 && signer.purposes[0] === OID.timeStamping;
  if (!only || !signer.purposesCritical) told.push(["token_key_usage", "broken", signer.name]);
  if (!isValid(signer, token.info.time)) {
    told.push(["token_signer_validity", "broken", rfc3339(token.info.time)]);
  }
  return told;
}
