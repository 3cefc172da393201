// Hashes that a browser does not have, or that must be taken piece by piece.

const K256 = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const WORDS256 = new Int32Array(64);

const sum0 = (a) =>
  ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
const sum1 = (e) =>
  ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));

// SHA-256 (FIPS 180-4), fed in pieces of any length.
class Sha256 {
  constructor() {
    this.state = new Int32Array([
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ]);
    this.rest = new Uint8Array(64);
    this.held = 0;
    this.size = 0;
  }

  update(data) {
    this.size += data.length;
    let at = 0;
    if (this.held) {
      at = Math.min(64 - this.held, data.length);
      this.rest.set(data.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 64) return this;
      this.blocks(this.rest, 0, 64);
      this.held = 0;
    }
    const end = at + ((data.length - at) & ~63);
    if (end > at) this.blocks(data, at, end);
    this.rest.set(data.subarray(end), 0);
    this.held = data.length - end;
    return this;
  }

  // Eight rounds stand written out, so that the eight words need not move from name to name.
  blocks(data, at, end) {
    const w = WORDS256;
    const k = K256;
    const s = this.state;
    for (; at < end; at += 64) {
      for (let i = 0, j = at; i < 16; i++, j += 4) {
        w[i] = (data[j] << 24) | (data[j + 1] << 16) | (data[j + 2] << 8) | data[j + 3];
      }
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15];
        const y = w[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (((w[i - 16] + s0) | 0) + ((w[i - 7] + s1) | 0)) | 0;
      }
      let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
      for (let i = 0; i < 64; i += 8) {
        h = (h + sum1(e) + (g ^ (e & (f ^ g))) + ((k[i] + w[i]) | 0)) | 0;
        d = (d + h) | 0;
        h = (h + sum0(a) + ((a & b) | (c & (a | b)))) | 0;
        g = (g + sum1(d) + (f ^ (d & (e ^ f))) + ((k[i + 1] + w[i + 1]) | 0)) | 0;
        c = (c + g) | 0;
        g = (g + sum0(h) + ((h & a) | (b & (h | a)))) | 0;
        f = (f + sum1(c) + (e ^ (c & (d ^ e))) + ((k[i + 2] + w[i + 2]) | 0)) | 0;
        b = (b + f) | 0;
        f = (f + sum0(g) + ((g & h) | (a & (g | h)))) | 0;
        e = (e + sum1(b) + (d ^ (b & (c ^ d))) + ((k[i + 3] + w[i + 3]) | 0)) | 0;
        a = (a + e) | 0;
        e = (e + sum0(f) + ((f & g) | (h & (f | g)))) | 0;
        d = (d + sum1(a) + (c ^ (a & (b ^ c))) + ((k[i + 4] + w[i + 4]) | 0)) | 0;
        h = (h + d) | 0;
        d = (d + sum0(e) + ((e & f) | (g & (e | f)))) | 0;
        c = (c + sum1(h) + (b ^ (h & (a ^ b))) + ((k[i + 5] + w[i + 5]) | 0)) | 0;
        g = (g + c) | 0;
        c = (c + sum0(d) + ((d & e) | (f & (d | e)))) | 0;
        b = (b + sum1(g) + (a ^ (g & (h ^ a))) + ((k[i + 6] + w[i + 6]) | 0)) | 0;
        f = (f + b) | 0;
        b = (b + sum0(c) + ((c & d) | (e & (c | d)))) | 0;
        a = (a + sum1(f) + (h ^ (f & (g ^ h))) + ((k[i + 7] + w[i + 7]) | 0)) | 0;
        e = (e + a) | 0;
        a = (a + sum0(b) + ((b & c) | (d & (b | c)))) | 0;
      }
      s[0] += a;
      s[1] += b;
      s[2] += c;
      s[3] += d;
      s[4] += e;
      s[5] += f;
      s[6] += g;
      s[7] += h;
    }
  }

  // The last of it; nothing may be fed afterwards.
  digest() {
    const rest = this.rest;
    let at = this.held;
    rest[at++] = 0x80;
    if (at > 56) {
      rest.fill(0, at);
      this.blocks(rest, 0, 64);
      at = 0;
    }
    rest.fill(0, at, 56);
    writeWord(rest, 56, Math.floor(this.size / 0x20000000));
    writeWord(rest, 60, this.size << 3);
    this.blocks(rest, 0, 64);
    const out = new Uint8Array(32);
    for (let word = 0; word < 8; word++) writeWord(out, 4 * word, this.state[word]);
    return out;
  }
}

