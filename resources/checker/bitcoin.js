// Block headers without a node: work, links, retargets, and the table that was built in.

const HEADER_SIZE = 80;
const PERIOD = 2016;
const TIMESPAN = 14n * 24n * 3600n;
const BITS_LIMIT = 0x1d00ffff;
const GENESIS_TIME = 1231006505;
const TOLERANCE = 4n;
// How much easier than the newest known period is too easy for blocks that no later checkpoint
// holds: whoever has today's machines makes the blocks of years ago in minutes.
const CHEAP = 16n;
const MAX_HEADERS = 128 << 20;

const doubled = (data) => sha256(sha256(data));
const display = (hash) => hex(Uint8Array.from(hash).reverse());

function readHeader(raw) {
  if (raw.length !== HEADER_SIZE) bad("a header has 80 bytes");
  return {
    root: raw.subarray(36, 68),
    time: u32(raw, 68),
    bits: u32(raw, 72),
    hash: doubled(raw),
  };
}

function targetOf(bits) {
  const exponent = BigInt(bits >>> 24);
  const mantissa = BigInt(bits & 0x7fffff);
  const target =
    exponent >= 3n ? mantissa << (8n * (exponent - 3n)) : mantissa >> (8n * (3n - exponent));
  return bits & 0x800000 || target <= 0n || target >= 1n << 256n ? null : target;
}

function bitsOf(target) {
  let size = BigInt(Math.ceil(target.toString(16).length / 2));
  let mantissa = size > 3n ? target >> (8n * (size - 3n)) : target << (8n * (3n - size));
  if (mantissa & 0x800000n) [mantissa, size] = [mantissa >> 8n, size + 1n];
  return Number((size << 24n) | mantissa);
}

function retarget(bits, first, last) {
  let span = BigInt(last - first);
  if (span < TIMESPAN / 4n) span = TIMESPAN / 4n;
  if (span > TIMESPAN * 4n) span = TIMESPAN * 4n;
  const target = ((targetOf(bits) ?? 0n) * span) / TIMESPAN;
  const limit = targetOf(BITS_LIMIT);
  return bitsOf(target < limit ? target : limit);
}

const hasWork = (header) => {
  const target = targetOf(header.bits);
  return target !== null && number(header.hash, true) <= target;
};

// What the last block of each period was, and how hard the blocks of the next one are.
class CheckpointTable {
  constructor(data) {
    const packed = unbase64(data.rows);
    this.hashes = [];
    this.bits = [parseInt(data.first_bits, 16)];
    for (let at = 0; at < packed.length; at += 36) {
      this.hashes.push(packed.subarray(at, at + 32));
      this.bits.push(u32(packed, at + 32));
    }
    this.genesis = unhex(data.genesis).reverse();
    this.starts = [GENESIS_TIME];
    this.bits.slice(1).forEach((bits, at) => {
      const [before, after] = [this.bits[at], bits].map((one) => targetOf(one) ?? 0n);
      // What took less than a quarter of its time made the next four times as hard, and no more.
      const took = before > 0n && before < 4n * after ? (TIMESPAN * after) / before : 0n;
      this.starts.push(this.starts[at] + Number(took < 4n * TIMESPAN ? took : 4n * TIMESPAN));
    });
  }

  // Unix seconds before which the chain was not there yet, some months short of the truth: each
  // target says how long the period before it took, and those add up.
  earliestTime(height) {
    return this.starts[Math.min(Math.floor(height / PERIOD), this.starts.length - 1)];
  }

  hashAt(height) {
    if (height === 0) return this.genesis;
    const period = Math.floor((height + 1) / PERIOD);
    const known = (height + 1) % PERIOD === 0 && period > 0 && period <= this.hashes.length;
    return known ? this.hashes[period - 1] : null;
  }

  bitsAt(height) {
    return this.bits[Math.floor(height / PERIOD)] ?? null;
  }

  easiest(height) {
    const known = this.bitsAt(height);
    if (known !== null) return targetOf(known) ?? 0n;
    const last = (targetOf(this.bits[this.bits.length - 1]) ?? 0n) * TOLERANCE;
    const limit = targetOf(BITS_LIMIT);
    return last < limit ? last : limit;
  }

  get height() {
    return PERIOD * this.hashes.length - 1;
  }

