"""Small films, encoded when they are asked for."""

from __future__ import annotations

from pathlib import Path


def film(at: Path, *, seconds: int = 2, black: bool = False, every: int = 0) -> bytes:
    """An H.264 film of 160x90 with a tone, or black and silent; a key frame ``every`` so many."""
    import av
    import numpy as np

    with av.open(str(at), "w") as out:
        more = {"g": str(every), "keyint_min": str(every)} if every else {}
        video = out.add_stream("libx264", rate=10, options={"preset": "ultrafast", **more})
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        sound = None if black else out.add_stream("aac", rate=8000, layout="mono")
        for number in range(seconds * 10):
            picture = np.zeros((90, 160, 3), np.uint8)
            if not black:
                picture[:, : 8 * (number % 20), 0] = 255
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode())
        if sound is not None:
            times = np.arange(seconds * 8000) / 8000
            tone = (np.sin(times * 2765) * 8000).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.sample_rate = 8000
            out.mux(sound.encode(frame))
            out.mux(sound.encode())
    return at.read_bytes()


def padded(at: Path, size: int) -> bytes:
    """A film with so many bytes of nothing between its pictures and its table of contents."""
    data = film(at, seconds=4)
    place = data.rindex(b"moov") - 4
    return data[:place] + (size + 8).to_bytes(4, "big") + b"free" + bytes(size) + data[place:]