function writeWord(bytes, at, word) {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

const sha256 = (...parts) => {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function padded(message, block, lengthBytes, little) {
  const size = Math.ceil((message.length + 1 + lengthBytes) / block) * block;
  const out = new Uint8Array(size);
  out.set(message);
  out[message.length] = 0x80;
  const view = new DataView(out.buffer);
  const bits = message.length * 8;
  const high = Math.floor(bits / 0x100000000);
  if (little) {
    view.setUint32(size - 8, bits >>> 0, true);
    view.setUint32(size - 4, high, true);
  } else {
    view.setUint32(size - 8, high);
    view.setUint32(size - 4, bits >>> 0);
  }
  return view;
}

const turned = (word, by) => (word << by) | (word >>> (32 - by));

function sha1(message) {
  const view = padded(message, 64, 8, false);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const w = new Int32Array(80);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 80; i++) w[i] = turned(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    let [a, b, c, d, e] = state;
    for (let i = 0; i < 80; i++) {
      let f, k;
      if (i < 20) [f, k] = [(b & c) | (~b & d), 0x5a827999];
      else if (i < 40) [f, k] = [b ^ c ^ d, 0x6ed9eba1];
      else if (i < 60) [f, k] = [(b & c) | (b & d) | (c & d), 0x8f1bbcdc];
      else [f, k] = [b ^ c ^ d, 0xca62c1d6];
      const t = (turned(a, 5) + f + e + k + w[i]) | 0;
      e = d;
      d = c;
      c = turned(b, 30);
      b = a;
      a = t;
    }
    [a, b, c, d, e].forEach((value, i) => (state[i] = (state[i] + value) | 0));
  }
  const out = new DataView(new ArrayBuffer(20));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

// The constants of SHA-512 are the first 64 bits of the cube roots of the first eighty primes.
const MASK64 = (1n << 64n) - 1n;
const K512 = (() => {
  const found = [];
  for (let candidate = 2; found.length < 80; candidate++) {
    let prime = true;
    for (let by = 2; by * by <= candidate; by++) if (candidate % by === 0) prime = false;
    if (!prime) continue;
    const wanted = BigInt(candidate) << 192n;
    let low = 0n;
    let high = 1n << 68n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle * middle * middle <= wanted) low = middle;
      else high = middle;
    }
    found.push(low & MASK64);
  }
  return found;
})();

const turned64 = (word, by) => ((word >> by) | (word << (64n - by))) & MASK64;

const SHA512_START = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const sha512 = (message) => sha512From(SHA512_START, message);

function sha384(message) {
  const start = [
    0xcbbb9d5dc1059ed8n, 0x629a292a367cd507n, 0x9159015a3070dd17n, 0x152fecd8f70e5939n,
    0x67332667ffc00b31n, 0x8eb44a8768581511n, 0xdb0c2e0d64f98fa7n, 0x47b5481dbefa4fa4n,
  ];
  return sha512From(start, message).slice(0, 48);
}

function sha512From(state, message) {
  const view = padded(message, 128, 16, false);
  const w = new Array(80);
  for (let at = 0; at < view.byteLength; at += 128) {
    for (let i = 0; i < 16; i++) w[i] = view.getBigUint64(at + 8 * i);
    for (let i = 16; i < 80; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = turned64(x, 1n) ^ turned64(x, 8n) ^ (x >> 7n);
      const s1 = turned64(y, 19n) ^ turned64(y, 61n) ^ (y >> 6n);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) & MASK64;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 80; i++) {
      const s1 = turned64(e, 14n) ^ turned64(e, 18n) ^ turned64(e, 41n);
      const t1 = (h + s1 + (g ^ (e & (f ^ g))) + K512[i] + w[i]) & MASK64;
      const s0 = turned64(a, 28n) ^ turned64(a, 34n) ^ turned64(a, 39n);
      const t2 = (s0 + ((a & b) | (c & (a | b)))) & MASK64;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & MASK64, c, b, a, (t1 + t2) & MASK64];
    }
    state = [a, b, c, d, e, f, g, h].map((value, i) => (state[i] + value) & MASK64);
  }
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => out.setBigUint64(8 * i, word));
  return new Uint8Array(out.buffer);
}

// RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996).
const digits = (text) => Array.from(text.replaceAll(" ", ""), (one) => parseInt(one, 16));
const LEFT = {
  words: digits("0123456789abcdef 74d1a6f3c0952eb8 3ae49f812706db5c 19ba08c4d37fe562 40597c2ae138b6fd"),
  turns: digits("befc5879bdef6798 768db97f7cf9b7dc bd67e9dfe8d65c75 bcefef989e56865c 9f5b68dc5cdeb856"),
  constants: [0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e],
};
const RIGHT = {
  words: digits("5e7092b4d6f81a3c 6b370d5aef8c4912 f5137e69b8c2a04d 86413bf05c2d97ae cfa4158762de039b"),
  turns: digits("899bdff5778beec6 9df7c89b77c76fdb 97fb866ecd5edd75 f58bee6e69c9c5f8 85c9c5e68d65fdbb"),
  constants: [0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0],
};

function mixed(round, x, y, z) {
  if (round === 0) return x ^ y ^ z;
  if (round === 1) return (x & y) | (~x & z);
  if (round === 2) return (x | ~y) ^ z;
  if (round === 3) return (x & z) | (y & ~z);
  return x ^ (y | ~z);
}

function ripemdLine(state, view, at, line, mirrored) {
  let [a, b, c, d, e] = state;
  for (let step = 0; step < 80; step++) {
    const round = step >> 4;
    const word = view.getInt32(at + 4 * line.words[step], true);
    const sum = a + mixed(mirrored ? 4 - round : round, b, c, d) + word + line.constants[round];
    const t = (turned(sum | 0, line.turns[step]) + e) | 0;
    [a, e, d, c, b] = [e, d, turned(c, 10), b, t];
  }
  return [a, b, c, d, e];
}

function ripemd160(message) {
  const view = padded(message, 64, 8, true);
  let state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  for (let at = 0; at < view.byteLength; at += 64) {
    const left = ripemdLine(state, view, at, LEFT, false);
    const right = ripemdLine(state, view, at, RIGHT, true);
    state = state.map(
      (_, i) => (state[(i + 1) % 5] + left[(i + 2) % 5] + right[(i + 3) % 5]) | 0,
    );
  }
  const out = new DataView(new ArrayBuffer(20));
  state.forEach((word, i) => out.setInt32(4 * i, word, true));
  return new Uint8Array(out.buffer);
}

// Keccak-f[1600] with its constants from the register x^8+x^6+x^5+x^4+1 and its walk of lanes.
const IOTA = (() => {
  const found = [];
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let power = 0; power < 7; power++) {
      if (register & 1) constant |= 1n << ((1n << BigInt(power)) - 1n);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
    found.push(constant);
  }
  return found;
})();
const MOVES = (() => {
  const moves = [];
  moves[0] = [0, 0n];
  let x = 1;
  let y = 0;
  for (let step = 0; step < 24; step++) {
    const turn = BigInt((((step + 1) * (step + 2)) / 2) % 64);
    moves[y + 5 * ((2 * x + 3 * y) % 5)] = [x + 5 * y, turn];
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return moves;
})();

function permuted(lanes) {
  for (const constant of IOTA) {
    const column = [0, 1, 2, 3, 4].map(
      (x) => lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20],
    );
    const theta = column.map((_, x) => {
      const next = column[(x + 1) % 5];
      return column[(x + 4) % 5] ^ (((next << 1n) & MASK64) | (next >> 63n));
    });
    const moved = MOVES.map(([source, turn]) => {
      const lane = lanes[source] ^ theta[source % 5];
      return ((lane << turn) & MASK64) | (lane >> (64n - turn));
    });
    lanes = moved.map((lane, at) => {
      const row = at - (at % 5);
      return lane ^ (~moved[row + ((at + 1) % 5)] & MASK64 & moved[row + ((at + 2) % 5)]);
    });
    lanes[0] ^= constant;
  }
  return lanes;
}

