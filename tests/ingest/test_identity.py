"""Rules for which entries are the same article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.identity import (
    Identifiable,
    article_link,
    article_number,
    canonical_url,
    document_keys,
)

FEED = "https://news.example/rss/home.rss"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://www.News.Example/a/", "https://news.example/a"),
        ("https://m.news.example:443/a#top", "https://news.example/a"),
        ("https://www.m.news.example/a", "https://news.example/a"),
        ("http://news.example:80/a/../b", "https://news.example/b"),
        ("http://news.example:8080/a", "https://news.example:8080/a"),
        ("https://news.example/", "https://news.example"),
        ("https://news.example/a?utm_source=rss&UTM_medium=x", "https://news.example/a"),
        ("https://news.example/a?at_medium=RSS&at_campaign=rss", "https://news.example/a"),
        ("https://news.example/a?fbclid=1&gclid=2&zarsrc=3&vn_source=4", "https://news.example/a"),
        ("https://news.example/a?b=2&a=1&utm_x=3", "https://news.example/a?a=1&b=2"),
        ("https://news.example/a?id=7&amp", "https://news.example/a?id=7"),
        ("https://news.example/tin-moi/amp/", "https://news.example/tin-moi"),
        ("https://amp.news.example/a", "https://news.example/a"),
        ("https://news.example/bài viết", "https://news.example/b%C3%A0i%20vi%E1%BA%BFt"),
        ("https://tin-tức.example/a", "https://xn--tin-tc-fr8b.example/a"),
        ("https://m.vn/a", "https://m.vn/a"),
        ("https://news.example./a", "https://news.example/a"),
        ("ftp://news.example/a", ""),
        ("news.example/a", ""),
        ("http://[::1/", ""),
        ("http://news.example:99999/", ""),
        ("", ""),
    ],
)
def test_canonical_url(url: str, canonical: str) -> None:
    """Scheme, www/m/amp, default ports, fragments, tracking, order and trailing slashes do not count."""
    assert canonical_url(url) == canonical


URLS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://"]),
    st.lists(st.sampled_from(["www.", "m.", "amp.", "news.", "vn."]), max_size=4).map("".join),
    st.sampled_from(["news.example", "tức.example", "EXAMPLE", "a.b:80", "a.b:443", "a.b:81", "[::1]", ""]),
    st.lists(st.sampled_from(["/", "a", "amp", ".", "..", "%2F", "%20", " ", "é", "-12345.html", "%"])).map(
        "".join
    ),
    st.lists(
        st.sampled_from(["?", "&", "a=1", "utm_source=x", "amp", "=", "#", "b=%26", "é=ü", "+", "%3D"])
    ).map("".join),
)


@given(URLS)
def test_canonical_twice_is_once(url: str) -> None:
    """The canonical form is its own canonical form."""
    once = canonical_url(url)
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/cau-moi-post1125960.vnp", "post1125960"),
        ("/cau-moi-100260723201557112.htm", "100260723201557112"),
        ("/cau-moi-5100826.html", "5100826"),
        ("/cau-moi-d12345.html", "d12345"),
        ("/cau-moi-D12345", "d12345"),
        ("/thoi-su/12345.html", "12345"),
        ("/cau-moi-1234.html", ""),
        ("/tin-ngay-20260723.html", ""),
        ("/tin-ngay-23072026.html", ""),
        ("/tin-ngay-230726.html", ""),
        ("/tin-ngay-260723.html", ""),
        ("/12345/cau-moi.html", ""),
        ("/cau-moi.html", ""),
        ("", ""),
    ],
)
def test_article_number(path: str, number: str) -> None:
    """The outlet's number ends the path, has five digits or more, and is no date."""
    assert article_number(f"https://news.example{path}") == (f"news.example:{number}" if number else "")


