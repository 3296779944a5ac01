"""One spelling for training and serving."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import fold, normalise, tokens

VIETNAMESE = st.text(alphabet="aàáảãạăâeèéẻẽẹêoòóỏõọôơuùúủũụưyỳýỷỹỵiìíqghknxAÀOÒÓUÙYỲ –-", max_size=40)


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("hoà bình", "hòa bình"),
        ("HOÀ BÌNH", "HÒA BÌNH"),
        ("thuỷ sản, khoẻ, toà, thoả", "thủy sản, khỏe, tòa, thỏa"),
        ("quý, quỹ, hoàn toàn, toán, khoét", "quý, quỹ, hoàn toàn, toán, khoét"),
        ("kí kết, kĩ năng, tỉ yên, bác sỹ, Mĩ", "ký kết, kỹ năng, tỷ yên, bác sĩ, Mỹ"),
        ("Việt Nam – Nhật\u00a0Bản — “ODA”", 'Việt Nam - Nhật Bản - "ODA"'),
        (unicodedata.normalize("NFD", "Nhật nhất nhạt"), "Nhật nhất nhạt"),
        ("a\u200bb\u00adc", "abc"),
    ],
)
def test_spellings_are_unified(given_text: str, wanted: str) -> None:
    """Old tone placement, i for y, dashes, spaces and decomposed letters become one spelling."""
    assert normalise(given_text) == wanted


@given(VIETNAMESE)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    """Normalisation is idempotent."""
    assert normalise(normalise(text)) == normalise(text)


def test_tone_marks_and_case_survive() -> None:
    """Nhật, nhất, nhạt and nhật stay four words; only search folds them."""
    assert len({normalise(word) for word in ("Nhật", "nhất", "nhạt", "nhật")}) == 4
    assert fold("Đầu tư Nhật") == "dau tu nhat"


def test_phrase_ends_are_tokens() -> None:
    """A full stop between two words keeps a name from being found across it; one inside a word does not count."""
    assert tokens("ở Thái. Bình Dương, TP.HCM") == ["ở", "Thái", ".", "Bình", "Dương", ",", "TP", "HCM"]