function keccak(message, rate, suffix, size) {
  const data = new Uint8Array((Math.floor(message.length / rate) + 1) * rate);
  data.set(message);
  data[message.length] = suffix;
  data[data.length - 1] |= 0x80;
  const view = new DataView(data.buffer);
  let lanes = new Array(25).fill(0n);
  for (let start = 0; start < data.length; start += rate) {
    for (let lane = 0; lane < rate / 8; lane++) {
      lanes[lane] ^= view.getBigUint64(start + 8 * lane, true);
    }
    lanes = permuted(lanes);
  }
  const out = new DataView(new ArrayBuffer(64));
  for (let lane = 0; lane < 8; lane++) out.setBigUint64(8 * lane, lanes[lane], true);
  return new Uint8Array(out.buffer).slice(0, size);
}

const keccak256 = (message) => keccak(message, 136, 0x01, 32);

// SM3 (GB/T 32905).
function sm3(message) {
  const view = padded(message, 64, 8, false);
  const state = new Int32Array([
    0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
  ]);
  const w = new Int32Array(68);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 68; i++) {
      const x = w[i - 16] ^ w[i - 9] ^ turned(w[i - 3], 15);
      w[i] = x ^ turned(x, 15) ^ turned(x, 23) ^ turned(w[i - 13], 7) ^ w[i - 6];
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const early = i < 16;
      const t = turned(a, 12);
      const ss = turned((t + e + turned(early ? 0x79cc4519 : 0x7a879d8a, i % 32)) | 0, 7);
      const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
      const one = (ff + d + (ss ^ t) + (w[i] ^ w[i + 4])) | 0;
      const other = (gg + h + ss + w[i]) | 0;
      [d, c, b, a] = [c, turned(b, 9), a, one];
      [h, g, f, e] = [g, turned(f, 19), e, other ^ turned(other, 9) ^ turned(other, 17)];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] ^= value));
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

// BLAKE2b-512 (RFC 7693).  A word of 64 bits is two of 32, the lower one first.
const BLAKE_START = new Uint32Array(SHA512_START.flatMap((one) =>
  [Number(one & 0xffffffffn), Number(one >> 32n)]));
const BLAKE_ORDER = [
  "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
  "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
  "6fe9b308c2d714a5", "a2847615fb9e3cd0",
].map((row) => digits(row).map((word) => 2 * word));

// v[at] += v[by], and as much more as the two halves say.
function blakeAdd(v, at, by, low, high) {
  const sum = v[at] + v[by] + low;
  v[at + 1] += v[by + 1] + high + Math.floor(sum / 0x100000000);
  v[at] = sum;
}

// v[at] ^= v[by], turned right by so many bits.
function blakeTurn(v, at, by, turn) {
  let low = v[at] ^ v[by];
  let high = v[at + 1] ^ v[by + 1];
  if (turn >= 32) [low, high] = [high, low];
  const bits = turn % 32;
  v[at] = bits ? (low >>> bits) | (high << (32 - bits)) : low;
  v[at + 1] = bits ? (high >>> bits) | (low << (32 - bits)) : high;
}

function blakeMix(v, m, [a, b, c, d], x, y) {
  blakeAdd(v, a, b, m[x], m[x + 1]);
  blakeTurn(v, d, a, 32);
  blakeAdd(v, c, d, 0, 0);
  blakeTurn(v, b, c, 24);
  blakeAdd(v, a, b, m[y], m[y + 1]);
  blakeTurn(v, d, a, 16);
  blakeAdd(v, c, d, 0, 0);
  blakeTurn(v, b, c, 63);
}

