"""Everything that is stored about one person, for that person."""

from __future__ import annotations

from typing import Any

from monitor.store.database import Store
from monitor.types import Subscriber


def of(store: Store, subscriber: Subscriber) -> dict[str, Any]:
    """The rows of every table that name the subscriber, as JSON can hold them. Letters are told without their text."""
    own = [subscriber.id]
    return {
        "subscriber": {
            name: value
            for row in store.rows("SELECT * FROM subscriber WHERE id = ?", own)
            for name, value in row.items()
            if name != "token"  # it opens a door; whoever has this file need not have the letters
        },
        "history": store.rows(
            "SELECT at, event, origin, detail FROM reader_event WHERE subscriber_id = ? ORDER BY id", own
        ),
        "digests": store.rows(
            "SELECT id, kind, slot, composed_at, items, more FROM digest WHERE subscriber_id = ? ORDER BY slot",
            own,
        ),
        "items": store.rows(
            "SELECT i.digest_id, i.position, i.role, a.outlet, a.title, a.link FROM digest_item i "
            "JOIN article a ON a.id = i.article_id WHERE i.subscriber_id = ? ORDER BY i.digest_id, i.position",
            own,
        ),
        "letters": store.rows(
            "SELECT kind, digest_id, message_id, recipient, state, attempts, queued_at, finished_at, reply "
            "FROM delivery WHERE subscriber_id = ? ORDER BY id",
            own,
        ),
        "corrections": store.rows(
            "SELECT article_id, title, summary, relevance, sectors, origin, made_at FROM correction "
            "WHERE person = ? COLLATE NOCASE ORDER BY id",
            [subscriber.address],
        ),
    }
