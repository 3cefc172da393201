// The outside witnesses: each proof judged about its own subject, and what it dates.

const MAX_CERTIFICATES = 1 << 20;
const ABOUT_QUERY = ["token_query", "token_nonce", "token_policy", "query_not_der"];
const DATES = ["confirmed", "one_source", "simulated"];

async function judgeWitnesses(contents, record, terms, seen, step) {
  const witnesses = new Witnesses(contents, record, terms, seen);
  const packRuns = await witnesses.headerRuns();
  await witnesses.certificates();
  witnesses.absent();
  const found = [];
  const proofs = witnesses.proofs();
  for (const [done, [name, proof]] of proofs.entries()) {
    step("checking_proofs", done, proofs.length, name);
    const dated = await witnesses.weigh(name, proof, packRuns);
    if (dated !== null) found.push(dated);
    if (done % 16 === 15) await pause();
  }
  return found;
}

class Witnesses {
  constructor(contents, record, terms, seen) {
    Object.assign(this, { contents, record, terms, seen });
    this.of = new Map();
    for (const name of contents.names) {
      if (!name.startsWith(PAYLOAD)) continue;
      const path = name.slice(PAYLOAD.length);
      const kind = standing(path, record.recorded);
      this.of.set(kind, [...(this.of.get(kind) ?? []), [name, path]]);
    }
  }

  files(kind) {
    return this.of.get(kind) ?? [];
  }

  async read(name, limit) {
    try {
      return await this.contents.read(name, limit);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.seen.say(name, error.rule, "broken", error.detail);
      return null;
    }
  }

  async headerRuns() {
    const found = [];
    for (const [name, path] of this.files("headers")) {
      const [first, last] = headersSpan(path);
      const raw = await this.read(name, MAX_HEADERS);
      if (raw === null) continue;
      if (raw.length !== (last - first + 1) * HEADER_SIZE) {
        this.seen.say(name, "headers_size", "broken", String(raw.length));
        continue;
      }
      let linked;
      try {
        linked = this.terms.runs.link(first, raw);
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        this.seen.say(name, "headers_broken", "broken", error.message);
        continue;
      }
      const span = `${first}\u2013${last}`;
      if (linked === null) this.seen.say(name, "headers_unlinked", "unchecked", span);
      else if ((linked.network === "practice") !== (this.record.world === "practice")) {
        this.seen.say(name, "world_mixed", "broken", linked.network);
      } else this.seen.say(name, "headers_linked", "ok", span);
      found.push([first, raw]);
    }
    this.terms.packRuns = found;
    return found;
  }

  async certificates() {
    const used = new Set(this.proofs().map(([, proof]) => proof.authority));
    for (const [name, path] of this.files("certificates")) {
      const [, authority, what] = CERTIFICATES.exec(path);
      const now = this.contents.sha256(name);
      const listed = this.record.certificates.get(path) ?? now;
      if (!used.has(authority)) {
        this.seen.say(name, "file_not_on_record", "broken");
        continue;
      }
      if (listed !== now) {
        this.seen.say(name, "file_changed", "broken", `${listed} \u2192 ${now}`);
        continue;
      }
      const raw = await this.read(name, MAX_CERTIFICATES);
      if (raw === null) continue;
      try {
        const found = readPem(raw).map((der) => hex(sha256(der)));
        if (what === "root") this.root(name, found);
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        this.seen.say(name, "certificates_malformed", "broken", error.message);
      }
    }
  }

  // Whether a root that the pack brings is one we know; being there earns it no trust.
  root(name, found) {
    if (found.length !== 1) {
      this.seen.say(name, "certificates_malformed", "broken", String(found.length));
    } else if (PRACTICE.roots.includes(found[0])) {
      if (this.record.world !== "practice") this.seen.say(name, "world_mixed", "broken", found[0]);
    } else if (!this.terms.pinned.includes(found[0])) {
      this.seen.say(name, "certificates_root_unknown", "unchecked", found[0]);
    }
  }

  // Whatever the record says was confirmed or exported is still there.
  absent() {
    const wanted = new Set(this.record.certificates.keys());
    for (const { subject, kind, by } of this.record.proofs.values()) {
      wanted.add(proofPath(subject, kind === "opentimestamps" ? "ots" : "tsr", by));
    }
    for (const path of sortedNames(wanted)) {
      if (!this.contents.has(payload(path))) this.seen.say(payload(path), "file_missing", "broken");
    }
  }

  proofs() {
    return this.files("proof").map(([name, path]) => [name, readProofName(path)]);
  }