const BLAKE_STEPS = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => {
  const from = step < 4 ? [0, 0, 0, 0] : [0, 1, 2, 3];
  return from.map((by, row) => 2 * (4 * row + ((step + by) % 4)));
});

function blake2b(message) {
  const state = Uint32Array.from(BLAKE_START);
  state[0] ^= 0x01010040;
  const data = new Uint8Array(Math.max(1, Math.ceil(message.length / 128)) * 128);
  data.set(message);
  const view = new DataView(data.buffer);
  const m = new Uint32Array(32);
  for (let at = 0; at < data.length; at += 128) {
    for (let i = 0; i < 32; i++) m[i] = view.getUint32(at + 4 * i, true);
    const v = new Uint32Array(32);
    v.set(state);
    v.set(BLAKE_START, 16);
    const last = at + 128 === data.length;
    v[24] ^= last ? message.length : at + 128;
    if (last) [v[28], v[29]] = [~v[28], ~v[29]];
    for (let round = 0; round < 12; round++) {
      const order = BLAKE_ORDER[round % 10];
      BLAKE_STEPS.forEach((step, i) => blakeMix(v, m, step, order[2 * i], order[2 * i + 1]));
    }
    for (let i = 0; i < 16; i++) state[i] ^= v[i] ^ v[i + 16];
  }
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => out.setUint32(4 * i, word, true));
  return new Uint8Array(out.buffer);
}

// Hashes of small things by their hashlib names.
const HASHES = {
  sha1,
  sha256: (message) => sha256(message),
  sha384,
  sha512,
  ripemd160,
  sha3_256: (message) => keccak(message, 136, 0x06, 32),
  sha3_384: (message) => keccak(message, 104, 0x06, 48),
  sha3_512: (message) => keccak(message, 72, 0x06, 64),
  sm3,
  blake2b,
};

// CRC-32 of ZIP, sixteen bytes at a time.  Sixteen tables in one array, which a browser reads twice
// as fast as sixteen arrays.
const CRC = (() => {
  const table = new Int32Array(16 * 256);
  for (let one = 0; one < 256; one++) {
    let value = one;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[one] = value;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256];
    table[at] = (before >>> 8) ^ table[before & 255];
  }
  return table;
})();

// `crc` is what was returned before, 0 at the start.
function crc32(data, crc = 0) {
  let c = ~crc;
  let at = 0;
  // Words are read whole where they are aligned; every machine that runs a browser is little-endian.
  while ((data.byteOffset + at) & 3 && at < data.length) c = (c >>> 8) ^ CRC[(c ^ data[at++]) & 255];
  const rows = (data.length - at) >> 4;
  const words = new Int32Array(data.buffer, rows ? data.byteOffset + at : 0, rows * 4);
  for (let i = 0; i < words.length; i += 4) {
    const x = c ^ words[i];
    const y = words[i + 1];
    const z = words[i + 2];
    const v = words[i + 3];
    c =
      CRC[0xf00 | (x & 255)] ^ CRC[0xe00 | ((x >>> 8) & 255)] ^
      CRC[0xd00 | ((x >>> 16) & 255)] ^ CRC[0xc00 | (x >>> 24)] ^
      CRC[0xb00 | (y & 255)] ^ CRC[0xa00 | ((y >>> 8) & 255)] ^
      CRC[0x900 | ((y >>> 16) & 255)] ^ CRC[0x800 | (y >>> 24)] ^
      CRC[0x700 | (z & 255)] ^ CRC[0x600 | ((z >>> 8) & 255)] ^
      CRC[0x500 | ((z >>> 16) & 255)] ^ CRC[0x400 | (z >>> 24)] ^
      CRC[0x300 | (v & 255)] ^ CRC[0x200 | ((v >>> 8) & 255)] ^
      CRC[0x100 | ((v >>> 16) & 255)] ^ CRC[v >>> 24];
  }
  for (at += rows * 16; at < data.length; at++) c = (c >>> 8) ^ CRC[(c ^ data[at]) & 255];
  return ~c >>> 0;
}
