"""Draws and encodes the practice videos: a person who does not exist, in a drama that does not.

H.264 and AAC in MP4, about nine seconds.  The drama and the claimant's own video show one drawn
face, so that there is something to compare.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 960, 540
FRAMES_PER_SECOND = 10
SECONDS = 9
_SAMPLES_PER_SECOND = 24_000
_FINE = 2
"""Figures are drawn this many times too large and shrunk, for smooth edges."""

_Colour = tuple[int, int, int]
_HAIR: _Colour = (42, 34, 40)
_SKIN: _Colour = (238, 214, 192)
_SHADE: _Colour = (221, 184, 160)
_LINE: _Colour = (92, 62, 54)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What one video shows."""

    title: str
    subtitles: tuple[str, str, str]
    """One a shot, three seconds each."""
    label: str
    """Stands in the corner throughout."""
    robe: _Colour
    sky: _Colour
    ground: _Colour
    blossoms: bool
    pitch: int
    """Semitones above A3 at which its tune begins."""


def drama(episode: int, title: str) -> Script:
    """An episode of 《桃花渡》."""
    robes: tuple[_Colour, ...] = ((176, 92, 102), (150, 84, 120), (186, 104, 84))
    return Script(
        title=f"《桃花渡》第{episode}集  {title}",
        subtitles=(
            "三年了，渡口的桃花又开了。",
            "你说过，花开的时候就回来。",
            "这一次，我不等了。",
        ),
        label="AI 生成",
        robe=robes[episode % len(robes)],
        sky=(243, 222, 214),
        ground=(178, 158, 154),
        blossoms=True,
        pitch=episode % 5,
    )


def original() -> Script:
    """The claimant's own video, older than the drama."""
    return Script(
        title="《桃夭·渡口》 林间有桃",
        subtitles=("今天去渡口试了新的妆造。", "发簪是自己做的。", "喜欢的话，下次拍教程。"),
        label="林间有桃",
        robe=(150, 120, 96),
        sky=(216, 224, 220),
        ground=(190, 200, 196),
        blossoms=False,
        pitch=7,
    )


def encode(script: Script, path: Path) -> None:
    """The video lies at ``path``, as an MP4 with its index first so that a player can begin."""
    import av
    import numpy as np

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        out.metadata["title"] = script.title
        video = out.add_stream("libx264", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "24", "g": str(FRAMES_PER_SECOND * 3)}
        sound = out.add_stream("aac", rate=_SAMPLES_PER_SECOND, layout="mono")
        for image in _frames(script):
            out.mux(video.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")))
        out.mux(video.encode(None))
        for samples in _tune(script.pitch):
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate = _SAMPLES_PER_SECOND
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))


SHORT_WIDTH, SHORT_HEIGHT, SHORT_SECONDS = 480, 270, 6


def encode_short(episode: int, path: Path) -> None:
    """A plain film of six seconds lies at ``path``, unlike those of all other numbers.

    Bands of light and a tone: quickly drawn, for a series of sixty.
    """
    import av
    import numpy as np

    wide = SHORT_WIDTH * 2
    across = np.arange(wide)[None, :] / SHORT_WIDTH
    down = np.arange(SHORT_HEIGHT)[:, None] / SHORT_HEIGHT
    grain = np.random.default_rng(episode).integers(-12, 13, (SHORT_HEIGHT, wide))
    light = 128 + 80 * np.sin(math.tau * (across * 2 + down * (1 + episode % 5))) + grain
    whole = np.stack([light, light * 0.9, 255 - light * 0.6], axis=2).clip(0, 255).astype(np.uint8)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        out.metadata["title"] = f"《长街旧梦》第{episode}集"
        video = out.add_stream("libx264", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = SHORT_WIDTH, SHORT_HEIGHT, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "26", "g": str(FRAMES_PER_SECOND * 3)}
        sound = out.add_stream("aac", rate=_SAMPLES_PER_SECOND, layout="mono")
        for number in range(SHORT_SECONDS * FRAMES_PER_SECOND):
            shift = number * 5 % SHORT_WIDTH
            picture = np.ascontiguousarray(whole[:, shift : shift + SHORT_WIDTH])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        at = np.arange(SHORT_SECONDS * _SAMPLES_PER_SECOND, dtype=np.float32)
        tone = 0.2 * np.sin(math.tau * (180 + episode * 4) * at / _SAMPLES_PER_SECOND)
        for begin in range(0, len(tone), 1024):
            block = tone[begin : begin + 1024].astype(np.float32).reshape(1, -1)
            heard = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            heard.sample_rate = _SAMPLES_PER_SECOND
            out.mux(sound.encode(heard))
        out.mux(sound.encode(None))


