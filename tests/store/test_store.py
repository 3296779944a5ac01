"""The database: one transaction per poll, search, and refusing what is not ours."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import DatabaseError, Misuse
from monitor.store import articles, digests, outbox, polls, subscribers
from monitor.store.database import Store, open_store
from monitor.types import (
    DeliveryState,
    Entry,
    Feed,
    FeedState,
    Letter,
    NewArticle,
    PollPlan,
    PollReport,
    Revision,
    Sighting,
    Subscriber,
    SubscriberStatus,
)

NOW = datetime(2026, 9, 14, tzinfo=UTC)
FEED = Feed("thu", "Báo Thử", "tin", "https://thu.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
ENTRY = Entry(("url:a", "guid:a"), "https://thu.example/a", "Đầu tư vào Huế", "Thuỷ điện và hoà bình.", NOW)


def poll(store: Store, plan: PollPlan, now: datetime = NOW) -> None:
    """Record one poll."""
    polls.record_poll(store, FEED, plan, FeedState("thu", FEED.url), PollReport("thu", "new"), now=now)


def reader(
    address: str = "ban@vidu.example", status: SubscriberStatus = SubscriberStatus.ACTIVE
) -> Subscriber:
    """A subscriber as the command line makes one."""
    return Subscriber(
        0, address, "vi", "Asia/Ho_Chi_Minh", "daily", 7, 0, ("economy",), False, status, "đơn, 1/9", NOW
    )


def test_an_article_comes_back_as_it_was_stored(store: Store) -> None:
    """The store gives back what it took, dates in UTC."""
    poll(store, PollPlan(new=(NewArticle(ENTRY, NOW - timedelta(hours=1), news=True),)))
    found = articles.newest(store, limit=5)[0].article
    assert (found.title, found.summary, found.link) == (ENTRY.title, ENTRY.summary, ENTRY.link)
    assert found.published == NOW - timedelta(hours=1)
    assert found.dated
    assert found.news
    assert polls.known(store, "Báo Thử", ["guid:a"])["guid:a"].fingerprints == {ENTRY.fingerprint}
    assert polls.known(store, "Báo Khác", ["guid:a"]) == {}


@pytest.mark.parametrize(
    "query", ["dau tu", "đầu tư", "ĐẦU TƯ", "hue", "thủy điện", "thuỷ", "hoa binh", "hòa bình"]
)
def test_search_folds_tone_marks_and_d(store: Store, query: str) -> None:
    """ "dau tu" finds "đầu tư", in either placement of tone marks."""
    poll(store, PollPlan(new=(NewArticle(ENTRY, NOW, news=True),)))
    assert len(articles.search(store, query, limit=5)) == 1


@pytest.mark.parametrize("query", ["", '"', "NEAR(", "dau AND", "*", "x'; DROP TABLE article", "không có"])
def test_search_survives_any_words(store: Store, query: str) -> None:
    """Query syntax of the engine means nothing to a reader's words."""
    poll(store, PollPlan(new=(NewArticle(ENTRY, NOW, news=True),)))
    assert articles.search(store, query, limit=5) == []


def test_exact_spelling_comes_first(store: Store) -> None:
    """Among matches, those with the very tone marks lead, whatever their dates."""
    exact = Entry(("url:x",), "https://thu.example/x", "Đầu tư mới", "", None)
    other = Entry(("url:y",), "https://thu.example/y", "Dấu tu hành", "", None)
    poll(store, PollPlan(new=(NewArticle(exact, NOW - timedelta(days=3), news=True),)))
    poll(store, PollPlan(new=(NewArticle(other, NOW, news=True),)))
    assert [j.article.title for j in articles.search(store, "đầu tư", limit=5)] == [
        "Đầu tư mới",
        "Dấu tu hành",
    ]


def test_a_revision_keeps_the_old_wording_and_the_search_follows(store: Store) -> None:
    """The article stays one; its old words are kept, found no more by search, its verdict gone."""
    poll(store, PollPlan(new=(NewArticle(ENTRY, NOW, news=True),)))
    changed = Entry(ENTRY.keys, ENTRY.link, "Rót vốn vào Huế", ENTRY.summary, NOW)
    poll(store, PollPlan(revised=(Revision(1, changed),), seen=(Sighting(1, ENTRY.keys),)))
    assert articles.count(store) == 1
    assert [r["title"] for r in articles.revisions(store, 1)] == [ENTRY.title]
    assert articles.search(store, "đầu tư", limit=5) == []
    assert len(articles.search(store, "rót vốn", limit=5)) == 1


