"""Strings that break programs, as headlines and summaries: from the feed through the archive into the letter."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import unicodedata
from collections import Counter
from datetime import timedelta
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor import jobs
from monitor.delivery.message import Sender, build
from monitor.digest.compose import compose
from monitor.digest.render import render
from monitor.ingest.clean import clean_summary, clean_title
from monitor.ingest.legacy import modern
from monitor.polling import Poller
from monitor.store import articles, polls
from monitor.store.database import Store
from monitor.types import Bounds, Feed, Fetched, JudgedArticle, Validators
from tests.digest.samples import FRAME, NOW, judged, reader
from tests.line.fakes import FakeFetcher, FakeModel, InlineReader

FEED = Feed("thu", "Báo Thử", "tin", "https://thu.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
SENDER = Sender("Việt–Nhật Monitor", "digest@vidu.example")


def naughty(shared: Path) -> list[str]:
    """All strings of the two collections."""
    ours = [each["s"] for each in json.loads((shared / "faults/naughty_vi.json").read_text(encoding="utf-8"))]
    return [*ours, *json.loads((shared / "corpora/blns.json").read_text(encoding="utf-8"))]


def hidden(text: str) -> Counter[str]:
    """Characters that control or hide, line ends aside."""
    return Counter(c for c in text if unicodedata.category(c) in HIDDEN and c not in "\r\n")


def archive(store: Store, strings: list[str]) -> list[JudgedArticle]:
    """What one poll of a feed of all these strings leaves in the database, judged relevant."""
    items = "".join(
        f"<item><title>{escape(text)}</title><link>https://thu.example/{n}.html</link>"
        f"<description>{escape(text)} &lt;b&gt;{escape(text)}&lt;/b&gt;</description></item>"
        for n, text in enumerate(strings)
    )
    body = f"<rss version='2.0'><channel>{items}</channel></rss>".encode("utf-8", "surrogatepass")
    fetcher = FakeFetcher({FEED.url: Fetched(FEED.url, 200, body, "text/xml; charset=utf-8", Validators())})
    poller = Poller(store, fetcher, InlineReader(), Bounds(), lambda _: None)
    (report,) = asyncio.run(poller.poll([FEED], now=NOW - timedelta(hours=1)))
    assert report.outcome == "new", report
    jobs.classify_stored(store, FakeModel(word=""), now=NOW)
    found = [articles.get(store, n) for n in range(1, articles.count(store) + 1)]
    return [each for each in found if each]


class _Tags(HTMLParser):
    """Every element of a page with its attributes' names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count it."""
        self.found[f"{tag} {sorted(name for name, _ in attrs)}"] += 1


def letter_of(article: JudgedArticle) -> tuple[email.message.EmailMessage, str, str]:
    """A letter with this one article, its text and its page."""
    digest = compose(
        reader(), slot=NOW, since=NOW - timedelta(days=1), seen_from=None, now=NOW, candidates=[article],
        polled_entries=1000,
    )  # fmt: skip
    rendered = render(digest, load_taxonomy(), FRAME)
    raw = build(
        rendered, recipient="ban@vidu.example", sender=SENDER, message_id="<a.1@vidu.example>", date=NOW,
        digest_id="d-1", list_unsubscribe=("https://vidu.example/u/x",),
    ).raw  # fmt: skip
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    texts = []
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        texts.append(payload.decode("utf-8"))
    return message, texts[0], texts[1]


def test_cleaning_leaves_nothing_hidden(shared: Path) -> None:
    """A cleaned string holds no control, format or separator sign, is NFC, and stays as it is when cleaned again."""
    for text in naughty(shared):
        for clean in (clean_title, clean_summary):
            once = clean(text)
            assert hidden(once) == {}, text
            assert "\n" not in once
            assert clean(once) == once, text
            assert unicodedata.is_normalized("NFC", once), text
            once.encode("utf-8")


@pytest.mark.parametrize("plane", range(17))
def test_no_code_point_is_hidden(plane: int) -> None:
    """The same for every code point between two letters; what is no character at all goes too."""
    for code in range(plane << 16, (plane + 1) << 16):
        once = clean_title(f"a{chr(code)}b")
        assert not hidden(once), hex(code)
        if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            assert once == "ab", hex(code)


def test_strings_that_break_programs_arrive_as_text(shared: Path, store: Store) -> None:
    """Each is stored, harmless as a search, and mere words in its letter: no tag, no header, no hidden sign."""
    strings = naughty(shared)
    kept = archive(store, strings)
    # U+0085 is read as the ellipsis it stands for in Windows-1252.
    # Those in TCVN3 or VNI arrive in Unicode.
    titles = {clean_title(modern(text)[0]) for text in strings if "\x85" not in text} - {""}
    assert {each.article.title for each in kept} >= titles
    _, plain_text, plain_page = letter_of(judged())
    ours = (hidden(plain_text), hidden(plain_page), set(_Tags(plain_page).found))
    assert len(kept) >= sum(bool(clean_title(text)) for text in strings)
    for each in kept:
        articles.search(store, each.article.title, limit=5)
        message, text, page = letter_of(each)
        headers = Counter(name.lower() for name, _ in message.items())
        assert headers.most_common(1)[0][1] == 1, each
        assert "bcc" not in headers
        assert message["To"] == "ban@vidu.example"
        assert hidden(str(message["Subject"])) == {}, each
        assert (hidden(text), hidden(page)) == ours[:2], each
        assert set(_Tags(page).found) <= ours[2], each


def test_strings_that_break_programs_come_once(shared: Path, store: Store) -> None:
    """The same feed again, as another program would write the same characters, brings nothing new."""
    strings = naughty(shared)
    before = len(archive(store, strings))
    again = [unicodedata.normalize("NFC", text) for text in strings]
    items = "".join(
        f"<item><title>{escape(text)}</title><link>https://thu.example/{n}.html</link>"
        f"<description>{escape(text)} &lt;b&gt;{escape(text)}&lt;/b&gt;</description></item>\n"
        for n, text in enumerate(again)
    )
    body = f"<rss version='2.0'><channel>{items}</channel></rss>".encode("utf-8", "surrogatepass")
    fetcher = FakeFetcher({FEED.url: Fetched(FEED.url, 200, body, "text/xml; charset=utf-8", Validators())})
    poller = Poller(store, fetcher, InlineReader(), Bounds(), lambda _: None)
    (report,) = asyncio.run(poller.poll([FEED], now=NOW))
    assert (report.new, report.revised) == (0, 0), report
    assert articles.count(store) == before
    assert polls.feed_states(store)[FEED.id].failures == 0