def still(script: Script, second: float) -> bytes:
    """One frame as JPEG."""
    held = io.BytesIO()
    _Film(script).frame(int(second * FRAMES_PER_SECOND)).save(held, "JPEG", quality=86)
    return held.getvalue()


def _frames(script: Script) -> Iterator[Image]:
    film = _Film(script)
    for number in range(FRAMES_PER_SECOND * SECONDS):
        yield film.frame(number)


class _Film:
    """The parts of a video, each drawn once, put together frame by frame."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._ground = _background(script)
        self._figures: dict[tuple[float, bool, bool], Image] = {}
        self._captions: dict[str, Image] = {}
        self._blossom = _blossom(26)

    def frame(self, number: int) -> Image:
        """Shot 1 shows her at half length, 2 her face, 3 her again from the other side."""
        script = self._script
        second = number / FRAMES_PER_SECOND
        shot = min(2, int(second // 3))
        scale = (0.82, 1.3, 0.82)[shot]
        pan = int(40 + 36 * math.sin(second * 0.5) + (60 if shot == 2 else 0))
        picture = self._ground.crop((pan, 0, pan + WIDTH, HEIGHT))
        is_blinking = number % 34 in {30, 31}
        is_speaking = (number // 3) % 3 != 0
        figure = self._figure(scale, is_blinking=is_blinking, is_speaking=is_speaking)
        left = (WIDTH - figure.width) // 2 + int(16 * math.sin(second * 1.3))
        left += (0, 0, 150)[shot]
        top = (18, -30, 18)[shot] + int(5 * math.sin(second * 2.1))
        picture.paste(figure, (left, top), figure)
        if script.blossoms:
            self._scatter(picture, second)
        self._caption(picture, script.label, 22, (WIDTH - 24, 20), "right")
        if shot == 0:
            self._caption(picture, script.title, 26, (24, 20), "left")
        self._caption(picture, script.subtitles[shot], 34, (WIDTH // 2, HEIGHT - 68), "middle")
        return picture

    def _figure(self, scale: float, *, is_blinking: bool, is_speaking: bool) -> Image:
        key = (scale, is_blinking, is_speaking)
        if key not in self._figures:
            self._figures[key] = _person(
                scale, self._script.robe, is_blinking=is_blinking, is_speaking=is_speaking
            )
        return self._figures[key]

    def _scatter(self, picture: Image, second: float) -> None:
        for petal in range(14):
            speed = 38 + petal * 7 % 30
            across = (petal * 173 - second * speed * 0.8 + 30 * math.sin(second + petal)) % WIDTH
            down = (petal * 97 + second * speed * 1.6) % (HEIGHT + 40) - 30
            picture.paste(self._blossom, (int(across), int(down)), self._blossom)

    def _caption(
        self, picture: Image, words: str, size: int, at: tuple[int, int], align: str
    ) -> None:
        if words not in self._captions:
            self._captions[words] = _written(words, size)
        drawn = self._captions[words]
        shift = {"left": 0, "middle": drawn.width // 2, "right": drawn.width}[align]
        picture.paste(drawn, (at[0] - shift, at[1]), drawn)


def _background(script: Script) -> Image:
    from PIL import Image, ImageDraw

    wide = WIDTH + 160
    picture = Image.new("RGB", (wide, HEIGHT), script.sky)
    pen = ImageDraw.Draw(picture)
    for row in range(HEIGHT):
        light = 14 - int(28 * row / HEIGHT)
        shade = tuple(max(0, min(255, part + light)) for part in script.sky)
        pen.line((0, row, wide, row), fill=shade)
    pen.ellipse((690, 40, 860, 210), fill=(250, 240, 232))
    far = tuple((one + two) // 2 for one, two in zip(script.sky, script.ground, strict=True))
    pen.polygon([(0, 400), (260, 290), (520, 410), (800, 300), (wide, 380), (wide, 540), (0, 540)],
        fill=far,
    )  # fmt: skip
    pen.polygon([(0, 470), (380, 410), (760, 480), (wide, 420), (wide, 540), (0, 540)],
        fill=script.ground,
    )  # fmt: skip
    if script.blossoms:
        pen.line((0, 60, 330, 130), fill=(104, 78, 74), width=9)
        pen.line((170, 96, 260, 40), fill=(104, 78, 74), width=6)
        for number, size in enumerate((46, 34, 52, 38, 44, 30, 48, 36)):
            flower = _blossom(size)
            at = (10 + number * 42, 34 + (number * 61) % 90)
            picture.paste(flower, at, flower)
    else:
        for column in range(0, wide, 140):
            pen.line((column, 0, column, 410), fill=far, width=3)
        pen.line((0, 96, wide, 96), fill=far, width=9)
    return picture


@cache
def _blossom(size: int) -> Image:
    """A flower with five petals on a clear ground."""
    from PIL import Image, ImageDraw

    full = size * 4
    picture = Image.new("RGBA", (full, full), (226, 150, 160, 0))
    pen = ImageDraw.Draw(picture)
    for petal in range(5):
        angle = math.tau * petal / 5 - math.pi / 2
        across = full / 2 + math.cos(angle) * full * 0.24
        down = full / 2 + math.sin(angle) * full * 0.24
        _disc(pen, across, down, full * 0.19, (226, 150, 160))
    _disc(pen, full / 2, full / 2, full * 0.1, (250, 226, 190))
    return picture.resize((size, size))


def _person(scale: float, robe: _Colour, *, is_blinking: bool, is_speaking: bool) -> Image:
    """Her at half length: 520 × 640 points times ``scale``, on a clear ground."""
    from PIL import Image, ImageDraw

    unit = scale * _FINE
    picture = Image.new("RGBA", (int(520 * unit), int(640 * unit)), (*_HAIR, 0))
    draw = _Pen(ImageDraw.Draw(picture), unit)
    _hair_and_robe(draw, robe)
    _face(draw, is_blinking=is_blinking, is_speaking=is_speaking)
    flower = _blossom(int(52 * unit))
    picture.paste(flower, (int(318 * unit), int(104 * unit)), flower)
    return picture.resize((int(520 * scale), int(640 * scale)), Image.Resampling.BOX)


class _Pen:
    """Draws in points, whatever the picture's size."""

    def __init__(self, pen: ImageDraw, unit: float) -> None:
        self._pen = pen
        self._unit = unit

    def shape(self, colour: _Colour, *points: tuple[float, float]) -> None:
        self._pen.polygon([(x * self._unit, y * self._unit) for x, y in points], fill=colour)

    def oval(self, colour: _Colour, x: float, y: float, wide: float, high: float) -> None:
        box = (x - wide, y - high, x + wide, y + high)
        self._pen.ellipse([side * self._unit for side in box], fill=colour)

    def line(self, colour: _Colour, width: float, *points: tuple[float, float]) -> None:
        """A stroke with round ends."""
        unit = self._unit
        self._pen.line(
            [(x * unit, y * unit) for x, y in points],
            fill=colour,
            width=max(1, round(width * unit)),
            joint="curve",
        )
        for x, y in (points[0], points[-1]):
            _disc(self._pen, x * unit, y * unit, width * unit / 2, colour)

    def curve(
        self, colour: _Colour, width: float, height: Callable[[float], float], x0: float, x1: float
    ) -> None:
        steps = [x0 + (x1 - x0) * step / 16 for step in range(17)]
        self.line(colour, width, *((x, height(x)) for x in steps))


