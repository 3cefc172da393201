// Packs that may have been made to harm: folders and ZIPs, nothing unpacked, nothing run.

const MAX_MEMBERS = 100000;
const MAX_DIRECTORY = 64 << 20;
const MAX_RATIO = 200;
const SMALL = 1 << 20;
// Of what all members unpack to.
const MAX_RATIO_OF_ALL = 30;
const SMALL_ALL = 16 << 20;
const MAX_DEPTH = 12;
// Up to here a file is hashed whole by the browser itself; what is longer, piece by piece here.
const WHOLE = 64 << 20;
const PIECE = 16 << 20;
// Browsers read files in few large steps faster than in many small ones, and several at once.
const WINDOW = 16 << 20;
const AHEAD = 3;

async function sliceOf(blob, from, to) {
  if (from < 0) throw new Unreadable("file_unreadable", "no such place");
  try {
    // A slice is one more thing that the browser keeps account of.
    const piece = from === 0 && to >= blob.size ? blob : blob.slice(from, to);
    return new Uint8Array(await piece.arrayBuffer());
  } catch (error) {
    throw new Unreadable("file_unreadable", oneLine(error.name || "error"));
  }
}

// To ask the browser for a short one takes longer than to work it out.
const SHORT = 16 << 10;
const digestOf = async (bytes) =>
  bytes.length <= SHORT || arithmetic() === null
    ? sha256(bytes)
    : new Uint8Array(await arithmetic().digest("SHA-256", bytes));

// Small files that were read to be hashed, and are soon read again for what they say.
class SmallFiles {
  constructor() {
    this.kept = new Map();
    this.left = 64 << 20;
  }

  keep(name, bytes) {
    if (bytes.length > Math.min(SMALL, this.left)) return;
    this.left -= bytes.length;
    this.kept.set(name, bytes.slice());
  }

  get(name) {
    return this.kept.get(name);
  }
}

// Which names may be read: safe on every system, and different from each other there.
class Names {
  constructor() {
    this.troubles = [];
    this.folded = new Map();
  }

  trouble(name, rule, detail = "") {
    const subject = clipped(oneLine(name), 400);
    this.troubles.push({ subject, rule, outcome: "broken", detail });
  }

  admit(name) {
    if (!safePath(name)) {
      this.trouble(name, "name_dangerous");
      return false;
    }
    const key = name.toLowerCase();
    if (!this.folded.has(key)) this.folded.set(key, name);
    const other = this.folded.get(key);
    if (other !== name || this.folded.size > MAX_MEMBERS) {
      this.trouble(name, other !== name ? "name_collides" : "pack_too_many", other);
      return false;
    }
    return true;
  }
}

// SHA-256 of what `pieces` yields; `tick` hears of each piece, and may end everything.
async function hashedPieces(pieces, tick) {
  const hash = new Sha256();
  for await (const piece of pieces) {
    hash.update(piece);
    tick(piece.length);
  }
  return hash.digest();
}

// The pieces of a stretch of a file; the next one is fetched while one is being used.
async function* piecesOf(blob, from, to) {
  let next = sliceOf(blob, from, Math.min(from + PIECE, to));
  for (let at = from; at < to; at += PIECE) {
    const piece = await next;
    const after = at + PIECE;
    if (after < to) {
      next = sliceOf(blob, after, Math.min(after + PIECE, to));
      next.catch(() => {}); // it is awaited in its turn
    }
    yield piece;
  }
}

// A folder as the browser hands it over: [path below the folder, File].  A browser follows links
// before it shows them, so that a link is only seen as a file that nothing on record speaks of.
class FolderPack {
  constructor(files) {
    this.known = new Names();
    this.files = new Map();
    this.small = new SmallFiles();
    this.rewritten = false;
    const root = new Map();
    for (const [path, file] of files) {
      let folder = root;
      const parts = path.split("/");
      for (const part of parts.slice(0, -1)) {
        if (!(folder.get(part) instanceof Map)) folder.set(part, new Map());
        folder = folder.get(part);
      }
      folder.set(parts[parts.length - 1], file);
    }
    this.walk(root, "", 0);
  }

