// Bytes and text, as strict as the Python that wrote them.

class Bad extends Error {}

class Unreadable extends Bad {
  constructor(rule, detail = "") {
    super(detail ? `${rule}: ${detail}` : rule);
    this.rule = rule;
    this.detail = detail;
  }
}

class Stopped extends Error {}

const bad = (text) => {
  throw new Bad(text);
};

const strictText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const looseText = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

function utf8(bytes) {
  try {
    return strictText.decode(bytes);
  } catch {
    return bad("not UTF-8");
  }
}

const replaced = (bytes) => looseText.decode(bytes);
const encode = (text) => encoder.encode(text);

function latin1(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 0x8000));
  }
  return text;
}

function ascii(bytes) {
  if (bytes.some((one) => one > 127)) bad("not ASCII");
  return latin1(bytes);
}

const HEX = Array.from({ length: 256 }, (_, one) => one.toString(16).padStart(2, "0"));

function hex(bytes) {
  let text = "";
  for (const one of bytes) text += HEX[one];
  return text;
}

function unhex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function unbase64(text) {
  if (!BASE64.test(text)) bad("malformed Base64");
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

const base64 = (bytes) => btoa(latin1(bytes));

function equal(one, other) {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

const join = (...parts) => joined(parts);

// A list of any length: as many arguments as a large pack has files are more than a browser takes.
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// Where `needle` begins in `bytes`, at or after `from`; -1 when it does not.
function find(bytes, needle, from = 0) {
  for (let at = from; at + needle.length <= bytes.length; at++) {
    let same = 0;
    while (same < needle.length && bytes[at + same] === needle[same]) same++;
    if (same === needle.length) return at;
  }
  return -1;
}

function number(bytes, little) {
  let value = 0n;
  const ordered = little ? Array.from(bytes).reverse() : bytes;
  for (const one of ordered) value = (value << 8n) | BigInt(one);
  return value;
}

const u16 = (bytes, at) => bytes[at] | (bytes[at + 1] << 8);
const u32 = (bytes, at) => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;
// Beyond 2^53 the value is no longer exact, and far beyond every limit here.
const u64 = (bytes, at) => u32(bytes, at) + u32(bytes, at + 4) * 0x100000000;

// What str.split() and str.splitlines() of Python take for white space and for line ends.
const WHITE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WHITES = new RegExp(`[${WHITE}]+`);
const LINE_END = /\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]/;

function splitLines(text) {
  const lines = text.split(LINE_END);
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}

const HIDDEN = new RegExp(
  "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f" +
    "\\u200b\\u200c\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb" +
    "\\ud800-\\udfff\\u{e0000}-\\u{e0fff}]",
  "gu",
);

// Text from outside as one visible line.
function oneLine(text) {
  const folded = text.split(WHITES).filter(Boolean).join(" ");
  return folded.replace(
    HIDDEN,
    (hit) => `\\u{${hit.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}}`,
  );
}

const clipped = (text, most) => Array.from(text).slice(0, most).join("");
const sortedNames = (names) => [...names].sort();
