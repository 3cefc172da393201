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

function edAdd(one, other) {
  const a = edMod((one[1] - one[0]) * (other[1] - other[0]));
  const b = edMod((one[1] + one[0]) * (other[1] + other[0]));
  const c = edMod(edMod(2n * one[3] * other[3]) * ED_D);
  const d = edMod(2n * one[2] * other[2]);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [edMod(e * f), edMod(g * h), edMod(f * g), edMod(e * h)];
}

function edTimes(scalar, point) {
  let result = [0n, 1n, 1n, 0n];
  for (; scalar > 0n; scalar >>= 1n) {
    if (scalar & 1n) result = edAdd(result, point);
    point = edAdd(point, point);
  }
  return result;
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

const ED_BASE = (() => {
  let y = edMod(4n * edInverse(5n));
  const raw = new Uint8Array(32);
  for (let at = 0; at < 32; at++, y >>= 8n) raw[at] = Number(y & 255n);
  return edDecode(raw);
})();

function ed25519Holds(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const point = edDecode(publicKey);
  const scalar = number(signature.subarray(32), true);
  if (point === null || scalar >= ED_ORDER) return false;
  const hashed = sha512(join(signature.subarray(0, 32), publicKey, message));
  const challenge = number(hashed, true) % ED_ORDER;
  const [x, y, z, t] = point;
  const minus = [ED_P - x, y, z, ED_P - t];
  const found = edAdd(edTimes(scalar, ED_BASE), edTimes(challenge, minus));
  return equal(edEncode(found), signature.subarray(0, 32));
}
