"""What polling reads and writes: feed states, known articles, and the one transaction of a feed's poll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from classifiers.text import fold, normalise
from monitor.store.database import Store
from monitor.store.times import from_text_or_none, to_text, to_text_or_none
from monitor.types import (
    Entry,
    Feed,
    FeedState,
    Known,
    NewArticle,
    PollPlan,
    PollReport,
    Revision,
    Validators,
)

_AT_ONCE = 400
"""Values in one query: below SQLite's oldest limit of 999 variables."""


def feed_states(store: Store) -> dict[str, FeedState]:
    """What is remembered of every feed ever polled, by feed id."""
    return {row["feed_id"]: _state(row) for row in store.rows("SELECT * FROM feed_state")}


def problems(store: Store) -> list[dict[str, Any]]:
    """Feeds whose last poll failed, the longest-suffering first."""
    return store.rows(
        "SELECT feed_id, failures, reason, last_polled_at FROM feed_state WHERE failures > 0 "
        "ORDER BY failures DESC, feed_id"
    )


def known(store: Store, outlet: str, keys: Iterable[str]) -> dict[str, Known]:
    """The article behind each key of an outlet that is known already."""
    found: dict[str, Known] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        marks = ",".join("?" * len(part))
        rows = store.rows(
            "SELECT k.key, a.id, a.fingerprint FROM article_key k JOIN article a ON a.id = k.article_id "
            f"WHERE k.outlet = ? AND k.key IN ({marks})",  # marks are question marks only
            [outlet, *part],
        )
        found.update({row["key"]: Known(row["id"], row["fingerprint"]) for row in rows})
    return found


def record_poll(
    store: Store, feed: Feed, plan: PollPlan, state: FeedState, report: PollReport, *, now: datetime
) -> None:
    """Write everything one poll brought, in one transaction: articles, revisions, keys, the feed's next due time."""
    with store.transaction():
        for new in plan.new:
            _insert(store, feed, new, now)
        for revised in plan.revised:
            _revise(store, revised, now)
            _keys(store, feed.outlet, revised.article_id, revised.entry.keys)
            _sight(store, feed.id, revised.article_id, now)
        for seen in plan.seen:
            _keys(store, feed.outlet, seen.article_id, seen.keys)
            _sight(store, feed.id, seen.article_id, now)
        _save_state(store, state, report, now)


def save_state(store: Store, state: FeedState, report: PollReport, *, now: datetime) -> None:
    """Write a poll that brought no document."""
    with store.transaction():
        _save_state(store, state, report, now)


def _insert(store: Store, feed: Feed, new: NewArticle, now: datetime) -> None:
    entry = new.entry
    cursor = store.write(
        "INSERT INTO article (outlet, kind, section, language, link, title, summary, fingerprint, published, dated, "
        "first_seen, news) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        [
            feed.outlet, feed.kind, feed.section, feed.language, entry.link, entry.title, entry.summary,
            entry.fingerprint, to_text(new.published or now), int(new.published is not None), to_text(now),
            int(new.news),
        ],
    )  # fmt: skip
    article_id = int(cursor.lastrowid or 0)
    store.write(
        "INSERT INTO article_search (rowid, words, folded) VALUES (?,?,?)", [article_id, *_searchable(entry)]
    )
    _keys(store, feed.outlet, article_id, entry.keys)
    _sight(store, feed.id, article_id, now)


def _revise(store: Store, revised: Revision, now: datetime) -> None:
    """Keep the old wording as a revision; the article and its search text take the new one."""
    article_id, entry = revised.article_id, revised.entry
    old = store.rows("SELECT title, summary FROM article WHERE id = ?", [article_id])[0]
    store.write(
        "INSERT INTO revision (article_id, replaced_at, title, summary) VALUES (?,?,?,?)",
        [article_id, to_text(now), old["title"], old["summary"]],
    )
    # A contentless FTS5 table forgets a row only when told the row's own text (SQLite FTS5, section 4.4.3).
    before = _search_text(old["title"], old["summary"])
    store.write(
        "INSERT INTO article_search (article_search, rowid, words, folded) VALUES ('delete',?,?,?)",
        [article_id, *before],
    )
    store.write(
        "UPDATE article SET title = ?, summary = ?, fingerprint = ? WHERE id = ?",
        [entry.title, entry.summary, entry.fingerprint, article_id],
    )
    store.write(
        "INSERT INTO article_search (rowid, words, folded) VALUES (?,?,?)", [article_id, *_searchable(entry)]
    )
    # The new wording is judged anew; a verdict something was sent with stays on record.
    sent = "AND model NOT IN (SELECT model FROM digest_item WHERE article_id = ?)"
    for table in ("verdict", "verdict_sector"):
        store.write(f"DELETE FROM {table} WHERE article_id = ? {sent}", [article_id, article_id])


def _keys(store: Store, outlet: str, article_id: int, keys: Sequence[str]) -> None:
    for key in keys:
        store.write(
            "INSERT OR IGNORE INTO article_key (outlet, key, article_id) VALUES (?,?,?)",
            [outlet, key, article_id],
        )


def _sight(store: Store, feed_id: str, article_id: int, now: datetime) -> None:
    store.write(
        "INSERT OR IGNORE INTO sighting (feed_id, article_id, first_at) VALUES (?,?,?)",
        [feed_id, article_id, to_text(now)],
    )


def _save_state(store: Store, state: FeedState, report: PollReport, now: datetime) -> None:
    row: dict[str, Any] = {
        "feed_id": state.feed_id,
        "url": state.url,
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "body_hash": state.validators.body_hash,
        "due_at": to_text_or_none(state.due_at),
        "not_before": to_text_or_none(state.not_before),
        "first_read_at": to_text_or_none(state.first_read_at),
        "last_polled_at": to_text_or_none(state.last_polled_at),
        "last_new_at": to_text(now) if report.new else None,
        "failures": state.failures,
        "outcome": report.outcome,
        "reason": report.reason,
        "moved_to": state.moved_to,
        "entries_read": report.entries,
    }
    columns = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    updates = ", ".join(
        f"{name} = excluded.{name}" for name in row if name not in ("last_new_at", "entries_read")
    )
    store.write(
        f"INSERT INTO feed_state ({columns}) VALUES ({marks}) ON CONFLICT (feed_id) DO UPDATE SET {updates}, "
        "last_new_at = coalesce(excluded.last_new_at, last_new_at), "
        "entries_read = entries_read + excluded.entries_read",
        row,
    )


def _state(row: Mapping[str, Any]) -> FeedState:
    return FeedState(
        feed_id=row["feed_id"],
        url=row["url"],
        validators=Validators(row["etag"], row["last_modified"], row["body_hash"]),
        due_at=from_text_or_none(row["due_at"]),
        first_read_at=from_text_or_none(row["first_read_at"]),
        last_polled_at=from_text_or_none(row["last_polled_at"]),
        failures=row["failures"],
        not_before=from_text_or_none(row["not_before"]),
        moved_to=row["moved_to"],
    )


def _searchable(entry: Entry) -> tuple[str, str]:
    return _search_text(entry.title, entry.summary)


def _search_text(title: str, summary: str) -> tuple[str, str]:
    """The words as written (tone marks count) and folded (they do not)."""
    words = normalise(f"{title} {summary}").casefold()
    return words, fold(words)
