"""Our own words in a reader's language, and dates, times and numbers as that reader writes them.

The only module that knows babel. The texts stand in words.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_datetime,
    get_day_names,
    get_timezone,
    get_timezone_location,
    get_timezone_name,
)
from babel.numbers import format_decimal

from classifiers.taxonomy import Names
from classifiers.yamlfile import Record, load
from monitor.types import Language

_LOCALES: Mapping[Language, str] = {"vi": "vi", "en": "en_GB", "ja": "ja"}


class _Catalogue(Record):
    """words.yaml: every text in all three languages, by key."""

    words: dict[str, Names]


LETTERS = Path(__file__).with_name("words.yaml")


@cache
def catalogue(file: Path = LETTERS) -> Mapping[str, Names]:
    """All texts of a file by key: those of the letters, or others. Raises BadFile."""
    return load(file, _Catalogue).words


@cache
def _locale_of(language: Language) -> Locale:
    return Locale.parse(_LOCALES[language])


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks one language, in the time of one IANA zone."""

    language: Language
    zone: str
    texts: Mapping[str, Names] = field(default_factory=lambda: catalogue(), repr=False, compare=False)

    def say(self, key: str, **values: str) -> str:
        """The text of `key` with its {names} filled in."""
        text = self.texts[key].in_(self.language)
        return text.format_map(values) if values else text

    def count(self, key: str, number: int) -> str:
        """`number` of something, as "3 stories"; `key` without _one and _other."""
        form = "one" if self._locale.plural_form(number) == "one" else "other"
        return self.say(f"{key}_{form}", n=self.number(number))

    def number(self, number: float) -> str:
        """A number with its thousands marked."""
        return format_decimal(number, locale=self._locale)

    def full_date(self, instant: datetime) -> str:
        """The local day with weekday and year."""
        return self._capital(self._at("full_date", instant))

    def short_date(self, instant: datetime) -> str:
        """The local day and month."""
        return self._at("short_date", instant)

    def day(self, instant: datetime) -> str:
        """The local day, month and year."""
        return self._at("statement_date", instant)

    def moment(self, instant: datetime) -> str:
        """The local time and day."""
        return self._at("moment", instant)

    def statement_date(self, day: str) -> str:
        """A day given as YYYY-MM-DD."""
        return format_date(date.fromisoformat(day), self.say("statement_date"), locale=self._locale)

    def weekday(self, number: int) -> str:
        """The name of a weekday (0 = Monday) within a sentence."""
        return str(get_day_names("wide", locale=self._locale)[number])

    def zone_name(self) -> str:
        """What clocks of the zone are called, within a sentence: "giờ Việt Nam"."""
        name = get_timezone_name(ZoneInfo(self.zone), locale=self._locale)
        return name[0].lower() + name[1:] if self.language == "vi" else name

    def zone_place(self, zone: str) -> str:
        """What clocks of any zone are called, for a list: "Giờ Nhật Bản", "Germany (Berlin) Time"."""
        place = get_timezone(zone)
        return str(get_timezone_location(place, locale=self._locale)) if "/" in zone else zone

    def quote(self, texts: Iterable[str]) -> str:
        """Words of others, each in quotation marks."""
        return self.say("between_quotes").join(self.say("quoted", text=text) for text in texts)

    def names(self, names: Iterable[str]) -> str:
        """Names in a row."""
        return self.say("between_names").join(names)

    def sentences(self, *sentences: str) -> str:
        """Whole sentences in a row; those that are empty fall away."""
        return ("" if self.language == "ja" else " ").join(filter(None, sentences))

    @property
    def _locale(self) -> Locale:
        return _locale_of(self.language)

    def _at(self, pattern: str, instant: datetime) -> str:
        return format_datetime(instant, self.say(pattern), tzinfo=ZoneInfo(self.zone), locale=self._locale)

    def _capital(self, text: str) -> str:
        return text[0].upper() + text[1:]
