// Not before: what the values in a manifest are worth that nobody could know earlier.

const BLOCK_SLACK = 2 * 3600 * 1000;
const ROUND_SLACK = 60 * 1000;
const MAX_ROUND = 2 ** 35;
const REASONS = [
  "not asked", "offline", "no_answer", "bitcoin_no_answer", "bitcoin_disagree",
  "bitcoin_one_source", "drand_no_answer", "drand_refused", "clock",
];
const RFC3339 = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$/;

async function judgeNotBefore(contents, record, dated, terms, seen) {
  const about = aboutsOf(dated, record);
  for (const exhibit of record.exhibits) {
    const name = payload(exhibit.ref.path);
    if (!contents.has(name) || record.changed.has(exhibit.ref.path)) continue;
    let manifest;
    try {
      manifest = readCapture(await contents.read(name, MAX_CAPTURE));
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      continue;
    }
    const say = (...told) => seen.say(name, ...told);
    const values = notBeforeValues(manifest.get("not_before"), record.world, terms, say);
    againstClock(manifest, values, say);
    againstWitnesses(about(exhibit), values, say);
  }
}

// What the manifest holds, each part said; those that have a time, as {name, time, slack}.
function notBeforeValues(value, world, terms, say) {
  if (value === null || value === undefined) return [];
  if (!isMap(value)) {
    say("not_before_malformed", "broken", "not_before");
    return [];
  }
  const reason = value.get("reason");
  if (value.size === 1 && reason === "not asked") return [];
  if (!value.has("bitcoin") && !value.has("drand")) {
    if (isText(reason)) {
      const codes = REASONS.includes(reason)
        ? [reason]
        : reason.split(" ").filter((code) => REASONS.includes(code));
      say("not_before_absent", "unchecked", codes.join(", ") || "?");
    } else say("not_before_malformed", "broken", "not_before");
    return [];
  }
  const network = value.get("network");
  if (network !== (world === "practice" ? "practice" : "bitcoin")) {
    say("world_mixed", "broken", oneLine(clipped(asStated(network), 80)));
  }
  const found = [];
  if (value.has("bitcoin")) found.push(blockValue(value.get("bitcoin"), world, terms, say));
  if (value.has("drand")) found.push(roundValue(value.get("drand"), world, terms, say));
  return found.filter((one) => one !== null);
}

function blockValue(value, world, terms, say) {
  const [height, hash] = [get(value, "height"), get(value, "hash")];
  if (typeof height !== "number" || !isText(hash) || !(height >= 0 && height < 1e9) || !HEX64.test(hash)) {
    say("not_before_malformed", "broken", "bitcoin");
    return null;
  }
  let header = null;
  if (value.has("header")) {
    const written = value.get("header");
    if (!isText(written) || !/^[0-9a-f]{160}$/.test(written)) {
      say("not_before_malformed", "broken", "header");
      return null;
    }
    header = readHeader(unhex(written));
  }
  if (header !== null && display(header.hash) !== hash) {
    say("not_before_block_differs", "broken", `${height}, ${hash}`);
    return null;
  }
  const foreign = header === null ? null : foreignBlock(height, header, world, terms);
  if (foreign !== null) {
    say(...foreign);
    return null;
  }
  const known = knownHeader(height, world, terms);
  const dated = (one) => ({ name: `block ${height}`, time: one.time * 1000, slack: BLOCK_SLACK });
  if (known !== null && display(known.hash) === hash) {
    say("not_before_block", "ok", `${height}, ${told(known.time)}`);
    return dated(known);
  }
  if (header === null) {
    const impossible = world === "real" && BigInt(`0x${hash}`) > terms.table.easiest(height);
    if (known !== null) say("not_before_block_differs", "broken", `${height}, ${hash}`);
    else if (impossible) say("not_before_block_impossible", "broken", `${height}, ${hash}`);
    else say("not_before_block_unseen", "unchecked", `${height}, ${hash}`);
    return null;
  }
  // The newest block is sometimes replaced by another; it was there all the same.
  const rule = known === null ? "not_before_block_alone" : "not_before_block_left";
  say(rule, "unchecked", `${height}, ${told(header.time)}`);
  return dated(header);
}

function foreignBlock(height, header, world, terms) {
  const easy = header.bits === PRACTICE.bits;
  if (easy !== (world === "practice")) {
    return ["world_mixed", "broken", header.bits.toString(16).padStart(8, "0")];
  }
  let reason = easy ? "" : objection(height, header, terms.table);
  if (easy && !hasWork(header)) reason = "no_work";
  if (!reason || reason === "not_in_chain") return null;
  return ["not_before_block_impossible", "broken", `${height}, ${reason}`];
}

function knownHeader(height, world, terms) {
  for (const [first, raw] of terms.packRuns) {
    let linked;
    try {
      linked = terms.runs.link(first, raw);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      continue;
    }
    if (linked === null || (linked.network === "practice") !== (world === "practice")) continue;
    const header = linked.header(height);
    if (header !== null) return header;
  }
  return null;
}

function roundValue(value, world, terms, say) {
  const [hash, number, written] = ["chain", "round", "signature"].map((key) => get(value, key));
  const fits = isText(hash) && typeof number === "number" && isText(written);
  if (!fits || !(number > 0 && number < MAX_ROUND) || !/^[0-9a-f]{96}$/.test(written)) {
    say("not_before_malformed", "broken", "drand");
    return null;
  }
  const chain = terms.beacons.find((one) => one.hash === hash);
  if (chain === undefined) {
    say("not_before_chain_unknown", "unchecked", oneLine(clipped(hash, 80)));
    return null;
  }
  if ((chain.hash === PRACTICE.drand.hash) !== (world === "practice")) {
    say("world_mixed", "broken", hash);
    return null;
  }
  // No browser computes pairings, so the signature stays unchecked here, as in verify.pyz.
  const time = chain.genesis + chain.period * (number - 1);
  say("not_before_round_unchecked", "unchecked", `${number}, ${told(time)}`);
  return { name: `round ${number}`, time: time * 1000, slack: ROUND_SLACK };
}

// Milliseconds since 1970; null for what is no time.  To JavaScript there is a year 0.
function momentOf(text) {
  if (!RFC3339.test(text) || text.startsWith("0000")) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== text.slice(0, 19)
    ? null
    : time;
}

// A clock that was behind is a weakness of what it says, not of what was sealed.
function againstClock(manifest, values, say) {
  const clock = manifest.get("clock");
  const system = get(clock, "system");
  const started = isText(system) ? momentOf(system) : null;
  if (started === null) return;
  const offset = get(clock, "offset_ms");
  const claimed = started + (isInt(offset) ? Math.abs(Number(offset)) : 0);
  if (Math.abs(claimed) > 253402300799999) return;
  for (const value of values) {
    if (claimed + value.slack < value.time) {
      const [then, now] = [claimed, value.time].map((one) => new Date(one).toISOString());
      say("not_before_clock", "weak", `${then} < ${value.name}, ${now}`);
    }
  }
}

// Nothing can have been witnessed before what it contains existed.
function againstWitnesses(about, values, say) {
  for (const witness of about) {
    if (witness.time === null) continue;
    for (const value of values) {
      const least = witness.kind === "opentimestamps" ? BLOCK_SLACK : 0;
      if (Date.parse(witness.time) + Math.max(value.slack, least) < value.time) {
        const existed = new Date(value.time).toISOString();
        say("not_before_contradiction", "broken", `${witness.time} < ${value.name}, ${existed}`);
      }
    }
  }
}
