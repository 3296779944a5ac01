"""Headers of an answer, read without trust: redirects, validators, Retry-After. Pure; knows no sockets."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from monitor.types import Failed, FailureKind, Validators

_DAY = 86400.0
_LONGEST_VALIDATOR = 512
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})(?![0-9])")
_UNUSABLE_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Redirect:
    """One more hop to make."""

    location: str
    permanent: bool

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str]) -> Self | Failed:
        """The hop a redirect asks for. Blanks, control characters and backslashes are never followed."""
        location = headers.get("Location", "").strip()
        if not location:
            return Failed(FailureKind.BAD_REDIRECT, f"status {status} without Location", status)
        if _UNUSABLE_IN_URL.search(location):
            return Failed(FailureKind.BAD_REDIRECT, f"status {status} to an unusable Location", status)
        return cls(location, status in (301, 308))


def conditional_headers(validators: Validators) -> dict[str, str]:
    """If-None-Match and If-Modified-Since, as far as the validators allow."""
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in headers.items() if value}


def fresh_validators(headers: Mapping[str, str], before: Validators) -> Validators:
    """The answer's validators, or those from before where it names none; absurd ones are dropped."""
    return Validators(
        etag=_sane(headers.get("ETag")) or before.etag,
        last_modified=_sane(headers.get("Last-Modified")) or before.last_modified,
        body_hash=before.body_hash,
    )


def _sane(value: str | None) -> str | None:
    value = (value or "").strip()
    return value if len(value) <= _LONGEST_VALIDATOR and _PRINTABLE.fullmatch(value) else None


def asked_pause(headers: Mapping[str, str], now: float) -> timedelta:
    """For how long the answer calls itself fresh: max-age less Age, else Expires (RFC 9111, 4.2); a day at most.

    `now` is Unix time, for answers without a Date.
    """
    control = headers.get("Cache-Control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return timedelta(0)
    found = _MAX_AGE.search(control)
    if found:
        age = headers.get("Age", "").strip()
        seconds = float(found[1]) - (float(age) if re.fullmatch(r"[0-9]{1,9}", age) else 0.0)
    else:
        expires, date = _instant(headers.get("Expires")), _instant(headers.get("Date"))
        seconds = (expires - (now if date is None else date)) if expires is not None else 0.0
    return timedelta(seconds=min(max(seconds, 0.0), _DAY))


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; at most a day. None if the header says nothing usable.

    `now` is Unix time: an HTTP date can only be compared with a clock.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,30}", text):
        return min(float(text), _DAY)
    until = _instant(text)
    return min(until - now, _DAY) if until is not None and until > now else None


def _instant(value: str | None) -> float | None:
    """An HTTP date as Unix time, None if it is none."""
    try:
        return email.utils.parsedate_to_datetime((value or "").strip()).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
