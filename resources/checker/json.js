// RFC 8785 JSON as Holdfast writes it: what would not be written again byte for byte is refused.

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
const MAX_JSON_DEPTH = 32;
// Each may take twenty times as much memory as it has bytes, or more.
const MAX_VALUES = 1 << 20;
const ESCAPES = { '"': '"', "\\": "\\", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const CONTROL = /^00(?:0[0-7be-f]|1[0-9a-f])$/; // those with a short form have no other
const INTEGER = /-?[0-9]+/y;
const PLAIN = /[^"\\\x00-\x1f]*/y;

// How many values there may be: commas, brackets and braces, those in texts as well.
const openings = (sum, one) => (one === 0x2c || one === 0x5b || one === 0x7b ? sum + 1 : sum);

// Objects become Maps, so that no key can be mistaken for something of the language.
function parseJson(raw) {
  if (raw.length > MAX_VALUES && raw.reduce(openings, 0) > MAX_VALUES) {
    bad("more values than anything of ours has");
  }
  const reader = new JsonReader(utf8(raw));
  const value = reader.value(0);
  if (reader.at !== reader.text.length) bad("not in canonical form");
  return value;
}

class JsonReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  value(depth) {
    if (depth > MAX_JSON_DEPTH) bad("nested too deeply");
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.list(depth);
    if (first === '"') return this.string();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.integer();
  }

  take(one) {
    if (this.text[this.at] !== one) return false;
    this.at++;
    return true;
  }

  object(depth) {
    const found = new Map();
    let last = null;
    this.at++;
    if (this.take("}")) return found;
    do {
      if (this.text[this.at] !== '"') bad("not in canonical form");
      const key = this.string();
      if (/[^\x00-\x7f]/.test(key)) bad("keys are ASCII names");
      if (last !== null && key <= last) bad("not in canonical form");
      last = key;
      if (!this.take(":")) bad("not in canonical form");
      found.set(key, this.value(depth + 1));
    } while (this.take(","));
    if (!this.take("}")) bad("not in canonical form");
    return found;
  }

  list(depth) {
    const found = [];
    this.at++;
    if (this.take("]")) return found;
    do found.push(this.value(depth + 1));
    while (this.take(","));
    if (!this.take("]")) bad("not in canonical form");
    return found;
  }

  string() {
    let found = "";
    this.at++;
    for (;;) {
      PLAIN.lastIndex = this.at;
      const plain = PLAIN.exec(this.text)[0];
      found += plain;
      this.at += plain.length;
      if (this.take('"')) return found;
      if (!this.take("\\")) bad("not in canonical form");
      found += this.escape();
    }
  }

  escape() {
    const kind = this.text[this.at++];
    if (Object.hasOwn(ESCAPES, kind ?? "")) return ESCAPES[kind];
    const code = this.text.slice(this.at, this.at + 4);
    if (kind !== "u" || !CONTROL.test(code)) bad("not in canonical form");
    this.at += 4;
    return String.fromCharCode(parseInt(code, 16));
  }

  integer() {
    INTEGER.lastIndex = this.at;
    const hit = INTEGER.exec(this.text);
    if (hit === null || hit[0].length > 17) bad("not an integer");
    const value = Number(hit[0]);
    if (String(value) !== hit[0] || Math.abs(value) > MAX_INTEGER) bad("not in canonical form");
    this.at += hit[0].length;
    return value;
  }
}

// The value written again, as parseJson takes it.
function writeJson(value) {
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const pairs = [...value].map(([key, one]) => `${JSON.stringify(key)}:${writeJson(one)}`);
  return `{${pairs.join(",")}}`;
}

// A text as it is, any other value as it is written.
const asStated = (value) => (isText(value) ? value : writeJson(value ?? null));

// As Python's patterns see it: an object with these keys, a truth value being a small number.
const isMap = (value) => value instanceof Map;
const isText = (value) => typeof value === "string";
const isInt = (value) => typeof value === "number" || typeof value === "boolean";
const get = (value, key) => (isMap(value) ? value.get(key) : undefined);

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^\n]*)?$/i;

const safeSegment = (name) => SEGMENT.test(name) && !DEVICE.test(name) && !name.endsWith(".");
const safePath = (path) => path.length <= 400 && path.split("/").every(safeSegment);

// A folder that leads nowhere else on any system and shows as what it is.  People rename folders.
const plainFolder = (name) =>
  !/[/\\:\t\n]/.test(name) && name.search(HIDDEN) < 0
  && name.length > 0 && Array.from(name).length <= 255 && !/[. ]$/.test(name);
