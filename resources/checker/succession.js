// Which key signs for a record, from which line to which, and who handed over to whom.

const NAMING = ["case.opened", "key.rotated"];

// Each key with the largest head that it may sign: one that was replaced signs none that says so.
// A head from before may be signed by a later key: it waited for one.
function signingOf(entries, keys) {
  return keys.map((key) => {
    let [until, named] = [Infinity, false];
    entries.forEach((entry, at) => {
      if (entry === null || !NAMING.includes(entry.act)) return;
      if (entry.facts.get("key") === key.text) [until, named] = [Infinity, true];
      else if (named && entry.act === "key.rotated") [until, named] = [at, false];
    });
    return [key, until];
  });
}

// The record opens once and first, names its key there, and each key hands over to the next.  Else
// anybody may have written on, in somebody's record, by a key of their own.  A withheld line may
// have named a key as well; of ours no pack withholds one that does.
function judgeSuccession({ seen }, entries, checkpoints, keys) {
  const say = (...told) => seen.say(payload(ENTRIES), ...told);
  const opened = [...entries.keys()].filter((at) => entries[at]?.act === "case.opened");
  if (opened.length !== 1 || opened[0] !== 0) {
    say("ledger_opening", "broken", String(opened.find((at) => at > 0) ?? 0));
  }
  const named = [...entries.keys()]
    .filter((at) => entries[at] !== null && NAMING.includes(entries[at].act))
    .map((at) => [at, entries[at].facts.get("key")])
    .filter(([, stated]) => isText(stated));
  const first = named.length ? named[0][0] : entries.length;
  const heads = [...checkpoints.values()].sort((one, other) => other.size - one.size);
  if (first && heads.some((head) => head.signatures.length)) say("key_late", "weak", String(first));
  // The size of the largest head that a key has signed, 0 for none.
  const furthest = (text) => {
    const key = keys.find((one) => one.text === text);
    return key === undefined ? 0 : heads.find((head) => signedBy(head, key))?.size ?? 0;
  };
  const known = new Map();
  let before = "";
  for (const [at, stated] of named) {
    if (before !== "" && before !== stated) {
      if (!known.has(before)) known.set(before, furthest(before));
      if (known.get(before) <= at) say("key_succeeded", "weak", String(at));
    }
    before = stated;
  }
}
