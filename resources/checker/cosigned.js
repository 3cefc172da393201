// Heads of this ledger that somebody else signed: each is on record, and is judged here.  The time
// in a cosignature is the cosigner's own clock: a statement and no time-stamp.

const LATEST = 253402300799n;
const COSIGNATURE_SIZE = 4 + 8 + 64;

// `keys` are the record's own, none of which is a second one.
async function judgeCosigned(reading, entries, leaves, origin, keys) {
  const lines = linesThat(entries, "checkpoint.cosigned");
  const roots = treeRoots(leaves, lines.map((entry) => entry.facts.get("size")));
  const say = (...told) => reading.seen.say(...told);
  const judged = new Set();
  for (const { facts, refs, seq } of lines) {
    const size = facts.get("size");
    let key;
    try {
      key = readKey(isText(facts.get("key")) ? facts.get("key") : "", COSIGNER_KEY);
      const fits = refs.length === 1 && typeof size === "number";
      if (!fits || refs[0].path !== cosignedPath(size, hex(key.id))) bad("its file lies elsewhere");
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      say(payload(ENTRIES), "cosigned_malformed", "broken", String(seq));
      continue;
    }
    const about = JSON.stringify([refs[0], key.text]);
    if (judged.has(about) || !reading.matches(refs[0])) continue;
    // Each may cost a signature to be computed, and there may be many lines about one file.
    judged.add(about);
    const name = payload(refs[0].path);
    const raw = await reading.read(refs[0].path, MAX_NOTE);
    let head;
    try {
      head = readCheckpoint(raw ?? new Uint8Array(0));
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      say(name, "checkpoint_malformed", "broken", error.message);
      continue;
    }
    const seconds = cosignedAt(head, key);
    const root = roots.get(size);
    if (head.origin !== origin || head.size !== size) {
      say(name, "checkpoint_other", "broken", head.origin);
    } else if (root === undefined || !equal(root, head.root)) {
      say(name, "cosigned_other_root", "broken", String(size));
    } else if (seconds === null) say(name, "cosigned_signature", "broken", key.name);
    else if (keys.some((own) => equal(own.key, key.key))) {
      say(name, "cosigned_own", "unchecked", `${key.name}+${hex(key.id)}`);
    } else {
      say(name, "cosigned_holds", "ok", `${told(seconds)}, ${size}, ${key.name}+${hex(key.id)}`);
    }
  }
}

// When, in seconds since 1970, `key` says that it had seen the head; null when no sound
// cosignature by it stands there.
function cosignedAt(head, key) {
  for (const [name, raw] of head.signatures) {
    const fits = name === key.name && raw.length === COSIGNATURE_SIZE;
    if (!fits || !equal(raw.subarray(0, 4), key.id)) continue;
    const seconds = number(raw.subarray(4, 12), false);
    const signed = join(encode(`cosignature/v1\ntime ${seconds}\n`), head.text);
    const holds = seconds <= LATEST && ed25519Holds(key.key, raw.subarray(12), signed);
    return holds ? Number(seconds) : null;
  }
  return null;
}
