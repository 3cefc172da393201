// A strict reader of ASN.1 DER (X.690).

const DER_MAX_BYTES = 1 << 20;
const DER_MAX_DEPTH = 40;
const DER_MAX_NODES = 50000;
const DER = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTETS: 0x04,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTC: 0x17,
  TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
};
const ALWAYS_CONSTRUCTED = [0x08, 0x0b, 0x10, 0x11, 0x1d];

class DerNode {
  constructor(tag, source, start, body, end, children) {
    Object.assign(this, { tag, source, start, body, end, children });
  }

  get raw() {
    return this.source.subarray(this.start, this.end);
  }

  get content() {
    return this.source.subarray(this.body, this.end);
  }

  expect(tag) {
    if (this.tag !== tag) bad(`tag 0x${HEX[this.tag]} where 0x${HEX[tag]} belongs`);
    return this;
  }

  child(at) {
    return this.children[at] ?? bad("something is missing");
  }

  exactly(count) {
    if (this.children.length !== count) {
      bad(`${this.children.length} elements where ${count} belong`);
    }
    return this.children;
  }

  integer() {
    return signedNumber(this.expect(DER.INTEGER).content);
  }

  enumerated() {
    return Number(signedNumber(this.expect(DER.ENUMERATED).content));
  }

  // The octets of a BIT STRING of whole octets, as signatures and keys are.
  bits() {
    if (this.expect(DER.BIT_STRING).content[0]) bad("BIT STRING of no whole octets");
    return this.content.subarray(1);
  }

  boolean() {
    return this.expect(DER.BOOLEAN).content[0] === 0xff;
  }

  oid() {
    return dotted(this.expect(DER.OID).content);
  }

  octets() {
    return this.expect(DER.OCTETS).content;
  }

  // Microseconds since 1970, a BigInt.
  time() {
    if (this.tag !== DER.UTC && this.tag !== DER.TIME) bad("no time");
    return derMoment(ascii(this.content), this.tag);
  }
}

function signedNumber(content) {
  const value = number(content, false);
  return content[0] & 0x80 ? value - (1n << BigInt(8 * content.length)) : value;
}

function readDer(raw) {
  if (raw.length > DER_MAX_BYTES) bad("more bytes than allowed");
  const node = new DerReader(raw).element(0, raw.length, 0);
  if (node.end !== raw.length) bad("bytes left over after the element");
  return node;
}

class DerReader {
  constructor(source) {
    this.source = source;
    this.left = DER_MAX_NODES;
  }

  element(start, limit, depth) {
    if (depth > DER_MAX_DEPTH) bad("nested too deeply");
    if (--this.left < 0) bad("too many elements");
    const [tag, body, end] = this.header(start, limit);
    const children = [];
    if (tag & 0x20) {
      if (tag < 0x40 && !ALWAYS_CONSTRUCTED.includes(tag & 0x1f)) {
        bad(`constructed form of primitive type 0x${HEX[tag]}`);
      }
      for (let at = body; at < end; at = children[children.length - 1].end) {
        children.push(this.element(at, end, depth + 1));
      }
    } else if (tag < 0x40) {
      checkPrimitive(tag, this.source.subarray(body, end));
    }
    return new DerNode(tag, this.source, start, body, end, children);
  }

  header(start, limit) {
    if (limit - start < 2) bad("cut short");
    const tag = this.source[start];
    const first = this.source[start + 1];
    if ((tag & 0x1f) === 0x1f) bad("high tag number");
    if (tag === 0) bad("end-of-contents where an element belongs");
    let body = start + 2;
    let length = first;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count < 1 || count > 4) bad("indefinite or oversized length");
      body += count;
      if (body > limit) bad("cut short");
      length = Number(number(this.source.subarray(start + 2, body), false));
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) bad("length not in its shortest form");
    }
    if (length > limit - body) bad("longer than what holds it");
    return [tag, body, body + length];
  }
}

function checkPrimitive(tag, content) {
  if (ALWAYS_CONSTRUCTED.includes(tag & 0x1f)) bad("primitive form of constructed type");
  const size = content.length;
  if (tag === 0x01 && !(size === 1 && (content[0] === 0 || content[0] === 0xff))) {
    bad("BOOLEAN is neither 00 nor FF");
  } else if (tag === 0x02 || tag === 0x0a) {
    if (size < 1 || size > 2048) bad("INTEGER of impossible length");
    const high = content[1] >> 7;
    if (size > 1 && ((content[0] === 0 && high === 0) || (content[0] === 0xff && high === 1))) {
      bad("INTEGER not in its shortest form");
    }
  } else if (tag === 0x03 && (!size || content[0] > (size > 1 ? 7 : 0))) {
    bad("BIT STRING with an impossible count of unused bits");
  } else if (tag === 0x03 && content[size - 1] & ((1 << content[0]) - 1)) {
    bad("BIT STRING with unused bits that are not zero");
  } else if (tag === 0x05 && size) {
    bad("NULL with content");
  } else if (tag === 0x06) {
    dotted(content);
  }
}

function dotted(content) {
  if (!content.length || content.length > 128 || content[content.length - 1] & 0x80) {
    bad("impossible OBJECT IDENTIFIER");
  }
  const arcs = [];
  let value = 0n;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) bad("OBJECT IDENTIFIER not in its shortest form");
    value = (value << 7n) | BigInt(octet & 0x7f);
    fresh = !(octet & 0x80);
    if (fresh) {
      arcs.push(value);
      value = 0n;
    }
  }
  const top = arcs[0] / 40n < 2n ? arcs[0] / 40n : 2n;
  return [top, arcs[0] - 40n * top, ...arcs.slice(1)].join(".");
}

function derMoment(text, tag) {
  if (!text.endsWith("Z")) bad("time not in UTC");
  const point = text.indexOf(".");
  let whole = text.slice(0, point < 0 ? -1 : point);
  const fraction = point < 0 ? "" : text.slice(point + 1, -1);
  if (tag === DER.UTC) whole = (whole.slice(0, 2) < "50" ? "20" : "19") + whole;
  const fine = point < 0 || (tag === DER.TIME && /^[0-9]{1,18}$/.test(fraction));
  if (!/^[0-9]{14}$/.test(whole) || !fine) bad("impossible time");
  const [year, month, day, hour, minute, second] = [
    [0, 4], [4, 6], [6, 8], [8, 10], [10, 12], [12, 14],
  ].map(([from, to]) => Number(whole.slice(from, to)));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const real = year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!real || month < 1 || hour > 23 || minute > 59 || second > 59) bad("impossible time");
  return BigInt(date.getTime()) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}

const rfc3339 = (micros) => {
  const millis = micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n;
  return new Date(Number(millis)).toISOString();
};
