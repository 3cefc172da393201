// The outside witnesses: each proof judged about its own subject, and what it dates.

const MAX_CERTIFICATES = 1 << 20;
const MAX_RUNS = 16;
const ABOUT_QUERY = ["token_query", "token_nonce", "token_policy", "query_not_der"];
const DATES = ["confirmed", "one_source", "simulated"];

async function judgeWitnesses(contents, record, terms, seen, step) {
  const witnesses = new Witnesses(contents, record, terms, seen);
  const packRuns = await witnesses.headerRuns();
  await witnesses.certificates();
  await witnesses.revocations();
  witnesses.absent();
  const found = [];
  const proofs = witnesses.proofs();
  for (const [done, [name, proof]] of proofs.entries()) {
    step("checking_proofs", done, proofs.length, name);
    const dated = await witnesses.weigh(name, proof, packRuns);
    if (dated !== null) found.push(dated);
    if (done % 16 === 15) await pause();
  }
  witnesses.withdrawals.conclude(seen);
  return found;
}

class Witnesses {
  constructor(contents, record, terms, seen) {
    Object.assign(this, { contents, record, terms, seen, withdrawals: new Withdrawals() });
    this.of = new Map();
    for (const name of contents.names) {
      if (!name.startsWith(PAYLOAD)) continue;
      const path = name.slice(PAYLOAD.length);
      const kind = standing(path, record.recorded);
      if (!this.of.has(kind)) this.of.set(kind, []);
      this.of.get(kind).push([name, path]);
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
      // Every proof is tried with each.
      if (found.length === MAX_RUNS) {
        this.seen.say(name, "headers_broken", "broken", `> ${MAX_RUNS}`);
        continue;
      }
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
      } else {
        this.seen.say(name, "headers_linked", "ok", `${first}\u2013${linked.last}`);
        if (linked.last < last) {
          const rest = `${linked.last + 1}\u2013${last}`;
          this.seen.say(name, "headers_unlinked", "unchecked", rest);
        }
      }
      found.push([first, raw]);
    }
    this.terms.packRuns = found;
    return found;
  }

  async certificates() {
    const used = new Set(this.proofs().map(([, proof]) => proof.authority));
    for (const [name, path] of this.files("certificates")) {
      const [, authority, what] = CERTIFICATES.exec(path);
      if (!this.isAsExported(name, path, used.has(authority))) continue;
      const raw = await this.read(name, MAX_CERTIFICATES);
      if (raw === null) continue;
      try {
        const found = readPem(raw).map((der) => hex(sha256(der)));
        if (what === "root") this.root(name, authority, found);
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        this.seen.say(name, "certificates_malformed", "broken", error.message);
      }
    }
  }

  // Whether it is what the export line names, for an authority whose token is there.
  isAsExported(name, path, used) {
    const now = this.contents.sha256(name);
    const listed = this.record.certificates.get(path) ?? now;
    if (!used) this.seen.say(name, "file_not_on_record", "broken");
    else if (listed !== now) {
      this.seen.say(name, "file_changed", "broken", `${listed} \u2192 ${now}`);
    }
    return used && listed === now;
  }

  // Lists and answers count when somebody in their authority's chain signed them.
  async revocations() {
    const used = new Map();
    for (const [name, proof] of this.proofs()) {
      if (proof.form !== "tsr") continue;
      if (!used.has(proof.authority)) used.set(proof.authority, []);
      used.get(proof.authority).push(name);
    }
    const beside = new Map();
    for (const [name, path] of this.files("revocation")) {
      const [, authority] = REVOCATION.exec(path);
      if (!this.isAsExported(name, path, used.has(authority))) continue;
      const raw = await this.read(name, MAX_CERTIFICATES);
      if (raw === null) continue;
      if (!beside.has(authority)) {
        beside.set(authority, await this.certificatesOf(authority, used.get(authority)));
      }
      const told = await this.withdrawals.add(authority, raw, beside.get(authority));
      if (told !== null) this.seen.say(name, ...told);
    }
  }

  // Every certificate that stands beside: files and tokens that cannot be read were said.
  async certificatesOf(authority, tokens) {
    const found = new Map();
    const keep = (raws) => raws.forEach((raw) => found.set(hex(sha256(raw)), raw));
    for (const path of [chainPath(authority), rootPath(authority)]) {
      const pem = await this.optional(path);
      keep(readOr([], () => (pem.length ? readCertificates(pem) : [])));
    }
    for (const name of tokens) {
      const raw = (await this.read(name, MAX_PROOF)) ?? new Uint8Array(0);
      keep(readOr([], () => readResponse(raw).certificates));
    }
    return readable([...found.values()]);
  }

  // Whether a root that the pack brings is one we know; being there earns it no trust.
  root(name, authority, found) {
    if (found.length !== 1) {
      this.seen.say(name, "certificates_malformed", "broken", String(found.length));
    } else if (PRACTICE.roots.includes(found[0])) {
      if (this.record.world !== "practice") this.seen.say(name, "world_mixed", "broken", found[0]);
    } else if (!this.terms.pinned.includes(found[0])) {
      const named = authority.startsWith(IMPORTED);
      const rule = named ? "certificates_root_named" : "certificates_root_unknown";
      this.seen.say(name, rule, "unchecked", found[0]);
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
    const [{ path, ...stamp }, findings] = proof.kind === "rfc3161"
      ? await this.token(name, proof, digest, raw)
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
    return {
      path: proof.subject,
      status: stamp.status,
      time: stamp.time,
      kind: proof.kind,
      name,
      proof: this.contents.sha256(name),
      until: untilOf(path ?? []),
      lapsed: false,
    };
  }

  async token(name, proof, digest, raw) {
    const lent = await this.tokenHelp(proof);
    let [stamp, findings] = await checkToken(name, digest, raw, lent);
    if (findings.some((one) => one.rule === "token_root_unknown")) {
      findings = await this.byItsOwnRoot(findings, (roots) =>
        checkToken(name, digest, raw, { ...lent, roots }), proof.authority);
    }
    return this.withdrawals.judge(proof.authority, name, [stamp, findings]);
  }

  // Where a token leads to the root that came with it, that is said; it is trusted no more.
  async byItsOwnRoot(findings, check, authority) {
    const pem = await this.optional(rootPath(authority));
    const own = readOr([], () => (pem.length ? readCertificates(pem).map(readCertificate) : []));
    if (!own.length) return findings;
    const [stamp] = await check(own);
    if (stamp.status !== "confirmed") return findings;
    const detail = `${stamp.by} \u00b7 ${stamp.time}`;
    return findings.map((one) =>
      one.rule === "token_root_unknown" ? { ...one, rule: "token_root_named", detail } : one);
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
    } else if (CHECKPOINT.test(proof.subject)) {
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

// For each exhibit the witnesses about its manifest, or about a head over its line, in order, and
// found without going through all of them each time.
function aboutsOf(dated, record) {
  const own = new Map();
  const heads = [];
  dated.forEach((witness, order) => {
    const one = { witness, order, size: record.checkpoints.get(witness.path)?.size };
    if (one.size !== undefined) heads.push(one);
    else if (own.has(witness.path)) own.get(witness.path).push(one);
    else own.set(witness.path, [one]);
  });
  return (exhibit) => [
    ...(own.get(exhibit.ref.path) ?? []),
    ...heads.filter((one) => one.size > exhibit.seq),
  ].sort((one, other) => one.order - other.order).map((one) => one.witness);
}

// [rule, outcome, time]: how witnesses date what they are about.
function datingOf(about, practice) {
  const lasting = about.filter((one) => !one.lapsed);
  const sound = lasting.length ? lasting : about;
  const has = (status) => sound.some((one) => one.status === status);
  const first = (some) => sortedNames(some.map((one) => one.time ?? ""))[0];
  const earliest = (status) => first(sound.filter((one) => one.status === status));
  if (sound.length && !lasting.length && (has("confirmed") || practice)) {
    return ["exhibit_lapsed", "weak", first(sound)];
  }
  if (has("confirmed")) return ["exhibit_dated", "ok", earliest("confirmed")];
  if (has("simulated")) {
    return ["exhibit_rehearsed", practice ? "ok" : "unchecked", earliest("simulated")];
  }
  if (has("one_source")) return ["exhibit_one_source", "weak", earliest("one_source")];
  return ["exhibit_undated", "unchecked", ""];
}

function judgeDates(record, dated, seen, practice) {
  const about = aboutsOf(dated, record);
  const outcomes = record.exhibits.map((exhibit) => {
    const told = datingOf(about(exhibit), practice);
    seen.say(exhibit.number, ...told);
    return told[1];
  });
  if (!record.exhibits.length) seen.say("", "exhibit_none", "unchecked");
  return outcomes;
}
