"""A WACZ 1.1.1 of what a browser received: WARC records, an index, the page, and their digests.

What the page pulled stands in ``archive/data.warc.gz``, what we asked for ourselves in
``archive/lookups.warc.gz``.  Bodies stand with their content encoding undone, and the headers that
spoke of it under ``X-Orig-…``; every header as it came is in the metadata record beside the
response.  The same traffic gives the same bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import responses
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote_plus, urlsplit
from uuid import UUID

import holdfast
from holdfast.adapters.spool import Body, Spool
from holdfast.adapters.traffic import Exchange
from holdfast.core.canonical import one_line
from holdfast.core.withheld import WITHHELD, opens, shown

VERSION = "1.1.1"
MEDIA_TYPE = "application/wacz"
_BLOCK = 1 << 20
_LINES = 300
"""Lines of the index that are compressed together."""
_LONGEST_KEY = 4096
_CODED = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_NO_REPLAY = frozenset({"HEAD", "OPTIONS"})
_TRUNCATED = {
    "too_large": "length",
    "full": "length",
    "open": "time",
    "evicted": "unspecified",
    "unseen": "unspecified",
}
_SECRET_FACTS = frozenset(
    {"headersText", "associatedCookies", "blockedCookies", "exemptedCookies", "requestHeaders",
     "requestHeadersText"}
)  # fmt: skip
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page that the archive opens with."""

    url: str
    at: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A body that came in ranges and is whole when they are put together."""

    url: str
    at: str
    media_type: str
    parts: tuple[tuple[Body, int, int], ...]
    """Body, start in it, bytes."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(length for _, _, length in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into an archive."""

    page: Page
    exchanges: tuple[Exchange, ...]
    joined: tuple[Joined, ...] = ()
    certificates: Mapping[str, tuple[bytes, ...]]
    """DER chains by origin."""
    agent: str = ""
    private: bool = False
    """Whether somebody is logged in: cookies and the like would open their account to a reader, and
    what was posted may be their password.  Bodies that came and addresses stay as they are.
    """


def write(at: Path, contents: Contents, spool: Spool) -> None:
    """A WACZ of ``contents`` is at ``at``."""
    page, lookups = at.with_suffix(".page"), at.with_suffix(".lookups")
    try:
        index: list[str] = []
        ours = tuple(one for one in contents.exchanges if one.source == "lookup")
        theirs = tuple(one for one in contents.exchanges if one.source != "lookup")
        names = {"archive/data.warc.gz": page}
        with page.open("wb") as out:
            warc = _Warc(out, "data.warc.gz", spool, index)
            warc.begin(contents, "what the page's browser received")
            warc.certificates(contents)
            warc.exchanges(theirs, whole=_whole(contents.exchanges))
        if ours or contents.joined:
            names["archive/lookups.warc.gz"] = lookups
            with lookups.open("wb") as out:
                warc = _Warc(out, "lookups.warc.gz", spool, index)
                warc.begin(
                    contents,
                    "separate look-ups by Holdfast after the page, and ranges put together",
                )
                warc.exchanges(ours, whole=_whole(contents.exchanges))
                warc.joined(contents.joined)
        _packed(at, contents.page, names, sorted(index))
    finally:
        page.unlink(missing_ok=True)
        lookups.unlink(missing_ok=True)


def _whole(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Addresses of which at least one answer is whole."""
    return frozenset(one.url for one in exchanges if one.whole and _replayable(one))


def _replayable(one: Exchange) -> bool:
    """Whether a reader of the archive that asks for the address may be given this answer."""
    if one.method in _NO_REPLAY or one.status in (0, 304):
        return False
    return one.status != 206 or (one.whole and full_range(one))


def full_range(one: Exchange) -> bool:
    """Whether a 206 brought the whole after all."""
    span = content_range(one)
    return span is not None and one.body is not None and span == (0, one.body.size, one.body.size)


def content_range(one: Exchange) -> tuple[int, int, int] | None:
    """Start, end and total of a partial answer; end is exclusive, total 0 where it is not said."""
    found = re.fullmatch(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)", one.header("content-range"))
    if found is None:
        return None
    return int(found[1]), int(found[2]) + 1, 0 if found[3] == "*" else int(found[3])


# --- WARC ----------------------------------------------------------------------------------------


class _Stretch:
    """Bytes of a body as a file that ends where it does."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._left = block
        size = len(self._left) if size < 0 else size
        data, self._left = self._left[:size], self._left[size:]
        return data


class _Member:
    """A gzip member as it is written; ``flush`` ends it."""

    def __init__(self, out: IO[bytes], level: int) -> None:
        self._out = out
        self._packer = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS + 16)

    def write(self, data: bytes) -> None:
        self._out.write(self._packer.compress(data))

    def flush(self) -> None:
        self._out.write(self._packer.flush())
        self._out.flush()


