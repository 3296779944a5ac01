"""Rules for dates as feeds write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.dates import parse_date

HANOI = "Asia/Ho_Chi_Minh"


def _utc(day: int, hour: int, minute: int = 0, second: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("Sat, 21 Nov 2026 10:00:05 +0700", _utc(21, 3, 0, 5)),
        ("Sat, 21 Nov 26 10:00:00 +0700", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 +07:00", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 +07", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 GMT+7", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 GMT+0700", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 (GMT+7)", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 ICT", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 +0700 (ICT)", _utc(21, 3)),
        ("Sat, 21 Nov 2026 10:00:00 GMT", _utc(21, 10)),
        ("Sat, 21 Nov 2026 10:00:00 EST", _utc(21, 15)),
        ("Sat, 21 Nov 2026 10:00:00 -0330", _utc(21, 13, 30)),
        ("Sat, 21 Nov 2026 23:30:00 +0900", _utc(21, 14, 30)),
        ("Saturday, 21 November 2026 10:00", _utc(21, 3)),
        ("21-Nov-2026 10:00", _utc(21, 3)),
        ("Nov 21, 2026 10:28 PM", _utc(21, 15, 28)),
        ("Saturday, November 21st, 2026 at 10:00", _utc(21, 3)),
        ("2026-11-21T10:00:00+07:00", _utc(21, 3)),
        ("2026-11-21T10:00:00.123Z", _utc(21, 10)),
        ("2026-11-21 10:00:00", _utc(21, 3)),
        ("2026/11/21 10:00", _utc(21, 3)),
        ("2026-11-21", _utc(20, 17)),
        ("11/21/2026 10:28:00\u202fPM", _utc(21, 15, 28)),
        ("11/5/2026 12:28:00 AM", _utc(4, 17, 28)),
        ("5/11/2026 10:00", _utc(5, 3)),
        ("05-11-2026 10:00", _utc(5, 3)),
        ("21/11/2026 10:00", _utc(21, 3)),
        ("11/21/2026 10:00", _utc(21, 3)),
        ("21/11/2026 1:05:00 PM", _utc(21, 6, 5)),
        ("10:00 21/11/2026", _utc(21, 3)),
        ("10h30, 21/11/2026", _utc(21, 3, 30)),
        ("21/11/2026 2:30:00 CH", _utc(21, 7, 30)),
        ("21/11/2026 12:30:00 SA", _utc(20, 17, 30)),
        ("Thứ bảy, 21/11/2026, 10:00 (GMT+7)", _utc(21, 3)),
        ("Chủ nhật, ngày 22/11/2026 lúc 10:00", _utc(22, 3)),
        ("Thứ 7, 21 tháng 11, 2026 10:00", _utc(21, 3)),
        ("ngày 21 tháng 11 năm 2026", _utc(20, 17)),
        ("2026年11月21日(土) 10時30分", _utc(21, 3, 30)),
        ("Thứ Tư, 05/06/2026 10:00", _utc(6, 3, month=5)),
        ("Thứ Sáu, 05/06/2026 10:00", _utc(5, 3, month=6)),
        ("1795262400", _utc(21, 12)),
        ("Thu, 31 Dec 2026 23:59:60 GMT", _utc(31, 23, 59, 59, month=12)),
        ("Sat Nov 21 10:00:00 2026", _utc(21, 3)),
    ],
)
def test_readable(raw: str, instant: datetime) -> None:
    """Names beat numbers; AM/PM puts the month first; a missing zone is the feed's; the result is UTC."""
    assert parse_date(raw, HANOI) == instant


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "hôm qua",
        "10 phút trước",
        "tomorrow",
        "21/11",
        "10:00",
        "-1",
        "9" * 400,
        "2026",
        "Mon, 30 Feb 2026 00:00:00 GMT",
        "31/31/2026 10:00",
        "31/02/2026",
        "21/11/2026 25:00",
        "Sat, 21 Nov 2026 14:30:00 +9999",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "21 Foo 2026 10:00",
        "2026-11-21 10:00 or so",
        "x" * 101,
    ],
)
def test_unreadable(raw: str) -> None:
    """What is no date, is relative, or may mean something else is None, never a guess."""
    assert parse_date(raw, HANOI) is None


@pytest.mark.parametrize(("zone", "hour"), [(HANOI, 3), ("Asia/Tokyo", 1), ("UTC", 10)])
def test_missing_zone_is_the_feeds(zone: str, hour: int) -> None:
    """Only a date without a zone depends on the feed."""
    assert parse_date("21/11/2026 10:00", zone) == _utc(21, hour)
    assert parse_date("Sat, 21 Nov 2026 10:00:00 +0700", zone) == _utc(21, 3)


def test_two_digit_years_turn_at_69() -> None:
    """The pivot is the one of RFC 822 programs: 68 is 2068, 69 is 1969."""
    assert [parse_date(f"21 Nov {year} 10:00 GMT", "UTC").year for year in ("68", "69")] == [2068, 1969]  # type: ignore[union-attr]


@given(st.integers(0, 4_000_000_000))
def test_every_instant_survives(seconds: int) -> None:
    """An RFC 822 and an ISO date in UTC come back as they are, to the second."""
    moment = datetime.fromtimestamp(seconds, UTC)
    assert parse_date(moment.strftime("%a, %d %b %Y %H:%M:%S GMT"), HANOI) == moment
    assert parse_date(moment.isoformat(), HANOI) == moment


@given(st.text(max_size=120))
def test_no_text_raises(raw: str) -> None:
    """Any text is a date or None."""
    found = parse_date(raw, HANOI)
    assert found is None or found.tzinfo is UTC
