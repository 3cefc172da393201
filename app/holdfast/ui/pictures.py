"""Pictures of evidence: read within limits, blurred once, shown only when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

if TYPE_CHECKING:
    from holdfast.core.evidence import Artifact, Exhibit
    from holdfast.core.job import Job
    from holdfast.ui.desk import Desk
    from holdfast.ui.parts import Thumb

MEMORY_MIB = 256
"""No picture may ask for more than this while it is decoded."""
LONGEST = 100_000
FORMATS = {
    "image/png": b"png",
    "image/jpeg": b"jpeg",
    "image/webp": b"webp",
    "image/gif": b"gif",
    "image/bmp": b"bmp",
}
"""Only these are decoded: as what they were recorded, never as what they claim to be."""


ICONS = {
    "page": "page",
    "screen": "image",
    "recording": "recording",
    "video": "video",
    "file": "file",
    "phone": "phone",
    "series": "pack",
}
"""What stands for an exhibit without a picture, by its source."""


def limited() -> None:
    """No picture takes more than its share of memory from now on."""
    QImageReader.setAllocationLimit(MEMORY_MIB)


def read(path: Path, media_type: str, within: QSize) -> QImage:
    """The picture filling ``within``, its top if it is tall; a null image when it is none."""
    format_ = FORMATS.get(media_type)
    if format_ is None:
        return QImage()
    reader = QImageReader(str(path), format_)
    reader.setAutoTransform(True)
    reader.setDecideFormatFromContent(False)
    whole = reader.size()
    if not whole.isValid() or max(whole.width(), whole.height()) > LONGEST:
        return QImage()
    part = QRect(QPoint(0, 0), whole)
    if whole.height() > 2 * whole.width():
        # Of a long page the top is what a person knows it by, and all of it may not fit in memory.
        part.setHeight(2 * whole.width())
        reader.setClipRect(part)
    image = reader.read()
    if image.isNull():
        return QImage()
    filled = image.scaled(
        within,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    return filled.copy(QRect(QPoint((filled.width() - within.width()) // 2, 0), within))


def blurred(image: QImage) -> QImage:
    """The picture without anything to recognise, the same size."""
    if image.isNull():
        return image
    few = image.scaled(
        12,
        8,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return few.scaled(
        image.size(),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def preview_of(exhibit: Exhibit) -> Artifact | None:
    """The file of an exhibit that shows it: a derived frame first, else a picture it holds."""
    pictures = [a for a in exhibit.artifacts if a.media_type in FORMATS]
    return min(pictures, key=lambda a: (a.role != "derived", a.path), default=None)


def load_picture(desk: Desk, exhibit: Exhibit, thumb: Thumb) -> None:
    """The thumb holds the exhibit's picture as soon as it was read, blurred."""
    found = preview_of(exhibit)
    icon = ICONS[exhibit.source]
    thumb.show_pictures(QImage(), QImage(), icon)
    if found is None:
        return
    holdfast, room = desk.holdfast, thumb.room

    def work(_: Job) -> tuple[QImage, QImage]:
        path: Path = holdfast.artifact(found.digest.sha256)
        clear = read(path, found.media_type, room)
        return clear, blurred(clear)

    task = desk.runner.start(work, writes=False)
    task.succeeded.connect(lambda both: thumb.show_pictures(both[0], both[1], icon))
    # A picture that cannot be read is no trouble of its own: the icon stands there.
