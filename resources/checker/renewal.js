// Time-stamps that outlast their certificates: a token shows a time for as long as the certificates
// behind it are good, unless a ledger line names it and a later head over that line was stamped
// in time.

const LASTING = ["confirmed", "simulated"];

// When the first certificate behind a token ends; null where none is known.  `path` is the one it
// was found to stand on, root last: a token can bring any number of others of the same names.  The
// root is trusted for being pinned.
function untilOf(path) {
  const ends = path.slice(0, -1).map((one) => one.notAfter);
  return ends.length ? rfc3339(ends.reduce((least, one) => (one < least ? one : least))) : null;
}

const isOver = (until, now) => now > BigInt(Date.parse(until)) * 1000n + SECOND;

// What is dated, with those marked whose certificate has ended and that nothing renewed.
function judgeRenewals(record, dated, now, seen) {
  const lines = naming(record);
  const judged = new Map();
  const last = (one) => one.until ?? "9999";
  const latestFirst = [...dated].sort((one, other) =>
    last(one) < last(other) ? 1 : last(one) > last(other) ? -1 : 0);
  for (const one of latestFirst) judged.set(one, renewedBy(one, judged, lines, record, now));
  for (const [one, by] of judged) {
    if (one.until === null || !isOver(one.until, now)) continue;
    if (by) seen.say(one.name, "renewal_holds", "ok", `${one.until}, ${by}`);
    else seen.say(one.name, "renewal_absent", "unchecked", one.until);
  }
  return dated.map((one) => ({ ...one, lapsed: !judged.get(one) }));
}

// The first line that names the bytes of a proof, by SHA-256.
function naming({ entries }) {
  const found = new Map();
  for (const entry of linesThat(entries, "proofs.renewed", "timestamp.confirmed")) {
    const named = entry.act === "proofs.renewed"
      ? entry.refs.map((ref) => ref.sha256)
      : [entry.facts.get("proof_sha256")];
    for (const digest of named) {
      found.set(digest, Math.min(found.get(digest) ?? Infinity, entry.seq));
    }
  }
  return found;
}

// The time by which the proof is known to have existed; empty when it has lapsed.  `judged` are the
// witnesses that end later: one of them must be about a head over a line that names this proof.
function renewedBy(one, judged, lines, record, now) {
  if (one.until === null || !isOver(one.until, now)) return one.time ?? "always";
  const first = lines.get(one.proof);
  if (first === undefined) return "";
  const times = [...judged]
    .filter(([later, by]) =>
      by
      && later.time
      && LASTING.includes(later.status)
      && (record.checkpoints.get(later.path)?.size ?? 0) > first
      && Date.parse(later.time) <= Date.parse(one.until))
    .map(([later]) => later.time);
  return times.length ? sortedNames(times)[0] : "";
}
