"""What polling reads and writes: feed states, known articles, and the one transaction of a feed's poll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from classifiers.text import fold, normalise
from monitor.store.database import Store
from monitor.store.times import from_text, from_text_or_none, to_text, to_text_or_none
from monitor.types import (
    Entry,
    FailureKind,
    Feed,
    FeedState,
    Known,
    NewArticle,
    PollPlan,
    PollReport,
    Revision,
    Validators,
    fingerprint,
)

_AT_ONCE = 400
"""Values in one query: below SQLite's oldest limit of 999 variables."""

FLOOD = 500
"""So many new entries in one document of a feed that is no stranger are told to the operator."""

_MOST_KEYS = 24
"""Of one article: a feed that gives an entry another guid with every poll does not fill the disk."""

_LONGEST_PAUSE = timedelta(hours=25)

_SEEN_TO = timedelta(days=1)
"""How exactly it is kept when an entry was seen last: a write per entry and day, not per poll."""


def feed_states(store: Store) -> dict[str, FeedState]:
    """What is remembered of every feed ever polled, by feed id."""
    return {row["feed_id"]: _state(row) for row in store.rows("SELECT * FROM feed_state")}


def arrivals(store: Store, feed_id: str, *, since: datetime) -> list[datetime]:
    """When this feed brought something new, ascending: the newest 500 times."""
    rows = store.rows(
        "SELECT DISTINCT first_at FROM sighting WHERE feed_id = ? AND first_at >= ? ORDER BY first_at DESC LIMIT 500",
        [feed_id, to_text(since)],
    )
    return [from_text(row["first_at"]) for row in reversed(rows)]


def arrival_hours(store: Store, feed_id: str, *, since: datetime) -> list[datetime]:
    """The hours in which this feed brought something new, ascending."""
    rows = store.rows(
        "SELECT DISTINCT substr(first_at, 1, 13) AS hour FROM sighting WHERE feed_id = ? AND first_at >= ? ORDER BY 1",
        [feed_id, to_text(since)],
    )
    return [from_text(f"{row['hour']}:00:00Z") for row in rows]


def floods(store: Store, *, since: datetime) -> dict[str, int]:
    """The largest flood of each feed that had one since then, in entries."""
    rows = store.rows(
        "SELECT s.feed_id, count(*) AS n FROM feed_state f JOIN sighting s ON s.feed_id = f.feed_id "
        "WHERE s.first_at >= ?1 AND s.first_at > f.first_read_at GROUP BY s.feed_id, s.first_at HAVING n > ?2 "
        "ORDER BY s.feed_id, n",
        [to_text(since), FLOOD],
    )
    return {row["feed_id"]: row["n"] for row in rows}


def host_pauses(store: Store, *, now: datetime) -> dict[str, timedelta]:
    """For how long each host still wants no request; what reaches too far was set by a clock that was wrong."""
    rows = store.rows("SELECT host, until FROM host_pause WHERE until > ?", [to_text(now)])
    left = {row["host"]: from_text(row["until"]) - now for row in rows}
    return {host: pause for host, pause in left.items() if pause <= _LONGEST_PAUSE}


def known(store: Store, outlet: str, keys: Iterable[str]) -> dict[str, Known]:
    """The article behind each key of an outlet that is known already."""
    found = _by_portions(
        store,
        "SELECT k.key, a.id, a.fingerprint FROM article_key k JOIN article a ON a.id = k.article_id "
        "WHERE k.outlet = ? AND k.key IN ({marks})",
        [outlet],
        dict.fromkeys(keys),
    )
    wordings: defaultdict[int, set[str]] = defaultdict(set)
    for row in found:
        wordings[row["id"]].add(row["fingerprint"])
    earlier = "SELECT article_id, title, summary FROM revision WHERE article_id IN ({marks})"
    for row in _by_portions(store, earlier, [], wordings):
        wordings[row["article_id"]].add(fingerprint(row["title"], row["summary"]))
    return {row["key"]: Known(row["id"], frozenset(wordings[row["id"]])) for row in found}


