-- What schema 3 left: its tables as released, and invented rows in each.
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
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
, failure TEXT NOT NULL DEFAULT '', failing_since TEXT, answered_at TEXT, read_at TEXT, last_entries INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0, pause INTEGER NOT NULL DEFAULT 0, ended_at TEXT) STRICT;
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
    first_at TEXT NOT NULL, last_at TEXT NOT NULL DEFAULT '',
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
;
CREATE TABLE correction (
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
CREATE INDEX correction_text ON correction(text_key);
CREATE INDEX correction_article ON correction(article_id);
CREATE TABLE watch (
    week TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    made_at TEXT NOT NULL,
    report TEXT NOT NULL,
    alarms INTEGER NOT NULL
) STRICT, WITHOUT ROWID
;
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
;
INSERT INTO _sqlite_migrations VALUES (1, 'vietnhat', 'm001_first_schema', '2026-08-01 00:00:00.000000+00:00');
INSERT INTO _sqlite_migrations VALUES (2, 'vietnhat', 'm002_learning', '2026-08-01 00:00:00.000000+00:00');
INSERT INTO _sqlite_migrations VALUES (3, 'vietnhat', 'm003_years_alone', '2026-08-02 00:00:00.000000+00:00');
INSERT INTO feed_state VALUES ('song-hong', 'https://song-hong.example/rss', '"e1"', 'Mon, 03 Aug 2026 01:00:00 GMT', 'abababababababababababababababababababababababababababababababab', '2026-08-05T02:15:00Z', NULL, '2026-08-01T02:00:00Z', '2026-08-05T02:00:00Z', '2026-08-03T02:00:00Z', 0, 'not-modified', '', NULL, 41, '', NULL, NULL, NULL, 0, 0, 0, NULL);
INSERT INTO feed_state VALUES ('song-ma', 'https://song-ma.example/rss', NULL, NULL, NULL, '2026-08-06T02:00:00Z', '2026-08-05T09:00:00Z', '2026-08-01T02:00:00Z', '2026-08-05T02:00:00Z', '2026-08-04T02:00:00Z', 3, 'failed', 'HTTP 503: busy; it''s down', 'https://song-ma.example/rss2', 12, 'timeout', '2026-08-05T00:00:00Z', NULL, NULL, 0, 0, 600, NULL);
INSERT INTO article VALUES (1, 'Báo Sông Hồng', 'press', 'tin mới', 'vi', 'https://song-hong.example/1', 'Nhật Bản giúp Huế nạo vét sông', 'Dự án dùng vốn vay.', 'f1', '2026-08-03T01:00:00Z', 1, '2026-08-03T02:00:00Z', 1);
INSERT INTO article VALUES (2, 'Báo Sông Mã', 'press', 'kinh tế', 'vi', 'https://song-ma.example/2', 'Giá gạo ở Cần Thơ ổn định', 'Nông dân chưa bán.', 'f2', '2026-08-04T01:00:00Z', 0, '2026-08-04T02:00:00Z', 1);
INSERT INTO article VALUES (3, 'Báo Sông Mã', 'press', 'kinh tế', 'vi', 'https://song-ma.example/3', 'Chợ đêm mở lại', '', 'f3', '2026-07-01T01:00:00Z', 1, '2026-08-04T02:00:00Z', 0);
INSERT INTO article_key VALUES ('Báo Sông Hồng', 'guid:1', 1);
INSERT INTO article_key VALUES ('Báo Sông Hồng', 'url:song-hong.example/1', 1);
INSERT INTO article_key VALUES ('Báo Sông Mã', 'url:song-ma.example/2', 2);
INSERT INTO article_key VALUES ('Báo Sông Mã', 'num:3', 3);
INSERT INTO revision VALUES (1, '2026-08-03T03:00:00Z', 'Nhật giúp Huế nạo vét sông', 'Dự án dùng vốn.');
INSERT INTO sighting VALUES ('song-hong', 1, '2026-08-03T02:00:00Z', '2026-08-03T02:00:00Z');
INSERT INTO sighting VALUES ('song-ma', 2, '2026-08-04T02:00:00Z', '2026-08-04T02:00:00Z');
INSERT INTO sighting VALUES ('song-ma', 3, '2026-08-04T02:00:00Z', '2026-08-04T02:00:00Z');
INSERT INTO article_search (rowid, words, folded) VALUES (1, 'nhật bản giúp huế nạo vét sông dự án dùng vốn vay.', 'nhat ban giup hue nao vet song du an dung von vay.');
INSERT INTO article_search (rowid, words, folded) VALUES (2, 'giá gạo ở cần thơ ổn định nông dân chưa bán.', 'gia gao o can tho on dinh nong dan chua ban.');
INSERT INTO article_search (rowid, words, folded) VALUES (3, 'chợ đêm mở lại', 'cho dem mo lai');
INSERT INTO verdict VALUES (1, 'm-1', 0.97, 'send', '[{"id": "oda", "probability": 0.9}]', '[]', '[{"term": "vay", "weight": 1.5}]', '2026-08-03T02:01:00Z');
INSERT INTO verdict VALUES (2, 'm-1', 0.01, 'drop', '[]', '[]', '[]', '2026-08-04T02:01:00Z');
INSERT INTO verdict_sector VALUES ('oda', '2026-08-03T01:00:00Z', 1, 'm-1', 0.9);
INSERT INTO subscriber VALUES (1, 'lan@vidu.example', 'vi', 'Asia/Ho_Chi_Minh', 'daily', 7, 0, 'oda economy', 0, 'active', 'signed list, 1 Aug 2026', 't-lan', '2026-08-01T00:00:00Z', '2026-08-01T00:00:00Z');
INSERT INTO subscriber VALUES (2, 'ken@mihon.example', 'ja', 'Asia/Tokyo', 'weekly', 9, 4, '', 1, 'paused', 'by mail', 't-ken', '2026-08-01T00:00:00Z', '2026-08-02T00:00:00Z');
INSERT INTO digest VALUES ('d-1-20260804T0000Z-1f2e3d4c', 1, '2026-08-04T00:00:00Z', '2026-08-04T00:00:05Z', 1, 0);
INSERT INTO digest VALUES ('d-2-20260804T0000Z-aabbccdd', 2, '2026-08-04T00:00:00Z', '2026-08-04T00:00:06Z', 0, 0);
INSERT INTO digest_item VALUES (1, 1, 'd-1-20260804T0000Z-1f2e3d4c', 0, 'm-1');
INSERT INTO digest_omission VALUES ('d-1-20260804T0000Z-1f2e3d4c', 3, 'back-catalogue');
INSERT INTO delivery VALUES (1, 'digest', 1, 'd-1-20260804T0000Z-1f2e3d4c', '<d1@house.example>', 'lan@vidu.example', NULL, 'sent', 1, '2026-08-04T00:00:05Z', '2026-08-04T00:00:05Z', '2026-08-04T00:00:07Z', '250 2.0.0 taken');
INSERT INTO delivery VALUES (2, 'confirmation', 2, NULL, '<c2@house.example>', 'ken@mihon.example', X'5375626A6563743A20780D0A0D0A78696E206368C3A06F0D0A', 'queued', 2, '2026-08-02T00:00:00Z', '2026-08-05T00:00:00Z', NULL, '450 later');
INSERT INTO correction VALUES (1, 1, 'k1', 'Nhật Bản giúp Huế nạo vét sông', 'Dự án dùng vốn vay.', 2, '["oda"]', 'lan', 'session', '2026-08-05T00:00:00Z');
INSERT INTO correction VALUES (2, NULL, 'k2', 'Một bài đã xa', '', 0, NULL, 'ken', 'import', '2026-08-05T00:00:00Z');
INSERT INTO watch VALUES ('2026-07-27', 'm-1', '2026-08-03T00:00:00Z', '{"figures": {}, "notes": []}', 0);
INSERT INTO host_pause VALUES ('song-ma.example', '2026-08-06T02:00:00Z');
INSERT INTO report VALUES ('2026-08-05', '2026-08-05T00:00:00Z', '{"song-ma": "dead"}');
INSERT INTO house VALUES ('backup_at', '2026-08-05T19:00:00Z');
PRAGMA user_version=3;
PRAGMA application_id=1447972145;