def _hair_and_robe(draw: _Pen, robe: _Colour) -> None:
    dark = (robe[0] * 4 // 5, robe[1] * 4 // 5, robe[2] * 4 // 5)
    draw.oval(_HAIR, 260, 66, 58, 54)
    draw.oval(_HAIR, 260, 206, 122, 128)
    draw.shape(_HAIR, (138, 200), (382, 200), (392, 470), (128, 470))
    draw.shape(robe, (20, 640), (52, 500), (120, 446), (214, 410), (306, 410), (400, 446),
        (468, 500), (500, 640),
    )  # fmt: skip
    draw.line(dark, 3, (112, 640), (128, 520))
    draw.line(dark, 3, (408, 640), (392, 520))
    draw.shape(_SHADE, (226, 330), (294, 330), (300, 424), (260, 470), (220, 424))
    cream = (242, 228, 206)
    draw.shape(cream, (302, 398), (330, 418), (226, 590), (190, 560))
    draw.line(dark, 2, (330, 418), (226, 590))
    draw.shape(cream, (218, 398), (190, 418), (300, 612), (334, 584))
    draw.line(dark, 2, (190, 418), (300, 612))
    draw.line(dark, 2, (218, 398), (334, 584))


def _face(draw: _Pen, *, is_blinking: bool, is_speaking: bool) -> None:
    draw.oval(_SKIN, 260, 226, 84, 92)
    draw.shape(_SKIN, (176, 230), (344, 230), (330, 300), (298, 350), (276, 362), (244, 362),
        (222, 350), (190, 300),
    )  # fmt: skip
    draw.oval(_SKIN, 260, 338, 30, 26)
    # Parted in the middle, and drawn back to both sides.
    draw.shape(_HAIR, (260, 120), (182, 152), (166, 270), (186, 216), (260, 142))
    draw.shape(_HAIR, (260, 120), (338, 152), (354, 270), (334, 216), (260, 142))
    draw.oval((236, 190, 176), 205, 290, 22, 13)
    draw.oval((236, 190, 176), 315, 290, 22, 13)
    for side in (-1, 1):
        _eye(draw, 260 + side * 42, side, is_blinking=is_blinking)
    draw.line(_SHADE, 3, (256, 238), (250, 290), (264, 294))
    draw.oval((166, 44, 58), 260, 178, 4, 9)
    lips = (182, 62, 72)
    draw.oval(lips, 260, 324, 24, 11 if is_speaking else 7)
    if is_speaking:
        draw.oval((96, 24, 34), 260, 325, 15, 5)
    else:
        draw.curve((120, 34, 44), 2, lambda x: 323 + ((x - 260) / 24) ** 2 * 2, 238, 282)
    # The small dark mark below her left eye, which is on the viewer's right.
    draw.oval((58, 38, 34), 313, 274, 4, 4)
    draw.line((196, 154, 84), 3, (346, 152), (346, 190))
    for bead in (196, 208, 220):
        draw.oval((214, 120, 128), 346, bead, 5, 5)


def _eye(draw: _Pen, middle: float, side: int, *, is_blinking: bool) -> None:
    draw.curve(
        (62, 46, 44),
        6,
        lambda x: 219 + ((x - middle) / 28) ** 2 * 4 - side * (x - middle) * 0.05,
        middle - 28,
        middle + 28,
    )
    if is_blinking:
        draw.curve(_LINE, 4, lambda x: 254 - ((x - middle) / 26) ** 2 * 4, middle - 24, middle + 24)
        return
    draw.oval((252, 248, 244), middle, 250, 26, 11)
    draw.oval((48, 32, 28), middle, 250, 10, 11)
    draw.oval((255, 255, 255), middle + 3, 246, 3, 3)
    draw.curve(_LINE, 4, lambda x: 240 + ((x - middle) / 26) ** 2 * 9, middle - 26, middle + 26)


def _disc(pen: ImageDraw, x: float, y: float, radius: float, colour: _Colour) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _written(words: str, size: int) -> Image:
    """White words with a dark edge on a clear ground."""
    from PIL import Image, ImageDraw

    font = _font(size)
    left, top, right, bottom = font.getbbox(words, stroke_width=2)
    picture = Image.new("RGBA", (int(right - left), int(bottom - top)), (40, 30, 32, 0))
    ImageDraw.Draw(picture).text(
        (-left, -top), words, font=font, fill="white", stroke_width=2, stroke_fill=(40, 30, 32)
    )
    return picture


@cache
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = files("pylopdf_fonts_zh_cn").joinpath("NotoSansSC-Regular.otf")
    return ImageFont.truetype(str(font), size)


def _tune(pitch: int) -> Iterator[Any]:
    """A plain pentatonic tune, in blocks that an AAC encoder takes."""
    import numpy as np

    steps = (0, 4, 7, 9, 7, 4, 2, 4, 0, 2, 4, 7, 12, 9, 7, 4, 2, 0)
    length = _SAMPLES_PER_SECOND * SECONDS // len(steps)
    at = np.arange(length, dtype=np.float32) / _SAMPLES_PER_SECOND
    fade = np.exp(-at * 3.2) * np.minimum(1, at * 200)
    notes = [
        0.3 * fade * np.sin(math.tau * 220 * 2 ** ((pitch + step) / 12) * at) for step in steps
    ]
    samples = np.concatenate(notes).astype(np.float32)
    for begin in range(0, len(samples), 1024):
        yield samples[begin : begin + 1024].reshape(1, -1)