def _by_portions(
    store: Store, sql: str, before: Sequence[Any], wanted: Iterable[Any]
) -> list[dict[str, Any]]:
    """The rows for all values `wanted`, asked for in portions; `{marks}` in the query are question marks only."""
    values = list(wanted)
    portions = (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
    return [
        row
        for part in portions
        for row in store.rows(sql.format(marks=",".join("?" * len(part))), [*before, *part])
    ]


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
        _save_state(store, state, report)


def save_state(store: Store, state: FeedState, report: PollReport, *, asking: str | None = None) -> None:
    """Write a poll that brought no document; `asking` is the host that wants no request until `not_before`."""
    with store.transaction():
        _save_state(store, state, report)
        if asking and state.not_before:
            store.write("INSERT OR REPLACE INTO host_pause VALUES (?,?)", [asking, to_text(state.not_before)])


def claim(store: Store, feeds: Iterable[Feed], *, until: datetime) -> None:
    """Before a request leaves, note that these feeds are not due until then.

    Where nothing can be written, nothing is asked: else a full disk or a crash would have every feed fetched again with
    every tick, and nobody remember it.
    """
    with store.transaction():
        for feed in feeds:
            store.write(
                "INSERT INTO feed_state (feed_id, url, due_at) VALUES (?1, ?2, ?3) "
                "ON CONFLICT (feed_id) DO UPDATE SET due_at = max(coalesce(due_at, ''), ?3)",
                [feed.id, feed.url, to_text(until)],
            )


def begin_anew(store: Store, feed_ids: Iterable[str]) -> None:
    """Forget that these feeds have ended."""
    with store.transaction():
        for feed_id in feed_ids:
            store.write("UPDATE feed_state SET ended_at = NULL WHERE feed_id = ?", [feed_id])


def forgive(store: Store, states: Sequence[FeedState]) -> None:
    """Write what is to be remembered of feeds whose failures were no fault of theirs."""
    with store.transaction():
        for state in states:
            store.write(
                "UPDATE feed_state SET failures = ?, failure = ?, failing_since = ?, due_at = ? WHERE feed_id = ?",
                [
                    state.failures,
                    state.failure or "",
                    to_text_or_none(state.failing_since),
                    to_text_or_none(state.due_at),
                    state.feed_id,
                ],
            )


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
    before = search_words(old["title"], old["summary"])
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
            "INSERT OR IGNORE INTO article_key (outlet, key, article_id) SELECT ?1, ?2, ?3 "
            "WHERE (SELECT count(*) FROM article_key WHERE article_id = ?3) < ?4",
            [outlet, key, article_id, _MOST_KEYS],
        )


def _sight(store: Store, feed_id: str, article_id: int, now: datetime) -> None:
    store.write(
        "INSERT INTO sighting (feed_id, article_id, first_at, last_at) VALUES (?1,?2,?3,?3) "
        "ON CONFLICT (feed_id, article_id) DO UPDATE SET last_at = excluded.last_at WHERE last_at < ?4",
        [feed_id, article_id, to_text(now), to_text(now - _SEEN_TO)],
    )


def _save_state(store: Store, state: FeedState, report: PollReport) -> None:
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
        "last_new_at": to_text_or_none(state.last_new_at),
        "failures": state.failures,
        "outcome": report.outcome,
        "reason": state.reason,
        "moved_to": state.moved_to,
        "entries_read": report.entries,
        "failure": state.failure or "",
        "failing_since": to_text_or_none(state.failing_since),
        "answered_at": to_text_or_none(state.answered_at),
        "read_at": to_text_or_none(state.read_at),
        "last_entries": state.last_entries,
        "unchanged": state.unchanged,
        "pause": int(state.pause.total_seconds()),
        "ended_at": to_text_or_none(state.ended_at),
    }
    columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    updates = ", ".join(f"{name} = excluded.{name}" for name in row if name != "entries_read")
    store.write(
        f"INSERT INTO feed_state ({columns}) VALUES ({marks}) ON CONFLICT (feed_id) DO UPDATE SET {updates}, "
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
        last_new_at=from_text_or_none(row["last_new_at"]),
        failures=row["failures"],
        not_before=from_text_or_none(row["not_before"]),
        moved_to=row["moved_to"],
        failure=FailureKind(row["failure"]) if row["failure"] else None,
        failing_since=from_text_or_none(row["failing_since"]),
        answered_at=from_text_or_none(row["answered_at"]),
        read_at=from_text_or_none(row["read_at"]),
        last_entries=row["last_entries"],
        unchanged=row["unchanged"],
        pause=timedelta(seconds=row["pause"]),
        ended_at=from_text_or_none(row["ended_at"]),
        reason=row["reason"],
    )


def _searchable(entry: Entry) -> tuple[str, str]:
    return search_words(entry.title, entry.summary)


def search_words(title: str, summary: str) -> tuple[str, str]:
    """The words as written (tone marks count) and folded (they do not)."""
    words = normalise(f"{title} {summary}").casefold()
    return words, fold(words)
