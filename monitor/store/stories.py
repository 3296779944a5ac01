"""Which article belongs to which story, and what the archive knows of words: how many articles hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.store.articles import plain_article
from monitor.store.database import Store
from monitor.store.times import to_text
from monitor.types import Article

NEAR = 40
"""So many articles that share the rarest words are looked at,"""
BESIDE = 160
"""and so many others of their stories, the newest first."""


def waiting(store: Store, *, since: datetime, limit: int) -> list[Article]:
    """Vietnamese news first seen since then that belongs to no story yet, in an order no feed has a say in."""
    rows = store.rows(
        "SELECT * FROM article WHERE story_id IS NULL AND language = 'vi' AND news = 1 AND first_seen >= ? "
        "ORDER BY first_seen, published, outlet, link LIMIT ?",
        [to_text(since), limit],
    )
    return [plain_article(row) for row in rows]


def holding(store: Store, words: Iterable[str]) -> tuple[int, Mapping[str, int]]:
    """(how many articles there are, in how many of them each of these words stands)."""
    store.write(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab('main', 'article_search', 'col')"
    )
    found = {}
    for word in set(words):
        row = store.one("SELECT doc FROM temp.vocabulary WHERE term = ? AND col = 'words'", [word])
        if row:
            found[word] = int(row["doc"])
    documents = store.one("SELECT count(*) AS n FROM article")
    return int(documents["n"]) if documents else 0, found


def near(store: Store, words: Sequence[str], *, published: datetime, window: timedelta) -> list[Article]:
    """The articles that share most of these words, published around then, and all others of their stories."""
    if not words:
        return []
    first = store.one(
        "SELECT min(id) AS id FROM article WHERE first_seen >= ?", [to_text(published - window)]
    )
    if first is None or first["id"] is None:
        return []
    query = "words : (" + " OR ".join(f'"{word}"' for word in words) + ")"
    rows = store.rows(
        "WITH like AS MATERIALIZED (SELECT rowid AS id FROM article_search "
        "WHERE article_search MATCH ? AND rowid >= ? ORDER BY rank LIMIT ?) "
        "SELECT * FROM article WHERE language = 'vi' AND published BETWEEN ? AND ? AND (id IN (SELECT id FROM like) "
        "OR id IN (SELECT o.id FROM article o WHERE o.story_id IN (SELECT story_id FROM article "
        "WHERE id IN (SELECT id FROM like)) ORDER BY o.published DESC LIMIT ?))",
        [query, first["id"], NEAR, to_text(published - window), to_text(published + window), BESIDE],
    )
    return [plain_article(row) for row in rows]


def record(store: Store, stories: Mapping[int, int]) -> None:
    """Store the story of each of these articles, for good."""
    with store.transaction():
        for article_id, story_id in stories.items():
            store.write("UPDATE article SET story_id = ? WHERE id = ?", [story_id, article_id])


def members(store: Store, story_ids: Iterable[int]) -> dict[int, list[Article]]:
    """The articles of these stories, in order of publication."""
    found: dict[int, list[Article]] = {story_id: [] for story_id in story_ids}
    rows = store.rows(
        "SELECT a.* FROM json_each(?) s JOIN article a ON a.story_id = s.value ORDER BY a.published, a.id",
        [json.dumps(list(found))],
    )
    for row in rows:
        found[row["story_id"]].append(plain_article(row))
    return found
