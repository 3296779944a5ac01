"""How all feeds are doing: what the store remembers of them, judged by `monitor.ingest.health`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.ingest.cadence import HISTORY, rhythm
from monitor.ingest.health import health
from monitor.store import polls
from monitor.store.database import Store
from monitor.types import Feed, Health


def look_at_feeds(store: Store, feeds: Sequence[Feed], now: datetime) -> list[Health]:
    """The condition of every feed, in the order given."""
    states = polls.feed_states(store)
    return [
        health(feed, states.get(feed.id), rhythm(polls.arrivals(store, feed.id, since=now - HISTORY)), now)
        for feed in feeds
    ]