  walk(folder, prefix, depth) {
    for (const part of sortedNames(folder.keys())) {
      const name = prefix + part;
      const entry = folder.get(part);
      if (this.files.size >= MAX_MEMBERS || depth > MAX_DEPTH) {
        this.known.trouble(name, "pack_too_many");
        return;
      }
      if (!this.known.admit(name)) continue;
      if (entry instanceof Map) this.walk(entry, `${name}/`, depth + 1);
      else this.files.set(name, entry);
    }
  }

  names() {
    return sortedNames(this.files.keys());
  }

  // In which order all files are best read, and how many at once: to open one is what takes long.
  batches() {
    const small = (name) => this.size(name) <= SMALL;
    const names = this.names();
    return [[names.filter(small), 8], [names.filter((name) => !small(name)), 2]];
  }

  troubles() {
    return this.known.troubles;
  }

  size(name) {
    return this.files.get(name).size;
  }

  async read(name, limit) {
    const file = this.files.get(name);
    if (file.size > limit) throw new Unreadable("file_too_large", String(limit));
    return this.small.get(name) ?? sliceOf(file, 0, file.size);
  }

  async digest(name, tick) {
    const file = this.files.get(name);
    if (file.size > WHOLE) return hashedPieces(piecesOf(file, 0, file.size), tick);
    const bytes = await sliceOf(file, 0, file.size);
    tick(bytes.length);
    this.small.keep(name, bytes);
    return digestOf(bytes);
  }
}

// --- ZIP -----------------------------------------------------------------------------------------

const LIMIT32 = 0xffffffff;
const LIMIT16 = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 0x1 | 0x40 | 0x2000;
const UTF8_NAME = 0x800;
const PATCHED = 0x20;
// Checksum and sizes stand after the content, and perhaps also before it.
const DESCRIBED = 0x8;
const DESCRIPTORS = [0, 12, 16, 20, 24];
// Info-ZIP's Unicode path: some programs unpack a member under that name.
const SECOND_NAME = 0x7075;
const CP437 =
  "\u00c7\u00fc\u00e9\u00e2\u00e4\u00e0\u00e5\u00e7\u00ea\u00eb\u00e8\u00ef\u00ee\u00ec\u00c4\u00c5" +
  "\u00c9\u00e6\u00c6\u00f4\u00f6\u00f2\u00fb\u00f9\u00ff\u00d6\u00dc\u00a2\u00a3\u00a5\u20a7\u0192" +
  "\u00e1\u00ed\u00f3\u00fa\u00f1\u00d1\u00aa\u00ba\u00bf\u2310\u00ac\u00bd\u00bc\u00a1\u00ab\u00bb" +
  "\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255d\u255c\u255b\u2510" +
  "\u2514\u2534\u252c\u251c\u2500\u253c\u255e\u255f\u255a\u2554\u2569\u2566\u2560\u2550\u256c\u2567" +
  "\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256b\u256a\u2518\u250c\u2588\u2584\u258c\u2590\u2580" +
  "\u03b1\u00df\u0393\u03c0\u03a3\u03c3\u00b5\u03c4\u03a6\u0398\u03a9\u03b4\u221e\u03c6\u03b5\u2229" +
  "\u2261\u00b1\u2265\u2264\u2320\u2321\u00f7\u2248\u00b0\u2219\u00b7\u221a\u207f\u00b2\u25a0\u00a0";

const nameOf = (raw, flags) =>
  flags & UTF8_NAME
    ? utf8(raw)
    : Array.from(raw, (one) => (one < 128 ? String.fromCharCode(one) : CP437[one - 128])).join("");

const notZip = (why) => {
  throw new Unreadable("pack_unreadable", why);
};

