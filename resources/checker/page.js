// What a person sees.  Everything that comes from a pack becomes text, never markup.

const OUTCOMES = ["broken", "weak", "ok"];
const SIGNS = { ok: "\u2713", weak: "!", broken: "\u2715", unchecked: "?" };
// A rehearsal's time-stamps are never drawn as confirmed.
const SIMULATED = ["ots_simulated", "token_simulated", "exhibit_rehearsed"];
const ROWS = 200;
const EVERY = 100;

// --- the check, beside the page where the browser allows it ------------------------------------

// In a worker: one target in, progress out, then what was found.
function serve() {
  self.onmessage = async ({ data }) => {
    let last = 0;
    const step = (stage, done, total, detail) => {
      if (Date.now() - last < EVERY) return;
      last = Date.now();
      self.postMessage({ progress: { stage, done, total, detail } });
    };
    try {
      self.postMessage({ result: await verifyTarget(data.target, { ...data, step }) });
    } catch (error) {
      self.postMessage({ failed: reasonOf(error) });
    }
  };
  self.postMessage({ ready: true });
}

const reasonOf = (error) => clipped(oneLine(String(error && error.message ? error.message : error)), 200);

// A running check: `heard` gets {progress}, {result} or {failed}; stop() ends it unheard.
class Check {
  constructor(target, options, heard) {
    Object.assign(this, { target, options, heard, stopped: false, worker: null });
    try {
      this.address = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
      this.worker = new Worker(this.address);
    } catch {
      this.here();
      return;
    }
    let ready = false;
    this.worker.onmessage = ({ data }) => {
      if (this.stopped) return;
      if (data.ready) {
        ready = true;
        this.worker.postMessage({ target, ...options });
      } else {
        heard(data);
        if (!data.progress) this.stop();
      }
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.worker.terminate();
      if (this.stopped) return;
      if (ready) heard({ failed: reasonOf(event) });
      else this.here();
    };
  }

  // On the page itself, which stays alive because every read is waited for.
  async here() {
    let last = 0;
    const step = (stage, done, total, detail) => {
      if (this.stopped) throw new Stopped();
      if (Date.now() - last < EVERY) return;
      last = Date.now();
      this.heard({ progress: { stage, done, total, detail } });
    };
    try {
      const result = await verifyTarget(this.target, { ...this.options, step });
      if (!this.stopped) this.heard({ result });
    } catch (error) {
      if (!this.stopped) this.heard({ failed: reasonOf(error) });
    }
  }

  stop() {
    this.stopped = true;
    if (this.worker !== null) this.worker.terminate();
    if (this.address) URL.revokeObjectURL(this.address);
  }
}

// --- the page ------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false) node.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null) node.append(child); // a string becomes text
  }
  return node;
}

