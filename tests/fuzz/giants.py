"""Inputs of just under 1 MiB that ask for more than they are worth: what a guide would not find.

Each is made when it is wanted; nothing of them is kept.  By target: (what it is, the octets).
"""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from fakes.signers import Signer
from fuzz.base import base, lines, resealed
from fuzz.seeds import OWNER, _head, _with_stream, _zipped
from fuzz.target import joined
from fuzz.targets.verify import NAMES
from holdfast.core import der
from holdfast.core.ledger import read_checkpoint
from holdfast.core.opentimestamps import MAGIC
from holdfast.practice import blocks

MOST = (1 << 20) - 1
Raw = bytes | Callable[[], bytes]
Giant = tuple[str, Raw]


def giants(names: Sequence[str] = ()) -> Iterator[tuple[str, str, bytes]]:
    """(target, what it is, input), for all, or for these: ``der``, or ``der: identifiers``."""
    for target in dict.fromkeys(name.partition(": ")[0] for name in names or _MAKERS):
        for what, raw in _MAKERS[target]():
            if not names or {target, f"{target}: {what}"} & set(names):
                made = _made(raw)
                assert len(made) <= MOST, what
                yield target, what, made


def _made(raw: Raw) -> bytes:
    return raw if isinstance(raw, bytes) else raw()


