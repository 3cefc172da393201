// A pack judged: bag, record, witnesses, in this order.  Nothing it brings is believed for being
// there, and nothing in it is run.

// Everything a pack is held against: what was built into this page, never what the pack brings.
function termsOf({ practice, now, kept = [] }) {
  const roots = DATA.roots.map(unbase64).map(readCertificate);
  const own = DATA.practice_roots.map(unbase64).map(readCertificate);
  const table = new CheckpointTable(DATA.checkpoints);
  return {
    practice,
    now,
    kept,
    table,
    runs: new Runs(table),
    packRuns: [],
    pinned: roots.map((one) => hex(sha256(one.raw))),
    roots: [...roots, ...own],
    beacons: [...DATA.beacons, PRACTICE.drand],
  };
}

// Whether a checker in a pack is one of this release or of an earlier one.  verify.pyz names the
// page it goes with, so it is compared with that name blanked.
function verifierKnown(pageHash) {
  return async (name, contents) => {
    const digest = contents.sha256(name);
    if (DATA.released.includes(digest)) return true;
    if (name === BROWSER_VERIFIER) return digest === pageHash;
    try {
      const raw = Uint8Array.from(await contents.read(name, 64 << 20));
      const stated = raw.subarray(DATA.verifier.at, DATA.verifier.at + 64);
      if (latin1(stated) !== pageHash) return false;
      stated.fill(48);
      return hex(await digestOf(raw)) === DATA.verifier.sha256;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return false;
    }
  };
}

async function judgePack(pack, terms, pageHash, step) {
  const seen = new Seen();
  const before = pack.troubles().length;
  for (const one of pack.troubles()) seen.findings.push(one);
  const contents = await Contents.of(pack, seen, step);
  if (pack instanceof ZipPack) await pack.compareRest();
  for (const one of pack.troubles().slice(before)) seen.findings.push(one);
  if (!pack.troubles().length && pack.rewritten) seen.say("", "zip_rewritten", "weak");
  if (pack.isPdf) seen.say("", "zip_is_pdf", "weak");
  await judgeBag(contents, seen, verifierKnown(pageHash));
  const record = await judgeRecord(contents, seen);
  let dated = [];
  if (record !== null) {
    judgeStrangers(contents, record, seen);
    const practice = record.world === "practice";
    if (practice) seen.say("", "world_practice", terms.practice ? "ok" : "unchecked");
    judgeKept(terms.kept, record, seen);
    const witnesses = judgeRenewals(
      record, await judgeWitnesses(contents, record, terms, seen, step), terms.now, seen,
    );
    await judgeNotBefore(contents, record, witnesses, terms, seen);
    dated = judgeDates(record, witnesses, seen, terms.practice);
  }
  seen.say("", "digest_sm3_skipped", "unchecked");
  return verdictOf(seen, dated);
}

// Nothing lies in the payload that no line speaks of and that does not verify itself.
function judgeStrangers(contents, record, seen) {
  const numbers = new Set(record.exhibits.map((exhibit) => exhibit.number));
  for (const name of contents.names) {
    if (!name.startsWith(PAYLOAD)) continue;
    const path = name.slice(PAYLOAD.length);
    const kind = standing(path, record.recorded);
    const foreign = kind === "inclusion" && !numbers.has(path.split("/")[1]);
    if (kind === "stranger" || foreign) seen.say(name, "file_not_on_record", "broken");
  }
}

const ABOUT_ONE_PROOF = ["ots_one_source"];

// Characters of a subject or a fact; a record may name a file with a million.
const MOST_TOLD = 1000;

function cut(text) {
  if (text.length <= MOST_TOLD) return text;
  const first = Array.from(text.slice(0, 2 * MOST_TOLD + 2));
  return first.length > MOST_TOLD ? `${first.slice(0, MOST_TOLD).join("")}\u2026` : text;
}

const readableOf = (one) => ({ ...one, subject: cut(one.subject), detail: cut(one.detail) });

// Outcomes, each worse than the one before.
const WORST = ["ok", "weak", "unchecked", "broken"];

function verdictOf(seen, dated) {
  const once = new Map(seen.findings.map(readableOf).map((one) => [
    JSON.stringify([one.subject, one.rule, one.outcome, one.detail]), one,
  ]));
  const findings = [...once.values()];
  const ordered = [
    ...findings.filter((one) => one.rule === "world_practice"),
    ...findings.filter((one) => one.rule !== "world_practice"),
  ];
  const warned = findings.some(
    (one) => one.outcome === "weak" && !ABOUT_ONE_PROOF.includes(one.rule),
  );
  let verdict = warned || dated.includes("weak") ? "weak" : "ok";
  if (!dated.length || dated.includes("unchecked")) verdict = "unchecked";
  if (findings.some((one) => one.outcome === "broken")) verdict = "broken";
  return { verdict, findings: ordered, timestamps: seen.timestamps };
}

// Anything else that was dropped is no broken pack.
const looksZipped = async ({ name, file }) =>
  name.toLowerCase().endsWith(".zip") || latin1(await sliceOf(file, 0, 4)) === "PK\x03\x04";

const MARKS = [DECLARATION, MANIFEST, payload(ENTRIES)];

// Why there is nothing to be judged: no pack at all, or one in a folder further down.
function noPack(pack, name) {
  for (const one of pack.names()) {
    const mark = MARKS.find((it) => one.endsWith(`/${it}`));
    if (mark === undefined) continue;
    return { refused: "verify_pack_deeper", name, folder: one.slice(0, -mark.length - 1) };
  }
  return { refused: "verify_no_pack", name };
}

// What was found about a ZIP or a folder: {verdict, findings, timestamps}, or {refused: code}.
// `kept` are the files of heads that somebody kept, `heads` those that were printed.
async function verifyTarget(target, { practice, pageHash, kept = [], heads = [], step }) {
  const unread = heads.find((text) => readOr(null, () => readPrinted(text)) === null);
  if (unread !== undefined) return { refused: "head_unreadable", head: clipped(unread, 80) };
  const sorted = await sortKept(kept, heads);
  const terms = termsOf({ practice, now: BigInt(Date.now()) * 1000n, kept: sorted.kept });
  try {
    if (!target.files && !(await looksZipped(target))) {
      return { refused: "verify_no_pack", name: target.name };
    }
    const pack = target.files ? new FolderPack(target.files) : await openZip(target.file);
    const hostile = () => pack.troubles().some((one) => one.outcome === "broken");
    if (!hostile() && !MARKS.some((name) => pack.names().includes(name))) {
      // A pack may be hidden in a ZIP, whose troubles are else looked for where it is read.
      if (pack instanceof ZipPack) await pack.compareRest();
      if (!hostile()) return noPack(pack, target.name);
    }
    return withKept(await judgePack(pack, terms, pageHash, step), sorted);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { rule, detail } = error;
    return {
      verdict: "broken",
      findings: [{ subject: target.name, rule, outcome: "broken", detail }],
      timestamps: [],
    };
  }
}
