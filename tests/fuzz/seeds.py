"""Makes the inputs that every run begins with, and what targets are lent; all of it is ours.

    .venv/bin/python -m fuzz.seeds            from ``tests``; writes corpus/*/seed-*.bin and lent/

Keys of authorities are thrown away afterwards, so what is called signed in the targets is exactly
what lies here.  Run again only when a format grows; the corpus stays.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fakes import miner, revocation, tsa
from fakes.packed import Rehearsal, rehearsal
from fakes.signers import Signer, leaves
from fuzz.target import CORPUS, LENT, joined
from fuzz.targets.enclosed import NAMES as ENCLOSED
from fuzz.targets.opentimestamps import SUBJECT
from fuzz.targets.verify import NAMES as VERIFIED
from holdfast.core import bitcoin, cosignature, growth, minisign, rfc3161
from holdfast.core.canonical import canonical
from holdfast.core.ledger import (
    Checkpoint,
    Ref,
    inclusion_proof,
    tree_root,
    write_entry,
    write_proof,
)
from holdfast.core.opentimestamps import MAGIC
from holdfast.core.pack import VERIFIER, write_manifest
from holdfast.practice import blocks

OWNER = Signer("holdfast fuzz owner")
COUNSEL = Signer("holdfast fuzz counsel")
STAND_IN = b"stands in for verify.pyz\n"
Seeds = Iterator[tuple[str, bytes]]


def main() -> None:
    LENT.mkdir(exist_ok=True)
    authority = tsa.Authority.make()
    (LENT / "root.pem").write_bytes(authority.root.pem)
    (LENT / "chain.pem").write_bytes(authority.signer.pem + authority.middle.pem)
    with tempfile.TemporaryDirectory() as folder:
        pack = _pack(Path(folder))
    (LENT / "pack.zip").write_bytes(_zipped(pack, zipfile.ZIP_DEFLATED))
    makers: Mapping[str, Callable[[], Seeds]] = {
        "opentimestamps": _opentimestamps,
        "bitcoin": _bitcoin,
        "der": lambda: _der(authority),
        "rfc3161": lambda: _rfc3161(authority),
        "revocation": lambda: _revocation(authority),
        "canonical": lambda: _canonical(pack),
        "checkpoint": lambda: _checkpoint(pack),
        "minisign": _minisign,
        "bag": lambda: _bag(pack),
        "pack": _changes,
        "zipform": lambda: _zipform(pack),
        "pdf": lambda: _pdf(pack),
        "enclosed": lambda: _enclosed(pack),
        "verify": lambda: _verify(pack, authority),
        "playlist": _playlist,
        "containers": _containers,
        "link": _link,
    }
    for name, make in makers.items():
        folder_ = CORPUS / name
        folder_.mkdir(parents=True, exist_ok=True)
        for old in folder_.glob("seed-*.bin"):
            old.unlink()
        for what, raw in make():
            (folder_ / f"seed-{what}.bin").write_bytes(raw)


# --- proofs --------------------------------------------------------------------------------------


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _leaf(tag: str, payload: bytes) -> bytes:
    return b"\0" + bytes.fromhex(tag) + _varint(len(payload)) + payload


def _opentimestamps() -> Seeds:
    digest = hashlib.sha256(SUBJECT).digest()
    head = MAGIC + b"\x01\x08" + digest
    block = _leaf("0588960d73d71901", _varint(1))
    uri = b"https://a.pool.opentimestamps.org"
    pending = _leaf("83dfe30d2ef90c8e", _varint(len(uri)) + uri)
    transaction = blocks.commitment(digest, blocks.genesis().id)
    before, _, after = transaction.partition(digest)
    way = b"\xf1" + _varint(len(before)) + before + b"\xf0" + _varint(len(after)) + after
    yield "practice", head + way + b"\x08\x08" + block
    yield "pending", head + b"\xf0\x04abcd\x08" + pending
    yield "both", head + b"\xff" + pending + way + b"\x08\x08" + block
    forks = b"\xff\x08\xff" + pending + b"\xf0\x01a" + _leaf("0102030405060708", b"who")
    yield "forks", head + forks + b"\xf1\x01b\x08" + block
    for name, tag in (("litecoin", "06869a0d73d71b45"), ("ethereum", "30fe8087b5c7ead7")):
        yield name, head + b"\x08" + _leaf(tag, _varint(700_000))
    for name, op, size in (("sha1", 2, 20), ("ripemd160", 3, 20), ("keccak256", 0x67, 32)):
        yield name, MAGIC + b"\x01" + bytes((op,)) + bytes(size) + bytes((op,)) * 3 + block
    yield "reverse", head + b"\xf2\xf3" + pending
    yield "file-uri", head + _leaf("83dfe30d2ef90c8e", b"\x12file:///etc/passwd")
    metadata = b"http://169.254.169.254/latest/"
    yield "metadata-uri", head + _leaf("83dfe30d2ef90c8e", _varint(len(metadata)) + metadata)


def _bitcoin() -> Seeds:
    headers = miner.chain(6)
    run = b"".join(headers)
    first = blocks.genesis()
    second = blocks.mined(1, first.id, blocks.GENESIS_TIME + 600, (blocks.coinbase(1),))
    practice = first.header + second.header
    yield "raw", b"\x00" + run
    yield "raw-practice", b"\x00" + practice
    text = b"".join(b"%d %s\n" % (at, raw.hex().encode()) for at, raw in enumerate(headers))
    yield "lines", b"\x00" + text
    yield "run", b"\x01" + bytes(4) + run
    yield "run-practice", b"\x01" + bytes(4) + practice
    yield "run-later", b"\x01" + (1).to_bytes(4, "big") + second.header
    table = {
        "format": "holdfast-bitcoin-checkpoints/1",
        "as_of": "2026-11-12",
        "source": ["one"],
        "first_bits": "207fffff",
        "rows": [[bitcoin.display(bitcoin.double_sha256(run[:80])), "207fffff"]],
    }
    yield "table", b"\x02" + json.dumps(table).encode()
    yield "header", b"\x03" + headers[1]
    yield "header-practice", b"\x03" + second.header


def _der(authority: tsa.Authority) -> Seeds:
    from holdfast.core import der

    yield "certificate", authority.signer.der
    yield "query", rfc3161.make_query(bytes(32), rfc3161.MIN_NONCE)
    values = (
        der.integer(0), der.integer(-129), der.integer(2**64), der.oid("2.999.3"),
        der.oid("1.3.6.1.5.5.7.3.8"), der.element(der.BOOLEAN, b"\xff"), der.element(der.NULL),
        der.element(der.BIT_STRING, b"\x03\x08"), der.element(der.OCTET_STRING, b"x" * 200),
        der.element(der.UTC_TIME, b"491231235959Z"), der.element(der.ENUMERATED, b"\x01"),
        der.element(der.GENERALIZED_TIME, b"20261112130631.123456Z"), der.element(0x80, b"?"),
        der.element(der.UTF8_STRING, "留证".encode()), der.element(0xA0, der.element(der.SET)),
    )  # fmt: skip
    yield "values", der.element(der.SEQUENCE, *values)
    nested = der.element(der.NULL)
    for _ in range(38):
        nested = der.element(der.SEQUENCE, nested)
    yield "deep", nested


def _rfc3161(authority: tsa.Authority) -> Seeds:
    yield "response", tsa.response(authority.token())
    yield "token", authority.token(ess="v1", ess_hash="sha1", with_issuer=False)
    yield "token", authority.token(also=[tsa.ess_id(authority.middle.der, "sha512")])
    yield "key-id", tsa.response(authority.token(by_key_id=True, nonce=2**64 - 1))
    yield "sha512", tsa.response(authority.token(algorithm="sha512", digest_algorithm="sha512"))
    yield "mods", tsa.response(authority.token(), 1)
    yield "refusal", tsa.refusal("不行")
    yield "query", rfc3161.make_query(hashlib.sha256(SUBJECT).digest(), rfc3161.MIN_NONCE)
    yield "signer", authority.signer.der
    yield "chain", authority.middle.pem + authority.root.pem
    longest = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    stranger = tsa.issue("Test issuing", since=datetime(1950, 1, 1, tzinfo=UTC), until=longest)
    certificates = [authority.signer.der, stranger.der, authority.middle.der]
    yield "stranger", tsa.response(tsa.token(authority.signer, certificates))


def _revocation(authority: tsa.Authority) -> Seeds:
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509 import ReasonFlags, ocsp
    from cryptography.x509.oid import ExtendedKeyUsageOID

    hour = timedelta(hours=1)
    revoked = [(authority.signer, tsa.NOW - hour, ReasonFlags.key_compromise)]
    later = [(authority.signer, tsa.NOW + hour, ReasonFlags.superseded)]
    yield "list", revocation.crl(authority.middle)
    yield "list-revoked", revocation.crl(authority.middle, revoked)
    yield "list-later", revocation.crl(authority.middle, later)
    yield "list-root", revocation.crl(authority.root)
    yield "answer", revocation.answer(authority.signer, authority.middle)
    yield (
        "answer-sha256",
        revocation.answer(authority.signer, authority.middle, algorithm=hashes.SHA256()),
    )
    yield "answer-revoked", revocation.answer(
        authority.signer, authority.middle, status=ocsp.OCSPCertStatus.REVOKED,
        since=tsa.NOW, reason=ReasonFlags.superseded,
    )  # fmt: skip
    for name, until in (("", tsa.NOW + hour), ("-endless", datetime(9999, 12, 31, 23, 59, 59))):
        by = tsa.issue(
            "Responder", authority.middle, authority=False,
            purposes=[ExtendedKeyUsageOID.OCSP_SIGNING], until=until.replace(tzinfo=UTC),
        )  # fmt: skip
        yield f"answer-delegate{name}", revocation.answer(authority.signer, authority.middle, by=by)
    pointed = revocation.pointed(authority.signer, authority.middle, "http://a.example/x.crl")
    yield "certificate", pointed.der


# --- records -------------------------------------------------------------------------------------


def _canonical(pack: Mapping[str, bytes]) -> Seeds:
    for at, line in enumerate(pack["data/ledger/entries.jsonl"].splitlines()[:4]):
        yield f"line-{at}", line
    yield "capture", pack["data/exhibits/E0001/capture.json"]
    yield "case", pack["data/case.json"]
    yield "withheld", b'{"withheld":"%s"}' % (b"0a" * 32)
    yield "small", canonical({"a": [None, True, -1, "\u202e", {"b": []}], "z": 2**53 - 1})
    yield "text", "很长 \u202e\u200d\x00\n".encode()
    yield "time", b"2026-11-12T13:06:31.5Z"


def _head(size: int, *, cosigned: bool = False) -> Checkpoint:
    name = "practice.holdfast.local/01930000-0000-7000-8000-000000000001"
    bare = Checkpoint(origin=name, size=size, root=tree_root(leaves(size)))
    head = bare.signed(name, OWNER.public, OWNER.sign(bare.text))
    if cosigned:
        key = cosignature.cosigner(cosignature.COSIGNER + COUNSEL.public.hex(), COUNSEL.public)
        seconds = 1_800_000_000
        signature = COUNSEL.sign(cosignature.message(head, seconds))
        head = cosignature.cosigned(head, key, seconds, signature)
    return head


def _checkpoint(pack: Mapping[str, bytes]) -> Seeds:
    head = _head(3)
    yield "head", head.note
    yield "cosigned", _head(9, cosigned=True).note
    yield "proof", write_proof(1, inclusion_proof(leaves(3), 1), head)
    yield "growth", growth.write_growth(growth.grown(leaves(9), 3, _head(9)))
    yield "key", str(OWNER.named(head.origin)).encode()
    yield "keys", pack["data/ledger/key.txt"]
    yield "printed", f"3:{head.root.hex()}".encode()


def _minisign() -> Seeds:
    for at, comment in enumerate(("the list of HF-2026-0001", "")):
        yield f"{at}", minisign.sign(SUBJECT, comment, OWNER.public, OWNER.sign).note


def _bag(pack: Mapping[str, bytes]) -> Seeds:
    yield "manifest", pack["manifest-sha256.txt"][:2000].rpartition(b"\n")[0] + b"\n"
    yield "tags", pack["tagmanifest-sha256.txt"]
    yield "paths", "\n".join(name.removeprefix("data/") for name in pack).encode()
    yield "odd", b"../x\n/etc/passwd\nCON\nnul.txt\na\\b\na//b\n" + b"a/" * 210
    yield "two", write_manifest([("data/a", "0" * 64), ("data/b", "1" * 64)])


def _changes() -> Seeds:
    yield "whole", b"\x00"
    yield "care", b"\x02"
    for kind in range(8):
        for care in range(3):
            yield f"{kind}-{care}", bytes((care,)) + joined(bytes((kind, 1, 0, 7, 5)))
    yield "odd-fact", b"\x02" + joined(b"\x06\x01\x00\x01\x25", b"\x00\xff\x00\x03\x0d")


def _enclosed(pack: Mapping[str, bytes]) -> Seeds:
    name = _head(1).origin
    manifest = pack["data/exhibits/E0001/capture.json"]
    ref = Ref(
        path="exhibits/E0001/capture.json", size=len(manifest),
        sha256=hashlib.sha256(manifest).hexdigest(), sm3="0" * 64,
    )  # fmt: skip
    line = write_entry(
        ledger=name.partition("/")[2], seq=1, at="2026-11-12T13:06:31.000Z", actor="person:0",
        act="exhibit.sealed", subject="E0001", refs=[ref], facts={}, nonce=bytes(16),
    )  # fmt: skip
    over = [*leaves(1), line.leaf, *leaves(3)[2:]]
    bare = Checkpoint(origin=name, size=3, root=tree_root(over))
    head = bare.signed(name, OWNER.public, OWNER.sign(bare.text))
    whole = {
        "key.txt": f"{OWNER.named(name)}\n".encode(),
        "checkpoint-3.txt": head.note,
        "E0001-sealed.json": line.body,
        "E0001-inclusion.tlog-proof": write_proof(1, inclusion_proof(over, 1), head),
        "E0001-capture.json": manifest,
    }
    yield "whole", _named(whole)
    yield "no-key", _named({n: d for n, d in whole.items() if n != "key.txt"})
    yield "head", _named({n: d for n, d in whole.items() if n in ("key.txt", "checkpoint-3.txt")})


def _named(files: Mapping[str, bytes]) -> bytes:
    return joined(*(bytes((ENCLOSED.index(name),)) + data for name, data in files.items()))


# --- files ---------------------------------------------------------------------------------------


def _pack(folder: Path) -> dict[str, bytes]:
    """A small practice pack with the owner's key, cosigned; its checker is a stand-in."""
    keys = folder / "data" / "keys"
    keys.mkdir(parents=True)
    (keys / "place").write_text("file")
    seed = hashlib.sha256(OWNER.word.encode()).digest()
    (keys / "installation.ed25519").write_bytes(base64.b64encode(seed) + b"\n")
    with rehearsal(folder) as made:
        _cosign(made)
        archive = made.export(folder / "pack.zip")
    with zipfile.ZipFile(archive) as zipped:
        files = {name.partition("/")[2]: zipped.read(name) for name in zipped.namelist()}
    files[VERIFIER], files["README.html"] = STAND_IN, b"<!doctype html><title>x</title>\n"
    from fuzz.base import rebagged

    return rebagged(files)


