"""Our own words: complete in three languages, and dates as each reader writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.taxonomy import LANGUAGES
from monitor.digest.words import Words, catalogue
from monitor.types import Language

MORNING = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
VI, EN, JA = (Words(language, "Asia/Ho_Chi_Minh") for language in LANGUAGES)


def test_every_text_takes_the_same_values_in_all_languages() -> None:
    """The schema holds the keys equal; the {names} within must be equal too."""
    for key, text in catalogue().items():
        names = {frozenset(re.findall(r"\{(\w+)\}", text.in_(language))) for language in LANGUAGES}
        assert len(names) == 1, key


def test_every_number_has_both_forms() -> None:
    """A text for one has its text for more, and the other way round."""
    keys = set(catalogue())
    assert {key[:-4] for key in keys if key.endswith("_one")} == {
        key[:-6] for key in keys if key.endswith("_other")
    }


def test_every_word_is_used() -> None:
    """A key that no module and no template names is left over from something."""
    folder = Path(__file__).parents[2] / "monitor" / "digest"
    sources = "".join(path.read_text() for path in [*folder.glob("*.py"), *folder.glob("templates/*")])
    for key in catalogue():
        stem = re.sub(
            r"_(one|other|daily|weekly|chosen|daily_chosen|weekly_chosen|todo)$|^(confirm|link|move|moved)_",
            "",
            key,
        )
        assert re.search(rf"\b{stem}(\b|_)|_{stem}\b", sources), key


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            VI,
            (
                "Thứ Bảy, 21/11/2026",
                "21/11",
                "06:05, 21/11",
                "27/11/2023",
                "4.812",
                "giờ Việt Nam",
                "Thứ Hai",
            ),
        ),
        (
            EN,
            (
                "Saturday, 21 Nov 2026",
                "21 Nov",
                "21 Nov, 06:05",
                "27 November 2023",
                "4,812",
                "Vietnam Time",
                "Monday",
            ),
        ),
        (
            JA,
            (
                "2026年11月21日（土）",
                "11月21日",
                "11月21日 06:05",
                "2023年11月27日",
                "4,812",
                "ベトナム時間",
                "月曜日",
            ),
        ),
    ],
)
def test_dates_and_numbers(words: Words, expected: tuple[str, ...]) -> None:
    """As readers of the language write them, in the reader's zone."""
    said = (
        words.full_date(MORNING),
        words.short_date(MORNING),
        words.moment(MORNING),
        words.statement_date("2023-11-27"),
        words.number(4812),
        words.zone_name(),
        words.weekday(0),
    )
    assert said == expected


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("en", 1, "1 story"),
        ("en", 2, "2 stories"),
        ("vi", 1, "1 tin"),
        ("vi", 1200, "1.200 tin"),
        ("ja", 3, "3件"),
    ],
)
def test_counts(language: Language, number: int, said: str) -> None:
    """English alone has a form for one."""
    assert Words(language, "UTC").count("stories", number) == said


def test_quotes_and_sentences() -> None:
    """Each language joins in its own way."""
    assert VI.quote(["a", "b"]) == "“a”, “b”"
    assert JA.quote(["a", "b"]) == "「a」、「b」"
    assert (EN.sentences("A.", "", "B."), JA.sentences("A。", "B。")) == ("A. B.", "A。B。")


def test_values_are_never_read_as_patterns() -> None:
    """Braces and percent signs in a headline stay what they are."""
    assert VI.say("subject_empty", date="{n} %s {0.__class__}").endswith("{n} %s {0.__class__}")
