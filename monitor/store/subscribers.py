"""Readers. An address is stored only with how and when its owner agreed, or as pending until they do."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.channel import secrets_of, told
from monitor.errors import Misuse
from monitor.masking import hide
from monitor.store import history, suppression
from monitor.store.database import Store
from monitor.store.times import from_text, to_text
from monitor.types import Happening, Origin, ReaderEvent, Subscriber, SubscriberStatus

_HAPPENED: Mapping[SubscriberStatus, Happening] = {
    SubscriberStatus.PENDING: "asked",
    SubscriberStatus.ACTIVE: "resumed",
    SubscriberStatus.PAUSED: "paused",
    SubscriberStatus.SUSPENDED: "suspended",
    SubscriberStatus.REMOVED: "removed",
}

_NUMBER = re.compile(r"[0-9]{1,18}")


def add(store: Store, subscriber: Subscriber, *, origin: Origin = "operator", detail: str = "") -> Subscriber:
    """Store a new subscriber (its `id` is ignored). Raises Misuse when the address is known already."""
    row = _row(subscriber)
    columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    event = ReaderEvent(
        subscriber.created_at,
        "agreed" if subscriber.consent else "asked",
        origin,
        detail or subscriber.consent,
    )
    try:
        with store.transaction():
            written = store.write(f"INSERT INTO subscriber ({columns}) VALUES ({marks})", row)  # fixed names
            history.insert(store, int(written.lastrowid or 0), event)
    except sqlite3.IntegrityError as error:
        raise _known_already(subscriber.address) from error
    found = find(store, subscriber.address)
    assert found is not None  # just written
    return found


def find(store: Store, address: str) -> Subscriber | None:
    """The subscriber of an address, letter case aside."""
    return _by(store, "address", address)


def by_id(store: Store, subscriber_id: int) -> Subscriber | None:
    """The subscriber of a number."""
    return _by(store, "id", subscriber_id)


def by_token(store: Store, token: str) -> Subscriber | None:
    """The subscriber whose letters carry this token."""
    return _by(store, "token", token)


def known(store: Store, address: str) -> Subscriber:
    """The same, of an address that must be one, or by number. Raises Misuse."""
    subscriber = by_id(store, int(address)) if _NUMBER.fullmatch(address) else find(store, address)
    if subscriber is None:
        raise Misuse(f"{told(address)} is no subscriber; see 'vietnhat subscribers list'")
    return subscriber


def everyone(store: Store) -> list[Subscriber]:
    """All subscribers, by address."""
    return [_subscriber(row) for row in store.rows("SELECT * FROM subscriber ORDER BY address")]


def active(store: Store) -> list[Subscriber]:
    """Those who may be mailed, by id."""
    rows = store.rows("SELECT * FROM subscriber WHERE status = 'active' ORDER BY id")
    return [_subscriber(row) for row in rows]


def set_status(
    store: Store,
    subscriber_id: int,
    status: SubscriberStatus,
    *,
    now: datetime,
    origin: Origin = "operator",
    detail: str = "",
    was: SubscriberStatus | None = None,
) -> None:
    """Activate, pause, suspend or remove. What still waits in the outbox for a reader who stopped is let go.

    With `was`, only who still is that: a bounce must not suspend who has unsubscribed at the same moment.
    """
    with store.transaction():
        row = store.one("SELECT status FROM subscriber WHERE id = ?", [subscriber_id])
        if was and (row is None or row["status"] != was):
            return
        if status in (SubscriberStatus.PAUSED, SubscriberStatus.SUSPENDED, SubscriberStatus.REMOVED):
            store.write(
                "UPDATE delivery SET state = 'refused', letter = NULL, finished_at = ?, reply = ? "
                "WHERE subscriber_id = ? AND state = 'queued'",
                [to_text(now), f"the reader is {status}", subscriber_id],
            )
        event = ReaderEvent(now, _HAPPENED[status], origin, detail)
        values = {"status": status, "turns": status is SubscriberStatus.REMOVED}
        _change(store, subscriber_id, "status = :status, lock = lock + :turns", values, event)


def set_choices(store: Store, subscriber: Subscriber, *, now: datetime, origin: Origin = "operator") -> None:
    """Store everything a reader may choose as it stands in `subscriber`; address, status and consent stay."""
    row = _choices(subscriber)
    changes = ", ".join(f"{name} = :{name}" for name in row)
    with store.transaction():
        _change(store, subscriber.id, changes, row, ReaderEvent(now, "changed", origin))


def set_consent(
    store: Store,
    subscriber: Subscriber,
    consent: str,
    *,
    now: datetime,
    origin: Origin = "operator",
    detail: str = "",
) -> bool:
    """Record how and when a reader agreed; digests may begin.

    Nothing is recorded, and the answer is False, if their status is not that of `subscriber` any more: somebody else
    was faster.
    """
    event = ReaderEvent(now, "agreed", origin, detail or consent)
    values = {"consent": consent, "was": subscriber.status}
    with store.transaction():
        changes = "consent = :consent, status = 'active'"
        return _change(store, subscriber.id, changes, values, event, only="status = :was")


def set_address(
    store: Store,
    subscriber: Subscriber,
    address: str,
    *,
    now: datetime,
    origin: Origin = "operator",
    detail: str = "",
) -> None:
    """Mail a reader at another address from now on. Raises Misuse when it is another reader's."""
    event = ReaderEvent(now, "moved", origin, detail)
    values = {"address": address, "was": subscriber.address}
    try:
        with store.transaction():
            changes = "address = :address, lock = lock + 1"
            if _change(store, subscriber.id, changes, values, event, only="address = :was"):
                store.write(
                    "UPDATE OR REPLACE correction SET person = :address WHERE person = :was COLLATE NOCASE",
                    values,
                )
    except sqlite3.IntegrityError as error:
        raise _known_already(address) from error


