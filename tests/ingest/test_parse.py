"""Rules for reading feeds word for word. All texts are our own."""

from datetime import timedelta

import pytest

from monitor.ingest.parse import RawEntry, RawFeed, parse
from monitor.types import Failed, FailureKind

ITEM = "<item><title>Cầu mới</title><link>http://news.example/a</link><guid>a-1</guid></item>"


def _rss(inside: str, head: str = "") -> str:
    return f'{head}<rss version="2.0"><channel><title>Báo thử</title>{inside}</channel></rss>'


def _parsed(text: str) -> RawFeed:
    feed = parse(text)
    assert isinstance(feed, RawFeed), feed
    return feed


def test_rss() -> None:
    """All fields come word for word, the date as the feed wrote it."""
    item = (
        "<item><title>Cầu &amp; đường</title><link>http://news.example/a?b=1&amp;c=2</link>"
        "<guid isPermaLink='false'>số-1</guid><pubDate>21/11/2026 10:00</pubDate>"
        "<description><![CDATA[<p>Khởi <b>công</b></p>]]></description></item>"
    )
    feed = _parsed(_rss(item))
    assert feed == RawFeed(
        "Báo thử",
        (
            RawEntry(
                "Cầu & đường",
                "http://news.example/a?b=1&c=2",
                "số-1",
                "21/11/2026 10:00",
                "<p>Khởi <b>công</b></p>",
            ),
        ),
    )


def test_atom() -> None:
    """Atom gives the same fields; published comes before updated, content stands in for a summary."""
    feed = _parsed(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>Cầu mới</title>'
        '<id>tag:news.example,2026:1</id><link href="http://news.example/a"/>'
        "<updated>2026-11-21T02:00:00Z</updated><published>2026-11-21T01:00:00Z</published>"
        '<content type="html">&lt;p&gt;Toàn văn&lt;/p&gt;</content></entry></feed>'
    )
    assert feed.entries == (
        RawEntry(
            "Cầu mới",
            "http://news.example/a",
            "tag:news.example,2026:1",
            "2026-11-21T01:00:00Z",
            "<p>Toàn văn</p>",
        ),
    )


def test_rdf() -> None:
    """RSS 1.0 is read like the others."""
    feed = _parsed(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel rdf:about="x"><title>t</title></channel><item rdf:about="http://news.example/a">'
        "<title>Cầu mới</title><link>http://news.example/a</link></item></rdf:RDF>"
    )
    assert [entry.title for entry in feed.entries] == ["Cầu mới"]


def test_a_bare_guid_is_no_link() -> None:
    """A guid that is no web address never becomes the link."""
    assert _parsed(_rss("<item><title>x</title><guid>a-1</guid></item>")).entries[0].link == ""
    permalink = _parsed(_rss("<item><title>x</title><guid>http://news.example/a</guid></item>"))
    assert permalink.entries[0].link == "http://news.example/a"


def test_no_cap_on_entries() -> None:
    """Long feeds are read whole."""
    assert len(_parsed(_rss(ITEM * 3000)).entries) == 3000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<!doctype html><html><body>Đăng nhập</body></html>", "an HTML page"),
        ("<html><body>xin chào</body></html>", "an HTML page"),
        ('{"error": "too many"}', "JSON"),
        ("xin chào", "not a feed"),
        ("", "not a feed"),
        ('<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + _rss("&b;"), "custom XML entities"),
        ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _rss("&x;"), "custom XML entities"),
        ('<!DOCTYPE r [<!ENTITY % p SYSTEM "http://inner.example/">%p;]>' + _rss(ITEM), "custom XML"),
        (f'<!DOCTYPE r [<!ENTITY a "{"A" * 900}">]>' + _rss("&a;" * 2000), "blow up"),
        (f"<!--{' ' * 70_000}<rss -->" + '<!DOCTYPE r [<!ENTITY a "<b/>">]>' + _rss(ITEM), "custom XML"),
    ],
)
def test_no_feed(text: str, why: str) -> None:
    """What is no feed, or defines more than harmless abbreviations, fails and says why."""
    failed = parse(text)
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.UNREADABLE
    assert why in failed.reason


def test_harmless_entities() -> None:
    """A few short plain entities of the document's own are in real use."""
    doctype = "<!DOCTYPE rss [<!ENTITY paper \"Báo thử\"><!ENTITY none '' >]>"
    feed = _parsed(_rss("<item><title>&paper;&none; ra mắt</title></item>", doctype))
    assert (feed.entries[0].title, feed.problems) == ("Báo thử ra mắt", ())


@pytest.mark.parametrize(
    "inside",
    [
        "<item><title>Lãi & lỗ < 5%</title></item>",
        "<item><title>x</title><media:thumbnail url='http://news.example/a.jpg'/></item>",
        "<item><title>Th&ocirc;ng tin</title></item>",
    ],
)
def test_ill_formed_feeds_are_read(inside: str) -> None:
    """An entry that can be had is had; the fault is noted."""
    feed = _parsed(_rss(inside))
    assert len(feed.entries) == 1
    assert feed.problems[0].startswith("not well-formed")


@pytest.mark.parametrize("cut", [1, 12, 40, 70])
def test_half_an_entry_is_left_out(cut: int) -> None:
    """Where the transfer broke off, the half entry waits for the next poll; whole ones count."""
    whole = _rss(ITEM * 2)
    broken = whole[: whole.rindex("</item>") - cut + 6]
    feed = _parsed(broken)
    assert [entry.title for entry in feed.entries] == ["Cầu mới"]
    assert "breaks off" in feed.problems[0]


def test_only_the_end_is_missing() -> None:
    """Whole entries stay when only closing tags are missing."""
    whole = _rss(ITEM * 2)
    assert len(_parsed(whole[: whole.rindex("</channel>")]).entries) == 2


def test_what_the_parser_throws_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever feedparser raises is the feed's failure."""

    def explode(*arguments: object, **options: object) -> None:
        raise KeyError("bad")

    monkeypatch.setattr("feedparser.parse", explode)
    failed = parse(_rss(ITEM))
    assert isinstance(failed, Failed)
    assert failed.reason == "the feed parser gave up: KeyError('bad')"


@pytest.mark.parametrize(
    ("channel", "minutes"),
    [
        ("<ttl>60</ttl>", 60),
        ("<ttl> 60 </ttl>", 60),
        ("<ttl>-5</ttl>", 0),
        ("<ttl>soon</ttl>", 0),
        ("<ttl>99999</ttl>", 1440),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 15),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>14</sy:updateFrequency>", 720),
        ("<sy:updatePeriod>yearly</sy:updatePeriod>", 1440),
        ("<sy:updatePeriod>often</sy:updatePeriod>", 0),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 1440),
        ("<ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod>", 30),
        ("", 0),
    ],
)
def test_the_documents_wish(channel: str, minutes: int) -> None:
    """RSS `ttl`, or the Syndication module's period by its frequency; a day at most, and nonsense is none."""
    text = (
        "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel>"
        f"{channel}<item><title>a</title></item></channel></rss>"
    )
    feed = parse(text)
    assert isinstance(feed, RawFeed)
    assert feed.pause == timedelta(minutes=minutes)
