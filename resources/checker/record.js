// What is on record: the ledger replayed, its heads recomputed, every file it speaks of compared.

const MAX_LEDGER = 256 << 20;
const MAX_CAPTURE = 16 << 20;
const MAX_KEYS = 64;
const NUMBER = /^E[0-9]{4,9}$/;
const WITHHELD = /^\{"withheld":"([0-9a-f]{64})"\}$/;

async function judgeRecord(contents, seen) {
  const reading = new Reading(contents, seen);
  const ledger = await reading.ledger();
  if (ledger === null) return null;
  const { entries, leaves } = ledger;
  const first = entries.find((entry) => entry !== null) ?? null;
  const head = await reading.checkpoint(HEAD);
  const [id, world] = identity(first, head);
  const origin = originOf(id, world);
  const keys = await reading.keys(entries, origin);
  const signers = signingOf(entries, keys);
  const checkpoints = await reading.heads(origin, leaves, head, signers);
  judgeSuccession(reading, entries, checkpoints, keys);
  const exhibits = await reading.exhibits(entries, world);
  reading.documents(entries);
  await judgeCosigned(reading, entries, leaves, origin, keys);
  reading.renewals(entries, exhibits);
  await judgeExported(reading, entries, id, world, signers, head);
  if (reading.cases.size > 1) seen.say(payload(ENTRIES), "exhibit_other", "broken", "case");
  const known = new Set([...checkpoints.values()].map((one) => one.note));
  for (const exhibit of exhibits) await reading.inclusion(exhibit, leaves, known);
  for (const refs of reading.files.values()) for (const ref of refs) reading.matches(ref);
  const withheld = entries.filter((entry) => entry === null).length;
  if (withheld) seen.say(payload(ENTRIES), "ledger_withheld", "unchecked", String(withheld));
  return {
    origin,
    world,
    signers,
    entries,
    leaves,
    exhibits,
    checkpoints,
    recorded: reading.recorded,
    changed: reading.changed,
    certificates: listedCertificates(entries),
    proofs: listedProofs(entries),
  };
}

const linesThat = (entries, ...acts) =>
  entries.filter((entry) => entry !== null && acts.includes(entry.act));

function identity(first, head) {
  const named = head === null ? "" : head.origin;
  const world = worldOf(named);
  if (first === null) return [named.slice(named.lastIndexOf("/") + 1), world];
  if (first.seq !== 0) return [first.ledger, world];
  return [first.ledger, first.facts.get("world") === "practice" ? "practice" : "real"];
}

class Reading {
  constructor(contents, seen) {
    this.contents = contents;
    this.seen = seen;
    this.recorded = new Set();
    this.changed = new Set();
    this.cases = new Set(); // the ids that manifests and the case file name
    this.files = new Map(); // path → what manifests list of it
  }

  // The content, or null after saying why not.
  async read(path, limit) {
    try {
      return await this.contents.read(payload(path), limit);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.seen.say(payload(path), error.rule, "broken", error.detail);
      return null;
    }
  }

  // Whether the file is there and is what the record says; said when it is not.
  matches(ref) {
    const name = payload(ref.path);
    this.recorded.add(ref.path);
    if (!this.contents.has(name)) {
      this.seen.say(name, "file_missing", "broken");
      return false;
    }
    const now = this.contents.sha256(name);
    if (now !== ref.sha256 || this.contents.size(name) !== ref.size) {
      this.seen.say(name, "file_changed", "broken", `${ref.sha256} \u2192 ${now}`);
      this.changed.add(ref.path);
      return false;
    }
    return true;
  }

  async ledger() {
    const raw = await this.read(ENTRIES, MAX_LEDGER);
    if (raw === null) return null;
    const name = payload(ENTRIES);
    const lines = linesOf(raw);
    if (lines.pop().length || !lines.length) {
      this.seen.say(name, "ledger_line", "broken", String(lines.length));
      return null;
    }
    const entries = [];
    const leaves = [];
    let id = "";
    for (const [seq, line] of lines.entries()) {
      const hit = line.length === 79 ? WITHHELD.exec(latin1(line)) : null;
      if (hit !== null) {
        entries.push(null);
        leaves.push(unhex(hit[1]));
        continue;
      }
      let entry;
      try {
        entry = readEntry(line);
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        this.seen.say(name, "ledger_line", "broken", String(seq));
        return null;
      }
      id = id || entry.ledger;
      if (entry.seq !== seq || entry.ledger !== id) {
        this.seen.say(name, "ledger_order", "broken", String(seq));
      }
      entries.push(entry);
      leaves.push(leafHash(line));
    }
    return { entries, leaves };
  }

  async checkpoint(path) {
    const raw = await this.read(path, MAX_NOTE);
    if (raw === null) return null;
    try {
      return readCheckpoint(raw);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.seen.say(payload(path), "checkpoint_malformed", "broken", error.message);
      return null;
    }
  }

