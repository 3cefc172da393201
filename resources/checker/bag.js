// The bag: every file is what its manifests say, every one is listed, and no other lies there.

const MAX_MANIFEST = 64 << 20;

class Seen {
  constructor() {
    this.findings = [];
    this.timestamps = [];
  }

  say(subject, rule, outcome, detail = "") {
    this.findings.push({ subject, rule, outcome, detail });
  }

  broken() {
    return this.findings.filter((one) => one.outcome === "broken").length;
  }
}

// The files of a pack with their SHA-256, each hashed once.
class Contents {
  constructor(pack) {
    this.pack = pack;
    this.digests = new Map();
    this.others = new Map();
  }

  static async of(pack, seen, step) {
    const contents = new Contents(pack);
    const names = pack.names();
    const total = names.reduce((sum, name) => sum + pack.size(name), 0);
    const found = new Map();
    let done = 0;
    const lane = async (waiting) => {
      while (waiting.length) {
        const name = waiting.pop();
        const tick = (count) => step("checking", (done += count), total, name);
        try {
          tick(0);
          found.set(name, await pack.digest(name, tick));
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          found.set(name, error);
        }
        // Many small files must not keep a page from being drawn.
        if (waiting.length % 256 === 255) await pause();
      }
    };
    for (const [order, count] of pack.batches()) {
      const waiting = order.reverse();
      await Promise.all(Array.from({ length: count }, () => lane(waiting)));
    }
    for (const name of names) {
      const one = found.get(name);
      if (one instanceof Unreadable) seen.say(name, one.rule, "broken", one.detail);
      else contents.digests.set(name, one);
    }
    return contents;
  }

  has(name) {
    return this.digests.has(name);
  }

  get names() {
    return [...this.digests.keys()];
  }

  size(name) {
    return this.pack.size(name);
  }

  sha256(name) {
    return hex(this.digests.get(name));
  }

  // Any digest by its hashlib name, read again if it was not taken on the way.
  async digest(name, algorithm) {
    if (algorithm === "sha256") return this.digests.get(name);
    if (!Object.hasOwn(HASHES, algorithm)) bad(`${algorithm} cannot be computed here`);
    const key = `${algorithm} ${name}`;
    if (!this.others.has(key)) {
      const data = await this.read(name, MAX_OTHER);
      const web = WEB_NAMES[algorithm];
      const large = data.length > SMALL && web !== undefined && arithmetic() !== null;
      if (data.length > SMALL && !large && algorithm !== "sm3") bad(`${algorithm} cannot be computed here`);
      const value = large ? await arithmetic().digest(web, data) : HASHES[algorithm](data);
      this.others.set(key, new Uint8Array(value));
    }
    return this.others.get(key);
  }

  // The content, which is the same that was hashed.
  async read(name, limit) {
    if (!this.digests.has(name)) throw new Unreadable("file_missing");
    const data = await this.pack.read(name, limit);
    if (!equal(await digestOf(data), this.digests.get(name))) throw new Unreadable("file_unsteady");
    return data;
  }
}

const MAX_OTHER = 512 << 20;
const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

async function judgeBag(contents, seen, knowsVerifier) {
  if (contents.has(FETCH)) seen.say(FETCH, "bag_fetch", "broken");
  for (const name of contents.names) {
    if (!name.startsWith(PAYLOAD) && ![...TAGS, FETCH].includes(name)) {
      seen.say(name, "file_not_on_record", "broken");
    }
  }
  await judgeDeclaration(contents, seen);
  const before = seen.broken();
  const body = new Set(contents.names.filter((name) => name.startsWith(PAYLOAD)));
  const tags = new Set(
    contents.names.filter((name) => TAGS.includes(name) && ![TAG_MANIFEST, SIGNATURE].includes(name)),
  );
  const listed = await judgeList(contents, seen, MANIFEST, body);
  const soFar = seen.broken();
  await judgeList(contents, seen, TAG_MANIFEST, tags);
  // Nothing lists the last list, so it may be the changed one.
  if (seen.broken() > soFar) seen.say(TAG_MANIFEST, "bag_tags", "broken");
  for (const name of REQUIRED_TAGS) {
    if (!contents.has(name)) seen.say(name, "file_missing", "broken");
  }
  if (seen.broken() === before) seen.say(MANIFEST, "bag_match", "ok", String(listed));
  // It is under the signature, which says only that it left like this.
  if (contents.has(README)) seen.say(README, "bag_readme", "unchecked");
  for (const name of [VERIFIER, BROWSER_VERIFIER]) {
    if (contents.has(name) && !(await knowsVerifier(name, contents))) {
      seen.say(name, "pack_verifier_unknown", "weak", contents.sha256(name));
    }
  }
}

async function judgeDeclaration(contents, seen) {
  if (contents.has(DECLARATION)) {
    try {
      if (latin1(await contents.read(DECLARATION, 1000)) !== BAG_DECLARATION) {
        seen.say(DECLARATION, "bag_declaration", "broken");
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      seen.say(DECLARATION, error.rule, "broken", error.detail);
    }
  }
  if (!contents.has(BAG_INFO)) return;
  const body = contents.names.filter((name) => name.startsWith(PAYLOAD));
  const size = body.reduce((sum, name) => sum + contents.size(name), 0);
  const oxum = `Payload-Oxum: ${size}.${body.length}`;
  try {
    const lines = utf8(await contents.read(BAG_INFO, 100000)).split("\n");
    const found = lines.filter((line) => line.startsWith("Payload-Oxum:"));
    if (found.length !== 1 || found[0] !== oxum) {
      seen.say(BAG_INFO, "bag_info", "broken", `${size}.${body.length}`);
    }
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    seen.say(BAG_INFO, error instanceof Unreadable ? error.rule : "bag_info", "broken");
  }
}

// How many files a manifest lists, after comparing it with what is there.
async function judgeList(contents, seen, manifest, present) {
  if (!contents.has(manifest)) return 0;
  let listed;
  try {
    listed = readManifest(await contents.read(manifest, MAX_MANIFEST));
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    const own = error instanceof Unreadable;
    seen.say(manifest, own ? error.rule : "bag_manifest", "broken", own ? error.detail : error.message);
    return 0;
  }
  for (const [name, digest] of listed) {
    if (!present.has(name)) seen.say(name, "file_missing", "broken");
    else if (contents.sha256(name) !== digest) {
      seen.say(name, "file_changed", "broken", `${digest} \u2192 ${contents.sha256(name)}`);
    }
  }
  for (const name of sortedNames(present)) {
    if (!listed.has(name)) seen.say(name, "file_not_listed", "broken", manifest);
  }
  return listed.size;
}
