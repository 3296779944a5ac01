"""Whole sentences of a letter about itself: what was read, when letters come, what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from classifiers.taxonomy import Taxonomy
from monitor.digest.words import Words
from monitor.types import Cadence, Digest, Omission, Subscriber


def sector_name(sector: str, taxonomy: Taxonomy, words: Words) -> str:
    """A sector's name; one word for all that the taxonomy does not know."""
    known = taxonomy.sector_by_id.get(sector)
    return known.name.in_(words.language) if known else words.say("no_sector")


def sector_names(sectors: Iterable[str], taxonomy: Taxonomy, words: Words) -> str:
    """Names of sectors in a row."""
    return words.names(sector_name(sector, taxonomy, words) for sector in sectors)


def empty_line(digest: Digest, words: Words) -> str:
    """What a digest without items says; it claims nothing of sectors the reader does not follow."""
    elsewhere = any(reason is Omission.SECTOR_NOT_CHOSEN for _, reason in digest.omitted)
    span = "weekly" if digest.subscriber.cadence == "weekly" else "daily"
    return words.say(f"empty_{span}{'_chosen' if elsewhere else ''}")


def read_line(digest: Digest, words: Words, outlets: int) -> str:
    """How much was read to make the digest."""
    if not digest.polled_entries:
        return ""
    entries = words.count("entries", digest.polled_entries)
    if not outlets:
        return words.say("read", entries=entries)
    return words.say("read_of", entries=entries, outlets=words.count("outlets", outlets))


def period_line(digest: Digest, words: Words) -> str:
    """The time a digest covers."""
    since, until = words.moment(digest.since), words.moment(digest.composed_at)
    return words.say("period", since=since, until=until, zone=words.zone_name())


def terms_line(subscriber: Subscriber, taxonomy: Taxonomy, words: Words) -> str:
    """When letters come, and what they are about."""
    return words.sentences(_cadence_line(subscriber, words), _sectors_line(subscriber, taxonomy, words))


def request_line(request: str, link: str, until: datetime | None, words: Words) -> str:
    """What to do with the link of a letter that asks for a click, and until when."""
    step = words.say(f"{request}_page") if link.startswith("http") else words.say("confirm_mail")
    if until is None:
        return step
    return words.sentences(
        step, words.say("confirm_until", moment=words.moment(until), zone=words.zone_name())
    )


_CADENCES: Mapping[Cadence, str] = {
    "daily": "cadence_daily",
    "twice": "cadence_twice",
    "workdays": "cadence_workdays",
    "weekly": "cadence_weekly",
    "alerts": "cadence_alerts",
}
_HOLIDAYS = {
    frozenset({"VN"}): "holidays_vn",
    frozenset({"JP"}): "holidays_jp",
    frozenset({"VN", "JP"}): "holidays_jp_vn",
}


def _cadence_line(subscriber: Subscriber, words: Words) -> str:
    zone = words.zone_name()
    weekday, time = words.weekday(subscriber.weekday), f"{subscriber.hour}:00"
    first, second = sorted((subscriber.hour, subscriber.second_hour))
    return words.sentences(
        words.say(
            _CADENCES[subscriber.cadence],
            weekday=weekday,
            time=time,
            first=f"{first}:00",
            second=f"{second}:00",
            zone=zone,
        ),
        words.say(_HOLIDAYS[frozenset(subscriber.holidays)]) if subscriber.holidays else "",
    )


def _sectors_line(subscriber: Subscriber, taxonomy: Taxonomy, words: Words) -> str:
    if not subscriber.sectors:
        return words.say("all_sectors")
    return words.say("chosen", names=sector_names(subscriber.sectors, taxonomy, words))