  // Every checkpoint that stands on this ledger, by path; the others are broken.
  async heads(origin, leaves, head, keys) {
    const found = new Map(head === null ? [] : [[HEAD, head]]);
    for (const name of this.contents.names) {
      const path = name.startsWith(PAYLOAD) ? name.slice(PAYLOAD.length) : "";
      const size = checkpointSize(path);
      const checkpoint = size === null ? null : await this.checkpoint(path);
      if (checkpoint === null) continue;
      if (checkpoint.size === size) found.set(path, checkpoint);
      else this.seen.say(name, "checkpoint_other", "broken", String(checkpoint.size));
    }
    const signed = [...found.values()].some((one) => one.signatures.length);
    if (!this.contents.has(payload(KEYS)) && signed) {
      this.seen.say(payload(KEYS), "file_missing", "broken");
    }
    const roots = treeRoots(leaves, [...found.values()].map((one) => one.size));
    const lines = leaves.length;
    const say = (...told) => this.seen.say(...told);
    const sound = new Map();
    for (const [path, checkpoint] of found) {
      const name = payload(path);
      const root = roots.get(checkpoint.size);
      if (checkpoint.origin !== origin) say(name, "checkpoint_other", "broken", checkpoint.origin);
      else if (checkpoint.size > lines) {
        say(name, "ledger_truncated", "broken", `${lines} < ${checkpoint.size}`);
      } else if (root === undefined || !equal(root, checkpoint.root)) {
        say(name, "checkpoint_root", "broken", String(checkpoint.size));
        // Either may be the changed one.
        say(payload(ENTRIES), "checkpoint_root", "broken", String(checkpoint.size));
      } else if (this.isSigned(name, checkpoint, keys)) sound.set(path, checkpoint);
    }
    if (head !== null && head.size < lines) {
      say(payload(ENTRIES), "ledger_after_head", "broken", `${lines} > ${head.size}`);
    }
    if (sound.has(HEAD)) say(payload(ENTRIES), "ledger_match", "ok", String(lines));
    return sound;
  }

  // The keys that the ledger itself names; any other is broken.
  async keys(entries, name) {
    if (!this.contents.has(payload(KEYS))) return [];
    const raw = await this.read(KEYS, MAX_NOTE);
    const named = linesThat(entries, ...NAMING)
      .map((entry) => entry.facts.get("key"))
      .filter((key) => key !== undefined && key !== null);
    const keys = [];
    const lines = splitLines(replaced(raw ?? new Uint8Array(0)));
    // Each may cost a signature to be computed for every head.
    if (lines.length > MAX_KEYS) {
      this.seen.say(payload(KEYS), "key_malformed", "broken", `${lines.length} > ${MAX_KEYS}`);
    }
    for (const line of new Set(lines.slice(0, MAX_KEYS))) {
      let key;
      try {
        key = readKey(line);
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        this.seen.say(payload(KEYS), "key_malformed", "broken", error.message);
        continue;
      }
      // A ledger that was opened while its key could not be had names none.
      if (key.name !== name || (named.length && !named.includes(line))) {
        this.seen.say(payload(KEYS), "key_other", "broken", line);
      } else keys.push(key);
    }
    return keys;
  }

  isSigned(name, checkpoint, keys) {
    if (!checkpoint.signatures.length) {
      this.seen.say(name, "checkpoint_unsigned", "weak");
      return true;
    }
    const { size } = checkpoint;
    if (keys.some(([key, until]) => size <= until && signedBy(checkpoint, key))) return true;
    this.seen.say(name, "checkpoint_signature", "broken");
    return false;
  }

  async exhibits(entries, world) {
    const exhibits = new Map();
    for (const entry of linesThat(entries, "exhibit.sealed")) {
      const { subject, refs, seq } = entry;
      const fits = NUMBER.test(subject) && refs.length === 1 && refs[0].path === capturePath(subject);
      if (!fits || exhibits.has(subject)) {
        this.seen.say(payload(ENTRIES), "ledger_exhibit", "broken", String(seq));
        continue;
      }
      exhibits.set(subject, { number: subject, seq, ref: refs[0] });
      if (this.matches(refs[0])) await this.manifest(subject, world);
    }
    return [...exhibits.values()];
  }

  // A manifest is this exhibit's, and names its case; its files are to be compared.
  async manifest(number, world) {
    const path = capturePath(number);
    const raw = await this.read(path, MAX_CAPTURE);
    let manifest, refs;
    try {
      manifest = readCapture(raw ?? new Uint8Array(0));
      refs = fileRefs(number, manifest.get("files"));
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.seen.say(payload(path), "exhibit_manifest", "broken", error.message);
      return;
    }
    const [exhibit, of] = [manifest.get("exhibit"), manifest.get("world")];
    if (exhibit !== number || of !== world) {
      this.seen.say(payload(path), "exhibit_other", "broken", `${asStated(exhibit)}, ${asStated(of)}`);
    }
    for (const ref of refs) {
      if (!this.files.has(ref.path)) this.files.set(ref.path, []);
      this.files.get(ref.path).push(ref);
    }
    const named = manifest.get("case");
    if (isText(named)) this.cases.add(named);
  }