def test_a_poll_is_all_or_nothing(store: Store) -> None:
    """An error in the middle leaves nothing of the poll behind."""
    broken = PollPlan(new=(NewArticle(ENTRY, NOW, news=True),), revised=(Revision(99, ENTRY),))
    with pytest.raises(IndexError):
        poll(store, broken)
    assert articles.count(store) == 0
    assert polls.feed_states(store) == {}


def test_the_same_address_subscribes_once(store: Store) -> None:
    """Letter case aside."""
    subscribers.add(store, reader())
    with pytest.raises(Misuse, match="already"):
        subscribers.add(store, reader("BAN@vidu.example"))


def test_erasing_a_person_leaves_no_trace(store: Store) -> None:
    """Address, letters and what was sent go together, from the tables, the file's free pages and the -wal."""
    person = subscribers.add(store, reader())
    outbox.queue(store, "confirmation", person.id, Letter("<1@x>", person.address, b"hello"), now=NOW)
    with open_store(store.path) as beside:  # as a daemon would hold it
        subscribers.erase(store, person)
        for table in ("subscriber", "delivery", "digest_item"):
            assert store.rows(f"SELECT * FROM {table}") == []
        files = [store.path, store.path.with_name(f"{store.path.name}-wal")]
        child = "import sys, pathlib; print(sum(pathlib.Path(f).read_bytes().count(b'ban@vidu') for f in sys.argv[1:]))"
        found = subprocess.run(
            [sys.executable, "-c", child, *map(str, files)], capture_output=True, text=True
        )
        assert found.stdout.strip() == "0", found.stderr
        assert beside.rows("SELECT 1 AS one") == [{"one": 1}]
    with open_store(store.path) as again:
        assert articles.count(again) == 0


def test_a_letter_is_claimed_before_it_leaves(store: Store) -> None:
    """queued → sending is committed; what a dead process left as sending is found again; sent lets go the text."""
    person = subscribers.add(store, reader())
    outbox.queue(store, "test", person.id, Letter("<1@x>", person.address, b"hello"), now=NOW)
    (waiting,) = outbox.due(store, now=NOW)
    outbox.begin(store, waiting)
    assert outbox.due(store, now=NOW) == []
    (left,) = outbox.interrupted(store)
    assert left.letter == waiting.letter
    outbox.settle(store, left, DeliveryState.SENT, next_attempt_at=NOW, reply="250 ok", now=NOW)
    assert outbox.counts(store) == {"sent": 1}
    assert store.one("SELECT letter FROM delivery") == {"letter": None}


def test_paused_readers_get_no_waiting_digest(store: Store) -> None:
    """A digest in the outbox waits while its reader is paused."""
    person = subscribers.add(store, reader())
    outbox.queue(store, "digest", person.id, Letter("<1@x>", person.address, b"hello"), now=NOW)
    subscribers.set_status(store, person.id, SubscriberStatus.PAUSED, now=NOW)
    assert outbox.due(store, now=NOW) == []


def test_no_slot_before_the_first_digest(store: Store) -> None:
    """A new reader has no last slot."""
    assert digests.last_slot(store, subscribers.add(store, reader()), now=NOW) is None


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    """An empty file, a text, another program's database and a newer schema are left alone and named."""
    empty = tmp_path / "empty.db"
    empty.touch()
    text = tmp_path / "text.db"
    text.write_text("xin chào\n" * 500)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    newer = tmp_path / "newer.db"
    open_store(newer, create=True).close()
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    for path in (empty, text, other, newer):
        before = path.read_bytes()
        with pytest.raises(DatabaseError, match=str(path)):
            open_store(path)
        assert path.read_bytes() == before


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """The file holds readers' addresses."""
    with open_store(tmp_path / "new.db", create=True):
        assert (tmp_path / "new.db").stat().st_mode & 0o077 == 0
