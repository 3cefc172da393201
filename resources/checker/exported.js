// What the last pack.exported line says of the pack that it went into: the case file, whose key
// signed the list of files, and what was withheld.

const MAX_CASE = 64 << 20;
const MAX_TAG = 64 << 20;
const MAX_SIGNATURE = 4096;
const PRACTICE_SENDER = "Internal-Sender-Description: PRACTICE \u6f14\u7ec3";
const OXUM = "Payload-Oxum: ";
const AGENT = /^Bag-Software-Agent: Holdfast [0-9A-Za-z.+-]{1,40}$/;
const BESIDE = /^([A-Za-z0-9-]{1,80}): [^\x00-\x1f\x7f-\x9f\u2028\u2029]*$/;
// Labels that we write, in which case does not count: nothing else may stand beside what is so.
const OUR_LABELS = [
  "bag-software-agent", "bagging-date", "external-identifier", "internal-sender-description",
  "internal-sender-identifier", "payload-oxum",
];

async function judgeExported(reading, entries, id, world, signers, head) {
  const lines = linesThat(entries, "pack.exported");
  await judgeCaseFile(reading, entries, lines, id, world);
  await judgeBagInfo(reading, entries, id, world);
  const facts = lines.length ? lines[lines.length - 1].facts : new Map();
  judgeWithheld(reading, entries, facts);
  const inForce = signers
    .filter(([, until]) => lines.length && until > lines.at(-1).seq)
    .map(([key]) => key);
  const last = entries.findLast((entry) => entry !== null);
  const comment = last !== undefined && head !== null ? listComment(head, last.at) : null;
  await judgeSignature(reading, facts.get("manifest_key") ?? null, inForce, comment);
}

// case.json is the one that the last pack.exported line names.
async function judgeCaseFile(reading, entries, lines, id, world) {
  const { seen } = reading;
  const exported = lines.slice(-1).flatMap((entry) => entry.refs.filter((ref) => ref.path === CASE_FILE));
  if (exported.length !== 1) {
    seen.say(payload(ENTRIES), "ledger_no_export", "broken");
    return;
  }
  if (!reading.matches(exported[0])) return;
  const raw = await reading.read(CASE_FILE, MAX_CASE);
  let body;
  try {
    body = parseJson(raw ?? new Uint8Array(0));
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    seen.say(payload(CASE_FILE), "case_unreadable", "broken", error.message);
    return;
  }
  const told = ["format", "ledger", "world"].map((key) => get(body, key));
  const named = get(body, "id");
  if (told[0] !== "holdfast-case/1" || told[1] !== id || told[2] !== world || !isText(named)) {
    seen.say(payload(CASE_FILE), "case_other", "broken");
    return;
  }
  reading.cases.add(named);
  judgeEnvironment(seen, entries, body.get("environment"));
}

// Every environment check in the case file is one whose digest a ledger line names.
function judgeEnvironment(seen, entries, checks) {
  const named = new Set(
    linesThat(entries, "environment.checked").map((entry) => entry.facts.get("sha256")),
  );
  const say = (body) => seen.say(payload(CASE_FILE), "environment_not_on_record", "broken", body);
  let odd = false;
  for (const check of Array.isArray(checks) ? checks : []) {
    const [stated, earlier] = [get(check, "sha256"), get(check, "earlier")];
    const texts = isText(stated) && Array.isArray(earlier) && earlier.every(isText);
    if (!texts || !check.has("record")) {
      odd = true;
      continue;
    }
    const body = hex(sha256(encode(writeJson(check.get("record")))));
    if (body !== stated || ![stated, ...earlier].every((one) => named.has(one))) say(body);
  }
  if (odd) say("");
}

// What the bag says of itself is what the ledger says of it; what else it says is named.
async function judgeBagInfo(reading, entries, id, world) {
  const known = entries.filter((entry) => entry !== null);
  if (!known.length || !reading.contents.has(BAG_INFO)) return;
  let told;
  try {
    told = utf8(await reading.contents.read(BAG_INFO, MAX_NOTE)).split("\n");
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return; // said where the bag was looked at
  }
  // The size was looked at with the bag.
  const last = told.pop();
  const stated = new Map();
  const lines = [...told.filter((line) => !line.startsWith(OXUM)), ...(last ? [last] : [])];
  for (const line of lines) stated.set(line, (stated.get(line) ?? 0) + 1);
  const agent = [...stated.keys()].find((line) => AGENT.test(line));
  const wanted = new Set([
    `Bagging-Date: ${clipped(known[known.length - 1].at, 10)}`,
    `Internal-Sender-Identifier: ${id}`,
    ...linesThat(known, "pack.exported").map((entry) => `External-Identifier: ${entry.subject}`),
    ...(agent === undefined ? [] : [agent]),
    ...(world === "practice" ? [PRACTICE_SENDER] : []),
  ]);
  const beside = [...stated.keys()].filter(isBeside);
  const odd = [...stated].filter(([line, count]) => !wanted.has(line) || count > 1);
  const wrong = new Set([
    ...[...wanted].filter((line) => !stated.has(line)),
    ...odd.map(([line]) => line).filter((line) => !isBeside(line)),
  ]);
  for (const line of sortedNames(wrong)) reading.seen.say(BAG_INFO, "bag_info_other", "broken", line);
  if (beside.length) reading.seen.say(BAG_INFO, "bag_info_beside", "unchecked", beside[0]);
}

