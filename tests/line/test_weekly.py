"""The weekly edition from the archive to the letter: read once a run, of the model that serves, on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.verdict import Decision
from monitor import jobs
from monitor.delivery.message import Sender
from monitor.digest.compose import MAX_ITEMS, WEEKLY_LEADS
from monitor.store import articles, digests, outbox, subscribers, weeks
from monitor.store.database import Store, open_store
from monitor.types import Archive, Subscriber, SubscriberStatus
from tests.digest.samples import FRAME, READER
from tests.digest.weeks import DAY, NOW, WEEK, rich_archive, told
from tests.line.stored import judge, keep

READ = (1_120, 1_153, 86, 1_187, 1_204, 1_196, 1_231, 1_218, 1_240)
"""Entries of each week that stand in the small archive of these tests, oldest first."""


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    """The shipped taxonomy."""
    return load_taxonomy()


@pytest.fixture(scope="module")
def _whole(tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy) -> bytes:
    """A database of half a year, as bytes: relevant articles, and others read beside them."""
    path = tmp_path_factory.mktemp("weeks") / "archive.db"
    relevant = rich_archive(taxonomy).relevant
    with open_store(path, create=True) as store:
        keep(store, relevant)
        judge(store, relevant, model="m1", now=NOW)
        others = list(_others(store))
        keep(store, others)
        judge(store, others, model="m1", now=NOW, decision=Decision.DROP)
        store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def _others(store: Store) -> Iterator[object]:
    """What was read and is not relevant: every day of half a year something, in the last weeks as much as READ says."""
    number = 10_000
    for day in range(63, 182):
        number += 1
        yield told(number, NOW - (day + 0.5) * DAY, "Tin trong nước")
    for back, entries in enumerate(reversed(READ)):
        stored = digests.entries_read(store, since=NOW - (back + 1) * WEEK, now=NOW - back * WEEK)
        for place in range(max(0, entries - stored)):
            number += 1
            yield told(number, NOW - back * WEEK - (place % 7 + 0.5) * DAY, "Tin trong nước")


@pytest.fixture
def archive(tmp_path: Path, _whole: bytes) -> Iterator[Store]:
    """That database, fresh."""
    path = tmp_path / "weekly.db"
    path.write_bytes(_whole)
    path.chmod(0o600)
    with open_store(path) as store:
        yield store


def subscribe(store: Store, address: str, **changes: object) -> Subscriber:
    """A weekly reader, Saturdays at 07:00 in Việt Nam."""
    given = {"cadence": "weekly", "weekday": 5, "hour": 7, "wants_empty": False} | changes
    reader = replace(READER, address=address, status=SubscriberStatus.ACTIVE, **given)  # type: ignore[arg-type]  # checked by the dataclass's users
    return subscribers.add(store, reader)


def press(store: Store, taxonomy: Taxonomy, model: str = "m1") -> jobs.Press:
    """A press whose model is `model`."""
    return jobs.Press(store, taxonomy, Sender("Monitor", "ai@vidu.example"), lambda _: FRAME, model, print)


def letters(store: Store) -> dict[str, EmailMessage]:
    """The queued letters by recipient."""
    queued = outbox.due(store, now=NOW)
    parsed = {one.letter.recipient: message_from_bytes(one.letter.raw, policy=default) for one in queued}
    assert all(isinstance(one, EmailMessage) for one in parsed.values())
    return parsed  # type: ignore[return-value]  # what the policy makes


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """One part of a letter."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_weekly_readers_get_the_week(archive: Store, taxonomy: Taxonomy) -> None:
    """Each in their language and of their sectors; the daily reader's letter is as ever; all of it is on record."""
    subscribe(archive, "vi@vidu.example")
    subscribe(archive, "en@vidu.example", language="en", sectors=("security", "science"))
    subscribe(archive, "ngay@vidu.example", cadence="daily")
    digests = {one.subscriber.address: one for one in press(archive, taxonomy).issue(now=NOW)}
    found = letters(archive)
    whole, some, daily = (text_of(found[f"{name}@vidu.example"]) for name in ("vi", "en", "ngay"))
    assert str(found["vi@vidu.example"]["Subject"]).startswith("Bản tin tuần: Thủ tướng hội đàm")
    for expected in (
        "Nhiều hơn mức thường lệ",
        "Các tin còn lại".upper(),
        "Hoshino Kasei",
        "42 ngày không có tin",
    ):
        assert expected in whole
        assert expected not in daily
    assert "11 trên 1.240 đã đọc" in whole
    assert "Thái Bình Kết Nối" in some
    assert "no news for 42 days" in some
    assert "Hoshino" not in some
    assert "* Science, technology" in some
    assert "* Economy, trade" not in some
    roles = archive.rows(
        "SELECT role, count(*) AS n FROM digest_item WHERE digest_id = ? GROUP BY role ORDER BY role",
        [digests["vi@vidu.example"].id],
    )
    assert {row["role"]: row["n"] for row in roles} == {"brief": 11, "lead": WEEKLY_LEADS}
    assert press(archive, taxonomy).issue(now=NOW) == []


