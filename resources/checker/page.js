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
    this.all = new Set();
    // The page's own hash: verify.pyz names the page it goes with.
    const [before, between, after] = DATA.page;
    const hash = base64(sha256(encode(SOURCE)));
    this.pageHash = hex(sha256(encode(before + hash + between + SOURCE + after)));
    this.zip = make("input", { type: "file", id: "zip", class: "hidden",
      onchange: () => this.picked(this.zip) });
    this.folder = make("input", { type: "file", id: "folder", class: "hidden",
      webkitdirectory: true, onchange: () => this.picked(this.folder) });
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
    const folder = input === this.folder;
    if (!files.length) return;
    if (folder) this.start(folderTarget(files.map((file) => [file.webkitRelativePath, file])));
    else this.start({ name: files[0].name, file: files[0] });
    input.value = "";
  }

  async dropped(event) {
    event.preventDefault();
    this.over(event, false);
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
    const file = items.length ? items[0].getAsFile() : null;
    if (items.length !== 1) {
      this.show({ phase: "told", sentence: "one_only" });
      return;
    }
    if (entries[0] === null || entries[0].isFile) {
      this.start({ name: file.name, file });
      return;
    }
    try {
      const files = await filesBelow(entries[0]);
      this.start({ name: entries[0].name, files });
    } catch (error) {
      this.show({ phase: "failed", reason: reasonOf(error) });
    }
  }

  start(target) {
    if (this.check !== null) this.check.stop();
    this.target = target;
    this.all.clear();
    this.show({ phase: "running", progress: { stage: "checking", done: 0, total: 0, detail: "" } });
    const options = { practice: this.practice, pageHash: this.pageHash };
    this.check = new Check(target, options, (told) => this.heard(told));
  }

  heard(told) {
    if (told.progress) {
      this.state.progress = told.progress;
      this.drawProgress();
    } else if (told.failed !== undefined) this.show({ phase: "failed", reason: told.failed });
    else if (told.result.refused) this.show({ phase: "refused", ...told.result });
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
      refused: () => [this.trouble(this.state.refused, { name: this.state.name })],
      failed: () => [this.trouble("failed", { reason: this.state.reason })],
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

  trouble(code, facts) {
    const { what, why, now } = DATA.errors[this.lang][code];
    const filled = [what, why, now].map((text) =>
      Object.entries(facts).reduce(
        (sentence, [name, value]) => sentence.replaceAll(`{${name}}`, () => oneLine(String(value))),
        text,
      ));
    return this.card(...filled);
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
    const now = ["broken", "unchecked"].includes(result.verdict);
    const found = OUTCOMES.flatMap((outcome) => {
      const such = findings.filter((one) => one.outcome === outcome);
      const about = (one) => one.rule.startsWith("exhibit_");
      return [...such.filter(about), ...such.filter((one) => !about(one))];
    });
    const unchecked = findings.filter((one) => one.outcome === "unchecked");
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
        this.say(`verify_now_${result.verdict}`)) : null,
      practice ? this.practiceChoice() : null,
      make("h2", {}, this.say("findings")),
      this.table(found),
      ...(unchecked.length ? [
        make("h2", {}, this.say("unchecked")), this.list("unchecked", unchecked)] : []),
      make("h2", {}, this.say("verify_limits")),
      make("ul", {}, ["origin", "maker", "court"].map((what) =>
        make("li", {}, this.say(`verify_limit_${what}`)))),
      make("div", { class: "row last" },
        make("button", { onclick: () => this.show({ phase: "idle" }) }, this.say("again")),
        make("button", { onclick: () => window.print() }, this.say("print"))),
    ].filter((part) => part !== null);
  }

  practiceChoice() {
    const box = make("input", { type: "checkbox", id: "practice", checked: this.practice,
      onchange: () => {
        this.practice = box.checked;
        this.start(this.target);
      } });
    return make("p", {}, make("label", {}, box, " ", this.say("practice")));
  }

  // The sentence of a finding, the fact in it made visible.
  sentence(finding) {
    return oneLine(this.say(finding.rule, { detail: finding.detail }));
  }

  table(findings) {
    const shown = this.all.has("table") ? findings : findings.slice(0, ROWS);
    const rows = shown.map((one) => make("tr", { "data-rule": one.rule },
      make("td", { class: `state ${SIMULATED.includes(one.rule) ? "grey" : one.outcome}` },
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