@pytest.mark.parametrize(
    ("raw", "link"),
    [
        ("http://news.example/a?b=1&utm_source=x", "http://news.example/a?b=1&utm_source=x"),
        (" /tin/a.html\n", "https://news.example/tin/a.html"),
        ("a.html", "https://news.example/rss/a.html"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("http://news.example/bài viết", "http://news.example/b%C3%A0i%20vi%E1%BA%BFt"),
        ('http://news.example/"onmouseover="x', "http://news.example/%22onmouseover=%22x"),
        ("http://news.example/\r\nSet-Cookie: a=1", "http://news.example/Set-Cookie:%20a=1"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("java\tscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("mailto:a@news.example", ""),
        ("file:///etc/passwd", ""),
        ("intent://x#Intent;scheme=http;end", ""),
        ("http://user:pass@news.example/", ""),
        ("http://" + "a" * 3000, ""),
        ("http://[::1/x", ""),
        ("http://", ""),
        ("", ""),
    ],
)
def test_article_link(raw: str, link: str) -> None:
    """A link is an absolute, quoted http(s) URL or nothing."""
    assert article_link(raw, FEED) == link


def _entry(link: str = "", guid: str = "", title: str = "Cầu mới", summary: str = "") -> Identifiable:
    return Identifiable(link, guid, title, summary)


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        (
            _entry("http://www.news.example/cau-moi-5100826.html?utm_source=rss", "tag:news.example,2026:1"),
            (
                "url:https://news.example/cau-moi-5100826.html",
                "num:news.example:5100826",
                "guid:tag:news.example,2026:1",
            ),
        ),
        (_entry("http://news.example/a", "http://www.news.example/a/"), ("url:https://news.example/a",)),
        (_entry("http://news.example/a", "http://news.example/b"),
         ("url:https://news.example/a", "guid:https://news.example/b")),
        (_entry("http://news.example/a", "42"), ("url:https://news.example/a", "guid:home:42")),
        (_entry("http://news.example/", "12-character"), ("guid:12-character",)),
        (_entry("", " \n "), ("text:home:3a7d4c3f0b1e",)),
    ],
)  # fmt: skip
def test_keys_strongest_first(entry: Identifiable, keys: tuple[str, ...]) -> None:
    """URL, number, guid; a short guid counts in its feed only; a home page is no article."""
    (found,) = document_keys([entry], "home")
    if keys[0].startswith("text:"):
        assert len(found) == 1
        assert found[0].startswith("text:home:")
    else:
        assert found == keys


def test_long_guids_are_bounded() -> None:
    """A guid of any length makes a short key, the same one each time."""
    (first,), (second,) = document_keys([_entry(guid="g" * 1_000_000), _entry(guid="h" * 1_000_000)], "home")
    assert len(first) < 100
    assert first != second


def test_shared_keys_are_none() -> None:
    """A link, number or guid that different articles of one document carry identifies none of them."""
    one = _entry("http://news.example/tin-12345.html", "same-guid-for-all", "Cầu mới")
    two = _entry("http://news.example/tin-12345.html", "same-guid-for-all", "Đường mới")
    first, second = document_keys([one, two], "home")
    assert first[0].startswith("text:home:")
    assert second[0].startswith("text:home:")
    assert first != second


def test_equal_titles_with_other_guids_and_texts_are_different() -> None:
    """A title alone is never identity: a shared link does not make it one."""
    one = _entry("http://news.example/tin", "guid-number-one", "Bản tin sáng", "Giá vàng")
    two = _entry("http://news.example/tin", "guid-number-two", "Bản tin sáng", "Mưa lớn")
    assert document_keys([one, two], "home") == (("guid:guid-number-one",), ("guid:guid-number-two",))


def test_an_exact_copy_shares_its_keys() -> None:
    """The same entry twice in a document is one article."""
    entry = _entry("http://news.example/tin", "guid-number-one")
    copy = _entry("http://news.example/tin", "guid-number-two")
    assert document_keys([entry, copy], "home")[0][0] == document_keys([entry, copy], "home")[1][0]
