"""Invented articles about invented happenings, told by several outlets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.types import Article

NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)

BRIDGE = (
    (
        "Khởi công cầu Vàm Nhon do Nhật Bản tài trợ",
        (
            "Sáng 20/11, tỉnh An Giang khởi công cầu Vàm Nhon dài 2,1 km bằng vốn vay ODA Nhật Bản; Thứ trưởng "
            "Trần Văn Lộc dự lễ."
        ),
    ),
    (
        "An Giang: cầu Vàm Nhon dài 2,1 km chính thức khởi công",
        (
            "Dự án cầu Vàm Nhon dùng vốn vay ODA Nhật Bản, dự kiến hoàn thành năm 2029, theo Thứ trưởng Trần Văn "
            "Lộc."
        ),
    ),
    (
        "Nhật Bản cho vay xây cầu Vàm Nhon, An Giang khởi công sáng nay",
        "Lễ khởi công cầu Vàm Nhon có Thứ trưởng Trần Văn Lộc và đại diện nhà tài trợ ODA Nhật Bản.",
    ),
)
NURSES = (
    (
        "Tỉnh Gunma tuyển 300 điều dưỡng viên từ Huế",
        (
            "Biên bản giữa Sở Lao động Huế và tỉnh Gunma nêu rõ 300 chỉ tiêu điều dưỡng viên, học tiếng Nhật miễn"
            " phí."
        ),
    ),
    (
        "Huế đưa 300 điều dưỡng viên sang Gunma làm việc",
        (
            "Sở Lao động Huế và tỉnh Gunma ký biên bản về 300 điều dưỡng viên; người lao động được học tiếng Nhật"
            " miễn phí."
        ),
    ),
)
OTHERS = (
    (
        "Lũ trên sông Hồng xuống chậm",
        "Mực nước tại Hà Nội giảm 20 cm trong ngày, các quận ven sông bắt đầu dọn bùn.",
    ),
    (
        "Học sinh Lạng Sơn trở lại trường sau mưa lớn",
        "Hơn 200 điểm trường ở Lạng Sơn đã dọn dẹp xong, học sinh đi học từ sáng thứ hai.",
    ),
    (
        "Giá cà phê Đắk Lắk tăng phiên thứ tư",
        "Thương lái Đắk Lắk mua vào 118.000 đồng mỗi ký lô, cao nhất từ đầu vụ.",
    ),
    (
        "Đội bóng chuyền nữ Quảng Ninh thắng trận mở màn",
        "Quảng Ninh thắng 3-1 trước khán giả nhà ở vòng bảng giải quốc gia.",
    ),
)


def article(
    id_: int, title: str, summary: str = "", *, outlet: str = "", hours: float = 0.0, story: int | None = None
) -> Article:
    """An article of its own outlet, published so many hours after NOW."""
    moment = NOW + timedelta(hours=hours)
    return Article(
        id_, outlet or f"Báo {id_}", "press", "tin", "vi", f"https://bao{id_}.example/{id_}", title, summary,
        moment, True, moment, True, story,
    )  # fmt: skip


def everything() -> list[Article]:
    """All of the above, the outlets in turn."""
    texts = [*BRIDGE, *NURSES, *OTHERS]
    return [
        article(number, title, summary, hours=number / 4) for number, (title, summary) in enumerate(texts, 1)
    ]