  documents(entries) {
    const issued = new Map();
    for (const entry of linesThat(entries, "document.issued", "notice.approved")) {
      for (const ref of entry.refs) issued.set(JSON.stringify(ref), ref);
    }
    for (const ref of issued.values()) {
      // Where two lines speak of two documents in one place, one of them is not there.
      if (safePath(ref.path) && ref.path.startsWith("documents/")) this.matches(ref);
      else this.seen.say(payload(ENTRIES), "ledger_document", "broken", ref.path);
    }
  }

  // Proofs that a renewal took up are as they were then; a selective pack does not bring those of
  // the exhibits that it withholds.
  renewals(entries, exhibits) {
    const shown = new Set(exhibits.map((exhibit) => `exhibits/${exhibit.number}`));
    const whole = !entries.includes(null);
    for (const entry of linesThat(entries, "proofs.renewed")) {
      for (const ref of entry.refs) {
        const name = payload(ref.path);
        const folder = ref.path.split("/").slice(0, 2).join("/");
        if (readProofName(ref.path) === null) {
          this.seen.say(payload(ENTRIES), "renewal_malformed", "broken", String(entry.seq));
        } else if (this.contents.has(name)) {
          const now = this.contents.sha256(name);
          if (now !== ref.sha256) {
            this.seen.say(name, "file_changed", "broken", `${ref.sha256} \u2192 ${now}`);
          }
        } else if (whole || shown.has(folder) || folder === "ledger/checkpoints") {
          this.seen.say(name, "file_missing", "broken");
        }
      }
    }
  }

  // The exhibit's own proof leads from its line to a head that is in the pack.
  async inclusion(exhibit, leaves, known) {
    const path = inclusionPath(exhibit.number);
    const raw = await this.read(path, MAX_NOTE);
    if (raw === null) return;
    let proof, root;
    try {
      proof = readInclusion(raw);
      root = rootFromInclusion(
        leaves[exhibit.seq] ?? bad("no such line"), proof.index, proof.checkpoint.size, proof.path,
      );
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.seen.say(payload(path), "inclusion_malformed", "broken", error.message);
      return;
    }
    const fits = proof.index === exhibit.seq && equal(root, proof.checkpoint.root);
    if (!fits || !known.has(proof.checkpoint.note)) {
      this.seen.say(payload(path), "inclusion_differs", "broken");
    }
  }
}

function linesOf(raw) {
  const lines = [];
  let start = 0;
  for (let end = raw.indexOf(10); end >= 0; end = raw.indexOf(10, start)) {
    lines.push(raw.subarray(start, end));
    start = end + 1;
  }
  lines.push(raw.subarray(start));
  return lines;
}

function readCapture(raw) {
  const value = parseJson(raw);
  if (!isMap(value)) bad("not an object");
  if (value.get("format") !== "holdfast-capture/1") bad("a format that is not known here");
  return value;
}

function fileRefs(number, files) {
  if (!Array.isArray(files)) bad("no list of files");
  return files.map((file) => {
    const [path, size, digest, sm3] = ["path", "size", "sha256", "sm3"].map((key) => get(file, key));
    const fits = isText(path) && isInt(size) && isText(digest) && isText(sm3);
    if (!fits || !safePath(path) || !path.startsWith("files/")) {
      bad("a file without path, size and digests");
    }
    return { path: `exhibits/${number}/${path}`, size: Number(size), sha256: digest, sm3 };
  });
}

// SHA-256 of chains and roots by path, as the last export had them.
function listedCertificates(entries) {
  let found = new Map();
  for (const entry of linesThat(entries, "pack.exported")) {
    const listed = entry.facts.get("certificates");
    found = new Map();
    for (const one of Array.isArray(listed) ? listed : []) {
      const [path, digest] = [get(one, "path"), get(one, "sha256")];
      if (isText(path) && isText(digest)) found.set(path, digest);
    }
  }
  return found;
}

const proofKey = (...parts) => JSON.stringify(parts);

// SHA-256 of the proofs that confirmed a subject, or that were imported for it.
function listedProofs(entries) {
  const found = new Map();
  for (const entry of linesThat(entries, "timestamp.confirmed", "timestamp.imported")) {
    const [kind, by, digest] = ["kind", "authority", "proof_sha256"].map((key) => entry.facts.get(key));
    if (!isText(kind) || !isText(by) || !isText(digest)) continue;
    const key = proofKey(entry.subject, kind, by);
    if (!found.has(key)) found.set(key, { subject: entry.subject, kind, by, digests: new Set() });
    found.get(key).digests.add(digest);
  }
  return found;
}