// Whether it is a line under a label that we do not write (RFC 8493 2.2.2).
function isBeside(line) {
  const hit = BESIDE.exec(line);
  return hit !== null && !OUR_LABELS.includes(hit[1].toLowerCase());
}

// --- selective packs -----------------------------------------------------------------------------

// Ascending numbers as pairs of first and last.
function spansOf(numbers) {
  const found = [];
  for (const number of numbers) {
    const last = found[found.length - 1];
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}

// Exactly those lines are withheld, and those exhibits shown, that the export line says.
function judgeWithheld({ seen }, entries, facts) {
  const missing = spansOf([...entries.keys()].filter((seq) => entries[seq] === null));
  const stated = facts.has("withheld") ? facts.get("withheld") : [];
  const say = (detail) => seen.say(payload(ENTRIES), "withheld_otherwise", "broken", detail);
  if (writeJson(missing) !== writeJson(stated)) {
    say([missing, stated].map(writeJson).join(" \u2260 "));
  }
  if (facts.has("only")) {
    const sealed = linesThat(entries, "exhibit.sealed").map((entry) => entry.subject);
    const shown = sortedNames(new Set(sealed));
    if (writeJson(shown) !== writeJson(facts.get("only"))) say(shown.join(", "));
  }
}

// --- the signed list of files --------------------------------------------------------------------

const signerId = (key) => sha256(key).subarray(0, 8);
const keyLine = (key) => base64(join(encode("Ed"), signerId(key), key));

// A minisign signature of the prehashed form, exactly as Holdfast writes it.
function readMinisign(raw) {
  const text = utf8(raw);
  const lines = text.split("\n");
  const trusted = "trusted comment: ";
  if (lines.length !== 5 || !lines[2].startsWith(trusted)) {
    bad("not four lines of a minisign signature");
  }
  const [first, last] = [unbase64(lines[1]), unbase64(lines[3])];
  const again = [
    "untrusted comment: signature by the key of a Holdfast installation",
    lines[1], lines[2], lines[3], "",
  ].join("\n");
  const fits = first.length === 74 && last.length === 64 && latin1(first.subarray(0, 2)) === "ED";
  if (!fits || again !== text || base64(first) !== lines[1] || base64(last) !== lines[3]) {
    bad("not a minisign signature in its one form");
  }
  return {
    keyId: first.subarray(2, 10),
    signature: first.subarray(10),
    comment: lines[2].slice(trusted.length),
    overComment: last,
  };
}

const minisignHolds = (found, data, key) =>
  equal(found.keyId, signerId(key))
  && ed25519Holds(key, found.signature, blake2b(data))
  && ed25519Holds(key, found.overComment, join(found.signature, encode(found.comment)));

// What is signed with the list of files: the time of the last line, and under which head.
function listComment(head, at) {
  const time = momentOf(at);
  if (time === null) return null;
  return `timestamp:${Math.floor(time / 1000)}\tfile:${TAG_MANIFEST}\t${head.origin} ${head.size}`;
}

// The list of files is signed by the key that the export line names, one of the ledger's that was
// not replaced by then; `keys` are those.  minisign shows the comment as trusted.
async function judgeSignature({ contents, seen }, stated, keys, comment) {
  const there = contents.has(SIGNATURE);
  if (stated === null || !there) {
    if (stated !== null) seen.say(SIGNATURE, "file_missing", "broken");
    else if (there) seen.say(SIGNATURE, "file_not_on_record", "broken");
    return;
  }
  const key = keys.map((one) => one.key).find((one) => keyLine(one) === stated);
  if (key === undefined) {
    seen.say(SIGNATURE, "signature_other_key", "broken", clipped(asStated(stated), 80));
    return;
  }
  try {
    const found = readMinisign(await contents.read(SIGNATURE, MAX_SIGNATURE));
    const data = await contents.read(TAG_MANIFEST, MAX_TAG);
    if (minisignHolds(found, data, key)) {
      if (found.comment === comment) seen.say(SIGNATURE, "signature_holds", "ok", stated);
      else seen.say(SIGNATURE, "signature_comment", "broken", found.comment);
    } else {
      // Either may be the changed one.
      seen.say(SIGNATURE, "signature_broken", "broken");
      seen.say(TAG_MANIFEST, "signature_broken", "broken");
    }
  } catch (error) {
    if (error instanceof Unreadable) seen.say(SIGNATURE, error.rule, "broken", error.detail);
    else if (error instanceof Bad) seen.say(SIGNATURE, "signature_malformed", "broken", error.message);
    else throw error;
  }
}
