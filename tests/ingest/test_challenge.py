"""Pages that ask for proof that no robot reads them."""

from __future__ import annotations

import pytest

from monitor.ingest import challenge
from monitor.ingest.parse import parse
from monitor.types import Failed, FailureKind

COOKIE_AND_BACK = "<html><script>document.cookie='K=7;path=/';location.reload();</script></html>"


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (COOKIE_AND_BACK, True),
        ("<html><title>Just a moment...</title>", True),
        ("<html><p>Vui lòng xác nhận bạn không phải là robot</p>", True),
        ("<html><script src='/cdn-cgi/challenge-platform/x.js'></script>", True),
        ("<html><script>document.cookie='lang=vi'</script><p>Tin tức</p>", False),
        ("<html><p>Trang không tồn tại</p></html>", False),
        ("x" * challenge.SNIFFED + "captcha-delivery", False),
    ],
)
def test_pages(page: str, found: bool) -> None:
    """Known by name, or by what their script does; only the beginning is looked at."""
    assert challenge.page_says_so(page) is found


def test_instead_of_a_feed() -> None:
    """It has a name of its own among the failures; a feed that speaks of captchas stays a feed."""
    answer = parse(COOKIE_AND_BACK)
    assert isinstance(answer, Failed)
    assert answer.kind is FailureKind.CHALLENGE
    plain = parse("<html><p>Tin</p></html>")
    assert isinstance(plain, Failed)
    assert plain.kind is FailureKind.UNREADABLE
    feed = parse("<rss><channel><item><title>hcaptcha là gì</title></item></channel></rss>")
    assert not isinstance(feed, Failed)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"cf-mitigated": "challenge"}, True),
        ({"x-amzn-waf-action": "captcha"}, True),
        ({"x-sucuri-block": "1"}, True),
        ({"cf-mitigated": "no"}, False),
        ({}, False),
    ],
)
def test_headers(headers: dict[str, str], found: bool) -> None:
    """Some services say it themselves."""
    assert challenge.header_says_so(headers) is found


def test_servers() -> None:
    """Services that stand before a site are known by the name they give."""
    assert challenge.server_guards({"Server": "DDoS-Guard"})
    assert not challenge.server_guards({"Server": "nginx"})
    assert not challenge.server_guards({})
