"""Who and what a text names."""

from __future__ import annotations

import pytest

from classifiers.gazetteer import Gazetteer, WordLists
from classifiers.release import shipped_lexicon
from classifiers.signals import Lexicon
from classifiers.taxonomy import load_taxonomy
from classifiers.text import normalise


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """The shipped names and word lists."""
    return shipped_lexicon()


def signals(lexicon: Lexicon, text: str) -> set[str]:
    """The ids raised by a text."""
    return {hit.signal for hit in lexicon.scan(normalise(text)).hits}


@pytest.mark.parametrize(
    "text",
    [
        "Doanh nghiệp Nhật muốn mở rộng",
        "Nhật muốn tuyển thêm điều dưỡng",
        "lao động sang Nhật tăng",
        "quan hệ Việt - Nhật",
        "Tàu Nhật cập cảng",
        "tập đoàn Nhật Sumitomo rót vốn",
    ],
)
def test_nhat_means_japan(lexicon: Lexicon, text: str) -> None:
    """The syllable alone, with a capital, is the country."""
    assert signals(lexicon, text) & {"nhat", "bilateral", "japan-actor", "japan-market"}


@pytest.mark.parametrize(
    "text",
    [
        "Tỷ phú Phạm Nhật Vượng phát biểu",
        "cầu Nhật Tân ùn tắc",
        "mừng sinh nhật con gái",
        "Nhật ký của mẹ",
        "anh Nhật bỏ chạy",
        "viêm não Nhật Bản tăng ca mắc",
        "Duy nhất một người sống sót",
        "ca sĩ Nhật Kim Anh ra mắt MV",
    ],
)
def test_nhat_that_is_not_japan(lexicon: Lexicon, text: str) -> None:
    """Names, streets, diaries, diseases and other words are not."""
    assert not signals(lexicon, text) & {"nhat", "japan", "bilateral", "jp-person", "jp-place"}


def test_the_longest_name_wins(lexicon: Lexicon) -> None:
    """Bình Dương is not found inside Thái Bình Dương."""
    assert "vn-place" not in signals(lexicon, "vùng biển Thái Bình Dương")
    assert "vn-place" in signals(lexicon, "khu công nghiệp ở Bình Dương")


def test_names_are_masked_by_kind(lexicon: Lexicon) -> None:
    """What is learnt of one firm holds for the next, whatever its name and numbers."""
    masked = lexicon.scan(normalise("AEON Mall rót 250 triệu USD vào Bắc Ninh")).masked
    assert masked == ("<jp-firm>", "rót", "<n>", "triệu", "usd", "vào", "<vn-place>")


def test_a_lexicon_of_ones_own() -> None:
    """Terms are found whole; of one signal only the longest phrase at a place counts."""
    gazetteer = Gazetteer.model_validate(
        {"version": 1, "names": [{"id": "x", "name": "Hãng X", "kind": "firm", "country": "jp"}]}
    )
    lists = WordLists.model_validate(
        {
            "version": 1,
            "nhat": {"never_before": [], "never_after": [], "names_before": [], "nouns_before": []},
            "signals": [
                {
                    "id": "act",
                    "name": {"vi": "a", "en": "a", "ja": "a"},
                    "case": "fold",
                    "terms": ["hợp tác", "tác"],
                }
            ],
        }
    )
    from classifiers.signals import build_lexicon

    own = build_lexicon(gazetteer, lists, load_taxonomy())
    hits = [hit.words for hit in own.scan("Hãng X Hợp tác").hits if hit.signal == "act"]
    assert hits == ["hợp tác"]