  // Below which height a run that holds together up to `end` is the chain's.
  settles(end) {
    const begin = end - (end % PERIOD);
    if (begin === end || begin > this.height) return end;
    const newest = targetOf(this.bits[this.bits.length - 1]) ?? 0n;
    // The first block is known as well.
    const old = targetOf(this.bits[begin / PERIOD]) ?? 0n;
    return old <= newest * CHEAP ? end : Math.max(begin, 1);
  }

  allows(height, bits) {
    const known = this.bitsAt(height);
    if (known !== null) return bits === known;
    const target = targetOf(bits);
    return target !== null && target <= this.easiest(height);
  }
}

// Why a lone header cannot be one of the real chain there; empty when it can.
function objection(height, header, table) {
  if (!hasWork(header)) return "no_work";
  if (!table.allows(height, header.bits)) return "target_too_easy";
  if (header.time < table.earliestTime(height)) return "too_early";
  const known = table.hashAt(height);
  return known !== null && !equal(known, header.hash) ? "not_in_chain" : "";
}

// A run that a checkpoint of a chain proves; null when it touches none.  What stands at its end,
// within the table and before the next checkpoint, is left out where its work would be cheap today.
function linkRun(first, raw, table) {
  if (first < 0 || !raw.length || raw.length % HEADER_SIZE) bad("not a run of 80-byte headers");
  const before = raw.subarray(4, 36);
  let network = "bitcoin";
  let count = raw.length / HEADER_SIZE;
  if (first === 0 ? equal(raw.subarray(0, 80), unhex(PRACTICE.genesis_header))
    : first === 1 && display(before) === PRACTICE.genesis_hash) {
    walkRun(first, raw, () => PRACTICE.bits, () => null, () => 0);
    network = "practice";
  } else {
    const anchored = walkRun(
      first, raw, demandedBits(first, raw, table), (at) => table.hashAt(at),
      (at) => table.earliestTime(at),
    );
    const known = first ? table.hashAt(first - 1) : null;
    if (!anchored && !(known !== null && equal(known, before))) return null;
    count = table.settles(first + count) - first;
    if (count <= 0) return null;
  }
  return {
    network,
    last: first + count - 1,
    header(height) {
      const at = (height - first) * HEADER_SIZE;
      const covered = at >= 0 && at < count * HEADER_SIZE;
      return covered ? readHeader(raw.subarray(at, at + HEADER_SIZE)) : null;
    },
  };
}

function demandedBits(first, raw, table) {
  const field = (height, offset) => u32(raw, (height - first) * HEADER_SIZE + offset);
  return (height) => {
    const known = table.bitsAt(height);
    if (known !== null || height % PERIOD || height - PERIOD < first) return known;
    const [start, end] = [height - PERIOD, height - 1];
    return retarget(field(end, 72), field(start, 68), field(end, 68));
  };
}

function walkRun(first, raw, demanded, knownHash, earliestTime) {
  let anchored = false;
  let previous = raw.subarray(4, 36);
  let [bits, since] = [null, 0];
  let own = -1;
  let target = 0n;
  for (let at = 0, height = first; at < raw.length; at += HEADER_SIZE, height++) {
    if (!equal(raw.subarray(at + 4, at + 36), previous)) {
      bad(`block ${height} does not follow the one before it`);
    }
    if (!at || height % PERIOD === 0) [bits, since] = [demanded(height), earliestTime(height)];
    if (u32(raw, at + 68) < since) bad(`block ${height} is dated before its chain was there`);
    const named = u32(raw, at + 72);
    if (named !== own) [own, target] = [named, targetOf(named) ?? 0n];
    if (bits !== null && own !== bits) bad(`block ${height} has another target than its chain`);
    previous = doubled(raw.subarray(at, at + HEADER_SIZE));
    if (number(previous, true) > target) bad(`block ${height} has no proof of work`);
    const known = knownHash(height);
    if (known !== null) {
      if (!equal(known, previous)) bad(`leaves the chain at block ${height}`);
      anchored = true;
    }
  }
  return anchored;
}

// Each run is walked once, however many proofs lean on it.
class Runs {
  constructor(table) {
    this.table = table;
    this.known = new Map();
  }

  link(first, raw) {
    const kept = this.known.get(raw);
    if (kept !== undefined && kept.first === first) {
      if (kept.error) throw kept.error;
      return kept.run;
    }
    const entry = { first, run: null, error: null };
    try {
      entry.run = linkRun(first, raw, this.table);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      entry.error = error;
    }
    this.known.set(raw, entry);
    if (entry.error) throw entry.error;
    return entry.run;
  }
}
