"""Whole sentences of a letter about itself: what was read, when letters come, what they are about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from classifiers.taxonomy import Taxonomy
from monitor.digest.words import Words
from monitor.types import Digest, Omission, Subscriber


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
    return words.say(f"empty_{digest.subscriber.cadence}{'_chosen' if elsewhere else ''}")


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


def confirm_line(confirm: str, until: datetime | None, words: Words) -> str:
    """What to do with the link of a confirmation, and until when."""
    step = words.say("confirm_page" if confirm.startswith("http") else "confirm_mail")
    if until is None:
        return step
    return words.sentences(
        step, words.say("confirm_until", moment=words.moment(until), zone=words.zone_name())
    )


def _cadence_line(subscriber: Subscriber, words: Words) -> str:
    time, zone = f"{subscriber.hour}:00", words.zone_name()
    if subscriber.cadence == "daily":
        return words.say("cadence_daily", time=time, zone=zone)
    return words.say("cadence_weekly", weekday=words.weekday(subscriber.weekday), time=time, zone=zone)


def _sectors_line(subscriber: Subscriber, taxonomy: Taxonomy, words: Words) -> str:
    if not subscriber.sectors:
        return words.say("all_sectors")
    return words.say("chosen", names=sector_names(subscriber.sectors, taxonomy, words))
