"""The demo's digests, and a weekly edition, as a browser lays them out: on small and large phones, in light and dark,
in three languages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor.config.settings import load_settings
from monitor.demo import play
from monitor.types import Language
from tests.aloud import Aloud
from tests.digest.weeks import archive_of, rich_archive, weekly_letter
from tests.system.browser import Mode, browser

pytestmark = pytest.mark.system

WIDTHS = (320, 375, 600)
MODES: tuple[Mode, ...] = ("light", "dark")
LANGUAGES: tuple[Language, ...] = ("en", "ja", "vi")
BAR_CELL = "td[width='7']"
SEES = Path(__file__).with_name("letter.js")

BARS = f"""[...document.querySelectorAll("{BAR_CELL}")].map((cell) => {{
  const box = cell.getBoundingClientRect(), style = getComputedStyle(cell);
  return {{ bottom: box.bottom, width: box.width, whole: box.height, bar: parseFloat(style.borderBottomWidth) }};
}})"""

BAD = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><div style="width:700px;height:650px"></div>
<h3 style="margin:0;font-size:16px"><a href="https://bad.example/">Low</a></h3><p style="font-size:12px">small</p>
<p style="color:#999">pale</p><p style="display:none;font-size:1px">unseen</p>"""


@dataclass(frozen=True)
class View:
    """One letter at one width in one mode."""

    page: str
    width: int
    mode: Mode
    seen: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.page} {self.width} {self.mode}"


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory, models: Path) -> list[View]:
    """Every letter of the demo, and weekly editions, seen in every way."""
    folder = tmp_path_factory.mktemp("letters")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        settings = load_settings(
            {"models": models, "mail_from": "digest@sample.example", "base_url": "https://tin.example"}
        )
        pages = play(folder / "demo", settings, lambda _: None)
    pages += _weekly_pages(folder)
    return asyncio.run(_look(folder, pages))


def _weekly_pages(folder: Path) -> list[Path]:
    """A rich week and an empty one in each language."""
    taxonomy = load_taxonomy()
    pages = []
    for name, archive in (("week", rich_archive(taxonomy)), ("emptyweek", archive_of([]))):
        for language in LANGUAGES:
            pages.append(folder / f"{name}-{language}.html")
            pages[-1].write_text(weekly_letter(archive, taxonomy, language).html, encoding="utf-8")
    return pages


async def _look(folder: Path, pages: list[Path]) -> list[View]:
    expression, views = SEES.read_text(encoding="utf-8"), []
    async with browser(folder) as page:
        for file in pages:
            for width in WIDTHS:
                for mode in MODES:
                    await page.show(file, width=width, mode=mode)
                    seen = await page.evaluate(expression) | {"bars": await page.evaluate(BARS)}
                    views.append(View(file.stem, width, mode, seen))
    return views


def test_every_letter_is_seen_in_every_way(views: list[View], aloud: Aloud) -> None:
    """Three languages, three widths, two modes; the page knows both width and mode."""
    assert {view.page[-2:] for view in views} == set(LANGUAGES)
    assert all((view.seen["width"], view.seen["mode"]) == (view.width, view.mode) for view in views)
    assert all(view.seen["page"].endswith(f"/{view.page}.html") for view in views)
    assert all(len(view.seen["texts"]) > 10 and len(view.seen["links"]) >= 2 for view in views)
    with aloud():
        print("\n" + _figures(views))


def test_the_bars_of_a_week_stand_on_one_line(views: list[View]) -> None:
    """The picture needs no picture: nine cells a sector, of one width and one ground, each as high as it was told."""
    weeks = [view for view in views if view.page.startswith("week-")]
    assert len(weeks) == len(LANGUAGES) * len(WIDTHS) * len(MODES)
    for view in weeks:
        bars = view.seen["bars"]
        assert len(bars) == 9 * 10, str(view)
        for start in range(0, len(bars), 9):
            row = bars[start : start + 9]
            assert {(bar["bottom"], bar["width"], bar["whole"]) for bar in row} == {(row[0]["bottom"], 7, 40)}
        assert max(bar["bar"] for bar in bars) == 40
        assert [bar["bar"] for bar in bars[:9]][2] == 0


def test_the_measure_sees_what_is_wrong(tmp_path: Path) -> None:
    """A page with every fault has every fault found: the measure itself is measured."""
    (tmp_path / "bad.html").write_text(BAD, encoding="utf-8")

    async def look() -> dict[str, Any]:
        async with browser(tmp_path) as page:
            await page.show(tmp_path / "bad.html", width=320, mode="light")
            return dict(await page.evaluate(SEES.read_text(encoding="utf-8")))

    seen = asyncio.run(look())
    assert [round(text["size"]) for text in seen["texts"]] == [16, 12, 16]
    assert [text["contrast"] < 4.5 for text in seen["texts"]] == [False, False, True]
    assert [link["height"] < 44 for link in seen["links"]] == [True]
    assert seen["scrollWidth"] == 700
    assert seen["headline"]["bottom"] > 600


def test_the_top_headline_stands_on_the_first_screen(views: list[View]) -> None:
    """At 375 px the whole headline of the first story lies within the first 600 px."""
    low = {str(view): view.seen["headline"] for view in views if view.width == 375 and view.seen["headline"]}
    assert low
    assert not {view: line for view, line in low.items() if line["bottom"] > 600}


def test_all_text_is_large_enough(views: list[View]) -> None:
    """No visible text below 16 px."""
    assert not {
        (str(view), text["text"], text["size"])
        for view in views
        for text in view.seen["texts"]
        if text["size"] < 16
    }


def test_all_text_stands_out(views: list[View]) -> None:
    """Contrast of at least 4.5:1 (WCAG 2.2, 1.4.3), whatever the size, in both modes."""
    assert not {
        (str(view), text["text"], round(text["contrast"], 2))
        for view in views
        for text in view.seen["texts"]
        if text["contrast"] < 4.5
    }


def test_every_link_can_be_hit_with_a_thumb(views: list[View]) -> None:
    """Each link's box is at least 44 px high."""
    assert not {
        (str(view), link["text"], link["height"])
        for view in views
        for link in view.seen["links"]
        if link["height"] < 44
    }


def test_nothing_scrolls_sideways(views: list[View]) -> None:
    """Neither the page nor any text is wider than the screen, at any width."""
    assert not {
        str(view): view.seen["scrollWidth"] for view in views if view.seen["scrollWidth"] > view.width
    }
    assert not {
        (str(view), text["text"])
        for view in views
        for text in view.seen["texts"]
        if text["right"] > view.width + 0.5
    }


def _figures(views: list[View]) -> str:
    texts = [text for view in views for text in view.seen["texts"]]
    links = [link for view in views for link in view.seen["links"]]
    lowest = max(v.seen["headline"]["bottom"] for v in views if v.width == 375 and v.seen["headline"])
    contrast = {
        mode: min(t["contrast"] for v in views if v.mode == mode for t in v.seen["texts"]) for mode in MODES
    }
    return (
        f"letters: {len(views)} views; headline ends at {lowest:.0f} px; "
        f"text from {min(t['size'] for t in texts):g} px; "
        f"contrast from {contrast['light']:.2f} (light), {contrast['dark']:.2f} (dark); "
        f"links from {min(link['height'] for link in links):g} px high; "
        f"widest page at 320: {max(v.seen['scrollWidth'] for v in views if v.width == 320)} px"
    )
