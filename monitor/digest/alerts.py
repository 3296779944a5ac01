"""What a reader is told at once. Batched and bounded, never in their quiet hours, and never a second time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.digest.compose import without
from monitor.digest.schedule import is_quiet
from monitor.types import Digest, DigestItem, Subscriber

PAUSE = timedelta(minutes=60)
"""At least between two alerts to one reader: what comes meanwhile is told together."""

MOST_A_DAY = 6
MOST_ITEMS = 8

FRESH = timedelta(hours=12)
"""What was published earlier is no alert; the digest has it."""


def wants_alerts(reader: Subscriber) -> bool:
    """Whether this reader chose anything to be told at once."""
    return bool(
        reader.alert_sectors or reader.alert_outlets or (reader.watched and reader.cadence == "alerts")
    )


def may_alert(reader: Subscriber, before: Sequence[datetime], now: datetime) -> bool:
    """Whether an alert may go out now, after those sent `before`."""
    lately = [sent for sent in before if now - sent < timedelta(days=1)]
    return (
        not is_quiet(reader, now) and len(lately) < MOST_A_DAY and all(now - sent >= PAUSE for sent in lately)
    )


def alert_of(digest: Digest) -> Digest | None:
    """What of a digest, as it would be made now, is to be told at once; None when nothing is."""
    calling = [item for item in digest.items if _calls(item, digest)][:MOST_ITEMS]
    if not calling:
        return None
    kept = {item.judged.article.id for item in calling}
    rest = {item.judged.article.id for item in (*digest.items, *digest.maybe)} - kept
    stamp = digest.slot.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return replace(
        without(digest, rest), id=f"a-{digest.subscriber.id}-{stamp}", kind="alert", omitted=(), more=0
    )


def _calls(item: DigestItem, digest: Digest) -> bool:
    """Whether one story is fresh, and of a sector, size or name this reader chose for alerts."""
    reader = digest.subscriber
    if digest.composed_at - item.judged.article.published > FRESH:
        return False
    sectors = {score.id for judged in (item.judged, *item.also) for score in judged.verdict.sectors}
    large = 0 < reader.alert_outlets <= item.outlets
    return large or bool(item.watched) or not sectors.isdisjoint(reader.alert_sectors)
