"""A reader's whole life in a browser, with the real daemon behind it, and no script on any page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.pages.site import links_of, parsed
from tests.ports import free_port
from tests.system.browser import Page, browser
from tests.system.house import HASTY, House, until

pytestmark = pytest.mark.system

READER = "ban@vidu.example"
HEADLINE = "Nhật Bản cho vay 38 tỷ yên xây cầu Vàm Nao, ký công hàm tại Hà Nội"
FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Báo Mẫu</title><item>
<title>{title}</title><link>https://baomau.example/cau-vam-nao-100001.html</link><guid>100001</guid>
<description>Khoản vay ODA của Chính phủ Nhật Bản có thời hạn 40 năm. JICA cử chuyên gia giám sát.</description>
<pubDate>{date}</pubDate></item></channel></rss>"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving_files(folder: Path) -> Iterator[int]:
    """A folder over HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def letters(house: House) -> dict[str, list[str]]:
    """The links of every letter in the outbox folder, by subject."""
    found = {}
    for file in house.outbox.glob("*.eml"):
        letter = parsed(file.read_bytes())
        found[str(letter["Subject"])] = links_of(letter)
    return found


def letter(house: House, words: str) -> list[str]:
    """The links of the letter with these words in its subject, once it is there."""
    assert until(lambda: any(words in subject for subject in letters(house)), seconds=60, every=0.2), letters(
        house
    )
    return next(links for subject, links in letters(house).items() if words in subject)


def link(links: list[str], kind: str) -> str:
    """The first link of a kind."""
    return next(each for each in links if f"/{kind}/" in each)


def test_a_readers_whole_life(tmp_path: Path, models: Path) -> None:
    """Sign-up, confirmation, choices, a digest, a correction, the way back from it, leaving, being forgotten."""
    pages = tmp_path / "feeds"
    pages.mkdir()
    feed = FEED.format(title=HEADLINE, date=format_datetime(datetime.now(UTC)))
    (pages / "mau.rss").write_text(feed, encoding="utf-8")
    house, port = House(tmp_path, models), free_port()
    house.starter = HASTY
    root = f"http://127.0.0.1:{port}"
    house.environment |= {"VIETNHAT_LISTEN": f"127.0.0.1:{port}", "VIETNHAT_BASE_URL": root}
    with serving_files(pages) as feeds:
        house.watch(["mau"], feeds)
        with house.started("run"):
            assert until(lambda: "event=cycle" in house.said(), seconds=90, every=0.2), house.said()
            asyncio.run(_live(house, root, tmp_path))
    assert house.slips() == []


async def _live(house: House, root: str, folder: Path) -> None:
    async with browser(folder) as page:
        await page.ask("Emulation.setScriptExecutionDisabled", value=True)
        await _sign_up(page, house, root)
        await _choose(page, house)
        digest = letter(house, HEADLINE[:40])
        await _correct(page, house, digest)
        await _come_back(page, digest)
        await _leave(page, house, digest)


async def _title(page: Page) -> str:
    return str(await page.evaluate("document.querySelector('h1').textContent"))


async def _sign_up(page: Page, house: House, root: str) -> None:
    await page.show(f"{root}/?lang=en", width=320)
    await page.press("form[action*=signup] button", address=READER, cadence="alerts", zone="Asia/Tokyo")
    assert await _title(page) == "Please check your mailbox"
    await page.show(link(letter(house, "Please confirm your subscription"), "c"), width=320)
    assert await _title(page) == "Confirm your subscription"
    assert [row["status"] for row in house.rows("SELECT status FROM subscriber")] == ["pending"]
    await page.press("main button")
    assert await _title(page) == "Confirmed"
    assert [row["status"] for row in house.rows("SELECT status FROM subscriber")] == ["active"]


async def _choose(page: Page, house: House) -> None:
    """Straight on to the preferences: Japanese, and a digest whose hour has just passed."""
    await page.press("main a.button")
    hour = str(datetime.now(UTC).astimezone().hour)
    await page.press(
        ".bar button", language="ja", cadence="daily", hour=hour, zone="Asia/Ho_Chi_Minh", watched="Vàm Nao"
    )
    assert await page.evaluate("document.querySelector('.notice').textContent") == "保存しました。"
    (row,) = house.rows("SELECT language, cadence, hour, watched FROM subscriber")
    assert (row["language"], row["cadence"], str(row["hour"])) == ("ja", "daily", hour)
    assert row["watched"] == '["Vàm Nao"]'


async def _correct(page: Page, house: House, digest: list[str]) -> None:
    await page.show(next(each for each in digest if each.endswith("/sector")), width=375)
    assert HEADLINE in await page.evaluate("document.body.textContent")
    await page.press("main button", sector="cities")
    assert await _title(page) == "ありがとうございます"
    assert [row["sectors"] for row in house.rows("SELECT sectors FROM correction")] == ['["cities"]']
    assert "cities" in house.call("label", "list")


async def _come_back(page: Page, digest: list[str]) -> None:
    """The letter leads to the preferences and to itself on the web."""
    await page.show(link(digest, "p"), width=375)
    assert await page.evaluate("document.querySelector('[name=language]').value") == "ja"
    await page.show(link(digest, "d"), width=375)
    assert HEADLINE in await page.evaluate("document.body.textContent")


async def _leave(page: Page, house: House, digest: list[str]) -> None:
    await page.show(link(digest, "u"), width=375)
    await page.press("main button")
    assert await _title(page) == "停止しました"
    assert [row["status"] for row in house.rows("SELECT status FROM subscriber")] == ["removed"]
    await page.evaluate("document.querySelector('details').open = true")
    await page.press("button.danger", sure="1")
    assert await _title(page) == "削除しました"
    for table in ("subscriber", "delivery", "digest", "digest_item", "reader_event", "correction"):
        assert house.rows(f"SELECT * FROM {table}") == [], table
    files = [house.db, house.db.with_name(f"{house.db.name}-wal")]
    assert not [file for file in files if file.exists() and READER.encode() in file.read_bytes()]