// The end of the directory, with ZIP64 where it stands: [count, size, offset, place, is64].
async function zipEnd(file) {
  const length = file.size;
  const from = Math.max(0, length - 22 - 0x10000);
  const tail = await sliceOf(file, from, length);
  let at = -1;
  for (let place = tail.length - 4; place >= 0; place--) {
    if (u32(tail, place) === 0x06054b50) {
      at = place;
      break;
    }
  }
  const plain = length >= 22 && u32(tail, tail.length - 22) === 0x06054b50;
  if (plain && u16(tail, tail.length - 2) === 0) at = tail.length - 22;
  if (at < 0 || tail.length - at < 22) notZip("File is not a zip file");
  const end = {
    count: u16(tail, at + 10),
    size: u32(tail, at + 12),
    offset: u32(tail, at + 16),
    place: from + at,
    wide: false,
  };
  return wideEnd(file, end);
}

async function wideEnd(file, end) {
  const start = end.place - 20;
  if (start < 0) return end;
  const locator = await sliceOf(file, start, start + 20);
  if (u32(locator, 0) !== 0x07064b50) return end;
  // What the locator points at is looked at for its size alone; the record stands before it.
  const told = await sliceOf(file, u64(locator, 8), u64(locator, 8) + 56);
  if (told.length !== 56) notZip("no end of directory");
  if (u64(told, 32) > MAX_MEMBERS || u64(told, 40) > MAX_DIRECTORY) {
    throw new Unreadable("pack_too_many", String(u64(told, 32)));
  }
  if (u32(locator, 4) !== 0 || u32(locator, 16) > 1) notZip("zipfiles that span multiple disks");
  if (start < 56) return end;
  const wide = await sliceOf(file, start - 56, start);
  if (u32(wide, 0) !== 0x06064b50) return end;
  return { ...end, count: u64(wide, 32), size: u64(wide, 40), offset: u64(wide, 48), wide: true };
}

function readDirectory(data, size, concat) {
  const infos = [];
  for (let at = 0; at < size; ) {
    if (data.length - at < 46) notZip("Truncated central directory");
    if (u32(data, at) !== 0x02014b50) notZip("Bad magic number for central directory");
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((field) => u16(data, at + field));
    const flags = u16(data, at + 8);
    let name;
    try {
      name = nameOf(data.subarray(at + 46, at + 46 + nameSize), flags);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      notZip("a name that is not UTF-8");
    }
    if (data[at + 6] > 63) notZip(`zip file version ${data[at + 6] / 10}`);
    const info = {
      name,
      flags,
      method: u16(data, at + 10),
      crc: u32(data, at + 16),
      packed: u32(data, at + 20),
      size: u32(data, at + 24),
      mode: u16(data, at + 40),
      offset: u32(data, at + 42),
    };
    info.extra = data.subarray(at + 46 + nameSize, at + 46 + nameSize + extraSize);
    readExtra(info, info.extra);
    info.offset += concat;
    if (info.offset < 0) notZip("Bad offset of a member");
    infos.push(info);
    at += 46 + nameSize + extraSize + commentSize;
  }
  return infos;
}

function readExtra(info, extra) {
  for (let at = 0; extra.length - at >= 4; ) {
    const kind = u16(extra, at);
    const size = u16(extra, at + 2);
    if (size + 4 > extra.length - at) notZip("Corrupt extra field");
    let field = at + 4;
    const long = () => {
      if (field + 8 > at + 4 + size) notZip("Corrupt zip64 extra field");
      field += 8;
      return u64(extra, field - 8);
    };
    if (kind === 1) {
      if (info.size === LIMIT32) info.size = long();
      if (info.packed === LIMIT32) info.packed = long();
      if (info.offset === LIMIT32) info.offset = long();
    }
    at += size + 4;
  }
}

