"""Long pictures made of screens: every row once, whatever the page does while it is scrolled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fakes.site import Page, Site, html, serving
from holdfast.adapters import browser, launch, tiles
from holdfast.adapters.tab import Tab
from holdfast.adapters.tiles import Bar, Place, PngRows, Unrolled, Unrolling, free_rows
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job

ROW = 20
ROWS = 200

STYLE = f"<style>body{{margin:0}} .row{{height:{ROW}px}}</style>"
# Each row has its number as its colour, so that a missing or doubled one shows.
MAKE = """<script>const row = n => { const made = document.createElement('div');
  made.className = 'row'; made.style.background = `rgb(${n % 256},${n >> 8},77)`; return made; };
  const rows = (into, from, to) => { for (let n = from; n < to; n++) into.append(row(n)); };
</script>"""
PLAIN = f"<main id=m></main>{MAKE}<script>rows(m, 0, {ROWS})</script>"
HANGING = """<header style='position:fixed;top:0;left:0;width:100%;height:60px;background:red'>
  menu</header><footer style='position:fixed;bottom:0;left:0;width:100%;height:40px;
  background:lime'>bar</footer><a style='position:fixed;right:9px;bottom:90px;width:50px;
  height:50px;background:blue'>top</a>"""
STICKY = """<nav style='position:sticky;top:0;height:40px;background:red'>menu</nav>"""
LATE = f"""<main id=m></main>{MAKE}<script>
  for (let part = 0; part < 5; part++) {{
    const box = document.createElement('section');
    box.style.minHeight = '800px'; m.append(box);
    new IntersectionObserver((seen, watch) => {{ if (seen.some(one => one.isIntersecting)) {{
      watch.disconnect();
      setTimeout(() => rows(box, part * 40, part * 40 + 40), 150); }}
    }}).observe(box);
  }}</script>"""
# Only what is in view exists, as in the lists of large sites.
# Until it is drawn anew, what was drawn for the screen before stands where it did.
VIRTUAL = f"""<main id=m style='position:relative;height:{ROWS * ROW}px'></main>{MAKE}<script>
  const draw = () => {{
    const first = Math.floor(scrollY / {ROW}), last = Math.ceil((scrollY + innerHeight) / {ROW});
    m.replaceChildren();
    for (let n = Math.max(first, 0); n < Math.min(last, {ROWS}); n++) {{
      const made = row(n); made.style.cssText +=
        `;position:absolute;left:0;right:0;top:${{n * {ROW}}}px`; made.textContent = 'row ' + n;
      m.append(made);
    }}
  }};
  let timer = 0;
  addEventListener('scroll', () => {{ clearTimeout(timer); timer = setTimeout(draw, LATE); }});
  draw();</script>"""
INNER = f"""<p>above</p><main id=m style='height:500px;overflow-y:auto;width:600px'></main>
  <div style='height:700px'>below</div>{MAKE}<script>rows(m, 0, {ROWS})</script>"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    pages: dict[str, Page | str] = {
        "/plain": html(STYLE + PLAIN),
        "/hanging": html(STYLE + HANGING + PLAIN),
        "/sticky": html(STYLE + STICKY + PLAIN),
        "/late": html(STYLE + LATE),
        **{
            f"/virtual-{late}": html(STYLE + VIRTUAL.replace("LATE", str(late)))
            for late in (0, 30, 120, 300)
        },
        "/inner": html(STYLE + INNER),
        "/wide": html(f"{STYLE}<div style='width:3000px'>{PLAIN}</div>"),
        "/wider": html(f"{STYLE}<div style='width:9000px;height:50px'>x</div>"),
        "/tall": html("<body style='margin:0'><div style='height:240000px;background:linear-"
                      "gradient(red,blue)'>top</div>"),
    }  # fmt: skip
    with serving(pages) as site:
        yield site


@pytest.fixture(scope="module")
def running(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    try:
        found = launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    log = tmp_path_factory.mktemp("browser") / "log"
    with browser.running(found, allow=frozenset({site.pair}), log=log, job=Job()) as program:
        yield program


@pytest.fixture(autouse=True)
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each long picture goes into several files."""
    monkeypatch.setattr(tiles, "PICTURE", 2_600)