  // What one proof file is worth, said; null when it dates nothing.
  async weigh(name, proof, packRuns) {
    if (!this.hasSubject(name, proof) || proof.form === "tsq") return null;
    if (!this.isAsConfirmed(name, proof)) return null;
    const raw = await this.read(name, MAX_PROOF);
    if (raw === null) return null;
    const subject = payload(proof.subject);
    const digest = (algorithm) => this.contents.digest(subject, algorithm);
    const { runs, practice } = this.terms;
    const [stamp, findings] = proof.kind === "rfc3161"
      ? await checkToken(name, digest, raw, await this.tokenHelp(proof))
      : await weighOts(name, digest, raw, packRuns, runs, practice);
    if (stamp.network === "practice" && stamp.status === "confirmed") stamp.status = "simulated";
    this.seen.findings.push(...findings);
    this.blameQuery(proof, findings);
    this.seen.timestamps.push({ ...stamp, subject });
    const dates = DATES.includes(stamp.status);
    if (stamp.network && dates
      && (stamp.network === "practice") !== (this.record.world === "practice")) {
      this.seen.say(name, "world_mixed", "broken", stamp.network);
      return null;
    }
    if (!dates) return null;
    return { path: proof.subject, status: stamp.status, time: stamp.time, kind: proof.kind };
  }

  // Whether the proof speaks of something that may be dated; said when it does not.
  hasSubject(name, proof) {
    const subject = payload(proof.subject);
    const { recorded, checkpoints, changed } = this.record;
    if (recorded.has(proof.subject) || checkpoints.has(proof.subject)) {
      const token = payload(proofPath(proof.subject, "tsr", proof.authority));
      if (proof.form !== "tsq" || this.contents.has(token)) {
        // About bytes that are no longer there a proof says nothing; that was said.
        return this.contents.has(subject) && !changed.has(proof.subject);
      }
    } else if (proof.subject.startsWith("ledger/checkpoints/")) {
      // A head that does not hold; that was said where it was read.
      if (this.contents.has(subject)) return false;
      this.seen.say(subject, "file_missing", "broken");
    }
    this.seen.say(name, "proof_stranger", "broken", subject);
    return false;
  }

  isAsConfirmed(name, proof) {
    const listed = this.record.proofs.get(proofKey(proof.subject, proof.kind, proof.authority));
    const now = this.contents.sha256(name);
    if (listed === undefined || listed.digests.has(now)) return true;
    const least = sortedNames(listed.digests)[0];
    this.seen.say(name, "file_changed", "broken", `${least} \u2192 ${now}`);
    return false;
  }

  // Where question and answer do not fit, both files are named: either may have changed.
  blameQuery(proof, findings) {
    const query = payload(proofPath(proof.subject, "tsq", proof.authority));
    if (!this.contents.has(query)) return;
    for (const finding of findings) {
      if (ABOUT_QUERY.includes(finding.rule)) {
        this.seen.findings.push({ ...finding, subject: query });
      }
    }
  }

  async tokenHelp(proof) {
    const query = proofPath(proof.subject, "tsq", proof.authority);
    return {
      chain: await this.optional(chainPath(proof.authority)),
      query: this.contents.has(payload(query)) ? await this.optional(query) : null,
      roots: this.terms.roots,
      now: this.terms.now,
      practice: this.terms.practice,
    };
  }

  async optional(path) {
    const found = this.contents.has(payload(path))
      ? await this.read(payload(path), MAX_CERTIFICATES)
      : null;
    return found ?? new Uint8Array(0);
  }
}

// The witnesses about an exhibit's manifest, or about a head over its line.
const aboutExhibit = (exhibit, dated, record) =>
  dated.filter(
    (one) =>
      one.path === exhibit.ref.path
      || (record.checkpoints.get(one.path)?.size ?? 0) > exhibit.seq,
  );

function judgeDates(record, dated, seen, practice) {
  const outcomes = record.exhibits.map((exhibit) => {
    const about = aboutExhibit(exhibit, dated, record);
    const earliest = (status) =>
      sortedNames(about.filter((one) => one.status === status).map((one) => one.time ?? ""))[0];
    let told = ["exhibit_undated", "unchecked", ""];
    if (about.some((one) => one.status === "confirmed")) {
      told = ["exhibit_dated", "ok", earliest("confirmed")];
    } else if (about.some((one) => one.status === "simulated")) {
      told = ["exhibit_rehearsed", practice ? "ok" : "unchecked", earliest("simulated")];
    } else if (about.some((one) => one.status === "one_source")) {
      told = ["exhibit_one_source", "weak", earliest("one_source")];
    }
    seen.say(exhibit.number, ...told);
    return told[1];
  });
  if (!record.exhibits.length) seen.say("", "exhibit_none", "unchecked");
  return outcomes;
}
