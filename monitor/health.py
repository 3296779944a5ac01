"""How all feeds are doing: what the store remembers of them, judged by `monitor.ingest.health`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.ingest.cadence import may_be_silent
from monitor.ingest.health import health
from monitor.polling import learnt_of
from monitor.store import polls
from monitor.store.database import Store
from monitor.types import Feed, FeedState, Health, Rhythm


def look_at_feeds(store: Store, feeds: Sequence[Feed], now: datetime) -> list[Health]:
    """The condition of every feed, in the order given."""
    states = polls.feed_states(store)
    return [_look(store, feed, states.get(feed.id), now) for feed in feeds]


def _look(store: Store, feed: Feed, state: FeedState | None, now: datetime) -> Health:
    """Asked with every look at the figures, so the history is read only where it can matter."""
    matters = state is not None and may_be_silent(state, now)
    return health(feed, state, learnt_of(store, feed.id, now) if matters else Rhythm(), now)