def pictured(
    running: browser.Browser, url: str, scale: float, folder: Path, box: int = 0
) -> tuple[Unrolled, np.ndarray]:
    """The joined picture as it lies on disk."""
    tab = Tab(running, scale=scale)
    tab.open(url)
    tab.scroll_through()
    tab.place(0, 0, 0)
    tab.boxes(4)
    names: list[str] = []
    unrolling = Unrolling(tab, box, seen=lambda _: None)
    if box:
        with tab.box_shown(box):
            done = unrolling.into(folder, "box", names.append)
    else:
        done = unrolling.into(folder, "page", names.append)
    assert [part.file for part in done.parts] == names
    assert sum(part.rows for part in done.parts) == done.rows
    parts = [np.asarray(Image.open(folder / name)) for name in names]
    running.send("Target.closeTarget", {"targetId": tab._target})
    return done, np.concatenate(parts)


def expected(scale: float, below: int = 0) -> np.ndarray:
    """The colours of every row of pixels, after ``below`` CSS pixels of something else."""
    edges = np.arange(round(ROWS * ROW * scale)) / scale
    number = (edges // ROW).astype(int)
    return np.stack([number % 256, number // 256, np.full(len(number), 77)], axis=1)


@pytest.mark.parametrize("scale", [1, 1.5, 2])
@pytest.mark.parametrize("path", ["/plain", "/late", "/virtual-0", "/virtual-30"])
def test_every_row_stands_once(
    running: browser.Browser, site: Site, tmp_path: Path, path: str, scale: float
) -> None:
    done, picture = pictured(running, site.url(path), scale, tmp_path)
    assert picture.shape[:2] == (round(4_000 * scale), round(1280 * scale))
    np.testing.assert_array_equal(picture[:, round(700 * scale)], expected(scale))
    assert done.whole
    assert (done.moved, done.unlike, done.hanging) == ([], [], {})


@pytest.mark.parametrize("late", [120, 300])
def test_a_list_that_draws_itself_when_the_scrolling_is_over_is_waited_for(
    running: browser.Browser, site: Site, tmp_path: Path, late: int
) -> None:
    done, picture = pictured(running, site.url(f"/virtual-{late}"), 1, tmp_path)
    np.testing.assert_array_equal(picture[:, 700], expected(1))
    assert done.whole
    assert (done.moved, done.unlike) == ([], [])


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_what_hangs_is_shown_where_it_was_first(
    running: browser.Browser, site: Site, tmp_path: Path, scale: float
) -> None:
    done, picture = pictured(running, site.url("/hanging"), scale, tmp_path)
    column = picture[:, round(700 * scale)]
    top, bottom = round(60 * scale), round(40 * scale)
    assert (column[:top] == [255, 0, 0]).all()
    assert (column[-bottom:] == [0, 255, 0]).all()
    np.testing.assert_array_equal(column[top:-bottom], expected(scale)[top:-bottom])
    blue = (picture[:, round(1260 * scale)] == [0, 0, 255]).all(axis=1)
    assert blue.sum() == round(50 * scale), "the button stands once"
    assert set(done.hanging.values()) == {"once"}
    assert done.unlike == []


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_what_sticks_stands_in_its_own_place(
    running: browser.Browser, site: Site, tmp_path: Path, scale: float
) -> None:
    done, picture = pictured(running, site.url("/sticky"), scale, tmp_path)
    top = round(40 * scale)
    column = picture[:, round(700 * scale)]
    assert (column[:top] == [255, 0, 0]).all()
    np.testing.assert_array_equal(column[top:], expected(scale))
    assert done.unlike == []


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_a_box_is_unrolled_by_itself(
    running: browser.Browser, site: Site, tmp_path: Path, scale: float
) -> None:
    done, picture = pictured(running, site.url("/inner"), scale, tmp_path, box=1)
    assert picture.shape[1] == round(600 * scale)
    column = picture[:, round(300 * scale)].astype(int)
    # The box begins between two pixels at some scales: an edge may be rounded either way.
    ends = [0, *(np.flatnonzero((column[1:] != column[:-1]).any(axis=1)) + 1), len(column)]
    numbers = [column[end][0] + 256 * column[end][1] for end in ends[:-1]]
    assert numbers == list(range(ROWS))
    assert (
        {round(ROW * scale)} <= set(np.diff(ends)) <= {round(ROW * scale) + n for n in (-1, 0, 1)}
    )
    assert done.whole
    assert done.steady


def test_a_wide_page_is_pictured_to_its_side(
    running: browser.Browser, site: Site, tmp_path: Path
) -> None:
    done, picture = pictured(running, site.url("/wide"), 1, tmp_path)
    assert picture.shape[1] == 3000
    for x in (10, 1500, 2990):
        np.testing.assert_array_equal(picture[:, x], expected(1))
    beside = tmp_path / "wider"
    beside.mkdir()
    done, picture = pictured(running, site.url("/wider"), 1, beside)
    assert (picture.shape[1], done.content_width) == (tiles.WIDEST, 9000)


# --- without a browser ---------------------------------------------------------------------------


class Film:
    """A page of noise, seen through a window of 100 rows."""

    def __init__(self, rows: int, *, bars: tuple[Bar, ...] = (), seed: int = 1) -> None:
        self.page = np.random.default_rng(seed).integers(0, 255, (rows, 50, 3), dtype=np.uint8)
        self.bars = bars
        self.at = 0
        self.looks = 0

    def place(self, box: int, x: float, y: float) -> Place:
        self.looks += 1
        self.at = max(0, min(int(y), len(self.page) - 100))
        return Place(
            x=0, y=self.at, left=0, top=0, across=50, down=100, width=50,
            height=len(self.page), scale=1, bars=self.bars,
        )  # fmt: skip

    def screen(self, place: Place) -> np.ndarray:
        seen = self.page[self.at : self.at + 100].copy()
        for bar in self.bars:
            seen[int(bar.top) : int(bar.bottom)] = 7
        return seen

    def changed(self) -> bool:
        return False


def bar(top: float, bottom: float, name: str = "header") -> Bar:
    return Bar(name=name, top=top, bottom=bottom, left=0, right=50)


def rolled(film: Film, folder: Path, *, grows: bool = True) -> tuple[Unrolled, np.ndarray]:
    names: list[str] = []
    unrolling = Unrolling(film, 0, grows=grows, seen=lambda _: None)
    done = unrolling.into(folder, "page", names.append)
    return done, np.concatenate([np.asarray(Image.open(folder / name)) for name in names])


def test_what_moves_down_meanwhile_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven rows come in above while the page is pictured."""
    monkeypatch.setattr(tiles, "OVERLAP", 20)
    monkeypatch.setattr(tiles, "SLACK", 10)
    film = Film(500)
    before = film.page.copy()
    real = film.place

    def place(box: int, x: float, y: float) -> Place:
        if film.looks == 3:
            film.page = np.concatenate([np.full((7, 50, 3), 9, np.uint8), film.page])
        return real(box, x, y)

    monkeypatch.setattr(film, "place", place)
    done, picture = rolled(film, tmp_path)
    np.testing.assert_array_equal(picture, before)
    assert [by for _, by in done.moved] == [7]
    assert not done.steady
    assert done.whole


def test_a_screen_that_is_drawn_late_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice in a row one place shows nothing yet."""
    monkeypatch.setattr(tiles, "OVERLAP", 20)
    monkeypatch.setattr(tiles, "SLACK", 10)
    film = Film(300)
    real, blank = film.screen, iter([False, True, True])

    def screen(place: Place) -> np.ndarray:
        seen = real(place)
        return np.full_like(seen, 255) if next(blank, False) else seen

    monkeypatch.setattr(film, "screen", screen)
    done, picture = rolled(film, tmp_path)
    np.testing.assert_array_equal(picture, film.page)
    assert done.steady


def test_screens_that_disagree_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = Film(300)
    real = film.place

    def place(box: int, x: float, y: float) -> Place:
        film.page = np.random.default_rng(film.looks).integers(0, 255, (300, 50, 3), np.uint8)
        return real(box, x, y)

    monkeypatch.setattr(film, "place", place)
    done, picture = rolled(film, tmp_path)
    assert len(picture) == 300
    assert done.unlike
    assert not done.steady


def test_a_bar_that_comes_down_later_hides_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "OVERLAP", 20)
    film = Film(600)
    real = film.place

    def place(box: int, x: float, y: float) -> Place:
        film.bars = (bar(0, 30),) if y > 100 else ()
        return real(box, x, y)

    monkeypatch.setattr(film, "place", place)
    done, picture = rolled(film, tmp_path)
    np.testing.assert_array_equal(picture, film.page)
    assert done.hanging == {"header": "once"}
    assert done.steady


def test_what_fills_the_window_is_left_in_every_screen(tmp_path: Path) -> None:
    film = Film(250, bars=(bar(0, 100, "aside"),))
    done, picture = rolled(film, tmp_path)
    assert len(picture) == 250
    assert done.hanging == {"aside": "repeated"}
    assert done.colour == "#070707"


def test_what_has_no_end_is_pictured_as_far_as_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Film(400)
    real = film.place

    def place(box: int, x: float, y: float) -> Place:
        more = np.random.default_rng(film.looks).integers(0, 255, (90, 50, 3), np.uint8)
        film.page = np.concatenate([film.page, more])
        return real(box, x, y)

    monkeypatch.setattr(film, "place", place)
    done, picture = rolled(film, tmp_path, grows=False)
    assert len(picture) == 490
    assert not done.whole
    assert done.content_height > 490


def test_a_page_that_stops_scrolling_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Film(400)
    real = film.place
    monkeypatch.setattr(film, "place", lambda box, x, y: real(box, x, min(y, 100)))
    done, picture = rolled(film, tmp_path)
    np.testing.assert_array_equal(picture, film.page[:200])
    assert not done.whole


def test_what_rolls_by_in_a_window_that_stays_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "GROWN", 2)
    film = Film(400)
    real = film.place

    def place(box: int, x: float, y: float) -> Place:
        more = np.random.default_rng(film.looks).integers(0, 255, (10, 50, 3), np.uint8)
        film.page = np.concatenate([film.page[10:], more])
        return real(box, x, 0)

    monkeypatch.setattr(film, "place", place)
    done, picture = rolled(film, tmp_path)
    assert 800 <= len(picture) < 900
    assert not done.whole


def test_a_picture_that_takes_too_long_is_given_up_and_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "LONGEST", -1.0)
    film = Film(400)
    done, picture = rolled(film, tmp_path)
    np.testing.assert_array_equal(picture, film.page[:100])
    assert not done.whole


