"""The schema, as an append-only list of steps. docs/schema.md describes the result; a test keeps it true."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("vietnhat")

SCHEMA_VERSION = 4
"""Stands in `user_version` too; raised by one with every step appended below."""


@migrations()
def m001_first_schema(db: Database) -> None:
    """Feeds, articles with keys and revisions, verdicts, subscribers, digests, outbox."""
    _run(db, _FIRST)


@migrations()
def m002_learning(db: Database) -> None:
    """Corrections of readers, and the weekly look at the model's own behaviour."""
    _run(db, _LEARNING)


@migrations()
def m003_years_alone(db: Database) -> None:
    """What polling learns of feeds and hosts, reports to the operator, and how the last run ended."""
    _run(db, _YEARS_ALONE)


@migrations()
def m004_readers(db: Database) -> None:
    """Which articles tell one story; what readers may choose and what happened to them; kinds and parts of digests."""
    _run(db, _READERS)


def _run(db: Database, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


_FIRST = """
CREATE TABLE feed_state (
    feed_id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    body_hash TEXT,
    due_at TEXT,
    not_before TEXT,
    first_read_at TEXT,
    last_polled_at TEXT,
    last_new_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    moved_to TEXT,
    entries_read INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE article (
    id INTEGER PRIMARY KEY,
    outlet TEXT NOT NULL,
    kind TEXT NOT NULL,
    section TEXT NOT NULL,
    language TEXT NOT NULL,
    link TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    published TEXT NOT NULL,
    dated INTEGER NOT NULL,
    first_seen TEXT NOT NULL,
    news INTEGER NOT NULL
) STRICT;
CREATE INDEX article_published ON article(published);
CREATE INDEX article_first_seen ON article(first_seen);
CREATE TABLE article_key (
    outlet TEXT NOT NULL,
    key TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    PRIMARY KEY (outlet, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_key_article ON article_key(article_id);
CREATE TABLE revision (
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    replaced_at TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;
CREATE INDEX revision_article ON revision(article_id);
CREATE TABLE sighting (
    feed_id TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    first_at TEXT NOT NULL,
    PRIMARY KEY (feed_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE article_search USING fts5(
    words, folded, content='', tokenize='unicode61 remove_diacritics 0'
);
CREATE TABLE verdict (
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    relevance REAL NOT NULL,
    decision TEXT NOT NULL,
    sectors TEXT NOT NULL,
    commitments TEXT NOT NULL,
    evidence TEXT NOT NULL,
    scored_at TEXT NOT NULL,
    PRIMARY KEY (article_id, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_decision ON verdict(decision, article_id);
CREATE TABLE verdict_sector (
    sector TEXT NOT NULL,
    published TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    probability REAL NOT NULL,
    PRIMARY KEY (sector, published, article_id, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_sector_article ON verdict_sector(article_id, model);
CREATE TABLE subscriber (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE COLLATE NOCASE,
    language TEXT NOT NULL,
    zone TEXT NOT NULL,
    cadence TEXT NOT NULL,
    hour INTEGER NOT NULL,
    weekday INTEGER NOT NULL,
    sectors TEXT NOT NULL,
    wants_empty INTEGER NOT NULL,
    status TEXT NOT NULL,
    consent TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE digest (
    id TEXT PRIMARY KEY,
    subscriber_id INTEGER NOT NULL REFERENCES subscriber(id) ON DELETE CASCADE,
    slot TEXT NOT NULL,
    composed_at TEXT NOT NULL,
    items INTEGER NOT NULL,
    more INTEGER NOT NULL,
    UNIQUE (subscriber_id, slot)
) STRICT;
CREATE TABLE digest_item (
    subscriber_id INTEGER NOT NULL REFERENCES subscriber(id) ON DELETE CASCADE,
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    digest_id TEXT NOT NULL REFERENCES digest(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    model TEXT NOT NULL,
    PRIMARY KEY (subscriber_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX digest_item_digest ON digest_item(digest_id, position);
CREATE TABLE digest_omission (
    digest_id TEXT NOT NULL REFERENCES digest(id) ON DELETE CASCADE,
    article_id INTEGER NOT NULL REFERENCES article(id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    PRIMARY KEY (digest_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX digest_omission_article ON digest_omission(article_id);
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subscriber_id INTEGER REFERENCES subscriber(id) ON DELETE CASCADE,
    digest_id TEXT UNIQUE REFERENCES digest(id) ON DELETE CASCADE,
    message_id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    letter BLOB,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    queued_at TEXT NOT NULL,
    next_attempt_at TEXT NOT NULL,
    finished_at TEXT,
    reply TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX delivery_due ON delivery(state, next_attempt_at)
"""

_LEARNING = """
CREATE TABLE IF NOT EXISTS correction (
    id INTEGER PRIMARY KEY,
    article_id INTEGER REFERENCES article(id) ON DELETE SET NULL,
    text_key TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    relevance INTEGER NOT NULL CHECK (relevance IN (0, 1, 2)),
    sectors TEXT,
    person TEXT NOT NULL,
    origin TEXT NOT NULL,
    made_at TEXT NOT NULL,
    UNIQUE (person, text_key)
) STRICT;
CREATE INDEX IF NOT EXISTS correction_text ON correction(text_key);
CREATE INDEX IF NOT EXISTS correction_article ON correction(article_id);
CREATE TABLE IF NOT EXISTS watch (
    week TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    made_at TEXT NOT NULL,
    report TEXT NOT NULL,
    alarms INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""

_YEARS_ALONE = """
ALTER TABLE feed_state ADD COLUMN failure TEXT NOT NULL DEFAULT '';
ALTER TABLE feed_state ADD COLUMN failing_since TEXT;
ALTER TABLE feed_state ADD COLUMN answered_at TEXT;
ALTER TABLE feed_state ADD COLUMN read_at TEXT;
ALTER TABLE feed_state ADD COLUMN last_entries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed_state ADD COLUMN unchanged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed_state ADD COLUMN pause INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed_state ADD COLUMN ended_at TEXT;
ALTER TABLE sighting ADD COLUMN last_at TEXT NOT NULL DEFAULT '';
UPDATE sighting SET last_at = first_at;
CREATE INDEX sighting_feed ON sighting(feed_id, first_at);
CREATE TABLE host_pause (
    host TEXT PRIMARY KEY,
    until TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE report (
    day TEXT PRIMARY KEY,
    made_at TEXT NOT NULL,
    conditions TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE house (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID
"""

_READERS = """
ALTER TABLE article ADD COLUMN story_id INTEGER;
CREATE INDEX article_story ON article(story_id, published);
CREATE INDEX article_untold ON article(first_seen) WHERE story_id IS NULL AND language = 'vi' AND news = 1;
ALTER TABLE subscriber ADD COLUMN second_hour INTEGER NOT NULL DEFAULT 17;
ALTER TABLE subscriber ADD COLUMN holidays TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN wants_maybe INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriber ADD COLUMN wants_thread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriber ADD COLUMN watched TEXT NOT NULL DEFAULT '[]';
ALTER TABLE subscriber ADD COLUMN alert_sectors TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN alert_outlets INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriber ADD COLUMN quiet_from INTEGER NOT NULL DEFAULT 21;
ALTER TABLE subscriber ADD COLUMN quiet_until INTEGER NOT NULL DEFAULT 6;
ALTER TABLE subscriber ADD COLUMN lock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest ADD COLUMN kind TEXT NOT NULL DEFAULT 'digest';
ALTER TABLE digest ADD COLUMN since TEXT;
ALTER TABLE digest ADD COLUMN polled_entries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest_item ADD COLUMN role TEXT NOT NULL DEFAULT 'item';
CREATE INDEX delivery_asked ON delivery(queued_at) WHERE kind = 'confirmation';
CREATE TABLE reader_event (
    id INTEGER PRIMARY KEY,
    subscriber_id INTEGER NOT NULL REFERENCES subscriber(id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    origin TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX reader_event_subscriber ON reader_event(subscriber_id, at);
INSERT INTO reader_event (subscriber_id, at, event, origin, detail)
    SELECT id, created_at, 'agreed', 'operator', consent FROM subscriber WHERE consent <> '';
INSERT INTO reader_event (subscriber_id, at, event, origin)
    SELECT id, changed_at, 'removed', 'operator' FROM subscriber WHERE status = 'removed';
CREATE TABLE suppression (
    address_hash TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID
"""
