// Heads that somebody kept, held against a record: a checkpoint file, a printed root, or a head
// with a proof before it that it extends an older one (C2SP tlog-witness add-checkpoint).

const MOST_STEPS = 63;
const LOOKS_KEPT = /^(?:old [0-9]+|(?:practice\.)?holdfast\.local\/[0-9a-f-]{36})\r?\n/;
const PRINTED = /^([1-9][0-9]{0,14}):([0-9a-fA-F]{64})$/;
const HELD = [
  "kept_holds", "kept_fork", "kept_rollback", "kept_newer", "kept_other_key", "kept_malformed",
];

// {old, path, checkpoint}; `old` is 0 for a head without a proof.
function readGrowth(raw) {
  if (latin1(raw.subarray(0, 4)) !== "old ") {
    return { old: 0, path: [], checkpoint: readCheckpoint(raw) };
  }
  const gap = find(raw.subarray(0, MAX_NOTE), encode("\n\n"));
  if (raw.length > MAX_NOTE || gap < 0) bad("not a consistency proof");
  const [first, ...lines] = ascii(raw.subarray(0, gap)).split("\n");
  const hit = /^old (0|[1-9][0-9]{0,14})$/.exec(first);
  if (hit === null || lines.length > MOST_STEPS) {
    bad("not a consistency proof: its size or its length");
  }
  const path = lines.map(unbase64);
  const checkpoint = readCheckpoint(raw.subarray(gap + 2));
  if (path.some((step, at) => step.length !== 32 || base64(step) !== lines[at])) {
    bad("not a consistency proof in its one form");
  }
  const old = Number(hit[1]);
  if (old > checkpoint.size || (!old && path.length)) {
    bad("not a consistency proof: it leads backwards");
  }
  return { old, path, checkpoint };
}

function readKept(name, raw) {
  const growth = readGrowth(raw);
  const { origin, size, root } = growth.checkpoint;
  return { name, origin, size, root, growth };
}

// A head as documents print it: its size, a colon, and 64 hexadecimal digits.
function readPrinted(text) {
  const hit = PRINTED.exec(text.split(WHITES).join(""));
  if (hit === null) bad("a size, a colon and 64 hexadecimal digits");
  const root = unhex(hit[2]);
  return { name: `${hit[1]}:${hit[2].slice(0, 8)}\u2026`, origin: "", size: Number(hit[1]), root, growth: null };
}

// Whether the ledger extends each kept head that is of it.  A key that had been replaced by then
// vouches for none.
function judgeKept(kept, record, seen) {
  const mine = kept.filter((one) => ["", record.origin].includes(one.origin));
  const roots = treeRoots(record.leaves, mine.map((one) => one.size));
  const have = record.leaves.length;
  for (const one of mine) {
    const say = (rule, outcome) => seen.say(one.name, rule, outcome, `${one.size} / ${have}`);
    const root = roots.get(one.size);
    const vouched = one.growth === null
      || record.signers.some(([key, until]) => one.size <= until && signedBy(one.growth.checkpoint, key));
    if (root !== undefined && equal(root, one.root)) say("kept_holds", "ok");
    else if (!vouched) say("kept_other_key", "broken");
    else if (one.size <= have) say("kept_fork", "broken");
    else say("kept_newer", "unchecked");
  }
}

// Each proof among the kept heads, about the older head that was kept beside it; the names of
// those that were held against one another.
function judgeGrowth(kept, seen) {
  const held = new Set();
  for (const one of kept) {
    if (one.growth === null || !one.growth.old) continue;
    const { old, path } = one.growth;
    for (const other of kept) {
      if (!["", one.origin].includes(other.origin) || other.size !== old) continue;
      held.add(one.name).add(other.name);
      const detail = `${other.name}, ${other.size} \u2192 ${one.size}`;
      if (consistent(old, one.size, other.root, one.root, path)) {
        seen.say(one.name, "kept_consistent", "ok", detail);
      } else seen.say(one.name, "kept_inconsistent", "broken", detail);
    }
  }
  return held;
}

// The heads in files and as they were typed: {kept, malformed}, the latter as findings.
async function sortKept(files, printed) {
  const found = { kept: printed.map(readPrinted), malformed: new Seen() };
  for (const [name, file] of files) {
    try {
      found.kept.push(readKept(name, await sliceOf(file, 0, MAX_NOTE + 1)));
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      found.malformed.say(name, "kept_malformed", "broken", error.message);
    }
  }
  return found;
}

// What the verdict about a pack becomes with the heads that were kept beside it.
function withKept(verdict, { kept, malformed }) {
  const seen = new Seen();
  seen.findings.push(...malformed.findings);
  const between = judgeGrowth(kept, seen);
  const about = verdict.findings.filter((one) => HELD.includes(one.rule)).map((one) => one.subject);
  for (const one of kept) {
    if (about.includes(one.name)) continue;
    const rule = between.has(one.name) ? "kept_between" : "kept_alone";
    seen.say(one.name, rule, "unchecked", one.origin);
  }
  if (!seen.findings.length) return verdict;
  const alone = seen.findings.some((one) => ["kept_alone", "kept_between"].includes(one.rule));
  const more = verdictOf(seen, [alone ? "unchecked" : "ok"]);
  const rank = Math.max(...[verdict, more].map((one) => WORST.indexOf(one.verdict)));
  return { ...verdict, verdict: WORST[rank], findings: [...verdict.findings, ...more.findings] };
}
