"""Vietnamese of before Unicode: recognised, rewritten, told."""

from __future__ import annotations

import pytest

from monitor.ingest.legacy import modern
from monitor.ingest.read import read
from monitor.types import Document, Feed

FEED = Feed("thu", "Báo Thử", "tin", "https://a.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


@pytest.mark.parametrize(
    ("sent", "meant", "code"),
    [
        ("ViÖt Nam vµ NhËt B¶n ®Èy m¹nh hîp t¸c", "Việt Nam và Nhật Bản đẩy mạnh hợp tác", "TCVN3"),
        ("Thñ t­íng tiÕp ®oµn doanh nghiÖp", "Thủ tướng tiếp đoàn doanh nghiệp", "TCVN3"),
        ("Tin mới: ®¹i sø NhËt B¶n th¨m tØnh", "Tin mới: đại sứ Nhật Bản thăm tỉnh", "TCVN3"),
        ("Vieät Nam vaø Nhaät Baûn ñaåy maïnh hôïp taùc", "Việt Nam và Nhật Bản đẩy mạnh hợp tác", "VNI"),
        ("ÑAÏI SÖÙ tôùi thaêm tænh, kyù vaên kieän", "ĐẠI SỨ tới thăm tỉnh, ký văn kiện", "VNI"),
        ("Nháº­t Báº£n háº¡ lÃ£i suáº¥t", "Nhật Bản hạ lãi suất", "UTF-8 encoded twice"),
    ],
)
def test_old_codes(sent: str, meant: str, code: str) -> None:
    """TCVN3, VNI-Windows and UTF-8 encoded twice become what was meant."""
    assert modern(sent) == (meant, code)


@pytest.mark.parametrize(
    "text",
    [
        "Việt Nam và Nhật Bản ký kết «văn kiện» hợp tác",
        "Toyota® Vios® và Honda® City® giảm giá",
        "Toyota® and Honda® and Suzuki®",
        "El Niño và La Niña",
        "Café à la carte; 20 µm; § 3; tin · ảnh · video",
        "Giá 10.000 USD",
        "Åland, Øresund og Ærø",
        "Ã là một chữ cái, Ä cũng vậy",
        "Nhật Bản",
        "日本とベトナム",
        "",
    ],
)
def test_unicode_stays(text: str) -> None:
    """Trade marks, foreign names, quotation marks and other scripts are what they are."""
    assert modern(text) == (text, "")


def test_the_operator_is_told() -> None:
    """A document with such entries says so."""
    body = "<rss><channel><item><title>NhËt B¶n ®Çu t­ vµo ViÖt Nam</title></item></channel></rss>".encode()
    document = read(body, "", FEED)
    assert isinstance(document, Document)
    assert document.entries[0].title == "Nhật Bản đầu tư vào Việt Nam"
    assert document.problems == ("1 entries were written in TCVN3",)