def _filled(begin: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """As many units as go in."""
    return begin + unit * ((MOST - len(begin) - len(end)) // len(unit)) + end


def _inflating(mebibytes: int) -> bytes:
    """What unpacks to so much."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(mebibytes)) + packer.flush()


def _opentimestamps() -> Iterator[Giant]:
    head = MAGIC + b"\x01\x08" + bytes(32)
    leaf = b"\0" + bytes.fromhex("0588960d73d71901") + b"\x01\x01"
    long_ = b"\xf0" + b"\x80\x1f" + bytes(3968)
    yield "slow hashes over a long message", head + long_ + b"\xff\x67" * 9000 + leaf
    yield "ripemd over a long message", head + (long_ + b"\x03") * 200 + leaf
    yield "forks", _filled(head, b"\xff\xff\xff")
    yield "forks of reversals", _filled(head, b"\xff\xf2")
    yield "hexlify again and again", _filled(head, b"\xf3")
    yield "a number without an end", _filled(head[:-33], b"\xff")
    yield "many leaves", _filled(head, b"\xff" + leaf)
    yield "long unknown leaves", _filled(head, b"\xff\0" + bytes(8) + b"\x80\x40" + bytes(8192))


def _bitcoin() -> Iterator[Giant]:
    first = blocks.genesis()
    one = blocks.mined(1, first.id, blocks.GENESIS_TIME + 600, (blocks.coinbase(1),))
    run, before = [first.header, one.header], one
    for height in range(2, 2000):
        before = blocks.mined(height, before.id, 1577836800 + height, (blocks.coinbase(height),))
        run.append(before.header)
    yield "practice run", b"\x00" + b"".join(run)
    yield "strangers", _filled(b"\x00", one.header)
    yield "zeros", _filled(b"\x00", bytes(80))
    yield "lines", _filled(b"\x00", b"1 " + b"0" * 160 + b"\n")
    yield "blank lines", _filled(b"\x001 " + b"0" * 160 + b"\n", b"\n")
    yield "deep table", _filled(b"\x02", b"[")
    row = b'["%s","207fffff"],' % (b"0" * 64)
    yield (
        "wide table",
        _filled(b'\x02{"format":"holdfast-bitcoin-checkpoints/1","rows":[', row, b"[]]}"),
    )
    yield "a large number", _filled(b'\x02{"a":', b"9", b"}")


def _der() -> Iterator[Giant]:
    def holding(content: bytes) -> bytes:
        return der.element(der.SEQUENCE, content)

    room = MOST - 8
    yield "nulls", holding(b"\x05\x00" * (room // 2))
    yield "empty sequences", holding(b"\x30\x00" * 40_000)
    yield "deep", b"\x30\x80" * (room // 2)
    yield "one octet string", der.element(der.OCTET_STRING, bytes(room))
    yield "identifiers", holding(der.element(der.OID, b"\x2a" + b"\xff\x7f" * 60) * (room // 125))
    yield "integers", holding(der.element(der.INTEGER, b"\x01" * 2048) * (room // 2060))
    yield "one large integer", der.element(der.INTEGER, b"\x01" * room)


def _token(extra: bytes) -> bytes:
    """A token of ours with more in its certificate set."""
    from fuzz.target import seeds_of

    raw = next(raw for raw in seeds_of("rfc3161") if raw[:1] == b"\x30" and len(raw) > 1500)
    top = der.read(raw)

    def again(node: der.Node) -> bytes:
        if not node.tag & 0x20:
            return node.raw
        inner = b"".join(map(again, node.children))
        grows = node.tag == 0xA0 and len(node.children) > 1
        small = all(child.tag == der.SEQUENCE for child in node.children)
        return der.element(node.tag, inner, extra if grows and small and len(inner) > 600 else b"")

    return again(top)


def _certificates() -> bytes:
    from fuzz.target import LENT
    from holdfast.core.certificates import read_certificates

    return read_certificates((LENT / "chain.pem").read_bytes())[0]


def _rfc3161() -> Iterator[Giant]:
    one = _certificates()
    count = (MOST - 8000) // len(one)
    yield "the same certificate often", _token(one * count)
    strangers = b"".join(one.replace(b"Test TSA", b"%08d" % number, 1) for number in range(count))
    yield "strangers", _token(strangers)
    yield "small sequences", _token(b"\x30\x00" * 20_000)
    block = b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(one)
    yield "many in PEM", _filled(b"", block)
    yield "PEM that never ends", _filled(b"", b"-----BEGIN CERTIFICATE-----")
    yield "PEM of blanks", _filled(b"-----BEGIN CERTIFICATE-----", b" ")


def _revocation() -> Iterator[Giant]:
    from fuzz.target import seeds_of

    raw = next(one for one in seeds_of("revocation") if b"\x17\x0d" in one)
    top = der.read(raw)
    body = top.children[0]
    serials = (der.integer(2**64 + n) for n in range(40_000))
    when = der.element(der.UTC_TIME, b"261112130631Z")
    entries = b""
    for serial in serials:
        entries += der.element(der.SEQUENCE, serial, when)
        if len(entries) > MOST - 2000:
            entries = entries[: -len(der.element(der.SEQUENCE, serial, when))]
            break
    kept = [child.raw for child in body.children if child.tag in (2, 0x30, 0x17, 0xA0)][:5]
    made = der.element(der.SEQUENCE, *kept, der.element(der.SEQUENCE, entries))
    yield "many entries", der.element(der.SEQUENCE, made, *(c.raw for c in top.children[1:]))


def _canonical() -> Iterator[Giant]:
    yield "deep lists", _filled(b"", b"[")
    yield "deep objects", _filled(b"", b'{"a":')
    yield "a large number", _filled(b"", b"9")
    yield "a large fraction", _filled(b"0.", b"9")
    yield "small lists", _filled(b"[", b"[],", b"[]]")
    yield "the same key", _filled(b"{", b'"a":1,', b'"a":1}')
    yield "escapes", _filled(b'"', b"\\ud800", b'"')
    yield "controls", _filled(b"", b"\x01")
    yield "marks of direction", _filled(b"", "\u202e".encode())
    yield "backslashes", _filled(b'"', b"\\\\", b'"')
    refs = b'{"path":"a","sha256":"%s","size":1,"sm3":"%s"},' % (b"0" * 64, b"0" * 64)
    line = b'{"act":"x","actor":"a","at":"t","facts":{},"ledger":"l","nonce":"%s","refs":[' % (
        b"0" * 32
    )
    end = refs[:-1] + b'],"seq":0,"subject":"s","v":1}'
    yield "a line of refs", _filled(line, refs, end)


def _checkpoint() -> Iterator[Giant]:
    head = _head(3)
    signature = base64.b64encode(bytes(68)).decode()
    yield "signatures", _filled(head.note, f"— {head.origin} {signature}\n".encode())
    own = next(line for line in head.note.split(b"\n") if line.startswith("— ".encode()))
    yield "the same signature", _filled(head.text + b"\n", own + b"\n")
    yield (
        "steps",
        _filled(b"c2sp.org/tlog-proof@v1\nindex 1\n", base64.b64encode(bytes(32)) + b"\n"),
    )
    yield "keys", _filled(b"", str(OWNER.named(head.origin)).encode() + b"\n")
    yield "growth", _filled(b"old 3\n", base64.b64encode(bytes(32)) + b"\n", b"\n" + head.note)
    yield "blank lines", _filled(b"a\n1\n", b"\n")
    yield "a long name", _filled(b"", b"a", b"\n1\nAAAA\n\n")


def _minisign() -> Iterator[Giant]:
    yield "a long comment", _filled(b"untrusted comment: ", b"a", b"\n")
    yield "lines", _filled(b"", b"\n")


def _bag() -> Iterator[Giant]:
    rows = b"".join(b"%064x  data/%05d\n" % (n, n) for n in range(MOST // 77))
    yield "a long list", rows
    yield "the same name", _filled(b"", b"0" * 64 + b"  data/a\n")
    yield "slashes", _filled(b"0" * 64 + b"  ", b"a/")
    yield "a proof of proofs", _filled(b"exhibits/E0001/proofs/", b"a.ots.")
    yield "dots", _filled(b"ledger/checkpoints/", b".")


def _enclosed() -> Iterator[Giant]:
    keys = b"".join(f"{Signer(str(n)).named(_head(3).origin)}\n".encode() for n in range(400))
    yield "many keys", joined(b"\x00" + keys, *(b"\x01" + _head(3).note,) * 400)


def _playlist() -> Iterator[Giant]:
    yield "pieces", _filled(b"#EXTM3U\n", b"#EXTINF:1,\na\n")
    yield "addresses", _filled(b"#EXTM3U\n", b"a\n")
    yield "attributes", _filled(b"#EXTM3U\n#EXT-X-KEY:", b'A="b",')
    yield "an attribute without an end", _filled(b'#EXTM3U\n#EXT-X-KEY:A="', b"b")
    yield "renditions", _filled(b"#EXTM3U\n", b'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="a"\n')
    start = b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period>"
    yield "deep elements", _filled(start, b"<a>")
    yield "elements", _filled(start, b"<a/>")
    yield (
        "representations",
        _filled(
            start + b"<AdaptationSet><SegmentTemplate media='$Number$' duration='1'/>",
            b"<Representation id='1'/>",
        ),
    )
    many = b"<S t='0' d='1' r='9999999'/>"
    yield "timelines", _filled(
        start + b"<AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'>"
        b"<SegmentTimeline>", many,
        b"</SegmentTimeline></SegmentTemplate><Representation/></AdaptationSet></Period></MPD>",
    )  # fmt: skip
    sets = (
        b"<AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Number$' timescale='1'"
        b" duration='1'/><Representation id='1'/></AdaptationSet>"
    )
    begin = (
        b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' mediaPresentationDuration='PT19000S'><Period>"
    )
    yield "long sets", _filled(begin, sets, b"</Period></MPD>")
    yield "a base", _filled(start + b"<BaseURL>", b"a/", b"</BaseURL></Period></MPD>")
    entity = b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
    for one, before in zip("bcdefgh", "abcdefg", strict=True):
        entity += b"<!ENTITY %s '%s'>" % (one.encode(), (b"&%s;" % before.encode()) * 10)
    yield "entities", entity + b"]><MPD>&h;</MPD>"
    yield "blanks", _filled(b"", b" ")


def _containers() -> Iterator[Giant]:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", 0)

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13))
    yield "an inflating text", lambda: png + chunk(b"zTXt", b"a\0\0" + _inflating(300))
    small = zlib.compress(bytes(1 << 20), 9)
    yield "many inflating texts", _filled(png, chunk(b"zTXt", b"a\0\0" + small))
    yield "chunks", _filled(png, chunk(b"abcd", b""))
    yield "texts", _filled(png, chunk(b"tEXt", b"a\0b"))
    yield "boxes", _filled(b"\0\0\0\x10ftypmp42\0\0\0\0", struct.pack(">I4s", 8, b"free"))
    deep = b"".join(struct.pack(">I4s", MOST - 16 - 8 * at, b"moov") for at in range(1000))
    yield "deep boxes", b"\0\0\0\x10ftypmp42\0\0\0\0" + deep
    yield "segments", _filled(b"\xff\xd8", b"\xff\xfe\x00\x02")
    tiff = b"II*\0\x08\0\0\0"
    entries = struct.pack("<HHII", 0x010E, 2, 100_000, 8) * 60_000
    yield "entries", tiff + struct.pack("<H", 65_535) + entries
    loops = b"".join(struct.pack("<HHII", 0x8769, 4, 1, 8) for _ in range(1000))
    yield "loops", tiff + struct.pack("<H", 1000) + loops + bytes(4)
    yield "an XMP packet", _filled(b"????<x:xmpmeta>", b"<a>")
    yield "packets", _filled(b"????", b"<x:xmpmeta></x:xmpmeta>")
    yield "openings", _filled(b"????", b"<x:xmpmeta")
    yield "a label", _filled(b'{"Label":', b"[")
    yield "escaped labels", _filled(b'{"AIGC":"', b'\\\\\\"', b'"}')
    frames = b"TXXX" + (10).to_bytes(4, "big") + b"\0\0" + b"\x03a\0bbbbbbb"
    yield "frames", _filled(b"ID3\x04\0\0\x00\x3f\x7f\x7f", frames)
    comments = struct.pack("<I", 2**31) + struct.pack("<I", 1) * 1
    yield "comments", _filled(b"fLaC\x84\x0f\xff\xff\0\0\0\0" + comments, b"\x01\0\0\0a")
    yield "sub-blocks", _filled(b"GIF89a" + bytes(7) + b"!\xfe", b"\x01a")
    yield "RIFF chunks", _filled(b"RIFF\xff\xff\x0f\0WEBP", b"abcd\0\0\0\0")


def _link() -> Iterator[Giant]:
    yield "long", _filled(b"https://a.example/", b"a")
    short = 8100
    yield "labels", b"https://" + b"a." * (short // 2)
    yield "schemes", b"https://a " * (short // 10)
    yield "letters", b"https://" + "例".encode() * (short // 3)
    yield "digits", b"1." * (short // 2)
    yield "blanks", b"a" + b" " * short + b"a"


def _zipform() -> Iterator[Giant]:
    yield "one bomb", lambda: _members(300 << 20, 1)
    yield "many small bombs", lambda: _members(1 << 20, 700)
    yield "many larger ones", lambda: _members(20 << 20, 30)
    yield "empty members", _members(0, 9000)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 2, 0, 0)
    yield "a huge directory", b"PK\x03\x04" + bytes(100) + end
    yield "signatures", _filled(b"", b"PK\x05\x06")
    yield "a long comment", b"PK\x03\x04" + end[:-2] + b"\xff\xff" + b"PK\x05\x06" * 16_000


def _members(size: int, count: int) -> bytes:
    """A ZIP with so many members of zeros; packed once."""
    body = bytes(size)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, crc = packer.compress(body) + packer.flush(), zlib.crc32(body)
    made, directory = io.BytesIO(), b""
    names = ["HF/bagit.txt", *(f"HF/{n:05d}" for n in range(count))]
    for name in names:
        at, raw = made.tell(), name.encode()
        fields = (20, 0, 8, 0, 33, crc, len(packed), size, len(raw), 0)
        if at + 2 * (len(packed) + 30 + len(raw)) + len(directory) + 200 > MOST:
            break
        made.write(struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *fields) + raw + packed)
        directory += (
            struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, at) + raw
        )
    start = made.tell()
    made.write(directory)
    found = directory.count(b"PK\x01\x02")
    made.write(
        struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, found, found, len(directory), start, 0)
    )
    return made.getvalue()


def _pdf() -> Iterator[Giant]:
    yield "an inflating attachment", lambda: _with_stream(_inflating(300), 10)
    yield "damaged", b"%PDF-1.7\n" + b"".join(b"%d 0 obj[]endobj\n" % n for n in range(1, 50_000))
    yield "deep", _filled(b"%PDF-1.7\n1 0 obj", b"[")
    yield "deep dictionaries", _filled(b"%PDF-1.7\n1 0 obj", b"<</A")


def _verify() -> Iterator[Giant]:
    def under(name: str, raw: Raw) -> Raw:
        return lambda: bytes((NAMES.index(name) + 64,)) + _made(raw)[: MOST - 1]

    for what, make in _PACKS.items():
        yield what, under("f.zip", make)
    for name, about, makers in (
        ("f.zip", "zip", _zipform),
        ("f.pdf", "pdf", _pdf),
        ("f.txt.tsr", "token", _rfc3161),
    ):
        for what, raw in makers():
            yield f"{about}: {what}", under(name, raw)


# --- packs that somebody with the key filled until they were nearly 1 MiB ------------------------


@cache
def _files() -> dict[str, bytes]:
    return {name: data for name, data in base().items() if "video" not in name}


def _packed(changed: dict[str, bytes]) -> bytes:
    return _zipped(changed, zipfile.ZIP_DEFLATED, "HF/")


def _crowd() -> bytes:
    """Keys that no line names, each with a signature on the head."""
    entries, key = lines(_files()), _files()["data/ledger/key.txt"].partition(b"+")[0].decode()
    opened = {**entries[0], "facts": {"world": "practice"}}
    crowd = [Signer(str(number)) for number in range(1000)]
    made = resealed(_files(), [opened, *entries[1:]])
    made["data/ledger/key.txt"] = b"".join(f"{one.named(key)}\n".encode() for one in crowd)
    head = replace(read_checkpoint(made["data/ledger/checkpoint.txt"]), signatures=())
    for one in crowd:
        head = head.signed(key, one.public, bytes(64))
    made["data/ledger/checkpoint.txt"] = head.note
    return _packed(made)


def _withheld() -> bytes:
    body = b'{"withheld":"%s"}\n' % (b"0" * 64)
    return _packed({**_files(), "data/ledger/entries.jsonl": body * 2_000_000})


def _bare_lines() -> bytes:
    entries = lines(_files())
    cosigned = [
        {**entries[-2], "seq": len(entries) + n, "act": "checkpoint.cosigned", "subject": f"{n}",
         "refs": [], "facts": {"size": n}}
        for n in range(3000)
    ]  # fmt: skip
    return _packed(resealed(_files(), [*entries, *cosigned]))


def _long_facts() -> bytes:
    entries = lines(_files())
    facts = {"withheld": [[n, n] for n in range(0, 100_000, 2)], "only": ["E0001"] * 50_000}
    exported = {**entries[-1], "facts": {**entries[-1]["facts"], **facts}, "seq": len(entries)}
    return _packed(resealed(_files(), [*entries, exported]))


def _many_heads() -> bytes:
    heads = dict(_files())
    for n in range(1500):
        heads[f"data/ledger/checkpoints/{n}.txt"] = heads["data/ledger/checkpoint.txt"]
    return _packed(resealed(heads, lines(heads)))


def _many_lists() -> bytes:
    lists = dict(_files())
    crl = next(data for name, data in lists.items() if name.endswith(".crl"))
    for n in range(1500):
        lists[f"data/timestamps/practice-tsa-jia/revocation/{n:016x}.crl"] = crl
    return _packed(lists)


_PACKS = {
    "keys and signatures": _crowd,
    "withheld lines": _withheld,
    "lines without refs": _bare_lines,
    "long facts": _long_facts,
    "many heads": _many_heads,
    "many lists": _many_lists,
}
_MAKERS = {
    "opentimestamps": _opentimestamps,
    "bitcoin": _bitcoin,
    "der": _der,
    "rfc3161": _rfc3161,
    "revocation": _revocation,
    "canonical": _canonical,
    "checkpoint": _checkpoint,
    "minisign": _minisign,
    "bag": _bag,
    "enclosed": _enclosed,
    "playlist": _playlist,
    "containers": _containers,
    "link": _link,
    "zipform": _zipform,
    "pdf": _pdf,
    "verify": _verify,
}
