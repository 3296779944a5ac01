"""A date as a feed writes it to an instant in UTC, without a clock. The only module that knows dateparser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_LONGEST = 100
_MONTHS = {
    name: n
    for n, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_WEEKDAYS = {name: n for n, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_WEEKDAYS |= {name: n for n, name in enumerate("月火水木金土日")} | {"chủ nhật": 6, "chúa nhật": 6}
_WEEKDAYS |= {f"thứ {name}": n for n, name in enumerate(("hai", "ba", "tư", "năm", "sáu", "bảy"))}
_WEEKDAYS |= {f"thứ {n + 2}": n for n in range(6)}
_ZONES = {"gmt": 0, "utc": 0, "ut": 0, "z": 0, "ict": 7, "wib": 7, "sgt": 8, "hkt": 8, "jst": 9, "kst": 9}
_ZONES |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ZONES |= {"cet": 1, "cest": 2, "msk": 3, "aest": 10, "aedt": 11}

_ISO_T = re.compile(r"(?<=\d)t(?=\d)")
_TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})[:時h](?P<minute>\d{2})(?:[:分](?P<second>\d{2})(?:[.,]\d+)?)?[分秒]?"
    r"(?:\s*(?P<half>am|pm|sa|ch|sáng|chiều|tối)\b)?(?!\d)"
)
_WEEKDAY = re.compile(
    r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b"
    r"|\b(thứ (?:hai|ba|tư|năm|sáu|bảy|[2-7])|ch[ủú]a? nhật)|\(([月火水木金土日])\)"
)
_DAY_NAMED = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})[\s-]+(?P<name>[a-z]{3})[a-z]*\.?[\s,-]+(?P<year>\d{4}|\d\d)(?!\d)"
)
_NAMED_DAY = re.compile(
    r"\b(?P<name>[a-z]{3})[a-z]*\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})(?!\d)"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?!\d)日?")
_VIETNAMESE = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})\s+tháng\s+(?P<month>\d{1,2}),?\s+(?:năm\s+)?(?P<year>\d{4})(?!\d)"
)
_NUMBERS = re.compile(r"(?<!\d)(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})(?!\d)")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?(?!\d)")
_ZONE_NAME = re.compile(r"\b(" + "|".join(sorted(_ZONES, key=len, reverse=True)) + r")\b")
_FILLING = re.compile(r"\b(?:ngày|lúc|giờ|vào|at|on)\b|[\s,;|()–-]")
_UNIX = re.compile(r"1\d{9}")


def parse_date(raw: str, zone: str) -> datetime | None:
    """The instant in UTC, or None if the date cannot be read with certainty.

    Month names beat numbers. Of bare numbers the month comes first with AM/PM, else the day; the other order
    is taken if only that one is a date, or only that one falls on the weekday named. A missing zone is
    `zone`; relative wording ("10 phút trước") would need a clock and is unreadable.
    """
    text = " ".join(unicodedata.normalize("NFC", raw[: _LONGEST + 1]).split()).lower()
    if not text or len(text) > _LONGEST:
        return None
    try:
        if _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        found = _read(text, ZoneInfo(zone)) or _read_by_dateparser(text, zone)
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None


def _read(text: str, local: tzinfo) -> datetime | None:
    """The instant if every word is understood, else None; ValueError if it is no real date."""
    moment, rest = _take(_TIME, _ISO_T.sub(" ", text, count=1))
    weekday, rest = _take(_WEEKDAY, rest)
    named = _WEEKDAYS[weekday[1] or weekday[2] or weekday[3]] if weekday else None
    month_first = moment is not None and moment["half"] in ("am", "pm")
    day, rest = _day(rest, named, month_first)
    if day is None:
        return None
    zone, rest = _zone(rest, local)
    if _FILLING.sub("", rest):
        return None
    return datetime.combine(day, _time_of_day(moment), zone)


def _take(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    match = pattern.search(text)
    return match, f"{text[: match.start()]} | {text[match.end() :]}" if match else text


def _day(text: str, weekday: int | None, month_first: bool) -> tuple[date | None, str]:
    for pattern in (_DAY_NAMED, _NAMED_DAY, _YEAR_FIRST, _VIETNAMESE):
        match, rest = _take(pattern, text)
        if match:
            found = match.groupdict()
            month = _MONTHS.get(found["name"]) if "name" in found else int(found["month"])
            return (date(_year(found["year"]), month, int(found["day"])) if month else None), rest
    match, rest = _take(_NUMBERS, text)
    if match is None:
        return None, text
    first, second, year = int(match["day"]), int(match["month"]), int(match["year"])
    orders = [(first, second), (second, first)] if month_first else [(second, first), (first, second)]
    possible = list(_real_dates(year, orders))
    fitting = [each for each in possible if each.weekday() == weekday]
    return (fitting or possible)[0], rest


def _real_dates(year: int, orders: list[tuple[int, int]]) -> Iterator[date]:
    """The real dates among (month, day) pairs; ValueError if there is none."""
    months = [(month, day) for month, day in orders if month <= 12]
    for month, day in months or orders:
        yield date(year, month, day)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year < 69 else 1900)  # the pivot of POSIX and of email.utils


def _zone(text: str, local: tzinfo) -> tuple[tzinfo, str]:
    offset, text = _take(_OFFSET, text)
    name, text = _take(_ZONE_NAME, text)
    if offset:
        minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
        if minutes > 14 * 60:
            raise ValueError("no place on earth is so far from Greenwich")
        return timezone(timedelta(minutes=-minutes if offset["sign"] == "-" else minutes)), text
    return (timezone(timedelta(hours=_ZONES[name[1]])) if name else local), text


def _time_of_day(moment: re.Match[str] | None) -> time:
    if moment is None:
        return time()
    hour, half = int(moment["hour"]), moment["half"]
    if half in ("pm", "ch", "chiều", "tối") and hour < 12:
        hour += 12
    if half in ("am", "sa", "sáng") and hour == 12:
        hour = 0
    return time(hour, int(moment["minute"]), min(int(moment["second"] or 0), 59))  # 60 is a leap second


def _read_by_dateparser(text: str, zone: str) -> datetime | None:
    """Rare wordings; only whole absolute dates, so that no clock comes in."""
    if not re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", text):
        return None
    import dateparser  # takes half a second, and hardly any feed needs it

    settings = {
        "TIMEZONE": zone,
        "RETURN_AS_TIMEZONE_AWARE": True,
        "DATE_ORDER": "DMY",
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RELATIVE_BASE": datetime(2000, 1, 1, tzinfo=UTC),
    }
    found: datetime | None = dateparser.parse(text, languages=["vi", "en", "ja"], settings=settings)
    return found