async function openZip(file) {
  const end = await zipEnd(file);
  if (end.count > MAX_MEMBERS || end.size > MAX_DIRECTORY) {
    throw new Unreadable("pack_too_many", String(end.count));
  }
  const concat = end.place - end.size - end.offset - (end.wide ? 76 : 0);
  const start = end.offset + concat;
  if (start < 0) notZip("Bad offset for central directory");
  const directory = await sliceOf(file, start, start + end.size);
  const pack = new ZipPack(file, readDirectory(directory, end.size, concat), directory, start);
  // Programs that show PDFs look so far for where one begins; no record speaks of what they show.
  pack.isPdf = /%PDF-[0-9]/.test(latin1(await sliceOf(file, 0, 1024 + 6)));
  return pack;
}

class ZipPack {
  constructor(file, infos, directory, start) {
    this.file = file;
    this.known = new Names();
    this.members = new Map();
    this.infos = infos;
    this.windows = new Map();
    this.small = new SmallFiles();
    this.headers = new Map(); // what stands before members, once it was read
    this.plain = (from, to) => sliceOf(this.file, from, to);
    this.packed = this.unpacked = 0;
    const names = infos.map((info) => info.name.split("\0")[0]);
    this.top = topOf(names);
    this.start = start;
    const overlapping = overlaps(infos, start);
    if (this.top && !plainFolder(this.top.slice(0, -1))) {
      // Whoever unpacks it by another program may find its files elsewhere.
      const first = this.top + DECLARATION;
      this.known.trouble(names.includes(first) ? first : this.top, "name_dangerous");
    } else for (const info of infos) this.admit(info, overlapping.has(info.offset));
    // Whether every byte that is no content is what our writer writes; local headers are compared
    // where they are read.
    this.rewritten = !this.isOurs(directory);
  }

  admit(info, overlapping) {
    const whole = info.name;
    const name = whole.startsWith(this.top) ? whole.slice(this.top.length) : whole;
    const say = (rule, detail) => this.known.trouble(name, rule, detail);
    if (this.top && name === whole) {
      say("zip_outside");
      return;
    }
    const kind = info.mode & 0xf000;
    if (whole.endsWith("/")) {
      if ((name && !safePath(name.slice(0, -1))) || info.size || info.packed) {
        this.known.trouble(whole, "name_dangerous");
      }
      return;
    }
    if (this.members.has(name)) say("name_twice");
    else if (!this.known.admit(name)) return;
    else if (overlapping) say("zip_overlap");
    else if (info.flags & ENCRYPTED) say("zip_encrypted");
    else if (kind === 0xa000) say("file_link");
    else if (kind !== 0 && kind !== 0x8000) say("file_special");
    else if (info.method !== STORED && info.method !== DEFLATED) say("zip_method", String(info.method));
    else if (info.size > Math.max(SMALL, MAX_RATIO * info.packed)) {
      say("zip_bomb", `${info.packed} \u2192 ${info.size}`);
    } else if (this.allTooLarge(info)) {
      say("zip_bomb", `${this.packed} \u2192 ${this.unpacked}`);
    } else this.members.set(name, info);
  }

  // A thousand small ones are as bad as a large one.
  allTooLarge({ packed, size }) {
    this.packed += packed;
    this.unpacked += size;
    return this.unpacked > Math.max(SMALL_ALL, MAX_RATIO_OF_ALL * this.packed);
  }

  isOurs(directory) {
    let at = 0;
    let last = "";
    const parts = [];
    for (const info of this.infos) {
      if (info.name < last || info.offset !== at) return false;
      last = info.name;
      parts.push(centralHeader(info));
      at += localHeader(info).length + info.size;
    }
    const ours = joined(parts);
    this.end = directoryEnd(this.infos.length, ours.length, at);
    const size = at + ours.length + this.end.length;
    return at === this.start && equal(ours, directory) && size === this.file.size;
  }

  // The end of the file, and what a folder has for a header: nothing else reads them.  Where it is
  // not as ours are, another program might unpack what is not seen here: said of what is read.
  async compareRest() {
    this.windows.clear();
    await this.compareOurs();
    if (!this.rewritten || this.known.troubles.length) return;
    for (const info of this.infos) {
      if (!this.headers.has(info)) await this.opened(info, this.plain).catch(unlessUnreadable);
      const header = this.headers.get(info);
      const name = info.name.slice(this.top.length);
      if (header && !isAlike(info, header, name, this.top)) this.known.trouble(name, "zip_header");
    }
    const left = between(this.infos, this.headers, this.start);
    if (left) this.known.trouble("", "zip_between", String(left));
  }

