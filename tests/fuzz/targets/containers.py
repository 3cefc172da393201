"""What pictures and films say of themselves: any bytes give a bounded account, nothing else."""

from __future__ import annotations

import io
from contextlib import suppress

from fuzz.target import Target
from holdfast.adapters import containers
from holdfast.core import marks
from holdfast.core.canonical import canonical


def run(data: bytes) -> None:
    found = containers.read(io.BytesIO(data))
    assert len(found.tags) <= containers.MOST_TAGS
    assert len(found.faults) <= 21
    canonical([tag.body() for tag in found.tags])
    canonical([label.body() for label in marks.labels(found.tags)])
    marks.iptc(found.tags)
    text = data.decode("utf-8", "replace")
    canonical(marks.ai_label(text, "f").body())
    with suppress(ValueError):
        canonical([tag.body() for tag in marks.xmp(data, "f")])


TARGET = Target(
    name="containers",
    run=run,
    tokens=(
        b"\x89PNG\r\n\x1a\n",
        b"IHDR",
        b"iTXt",
        b"zTXt",
        b"tEXt",
        b"eXIf",
        b"\xff\xd8\xff\xe1",
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00",
        b"http://ns.adobe.com/xap/1.0/\x00",
        b"RIFF\x00\x00\x00\x00WEBPVP8X",
        b"GIF89a",
        b"\x00\x00\x00\x18ftypmp42",
        b"moovudtameta",
        b"ilstdata",
        b"ID3\x04\x00\x00",
        b"TXXX",
        b"fLaC",
        b"OggS",
        b"AIGC",
        b'{"Label":"1","ContentProducer":"',
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>",
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>",
        b"<!ENTITY",
    ),
    largest=32 << 10,
)
