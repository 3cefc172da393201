// Checks Ed25519 signatures (RFC 8032 5.1.7) with integers alone: the same in every browser.

const ED_P = 2n ** 255n - 19n;
const ED_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function power(base, exponent, modulus) {
  let result = 1n;
  for (base %= modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

const edMod = (value) => ((value % ED_P) + ED_P) % ED_P;
const edInverse = (value) => power(edMod(value), ED_P - 2n, ED_P);
const ED_D = edMod(-121665n * edInverse(121666n));
const ED_ROOT = power(2n, (ED_P - 1n) / 4n, ED_P);

// What is added of a point: Y - X, Y + X, 2dT, 2Z.
function edReady([x, y, z, t]) {
  return [y - x, y + x, edMod(2n * ED_D * t), 2n * z];
}

// RFC 8032 5.1.4, with what it needs of the second point worked out before.
function edAdd([x, y, z, t], other) {
  const a = ((y - x) * other[0]) % ED_P;
  const b = ((y + x) * other[1]) % ED_P;
  const c = (t * other[2]) % ED_P;
  const d = (z * other[3]) % ED_P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [(e * f) % ED_P, (g * h) % ED_P, (f * g) % ED_P, (e * h) % ED_P];
}

function edDouble([x, y, z]) {
  const [a, b] = [x * x, y * y];
  const h = a + b;
  const e = (h - (x + y) * (x + y)) % ED_P;
  const g = a - b;
  const f = (2n * z * z + g) % ED_P;
  return [(e * f) % ED_P, (g * h) % ED_P, (f * g) % ED_P, (e * h) % ED_P];
}

// 1, 16, 16^2 ... 16^63 times a point.
function edLadder(point) {
  const found = [];
  for (let digit = 0; digit < 64; digit++) {
    found.push(edReady(point));
    for (let times = 0; times < 4; times++) point = edDouble(point);
  }
  return found;
}

// The sum of each number times the point whose powers stand beside it.  All powers with the same
// digit are added up first, and each sum is then taken that many times: no doubling is left.
function edSum(terms) {
  const buckets = new Array(16).fill([0n, 1n, 1n, 0n]);
  for (const [scalar, powers] of terms) {
    const digits = scalar.toString(16);
    for (let at = 0; at < digits.length; at++) {
      const digit = parseInt(digits[digits.length - 1 - at], 16);
      if (digit) buckets[digit] = edAdd(buckets[digit], powers[at]);
    }
  }
  let [above, total] = [buckets[0], buckets[0]];
  for (let digit = 15; digit > 0; digit--) {
    above = edAdd(above, edReady(buckets[digit]));
    total = edAdd(total, edReady(above));
  }
  return total;
}

function edDecode(raw) {
  const whole = number(raw, true);
  const sign = whole >> 255n;
  const y = whole & ((1n << 255n) - 1n);
  if (y >= ED_P) return null;
  const square = edMod((y * y - 1n) * edInverse(ED_D * y * y + 1n));
  let x = power(square, (ED_P + 3n) / 8n, ED_P);
  if (edMod(x * x - square)) x = edMod(x * ED_ROOT);
  if (edMod(x * x - square) || (sign && !x)) return null;
  if ((x & 1n) !== sign) x = ED_P - x;
  return [x, y, 1n, edMod(x * y)];
}

function edEncode(point) {
  const inverse = edInverse(point[2]);
  const x = edMod(point[0] * inverse);
  let whole = edMod(point[1] * inverse) | ((x & 1n) << 255n);
  const out = new Uint8Array(32);
  for (let at = 0; at < 32; at++, whole >>= 8n) out[at] = Number(whole & 255n);
  return out;
}

// A pack has few keys and may have thousands of signatures by them.
const edKnown = new Map();

// Whether eight times the point is nothing: anybody can make "signatures" by such a key.
function edIsSmall(point) {
  const [x, y, z] = edDouble(edDouble(edDouble(point)));
  return edMod(x) === 0n && edMod(y - z) === 0n;
}

// The powers of minus the point of a key; null where it is no key.
function edPowers(publicKey) {
  const name = hex(publicKey);
  if (!edKnown.has(name)) {
    if (edKnown.size >= 128) edKnown.clear();
    const decoded = edDecode(publicKey);
    const point = decoded !== null && edIsSmall(decoded) ? null : decoded;
    const minus = point && [ED_P - point[0], point[1], point[2], ED_P - point[3]];
    edKnown.set(name, minus && edLadder(minus));
  }
  return edKnown.get(name);
}

let edBase = null;

function edBasePowers() {
  if (edBase === null) {
    let y = edMod(4n * edInverse(5n));
    const raw = new Uint8Array(32);
    for (let at = 0; at < 32; at++, y >>= 8n) raw[at] = Number(y & 255n);
    edBase = edLadder(edDecode(raw));
  }
  return edBase;
}

function ed25519Holds(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const powers = edPowers(publicKey);
  const scalar = number(signature.subarray(32), true);
  if (powers === null || scalar >= ED_ORDER) return false;
  const hashed = sha512(join(signature.subarray(0, 32), publicKey, message));
  const challenge = number(hashed, true) % ED_ORDER;
  const found = edSum([[scalar, edBasePowers()], [challenge, powers]]);
  return equal(edEncode(found), signature.subarray(0, 32));
}
