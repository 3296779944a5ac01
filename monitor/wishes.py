"""What a reader may choose, checked one by one: the same for options of a command and for forms on a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from monitor.errors import Misuse
from monitor.types import Subscriber

SHORTEST_WATCHED, LONGEST_WATCHED, MOST_WATCHED = 2, 80, 30
"""Letters in a name on a watch-list, and names on it."""

LARGE = 3
"""Outlets that tell a story worth an alert to who did not say."""

_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


def checked_address(text: str) -> str:
    """A deliverable address in its usual spelling. Raises Misuse."""
    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        raise Misuse(f"{text!r} is not a mail address: {error}") from error


def mailbox_of(address: str) -> str:
    """In what box a letter to an address ends, for all one can tell: letter case and tags mean nothing, nor do dots at
    Google's mail. For counting only, never for sending."""
    local, _, domain = address.casefold().rpartition("@")
    local = local.partition("+")[0]
    return f"{local.replace('.', '') if domain in _DOTLESS else local}@{domain}"


def checked_zone(name: str) -> str:
    """An IANA time zone. Raises Misuse."""
    if name not in _zones():
        raise Misuse(f"{name!r} is no time zone; write one as Asia/Tokyo")
    return name


@cache
def _zones() -> frozenset[str]:
    """Zones of places; the database also holds names of files and of no place at all."""
    return frozenset(available_timezones()) - {"Factory", "localtime"}


def with_alerts(reader: Subscriber) -> Subscriber:
    """The reader; one who wants alerts alone and did not say of what gets those of large stories and their sectors."""
    if reader.cadence != "alerts" or reader.alert_sectors or reader.alert_outlets or reader.watched:
        return reader
    return replace(reader, alert_outlets=LARGE, alert_sectors=reader.sectors)


def checked_sectors(ids: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Sector ids, each once. Raises Misuse for one that is not known."""
    for sector in ids:
        if sector not in known:
            raise Misuse(f"there is no sector {sector!r}; they are: {', '.join(known)}")
    return tuple(dict.fromkeys(ids))


def checked_watched(names: Sequence[str]) -> tuple[str, ...]:
    """Names and ids of commitments to watch for, each once. Raises Misuse."""
    found = tuple(dict.fromkeys(" ".join(name.split()) for name in names))
    for name in found:
        if not SHORTEST_WATCHED <= len(name) <= LONGEST_WATCHED or not name.isprintable():
            raise Misuse(
                f"--watch: {name!r} is no name; write one of {SHORTEST_WATCHED} to {LONGEST_WATCHED} letters, "
                "or a commitment's id"
            )
    if len(found) > MOST_WATCHED:
        raise Misuse(f"--watch: {len(found)} names are too many; {MOST_WATCHED} can be watched")
    return found
