"""Rules of the whole way from bytes to entries. All texts are our own."""

import time
from datetime import UTC, datetime

import pytest

from monitor.ingest.read import read
from monitor.types import Document, Entry, Failed, FailureKind, Feed

FEED = Feed("home", "Báo thử", "trang nhất", "https://news.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


def _read(items: str) -> Document:
    body = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title> Báo&#160;thử</title>{items}'
    document = read(f"{body}</channel></rss>".encode(), "text/xml", FEED)
    assert isinstance(document, Document)
    return document


def test_an_entry() -> None:
    """Decoded, parsed, cleaned, dated and identified in one go."""
    document = _read(
        "<item><title>Ký hiệp định &amp;amp; ghi nhớ</title><link>/cau-moi-5100826.html?utm_source=rss</link>"
        "<pubDate>11/21/2026 10:00:00 PM</pubDate><description><![CDATA[<p>(Dân trí) - Hai nước</p><p>ký kết.</p>"
        "<div style='clear: both'><ul><li><a href='/b'>Tin khác]]></description></item>"
    )
    assert document == Document(
        "Báo thử",
        (
            Entry(
                ("url:https://news.example/cau-moi-5100826.html", "num:news.example:5100826"),
                "https://news.example/cau-moi-5100826.html?utm_source=rss",
                "Ký hiệp định & ghi nhớ",
                "Hai nước ký kết.",
                datetime(2026, 11, 21, 15, tzinfo=UTC),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("items", "titles", "problem"),
    [
        ("<item><link>http://news.example/a</link></item><item/>", [], "2 entries without any text"),
        ("<item><description>Chỉ có lời dẫn</description></item>", ["Chỉ có lời dẫn"], ""),
        (f"<item><description>{'rất dài ' * 40}</description></item>", ["rất dài " * 14 + "rất dài…"], ""),
        (
            "<item><title>a</title><pubDate>hôm qua</pubDate></item>",
            ["a"],
            "1 unreadable dates, as 'hôm qua'",
        ),
        ("<item><title>a</title><link>javascript:x</link></item>", ["a"], "1 links are no web addresses"),
        ("", [], ""),
    ],
)
def test_poor_entries(items: str, titles: list[str], problem: str) -> None:
    """What lacks a title borrows from its summary; what lacks all text is left out; both are noted."""
    document = _read(items)
    assert [entry.title for entry in document.entries] == titles
    assert problem in " ".join(document.problems)


def test_not_a_feed() -> None:
    """An unreadable body is a failure with a reason."""
    failed = read(b"<html></html>", "text/html", FEED)
    assert failed == Failed(FailureKind.UNREADABLE, "an HTML page, not a feed")


def test_reading_is_quick() -> None:
    """Fifty entries with markup take well under the 40 ms a busy poller can spare."""
    item = (
        "<item><title>Tin số {0}</title><link>http://news.example/tin-{0}.html</link><guid>{0}</guid>"
        "<pubDate>Sat, 21 Nov 2026 10:00:00 +0700</pubDate><description><![CDATA[<a><img src='x'></a>"
        "<p>Lời dẫn khá dài cho tin này.</p><div style='clear: both;'><ul><li><a href='y'>Khác]]></description></item>"
    )
    items = "".join(item.format(number) for number in range(10_000, 10_050))
    _read(items)
    started = time.process_time()
    assert len(_read(items).entries) == 50
    assert time.process_time() - started < 0.04
