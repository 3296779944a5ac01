"""How all feeds are doing: what the store remembers of them, judged by `monitor.ingest.health`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.ingest.health import health
from monitor.polling import learnt_of
from monitor.store import polls
from monitor.store.database import Store
from monitor.types import Feed, Health


def look_at_feeds(store: Store, feeds: Sequence[Feed], now: datetime) -> list[Health]:
    """The condition of every feed, in the order given."""
    states = polls.feed_states(store)
    return [health(feed, states.get(feed.id), learnt_of(store, feed.id, now), now) for feed in feeds]
