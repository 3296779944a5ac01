"""Forgetting: what anything still holds stays, what is gone can be found nowhere, and nobody waits long for it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from classifiers.corrections import Correction
from classifiers.verdict import Decision, Text, Verdict
from monitor.store import articles, corrections, verdicts
from monitor.store.checks import damage, damage_of_search
from monitor.store.database import Store, open_store
from monitor.store.retention import AT_ONCE, forget_old
from monitor.store.times import to_text
from tests.store.lying import NOW, news

OLD = NOW - timedelta(days=800)
DAYS = 730


@pytest.fixture
def archive(store: Store) -> Store:
    """Articles 1 to 10, seen 800 days ago, 11 to 13 of today; their feed was read today and lists the latter only."""
    news(store, 0, 10, now=OLD)
    news(store, 10, 3)
    with store.transaction():
        store.write("UPDATE sighting SET last_at = first_at")
        store.write("UPDATE feed_state SET read_at = ?", [to_text(NOW)])
    return store


def ids(store: Store) -> list[int]:
    """The articles that are stored."""
    return [row["id"] for row in store.rows("SELECT id FROM article ORDER BY id")]


def held_by(store: Store, sql: str, *values: object) -> list[int]:
    """Change the archive, forget, and see which of the old articles stayed."""
    with store.transaction():
        store.write(sql, list(values))
    forget_old(store, now=NOW, days=DAYS)
    return [article for article in ids(store) if article <= 10]


def test_what_nothing_holds_goes_altogether(archive: Store) -> None:
    """With keys, wordings, verdicts and search words; the file is as sound as before."""
    dropped = Verdict(0.01, Decision.DROP, (), (), (), "m-1")
    verdicts.save(archive, [(1, Text("Tin số 0 về Huế", ""), dropped)], now=OLD)
    assert forget_old(archive, now=NOW, days=DAYS) == 10
    assert ids(archive) == [11, 12, 13]
    for table, column in (
        ("article_key", "article_id"),
        ("sighting", "article_id"),
        ("verdict", "article_id"),
    ):
        assert archive.rows(f"SELECT * FROM {table} WHERE {column} <= 10") == []
    found = archive.rows("SELECT rowid FROM article_search WHERE article_search MATCH 'folded : hue'")
    assert [row["rowid"] for row in found] == [11, 12, 13]
    assert damage(archive.db.conn) == damage_of_search(archive.db.conn) == ""
    assert archive.one("PRAGMA foreign_keys") == {"foreign_keys": 1}
    assert forget_old(archive, now=NOW, days=DAYS) == 0


def test_nothing_is_forgotten_unasked(archive: Store) -> None:
    """0 days is for ever, also for letters and looks."""
    with archive.transaction():
        archive.write("INSERT INTO report VALUES ('2019-01-01', '2019-01-01T00:00:00Z', '{}')")
    assert forget_old(archive, now=NOW, days=0) == 0
    assert len(ids(archive)) == 13
    assert len(archive.rows("SELECT * FROM report")) == 1


def test_the_day_counts(archive: Store) -> None:
    """An article is kept its days to the full."""
    assert forget_old(archive, now=NOW, days=800) == 0
    assert forget_old(archive, now=NOW + timedelta(seconds=1), days=800) == 10


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sighting SET last_at = '2026-11-20T00:00:00Z' WHERE article_id = 4",
        "UPDATE sighting SET last_at = '2026-11-19T02:00:01Z' WHERE article_id = 4",
        "INSERT INTO sighting VALUES ('never-read', 4, '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z')",
    ],
)
def test_a_feed_that_may_still_carry_it_holds_it(archive: Store, change: str) -> None:
    """Else it would come back as new: listed until a day ago, or by a feed nobody could read since."""
    assert held_by(archive, change) == [4]


def test_a_feed_that_died_holds_what_it_carried_last(archive: Store) -> None:
    """What was listed at its last reading comes back when it does; what had left it before then does not."""
    with archive.transaction():
        archive.write(
            "UPDATE sighting SET last_at = ? WHERE article_id = 2", [to_text(OLD + timedelta(days=9))]
        )
    assert held_by(archive, "UPDATE feed_state SET read_at = ?", to_text(OLD + timedelta(days=10))) == [2]


def test_what_was_mailed_or_corrected_stays(archive: Store) -> None:
    """It must not be mailed twice, and a model learns from it."""
    with archive.transaction():
        archive.write(
            "INSERT INTO subscriber (id, address, language, zone, cadence, hour, weekday, sectors, wants_empty, "
            "status, consent, token, created_at, changed_at) "
            "VALUES (1,'a@x.example','vi','Asia/Tokyo','daily',7,0,'',0,'active','','t','','')"
        )
        archive.write(
            "INSERT INTO digest (id, subscriber_id, slot, composed_at, items, more) VALUES ('d-1', 1, ?, ?, 1, 0)",
            [to_text(OLD), to_text(OLD)],
        )
        archive.write("INSERT INTO digest_omission VALUES ('d-1', 6, 'too-old')")
    text = Text("Tin số 4 về Huế", "")
    corrections.record(archive, Correction(text, 2, ("oda",), "lan", "session", NOW), 5)
    assert held_by(archive, "INSERT INTO digest_item VALUES (1, 3, 'd-1', 0, 'm-1', 'item')") == [3, 5]
    assert damage(archive.db.conn) == ""


def test_old_papers_go_and_unfinished_letters_stay(archive: Store) -> None:
    """Looks, reports and finished letters of more than 400 days ago; a letter that waits is never too old."""
    with archive.transaction():
        for day in ("2025-10-16", "2025-10-18"):
            archive.write("INSERT INTO report VALUES (?, ?, '{}')", [day, f"{day}T00:00:00Z"])
            archive.write("INSERT INTO watch VALUES (?, 'm', ?, '{}', 0)", [day, f"{day}T00:00:00Z"])
            for state, end in (
                ("sent", f"{day}T03:00:00Z"),
                ("refused", f"{day}T03:00:00Z"),
                ("queued", None),
            ):
                archive.write(
                    "INSERT INTO delivery (kind, message_id, recipient, state, queued_at, next_attempt_at, "
                    "finished_at) VALUES ('note', ?, 'x', ?, ?, ?, ?)",
                    [f"<{day}{state}>", state, day, day, end],
                )
    forget_old(archive, now=NOW, days=DAYS)
    assert [row["day"] for row in archive.rows("SELECT day FROM report")] == ["2025-10-18"]
    assert [row["week"] for row in archive.rows("SELECT week FROM watch")] == ["2025-10-18"]
    left = [row["message_id"] for row in archive.rows("SELECT message_id FROM delivery ORDER BY id")]
    assert left == ["<2025-10-16queued>", "<2025-10-18sent>", "<2025-10-18refused>", "<2025-10-18queued>"]


def test_it_goes_on_in_small_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other writers get their turn between the steps, and what one step forgot stays forgotten when the next fails."""
    news(store, 0, AT_ONCE * 2 + 100, now=OLD)
    with store.transaction():
        store.write("UPDATE feed_state SET read_at = ?", [to_text(NOW)])
        store.write("UPDATE sighting SET last_at = first_at")
    waits: list[float] = []
    with open_store(store.path) as other:
        forget = store.transaction

        def between() -> object:
            began = time.monotonic()
            news(other, 100_000 + len(waits), 1)
            waits.append(time.monotonic() - began)
            return forget()

        monkeypatch.setattr(store, "transaction", between)
        assert forget_old(store, now=NOW, days=DAYS) == AT_ONCE * 2 + 100
    assert len(waits) >= 3
    assert articles.count(store) == len(waits)
