"""New names: told by their shape, new against the archive, few and good."""

from __future__ import annotations

import random

import pytest

from monitor.digest.names import OF_ONE_STORY, names_in, new_names
from monitor.types import RelevantArticle
from tests.digest.weeks import DAY, NOW, WEEK, archive_of, told


@pytest.mark.parametrize(
    ("title", "summary", "names"),
    [
        ("Tập đoàn Hoshino Kasei khởi công nhà máy", "", ["Hoshino Kasei"]),
        ("Nhà máy của Hoshino tại Khu công nghiệp Sông Lam 3", "", ["Hoshino", "Sông Lam 3"]),
        ("Thủ tướng tiếp Đại sứ Nhật Bản Mizuno Kenta", "", ["Mizuno Kenta"]),
        ("Bộ Ngoại giao và Bộ Giáo dục và Đào tạo làm việc với Nhật Bản", "", []),
        ("Tiếp Đại sứ, Chủ tịch nước nói về quan hệ Việt - Nhật", "", []),
        ("Hoshino Việt Nam tuyển lao động", "", ["Hoshino"]),
        ("Việt Nam – Nhật Bản mở rộng hợp tác", "", []),
        ("Thông xe tuyến Sông Lam – Cửa Hội", "", ["Sông Lam - Cửa Hội"]),
        ("Ký kết tại Sông Lam – Bước tiến mới", "", ["Sông Lam"]),
        ("Sông Lam đón nhà đầu tư Nhật Bản", "Khu vực quanh Sông Lam có thêm nhà máy.", ["Sông Lam"]),
        ("Sông Lam đón nhà đầu tư Nhật Bản", "", []),  # "Đón Lam …" would look the same
        ("ODA, FDI và AI vào TP HCM", "", []),
        ("NHẬT BẢN HỖ TRỢ HOSHINO KASEI", "", []),
        ("Năm 2026: Khánh Hoà đón đoàn Nhật, tàu ghé Khánh Hoà", "", ["Khánh Hòa"]),
        ("", "", []),
    ],
)
def test_names_of_a_headline(title: str, summary: str, names: list[str]) -> None:
    """Words written large in a row, without what bodies are, the two countries and the start of a sentence."""
    assert names_in(title, summary) == names


def old(id_: int, title: str, summary: str = "") -> RelevantArticle:
    """An article of the weeks before."""
    return told(id_, NOW - 2 * WEEK, title, summary=summary)


def new(id_: int, title: str, *, story: int | None = None) -> RelevantArticle:
    """An article of this week."""
    return told(id_, NOW - DAY - id_ * DAY / 1000, title, story=story)


def found(*articles: RelevantArticle, weeks: int = 26) -> list[str]:
    """The new names of an archive."""
    return [one.name for one in new_names(archive_of(articles, weeks=weeks))]


def test_what_the_archive_held_is_not_new() -> None:
    """In a headline or a summary, in any letter case; two known names with a dash between are no new one."""
    articles = [
        old(1, "Đoàn tàu ghé thăm", "Đoàn đến SÔNG LAM và Cửa Hội."),
        new(2, "Nhà máy mới ở Sông Lam"),
        new(3, "Tuyến Sông Lam - Cửa Hội"),
        new(4, "Nhà máy mới ở Sông Mây"),
    ]
    assert found(*articles) == ["Sông Mây"]


def test_a_young_archive_says_nothing() -> None:
    """Under four weeks everything is new."""
    assert found(new(1, "Nhà máy mới ở Sông Lam"), weeks=3) == []
    assert found(new(1, "Nhà máy mới ở Sông Lam"), weeks=4) == ["Sông Lam"]
    assert new_names(archive_of([], weeks=0)) == ()


def test_what_more_stories_tell_comes_first() -> None:
    """Then the newer; a name within another one is told once, and of one story no more than two."""
    articles = [
        new(1, "Hãng Hoshino, hãng Kasuga, hãng Mizuno và hãng Orihime cùng mở nhà máy"),
        new(2, "Nhà máy mới ở Sông Mây"),
        new(3, "Thêm nhà máy ở Sông Mây"),
        new(4, "Nhà máy mới ở Sông Mây 2", story=3),
    ]
    names = found(*articles)
    assert names[0] == "Sông Mây"
    assert "Sông Mây 2" not in names
    assert len(names) == 1 + OF_ONE_STORY
    for seed in range(5):
        random.Random(seed).shuffle(articles)
        assert found(*articles) == names


def test_the_back_catalogue_is_known_but_no_news() -> None:
    """What a feed's first reading brought makes no name new, wherever it stands."""
    back = told(1, NOW - DAY, "Nhà máy mới ở Sông Lam", news=False)
    assert found(back, new(2, "Thêm nhà máy ở Sông Lam"), new(3, "Thêm nhà máy ở Sông Mây")) == ["Sông Mây"]
