"""Whom an article says it has its news from, and whether it adds to what was sent."""

from __future__ import annotations

import pytest

from monitor.digest.credit import credit
from monitor.digest.updates import repeats
from tests.digest.samples import judged


@pytest.mark.parametrize(
    ("title", "summary", "agency"),
    [
        ("Nhật Bản tăng lương tối thiểu", "Theo Kyodo, mức tăng áp dụng từ tháng mười.", "Kyodo"),
        ("Nhật Bản tăng lương tối thiểu", "Theo hãng tin Jiji Press, mức tăng áp dụng sớm.", "Jiji"),
        ("Nhật Bản tăng lương tối thiểu", "Đài truyền hình NHK đưa tin mức tăng áp dụng sớm.", "NHK"),
        ("Hội đàm tại Tokyo", "Hai bên nhất trí nhiều nội dung. (TTXVN)", "TTXVN"),
        ("Hội đàm tại Tokyo", "(TTXVN/Vietnam+) Hai bên nhất trí nhiều nội dung.", "TTXVN"),
        ("Hội đàm tại Tokyo", "Ảnh: Dương Giang/TTXVN", ""),
        ("Tập đoàn Nikkei mở văn phòng tại Hà Nội", "Nikkei sẽ tuyển mười phóng viên.", ""),
        ("Nhật Bản tăng lương tối thiểu", "Theo kế hoạch, mức tăng áp dụng sớm.", ""),
        ("APEC họp tại Huế", "Theo APEC, hai mươi mốt nền kinh tế tham dự.", ""),
    ],
)
def test_the_agency_is_credited_where_the_text_names_it(title: str, summary: str, agency: str) -> None:
    """Named as a source, not merely named."""
    assert credit(judged(title=title, summary=summary).article) == agency


def test_an_agency_is_not_credited_to_itself() -> None:
    """Its own outlet says so already."""
    text = {"title": "Hội đàm tại Tokyo", "summary": "Theo TTXVN, hai bên nhất trí."}
    assert credit(judged(outlet="VietnamPlus (TTXVN)", **text).article) == ""
    assert credit(judged(outlet="Báo Mẫu", **text).article) == "TTXVN"


def test_what_only_repeats_is_known() -> None:
    """Measured on different words; a bare headline counts by its own."""
    sent = judged(
        1, title="Nhật Bản tài trợ cầu mới", summary="Cầu dài hai cây số, khởi công sáng nay tại Cần Thơ."
    ).article
    same = judged(
        2, title="Cần Thơ khởi công cầu mới", summary="Sáng nay, cầu dài hai cây số do Nhật Bản tài trợ."
    ).article
    more = judged(
        3,
        title="Cầu mới ở Cần Thơ chậm tiến độ",
        summary="Nhà thầu xin lùi hạn sáu tháng vì thiếu cát đắp nền đường dẫn.",
    ).article
    bare = judged(4, title="Chậm tiến độ vì thiếu cát", summary="").article
    assert repeats(same, [sent])
    assert not repeats(more, [sent])
    assert repeats(more, [sent, more])
    assert not repeats(bare, [sent])
    assert repeats(bare, [sent, more])


@pytest.mark.parametrize(
    "headline", ["Nhật Bản tài trợ cầu mới ở Huế", "Nhật Bản tài trợ cầu mới thứ 2 ở Cần Thơ"]
)
def test_a_new_name_or_number_is_news(headline: str) -> None:
    """However little else is new: what names another place or figure is never left out as a repeat."""
    sent = judged(
        1, title="Nhật Bản tài trợ cầu mới ở Cần Thơ", summary="Cầu dài hai cây số, khởi công sáng nay."
    ).article
    assert not repeats(judged(2, title=headline, summary=sent.summary).article, [sent])
    assert repeats(judged(3, title="Nhật Bản tài trợ cầu ở Cần Thơ", summary=sent.summary).article, [sent])