def test_a_picture_that_is_cut_short_is_a_picture(tmp_path: Path) -> None:
    film = Film(400)

    def broken(place: Place) -> np.ndarray:
        if place.y > 100:
            raise Unavailable("browser_gone")
        return Film.screen(film, place)

    film.screen = broken  # type: ignore[method-assign]  # it breaks on the way
    unrolling = Unrolling(film, 0, seen=lambda _: None)
    names: list[str] = []
    with pytest.raises(Unavailable):
        unrolling.into(tmp_path, "page", names.append)
    assert names == ["page.png"]
    picture = np.asarray(Image.open(tmp_path / "page.png"))
    np.testing.assert_array_equal(picture, film.page[: len(picture)])
    assert unrolling.done.rows == len(picture) > 90


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 60)), max_size=6))
def test_free_rows_are_free(spans: list[tuple[int, int]]) -> None:
    bars = tuple(bar(top, min(top + high, 100)) for top, high in spans)
    place = Place(
        x=0, y=0, left=0, top=0, across=50, down=100, width=50, height=900, scale=1, bars=bars
    )
    free = free_rows(place)
    assert 0 <= free.top < free.bottom <= 100
    for one in bars:
        if one not in free.hanging:
            assert one.bottom <= free.top or one.top >= free.bottom


def test_rows_become_a_png(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (70, 33, 3), dtype=np.uint8)
    png = PngRows(tmp_path / "a.png", 33)
    for top in range(0, 70, 20):
        png.add(pixels[top : top + 20])
    png.close()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), pixels)