  async compareOurs() {
    if (this.rewritten) return;
    const tail = await sliceOf(this.file, this.file.size - this.end.length, this.file.size);
    if (!equal(tail, this.end)) this.rewritten = true;
    for (const info of this.infos) {
      if (!info.name.endsWith("/") || this.rewritten) continue;
      const header = localHeader(info);
      const found = await sliceOf(this.file, info.offset, info.offset + header.length);
      if (!equal(found, header)) this.rewritten = true;
    }
  }

  names() {
    return sortedNames(this.members.keys());
  }

  troubles() {
    return this.known.troubles;
  }

  size(name) {
    return this.members.get(name).size;
  }

  // In which order all members are best read, and how many at once: one while another is hashed.
  batches() {
    const offset = (name) => this.members.get(name).offset;
    return [[this.names().sort((one, other) => offset(one) - offset(other)), 2]];
  }

  // A stretch of the file when everything is read in order, out of windows that follow each other.
  async stretch(from, to) {
    if (from < 0 || to - from > WINDOW) return sliceOf(this.file, from, to);
    const parts = [];
    for (let at = Math.floor(from / WINDOW); at * WINDOW < to; at++) {
      const start = at * WINDOW;
      const window = await this.window(at);
      parts.push(window.subarray(Math.max(from - start, 0), Math.max(to - start, 0)));
    }
    return parts.length === 1 ? parts[0] : joined(parts);
  }

  window(at) {
    for (let one = at; one <= at + AHEAD; one++) {
      if (this.windows.has(one) || (one > at && one * WINDOW >= this.start)) continue;
      const window = sliceOf(this.file, one * WINDOW, (one + 1) * WINDOW);
      window.catch(() => {}); // said where it is waited for
      this.windows.set(one, window);
    }
    for (const one of this.windows.keys()) if (one < at - 1) this.windows.delete(one);
    return this.windows.get(at);
  }

  // Where the bytes of a member begin, and what of it was read along with its header.
  async opened(info, get) {
    const ours = localHeader(info);
    const guess = ours.length + (info.packed <= PIECE ? info.packed : 0);
    const head = await get(info.offset, info.offset + guess);
    if (!equal(head.subarray(0, ours.length), ours)) this.rewritten = true;
    if (head.length < 30) throw new Unreadable("file_unreadable", "Truncated file header");
    if (u32(head, 0) !== 0x04034b50) {
      throw new Unreadable("file_unreadable", "Bad magic number for file header");
    }
    const size = 30 + u16(head, 26) + u16(head, 28);
    const whole = size <= head.length ? head : await get(info.offset, info.offset + size);
    if (info.flags & PATCHED) throw new Unreadable("file_unreadable", "compressed patched data");
    let name;
    try {
      name = nameOf(whole.subarray(30, 30 + u16(head, 26)), u16(head, 6));
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      throw new Unreadable("file_unreadable", "a name that is not UTF-8");
    }
    if (name !== info.name) {
      throw new Unreadable("file_unreadable", "File name in directory and header differ");
    }
    const fields = { flags: u16(head, 6), method: u16(head, 8), begin: info.offset + size };
    const sizes = { crc: u32(head, 14), packed: u32(head, 18), size: u32(head, 22) };
    this.headers.set(info, { ...fields, ...sizes, extra: whole.slice(30 + u16(head, 26), size) });
    return [info.offset + size, head.subarray(Math.min(size, head.length))];
  }

  async *pieces(info, get) {
    const [start, ahead] = await this.opened(info, get);
    if (info.method === DEFLATED) {
      yield* inflated(this.file.slice(start, start + info.packed), info.size);
      return;
    }
    const size = Math.min(info.packed, info.size);
    if (size <= ahead.length) yield ahead.subarray(0, size);
    else if (size <= WHOLE) yield await get(start, start + size);
    else yield* piecesOf(this.file, start, start + size);
  }