class _Warc:
    """One WARC file as it is written, with its lines of the index."""

    def __init__(self, out: IO[bytes], name: str, spool: Spool, index: list[str]) -> None:
        from warcio.statusandheaders import (  # type: ignore[import-untyped]  # brings no types
            StatusAndHeaders,
        )
        from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]  # brings no types

        self._out = out
        self._name = name
        self._spool = spool
        self._index = index
        self._private = False
        self._count = 0
        self._head = StatusAndHeaders
        self._writer = WARCWriter(None, gzip=False, warc_version="WARC/1.1")

    def begin(self, contents: Contents, about: str) -> None:
        """The record that says what this is."""
        self._private = contents.private
        said = {
            "software": f"Holdfast {holdfast.__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": "WACZ",
            "http-header-user-agent": one_line(contents.agent),
            "description": f"{about}; bodies with their content encoding undone, raw headers in "
            "the metadata record beside each response"
            + (
                "; what was posted and headers that open an account are withheld"
                if contents.private
                else ""
            ),
        }
        data = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value).encode()
        more = {"WARC-Filename": self._name}
        self._record("warcinfo", "", contents.page.at, data, "application/warc-fields", more)

    def certificates(self, contents: Contents) -> None:
        """The chain of each host, its own certificate first."""
        for origin, chain in sorted(contents.certificates.items()):
            for number, der in enumerate(chain, 1):
                uri = f"urn:holdfast:certificate:{origin}:{number}"
                self._record("resource", uri, contents.page.at, der, "application/pkix-cert")

    def exchanges(self, exchanges: Iterable[Exchange], whole: frozenset[str]) -> None:
        """Response, request and metadata of each."""
        for one in exchanges:
            if one.answer is None:
                self._metadata(one, "")
                continue
            id_ = self._response(one, whole)
            self._request(one, id_)
            self._metadata(one, id_)

    def joined(self, joined: Iterable[Joined]) -> None:
        """Bodies that ranges made whole: resources, for no server ever answered like this."""
        for one in joined:
            digest = hashlib.sha256()
            for block in self._blocks(one):
                digest.update(block)
            sha256 = digest.hexdigest()
            start = self._out.tell()
            self._write(
                "resource",
                one.url,
                one.at,
                _Stretch(self._blocks(one)),
                one.size,
                one.media_type,
                {
                    "WARC-Payload-Digest": f"sha256:{sha256}",
                    "WARC-Block-Digest": f"sha256:{sha256}",
                },
            )
            self._line(one.url, one.at, one.media_type, 200, sha256, start)

    def _blocks(self, one: Joined) -> Iterator[bytes]:
        for body, start, length in one.parts:
            yield from self._spool.read(body, start, length)

    def _response(self, one: Exchange, whole: frozenset[str]) -> str:
        body = one.body
        size, sha256 = (0, hashlib.sha256().hexdigest()) if body is None else (
            body.size, body.sha256
        )  # fmt: skip
        reason = str((one.answer or {}).get("statusText") or responses.get(one.status, ""))
        head = self._head(
            f"{one.status} {_plain(reason)}".strip(),
            self._shown(_stored(one, size)),
            protocol="HTTP/1.1",
        )
        head.compute_headers_buffer()
        digest = hashlib.sha256(head.headers_buff)
        if body is not None:
            for block in self._spool.read(body):
                digest.update(block)
        more = {
            "WARC-Payload-Digest": f"sha256:{sha256}",
            "WARC-Block-Digest": f"sha256:{digest.hexdigest()}",
        }
        if one.address:
            more["WARC-IP-Address"] = one.address
        if (one.answer or {}).get("protocol"):
            more["WARC-Protocol"] = one_line(str((one.answer or {})["protocol"])[:40])
        if not one.whole:
            more["WARC-Truncated"] = _TRUNCATED.get(one.trouble, "disconnect")
        start = self._out.tell()
        stretch = _Stretch(iter(()) if body is None else self._spool.read(body))
        id_ = self._write(
            "response", one.url, one.started, stretch, size, "", more, head, one.media_type
        )
        if _replayable(one) and (one.whole or one.url not in whole):
            self._line(one.url, one.started, one.media_type, one.status, sha256, start, one)
        return id_

    def _request(self, one: Exchange, answer: str) -> None:
        parts = urlsplit(one.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = [(name, _plain(value)) for name, value in one.asked_headers if name[:1] != ":"]
        if not any(name.lower() == "host" for name, _ in headers):
            headers.insert(0, ("Host", parts.netloc))
        posted = one.posted
        if self._private and posted:
            posted = WITHHELD.encode()
            headers = [one for one in headers if one[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(posted))))
        head = self._head(f"{target} HTTP/1.1", self._shown(headers), protocol=one.method)
        head.compute_headers_buffer()
        payload = hashlib.sha256(posted).hexdigest()
        block = hashlib.sha256(head.headers_buff + posted).hexdigest()
        more = {
            "WARC-Concurrent-To": answer,
            "WARC-Payload-Digest": f"sha256:{payload}",
            "WARC-Block-Digest": f"sha256:{block}",
        }
        stream = BytesIO(posted)
        self._write("request", one.url, one.started, stream, len(posted), "", more, head)

    def _shown(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if not self._private:
            return headers
        return [(name, shown(name, value)) for name, value in headers]

    def _metadata(self, one: Exchange, answer: str) -> None:
        """What the browser told of it, unchanged: raw headers, timing, connection, certificate."""
        said: dict[str, Any] = {
            "number": one.number,
            "url": one.url,
            "source": one.source,
            "kind": one.kind,
            "trouble": one.trouble,
            "reason": one.reason,
            "whole": one.whole,
            "charset": one.charset,
            "received": one.received,
            "wire": one.wire,
            "request": {k: v for k, v in one.asked.items() if not k.startswith("postData")},
            "requestExtraInfo": one.asked_raw,
            "response": one.answer,
            "responseExtraInfo": one.answer_raw,
        }
        if self._private:
            said = _without_secrets(said)
        data = json.dumps(said, ensure_ascii=True, sort_keys=True).encode()
        more = {"WARC-Concurrent-To": answer} if answer else {}
        uri = f"urn:holdfast:exchange:{one.number}"
        self._record("metadata", uri, one.started, data, "application/json", more)

    def _record(
        self,
        kind: str,
        uri: str,
        at: str,
        data: bytes,
        media_type: str,
        more: Mapping[str, str] | None = None,
    ) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        digests = {"WARC-Block-Digest": f"sha256:{sha256}"}
        if kind != "warcinfo":
            digests["WARC-Payload-Digest"] = f"sha256:{sha256}"
        self._write(kind, uri, at, BytesIO(data), len(data), media_type, digests | dict(more or {}))

    def _write(
        self,
        kind: str,
        uri: str,
        at: str,
        payload: Any,
        size: int,
        media_type: str,
        more: Mapping[str, str],
        head: Any = None,
        inner_type: str = "",
    ) -> str:
        self._count += 1
        # Ids come from what they name, so that the same traffic gives the same file.
        named = f"{self._name}\n{self._count}\n{kind}\n{uri}\n{at}\n{sorted(more.items())}"
        id_ = f"<urn:uuid:{UUID(bytes=hashlib.sha256(named.encode()).digest()[:16], version=4)}>"
        said = {"WARC-Record-ID": id_, "WARC-Date": at, **more}
        record = self._writer.create_warc_record(
            uri,
            kind,
            payload=payload,
            length=size,
            warc_content_type=media_type,
            warc_headers_dict=said,
            http_headers=head,
        )
        # Each record is a gzip member of its own.  What is compressed already is only wrapped.
        packed = (media_type or inner_type).startswith(("video/", "audio/", "image/"))
        self._writer.out = _Member(self._out, 0 if packed else 6)
        self._writer.write_record(record)
        return id_

    def _line(
        self,
        url: str,
        at: str,
        media_type: str,
        status: int,
        sha256: str,
        start: int,
        one: Exchange | None = None,
    ) -> None:
        said = {
            "url": url,
            "mime": media_type or "application/octet-stream",
            "status": str(status),
            "digest": f"sha256:{sha256}",
            "length": str(self._out.tell() - start),
            "offset": str(start),
            "filename": self._name,
        }
        wanted = url
        if one is not None and one.method != "GET":
            query = "" if self._private else _posted(one)
            wanted = f"{url}{'&' if '?' in url else '?'}__wb_method={one.method}{query}"
            said |= {"method": one.method, "requestBody": query.removeprefix("&")}
        stamp = re.sub(r"\D", "", at)[:14]
        line = json.dumps(said, ensure_ascii=True)
        self._index.append(f"{sort_key(wanted)} {stamp} {line}\n")


def _without_secrets(said: Any) -> Any:
    if isinstance(said, dict):
        return {
            name: WITHHELD if isinstance(value, str) and opens(name) else _without_secrets(value)
            for name, value in said.items()
            if name not in _SECRET_FACTS
        }
    return [_without_secrets(one) for one in said] if isinstance(said, list) else said


def _stored(one: Exchange, size: int) -> list[tuple[str, str]]:
    """The answer's headers for a body whose encoding is undone."""
    kept = []
    for name, value in one.headers:
        lower = name.lower()
        if name.startswith(":"):
            continue
        if lower in _CODED and not (lower == "content-length" and value == str(size)):
            kept.append((f"X-Orig-{name}", _plain(value)))
        else:
            kept.append((_plain(name), _plain(value)))
    if one.body is not None and not any(name.lower() == "content-length" for name, _ in kept):
        kept.append(("Content-Length", str(size)))
    return kept


def _plain(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def _posted(one: Exchange) -> str:
    """What was posted, as part of the address it is looked up by."""
    sent = {name.lower(): value for name, value in one.asked_headers}
    if sent.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        try:
            return "&" + unquote_plus(one.posted.decode())[:_LONGEST_KEY]
        except UnicodeDecodeError:
            pass
    if not one.posted:
        return ""
    return f"&__wb_post_data={base64.b64encode(one.posted).decode()}"[:_LONGEST_KEY]


def sort_key(url: str) -> str:
    """The address as the index is sorted by (SURT): host backwards, then the path, lower case."""
    lower = re.sub(r"^(https?://)www\d*\.", r"\1", url.lower())
    parts = urlsplit(lower)
    host = ",".join(reversed((parts.hostname or "").split(".")))
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != standard else ""
    query = "?" + "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return re.sub(r"\s", "%20", f"{host}{port}){parts.path or '/'}{query}")


# --- the container -------------------------------------------------------------------------------


def _packed(at: Path, page: Page, warcs: Mapping[str, Path], lines: list[str]) -> None:
    index, pointers = _compressed(lines)
    small = {
        "indexes/index.cdx.gz": index,
        "indexes/index.idx": pointers,
        "pages/pages.jsonl": _pages(page),
    }
    resources = [
        _resource(name, _hashed(path), path.stat().st_size) for name, path in warcs.items()
    ]
    resources += [
        _resource(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in small.items()
    ]
    package = json.dumps(
        {
            "profile": "data-package",
            "wacz_version": VERSION,
            "software": f"Holdfast {holdfast.__version__}",
            "created": page.at,
            "title": page.title or page.url,
            "mainPageUrl": page.url,
            "mainPageDate": page.at,
            "resources": resources,
        },
        indent=2,
        ensure_ascii=True,
    ).encode()
    digest = {
        "path": "datapackage.json",
        "hash": f"sha256:{hashlib.sha256(package).hexdigest()}",
    }
    small["datapackage.json"] = package
    small["datapackage-digest.json"] = json.dumps(digest, indent=2).encode()
    with zipfile.ZipFile(at, "w") as archive:
        for name, path in warcs.items():
            with path.open("rb") as file, archive.open(_entry(name, path.stat().st_size), "w") as o:
                while block := file.read(_BLOCK):
                    o.write(block)
        for name, data in small.items():
            archive.writestr(_entry(name, len(data)), data)


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    entry.file_size = size
    return entry


def _resource(path: str, sha256: str, size: int) -> dict[str, str | int]:
    name = path.rpartition("/")[2].lower()
    return {"name": name, "path": path, "hash": f"sha256:{sha256}", "bytes": size}


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pages(page: Page) -> bytes:
    head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    id_ = hashlib.sha256(f"{page.url}\n{page.at}".encode()).hexdigest()[:20]
    line = {
        "id": id_,
        "url": page.url,
        "ts": page.at,
        "title": page.title or page.url,
        "text": page.text,
    }
    return "".join(json.dumps(one, ensure_ascii=True) + "\n" for one in (head, line)).encode()


def _compressed(lines: list[str]) -> tuple[bytes, bytes]:
    """The index in members of so many lines, and where each begins (ZipNum)."""
    whole = b""
    meta = json.dumps({"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"})
    pointers = f"!meta 0 {meta}\n"
    for first in range(0, len(lines), _LINES):
        block = "".join(lines[first : first + _LINES]).encode()
        member = gzip.compress(block, 9, mtime=0)
        said = {
            "offset": len(whole),
            "length": len(member),
            "digest": f"sha256:{hashlib.sha256(member).hexdigest()}",
        }
        prefix = lines[first].split("{", 1)[0].strip()
        pointers += f"{prefix} {json.dumps(said)}\n"
        whole += member
    return whole or gzip.compress(b"", 9, mtime=0), pointers.encode()


# --- reading it again ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a second reading of an archive found."""

    records: int
    problems: tuple[str, ...]
    bodies: Mapping[str, frozenset[str]]
    """SHA-256 of every body of a response or resource, by address."""


def read(at: Path) -> Read:
    """Every digest in the archive is computed anew from the file itself."""
    problems: list[str] = []
    bodies: dict[str, set[str]] = {}
    count = 0
    with zipfile.ZipFile(at) as archive:
        package = archive.read("datapackage.json")
        said = json.loads(archive.read("datapackage-digest.json"))["hash"]
        if said != f"sha256:{hashlib.sha256(package).hexdigest()}":
            problems.append("datapackage.json")
        for resource in json.loads(package)["resources"]:
            with archive.open(resource["path"]) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a reader is enough
            if resource["hash"] != f"sha256:{digest}":
                problems.append(str(resource["path"]))
        for name in archive.namelist():
            if name.startswith("archive/"):
                with archive.open(name) as file:
                    count += _records(file, name, problems, bodies)
    return Read(
        records=count,
        problems=tuple(dict.fromkeys(problems)),
        bodies={url: frozenset(found) for url, found in bodies.items()},
    )


def _records(file: IO[bytes], name: str, problems: list[str], bodies: dict[str, set[str]]) -> int:
    from warcio.archiveiterator import (  # type: ignore[import-untyped]  # brings no types
        ArchiveIterator,
    )
    from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]  # the same

    count = 0
    try:
        for record in ArchiveIterator(file, check_digests=True):
            digest = hashlib.sha256()
            while block := record.raw_stream.read(_BLOCK):
                digest.update(block)
            count += 1
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            if record.digest_checker.passed is False:
                problems.append(f"{name}: {one_line(url[:200])}")
            if record.rec_type in ("response", "resource"):
                bodies.setdefault(url, set()).add(digest.hexdigest())
    except (ArchiveLoadFailed, zlib.error, zipfile.BadZipFile, EOFError, ValueError) as error:
        problems.append(f"{name}: {one_line(str(error)[:200])}")
    return count
