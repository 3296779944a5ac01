"""Rules for plain text. All texts are our own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.clean import LONGEST_SUMMARY, LONGEST_TITLE, clean_summary, clean_title


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<p>Một.</p><p>Hai</p>ba<br>bốn<br/>năm", "Một. Hai ba bốn năm"),
        ("<ul><li>một</li><li>hai</li></ul>", "một hai"),
        ("<table><tr><td>một</td><td>hai</td></tr></table>", "một hai"),
        ("N<b>hật</b> <i>Bản</i>, <a href='x'>Việt</a> Nam", "Nhật Bản, Việt Nam"),
        ("<a href='x'><img src='y'></a>Khởi công cầu mới", "Khởi công cầu mới"),
        ("<style>p{}</style><script>let a = '<p>';</script>tin", "tin"),
        ("tin<!-- ghi chú --> mới", "tin mới"),
        ("Thông tin&nbsp;mới &amp; đúng", "Thông tin mới & đúng"),
        ("&amp;quot;B&amp;oacute;ng đá&amp;quot;", '"Bóng đá"'),
        ("&lt;p&gt;Tin&lt;/p&gt;&lt;p&gt;mới&lt;/p&gt;", "Tin mới"),
        ("Lãi < 5% & lỗ > 3%", "Lãi < 5% & lỗ > 3%"),
        ("Giá\u200b vàng\u00ad \u202eđảo\u202c \u2066x\u2069\ufeff", "Giá vàng đảo x"),
        ("a\u00a0b\u202fc\u3000d\u2028e\tf\r\ng", "a b c d e f g"),
        (unicodedata.normalize("NFD", "Đường sắt tốc độ"), "Đường sắt tốc độ"),
        ("hoà và hòa", "hoà và hòa"),
        ("<frameset>", ""),
        ("", ""),
    ],
)
def test_text(fragment: str, text: str) -> None:
    """Words part at blocks and only there; entities, NFC and invisible characters are settled."""
    assert clean_summary(fragment) == text


def test_a_lone_sign_in_a_title_stays() -> None:
    """A title without ">" holds no markup: "<" is a sign there."""
    assert clean_title("Nợ<GDP, R&amp;D") == "Nợ<GDP, R&D"
    assert clean_title("<b>Nợ</b> công") == "Nợ công"


LEAD = "<a href='/1'><img src='/1.jpg'></a><p>Hai nước ký <a href='/2'>thỏa thuận</a> mới về ODA.</p>"
LEAD_TEXT = "Hai nước ký thỏa thuận mới về ODA."
BLOCK = (
    '<div style="clear: both;"><ul><li><a href="/3">Nhật Bản mở &amp; đóng</a></li>'
    '<li><a href="/4">Tin khác</a></li></ul></div>'
)


@pytest.mark.parametrize("cut", range(len(BLOCK) + 1))
def test_related_headlines_are_cut_wherever_they_break_off(cut: int) -> None:
    """The appended block goes, complete or cut off at any letter; the lead stays to the letter."""
    assert clean_summary(LEAD + BLOCK[:cut]) == LEAD_TEXT


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        (BLOCK, ""),
        ("Lời dẫn <ul><li><a href='/3'>Tin khác</a></li></ul>", "Lời dẫn"),
        ("<p>Lời dẫn</p><div><b>Tin liên quan:</b><ul><li><a>Tin khác</a></li></ul></div>", "Lời dẫn"),
        ("<p>Lời dẫn</p><p>Xem thêm:</p><ul><li><a href='/3'>Tin khác</a></li></ul>", "Lời dẫn"),
        (f"<p>Lời dẫn</p>{BLOCK}<!-- x -->\n<div style='clear: both'></div>{BLOCK}", "Lời dẫn"),
        ("<p>Gồm:</p><ul><li>vốn vay</li><li>viện trợ</li></ul>", "Gồm: vốn vay viện trợ"),
        ("<p>Gồm:</p><ul><li><a href='/3'>vốn vay</a> mới</li></ul>", "Gồm: vốn vay mới"),
        ("<ul><li><a href='/3'>Chỉ có liên kết</a></li></ul>", "Chỉ có liên kết"),
        ("<p>Lời dẫn</p><p><a href='/3'>Đọc tiếp ở đây</a></p>", "Lời dẫn Đọc tiếp ở đây"),
        ('<p>Đầu</p><div style="clear: both;"><p>Cuối</p></div>', "Đầu Cuối"),
        (f"{BLOCK}<p>Sau</p>", "Nhật Bản mở & đóng Tin khác Sau"),
    ],
)
def test_what_counts_as_related(fragment: str, text: str) -> None:
    """Only a trailing block whose whole text is links goes; a list that is the lead stays."""
    assert clean_summary(fragment) == text


@pytest.mark.parametrize(
    "prefix",
    [
        "(Dân trí) - ",
        "(Dân trí) – ",
        "(DÂN TRÍ)- ",
        "(Chinhphu.vn) - ",
        "Chinhphu.vn – ",
        "VOV.VN - ",
        "VOV.VN -",
        "VTV.vn- ",
        "(NLĐO) - ",
        "(NLĐO)- ",
        "TTO - ",
        "(PLO)- ",
        "(PLO)-",
        "(VTC News) - ",
        "(TN&amp;MT) - ",
        "SGGPO - ",
        "(SGGPO).- ",
        "(SGGP).– ",
        "Kinhtedothi - ",
        "ANTD.VN - ",
        "antd.vn — ",
        "(Baothu.vn) - ",
        "(Báo Quốc tế) - ",
        "<b>(Dân trí)</b> - ",
        "TPO - ",
        "GD&amp;TĐ - ",
        "(Dân trí) - (Dân trí) - ",
    ],
)
def test_outlet_marks_are_cut(prefix: str) -> None:
    """An outlet's own mark before the lead says nothing about the news."""
    assert clean_summary(f"{prefix}Hai nước họp bàn.") == "Hai nước họp bàn."


