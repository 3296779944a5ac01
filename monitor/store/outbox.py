"""Letters on their way. A row is committed as `sending` before the first byte leaves the house."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.channel import Kind
from monitor.store.database import Store
from monitor.store.times import from_text, to_text
from monitor.types import Delivery, DeliveryState, Letter

_WANTED = (
    "(d.kind = 'note' OR EXISTS (SELECT 1 FROM subscriber s WHERE s.id = d.subscriber_id AND (s.status = 'active' "
    "OR (s.status <> 'removed' AND d.kind = 'confirmation'))))"
)
"""A digest goes to active readers only, a confirmation to all it asks but those who left, a note to the operator."""


def queue(store: Store, kind: str, subscriber_id: int | None, letter: Letter, *, now: datetime) -> None:
    """Put a letter that is no digest (a confirmation, a note) into the outbox."""
    with store.transaction():
        insert(store, kind, subscriber_id, letter, now=now)


def insert(
    store: Store,
    kind: str,
    subscriber_id: int | None,
    letter: Letter,
    *,
    now: datetime,
    digest_id: str | None = None,
) -> None:
    """`queue` as a part of somebody's transaction."""
    store.write(
        "INSERT INTO delivery (kind, subscriber_id, digest_id, message_id, recipient, letter, state, queued_at, "
        "next_attempt_at) VALUES (?,?,?,?,?,?,'queued',?,?)",
        [
            kind, subscriber_id, digest_id, letter.message_id, letter.recipient, letter.raw, to_text(now),
            to_text(now),
        ],
    )  # fmt: skip


_BY_KIND: Mapping[Kind, str] = {
    "webhook": "(d.recipient LIKE 'http://%' OR d.recipient LIKE 'https://%')",
    "chat": "(d.recipient LIKE '%://%' AND d.recipient NOT LIKE 'http://%' AND d.recipient NOT LIKE 'https://%')",
    "mail": "d.recipient NOT LIKE '%://%'",
}
"""`monitor.channel.kind_of` in SQL: what goes one way must not crowd out what goes another."""


def due(store: Store, *, now: datetime, kind: Kind | None = None, limit: int = 100) -> list[Delivery]:
    """Queued letters (of a kind) whose time has come, oldest first, for subscribers who may still be mailed."""
    rows = store.rows(
        f"SELECT d.* FROM delivery d WHERE d.state = 'queued' AND d.next_attempt_at <= ? AND {_WANTED} "
        f"{f'AND {_BY_KIND[kind]} ' if kind else ''}ORDER BY d.next_attempt_at, d.id LIMIT ?",
        [to_text(now), limit],
    )
    return [_delivery(row) for row in rows]


def interrupted(store: Store) -> list[Delivery]:
    """Letters a dead process left as `sending`. Only who holds the delivery lock may ask."""
    return [
        _delivery(row) for row in store.rows("SELECT * FROM delivery WHERE state = 'sending' ORDER BY id")
    ]


def begin(store: Store, delivery: Delivery) -> bool:
    """Commit that an attempt begins; False when the letter is not wanted any more (paused, removed, erased)."""
    with store.transaction():
        return _claim(store, delivery)


def _claim(store: Store, delivery: Delivery) -> bool:
    claimed = store.write(
        "UPDATE delivery AS d SET state = 'sending', attempts = attempts + 1 "
        f"WHERE d.id = ? AND d.state = 'queued' AND {_WANTED}",
        [delivery.id],
    )
    return claimed.rowcount == 1


def settle(
    store: Store,
    delivery: Delivery,
    state: DeliveryState,
    *,
    next_attempt_at: datetime,
    reply: str,
    now: datetime,
    attempts: int | None = None,
    following: Delivery | None = None,
) -> int | None:
    """Commit how an attempt ended; a finished letter's text is let go. `attempts` corrects the count.

    With `following` the same commit says that the attempt at that one begins; its number, unless it is not wanted.
    """
    finished = state in (DeliveryState.SENT, DeliveryState.REFUSED)
    with store.transaction():
        store.write(
            "UPDATE delivery SET state = ?, next_attempt_at = ?, reply = ?, finished_at = ?, "
            "attempts = coalesce(?, attempts), letter = CASE WHEN ? THEN NULL ELSE letter END WHERE id = ?",
            [
                state,
                to_text(next_attempt_at),
                reply,
                to_text(now) if finished else None,
                attempts,
                finished,
                delivery.id,
            ],
        )
        return following.id if following and _claim(store, following) else None


def asked(store: Store, domain: str, *, since: datetime) -> list[str]:
    """To which addresses of a domain letters were written since then that ask for a click, once for each."""
    rows = store.rows(
        "SELECT recipient FROM delivery WHERE kind = 'confirmation' AND queued_at > ? AND recipient LIKE ? ESCAPE '!'",
        [to_text(since), "%@" + domain.replace("!", "!!").replace("_", "!_").replace("%", "!%")],
    )
    return [row["recipient"] for row in rows]


def attempted(store: Store, message_id: str) -> Delivery | None:
    """The letter of this Message-ID, if it has ever been offered to the relay: who quotes it has seen it."""
    row = store.one("SELECT * FROM delivery WHERE message_id = ? AND attempts > 0", [message_id])
    return _delivery(row) if row else None


def oldest_due(store: Store) -> tuple[int, datetime] | None:
    """How many letters wait to be sent, and since when the first of them; None when none waits."""
    row = store.one(
        f"SELECT count(*) AS n, min(queued_at) AS since FROM delivery d WHERE d.state = 'queued' AND {_WANTED}"
    )
    return (row["n"], from_text(row["since"])) if row and row["n"] else None


def counts(store: Store) -> dict[str, int]:
    """How many letters are in each state."""
    return {
        row["state"]: row["n"]
        for row in store.rows("SELECT state, count(*) AS n FROM delivery GROUP BY state")
    }


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(
        id=row["id"],
        subscriber_id=row["subscriber_id"],
        letter=Letter(row["message_id"], row["recipient"], row["letter"]),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        queued_at=from_text(row["queued_at"]),
        next_attempt_at=from_text(row["next_attempt_at"]),
        reply=row["reply"],
    )
