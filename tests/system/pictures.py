"""Draws docs/pictures anew: daily, weekly and alert in three languages, as a phone and a desktop show them, and pages.

Run it after a change of a letter's or a page's looks, and look at what it made: `python -m tests.system.pictures`.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from classifiers.models import ModelStore
from classifiers.release import first_model
from classifiers.taxonomy import load_taxonomy
from monitor.config.settings import load_settings
from monitor.demo import play
from monitor.digest.alerts import alert_of
from monitor.digest.compose import compose
from monitor.digest.render import render
from monitor.links import Purpose
from monitor.reception.counter import counter_of
from monitor.types import Language
from tests.digest.samples import FRAME, reader
from tests.digest.weeks import NOW, candidates_of, rich_archive, weekly_letter
from tests.pages.site import Site, site
from tests.system.browser import Page, browser

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LANGUAGES: tuple[Language, ...] = ("vi", "en", "ja")
SCREENS = {"phone": (375, 1500), "desktop": (900, 1300)}
"""Width, and how much of the height is kept."""


def letters(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of every kind of letter in every language."""
    taxonomy = load_taxonomy()
    models = folder / "models"
    first_model(ModelStore(models), datetime.now(UTC))
    settings = load_settings(
        {"models": models, "mail_from": "digest@sample.example", "base_url": "https://tin.example"}
    )
    days = play(folder / "demo", settings, lambda _: None)
    archive = rich_archive(taxonomy)
    for language in LANGUAGES:
        yield f"daily-{language}", next(day for day in days if day.stem.endswith(f"15-{language}"))
        texts = {"weekly": weekly_letter(archive, taxonomy, language).html}
        own = reader(
            language,
            zone="Asia/Tokyo" if language == "ja" else "Asia/Ho_Chi_Minh",
            alert_sectors=("economy",),
        )
        fresh = [one for one in candidates_of(archive) if one.article.published > NOW - timedelta(hours=36)]
        near = [
            replace(one, article=replace(one.article, published=NOW - timedelta(hours=1))) for one in fresh
        ]
        digest = compose(own, slot=NOW, since=NOW, now=NOW, candidates=near, polled_entries=9)
        alert = alert_of(digest)
        assert alert is not None
        texts["alert"] = render(alert, taxonomy, FRAME).html
        for kind, html in texts.items():
            file = folder / f"{kind}-{language}.html"
            file.write_text(html, encoding="utf-8")
            yield f"{kind}-{language}", file


def addresses(pages: Site) -> Iterator[tuple[str, str]]:
    """Name and address of the pages worth a picture."""
    yield "page-signup-vi", f"{pages.root}/?lang=vi"
    own = pages.add(
        "desk@chamber.example", language="en", sectors=("economy", "oda"), watched=("Bến Thành – Suối Tiên",)
    )
    links = counter_of(pages.settings).links
    yield "page-preferences-en", links.to(Purpose.OWN, own, now=datetime.now(UTC))
    pages.issue(
        "Nhật Bản cho vay 41 tỷ yên kéo dài metro Suối Tiên tới Long Thành", now=datetime.now(UTC),
        below=("Hội chợ ẩm thực Nhật Bản ở Bình Thạnh",),
    )  # fmt: skip
    yield "page-digest-ja", f"{pages.link('d')}?lang=ja"


async def draw(shown: list[tuple[str, Path | str]], page: Page) -> None:
    """Each at both widths."""
    for name, where in shown:
        for screen, (width, most) in SCREENS.items():
            await page.show(where, width=width)
            # The figures of a week stand below its stories.
            whole = 2 * most if name.startswith("weekly") else most
            await page.picture(TARGET / f"{name}-{screen}.png", width=width, most=whole)


async def main(folder: Path, shown: list[tuple[str, Path | str]]) -> None:
    """All of them."""
    async with browser(folder) as page:
        await draw(shown, page)
        with site() as pages:
            await draw([*addresses(pages)], page)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        TARGET.mkdir(exist_ok=True)
        os.chdir(made)
        asyncio.run(main(Path(made), [*letters(Path(made))]))