  // As pieces(), and the checksum of all of them is the one in the directory.
  async *checked(info, get) {
    let crc = 0;
    let size = 0;
    for await (const piece of this.pieces(info, get)) {
      crc = crc32(piece, crc);
      size += piece.length;
      yield piece;
    }
    this.compare(info, size, crc);
  }

  compare(info, size, crc) {
    const short = info.method === STORED && size < Math.min(info.packed, info.size);
    if (short) throw new Unreadable("file_unreadable", "EOFError");
    if (crc !== info.crc) throw new Unreadable("file_unreadable", "Bad CRC-32");
    if (size !== info.size) throw new Unreadable("file_unreadable", `${size} \u2260 ${info.size}`);
  }

  // The content of a member that is not too long to be held.
  async whole(info, get) {
    const pieces = [];
    for await (const piece of this.pieces(info, get)) pieces.push(piece);
    return pieces.length === 1 ? pieces[0] : joined(pieces);
  }

  async read(name, limit) {
    const info = this.members.get(name);
    if (info.size > limit) throw new Unreadable("file_too_large", String(limit));
    const kept = this.small.get(name);
    if (kept !== undefined) return kept;
    const bytes = await this.whole(info, this.plain);
    this.compare(info, bytes.length, crc32(bytes));
    return bytes;
  }

  async digest(name, tick) {
    const info = this.members.get(name);
    const get = (from, to) => this.stretch(from, to);
    if (info.size > WHOLE) return hashedPieces(this.checked(info, get), tick);
    const bytes = await this.whole(info, get);
    tick(bytes.length);
    const digest = digestOf(bytes); // beside which the checksum is taken
    digest.catch(() => {});
    this.compare(info, bytes.length, crc32(bytes));
    this.small.keep(name, bytes);
    return digest;
  }
}

const unlessUnreadable = (error) => {
  if (!(error instanceof Unreadable)) throw error;
};

// Whether what stands before a member says the same as the directory: programs differ in which of
// the two they follow.
function isAlike(info, header, name, top) {
  // Beyond 4 GiB the true size stands elsewhere; one that follows the content may be left out.
  const open = (here) => here === LIMIT32 || (here === 0 && header.flags & DESCRIBED);
  return header.method === info.method
    && !(header.flags & ENCRYPTED)
    && ["crc", "packed", "size"].every((key) => open(header[key]) || header[key] === info[key])
    && [header.extra, info.extra].flatMap(secondNames).every((one) => leadsTo(one, name, top));
}

// The other names of a member.
function secondNames(extra) {
  const found = [];
  for (let at = 0; at + 4 <= extra.length; at += 4 + u16(extra, at + 2)) {
    const end = at + 4 + u16(extra, at + 2);
    if (u16(extra, at) === SECOND_NAME) found.push(extra.subarray(at + 9, Math.max(at + 9, end)));
  }
  return found;
}

// Whether another name is the same below the folder that everything lies in.
function leadsTo(second, name, top) {
  const text = readOr(null, () => utf8(second));
  if (text === null) return false;
  if (!top) return text === name;
  const slash = text.indexOf("/");
  return slash >= 0 && plainFolder(text.slice(0, slash)) && text.slice(slash + 1) === name;
}

// How many bytes before the directory belong to no member.
function between(infos, headers, directory) {
  const placed = [...infos].sort((one, other) => one.offset - other.offset);
  let left = placed.length ? placed[0].offset : directory;
  placed.forEach((info, at) => {
    const end = at + 1 < placed.length ? placed[at + 1].offset : directory;
    const header = headers.get(info);
    if (header === undefined) return;
    const rest = end - header.begin - info.packed;
    left += info.flags & DESCRIBED && DESCRIPTORS.includes(rest) ? 0 : rest;
  });
  return left;
}