def erase(store: Store, subscriber: Subscriber, *, suppressed: str = "", now: datetime | None = None) -> None:
    """Forget a person: the subscriber, what was sent to them, their letters and their corrections.

    `suppressed` is the keyed hash under which it stays known that the address wants no mail ("" for not at all).
    What is deleted is overwritten in the file, and the -wal is emptied unless somebody is just reading from it.
    """
    with store.transaction():
        store.write("DELETE FROM correction WHERE person = ? COLLATE NOCASE", [subscriber.address])
        store.write("DELETE FROM subscriber WHERE id = ?", [subscriber.id])
        if suppressed and now:
            suppression.insert(store, suppressed, "erased", now=now)
    store.write("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _by(store: Store, column: str, value: str | int) -> Subscriber | None:
    row = store.one(f"SELECT * FROM subscriber WHERE {column} = ?", [value])  # fixed names
    return _subscriber(row) if row else None


def _known_already(address: str) -> Misuse:
    return Misuse(f"{told(address)} is a subscriber already; see 'vietnhat subscribers list'")


def _change(
    store: Store,
    subscriber_id: int,
    changes: str,
    values: Mapping[str, Any],
    event: ReaderEvent,
    *,
    only: str = "TRUE",
) -> bool:
    """Change a subscriber of whom `only` is true, with its event, as a part of somebody's transaction.

    Whether there was one. The time of the change is that of the event.
    """
    written = store.write(
        f"UPDATE subscriber SET {changes}, changed_at = :now WHERE id = :id AND {only}",  # fixed names
        {**values, "now": to_text(event.at), "id": subscriber_id},
    )
    if written.rowcount:
        history.insert(store, subscriber_id, event)
    return bool(written.rowcount)


def _row(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "address": subscriber.address,
        "status": subscriber.status,
        "consent": subscriber.consent,
        "token": subscriber.token or secrets.token_urlsafe(16),
        "created_at": to_text(subscriber.created_at),
        "changed_at": to_text(subscriber.created_at),
        **_choices(subscriber),
    }


def left(store: Store, status: SubscriberStatus, *, before: datetime) -> list[Subscriber]:
    """Those of a status who have not changed since then, by id."""
    rows = store.rows(
        "SELECT * FROM subscriber WHERE status = ? AND changed_at < ? ORDER BY id", [status, to_text(before)]
    )
    return [_subscriber(row) for row in rows]


def waiting(store: Store) -> int:
    """How many were asked and have not answered."""
    row = store.one("SELECT count(*) AS n FROM subscriber WHERE status = 'pending'")
    return int(row["n"]) if row else 0


def _choices(subscriber: Subscriber) -> dict[str, Any]:
    """What a reader may change at any time."""
    return {
        "language": subscriber.language,
        "zone": subscriber.zone,
        "cadence": subscriber.cadence,
        "hour": subscriber.hour,
        "second_hour": subscriber.second_hour,
        "weekday": subscriber.weekday,
        "holidays": " ".join(subscriber.holidays),
        "sectors": " ".join(subscriber.sectors),
        "wants_empty": int(subscriber.wants_empty),
        "wants_maybe": int(subscriber.wants_maybe),
        "wants_thread": int(subscriber.wants_thread),
        "watched": json.dumps(subscriber.watched, ensure_ascii=False),
        "alert_sectors": " ".join(subscriber.alert_sectors),
        "alert_outlets": subscriber.alert_outlets,
        "quiet_from": subscriber.quiet_from,
        "quiet_until": subscriber.quiet_until,
    }


def _subscriber(row: Mapping[str, Any]) -> Subscriber:
    hide(secrets_of(row["address"]))  # before anybody can tell it
    return Subscriber(
        id=row["id"],
        address=row["address"],
        language=row["language"],
        zone=row["zone"],
        cadence=row["cadence"],
        hour=row["hour"],
        weekday=row["weekday"],
        sectors=tuple(row["sectors"].split()),
        wants_empty=bool(row["wants_empty"]),
        status=SubscriberStatus(row["status"]),
        consent=row["consent"],
        token=row["token"],
        created_at=from_text(row["created_at"]),
        second_hour=row["second_hour"],
        holidays=tuple(row["holidays"].split()),
        wants_maybe=bool(row["wants_maybe"]),
        wants_thread=bool(row["wants_thread"]),
        watched=tuple(json.loads(row["watched"])),
        alert_sectors=tuple(row["alert_sectors"].split()),
        alert_outlets=row["alert_outlets"],
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
        lock=row["lock"],
    )