@pytest.mark.parametrize(
    "text",
    [
        "Hà Nội - thành phố vì hòa bình",
        "(Hà Nội) - Sáng nay",
        "VN-Index - tăng phiên thứ ba",
        "VN-Index tăng",
        "VTV - đơn vị giữ bản quyền - lên tiếng",
        "Dân trí - một giá trị",
        "Trip.com - nền tảng đặt phòng - mở văn phòng",
        "Batdongsan.com.vn - trang rao nhà - công bố",
        "Tokyo (TTXVN) - Thủ tướng",
        "(NLĐO) cho biết",
        "TTO mở rộng",
        "Dự thảo (Dân trí) - phần hai",
        "Nhật Bản - Việt Nam: 53 năm",
    ],
)
def test_other_beginnings_stay(text: str) -> None:
    """Datelines, subjects and index names are part of the news; so is a mark without its dash."""
    assert clean_summary(text) == text


def test_lengths_are_bounded() -> None:
    """No field grows without limit; it is cut at a word if there is one."""
    assert len(clean_title("Đ" * 300_000)) == LONGEST_TITLE
    summary = clean_summary("vốn vay " * 5_000)
    assert len(summary) <= LONGEST_SUMMARY
    assert summary.endswith((" vốn…", " vay…"))


def test_endless_escaping_ends() -> None:
    """Text escaped more often than any real one is given up on, in bounded time."""
    assert clean_title("&" + "amp;" * 100 + "lt;").startswith("&amp;")


HOSTILE = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<ul>", "<li>", "<a href=x>", "</a>", "&lt;", "&amp;", "&quot;", "&", "<", ">", "&#60;", "b",
         "(Dân trí) - ", "VTV.vn -", BLOCK, "<script>", "</script>", "\u200b", "ệ", "e\u0323\u0302", " ", "-->", "<!--"]
    )
).map("".join)  # fmt: skip


@given(st.one_of(HOSTILE, st.text()))
def test_cleaning_twice_changes_nothing(fragment: str) -> None:
    """What is clean stays as it is."""
    for clean in (clean_title, clean_summary):
        once = clean(fragment)
        assert clean(once) == once
        assert once == " ".join(once.split())
        assert unicodedata.is_normalized("NFC", once)
