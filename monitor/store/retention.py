"""Forgets what nobody needs any more, a little at a time, so that pollers and mail never wait long for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from monitor.store.database import Store
from monitor.store.polls import search_words
from monitor.store.times import to_text

AT_ONCE = 200
"""Rows in one transaction."""

PAUSE = 0.05
"""Seconds between two, in which others write."""

PAPERS_DAYS = 400
"""Weekly looks, daily reports and finished letters are kept a year and a little, whatever the archive keeps."""

_HOLDERS = (
    "SELECT article_id FROM digest_item WHERE true",
    "SELECT article_id FROM correction WHERE article_id IS NOT NULL",
    """SELECT article_id FROM sighting s LEFT JOIN feed_state f ON f.feed_id = s.feed_id
    WHERE (f.read_at IS NULL OR s.last_at > strftime('%Y-%m-%dT%H:%M:%SZ', f.read_at, '-2 days'))""",
)
"""In a letter, corrected, or perhaps still in a feed. What a feed that cannot be read any more carried last stays: it
would come back as new."""


def forget_old(store: Store, *, now: datetime, days: int, stop: Callable[[], bool] = lambda: False) -> int:
    """Delete articles first seen more than `days` ago that nothing holds; how many that were. 0 keeps everything.

    An article is held by a digest it was in, by a correction, and by a feed that may still carry it. Which ones go is
    found out without keeping anybody from writing; then they go in small steps with pauses, until `stop` says so.
    Raises DatabaseError; what is forgotten until then stays forgotten.
    """
    if days <= 0:
        return 0
    before = to_text(now - timedelta(days=days))
    old = store.rows(f"SELECT id FROM article WHERE first_seen < ? AND NOT ({_held()})", [before])
    ids = [row["id"] for row in old]
    forgotten = 0
    for start in range(0, len(ids), AT_ONCE):
        if stop():
            return forgotten
        forgotten += _forget_articles(store, ids[start : start + AT_ONCE])
        time.sleep(PAUSE)
    _forget_papers(store, to_text(now - timedelta(days=PAPERS_DAYS)))
    return forgotten


def _forget_articles(store: Store, ids: Sequence[int]) -> int:
    """Those of the articles that are still not held: a letter or a poll may have come between."""
    # Deletes of single articles would search every child table without an index for each: off, and by hand instead.
    store.write("PRAGMA foreign_keys=OFF")
    try:
        with store.transaction():
            marks = ",".join("?" * len(ids))
            old = store.rows(
                f"SELECT id, title, summary FROM article WHERE id IN ({marks}) "
                f"AND NOT ({_held(f'AND article_id IN ({marks})')})",
                [*ids] * (1 + len(_HOLDERS)),
            )
            for row in old:
                _forget_words(store, row["id"], search_words(row["title"], row["summary"]))
            going = [row["id"] for row in old]
            marks = ",".join("?" * len(going))
            for table, column in _children(store):
                store.write(f"DELETE FROM {table} WHERE {column} IN ({marks})", going)
            store.write(f"DELETE FROM article WHERE id IN ({marks})", going)
    finally:
        store.write("PRAGMA foreign_keys=ON")
    return len(going)


def _held(only: str = "") -> str:
    """The condition that something holds an article; `only` narrows what is looked through."""
    return " OR ".join(f"id IN ({holder} {only})" for holder in _HOLDERS)


def _forget_words(store: Store, article_id: int, words: tuple[str, str]) -> None:
    """A contentless FTS5 table forgets a row only when told the row's own text (SQLite FTS5, section 4.4.3)."""
    store.write(
        "INSERT INTO article_search (article_search, rowid, words, folded) VALUES ('delete',?,?,?)",
        [article_id, *words],
    )


def _children(store: Store) -> list[tuple[str, str]]:
    """Every table and column whose rows go with their article, by the schema itself."""
    rows = store.rows(
        'SELECT m.name AS child, k."from" AS col FROM sqlite_master m, pragma_foreign_key_list(m.name) k '
        "WHERE m.type = 'table' AND k.\"table\" = 'article' AND k.on_delete = 'CASCADE'"
    )
    return [(row["child"], row["col"]) for row in rows]


def _forget_papers(store: Store, before: str) -> None:
    for table, key, old in (
        ("watch", "week", "week < substr(?1, 1, 10)"),
        ("report", "day", "day < substr(?1, 1, 10)"),
        ("delivery", "id", "state IN ('sent', 'refused') AND finished_at < ?1"),
    ):
        while True:
            with store.transaction():
                gone = store.write(
                    f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {old} LIMIT ?2)",
                    [before, AT_ONCE],
                )
            if gone.rowcount < AT_ONCE:
                break