// `size` bytes and no more, whatever the compressed ones would swell to.
async function* inflated(blob, size) {
  let left = size;
  const reader = blob.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
      if (left < 0) bad("more than is stated");
      yield value;
    }
  } catch (error) {
    if (error instanceof Stopped) throw error;
    throw new Unreadable("file_unreadable", "Error while decompressing data");
  } finally {
    reader.cancel().catch(() => {}); // what is left is not wanted
  }
}

// The folder that everything lies in, with its slash; empty when the bag lies bare.
function topOf(names) {
  if (names.includes("bagit.txt")) return "";
  for (const name of names) {
    const slash = name.indexOf("/");
    if (slash >= 0 && name.slice(slash + 1) === "bagit.txt") return name.slice(0, slash + 1);
  }
  return names.length ? names[0].slice(0, names[0].indexOf("/") + 1) : "";
}

// Offsets of members whose bytes would run into the next one: one lie can hide a bomb.
function overlaps(infos, start) {
  const placed = [...infos].sort((one, other) => one.offset - other.offset);
  const found = new Set();
  placed.forEach((info, at) => {
    const end = at + 1 < placed.length ? placed[at + 1].offset : start;
    if (info.offset + 30 + info.packed + encode(info.name).length > end) found.add(info.offset);
  });
  return found;
}

// --- the one form that packs have ----------------------------------------------------------------

class Writer {
  constructor() {
    this.out = [];
  }

  put(width, ...values) {
    for (const value of values) {
      let rest = value;
      for (let at = 0; at < width; at++) {
        this.out.push(rest % 256);
        rest = Math.floor(rest / 256);
      }
    }
    return this;
  }

  bytes(...parts) {
    return join(Uint8Array.from(this.out), ...parts);
  }
}

const FIRST_DAY = 33;
const MODE = 0o100644 * 0x10000;
const extraOf = (...long) =>
  long.length ? new Writer().put(2, 1, 8 * long.length).put(8, ...long).bytes() : new Uint8Array(0);

function localHeader(info) {
  const name = encode(info.name);
  const large = info.size >= LIMIT32;
  const extra = large ? extraOf(info.size, info.size) : extraOf();
  const short = large ? LIMIT32 : info.size;
  return new Writer()
    .put(4, 0x04034b50)
    .put(2, large ? 45 : 20, UTF8_NAME, 0, 0, FIRST_DAY)
    .put(4, info.crc, short, short)
    .put(2, name.length, extra.length)
    .bytes(name, extra);
}

function centralHeader(info) {
  const name = encode(info.name);
  const long = [
    ...(info.size >= LIMIT32 ? [info.size, info.size] : []),
    ...(info.offset >= LIMIT32 ? [info.offset] : []),
  ];
  const extra = extraOf(...long);
  const version = long.length ? 45 : 20;
  const short = Math.min(info.size, LIMIT32);
  return new Writer()
    .put(4, 0x02014b50)
    .put(1, version, 3)
    .put(2, version, UTF8_NAME, 0, 0, FIRST_DAY)
    .put(4, info.crc, short, short)
    .put(2, name.length, extra.length, 0, 0, 0)
    .put(4, MODE, Math.min(info.offset, LIMIT32))
    .bytes(name, extra);
}

function directoryEnd(count, size, offset) {
  const few = Math.min(count, LIMIT16);
  const end = new Writer()
    .put(4, 0x06054b50)
    .put(2, 0, 0, few, few)
    .put(4, Math.min(size, LIMIT32), Math.min(offset, LIMIT32))
    .put(2, 0)
    .bytes();
  if (count < LIMIT16 && size < LIMIT32 && offset < LIMIT32) return end;
  const wide = new Writer()
    .put(4, 0x06064b50)
    .put(8, 44)
    .put(1, 45, 3)
    .put(2, 45)
    .put(4, 0, 0)
    .put(8, count, count, size, offset)
    .bytes();
  const locator = new Writer().put(4, 0x07064b50, 0).put(8, offset + size).put(4, 1).bytes();
  return join(wide, locator, end);
}