class Page {
  constructor(main) {
    this.main = main;
    this.lang = (navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en";
    this.state = { phase: "idle" };
    this.check = null;
    this.practice = false;
    this.target = null;
    this.kept = []; // files of heads that somebody kept, as [name, file]
    this.heads = []; // such heads as they were printed
    this.all = new Set();
    // The page's own hash: verify.pyz names the page it goes with.
    const [before, between, after] = DATA.page;
    const hash = base64(sha256(encode(SOURCE)));
    this.pageHash = hex(sha256(encode(before + hash + between + SOURCE + after)));
    this.zip = make("input", { type: "file", id: "zip", class: "hidden",
      multiple: true,
      onchange: () => this.picked(this.zip) });
    this.folder = make("input", { type: "file", id: "folder", class: "hidden",
      webkitdirectory: true, onchange: () => this.picked(this.folder) });
    this.notes = make("input", { type: "file", id: "notes", class: "hidden", multiple: true,
      onchange: () => this.sorted([...this.notes.files], null) });
    this.printed = make("input", { type: "text", id: "printed", autocomplete: "off",
      spellcheck: "false", maxlength: "200",
      onkeydown: (event) => event.key === "Enter" && this.typed() });
    document.addEventListener("dragover", (event) => this.over(event, true));
    document.addEventListener("dragleave", (event) => this.over(event, false));
    document.addEventListener("drop", (event) => this.dropped(event));
    this.draw();
  }

  say(key, facts = {}) {
    const words = DATA.words[this.lang];
    let sentence = words[`checker_${key}`] ?? words[key] ?? key;
    for (const [name, value] of Object.entries(facts)) {
      sentence = sentence.replaceAll(`{${name}}`, () => String(value));
    }
    return sentence;
  }

  // --- what is to be checked ---------------------------------------------------------------------

  over(event, on) {
    event.preventDefault();
    const zone = document.getElementById("drop");
    if (zone !== null) zone.classList.toggle("over", on);
  }

  picked(input) {
    const files = [...input.files];
    if (!files.length) return;
    if (input === this.zip) this.sorted(files, null);
    else this.start(folderTarget(files.map((file) => [file.webkitRelativePath, file])));
    input.value = "";
  }

  // Files, some of which may be heads that somebody kept; `folder` is one that came with them.
  async sorted(files, folder) {
    const kept = [];
    const packs = folder === null ? [] : [folder];
    try {
      for (const file of files) {
        if (await looksKept(file)) kept.push([file.name, file]);
        else packs.push({ name: file.name, file });
      }
    } catch (error) {
      this.show({ phase: "failed", reason: reasonOf(error) });
      return;
    }
    this.notes.value = "";
    const names = kept.map(([name]) => name);
    this.kept = [...this.kept.filter(([name]) => !names.includes(name)), ...kept];
    if (packs.length > 1) this.show({ phase: "told", sentence: "one_only" });
    else if (packs.length || this.target !== null) this.start(packs[0] ?? this.target);
    else this.show({ phase: "told", sentence: "kept_waits" });
  }

  // A head as a document prints it, typed or pasted.
  typed() {
    const text = this.printed.value;
    if (!text.trim()) return;
    if (readOr(null, () => readPrinted(text)) === null) {
      this.state.unread = clipped(text, 80);
      this.draw();
      this.printed.focus();
      return;
    }
    this.printed.value = "";
    if (!this.heads.includes(text)) this.heads.push(text);
    this.start(this.target);
  }

  forget() {
    [this.target, this.kept, this.heads] = [null, [], []];
    this.printed.value = "";
    this.show({ phase: "idle" });
  }

  async dropped(event) {
    event.preventDefault();
    this.over(event, false);
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
    const files = items.map((item) => item.getAsFile());
    const folders = entries.filter((entry) => entry !== null && !entry.isFile);
    const plain = files.filter((_, at) => entries[at] === null || entries[at].isFile);
    if (!items.length || folders.length > 1) {
      this.show({ phase: "told", sentence: "one_only" });
      return;
    }
    try {
      const [folder] = folders;
      const below = folder ? { name: folder.name, files: await filesBelow(folder) } : null;
      await this.sorted(plain, below);
    } catch (error) {
      this.show({ phase: "failed", reason: reasonOf(error) });
    }
  }

  start(target) {
    if (this.check !== null) this.check.stop();
    this.target = target;
    this.all.clear();
    this.show({ phase: "running", progress: { stage: "checking", done: 0, total: 0, detail: "" } });
    const { practice, pageHash, kept, heads } = this;
    const options = { practice, pageHash, kept, heads };
    this.check = new Check(target, options, (told) => this.heard(told));
  }

  heard(told) {
    if (told.progress) {
      this.state.progress = told.progress;
      this.drawProgress();
    } else if (told.failed !== undefined) this.show({ phase: "failed", reason: told.failed });
    else if (told.result.refused) {
      this.target = null; // there is no pack that anything could be held against
      this.show({ phase: "refused", ...told.result });
    }
    else this.show({ phase: "done", result: told.result });
  }

  stop() {
    this.check.stop();
    this.show({ phase: "told", sentence: "stopped" });
  }

  show(state) {
    this.state = state;
    this.draw();
    document.getElementById("told")?.focus();
  }

  // --- drawing -----------------------------------------------------------------------------------

  draw() {
    document.documentElement.lang = this.lang === "zh" ? "zh-CN" : "en";
    document.title = `${this.say("title")} \u00b7 Holdfast \u7559\u8bc1`;
    const parts = {
      idle: () => [],
      running: () => this.running(),
      told: () => [this.card(this.say(this.state.sentence))],
      refused: () => [this.trouble(this.state.refused, this.state)],
      failed: () => [this.trouble("checker_failed", { reason: this.state.reason })],
      done: () => this.done(this.state.result),
    }[this.state.phase]();
    this.main.replaceChildren(
      make("header", {},
        make("span", { class: "brand" }, "Holdfast \u7559\u8bc1"),
        make("button", { id: "lang", class: "plain", onclick: () => this.turn() },
          this.say("other_language"))),
      make("h1", {}, this.say("title")),
      this.zone(),
      ...parts,
      this.foot(),
    );
    this.drawProgress();
  }

  turn() {
    this.lang = this.lang === "zh" ? "en" : "zh";
    this.draw();
    document.getElementById("lang").focus();
  }

  zone() {
    const idle = this.state.phase === "idle" || this.state.phase === "told";
    return make("section", { id: "drop", class: "drop" },
      make("p", {}, this.say("lead")),
      make("div", { class: "row" },
        make("button", { class: idle ? "main" : "", onclick: () => this.zip.click() },
          this.say("zip")),
        make("button", { onclick: () => this.folder.click() }, this.say("folder")),
        this.zip, this.folder));
  }

  card(...texts) {
    return make("section", { id: "told", class: "card", tabindex: "-1", role: "status" },
      texts.map((text) => make("p", {}, text)));
  }

  // What, why and now of a trouble, with its facts made visible.
  errors(code, facts) {
    const { what, why, now } = DATA.errors[this.lang][code];
    return [what, why, now].map((text) =>
      Object.entries(facts).reduce(
        (sentence, [name, value]) =>
          sentence.replaceAll(`{${name}}`, () => oneLine(this.fact(String(value)))),
        text,
      ));
  }

  trouble(code, facts) {
    return this.card(...this.errors(code, facts));
  }

  running() {
    return [make("section", { id: "told", class: "card", tabindex: "-1" },
      make("p", { id: "stage", role: "status" }),
      make("progress", { id: "bar", max: "1", value: "0" }),
      make("p", { id: "detail", class: "soft" }),
      make("button", { id: "stop", onclick: () => this.stop() }, this.say("stop")))];
  }

  drawProgress() {
    if (this.state.phase !== "running") return;
    const { stage, done, total, detail } = this.state.progress;
    document.getElementById("stage").textContent = this.say(stage);
    document.getElementById("detail").textContent = oneLine(detail);
    document.getElementById("bar").value = total ? done / total : 0;
  }

  done(result) {
    const findings = result.findings.filter((one) => one.rule !== "world_practice");
    const practice = findings.length < result.findings.length;
    const rehearsed = practice && result.verdict === "ok";
    const sentence = rehearsed ? "verdict.ok.practice" : `verdict.${result.verdict}`;
    const tint = practice && result.verdict !== "broken" ? "grey" : result.verdict;
    const now = result.verdict !== "ok";
    const found = OUTCOMES.flatMap((outcome) => {
      const such = findings.filter((one) => one.outcome === outcome);
      const about = (one) => one.rule.startsWith("exhibit_");
      return [...such.filter(about), ...such.filter((one) => !about(one))];
    });
    const unchecked = findings.filter((one) => one.outcome === "unchecked");
    const partial = findings.filter((one) => one.rule === "ledger_withheld");
    return [
      practice ? make("p", { class: "band" }, this.say("world_practice")) : null,
      make("section", { id: "told", class: `verdict ${tint}`, tabindex: "-1", role: "status",
        "data-verdict": result.verdict },
        make("span", { class: `mark ${result.verdict}-shape`, "aria-hidden": "true" },
          SIGNS[result.verdict]),
        make("div", {},
          make("strong", {}, this.say(sentence)),
          make("p", { class: "soft" }, this.say("read", { name: oneLine(this.target.name) })))),
      now ? make("section", { class: "card" },
        make("strong", {}, this.say("now")), " ",
        this.say(`verify_now_${whatNow(result)}`)) : null,
      ...partial.map((one) => make("section", { class: "card", id: "partial" }, this.sentence(one))),
      practice ? this.practiceChoice() : null,
      make("h2", {}, this.say("findings")),
      this.table(found, practice),
      ...(unchecked.length ? [
        make("h2", {}, this.say("unchecked")), this.list("unchecked", unchecked)] : []),
      make("h2", {}, this.say("kept")),
      this.keptChoice(),
      make("h2", {}, this.say("verify_limits")),
      make("ul", {}, ["origin", "maker", "court"].map((what) =>
        make("li", {}, this.say(`verify_limit_${what}`)))),
      make("div", { class: "row last" },
        make("button", { onclick: () => this.forget() }, this.say("again")),
        make("button", { onclick: () => window.print() }, this.say("print"))),
    ].filter((part) => part !== null);
  }

  // A pack alone cannot show that it is the newest; what somebody else kept can.
  keptChoice() {
    const held = [...this.kept.map(([name]) => name), ...this.heads];
    const { unread } = this.state;
    return make("section", { class: "card kept" },
      make("p", {}, this.say("kept_text")),
      held.length ? make("ul", { id: "kept" }, held.map((one) => make("li", {}, oneLine(one)))) : null,
      make("div", { class: "row" },
        make("button", { onclick: () => this.notes.click() }, this.say("kept_files")), this.notes),
      make("label", { for: "printed" }, this.say("kept_printed")),
      make("div", { class: "row" }, this.printed,
        make("button", { onclick: () => this.typed() }, this.say("kept_hold"))),
      unread ? make("p", { class: "weak", role: "alert" },
        this.errors("head_unreadable", { head: unread }).join(" ")) : null);
  }

  practiceChoice() {
    const box = make("input", { type: "checkbox", id: "practice", checked: this.practice,
      onchange: () => {
        this.practice = box.checked;
        this.start(this.target);
      } });
    return make("p", {}, make("label", {}, box, " ", this.say("practice")));
  }

  // A fact as people say it: why something is unreadable, or a block, in their language.
  fact(text) {
    const own = DATA.words[this.lang][`reason.${text}`];
    if (own !== undefined) return own;
    return text.replaceAll(/\bblock (\d+)\b/g, (_, height) => this.say("fact_block", { height }));
  }

  // The sentence of a finding, the fact in it made visible.
  sentence(finding) {
    return oneLine(this.say(finding.rule, { detail: this.fact(finding.detail) }));
  }

  table(findings, practice) {
    const grey = ({ rule, outcome }) => outcome === "ok"
      && (SIMULATED.includes(rule) || (practice && rule.startsWith("revocation_")));
    const shown = this.all.has("table") ? findings : findings.slice(0, ROWS);
    const rows = shown.map((one) => make("tr", { "data-rule": one.rule },
      make("td", { class: `state ${grey(one) ? "grey" : one.outcome}` },
        `${SIGNS[one.outcome]} ${this.say(`verify_outcome_${one.outcome}`)}`),
      make("td", { class: "subject" }, oneLine(one.subject)),
      make("td", {}, this.sentence(one))));
    const heads = ["state", "subject", "text"].map((name) =>
      make("th", { scope: "col" }, this.say(`column_${name}`)));
    return make("div", {},
      make("table", { id: "findings" },
        make("colgroup", {}, make("col", { class: "state" }), make("col", { class: "subject" }),
          make("col")),
        make("thead", {}, make("tr", {}, heads)),
        make("tbody", {}, rows)),
      this.more("table", findings));
  }

  list(id, findings) {
    const shown = this.all.has(id) ? findings : findings.slice(0, ROWS);
    return make("div", {},
      make("ul", { id }, shown.map((one) => make("li", { "data-rule": one.rule },
        one.subject ? `${oneLine(one.subject)}: ` : "", this.sentence(one)))),
      this.more(id, findings));
  }

  more(id, findings) {
    if (findings.length <= ROWS || this.all.has(id)) return null;
    return make("button", { onclick: () => {
      this.all.add(id);
      this.draw();
    } }, this.say("more", { count: findings.length }));
  }

  foot() {
    return make("footer", { class: "soft" },
      make("p", {}, this.say("trust")),
      make("p", {}, this.say("links")),
      make("p", {}, `Holdfast ${DATA.version} \u00b7 verify.html`));
  }
}

// What is to be done: only what waits is told to wait.
function whatNow({ verdict, findings, timestamps }) {
  if (verdict === "broken") return verdict;
  if (verdict === "weak") {
    const takenOver = findings.some((one) => ["key_late", "key_succeeded"].includes(one.rule));
    return takenOver ? "key" : "weak";
  }
  const statuses = timestamps.map((one) => one.status);
  if (statuses.includes("simulated") || timestamps.some((one) => one.network === "practice")) {
    return "practice";
  }
  if (findings.some((one) => one.rule === "token_no_openssl")) return "openssl";
  if (statuses.some((one) => ["pending", "queued"].includes(one))) return "unchecked";
  const lacking = findings.some((one) => one.rule === "exhibit_undated");
  return lacking && statuses.every((one) => one === "confirmed") ? "undated" : "elsewhere";
}

// Whether a file begins as a kept head does, sound or not.
async function looksKept(file) {
  if (file.size > MAX_NOTE) return false;
  return LOOKS_KEPT.test(latin1(await sliceOf(file, 0, 100)));
}

// A chosen folder: its own name is not part of the paths in it.
function folderTarget(files) {
  const top = files[0][0].split("/")[0];
  return { name: top, files: files.map(([path, file]) => [path.slice(top.length + 1), file]) };
}

// Every file below a dropped folder, by path.
async function filesBelow(folder, prefix = "", depth = 0, found = []) {
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return found;
    for (const entry of entries) {
      if (found.length > MAX_MEMBERS) return found;
      const path = prefix + entry.name;
      if (entry.isFile) {
        found.push([path, await new Promise((resolve, reject) => entry.file(resolve, reject))]);
      } else if (depth <= MAX_DEPTH) await filesBelow(entry, `${path}/`, depth + 1, found);
      else found.push([path, new File([], entry.name)]); // too deep to be looked into, and said
    }
  }
}