def _cosign(made: Rehearsal) -> None:
    from holdfast.usecases import custody

    head = custody.request(made.number, 0, store=made.store).checkpoint
    key = cosignature.cosigner(cosignature.COSIGNER + COUNSEL.public.hex(), COUNSEL.public)
    signature = COUNSEL.sign(cosignature.message(head, 1_800_000_000))
    note = cosignature.cosigned(head, key, 1_800_000_000, signature).note
    custody.cosigned(made.number, "head.txt", note, "", store=made.store, vault=made.vault)


def _zipped(files: Mapping[str, bytes], how: int, top: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(top + name)
            info.compress_type = how
            archive.writestr(info, files[name])
    return out.getvalue()


def _zipform(pack: Mapping[str, bytes]) -> Seeds:
    from fuzz.targets.zipform import _written

    few = {f"HF/{name}": pack[name] for name in ("bagit.txt", "data/ledger/key.txt")}
    yield "ours", _written(few)
    yield "stored", _zipped(few, zipfile.ZIP_STORED)
    yield "deflated", _zipped(few, zipfile.ZIP_DEFLATED)
    yield "bare", _zipped({"bagit.txt": pack["bagit.txt"]}, zipfile.ZIP_STORED)
    yield "lzma", _zipped({"bagit.txt": bytes(50)}, zipfile.ZIP_LZMA)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("HF/bagit.txt", "HF/../x", "HF/a/", "HF/A", "HF/a", "HF/CON", "other/x"):
            archive.writestr(zipfile.ZipInfo(name), b"" if name.endswith("/") else b"x")
        with archive.open(zipfile.ZipInfo("HF/large"), "w", force_zip64=True) as file:
            file.write(b"x")
        link = zipfile.ZipInfo("HF/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"/etc/passwd")
    yield "odd", out.getvalue()


def _pdf(pack: Mapping[str, bytes]) -> Seeds:
    import pikepdf

    for name, style in (
        ("streams", pikepdf.ObjectStreamMode.generate),
        ("plain", pikepdf.ObjectStreamMode.disable),
    ):
        document = pikepdf.new()
        document.add_blank_page()
        document.attachments["key.txt"] = pack["data/ledger/key.txt"]
        document.attachments["checkpoint-3.txt"] = _head(3).note
        out = io.BytesIO()
        document.save(out, object_stream_mode=style, deterministic_id=True)
        yield name, out.getvalue()
    bomb = zlib.compress(bytes(1 << 20), 9)
    yield "bomb", _with_stream(bomb, len(bomb))


def _with_stream(body: bytes, size: int) -> bytes:
    """A PDF by hand with one attachment that is a stream of these octets."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a.txt)3 0 R]>>>>>>",
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 4 0 R>>>>",
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Params<</Size %d>>/Length %d>>\nstream\n"
        % (size, len(body)) + body + b"\nendstream",
    )  # fmt: skip
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 5\n0000000000 65535 f \n" + rows
    return out + table + b"trailer<</Root 1 0 R/Size 5>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


def _verify(pack: Mapping[str, bytes], authority: tsa.Authority) -> Seeds:
    def under(name: str, raw: bytes, extra: int = 0) -> bytes:
        return bytes((VERIFIED.index(name) + extra,)) + raw

    small = {name: data for name, data in pack.items() if "video" not in name}
    yield "zip", under("f.zip", _zipped(small, zipfile.ZIP_DEFLATED, "HF/"))
    for name, raw in _opentimestamps():
        if name in ("practice", "both"):
            yield f"ots-{name}", under("f.ots", raw)
            yield f"file-ots-{name}", under("f.txt.ots", raw)
    token = tsa.response(authority.token())
    yield "tsr", under("f.tsr", token)
    yield "file-tsr", under("f.txt.tsr", token)
    yield "file-a-tsr", under("f.txt.a.tsr", token)
    query = rfc3161.make_query(hashlib.sha256(SUBJECT).digest(), rfc3161.MIN_NONCE)
    yield "file-tsq", under("f.txt.tsq", query)
    for name, raw in _pdf(pack):
        if name != "bomb":
            yield f"pdf-{name}", under("f.pdf", raw)
    yield "kept", under("f.txt", _head(9).note)
    yield "growth", under("f.txt", growth.write_growth(growth.grown(leaves(9), 3, _head(9))))
    yield "manifest", under("capture.json", pack["data/exhibits/E0001/capture.json"])


# --- what captures read --------------------------------------------------------------------------


def _playlist() -> Seeds:
    yield (
        "media",
        (
            b"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:3\n"
            b'#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@0"\n'
            b'#EXT-X-KEY:METHOD=AES-128,URI="k.bin",IV=0x00000000000000000000000000000001\n'
            b"#EXTINF:5.005,\n#EXT-X-BYTERANGE:1000@100\na.m4s\n#EXT-X-DISCONTINUITY\n"
            b"#EXTINF:2,\nhttps://b.example/b.m4s?x=1\n#EXT-X-ENDLIST\n"
        ),
    )
    yield (
        "master",
        (
            b"#EXTM3U\n"
            b'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="zh",DEFAULT=YES,URI="a.m3u8"\n'
            b'#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c00b,mp4a.40.2",AUDIO="a"\nv.m3u8\n'
            b"#EXT-X-STREAM-INF:BANDWIDTH=100000\nw.m3u8\n"
        ),
    )
    start = (
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'"
        b" mediaPresentationDuration='PT10.5S'><BaseURL>x/</BaseURL><Period>"
        b"<AdaptationSet mimeType='video/mp4'>"
    )
    end = b"</AdaptationSet></Period></MPD>"
    yield (
        "template",
        start
        + (
            b"<SegmentTemplate media='$RepresentationID$-$Number%03d$.m4s' startNumber='1'"
            b" initialization='i-$RepresentationID$.m4s' timescale='1000' duration='2000'/>"
            b"<Representation id='1' bandwidth='900'/>"
        )
        + end,
    )
    yield (
        "timeline",
        start
        + (
            b"<SegmentTemplate media='$Time$.m4s' timescale='90'><SegmentTimeline>"
            b"<S t='0' d='90' r='3'/><S d='45' r='-1'/></SegmentTimeline></SegmentTemplate>"
            b"<Representation id='1' bandwidth='9'/>"
        )
        + end,
    )
    yield (
        "list",
        start
        + (
            b"<Representation id='1' bandwidth='9'><SegmentList duration='2'>"
            b"<Initialization range='0-99'/><SegmentURL media='a' mediaRange='100-200'/>"
            b"</SegmentList></Representation>"
        )
        + end,
    )


def _containers() -> Seeds:
    from PIL import Image, PngImagePlugin

    label = '{"Label":"1","ContentProducer":"001191440300708461136T1XGW3","ProduceID":"x"}'
    xmp = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
        b"'http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description"
        b" xmlns:tc='http://www.tc260.org.cn/ns/AIGC/1.0/' tc:AIGC='"
        + label.replace('"', "&quot;").encode()
        + b"'/></rdf:RDF></x:xmpmeta>"
    )
    picture = Image.new("RGB", (4, 4))
    told = PngImagePlugin.PngInfo()
    told.add_text("AIGC", label)
    told.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
    told.add_text("Comment", "x" * 60, zip=True)
    exif = Image.Exif()
    exif[0x010E], exif[0x0131] = "a picture", "maker"
    options: Mapping[str, dict[str, Any]] = {
        "png": {"pnginfo": told, "exif": exif},
        "jpeg": {"exif": exif, "xmp": xmp, "comment": b"hello"},
        "webp": {"exif": exif.tobytes(), "xmp": xmp},
        "gif": {"comment": b"hello", "xmp": xmp},
        "tiff": {"tiffinfo": {270: "a picture", 700: xmp}},
    }
    for form, how in options.items():
        out = io.BytesIO()
        picture.save(out, form, **how)
        yield form, out.getvalue()

    def box(kind: bytes, *inside: bytes) -> bytes:
        body = b"".join(inside)
        return (len(body) + 8).to_bytes(4, "big") + kind + body

    data = box(b"data", bytes.fromhex("0000000100000000"), label.encode())
    keys = box(b"keys", bytes.fromhex("0000000000000001"), box(b"mdta", b"AIGC"))
    meta = box(b"meta", bytes(4), keys, box(b"ilst", box(bytes.fromhex("00000001"), data)))
    mvhd = box(b"mvhd", bytes(4), bytes(16), bytes(80))
    uuid = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), xmp)
    yield "mp4", box(b"ftyp", b"mp42", bytes(4)) + box(b"moov", mvhd, box(b"udta", meta)) + uuid
    text = b"\x03AIGC\0" + label.encode()
    frame = b"TXXX" + len(text).to_bytes(4, "big") + b"\0\0" + text
    yield "mp3", b"ID3\x04\0\0" + bytes((0, 0, len(frame) >> 7, len(frame) & 127)) + frame
    comment = b"AIGC=" + label.encode()
    vorbis = b"\x03\0\0\0abc\x01\0\0\0" + len(comment).to_bytes(4, "little") + comment
    yield "flac", b"fLaC\x84" + len(vorbis).to_bytes(3, "big") + vorbis
    yield "unknown", b"????" + xmp + b"????"
    yield "label", label.encode()


def _link() -> Seeds:
    for at, text in enumerate(
        (
            "https://drama.example/ep/12?x=1#t=3",
            "www.example.com/路径?问=答",
            "7.43 复制打开抖音，看看【短剧】 https://v.example.com/iAbC12/ 10/12 @u :4pm",
            "https://user:pass@evil.example/",
            "http://[::1]:8080/x",
            "127.0.0.1:8000/a",
            "例え.テスト/x",
            "https://例え.テスト:443/a b",
            "javascript:alert(1)",
            "https://xn--r8jz45g.xn--zckzah/%E4%B8",
            "https://a.example/\u202e\u200b",
        )
    ):
        yield f"{at}", text.encode()


if __name__ == "__main__":
    shutil.rmtree(LENT, ignore_errors=True)
    main()