def test_the_archive_is_read_once_a_run_and_only_for_weekly_readers(
    archive: Store, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once a reader; not at all where only daily digests are due."""
    read: list[Archive] = []
    reading = weeks.archive

    def count(*args: object, **values: object) -> Archive:
        read.append(reading(*args, **values))  # type: ignore[arg-type]  # as given
        return read[-1]

    monkeypatch.setattr(jobs.weeks, "archive", count)
    subscribe(archive, "ngay@vidu.example", cadence="daily")
    assert len(press(archive, taxonomy).issue(now=NOW)) == 1
    assert read == []
    for number in range(4):
        subscribe(archive, f"{number}@vidu.example")
    assert len(press(archive, taxonomy).issue(now=NOW)) == 4
    assert len(read) == 1


def test_what_the_store_gives_is_what_was_stored(archive: Store, taxonomy: Taxonomy) -> None:
    """The same articles, the days and entries of reading; nothing of the future."""
    given, invented = weeks.archive(archive, model="m1", weeks=9, now=NOW), rich_archive(taxonomy)
    assert given.relevant == invented.relevant
    assert given.entries == READ
    assert given.days == invented.days
    earlier = weeks.archive(archive, model="m1", weeks=9, now=NOW - 10 * WEEK)
    assert max(one.first_seen for one in earlier.relevant) <= NOW - 10 * WEEK
    assert max(earlier.days) <= (NOW - 10 * WEEK).date()


def test_verdicts_of_the_model_that_serves_count_and_where_it_has_none_those_of_then(
    archive: Store, taxonomy: Taxonomy
) -> None:
    """A new model judges two weeks anew; the weeks before keep what was decided in them."""
    before = weeks.archive(archive, model="m1", weeks=9, now=NOW)
    dropped = before.relevant[-1]
    found = told(50_000, NOW - 2 * DAY, "Nhà máy Orihime", sectors=["industry"])
    keep(archive, [found])
    judge(archive, [found], model="m2", now=NOW + DAY)
    judge(archive, [dropped], model="m2", now=NOW + DAY, decision=Decision.DROP)
    new = {one.id for one in weeks.archive(archive, model="m2", weeks=9, now=NOW).relevant}
    old = {one.id for one in before.relevant}
    assert new == old - {dropped.id} | {found.id}
    back = {one.id for one in weeks.archive(archive, model="m1", weeks=9, now=NOW).relevant}
    assert back == old | {found.id}


def test_a_preview_is_the_letter(archive: Store, taxonomy: Taxonomy) -> None:
    """What `digest preview` shows is what would be sent, and records nothing."""
    reader = subscribe(archive, "vi@vidu.example")
    digest, rendered = press(archive, taxonomy).compose(reader, now=NOW)
    assert archive.rows("SELECT * FROM digest") == []
    press(archive, taxonomy).issue(now=NOW)
    assert text_of(letters(archive)["vi@vidu.example"]).split() == rendered.text.split()
    assert len(digest.items) == 16


def test_what_finds_no_room_comes_the_week_after(archive: Store, taxonomy: Taxonomy) -> None:
    """Over the cap it waits and is on record; the next edition has it."""
    many = [
        told(60_000 + n, NOW - DAY, f"Ký kết hợp tác {n} với Nhật Bản", sectors=["oda"])
        for n in range(MAX_ITEMS)
    ]
    keep(archive, [replace(one, outlet=f"Báo {one.id % 9}") for one in many])
    judge(archive, many, model="m1", now=NOW)
    subscribe(archive, "vi@vidu.example")
    (first,) = press(archive, taxonomy).issue(now=NOW)
    (second,) = press(archive, taxonomy).issue(now=NOW + WEEK)
    sent = [{item.judged.article.id for item in one.items} for one in (first, second)]
    assert (len(sent[0]), first.more) == (MAX_ITEMS, 16)
    assert sent[0].isdisjoint(sent[1])
    assert {one.id for one in many} <= sent[0] | sent[1]


def test_an_empty_week(store: Store, taxonomy: Taxonomy) -> None:
    """A new database: no letter, or for who wants it one that claims nothing."""
    subscribe(store, "khong@vidu.example")
    subscribe(store, "co@vidu.example", wants_empty=True)
    assert len(press(store, taxonomy).issue(now=NOW + timedelta(hours=1))) == 2
    (letter,) = outbox.due(store, now=NOW + DAY)
    message = message_from_bytes(letter.letter.raw, policy=default)
    assert letter.letter.recipient == "co@vidu.example"
    assert str(message["Subject"]) == "Bản tin tuần: chưa có diễn biến mới giữa Việt Nam và Nhật Bản · 21/11"
    assert articles.count(store) == 0
