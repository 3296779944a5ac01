"""Text and links of feeds, made safe to print; and the words that are the reason for an item."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.verdict import Evidence
from monitor.digest.explain import why
from monitor.digest.plain import plain, shorten, web_link


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("một\r\nhai\u2028ba\x00bốn\x85năm", "một hai ba bốn năm"),
        ("\u202eđảo\u202c \u200bẩn\ufeff", "đảo ẩn"),
        ("nửa \ud83d cặp", "nửa cặp"),
        ("  日本\u3000越南  ", "日本 越南"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """One line; what is invisible or turns text round is gone, visible signs stay."""
    assert plain(text) == expected


@given(st.text())
def test_plain_is_one_printable_line(text: str) -> None:
    """Twice is once; it is one line, and UTF-8 can carry it."""
    once = plain(text)
    assert plain(once) == once
    assert len(once.splitlines()) <= 1
    once.encode()


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("ngắn", 10, "ngắn"),
        ("Nhật Bản viện trợ", 10, "Nhật Bản…"),
        ("Nhật Bản, viện trợ", 12, "Nhật Bản…"),
        ("包括的戦略的パートナーシップ", 6, "包括的戦略…"),
    ],
)
def test_shorten(text: str, most: int, expected: str) -> None:
    """Between words where there are any."""
    assert shorten(text, most) == expected


@given(st.text(), st.integers(2, 50))
def test_shorten_keeps_its_promise(text: str, most: int) -> None:
    """Never longer than asked."""
    assert len(shorten(text, most)) <= most


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "JaVaScRiPt://a.vn/%0aalert(1)",
        "//a.vn/x",
        "/tin.html",
        "",
        "http://",
        "https://a.vn@b.example/",
        "https://a.vn/x y",
        "https://a.vn/\nx",
        "https://[::1",
        "ftp://a.vn/",
        "https://a.vn/" + "x" * 1000,
    ],
)
def test_what_is_no_web_link(link: str) -> None:
    """Only http and https to a named host are printed as links."""
    assert web_link(link) is None


@pytest.mark.parametrize("link", ["https://a.vn/tin?x=1&y=<b>", "http://a.vn:8080/", "HTTPS://A.VN/tin-đẹp"])
def test_web_links_stay_as_they_are(link: str) -> None:
    """Escaping is the template's work."""
    assert web_link(link) == link


def test_why_shows_the_strongest_words_for_it() -> None:
    """At most four, strongest first; nothing that speaks against, repeats, or holds no letter."""
    evidence = (
        Evidence("bóng đá", -4.0),
        Evidence("ODA", 1.0),
        Evidence("vốn ODA", 2.0),
        Evidence("… tỷ yên", 1.5),
        Evidence("2026 …", 1.4),
        Evidence("AEON + khai trương", 1.3),
        Evidence("vốn oda", 1.2),
        Evidence("JICA", 0.9),
        Evidence("yếu", 0.1),
    )
    assert why(evidence) == ("vốn ODA", "tỷ yên", "AEON + khai trương", "JICA")
    assert why((Evidence("không", -1.0), Evidence("gì", 0.0))) == ()
