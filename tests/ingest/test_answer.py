"""Rules for reading headers that nobody vouches for."""

from datetime import timedelta

import pytest

from monitor.ingest.answer import Redirect, asked_pause, conditional_headers, fresh_validators, retry_after
from monitor.types import Failed, FailureKind, Validators

NOON = 1_795_262_400.0  # Sat, 21 Nov 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999", 86400.0),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120.0),
        ("Sat, 21 Nov 2099 12:02:00 GMT", 86400.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", 86400.0),
        ("Mon, 30 Feb 2026 00:00:00 GMT", None),
        ("-5", None),
        ("mai nhé", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """Seconds or an HTTP date, a day at most; nonsense counts as absent."""
    assert retry_after(value, NOON) == seconds


@pytest.mark.parametrize(
    ("status", "permanent"), [(301, True), (308, True), (302, False), (303, False), (307, False)]
)
def test_redirect(status: int, permanent: bool) -> None:
    """Only 301 and 308 say that the move is for good."""
    assert Redirect.read(status, {"Location": "/feed.rss"}) == Redirect("/feed.rss", permanent)


@pytest.mark.parametrize("location", ["", "  ", "http://a.example\\@b.example/", "/a b", "/a\x00b"])
def test_unusable_location(location: str) -> None:
    """A Location that two programs could read differently is not followed."""
    outcome = Redirect.read(302, {"Location": location})
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.BAD_REDIRECT


def test_validators_are_kept_and_replaced() -> None:
    """The answer's validators replace ours; what it does not name stays."""
    before = Validators('"a"', "Sat, 21 Nov 2026 00:00:00 GMT", "hash")
    after = fresh_validators({"ETag": '"b"'}, before)
    assert after == Validators('"b"', "Sat, 21 Nov 2026 00:00:00 GMT", "hash")


@pytest.mark.parametrize("etag", ['"' + "e" * 600 + '"', '"\x00"', '"é"', ""])
def test_absurd_validators_are_dropped(etag: str) -> None:
    """What could not be sent back as a header is not remembered."""
    assert fresh_validators({"ETag": etag}, Validators()) == Validators()


def test_conditional_headers() -> None:
    """Only the validators we have are sent."""
    assert conditional_headers(Validators()) == {}
    assert conditional_headers(Validators(etag='"a"', body_hash="x")) == {"If-None-Match": '"a"'}
    assert conditional_headers(Validators(last_modified="then")) == {"If-Modified-Since": "then"}


NOON = 1_795_262_400.0  # Sat, 21 Nov 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": "s-maxage=9, max-age=600"}, 600),
        ({"Cache-Control": "s-maxage=600"}, 0),
        ({"Cache-Control": "max-age=600", "Age": "100"}, 500),
        ({"Cache-Control": "max-age=600", "Age": "9000"}, 0),
        ({"Cache-Control": "max-age=600", "Age": "long"}, 600),
        ({"Cache-Control": "max-age=99999999"}, 86400),
        ({"Cache-Control": "max-age=-1"}, 0),
        ({"Cache-Control": "max-age=1e9"}, 1),
        ({"Cache-Control": "no-store"}, 0),
        ({"Expires": "Sat, 21 Nov 2026 12:10:00 GMT"}, 600),
        ({"Expires": "Sat, 21 Nov 2026 12:10:00 GMT", "Date": "Sat, 21 Nov 2026 12:05:00 GMT"}, 300),
        ({"Expires": "0"}, 0),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"Expires": "Sat, 21 Nov 2026 12:10:00 GMT", "Cache-Control": "max-age=60"}, 60),
        ({}, 0),
    ],
)
def test_asked_pause(headers: dict[str, str], seconds: float) -> None:
    """max-age less Age beats Expires; nonsense asks for nothing, and a day is the most."""
    assert asked_pause(headers, NOON) == timedelta(seconds=seconds)
